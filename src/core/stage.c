/* SPDX-License-Identifier: MIT */
/*
 * What follows from a journey: where a cart, an order and the customer stand. Derived each time,
 * never stored, so that it cannot disagree with what it is derived from.
 */
#include "core/journey.h"

/* After this an untouched cart is no longer an intention (triggers, section 13). */
#define CART_EXPIRES_MS (30 * MS_DAY)
#define NEW_CUSTOMER_MS (90 * MS_DAY)
#define LAPSED_MS	(540 * MS_DAY)

static const char *const stages[STAGE_COUNT] = {
#define X(ID, NAME) [STAGE_##ID] = (NAME),
	STAGES(X)
#undef X
};

struct span stage_name(enum stage s)
{
	return span_str(stages[s]);
}

enum cart_state cart_state(const struct cart *c)
{
	/* An order or an emptying wins a tie with the last addition. */
	if (c->ordered_at >= c->added_at && c->ordered_at >= c->emptied_at &&
		c->ordered_at != INT64_MIN)
		return CART_ORDERED;
	if (c->emptied_at >= c->added_at && c->emptied_at != INT64_MIN)
		return CART_EMPTIED;
	return c->checkout_at > int64_max(c->ordered_at, c->emptied_at) ? CART_CHECKOUT : CART_OPEN;
}

bool cart_is_open(const struct cart *c)
{
	enum cart_state state = cart_state(c);

	return c->added_at != INT64_MIN && (state == CART_OPEN || state == CART_CHECKOUT);
}

bool order_is_open(const struct order *o)
{
	return o->at[MILESTONE_PLACED] != TIME_NEVER && o->at[MILESTONE_RETURNED] == TIME_NEVER &&
	       o->at[MILESTONE_REFUNDED] == TIME_NEVER &&
	       o->at[MILESTONE_CANCELLED] == TIME_NEVER &&
	       order_reached_at(o, MILESTONE_DELIVERED) == TIME_NEVER;
}

enum milestone order_rank(const struct order *o)
{
	for (unsigned i = MILESTONE_COUNT; i-- > 0;)
		if (order_reached_at(o, (enum milestone)i) != TIME_NEVER)
			return (enum milestone)i;
	return MILESTONE_PLACED;
}

enum stage journey_stage(const struct journey *j, int64_t now)
{
	int64_t first_placed = TIME_NEVER;

	for (size_t i = 0; i < j->n_orders_kept; i++) {
		if (order_is_open(&j->orders[i]))
			return STAGE_CUSTOMER_AWAITING;
		first_placed = int64_min(first_placed, j->orders[i].at[MILESTONE_PLACED]);
	}
	for (size_t i = 0; i < j->n_carts; i++)
		if (cart_is_open(&j->carts[i]) && now - j->carts[i].last_at < CART_EXPIRES_MS)
			return STAGE_ACTIVE_SHOPPER;
	if (j->n_orders == 0)
		return j->user_id.len > 0 ? STAGE_PROSPECT : STAGE_ANONYMOUS;
	if (j->engaged_at != INT64_MIN && now - j->engaged_at >= LAPSED_MS)
		return STAGE_LAPSED;
	if (j->n_orders > 1)
		return STAGE_REPEAT;
	if (first_placed != TIME_NEVER && now - first_placed < NEW_CUSTOMER_MS)
		return STAGE_NEW_CUSTOMER;
	return STAGE_ONE_TIME;
}
