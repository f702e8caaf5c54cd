/* SPDX-License-Identifier: MIT */
/* News of products in carts and orders (core/basket.h has the law). */
#include "fold.h"

bool line_is_in(const struct line *l, const struct basket *b, int64_t emptied_at)
{
	return l->said_at != INT64_MIN && l->said_at >= b->listed_at &&
	       l->said_at > l->removed_at && l->said_at > emptied_at;
}

/* The products that E names one by one: those of its list, or else the one it is about. */
static size_t product_count(const struct event *e)
{
	return e->details && e->details->whole ? e->details->n_products : 1;
}

static struct product product_at(const struct event *e, size_t n)
{
	if (e->details && e->details->whole)
		return e->details->products[n];
	return (struct product){
		.id = value_id(event_field(e, FIELD_PRODUCT_ID), ENTITY_MAX),
		.sku = value_id(event_detail(e, DETAIL_SKU), ENTITY_MAX),
		.quantity = *event_field(e, FIELD_QUANTITY),
		.price = *event_detail(e, DETAIL_PRICE),
	};
}

bool event_names_product(const struct event *e, struct span key)
{
	size_t n = product_count(e);

	for (size_t i = 0; i < n && key.len > 0; i++) {
		struct product p = product_at(e, i);

		if (span_equal(p.sku, key) || span_equal(p.id, key))
			return true;
	}
	return false;
}

bool line_is_named(const struct line *l, const struct event *e)
{
	return event_names_product(e, text_span(l->key)) ||
	       event_names_product(e, text_span(l->id));
}

static void line_release(struct line *l)
{
	text_release(&l->key);
	text_release(&l->id);
}

/* The latest word about it. */
static int64_t line_at(const struct line *l)
{
	return int64_max(l->said_at, l->removed_at);
}

/* Forgets what was not heard of for longest, if that is before AT. False if nothing is. */
static bool drop_line(struct basket *b, int64_t at)
{
	uint32_t victim = 0;

	for (uint32_t i = 1; i < b->n_lines; i++)
		if (line_at(&b->lines[i]) < line_at(&b->lines[victim]))
			victim = i;
	b->lost = 1;
	if (line_at(&b->lines[victim]) >= at)
		return false;
	line_release(&b->lines[victim]);
	b->n_lines--;
	memmove(&b->lines[victim], &b->lines[victim + 1],
		(b->n_lines - victim) * sizeof(*b->lines));
	return true;
}

/* The line with KEY, added if there is none. 0, -ENOMEM, or LINE_NO_ROOM. */
enum { LINE_NO_ROOM = 1 };

static int line_get(struct basket *b, struct span key, int64_t at, struct line **ret_line)
{
	struct text copy = {.ptr = NULL};
	struct line *list;
	uint32_t n = 0;
	int c = 1;

	while (n < b->n_lines && (c = span_compare(text_span(b->lines[n].key), key)) < 0)
		n++;
	if (n < b->n_lines && c == 0) {
		*ret_line = &b->lines[n];
		return 0;
	}
	if (b->n_lines == BASKET_LINES_MAX) {
		if (!drop_line(b, at))
			return LINE_NO_ROOM;
		return line_get(b, key, at, ret_line);
	}
	if (text_set(&copy, key) < 0)
		return -ENOMEM;
	list = realloc(b->lines, (b->n_lines + 1) * sizeof(*list));
	if (!list) {
		text_release(&copy);
		return -ENOMEM;
	}
	b->lines = list;
	memmove(list + n + 1, list + n, (b->n_lines - n) * sizeof(*list));
	list[n] = (struct line){.key = copy, .said_at = INT64_MIN, .removed_at = INT64_MIN};
	b->n_lines++;
	*ret_line = &list[n];
	return 0;
}

/* Is (A, B) the greater pair of quantity and price? */
static bool greater(struct decimal quantity, struct decimal price, const struct line *l)
{
	int c = decimal_compare(quantity, l->quantity);

	return c > 0 || (c == 0 && decimal_compare(price, l->price) > 0);
}

