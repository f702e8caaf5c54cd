/* SPDX-License-Identifier: MIT */
/* Listing is two questions: the entries, then the fate of each. */
#include "store/job_query.h"

#include "base/arena.h"
#include "redis_store_impl.h"

struct question {
	struct job_ask ask;
	struct redis *redis;
	struct arena arena;
	struct job_entry *entries;
	size_t n, told; /* entries; of them with a fate */
	int r;
	char words[200];
};

static struct question *question_new(struct redis *redis, const struct job_ask *ask)
{
	struct question *q = calloc(1, sizeof(*q));

	assert(ask->max > 0 && ask->max <= JOB_PAGE_MAX);
	if (!q)
		return NULL;
	q->ask = *ask;
	q->redis = redis;
	arena_init(&q->arena);
	return q;
}

static struct question *question_free(struct question *q)
{
	if (q)
		arena_release(&q->arena);
	free(q);
	return NULL;
}

static void answer(struct question *q, bool more)
{
	struct job_page page = {q->entries, q->n, more};

	q->ask.fn(q->ask.user, q->r, q->r == 0 ? &page : NULL, q->words);
	question_free(q);
}

static void note(struct question *q, int r, const char *words)
{
	if (q->r == 0)
		(void)snprintf(q->words, sizeof(q->words), "%s", words);
	if (q->r == 0)
		q->r = r;
}

/* Is REPLY one of TYPE? If not, why not is noted. */
static bool expect(struct question *q, const struct redis_value *reply, enum redis_type type)
{
	if (reply && reply->type == type)
		return true;
	if (!reply)
		note(q, JOBS_UNKNOWN, "no answer");
	else if (reply->type == REDIS_ERROR)
		note(q, JOBS_REFUSED, reply->text.ptr);
	else
		note(q, JOBS_CORRUPT, "an answer of another form");
	return false;
}

static bool make_room(struct question *q, size_t n)
{
	q->entries = n ? arena_calloc(&q->arena, n, sizeof(*q->entries)) : NULL;
	if (n && !q->entries)
		note(q, JOBS_UNKNOWN, "out of memory");
	return q->entries || n == 0;
}

/* ---- listing ------------------------------------------------------------------------------- */

/* `id`, X, `j` or `r`, Y */
static bool read_entry(struct job_entry *e, const struct redis_value *v)
{
	const struct redis_value *fields = v->n_items == 2 ? &v->items[1] : NULL;

	if (!fields || log_id_parse(v->items[0].text, &e->at) != 0 || fields->n_items != 4 ||
		!redis_value_is(&fields->items[0], "id"))
		return false;
	e->id = fields->items[1].text;
	if (redis_value_is(&fields->items[2], "j"))
		e->json = fields->items[3].text;
	else
		e->reason = fields->items[3].text;
	return true;
}

static void read_entries(struct question *q, const struct redis_value *reply)
{
	const struct redis_value *copy = redis_value_copy(&q->arena, reply);

	if (!copy)
		note(q, JOBS_UNKNOWN, "out of memory");
	if (!copy || !make_room(q, copy->n_items))
		return;
	for (size_t i = 0; i < copy->n_items; i++) {
		struct job_entry *e = &q->entries[q->n];

		e->partition = q->ask.partition;
		if (read_entry(e, &copy->items[i]))
			q->n++;
		else
			note(q, JOBS_CORRUPT, "an entry is neither a job nor a retraction");
	}
}

static void on_fate(void *user, const struct redis_value *reply)
{
	struct question *q = user;
	struct job_entry *e;

	assert(q->entries && q->told < q->n);
	e = &q->entries[q->told++];

	if (expect(q, reply, REDIS_ARRAY) && reply->n_items == 2) {
		e->state = arena_copy(&q->arena, reply->items[0].text);
		/* The word of before there were leases. */
		if (span_is(e->state, "taken"))
			e->state = SPAN_LIT("done");
		e->taken_by = arena_copy(&q->arena, reply->items[1].text);
	}
	if (q->told == q->n)
		answer(q, q->n == q->ask.max);
}

/* Asks for the fate of each; those that cannot be asked count as unknown. */
static void ask_fates(struct question *q)
{
	size_t n = q->n;

	assert(n == 0 || q->entries);
	for (size_t i = 0; i < n; i++) {
		char prefix[KEY_SIZE];
		int r;

		redis_begin(q->redis, 4);
		redis_arg_str(q->redis, "HMGET");
		redis_arg2(q->redis, key_prefix(prefix, q->ask.partition, "job"), q->entries[i].id);
		redis_arg_str(q->redis, "s");
		redis_arg_str(q->redis, "by");
		r = redis_end(q->redis, on_fate, q);
		if (r < 0) {
			note(q, JOBS_UNKNOWN, strerror(-r));
			q->n = i; /* so many answers come */
			break;
		}
	}
	if (q->n == 0)
		answer(q, false);
}

static void on_entries(void *user, const struct redis_value *reply)
{
	struct question *q = user;

	if (expect(q, reply, REDIS_ARRAY))
		read_entries(q, reply);
	if (q->r != 0 || q->n == 0)
		answer(q, false);
	else if (q->ask.shadow)
		answer(q, q->n == q->ask.max); /* nothing becomes of them */
	else
		ask_fates(q);
}

int job_list(struct redis *redis, const struct job_ask *ask)
{
	struct question *q = question_new(redis, ask);
	char key[KEY_SIZE], id[LOG_ID_SIZE];
	int r;

	if (!q)
		return -ENOMEM;
	log_id_format(ask->after, id);
	redis_begin(redis, 6);
	redis_arg_str(redis, "XRANGE");
	redis_arg(redis, key_text(key, ask->partition, ask->shadow ? "shadow" : "jobs"));
	redis_arg2(redis, SPAN_LIT("("), span_str(id));
	redis_arg_str(redis, "+");
	redis_arg_str(redis, "COUNT");
	redis_arg_u64(redis, ask->max);
	r = redis_end(redis, on_entries, q);
	if (r < 0)
		question_free(q);
	return r;
}
