/* SPDX-License-Identifier: MIT */
/*
 * What a rule hands over when an event ends it (`to`): where the rule waited, and only there. What
 * each scene must come to follows from the order in which things happened; instants are hand
 * arithmetic.
 */
#include "absence_scene.h"

#define ADDED	EVENT_PRODUCT_ADDED
#define EMPTIED EVENT_CART_EMPTIED
#define ORDERED EVENT_ORDER_COMPLETED

#define TAKEN(S, TEXT) CHECK_STR(span_str(scene_take(S)), TEXT)

static const struct carried nothing = {.cart = NULL}, c1 = {.cart = "C1"},
			    o1 = {.cart = "C1", .order = "O1"};
static const struct rule_match shown[] = {{.by = MATCH_KIND, .kind = EVENT_PRODUCT_SHOWN}};
static const struct rule_match twice[] = {
	{.by = MATCH_KIND, .kind = ADDED, .count = 2, .within_ms = H}};
/* What ends the giver, and for good. */
static const struct rule_match emptied[] = {
	{.by = MATCH_KIND, .kind = EMPTIED, .to = {"taker", 5}}};
static const struct rule_match ordered[] = {
	{.by = MATCH_KIND, .kind = ORDERED, .terminal = true, .to = {"taker", 5}}};

static const struct rule_match removed[] = {{.by = MATCH_KIND, .kind = EVENT_PRODUCT_REMOVED}};

/* The cart C1's giver waits four hours; the taker an hour, and nothing arms it by itself. */
static void make_two(struct rule rules[2])
{
	rules[0] = scene_cart("giver");
	rules[0].cancel = emptied;
	rules[0].n_cancel = 1;
	rules[1] = scene_cart("taker");
	rules[1].arm = shown;
	rules[1].wait.span_ms = H;
}

/* `s.FACT == 0`. */
static const uint16_t two_children[] = {0, 1};
#define NONE_OF(FACT)                                                                              \
	{                                                                                          \
		{.op = COND_STATE, .fact = (FACT)},                                                \
			{.op = COND_VALUE, .value = {.type = VALUE_NUMBER, .number = {0, 0}}},     \
			{.op = COND_EQUAL, .first = 0, .count = 2},                                \
	}
static const struct cond_node never_nodes[] = NONE_OF(FACT_ORDERS);
static const struct cond_node not_now_nodes[] = NONE_OF(FACT_OPEN_ORDERS);
static const struct cond never = {.nodes = never_nodes, .n_nodes = 3, .children = two_children},
			 not_now = {.nodes = not_now_nodes, .n_nodes = 3, .children = two_children};

/* What ended at once waited, and is asked for as long as something can come in late: a day later to
 * the millisecond it is still known, whatever else happens then. */
static void test_a_day_later(void)
{
	for (int64_t more = -1; more <= 1; more++) {
		int64_t later = MS_DAY + more;
		struct journey *visitor;
		struct rule rules[2];
		struct scene s;

		make_two(rules);
		rules[1].wait.span_ms = 30 * H;
		REQUIRE(journey_new(SPAN_LIT("anon:v"), &visitor) == 0);
		scene_init(&s, rules, 2);
		scene_event(&s, EMPTIED, c1, 0, 0);
		scene_event(&s, ADDED, c1, 0, 0);
		(void)scene_take(&s);
		scene_event(&s, EVENT_CART_VIEWED, nothing, later, later);
		scene_merge(&s, visitor, later, later);
		TAKEN(&s, "");
		scene_tick(&s, 30 * H);
		TAKEN(&s, "fired taker cart:C1 1/main @108000000;");
		scene_release(&s);
		journey_free(visitor);
	}
}

/* What was armed without an order may be any: O1's ends it and hands it over, and that still stands
 * when it has waited again since, and sent. */
