/* SPDX-License-Identifier: MIT */
/* Cancels that come late or under another name, whatever has happened since, and what goes on under
 * which name. Instants are hand arithmetic. */
#include "absence_scene.h"

#define ADDED	EVENT_PRODUCT_ADDED
#define SHOWN	EVENT_PRODUCT_SHOWN
#define EMPTIED EVENT_CART_EMPTIED

static const struct carried c1 = {.cart = "C1"}, c2 = {.cart = "C2"};
static const struct rule_match plain[] = {{.by = MATCH_KIND, .kind = EMPTIED}};

/*
 * The first cart's message goes out at 4 h and a day's pause for all carts begins. The second cart
 * was begun before, is emptied at EMPTIED and gets something more at MORE, which within the pause
 * begins nothing; whichever of the two is heard of first.
 * In the other row all of it is over before the message goes out, and the cart is another one.
 */
static void test_late_cancel(void)
{
	static const struct {
		int64_t emptied, more;
		int fired;
	} ways[] = {
		{5 * H - 1, 5 * H, 1},
		{2 * H, 3 * H, 2},
	};

	for (size_t n = 0; n < 2 * ARRAY_SIZE(ways); n++) {
		int64_t emptied = ways[n / 2].emptied, more = ways[n / 2].more;
		struct rule rule = scene_cart("cart");
		struct scene s;

		rule.cancel = plain;
		rule.n_cancel = 1;
		rule.cooldown_ms = MS_DAY;
		rule.cooldown_customer = true;
		scene_init(&s, &rule, 1);
		scene_event(&s, ADDED, c1, 0, 0);
		scene_event(&s, ADDED, c2, H, H);
		if (n % 2)
			scene_event(&s, EMPTIED, c2, emptied, emptied);
		scene_event(&s, ADDED, c2, more, more);
		if (n % 2 == 0)
			scene_event(&s, EMPTIED, c2, emptied, more + M);
		scene_tick(&s, 20 * H);
		CHECK_INT(s.counts[COUNTER_FIRED], ways[n / 2].fired);
		scene_release(&s);
	}
}

static void begin(struct scene *s, const struct rule *rule, const char *name)
{
	scene_init(s, rule, 1);
	REQUIRE(text_set(&s->journey->customer, span_str(name)) == 0);
}

/* Anna was sent two messages, of which the visitor's first cancel disproves the one and their last
 * the other. All of them are known, whichever came in first, up to INSTANCE_CANCELS_MAX before the
 * last; and each for a day from when it happened, where there is no tombstone, up to when they were
 * said to be one. */
static void test_several(void)
{
	static const struct {
		int64_t tombstone, said;
		int more; /* cancels between the two */
		bool first;
	} ways[] = {
		{45 * MS_DAY, 40 * H, 0, true},
		{45 * MS_DAY, 40 * H, INSTANCE_CANCELS_MAX - 1, true},
		{45 * MS_DAY, 40 * H, INSTANCE_CANCELS_MAX, false},
		{0, 25 * H - 1, 0, true},
		{0, 25 * H, 0, false},
	};

	for (size_t n = 0; n < 2 * ARRAY_SIZE(ways); n++) {
		int64_t late = n % 2 ? 30 * M : 0;
		struct rule rule = scene_cart("cart");
		struct scene anna, visitor;

		rule.cancel = plain;
		rule.n_cancel = 1;
		rule.tombstone_ms = ways[n / 2].tombstone;
		begin(&anna, &rule, "anna");
		begin(&visitor, &rule, "anon:v");
		scene_event(&anna, ADDED, c1, 0, 0);
		scene_event(&anna, ADDED, c1, 10 * H, 10 * H);
		scene_tick(&anna, 15 * H);
		if (late)
			scene_event(&visitor, EMPTIED, c1, 20 * H, 20 * H);
		scene_event(&visitor, EMPTIED, c1, H, late ? 20 * H + late : H);
		if (!late)
			scene_event(&visitor, EMPTIED, c1, 20 * H, 20 * H);
		for (int k = 0; k < ways[n / 2].more; k++)
			scene_event(&visitor, EMPTIED, c1, 20 * H - 1 - k, 21 * H);
		(void)scene_take(&anna);
		scene_merge(&anna, visitor.journey, ways[n / 2].said, 40 * H);
		CHECK_STR(span_str(scene_take(&anna)),
			ways[n / 2].first ? "retracted cart cart:C1 1/main @144000000; "
					    "retracted cart cart:C1 2/main @144000000;"
					  : "retracted cart cart:C1 2/main @144000000;");
		scene_release(&anna);
		scene_release(&visitor);
	}
}

/* The first arms. What Anna added behind a cancel that is heard of last begins what waits then,
 * whether the visitor had begun to wait, or was between two steps, when they became one. */
