/* SPDX-License-Identifier: MIT */
/* A heap for each source; a customer knows its places in them. */
#include "memory_held.h"

#include "base/heap.h"

struct held_source {
	struct heap heap;
	struct span name;
};

/* A customer's place in one heap. */
struct held {
	struct heap_node node; /* first: a heap node is a held */
	struct held *next;     /* of the same customer */
	struct held *out;      /* while several are out of the heap */
	struct held_source *by;
	const struct held_customer *who;
};

struct held_customer {
	struct span name;
	struct held *list;
};

void memory_held_init(struct memory_held *m)
{
	static const uint64_t seed[2] = {5, 6};

	map_init(&m->sources, seed);
	map_init(&m->customers, seed);
	m->order = 0;
	arena_init(&m->names);
}

void memory_held_release(struct memory_held *m)
{
	size_t cursor = 0;
	struct held_customer *c;
	struct held_source *s;

	while ((c = map_next(&m->customers, &cursor))) {
		while (c->list) {
			struct held *h = c->list;

			c->list = h->next;
			free(h);
		}
	}
	cursor = 0;
	while ((s = map_next(&m->sources, &cursor)))
		heap_release(&s->heap);
	map_release(&m->sources);
	map_release(&m->customers);
	arena_release(&m->names);
}

static struct held_source *get_source(struct memory_held *m, struct span name)
{
	struct held_source *s = map_get(&m->sources, name);

	if (s)
		return s;
	s = arena_calloc(&m->names, 1, sizeof(*s));
	if (!s)
		return NULL;
	s->name = arena_copy(&m->names, name);
	if (!s->name.ptr || map_put(&m->sources, s->name, s) < 0)
		return NULL;
	heap_init(&s->heap);
	return s;
}

static struct held_customer *get_customer(struct memory_held *m, struct span name)
{
	struct held_customer *c = map_get(&m->customers, name);

	if (c)
		return c;
	c = arena_calloc(&m->names, 1, sizeof(*c));
	if (!c)
		return NULL;
	c->name = arena_copy(&m->names, name);
	if (!c->name.ptr || map_put(&m->customers, c->name, c) < 0)
		return NULL;
	return c;
}

int memory_held_set(struct memory_held *m, struct span customer, struct span source, int64_t at)
{
	struct held_source *s = get_source(m, source);
	struct held_customer *c = get_customer(m, customer);
	struct held **place, *h;

	if (!s || !c)
		return -ENOMEM;
	place = &c->list;
	while (*place && (*place)->by != s)
		place = &(*place)->next;
	h = *place;
	if (at == TIME_NEVER) {
		if (h) {
			heap_remove(&s->heap, &h->node);
			*place = h->next;
			free(h);
		}
		return 0;
	}
	if (!h) {
		h = calloc(1, sizeof(*h));
		if (!h)
			return -ENOMEM;
		h->by = s;
		h->who = c;
		h->node.order = m->order++;
		*place = h;
	}
	return heap_put(&s->heap, &h->node, at);
}

static int by_name(const void *x, const void *y)
{
	return span_compare(*(const struct span *)x, *(const struct span *)y);
}

/* Of one instant they come as they were put there; Redis has them by their names. */
static void sort(struct span *customers, size_t n)
{
	if (n > 1)
		qsort(customers, n, sizeof(*customers), by_name);
}

size_t memory_held_list(
	const struct memory_held *m, const struct held_request *r, struct span *customers)
{
	struct held_source *s = map_get(&m->sources, r->source);
	struct held *taken = NULL;
	size_t n = 0, first = 0;

	/* The heap gives them in order if they are taken out; they are put back at once, into room
	 * that was there. */
	while (s && n < r->max && heap_first(&s->heap) && heap_first(&s->heap)->at <= r->until) {
		struct held *h = (struct held *)heap_first(&s->heap);

		if (h->node.at >= r->since) {
			if (taken && taken->node.at != h->node.at) {
				sort(customers + first, n - first);
				first = n;
			}
			customers[n++] = h->who->name;
		}
		heap_remove(&s->heap, &h->node);
		h->out = taken;
		taken = h;
	}
	sort(customers + first, n - first);
	for (; taken; taken = taken->out)
		heap_put(&s->heap, &taken->node, taken->node.at);
	return n;
}
