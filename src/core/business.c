/* SPDX-License-Identifier: MIT */
/* Business time, day by day. */
#include "core/business.h"

#include "local_time.h"

#define CLOSED_DAYS_MAX 400

/* The openings of one local day. */
struct day {
	struct civil date;
	const struct day_hours *hours;
	size_t n; /* 0: closed all day */
};

static void day_of(const struct policy *p, const struct civil *c, int32_t days, struct day *ret)
{
	struct civil date = {.year = c->year, .month = c->month, .day = c->day + days};
	int weekday;

	/* Back to a date of the calendar. */
	civil_from_instant(civil_to_instant(&date), &ret->date);
	weekday = local_weekday(&ret->date);
	ret->hours = p->opening[weekday];
	ret->n = p->n_opening[weekday];
	if (ret->n > 0 && holiday_on(&p->holidays, ret->date.year, ret->date.month, ret->date.day))
		ret->n = 0;
}

/* The opening of D that holds AT or is the first after it: its bounds; false: there is none. */
static bool opening_at(
	const struct policy *p, const struct day *d, int64_t at, int64_t *ret_from, int64_t *ret_to)
{
	for (size_t i = 0; i < d->n; i++) {
		int64_t from = local_instant(p->zone, &d->date, 0, d->hours[i].from);
		int64_t to = local_instant(p->zone, &d->date, 0, d->hours[i].to);

		if (at >= to || from >= to)
			continue;
		*ret_from = from;
		*ret_to = to;
		return true;
	}
	return false;
}

/* The same over all days from that of AT on. */
static bool opening_from(const struct policy *p, int64_t at, int64_t *ret_from, int64_t *ret_to)
{
	struct civil c;
	struct day d;

	local_civil(p->zone, at, &c);
	for (int32_t days = 0; days <= CLOSED_DAYS_MAX; days++) {
		day_of(p, &c, days, &d);
		if (opening_at(p, &d, at, ret_from, ret_to))
			return true;
	}
	return false;
}

bool business_is_open(const struct policy *p, int64_t at)
{
	int64_t from, to;

	return opening_from(p, at, &from, &to) && from <= at;
}

int64_t business_next(const struct policy *p, int64_t at)
{
	int64_t from, to;

	return opening_from(p, at, &from, &to) ? int64_max(from, at) : TIME_NEVER;
}

/* The N-th day with openings behind that of C; false: there is none. */
static bool find_day(const struct policy *p, const struct civil *c, uint32_t n, struct day *ret)
{
	int32_t opened = 0;

	for (int32_t days = 1; days - opened <= CLOSED_DAYS_MAX; days++) {
		day_of(p, c, days, ret);
		if (ret->n == 0)
			continue;
		opened = days;
		if (--n == 0)
			return true;
	}
	return false;
}

/* AT, an open instant, so many days with openings on. */
static int64_t days_on(const struct policy *p, int64_t at, uint32_t n)
{
	int64_t same, from, to;
	struct civil c;
	struct day d;

	local_civil(p->zone, at, &c);
	if (!find_day(p, &c, n, &d))
		return TIME_NEVER;
	same = local_instant(p->zone, &d.date, 0, c.hour * 60 + c.minute) + c.second * MS_SECOND +
	       c.ms;
	if (opening_at(p, &d, same, &from, &to))
		return int64_max(from, same);
	return local_instant(p->zone, &d.date, 0, d.hours[d.n - 1].to);
}

int64_t business_add(const struct policy *p, int64_t at, int64_t span_ms, uint32_t days)
{
	int64_t from, to;

	at = business_next(p, at);
	if (days > 0 && at != TIME_NEVER)
		at = days_on(p, at, days);
	while (span_ms > 0 && at != TIME_NEVER) {
		if (!opening_from(p, at, &from, &to))
			return TIME_NEVER;
		from = int64_max(from, at);
		if (span_ms <= to - from)
			return from + span_ms;
		span_ms -= to - from;
		at = to;
	}
	return at;
}
