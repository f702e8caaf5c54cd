/* SPDX-License-Identifier: MIT */
/*
 * Where one term of a gate makes the difference: what nobody missed when the gates' code was
 * changed one place at a time. Days by hand: 2026-11-23, a Monday, is "now", at 12:00 in Berlin.
 */
#include "check.h"

#include "core/money.h"
#include "core/priority.h"
#include "gate_scene.h"

#define S struct gate_scene *s

static const struct cond_node yes_node = {.op = COND_VALUE, .value = {.type = VALUE_TRUE}};
static const struct cond_node no_node = {.op = COND_VALUE, .value = {.type = VALUE_FALSE}};
static const struct cond always = {.nodes = &yes_node, .n_nodes = 1};
static const struct cond never = {.nodes = &no_node, .n_nodes = 1};

static struct rule *rule_of(S)
{
	return &s->rules->list[0];
}

static bool says(const struct gate_scene *s, const char *words)
{
	return strstr(s->verdict.words, words) != NULL;
}

static struct thing *thing(S, enum thing_kind kind, const char *id, int64_t due_at)
{
	struct thing *t = journey_add_thing(s->journey, kind, span_str(id));

	assert(t);
	t->at[0] = t->touched_at = s->ask.now - 200 * MS_DAY;
	t->due_at = due_at;
	return t;
}

/* Nothing else stands in the way of rule 0. */
static void scene_alone(S)
{
	scene_init(s);
	s->policy->n_caps = 0;
	rule_of(s)->gates.rank = RANK_NONE;
}

/* ---- contract -------------------------------------------------------------------------- */

/* Rule 0 is service about KEY, and the customer ordered nothing. */
static void scene_contract(S, const char *key)
{
	scene_alone(s);
	rule_of(s)->class = RULE_SERVICE;
	journey_remove_order(s->journey, 0);
	CHECK(text_set(&s->journey->instances[0].key, span_str(key)) == 0);
}

static void judge(S, bool goes)
{
	s->ask.instance = &s->journey->instances[0];
	gates_judge(&s->ask, &s->verdict);
	CHECK_INT(s->verdict.answer, goes ? GATE_ALLOW : GATE_CANCEL);
	CHECK_INT(s->verdict.reason, goes ? REASON_NONE : REASON_NO_CONTRACT);
	CHECK(goes || says(s, "needs an order or another matter"));
}

static const struct {
	const char *key;
	enum thing_kind kind;
	const char *id;
	bool is_closed, goes;
} matters[] = {
	{"customer", THING_REPAIR, "R1", false, true},
	{"customer", THING_REPAIR, "R1", true, false},
	{"repair:R1", THING_REPAIR, "R1", true, true},
	{"repair:R2", THING_REPAIR, "R1", true, false},
	{"repair", THING_REPAIR, "R1", true, false},
	{"", THING_REPAIR, "R1", true, false},
	{"nothing:R1", THING_REPAIR, "R1", true, false},
	{"order:R1", THING_REPAIR, "R1", true, false},
	{"wish:W1", THING_WISH, "W1", false, false},
	{"customer", THING_WISH, "W1", false, false},
	{"view:V1", THING_VIEW, "V1", false, false},
	{"customer", THING_VIEW, "V1", false, false},
	{"occasion:O1", THING_OCCASION, "O1", false, false},
	{"customer", THING_OCCASION, "O1", false, false},
};

static void test_matters(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(matters); i++) {
		int before = check_failures;
		struct gate_scene s;
		struct thing *t;

		scene_contract(&s, matters[i].key);
		t = thing(&s, matters[i].kind, matters[i].id, TIME_NEVER);
		if (matters[i].is_closed)
			t->at[REPAIR_COLLECTED] = t->touched_at;
		judge(&s, matters[i].goes);
		if (check_failures > before)
			fprintf(stderr, "# %s of %s\n", matters[i].key, matters[i].id);
		scene_release(&s);
	}
}

