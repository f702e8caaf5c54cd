/* SPDX-License-Identifier: MIT */
/*
 * Every event passes through instant_parse twice, so it is written with fixed positions instead of
 * sscanf or strptime, which cost a microsecond and obey the locale.
 *
 * The calendar works on a year that begins on 1 March: the leap day is then the last of the year,
 * and the length of the first m months is a linear formula, (153 m + 2) / 5. 400 years ("era") are
 * always 146097 days.
 */
#include "base/instant.h"

#define ERA_DAYS    INT64_C(146097)
#define EPOCH_SHIFT INT64_C(719468) /* days from 0000-03-01 to 1970-01-01 */

static int64_t floor_div(int64_t n, int64_t by)
{
	return n / by - (n % by < 0);
}

int64_t civil_to_days(int32_t year, int32_t month, int32_t day)
{
	int64_t y = (int64_t)year - (month <= 2);
	int64_t m = month > 2 ? month - 3 : month + 9;
	int64_t era = floor_div(y, 400);
	int64_t year_of_era = y - era * 400;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
			     (153 * m + 2) / 5 + day - 1;

	return era * ERA_DAYS + day_of_era - EPOCH_SHIFT;
}

int64_t civil_to_instant(const struct civil *c)
{
	int64_t days = civil_to_days(c->year, c->month, c->day);
	int64_t rest = c->hour * MS_HOUR + c->minute * MS_MINUTE + c->second * MS_SECOND + c->ms;
	int64_t at;

	if (__builtin_mul_overflow(days, MS_DAY, &at) || __builtin_add_overflow(at, rest, &at))
		return days < 0 ? INT64_MIN : INT64_MAX;
	return at;
}

static void civil_from_days(int64_t days, struct civil *c)
{
	int64_t era = floor_div(days + EPOCH_SHIFT, ERA_DAYS);
	int64_t doe = days + EPOCH_SHIFT - era * ERA_DAYS;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / (ERA_DAYS - 1)) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t m = (5 * doy + 2) / 153;

	c->day = (int32_t)(doy - (153 * m + 2) / 5 + 1);
	c->month = (int32_t)(m < 10 ? m + 3 : m - 9);
	c->year = (int32_t)(yoe + era * 400 + (c->month <= 2));
}

void civil_from_instant(int64_t at, struct civil *ret_c)
{
	int64_t days = floor_div(at, MS_DAY);
	int32_t ms = (int32_t)(at - days * MS_DAY);

	civil_from_days(days, ret_c);
	ret_c->hour = ms / (int32_t)MS_HOUR;
	ret_c->minute = ms / (int32_t)MS_MINUTE % 60;
	ret_c->second = ms / (int32_t)MS_SECOND % 60;
	ret_c->ms = ms % (int32_t)MS_SECOND;
}

int civil_weekday(int64_t days)
{
	int64_t thursday_based = days - floor_div(days, 7) * 7; /* 1970-01-01 was one */

	return (int)((thursday_based + 3) % 7) + 1;
}

int civil_days_in_month(int32_t year, int32_t month)
{
	static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap);
}

static inline bool take(struct span *s, char c)
{
	if (s->len == 0 || *s->ptr != c)
		return false;
	s->ptr++;
	s->len--;
	return true;
}

/* Exactly N digits (at most 4) for a number up to MAX. */
static inline bool take_number(struct span *s, size_t n, int32_t max, int32_t *ret_n)
{
	int32_t value = 0;

	if (s->len < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned digit = (unsigned char)s->ptr[i] - (unsigned)'0';

		if (digit > 9)
			return false;
		value = value * 10 + (int32_t)digit;
	}
	if (value > max)
		return false;
	s->ptr += n;
	s->len -= n;
	*ret_n = value;
	return true;
}

static bool take_date(struct span *s, struct civil *c)
{
	return take_number(s, 4, 9999, &c->year) && take(s, '-') &&
	       take_number(s, 2, 12, &c->month) && c->month >= 1 && take(s, '-') &&
	       take_number(s, 2, civil_days_in_month(c->year, c->month), &c->day) && c->day >= 1;
}

