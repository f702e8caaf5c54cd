/* SPDX-License-Identifier: MIT */
/*
 * Carts, orders and what is in them, of two customers who are one. Each value is the earliest, the
 * latest or the latest word, as in the fold (core/fold.c), so that both come to the same.
 */
#include "core/merge.h"

#include "list.h"
#include "merge_parts.h"

/* ---- baskets ----------------------------------------------------------------------------- */

static struct line *find_line(const struct basket *b, struct span key)
{
	for (uint32_t i = 0; i < b->n_lines; i++)
		if (span_equal(text_span(b->lines[i].key), key))
			return &b->lines[i];
	return NULL;
}

/* Is A's quantity and price the greater pair? */
static bool line_greater(const struct line *a, const struct line *b)
{
	int c = decimal_compare(a->quantity, b->quantity);

	return c > 0 || (c == 0 && decimal_compare(a->price, b->price) > 0);
}

static int join_line(struct line *into, const struct line *from)
{
	if (from->said_at > into->said_at ||
		(from->said_at == into->said_at && line_greater(from, into))) {
		into->quantity = from->quantity;
		into->price = from->price;
		into->said_at = from->said_at;
	}
	into->removed_at = int64_max(into->removed_at, from->removed_at);
	return merge_greatest(&into->id, from->id);
}

static int64_t heard_at(const struct line *l)
{
	return int64_max(l->said_at, l->removed_at);
}

/* What was not heard of for longest goes. */
static void drop_line(struct basket *b)
{
	uint32_t victim = 0;

	for (uint32_t i = 1; i < b->n_lines; i++)
		if (heard_at(&b->lines[i]) < heard_at(&b->lines[victim]))
			victim = i;
	text_release(&b->lines[victim].key);
	text_release(&b->lines[victim].id);
	b->n_lines--;
	list_remove(b->lines, b->n_lines, sizeof(*b->lines), victim);
	b->lost = 1;
}

/* Room for one more of KEY, in its place. */
static struct line *insert_line(struct basket *b, struct span key)
{
	size_t cap = b->n_lines, at = b->n_lines;
	struct text copy = {.ptr = NULL};
	struct line *l;

	while (at > 0 && span_compare(text_span(b->lines[at - 1].key), key) > 0)
		at--;
	if (text_set(&copy, key) < 0)
		return NULL;
	l = list_insert((void **)&b->lines, b->n_lines, &cap, sizeof(*l), at);
	if (!l) {
		text_release(&copy);
		return NULL;
	}
	l->key = copy;
	l->said_at = l->removed_at = INT64_MIN;
	b->n_lines++;
	return l;
}

/* The later value; of two at one instant the greater, then that of the greater currency. */
static int join_value(struct basket *into, const struct basket *from)
{
	int c = decimal_compare(from->value.value, into->value.value);

	if (from->value.at < into->value.at)
		return 0;
	if (from->value.at == into->value.at) {
		if (c == 0)
			return merge_greatest(&into->currency, from->currency);
		if (c < 0)
			return 0;
	}
	into->value = from->value;
	return text_set(&into->currency, text_span(from->currency));
}

int merge_basket(struct basket **slot, const struct basket *from)
{
	struct basket *b = *slot;
	int r = 0;

	if (!from)
		return 0;
	if (!b) {
		b = *slot = calloc(1, sizeof(*b));
		if (!b)
			return -ENOMEM;
		b->listed_at = b->value.at = INT64_MIN;
	}
	for (uint32_t i = 0; i < from->n_lines && r == 0; i++) {
		struct span key = text_span(from->lines[i].key);
		struct line *l = find_line(b, key);

		if (!l)
			l = insert_line(b, key);
		r = l ? join_line(l, &from->lines[i]) : -ENOMEM;
	}
	while (b->n_lines > BASKET_LINES_MAX)
		drop_line(b);
	b->lost |= from->lost;
	b->listed_at = int64_max(b->listed_at, from->listed_at);
	return r < 0 ? r : join_value(b, from);
}

/* ---- carts ------------------------------------------------------------------------------- */

static int join_cart(struct cart *into, const struct cart *from)
{
	into->first_at = int64_min(into->first_at, from->first_at);
	into->last_at = int64_max(into->last_at, from->last_at);
	into->added_at = int64_max(into->added_at, from->added_at);
	into->checkout_at = int64_max(into->checkout_at, from->checkout_at);
	into->ordered_at = int64_max(into->ordered_at, from->ordered_at);
	into->emptied_at = int64_max(into->emptied_at, from->emptied_at);
	return merge_basket(&into->basket, from->basket);
}

/* A purchase or an emptying that named no cart closed all of its own side's; and any purchase the
 * cart without a name. Now they are one side. */