static void test_orders_as_matters(void)
{
	struct gate_scene s;
	struct order *o;

	scene_contract(&s, "customer");
	o = journey_add_order(s.journey, SPAN_LIT("O7"));
	REQUIRE(o);
	o->at[MILESTONE_PLACED] = o->at[MILESTONE_DELIVERED] = s.ask.now - 300 * MS_DAY;
	o->touched_at = s.ask.now - 90 * MS_DAY;
	judge(&s, false);
	o->touched_at++;
	judge(&s, true);
	o->touched_at = s.ask.now - 300 * MS_DAY;
	o->at[MILESTONE_DELIVERED] = TIME_NEVER;
	judge(&s, true);
	o->at[MILESTONE_DELIVERED] = o->at[MILESTONE_PLACED];
	CHECK(text_set(&s.journey->instances[0].key, SPAN_LIT("order:O7")) == 0);
	judge(&s, true);
	CHECK(text_set(&s.journey->instances[0].key, SPAN_LIT("order:O8")) == 0);
	judge(&s, false);
	scene_release(&s);
}

/* Who takes part in a programme has a contract; who is only known has none. */
static void test_programme(void)
{
	struct gate_scene s;

	scene_contract(&s, "customer");
	REQUIRE(journey_add_profile(s.journey));
	judge(&s, false);
	scene_profile_number(&s, PROFILE_POINTS, 0);
	judge(&s, true);
	scene_release(&s);
	scene_contract(&s, "customer");
	scene_profile_text(&s, PROFILE_TIER, "s");
	judge(&s, true);
	scene_release(&s);
}

/* ---- ways ------------------------------------------------------------------------------ */

static void test_topics(void)
{
	struct gate_scene s;

	/* Asked for, and that alone taken back. */
	scene_alone(&s);
	rule_of(&s)->class = RULE_SERVICE;
	rule_of(&s)->gates.topic = SPAN_LIT("feedback");
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	scene_consent(&s, "feedback", NULL, CONSENT_WITHDRAWN);
	SCENE_ANSWER(&s, GATE_CANCEL, REASON_WITHDRAWN);
	CHECK(says(&s, "does not want feedback by email"));
	CHECK_INT(s.verdict.channel.len, 0);
	scene_release(&s);
	/* Agreed to, and then a word against all. */
	scene_alone(&s);
	rule_of(&s)->class = RULE_SERVICE;
	rule_of(&s)->gates.topic = SPAN_LIT("feedback");
	scene_consent(&s, "feedback", "email", CONSENT_GIVEN);
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	scene_consent(&s, NULL, NULL, CONSENT_WITHDRAWN);
	SCENE_ANSWER(&s, GATE_CANCEL, REASON_WITHDRAWN);
	scene_release(&s);
	/* An offer has a topic of its own. */
	scene_alone(&s);
	rule_of(&s)->gates.topic = SPAN_LIT("gifts");
	scene_consent(&s, "gifts", NULL, CONSENT_WITHDRAWN);
	SCENE_ANSWER(&s, GATE_CANCEL, REASON_WITHDRAWN);
	scene_release(&s);
	/* The reason is that of the first way, and another's where there is none. */
	scene_alone(&s);
	s.journey->n_orders = 0;
	scene_channels(rule_of(&s), "email", "sms");
	scene_consent(&s, "marketing", "sms", CONSENT_WITHDRAWN);
	SCENE_ANSWER(&s, GATE_CANCEL, REASON_NO_CONSENT);
	CHECK(says(&s, "never agreed to marketing by email"));
	scene_release(&s);
}

static void bounce(S, enum job_channel way)
{
	struct address *a = journey_add_address(s->journey, way, SPAN_EMPTY);

	REQUIRE(a);
	a->hard_at = s->ask.now - MS_DAY;
}

