/* SPDX-License-Identifier: MIT */
/* Which cart, order or thing is meant. */
#include "fact_entity.h"

#include "core/detail.h"

#include "fold.h"

/* `order:O1`: order and O1. A key without a colon has no id. */
struct key {
	struct span kind, id;
};

static struct key key_of(const struct cond_scope *s)
{
	struct span key = s->key;
	const char *colon;

	if (key.len == 0 && s->instance)
		key = text_span(s->instance->key);
	colon = key.len ? memchr(key.ptr, ':', key.len) : NULL;
	if (!colon)
		return (struct key){key, SPAN_EMPTY};
	return (struct key){span_of(key.ptr, (size_t)(colon - key.ptr)),
		span_of(colon + 1, key.len - (size_t)(colon - key.ptr) - 1)};
}

/* Is it about the customer as a whole, so that the latest is meant? */
static bool is_whole(const struct key *k)
{
	return k->id.len == 0 && (k->kind.len == 0 || span_is(k->kind, "customer"));
}

/* ---- carts ------------------------------------------------------------------------------- */

static const struct cart *latest_cart(const struct journey *j)
{
	const struct cart *found = NULL;

	for (size_t i = 0; i < j->n_carts; i++) {
		const struct cart *c = &j->carts[i];

		if (span_is(text_span(c->key), "all"))
			continue;
		if (!found || (cart_is_open(c) == cart_is_open(found) ? c->last_at > found->last_at
								      : cart_is_open(c)))
			found = c;
	}
	return found;
}

static const struct cart *cart_with(const struct journey *j, struct span id)
{
	for (size_t i = 0; i < j->n_carts; i++) {
		struct span key = text_span(j->carts[i].key);

		if (key.len == id.len + 5 && memcmp(key.ptr, "cart:", 5) == 0 &&
			span_equal(span_of(key.ptr + 5, key.len - 5), id))
			return &j->carts[i];
	}
	return NULL;
}

const struct cart *fact_cart(const struct cond_scope *s)
{
	const struct journey *j = s->journey;
	struct key k = key_of(s);
	char buf[CART_KEY_MAX];
	const struct thing *t;

	if (span_is(k.kind, "cart") && k.id.len > 0)
		return cart_with(j, k.id);
	if (s->event && value_id(event_field(s->event, FIELD_CART_ID), ENTITY_MAX).len > 0)
		return journey_cart(j, fold_cart_key(s->event, buf));
	if (span_is(k.kind, "checkout") && k.id.len > 0) {
		t = journey_thing(j, THING_CHECKOUT, k.id);
		return t && t->about.len ? cart_with(j, text_span(t->about)) : NULL;
	}
	return is_whole(&k) ? latest_cart(j) : NULL;
}

/* ---- orders ------------------------------------------------------------------------------ */

static const struct order *latest_order(const struct journey *j)
{
	const struct order *found = NULL;

	for (size_t i = 0; i < j->n_orders_kept; i++) {
		const struct order *o = &j->orders[i];
		bool open = order_is_open(o);

		if (!found ||
			(open == order_is_open(found) ? o->touched_at > found->touched_at : open))
			found = o;
	}
	return found;
}

const struct order *fact_order(const struct cond_scope *s)
{
	const struct journey *j = s->journey;
	struct key k = key_of(s);
	enum thing_kind kind;
	const struct thing *t;
	struct span id;

	if (span_is(k.kind, "order") && k.id.len > 0)
		return journey_order(j, k.id);
	id = s->event ? value_id(event_field(s->event, FIELD_ORDER_ID), ENTITY_MAX) : SPAN_EMPTY;
	if (id.len > 0)
		return journey_order(j, id);
	kind = k.id.len > 0 ? thing_kind_of(k.kind) : THING_KIND_COUNT;
	if (kind != THING_KIND_COUNT) {
		t = fact_thing(s, kind);
		return t && t->about.len ? journey_order(j, text_span(t->about)) : NULL;
	}
	return is_whole(&k) ? latest_order(j) : NULL;
}

/* ---- things ------------------------------------------------------------------------------ */

/* An order's line is known by `ORDER/LINE`, and a key may say LINE alone. */
static bool id_matches(const struct thing *t, struct span id)
{
	struct span own = text_span(t->id);

	if (span_equal(own, id))
		return true;
	return (t->kind == THING_LINE || t->kind == THING_FEEDBACK) && own.len > id.len &&
	       own.ptr[own.len - id.len - 1] == '/' &&
	       memcmp(own.ptr + own.len - id.len, id.ptr, id.len) == 0;
}

static bool about_matches(const struct thing *t, struct span id)
{
	return span_equal(text_span(t->about), id);
}

static bool any(const struct thing *t, struct span id)
{
	(void)t;
	(void)id;
	return true;
}

/* Of those of KIND that MATCH: the open one heard of last, then the one heard of last. */
static const struct thing *latest_thing(const struct journey *j, enum thing_kind kind,
	bool (*match)(const struct thing *t, struct span id), struct span id)
{
	const struct thing *found = NULL;
	bool found_open = false;

	for (size_t i = 0; i < j->n_things && j->things[i].kind <= kind; i++) {
		const struct thing *t = &j->things[i];
		bool open;

		if (t->kind != kind || !match(t, id))
			continue;
		open = thing_is_open(t);
		if (!found || (open == found_open ? t->touched_at > found->touched_at : open)) {
			found = t;
			found_open = open;
		}
	}
	return found;
}

/* `product:P1` and `sku:S1` name a watch or a wish. */
static const struct thing *thing_of_key(const struct journey *j, const struct key *k)
{
	enum thing_kind kind = thing_kind_of(k->kind);
	const struct thing *t;

	if (k->id.len == 0)
		return NULL;
	if (kind != THING_KIND_COUNT)
		return latest_thing(j, kind, id_matches, k->id);
	if (!span_is(k->kind, "product") && !span_is(k->kind, "sku"))
		return NULL;
	t = latest_thing(j, THING_WATCH, id_matches, k->id);
	return t ? t : latest_thing(j, THING_WISH, id_matches, k->id);
}

/* May the id in a key of this name be the id of a thing of KIND? Payments and trials without one of
 * their own have the checkout's or the order's, wishes and watches the product's. */
static bool key_names(enum thing_kind kind, struct span name)
{
	bool order = span_is(name, "order"), checkout = span_is(name, "checkout");
	bool product = span_is(name, "product") || span_is(name, "sku");

	return thing_kind_of(name) == kind || (kind == THING_PAYMENT && (order || checkout)) ||
	       (kind == THING_TRIAL && order) ||
	       ((kind == THING_WISH || kind == THING_WATCH) && product);
}

const struct thing *fact_thing(const struct cond_scope *s, enum thing_kind kind)
{
	const struct journey *j = s->journey;
	struct key k = key_of(s);
	char buf[THING_ID_MAX];
	const struct thing *t = NULL;
	struct span id;

	if (kind == THING_KIND_COUNT)
		return thing_of_key(j, &k);
	if (k.id.len > 0 && key_names(kind, k.kind))
		t = latest_thing(j, kind, id_matches, k.id);
	if (t)
		return t;
	id = s->event ? thing_event_id(kind, s->event, buf) : SPAN_EMPTY;
	if (id.len > 0)
		return journey_thing(j, kind, id);
	if (k.id.len > 0)
		return latest_thing(j, kind, about_matches, k.id);
	return is_whole(&k) ? latest_thing(j, kind, any, SPAN_EMPTY) : NULL;
}
