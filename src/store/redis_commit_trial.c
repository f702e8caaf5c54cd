/* SPDX-License-Identifier: MIT */
/*
 * What rules on trial would have sent, in the commit: a stream like that of jobs, of which nobody
 * takes anything. It is written when the position moves, so each entry comes once.
 *
 * Only the latest are kept. Entries go by whole blocks of the stream, some hundred at a time, never
 * one by one: one that is only marked as gone would keep its bytes, and nobody who is erased later
 * would be found in it.
 */
#include "redis_commit_args.h"

void put_trial_probe(struct args *a)
{
	if (a->commit->n_trials == 0)
		return;
	put_command(a, 2, "XLEN");
	put_key(a, "shadow");
}

void put_trials(struct args *a)
{
	const struct commit *c = a->commit;

	for (size_t i = 0; i < c->n_trials; i++) {
		put_command(a, 10, "XADD");
		put_key(a, "shadow");
		put_str(a, "MAXLEN");
		put_str(a, "~");
		put_u64(a, c->trials_kept);
		put_str(a, "*");
		put_str(a, "id");
		put(a, c->trials[i].id);
		put_str(a, "j");
		put(a, c->trials[i].json);
	}
}
