/* SPDX-License-Identifier: MIT */
/*
 * What follows from a journey: where a cart, an order and the customer stand. Derived each time,
 * never stored, so that it cannot disagree with what it is derived from.
 */
#include "core/journey.h"

/* After this an untouched cart is no longer an intention (triggers, section 13). */
#define CART_EXPIRES_MS (30 * MS_DAY)
#define NEW_CUSTOMER_MS (90 * MS_DAY)
#define LAPSING_MS	(180 * MS_DAY)
#define LAPSED_MS	(540 * MS_DAY)
#define YEAR_MS		(365 * MS_DAY)

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

/* ---- feedback ---------------------------------------------------------------------------- */

/* A kind of feedback, and from where to where it is bad or good, in tenths. */
static const struct {
	enum profile_number number;
	int64_t bad_to, good_from;
} judgements[] = {
	{PROFILE_NPS, 60, 90},
	{PROFILE_CSAT, 20, INT64_MAX},
	{PROFILE_RECOMMEND, 0, INT64_MAX},
	{PROFILE_STARS, 20, 40},
};

static int compare_tenths(struct decimal d, int64_t tenths)
{
	return decimal_compare(d, (struct decimal){tenths, -1});
}

bool journey_is_detractor(const struct journey *j, int64_t since)
{
	const struct profile *p = j->profile;
	int64_t rated_at = INT64_MIN;
	const struct amount *text;
	bool bad = false;

	if (!p)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(judgements); i++)
		rated_at = int64_max(rated_at, p->numbers[judgements[i].number].at);
	text = &p->numbers[PROFILE_SENTIMENT];
	if (int64_max(rated_at, text->at) < since || int64_max(rated_at, text->at) == INT64_MIN)
		return false;
	if (text->at > rated_at)
		return compare_tenths(text->value, -5) <= 0;
	for (size_t i = 0; i < ARRAY_SIZE(judgements); i++) {
		const struct amount *a = &p->numbers[judgements[i].number];

		bad = bad ||
		      (a->at == rated_at && compare_tenths(a->value, judgements[i].bad_to) <= 0);
	}
	return bad;
}

static bool is_advocate(const struct journey *j, int64_t since)
{
	const struct profile *p = j->profile;

	if (!p)
		return false;
	if (p->times[PROFILE_REFERRED_AT] != TIME_NEVER && p->times[PROFILE_REFERRED_AT] >= since)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(judgements); i++) {
		const struct amount *a = &p->numbers[judgements[i].number];

		if (judgements[i].good_from != INT64_MAX && a->at != INT64_MIN && a->at >= since &&
			compare_tenths(a->value, judgements[i].good_from) >= 0)
			return true;
	}
	return false;
}

/* ---- stages ------------------------------------------------------------------------------ */

static bool has_flag(const struct journey *j, enum profile_flag n)
{
	return j->profile && (j->profile->flags >> n & 1);
}

static bool is_at_risk(const struct journey *j, int64_t now)
{
	for (size_t i = 0; i < j->n_things && j->things[i].kind <= THING_CASE; i++)
		if (j->things[i].kind == THING_CASE && thing_is_open(&j->things[i]))
			return true;
	return journey_is_detractor(j, now - YEAR_MS);
}

static bool is_shopping(const struct journey *j, int64_t now)
{
	for (size_t i = 0; i < j->n_carts; i++)
		if (cart_is_open(&j->carts[i]) && now - j->carts[i].last_at < CART_EXPIRES_MS)
			return true;
	for (size_t i = 0; i < j->n_things && j->things[i].kind == THING_CHECKOUT; i++) {
		const struct thing *t = &j->things[i];
		int64_t ordered_at =
			j->profile ? j->profile->times[PROFILE_LAST_ORDER_AT] : TIME_NEVER;

		/* Many shops' orders do not say which checkout they came from. */
		if (ordered_at != TIME_NEVER && ordered_at >= t->touched_at)
			continue;
		if (thing_is_open(t) && now - t->touched_at < CART_EXPIRES_MS)
			return true;
	}
	return false;
}

/* When the first order kept was delivered, or else placed; TIME_NEVER: none is kept. */
static int64_t first_order_at(const struct journey *j)
{
	const struct order *first = NULL;
	int64_t delivered_at;

	for (size_t i = 0; i < j->n_orders_kept; i++)
		if (!first || j->orders[i].at[MILESTONE_PLACED] < first->at[MILESTONE_PLACED])
			first = &j->orders[i];
	if (!first)
		return TIME_NEVER;
	delivered_at = order_reached_at(first, MILESTONE_DELIVERED);
	return delivered_at != TIME_NEVER ? delivered_at : first->at[MILESTONE_PLACED];
}

/* Who has ordered, and has nothing open. */
static enum stage settled_stage(const struct journey *j, int64_t now)
{
	int64_t idle = j->engaged_at == INT64_MIN ? 0 : now - j->engaged_at;
	int64_t first_at = first_order_at(j);

	if (idle >= LAPSED_MS)
		return STAGE_LAPSED;
	if (idle >= LAPSING_MS)
		return STAGE_LAPSING;
	if (is_advocate(j, now - YEAR_MS))
		return STAGE_ADVOCATE;
	if (j->n_orders > 1)
		return STAGE_REPEAT;
	return first_at != TIME_NEVER && now - first_at < NEW_CUSTOMER_MS ? STAGE_NEW_CUSTOMER
									  : STAGE_ONE_TIME;
}

enum stage journey_stage(const struct journey *j, int64_t now)
{
	if (has_flag(j, PROFILE_ERASED))
		return STAGE_ERASED;
	if (has_flag(j, PROFILE_BLOCKED))
		return STAGE_BLOCKED;
	if (is_at_risk(j, now))
		return STAGE_AT_RISK;
	for (size_t i = 0; i < j->n_orders_kept; i++)
		if (order_is_open(&j->orders[i]))
			return STAGE_CUSTOMER_AWAITING;
	if (is_shopping(j, now))
		return STAGE_ACTIVE_SHOPPER;
	if (j->n_orders == 0)
		return j->user_id.len > 0 ? STAGE_PROSPECT : STAGE_ANONYMOUS;
	return settled_stage(j, now);
}
