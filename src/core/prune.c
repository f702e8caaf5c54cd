/* SPDX-License-Identifier: MIT */
/*
 * What a journey may forget. The state is read and written with every event, so it holds what can
 * still matter; the timeline keeps the rest for ever.
 */
#include "absence.h"

/* How long closed things stay in the state; the timeline has them for ever. */
#define CART_KEPT_MS	 (45 * MS_DAY)
#define CART_LEFT_MS	 (90 * MS_DAY) /* an open cart nobody touches */
#define ORDER_KEPT_MS	 (400 * MS_DAY)
#define ORDERS_KEPT	 32 /* closed ones are kept so many whatever their age */
#define EPISODES_KEPT_MS (400 * MS_DAY)

static bool instance_forgettable(const struct instance *i, int64_t now)
{
	if (i->state == INSTANCE_ARMED || i->until_at > now)
		return false;
	if (now - i->touched_at < ABSENCE_MEMORY_MS)
		return false;
	/* An episode number is part of a job's id: one that made a job is kept long, and for
	 * ever where the key is the customer, who will be back. */
	if (i->episode == 0)
		return true;
	return !span_equal(text_span(i->key), SPAN_LIT("customer")) &&
	       now - i->touched_at > EPISODES_KEPT_MS;
}

void journey_prune(struct journey *j, int64_t now)
{
	for (size_t i = j->n_carts; i-- > 0;) {
		const struct cart *c = &j->carts[i];

		if (now - c->last_at > (cart_is_open(c) ? CART_LEFT_MS : CART_KEPT_MS))
			journey_remove_cart(j, i);
	}
	for (size_t i = j->n_orders_kept; j->n_orders_kept > ORDERS_KEPT && i-- > 0;) {
		const struct order *o = &j->orders[i];

		if (!order_is_open(o) && now - o->touched_at > ORDER_KEPT_MS)
			journey_remove_order(j, i);
	}
	for (size_t i = j->n_instances; i-- > 0;)
		if (instance_forgettable(&j->instances[i], now))
			journey_remove_instance(j, i);
}
