/* SPDX-License-Identifier: MIT */
/*
 * What follows from a journey: where a cart, a payment and a visit stand, and what feedback means.
 * Derived each time, never stored, so that it cannot disagree with what it is derived from. (The
 * stages of the customer: stage_view.c.)
 */
#include "stage_view.h"

static const char *const stages[STAGE_COUNT] = {
#define X(ID, NAME) [STAGE_##ID] = (NAME),
	STAGES(X)
#undef X
};

struct span stage_name(enum stage s)
{
	return span_str(stages[s]);
}

/* An order or an emptying wins a tie with the last addition. */
static bool is_bought(const struct cart *c)
{
	return c->ordered_at >= c->added_at && c->ordered_at >= c->emptied_at &&
	       c->ordered_at != INT64_MIN;
}

static bool is_emptied(const struct cart *c)
{
	return c->emptied_at >= c->added_at && c->emptied_at != INT64_MIN;
}

enum cart_state cart_state(const struct cart *c, int64_t now)
{
	if (is_bought(c))
		return CART_ORDERED;
	if (is_emptied(c))
		return CART_EMPTIED;
	if (c->last_at <= now - CART_EXPIRES_MS)
		return CART_EXPIRED;
	return c->checkout_at > int64_max(c->ordered_at, c->emptied_at) ? CART_CHECKOUT : CART_OPEN;
}

bool cart_is_live(const struct cart *c, int64_t now)
{
	return cart_is_open(c) && cart_state(c, now) != CART_EXPIRED;
}

bool cart_is_open(const struct cart *c)
{
	return c->added_at != INT64_MIN && !is_bought(c) && !is_emptied(c);
}

int64_t journey_unpaid_at(const struct journey *j, const struct order *o, bool ever)
{
	int64_t at = INT64_MIN;

	for (size_t i = 0; i < j->n_things && j->things[i].kind <= THING_PAYMENT; i++) {
		const struct thing *t = &j->things[i];

		if (t->kind == THING_PAYMENT && (ever || thing_is_open(t)) &&
			span_equal(text_span(t->about), text_span(o->id)))
			at = int64_max(at, thing_opened_at(t));
	}
	return at;
}

/* ---- visits ------------------------------------------------------------------------------ */

static const char *const sessions[] = {
#define X(ID, NAME) [SESSION_##ID] = (NAME),
	SESSIONS(X)
#undef X
};

struct span session_name(enum session_state state)
{
	return state == SESSION_NONE ? SPAN_EMPTY : span_str(sessions[state]);
}

struct session journey_session(const struct journey *j, int64_t now)
{
	const struct past *p = &j->past;
	int64_t from = j->web_active_at, over_at;

	if (from == INT64_MIN)
		return (struct session){SESSION_NONE, TIME_NEVER};
	over_at = from + PAST_VISIT_GAP_MS;
	if (now >= over_at)
		return (struct session){SESSION_IDLE, over_at};
	if (p->n_visits > 0)
		from = p->visits[p->n_visits - 1].from;
	/* A sender's clock may be ahead. */
	return (struct session){SESSION_BROWSING, int64_min(from, now)};
}

int64_t journey_named_at(const struct journey *j)
{
	return j->user_id.len > 0 && j->past.named_at == TIME_NEVER ? j->first_at
								    : j->past.named_at;
}

/* ---- feedback ---------------------------------------------------------------------------- */

/* A kind of feedback, and from where to where it is bad or good, in tenths. */
static const struct {
	enum profile_number number;
	int64_t bad_to, good_from;
} judgements[] = {
	[PAST_NPS] = {PROFILE_NPS, 60, 90},
	[PAST_CSAT] = {PROFILE_CSAT, 20, INT64_MAX},
	[PAST_RECOMMEND] = {PROFILE_RECOMMEND, 0, INT64_MAX},
	[PAST_STARS] = {PROFILE_STARS, 20, 40},
	[PAST_TEXT] = {PROFILE_SENTIMENT, -5, INT64_MAX},
};

enum profile_number journey_judged(unsigned about)
{
	return judgements[about].number;
}

enum past_verdict journey_judge(unsigned about, struct decimal value)
{
	int64_t good = judgements[about].good_from;

	if (decimal_compare(value, (struct decimal){judgements[about].bad_to, -1}) <= 0)
		return PAST_BAD;
	return good != INT64_MAX && decimal_compare(value, (struct decimal){good, -1}) >= 0
		       ? PAST_GOOD
		       : PAST_FINE;
}

bool journey_is_detractor(const struct journey *j, int64_t since)
{
	const struct profile *p = j->profile;
	int64_t rated_at = INT64_MIN;
	const struct amount *text;
	bool bad = false;

	if (!p)
		return false;
	for (unsigned i = 0; i < PAST_RATED; i++)
		rated_at = int64_max(rated_at, p->numbers[judgements[i].number].at);
	text = &p->numbers[PROFILE_SENTIMENT];
	if (int64_max(rated_at, text->at) < since || int64_max(rated_at, text->at) == INT64_MIN)
		return false;
	if (text->at > rated_at)
		return journey_judge(PAST_TEXT, text->value) == PAST_BAD;
	for (unsigned i = 0; i < PAST_RATED; i++) {
		const struct amount *a = &p->numbers[judgements[i].number];

		bad = bad || (a->at == rated_at && journey_judge(i, a->value) == PAST_BAD);
	}
	return bad;
}
