/* SPDX-License-Identifier: MIT */
/*
 * A question is one call of a script that only reads (query_find.c): whatever was typed is taken
 * for each kind of identifier at once, links are followed there, and the record comes with the
 * clock and the rules in force. What lies in sealed chunks is asked for behind that, block by
 * block.
 */
#include "store/query.h"

#include "query_find.h"
#include "query_impl.h"
#include "store/keys.h"

struct query {
	struct query_source *source;
	struct query_ask ask;
	struct arena arena;	/* keys, text of the page's query */
	struct query_find find; /* what the id may be, and what it came to */
	bool wants_record;	/* the answer has it */
	struct record *record;	/* once it was found; that of the parts */
	struct timeline_page *page;
	struct timeline_want want; /* the chunks that are under way */
};

/* ---- the source -------------------------------------------------------------------------- */

int query_source_new(struct redis *redis, struct query_source **ret_source)
{
	struct query_source *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->redis = redis;
	s->identity = &IDENTITY_DEFAULT;
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

void query_source_set_identity(struct query_source *s, const struct identity *identity)
{
	s->identity = identity;
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

void query_source_done(struct query_source *s)
{
	s->pending--;
	if (s->freed && s->pending == 0)
		source_destroy(s);
}

void query_source_refused(struct query_source *s, const struct redis_value *error)
{
	size_t len =
		error->text.len < sizeof(s->refusal) ? error->text.len : sizeof(s->refusal) - 1;

	memcpy(s->refusal, error->text.ptr, len);
	s->refusal[len] = '\0';
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
	int r;

	if (ask->id.len == 0 || ask->id.len > CUSTOMER_MAX)
		return QUERY_NO_CUSTOMER;
	q = calloc(1, sizeof(*q));
	if (!q)
		return -ENOMEM;
	arena_init(&q->arena);
	q->source = s;
	q->ask = *ask;
	r = query_find_keys(&q->find, s->identity, ask->id, &q->arena);
	if (r == 0 && ask->orders)
		r = query_find_orders(&q->find, s->identity, &q->arena);
	if (r < 0)
		return r;
	*ret_query = q;
	q = NULL;
	return 0;
}

/* Gives the answer and ends the question. */
static void query_answer(struct query *q, int r, struct query_answer *answer)
{
	struct query_source *s = q->source;

	if (answer) {
		answer->customer = q->find.customer;
		answer->matched = q->find.matched;
		answer->record = q->wants_record ? q->record : NULL;
		answer->now = q->find.now;
		answer->rules = q->find.rules;
	}
	q->ask.fn(q->ask.user, r, answer);
	query_free(q);
	query_source_done(s);
}

static void query_end(struct query *q, int r)
{
	query_answer(q, r, NULL);
}

int query_sent(int r)
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
		query_source_refused(s, reply);
		query_end(q, QUERY_REFUSED);
	} else if (q->ask.wanted && !q->ask.wanted(q->ask.user)) {
		query_end(q, QUERY_UNWANTED);
	} else {
		return true;
	}
	return false;
}

/* ---- the chunks -------------------------------------------------------------------------- */

static void take_page(struct query *q);

/* As many as were asked for, newest first into the page. */
static int take_chunks(struct query *q, const struct redis_value *reply)
{
	int r = 0;

	if (reply->type != REDIS_ARRAY || reply->n_items != q->want.to - q->want.from)
		return QUERY_CORRUPT;
	if (!q->want.parts)
		q->source->chunks += reply->n_items;
	for (size_t i = reply->n_items; i-- > 0 && r == 0;) {
		uint32_t index = q->want.from + (uint32_t)i;
		struct span bytes = reply->items[i].text;

		r = q->want.parts
			    ? timeline_page_add_shed(q->page, index, bytes)
			    : timeline_page_add_chunk(q->page, q->source->packer, index, bytes);
	}
	return r == TIMELINE_PAGE_BAD_CURSOR ? QUERY_BAD_CURSOR : r > 0 ? QUERY_CORRUPT : r;
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
	struct span key = q->want.key.len ? q->want.key : q->find.customer;
	struct redis *redis = q->source->redis;
	char prefix[32];
	int len = snprintf(prefix, sizeof(prefix),
		"wm:{p%u}:%s:", partition_of(key, q->source->partitions),
		q->want.parts ? "parts" : "t");

	assert(len > 0 && (size_t)len < sizeof(prefix));
	redis_begin(redis, 4);
	redis_arg_str(redis, "LRANGE");
	redis_arg2(redis, span_of(prefix, (size_t)len), key);
	redis_arg_u64(redis, q->want.from);
	redis_arg_u64(redis, q->want.to - 1);
	return query_sent(redis_end(redis, on_chunks, q));
}

