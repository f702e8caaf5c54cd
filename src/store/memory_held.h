/* SPDX-License-Identifier: MIT */
/* The index of the held, in memory: what Redis has as one sorted set for each source. */
#pragma once

#include "base/arena.h"
#include "base/map.h"
#include "base/span.h"
#include "store/store.h"

struct memory_held {
	struct map customers; /* struct held_customer */
	struct map sources;   /* struct held_source */
	uint64_t order;
	struct arena names;
};

void memory_held_init(struct memory_held *m);
void memory_held_release(struct memory_held *m);

/* CUSTOMER is held for SOURCE until its mark reaches AT; TIME_NEVER: no more. 0 or -ENOMEM. */
int memory_held_set(struct memory_held *m, struct span customer, struct span source, int64_t at);

/* Those whom R is about into CUSTOMERS, which has room for as many as it may be; their number. The
 * spans are valid until the next set. */
size_t memory_held_list(
	const struct memory_held *m, const struct held_request *r, struct span *customers);
