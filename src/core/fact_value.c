/* SPDX-License-Identifier: MIT */
/* What each fact is, here and now. What was never said is missing. */
#include "core/fact.h"

#include "core/contact.h"
#include "core/money.h"
#include "core/priority.h"

#include "cond_run.h"
#include "fact_entity.h"
#include "stage_view.h"

static struct value of_count(uint64_t n)
{
	int64_t capped = n > INT32_MAX ? INT32_MAX : (int64_t)n;

	return (struct value){.type = VALUE_NUMBER, .number = decimal_from_int(capped)};
}

static struct value of_number(struct decimal d)
{
	return (struct value){.type = VALUE_NUMBER, .number = d};
}

static struct value of_text(struct span s)
{
	return s.len ? (struct value){.type = VALUE_STRING, .text = s} : cond_missing;
}

/* Absent instants are at one end of time or the other. */
static struct value of_instant(int64_t at)
{
	if (at == TIME_NEVER || at == INT64_MIN)
		return cond_missing;
	return (struct value){.type = VALUE_INSTANT, .at = at};
}

/* ---- money ------------------------------------------------------------------------------- */

/* Of CURRENCY, or, where that is empty, of the main one. */
static struct value spent(const struct cond_scope *s, struct span currency)
{
	struct span main = money_main(&s->rules->policy, s->journey);
	struct decimal sum;

	if (!money_spent(s->journey, currency.len > 0 ? currency : main, main, &sum))
		return cond_missing;
	return of_number(sum);
}

/* ---- baskets ----------------------------------------------------------------------------- */

static uint64_t basket_items(const struct basket *b, int64_t emptied_at)
{
	uint64_t n = 0;

	for (uint32_t i = 0; b && i < b->n_lines; i++)
		n += line_is_in(&b->lines[i], b, emptied_at);
	return n;
}

static bool basket_in_event(const struct basket *b, const struct event *e, int64_t emptied_at)
{
	for (uint32_t i = 0; b && i < b->n_lines; i++)
		if (line_is_in(&b->lines[i], b, emptied_at) && line_is_named(&b->lines[i], e))
			return true;
	return false;
}

/* When it was emptied or bought last. */
static int64_t cart_ended_at(const struct cart *c)
{
	return int64_max(c->ordered_at, c->emptied_at);
}

/* News of the stock leave a watch of their own, whether it was asked for or not. */
static bool is_sold_out(const struct journey *j, struct span product)
{
	const struct thing *t = product.len ? journey_thing(j, THING_WATCH, product) : NULL;

	return t && span_is(text_span(t->word.text), "sold_out");
}

/* Of what nothing is known, there is some. */
static struct value cart_in_stock(const struct cart *c, const struct journey *j)
{
	const struct basket *b = c->basket;
	bool any = false;

	for (uint32_t i = 0; b && i < b->n_lines; i++) {
		const struct line *l = &b->lines[i];

		if (!line_is_in(l, b, cart_ended_at(c)))
			continue;
		any = true;
		if (!is_sold_out(j, text_span(l->key)) && !is_sold_out(j, text_span(l->id)))
			return cond_bool(true);
	}
	return any ? cond_bool(b->lost > 0) : cond_missing;
}

/* As it was said last, unless the cart has changed since; else prices times quantities. */
static struct value cart_value(const struct cart *c)
{
	const struct basket *b = c->basket;
	int64_t changed_at = c->added_at;
	struct decimal sum = {0, 0}, one;

	if (!b)
		return cond_missing;
	for (uint32_t i = 0; i < b->n_lines; i++)
		changed_at = int64_max(changed_at, b->lines[i].removed_at);
	if (b->value.at != INT64_MIN && b->value.at >= changed_at)
		return of_number(b->value.value);
	for (uint32_t i = 0; i < b->n_lines; i++) {
		const struct line *l = &b->lines[i];

		if (!line_is_in(l, b, cart_ended_at(c)))
			continue;
		if (decimal_multiply(l->quantity, l->price, &one) != 0 ||
			decimal_add(sum, one, &sum) != 0)
			return cond_missing;
	}
	return of_number(sum);
}

/* ---- counts ------------------------------------------------------------------------------ */

static bool is_open(const struct order *o, const int64_t *then)
{
	struct period open;

	if (!then)
		return order_is_open(o);
	open = stage_order_period(o);
	return open.from <= *then && *then < open.to;
}

static uint64_t orders_that(const struct cond_scope *s, bool late)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->journey->n_orders_kept; i++) {
		const struct order *o = &s->journey->orders[i];

		n += late ? order_is_late(o, s->now) : is_open(o, s->then);
	}
	return n;
}

