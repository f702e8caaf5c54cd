/* SPDX-License-Identifier: MIT */
/*
 * From what somebody typed to the record of a customer: what it may be (the keys), the script that
 * reads them all and follows links, and what it brought back, checked link by link.
 *
 *	query_find_keys(&find, identity, id, &arena);
 *	query_find_begin(&find, partitions, redis);
 *	redis_end(redis, …);
 *	r = query_find_take(&find, partitions, reply, &arena, &record);
 */
#pragma once

#include "base/arena.h"
#include "core/identity.h"
#include "io/redis.h"

struct query_find {
	struct span keys[IDENTITY_KINDS_MAX + 1]; /* what is looked for, the likeliest first */
	size_t n_keys;
	unsigned links; /* followed so far */
	/* When it is over: */
	struct span matched;  /* which of the first keys it was */
	struct span customer; /* the record's key */
	int64_t now;	      /* Redis' clock, ms */
	uint64_t rules;	      /* digest of the set in force where the customer lies; 0: none */
};

/*
 * What ID may be: a key or user id as it stands, then an identifier of each kind, the strongest
 * first. Keys lie in ARENA. 0 or -ENOMEM.
 */
int query_find_keys(
	struct query_find *f, const struct identity *identity, struct span id, struct arena *arena);

/* A command, but for its end. */
void query_find_begin(const struct query_find *f, uint32_t partitions, struct redis *redis);

enum {
	QUERY_FIND_NOTHING = 1, /* no such customer */
	QUERY_FIND_CORRUPT = 2, /* a link is none, or there are too many */
	QUERY_FIND_MORE = 3,	/* the chain goes on: begin again */
};

/*
 * What REPLY, which is no error, says. *ret_record borrows from it: the record of f->customer.
 * Where a link leads nowhere because the merge is still under way, that is the record which the
 * link has kept. 0, -ENOMEM or an outcome.
 */
int query_find_take(struct query_find *f, uint32_t partitions, const struct redis_value *reply,
	struct arena *arena, struct span *ret_record);
