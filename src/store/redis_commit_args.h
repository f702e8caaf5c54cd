/* SPDX-License-Identifier: MIT */
/* What the script of the commit is given, piece by piece. */
#pragma once

#include "base/instant.h"

#include "redis_store_impl.h"

/* Pairs in one MSET or ZADD; Lua's stack takes some 8000 values. */
#define RUN_MAX ((size_t)500)

struct terms;

/* The arguments are walked twice: to count them, for RESP wants that first, and to write them. */
struct args {
	struct redis *redis; /* NULL: count */
	size_t n;
	uint32_t partition;
	bool beside; /* records go beside the script */
	const struct commit *commit;
	char date[INSTANT_SIZE];	  /* its day, in front */
	const struct terms *terms;	  /* of its jobs */
	const struct commit_hold **holds; /* its holds, by source */
};

void put(struct args *a, struct span s);
/* One argument made of two. */
void put2(struct args *a, struct span prefix, struct span id);
void put_str(struct args *a, const char *s);
void put_i64(struct args *a, int64_t n);
void put_u64(struct args *a, uint64_t n);
/* Nothing for an instant that never comes or never was. */
void put_instant(struct args *a, int64_t at);
void put_id(struct args *a, struct log_id id);
/* Empty for a position without. */
void put_rules(struct args *a, uint64_t digest);
/* The head of a command of N words, its name among them. */
void put_command(struct args *a, size_t n, const char *name);
/* `wm:{pP}:NAME`, and with an id or a number behind it. */
void put_key(struct args *a, const char *name);
void put_key_id(struct args *a, const char *name, struct span id);
void put_key_number(struct args *a, const char *name, int64_t n);

/* ---- redis_commit_hold.c ---- */

/* Those of C in order of their sources, to be freed; NULL where there are none. 0 or -ENOMEM. */
int holds_by_source(const struct commit *c, const struct commit_hold ***ret_holds);
void put_hold_probes(struct args *a);
void put_holds(struct args *a);

/* ---- redis_commit_find.c ---- */

void put_terms(struct args *a);

/* Who is erased, whose names are kept, and what of the log goes (redis_commit_erase.c). */
void commit_put_erase_probes(struct args *a);
void commit_put_erase(struct args *a);

/* ---- redis_commit_trial.c ---- */

void put_trial_probe(struct args *a);
void put_trials(struct args *a);

/* ---- redis_commit_mend.c ---- */

void put_mend_probes(struct args *a);
void put_mends(struct args *a);
