/* SPDX-License-Identifier: MIT */
/*
 * A question is a short walk with one command under way at a time: the record under the id as it
 * was given, else under that of an anonymous visitor; then the rules in force and the clock, or the
 * chunks that the page asks for, block by block. Pipelining would save a turn or two of a local
 * socket and cost a second way for everything to fail.
 */
#include "store/query.h"

#include "codec/identifiers.h"
#include "redis_store_impl.h"
#include "store/keys.h"

struct query_source {
	struct redis *redis;
	struct packer *packer;
	uint32_t partitions; /* 0: not known yet */
	size_t pending;
	uint64_t chunks;
	bool freed;
	char refusal[160];
};

struct query {
	struct query_source *source;
	struct query_ask ask;
	struct arena arena;    /* key, text of the page's query */
	struct span id;	       /* as given */
	struct span key;       /* of the customer, as far as was tried */
	struct record *record; /* of query_customer, once it was found */
	uint64_t rules;
	struct timeline_page *page;
	uint32_t from, to; /* the chunks that are under way */
};

/* ---- the source -------------------------------------------------------------------------- */

int query_source_new(struct redis *redis, struct query_source **ret_source)
{
	struct query_source *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->redis = redis;
	if (packer_new(&s->packer) < 0) {
		free(s);
		return -ENOMEM;
	}
	*ret_source = s;
	return 0;
}

static void source_destroy(struct query_source *s)
{
	packer_free(s->packer);
	free(s);
}

struct query_source *query_source_free(struct query_source *s)
{
	if (!s)
		return NULL;
	s->freed = true;
	if (s->pending == 0)
		source_destroy(s);
	return NULL;
}

void query_source_freep(struct query_source **s)
{
	*s = query_source_free(*s);
}

void query_source_set_partitions(struct query_source *s, uint32_t n)
{
	assert(n <= PARTITIONS_MAX);
	s->partitions = n;
}

size_t query_source_pending(const struct query_source *s)
{
	return s->pending;
}

uint64_t query_source_chunks(const struct query_source *s)
{
	return s->chunks;
}

const char *query_source_refusal(const struct query_source *s)
{
	return s->refusal;
}

/* ---- one question ------------------------------------------------------------------------ */

static void forget_record(struct query *q)
{
	if (q->record)
		record_release(q->record);
	free(q->record);
	q->record = NULL;
}

static struct query *query_free(struct query *q)
{
	if (!q)
		return NULL;
	forget_record(q);
	timeline_page_free(q->page);
	arena_release(&q->arena);
	free(q);
	return NULL;
}

static void query_freep(struct query **q)
{
	*q = query_free(*q);
}

static int query_new(struct query_source *s, const struct query_ask *ask, struct query **ret_query)
{
	_cleanup_(query_freep) struct query *q = NULL;

	if (ask->id.len == 0 || ask->id.len > CUSTOMER_MAX)
		return QUERY_NO_CUSTOMER;
	q = calloc(1, sizeof(*q));
	if (!q)
		return -ENOMEM;
	arena_init(&q->arena);
	q->source = s;
	q->ask = *ask;
	q->id = arena_copy(&q->arena, ask->id);
	q->key = q->id;
	if (!q->id.ptr)
		return -ENOMEM;
	*ret_query = q;
	q = NULL;
	return 0;
}

/* Gives the answer and ends the question. */
static void query_answer(struct query *q, int r, struct query_answer *answer)
{
	struct query_source *s = q->source;

	if (answer)
		answer->customer = q->key;
	q->ask.fn(q->ask.user, r, answer);
	query_free(q);
	s->pending--;
	if (s->freed && s->pending == 0)
		source_destroy(s);
}

static void query_end(struct query *q, int r)
{
	query_answer(q, r, NULL);
}

/* What redis_end says, as an outcome. */
static int sent(int r)
{
	return r == 0 || r == -ENOMEM ? r : QUERY_AWAY;
}

