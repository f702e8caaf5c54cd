/* SPDX-License-Identifier: MIT */
/*
 * Business time, holidays and the tables of a policy. Times by hand for a shop in Berlin: UTC+1 in
 * winter, UTC+2 from 2026-03-29; dates of Easter as the almanacs print them.
 */
#include "check.h"

#include "../base/zone_file.h"
#include "core/business.h"

static int64_t at(const char *text)
{
	int64_t instant = 0;

	CHECK(instant_parse(span_str(text), &instant) == 0);
	return instant;
}

static void check_at(int line, int64_t got, const char *want)
{
	char text[INSTANT_SIZE];

	instant_format(got, text);
	check_span(__FILE__, line, "instant", span_str(text), span_str(want));
}
#define CHECK_AT(GOT, WANT) check_at(__LINE__, (GOT), (WANT))

static void berlin(struct policy *p, struct zone **ret_zone)
{
	policy_default(p);
	*ret_zone = zone_file_parse("Europe/Berlin");
	REQUIRE(*ret_zone);
	p->zone = *ret_zone;
}

static void test_open(void)
{
	_cleanup_(zone_freep) struct zone *zone = NULL;
	struct policy p;

	/* 2026-11-23 is a Monday; Monday to Saturday 10 to 18. */
	berlin(&p, &zone);
	CHECK(!business_is_open(&p, at("2026-11-23T08:59:59.999Z")));
	CHECK(business_is_open(&p, at("2026-11-23T09:00:00.000Z")));
	CHECK(business_is_open(&p, at("2026-11-23T16:59:59.999Z")));
	CHECK(!business_is_open(&p, at("2026-11-23T17:00:00.000Z")));
	CHECK(!business_is_open(&p, at("2026-11-22T12:00:00Z")));
	CHECK_AT(business_next(&p, at("2026-11-28T17:00:00Z")), "2026-11-30T09:00:00.000Z");
	CHECK_AT(business_next(&p, at("2026-11-30T10:00:00Z")), "2026-11-30T10:00:00.000Z");
}

static void test_add(void)
{
	static const struct {
		const char *from;
		int64_t span;
		uint32_t days;
		const char *to;
	} cases[] = {
		{"2026-11-27T14:00:00Z", 0, 1, "2026-11-28T14:00:00.000Z"},
		{"2026-11-28T14:00:00.250Z", 0, 1, "2026-11-30T14:00:00.250Z"},
		/* Closed: as if it were Monday 10:00. */
		{"2026-11-29T03:00:00Z", 0, 0, "2026-11-30T09:00:00.000Z"},
		{"2026-11-29T03:00:00Z", 0, 1, "2026-12-01T09:00:00.000Z"},
		{"2026-11-27T14:00:00Z", 0, 6, "2026-12-04T14:00:00.000Z"},
		{"2026-11-23T09:00:00Z", 8 * MS_HOUR, 0, "2026-11-23T17:00:00.000Z"},
		{"2026-11-23T09:00:00Z", 8 * MS_HOUR + 1, 0, "2026-11-24T09:00:00.001Z"},
		{"2026-11-28T16:00:00Z", 2 * MS_HOUR, 0, "2026-11-30T10:00:00.000Z"},
		/* The clock goes forward on Sunday. */
		{"2026-03-28T16:00:00Z", 2 * MS_HOUR, 0, "2026-03-30T09:00:00.000Z"},
		{"2026-03-28T11:00:00Z", 0, 1, "2026-03-30T10:00:00.000Z"},
		/* A day, then two hours. */
		{"2026-11-27T16:00:00Z", 2 * MS_HOUR, 1, "2026-11-30T10:00:00.000Z"},
	};
	_cleanup_(zone_freep) struct zone *zone = NULL;
	struct policy p;

	berlin(&p, &zone);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		CHECK_AT(business_add(&p, at(cases[i].from), cases[i].span, cases[i].days),
			cases[i].to);
}

static void test_uneven_week(void)
{
	_cleanup_(zone_freep) struct zone *zone = NULL;
	struct policy p;

	berlin(&p, &zone);
	for (size_t day = 0; day < 5; day++) {
		p.opening[day][0] = (struct day_hours){9 * 60, 12 * 60};
		p.opening[day][1] = (struct day_hours){14 * 60, 18 * 60 + 30};
		p.n_opening[day] = 2;
	}
	p.opening[5][0] = (struct day_hours){9 * 60, 16 * 60};
	/* Friday 17:00, and on Saturday it closes at 16:00. */
	CHECK_AT(business_add(&p, at("2026-11-27T16:00:00Z"), 0, 1), "2026-11-28T15:00:00.000Z");
	/* What closes early between does not matter. */
	CHECK_AT(business_add(&p, at("2026-11-27T16:00:00Z"), 0, 2), "2026-11-30T16:00:00.000Z");
	/* Saturday 13:00 falls into Monday's break. */
	CHECK_AT(business_add(&p, at("2026-11-28T12:00:00Z"), 0, 1), "2026-11-30T13:00:00.000Z");
	CHECK_AT(business_add(&p, at("2026-11-23T10:30:00Z"), MS_HOUR, 0),
		"2026-11-23T13:30:00.000Z");
	memset(p.n_opening, 0, sizeof(p.n_opening));
	CHECK_INT(business_next(&p, 0), TIME_NEVER);
	CHECK_INT(business_add(&p, 0, MS_HOUR, 0), TIME_NEVER);
	CHECK_INT(business_add(&p, 0, 0, 1), TIME_NEVER);
	CHECK(!business_is_open(&p, 0));
}

