/* SPDX-License-Identifier: MIT */
/*
 * When a wait is over. The anchor is an instant of the log; what local forms make of it is counted
 * in local days, with the offset that is valid on that day, and never in multiples of 24 hours.
 *
 * Instants are within the years 0 to 9999 and waits within ten years: no sum overflows.
 */
#include "base/instant.h"
#include "core/business.h"
#include "core/gate.h"

#include "cond_run.h"
#include "fold.h"
#include "local_time.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

const struct zone *wait_zone(
	const struct cond_scope *scope, bool customer, const struct zone *fallback)
{
	return customer ? gates_zone(&scope->rules->policy, scope->journey) : fallback;
}

static bool weekday_ok(const struct rule_wait *w, const struct zone *zone, int64_t at)
{
	struct civil c;

	if (w->weekdays == 0)
		return true;
	local_civil(zone, at, &c);
	return w->weekdays >> local_weekday(&c) & 1;
}

/* The local time of W on the day of AT, DAYS later. */
static int64_t on_day(const struct rule_wait *w, const struct zone *zone, int64_t at, int32_t days)
{
	struct civil c;

	local_civil(zone, at, &c);
	if (w->local == WAIT_DAY_END)
		return local_instant(zone, &c, days + 1, 0);
	return local_instant(zone, &c, days, w->local_minute);
}

/*
 * The local time of W: on the day that holds AT, or so many days later, or on the first day behind
 * that whose weekday is one of its. One that must be AHEAD of AT is on the next day if it is over.
 */
static int64_t local_end(const struct rule_wait *w, const struct zone *zone, int64_t at, bool ahead)
{
	int32_t days = w->days;
	int64_t end = on_day(w, zone, at, days);

	if (ahead && end <= at)
		end = on_day(w, zone, at, ++days);
	/* The end of a day is the next one's first instant: the day is the one before. */
	for (int i = 0; i < 7 && !weekday_ok(w, zone, end - (w->local == WAIT_DAY_END)); i++)
		end = on_day(w, zone, at, ++days);
	return end;
}

/* So many UNITs, in whole milliseconds; no more than the longest wait. */
static bool units(struct decimal n, int64_t unit, int64_t *ret_ms)
{
	int64_t ms;

	/* More digits than a millisecond of years has would leave no room for the product. */
	for (; n.mantissa >= INT64_C(100000000000000); n.exponent++)
		n.mantissa /= 10;
	if (n.mantissa < 0 || unit == 0 || decimal_multiply(n, decimal_from_int(unit), &n) != 0)
		return false;
	for (; n.exponent < 0 && n.mantissa > 0; n.exponent++)
		n.mantissa /= 10;
	*ret_ms = DURATION_MAX_MS;
	if (n.mantissa == 0)
		*ret_ms = 0;
	else if (decimal_to_int(n, &ms) == 0)
		*ret_ms = int64_min(ms, DURATION_MAX_MS);
	return true;
}

/* The whole part of N; false if it is below zero or more than a count. */
static bool whole(struct decimal n, int64_t *ret_n)
{
	for (; n.exponent < 0 && n.mantissa != 0; n.exponent++)
		n.mantissa /= 10;
	if (n.mantissa == 0)
		n.exponent = 0;
	return n.mantissa >= 0 && decimal_to_int(n, ret_n) == 0 && *ret_n <= UINT32_MAX;
}

/* N, where so many of it as the event says are one. */
static bool share(const struct rule_wait *w, const struct cond_scope *scope, struct decimal *n)
{
	struct decimal of;
	int64_t number, each;

	if (w->shares == 0)
		return true;
	if (!value_decimal(event_field(scope->event, w->share_of), &of) || !whole(of, &each) ||
		each == 0 || !whole(*n, &number))
		return false;
	*n = decimal_from_int(number / (each * w->shares));
	return true;
}