/* Ever placed, or up to THEN. */
static uint64_t orders_placed(const struct journey *j, const int64_t *then)
{
	uint64_t n = j->n_orders;

	for (size_t i = 0; then && i < j->n_orders_kept; i++) {
		int64_t at = j->orders[i].at[MILESTONE_PLACED];

		n -= at != TIME_NEVER && at > *then;
	}
	return n;
}

bool fact_has_past(size_t n)
{
	return n == FACT_ORDERS || n == FACT_OPEN_ORDERS;
}

int64_t fact_next_change(const struct journey *j, int64_t after)
{
	int64_t next = TIME_NEVER;

	for (size_t i = 0; i < j->n_orders_kept; i++) {
		struct period open = stage_order_period(&j->orders[i]);

		if (open.from > after)
			next = int64_min(next, open.from);
		if (open.to > after)
			next = int64_min(next, open.to);
	}
	return next;
}

static uint64_t open_carts(const struct journey *j, int64_t now)
{
	uint64_t n = 0;

	for (size_t i = 0; i < j->n_carts; i++)
		n += cart_is_live(&j->carts[i], now);
	return n;
}

/* A purchase after the failure settles it, whatever name the payment had. */
static bool is_settled(const struct journey *j, const struct thing *t)
{
	int64_t bought_at = j->profile ? j->profile->times[PROFILE_LAST_ORDER_AT] : TIME_NEVER;

	return t->kind == THING_PAYMENT && bought_at != TIME_NEVER &&
	       bought_at >= thing_opened_at(t);
}

static uint64_t open_things(const struct journey *j, enum thing_kind kind)
{
	uint64_t n = 0;

	for (size_t i = 0; i < j->n_things && j->things[i].kind <= kind; i++)
		n += j->things[i].kind == kind && thing_is_open(&j->things[i]) &&
		     !is_settled(j, &j->things[i]);
	return n;
}

/* Is T one that is still to begin? */
static bool is_ahead(const struct thing *t, int64_t now)
{
	return thing_is_open(t) && t->due_at != TIME_NEVER && t->due_at > now;
}

/* So long after its begin who has not come has missed it (triggers, rule 18). */
#define LATE_MS (15 * MS_MINUTE)

/* Did nobody come to T within the last year, and did nobody note it? */
static bool is_unkept(const struct thing *t, int64_t now)
{
	return thing_is_open(t) && t->due_at != TIME_NEVER && t->due_at <= now - LATE_MS &&
	       t->due_at > now - LATE_MS - 365 * MS_DAY;
}

static uint64_t appointments_that(
	const struct cond_scope *s, bool (*are)(const struct thing *t, int64_t now))
{
	const struct journey *j = s->journey;
	uint64_t n = 0;

	for (size_t i = 0; i < j->n_things && j->things[i].kind <= THING_APPOINTMENT; i++)
		n += j->things[i].kind == THING_APPOINTMENT && are(&j->things[i], s->now);
	return n;
}

/* ---- the customer ------------------------------------------------------------------------ */

static struct value profile_number(const struct journey *j, enum profile_number n)
{
	if (!j->profile || j->profile->numbers[n].at == INT64_MIN)
		return cond_missing;
	return of_number(j->profile->numbers[n].value);
}

static struct value profile_fact(const struct journey *j, size_t fact)
{
	const struct profile *p = j->profile;
	struct value v;
	int64_t ms;

	if (fact >= FACT_FIRST_ORDER_AT && fact <= FACT_CONTACTED_AT)
		return p ? of_instant(p->times[fact - FACT_FIRST_ORDER_AT]) : cond_missing;
	if (fact >= FACT_BLOCKED && fact <= FACT_ERASED)
		return cond_bool(p && (p->flags >> (fact - FACT_BLOCKED) & 1));
	switch (fact) {
	case FACT_PURCHASE_DAYS:
		return of_count(p ? p->n_days : 0);
	case FACT_CURRENCY:
		return p ? of_text(text_span(p->texts[PROFILE_CURRENCY].text)) : cond_missing;
	case FACT_RECOMMENDATIONS:
		return p ? of_text(text_span(p->texts[PROFILE_RECOMMENDATIONS].text))
			 : cond_missing;
	case FACT_TIER:
		return p ? of_text(text_span(p->texts[PROFILE_TIER].text)) : cond_missing;
	case FACT_TIMEZONE:
		return of_text(journey_zone_name(j));
	case FACT_LANGUAGE:
		return of_text(journey_language(j));
	case FACT_COUNTRY:
		return of_text(journey_country(j));
	case FACT_RECOMMEND:
		v = profile_number(j, PROFILE_RECOMMEND);
		return v.type == VALUE_NUMBER ? cond_bool(v.number.mantissa > 0) : v;
	case FACT_POINTS_EXPIRE_AT:
		v = profile_number(j, PROFILE_POINTS_EXPIRE);
		if (v.type != VALUE_NUMBER || decimal_to_int(v.number, &ms) != 0)
			return cond_missing;
		return of_instant(ms);
	default:
		return cond_missing;
	}
}

