/* SPDX-License-Identifier: MIT */
/*
 * The cases that people argue about, and hostile files; zone_model.py compares all zones of the
 * machine with another implementation.
 */
#include "base/zone.h"

#include "chance.h"
#include "check.h"
#include "scarce_memory.h"
#include "zone_file.h"

static int64_t instant(const char *text)
{
	int64_t at = 0;

	CHECK_INT(instant_parse(span_str(text), &at), 0);
	return at;
}

static int64_t local(const struct zone *z, const char *text)
{
	struct civil c;

	civil_from_instant(instant(text), &c);
	return zone_instant(z, &c);
}

/* Instants of local times, checked with two other implementations. */
static void test_local_times(void)
{
	static const struct {
		const char *zone, *local, *utc;
	} rows[] = {
		{"Europe/Berlin", "2025-03-30T02:30", "2025-03-30T01:30:00Z"}, /* gap */
		{"Europe/Berlin", "2025-03-30T01:59:59.999", "2025-03-30T00:59:59.999Z"},
		{"Europe/Berlin", "2025-03-30T03:00", "2025-03-30T01:00:00Z"},
		{"Europe/Berlin", "2025-10-26T02:30", "2025-10-26T00:30:00Z"}, /* twice */
		{"Europe/Berlin", "2025-10-26T03:00", "2025-10-26T02:00:00Z"},
		{"America/New_York", "2025-03-09T02:30", "2025-03-09T07:30:00Z"}, /* gap */
		{"America/New_York", "2025-11-02T01:30", "2025-11-02T05:30:00Z"}, /* twice */
		{"Australia/Lord_Howe", "2025-10-05T02:15", "2025-10-04T15:45:00Z"},
		{"America/Sao_Paulo", "2018-11-04T00:00", "2018-11-04T03:00:00Z"},
		{"Asia/Kolkata", "2025-06-01T09:00", "2025-06-01T03:30:00Z"},
		/* by the footer */
		{"Europe/Berlin", "2125-03-25T02:30", "2125-03-25T01:30:00Z"},
		{"Europe/Berlin", "2125-10-28T02:30", "2125-10-28T00:30:00Z"},
		{"Asia/Kolkata", "2125-06-01T09:00", "2125-06-01T03:30:00Z"},
		/* before the first change: local mean time, +0:53:28 */
		{"Europe/Berlin", "1850-01-01T12:00", "1850-01-01T11:06:32Z"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(zone_freep) struct zone *z = zone_file_parse(rows[i].zone);

		if (!z)
			SKIP("no time zones on this machine");
		CHECK_INT(local(z, rows[i].local), instant(rows[i].utc));
	}
}

/* The second occurrence of a local time exists as an instant and is shown as the same time. */
static void test_second_occurrence(void)
{
	_cleanup_(zone_freep) struct zone *z = zone_file_parse("Europe/Berlin");
	struct civil c;

	if (!z)
		SKIP("no time zones on this machine");
	zone_civil(z, instant("2025-10-26T01:30:00.250Z"), &c);
	CHECK_INT(c.year, 2025);
	CHECK_INT(c.month, 10);
	CHECK_INT(c.day, 26);
	CHECK_INT(c.hour, 2);
	CHECK_INT(c.minute, 30);
	CHECK_INT(c.second, 0);
	CHECK_INT(c.ms, 250);
	CHECK_INT(zone_offset(z, instant("2025-10-26T00:59:59.999Z")), 7200);
	CHECK_INT(zone_offset(z, instant("2025-10-26T01:00:00Z")), 3600);
}

/* A night from 21:00 to 8:00 is 11 hours, but 10 in spring and 12 in autumn. */
static void test_nights(void)
{
	_cleanup_(zone_freep) struct zone *z = zone_file_parse("America/New_York");

	if (!z)
		SKIP("no time zones on this machine");
	CHECK_INT(local(z, "2025-06-02T08:00") - local(z, "2025-06-01T21:00"), 11 * MS_HOUR);
	CHECK_INT(local(z, "2025-03-09T08:00") - local(z, "2025-03-08T21:00"), 10 * MS_HOUR);
	CHECK_INT(local(z, "2025-11-02T08:00") - local(z, "2025-11-01T21:00"), 12 * MS_HOUR);
}

static void test_day_end(void)
{
	static const struct {
		const char *zone, *at, *end;
	} rows[] = {
		{"Asia/Kolkata", "2025-06-01T18:29:59.999Z", "2025-06-01T18:30:00Z"},
		{"Asia/Kolkata", "2025-06-01T18:30:00Z", "2025-06-02T18:30:00Z"},
		{"Europe/Berlin", "2025-03-29T23:00:00Z", "2025-03-30T22:00:00Z"}, /* 23 h */
		{"Europe/Berlin", "2025-10-25T22:00:00Z", "2025-10-26T23:00:00Z"}, /* 25 h */
		/* no midnight: the day begins at 1:00 */
		{"America/Sao_Paulo", "2018-11-04T02:59:59Z", "2018-11-04T03:00:00Z"},
		/* from 23:30 to 0:30 */
		{"America/Toronto", "1919-03-31T04:00:00Z", "1919-03-31T04:30:00Z"},
		{"America/Toronto", "1919-03-31T04:30:00Z", "1919-04-01T04:00:00Z"},
		/* at midnight back to 23:00 */
		{"America/Sao_Paulo", "2018-02-18T01:30:00Z", "2018-02-18T03:00:00Z"},
		{"America/Sao_Paulo", "2018-02-18T02:30:00Z", "2018-02-18T03:00:00Z"},
		/* at 0:01 back to 23:01: two midnights */
		{"America/St_Johns", "2006-10-29T02:00:00Z", "2006-10-29T02:30:00Z"},
		{"America/St_Johns", "2006-10-29T02:30:30Z", "2006-10-30T03:30:00Z"},
		{"America/St_Johns", "2006-10-29T02:31:00Z", "2006-10-29T03:30:00Z"},
		/* 30 December 2011 did not exist */
		{"Pacific/Apia", "2011-12-30T09:00:00Z", "2011-12-30T10:00:00Z"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(zone_freep) struct zone *z = zone_file_parse(rows[i].zone);

		if (!z)
			SKIP("no time zones on this machine");
		CHECK_INT(zone_day_end(z, instant(rows[i].at)), instant(rows[i].end));
	}
}

static void check_utc(const struct zone *z)
{
	struct civil c;

	CHECK_INT(zone_offset(z, 0), 0);
	CHECK_INT(zone_offset(z, TIME_NEVER), 0);
	CHECK_INT(zone_offset(z, INT64_MIN), 0);
	CHECK_INT(local(z, "2026-11-21T18:58:53.120"), 1795287533120);
	zone_civil(z, -1, &c);
	CHECK_INT(c.ms, 999);
	CHECK_INT(zone_day_end(z, -1), 0);
	CHECK_INT(zone_day_end(z, 0), MS_DAY);
}

static void test_utc(void)
{
	_cleanup_(zone_freep) struct zone *z = NULL;

	REQUIRE(zone_utc(&z) == 0);
	check_utc(z);
	scarce_memory(0);
	CHECK_INT(zone_utc(&z), -ENOMEM);
	scarce_memory(-1);
	CHECK(zone_free(NULL) == NULL);
}

/* A TZif file in pieces, so that a test can spoil one. */
struct recipe {
	char version; /* 0, '2', … */
	uint32_t n_leaps;
	size_t n_times;
	const int64_t *times;
	const char *indexes; /* one per time */
	size_t n_types;
	const int32_t *offsets;
	const char *footer; /* with its newlines */
};

static void add_be(struct buf *b, uint64_t n, int width)
{
	while (width--)
		buf_add_char(b, (char)(n >> (8 * width)));
}

static void add_block(struct buf *b, const struct recipe *r, int width)
{
	buf_add_str(b, "TZif");
	buf_add_char(b, r->version);
	for (int i = 0; i < 15; i++)
		buf_add_char(b, 0);
	add_be(b, 0, 4);
	add_be(b, 0, 4);
	add_be(b, r->n_leaps, 4);
	add_be(b, r->n_times, 4);
	add_be(b, r->n_types, 4);
	add_be(b, 4, 4);
	for (size_t i = 0; i < r->n_times; i++)
		add_be(b, (uint64_t)r->times[i], width);
	buf_add(b, r->indexes, r->n_times);
	for (size_t i = 0; i < r->n_types; i++) {
		add_be(b, (uint32_t)r->offsets[i], 4);
		buf_add(b, "\0\0", 2);
	}
	buf_add(b, "LMT", 4);
	for (uint32_t i = 0; i < r->n_leaps; i++) {
		add_be(b, i, width);
		add_be(b, 1, 4);
	}
}

static void bake(struct buf *b, const struct recipe *r)
{
	buf_reset(b);
	add_block(b, r, 4);
	if (!r->version)
		return;
	add_block(b, r, 8);
	buf_add_str(b, r->footer);
}

static const int64_t plain_times[] = {-1000, 0, 1000};
static const int32_t plain_offsets[] = {0, 3600, 7200};
static const struct recipe plain = {
	.version = '2',
	.n_times = 3,
	.times = plain_times,
	.indexes = "\1\2\1",
	.n_types = 3,
	.offsets = plain_offsets,
	.footer = "\nAAA-1\n",
};

static int parse_recipe(const struct recipe *r)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	_cleanup_(zone_freep) struct zone *z = NULL;

	bake(&b, r);
	return zone_parse(buf_span(&b), &z);
}

static void test_versions(void)
{
	static const struct {
		char version;
		int want;
	} rows[] = {
		{'\0', 0},
		{'1', ZONE_INVALID},
		{'2', 0},
		{'3', 0},
		{'4', 0},
		{'5', ZONE_INVALID},
		{'\x82', ZONE_INVALID},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(buf_release) struct buf b = BUF_INIT;
		_cleanup_(zone_freep) struct zone *z = NULL;
		struct recipe r = plain;

		r.version = rows[i].version;
		bake(&b, &r);
		CHECK_INT(zone_parse(buf_span(&b), &z), rows[i].want);
		if (!z)
			continue;
		CHECK_INT(zone_offset(z, -1000001), 0);
		CHECK_INT(zone_offset(z, -1000000), 3600);
		CHECK_INT(zone_offset(z, -1), 3600);
		CHECK_INT(zone_offset(z, 0), 7200);
		CHECK_INT(zone_offset(z, 1000000), 3600);
		CHECK_INT(zone_offset(z, TIME_NEVER), 3600);
	}
}

static void test_no_changes(void)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	_cleanup_(zone_freep) struct zone *z = NULL;
	struct recipe r = plain;

	r.n_times = 0;
	r.footer = "\n\n";
	bake(&b, &r);
	REQUIRE(zone_parse(buf_span(&b), &z) == 0);
	check_utc(z);
}