static void test_without_key(void)
{
	struct rule rules[2];
	struct scene s;

	make_two(rules);
	rules[0].key_fields[0] = FIELD_ORDER_ID;
	rules[0].key_prefix = SPAN_LIT("order");
	rules[0].key_else_customer = true;
	rules[0].cancel = ordered;
	rules[1].wait.span_ms = 9 * H;
	scene_init(&s, rules, 2);
	scene_event(&s, ADDED, nothing, 0, 0);
	scene_event(&s, ORDERED, o1, H, H);
	TAKEN(&s, "cancelled giver customer @3600000;");
	scene_event(&s, ADDED, nothing, 2 * H, 2 * H);
	scene_tick(&s, 6 * H);
	TAKEN(&s, "fired giver customer 1/main @21600000;");
	scene_event(&s, ADDED, nothing, 7 * H, 7 * H);
	scene_tick(&s, 10 * H);
	TAKEN(&s, "fired taker cart:C1 1/main @36000000;");
	scene_release(&s);
}

/* The order alone ends all carts of it, so it hands over what of it waited; nothing of O2 did. */
static void test_beginning_of_key(void)
{
	struct rule rules[2];
	struct scene s;

	make_two(rules);
	rules[0].key_fields[0] = FIELD_ORDER_ID;
	rules[0].key_fields[1] = FIELD_CART_ID;
	rules[0].n_key_fields = 2;
	rules[0].key_prefix = SPAN_LIT("order+cart");
	rules[1].key = RULE_KEY_CUSTOMER;
	scene_init(&s, rules, 2);
	scene_event(&s, ADDED, o1, 0, 0);
	scene_event(&s, EMPTIED, (struct carried){.order = "O2"}, H, H);
	scene_tick(&s, 3 * H);
	TAKEN(&s, "");
	scene_event(&s, EMPTIED, (struct carried){.order = "O1"}, 3 * H, 3 * H);
	scene_tick(&s, 9 * H);
	TAKEN(&s, "cancelled giver order+cart:O1/C1 @10800000; "
		  "fired taker customer 1/main @14400000;");
	scene_release(&s);
}

/* At two hours: the taker has fired its first step, and the giver waits. */
static void between_steps(struct scene *s, struct rule *rules)
{
	rules[1].wait.span_ms = 2 * H;
	rules[1].steps[1] = (struct rule_step){.id = SPAN_LIT("again"), .after_ms = H};
	rules[1].n_steps = 2;
	scene_init(s, rules, 2);
	scene_event(s, EVENT_PRODUCT_SHOWN, c1, 0, 0);
	scene_event(s, ADDED, c1, H, H);
	scene_tick(s, 2 * H);
}

/* What is handed over between two steps makes the next one wait, as what arms does. */
static void test_between_steps(void)
{
	struct rule rules[2];
	struct scene s;

	make_two(rules);
	rules[1].cancel = removed;
	rules[1].n_cancel = 1;
	between_steps(&s, rules);
	TAKEN(&s, "fired taker cart:C1 1/main @7200000;");
	/* without it the next step is due at three */
	scene_event(&s, EMPTIED, c1, 2 * H + 30 * M, 2 * H + 30 * M);
	scene_tick(&s, 9 * H);
	TAKEN(&s, "cancelled giver cart:C1 @9000000; fired taker cart:C1 1/again @16200000;");
	scene_release(&s);
}

/* Between two steps something is handed over, and then comes in that the giver's goal was reached
 * before: the step waits, and says, as if it had never been. What arms the taker by itself
 * meanwhile, whenever it comes in, still does. */