/* How long V says: a text with units, or a number of the rule's unit. */
static bool length_of(const struct rule_wait *w, const struct cond_scope *scope,
	const struct value *v, int64_t *ret_ms)
{
	struct decimal n;

	if (v->type == VALUE_NUMBER)
		n = v->number;
	else if (v->type != VALUE_STRING)
		return false;
	else if (decimal_parse(v->text, &n) != 0)
		return w->shares == 0 && duration_parse(v->text, ret_ms) == 0;
	return share(w, scope, &n) && units(n, w->unit_ms, ret_ms);
}

static bool value_end(const struct rule_wait *w, const struct cond_scope *scope,
	const struct value *v, int64_t from, int64_t *ret_at)
{
	int64_t ms;

	if (!w->length)
		return value_instant(v, ret_at);
	if (!length_of(w, scope, v, &ms))
		return false;
	*ret_at = from + int64_min(int64_max(ms, w->min_ms), w->max_ms);
	return true;
}

/* The first of W's values that the event has says when it is over. */
static bool values_end(
	const struct rule_wait *w, const struct cond_scope *scope, int64_t from, int64_t *ret_at)
{
	bool known = false;

	for (size_t i = 0; i < w->n_fields && !known; i++)
		known = value_end(w, scope, event_field(scope->event, w->fields[i]), from, ret_at);
	return known;
}

/* When that is over which begins at FROM, as the event says or the rule assumes. */
static bool lasting_end(
	const struct rule_wait *w, const struct cond_scope *scope, int64_t from, int64_t *ret_at)
{
	if (values_end(w, scope, from, ret_at))
		return true;
	*ret_at = from + w->else_ms;
	return w->else_ms != TIME_NEVER;
}

static bool field_end(
	const struct rule_wait *w, const struct cond_scope *scope, int64_t from, int64_t *ret_at)
{
	const struct zone *zone = wait_zone(scope, w->zone_customer, w->zone);
	int64_t at = from;
	bool known;

	if (!scope->event)
		return false;
	known = values_end(w, scope, from, &at);
	if (!known && w->else_ms == TIME_NEVER)
		return false;
	if (!known)
		at = from + w->else_ms;
	else if (w->lasts && !lasting_end(w->lasts, scope, at, &at))
		return false;
	if (w->local != WAIT_AS_GIVEN)
		at = local_end(w, zone, at, false);
	*ret_at = at + w->span_ms;
	return true;
}

/* What the model said of a wait that begins at FROM; where it said NOTHING, the rule's own. */
static bool model_end(
	const struct rule_wait *w, int64_t from, bool nothing, int64_t ms, int64_t *ret)
{
	if (nothing && w->else_ms == TIME_NEVER)
		return false;
	*ret = from + (nothing ? w->else_ms : int64_min(int64_max(ms, w->min_ms), w->max_ms));
	return true;
}

static bool store_end(
	const struct rule_wait *w, const struct cond_scope *scope, int64_t from, int64_t *ret_at)
{
	const struct policy_model *model = policy_model(&scope->rules->policy, w->model);
	int64_t ms = 0;
	bool known = model && model->samples >= w->samples && model_quantile(model, w->share, &ms);

	return model_end(w, from, !known, ms, ret_at);
}

/* ---- promises ---------------------------------------------------------------------------- */

/* What the policy knows of cases such as this one: by the event that arms, or by what the instance
 * kept of it. NULL: too little. */
static const struct policy_model *late_model(
	const struct rule_wait *w, const struct cond_scope *scope)
{
	const struct policy_model *model = policy_model(&scope->rules->policy, w->model);
	struct span of[WAIT_FIELDS_MAX];
	size_t n = 0;

	while (n < w->n_fields) {
		struct span key = SPAN_EMPTY;

		if (scope->event)
			key = value_id(event_field(scope->event, w->fields[n]), POLICY_KEY_MAX);
		else if (scope->instance)
			key = snapshot_text(text_span(scope->instance->data), w->names[n]);
		if (key.len == 0)
			break;
		of[n++] = key;
	}
	return model ? model_of(model, of, n, w->samples) : NULL;
}

