/* SPDX-License-Identifier: MIT */
/*
 * What weighs how much, and which message goes first, one term at a time: the sums, days and shares
 * are worked out by hand. "Now" is Monday, 2026-11-23, 12:00 in Berlin.
 */
#include "check.h"

#include "core/basket.h"
#include "core/priority.h"
#include "gate_scene.h"

#define S struct gate_scene *s

static const struct policy_percentile percentiles[] = {{4000, {50, 0}}, {9000, {100, 0}}};

static struct rule *rule_of(S)
{
	return &s->rules->list[0];
}

/* Impact is what follows from the customer and what it is about, with the percentiles above. */
static void scene_weighed(S)
{
	scene_init(s);
	s->policy->percentiles = percentiles;
	s->policy->n_percentiles = ARRAY_SIZE(percentiles);
	s->policy->currency = SPAN_LIT("EUR");
}

static struct priority weigh(S, const char *key)
{
	struct cond_scope scope = {
		.rules = s->rules,
		.journey = s->journey,
		.instance = &s->journey->instances[0],
		.key = span_str(key),
		.now = s->ask.now,
	};
	struct priority p;

	priority_of(&scope, rule_of(s), &p);
	return p;
}

static bool is_share(struct decimal d, int64_t mantissa, int32_t exponent)
{
	return decimal_compare(d, (struct decimal){mantissa, exponent}) == 0;
}

#define CHECK_SHARE(D, M, E) CHECK(is_share((D), (M), (E)))

static void money(struct order *o, const char *total, const char *currency)
{
	REQUIRE(o);
	o->at[MILESTONE_PLACED] = 0;
	CHECK(text_set(&o->total, span_str(total)) == 0);
	CHECK(text_set(&o->currency, span_str(currency)) == 0);
}

/* ---- money ----------------------------------------------------------------------------- */

static void test_order_concerned(void)
{
	struct gate_scene s;
	struct priority p;

	scene_weighed(&s);
	money(journey_order(s.journey, SPAN_LIT("O1")), "30.5", "EUR");
	money(journey_add_order(s.journey, SPAN_LIT("O2")), "20", "EUR");
	money(journey_add_order(s.journey, SPAN_LIT("O3")), "5000", "USD");
	/* Fifty and a half in all: 0.4; what one order is worth is its own sum. */
	p = weigh(&s, "customer");
	CHECK_SHARE(p.impact, 4, -1);
	CHECK_INT(p.worth.hundredths, 5050);
	CHECK(p.worth.whole);
	p = weigh(&s, "order:O1");
	CHECK_SHARE(p.impact, 4, -1);
	CHECK_INT(p.worth.hundredths, 3050);
	CHECK(!p.worth.whole);
	CHECK_INT(weigh(&s, "order:O2").worth.hundredths, 2000);
	/* Of no order, and of one in other money, nothing is known. */
	CHECK_INT(weigh(&s, "order:O9").worth.hundredths, 5050);
	CHECK_INT(weigh(&s, "order:O3").worth.hundredths, 5050);
	CHECK_INT(weigh(&s, "O1").worth.hundredths, 5050);
	/* Nobody said what it cost; it cost a cent; it cost more than is counted. */
	money(journey_add_order(s.journey, SPAN_LIT("O4")), "", "EUR");
	CHECK_INT(weigh(&s, "order:O4").worth.hundredths, 5050);
	money(journey_order(s.journey, SPAN_LIT("O4")), "0.01", "EUR");
	p = weigh(&s, "order:O4");
	CHECK_INT(p.worth.hundredths, 1);
	CHECK(!p.worth.whole);
	money(journey_order(s.journey, SPAN_LIT("O4")), "3e13", "EUR");
	CHECK_INT(weigh(&s, "order:O4").worth.hundredths, INT64_C(1000000000000));
	scene_release(&s);
}

static void test_cart_concerned(void)
{
	struct gate_scene s;
	struct cart *cart;

	scene_weighed(&s);
	cart = journey_add_cart(s.journey, SPAN_LIT("cart:C1"));
	REQUIRE(cart);
	CHECK_INT(weigh(&s, "cart:C1").worth.hundredths, 0);
	cart->basket = calloc(1, sizeof(*cart->basket));
	REQUIRE(cart->basket);
	cart->basket->value = (struct amount){{10000, -2}, 0};
	CHECK_INT(weigh(&s, "cart:C1").worth.hundredths, 10000);
	CHECK_SHARE(weigh(&s, "cart:C1").impact, 9, -1);
	CHECK(text_set(&cart->basket->currency, SPAN_LIT("EUR")) == 0);
	CHECK_SHARE(weigh(&s, "cart:C1").impact, 9, -1);
	CHECK(text_set(&cart->basket->currency, SPAN_LIT("USD")) == 0);
	CHECK_SHARE(weigh(&s, "cart:C1").impact, 0, 0);
	CHECK_INT(weigh(&s, "cart:C1").worth.hundredths, 0);
	scene_release(&s);
}

