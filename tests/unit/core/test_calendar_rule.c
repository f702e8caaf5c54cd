/* SPDX-License-Identifier: MIT */
/* Birthdays and other days that come round: scenario 26, zones, leaps, one job a year. */
#include "absence_scene.h"

#include "../base/zone_file.h"

static int64_t at(const char *text)
{
	int64_t instant = 0;

	CHECK(instant_parse(span_str(text), &instant) == 0);
	return instant;
}

/* On the day at nine, in the customer's zone, Berlin where that is unknown. */
static struct rule_calendar birthday_at_nine(void)
{
	return (struct rule_calendar){
		.date = SPAN_LIT("birthday"), .local_minute = 9 * 60, .zone_customer = true};
}

static struct rule rule_of(const struct rule_calendar *calendar)
{
	struct rule rule = scene_cart("birthday");

	rule.key = RULE_KEY_CUSTOMER;
	rule.n_arm = 0;
	rule.calendar = calendar;
	return rule;
}

struct days {
	struct scene scene;
	struct rule_calendar calendar;
	struct zone *berlin, *tokyo;
	struct policy_zone zones[2];
};

static void days_init(struct days *d, const struct rule_calendar *calendar)
{
	struct rule rule;

	d->calendar = *calendar;
	rule = rule_of(&d->calendar);
	scene_init(&d->scene, &rule, 1);
	d->berlin = zone_file_parse("Europe/Berlin");
	d->tokyo = zone_file_parse("Asia/Tokyo");
	REQUIRE(d->berlin && d->tokyo);
	d->zones[0] = (struct policy_zone){SPAN_LIT("Asia/Tokyo"), d->tokyo};
	d->zones[1] = (struct policy_zone){SPAN_LIT("Europe/Berlin"), d->berlin};
	d->scene.rules->policy.zone = d->berlin;
	d->scene.rules->policy.zones = d->zones;
	d->scene.rules->policy.n_zones = 2;
	d->calendar.zone = d->berlin;
}

static void days_release(struct days *d)
{
	zone_free(d->berlin);
	zone_free(d->tokyo);
	scene_release(&d->scene);
}

/* At WHEN it is said, or said to be none (month 0). */
static void say(struct days *d, uint16_t year, uint8_t month, uint8_t day, const char *when)
{
	struct date *date = journey_add_date(d->scene.journey, SPAN_LIT("birthday"));

	REQUIRE(date);
	date->year = year;
	date->month = month;
	date->day = day;
	date->said_at = at(when);
	date->removed = month == 0;
	scene_event(&d->scene, EVENT_CUSTOMER_IDENTIFIED, (struct carried){0}, at(when), at(when));
}

static const struct instance *armed(const struct days *d)
{
	return journey_instance(d->scene.journey, SPAN_LIT("birthday"), SPAN_LIT("birthday"));
}

static void check_due(int line, const struct days *d, const char *want, uint32_t year)
{
	const struct instance *i = armed(d);
	char text[INSTANT_SIZE] = "";

	if (i && i->state == INSTANCE_ARMED)
		instant_format(i->fire_at, text);
	check_span(__FILE__, line, "due", span_str(text), span_str(want));
	CHECK_INT(i ? i->episode : 0, year);
}
#define CHECK_DUE(D, WANT, YEAR) check_due(__LINE__, (D), (WANT), (YEAR))

static void test_years(void)
{
	struct rule_calendar calendar = birthday_at_nine();
	struct days d;

	days_init(&d, &calendar);
	say(&d, 1990, 3, 10, "2026-01-05T12:00:00Z");
	CHECK_DUE(&d, "2026-03-10T08:00:00.000Z", 2026);
	CHECK_STR(text_span(armed(&d)->data), "\"years\":36,\"date\":\"1990-03-10\"");
	scene_tick(&d.scene, at("2026-03-10T07:59:59.999Z"));
	CHECK_STR(span_str(scene_take(&d.scene)), "");
	/* in summer time an hour earlier by UTC, were it in summer; it is not */
	scene_tick(&d.scene, at("2026-03-10T08:00:00Z"));
	CHECK_STR(span_str(scene_take(&d.scene)),
		"fired birthday birthday 2026/main @1773129600000;");
	CHECK_DUE(&d, "2027-03-10T08:00:00.000Z", 2027);
	scene_tick(&d.scene, at("2028-12-31T00:00:00Z"));
	CHECK_STR(span_str(scene_take(&d.scene)),
		"fired birthday birthday 2027/main @1804665600000; "
		"fired birthday birthday 2028/main @1836288000000;");
	CHECK_DUE(&d, "2029-03-10T08:00:00.000Z", 2029);
	CHECK_INT(d.scene.journey->due_at, at("2029-03-10T08:00:00Z"));
	days_release(&d);
}

