/* SPDX-License-Identifier: MIT */
/* What a rule can say beyond "arm, wait, cancel": instants are hand arithmetic. */
#include "absence_scene.h"
#include "core/policy.h"

#define ORDER_COMPLETED EVENT_ORDER_COMPLETED
#define ADDED		EVENT_PRODUCT_ADDED
#define STARTED		EVENT_CHECKOUT_STARTED

static const struct carried c1 = {.cart = "C1"}, c2 = {.cart = "C2"}, none = {0};

#define TAKEN(S, TEXT) CHECK_STR(span_str(scene_take(S)), TEXT)

/* ---- at_least: scenario 33 -------------------------------------------------------------- */

static const struct rule_match three_failures[] = {
	{.by = MATCH_KIND, .kind = EVENT_PAYMENT_FAILED, .count = 3, .within_ms = 10 * M}};

static struct rule failures_rule(void)
{
	struct rule rule = scene_cart("help");

	rule.key = RULE_KEY_CUSTOMER;
	rule.arm = three_failures;
	rule.wait.span_ms = 1;
	return rule;
}

/* Three within ten minutes to the millisecond; and the other side of the boundary. */
static void test_window_boundary(void)
{
	struct rule rule = failures_rule();

	for (int64_t over = 0; over <= 1; over++) {
		struct scene s;

		scene_init(&s, &rule, 1);
		scene_event(&s, EVENT_PAYMENT_FAILED, none, 0, 0);
		scene_event(&s, EVENT_PAYMENT_FAILED, none, 5 * M, 5 * M);
		CHECK_STR(scene_note(&s, "help"), "count");
		CHECK_STR(text_span(journey_note(s.journey, SPAN_LIT("help"))->words), "2 of 3");
		scene_event(&s, EVENT_PAYMENT_FAILED, none, 10 * M + over, 10 * M + over);
		scene_tick(&s, H);
		TAKEN(&s, over ? "" : "fired help customer 1/main @600001;");
		scene_release(&s);
	}
}

/* Too few for one entry, enough for another: it is armed, and no note says that it is not. */
static void test_window_one_of_two(void)
{
	static const struct rule_match arm[] = {
		{.by = MATCH_KIND, .kind = EVENT_PAYMENT_FAILED, .count = 3, .within_ms = 10 * M},
		{.by = MATCH_KIND,
			.kind = EVENT_PAYMENT_FAILED,
			.count = 2,
			.within_ms = 10 * M,
			.entry = 1}};
	struct rule rule = failures_rule();
	struct scene s;

	rule.arm = arm;
	rule.n_arm = 2;
	scene_init(&s, &rule, 1);
	scene_event(&s, EVENT_PAYMENT_FAILED, none, 0, 0);
	CHECK_STR(scene_note(&s, "help"), "count");
	scene_event(&s, EVENT_PAYMENT_FAILED, none, M, M);
	CHECK_INT(s.journey->instances[0].state, INSTANCE_ARMED);
	CHECK(!journey_note(s.journey, SPAN_LIT("help")));
	scene_release(&s);
}