static void test_disproved_between_steps(void)
{
	static const struct {
		int64_t shown, heard, /* INT64_MIN: nothing */
			due, anchor;
	} ways[] = {
		{INT64_MIN, INT64_MIN, 3 * H, 0},
		{2 * H + 10 * M, 2 * H + 10 * M, 4 * H + 10 * M, 2 * H + 10 * M},
		{2 * H + 10 * M, 2 * H + 35 * M, 4 * H + 10 * M, 2 * H + 10 * M},
		{2 * H + 35 * M, 2 * H + 36 * M, 4 * H + 35 * M, 2 * H + 35 * M},
		{2 * H + 10 * M, 2 * H + 50 * M, 4 * H + 10 * M, 2 * H + 10 * M},
		{2 * H + 50 * M, 2 * H + 50 * M, 4 * H + 50 * M, 2 * H + 50 * M},
	};

	for (size_t n = 0; n < ARRAY_SIZE(ways); n++) {
		const int64_t goal = 2 * H + 40 * M;
		struct rule rules[2];
		struct scene s;
		char job[64];

		make_two(rules);
		rules[0].goal = removed;
		rules[0].n_goal = 1;
		between_steps(&s, rules);
		if (ways[n].heard != INT64_MIN && ways[n].heard < 2 * H + 30 * M)
			scene_event(&s, EVENT_PRODUCT_SHOWN, c1, ways[n].shown, ways[n].heard);
		scene_event(&s, EMPTIED, c1, 2 * H + 30 * M, 2 * H + 30 * M);
		if (ways[n].heard > 2 * H + 30 * M && ways[n].heard < goal)
			scene_event(&s, EVENT_PRODUCT_SHOWN, c1, ways[n].shown, ways[n].heard);
		scene_event(&s, EVENT_PRODUCT_REMOVED, c1, H + 30 * M, goal);
		if (ways[n].heard > goal)
			scene_event(&s, EVENT_PRODUCT_SHOWN, c1, ways[n].shown, ways[n].heard);
		TAKEN(&s, "fired taker cart:C1 1/main @7200000; cancelled giver cart:C1 @9000000;");
		scene_tick(&s, 9 * H);
		(void)snprintf(job, sizeof(job), "fired taker cart:C1 1/again @%lld;",
			(long long)ways[n].due);
		TAKEN(&s, job);
		CHECK_INT(s.last.anchor_at - s.start, ways[n].anchor);
		scene_release(&s);
	}
}

/* What is added between two steps makes the next one wait, until comes in that the goal was reached
 * before: by then the giver has had its share, so the addition made nothing wait. BEFORE: the goal
 * comes in first. */
static void test_behind_goal(void)
{
	for (int before = 0; before <= 1; before++) {
		struct rule rules[2];
		struct scene s;

		make_two(rules);
		rules[0].goal = removed;
		rules[0].n_goal = 1;
		rules[0].max_per_key = 1;
		rules[0].steps[1] = (struct rule_step){.id = SPAN_LIT("again"), .after_ms = H};
		rules[0].n_steps = 2;
		scene_init(&s, rules, 2);
		scene_event(&s, ADDED, c1, 0, 0);
		scene_tick(&s, 4 * H);
		TAKEN(&s, "fired giver cart:C1 1/main @14400000;");
		if (before)
			scene_event(&s, EVENT_PRODUCT_REMOVED, c1, 4 * H + 10 * M, 4 * H + 20 * M);
		scene_event(&s, ADDED, c1, 4 * H + 30 * M, 4 * H + 30 * M);
		if (!before)
			scene_event(&s, EVENT_PRODUCT_REMOVED, c1, 4 * H + 10 * M, 4 * H + 40 * M);
		TAKEN(&s, before ? "retracted giver cart:C1 1/main @15600000; "
				   "goal giver cart:C1 @15600000;"
				 : "retracted giver cart:C1 1/main @16800000; "
				   "goal giver cart:C1 @16800000;");
		scene_event(&s, EMPTIED, c1, 5 * H, 5 * H);
		scene_tick(&s, 20 * H);
		TAKEN(&s, "");
		scene_release(&s);
	}
}

/* Two of them arm it. */
static void make_counted(struct rule rules[2])
{
	make_two(rules);
	rules[0].arm = twice;
}

/* It has had its share: two more arm nothing, so there is nothing to hand over. */
static void test_counted_share(void)
{
	struct rule rules[2];
	struct scene s;

	make_counted(rules);
	rules[0].max_per_key = 1;
	scene_init(&s, rules, 2);
	scene_event(&s, ADDED, c1, 0, 0);
	scene_event(&s, ADDED, c1, M, M);
	scene_tick(&s, 5 * H);
	TAKEN(&s, "fired giver cart:C1 1/main @14460000;");
	scene_event(&s, ADDED, c1, 6 * H, 6 * H);
	scene_event(&s, ADDED, c1, 6 * H + M, 6 * H + M);
	scene_event(&s, EMPTIED, c1, 7 * H, 7 * H);
	scene_tick(&s, 20 * H);
	/* the job, which nobody has taken yet, is of no use any more; that is all */
	TAKEN(&s, "retracted giver cart:C1 1/main @25200000;");
	scene_release(&s);
}

