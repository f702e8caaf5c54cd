/* SPDX-License-Identifier: MIT */
/*
 * Quiet hours in the customer's zone (triggers, section 9). Nights are those of the reference's
 * table; instants by hand from the zones' published rules. At the end chance: whatever forbids an
 * hour, a deferral ends at one that nothing forbids, and no earlier one was free.
 */
#include "chance.h"
#include "check.h"

#include "gate_scene.h"

static void scene_sms(struct gate_scene *s, const char *zone)
{
	scene_init(s);
	scene_channels(&s->rules->list[0], "sms", NULL);
	if (zone)
		scene_profile_text(s, PROFILE_ZONE, zone);
}

static void allowed_at(struct gate_scene *s, const char *at)
{
	s->ask.now = scene_time(at);
	SCENE_ANSWER(s, GATE_ALLOW, REASON_NONE);
}

static void quiet_at(struct gate_scene *s, const char *at, const char *until)
{
	s->ask.now = scene_time(at);
	SCENE_UNTIL(s, REASON_QUIET_HOURS, until);
}

/* 21:00 is quiet, 08:00 is not, to the millisecond. */
static void test_bounds(void)
{
	struct gate_scene s;

	scene_sms(&s, "Europe/Berlin");
	allowed_at(&s, "2026-11-23T19:59:59.999Z");
	quiet_at(&s, "2026-11-23T20:00:00.000Z", "2026-11-24T07:00:00.000Z");
	quiet_at(&s, "2026-11-24T06:59:59.999Z", "2026-11-24T07:00:00.000Z");
	allowed_at(&s, "2026-11-24T07:00:00.000Z");
	scene_release(&s);
}

/* The night to 2025-03-09 lasts 10 hours, that to 2025-11-02 lasts 12. */
static void test_new_york(void)
{
	struct gate_scene s;

	scene_sms(&s, "America/New_York");
	allowed_at(&s, "2025-03-09T01:59:59.999Z");
	quiet_at(&s, "2025-03-09T02:00:00Z", "2025-03-09T12:00:00.000Z");
	allowed_at(&s, "2025-03-09T12:00:00Z");
	allowed_at(&s, "2025-11-02T00:59:59.999Z");
	quiet_at(&s, "2025-11-02T01:00:00Z", "2025-11-02T13:00:00.000Z");
	quiet_at(&s, "2025-11-02T12:59:59.999Z", "2025-11-02T13:00:00.000Z");
	allowed_at(&s, "2025-11-02T13:00:00Z");
	/* Until 1:30, which comes twice: the first counts, and the second is not quiet again. */
	s.policy->channels[JOB_CHANNEL_SMS].quiet = (struct day_hours){21 * 60, 90};
	quiet_at(&s, "2025-11-02T05:29:59.999Z", "2025-11-02T05:30:00.000Z");
	allowed_at(&s, "2025-11-02T05:30:00Z");
	allowed_at(&s, "2025-11-02T06:15:00Z");
	/* Until 2:30, which there is not in spring: 3:30. */
	s.policy->channels[JOB_CHANNEL_SMS].quiet = (struct day_hours){21 * 60, 150};
	quiet_at(&s, "2025-03-09T06:59:59.999Z", "2025-03-09T07:30:00.000Z");
	scene_release(&s);
}

/* Midnight of 2018-11-04 does not exist: it is 01:00, 03:00Z. */
static void test_sao_paulo(void)
{
	struct gate_scene s;

	scene_sms(&s, "America/Sao_Paulo");
	s.policy->channels[JOB_CHANNEL_SMS].quiet = (struct day_hours){0, 8 * 60};
	allowed_at(&s, "2018-11-04T02:59:59.999Z");
	quiet_at(&s, "2018-11-04T03:00:00Z", "2018-11-04T10:00:00.000Z");
	/* And as an end. */
	s.policy->channels[JOB_CHANNEL_SMS].quiet = (struct day_hours){22 * 60, 24 * 60};
	quiet_at(&s, "2018-11-04T02:00:00Z", "2018-11-04T03:00:00.000Z");
	scene_release(&s);
}

