/* SPDX-License-Identifier: MIT */
/*
 * A hash map from bytes to a pointer: open addressing, linear probing, SipHash with a key given
 * by the owner so that a sender who picks customer ids cannot pick collisions.
 * The map owns neither keys nor values: a key must live as long as its entry (it usually lies in
 * the value).
 */
#pragma once

#include "base/base.h"
#include "base/span.h"

struct map_slot {
	struct span key;
	void *value; /* NULL: free */
	uint64_t hash;
};

struct map {
	struct map_slot *slots;
	size_t n_slots; /* a power of two, or 0 */
	size_t len;
	uint64_t seed[2];
};

/* SEED may be {0, 0} where keys are not chosen by strangers. */
void map_init(struct map *m, const uint64_t seed[2]);
void map_release(struct map *m);

/* The value of KEY, or NULL. */
void *map_get(const struct map *m, struct span key);
/* Asks memory for the place of KEY, which will be wanted soon. */
void map_expect(const struct map *m, struct span key);
/* Sets KEY to VALUE (not NULL). Replaces both key and value of an equal key. 0 or -ENOMEM. */
int map_put(struct map *m, struct span key, void *value);
/* Removes KEY and returns its value, or NULL. */
void *map_remove(struct map *m, struct span key);
/* Walks all entries in no particular order: start with *cursor = 0; NULL ends the walk.
 * The map must not change during a walk. */
void *map_next(const struct map *m, size_t *cursor);
void map_reset(struct map *m);
