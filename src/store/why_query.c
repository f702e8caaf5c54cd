/* SPDX-License-Identifier: MIT */
#include "store/why_query.h"

struct question {
	struct query_source *source;
	why_fn *fn;
	void *user;
	bool (*wanted)(void *user);
	void *wanted_user;
	struct buf id;
	struct buf bytes; /* of the record, until the decisions are there */
	int64_t now;
	uint64_t rules;
};

static void question_freep(struct question **q)
{
	if (!*q)
		return;
	buf_release(&(*q)->id);
	buf_release(&(*q)->bytes);
	free(*q);
}

static bool is_wanted(void *user)
{
	const struct question *q = user;

	return !q->wanted || q->wanted(q->wanted_user);
}

static void answer(const struct question *q, const struct query_answer *page)
{
	_cleanup_(record_release) struct record record = RECORD_INIT;
	struct why_ask ask = {.now = q->now,
		.entries = page->entries,
		.n_entries = page->n_entries,
		.cut = page->next[0] != '\0',
		.in_force = q->rules};
	int r = record_decode(buf_span(&q->bytes), &record);

	ask.journey = record.journey;
	if (r == 0)
		q->fn(q->user, 0, &ask);
	else
		q->fn(q->user, r < 0 ? r : QUERY_CORRUPT, NULL);
}

static void on_decisions(void *user, int r, const struct query_answer *page)
{
	_cleanup_(question_freep) struct question *q = user;

	if (r == 0)
		answer(q, page);
	else
		q->fn(q->user, r, NULL);
}

static int ask_decisions(struct question *q)
{
	struct timeline_query query = TIMELINE_QUERY_ALL;
	struct query_ask ask = {
		.id = buf_span(&q->id), .fn = on_decisions, .user = q, .wanted = is_wanted};

	query.kinds = 1u << ENTRY_DECISION;
	query.limit = WHY_DECISIONS;
	return query_timeline(q->source, &ask, &query, SPAN_EMPTY);
}

static void on_record(void *user, int r, const struct query_answer *found)
{
	_cleanup_(question_freep) struct question *q = user;

	if (r == 0) {
		q->now = found->now;
		q->rules = found->rules;
		r = record_encode(found->record, &q->bytes);
	}
	if (r == 0)
		r = ask_decisions(q);
	if (r == 0)
		q = NULL; /* the second answer's */
	else
		q->fn(q->user, r, NULL);
}

int query_why(struct query_source *s, const struct query_ask *ask, why_fn *fn, void *user)
{
	_cleanup_(question_freep) struct question *q = calloc(1, sizeof(*q));
	struct query_ask first = {.fn = on_record, .wanted = is_wanted};
	int r;

	if (!q)
		return -ENOMEM;
	q->source = s;
	q->fn = fn;
	q->user = user;
	q->wanted = ask->wanted;
	q->wanted_user = ask->user;
	buf_add_span(&q->id, ask->id);
	r = buf_failed(&q->id);
	if (r < 0)
		return r;
	first.id = buf_span(&q->id);
	first.user = q;
	r = query_customer(s, &first);
	if (r == 0)
		q = NULL;
	return r;
}