/* Parts of a cent are cut off, and what is below nothing is nothing. */
static void test_loss(void)
{
	struct gate_scene s;
	struct order *o;

	scene_weighed(&s);
	o = journey_order(s.journey, SPAN_LIT("O1"));
	rule_of(&s)->gates.has_impact = true;
	rule_of(&s)->likelihood = (struct decimal){12345, -5};
	rule_of(&s)->impact = (struct decimal){6789, -4};
	money(o, "12.349", "EUR");
	/* 123 x 678 x 1234 */
	CHECK_INT(weigh(&s, "order:O1").loss, INT64_C(102908196));
	money(o, "3e2", "EUR");
	CHECK_INT(weigh(&s, "order:O1").loss, INT64_C(2501820000));
	/* Shares are shares. */
	rule_of(&s)->likelihood = (struct decimal){15, -1};
	rule_of(&s)->impact = (struct decimal){-5, -1};
	CHECK_SHARE(weigh(&s, "order:O1").likelihood, 1, 0);
	CHECK_SHARE(weigh(&s, "order:O1").impact, 0, 0);
	CHECK_INT(weigh(&s, "order:O1").loss, 0);
	scene_release(&s);
}

/* Who has the privileges of the last tier: a call for little is not for the others. */
static void test_tiers(void)
{
	static const struct policy_tier tiers[] = {{{"b", 1}, {10, 0}}, {{"a", 1}, {500, 0}}};
	struct gate_scene s;
	struct order *o;

	scene_weighed(&s);
	o = journey_order(s.journey, SPAN_LIT("O1"));
	money(o, "500", "EUR");
	CHECK(!priority_is_valued(s.policy, s.journey));
	s.policy->tiers = tiers;
	s.policy->n_tiers = 2;
	CHECK(priority_is_valued(s.policy, s.journey));
	money(o, "499.99", "EUR");
	CHECK(!priority_is_valued(s.policy, s.journey));
	/* A rank counts where one is named, and was said. */
	scene_profile_number(&s, PROFILE_TIER_RANK, 9);
	CHECK(!priority_is_valued(s.policy, s.journey));
	s.policy->loyalty_top = 9;
	CHECK(priority_is_valued(s.policy, s.journey));
	s.journey->profile->numbers[PROFILE_TIER_RANK].at = INT64_MIN;
	CHECK(!priority_is_valued(s.policy, s.journey));
	scene_release(&s);
}

/* ---- likelihood and impact by a formula ------------------------------------------------ */

static void test_formulas(void)
{
	static const struct cond_node yes = {.op = COND_VALUE, .value = {.type = VALUE_TRUE}};
	static const struct cond_node half = {
		.op = COND_VALUE, .value = {.type = VALUE_NUMBER, .number = {5, -1}}};
	static const struct cond said = {.nodes = &half, .n_nodes = 1};
	static const struct cond unsaid = {.nodes = &yes, .n_nodes = 1};
	static const struct policy_severity severities[] = {
		{{"Client Error", 12}, 3000}, {{"Payment Failed", 14}, 9500}};
	struct gate_scene s;

	scene_weighed(&s);
	money(journey_order(s.journey, SPAN_LIT("O1")), "50", "EUR");
	rule_of(&s)->likelihood = (struct decimal){2, -1};
	CHECK_SHARE(weigh(&s, "customer").likelihood, 2, -1);
	rule_of(&s)->gates.likelihood = &said;
	CHECK_SHARE(weigh(&s, "customer").likelihood, 5, -1);
	/* What is no number says nothing: then it is certain, and weighs what it weighs. */
	rule_of(&s)->gates.likelihood = &unsaid;
	CHECK_SHARE(weigh(&s, "customer").likelihood, 1, 0);
	CHECK_SHARE(weigh(&s, "customer").impact, 4, -1);
	rule_of(&s)->gates.impact = &said;
	CHECK_SHARE(weigh(&s, "customer").impact, 5, -1);
	rule_of(&s)->gates.impact = &unsaid;
	CHECK_SHARE(weigh(&s, "customer").impact, 4, -1);
	/* How grave an event is raises it, if it is that event, and lowers nothing. */
	s.policy->severities = severities;
	s.policy->n_severities = 2;
	CHECK_SHARE(weigh(&s, "customer").impact, 4, -1);
	CHECK(text_set(&s.journey->instances[0].by, SPAN_LIT("Client Error")) == 0);
	CHECK_SHARE(weigh(&s, "customer").impact, 4, -1);
	CHECK(text_set(&s.journey->instances[0].by, SPAN_LIT("Payment Failed")) == 0);
	CHECK_SHARE(weigh(&s, "customer").impact, 95, -2);
	/* A rule that is asked nothing has what it says. */
	rule_of(&s)->gates.impact = NULL;
	rule_of(&s)->gates.on = false;
	rule_of(&s)->impact = (struct decimal){1, -1};
	CHECK_SHARE(weigh(&s, "customer").impact, 1, -1);
	scene_release(&s);
}

