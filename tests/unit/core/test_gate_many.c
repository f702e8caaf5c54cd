/* SPDX-License-Identifier: MIT */
/*
 * What more than one message decides: caps, arbitration, hold-out, priority. Places in the hold-out
 * are those of a SipHash written in Python over the same bytes.
 */
#include "chance.h"
#include "check.h"

#include "core/priority.h"
#include "gate_scene.h"

/* ---- caps ------------------------------------------------------------------------------ */

/* A rule that nothing competes with: caps are seen alone. */
static void scene_caps(struct gate_scene *s)
{
	scene_init(s);
	s->rules->list[0].gates.rank = RANK_NONE;
}

static void test_cap_bounds(void)
{
	struct gate_scene s;

	scene_caps(&s);
	scene_send(&s, "other", RULE_MARKETING, JOB_CHANNEL_PUSH, MS_DAY);
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	scene_release(&s);
	scene_caps(&s);
	scene_send(&s, "other", RULE_MARKETING, JOB_CHANNEL_PUSH, MS_DAY - 1);
	SCENE_UNTIL(&s, REASON_CAP_FULL, "2026-11-23T11:00:00.001Z");
	/* As long as it is worth something. */
	s.rules->list[0].expire_ms = 1;
	SCENE_ANSWER(&s, GATE_CANCEL, REASON_EXPIRED);
	CHECK_INT(s.verdict.gate, GATE_CAP);
	s.rules->list[0].expire_ms = 2;
	SCENE_UNTIL(&s, REASON_CAP_FULL, "2026-11-23T11:00:00.001Z");
	scene_release(&s);
}

static void test_cap_windows(void)
{
	struct gate_scene s;

	/* Three in a week: room when the oldest of three leaves. */
	scene_caps(&s);
	scene_send(&s, "other", RULE_MARKETING, JOB_CHANNEL_EMAIL, 6 * MS_DAY);
	scene_send(&s, "other", RULE_SERVICE, JOB_CHANNEL_EMAIL, 5 * MS_DAY);
	scene_send(&s, "other", RULE_TASK, JOB_CHANNEL_TASK, 2 * MS_DAY);
	SCENE_UNTIL(&s, REASON_CAP_FULL, "2026-11-24T11:00:00.000Z");
	/* What was cancelled does not count. */
	s.journey->sends[1].state = SEND_RELEASED;
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	s.journey->sends[1].state = SEND_RESERVED;
	SCENE_ANSWER(&s, GATE_DEFER, REASON_CAP_FULL);
	/* What is owed is not stopped, and work for staff neither. */
	s.rules->list[0].class = RULE_SERVICE;
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	s.rules->list[0].class = RULE_TASK;
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	scene_release(&s);
	/* One text message a week, whatever else. */
	scene_caps(&s);
	scene_send(&s, "other", RULE_MARKETING, JOB_CHANNEL_SMS, 6 * MS_DAY);
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	scene_channels(&s.rules->list[0], "sms", NULL);
	SCENE_UNTIL(&s, REASON_CAP_FULL, "2026-11-24T11:00:00.000Z");
	scene_release(&s);
}

static void test_cap_of_rule(void)
{
	struct gate_scene s;
	struct rule_gates *g;

	scene_caps(&s);
	g = &s.rules->list[0].gates;
	g->cap_count = 2;
	g->cap_within_ms = 365 * MS_DAY;
	scene_send(&s, "cart_abandoned", RULE_MARKETING, JOB_CHANNEL_EMAIL, 300 * MS_DAY);
	scene_send(&s, "other", RULE_MARKETING, JOB_CHANNEL_EMAIL, 200 * MS_DAY);
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	scene_send(&s, "cart_abandoned", RULE_MARKETING, JOB_CHANNEL_EMAIL, 100 * MS_DAY);
	/* 65 days on: 2027-01-27. */
	SCENE_UNTIL(&s, REASON_RULE_CAP_FULL, "2027-01-27T11:00:00.000Z");
	scene_release(&s);
}

