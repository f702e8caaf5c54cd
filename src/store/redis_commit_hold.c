/* SPDX-License-Identifier: MIT */
/*
 * Who waits for what, in the commit. Many wait for the same, a product that is looked at by many
 * above all, so the sources are put in order: one probe for each, and one command for many.
 */
#include "redis_commit_args.h"

static int compare(const void *x, const void *y)
{
	const struct commit_hold *const *a = x, *const *b = y;
	int c = span_compare((*a)->source, (*b)->source);

	/* The last that a commit says of a customer stays the last. */
	return c ? c : (*a > *b) - (*a < *b);
}

int holds_by_source(const struct commit *c, const struct commit_hold ***ret_holds)
{
	const struct commit_hold **holds = NULL;

	if (c->n_holds > 0) {
		holds = calloc(c->n_holds, sizeof(const struct commit_hold *));
		if (!holds)
			return -ENOMEM;
		for (size_t i = 0; i < c->n_holds; i++)
			holds[i] = &c->holds[i];
		qsort(holds, c->n_holds, sizeof(const struct commit_hold *), compare);
	}
	*ret_holds = holds;
	return 0;
}

static bool is_removal(const struct commit_hold *hold)
{
	return hold->at == TIME_NEVER;
}

void put_hold_probes(struct args *a)
{
	const struct commit_hold **holds = a->holds;

	for (size_t i = 0; i < a->commit->n_holds; i++) {
		if (i > 0 && span_equal(holds[i]->source, holds[i - 1]->source))
			continue;
		put_command(a, 2, "ZCARD");
		put_key_id(a, "held", holds[i]->source);
	}
}

/* How many from I on, up to RUN_MAX, are of one source and one kind: an instant, or none. */
static size_t run_of(const struct args *a, size_t i)
{
	const struct commit_hold *first = a->holds[i];
	size_t n = 1;

	while (n < RUN_MAX && i + n < a->commit->n_holds &&
		is_removal(a->holds[i + n]) == is_removal(first) &&
		span_equal(a->holds[i + n]->source, first->source))
		n++;
	return n;
}

void put_holds(struct args *a)
{
	for (size_t i = 0, n; i < a->commit->n_holds; i += n) {
		bool removal = is_removal(a->holds[i]);

		n = run_of(a, i);
		put_command(a, 2 + (removal ? n : 2 * n), removal ? "ZREM" : "ZADD");
		put_key_id(a, "held", a->holds[i]->source);
		if (!a->redis) {
			a->n += removal ? n : 2 * n;
			continue;
		}
		for (size_t j = i; j < i + n; j++) {
			if (!removal)
				put_i64(a, a->holds[j]->at);
			put(a, a->holds[j]->customer);
		}
	}
}