/* Half an hour is missing on 2025-10-05: 02:15 is 15:45Z of the day before. */
static void test_lord_howe(void)
{
	struct gate_scene s;

	scene_sms(&s, "Australia/Lord_Howe");
	s.policy->channels[JOB_CHANNEL_SMS].quiet = (struct day_hours){21 * 60, 135};
	quiet_at(&s, "2025-10-04T15:44:59.999Z", "2025-10-04T15:45:00.000Z");
	allowed_at(&s, "2025-10-04T15:45:00Z");
	/* The whole night until 8:00, +10:30 before and +11 after: 10 and a half hours. */
	s.policy->channels[JOB_CHANNEL_SMS].quiet = (struct day_hours){21 * 60, 8 * 60};
	quiet_at(&s, "2025-10-04T10:30:00Z", "2025-10-04T21:00:00.000Z");
	scene_release(&s);
}

/* Theirs, else their country's, else the shop's; and where that is not one, all of them. */
static void test_whose_zone(void)
{
	struct gate_scene s;

	scene_sms(&s, "Nowhere/Else");
	quiet_at(&s, "2026-11-23T20:00:00Z", "2026-11-24T07:00:00.000Z"); /* Berlin */
	scene_profile_text(&s, PROFILE_COUNTRY, "AT");
	quiet_at(&s, "2026-11-23T20:00:00Z", "2026-11-24T07:00:00.000Z"); /* Vienna */
	/* From New York (UTC-5) to Adak (UTC-10), and Berlin: quiet from 20:00Z, when Berlin is,
	 * until 18:00Z, when Adak and Honolulu wake. */
	scene_profile_text(&s, PROFILE_COUNTRY, "US");
	quiet_at(&s, "2026-11-23T13:00:00Z", "2026-11-23T18:00:00.000Z");
	allowed_at(&s, "2026-11-23T18:00:00Z");
	allowed_at(&s, "2026-11-23T19:59:59.999Z");
	quiet_at(&s, "2026-11-23T20:00:00Z", "2026-11-24T18:00:00.000Z");
	scene_profile_text(&s, PROFILE_ZONE, "America/Chicago");
	allowed_at(&s, "2026-11-23T14:00:00Z");
	quiet_at(&s, "2026-11-23T13:59:59.999Z", "2026-11-23T14:00:00.000Z");
	/* The hour of a push is that of the zone that is assumed. */
	scene_channels(&s.rules->list[0], "push", NULL);
	scene_consent(&s, "marketing", "push", CONSENT_GIVEN);
	scene_profile_text(&s, PROFILE_ZONE, "?");
	allowed_at(&s, "2026-11-23T13:00:00Z");
	scene_release(&s);
}

/* What they chose, else the country of their address, else what their browser says; which may
 * choose among a country's zones. The nights are those of test_new_york. */
static void test_device_zone(void)
{
	struct gate_scene s;

	scene_sms(&s, NULL);
	scene_profile_text(&s, PROFILE_SEEN_ZONE, "America/New_York");
	allowed_at(&s, "2025-03-09T01:59:59.999Z");
	quiet_at(&s, "2025-03-09T02:00:00Z", "2025-03-09T12:00:00.000Z");
	quiet_at(&s, "2025-11-02T01:00:00Z", "2025-11-02T13:00:00.000Z");
	/* On the way, and at home in Vienna: quiet from 20:00Z to 7:00Z. */
	scene_profile_text(&s, PROFILE_SHIP_COUNTRY, "AT");
	quiet_at(&s, "2026-11-23T20:00:00Z", "2026-11-24T07:00:00.000Z");
	/* The address they gave goes before that of an order. */
	scene_profile_text(&s, PROFILE_COUNTRY, "US");
	quiet_at(&s, "2026-11-24T02:00:00Z", "2026-11-24T13:00:00.000Z");
	allowed_at(&s, "2026-11-24T01:59:59.999Z");
	/* Of no zone of that country: as if nothing was known. */
	scene_profile_text(&s, PROFILE_SEEN_ZONE, "Asia/Tokyo");
	quiet_at(&s, "2026-11-23T13:00:00Z", "2026-11-23T18:00:00.000Z");
	/* They chose. */
	scene_profile_text(&s, PROFILE_ZONE, "Europe/Berlin");
	quiet_at(&s, "2026-11-23T20:00:00Z", "2026-11-24T07:00:00.000Z");
	/* There is no such zone. */
	scene_profile_text(&s, PROFILE_ZONE, "Asia/Nowhere");
	scene_profile_text(&s, PROFILE_SEEN_ZONE, "America/Chicago");
	quiet_at(&s, "2026-11-23T13:59:59.999Z", "2026-11-23T14:00:00.000Z");
	scene_release(&s);
}

