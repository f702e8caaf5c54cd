/* SPDX-License-Identifier: MIT */
#include "store/why_query.h"

struct question {
	why_fn *fn;
	void *user;
	bool (*wanted)(void *user);
	void *wanted_user;
};

static bool is_wanted(void *user)
{
	const struct question *q = user;

	return !q->wanted || q->wanted(q->wanted_user);
}

static void on_answer(void *user, int r, const struct query_answer *a)
{
	_cleanup_free_ struct question *q = user;
	struct why_ask ask = {.now = 0};

	if (r != 0) {
		q->fn(q->user, r, NULL);
		return;
	}
	ask.journey = a->record->journey;
	ask.matched = a->matched;
	ask.now = a->now;
	ask.entries = a->entries;
	ask.n_entries = a->n_entries;
	ask.cut = a->next[0] != '\0';
	ask.in_force = a->rules;
	q->fn(q->user, 0, &ask);
}

int query_why(struct query_source *s, const struct query_ask *ask, why_fn *fn, void *user)
{
	_cleanup_free_ struct question *q = malloc(sizeof(*q));
	struct timeline_query query = TIMELINE_QUERY_ALL;
	struct query_ask both = {.id = ask->id,
		.fn = on_answer,
		.user = q,
		.wanted = is_wanted,
		.orders = ask->orders};
	int r;

	if (!q)
		return -ENOMEM;
	*q = (struct question){fn, user, ask->wanted, ask->user};
	query.kinds = 1u << ENTRY_DECISION;
	query.limit = WHY_DECISIONS;
	r = query_both(s, &both, &query, SPAN_EMPTY);
	if (r == 0)
		q = NULL;
	return r;
}