/* Is REPLY one to go on with? If not, the question has been answered. */
static bool goes_on(struct query *q, const struct redis_value *reply)
{
	struct query_source *s = q->source;

	if (!reply) {
		query_end(q, QUERY_AWAY);
	} else if (reply->type == REDIS_ERROR) {
		size_t len = reply->text.len < sizeof(s->refusal) ? reply->text.len
								  : sizeof(s->refusal) - 1;

		memcpy(s->refusal, reply->text.ptr, len);
		s->refusal[len] = '\0';
		query_end(q, QUERY_REFUSED);
	} else if (q->ask.wanted && !q->ask.wanted(q->ask.user)) {
		query_end(q, QUERY_UNWANTED);
	} else {
		return true;
	}
	return false;
}

/* A key of the customer, to begin a command with that has N more arguments. */
static int begin(struct query *q, const char *command, const char *name, size_t n)
{
	struct query_source *s = q->source;
	char prefix[32];
	int len;

	if (s->partitions == 0)
		return QUERY_AWAY;
	len = snprintf(
		prefix, sizeof(prefix), "wm:{p%u}:%s:", partition_of(q->key, s->partitions), name);
	assert(len > 0 && (size_t)len < sizeof(prefix));
	redis_begin(s->redis, 2 + n);
	redis_arg_str(s->redis, command);
	redis_arg2(s->redis, span_of(prefix, (size_t)len), q->key);
	return 0;
}

/* ---- the clock --------------------------------------------------------------------------- */

static bool time_part(struct span s, int64_t *ret_n)
{
	uint64_t n;

	if (span_to_u64(s, INT64_MAX / (2 * MS_SECOND), &n))
		return false;
	*ret_n = (int64_t)n;
	return true;
}

static void on_time(void *user, const struct redis_value *reply)
{
	struct query *q = user;
	struct query_answer answer = {.record = q->record, .rules = q->rules};
	int64_t s, us;

	if (!goes_on(q, reply))
		return;
	if (reply->type != REDIS_ARRAY || reply->n_items != 2 ||
		!time_part(reply->items[0].text, &s) || !number_of(reply->items[1].text, &us)) {
		query_end(q, QUERY_CORRUPT);
		return;
	}
	answer.now = s * MS_SECOND + us / 1000;
	query_answer(q, 0, &answer);
}

static int ask_time(struct query *q)
{
	redis_begin(q->source->redis, 1);
	redis_arg_str(q->source->redis, "TIME");
	return sent(redis_end(q->source->redis, on_time, q));
}

static void on_rules(void *user, const struct redis_value *reply)
{
	struct query *q = user;
	int r;

	if (!goes_on(q, reply))
		return;
	if (reply->type == REDIS_STRING)
		(void)rules_digest_parse(reply->text, &q->rules);
	r = ask_time(q);
	if (r != 0)
		query_end(q, r);
}

static int ask_rules(struct query *q)
{
	struct redis *redis = q->source->redis;
	char key[KEY_SIZE];

	redis_begin(redis, 3);
	redis_arg_str(redis, "HGET");
	redis_arg(redis, key_text(key, partition_of(q->key, q->source->partitions), "pos"));
	redis_arg_str(redis, "rules");
	return sent(redis_end(redis, on_rules, q));
}

/* ---- the chunks -------------------------------------------------------------------------- */

static void take_page(struct query *q);

/* As many as were asked for, newest first into the page. */
static int take_chunks(struct query *q, const struct redis_value *reply)
{
	int r = 0;

	if (reply->type != REDIS_ARRAY || reply->n_items != q->to - q->from)
		return QUERY_CORRUPT;
	q->source->chunks += reply->n_items;
	for (size_t i = reply->n_items; i-- > 0 && r == 0;)
		r = timeline_page_add_chunk(
			q->page, q->source->packer, q->from + (uint32_t)i, reply->items[i].text);
	return r > 0 ? QUERY_CORRUPT : r;
}

static void on_chunks(void *user, const struct redis_value *reply)
{
	struct query *q = user;
	int r;

	if (!goes_on(q, reply))
		return;
	r = take_chunks(q, reply);
	if (r != 0)
		query_end(q, r);
	else
		take_page(q);
}

static int ask_chunks(struct query *q)
{
	int r = begin(q, "LRANGE", "t", 2);

	if (r != 0)
		return r;
	redis_arg_u64(q->source->redis, q->from);
	redis_arg_u64(q->source->redis, q->to - 1);
	return sent(redis_end(q->source->redis, on_chunks, q));
}

