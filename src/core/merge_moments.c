/* SPDX-License-Identifier: MIT */
/*
 * What two customers who are one have to hand over (absence_hand.c). What armed one of them while
 * the other's job paused the rule, or was the last that it may make, would have armed nothing, had
 * it been known that they are one: an event that ends it hands over nothing.
 */
#include "merge_instances.h"
#include "taken.h"

/* One of one's own side, which is judged, and its rule. */
struct judged {
	const struct merge_sides *sides;
	const struct rule *rule;
	struct instance *i;
	bool waits; /* and goes on to */
};

/* Nothing armed X from FROM on and before UNTIL. */
static void cut(const struct judged *x, int64_t from, int64_t until)
{
	/* By what it waits for it has been judged as a whole. */
	if (x->waits)
		until = int64_min(until, x->i->arming_at);
	if (from < until)
		absence_moments_cut(x->i, from - 1, until - 1);
}

/* The same behind what ended it before a job that was due at DUE_AT: it was part of that. */
static void cut_around(const struct judged *x, int64_t due_at, int64_t until)
{
	int64_t ended = int64_max(absence_ended_before(x->sides->own, x->rule, x->i, due_at),
		absence_ended_before(x->sides->others, x->rule, x->i, due_at));

	cut(x, int64_max(ended, INT64_MIN + 1) + 1, until);
}

/* M was sent under the other name. */
static void cut_by_job(const struct judged *x, const struct emission *m)
{
	if (m->epoch >= x->i->epoch)
		cut_around(x, m->deadline_at, m->deadline_at + x->rule->cooldown_ms);
}

/* Y is X under the other name. */
static void cut_by_jobs(const struct judged *x, const struct instance *y)
{
	const struct rule *rule = x->rule;
	bool made = absence_made(y) && y->epoch >= x->i->epoch;
	bool spent = made && rule->max_per_key > 0 && y->episode >= rule->max_per_key;

	for (size_t back = 0; y->last_deadline_at != INT64_MIN && back <= y->n_earlier; back++) {
		struct emission m = absence_emission(y, back);

		cut_by_job(x, &m);
	}
	/* What this very event has taken back, perhaps, had been sent when it came. */
	for (size_t k = 0; k < y->n_taken; k++) {
		struct emission m = taken_emission(&y->taken[k]);

		if (taken_counts(&y->taken[k], x->sides->now))
			cut_by_job(x, &m);
	}
	/* A job that was taken back cools all the same, and is one of so many. */
	if (made && y->state == INSTANCE_COOLING)
		cut(x, y->until_at - rule->cooldown_ms, spent ? INT64_MAX : y->until_at);
}

static void judge(const struct judged *x)
{
	const struct journey *others = x->sides->others;

	for (size_t n = 0; x->i->n_moments > 0 && n < others->n_instances; n++) {
		const struct instance *y = &others->instances[n];

		if (!span_equal(text_span(y->rule), text_span(x->i->rule)))
			continue;
		if (x->rule->cooldown_customer && y->cools_until != 0)
			cut(x, y->cools_until - x->rule->cooldown_ms, y->cools_until);
		if (!x->rule->calendar && span_equal(text_span(y->key), text_span(x->i->key)))
			cut_by_jobs(x, y);
	}
}

void merge_moments(const struct merge_sides *s, struct journey *own, const struct verdict *v)
{
	for (size_t n = 0; n < own->n_instances; n++) {
		struct judged x = {.sides = s, .i = &own->instances[n]};

		x.rule = rules_of(s->rules, x.i);
		x.waits = x.i->state == INSTANCE_ARMED && v[n].end == OUTCOME_NONE;
		if (!x.rule || x.i->n_moments == 0)
			continue;
		if (v[n].end == OUTCOME_MERGED)
			absence_moments_cut(x.i, x.i->cancelled_at, INT64_MAX);
		judge(&x);
	}
}
