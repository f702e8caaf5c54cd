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
	size_t order_place;	/* before which of them the index is asked; 0: not at all */
	struct span order_term; /* … for this */
	struct span order;	/* what is said to have matched then: the key of the number */
	unsigned links;		/* followed so far */
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

/*
 * Behind query_find_keys: what was typed may also be the number of an order that some customer's
 * state has (codec/find_terms.h), as `order:NUMBER` or by itself: case, blanks and a # in front
 * make no difference, and one of more than FIND_TERM_MAX bytes is not looked for. It counts less
 * than an identifier that is an order's number, and more than weaker kinds. Costs a range of the
 * index of each partition where no stronger key is there. 0 or -ENOMEM.
 */
int query_find_orders(struct query_find *f, const struct identity *identity, struct arena *arena);

/* A command, but for its end. */
void query_find_begin(const struct query_find *f, uint32_t partitions, struct redis *redis);

enum {
	QUERY_FIND_NOTHING = 1, /* no such customer */
	QUERY_FIND_CORRUPT = 2, /* a link is none, or there are too many */
	QUERY_FIND_MORE = 3,	/* the chain goes on: begin again */
	QUERY_FIND_SEVERAL = 4, /* more than one customer has an order of that number */
};

/*
 * What REPLY, which is no error, says. *ret_record borrows from it: the record of f->customer.
 * Where a link leads nowhere because the merge is still under way, that is the record which the
 * link has kept. 0, -ENOMEM or an outcome.
 */
int query_find_take(struct query_find *f, uint32_t partitions, const struct redis_value *reply,
	struct arena *arena, struct span *ret_record);