/* Two a year are two a year also of a customer who gets a newsletter every other day. */
static void test_cap_of_busy(void)
{
	struct gate_scene s;
	struct rule_gates *g;

	scene_caps(&s);
	g = &s.rules->list[0].gates;
	g->cap_count = 2;
	g->cap_within_ms = 365 * MS_DAY;
	scene_send(&s, "cart_abandoned", RULE_MARKETING, JOB_CHANNEL_EMAIL, 300 * MS_DAY);
	scene_send(&s, "cart_abandoned", RULE_MARKETING, JOB_CHANNEL_EMAIL, 299 * MS_DAY);
	for (int64_t i = 0; i < 100; i++)
		scene_send(&s, "newsletter", RULE_MARKETING, JOB_CHANNEL_EMAIL,
			(298 - 2 * i) * MS_DAY);
	CHECK_INT(s.journey->n_sends, JOURNEY_SENDS_MAX);
	/* 65 days on: 2027-01-27. */
	SCENE_UNTIL(&s, REASON_RULE_CAP_FULL, "2027-01-27T11:00:00.000Z");
	/* what was released goes first, and the oldest of the busiest rule next */
	s.journey->sends[40].state = SEND_RELEASED;
	scene_send(&s, "other", RULE_MARKETING, JOB_CHANNEL_EMAIL, 9 * MS_DAY);
	CHECK_INT(s.journey->n_sends, JOURNEY_SENDS_MAX);
	for (size_t i = 0; i < JOURNEY_SENDS_MAX; i++)
		CHECK(s.journey->sends[i].state != SEND_RELEASED);
	scene_release(&s);
}

/* Sends in the WITHIN before send N, itself not counted. */
static size_t before(const struct journey *j, size_t n, int64_t within)
{
	size_t in = 0;

	for (size_t i = 0; i < n; i++)
		in += j->sends[i].at > j->sends[n].at - within;
	return in;
}

/* Tries to send at random times of a month; how many sends were one too many? */
static size_t broken_caps(struct chance *c, enum gate_habit on_cap)
{
	struct gate_scene s;
	struct instance *i;
	size_t broken = 0;

	scene_caps(&s);
	s.rules->list[0].gates.on_cap = on_cap;
	i = journey_instance(s.journey, SPAN_LIT("cart_abandoned"), SPAN_LIT("cart:C1"));
	s.ask.instance = i;
	while (s.journey->n_sends < 30) {
		gates_judge(&s.ask, &s.verdict);
		if (s.verdict.answer == GATE_ALLOW) {
			CHECK_INT(gates_reserve(s.journey, &s.ask, &s.verdict), 0);
			i->episode++;
		} else if (chance_below(c, 2)) {
			CHECK_INT(s.verdict.answer, GATE_DEFER);
			s.ask.now = s.verdict.until;
			continue;
		}
		s.ask.now += (int64_t)chance_below(c, (size_t)(36 * MS_HOUR)) + 1;
	}
	for (size_t n = 0; n < s.journey->n_sends; n++)
		broken +=
			before(s.journey, n, MS_DAY) >= 1 || before(s.journey, n, 7 * MS_DAY) >= 3;
	scene_release(&s);
	return broken;
}

static void test_cap_chance(void)
{
	struct chance c = chance_new();

	for (int i = 0; i < 40; i++)
		CHECK_INT(broken_caps(&c, HABIT_DEFER), 0);
	/* The same eyes see it where caps are ignored. */
	CHECK(broken_caps(&c, HABIT_IGNORE) > 0);
}

static void test_release(void)
{
	struct emission m = {.epoch = 1};
	struct gate_scene s;
	unsigned char job[16];

	scene_caps(&s);
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	CHECK_INT(gates_reserve(s.journey, &s.ask, &s.verdict), 0);
	CHECK_INT(gates_reserve(s.journey, &s.ask, &s.verdict), 0);
	CHECK_INT(s.journey->n_sends, 1);
	m.episode = s.ask.instance->episode;
	gates_job_id(s.journey, s.ask.rule, s.ask.instance, &m, job);
	SCENE_ANSWER(&s, GATE_DEFER, REASON_CAP_FULL);
	gates_release(s.journey, job);
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	/* What has gone out cannot be called back. */
	s.journey->sends[0].state = SEND_SENT;
	gates_release(s.journey, job);
	CHECK_INT(s.journey->sends[0].state, SEND_SENT);
	scene_release(&s);
}

