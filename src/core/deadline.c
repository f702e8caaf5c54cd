/* SPDX-License-Identifier: MIT */
/*
 * When a wait is over. The anchor is an instant of the log; what local forms make of it is counted
 * in local days, with the offset that is valid on that day, and never in multiples of 24 hours.
 *
 * Instants are within the years 0 to 9999 and waits within ten years: no sum overflows.
 */
#include "core/business.h"
#include "core/gate.h"

#include "local_time.h"

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

static bool field_end(const struct rule_wait *w, const struct cond_scope *scope, int64_t *ret_at)
{
	const struct zone *zone = wait_zone(scope, w->zone_customer, w->zone);
	int64_t at;

	for (size_t i = 0; scope->event && i < w->n_fields; i++) {
		if (!value_instant(event_field(scope->event, w->fields[i]), &at))
			continue;
		if (w->local != WAIT_AS_GIVEN)
			at = local_end(w, zone, at, false);
		*ret_at = at + w->span_ms;
		return true;
	}
	return false;
}

static bool model_end(
	const struct rule_wait *w, const struct cond_scope *scope, int64_t from, int64_t *ret_at)
{
	const struct policy_model *model = policy_model(&scope->rules->policy, w->model);
	int64_t ms;

	if (!model || !model_quantile(model, w->share, &ms)) {
		if (w->else_ms == TIME_NEVER)
			return false;
		ms = w->else_ms;
	} else {
		ms = int64_min(int64_max(ms, w->min_ms), w->max_ms);
	}
	*ret_at = from + ms;
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
		return field_end(w, scope, ret_at);
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
	case WAIT_MODEL:
		return model_end(w, scope, from, ret_at);
	}
	return false;
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