/* It waits for days, of which nobody remembers what was counted. AGAIN: one more comes meanwhile,
 * which arms nothing by itself. */
static void test_counted_long_ago(void)
{
	for (int again = 0; again <= 1; again++) {
		struct rule rules[2];
		struct scene s;

		make_counted(rules);
		rules[0].wait.span_ms = 120 * H;
		scene_init(&s, rules, 2);
		scene_event(&s, ADDED, c1, 0, 0);
		scene_event(&s, ADDED, c1, M, M);
		if (again)
			scene_event(&s, ADDED, c1, 60 * H, 60 * H);
		scene_event(&s, EMPTIED, c1, 90 * H, 90 * H);
		scene_tick(&s, 200 * H);
		TAKEN(&s, "cancelled giver cart:C1 @324000000; "
			  "fired taker cart:C1 1/main @327600000;");
		scene_release(&s);
	}
}

/* A cancel between the two, whenever it comes in, leaves one of them: it does not wait. */
static void test_counted_cancel(void)
{
	for (int late = 0; late <= 1; late++) {
		struct rule rules[2];
		struct scene s;

		make_counted(rules);
		rules[1].key = RULE_KEY_CUSTOMER;
		scene_init(&s, rules, 2);
		scene_event(&s, ADDED, c1, 0, 0);
		if (!late)
			scene_event(&s, EMPTIED, c1, M, M);
		scene_event(&s, ADDED, c1, 2 * M, 2 * M);
		if (late)
			scene_event(&s, EMPTIED, c1, M, 3 * M);
		scene_event(&s, EMPTIED, c1, H, H);
		scene_tick(&s, 9 * H);
		TAKEN(&s, late ? "cancelled giver cart:C1 @180000;" : "");
		scene_release(&s);
	}
}

/* An order closes the cart until its tombstone falls: what is said to have happened meanwhile does
 * not make it wait, however long the order is known; and behind that it waits like any other. */
static void test_closed(void)
{
	struct rule rules[2];
	struct scene s;

	make_two(rules);
	rules[0].cancel = ordered;
	rules[0].tombstone_ms = 60 * H;
	scene_init(&s, rules, 2);
	scene_event(&s, ORDERED, c1, 0, 0);
	scene_event(&s, ORDERED, c1, 6 * H, 6 * H);
	scene_event(&s, ADDED, c1, 3 * H, 8 * H);
	/* by now all but the second order is older than anything that comes in late */
	scene_event(&s, ORDERED, c1, 29 * H, 29 * H);
	scene_tick(&s, 40 * H);
	TAKEN(&s, "");
	scene_event(&s, ADDED, c1, 90 * H, 90 * H);
	scene_event(&s, ORDERED, c1, 91 * H, 91 * H);
	scene_tick(&s, 99 * H);
	TAKEN(&s, "cancelled giver cart:C1 @327600000; fired taker cart:C1 1/main @331200000;");
	scene_release(&s);
}

/* What comes in behind the order that closed the cart fell into the cooldown of a job, which the
 * order has taken back: it did not wait. */
static void test_closed_cooling(void)
{
	struct rule rules[2];
	struct scene s;

	make_two(rules);
	rules[0].cancel = ordered;
	rules[0].tombstone_ms = 60 * H;
	rules[0].cooldown_ms = 60 * H;
	scene_init(&s, rules, 2);
	scene_event(&s, ADDED, c1, 0, 0);
	scene_tick(&s, 4 * H);
	TAKEN(&s, "fired giver cart:C1 1/main @14400000;");
	scene_event(&s, ORDERED, c1, 6 * H, 6 * H);
	scene_event(&s, ADDED, c1, 5 * H, 7 * H);
	scene_tick(&s, 20 * H);
	TAKEN(&s, "retracted giver cart:C1 1/main @21600000;");
	scene_release(&s);
}