/* The answer carries what was weighed. */
static void test_told(void)
{
	struct gate_scene s;

	scene_weighed(&s);
	rule_of(&s)->gates.has_impact = true;
	money(journey_order(s.journey, SPAN_LIT("O1")), "50", "EUR");
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	CHECK_SHARE(s.verdict.likelihood, 1, 0);
	CHECK_SHARE(s.verdict.impact, 5, -1);
	CHECK_INT(s.verdict.worth.hundredths, 5000);
	CHECK_INT(s.verdict.loss, INT64_C(2500000000)); /* 1000 x 500 x 5000 */
	scene_release(&s);
}

/* ---- days ------------------------------------------------------------------------------ */

static const struct {
	const char *now;
	int32_t month, day;
	bool near;
} dates[] = {
	{"2026-11-23T11:00:00Z", 11, 23, true},
	{"2026-11-23T11:00:00Z", 11, 22, false},
	{"2026-12-28T11:00:00Z", 1, 4, true},
	{"2026-12-28T11:00:00Z", 1, 5, false},
	{"2026-12-28T11:00:00Z", 12, 31, true},
	{"2026-02-21T11:00:00Z", 2, 29, true}, /* kept on the 28th */
	{"2026-02-20T11:00:00Z", 2, 29, false},
	{"2028-02-22T11:00:00Z", 2, 29, true},
	{"2028-02-21T11:00:00Z", 2, 29, false},
	/* It is tomorrow in Berlin already. */
	{"2026-11-23T23:00:00Z", 12, 1, true},
	{"2026-11-23T22:59:59Z", 12, 1, false},
	{"2026-11-23T11:00:00Z", 0, 23, false},
	{"2026-11-23T11:00:00Z", 13, 1, false},
};

static void test_dates(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(dates); i++) {
		int before = check_failures;
		struct gate_scene s;
		struct date *d;

		scene_init(&s);
		s.ask.now = scene_time(dates[i].now);
		d = journey_add_date(s.journey, SPAN_LIT("birthday"));
		REQUIRE(d);
		d->month = (uint8_t)dates[i].month;
		d->day = (uint8_t)dates[i].day;
		CHECK_SHARE(weigh(&s, "customer").impact, dates[i].near, 0);
		if (check_failures > before)
			fprintf(stderr, "# %s\n", dates[i].now);
		scene_release(&s);
	}
}

static const struct {
	enum thing_kind kind;
	const char *due; /* NULL: nobody said when */
	bool near;
} occasions[] = {
	{THING_OCCASION, "2026-11-23T01:00:00Z", true},
	{THING_OCCASION, "2026-11-22T22:59:59Z", false}, /* yesterday in Berlin */
	{THING_OCCASION, "2026-11-30T22:59:59Z", true},
	{THING_OCCASION, "2026-11-30T23:00:00Z", false},
	{THING_OCCASION, NULL, false},
	{THING_APPOINTMENT, "2026-11-24T11:00:00Z", false},
};