/* In every order of arrival the same job; what comes twice has another time and counts twice. */
static void test_window_orders(void)
{
	static const int64_t at[] = {0, 4 * M, 9 * M};
	static const int orders[][3] = {
		{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	struct rule rule = failures_rule();

	rule.grace_ms = 2 * M;
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		struct scene s;

		scene_init(&s, &rule, 1);
		for (int k = 0; k < 3; k++)
			scene_event(&s, EVENT_PAYMENT_FAILED, none, at[orders[i][k]], 9 * M + k);
		scene_tick(&s, H);
		CHECK_INT(s.journey->instances[0].last_deadline_at, 9 * M + 1);
		CHECK(strncmp(scene_take(&s), "fired help customer 1/main", 26) == 0);
		scene_release(&s);
	}
}

/* What a cancel has ended counts no more, and what has fired neither. */
static void test_window_spent(void)
{
	static const struct rule_match order[] = {
		{.by = MATCH_KIND, .kind = ORDER_COMPLETED, .customer = true}};
	struct rule rule = failures_rule();
	struct scene s;

	rule.cancel = order;
	rule.n_cancel = 1;
	scene_init(&s, &rule, 1);
	scene_event(&s, EVENT_PAYMENT_FAILED, none, 0, 0);
	scene_event(&s, EVENT_PAYMENT_FAILED, none, M, M);
	scene_event(&s, ORDER_COMPLETED, none, 2 * M, 2 * M);
	scene_event(&s, EVENT_PAYMENT_FAILED, none, 3 * M, 3 * M);
	scene_event(&s, EVENT_PAYMENT_FAILED, none, 4 * M, 4 * M);
	scene_tick(&s, 5 * M);
	TAKEN(&s, "");
	scene_event(&s, EVENT_PAYMENT_FAILED, none, 5 * M, 5 * M);
	scene_tick(&s, 6 * M);
	TAKEN(&s, "fired help customer 1/main @300001;");
	scene_event(&s, EVENT_PAYMENT_FAILED, none, 7 * M, 7 * M);
	scene_event(&s, EVENT_PAYMENT_FAILED, none, 8 * M, 8 * M);
	scene_tick(&s, H);
	TAKEN(&s, "");
	scene_release(&s);
}

/* Many keys, and what the customer's own entry remembers of a cancel holds for each. */
static void test_window_keys(void)
{
	static const char *const keys[] = {"C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C9"};
	static const struct rule_match order[] = {
		{.by = MATCH_KIND, .kind = ORDER_COMPLETED, .customer = true}};
	struct rule rule = failures_rule();
	struct scene s;

	rule.key = RULE_KEY_FIELD;
	rule.cancel = order;
	rule.n_cancel = 1;
	scene_init(&s, &rule, 1);
	scene_event(&s, ORDER_COMPLETED, none, M, M);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		for (int64_t n = 0; n < 3; n++)
			scene_event(&s, EVENT_PAYMENT_FAILED, (struct carried){.cart = keys[i]},
				n * M, 3 * M);
	scene_tick(&s, H);
	TAKEN(&s, "");
	CHECK_INT(s.journey->n_instances, 1 + ARRAY_SIZE(keys));
	scene_release(&s);
}

/* Names of one entry count together, entries by themselves: 3 of any, or 2 failed payments. */
static void test_window_entries(void)
{
	static const struct rule_match entries[] = {
		{.by = MATCH_KIND, .kind = EVENT_PAYMENT_FAILED, .count = 3, .within_ms = 10 * M},
		{.by = MATCH_KIND, .kind = EVENT_CALL_LOGGED, .count = 3, .within_ms = 10 * M},
		{.by = MATCH_KIND,
			.kind = EVENT_PAYMENT_FAILED,
			.count = 2,
			.within_ms = 10 * M,
			.entry = 1},
	};
	struct rule rule = failures_rule();
	struct scene s;

	rule.arm = entries;
	rule.n_arm = 3;
	scene_init(&s, &rule, 1);
	scene_event(&s, EVENT_CALL_LOGGED, none, 0, 0);
	scene_event(&s, EVENT_CALL_LOGGED, none, 1, 1);
	scene_tick(&s, M);
	TAKEN(&s, "");
	scene_event(&s, EVENT_PAYMENT_FAILED, none, 2 * M, 2 * M);
	scene_tick(&s, 3 * M);
	TAKEN(&s, "fired help customer 1/main @120001;");
	scene_release(&s);
	scene_init(&s, &rule, 1);
	scene_event(&s, EVENT_PAYMENT_FAILED, none, 0, 0);
	scene_event(&s, EVENT_PAYMENT_FAILED, none, 10 * M, 10 * M);
	scene_tick(&s, H);
	TAKEN(&s, "fired help customer 1/main @600001;");
	scene_release(&s);
}

/* ---- goal, exit, to --------------------------------------------------------------------- */

/* What comes while the key is closed counts when it is no more, whether or not somebody looked at
 * the customer between; and is let go of two days after it can count: a day for what comes late,
 * and one for the link by which it counts under another name. */
static void test_window_closed(void)
{
	static const struct rule_match twice[] = {
		{.by = MATCH_KIND, .kind = ADDED, .count = 2, .within_ms = 5 * MS_DAY}};
	static const struct rule_match order[] = {
		{.by = MATCH_KIND, .kind = ORDER_COMPLETED, .terminal = true}};
	struct rule rule = scene_cart("cart");
	struct scene s;

	rule.arm = twice;
	rule.cancel = order;
	rule.n_cancel = 1;
	rule.tombstone_ms = 2 * MS_DAY;
	for (int looked = 0; looked < 2; looked++) {
		scene_init(&s, &rule, 1);
		scene_event(&s, ORDER_COMPLETED, c1, 0, 0);
		scene_event(&s, ADDED, c1, H, H);
		if (looked)
			scene_tick(&s, 2 * MS_DAY + 2 * H);
		scene_event(&s, ADDED, c1, 3 * MS_DAY, 3 * MS_DAY);
		scene_tick(&s, 4 * MS_DAY);
		TAKEN(&s, "fired cart cart:C1 1/main @273600000;");
		scene_release(&s);
	}
	scene_init(&s, &rule, 1);
	scene_event(&s, ORDER_COMPLETED, c1, 0, 0);
	scene_event(&s, ADDED, c1, H, H);
	scene_tick(&s, 7 * MS_DAY + H - 1);
	CHECK_INT(s.journey->n_instances, 1);
	scene_tick(&s, 7 * MS_DAY + H);
	CHECK_INT(s.journey->n_instances, 0);
	scene_release(&s);
}

static const struct rule_match order_key[] = {{.by = MATCH_KIND, .kind = ORDER_COMPLETED}};

static void test_goal(void)
{
	struct rule rule = scene_cart("cart");
	struct scene s;

	rule.goal = order_key;
	rule.n_goal = 1;
	rule.exit_policy = EXIT_GOAL;
	scene_init(&s, &rule, 1);
	scene_event(&s, ADDED, c1, 0, 0);
	scene_event(&s, ORDER_COMPLETED, c1, 4 * H, 4 * H);
	scene_tick(&s, 9 * H);
	TAKEN(&s, "goal cart cart:C1 @14400000;");
	CHECK_INT(s.counts[COUNTER_GOAL], 1);
	CHECK_INT(s.counts[COUNTER_CANCELLED], 0);
	scene_release(&s);
}

/* total > 100, of the event; and fire_if on what is known of the customer: no order yet. */
static const struct cond_node dear_nodes[] = {
	{.op = COND_FIELD, .field = FIELD_TOTAL},
	{.op = COND_VALUE, .value = {.type = VALUE_NUMBER, .number = {1, 2}}},
	{.op = COND_GREATER, .first = 0, .count = 2},
};
static const uint16_t two_children[] = {0, 1};
static const struct cond dear = {.nodes = dear_nodes, .n_nodes = 3, .children = two_children};
static const struct cond_node no_order_nodes[] = {
	{.op = COND_STATE, .fact = FACT_ORDERS},
	{.op = COND_VALUE, .value = {.type = VALUE_NUMBER, .number = {0, 0}}},
	{.op = COND_EQUAL, .first = 0, .count = 2},
};
static const struct cond no_order = {
	.nodes = no_order_nodes, .n_nodes = 3, .children = two_children};

static void test_not_matching(void)
{
	struct rule rules[] = {scene_cart("stays"), scene_cart("leaves")};
	const struct carried order = {.order = "O1"};
	struct scene s;

	rules[0].fire_if = rules[1].fire_if = &no_order;
	rules[1].exit_policy = EXIT_NOT_MATCHING;
	scene_init(&s, rules, 2);
	scene_event(&s, ADDED, c1, 0, 0);
	scene_event(&s, ORDER_COMPLETED, order, H, H);
	TAKEN(&s, "not_matching leaves cart:C1 @3600000;");
	scene_tick(&s, 9 * H);
	TAKEN(&s, "suppressed stays cart:C1 @14400000;");
	scene_release(&s);
}

/* A cancel's condition keeps it from what it is not about; no condition of an arm: a note. */
static void test_when(void)
{
	static const struct rule_match cancel[] = {
		{.by = MATCH_KIND, .kind = ORDER_COMPLETED, .when = &dear}};
	static const struct rule_match arm[] = {{.by = MATCH_KIND, .kind = ADDED, .when = &dear}};
	const struct carried cheap = {.cart = "C1", .total = "99.99"},
			     rich = {.cart = "C1", .total = "100.01"};
	struct rule rule = scene_cart("cart");
	struct scene s;

	rule.cancel = cancel;
	rule.n_cancel = 1;
	rule.arm = arm;
	scene_init(&s, &rule, 1);
	scene_event(&s, ADDED, cheap, 0, 0);
	CHECK_STR(scene_note(&s, "cart"), "condition");
	CHECK_STR(text_span(journey_note(s.journey, SPAN_LIT("cart"))->words),
		"e.total > 100: e.total is 99.99");
	CHECK_INT(s.journey->n_instances, 0);
	scene_release(&s);
	/* Also of what is a cancel at the same time, as a price that is not low enough. */
	rule.cancel = &(struct rule_match){.by = MATCH_KIND, .kind = ADDED};
	rule.anchor_first = true; /* else it would begin anew */
	scene_init(&s, &rule, 1);
	scene_event(&s, ADDED, cheap, 0, 0);
	CHECK_STR(scene_note(&s, "cart"), "condition");
	CHECK_STR(text_span(journey_note(s.journey, SPAN_LIT("cart"))->words),
		"e.total > 100: e.total is 99.99");
	scene_release(&s);
	rule.cancel = cancel;
	rule.anchor_first = false;
	scene_init(&s, &rule, 1);
	scene_event(&s, ADDED, rich, H, H);
	scene_event(&s, ORDER_COMPLETED, cheap, 2 * H, 2 * H);
	TAKEN(&s, "");
	scene_event(&s, ORDER_COMPLETED, rich, 3 * H, 3 * H);
	TAKEN(&s, "cancelled cart cart:C1 @10800000;");
	scene_release(&s);
}

/* ---- steps ------------------------------------------------------------------------------ */

static void test_steps(void)
{
	struct rule rule = scene_cart("cart");
	const struct rule_wait next_day = {
		.kind = WAIT_LOCAL, .local = WAIT_DAY_TIME, .local_minute = 9 * 60, .days = 1};
	struct scene s;

	/* m1 at once, m2 only while nothing was ordered, m3 at nine the next day (UTC) */
	rule.steps[0].id = SPAN_LIT("m1");
	rule.steps[1] =
		(struct rule_step){.id = SPAN_LIT("m2"), .after_ms = 2 * H, .only_if = &no_order};
	rule.steps[2] = (struct rule_step){.id = SPAN_LIT("m3"), .wait = &next_day};
	rule.n_steps = 3;
	scene_init(&s, &rule, 1);
	scene_event(&s, ADDED, c1, 0, 0);
	scene_tick(&s, 4 * H);
	scene_event(&s, ORDER_COMPLETED, (struct carried){.order = "O1"}, 5 * H, 5 * H);
	scene_tick(&s, 100 * H);
	/* 1970-01-01 06:00: the next day's nine o'clock is 33 h */
	TAKEN(&s, "fired cart cart:C1 1/m1 @14400000; step_skipped cart cart:C1 @21600000; "
		  "fired cart cart:C1 1/m3 @118800000;");
	CHECK_INT(s.counts[COUNTER_SKIPPED], 1);
	CHECK_INT(s.journey->n_instances > 0 ? s.journey->instances[0].emitted : 0, 2);
	scene_release(&s);
}

/* A trial goes through all of it, and sends nothing; what comes too late takes nothing back. */
static void test_shadow(void)
{
	struct rule rule = scene_cart("cart");
	struct scene s;

	rule.mode = RULE_SHADOW;
	rule.cancel = order_key;
	rule.n_cancel = 1;
	rule.max_per_key = 1;
	scene_init(&s, &rule, 1);
	scene_event(&s, ADDED, c1, 0, 0);
	scene_tick(&s, 5 * H);
	TAKEN(&s, "would_send cart cart:C1 1/main @14400000;");
	scene_event(&s, ORDER_COMPLETED, c1, 3 * H, 5 * H);
	scene_event(&s, ADDED, c1, 6 * H, 6 * H);
	CHECK_STR(scene_note(&s, "cart"), "max_episodes");
	scene_tick(&s, 20 * H);
	TAKEN(&s, "");
	scene_release(&s);
}

/* What would have been sent, and is disproved by what comes too late, counts for nothing either. */
static void test_shadow_disproved(void)
{
	struct rule rule = scene_cart("cart");
	struct scene s;

	rule.mode = RULE_SHADOW;
	rule.anchor_first = true;
	rule.cancel = order_key;
	rule.n_cancel = 1;
	scene_init(&s, &rule, 1);
	scene_event(&s, ADDED, c1, 0, 0);
	scene_tick(&s, 5 * H);
	scene_event(&s, ORDER_COMPLETED, c1, H, 5 * H);
	TAKEN(&s, "would_send cart cart:C1 1/main @14400000;");
	/* From two o'clock on it is another wait, which none before has done. */
	scene_event(&s, ADDED, c1, 2 * H, 5 * H);
	scene_tick(&s, 20 * H);
	TAKEN(&s, "would_send cart cart:C1 2/main @21600000;");
	CHECK_INT(s.counts[COUNTER_RETRACTED], 0);
	scene_release(&s);
}

/* ---- gates ------------------------------------------------------------------------------- */

/* A service rule by SMS, to one who may be written to and has ordered; quiet from 21 to 8. */
static struct rule sms_rule(void)
{
	static const struct span sms[] = {{"sms", 3}};
	struct rule rule = scene_cart("cart");

	rule.class = RULE_SERVICE;
	rule.channels[0] = sms[0];
	rule.n_channels = 1;
	rule.gates.on = true;
	rule.gates.rank = RANK_NONE;
	rule.cancel = order_key;
	rule.n_cancel = 1;
	return rule;
}

static void reachable(struct scene *s)
{
	REQUIRE(text_set(&s->journey->traits[TRAIT_PHONE], SPAN_LIT("+49301234567")) == 0);
	s->journey->trait_at[TRAIT_PHONE] = 0;
}

/* Due at 22:00 (1970-01-01, UTC): put off until 08:00. */
static void test_deferred(void)
{
	const struct carried open_order = {.order = "O1"};
	struct rule rule = sms_rule();
	struct scene s;

	scene_init(&s, &rule, 1);
	reachable(&s);
	scene_event(&s, ORDER_COMPLETED, open_order, H, H);
	scene_event(&s, ADDED, c1, 18 * H, 18 * H);
	scene_tick(&s, 22 * H);
	TAKEN(&s, "deferred cart cart:C1 @79200000;");
	CHECK_INT(s.journey->due_at, 32 * H);
	scene_tick(&s, 32 * H);
	/* it came due at 22:00, and its worth is counted from there */
	TAKEN(&s, "fired cart cart:C1 1/main @79200000;");
	scene_release(&s);

	/* put off, it can still be cancelled, also by what happened behind its deadline */
	scene_init(&s, &rule, 1);
	reachable(&s);
	scene_event(&s, ORDER_COMPLETED, open_order, H, H);
	scene_event(&s, ADDED, c1, 18 * H, 18 * H);
	scene_event(&s, ORDER_COMPLETED, c1, 30 * H, 30 * H);
	TAKEN(&s, "deferred cart cart:C1 @79200000; cancelled cart cart:C1 @108000000;");
	CHECK_INT(s.journey->due_at, TIME_NEVER);
	scene_release(&s);

	/* and moved: the wait begins again */
	scene_init(&s, &rule, 1);
	reachable(&s);
	scene_event(&s, ORDER_COMPLETED, open_order, H, H);
	scene_event(&s, ADDED, c1, 18 * H, 18 * H);
	scene_event(&s, ADDED, c1, 30 * H, 30 * H);
	scene_tick(&s, 33 * H);
	TAKEN(&s, "deferred cart cart:C1 @79200000;");
	scene_tick(&s, 34 * H);
	TAKEN(&s, "fired cart cart:C1 1/main @122400000;");
	scene_release(&s);
}

/* Worth eight hours, which are over before the night is. */
static void test_not_worth_it(void)
{
	const struct carried open_order = {.order = "O1"};
	struct rule rule = sms_rule();
	struct scene s;

	rule.expire_ms = 8 * H;
	scene_init(&s, &rule, 1);
	reachable(&s);
	scene_event(&s, ORDER_COMPLETED, open_order, H, H);
	scene_event(&s, ADDED, c1, 18 * H, 18 * H);
	scene_tick(&s, 40 * H);
	TAKEN(&s, "expired cart cart:C1 @79200000;");
	scene_release(&s);
}

/* Nobody to write to: the end, with the reason. */
static void test_refused(void)
{
	struct rule rule = sms_rule();
	struct scene s;

	scene_init(&s, &rule, 1);
	scene_event(&s, ORDER_COMPLETED, (struct carried){.order = "O1"}, H, H);
	scene_event(&s, ADDED, c1, 4 * H, 4 * H);
	scene_tick(&s, 9 * H);
	TAKEN(&s, "suppressed cart cart:C1 @28800000;");
	scene_release(&s);
}

/* ---- texts of rules --------------------------------------------------------------------- */

/* Armed under a text that waits 4 h; the text in force waits 1 h and is cancelled by nothing. */
static void test_versions(void)
{
	static struct rule earlier;
	struct rule rule = scene_cart("cart");
	struct scene s;

	earlier = scene_cart("cart");
	earlier.cancel = order_key;
	earlier.n_cancel = 1;
	earlier.version = 4;
	earlier.retired = true;
	rule.version = 5;
	rule.wait.span_ms = H;
	for (int cancelled = 0; cancelled < 2; cancelled++) {
		scene_init(&s, &rule, 1);
		s.rules->list[0] = earlier;
		s.rules->list[0].retired = false;
		scene_event(&s, ADDED, c1, 0, 0);
		s.rules->list[0] = rule;
		s.rules->retired = &earlier;
		s.rules->n_retired = 1;
		scene_event(&s, ADDED, c2, M, M);
		if (cancelled)
			scene_event(&s, ORDER_COMPLETED, c1, 2 * M, 2 * M);
		scene_tick(&s, 9 * H);
		TAKEN(&s, cancelled ? "cancelled cart cart:C1 @120000; "
				      "fired cart cart:C2 1/main @3660000;"
				    : "fired cart cart:C2 1/main @3660000; "
				      "fired cart cart:C1 1/main @14400000;");
		scene_release(&s);
	}
}

/* ---- notes ------------------------------------------------------------------------------ */

static void test_notes(void)
{
	static const struct rule_match order[] = {
		{.by = MATCH_KIND, .kind = ORDER_COMPLETED, .terminal = true}};
	struct rule rule = scene_cart("cart");
	struct scene s;

	rule.cancel = order;
	rule.n_cancel = 1;
	rule.tombstone_ms = 24 * H;
	rule.stale_ms = H;
	rule.cooldown_ms = 10 * H;
	scene_init(&s, &rule, 1);
	scene_event(&s, ADDED, none, 0, 0);
	CHECK_STR(scene_note(&s, "cart"), "no_key");
	scene_event(&s, ADDED, c1, 0, 5 * H + 1);
	CHECK_STR(scene_note(&s, "cart"), "stale");
	scene_event(&s, ADDED, c1, 2 * H, 6 * H);
	scene_tick(&s, 7 * H);
	scene_event(&s, ADDED, c1, 8 * H, 8 * H);
	CHECK_STR(scene_note(&s, "cart"), "cooldown");
	scene_event(&s, ORDER_COMPLETED, c2, 8 * H, 8 * H);
	scene_event(&s, ADDED, c2, 9 * H, 9 * H);
	CHECK_STR(scene_note(&s, "cart"), "tombstone");
	CHECK_STR(text_span(journey_note(s.journey, SPAN_LIT("cart"))->words),
		"until 1970-01-02T08:00:00.000Z");
	CHECK_INT(s.journey->n_notes, 1);
	scene_release(&s);
}

int main(void)
{
	static const struct check_case cases[] = {
		{"33 at_least at its boundary", test_window_boundary},
		{"33 at_least of one entry and not of another", test_window_one_of_two},
		{"33 at_least in any order", test_window_orders},
		{"33 at_least: what is spent", test_window_spent},
		{"33 at_least: keys and cancels", test_window_keys},
		{"33 at_least: entries by themselves", test_window_entries},
		{"33 at_least: while the key is closed", test_window_closed},
		{"a goal", test_goal},
		{"ending where it does not match any more", test_not_matching},
		{"conditions of arm and cancel", test_when},
		{"steps with conditions and waits", test_steps},
		{"a trial sends nothing", test_shadow},
		{"a trial that is disproved", test_shadow_disproved},
		{"put off by a gate", test_deferred},
		{"put off for longer than it is worth", test_not_worth_it},
		{"refused by a gate", test_refused},
		{"instances under the text they were armed with", test_versions},
		{"why it did not arm", test_notes},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