static void test_france(void)
{
	struct gate_scene s;

	scene_sms(&s, "Europe/Paris");
	scene_profile_text(&s, PROFILE_COUNTRY, "fr");
	allowed_at(&s, "2026-11-23T20:59:59.999Z"); /* until 22:00 */
	quiet_at(&s, "2026-11-23T21:00:00Z", "2026-11-24T07:00:00.000Z");
	/* Saturday night: Sunday is quiet, and the night after it. */
	quiet_at(&s, "2026-11-21T21:00:00Z", "2026-11-23T07:00:00.000Z");
	s.ask.now = scene_time("2026-11-22T12:00:00Z");
	SCENE_UNTIL(&s, REASON_DAY_OFF, "2026-11-23T07:00:00.000Z");
	/* Easter Monday 2026-04-06 behind a Sunday: until Tuesday. */
	s.ask.now = scene_time("2026-04-05T10:00:00Z");
	SCENE_UNTIL(&s, REASON_DAY_OFF, "2026-04-07T06:00:00.000Z");
	scene_release(&s);
}

static void test_wishes_and_windows(void)
{
	struct gate_scene s;

	/* What the customer said holds for mails too, and passes midnight. */
	scene_init(&s);
	scene_profile_number(&s, PROFILE_QUIET_FROM, 1140);
	scene_profile_number(&s, PROFILE_QUIET_TO, 630);
	quiet_at(&s, "2026-11-23T18:00:00Z", "2026-11-24T09:30:00.000Z");
	/* The rule's window ends in it: the next morning, when both agree. */
	s.rules->list[0].gates.send_at = (struct day_hours){9 * 60, 20 * 60};
	quiet_at(&s, "2026-11-23T18:00:00Z", "2026-11-24T09:30:00.000Z");
	s.ask.now = scene_time("2026-11-24T19:00:00Z");
	SCENE_UNTIL(&s, REASON_QUIET_HOURS, "2026-11-25T09:30:00.000Z");
	/* Hours that are never free of the other's. */
	s.rules->list[0].gates.send_at = (struct day_hours){20 * 60, 21 * 60};
	SCENE_ANSWER(&s, GATE_CANCEL, REASON_QUIET_HOURS);
	/* Nonsense is no wish. */
	s.rules->list[0].gates.send_at = (struct day_hours){0, 0};
	scene_profile_number(&s, PROFILE_QUIET_TO, 1441);
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	scene_release(&s);
}

/* ---- chance ---------------------------------------------------------------------------- */

static struct day_hours chance_hours(struct chance *c)
{
	int16_t from = (int16_t)(15 * (int)chance_below(c, 96));
	int16_t to = (int16_t)(15 * (int)chance_below(c, 96));

	return (struct day_hours){from, to};
}

/* Is it quiet at the local time of AT, by the clock on the wall? Only where that clock runs on. */
static bool holds(struct day_hours h, const struct civil *c)
{
	int minute = c->hour * 60 + c->minute;

	if (h.from <= h.to)
		return minute >= h.from && minute < h.to;
	return minute >= h.from || minute < h.to;
}

static bool is_free(const struct gate_scene *s, struct day_hours wish, int64_t at)
{
	const struct rule_gates *g = &s->rules->list[0].gates;
	struct civil c;

	zone_civil(gates_zone(s->policy, s->journey), at, &c);
	return !holds(s->policy->channels[JOB_CHANNEL_SMS].quiet, &c) && !holds(wish, &c) &&
	       (g->send_at.from == g->send_at.to || holds(g->send_at, &c));
}