/* The next block, or the page if it is complete. */
static void take_page(struct query *q)
{
	struct query_answer answer = {.now = 0};
	char next[TIMELINE_CURSOR_SIZE];
	int r;

	if (timeline_page_wants(q->page, &q->from, &q->to)) {
		r = ask_chunks(q);
		if (r != 0)
			query_end(q, r);
		return;
	}
	r = timeline_page_finish(q->page, &answer.entries, &answer.n_entries, next);
	answer.next = next;
	query_answer(q, r, r == 0 ? &answer : NULL);
}

/* ---- the record -------------------------------------------------------------------------- */

static int ask_record(struct query *q);

/* The id of somebody who never said who they are. Once; whether the question goes on. */
static bool try_anonymous(struct query *q)
{
	struct span key;
	int r;

	if (q->key.ptr != q->id.ptr)
		return false;
	r = identifier_key(&IDENTITY_DEFAULT, IDENTITY_DEFAULT.at[IDENTIFIER_ANONYMOUS], q->id,
		&q->arena, &key);
	if (r == 0 && (key.len == 0 || key.len > CUSTOMER_MAX))
		return false;
	q->key = key;
	r = r ? r : ask_record(q);
	if (r != 0)
		query_end(q, r);
	return true;
}

static int page_outcome(int r)
{
	return r == TIMELINE_PAGE_BAD_CURSOR  ? QUERY_BAD_CURSOR
	       : r == TIMELINE_PAGE_BAD_LIMIT ? QUERY_BAD_LIMIT
	       : r > 0			      ? QUERY_CORRUPT
					      : r;
}

static int decode_record(struct query *q, struct span bytes)
{
	struct record record;
	int r = record_decode(bytes, &record);

	if (r != 0)
		return r > 0 ? QUERY_CORRUPT : r;
	q->record = malloc(sizeof(record));
	if (!q->record) {
		record_release(&record);
		return -ENOMEM;
	}
	*q->record = record;
	return 0;
}

static void take_record(struct query *q, struct span bytes)
{
	int r = decode_record(q, bytes);

	if (r == 0 && q->page) {
		r = page_outcome(timeline_page_add_record(q->page, q->source->packer, q->record));
		forget_record(q);
	} else if (r == 0) {
		r = ask_rules(q);
	}
	if (r != 0)
		query_end(q, r);
	else if (q->page)
		take_page(q);
}

static void on_record(void *user, const struct redis_value *reply)
{
	struct query *q = user;

	if (!goes_on(q, reply))
		return;
	if (reply->type == REDIS_STRING)
		take_record(q, reply->text);
	else if (reply->type != REDIS_NIL)
		query_end(q, QUERY_CORRUPT);
	else if (!try_anonymous(q))
		query_end(q, QUERY_NO_CUSTOMER);
}

static int ask_record(struct query *q)
{
	int r = begin(q, "GET", "c", 0);

	return r ? r : sent(redis_end(q->source->redis, on_record, q));
}

/* ---- the questions ----------------------------------------------------------------------- */

/* Takes Q over. */
static int query_start(struct query **q)
{
	int r = ask_record(*q);

	if (r != 0)
		return r;
	(*q)->source->pending++;
	*q = NULL;
	return 0;
}

int query_customer(struct query_source *s, const struct query_ask *ask)
{
	_cleanup_(query_freep) struct query *q = NULL;
	int r = query_new(s, ask, &q);

	return r ? r : query_start(&q);
}

int query_timeline(struct query_source *s, const struct query_ask *ask,
	const struct timeline_query *query, struct span cursor)
{
	_cleanup_(query_freep) struct query *q = NULL;
	struct timeline_query own = *query;
	int r = query_new(s, ask, &q);

	if (r != 0)
		return r;
	if (query->event.len) {
		own.event = arena_copy(&q->arena, query->event);
		if (!own.event.ptr)
			return -ENOMEM;
	}
	r = page_outcome(timeline_page_new(&own, cursor, &q->page));
	return r ? r : query_start(&q);
}

int query_wait(struct query_source *s, struct loop *loop)
{
	int r = 0;

	while (r == 0 && s->pending > 0)
		r = loop_turn(loop, true);
	return r;
}
