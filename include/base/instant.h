/* SPDX-License-Identifier: MIT */
/*
 * Instants and durations as text, and the civil calendar, without libc's zone-dependent calls.
 * The calendar arithmetic is the proleptic Gregorian one ("days from civil", Howard Hinnant's
 * chrono-compatible low-level date algorithms); instants are RFC 3339 as restricted below.
 */
#pragma once

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

struct civil {
	int32_t year; /* astronomical: 0 is 1 BC */
	int32_t month, day;
	int32_t hour, minute, second, ms;
};

enum { INSTANT_INVALID = 1 };

/* Days since 1970-01-01; month 1..12, day may lie outside the month (then it carries over). */
int64_t civil_to_days(int32_t year, int32_t month, int32_t day);
/* Civil fields taken as UTC; each but the month may lie outside its range and carries over. What
 * does not fit (some 292 million years away) becomes INT64_MIN or TIME_NEVER. */
int64_t civil_to_instant(const struct civil *c);
void civil_from_instant(int64_t at, struct civil *ret_c);
/* 1 Monday … 7 Sunday. */
int civil_weekday(int64_t days);
int civil_days_in_month(int32_t year, int32_t month);

/*
 * Reads an instant: `YYYY-MM-DD`, then optionally `T` or a blank and `hh:mm[:ss[.fraction]]`, then
 * optionally `Z` or `±hh[:]mm`; without a zone it is UTC, without a time 00:00. Years 0000 to 9999,
 * a leap second 60 counts as 59.999 (whatever the hour). Fractions beyond milliseconds are cut.
 * Also accepts a bare run of 10 digits (seconds) or 13 digits (milliseconds). 0 or INSTANT_INVALID.
 */
int instant_parse(struct span s, int64_t *ret_at);
/* `2026-11-21T18:58:53.120Z`, 24 bytes plus NUL; years outside 0000..9999 are clamped. */
#define INSTANT_SIZE 25
void instant_format(int64_t at, char out[INSTANT_SIZE]);
void buf_add_instant(struct buf *b, int64_t at);

/*
 * Reads a duration: one or more of `<digits><unit>` with units w d h m s ms in falling order
 * (`1h30m`), or `0`. Units are exact lengths: a day is 24 hours. At most 10 years (3653 days).
 * 0 or INSTANT_INVALID.
 */
#define DURATION_MAX_MS (3653 * MS_DAY)
int duration_parse(struct span s, int64_t *ret_ms);
/*
 * The shortest such text: `30d`, not `4w2d`, and of equally short ones that with the largest unit:
 * `1w`, not `7d`. `0s` for zero; a negative one has a `-` before it, which is not read back.
 */
#define DURATION_SIZE 48
void duration_format(int64_t ms, char out[DURATION_SIZE]);