static void check_never(const struct gate_scene *s, struct day_hours wish)
{
	for (int64_t at = s->ask.now; at < s->ask.now + MS_DAY; at += 5 * MS_MINUTE)
		CHECK(!is_free(s, wish, at));
}

static void one_night(struct chance *c)
{
	static const char *const zones[] = {"Europe/Berlin", "America/New_York",
		"Australia/Lord_Howe", "Pacific/Honolulu", "America/Phoenix"};
	/* Lord Howe's clock is the first of these to be changed, from 02:00 to 02:30. */
	int64_t changed_at = scene_time("2026-10-03T15:30:00Z");
	struct day_hours wish = chance_hours(c);
	struct gate_scene s;

	scene_sms(&s, zones[chance_below(c, ARRAY_SIZE(zones))]);
	s.policy->channels[JOB_CHANNEL_SMS].quiet = chance_hours(c);
	s.rules->list[0].gates.send_at = chance_hours(c);
	scene_profile_number(&s, PROFILE_QUIET_FROM, wish.from);
	scene_profile_number(&s, PROFILE_QUIET_TO, wish.to);
	/* Weeks in which no clock of these is changed. */
	s.ask.now = scene_time("2026-06-01T00:00:00Z") +
		    (int64_t)chance_below(c, (size_t)(60 * MS_DAY));
	s.ask.instance =
		journey_instance(s.journey, SPAN_LIT("cart_abandoned"), SPAN_LIT("cart:C1"));
	gates_judge(&s.ask, &s.verdict);
	if (s.verdict.answer == GATE_ALLOW) {
		CHECK(is_free(&s, wish, s.ask.now));
	} else if (s.verdict.answer == GATE_DEFER && s.verdict.until >= changed_at) {
		/* Hours that are free of each other on that day alone. */
		check_never(&s, wish);
	} else if (s.verdict.answer == GATE_DEFER) {
		CHECK(s.verdict.until > s.ask.now && s.verdict.until < s.ask.now + 2 * MS_DAY);
		CHECK(is_free(&s, wish, s.verdict.until));
		for (int64_t at = s.ask.now; at < s.verdict.until; at += 5 * MS_MINUTE)
			CHECK(!is_free(&s, wish, at));
		CHECK(!is_free(&s, wish, s.verdict.until - 1));
	} else {
		CHECK_INT(s.verdict.answer, GATE_CANCEL);
		check_never(&s, wish);
	}
	scene_release(&s);
}

static void test_chance(void)
{
	struct chance c = chance_new();

	for (int i = 0; i < 600 && check_failures == 0; i++)
		one_night(&c);
}

/* In the United States, and nobody knows where, for a shop in Los Angeles: from 21:00 in New York
 * to 08:00 in Hawaii. */
static void test_no_zone(void)
{
	struct gate_scene s;

	scene_sms(&s, NULL);
	s.policy->zone = policy_zone(s.policy, SPAN_LIT("America/Los_Angeles"));
	scene_profile_text(&s, PROFILE_COUNTRY, "US");
	allowed_at(&s, "2026-11-24T01:59:59.999Z");
	quiet_at(&s, "2026-11-24T02:00:00Z", "2026-11-24T18:00:00.000Z");
	quiet_at(&s, "2026-11-24T17:59:59.999Z", "2026-11-24T18:00:00.000Z");
	allowed_at(&s, "2026-11-24T18:00:00Z");
	scene_release(&s);
}

static const struct check_case cases[] = {
	{"from inclusive, to exclusive", test_bounds},
	{"nights of ten and of twelve hours", test_new_york},
	{"a day without midnight", test_sao_paulo},
	{"half an hour", test_lord_howe},
	{"whose zone", test_whose_zone},
	{"what the device says", test_device_zone},
	{"a country, and no zone", test_no_zone},
	{"Sundays and holidays", test_france},
	{"the customer's wish and the rule's hours", test_wishes_and_windows},
	{"a deferral ends at the first free instant", test_chance},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