static void test_reach(void)
{
	struct gate_scene s;
	struct address *a;

	/* Who complained is not followed to the next address with an offer. */
	scene_alone(&s);
	scene_channels(rule_of(&s), "email", "sms");
	a = journey_add_address(s.journey, JOB_CHANNEL_EMAIL, SPAN_EMPTY);
	REQUIRE(a);
	a->complained_at = s.ask.now - MS_DAY;
	SCENE_ANSWER(&s, GATE_CANCEL, REASON_COMPLAINED);
	rule_of(&s)->class = RULE_SERVICE;
	SCENE_ANSWER(&s, GATE_REROUTE, REASON_COMPLAINED);
	CHECK_STR(s.verdict.channel, "sms");
	scene_release(&s);
	/* No address, and the other one is closed: an offer ends there, service says the first. */
	scene_alone(&s);
	scene_channels(rule_of(&s), "email", "sms");
	scene_consent(&s, "marketing", NULL, CONSENT_GIVEN);
	text_release(&s.journey->traits[TRAIT_EMAIL]);
	bounce(&s, JOB_CHANNEL_SMS);
	SCENE_ANSWER(&s, GATE_CANCEL, REASON_BOUNCED);
	CHECK(says(&s, "came back, and nothing goes any more by sms"));
	rule_of(&s)->class = RULE_SERVICE;
	SCENE_ANSWER(&s, GATE_CANCEL, REASON_UNREACHABLE);
	CHECK(says(&s, "no address for email"));
	scene_release(&s);
	/* Two ways are struck out, each for its own reason: the first is why. */
	scene_alone(&s);
	s.journey->n_orders = 0;
	scene_channels(rule_of(&s), "email", "sms");
	rule_of(&s)->channels[2] = SPAN_LIT("push");
	rule_of(&s)->n_channels = 3;
	scene_consent(&s, "marketing", "sms", CONSENT_GIVEN);
	scene_consent(&s, "marketing", "push", CONSENT_GIVEN);
	text_release(&s.journey->traits[TRAIT_PHONE]);
	SCENE_ANSWER(&s, GATE_REROUTE, REASON_NO_CONSENT);
	CHECK_STR(s.verdict.channel, "push");
	scene_release(&s);
}

static void test_ways(void)
{
	static const struct span by_text[] = {{"sms", 3}};
	struct gate_scene s;
	struct profile *p;

	/* A step has channels of its own. */
	scene_alone(&s);
	rule_of(&s)->steps[0].channels = by_text;
	rule_of(&s)->steps[0].n_channels = 1;
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	CHECK_STR(s.verdict.channel, "sms");
	rule_of(&s)->steps[0].channels = NULL;
	/* And may be work for staff, which needs no word of the customer's. */
	s.journey->n_orders = 0;
	SCENE_ANSWER(&s, GATE_CANCEL, REASON_NO_CONSENT);
	rule_of(&s)->steps[0].task = true;
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	rule_of(&s)->steps[0].task = false;
	/* A rule that is asked nothing heeds no wish either. */
	p = journey_add_profile(s.journey);
	REQUIRE(p);
	p->n_ranked = 1;
	p->ranked[0] = JOB_CHANNEL_SMS;
	scene_channels(rule_of(&s), "email", "sms");
	rule_of(&s)->gates.on = false;
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	CHECK_STR(s.verdict.channel, "email");
	scene_release(&s);
}

static void test_tried(void)
{
	struct gate_scene s;

	scene_alone(&s);
	scene_channels(rule_of(&s), "email", "sms");
	rule_of(&s)->fallback_ms = 4 * MS_HOUR;
	s.ask.tried = 1U << JOB_CHANNEL_EMAIL;
	SCENE_ANSWER(&s, GATE_REROUTE, REASON_NOT_DELIVERED);
	CHECK_STR(s.verdict.channel, "sms");
	CHECK(says(&s, "by email, and nobody said within 4h"));
	s.ask.lost = true;
	SCENE_ANSWER(&s, GATE_REROUTE, REASON_NOT_DELIVERED);
	CHECK(says(&s, "by email and did not arrive"));
	/* At the lease that is no news. */
	s.ask.at_lease = true;
	s.ask.channel = SPAN_LIT("sms");
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	s.ask.at_lease = false;
	s.ask.channel = SPAN_EMPTY;
	/* It was emitted before: the step's own condition is asked again. */
	rule_of(&s)->steps[0].only_if = &always;
	SCENE_ANSWER(&s, GATE_REROUTE, REASON_NOT_DELIVERED);
	rule_of(&s)->steps[0].only_if = &never;
	SCENE_ANSWER(&s, GATE_CANCEL, REASON_FIRE_IF);
	rule_of(&s)->steps[0].only_if = NULL;
	rule_of(&s)->fire_if = &always;
	SCENE_ANSWER(&s, GATE_REROUTE, REASON_NOT_DELIVERED);
	scene_release(&s);
}

