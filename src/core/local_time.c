/* SPDX-License-Identifier: MIT */
/* Hours of local days as instants. */
#include "local_time.h"

void local_civil(const struct zone *zone, int64_t at, struct civil *ret_c)
{
	if (zone)
		zone_civil(zone, at, ret_c);
	else
		civil_from_instant(at, ret_c);
}

int64_t local_instant(const struct zone *zone, const struct civil *c, int32_t days, int minutes)
{
	struct civil there = {
		.year = c->year,
		.month = c->month,
		.day = c->day + days,
		.minute = minutes,
	};

	return zone ? zone_instant(zone, &there) : civil_to_instant(&there);
}

int64_t local_day_end(const struct zone *zone, int64_t at)
{
	struct civil c;

	if (zone)
		return zone_day_end(zone, at);
	civil_from_instant(at, &c);
	return local_instant(NULL, &c, 1, 0);
}

int local_weekday(const struct civil *c)
{
	return civil_weekday(civil_to_days(c->year, c->month, c->day)) - 1;
}

struct local_span {
	int64_t from, to;
};

/* The span of H that begins on C's date, moved by DAYS. */
static struct local_span span_on(
	struct day_hours h, const struct zone *zone, const struct civil *c, int32_t days)
{
	return (struct local_span){
		local_instant(zone, c, days, h.from),
		local_instant(zone, c, days + (h.from > h.to), h.to),
	};
}

int64_t day_hours_end(struct day_hours h, const struct zone *zone, int64_t at)
{
	struct local_span s;
	struct civil c;
	int64_t end = at;

	if (h.from == h.to)
		return at;
	local_civil(zone, at, &c);
	for (int32_t days = -1; days <= 1; days++) {
		s = span_on(h, zone, &c, days);
		if (s.from <= at && at < s.to)
			end = int64_max(end, s.to);
	}
	return end;
}

int64_t day_hours_next(struct day_hours h, const struct zone *zone, int64_t at)
{
	struct local_span s;
	struct civil c;

	if (h.from == h.to || day_hours_end(h, zone, at) > at)
		return at;
	local_civil(zone, at, &c);
	for (int32_t days = -1; days <= 3; days++) {
		s = span_on(h, zone, &c, days);
		if (s.from >= at && s.from < s.to)
			return s.from;
	}
	return TIME_NEVER; /* no clock skips the same hours three days in a row */
}