/* 29 February: on the 28th or on 1 March in common years. */
static void test_leap(void)
{
	static const char *const due[2][3] = {
		{"2026-02-28T08:00:00.000Z", "2027-02-28T08:00:00.000Z",
			"2028-02-29T08:00:00.000Z"},
		{"2026-03-01T08:00:00.000Z", "2027-03-01T08:00:00.000Z",
			"2028-02-29T08:00:00.000Z"},
	};

	for (int march = 0; march < 2; march++) {
		struct rule_calendar calendar = birthday_at_nine();
		struct days d;

		calendar.leap_march = march;
		days_init(&d, &calendar);
		say(&d, 0, 2, 29, "2026-01-05T12:00:00Z");
		CHECK_STR(text_span(armed(&d)->data), "\"date\":\"02-29\"");
		for (uint32_t n = 0; n < 3; n++) {
			CHECK_DUE(&d, due[march][n], 2026 + n);
			scene_tick(&d.scene, at(due[march][n]));
		}
		days_release(&d);
	}
}

/* Two weeks ahead the occasion of January is due in December of the year before. */
static void test_lead(void)
{
	struct rule_calendar calendar = birthday_at_nine();
	struct days d;

	calendar.lead_days = 14;
	days_init(&d, &calendar);
	say(&d, 1990, 1, 5, "2026-11-05T12:00:00Z");
	CHECK_DUE(&d, "2026-12-22T08:00:00.000Z", 2027);
	days_release(&d);
	/* nine in the morning is eight or seven by UTC: the lead crosses the change of the clocks
	 */
	days_init(&d, &calendar);
	say(&d, 1990, 4, 5, "2026-01-05T12:00:00Z");
	CHECK_DUE(&d, "2026-03-22T08:00:00.000Z", 2026);
	say(&d, 1990, 4, 15, "2026-01-06T12:00:00Z");
	CHECK_DUE(&d, "2026-04-01T07:00:00.000Z", 2026);
	days_release(&d);
}

/* Told today: only while the hour is ahead. Edited on the day, before and behind the hour. */
static void test_edited(void)
{
	struct rule_calendar calendar = birthday_at_nine();
	struct days d;

	days_init(&d, &calendar);
	say(&d, 1990, 3, 10, "2026-03-10T07:59:59.999Z");
	CHECK_DUE(&d, "2026-03-10T08:00:00.000Z", 2026);
	days_release(&d);

	days_init(&d, &calendar);
	say(&d, 1990, 3, 10, "2026-03-10T08:00:00Z");
	CHECK_DUE(&d, "2027-03-10T08:00:00.000Z", 2027);
	/* moved to a day that is still ahead: this year after all */
	say(&d, 1990, 5, 10, "2026-03-11T08:00:00Z");
	CHECK_DUE(&d, "2026-05-10T07:00:00.000Z", 2026);
	/* on the day, before the hour: to tomorrow */
	say(&d, 1990, 5, 11, "2026-05-10T06:00:00Z");
	CHECK_DUE(&d, "2026-05-11T07:00:00.000Z", 2026);
	scene_tick(&d.scene, at("2026-05-11T07:00:00Z"));
	/* it has fired this year: another day of this year does not count */
	say(&d, 1990, 5, 12, "2026-05-11T08:00:00Z");
	CHECK_DUE(&d, "2027-05-12T07:00:00.000Z", 2027);
	CHECK_STR(span_str(scene_take(&d.scene)),
		"fired birthday birthday 2026/main @1778482800000;");
	days_release(&d);
}

/* Raised while this year's is ahead, which is of the epoch before: it is taken back as that, though
 * the next year's waits in the one behind. */
static void test_raised(void)
{
	static const struct rule_match cancel[] = {
		{.by = MATCH_KIND, .kind = EVENT_ORDER_COMPLETED, .customer = true}};
	struct rule_calendar calendar = birthday_at_nine();
	struct days d;
	size_t n = 0;

	days_init(&d, &calendar);
	say(&d, 1990, 3, 10, "2026-01-05T12:00:00Z");
	d.scene.rules->list[0].epoch = 2;
	d.scene.rules->list[0].cancel = cancel;
	d.scene.rules->list[0].n_cancel = 1;
	scene_tick(&d.scene, at("2026-03-10T08:00:00Z"));
	CHECK_INT(armed(&d)->epoch, 2);
	(void)scene_take(&d.scene);
	scene_event(&d.scene, EVENT_ORDER_COMPLETED, (struct carried){0},
		at("2026-03-10T07:00:00Z"), at("2026-03-10T09:00:00Z"));
	while (n < d.scene.effects.n && d.scene.effects.list[n].kind != EFFECT_RETRACT)
		n++;
	REQUIRE(n < d.scene.effects.n);
	CHECK_INT(d.scene.effects.list[n].decision.epoch, 1);
	CHECK_INT(d.scene.effects.list[n].decision.episode, 2026);
	days_release(&d);
}