static void test_occasions(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(occasions); i++) {
		int before = check_failures;
		struct gate_scene s;
		struct thing *t;

		scene_init(&s);
		t = journey_add_thing(s.journey, occasions[i].kind, SPAN_LIT("O1"));
		REQUIRE(t);
		t->due_at = occasions[i].due ? scene_time(occasions[i].due) : TIME_NEVER;
		CHECK_SHARE(weigh(&s, "customer").impact, occasions[i].near, 0);
		if (check_failures > before)
			fprintf(stderr, "# occasion %zu\n", i);
		scene_release(&s);
	}
}

/* ---- who goes first -------------------------------------------------------------------- */

/* Rule 0 and one that is better, due now. */
static struct rule *scene_rival(S)
{
	struct rule *rival;

	scene_init(s);
	s->policy->n_caps = 0;
	rival = scene_rule(s, 1, "checkout_abandoned", RULE_MARKETING);
	(void)scene_instance(s, "checkout_abandoned", "x:1", s->ask.now);
	return rival;
}

static void test_rivals_asked(void)
{
	struct gate_scene s;
	struct rule *rival = scene_rival(&s);

	SCENE_ANSWER(&s, GATE_CANCEL, REASON_SUPERSEDED);
	CHECK_INT(s.verdict.channel.len, 0);
	/* It takes no part, and then rule 0 does not. */
	rival->gates.on = false;
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	rival->gates.on = true;
	rule_of(&s)->gates.rank = RANK_NONE;
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	rule_of(&s)->gates.rank = rival->gates.rank + 1;
	/* The rival is asked as it is due: in its own time, by its own ways, for the first time. */
	rival->expire_ms = MS_HOUR;
	s.ask.due_at = s.ask.now - 2 * MS_HOUR;
	SCENE_ANSWER(&s, GATE_CANCEL, REASON_SUPERSEDED);
	s.ask.tried = 1U << JOB_CHANNEL_EMAIL;
	scene_channels(rule_of(&s), "email", "sms");
	SCENE_ANSWER(&s, GATE_CANCEL, REASON_SUPERSEDED);
	s.ask.tried = 0;
	s.ask.at_lease = true;
	s.ask.channel = SPAN_LIT("email");
	SCENE_ANSWER(&s, GATE_CANCEL, REASON_SUPERSEDED);
	scene_channels(rival, "sms", NULL);
	text_release(&s.journey->traits[TRAIT_PHONE]);
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	scene_release(&s);
}

/* In its own matter and at its own step. */
static void test_rivals_matter(void)
{
	static const struct span by_text[] = {{"sms", 3}};
	struct gate_scene s;
	struct rule *rival = scene_rival(&s);
	struct instance *i = journey_instance(s.journey, rival->id, SPAN_LIT("x:1"));
	struct thing *t = journey_add_thing(s.journey, THING_REPAIR, SPAN_LIT("R1"));

	REQUIRE(i && t);
	t->at[REPAIR_COLLECTED] = t->touched_at = s.ask.now - 200 * MS_DAY;
	i->step = 1;
	rival->n_steps = 2;
	SCENE_ANSWER(&s, GATE_CANCEL, REASON_SUPERSEDED);
	rival->steps[1].channels = by_text;
	rival->steps[1].n_channels = 1;
	text_release(&s.journey->traits[TRAIT_PHONE]);
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	rival->steps[1].channels = NULL;
	/* Of service, and nothing is known but the repair that it is about. */
	rival->class = RULE_SERVICE;
	journey_remove_order(s.journey, 0);
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	CHECK(text_set(&i->key, SPAN_LIT("repair:R1")) == 0);
	SCENE_ANSWER(&s, GATE_CANCEL, REASON_SUPERSEDED);
	scene_release(&s);
}

/* What is not going to be sent outdoes nobody: a step that will be skipped, and what another rule
 * ends while it waits. The window is an hour, to the millisecond. */