/* ---- a condition that ends the giver ---------------------------------------------------- */

struct happening {
	enum event_kind kind;
	int64_t at;
};

/* All that happens, in the N-th order in which it can come in, a minute apart, hours later. */
static void come_in(struct scene *s, const struct happening *list, size_t n_list, size_t n)
{
	size_t left[4] = {0, 1, 2, 3};

	for (size_t k = 0; k < n_list; k++) {
		size_t place = n % (n_list - k);
		const struct happening *h = &list[left[place]];
		bool of_order = h->kind == ORDERED || h->kind == EVENT_ORDER_DELIVERED;

		n /= n_list - k;
		memmove(left + place, left + place + 1, (3 - place) * sizeof(*left));
		scene_event(s, h->kind, of_order ? (struct carried){.order = "O1"} : c1, h->at,
			4 * H + (int64_t)k * M);
	}
}

/* What ends by a condition hands over where it waited when the cart was emptied: where the
 * condition was true from the addition on, whatever comes in first. A tie with the emptying is no
 * end before it. */
static void test_left(void)
{
	static const struct {
		const struct cond *fire_if;
		struct happening list[4];
		size_t n;
		bool over; /* does the taker get it? */
	} stories[] = {
		{&never, {{ADDED, 0}, {ORDERED, H}, {EMPTIED, 2 * H}}, 3, false},
		{&never, {{ADDED, 0}, {EMPTIED, 2 * H}, {ORDERED, 3 * H}}, 3, true},
		{&never, {{ADDED, 0}, {EMPTIED, 2 * H}, {ORDERED, 2 * H}}, 3, true},
		{&never, {{ORDERED, 0}, {ADDED, 0}, {EMPTIED, 2 * H}}, 3, false},
		{&never, {{ORDERED, 0}, {ADDED, H}, {EMPTIED, 2 * H}}, 3, false},
		{&not_now,
			{{ADDED, 0}, {ORDERED, 30 * M}, {EVENT_ORDER_DELIVERED, H},
				{EMPTIED, 2 * H}},
			4, false},
		{&not_now, {{ORDERED, 0}, {EVENT_ORDER_DELIVERED, H}, {ADDED, H}, {EMPTIED, 2 * H}},
			4, true},
		{&not_now,
			{{ADDED, 0}, {EMPTIED, H}, {ORDERED, 2 * H},
				{EVENT_ORDER_DELIVERED, 3 * H}},
			4, true},
	};

	for (size_t n = 0; n < ARRAY_SIZE(stories); n++)
		for (size_t order = 0; order < (stories[n].n == 3 ? 6 : 24); order++) {
			struct rule rules[2];
			struct scene s;

			make_two(rules);
			rules[0].wait.span_ms = rules[1].wait.span_ms = 9 * H;
			rules[0].fire_if = stories[n].fire_if;
			rules[0].exit_policy = EXIT_NOT_MATCHING;
			scene_init(&s, rules, 2);
			come_in(&s, stories[n].list, stories[n].n, order);
			(void)scene_take(&s);
			scene_tick(&s, 20 * H);
			CHECK(!strcmp(scene_take(&s), "") == !stories[n].over);
			scene_release(&s);
		}
}

int main(void)
{
	static const struct check_case cases[] = {
		{"without a key", test_without_key},
		{"by the beginning of a key", test_beginning_of_key},
		{"between steps", test_between_steps},
		{"between steps, and disproved", test_disproved_between_steps},
		{"between steps, behind a goal", test_behind_goal},
		{"counted, and it had its share", test_counted_share},
		{"counted long ago", test_counted_long_ago},
		{"counted, with a cancel between", test_counted_cancel},
		{"a day later", test_a_day_later},
		{"closed", test_closed},
		{"closed while it cools", test_closed_cooling},
		{"left by its condition", test_left},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
