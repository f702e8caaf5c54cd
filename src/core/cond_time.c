/* SPDX-License-Identifier: MIT */
/*
 * Operators of time. They, and no others, read a text or a number of an event as an instant: it is
 * the operator that says what is meant.
 */
#include "cond_run.h"

#include "core/gate.h"

/* Some 31,000 years to either side: what is beyond was never an instant, and no sum overflows. */
#define INSTANT_END INT64_C(1000000000000000)

static bool instant_of(
	struct cond_run *run, const struct cond_node *node, uint16_t n, int64_t *ret_at)
{
	struct value value = cond_child_value(run, node, n);

	if (value.type != VALUE_INSTANT)
		return value_instant(&value, ret_at);
	*ret_at = value.at;
	return value.at > -INSTANT_END && value.at < INSTANT_END;
}

static struct value instant(int64_t at)
{
	return (struct value){.type = VALUE_INSTANT, .at = at};
}

/* a OP b (OP c). What is no instant is neither before nor after anything. */
struct value cond_in_time_order(struct cond_run *run, const struct cond_node *node)
{
	int64_t left, right;

	if (!instant_of(run, node, 0, &left))
		return cond_bool(false);
	for (uint16_t i = 1; i < node->count; i++, left = right) {
		bool ok = false;

		if (!instant_of(run, node, i, &right))
			return cond_bool(false);
		if (node->op == COND_BEFORE)
			ok = left < right;
		else if (node->op == COND_NOT_AFTER)
			ok = left <= right;
		else if (node->op == COND_AFTER)
			ok = left > right;
		else
			ok = left >= right;
		if (!ok)
			return cond_bool(false);
	}
	return cond_bool(true);
}

struct value cond_now(struct cond_run *run, const struct cond_node *node)
{
	(void)node;
	return instant(run->scope->now);
}

struct value cond_plus_time(struct cond_run *run, const struct cond_node *node)
{
	int64_t at;

	return instant_of(run, node, 0, &at) ? instant(at + node->ms) : cond_missing;
}

struct value cond_plus_calendar(struct cond_run *run, const struct cond_node *node)
{
	struct civil c;
	int64_t at, month, year;

	if (!instant_of(run, node, 0, &at))
		return cond_missing;
	civil_from_instant(at, &c);
	month = (int64_t)c.year * 12 + c.month - 1 + node->ms;
	year = month / 12 - (month % 12 < 0);
	c.year = (int32_t)year;
	c.month = (int32_t)(month - year * 12) + 1;
	/* The 31st of a shorter month is its last day. */
	if (c.day > civil_days_in_month(c.year, c.month))
		c.day = civil_days_in_month(c.year, c.month);
	return instant(civil_to_instant(&c));
}

struct value cond_since(struct cond_run *run, const struct cond_node *node)
{
	struct decimal d;
	int64_t at;

	if (!instant_of(run, node, 0, &at))
		return cond_missing;
	d = decimal_from_int(run->scope->now - at);
	d.exponent = d.mantissa ? d.exponent - 3 : 0;
	return (struct value){.type = VALUE_NUMBER, .number = d};
}

struct value cond_within(struct cond_run *run, const struct cond_node *node)
{
	int64_t now = run->scope->now;
	int64_t at;

	return cond_bool(instant_of(run, node, 0, &at) && at <= now && now - at <= node->ms);
}

struct value cond_local_hour(struct cond_run *run, const struct cond_node *node)
{
	const struct cond_scope *s = run->scope;
	const struct zone *zone = node->zone;
	struct civil c;

	if (!zone)
		zone = gates_zone(&s->rules->policy, s->journey);
	if (zone)
		zone_civil(zone, s->now, &c);
	else
		civil_from_instant(s->now, &c);
	return (struct value){.type = VALUE_NUMBER, .number = decimal_from_int(c.hour)};
}