/* A purchase ends the wait for the year's occasion that is next behind it, whenever it is heard of;
 * a second one before the same occasion ends nothing more. */
static void test_cancelled(void)
{
	static const struct rule_match cancel[] = {
		{.by = MATCH_KIND, .kind = EVENT_ORDER_COMPLETED, .customer = true}};
	static const struct {
		const char *bought[2], *heard[2], *due;
		uint32_t year;
	} ways[] = {
		{{"2026-01-10T12:00:00Z"}, {"2026-01-10T12:00:00Z"}, "2027-03-10T08:00:00.000Z",
			2027},
		{{"2026-03-10T07:00:00Z"}, {"2026-03-10T09:00:00Z"}, "2027-03-10T08:00:00.000Z",
			2027},
		{{"2026-03-10T08:00:00Z"}, {"2026-03-10T09:00:00Z"}, "2027-03-10T08:00:00.000Z",
			2027},
		{{"2026-01-10T12:00:00Z", "2026-02-10T12:00:00Z"},
			{"2026-01-10T12:00:00Z", "2026-02-10T12:00:00Z"},
			"2027-03-10T08:00:00.000Z", 2027},
		{{"2026-02-10T12:00:00Z", "2026-03-10T08:00:00.001Z"},
			{"2026-02-10T12:00:00Z", "2026-03-10T09:00:00Z"},
			"2028-03-10T08:00:00.000Z", 2028},
	};

	for (size_t n = 0; n < ARRAY_SIZE(ways); n++) {
		struct rule_calendar calendar = birthday_at_nine();
		struct days d;

		days_init(&d, &calendar);
		d.scene.rules->list[0].cancel = cancel;
		d.scene.rules->list[0].n_cancel = 1;
		say(&d, 1990, 3, 10, "2026-01-05T12:00:00Z");
		for (size_t k = 0; k < 2 && ways[n].bought[k]; k++)
			scene_event(&d.scene, EVENT_ORDER_COMPLETED, (struct carried){0},
				at(ways[n].bought[k]), at(ways[n].heard[k]));
		CHECK_DUE(&d, ways[n].due, ways[n].year);
		days_release(&d);
	}
}

static void test_removed(void)
{
	struct rule_calendar calendar = birthday_at_nine();
	struct days d;

	days_init(&d, &calendar);
	say(&d, 1990, 3, 10, "2026-01-05T12:00:00Z");
	say(&d, 0, 0, 0, "2026-03-10T07:00:00Z");
	CHECK_STR(span_str(scene_take(&d.scene)), "cancelled birthday birthday @1773126000000;");
	scene_tick(&d.scene, at("2026-03-10T12:00:00Z"));
	CHECK_STR(span_str(scene_take(&d.scene)), "");
	say(&d, 1990, 3, 12, "2026-03-11T07:00:00Z");
	CHECK_DUE(&d, "2026-03-12T08:00:00.000Z", 2026);
	days_release(&d);
}

/* The customer moves to Tokyo while it is armed. */
static void test_zone(void)
{
	struct rule_calendar calendar = birthday_at_nine();
	struct profile *p;
	struct days d;

	days_init(&d, &calendar);
	say(&d, 1990, 3, 10, "2026-01-05T12:00:00Z");
	CHECK_DUE(&d, "2026-03-10T08:00:00.000Z", 2026);
	p = journey_add_profile(d.scene.journey);
	REQUIRE(p && text_set(&p->texts[PROFILE_ZONE].text, SPAN_LIT("Asia/Tokyo")) == 0);
	p->texts[PROFILE_ZONE].at = at("2026-02-01T00:00:00Z");
	scene_event(&d.scene, EVENT_PAGE_VIEWED, (struct carried){0}, at("2026-02-01T00:00:00Z"),
		at("2026-02-01T00:00:00Z"));
	CHECK_DUE(&d, "2026-03-10T00:00:00.000Z", 2026);
	days_release(&d);
}

/* The day of the first order comes round a year later for the first time. */
static void test_first_order(void)
{
	struct rule_calendar calendar = birthday_at_nine();
	const struct instance *i;
	struct profile *p;
	struct days d;

	calendar.date = SPAN_LIT("first_order");
	days_init(&d, &calendar);
	p = journey_add_profile(d.scene.journey);
	REQUIRE(p);
	p->times[PROFILE_FIRST_ORDER_AT] = at("2025-06-30T23:30:00Z");
	scene_event(&d.scene, EVENT_ORDER_COMPLETED, (struct carried){.order = "O1"},
		at("2025-06-30T23:30:00Z"), at("2025-06-30T23:30:00Z"));
	/* in Berlin that was 1 July */
	i = journey_instance(d.scene.journey, SPAN_LIT("birthday"), SPAN_LIT("first_order"));
	REQUIRE(i && i->state == INSTANCE_ARMED);
	CHECK_INT(i->fire_at, at("2026-07-01T07:00:00Z"));
	CHECK_INT(i->episode, 2026);
	CHECK_STR(text_span(i->data), "\"years\":1,\"date\":\"2025-07-01\"");
	days_release(&d);
}

