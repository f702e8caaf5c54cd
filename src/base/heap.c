/* SPDX-License-Identifier: MIT */
/*
 * The usual binary heap over an array of pointers (Williams, 1964). Every move of a pointer writes
 * the node's place, which is what lets the owner of a node find it again without a search.
 */
#include "base/heap.h"

#define CAP_MIN ((size_t)64)

void heap_init(struct heap *h)
{
	*h = (struct heap){NULL, 0, 0};
}

void heap_release(struct heap *h)
{
	free(h->nodes);
	heap_init(h);
}

struct heap_node *heap_first(const struct heap *h)
{
	return h->len ? h->nodes[0] : NULL;
}

static bool before(const struct heap_node *a, const struct heap_node *b)
{
	return a->at < b->at || (a->at == b->at && a->order < b->order);
}

/* Places are 1-based, so that the children of p are 2p and 2p + 1 and 0 can mean "not in". */
static void set(struct heap *h, size_t place, struct heap_node *node)
{
	h->nodes[place - 1] = node;
	node->place = place;
}

static size_t sift_up(struct heap *h, size_t place, struct heap_node *node)
{
	while (place > 1 && before(node, h->nodes[place / 2 - 1])) {
		set(h, place, h->nodes[place / 2 - 1]);
		place /= 2;
	}
	return place;
}

static size_t sift_down(struct heap *h, size_t place, struct heap_node *node)
{
	while (place <= h->len / 2) {
		size_t child = 2 * place;

		if (child < h->len && before(h->nodes[child], h->nodes[child - 1]))
			child++;
		if (!before(h->nodes[child - 1], node))
			break;
		set(h, place, h->nodes[child - 1]);
		place = child;
	}
	return place;
}

static void settle(struct heap *h, size_t place, struct heap_node *node)
{
	place = sift_up(h, place, node);
	place = sift_down(h, place, node);
	set(h, place, node);
}

static int grow(struct heap *h)
{
	size_t cap = h->cap ? h->cap * 2 : CAP_MIN;
	struct heap_node **nodes;

	if (cap > PTRDIFF_MAX / sizeof(struct heap_node *))
		return -ENOMEM;
	nodes = realloc(h->nodes, cap * sizeof(struct heap_node *));
	if (!nodes)
		return -ENOMEM;
	h->nodes = nodes;
	h->cap = cap;
	return 0;
}

int heap_put(struct heap *h, struct heap_node *node, int64_t at)
{
	size_t place = node->place;

	if (!place) {
		if (h->len == h->cap) {
			int r = grow(h);

			if (r)
				return r;
		}
		place = ++h->len;
	}
	assert(place <= h->len);
	node->at = at;
	settle(h, place, node);
	return 0;
}

void heap_remove(struct heap *h, struct heap_node *node)
{
	size_t place = node->place;
	struct heap_node *last;

	if (!place)
		return;
	assert(place <= h->len && h->nodes[place - 1] == node);
	last = h->nodes[--h->len];
	node->place = 0;
	if (last != node)
		settle(h, place, last);
}
