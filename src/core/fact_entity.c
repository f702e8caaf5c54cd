/* SPDX-License-Identifier: MIT */
/* Which cart, order or thing is meant. */
#include "fact_entity.h"

#include "core/detail.h"
#include "core/rule.h"

#include "cond_run.h"
#include "fold.h"

/* `order:O1`: order and O1. A key without a colon has no id. */
struct key {
	struct span kind, id;
};

/* `order+line:O1/L2` has two. */
struct keys {
	struct key parts[RULE_KEY_PARTS_MAX];
	size_t n;
	char text[RULE_KEY_MAX]; /* of ids that were written with escapes */
};

/* What stands in *REST up to END, or all of it; *REST is then what is behind. */
static struct span cut(struct span *rest, char end)
{
	const char *p = rest->len ? memchr(rest->ptr, end, rest->len) : NULL;
	struct span head = p ? span_of(rest->ptr, (size_t)(p - rest->ptr)) : *rest;

	*rest = p ? span_of(p + 1, rest->len - head.len - 1) : SPAN_EMPTY;
	return head;
}

/* Written to OUT, which has room for as many bytes as ID has. */
static struct span unescaped(struct span id, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < id.len; i++) {
		bool escape = id.ptr[i] == '%' && id.len - i > 2;

		out[n] = id.ptr[i];
		if (escape && id.ptr[i + 2] == 'F')
			out[n] = '/';
		n++;
		i += escape ? 2 : 0;
	}
	return span_of(out, n);
}

static void keys_read(struct span ids, struct keys *ret)
{
	struct span kinds = cut(&ids, ':');
	size_t used = 0;

	ret->n = 0;
	if (!kinds.len || !memchr(kinds.ptr, '+', kinds.len)) {
		ret->parts[ret->n++] = (struct key){kinds, ids};
		return;
	}
	while (kinds.len > 0 && ret->n < RULE_KEY_PARTS_MAX) {
		struct key *k = &ret->parts[ret->n++];

		k->kind = cut(&kinds, '+');
		k->id = cut(&ids, '/');
		if (k->id.len == 0 || used + k->id.len > sizeof(ret->text))
			continue;
		k->id = unescaped(k->id, ret->text + used);
		used += k->id.len;
	}
}

static void keys_of(const struct cond_scope *s, struct keys *ret)
{
	keys_read(s->key.len == 0 && s->instance ? text_span(s->instance->key) : s->key, ret);
}

bool fact_keys_begin_alike(struct span a, struct span b)
{
	struct keys x, y;

	keys_read(a, &x);
	keys_read(b, &y);
	return span_equal(x.parts[0].kind, y.parts[0].kind) &&
	       span_equal(x.parts[0].id, y.parts[0].id);
}

/* The part that is called KIND, else the first. */
static struct key key_named(const struct keys *keys, struct span kind)
{
	for (size_t i = 0; i < keys->n; i++)
		if (span_equal(keys->parts[i].kind, kind))
			return keys->parts[i];
	return keys->parts[0];
}

/* Is it about the customer as a whole, as a visit to the shop's pages is, so that the latest is
 * meant? */
