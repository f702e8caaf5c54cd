/* SPDX-License-Identifier: MIT */
/*
 * The occasions of a date are its local days, one a year, and the year is the episode: a date that
 * is edited, a zone that changes, a replay, and there is still one job a year. What is told today
 * is kept today only while the hour is still ahead; but who moves east past the hour on the day
 * itself is waited for already, and is written to at once.
 */
#include "calendar_rule.h"

#include "base/instant.h"
#include "core/gate.h"

#include "absence_parts.h"
#include "local_time.h"

/* The date that a rule is about, as far as it is known. */
struct occasion {
	struct span name;
	int32_t year; /* 0: unknown */
	int32_t month, day;
	int64_t said_at;
	int32_t first_year; /* that it can come round in */
};

#define FIRST_ORDER SPAN_LIT("first_order")

static const struct zone *zone_of(const struct turn *t, const struct rule_calendar *c)
{
	return c->zone_customer ? gates_zone(&t->rules->policy, t->journey) : c->zone;
}

static bool first_order(const struct turn *t, const struct rule_calendar *cal, struct occasion *ret)
{
	const struct profile *p = t->journey->profile;
	struct civil c;

	if (!p || p->times[PROFILE_FIRST_ORDER_AT] == TIME_NEVER)
		return false;
	local_civil(zone_of(t, cal), p->times[PROFILE_FIRST_ORDER_AT], &c);
	*ret = (struct occasion){
		cal->date, c.year, c.month, c.day, p->times[PROFILE_FIRST_ORDER_AT], c.year + 1};
	return true;
}

static bool occasion_of(const struct turn *t, const struct rule_calendar *cal, struct span name,
	struct occasion *ret)
{
	const struct date *d;

	if (span_equal(name, FIRST_ORDER))
		return first_order(t, cal, ret);
	d = journey_date(t->journey, name);
	if (!d || d->removed)
		return false;
	*ret = (struct occasion){name, d->year, d->month, d->day, d->said_at, d->year};
	return true;
}

/* When the first step is due for the occasion of YEAR. */
static bool due_in(const struct turn *t, const struct rule *rule, const struct occasion *o,
	int32_t year, int64_t *ret_at)
{
	const struct rule_calendar *cal = rule->calendar;
	struct cond_scope scope = absence_scope(t, NULL, o->name);
	struct civil c = {.year = year, .month = o->month, .day = o->day};

	if (c.month == 2 && c.day == 29 && civil_days_in_month(year, 2) == 28) {
		c.month = cal->leap_march ? 3 : 2;
		c.day = cal->leap_march ? 1 : 28;
	}
	return rule_step_deadline(rule, 0, &scope,
		local_instant(zone_of(t, cal), &c, -cal->lead_days, cal->local_minute), ret_at);
}

int64_t calendar_before(const struct turn *t, const struct rule *rule, const struct instance *i)
{
	int32_t year = (int32_t)i->episode - 1;
	struct occasion o;
	int64_t at;

	if (!occasion_of(t, rule->calendar, text_span(i->key), &o) || year < o.first_year)
		return INT64_MIN;
	return due_in(t, rule, &o, year, &at) ? at : INT64_MIN;
}

/* The first occasion from YEAR on that is still ahead: its year, 0 if there is none. */
static int32_t next_ahead(const struct turn *t, const struct rule *rule, const struct occasion *o,
	int32_t year, int64_t *ret_at)
{
	struct civil now;

	local_civil(zone_of(t, rule->calendar), t->now, &now);
	if (year < now.year)
		year = now.year;
	if (year < o->first_year)
		year = o->first_year;
	/* What is due long before or behind its day may be a year or two off. */
	for (int32_t n = 0; n < 12 && year <= 9998; n++, year++)
		if (due_in(t, rule, o, year, ret_at) && *ret_at > t->now)
			return year;
	return 0;
}