static void close_carts(struct journey *j)
{
	const struct cart *all = journey_cart(j, SPAN_LIT("all"));
	struct cart *nameless = journey_cart(j, SPAN_LIT("customer"));

	for (size_t i = 0; i < j->n_carts; i++) {
		struct cart *c = &j->carts[i];

		if (all) {
			c->ordered_at = int64_max(c->ordered_at, all->ordered_at);
			c->emptied_at = int64_max(c->emptied_at, all->emptied_at);
		}
		if (nameless)
			nameless->ordered_at = int64_max(nameless->ordered_at, c->ordered_at);
	}
}

int merge_carts(struct journey *into, const struct journey *from)
{
	for (size_t i = 0; i < from->n_carts; i++) {
		struct span key = text_span(from->carts[i].key);
		struct cart *c = journey_cart(into, key);

		if (!c)
			c = journey_insert_cart(into, key);
		if (!c || join_cart(c, &from->carts[i]) < 0)
			return -ENOMEM;
	}
	close_carts(into);
	while (into->n_carts > JOURNEY_CARTS_MAX)
		journey_drop_cart(into);
	return 0;
}

/* ---- orders ------------------------------------------------------------------------------ */

static int join_parcels(struct order *into, const struct order *from)
{
	size_t at[ORDER_PARCELS_MAX];
	bool there[ORDER_PARCELS_MAX] = {false};
	int r;

	into->parcels_lost |= from->parcels_lost;
	for (size_t i = 0; i < from->n_parcels; i++) {
		r = order_parcel(into, text_span(from->parcels[i].id), &at[i]);
		if (r < 0)
			return r;
	}
	/* Where each stands now that all are there. */
	for (size_t i = 0; i < from->n_parcels; i++)
		for (size_t n = 0; n < into->n_parcels && !there[i]; n++)
			if (span_equal(text_span(into->parcels[n].id),
				    text_span(from->parcels[i].id))) {
				at[i] = n;
				there[i] = true;
			}
	for (size_t i = 0; i < from->n_parcels; i++) {
		for (unsigned s = 0; s < PARCEL_STAGE_COUNT && there[i]; s++) {
			int64_t *said = &into->parcels[at[i]].at[s];

			*said = int64_min(*said, from->parcels[i].at[s]);
		}
		for (size_t k = 0; k < from->n_parcels && there[i]; k++)
			if ((from->parcels[i].links >> k & 1) && there[k])
				order_link(into, at[i], at[k]);
	}
	return 0;
}

/* The later total; of two at one instant the greater, then that of the greater currency. */
static int join_total(struct order *into, const struct order *from)
{
	int c = span_compare(text_span(from->total), text_span(into->total));

	if (from->total_said_at < into->total_said_at)
		return 0;
	if (from->total_said_at == into->total_said_at) {
		if (c == 0)
			return merge_greatest(&into->currency, from->currency);
		if (c < 0)
			return 0;
	}
	into->total_said_at = from->total_said_at;
	if (text_set(&into->total, text_span(from->total)) < 0)
		return -ENOMEM;
	return text_set(&into->currency, text_span(from->currency));
}

static int join_order(struct order *into, const struct order *from)
{
	int64_t said = int64_max(order_parcel_said(into), order_parcel_said(from));
	int r = join_parcels(into, from);

	order_set_parcel_said(into, said);
	for (unsigned i = 0; i < MILESTONE_COUNT; i++) {
		if (from->at[i] != TIME_NEVER)
			order_reach(into, (enum milestone)i, from->at[i]);
		if (from->last[i] != INT64_MIN)
			order_reach(into, (enum milestone)i, from->last[i]);
	}
	for (unsigned i = 0; i < ORDER_SIDE_COUNT; i++)
		into->side_at[i] = int64_max(into->side_at[i], from->side_at[i]);
	order_correct(into, (enum milestone)from->corrected_to, from->corrected_at);
	if (from->promise_said_at > into->promise_said_at ||
		(from->promise_said_at == into->promise_said_at &&
			from->promise_said_at != INT64_MIN &&
			from->promised_at > into->promised_at)) {
		into->promise_said_at = from->promise_said_at;
		into->promised_at = from->promised_at;
		into->dispatch_promised = from->dispatch_promised;
	} else if (from->promise_said_at == into->promise_said_at &&
		   from->promised_at == into->promised_at)
		into->dispatch_promised = into->dispatch_promised && from->dispatch_promised;
	into->touched_at = int64_max(into->touched_at, from->touched_at);
	if (r == 0)
		r = join_total(into, from);
	return r < 0 ? r : merge_basket(&into->basket, from->basket);
}

int merge_orders(struct journey *into, const struct journey *from)
{
	for (size_t i = 0; i < from->n_orders_kept; i++) {
		struct span id = text_span(from->orders[i].id);
		struct order *o = journey_order(into, id);

		if (!o)
			o = journey_insert_order(into, id);
		if (!o || join_order(o, &from->orders[i]) < 0)
			return -ENOMEM;
	}
	while (into->n_orders_kept > JOURNEY_ORDERS_MAX)
		journey_drop_order(into);
	return 0;
}
