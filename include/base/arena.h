/* SPDX-License-Identifier: MIT */
/*
 * Memory for one piece of work: many small allocations, freed all at once. A batch of events, a
 * reply of Redis and a decoded request each live and die as a whole.
 */
#pragma once

#include "base/base.h"
#include "base/span.h"

struct arena {
	struct arena_block *head; /* the block being filled; older ones behind it */
	size_t used;		  /* bytes handed out since the last reset */
};

void arena_init(struct arena *a);
void arena_release(struct arena *a);

/* Frees all but one block, so that a steady load allocates nothing. */
void arena_reset(struct arena *a);

/* N bytes aligned for any type, not cleared. NULL when out of memory. */
void *arena_alloc(struct arena *a, size_t n);
/* COUNT × SIZE bytes, cleared. NULL when out of memory or on overflow. */
void *arena_calloc(struct arena *a, size_t count, size_t size);
/* A copy with a NUL behind it; ptr is NULL when out of memory. */
struct span arena_copy(struct arena *a, struct span s);
