/* SPDX-License-Identifier: MIT */
/* The index of terms (codec/find_terms.h) in the commit: a set in order of bytes. */
#include "redis_commit_args.h"

/* How many of C's terms from I on, up to RUN_MAX, are of one kind: they go, or they come. */
static size_t run_of(const struct commit *c, size_t i)
{
	size_t n = 1;

	while (n < RUN_MAX && i + n < c->n_terms && c->terms[i + n].gone == c->terms[i].gone)
		n++;
	return n;
}

void put_terms(struct args *a)
{
	const struct commit *c = a->commit;

	for (size_t i = 0, n; i < c->n_terms; i += n) {
		bool gone = c->terms[i].gone;

		n = run_of(c, i);
		put_command(a, 2 + (gone ? n : 2 * n), gone ? "ZREM" : "ZADD");
		put_key(a, "find");
		if (!a->redis) {
			a->n += gone ? n : 2 * n;
			continue;
		}
		for (size_t j = i; j < i + n; j++) {
			if (!gone)
				put_str(a, "0");
			put(a, c->terms[j].member);
		}
	}
}