/* The digits behind the point; from the fourth on they are only checked. */
static bool take_fraction(struct span *s, int32_t *ret_ms)
{
	int32_t ms = 0, worth = 100;
	size_t i = 0;

	for (; i < s->len && s->ptr[i] >= '0' && s->ptr[i] <= '9'; i++, worth /= 10)
		ms += (s->ptr[i] - '0') * worth;
	if (i == 0)
		return false;
	s->ptr += i;
	s->len -= i;
	*ret_ms = ms;
	return true;
}

static bool take_time(struct span *s, struct civil *c)
{
	if (!take(s, 'T') && !take(s, ' '))
		return true;
	if (!take_number(s, 2, 23, &c->hour) || !take(s, ':') || !take_number(s, 2, 59, &c->minute))
		return false;
	if (!take(s, ':'))
		return true;
	if (!take_number(s, 2, 60, &c->second))
		return false;
	if (take(s, '.') && !take_fraction(s, &c->ms))
		return false;
	if (c->second == 60) {
		c->second = 59;
		c->ms = 999;
	}
	return true;
}

static bool take_zone(struct span *s, int64_t *ret_offset_ms)
{
	bool west;
	int32_t hour, minute;

	if (s->len == 0 || take(s, 'Z'))
		return true;
	west = take(s, '-');
	if (!west && !take(s, '+'))
		return false;
	if (!take_number(s, 2, 23, &hour))
		return false;
	(void)take(s, ':');
	if (!take_number(s, 2, 59, &minute))
		return false;
	*ret_offset_ms = (hour * MS_HOUR + minute * MS_MINUTE) * (west ? -1 : 1);
	return true;
}

/* A count since 1970. Unambiguous: a date has its first '-' behind the fourth digit. */
static int parse_count(struct span s, int64_t *ret_at)
{
	uint64_t n;

	if ((s.len != 10 && s.len != 13) || span_to_u64(s, INT64_MAX, &n))
		return INSTANT_INVALID;
	*ret_at = (int64_t)n * (s.len == 10 ? MS_SECOND : 1);
	return 0;
}

int instant_parse(struct span s, int64_t *ret_at)
{
	struct civil c = {0};
	int64_t offset_ms = 0;

	if (s.len < 10)
		return INSTANT_INVALID;
	if (s.ptr[4] != '-')
		return parse_count(s, ret_at);
	if (!take_date(&s, &c) || !take_time(&s, &c) || !take_zone(&s, &offset_ms) || s.len)
		return INSTANT_INVALID;
	*ret_at = civil_to_instant(&c) - offset_ms;
	return 0;
}

static char *put_number(char *out, int width, int32_t n)
{
	for (int i = width - 1; i >= 0; i--, n /= 10)
		out[i] = (char)('0' + n % 10);
	return out + width;
}

void instant_format(int64_t at, char out[INSTANT_SIZE])
{
	const int64_t first = -62167219200000, last = 253402300799999; /* years 0000 to 9999 */
	struct civil c;

	civil_from_instant(int64_max(first, int64_min(at, last)), &c);
	out = put_number(out, 4, c.year);
	*out++ = '-';
	out = put_number(out, 2, c.month);
	*out++ = '-';
	out = put_number(out, 2, c.day);
	*out++ = 'T';
	out = put_number(out, 2, c.hour);
	*out++ = ':';
	out = put_number(out, 2, c.minute);
	*out++ = ':';
	out = put_number(out, 2, c.second);
	*out++ = '.';
	out = put_number(out, 3, c.ms);
	*out++ = 'Z';
	*out = '\0';
}

void buf_add_instant(struct buf *b, int64_t at)
{
	char *room = buf_reserve(b, INSTANT_SIZE);

	if (!room)
		return;
	instant_format(at, room);
	buf_commit(b, INSTANT_SIZE - 1);
}
