/* SPDX-License-Identifier: MIT */
/* What an unmerge puts right, as commands for the commit's script. */
#include "redis_commit_args.h"

static void put_mend_probe(struct args *a, const struct commit_mend *m)
{
	static const struct {
		const char *command, *name;
	} probes[] = {
		[MEND_CHUNKS] = {"LLEN", "t"},
		[MEND_SNAPSHOT] = {"HLEN", "m"},
		[MEND_ID] = {"SCARD", "ids"},
		[MEND_JOB] = {"HLEN", "job"},
	};

	if (m->kind == MEND_NOBODY)
		return; /* UNLINK takes any type */
	put_command(a, 2, probes[m->kind].command);
	put_key_id(a, probes[m->kind].name, m->kind == MEND_JOB ? m->key : m->customer);
}

void put_mend_probes(struct args *a)
{
	for (size_t i = 0; i < a->commit->n_mends; i++)
		put_mend_probe(a, &a->commit->mends[i]);
}

/* Those in front stay: from none on means that there are none. */
static void put_chunks(struct args *a, const struct commit_mend *m)
{
	put_command(a, m->n > 0 ? 4 : 2, m->n > 0 ? "LTRIM" : "UNLINK");
	put_key_id(a, "t", m->customer);
	if (m->n == 0)
		return;
	put_u64(a, 0);
	put_u64(a, m->n - 1);
}

static void put_mend(struct args *a, const struct commit_mend *m)
{
	switch (m->kind) {
	case MEND_CHUNKS:
		put_chunks(a, m);
		return;
	case MEND_SNAPSHOT:
		put_command(a, 3, "HDEL");
		put_key_id(a, "m", m->customer);
		put(a, m->key);
		return;
	case MEND_ID:
		put_command(a, 3, "SREM");
		put_key_id(a, "ids", m->customer);
		put(a, m->key);
		return;
	case MEND_NOBODY:
		put_command(a, 2, "UNLINK");
		put_key_id(a, "c", m->customer);
		return;
	case MEND_JOB:
		put_command(a, 6, "HSET");
		put_key_id(a, "job", m->key);
		put_str(a, "c");
		put(a, m->customer);
		put_str(a, "cp");
		put_u64(a, m->n);
		return;
	}
}

void put_mends(struct args *a)
{
	for (size_t i = 0; i < a->commit->n_mends; i++)
		put_mend(a, &a->commit->mends[i]);
}
