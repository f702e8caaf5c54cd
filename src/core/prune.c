/* SPDX-License-Identifier: MIT */
/*
 * What a journey may forget. The state is read and written with every event, so it holds what can
 * still matter; the timeline keeps the rest for ever.
 */
#include "core/business.h"

#include "absence.h"
#include "cancels.h"
#include "fold.h"
#include "list.h"
#include "taken.h"
#include "thing_before.h"

/* What a merge asks for is remembered for a day before the two were said to be one, by its own
 * instant; and that may be heard of as much later. */
#define KNOWN_KEPT_MS (2 * ABSENCE_MEMORY_MS)

/* How long closed things stay in the state; the timeline has them for ever. */
#define CART_KEPT_MS	 (45 * MS_DAY)
#define CART_LEFT_MS	 (90 * MS_DAY) /* an open cart nobody touches */
#define ORDER_KEPT_MS	 (400 * MS_DAY)
#define ORDERS_KEPT	 32 /* closed ones are kept so many whatever their age */
#define EPISODES_KEPT_MS (400 * MS_DAY)
#define BASKET_KEPT_MS	 (45 * MS_DAY)	 /* of an order that is closed */
#define THING_KEPT_MS	 (90 * MS_DAY)	 /* closed */
#define THING_LEFT_MS	 (400 * MS_DAY)	 /* open, and nobody has spoken of it */
#define IN_FORCE_MS	 (1830 * MS_DAY) /* five years: a plan runs on unsaid */
#define VIEW_KEPT_MS	 (60 * MS_DAY)
/* What went as it should: paid, delivered, ordered. Not whole days, since much is done at the same
 * hour every day. */
#define SMOOTH_KEPT_MS	(3 * MS_DAY + MS_DAY / 2)
#define REMOVED_KEPT_MS (400 * MS_DAY) /* that a date was taken back */
#define SEND_KEPT_MS	(365 * MS_DAY) /* the longest window of a cap */
#define SEND_GONE_MS	(8 * MS_DAY)   /* that a send was released */

/* Does I hold something that may still count towards a window of its rule? */
static bool counts(const struct rules *rules, const struct instance *i, int64_t now)
{
	const struct rule *rule = i->n_armings > 0 ? rules_of(rules, i) : NULL;
	int64_t within = 0;

	for (size_t n = 0; rule && n < rule->n_arm; n++)
		within = int64_max(within, rule->arm[n].within_ms);
	return within > 0 && now - i->touched_at < within + KNOWN_KEPT_MS;
}

/* Until when something may wait by W that does so from AT on, whoever it is. */
static int64_t waits_until(const struct rules *rules, const struct rule_wait *w, int64_t at)
{
	/* A weekday may be a week away, and a day begins where the customer is. */
	int64_t days = w->local == WAIT_AS_GIVEN ? 0 : (w->days + 8) * MS_DAY, longest;

	switch (w->kind) {
	case WAIT_SPAN:
	case WAIT_LOCAL:
		return at + w->span_ms + days;
	case WAIT_BUSINESS:
		return business_add(&rules->policy, at, w->span_ms, (uint32_t)w->days);
	case WAIT_GAP:
	case WAIT_MODEL:
		longest = w->else_ms == TIME_NEVER ? w->max_ms : int64_max(w->max_ms, w->else_ms);
		return at + int64_min(longest, EPISODES_KEPT_MS) + days;
	case WAIT_FIELD:
	case WAIT_LATE:
		break;
	}
	return at;
}

/* Until when what waits by RULE from AT on may still wait; INT64_MIN: nothing does. */
static int64_t may_wait_until(const struct rules *rules, const struct rule *rule, int64_t at)
{
	int64_t until = waits_until(rules, &rule->wait, at);

	if (until != TIME_NEVER && rule->steps[0].wait)
		until = waits_until(rules, rule->steps[0].wait, until);
	else if (until != TIME_NEVER)
		until += rule->steps[0].after_ms;
	/* A shop that never opens. */
	if (until == TIME_NEVER)
		return INT64_MIN;
	return until + rule->grace_ms + rule->max_hold_ms;
}

/* May what I remembers yet concern something that waits, of this name or of another's that turns
 * out to be the same customer's: a touch that says how long, or that it was closed when that was
 * armed? */
static bool concerns(const struct rules *rules, const struct instance *i, int64_t now)
{
	bool closed = i->state == INSTANCE_CLOSED;
	const struct rule *rule = closed || i->touch_at != INT64_MIN ? rules_of(rules, i) : NULL;

	if (!rule)
		return false;
	if (closed && may_wait_until(rules, rule, i->until_at) > now)
		return true;
	return rule->n_touch > 0 && i->touch_at != INT64_MIN &&
	       may_wait_until(rules, rule, i->touch_at) > now;
}

/* May what a pause kept I from waiting for move something of another name that waits? */
static bool may_move(const struct rules *rules, const struct instance *i, int64_t now)
{
	const struct rule *rule = i->paused ? rules_of(rules, i) : NULL;

	return rule && (i->paused->what.at + KNOWN_KEPT_MS > now ||
			       may_wait_until(rules, rule, i->paused->what.at) > now);
}