static void test_every_truncation(void)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;

	bake(&b, &plain);
	for (size_t len = 0; len < b.len; len++) {
		_cleanup_free_ char *copy = malloc(len + 1);
		struct zone *z = NULL;

		REQUIRE(copy);
		memcpy(copy + 1, b.ptr, len);
		CHECK_INT(zone_parse(span_of(copy + 1, len), &z), ZONE_INVALID);
		CHECK(!z);
	}
	buf_add_char(&b, '\n');
	CHECK_INT(zone_parse(buf_span(&b), &(struct zone *){NULL}), ZONE_INVALID);
}

static void test_invalid_parts(void)
{
	static const int64_t equal_times[] = {0, 0}, falling_times[] = {1, 0};
	static const int64_t early_times[] = {-(INT64_C(1) << 59), 0};
	static const int64_t too_early_times[] = {-(INT64_C(1) << 59) - 1, 0};
	static const int64_t too_late_times[] = {0, INT64_MAX};
	static const int32_t east[] = {93599, 0, 0}, too_east[] = {93600, 0, 0};
	static const int32_t west[] = {-89999, 0, 0}, too_west[] = {-90000, 0, 0};
	struct recipe r = plain;

	CHECK_INT(parse_recipe(&r), 0);
	r.indexes = "\1\3\1"; /* there is no type 3 */
	CHECK_INT(parse_recipe(&r), ZONE_INVALID);
	r = plain;
	r.n_leaps = 1;
	CHECK_INT(parse_recipe(&r), ZONE_INVALID);
	r = plain;
	r.n_times = 0;
	r.n_types = 0;
	CHECK_INT(parse_recipe(&r), ZONE_INVALID);
	r = plain;
	r.n_times = 2;
	r.times = equal_times;
	CHECK_INT(parse_recipe(&r), ZONE_INVALID);
	r.times = falling_times;
	CHECK_INT(parse_recipe(&r), ZONE_INVALID);
	r.times = early_times;
	CHECK_INT(parse_recipe(&r), 0);
	r.times = too_early_times;
	CHECK_INT(parse_recipe(&r), ZONE_INVALID);
	r.times = too_late_times;
	CHECK_INT(parse_recipe(&r), ZONE_INVALID);
	r = plain;
	r.offsets = east;
	CHECK_INT(parse_recipe(&r), 0);
	r.offsets = too_east;
	CHECK_INT(parse_recipe(&r), ZONE_INVALID);
	r.offsets = west;
	CHECK_INT(parse_recipe(&r), 0);
	r.offsets = too_west;
	CHECK_INT(parse_recipe(&r), ZONE_INVALID);
}

