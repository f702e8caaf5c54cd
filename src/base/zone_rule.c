/* SPDX-License-Identifier: MIT */
/*
 * The changes of the years around the asked second are computed afresh each time: a rule is rarely
 * asked (files list changes until 2037 or until the rule began), and a table of years would have to
 * end somewhere.
 */
#include "zone_rule.h"

#include "base/instant.h"
#include "base/zone.h"

#define DAY_SECONDS  INT64_C(86400)
#define HOUR_SECONDS 3600

static bool take(struct span *s, char c)
{
	if (s->len == 0 || *s->ptr != c)
		return false;
	s->ptr++;
	s->len--;
	return true;
}

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* One to three digits, a number between LOW and HIGH. */
static bool take_number(struct span *s, int32_t low, int32_t high, int32_t *ret_n)
{
	int32_t n = 0;
	size_t len = 0;

	for (; len < s->len && len < 3 && is_digit(s->ptr[len]); len++)
		n = n * 10 + (s->ptr[len] - '0');
	if (len == 0 || n < low || n > high)
		return false;
	*s = span_of(s->ptr + len, s->len - len);
	*ret_n = n;
	return true;
}

/* `CET` or `<+0330>`; the name itself is of no use here. */
static bool take_name(struct span *s)
{
	bool quoted = take(s, '<');
	size_t len = 0;

	while (len < s->len &&
		(is_alpha(s->ptr[len]) || (quoted && (is_digit(s->ptr[len]) || s->ptr[len] == '+' ||
							     s->ptr[len] == '-'))))
		len++;
	*s = span_of(s->ptr + len, s->len - len);
	return len >= 3 && (!quoted || take(s, '>'));
}

/* `[±]h[:mm[:ss]]` in seconds. */
static bool take_clock(struct span *s, int32_t hours_max, int32_t *ret_seconds)
{
	bool negative = take(s, '-');
	int32_t hour, minute = 0, second = 0;

	if (!negative)
		(void)take(s, '+');
	if (!take_number(s, 0, hours_max, &hour))
		return false;
	if (take(s, ':') && !take_number(s, 0, 59, &minute))
		return false;
	if (take(s, ':') && !take_number(s, 0, 59, &second))
		return false;
	second += hour * HOUR_SECONDS + minute * 60;
	*ret_seconds = negative ? -second : second;
	return true;
}

/* POSIX counts west of UTC, we count east. */
static bool take_offset(struct span *s, int32_t *ret_offset)
{
	int32_t west;

	if (!take_clock(s, 24, &west))
		return false;
	*ret_offset = -west;
	return true;
}

static bool take_day(struct span *s, struct zone_day *day)
{
	if (!take(s, ','))
		return false;
	if (take(s, 'M')) {
		day->form = ZONE_DAY_MONTH;
		if (!take_number(s, 1, 12, &day->month) || !take(s, '.') ||
			!take_number(s, 1, 5, &day->week) || !take(s, '.') ||
			!take_number(s, 0, 6, &day->day))
			return false;
	} else if (take(s, 'J')) {
		day->form = ZONE_DAY_JULIAN;
		if (!take_number(s, 1, 365, &day->day))
			return false;
	} else {
		day->form = ZONE_DAY_PLAIN;
		if (!take_number(s, 0, 365, &day->day))
			return false;
	}
	day->second = 2 * HOUR_SECONDS;
	return !take(s, '/') || take_clock(s, 167, &day->second);
}

int zone_rule_parse(struct span s, struct zone_rule *ret_rule)
{
	struct zone_rule rule = {0};

	if (!take_name(&s) || !take_offset(&s, &rule.standard))
		return ZONE_INVALID;
	if (s.len) {
		rule.has_summer = true;
		rule.summer = rule.standard + HOUR_SECONDS;
		if (!take_name(&s) || (s.len && *s.ptr != ',' && !take_offset(&s, &rule.summer)))
			return ZONE_INVALID;
		if (!take_day(&s, &rule.start) || !take_day(&s, &rule.end) || s.len)
			return ZONE_INVALID;
	}
	*ret_rule = rule;
	return 0;
}

static int64_t month_day(const struct zone_day *day, int32_t year)
{
	int64_t first = civil_to_days(year, day->month, 1);
	int32_t weekday = civil_weekday(first) % 7; /* 0 Sunday, as POSIX has it */
	int32_t n = (day->day - weekday + 7) % 7 + 7 * (day->week - 1);

	if (n >= civil_days_in_month(year, day->month))
		n -= 7;
	return first + n;
}

/* Seconds since 1970 by the local clock. */
static int64_t change_local(const struct zone_day *day, int32_t year)
{
	int64_t days = 0;

	switch (day->form) {
	case ZONE_DAY_MONTH:
		days = month_day(day, year);
		break;
	case ZONE_DAY_JULIAN: /* counted in a year without leap day, then put into this one */
		days = civil_to_days(year, 1, day->day);
		if (day->day > 59 && civil_days_in_month(year, 2) == 29)
			days++;
		break;
	case ZONE_DAY_PLAIN:
		days = civil_to_days(year, 1, 1) + day->day;
		break;
	}
	return days * DAY_SECONDS + day->second;
}

/*
 * A change by the clock that decides: UTC, or the local clock. There the earlier offset stays in
 * force until both clocks have passed, which is what makes a gap and the first of two occurrences
 * read with the offset before.
 */
static int64_t change_at(int64_t by_old_clock, int32_t from, int32_t to, bool local)
{
	return by_old_clock - from + (local ? (from > to ? from : to) : 0);
}

int32_t zone_rule_offset(const struct zone_rule *rule, int64_t second, bool local)
{
	int32_t offset = rule->standard;
	int64_t latest = INT64_MIN;
	struct civil c;

	if (!rule->has_summer)
		return offset;
	civil_from_instant(int64_max(second, INT64_MIN / MS_SECOND) * MS_SECOND, &c);
	/* Offsets and hours can carry a change more than a week beyond its year. */
	for (int32_t year = c.year - 2; year <= c.year + 1; year++) {
		int64_t start = change_at(
			change_local(&rule->start, year), rule->standard, rule->summer, local);
		int64_t end = change_at(
			change_local(&rule->end, year), rule->summer, rule->standard, local);

		if (end <= second && end > latest) {
			latest = end;
			offset = rule->standard;
		}
		/* Where an end meets the next start, it is summer all year (RFC 8536). */
		if (start <= second && start >= latest) {
			latest = start;
			offset = rule->summer;
		}
	}
	return offset;
}