/* What was emitted at a step that the rule has no more goes as the rule says, and no step. */
static void test_step_gone(void)
{
	static const struct span by_text[] = {{"sms", 3}};
	struct gate_scene s;

	scene_alone(&s);
	s.ask.step = 1;
	s.ask.at_lease = true;
	s.ask.channel = SPAN_LIT("email");
	rule_of(&s)->steps[1] = (struct rule_step){
		.only_if = &never, .channels = by_text, .n_channels = 1, .task = true};
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	CHECK_STR(s.verdict.channel, "email");
	s.journey->n_orders = 0;
	SCENE_ANSWER(&s, GATE_CANCEL, REASON_NO_CONSENT);
	s.ask.at_lease = false;
	s.ask.channel = SPAN_EMPTY;
	s.journey->n_orders = 1;
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	CHECK_STR(s.verdict.channel, "email");
	/* Why, and not only that. */
	rule_of(&s)->fire_if = &never;
	SCENE_ANSWER(&s, GATE_CANCEL, REASON_FIRE_IF);
	CHECK(says(&s, "does not hold: "));
	scene_release(&s);
}

/* ---- hours ----------------------------------------------------------------------------- */

static void test_hours(void)
{
	struct gate_scene s;

	/* France's hours are for what rings there; a push has its own. */
	scene_alone(&s);
	scene_channels(rule_of(&s), "push", NULL);
	scene_consent(&s, "marketing", "push", CONSENT_GIVEN);
	scene_profile_text(&s, PROFILE_ZONE, "Europe/Paris");
	scene_profile_text(&s, PROFILE_COUNTRY, "FR");
	s.ask.now = scene_time("2026-11-23T20:30:00Z");
	SCENE_UNTIL(&s, REASON_QUIET_HOURS, "2026-11-24T07:00:00.000Z");
	scene_release(&s);
	/* Sundays are France's; who ignores quiet hours ignores days off. */
	scene_alone(&s);
	scene_channels(rule_of(&s), "sms", NULL);
	s.ask.now = scene_time("2026-11-22T11:00:00Z");
	scene_profile_text(&s, PROFILE_COUNTRY, "DE");
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	scene_profile_text(&s, PROFILE_COUNTRY, "FR");
	SCENE_ANSWER(&s, GATE_DEFER, REASON_DAY_OFF);
	rule_of(&s)->gates.quiet = HABIT_IGNORE;
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	scene_release(&s);
	/* Of Australia's zones one is known here: that is theirs. 21:00 at +11 is 10:00Z. */
	scene_alone(&s);
	scene_channels(rule_of(&s), "sms", NULL);
	scene_profile_text(&s, PROFILE_COUNTRY, "AU");
	s.ask.now = scene_time("2026-11-23T09:59:59.999Z");
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	s.ask.now++;
	SCENE_UNTIL(&s, REASON_QUIET_HOURS, "2026-11-23T21:00:00.000Z");
	CHECK(says(&s, "again from 2026-11-24 08:00 +11:00 on"));
	scene_release(&s);
}

/* At 22:30 in Berlin the customer wants nothing from 22:00 to midnight. */
static void test_wishes(void)
{
	struct gate_scene s;

	scene_alone(&s);
	s.ask.now = scene_time("2026-11-23T21:30:00Z");
	scene_profile_number(&s, PROFILE_QUIET_FROM, 1320);
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE); /* until when was not said */
	scene_profile_number(&s, PROFILE_QUIET_TO, 1440);
	SCENE_UNTIL(&s, REASON_QUIET_HOURS, "2026-11-23T23:00:00.000Z");
	rule_of(&s)->gates.quiet = HABIT_IGNORE;
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	rule_of(&s)->gates.quiet = HABIT_DEFER;
	scene_channels(rule_of(&s), "mail", NULL); /* wakes nobody */
	scene_consent(&s, "marketing", NULL, CONSENT_GIVEN);
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	scene_channels(rule_of(&s), "email", NULL);
	scene_profile_number(&s, PROFILE_QUIET_FROM, -1);
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	s.journey->profile->numbers[PROFILE_QUIET_FROM].value = (struct decimal){13205, -1};
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	/* From midnight on, for an hour. */
	s.ask.now = scene_time("2026-11-23T23:00:00Z");
	scene_profile_number(&s, PROFILE_QUIET_FROM, 0);
	scene_profile_number(&s, PROFILE_QUIET_TO, 60);
	SCENE_UNTIL(&s, REASON_QUIET_HOURS, "2026-11-24T00:00:00.000Z");
	scene_release(&s);
}

static void test_language(void)
{
	struct gate_scene s;

	scene_init(&s);
	CHECK_STR(journey_language(s.journey), "");
	scene_profile_text(&s, PROFILE_SEEN_LANGUAGE, "d");
	CHECK_STR(journey_language(s.journey), "d");
	scene_profile_text(&s, PROFILE_LANGUAGE, "f");
	CHECK_STR(journey_language(s.journey), "f");
	scene_release(&s);
}