/* Counts whose products would wrap around must not be believed. */
static void test_huge_counts(void)
{
	for (size_t field = 20; field < 44; field += 4) {
		_cleanup_(buf_release) struct buf b = BUF_INIT;
		struct zone *z = NULL;

		bake(&b, &plain);
		memset(b.ptr + field, 0xff, 4);
		CHECK_INT(zone_parse(buf_span(&b), &z), ZONE_INVALID);
		bake(&b, &plain);
		memcpy(b.ptr + field, "\x20\0\0\0", 4);
		CHECK_INT(zone_parse(buf_span(&b), &z), ZONE_INVALID);
	}
}

static void test_footers(void)
{
	static const struct {
		const char *footer;
		int want;
	} rows[] = {
		{"\nCET-1CEST,M3.5.0,M10.5.0/3\n", 0},
		{"\n<+0330>-3:30\n", 0},
		{"\n<-03>3<-02>,M3.5.0/-2,M10.5.0/-1\n", 0},
		{"\nAAA-1BBB-2:30:15,J1/0,J365/23:59:59\n", 0},
		{"\nAAA-1BBB,0,365/167\n", 0},
		{"\nAAA-1BBB,0/-167,365\n", 0},
		{"\nAAA+24:59:59\n", 0},
		{"\n\n", 0},
		{"\n", ZONE_INVALID},
		{"AAA-1\n", ZONE_INVALID},
		{"\nAAA-1", ZONE_INVALID},
		{"\nAA-1\n", ZONE_INVALID},
		{"\nAAA\n", ZONE_INVALID},
		{"\nAAA1x\n", ZONE_INVALID},
		{"\n<AAA-1\n", ZONE_INVALID},
		{"\n<A>-1\n", ZONE_INVALID},
		{"\nA1A-1\n", ZONE_INVALID},
		{"\nAAA25\n", ZONE_INVALID},
		{"\nAAA1:60\n", ZONE_INVALID},
		{"\nAAA1:00:60\n", ZONE_INVALID},
		{"\nAAA1:\n", ZONE_INVALID},
		{"\nAAA-1BBB\n", ZONE_INVALID}, /* when would it be summer? */
		{"\nAAA-1BBB,M3.5.0\n", ZONE_INVALID},
		{"\nAAA-1BBB,M3.5.0,\n", ZONE_INVALID},
		{"\nAAA-1BBB,M0.5.0,M10.5.0\n", ZONE_INVALID},
		{"\nAAA-1BBB,M13.5.0,M10.5.0\n", ZONE_INVALID},
		{"\nAAA-1BBB,M3.0.0,M10.5.0\n", ZONE_INVALID},
		{"\nAAA-1BBB,M3.6.0,M10.5.0\n", ZONE_INVALID},
		{"\nAAA-1BBB,M3.5.7,M10.5.0\n", ZONE_INVALID},
		{"\nAAA-1BBB,M3.5,M10.5.0\n", ZONE_INVALID},
		{"\nAAA-1BBB,J0,J365\n", ZONE_INVALID},
		{"\nAAA-1BBB,J1,J366\n", ZONE_INVALID},
		{"\nAAA-1BBB,0,366\n", ZONE_INVALID},
		{"\nAAA-1BBB,0,365/168\n", ZONE_INVALID},
		{"\nAAA-1BBB,0,365/2/2\n", ZONE_INVALID},
		{"\nAAA-1BBB,0,365,\n", ZONE_INVALID},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct recipe r = plain;
		int got;

		r.footer = rows[i].footer;
		got = parse_recipe(&r);
		if (got != rows[i].want)
			fprintf(stderr, "# %s", rows[i].footer);
		CHECK_INT(got, rows[i].want);
	}
}