/* ---- arbitration ----------------------------------------------------------------------- */

static const struct {
	const char *mine, *other;
	enum rule_class class; /* of the other */
	int64_t in_ms;	       /* until the other is due */
	bool loses;
} races[] = {
	{"cart_abandoned", "checkout_abandoned", RULE_MARKETING, 0, true},
	{"cart_abandoned", "checkout_abandoned", RULE_MARKETING, MS_HOUR - 1, true},
	{"cart_abandoned", "checkout_abandoned", RULE_MARKETING, MS_HOUR, false},
	{"cart_abandoned", "payment_failed", RULE_SERVICE, 1, true},
	{"cart_abandoned", "back_in_stock", RULE_SERVICE, 1, false},
	{"back_in_stock", "cart_abandoned", RULE_MARKETING, 1, true},
	{"price_drop", "back_in_stock", RULE_SERVICE, 1, true},
	{"tier_reached", "price_drop", RULE_MARKETING, 1, true},
	{"points_expiring", "tier_reached", RULE_SERVICE, 1, false},
	{"birthday_plan", "points_expiring", RULE_MARKETING, 1, true},
	{"browse_abandoned", "anniversary", RULE_MARKETING, 1, true},
	{"feedback_request", "browse_abandoned", RULE_MARKETING, 1, true},
	{"win_back", "feedback_request", RULE_MARKETING, 1, true},
	{"own_idea", "win_back", RULE_MARKETING, 1, true},
	{"win_back", "own_idea", RULE_MARKETING, 1, false},
	{"cart_abandoned", "order_promise_passed", RULE_SERVICE, 1, false},
};

/* Rule 0 under another id, with the place a set of rules would give it. */
static void rename_rule(struct gate_scene *s, size_t n, const char *id)
{
	struct rule *rule = &s->rules->list[n];

	if (rule->gates.rank == RANK_NONE && rule->class == RULE_MARKETING)
		rule->gates.rank = RANK_LAST;
	if (n > 0)
		return;
	rule->id = span_str(id);
	rule->gates.rank = policy_rank_of_rule(s->policy, rule->id);
	if (rule->gates.rank == RANK_NONE)
		rule->gates.rank = RANK_LAST;
}

static void test_races(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(races); i++) {
		struct gate_scene s;
		int failures = check_failures;

		scene_init(&s);
		rename_rule(&s, 0, races[i].mine);
		(void)scene_rule(&s, 1, races[i].other, races[i].class);
		rename_rule(&s, 1, races[i].other);
		(void)scene_instance(&s, races[i].other, "x:1", s.ask.now + races[i].in_ms);
		SCENE_ANSWER(&s, races[i].loses ? GATE_CANCEL : GATE_ALLOW,
			races[i].loses ? REASON_SUPERSEDED : REASON_NONE);
		if (races[i].loses)
			CHECK_STR(s.verdict.by, races[i].other);
		if (check_failures > failures)
			fprintf(stderr, "# %s against %s\n", races[i].mine, races[i].other);
		scene_release(&s);
	}
}

/* Only what would go itself goes first. */
static void test_rivals(void)
{
	static const struct cond_node node = {.op = COND_VALUE, .value = {.type = VALUE_FALSE}};
	static const struct cond never = {.nodes = &node, .n_nodes = 1};
	struct gate_scene s;
	struct instance *i;
	struct rule *rival;

	scene_init(&s);
	rival = scene_rule(&s, 1, "checkout_abandoned", RULE_MARKETING);
	i = scene_instance(&s, "checkout_abandoned", "x:1", s.ask.now);
	REQUIRE(i);
	SCENE_ANSWER(&s, GATE_CANCEL, REASON_SUPERSEDED);
	rival->fire_if = &never;
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	rival->fire_if = NULL;
	rival->mode = RULE_SHADOW;
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	rival->mode = RULE_LIVE;
	i = journey_instance(s.journey, rival->id, SPAN_LIT("x:1"));
	REQUIRE(i);
	i->state = INSTANCE_COOLING;
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	scene_release(&s);
}