/* The year that the next occasion may be in at the earliest. */
static int32_t first_free(const struct instance *i, const struct occasion *o)
{
	uint32_t used = 0;

	if (!i)
		return 0;
	if (i->last_episode > 0)
		used = i->last_episode;
	/* An episode that ended without a job is over too, unless another date was given since. */
	if (i->state != INSTANCE_ARMED && i->anchor_at == o->said_at && i->episode > used)
		used = i->episode;
	return (int32_t)used + 1;
}

/* What follows the PREFIX_of_ of a name; empty: it has no such beginning. */
static struct span recipient_of(struct span name, struct span prefix)
{
	struct span rest;

	if (!span_starts(name, prefix))
		return SPAN_EMPTY;
	rest = span_of(name.ptr + prefix.len, name.len - prefix.len);
	if (!span_starts(rest, SPAN_LIT(DATE_OF)))
		return SPAN_EMPTY;
	return span_of(rest.ptr + strlen(DATE_OF), rest.len - strlen(DATE_OF));
}

static int set_data(
	const struct rule *rule, struct instance *i, const struct occasion *o, int32_t year)
{
	struct value whose = {.type = VALUE_STRING};
	_cleanup_(buf_release) struct buf out = BUF_INIT;

	if (o->year > 0)
		buf_printf(&out, "\"years\":%d,\"date\":\"%04d-%02d-%02d\"", year - o->year,
			o->year, o->month, o->day);
	else
		buf_printf(&out, "\"date\":\"%02d-%02d\"", o->month, o->day);
	if (rule->calendar->recipients) {
		whose.text = recipient_of(o->name, rule->calendar->date);
		buf_add_str(&out, ",\"recipient\":");
		absence_add_value(&out, &whose);
	}
	if (buf_failed(&out) < 0)
		return -ENOMEM;
	return text_set(&i->data, buf_span(&out));
}

static int arm_for(const struct turn *t, const struct rule *rule, struct instance *i,
	const struct occasion *o, int32_t year)
{
	bool fresh = i->state != INSTANCE_ARMED;

	i->state = INSTANCE_ARMED;
	i->outcome = OUTCOME_ARMED;
	i->epoch = rule->epoch;
	i->episode = (uint32_t)year;
	i->step = i->emitted = i->number = 0;
	i->anchor_at = i->arming_at = o->said_at;
	i->armed_at = fresh ? t->now : i->armed_at;
	(void)due_in(t, rule, o, year, &i->deadline_at);
	i->until_at = INT64_MIN;
	i->touched_at = t->now;
	i->version = rule->version;
	absence_unhold(i);
	absence_undefer(i);
	absence_set_timer(t, rule, i);
	if (set_data(rule, i, o, year) < 0 || (t->event && text_set(&i->by, absence_by(t)) < 0))
		return -ENOMEM;
	return fresh ? absence_count(t, COUNTER_ARMED) : 0;
}

/* The same day, told again or by somebody who knew more: the wait goes on, and says what is known
 * now, whichever of the words came in first. */
static int retell(const struct rule *rule, struct instance *i, const struct occasion *o)
{
	if (i->step > 0 || i->anchor_at == o->said_at)
		return 0;
	i->anchor_at = i->arming_at = o->said_at;
	return set_data(rule, i, o, (int32_t)i->episode);
}

static int end(const struct turn *t, struct instance *i)
{
	int r = absence_end(t, i, OUTCOME_CANCELLED, SPAN_EMPTY);

	return r < 0 ? r : absence_count(t, COUNTER_CANCELLED);
}

/* The day that DATA, as set_data made it, tells of; empty: none. */
static struct span told_day(struct span data)
{
	static const struct span years = {"\"years\":", 8}, date = {"\"date\":\"", 8};
	const char *end = span_starts(data, years) ? memchr(data.ptr, ',', data.len) : NULL;
	size_t n = 0;