static bool is_whole(const struct key *k)
{
	if (span_is(k->kind, "session"))
		return true;
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

/* Of the checkout that K names; NULL if it names none, or nobody said which cart it is of. */
static const struct cart *checkout_cart(const struct journey *j, const struct key *k)
{
	const struct thing *t;

	if (!span_is(k->kind, "checkout") || k->id.len == 0)
		return NULL;
	t = journey_thing(j, THING_CHECKOUT, k->id);
	return t && t->about.len ? cart_with(j, text_span(t->about)) : NULL;
}

const struct cart *fact_cart_held(const struct cond_scope *s)
{
	struct keys keys;
	struct key k;

	keys_of(s, &keys);
	k = key_named(&keys, SPAN_LIT("checkout"));
	return span_is(k.kind, "checkout") && k.id.len > 0 ? checkout_cart(s->journey, &k)
							   : fact_cart(s);
}

const struct cart *fact_cart(const struct cond_scope *s)
{
	const struct journey *j = s->journey;
	char buf[CART_KEY_MAX];
	struct keys keys;
	struct key k;

	keys_of(s, &keys);
	k = key_named(&keys, SPAN_LIT("cart"));
	if (span_is(k.kind, "cart") && k.id.len > 0)
		return cart_with(j, k.id);
	if (s->event && value_id(event_field(s->event, FIELD_CART_ID), ENTITY_MAX).len > 0)
		return journey_cart(j, fold_cart_key(s->event, buf));
	k = key_named(&keys, SPAN_LIT("checkout"));
	if (span_is(k.kind, "checkout") && k.id.len > 0)
		return checkout_cart(j, &k);
	return is_whole(&k) ? latest_cart(j) : NULL;
}

/* ---- products ---------------------------------------------------------------------------- */

/* A product by its sku, by its own id, or by both. */
struct product_names {
	struct span sku, id;
};

/*
 * What the key says, else the event. The id that goes with a key's sku is that of an event of the
 * same sku, or the one that the instance kept of it.
 */
static struct product_names product_meant(const struct cond_scope *s, const struct keys *keys)
{
	struct key sku = key_named(keys, SPAN_LIT("sku")),
		   id = key_named(keys, SPAN_LIT("product"));
	struct product_names of_event = {SPAN_EMPTY, SPAN_EMPTY};
	struct product_names names = {SPAN_EMPTY, SPAN_EMPTY};

	if (s->event) {
		of_event.sku = value_id(event_detail(s->event, DETAIL_SKU), ENTITY_MAX);
		of_event.id = value_id(event_field(s->event, FIELD_PRODUCT_ID), ENTITY_MAX);
	}
	if (span_is(sku.kind, "sku"))
		names.sku = sku.id;
	if (span_is(id.kind, "product"))
		names.id = id.id;
	if (names.sku.len == 0 && names.id.len == 0)
		return of_event;
	if (names.sku.len > 0 && names.id.len == 0 && span_equal(of_event.sku, names.sku))
		names.id = of_event.id;
	if (names.id.len == 0 && s->instance)
		names.id = snapshot_text(text_span(s->instance->data), SPAN_LIT("product_id"));
	return names;
}

/* What is known by its product alone is any variant of it; a variant is no other. */
static bool line_is_meant(const struct line *l, const struct product_names *names)
{
	struct span key = text_span(l->key);

	if (names->sku.len > 0 && span_equal(key, names->sku))
		return true;
	return names->id.len > 0 &&
	       (span_equal(key, names->id) ||
		       (names->sku.len == 0 && span_equal(text_span(l->id), names->id)));
}

static bool order_has(const struct order *o, const struct product_names *names)
{
	for (size_t i = 0; o->basket && i < o->basket->n_lines; i++)
		if (line_is_in(&o->basket->lines[i], o->basket, INT64_MIN) &&
			line_is_meant(&o->basket->lines[i], names))
			return true;
	return false;
}

/* ---- orders ------------------------------------------------------------------------------ */

/* Of those with the product; NAMES NULL: of all. */
static const struct order *latest_order(const struct journey *j, const struct product_names *names)
{
	const struct order *found = NULL;

	for (size_t i = 0; i < j->n_orders_kept; i++) {
		const struct order *o = &j->orders[i];
		bool open = order_is_open(o);

		if (names && !order_has(o, names))
			continue;
		if (!found ||
			(open == order_is_open(found) ? o->touched_at > found->touched_at : open))
			found = o;
	}
	return found;
}

const struct order *fact_order(const struct cond_scope *s)
{
	const struct journey *j = s->journey;
	struct product_names names;
	enum thing_kind kind;
	const struct thing *t;
	struct keys keys;
	struct span id;
	struct key k;

	keys_of(s, &keys);
	k = key_named(&keys, SPAN_LIT("order"));
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
	if (k.id.len > 0 && (span_is(k.kind, "sku") || span_is(k.kind, "product"))) {
		names = product_meant(s, &keys);
		return latest_order(j, &names);
	}
	if (is_whole(&k))
		return latest_order(j, NULL);
	/* A key that says nothing of orders: a tracking number, a status. */
	id = s->instance ? snapshot_text(text_span(s->instance->data), SPAN_LIT("order_id"))
			 : SPAN_EMPTY;
	return id.len > 0 ? journey_order(j, id) : NULL;
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

/* A watch may have an id of its own, beside which the news of the product made another. */
static bool id_or_about_matches(const struct thing *t, struct span id)
{
	return id_matches(t, id) || about_matches(t, id);
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
	       ((kind == THING_TRIAL || kind == THING_OCCASION) && order) ||
	       ((kind == THING_WISH || kind == THING_WATCH || kind == THING_VIEW) && product);
}

/* `ORDER/LINE`, of a key that has both; empty: it has no order. */
static struct span line_id(const struct keys *keys, struct span line, char buf[THING_ID_MAX])
{
	struct key order = key_named(keys, SPAN_LIT("order"));

	if (!span_is(order.kind, "order") || order.id.len == 0 || line.len == 0 ||
		order.id.len + 1 + line.len > THING_ID_MAX)
		return SPAN_EMPTY;
	memcpy(buf, order.id.ptr, order.id.len);
	buf[order.id.len] = '/';
	memcpy(buf + order.id.len + 1, line.ptr, line.len);
	return span_of(buf, order.id.len + 1 + line.len);
}

/* A wish, watch or view that is not known by the key's sku: of the product alone. */
static const struct thing *thing_of_product(
	const struct cond_scope *s, const struct keys *keys, enum thing_kind kind)
{
	const struct journey *j = s->journey;
	struct product_names names;

	if (kind != THING_WISH && kind != THING_WATCH && kind != THING_VIEW)
		return NULL;
	names = product_meant(s, keys);
	if (names.id.len == 0)
		return NULL;
	return latest_thing(
		j, kind, kind == THING_WATCH ? id_or_about_matches : id_matches, names.id);
}

/* News of a variant leave a thing of their own, which nobody asked for. */
static const struct thing *open_or(const struct thing *t, const struct thing *other)
{
	return t && (!other || thing_is_open(t)) ? t : other;
}

const struct thing *fact_thing(const struct cond_scope *s, enum thing_kind kind)
{
	const struct journey *j = s->journey;
	char buf[THING_ID_MAX];
	const struct thing *t = NULL;
	struct keys keys;
	struct span id;
	struct key k;

	keys_of(s, &keys);
	k = keys.parts[0];
	for (size_t i = keys.n; i > 0; i--)
		if (key_names(kind, keys.parts[i - 1].kind))
			k = keys.parts[i - 1];
	if (kind == THING_LINE && keys.n > 1 && span_is(k.kind, "line") &&
		(id = line_id(&keys, k.id, buf)).len > 0)
		return journey_thing(j, kind, id);
	if (kind == THING_KIND_COUNT)
		return thing_of_key(j, &k);
	if (k.id.len > 0 && key_names(kind, k.kind))
		t = latest_thing(
			j, kind, kind == THING_WATCH ? id_or_about_matches : id_matches, k.id);
	id = s->event ? thing_event_id(kind, s->event, buf) : SPAN_EMPTY;
	if (!t && id.len > 0)
		t = journey_thing(j, kind, id);
	if (!t || !thing_is_open(t))
		t = open_or(thing_of_product(s, &keys, kind), t);
	if (t || id.len > 0)
		return t;
	if (k.id.len > 0)
		return latest_thing(j, kind, about_matches, k.id);
	return is_whole(&k) ? latest_thing(j, kind, any, SPAN_EMPTY) : NULL;
}