/* Numbers of the profile by their facts. */
static struct value number_fact(const struct journey *j, size_t fact)
{
	switch (fact) {
	case FACT_TIER_RANK:
		return profile_number(j, PROFILE_TIER_RANK);
	case FACT_POINTS:
		return profile_number(j, PROFILE_POINTS);
	case FACT_NPS:
		return profile_number(j, PROFILE_NPS);
	case FACT_CSAT:
		return profile_number(j, PROFILE_CSAT);
	case FACT_STARS:
		return profile_number(j, PROFILE_STARS);
	case FACT_SENTIMENT:
		return profile_number(j, PROFILE_SENTIMENT);
	default:
		return profile_fact(j, fact);
	}
}

/* The latest rating, the mean of those before it, or how far the first is below the second. */
static struct value rating_fact(const struct journey *j, size_t fact)
{
	const struct profile *p = j->profile;
	uint32_t n = p ? p->n_ratings : 0;
	int64_t sum = 0, before;

	if (n == 0)
		return cond_missing;
	if (fact == FACT_RATING)
		return of_count(p->ratings[n - 1].percent);
	if (n == 1)
		return cond_missing;
	for (uint32_t i = 0; i < n - 1; i++)
		sum += p->ratings[i].percent;
	before = sum / (n - 1);
	if (fact == FACT_RATING_BEFORE)
		return of_number(decimal_from_int(before));
	return of_number(decimal_from_int(before - p->ratings[n - 1].percent));
}

static struct value stage_fact(size_t fact, const struct cond_scope *s)
{
	struct stage_turn turn = journey_stage_turn(s->journey, &s->rules->policy.lapse, s->now);

	if (fact == FACT_STAGE_SINCE)
		return of_instant(turn.at);
	return turn.before == STAGE_COUNT ? cond_missing : of_text(stage_name(turn.before));
}

/* Who comes, and whether they are here. */
static struct value visitor_fact(size_t fact, const struct cond_scope *s)
{
	struct session session = journey_session(s->journey, s->now);
	bool named = journey_named_at(s->journey) != TIME_NEVER;

	if (fact == FACT_IDENTIFIED_AT)
		return of_instant(journey_named_at(s->journey));
	if (fact == FACT_VISITOR)
		return of_text(named ? SPAN_LIT("identified") : SPAN_LIT("anonymous"));
	return fact == FACT_SESSION ? of_text(session_name(session.state))
				    : of_instant(session.since);
}

static struct value customer_fact(size_t fact, const struct cond_scope *s)
{
	const struct journey *j = s->journey;
	const struct order *o;

	if (fact >= FACT_OPEN_CHECKOUTS && fact <= FACT_OPEN_OCCASIONS)
		return of_count(open_things(j, (enum thing_kind)(fact - FACT_OPEN_CHECKOUTS)));
	if (fact >= FACT_IDENTIFIED_AT && fact <= FACT_SESSION_SINCE)
		return visitor_fact(fact, s);
	switch (fact) {
	case FACT_ORDERS:
		return of_count(orders_placed(j, s->then));
	case FACT_OPEN_ORDERS:
	case FACT_LATE_ORDERS:
		return of_count(orders_that(s, fact == FACT_LATE_ORDERS));
	case FACT_OPEN_CARTS:
		return of_count(open_carts(j, s->now));
	case FACT_APPOINTMENTS_AHEAD:
		return of_count(appointments_that(s, is_ahead));
	case FACT_UNKEPT_APPOINTMENTS:
		return of_count(appointments_that(s, is_unkept));
	case FACT_EVENTS:
		return of_count(j->n_events);
	case FACT_IDENTIFIED:
		return cond_bool(j->user_id.len > 0);
	case FACT_HAS_EMAIL:
		return cond_bool(journey_has_address(j, JOB_CHANNEL_EMAIL));
	case FACT_HAS_PHONE:
		return cond_bool(journey_has_address(j, JOB_CHANNEL_SMS));
	case FACT_STAGE:
		return of_text(stage_name(journey_stage(j, &s->rules->policy.lapse, s->now)));
	case FACT_STAGE_SINCE:
	case FACT_STAGE_BEFORE:
		return stage_fact(fact, s);
	case FACT_ORDER_DELIVERED:
		o = s->event ? fact_order(s) : NULL;
		return o ? cond_bool(order_reached_at(o, MILESTONE_DELIVERED) != TIME_NEVER)
			 : cond_missing;
	case FACT_FIRST_AT:
		return of_instant(j->first_at);
	case FACT_LAST_AT:
		return of_instant(j->last_at);
	case FACT_ENGAGED_AT:
		return of_instant(j->engaged_at);
	case FACT_WEB_ACTIVE_AT:
		return of_instant(j->web_active_at);
	case FACT_VALUE:
		return spent(s, SPAN_EMPTY);
	case FACT_TOP_TIER:
		return cond_bool(priority_is_top_tier(&s->rules->policy, j));
	case FACT_DETRACTOR:
		return cond_bool(journey_is_detractor(j, INT64_MIN));
	case FACT_RATING:
	case FACT_RATING_BEFORE:
	case FACT_RATING_DROP:
		return rating_fact(j, fact);
	default:
		return number_fact(j, fact);
	}
}