/* The same day told again, of another year: the day is due when it was, and the job says the years
 * that are known now. */
static void test_told_again(void)
{
	struct rule_calendar calendar = birthday_at_nine();
	struct days d;

	days_init(&d, &calendar);
	d.scene.rules->list[0].grace_ms = 2 * H;
	say(&d, 1990, 3, 10, "2026-01-05T12:00:00Z");
	say(&d, 1985, 3, 10, "2026-01-06T12:00:00Z");
	CHECK_DUE(&d, "2026-03-10T10:00:00.000Z", 2026);
	CHECK_STR(text_span(armed(&d)->data), "\"years\":41,\"date\":\"1985-03-10\"");
	CHECK_INT(armed(&d)->anchor_at, at("2026-01-06T12:00:00Z"));
	/* Also when the day has come, and its grace is not over. */
	say(&d, 1984, 3, 10, "2026-03-10T08:30:00Z");
	CHECK_DUE(&d, "2026-03-10T10:00:00.000Z", 2026);
	CHECK_STR(text_span(armed(&d)->data), "\"years\":42,\"date\":\"1984-03-10\"");
	days_release(&d);
}

/* Between two steps nothing is begun anew. */
static void test_steps(void)
{
	struct rule_calendar calendar = birthday_at_nine();
	struct days d;

	days_init(&d, &calendar);
	d.scene.rules->list[0].steps[1] =
		(struct rule_step){.id = SPAN_LIT("later"), .after_ms = 3 * MS_DAY};
	d.scene.rules->list[0].n_steps = 2;
	say(&d, 1990, 3, 10, "2026-01-05T12:00:00Z");
	scene_tick(&d.scene, at("2026-03-10T08:00:00Z"));
	CHECK_DUE(&d, "2026-03-13T08:00:00.000Z", 2026);
	scene_event(&d.scene, EVENT_PAGE_VIEWED, (struct carried){0}, at("2026-03-11T00:00:00Z"),
		at("2026-03-11T00:00:00Z"));
	CHECK_DUE(&d, "2026-03-13T08:00:00.000Z", 2026);
	/* Nor does the second message say something else than the first. */
	say(&d, 1985, 3, 10, "2026-03-12T00:00:00Z");
	CHECK_DUE(&d, "2026-03-13T08:00:00.000Z", 2026);
	CHECK_STR(text_span(armed(&d)->data), "\"years\":36,\"date\":\"1990-03-10\"");
	scene_tick(&d.scene, at("2026-03-13T08:00:00Z"));
	CHECK_DUE(&d, "2027-03-10T08:00:00.000Z", 2027);
	CHECK_STR(span_str(scene_take(&d.scene)),
		"fired birthday birthday 2026/main @1773129600000; "
		"fired birthday birthday 2026/later @1773388800000;");
	days_release(&d);
}

/* One job a year, of whichever of two names: what the other had said of another day waits for the
 * year behind. */
static void test_two_names(void)
{
	struct rule_calendar calendar = birthday_at_nine();
	struct days d, other;

	days_init(&d, &calendar);
	days_init(&other, &calendar);
	REQUIRE(text_set(&other.scene.journey->customer, SPAN_LIT("anon:v")) == 0);
	say(&d, 1990, 3, 3, "2026-03-01T12:00:00Z");
	scene_tick(&d.scene, at("2026-03-03T08:00:00Z"));
	say(&other, 1990, 3, 22, "2026-03-06T12:00:00Z");
	CHECK_DUE(&other, "2026-03-22T08:00:00.000Z", 2026);
	scene_merge(&d.scene, other.scene.journey, at("2026-03-06T13:00:00Z"),
		at("2026-03-06T13:00:00Z"));
	CHECK_DUE(&d, "2027-03-22T08:00:00.000Z", 2027);
	days_release(&other);
	days_release(&d);
}

int main(void)
{
	static const struct check_case cases[] = {
		{"one job a year", test_years},
		{"26: 29 February", test_leap},
		{"a lead of days", test_lead},
		{"26: edited on the day", test_edited},
		{"its epoch is raised", test_raised},
		{"cancelled", test_cancelled},
		{"taken back", test_removed},
		{"the customer's zone changes", test_zone},
		{"the day of the first order", test_first_order},
		{"told again", test_told_again},
		{"steps of an occasion", test_steps},
		{"under two names", test_two_names},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