/* ---- caps ------------------------------------------------------------------------------ */

static void test_cap_of_topic(void)
{
	struct gate_scene s;
	struct rule_gates *g;

	scene_alone(&s);
	(void)scene_rule(&s, 1, "ask", RULE_SERVICE);
	(void)scene_rule(&s, 2, "ask_again", RULE_SERVICE);
	(void)scene_rule(&s, 3, "news", RULE_MARKETING);
	s.ask.rule = rule_of(&s);
	g = &rule_of(&s)->gates;
	g->topic = s.rules->list[1].gates.topic = s.rules->list[2].gates.topic = SPAN_LIT("survey");
	g->cap_count = 2;
	g->cap_within_ms = 90 * MS_DAY;
	g->cap_topic = true;
	scene_send(&s, "news", RULE_MARKETING, JOB_CHANNEL_EMAIL, 5 * MS_DAY);
	scene_send(&s, "cart_abandoned", RULE_MARKETING, JOB_CHANNEL_EMAIL, 4 * MS_DAY);
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	scene_send(&s, "ask", RULE_SERVICE, JOB_CHANNEL_EMAIL, 90 * MS_DAY);
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	/* One is enough, and the latest counts: 90 days after 3 days ago are 87 days on. */
	scene_send(&s, "ask", RULE_SERVICE, JOB_CHANNEL_EMAIL, 3 * MS_DAY);
	SCENE_UNTIL(&s, REASON_RULE_CAP_FULL, "2027-02-18T11:00:00.000Z");
	CHECK(says(&s, "none beside others of its topic"));
	scene_send(&s, "ask_again", RULE_SERVICE, JOB_CHANNEL_EMAIL, 2 * MS_DAY);
	SCENE_UNTIL(&s, REASON_RULE_CAP_FULL, "2027-02-19T11:00:00.000Z");
	/* Its own two fill it too: the first of the last two was four days ago. */
	scene_send(&s, "cart_abandoned", RULE_MARKETING, JOB_CHANNEL_EMAIL, MS_DAY);
	SCENE_UNTIL(&s, REASON_RULE_CAP_FULL, "2027-02-19T11:00:00.000Z");
	g->cap_topic = false;
	SCENE_UNTIL(&s, REASON_RULE_CAP_FULL, "2027-02-17T11:00:00.000Z");
	CHECK(says(&s, "sent 2 in the last 90d"));
	/* To ignore the caps of all is not to ignore one's own. */
	g->on_cap = HABIT_IGNORE;
	SCENE_ANSWER(&s, GATE_CANCEL, REASON_RULE_CAP_FULL);
	g->on_cap = HABIT_DROP;
	SCENE_ANSWER(&s, GATE_CANCEL, REASON_RULE_CAP_FULL);
	scene_release(&s);
}

/* The other of the topic is the first of all rules; and who has room is asked the rest. */
static void test_cap_of_first(void)
{
	struct rule_gates *g;
	struct gate_scene s;

	scene_alone(&s);
	s.ask.rule = scene_rule(&s, 1, "ask", RULE_MARKETING);
	g = &s.rules->list[1].gates;
	g->topic = rule_of(&s)->gates.topic = SPAN_LIT("survey");
	g->cap_count = 1;
	g->cap_within_ms = 90 * MS_DAY;
	g->cap_topic = true;
	g->rank = 7;
	scene_send(&s, "cart_abandoned", RULE_MARKETING, JOB_CHANNEL_EMAIL, 90 * MS_DAY);
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	rule_of(&s)->gates.rank = 1;
	SCENE_ANSWER(&s, GATE_CANCEL, REASON_SUPERSEDED);
	CHECK_INT(s.verdict.gate, GATE_ARBITRATION);
	rule_of(&s)->gates.rank = RANK_NONE;
	/* 2026-11-22 and 90 days. */
	scene_send(&s, "cart_abandoned", RULE_MARKETING, JOB_CHANNEL_EMAIL, MS_DAY);
	SCENE_UNTIL(&s, REASON_RULE_CAP_FULL, "2027-02-20T11:00:00.000Z");
	CHECK_INT(s.verdict.gate, GATE_CAP);
	g->on_cap = HABIT_DROP;
	SCENE_ANSWER(&s, GATE_CANCEL, REASON_RULE_CAP_FULL);
	CHECK_INT(s.verdict.until, 0);
	scene_release(&s);
}