bool rule_promise_end(const struct rule_wait *w, const struct cond_scope *scope, int64_t *ret_at)
{
	struct value promise;

	if (w->kind != WAIT_LATE)
		return false;
	promise = fact_value(w->promise, scope);
	if (promise.type != VALUE_INSTANT)
		return false;
	*ret_at = promise.at + w->span_ms;
	if (w->local != WAIT_AS_GIVEN)
		*ret_at = w->span_ms + local_end(w, wait_zone(scope, w->zone_customer, w->zone),
					       promise.at, false);
	return true;
}

/*
 * From when on the promise will most likely be missed (models.md, section 5). Where there is no
 * promise, or nothing to say before it is over, there may yet come another: until the day after it,
 * and for so long as the rule says.
 */
static bool late_end(
	const struct rule_wait *w, const struct cond_scope *scope, int64_t from, int64_t *ret_at)
{
	const struct policy_model *model = late_model(w, scope);
	int64_t end, ms;

	if (!model)
		return model_end(w, from, true, 0, ret_at);
	*ret_at = from + w->max_ms;
	if (!rule_promise_end(w, scope, &end))
		return true;
	ms = int64_max(model_late(model, w->share, end - from), w->min_ms);
	*ret_at = ms < end - from ? from + ms : int64_max(*ret_at, end + MS_DAY);
	return true;
}

/* ---- personal gaps ----------------------------------------------------------------------- */

#define GAP_PRIOR 2.0 /* kappa of models.md, section 4c: the shop counts as two gaps */

/* The logarithm of the shop's gaps: its middle, and how far they spread about it. False where the
 * policy has no table of them; then the customer's own gaps alone count. */
static bool shop_gaps(const struct policy *policy, double *ret_middle, double *ret_spread)
{
	const struct policy_model *m = policy_model(policy, SPAN_LIT("store_gap"));
	int64_t half, high;

	if (!m || !model_quantile(m, SHARE_WHOLE / 2, &half) || !model_quantile(m, 9000, &high) ||
		half <= 0 || high < half)
		return false;
	*ret_middle = log((double)half / MS_DAY);
	/* nine tenths of a normal distribution lie below 1.2816 deviations */
	*ret_spread = log((double)high / (double)half) / 1.2815515655446004;
	return true;
}

/* The logarithms of a customer's gaps in days are taken to be normal, with the shop's as a prior
 * (models.md, section 4c). */
struct gaps_curve {
	double middle, spread;
};

/* Between the days on which they bought. */
static uint32_t n_gaps(const struct cond_scope *scope)
{
	const struct profile *p = scope->journey->profile;

	return p && p->n_days > 1 ? p->n_days - 1 : 0;
}

/* False where there are too few gaps to say so. */
static bool personal_curve(
	const struct rule_wait *w, const struct cond_scope *scope, struct gaps_curve *ret_curve)
{
	const struct policy *policy = &scope->rules->policy;
	const struct profile *p = scope->journey->profile;
	uint32_t n = n_gaps(scope);
	double middle = 0, spread = 0, prior = 0, sum = 0, squares = 0;

	if (n == 0 || n < w->gaps)
		return false;
	if (shop_gaps(policy, &middle, &spread))
		prior = GAP_PRIOR;
	for (uint32_t i = 0; i < n; i++)
		sum += log(p->days[i + 1] - p->days[i]);
	middle = (prior * middle + sum) / (prior + n);
	for (uint32_t i = 0; i < n; i++) {
		double off = log(p->days[i + 1] - p->days[i]) - middle;

		squares += off * off;
	}
	spread = sqrt((prior * spread * spread + squares) / (prior + n));
	*ret_curve = (struct gaps_curve){middle, spread};
	return true;
}

