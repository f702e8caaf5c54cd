/* SPDX-License-Identifier: MIT */
/* Records kept between batches, least recently used first out. */
#include "apply_impl.h"

void list_init(struct list *l, size_t size)
{
	*l = (struct list){.size = size};
}

void list_release(struct list *l)
{
	free(l->items);
	list_init(l, l->size);
}

void *list_add(struct list *l)
{
	void *item;

	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 64;
		void *items = realloc(l->items, cap * l->size);

		if (!items)
			return NULL;
		l->items = items;
		l->cap = cap;
	}
	item = (char *)l->items + l->n++ * l->size;
	memset(item, 0, l->size);
	return item;
}

/* Customer ids come from strangers, so the map's key is not a constant; it need not be secret
 * beyond this process. */
void cache_init(struct cache *c, size_t max)
{
	uint64_t seed[2] = {(uint64_t)(uintptr_t)c, (uint64_t)(uintptr_t)&seed};

	map_init(&c->by_customer, seed);
	c->newest = c->oldest = NULL;
	c->len = 0;
	c->max = max;
}

static void cached_free(struct cached *e)
{
	record_release(&e->record);
	cached_unlink(e);
	free(e->find_inputs);
	free(e->customer_copy);
	free(e);
}

void cache_release(struct cache *c)
{
	struct cached *e = c->newest;

	while (e) {
		struct cached *older = e->older;

		cached_free(e);
		e = older;
	}
	map_release(&c->by_customer);
	c->newest = c->oldest = NULL;
	c->len = 0;
}

static void unlink_entry(struct cache *c, struct cached *e)
{
	if (e->newer)
		e->newer->older = e->older;
	else
		c->newest = e->older;
	if (e->older)
		e->older->newer = e->newer;
	else
		c->oldest = e->newer;
}

static void link_newest(struct cache *c, struct cached *e)
{
	e->newer = NULL;
	e->older = c->newest;
	if (c->newest)
		c->newest->newer = e;
	else
		c->oldest = e;
	c->newest = e;
}

struct cached *cache_get(struct cache *c, struct span customer, uint64_t batch)
{
	struct cached *e = map_get(&c->by_customer, customer);

	if (!e)
		return NULL;
	e->batch = batch;
	if (c->newest != e) {
		unlink_entry(c, e);
		link_newest(c, e);
	}
	return e;
}

struct cached *cache_add(struct cache *c, struct span customer, uint64_t batch)
{
	struct cached *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->customer_copy = span_dup(customer);
	if (!e->customer_copy) {
		free(e);
		return NULL;
	}
	e->customer = span_of(e->customer_copy, customer.len);
	e->batch = batch;
	if (map_put(&c->by_customer, e->customer, e) < 0) {
		cached_free(e);
		return NULL;
	}
	link_newest(c, e);
	c->len++;
	return e;
}

static void warm(const void *ptr, size_t size)
{
	for (size_t i = 0; i < size; i += 64)
		__builtin_prefetch((const char *)ptr + i);
}

static void warm_lists(const struct journey *j)
{
	warm(j->carts, j->n_carts * sizeof(*j->carts));
	warm(j->orders, j->n_orders_kept * sizeof(*j->orders));
	warm(j->instances, j->n_instances * sizeof(*j->instances));
}

static void warm_texts(const struct journey *j)
{
	__builtin_prefetch(j->customer.ptr);
	__builtin_prefetch(j->user_id.ptr);
	__builtin_prefetch(j->anonymous_id.ptr);
	for (size_t i = 0; i < j->n_carts; i++)
		__builtin_prefetch(j->carts[i].key.ptr);
	for (size_t i = 0; i < j->n_orders_kept; i++)
		__builtin_prefetch(j->orders[i].id.ptr);
	for (size_t i = 0; i < j->n_instances; i++) {
		__builtin_prefetch(j->instances[i].rule.ptr);
		__builtin_prefetch(j->instances[i].key.ptr);
		__builtin_prefetch(j->instances[i].by.ptr);
	}
}

void cached_warm(const struct cached *c, size_t step)
{
	const struct journey *j;

	if (step == WARM_STEPS) {
		warm(c, sizeof(*c));
		return;
	}
	j = c->record.journey;
	if (!j)
		return; /* a link */
	if (step == 3) {
		warm(j, sizeof(*j));
		warm(c->record.tail.ptr, c->record.tail.len);
	} else if (step == 2) {
		warm_lists(j);
	} else {
		warm_texts(j);
	}
}

void cache_drop(struct cache *c, struct cached *e)
{
	unlink_entry(c, e);
	map_remove(&c->by_customer, e->customer);
	cached_free(e);
	c->len--;
}

void cache_trim(struct cache *c, uint64_t batch)
{
	while (c->len > c->max && c->oldest && c->oldest->batch != batch)
		cache_drop(c, c->oldest);
}