static void test_behind_the_first(void)
{
	for (int steps = 0; steps < 2; steps++) {
		for (int late = 0; late < 2; late++) {
			struct rule rule = scene_cart("cart");
			struct scene anna, visitor;
			int64_t at = steps ? 5 * H : H;

			rule.anchor_first = true;
			rule.cancel = plain;
			rule.n_cancel = 1;
			rule.steps[0].id = SPAN_LIT("m1");
			rule.steps[1] =
				(struct rule_step){.id = SPAN_LIT("m2"), .after_ms = 20 * H};
			rule.n_steps = steps ? 2 : 1;
			begin(&anna, &rule, "anna");
			begin(&visitor, &rule, "anon:v");
			scene_event(&visitor, ADDED, c1, 0, 0);
			scene_tick(&visitor, at);
			scene_event(&anna, ADDED, c1, at, at);
			if (!late)
				scene_event(&anna, EMPTIED, c1, at + H, at + H);
			scene_event(&anna, ADDED, c1, at + 2 * H, at + 2 * H);
			scene_merge(&anna, visitor.journey, at + 2 * H, at + 2 * H);
			if (late)
				scene_event(&anna, EMPTIED, c1, at + H, at + 2 * H + M);
			(void)scene_take(&anna);
			scene_tick(&anna, 20 * H);
			CHECK_STR(span_str(scene_take(&anna)),
				steps ? "fired cart cart:C1 1/m1 @39600000;"
				      : "fired cart cart:C1 1/m1 @25200000;");
			scene_release(&anna);
			scene_release(&visitor);
		}
	}
}

/* A day's pause holds for all carts, and Anna is between two steps of one. What the visitor adds to
 * that moves the second step, whether the link or that is heard of first. */
static void test_pause_between_steps(void)
{
	for (int late = 0; late < 2; late++) {
		struct rule rule = scene_cart("cart");
		struct scene anna, visitor;

		rule.wait.span_ms = 22 * H;
		rule.cooldown_ms = MS_DAY;
		rule.cooldown_customer = true;
		rule.steps[0].id = SPAN_LIT("m1");
		rule.steps[1] = (struct rule_step){.id = SPAN_LIT("m2"), .after_ms = 2 * H};
		rule.n_steps = 2;
		begin(&anna, &rule, "anna");
		begin(&visitor, &rule, "anon:v");
		scene_event(&anna, ADDED, c1, 0, 0);
		scene_tick(&anna, 22 * H);
		if (!late)
			scene_event(&visitor, ADDED, c1, 23 * H, 23 * H);
		scene_merge(&anna, visitor.journey, 23 * H + M, 23 * H + M);
		if (late)
			scene_event(&anna, ADDED, c1, 23 * H, 23 * H + 2 * M);
		(void)scene_take(&anna);
		scene_tick(&anna, 3 * MS_DAY);
		CHECK_STR(span_str(scene_take(&anna)), "fired cart cart:C1 1/m2 @162000000;");
		scene_release(&anna);
		scene_release(&visitor);
	}
}

/* Two visitors were sent the first message, of which the second one's repeats the first one's. The
 * second message is of the name whose first one stands, whomever Anna was found to be first and
 * whatever she did in between. */
static void test_name_of_steps(void)
{
	for (int way = 0; way < 2; way++) {
		struct rule rule = scene_cart("cart");
		struct scene anna, visitors[2];

		rule.steps[0].id = SPAN_LIT("m1");
		rule.steps[1] = (struct rule_step){.id = SPAN_LIT("m2"), .after_ms = 20 * H};
		rule.n_steps = 2;
		begin(&anna, &rule, "anna");
		begin(&visitors[0], &rule, "anon:v");
		begin(&visitors[1], &rule, "anon:w");
		for (int64_t n = 0; n < 2; n++) {
			scene_event(&visitors[n], ADDED, c1, n * H, n * H);
			scene_tick(&visitors[n], 5 * H);
		}
		scene_merge(&anna, visitors[way].journey, 6 * H, 6 * H);
		scene_event(&anna, ADDED, c1, 7 * H, 7 * H);
		scene_merge(&anna, visitors[1 - way].journey, 8 * H, 8 * H);
		(void)scene_take(&anna);
		scene_tick(&anna, 26 * H);
		CHECK_STR(anna.last.subject, "anon:v");
		CHECK_STR(anna.last.step, "m2");
		scene_release(&anna);
		for (size_t n = 0; n < 2; n++)
			scene_release(&visitors[n]);
	}
}

/* What is counted is known for a day more than its window before the two were said to be one,
 * however late it is heard that they were. */