static void test_rivals_stopped(void)
{
	static const struct cond_node yes_node = {.op = COND_VALUE, .value = {.type = VALUE_TRUE}};
	static const struct cond_node no_node = {.op = COND_VALUE, .value = {.type = VALUE_FALSE}};
	static const struct cond always = {.nodes = &yes_node, .n_nodes = 1};
	static const struct cond never = {.nodes = &no_node, .n_nodes = 1};
	struct gate_scene s;
	struct rule *rival = scene_rival(&s), *greater;
	struct instance *i = journey_instance(s.journey, rival->id, SPAN_LIT("x:1"));

	REQUIRE(i);
	rival->steps[0].only_if = &never;
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	rival->steps[0].only_if = &always;
	SCENE_ANSWER(&s, GATE_CANCEL, REASON_SUPERSEDED);
	i->fire_at = s.ask.now + MS_HOUR - 1;
	SCENE_ANSWER(&s, GATE_CANCEL, REASON_SUPERSEDED);
	i->fire_at = s.ask.now + MS_HOUR;
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	i->fire_at = s.ask.now;
	greater = scene_rule(&s, 2, "desk", RULE_TASK);
	i = scene_instance(&s, "desk", "y:1", s.ask.now + MS_DAY);
	REQUIRE(i);
	SCENE_ANSWER(&s, GATE_CANCEL, REASON_SUPERSEDED);
	greater->supersedes[0] = rival->id;
	greater->n_supersedes = 1;
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	i->state = INSTANCE_COOLING;
	SCENE_ANSWER(&s, GATE_CANCEL, REASON_SUPERSEDED);
	scene_release(&s);
}

static void test_rival_without_rule(void)
{
	struct gate_scene s;

	scene_init(&s);
	(void)scene_instance(&s, "gone", "x:1", s.ask.now);
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	scene_release(&s);
}

static void test_greetings(void)
{
	static const struct rule_calendar day = {.date = {"birthday", 8}};
	struct gate_scene s;
	struct rule *greeting;

	/* Two on one day: neither outdoes the other. What was sent before outdoes none. */
	scene_init(&s);
	s.policy->n_caps = 0;
	greeting = scene_rule(&s, 1, "birthday", RULE_MARKETING);
	greeting->calendar = rule_of(&s)->calendar = &day;
	(void)scene_instance(&s, "birthday", "birthday", s.ask.now);
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	(void)scene_rule(&s, 2, "checkout_abandoned", RULE_MARKETING);
	scene_send(&s, "checkout_abandoned", RULE_MARKETING, JOB_CHANNEL_EMAIL, MS_MINUTE);
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	rule_of(&s)->calendar = NULL;
	SCENE_ANSWER(&s, GATE_CANCEL, REASON_SUPERSEDED);
	/* One that takes no part greets beside the others. */
	s.journey->n_sends = 0;
	SCENE_ANSWER(&s, GATE_CANCEL, REASON_SUPERSEDED);
	greeting->gates.rank = RANK_NONE;
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	scene_release(&s);
}

static void test_mutes(void)
{
	struct gate_scene s;
	struct thing *t;

	scene_init(&s);
	t = journey_add_thing(s.journey, THING_REPAIR, SPAN_LIT("R1"));
	REQUIRE(t);
	t->at[0] = s.ask.now;
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	t = journey_add_thing(s.journey, THING_CASE, SPAN_LIT("K1"));
	REQUIRE(t);
	t->at[CASE_OPENED] = s.ask.now - MS_DAY;
	SCENE_ANSWER(&s, GATE_CANCEL, REASON_MUTED_CASE_OPEN);
	CHECK_INT(s.verdict.channel.len, 0);
	t = journey_thing(s.journey, THING_CASE, SPAN_LIT("K1"));
	REQUIRE(t);
	t->at[CASE_SOLVED] = s.ask.now;
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	/* The only order, and late. */
	s.journey->orders[0].at[MILESTONE_DELIVERED] = TIME_NEVER;
	s.journey->orders[0].promised_at = s.ask.now - 1;
	SCENE_ANSWER(&s, GATE_CANCEL, REASON_MUTED_ORDER_LATE);
	s.journey->orders[0].promised_at = s.ask.now;
	SCENE_ANSWER(&s, GATE_ALLOW, REASON_NONE);
	/* As the log says, and not the policy. */
	s.ask.incident = true;
	SCENE_ANSWER(&s, GATE_CANCEL, REASON_MUTED_INCIDENT);
	CHECK(strstr(s.verdict.words, "the shop has an incident."));
	scene_release(&s);
}

static const struct check_case cases[] = {
	{"the order it is about", test_order_concerned},
	{"the cart it is about", test_cart_concerned},
	{"what may be lost", test_loss},
	{"the best customers", test_tiers},
	{"formulas", test_formulas},
	{"what the answer tells", test_told},
	{"dates", test_dates},
	{"occasions", test_occasions},
	{"how a rival is asked", test_rivals_asked},
	{"what a rival is about", test_rivals_matter},
	{"a rival that is stopped", test_rivals_stopped},
	{"a rival whose rule is gone", test_rival_without_rule},
	{"greetings", test_greetings},
	{"mutes", test_mutes},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