/* The gap that W's share of the customer's stays below. */
static int64_t personal_ms(const struct rule_wait *w, const struct gaps_curve *c)
{
	double ms = exp(c->middle + w->z * c->spread) * MS_DAY;

	/* To the second: the last digits of a logarithm are nobody's promise. What is longer than
	 * any wait is so by a second. */
	return ms < (double)w->max_ms ? (int64_t)(round(ms / MS_SECOND) * MS_SECOND)
				      : w->max_ms + MS_SECOND;
}

static bool personal_end(
	const struct rule_wait *w, const struct cond_scope *scope, int64_t from, int64_t *ret_at)
{
	struct gaps_curve c;
	bool known = personal_curve(w, scope, &c);

	return model_end(w, from, !known, known ? personal_ms(w, &c) : 0, ret_at);
}

bool rule_wait_quantile(
	const struct rule_wait *w, const struct cond_scope *scope, uint32_t *ret_share)
{
	struct gaps_curve c;
	int64_t ms, held;
	double off;

	if (w->kind != WAIT_GAP || !personal_curve(w, scope, &c))
		return false;
	ms = personal_ms(w, &c);
	held = int64_min(int64_max(ms, w->min_ms), w->max_ms);
	*ret_share = w->share;
	if (held == ms)
		return true;
	off = log((double)held / MS_DAY) - c.middle;
	if (c.spread > 0)
		*ret_share = (uint32_t)lround(0.5 * erfc(-off / c.spread / sqrt(2)) * SHARE_WHOLE);
	else
		*ret_share = off < 0 ? 0 : SHARE_WHOLE;
	return true;
}

bool rule_wait_end(
	const struct rule_wait *w, const struct cond_scope *scope, int64_t from, int64_t *ret_at)
{
	int64_t at;

	switch (w->kind) {
	case WAIT_SPAN:
		*ret_at = from + w->span_ms;
		return true;
	case WAIT_FIELD:
		return field_end(w, scope, from, ret_at);
	case WAIT_LOCAL:
		*ret_at = w->span_ms +
			  local_end(w, wait_zone(scope, w->zone_customer, w->zone), from, true);
		return true;
	case WAIT_BUSINESS:
		at = business_add(&scope->rules->policy, from, w->span_ms, (uint32_t)w->days);
		if (at == TIME_NEVER)
			return false;
		*ret_at = at;
		return true;
	case WAIT_GAP:
		return personal_end(w, scope, from, ret_at);
	case WAIT_MODEL:
		return store_end(w, scope, from, ret_at);
	case WAIT_LATE:
		return late_end(w, scope, from, ret_at);
	}
	return false;
}

void rule_wait_lacks(const struct rule_wait *w, const struct cond_scope *scope, char *buf)
{
	const char *words = "";

	switch (w->kind) {
	case WAIT_GAP:
		(void)snprintf(buf, RULE_LACKS_MAX,
			"of the customer's own gaps between purchases %" PRIu32
			" are known, and %" PRIu32 " are needed",
			n_gaps(scope), w->gaps > 0 ? w->gaps : 1);
		return;
	case WAIT_MODEL:
	case WAIT_LATE:
		words = "too few cases are known to foretell it";
		break;
	case WAIT_BUSINESS:
		words = "the shop does not open";
		break;
	case WAIT_SPAN:
	case WAIT_FIELD:
	case WAIT_LOCAL:
		break;
	}
	(void)snprintf(buf, RULE_LACKS_MAX, "%s", words);
}

bool rule_step_deadline(const struct rule *r, uint32_t step, const struct cond_scope *scope,
	int64_t from, int64_t *ret_at)
{
	const struct rule_step *s = &r->steps[step];

	if (s->wait)
		return rule_wait_end(s->wait, scope, from, ret_at);
	*ret_at = from + s->after_ms;
	return true;
}

bool rule_deadline(
	const struct rule *r, const struct cond_scope *scope, int64_t from, int64_t *ret_at)
{
	int64_t at;

	return rule_wait_end(&r->wait, scope, from, &at) &&
	       rule_step_deadline(r, 0, scope, at, ret_at);
}