static int fold_line(struct basket *b, const struct product *p, int64_t at, bool removed)
{
	struct span key = p->sku.len ? p->sku : p->id;
	struct decimal quantity = {1, 0}, price = {0, 0};
	struct line *l = NULL;
	int r;

	if (key.len == 0)
		return 0;
	r = line_get(b, key, at, &l);
	if (r)
		return r < 0 ? r : 0;
	if (span_compare(p->id, text_span(l->id)) > 0 && p->sku.len > 0 &&
		text_set(&l->id, p->id) < 0)
		return -ENOMEM;
	if (removed) {
		l->removed_at = int64_max(l->removed_at, at);
		return 0;
	}
	(void)value_decimal(&p->quantity, &quantity);
	(void)value_decimal(&p->price, &price);
	if (at > l->said_at || (at == l->said_at && greater(quantity, price, l))) {
		l->quantity = quantity;
		l->price = price;
		l->said_at = at;
	}
	return 0;
}

/* The value of all that is in it, where E says so. */
static int fold_value(struct basket *b, const struct event *e)
{
	struct span currency = value_id(event_field(e, FIELD_CURRENCY), 16);
	struct decimal d;
	int64_t before = b->value.at;
	int c;

	if (!value_decimal(event_field(e, FIELD_TOTAL), &d) &&
		!value_decimal(event_detail(e, DETAIL_VALUE), &d))
		return 0;
	c = decimal_compare(d, b->value.value);
	amount_set(&b->value, d, e->occurred_at, false);
	if (e->occurred_at < before || (e->occurred_at == before && c < 0))
		return 0;
	/* Of two alike at one instant the greater currency. */
	if (e->occurred_at == before && c == 0 &&
		span_compare(currency, text_span(b->currency)) <= 0)
		return 0;
	return text_set(&b->currency, currency);
}

static struct basket *basket_get(struct basket **b)
{
	if (!*b) {
		*b = calloc(1, sizeof(**b));
		if (*b)
			(*b)->listed_at = (*b)->value.at = INT64_MIN;
	}
	return *b;
}

/* Does E say anything of products or their value? */
static bool says_any(const struct event *e, unsigned parts)
{
	struct decimal d;
	struct product p;

	if (e->details && e->details->whole)
		return true;
	if (parts & (FOLD_LISTED | FOLD_ORDERED))
		return value_decimal(event_field(e, FIELD_TOTAL), &d) ||
		       value_decimal(event_detail(e, DETAIL_VALUE), &d);
	p = product_at(e, 0);
	return p.sku.len > 0 || p.id.len > 0;
}

static int fold_basket(struct basket **slot, const struct event *e, unsigned parts)
{
	bool list = parts & (FOLD_LISTED | FOLD_ORDERED);
	bool whole = e->details && e->details->whole;
	struct basket *b;
	int r = 0;

	if (!says_any(e, parts))
		return 0;
	b = basket_get(slot);
	if (!b)
		return -ENOMEM;
	for (size_t i = 0; i < product_count(e) && r == 0 && (whole || !list); i++) {
		struct product p = product_at(e, i);

		r = fold_line(b, &p, e->occurred_at, parts & FOLD_TAKEN);
	}
	if (list && whole)
		b->listed_at = int64_max(b->listed_at, e->occurred_at);
	if (list && r == 0)
		r = fold_value(b, e);
	return r;
}

int fold_baskets(struct journey *j, const struct event *e, unsigned parts)
{
	char key[CART_KEY_MAX];
	struct order *o;
	struct cart *c;

	if (parts & FOLD_ORDERED) {
		struct span id = value_id(event_field(e, FIELD_ORDER_ID), ENTITY_MAX);

		o = id.len ? journey_order(j, id) : NULL;
		return o && e->details && e->details->whole ? fold_basket(&o->basket, e, parts) : 0;
	}
	c = journey_cart(j, fold_cart_key(e, key));
	return c ? fold_basket(&c->basket, e, parts) : 0;
}