static void test_what_caps_count(void)
{
	static const struct policy_cap offers[] = {{~0U, 1U << RULE_MARKETING, ~0U, 1, MS_DAY},
		{~0U, ~0U, 1U << JOB_CHANNEL_SMS, 1, 7 * MS_DAY}};
	struct emission m = {.epoch = 1};
	unsigned char job[16];
	struct gate_scene s;

	/* The first counts offers alone, the second what went by text message. */
	scene_alone(&s);
	s.policy->caps = offers;
	s.policy->n_caps = 2;
	scene_channels(rule_of(&s), "sms", NULL);
	scene_send(&s, "other", RULE_SERVICE, JOB_CHANNEL_EMAIL, MS_HOUR);
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	/* At the lease it is itself that does not count, and nothing else. */
	CHECK_INT(gates_reserve(s.journey, &s.ask, &s.verdict), 0);
	m.episode = s.ask.instance->episode;
	gates_job_id(s.journey, s.ask.rule, s.ask.instance, &m, job);
	s.ask.at_lease = true;
	s.ask.channel = SPAN_LIT("sms");
	s.ask.job = job;
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	scene_send(&s, "another", RULE_MARKETING, JOB_CHANNEL_EMAIL, MS_HOUR);
	SCENE_ANSWER(&s, GATE_DEFER, REASON_CAP_FULL);
	CHECK(says(&s, "got 1 in the last 1d"));
	scene_release(&s);
}

/* Reserved once more, by another way. */
static void test_reserved_again(void)
{
	struct emission m = {.epoch = 1, .way = JOB_CHANNEL_SMS + 1};
	unsigned char job[16];
	struct gate_scene s;

	scene_alone(&s);
	scene_channels(rule_of(&s), "email", "sms");
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	CHECK_INT(gates_reserve(s.journey, &s.ask, &s.verdict), 0);
	gates_release(s.journey, s.journey->sends[0].job_id);
	CHECK_INT(s.journey->sends[0].state, SEND_RELEASED);
	scene_channels(rule_of(&s), "sms", NULL);
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	CHECK_INT(gates_reserve(s.journey, &s.ask, &s.verdict), 0);
	CHECK_INT(s.journey->n_sends, 1);
	CHECK_INT(s.journey->sends[0].state, SEND_RESERVED);
	CHECK_INT(s.journey->sends[0].channel, JOB_CHANNEL_SMS);
	/* What goes another way because the first was of no use is a job of its own. */
	s.ask.tried = 1U << JOB_CHANNEL_EMAIL;
	SCENE_ANSWER(&s, GATE_REROUTE, REASON_NOT_DELIVERED);
	CHECK_INT(gates_reserve(s.journey, &s.ask, &s.verdict), 0);
	m.episode = s.ask.instance->episode;
	gates_job_id(s.journey, s.ask.rule, s.ask.instance, &m, job);
	CHECK_INT(s.journey->n_sends, 2);
	CHECK(journey_send(s.journey, job));
	scene_release(&s);
}

/* Who is held out is asked everything; where something stands in the way that is why. */
static void test_held_out_and_late(void)
{
	struct gate_scene s;

	scene_init(&s);
	rule_of(&s)->gates.holdout = SHARE_WHOLE;
	scene_send(&s, "other", RULE_MARKETING, JOB_CHANNEL_EMAIL, MS_HOUR);
	SCENE_ANSWER(&s, GATE_DEFER, REASON_CAP_FULL);
	CHECK(!s.verdict.held_out);
	CHECK_INT(s.verdict.channel.len, 0);
	scene_release(&s);
}

static const struct check_case cases[] = {
	{"what a service message may be about", test_matters},
	{"orders that one may be about", test_orders_as_matters},
	{"programmes", test_programme},
	{"topics", test_topics},
	{"addresses", test_reach},
	{"ways of a step, and of nobody", test_ways},
	{"ways that were tried", test_tried},
	{"a step that is gone", test_step_gone},
	{"hours of countries", test_hours},
	{"wishes", test_wishes},
	{"which language", test_language},
	{"a cap of a topic", test_cap_of_topic},
	{"a cap of a topic, and the first of all rules", test_cap_of_first},
	{"what caps count", test_what_caps_count},
	{"reserved again", test_reserved_again},
	{"held out, and too often", test_held_out_and_late},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