bool instance_forgettable(const struct rules *rules, const struct instance *i, int64_t now)
{
	if (i->state == INSTANCE_ARMED || i->until_at > now)
		return false;
	/* Whatever has become of it, a merge asks for its cancel as long as that is remembered. */
	if (i->cancelled_at != INT64_MIN && cancels_kept(rules_of(rules, i), i->cancelled_at) > now)
		return false;
	if (now - i->touched_at < KNOWN_KEPT_MS || counts(rules, i, now) ||
		concerns(rules, i, now) || may_move(rules, i, now))
		return false;
	/* An episode number is part of a job's id: one that made a job is kept long, and for
	 * ever where the key is the customer, who will be back. */
	if (i->episode == 0 && i->n_spent == 0)
		return true;
	return !span_equal(text_span(i->key), SPAN_LIT("customer")) &&
	       now - i->touched_at > EPISODES_KEPT_MS;
}

/*
 * Was it never any trouble? Every order has a payment, a checkout and parcels, and what is known of
 * them is with the order; they are only kept until late news of a failure can no longer be the
 * older one.
 */
static bool thing_is_smooth(const struct thing *t)
{
	switch (t->kind) {
	case THING_CHECKOUT:
		return t->at[CHECKOUT_ORDERED] != TIME_NEVER;
	case THING_PAYMENT:
		return t->at[PAYMENT_APPROVED] != TIME_NEVER &&
		       t->at[PAYMENT_FAILED] == TIME_NEVER && t->at[PAYMENT_DISPUTED] == TIME_NEVER;
	case THING_SHIPMENT:
		return t->at[SHIPMENT_DELIVERED] != TIME_NEVER &&
		       t->at[SHIPMENT_FAILED] == TIME_NEVER;
	case THING_LINE:
	case THING_REPAIR:
	case THING_APPOINTMENT:
	case THING_CASE:
	case THING_FEEDBACK:
	case THING_WISH:
	case THING_WATCH:
	case THING_TRIAL:
	case THING_SUBSCRIPTION:
	case THING_SUGGESTION:
	case THING_INQUIRY:
	case THING_VIEW:
	case THING_OCCASION:
	case THING_KIND_COUNT:
		break;
	}
	return false;
}

/* When it was last heard of, or was to be. */
static int64_t rests_from(const struct thing *t)
{
	return int64_max(t->touched_at, t->due_at == TIME_NEVER ? INT64_MIN : t->due_at);
}

bool fold_is_past(const struct thing *t, int64_t at)
{
	return thing_is_smooth(t) && at - rests_from(t) > SMOOTH_KEPT_MS;
}

static int64_t thing_kept(const struct thing *t)
{
	/* For longer than it counts: what comes in late still finds what it found in time. */
	if (thing_is_smooth(t))
		return SMOOTH_KEPT_MS + ABSENCE_MEMORY_MS;
	if (t->kind == THING_VIEW)
		return VIEW_KEPT_MS;
	if (!thing_is_open(t))
		return THING_KEPT_MS;
	return t->kind == THING_SUBSCRIPTION ? IN_FORCE_MS : THING_LEFT_MS;
}

void journey_prune_things(struct journey *j, int64_t now)
{
	for (size_t i = j->n_things; i-- > 0;) {
		struct thing *t = &j->things[i];
		int64_t age = now - rests_from(t);

		if (t->before && now - rests_from(t->before) > thing_kept(t->before))
			thing_forget_before(t);
		if (age > SMOOTH_KEPT_MS && age > thing_kept(t))
			journey_remove_thing(j, i);
	}
}

/* What few have. */
static void prune_lists(struct journey *j, int64_t now)
{
	journey_prune_things(j, now);
	for (size_t i = j->n_dates; i-- > 0;)
		if (j->dates[i].removed && now - j->dates[i].said_at > REMOVED_KEPT_MS)
			journey_remove_date(j, i);
	for (size_t i = j->n_sends; i-- > 0;)
		if (now - j->sends[i].at >
			(j->sends[i].state == SEND_RELEASED ? SEND_GONE_MS : SEND_KEPT_MS))
			journey_remove_send(j, i);
}

void journey_prune(struct journey *j, const struct rules *rules, int64_t now)
{
	for (size_t i = j->n_carts; i-- > 0;) {
		const struct cart *c = &j->carts[i];

		if (now - c->last_at > (cart_is_open(c) ? CART_LEFT_MS : CART_KEPT_MS))
			journey_remove_cart(j, i);
	}
	for (size_t i = 0; i < j->n_orders_kept; i++) {
		struct order *o = &j->orders[i];

		if (o->basket && !order_is_open(o) && now - o->touched_at > BASKET_KEPT_MS)
			o->basket = basket_free(o->basket);
	}
	prune_lists(j, now);
	for (size_t i = j->n_orders_kept; j->n_orders_kept > ORDERS_KEPT && i-- > 0;) {
		const struct order *o = &j->orders[i];

		if (!order_is_open(o) && now - o->touched_at > ORDER_KEPT_MS)
			journey_remove_order(j, i);
	}
	for (size_t i = j->n_instances; i-- > 0;) {
		struct instance *k = &j->instances[i];

		if (instance_forgettable(rules, k, now))
			journey_remove_instance(j, i);
		else if (k->data.len > 0 && k->state != INSTANCE_ARMED &&
			 now - k->touched_at > CART_KEPT_MS)
			text_release(&k->data);
	}
	for (size_t i = 0; i < j->n_instances; i++) {
		if (j->instances[i].n_cancels > 0)
			cancels_prune(rules_of(rules, &j->instances[i]), &j->instances[i], now);
		taken_prune(&j->instances[i], now);
		if (!may_move(rules, &j->instances[i], now))
			j->instances[i].paused = paused_free(j->instances[i].paused);
	}
}