/* What was sent within the hour wins, and a tie too; caps are out of the way. */
static void test_sent(void)
{
	static const struct {
		const char *rule;
		int64_t ago;
		bool loses;
	} sent[] = {
		{"checkout_abandoned", MS_HOUR - 1, true},
		{"checkout_abandoned", MS_HOUR, false},
		{"cart_again", MS_MINUTE, true}, /* the same place */
		{"win_back", MS_MINUTE, false},
		{"cart_abandoned", MS_MINUTE, false}, /* itself: a step, or another cart */
		{"unknown", MS_MINUTE, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(sent); i++) {
		struct gate_scene s;

		scene_init(&s);
		s.policy->n_caps = 0;
		if (strcmp(sent[i].rule, "unknown") != 0 &&
			strcmp(sent[i].rule, "cart_abandoned") != 0)
			(void)scene_rule(&s, 1, sent[i].rule, RULE_MARKETING);
		scene_send(&s, sent[i].rule, RULE_MARKETING, JOB_CHANNEL_EMAIL, sent[i].ago);
		SCENE_ANSWER(&s, sent[i].loses ? GATE_CANCEL : GATE_ALLOW,
			sent[i].loses ? REASON_SUPERSEDED : REASON_NONE);
		s.journey->sends[0].state = SEND_RELEASED;
		SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
		scene_release(&s);
	}
}

/* On its day a greeting wins over all marketing of that day; Berlin's ends at 23:00Z. */
static void test_greeting(void)
{
	static const struct rule_calendar on_the_day = {.date = {"birthday", 8}};
	static const struct rule_calendar before_it = {.date = {"birthday", 8}, .lead_days = 14};
	struct gate_scene s;
	struct rule *greeting;

	scene_init(&s);
	greeting = scene_rule(&s, 1, "birthday", RULE_MARKETING);
	greeting->calendar = &on_the_day;
	(void)scene_instance(&s, "birthday", "birthday", scene_time("2026-11-23T22:59:59.999Z"));
	SCENE_ANSWER(&s, GATE_CANCEL, REASON_SUPERSEDED);
	greeting->calendar = &before_it;
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	greeting->calendar = &on_the_day;
	s.rules->list[0].class = RULE_SERVICE;
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	s.rules->list[0].class = RULE_MARKETING;
	journey_instance(s.journey, SPAN_LIT("birthday"), SPAN_LIT("birthday"))->fire_at =
		scene_time("2026-11-23T23:00:00Z");
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	scene_release(&s);
	/* It goes before what is better in the order. */
	scene_init(&s);
	s.rules->list[0].calendar = &on_the_day;
	(void)scene_rule(&s, 1, "payment_failed", RULE_SERVICE);
	(void)scene_instance(&s, "payment_failed", "x:1", s.ask.now);
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	scene_release(&s);
}

/* ---- hold-out -------------------------------------------------------------------------- */

static bool held_out(struct gate_scene *s, const char *customer, uint32_t share)
{
	CHECK(text_set(&s->journey->customer, span_str(customer)) == 0);
	s->policy->holdout = share;
	s->ask.instance =
		journey_instance(s->journey, SPAN_LIT("cart_abandoned"), SPAN_LIT("cart:C1"));
	gates_judge(&s->ask, &s->verdict);
	CHECK_INT(s->verdict.answer, GATE_ALLOW);
	CHECK_INT(s->verdict.reason, s->verdict.held_out ? REASON_HOLDOUT : REASON_NONE);
	return s->verdict.held_out;
}

static void test_holdout_places(void)
{
	static const struct {
		const char *customer;
		uint32_t place;
	} places[] = {
		{"cust_42", 3535}, {"a", 8642}, {"kundin_\xc3\xbc", 9879}, {"customer-1", 4161}};
	struct gate_scene s;

	scene_init(&s);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		CHECK(!held_out(&s, places[i].customer, places[i].place));
		CHECK(held_out(&s, places[i].customer, places[i].place + 1));
	}
	s.policy->salt = SPAN_LIT("pepper");
	CHECK(!held_out(&s, "cust_42", 7347) && held_out(&s, "cust_42", 7348));
	/* The rule's own share goes before the policy's. */
	s.rules->list[0].gates.holdout = 0;
	CHECK(!held_out(&s, "cust_42", SHARE_WHOLE));
	scene_release(&s);
}