/* The next block, or the page if it is complete. */
static void take_page(struct query *q)
{
	struct query_answer answer = {.now = 0};
	char next[TIMELINE_CURSOR_SIZE];
	int r;

	if (timeline_page_wants(q->page, &q->want)) {
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
	if (record.journey->n_events == 0 &&
		(record.journey->n_named > 0 || record.journey->n_apart > 0))
		return QUERY_NO_CUSTOMER; /* others named the key, or took it apart from somebody */
	return span_equal(text_span(record.journey->customer), q->find.customer) ? 0
										 : QUERY_CORRUPT;
}

/* What of the timeline is in the record, and where the rest lies. */
static int open_page(struct query *q)
{
	const struct journey *j = q->record->journey;
	int r = timeline_page_add_record(q->page, q->source->packer, q->record);

	for (size_t i = 0; i < j->n_parts && r == 0; i++)
		r = timeline_page_add_part(q->page, &j->parts[i], text_span(j->parts[i].key));
	if (r == 0)
		r = timeline_page_add_beside(q->page, SPAN_EMPTY, j->n_more, j->more_at);
	return page_outcome(r);
}

static void take_record(struct query *q, struct span bytes)
{
	struct query_answer answer = {.next = NULL};
	int r = decode_record(q, bytes);

	if (r == 0 && q->page)
		r = open_page(q);
	if (r != 0)
		query_end(q, r);
	else if (q->page)
		take_page(q);
	else
		query_answer(q, 0, &answer);
}

static int ask_record(struct query *q);

static void on_record(void *user, const struct redis_value *reply)
{
	struct query *q = user;
	struct span record;
	int r;

	if (!goes_on(q, reply))
		return;
	r = query_find_take(&q->find, q->source->partitions, reply, &q->arena, &record);
	if (r == QUERY_FIND_MORE)
		r = ask_record(q);
	else if (r == 0) {
		take_record(q, record);
		return;
	} else if (r > 0) {
		r = r == QUERY_FIND_NOTHING   ? QUERY_NO_CUSTOMER
		    : r == QUERY_FIND_SEVERAL ? QUERY_SEVERAL
					      : QUERY_CORRUPT;
	}
	if (r != 0)
		query_end(q, r);
}

static int ask_record(struct query *q)
{
	struct query_source *s = q->source;

	if (s->partitions == 0)
		return QUERY_AWAY;
	query_find_begin(&q->find, s->partitions, s->redis);
	return query_sent(redis_end(s->redis, on_record, q));
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

	if (r != 0)
		return r;
	q->wants_record = true;
	return query_start(&q);
}

static int ask_page(struct query_source *s, const struct query_ask *ask,
	const struct timeline_query *query, struct span cursor, bool wants_record)
{
	_cleanup_(query_freep) struct query *q = NULL;
	struct timeline_query own = *query;
	int r = query_new(s, ask, &q);

	if (r != 0)
		return r;
	q->wants_record = wants_record;
	if (query->event.len) {
		own.event = arena_copy(&q->arena, query->event);
		if (!own.event.ptr)
			return -ENOMEM;
	}
	r = page_outcome(timeline_page_new(&own, cursor, &q->page));
	return r ? r : query_start(&q);
}

int query_timeline(struct query_source *s, const struct query_ask *ask,
	const struct timeline_query *query, struct span cursor)
{
	return ask_page(s, ask, query, cursor, false);
}

int query_both(struct query_source *s, const struct query_ask *ask,
	const struct timeline_query *query, struct span cursor)
{
	return ask_page(s, ask, query, cursor, true);
}

int query_wait(struct query_source *s, struct loop *loop)
{
	int r = 0;

	while (r == 0 && s->pending > 0)
		r = loop_turn(loop, true);
	return r;
}