static void test_known_in_time(void)
{
	static const struct rule_match twice[] = {
		{.by = MATCH_KIND, .kind = ADDED, .count = 2, .within_ms = H}};

	for (int known = 0; known < 2; known++) {
		struct rule rule = scene_cart("cart");
		struct scene anna, visitor;

		rule.wait.span_ms = 48 * H;
		rule.arm = twice;
		begin(&anna, &rule, "anna");
		begin(&visitor, &rule, "anon:v");
		scene_event(&visitor, ADDED, c1, 0, H);
		scene_event(&anna, ADDED, c1, 30 * M, H);
		scene_merge(&anna, visitor.journey, 25 * H - known, 26 * H);
		scene_tick(&anna, 60 * H);
		CHECK_STR(span_str(scene_take(&anna)),
			known ? "fired cart cart:C1 1/main @174600000;" : "");
		scene_release(&anna);
		scene_release(&visitor);
	}
}

/* Anna's second message was disproved, and so is the visitor's first, which was due later than
 * that: it repeats it, or is the last that was made, whichever is heard of first. */
static void test_last_of_both(void)
{
	for (int late = 0; late < 2; late++) {
		struct rule rule = scene_cart("cart");
		struct scene anna, visitor;

		rule.cancel = plain;
		rule.n_cancel = 1;
		begin(&anna, &rule, "anna");
		begin(&visitor, &rule, "anon:v");
		scene_event(&anna, ADDED, c1, 0, 0);
		scene_event(&anna, ADDED, c1, 10 * H, 10 * H);
		scene_event(&visitor, ADDED, c1, 13 * H, 13 * H);
		scene_tick(&anna, 18 * H);
		scene_tick(&visitor, 18 * H);
		if (!late)
			scene_event(&anna, EMPTIED, c1, 20 * H, 20 * H);
		scene_merge(&anna, visitor.journey, 19 * H, 20 * H);
		if (late)
			scene_event(&anna, EMPTIED, c1, 20 * H, 20 * H + M);
		CHECK_INT(anna.counts[COUNTER_RETRACTED], 2);
		scene_release(&anna);
		scene_release(&visitor);
	}
}

/* A cart was closed for good, and open again when it was emptied: that is remembered as long as any
 * cancel, and disproves what Anna was sent. */
static void test_opened_again(void)
{
	static const struct rule_match both[] = {
		{.by = MATCH_KIND, .kind = EVENT_ORDER_COMPLETED, .terminal = true},
		{.by = MATCH_KIND, .kind = EMPTIED}};
	struct rule rule = scene_cart("cart");
	struct scene anna, visitor;

	rule.cancel = both;
	rule.n_cancel = 2;
	rule.tombstone_ms = 60 * H;
	begin(&anna, &rule, "anna");
	begin(&visitor, &rule, "anon:v");
	scene_event(&visitor, EVENT_ORDER_COMPLETED, c1, 0, 0);
	scene_event(&visitor, EMPTIED, c1, 63 * H, 63 * H);
	scene_event(&anna, ADDED, c1, 62 * H, 62 * H);
	scene_tick(&anna, 72 * H);
	scene_merge(&anna, visitor.journey, 120 * H, 120 * H);
	CHECK_INT(anna.counts[COUNTER_RETRACTED], 1);
	scene_release(&anna);
	scene_release(&visitor);
}

/* Two events of one instant and two names hand over to one rule: the greater name's does, whichever
 * is heard of first. */
static void test_one_instant(void)
{
	static const struct rule_match handed[] = {
		{.by = MATCH_KIND, .kind = EMPTIED, .to = {"taker", 5}}};
	static const struct rule_match shown[] = {{.by = MATCH_KIND, .kind = SHOWN}};
	const struct carried theirs = {.cart = "C1", .subject = "anon:v"};

	for (int n = 0; n < 2; n++) {
		struct rule rules[2] = {scene_cart("giver"), scene_cart("taker")};
		struct scene s;

		rules[0].cancel = handed;
		rules[0].n_cancel = 1;
		rules[1].arm = shown;
		scene_init(&s, rules, 2);
		REQUIRE(text_set(&s.journey->customer, SPAN_LIT("anna")) == 0);
		scene_event(&s, ADDED, c1, 0, 0);
		scene_event(&s, EMPTIED, n ? theirs : c1, H, H);
		scene_event(&s, EMPTIED, n ? c1 : theirs, H, H + M);
		scene_tick(&s, 20 * H);
		CHECK_STR(s.last.subject, "anon:v");
		scene_release(&s);
	}
}

int main(void)
{
	static const struct check_case cases[] = {
		{"a late cancel within a pause of all keys", test_late_cancel},
		{"several cancels under the other name", test_several},
		{"behind what armed first, under two names", test_behind_the_first},
		{"a pause of all keys between steps", test_pause_between_steps},
		{"steps of two names", test_name_of_steps},
		{"known in time, heard of late", test_known_in_time},
		{"the last of both", test_last_of_both},
		{"handed over at one instant", test_one_instant},
		{"closed, open, and cancelled", test_opened_again},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
