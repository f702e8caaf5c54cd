/* SPDX-License-Identifier: MIT */
/*
 * What is easily said in a table; instant_model.py compares with another calendar at random.
 */
#include "base/instant.h"

#include "check.h"
#include "scarce_memory.h"

static void test_parse(void)
{
	/* Second column: `date -u +%s -d …`, times 1000; NULL-like -1 rows are invalid. */
	static const struct {
		const char *text;
		int want;
		int64_t at;
	} rows[] = {
		{"1970-01-01", 0, 0},
		{"1970-01-01T00:00:00Z", 0, 0},
		{"2026-11-21T18:58:53.120Z", 0, 1795287533120},
		{"2026-11-21 18:58:53.120", 0, 1795287533120},
		{"2026-11-21T18:58:53.12Z", 0, 1795287533120},
		{"2026-11-21T18:58:53.1209999999999999Z", 0, 1795287533120},
		{"2026-11-21T18:58:53Z", 0, 1795287533000},
		{"2026-11-21T18:58Z", 0, 1795287480000},
		{"2026-11-21T20:58:53.120+02:00", 0, 1795287533120},
		{"2026-11-21T20:58:53.120+0200", 0, 1795287533120},
		{"2026-11-21T13:13:53.120-05:45", 0, 1795287533120},
		{"2026-11-21T18:58:53.120-00:00", 0, 1795287533120},
		{"2026-11-21", 0, 1795219200000},
		{"2026-11-21Z", 0, 1795219200000},
		{"2026-11-21+01:00", 0, 1795215600000},
		{"1969-12-31T23:59:59.999Z", 0, -1},
		{"0000-01-01T00:00:00Z", 0, -62167219200000},
		{"9999-12-31T23:59:59.999Z", 0, 253402300799999},
		{"9999-12-31T23:59:59.999-23:59", 0, 253402387139999},
		/* leap days and seconds */
		{"2024-02-29", 0, 1709164800000},
		{"2000-02-29", 0, 951782400000},
		{"2023-02-29", INSTANT_INVALID, 0},
		{"1900-02-29", INSTANT_INVALID, 0},
		{"2016-12-31T23:59:60Z", 0, 1483228799999},
		{"2016-12-31T23:59:60.5Z", 0, 1483228799999},
		{"2016-12-31T23:59:61Z", INSTANT_INVALID, 0},
		/* counts */
		{"1700000000", 0, 1700000000000},
		{"1700000000123", 0, 1700000000123},
		{"0000000000", 0, 0},
		{"9999999999999", 0, 9999999999999},
		{"170000000", INSTANT_INVALID, 0},
		{"17000000001", INSTANT_INVALID, 0},
		{"170000000012", INSTANT_INVALID, 0},
		{"17000000001234", INSTANT_INVALID, 0},
		{"-700000000", INSTANT_INVALID, 0},
		{"170000000.", INSTANT_INVALID, 0},
		/* each field one past its limit */
		{"2026-00-21", INSTANT_INVALID, 0},
		{"2026-13-21", INSTANT_INVALID, 0},
		{"2026-11-00", INSTANT_INVALID, 0},
		{"2026-11-31", INSTANT_INVALID, 0},
		{"2026-12-31", 0, 1798675200000},
		{"2026-12-32", INSTANT_INVALID, 0},
		{"2026-11-21T23:59", 0, 1795305540000},
		{"2026-11-21T24:00", INSTANT_INVALID, 0},
		{"2026-11-21T23:60", INSTANT_INVALID, 0},
		{"2026-11-21T00:00+23:59", 0, 1795132860000},
		{"2026-11-21T00:00+24:00", INSTANT_INVALID, 0},
		{"2026-11-21T00:00+00:60", INSTANT_INVALID, 0},
		/* forms */
		{"", INSTANT_INVALID, 0},
		{"2026-11-2", INSTANT_INVALID, 0},
		{"2026-11-211", INSTANT_INVALID, 0},
		{"2026-1-021", INSTANT_INVALID, 0},
		{"20261-1-21", INSTANT_INVALID, 0},
		{"2026/11/21", INSTANT_INVALID, 0},
		{"2026-11-21T", INSTANT_INVALID, 0},
		{"2026-11-21T18", INSTANT_INVALID, 0},
		{"2026-11-21T18:", INSTANT_INVALID, 0},
		{"2026-11-21T18:58:", INSTANT_INVALID, 0},
		{"2026-11-21T18:58:53.", INSTANT_INVALID, 0},
		{"2026-11-21T18:58:53.Z", INSTANT_INVALID, 0},
		{"2026-11-21T18:58.5Z", INSTANT_INVALID, 0},
		{"2026-11-21T18:58:53,1Z", INSTANT_INVALID, 0},
		{"2026-11-21T18:58:53Z ", INSTANT_INVALID, 0},
		{"2026-11-21T18:58:53ZZ", INSTANT_INVALID, 0},
		{"2026-11-21T18:58:53 Z", INSTANT_INVALID, 0},
		{"2026-11-21T18:58:53+1", INSTANT_INVALID, 0},
		{"2026-11-21T18:58:53+01", INSTANT_INVALID, 0},
		{"2026-11-21T18:58:53+01:", INSTANT_INVALID, 0},
		{"2026-11-21T18:58:53+01:0", INSTANT_INVALID, 0},
		{"2026-11-21T18:58:53+01:000", INSTANT_INVALID, 0},
		{"2026-11-21t18:58:53Z", INSTANT_INVALID, 0},
		{"2026-11-21T18:58:53z", INSTANT_INVALID, 0},
		{" 2026-11-21", INSTANT_INVALID, 0},
		{"+2026-11-21", INSTANT_INVALID, 0},
		{"2026-11-\xb2\xb1", INSTANT_INVALID, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int64_t at = 4711;
		int r = instant_parse(span_str(rows[i].text), &at);

		if (r != rows[i].want || at != (r ? 4711 : rows[i].at))
			fprintf(stderr, "# %s\n", rows[i].text);
		CHECK_INT(r, rows[i].want);
		CHECK_INT(at, r ? 4711 : rows[i].at);
	}
}

/* No byte behind the span may be looked at: every prefix lies at the end of its memory. */
static void test_prefixes(void)
{
	static const char text[] = "2026-11-21T18:58:53.120+01:00";

	for (size_t len = 0; len < sizeof(text); len++) {
		_cleanup_free_ char *copy = malloc(len + 1);
		int64_t at;

		REQUIRE(copy);
		memcpy(copy + 1, text, len);
		(void)instant_parse(span_of(copy + 1, len), &at);
	}
}

static void test_format(void)
{
	static const struct {
		int64_t at;
		const char *want;
	} rows[] = {
		{0, "1970-01-01T00:00:00.000Z"},
		{-1, "1969-12-31T23:59:59.999Z"},
		{1795287533120, "2026-11-21T18:58:53.120Z"},
		{951782400000, "2000-02-29T00:00:00.000Z"},
		{-62167219200000, "0000-01-01T00:00:00.000Z"},
		{-62167219200001, "0000-01-01T00:00:00.000Z"},
		{INT64_MIN, "0000-01-01T00:00:00.000Z"},
		{253402300799999, "9999-12-31T23:59:59.999Z"},
		{253402300800000, "9999-12-31T23:59:59.999Z"},
		{TIME_NEVER, "9999-12-31T23:59:59.999Z"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(buf_release) struct buf b = BUF_INIT;
		char out[INSTANT_SIZE];

		instant_format(rows[i].at, out);
		CHECK_STR(span_str(out), rows[i].want);
		buf_add_char(&b, '"');
		buf_add_instant(&b, rows[i].at);
		CHECK_INT(b.len, 25);
		CHECK_STR(span_of(b.ptr + 1, 24), rows[i].want);
	}
}

static void test_format_without_memory(void)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;

	scarce_memory(0);
	buf_add_instant(&b, 0);
	scarce_memory(-1);
	CHECK_INT(buf_failed(&b), -ENOMEM);
}

static void test_calendar(void)
{
	struct civil c = {.year = 2026, .month = 12, .day = 32, .hour = 25, .minute = -1};

	CHECK_INT(civil_to_days(1970, 1, 1), 0);
	CHECK_INT(civil_to_days(2000, 3, 1), 11017);
	CHECK_INT(civil_to_days(2026, 2, 31), civil_to_days(2026, 3, 3));
	CHECK_INT(civil_to_days(2026, 3, 0), civil_to_days(2026, 2, 28));
	CHECK_INT(civil_weekday(0), 4);				  /* a Thursday */
	CHECK_INT(civil_weekday(civil_to_days(2026, 11, 22)), 7); /* a Sunday */
	CHECK_INT(civil_weekday(-4), 7);
	CHECK_INT(civil_weekday(-3), 1);
	CHECK_INT(civil_days_in_month(2024, 2), 29);
	CHECK_INT(civil_days_in_month(1900, 2), 28);
	CHECK_INT(civil_days_in_month(2000, 2), 29);
	CHECK_INT(civil_days_in_month(2026, 4), 30);
	/* 2027-01-02T00:59 */
	CHECK_INT(civil_to_instant(&c), 1798851540000);
}

static void test_far_ends(void)
{
	struct civil c = {.year = INT32_MAX, .month = 12, .day = 31};

	CHECK_INT(civil_to_instant(&c), TIME_NEVER);
	c.year = INT32_MIN;
	CHECK_INT(civil_to_instant(&c), INT64_MIN);
	civil_from_instant(INT64_MAX, &c);
	CHECK_INT(civil_to_instant(&c), INT64_MAX);
	civil_from_instant(INT64_MIN + MS_DAY, &c);
	CHECK_INT(civil_to_instant(&c), INT64_MIN + MS_DAY);
	civil_from_instant(INT64_MIN, &c);
	CHECK_INT(c.year, -292275055);
}

static void test_duration_parse(void)
{
	static const struct {
		const char *text;
		int want;
		int64_t ms;
	} rows[] = {
		{"0", 0, 0},
		{"0s", 0, 0},
		{"5ms", 0, 5},
		{"1s", 0, 1000},
		{"4h", 0, 14400000},
		{"90m", 0, 5400000},
		{"1h30m", 0, 5400000},
		{"01h030m", 0, 5400000},
		{"1w1d1h1m1s1ms", 0, 694861001},
		{"1s1ms", 0, 1001},
		{"3653d", 0, INT64_C(3653) * 86400000},
		{"315619200s", 0, INT64_C(3653) * 86400000},
		{"315619200000ms", 0, INT64_C(3653) * 86400000},
		{"315619200001ms", INSTANT_INVALID, 0},
		{"3653d1ms", INSTANT_INVALID, 0},
		{"3654d", INSTANT_INVALID, 0},
		{"521w", 0, INT64_C(3647) * 86400000},
		{"522w", INSTANT_INVALID, 0},
		{"99999999999999999999d", INSTANT_INVALID, 0},
		{"", INSTANT_INVALID, 0},
		{"1", INSTANT_INVALID, 0},
		{"00", INSTANT_INVALID, 0},
		{"h", INSTANT_INVALID, 0},
		{"1h30", INSTANT_INVALID, 0},
		{"30m1h", INSTANT_INVALID, 0},
		{"1h1h", INSTANT_INVALID, 0},
		{"1ms1s", INSTANT_INVALID, 0},
		{"-1h", INSTANT_INVALID, 0},
		{"+1h", INSTANT_INVALID, 0},
		{"1 h", INSTANT_INVALID, 0},
		{"1h 30m", INSTANT_INVALID, 0},
		{" 1h", INSTANT_INVALID, 0},
		{"1.5h", INSTANT_INVALID, 0},
		{"1H", INSTANT_INVALID, 0},
		{"1hm", INSTANT_INVALID, 0},
		{"1y", INSTANT_INVALID, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int64_t ms = 4711;
		int r = duration_parse(span_str(rows[i].text), &ms);

		if (r != rows[i].want)
			fprintf(stderr, "# %s\n", rows[i].text);
		CHECK_INT(r, rows[i].want);
		CHECK_INT(ms, r ? 4711 : rows[i].ms);
	}
	CHECK_INT(duration_parse(SPAN_EMPTY, &(int64_t){0}), INSTANT_INVALID);
}

static void test_duration_format(void)
{
	static const struct {
		int64_t ms;
		const char *want;
	} rows[] = {
		{0, "0s"},
		{1, "1ms"},
		{1000, "1s"},
		{1500, "1500ms"},
		{60000, "1m"},
		{5400000, "90m"},
		{7200000, "2h"},
		{86400000, "1d"},
		{172800000, "2d"},
		{604800000, "1w"},
		{INT64_C(14) * 86400000, "2w"},
		{INT64_C(10) * 86400000, "10d"},
		{INT64_C(30) * 86400000, "30d"},
		{INT64_C(3653) * 86400000, "3653d"},
		{INT64_C(30) * 86400000 + 1000, "30d1s"},
		{INT64_C(360000000), "4d4h"}, /* not 100h: as short, but smaller units */
		{86400001, "1d1ms"},
		{-5400000, "-90m"},
		/* 10675199 weeks would leave a rest in each unit */
		{INT64_MAX, "9223372036854775807ms"},
		{INT64_MIN, "-9223372036854775808ms"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char out[DURATION_SIZE];
		int64_t ms = -1;

		duration_format(rows[i].ms, out);
		CHECK_STR(span_str(out), rows[i].want);
		if (rows[i].ms >= 0 && rows[i].ms <= DURATION_MAX_MS) {
			CHECK_INT(duration_parse(span_str(out), &ms), 0);
			CHECK_INT(ms, rows[i].ms);
		}
	}
}

static const struct check_case cases[] = {
	{"instants are read", test_parse},
	{"no byte is read behind the text", test_prefixes},
	{"instants are written", test_format},
	{"writing fails with the buffer", test_format_without_memory},
	{"the calendar", test_calendar},
	{"the ends of time do not overflow", test_far_ends},
	{"durations are read", test_duration_parse},
	{"durations are written", test_duration_format},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