/* 5 % of 20,000 is 1,000, give or take four times 31; and they are among the 20 %. */
static void test_holdout_share(void)
{
	struct gate_scene s;
	size_t few = 0;

	scene_init(&s);
	for (int i = 0; i < 20000; i++) {
		char customer[32];
		bool held;

		(void)snprintf(customer, sizeof(customer), "customer-%d", i);
		held = held_out(&s, customer, 500);
		few += held;
		if (held)
			CHECK(held_out(&s, customer, 2000));
	}
	CHECK(few > 1000 - 124 && few < 1000 + 124);
	scene_release(&s);
}

/* ---- priority -------------------------------------------------------------------------- */

static void test_flowchart(void)
{
	static const struct {
		struct decimal likelihood, impact;
		enum priority_class want;
	} chart[] = {
		{{1, 0}, {1, 0}, PRIORITY_HIGH},
		{{5, -1}, {7, -1}, PRIORITY_HIGH},
		{{5, -1}, {6999, -4}, PRIORITY_MEDIUM},
		{{1, 0}, {0, 0}, PRIORITY_MEDIUM},
		{{4999, -4}, {1, 0}, PRIORITY_LOW},
		{{0, 0}, {0, 0}, PRIORITY_LOW},
	};
	struct policy p;

	policy_default(&p);
	for (size_t i = 0; i < ARRAY_SIZE(chart); i++)
		CHECK_INT(
			priority_class_of(&p, chart[i].likelihood, chart[i].impact), chart[i].want);
}

static struct priority priority(struct gate_scene *s)
{
	const struct instance *i =
		journey_instance(s->journey, SPAN_LIT("cart_abandoned"), SPAN_LIT("cart:C1"));
	struct cond_scope scope = {
		.rules = s->rules,
		.journey = s->journey,
		.instance = i,
		.key = text_span(i->key),
		.now = s->ask.now,
	};
	struct priority p;

	priority_of(&scope, &s->rules->list[0], &p);
	return p;
}

static struct decimal impact(struct gate_scene *s)
{
	return priority(s).impact;
}

#define CHECK_IMPACT(S, M, E) CHECK(decimal_compare(impact(S), (struct decimal){(M), (E)}) == 0)