/* ---- entities ---------------------------------------------------------------------------- */

/* When C had ended before E: what the very purchase ends was in it until then. */
static int64_t ended_before(const struct cart *c, const struct event *e)
{
	int64_t at = cart_ended_at(c);

	return at < e->occurred_at ? at : INT64_MIN;
}

static struct value cart_fact(size_t fact, const struct cond_scope *s)
{
	static const char *const states[] = {
		[CART_OPEN] = "open",
		[CART_CHECKOUT] = "checkout",
		[CART_ORDERED] = "ordered",
		[CART_EMPTIED] = "emptied",
		[CART_EXPIRED] = "expired",
	};
	const struct cart *c = fact == FACT_CART_IN_EVENT ? fact_cart_held(s) : fact_cart(s);
	struct span key;

	if (!c)
		return cond_missing;
	switch (fact) {
	case FACT_CART_ID:
		key = text_span(c->key);
		return of_text(key.len > 5 && memcmp(key.ptr, "cart:", 5) == 0
				       ? span_of(key.ptr + 5, key.len - 5)
				       : key);
	case FACT_CART_OPEN:
		return cond_bool(cart_is_live(c, s->now));
	case FACT_CART_STATE:
		return of_text(span_str(states[cart_state(c, s->now)]));
	case FACT_CART_ITEMS:
		return c->basket ? of_count(basket_items(c->basket, cart_ended_at(c)))
				 : cond_missing;
	case FACT_CART_VALUE:
		return cart_value(c);
	case FACT_CART_IN_EVENT:
		return s->event ? cond_bool(basket_in_event(
					  c->basket, s->event, ended_before(c, s->event)))
				: cond_missing;
	case FACT_CART_IN_STOCK:
		return cart_in_stock(c, s->journey);
	case FACT_CART_ADDED_AT:
		return of_instant(c->added_at);
	case FACT_CART_CHECKOUT_AT:
		return of_instant(c->checkout_at);
	default:
		return of_instant(c->last_at);
	}
}

/* When O was last known to wait for its payment; what failed before it was placed is not its. */
static int64_t pending_at(const struct journey *j, const struct order *o)
{
	int64_t unpaid_at = journey_unpaid_at(j, o, true);

	return int64_max(o->side_at[ORDER_PAYMENT_PENDING],
		unpaid_at >= o->at[MILESTONE_PLACED] ? unpaid_at : INT64_MIN);
}

static struct value order_fact(size_t fact, const struct cond_scope *s)
{
	const struct order *o = fact_order(s);
	struct decimal d;