/* Day forms that no zone of today uses, by hand; 2023 is a common year, 2024 a leap year. */
static void test_footer_days(void)
{
	static const struct {
		const char *footer, *last_standard, *first_summer;
	} rows[] = {
		{"\nAAA0BBB,J60/0,J300\n", "2023-02-28T23:59:59Z", "2023-03-01T00:00:00Z"},
		{"\nAAA0BBB,J60/0,J300\n", "2024-02-29T23:59:59Z", "2024-03-01T00:00:00Z"},
		{"\nAAA0BBB,J59/0,J300\n", "2024-02-27T23:59:59Z", "2024-02-28T00:00:00Z"},
		{"\nAAA0BBB,59/0,300\n", "2023-02-28T23:59:59Z", "2023-03-01T00:00:00Z"},
		{"\nAAA0BBB,59/0,300\n", "2024-02-28T23:59:59Z", "2024-02-29T00:00:00Z"},
		{"\nAAA0BBB,M3.1.3/-25,M10.1.0\n", "2023-02-27T22:59:59Z", "2023-02-27T23:00:00Z"},
		{"\nAAA0BBB,M3.1.3/+25,M10.1.0\n", "2023-03-02T00:59:59Z", "2023-03-02T01:00:00Z"},
		{"\nAAA0BBB,M2.5.4/0,M10.1.0\n", "2024-02-28T23:59:59Z", "2024-02-29T00:00:00Z"},
		/* south of the equator, over the year's end */
		{"\nAAA0BBB,M10.1.0/0,M3.1.0/0\n", "2023-09-30T23:59:59Z", "2023-10-01T00:00:00Z"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(buf_release) struct buf b = BUF_INIT;
		_cleanup_(zone_freep) struct zone *z = NULL;
		struct recipe r = plain;

		r.n_times = 0;
		r.footer = rows[i].footer;
		bake(&b, &r);
		REQUIRE(zone_parse(buf_span(&b), &z) == 0);
		CHECK_INT(zone_offset(z, instant(rows[i].last_standard)), 0);
		CHECK_INT(zone_offset(z, instant(rows[i].first_summer)), 3600);
	}
}

/* RFC 8536 section 3.3.1 gives this way to write summer time all year round. */
static void test_summer_all_year(void)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	_cleanup_(zone_freep) struct zone *z = NULL;
	struct recipe r = plain;

	r.n_times = 0;
	r.footer = "\nEST5EDT,0/0,J365/25\n";
	bake(&b, &r);
	REQUIRE(zone_parse(buf_span(&b), &z) == 0);
	for (int32_t year = 2020; year < 2030; year++)
		for (int64_t hour = -30; hour < 30; hour++)
			CHECK_INT(
				zone_offset(z, civil_to_days(year, 1, 1) * MS_DAY + hour * MS_HOUR),
				-4 * 3600);
	CHECK_INT(local(z, "2026-01-01T00:00"), instant("2026-01-01T04:00Z"));
}