static void test_impact(void)
{
	static const struct policy_percentile percentiles[] = {{5000, {180, 0}}, {9000, {2, 3}}};
	static const struct policy_severity severities[] = {{{"Payment Failed", 14}, 9500}};
	struct instance *i;
	struct gate_scene s;
	struct date *date;

	scene_init(&s);
	CHECK_IMPACT(&s, 0, 0);
	s.policy->percentiles = percentiles;
	s.policy->n_percentiles = 2;
	CHECK(text_set(&s.journey->orders[0].total, SPAN_LIT("\"1999.99\"")) == 0);
	CHECK_IMPACT(&s, 5, -1);
	CHECK(text_set(&s.journey->orders[0].total, SPAN_LIT("2000")) == 0);
	CHECK_IMPACT(&s, 9, -1);
	s.rules->list[0].class = RULE_SERVICE;
	CHECK_IMPACT(&s, 9, -1);
	s.policy->n_percentiles = 0;
	CHECK_IMPACT(&s, 8, -1);
	i = journey_instance(s.journey, SPAN_LIT("cart_abandoned"), SPAN_LIT("cart:C1"));
	CHECK(text_set(&i->by, SPAN_LIT("Payment Failed")) == 0);
	s.policy->severities = severities;
	s.policy->n_severities = 1;
	CHECK_IMPACT(&s, 95, -2);
	/* Today is 23 November; 1 December is 8 days away, 30 November 7. */
	date = journey_add_date(s.journey, SPAN_LIT("birthday"));
	REQUIRE(date);
	date->month = 12;
	date->day = 1;
	CHECK_IMPACT(&s, 95, -2);
	date->month = 11;
	date->day = 30;
	CHECK_IMPACT(&s, 1, 0);
	date->removed = 1;
	CHECK_IMPACT(&s, 95, -2);
	/* The rule knows better. */
	s.rules->list[0].gates.has_impact = true;
	CHECK_IMPACT(&s, 5, -1);
	scene_release(&s);
}

/* Class, then likelihood times impact times value. */
static void test_order(void)
{
	struct priority high = {.class = PRIORITY_HIGH, .loss = 1};
	struct priority low = {.class = PRIORITY_LOW, .loss = 100};
	struct priority p;
	struct gate_scene s;

	CHECK(priority_compare(&high, &low) < 0 && priority_compare(&low, &high) > 0);
	low.class = PRIORITY_HIGH;
	CHECK(priority_compare(&low, &high) < 0 && priority_compare(&low, &low) == 0);
	/* 1 x 0.5 x 2,000.00. */
	scene_init(&s);
	s.rules->list[0].gates.has_impact = true;
	CHECK(text_set(&s.journey->orders[0].total, SPAN_LIT("2000")) == 0);
	p = priority(&s);
	CHECK_INT(p.loss, INT64_C(100000000000));
	CHECK_INT(p.class, PRIORITY_MEDIUM);
	scene_release(&s);
}

/* What does not fit ends where a character does, and shows that it was cut. "The customer does not
 * want " are 27 bytes, " ..." 4: of 159 bytes 128 are left, 64 characters of two bytes; behind an x
 * only 63, for half a one is none. */
static void test_cut(void)
{
	for (size_t odd = 0; odd < 2; odd++) {
		_cleanup_(buf_release) struct buf topic = BUF_INIT, want = BUF_INIT;
		struct gate_scene s;

		buf_add(&topic, "x", odd);
		for (size_t i = 0; i < 100; i++)
			buf_add_str(&topic, "\xc3\xa4");
		buf_add_str(&want, "The customer does not want ");
		buf_add(&want, topic.ptr, odd ? 127 : 128);
		buf_add_str(&want, " ...");
		scene_init(&s);
		scene_consent(&s, NULL, NULL, CONSENT_WITHDRAWN);
		s.rules->list[0].gates.topic = buf_span(&topic);
		SCENE_ANSWER(&s, GATE_CANCEL, REASON_WITHDRAWN);
		check_span(__FILE__, __LINE__, "words", span_str(s.verdict.words), buf_span(&want));
		scene_release(&s);
	}
}

static const struct check_case cases[] = {
	{"words that do not fit", test_cut},
	{"caps to the millisecond", test_cap_bounds},
	{"what windows count, and whom they stop", test_cap_windows},
	{"a cap of the rule's own", test_cap_of_rule},
	{"a cap of one who gets much", test_cap_of_busy},
	{"caps are never exceeded", test_cap_chance},
	{"reserved and released", test_release},
	{"the order of messages", test_races},
	{"only what would go itself goes first", test_rivals},
	{"what was sent an hour ago", test_sent},
	{"a greeting on its day", test_greeting},
	{"places in the hold-out", test_holdout_places},
	{"the share that is held out", test_holdout_share},
	{"the flowchart", test_flowchart},
	{"impact", test_impact},
	{"order inside a class", test_order},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