	if (end)
		data = span_of(end + 1, data.len - (size_t)(end + 1 - data.ptr));
	if (!span_starts(data, date))
		return SPAN_EMPTY;
	data = span_of(data.ptr + date.len, data.len - date.len);
	while (n < data.len && data.ptr[n] != '"')
		n++;
	return span_of(data.ptr, n);
}

/* Is the day that I waits for O's? Its year may be known, or not, since. */
static bool is_same_day(const struct instance *i, const struct occasion *o)
{
	struct span told = told_day(text_span(i->data));
	char day[sizeof("12-31")];
	size_t n = (size_t)snprintf(
		day, sizeof(day), "%02u-%02u", (unsigned)o->month & 15, (unsigned)o->day & 31);

	return told.ptr && told.len >= n && memcmp(told.ptr + told.len - n, day, n) == 0;
}

/* Was the hour of O, which I waits for, put behind now by a move, AT, on the day that is today? */
static bool is_passed(const struct turn *t, const struct rule *rule, const struct instance *i,
	const struct occasion *o, int64_t at)
{
	const struct zone *zone = zone_of(t, rule->calendar);
	struct civil due, now;

	if (at > t->now || !is_same_day(i, o))
		return false;
	local_civil(zone, at, &due);
	local_civil(zone, t->now, &now);
	return due.year == now.year && due.month == now.month && due.day == now.day;
}

static int update(const struct turn *t, const struct rule *rule, struct span name)
{
	const struct rule_calendar *cal = rule->calendar;
	struct instance *i = journey_instance(t->journey, rule->id, name);
	bool armed = i && i->state == INSTANCE_ARMED, due;
	struct occasion o;
	int64_t at;
	int32_t year;

	if (!occasion_of(t, cal, name, &o))
		return armed ? end(t, i) : 0;
	/* Between its steps, or unmoved: as it is, also while it is put off or in its grace. */
	due = armed && due_in(t, rule, &o, (int32_t)i->episode, &at);
	if (armed && (i->step > 0 || (due && at == i->deadline_at)))
		return retell(rule, i, &o);
	if (due && is_passed(t, rule, i, &o, at))
		return arm_for(t, rule, i, &o, (int32_t)i->episode);
	year = next_ahead(t, rule, &o, first_free(i, &o), &at);
	if (year == 0)
		return armed ? end(t, i) : 0;
	if (!i)
		i = journey_add_instance(t->journey, rule->id, name);
	if (!i)
		return errno == ENOSPC ? absence_count(t, COUNTER_LIMIT) : -ENOMEM;
	return arm_for(t, rule, i, &o, year);
}

/* Of everybody whose day is known, and of those of whom it is not any more. */
static int update_recipients(const struct turn *t, const struct rule *rule)
{
	const struct journey *j = t->journey;
	int r = 0;

	for (size_t n = 0; n < j->n_instances && r == 0; n++) {
		const struct instance *i = &j->instances[n];

		if (i->state == INSTANCE_ARMED && span_equal(text_span(i->rule), rule->id) &&
			!journey_date(j, text_span(i->key)))
			r = update(t, rule, text_span(i->key));
	}
	for (size_t n = 0; n < j->n_dates && r == 0; n++) {
		struct span name = text_span(j->dates[n].name);

		if (recipient_of(name, rule->calendar->date).len > 0)
			r = update(t, rule, name);
	}
	return r;
}

int calendar_update(const struct turn *t)
{
	int r = 0;

	for (size_t n = 0; t->rules->n_calendar > 0 && n < t->rules->n && r == 0; n++) {
		const struct rule *rule = &t->rules->list[n];

		if (rule->calendar && rule->mode != RULE_OFF)
			r = rule->calendar->recipients ? update_recipients(t, rule)
						       : update(t, rule, rule->calendar->date);
	}
	return r;
}

bool calendar_knows(const struct journey *j)
{
	const struct profile *p = j->profile;

	return j->n_dates > 0 || (p && p->times[PROFILE_FIRST_ORDER_AT] != TIME_NEVER);
}