	if (!o)
		return cond_missing;
	if (fact >= FACT_ORDER_PLACED_AT)
		return of_instant(
			order_reached_at(o, (enum milestone)(fact - FACT_ORDER_PLACED_AT)));
	switch (fact) {
	case FACT_ORDER_ID:
		return of_text(text_span(o->id));
	case FACT_ORDER_OPEN:
		return cond_bool(order_is_open(o));
	case FACT_ORDER_STATUS:
		return of_text(milestone_name(order_rank(o)));
	case FACT_ORDER_SIDE:
		return of_text(
			order_side_name(order_side(o, journey_unpaid_at(s->journey, o, false))));
	case FACT_ORDER_LATE:
		return cond_bool(order_is_late(o, s->now));
	case FACT_ORDER_ARRIVED:
		return cond_bool(order_reached_at(o, MILESTONE_DELIVERED) != TIME_NEVER);
	case FACT_ORDER_VALUE:
		return money_of_order(o, &d) ? of_number(d) : cond_missing;
	case FACT_ORDER_CURRENCY:
		return of_text(text_span(o->currency));
	case FACT_ORDER_ITEMS:
		return o->basket ? of_count(basket_items(o->basket, INT64_MIN)) : cond_missing;
	case FACT_ORDER_IN_EVENT:
		return s->event ? cond_bool(basket_in_event(o->basket, s->event, INT64_MIN))
				: cond_missing;
	case FACT_ORDER_PROMISED_AT:
		return of_instant(o->promised_at);
	case FACT_ORDER_PROMISE_OF:
		return o->promised_at == TIME_NEVER
			       ? cond_missing
			       : of_text(o->dispatch_promised ? SPAN_LIT("shipment")
							      : SPAN_LIT("delivery"));
	case FACT_ORDER_PAYMENT_PENDING_AT:
		return of_instant(pending_at(s->journey, o));
	case FACT_ORDER_BACKORDERED_AT:
	case FACT_ORDER_ON_HOLD_AT:
	case FACT_ORDER_EXCEPTION_AT:
		return of_instant(o->side_at[fact - FACT_ORDER_PAYMENT_PENDING_AT]);
	case FACT_ORDER_CORRECTED_AT:
		return of_instant(o->corrected_at);
	default:
		return of_instant(o->touched_at);
	}
}

static struct value thing_fact(enum thing_kind kind, size_t member, const struct cond_scope *s)
{
	const struct thing *t = fact_thing(s, kind);

	if (!t)
		return cond_missing;
	if (member >= THING_FACT_MARKS)
		return of_instant(t->at[member - THING_FACT_MARKS]);
	switch ((enum thing_fact)member) {
	case THING_FACT_OPEN:
		return cond_bool(thing_is_open(t) && !is_settled(s->journey, t));
	case THING_FACT_ID:
		return of_text(text_span(t->id));
	case THING_FACT_STATUS:
		return of_text(text_span(t->word.text));
	case THING_FACT_VALUE:
		return t->number.at == INT64_MIN ? cond_missing : of_number(t->number.value);
	case THING_FACT_ABOUT:
		return of_text(text_span(t->about));
	case THING_FACT_DUE_AT:
		return of_instant(t->due_at);
	case THING_FACT_TOUCHED_AT:
		return of_instant(t->touched_at);
	case THING_FACT_IN_EVENT:
		return s->event ? cond_bool(event_names_product(s->event, text_span(t->id)) ||
					    event_names_product(s->event, text_span(t->about)))
				: cond_missing;
	case THING_FACT_MARKS:
		break;
	}
	return cond_missing;
}

struct value fact_value(size_t n, const struct cond_scope *s)
{
	const struct journey *j = s->journey;
	char currency[CURRENCY_SIZE];

	if (n >= FACT_COUNT)
		return cond_missing;
	if (n >= FACT_SPENT)
		return spent(s, fact_currency(n, currency));
	if (n >= FACT_THING)
		return thing_fact((enum thing_kind)((n - FACT_THING) / THING_FACTS_EACH),
			(n - FACT_THING) % THING_FACTS_EACH, s);
	if (n >= FACT_REACH)
		return cond_bool(
			journey_reach(j, (enum job_channel)(n - FACT_REACH), s->now) == REACH_OK);
	if (n >= FACT_CONSENT)
		return cond_bool(journey_consent(
			j, SPAN_LIT("marketing"), (enum job_channel)(n - FACT_CONSENT)));
	if (n >= FACT_ORDER_ID)
		return order_fact(n, s);
	return n >= FACT_CART_ID ? cart_fact(n, s) : customer_fact(n, s);
}

_Static_assert(FACT_OPEN_OCCASIONS - FACT_OPEN_CHECKOUTS == THING_KIND_COUNT - 1, "one for each");
_Static_assert(FACT_SESSION_SINCE - FACT_IDENTIFIED_AT == 3, "each has its value");
_Static_assert(FACT_CONTACTED_AT - FACT_FIRST_ORDER_AT == PROFILE_TIME_COUNT - 1, "one for each");
_Static_assert(FACT_ERASED - FACT_BLOCKED == PROFILE_FLAG_COUNT - 1, "one for each");
_Static_assert(FACT_ORDER_RETURN_REQUESTED_AT - FACT_ORDER_PLACED_AT == MILESTONE_COUNT - 1,
	"one for each");
_Static_assert(FACT_ORDER_EXCEPTION_AT - FACT_ORDER_PAYMENT_PENDING_AT == ORDER_SIDE_COUNT - 1,
	"one for each");