/* Nothing overflows at the ends of time. */
static void test_far_ends(void)
{
	static const char *const footers[] = {"\nAAA-1BBB,M3.5.0,M10.5.0/3\n", "\nAAA11\n"};
	static const int64_t ends[] = {INT64_MIN, INT64_MIN + 1, INT64_MAX - 1, INT64_MAX};

	for (size_t i = 0; i < ARRAY_SIZE(footers); i++) {
		_cleanup_(buf_release) struct buf b = BUF_INIT;
		_cleanup_(zone_freep) struct zone *z = NULL;
		struct recipe r = plain;

		r.n_times = 0;
		r.footer = footers[i];
		bake(&b, &r);
		REQUIRE(zone_parse(buf_span(&b), &z) == 0);
		for (size_t k = 0; k < ARRAY_SIZE(ends); k++) {
			struct civil c;

			zone_civil(z, ends[k], &c);
			CHECK((c.year > 0) == (ends[k] > 0));
			CHECK((zone_instant(z, &c) > 0) == (ends[k] > 0));
			CHECK((zone_day_end(z, ends[k]) > 0) == (ends[k] > 0));
		}
	}
}

/* Whatever a broken file holds, it is refused or gives offsets within a day. */
static void test_broken_files(void)
{
	struct chance chance = chance_new();
	_cleanup_(buf_release) struct buf b = BUF_INIT;

	for (size_t i = 0; i < 20000; i++) {
		_cleanup_(zone_freep) struct zone *z = NULL;
		struct recipe r = plain;

		r.footer = "\nCET-1CEST,M3.5.0,M10.5.0/3\n";
		bake(&b, &r);
		for (size_t n = 1 + chance_below(&chance, 3); n; n--)
			b.ptr[chance_below(&chance, b.len)] = (char)chance_u64(&chance);
		if (zone_parse(buf_span(&b), &z))
			continue;
		for (size_t n = 0; n < 4; n++) {
			int64_t at = (int64_t)chance_u64(&chance) >> chance_below(&chance, 64);
			int32_t offset = zone_offset(z, at);

			CHECK(offset > -26 * 3600 && offset < 27 * 3600);
			(void)zone_day_end(z, at);
		}
	}
}

static void test_no_memory(void)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	struct zone *z = NULL;

	bake(&b, &plain);
	scarce_memory(0);
	CHECK_INT(zone_parse(buf_span(&b), &z), -ENOMEM);
	scarce_memory(-1);
	CHECK(!z);
}

static const struct check_case cases[] = {
	{"local times with gaps and overlaps", test_local_times},
	{"the second occurrence of a local time", test_second_occurrence},
	{"nights of 10, 11 and 12 hours", test_nights},
	{"the end of a local day", test_day_end},
	{"UTC", test_utc},
	{"versions 1 to 4", test_versions},
	{"a file without changes", test_no_changes},
	{"a file cut anywhere is refused", test_every_truncation},
	{"invalid parts are refused", test_invalid_parts},
	{"huge counts are refused", test_huge_counts},
	{"footers", test_footers},
	{"days in footers", test_footer_days},
	{"summer time all year", test_summer_all_year},
	{"the ends of time do not overflow", test_far_ends},
	{"broken files do no harm", test_broken_files},
	{"without memory a file is not read", test_no_memory},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
