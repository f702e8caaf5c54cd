/* SPDX-License-Identifier: MIT */
/*
 * A binary min-heap of nodes embedded in their owners, each of which knows its place, so that a
 * timer can be moved or removed in O(log n). Equal times leave in order of `order`.
 */
#pragma once

#include "base/base.h"

struct heap_node {
	int64_t at;
	uint64_t order;
	size_t place; /* 1-based position in the heap; 0: not in it */
};

struct heap {
	struct heap_node **nodes;
	size_t len;
	size_t cap;
};

void heap_init(struct heap *h);
void heap_release(struct heap *h); /* does not touch the nodes */

/* The earliest node, or NULL. */
struct heap_node *heap_first(const struct heap *h);
/* Inserts NODE, or moves it if it is in already, to AT. 0 or -ENOMEM (then unchanged). */
int heap_put(struct heap *h, struct heap_node *node, int64_t at);
/* Removes NODE; nothing if it is not in. */
void heap_remove(struct heap *h, struct heap_node *node);