static void test_holidays(void)
{
	static const struct holiday days[] = {{0, 12, 25, 0}, {2026, 11, 24, 0}, {0, 0, 0, 1}};
	_cleanup_(zone_freep) struct zone *zone = NULL;
	struct policy p;

	berlin(&p, &zone);
	p.holidays = (struct holidays){days, ARRAY_SIZE(days)};
	CHECK_AT(business_next(&p, at("2026-11-24T12:00:00Z")), "2026-11-25T09:00:00.000Z");
	CHECK_AT(business_next(&p, at("2027-11-24T12:00:00Z")), "2027-11-24T12:00:00.000Z");
	/* Christmas 2026 is a Friday. */
	CHECK_AT(business_add(&p, at("2026-12-24T12:00:00Z"), 0, 1), "2026-12-26T12:00:00.000Z");
	/* Easter Monday 2026-04-06: Saturday, then Tuesday. */
	CHECK_AT(business_add(&p, at("2026-04-04T12:00:00Z"), 0, 1), "2026-04-07T12:00:00.000Z");
}

static void test_easter(void)
{
	static const int16_t easters[][3] = {{1818, 3, 22}, {1886, 4, 25}, {1943, 4, 25},
		{1961, 4, 2}, {2000, 4, 23}, {2008, 3, 23}, {2011, 4, 24}, {2019, 4, 21},
		{2024, 3, 31}, {2025, 4, 20}, {2026, 4, 5}, {2027, 3, 28}, {2038, 4, 25},
		{2285, 3, 22}};
	static const struct holiday sunday[] = {{0, 0, 0, 0}};
	static const struct holidays h = {sunday, 1};

	for (size_t i = 0; i < ARRAY_SIZE(easters); i++) {
		const int16_t *e = easters[i];

		CHECK(holiday_on(&h, e[0], e[1], e[2]));
		CHECK(!holiday_on(&h, e[0], e[1], e[2] + 7));
		CHECK(!holiday_on(&h, e[0], e[1], e[2] - 7));
	}
}

static void test_models(void)
{
	static const struct policy_point points[] = {
		{5000, 60 * MS_DAY}, {9000, 210 * MS_DAY}, {9500, 300 * MS_DAY}};
	const struct policy_model model = {
		.name = SPAN_LIT("gap"), .samples = 1200, .points = points, .n_points = 3};
	int64_t ms = 0;

	CHECK(model_quantile(&model, 5000, &ms) && ms == 60 * MS_DAY);
	CHECK(model_quantile(&model, 9000, &ms) && ms == 210 * MS_DAY);
	/* Half way: 135 days. */
	CHECK(model_quantile(&model, 7000, &ms) && ms == 135 * MS_DAY);
	CHECK(!model_quantile(&model, 4999, &ms) && !model_quantile(&model, 9501, &ms));
	CHECK_INT(model_share(&model, 60 * MS_DAY - 1), 0);
	CHECK_INT(model_share(&model, 60 * MS_DAY), 5000);
	CHECK_INT(model_share(&model, 135 * MS_DAY), 7000);
	CHECK_INT(model_share(&model, 300 * MS_DAY), 9500);
	CHECK_INT(model_share(&model, 300 * MS_DAY + 1), SHARE_WHOLE);
}

static void test_names(void)
{
	struct policy p;

	policy_default(&p);
	CHECK_INT(policy_rank_of_rule(&p, SPAN_LIT("payment_failed")), 0);
	CHECK_INT(policy_rank_of_rule(&p, SPAN_LIT("checkout_abandoned")), 1);
	CHECK_INT(policy_rank_of_rule(&p, SPAN_LIT("cart_abandoned")), 2);
	CHECK_INT(policy_rank_of_rule(&p, SPAN_LIT("cartridge")), RANK_NONE);
	CHECK_INT(policy_rank_of_rule(&p, SPAN_LIT("tier_reached")),
		policy_rank_of_rule(&p, SPAN_LIT("points_expiring")));
	CHECK_INT(policy_rank_of_rule(&p, SPAN_LIT("order_promise_passed")), RANK_NONE);
	CHECK(policy_rank(&p, SPAN_LIT("win_back")) > policy_rank(&p, SPAN_LIT("feedback")));
	CHECK_INT(policy_rank(&p, SPAN_LIT("nothing")), RANK_NONE);
	CHECK_INT(policy_mute(&p, SPAN_LIT("case_open")), 1);
	CHECK_INT(policy_mute(&p, SPAN_LIT("rain")), p.n_mutes);
	CHECK(policy_country(&p, SPAN_LIT("fr")) && !policy_country(&p, SPAN_LIT("AT")));
}

static const struct check_case cases[] = {
	{"the shop opens and closes to the millisecond", test_open},
	{"business days and hours", test_add},
	{"breaks, short days, a shop that never opens", test_uneven_week},
	{"holidays", test_holidays},
	{"Easter", test_easter},
	{"distributions", test_models},
	{"names of ranks, mutes and countries", test_names},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
