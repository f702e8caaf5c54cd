/* SPDX-License-Identifier: MIT */
/* Two customers turn out to be one: what each did counts by when it was done, whenever it was heard
 * of. Instants are hand arithmetic. */
#include "absence_scene.h"

#define ADDED	EVENT_PRODUCT_ADDED
#define SHOWN	EVENT_PRODUCT_SHOWN
#define EMPTIED EVENT_CART_EMPTIED

static const struct carried c1 = {.cart = "C1"}, c2 = {.cart = "C2"};
static const struct rule_match shown[] = {{.by = MATCH_KIND, .kind = SHOWN}};
static const struct rule_match emptied[] = {{.by = MATCH_KIND, .kind = EMPTIED}};
static const struct rule_match ordered[] = {
	{.by = MATCH_KIND, .kind = EVENT_ORDER_COMPLETED, .terminal = true}};

/* The order would be the instant; there is none. */
static const struct rule_wait given = {
	.kind = WAIT_FIELD, .fields = {FIELD_ORDER_ID}, .n_fields = 1, .else_ms = 60 * H};

/* Of what was done under two names: who is anna, and who turns out to be. */
static void name_them(struct scene *anna, struct scene *visitor)
{
	REQUIRE(text_set(&visitor->journey->customer, SPAN_LIT("anon:v")) == 0);
	REQUIRE(text_set(&anna->journey->customer, SPAN_LIT("anna")) == 0);
}

/* Anna's wait is to an instant that her event gives, 60 hours behind it. What the visitor looked at
 * is its last activity if it was within a day before the two were said to be one: it does not
 * matter when that was heard, nor when the link was. */
static void test_given(void)
{
	static const struct {
		int64_t seen, heard, said, linked;
		int64_t anchor;
	} ways[] = {
		{H, H, 25 * H - 1, 25 * H - 1, H},
		{H, 3 * H, 25 * H - 1, 25 * H - 1, H},
		{H, H, 25 * H - 1, 49 * H - 2, H},
		{H, H, 25 * H, 25 * H, 0},
		{H, 3 * H, 25 * H, 25 * H, 0},
		{H, H, 47 * H, 48 * H, 0},
		{H, 3 * H, 47 * H, 48 * H, 0},
		{H, 3 * H, 47 * H, 52 * H, 0},
	};

	for (size_t n = 0; n < ARRAY_SIZE(ways); n++) {
		struct rule rule = scene_cart("cart");
		struct scene anna, visitor;

		rule.wait = given;
		rule.touch = shown;
		rule.n_touch = 1;
		scene_init(&anna, &rule, 1);
		scene_init(&visitor, &rule, 1);
		name_them(&anna, &visitor);
		scene_event(&anna, ADDED, c1, 0, 0);
		scene_event(&visitor, SHOWN, c1, ways[n].seen, ways[n].heard);
		scene_merge(&anna, visitor.journey, ways[n].said, ways[n].linked);
		scene_tick(&anna, 60 * H);
		CHECK_STR(span_str(scene_take(&anna)), "fired cart cart:C1 1/main @216000000;");
		CHECK_INT(anna.last.anchor_at, ways[n].anchor);
		scene_release(&anna);
		scene_release(&visitor);
	}
}

/* What the visitor emptied is remembered for 60 hours, the first of two as well as the last: for
 * the wait that Anna began before it, and for the message that she was sent of another. If the two
 * were said to be one by then, it does not matter that this is heard of when it would have been
 * forgotten, nor who came by in between. */
static void test_cancelled(void)
{
	static const struct {
		int64_t seen, linked; /* seen: the visitor came by; 0: they did not */
	} ways[] = {{0, 61 * H - 1}, {0, 85 * H - 2}, {85 * H - 3, 85 * H - 2}};

	for (size_t n = 0; n < 2 * ARRAY_SIZE(ways); n++) {
		const int64_t seen = ways[n / 2].seen, linked = ways[n / 2].linked;
		const bool again = n % 2;
		struct rule rule = scene_cart("cart");
		struct scene anna, visitor;

		rule.wait.span_ms = again ? 4 * H : 120 * H;
		rule.cancel = emptied;
		rule.n_cancel = 1;
		rule.tombstone_ms = 60 * H;
		scene_init(&anna, &rule, 1);
		scene_init(&visitor, &rule, 1);
		name_them(&anna, &visitor);
		scene_event(&anna, ADDED, c1, 0, 0);
		scene_tick(&anna, 5 * H);
		scene_event(&visitor, EMPTIED, c1, H, H);
		if (again) {
			/* Behind which she begins anew, so that the last does not disprove the
			 * first message. */
			scene_event(&visitor, EMPTIED, c1, 6 * H, 6 * H);
			scene_event(&anna, ADDED, c1, 7 * H, 7 * H);
			scene_tick(&anna, 12 * H);
		}
		if (seen)
			scene_event(&visitor, SHOWN, c2, seen, seen);
		(void)scene_take(&anna);
		scene_merge(&anna, visitor.journey, 61 * H - 1, linked);
		CHECK_INT(anna.counts[COUNTER_RETRACTED], again);
		CHECK_INT(anna.counts[COUNTER_CANCELLED], !again);
		scene_release(&anna);
		scene_release(&visitor);
	}
}

/* The visitor's order closed the cart for 36 hours, in which Anna put something into it that waits
 * to a given instant. It waits no more if they were said to be one while the cart was closed. */
static void test_closed(void)
{
	static const struct {
		int64_t heard, said, linked;
		bool ends;
	} ways[] = {
		{H, 37 * H - 1, 37 * H - 1, true},
		{3 * H, 37 * H - 1, 37 * H - 1, true},
		{H, 37 * H - 1, 61 * H - 2, true},
		{H, 37 * H, 37 * H, false},
		{3 * H, 37 * H, 37 * H, false},
		{H, 48 * H, 50 * H, false},
		{3 * H, 48 * H, 50 * H, false},
	};

	for (size_t n = 0; n < ARRAY_SIZE(ways); n++) {
		struct rule rule = scene_cart("cart");
		struct scene anna, visitor;

		rule.wait = given;
		rule.wait.else_ms = 100 * H;
		rule.cancel = ordered;
		rule.n_cancel = 1;
		rule.tombstone_ms = 36 * H;
		scene_init(&anna, &rule, 1);
		scene_init(&visitor, &rule, 1);
		name_them(&anna, &visitor);
		scene_event(&visitor, EVENT_ORDER_COMPLETED, c1, H, ways[n].heard);
		scene_event(&anna, ADDED, c1, 24 * H, 24 * H);
		scene_merge(&anna, visitor.journey, ways[n].said, ways[n].linked);
		CHECK_INT(anna.counts[COUNTER_CANCELLED], ways[n].ends);
		scene_release(&anna);
		scene_release(&visitor);
	}
}

/* Two scenes of RULES, N of them. */
static void begin(struct scene *anna, struct scene *visitor, const struct rule *rules, size_t n)
{
	scene_init(anna, rules, n);
	scene_init(visitor, rules, n);
	name_them(anna, visitor);
}

/* The visitor's checkout goes before the cart that Anna filled an hour later, and its message went
 * out while she waited. What she put into it behind that waits anew, whether it was heard of before
 * the link or since. */
static void test_superseded(void)
{
	static const struct rule_match started[] = {
		{.by = MATCH_KIND, .kind = EVENT_CHECKOUT_STARTED}};

	for (int late = 0; late < 2; late++) {
		struct rule rules[] = {scene_cart("cart"), scene_cart("checkout")};
		struct scene anna, visitor;

		rules[1].arm = started;
		rules[1].supersedes[0] = SPAN_LIT("cart");
		rules[1].n_supersedes = 1;
		begin(&anna, &visitor, rules, 2);
		scene_event(&visitor, EVENT_CHECKOUT_STARTED, c1, 0, 0);
		scene_tick(&visitor, 4 * H);
		scene_event(&anna, ADDED, c2, H, H);
		if (!late)
			scene_event(&anna, ADDED, c2, 4 * H + 20 * M, 4 * H + 20 * M);
		scene_merge(&anna, visitor.journey, 4 * H + 30 * M, 4 * H + 30 * M);
		if (late)
			scene_event(&anna, ADDED, c2, 4 * H + 20 * M, 4 * H + 40 * M);
		CHECK_STR(span_str(scene_take(&anna)),
			late ? "superseded cart cart:C2 @16200000;" : "");
		scene_tick(&anna, 20 * H);
		CHECK_STR(span_str(scene_take(&anna)), "fired cart cart:C2 1/main @30000000;");
		scene_release(&anna);
		scene_release(&visitor);
	}
}

/* The visitor's order closed the cart for three hours while Anna waited; what she put into it when
 * it was open again waits. */
static void test_opened_again(void)
{
	for (int late = 0; late < 2; late++) {
		struct rule rule = scene_cart("cart");
		struct scene anna, visitor;

		rule.wait.span_ms = 8 * H;
		rule.cancel = ordered;
		rule.n_cancel = 1;
		rule.tombstone_ms = 3 * H;
		begin(&anna, &visitor, &rule, 1);
		scene_event(&anna, ADDED, c1, 30 * M, 30 * M);
		scene_event(&visitor, EVENT_ORDER_COMPLETED, c1, H, H);
		if (!late)
			scene_event(&anna, ADDED, c1, 5 * H, 5 * H);
		scene_merge(&anna, visitor.journey, 6 * H, 6 * H);
		if (late)
			scene_event(&anna, ADDED, c1, 5 * H, 6 * H + M);
		(void)scene_take(&anna);
		scene_tick(&anna, 20 * H);
		CHECK_STR(span_str(scene_take(&anna)), "fired cart cart:C1 1/main @46800000;");
		scene_release(&anna);
		scene_release(&visitor);
	}
}

/* Nothing is known of the till, so that all is held for a day. The visitor's second step was due at
 * 30 h, and waits for what Anna added: due at 31 h, it is held until 55 h, whenever it is heard
 * that they are one. */
static void test_held(void)
{
	static const int64_t heard[] = {32 * H, 45 * H, 54 * H};

	for (size_t n = 0; n < ARRAY_SIZE(heard); n++) {
		struct rule rule = scene_cart("cart");
		struct scene anna, visitor;

		rule.wait_for[0] = SPAN_LIT("till");
		rule.n_wait_for = 1;
		rule.max_hold_ms = MS_DAY;
		rule.steps[1] = (struct rule_step){.id = SPAN_LIT("second"), .after_ms = 2 * H};
		rule.n_steps = 2;
		begin(&anna, &visitor, &rule, 1);
		scene_event(&visitor, ADDED, c1, 0, 0);
		scene_event(&anna, ADDED, c1, 27 * H, 27 * H);
		scene_tick(&anna, 32 * H);
		scene_tick(&visitor, 32 * H);
		CHECK_STR(span_str(scene_take(&visitor)), "fired cart cart:C1 1/main @100800000;");
		scene_merge(&anna, visitor.journey, 32 * H, heard[n]);
		(void)scene_take(&anna);
		scene_tick(&anna, 90 * H);
		CHECK_STR(span_str(scene_take(&anna)), "fired cart cart:C1 1/second @198000000;");
		scene_release(&anna);
		scene_release(&visitor);
	}
}

/* The same of what Anna waits for: what the visitor looked at half an hour behind puts it off, and
 * with that the end of the hold. */
static void test_held_and_touched(void)
{
	static const int64_t heard[] = {8 * H, 20 * H, 28 * H + 29 * M};

	for (size_t n = 0; n < ARRAY_SIZE(heard); n++) {
		struct rule rule = scene_cart("cart");
		struct scene anna, visitor;

		rule.grace_ms = H;
		rule.touch = shown;
		rule.n_touch = 1;
		rule.wait_for[0] = SPAN_LIT("till");
		rule.n_wait_for = 1;
		rule.max_hold_ms = MS_DAY;
		begin(&anna, &visitor, &rule, 1);
		scene_event(&anna, ADDED, c1, 0, 0);
		scene_event(&visitor, SHOWN, c1, 30 * M, 30 * M);
		scene_merge(&anna, visitor.journey, 8 * H, heard[n]);
		scene_tick(&anna, 90 * H);
		CHECK_STR(span_str(scene_take(&anna)), "fired cart cart:C1 1/main @106200000;");
		scene_release(&anna);
		scene_release(&visitor);
	}
}

/* The first arms. Anna's second step was due at 16 h and went out two hours later; what the visitor
 * added in between is part of that, though she has begun anew when it is heard that they are one.
 */
static void test_part(void)
{
	static const int64_t heard[] = {18 * H + 30 * M, 20 * H};

	for (size_t n = 0; n < ARRAY_SIZE(heard); n++) {
		struct rule rule = scene_cart("cart");
		struct scene anna, visitor;

		rule.anchor_first = true;
		rule.grace_ms = 2 * H;
		rule.steps[1] = (struct rule_step){.id = SPAN_LIT("second"), .after_ms = 10 * H};
		rule.n_steps = 2;
		begin(&anna, &visitor, &rule, 1);
		scene_event(&anna, ADDED, c1, 0, 0);
		scene_event(&visitor, ADDED, c1, 17 * H, 17 * H);
		scene_tick(&anna, 18 * H);
		if (n == 1)
			scene_event(&anna, ADDED, c1, 19 * H, 19 * H);
		scene_merge(&anna, visitor.journey, 18 * H + 30 * M, heard[n]);
		if (n == 0)
			scene_event(&anna, ADDED, c1, 19 * H, 19 * H);
		(void)scene_take(&anna);
		scene_tick(&anna, 26 * H);
		CHECK_STR(span_str(scene_take(&anna)), "fired cart cart:C1 2/main @90000000;");
		scene_release(&anna);
		scene_release(&visitor);
	}
}

/* Two within an hour arm, of which each name had one: that waits if it was to be due behind the
 * instant at which they were said to be one, though it is over when that is heard. */
static void test_counted(void)
{
	static const struct rule_match twice[] = {
		{.by = MATCH_KIND, .kind = ADDED, .count = 2, .within_ms = H}};
	static const struct {
		int64_t said, heard;
		const char *told;
	} ways[] = {
		{4 * H, 4 * H, "fired cart cart:C1 1/main @16200000;"},
		{4 * H, 4 * H + 40 * M, "fired cart cart:C1 1/main @16800000;"},
		{4 * H + 30 * M, 4 * H + 30 * M, ""},
		{4 * H + 30 * M, 4 * H + 40 * M, ""},
	};

	for (size_t n = 0; n < ARRAY_SIZE(ways); n++) {
		struct rule rule = scene_cart("cart");
		struct scene anna, visitor;

		rule.arm = twice;
		begin(&anna, &visitor, &rule, 1);
		scene_event(&visitor, ADDED, c1, 1, 1);
		scene_event(&anna, ADDED, c1, 30 * M, 30 * M);
		scene_merge(&anna, visitor.journey, ways[n].said, ways[n].heard);
		scene_tick(&anna, 20 * H);
		CHECK_STR(span_str(scene_take(&anna)), ways[n].told);
		scene_release(&anna);
		scene_release(&visitor);
	}
}

/* What Anna emptied an hour behind the visitor's addition is handed over if they were said to be
 * one within a day of that, however late it is heard. */
static void test_handed_over(void)
{
	static const struct rule_match over[] = {
		{.by = MATCH_KIND, .kind = EMPTIED, .to = {"taker", 5}}};
	static const struct {
		int64_t said, heard;
		bool handed;
	} ways[] = {
		{25 * H - 1, 25 * H - 1, true},
		{25 * H - 1, 26 * H, true},
		{25 * H - 1, 48 * H - 1, true},
		{25 * H, 25 * H, false},
		{25 * H, 48 * H, false},
	};

	for (size_t n = 0; n < ARRAY_SIZE(ways); n++) {
		struct rule rules[] = {scene_cart("giver"), scene_cart("taker")};
		struct scene anna, visitor;

		rules[0].wait.span_ms = rules[1].wait.span_ms = 60 * H;
		rules[0].cancel = over;
		rules[0].n_cancel = 1;
		rules[1].arm = shown;
		begin(&anna, &visitor, rules, 2);
		scene_event(&visitor, ADDED, c1, 0, 0);
		scene_event(&anna, EMPTIED, c1, H, H);
		scene_merge(&anna, visitor.journey, ways[n].said, ways[n].heard);
		(void)scene_take(&anna);
		scene_tick(&anna, 90 * H);
		CHECK_STR(span_str(scene_take(&anna)),
			ways[n].handed ? "fired taker cart:C1 1/main @219600000;"
				       : "fired giver cart:C1 1/main @216000000;");
		scene_release(&anna);
		scene_release(&visitor);
	}
}

/*
 * The visitor's payment failed, and went well an hour later under Anna's name; four days on it
 * failed again, when it was about to be said that the two are one. Whenever that is heard of, and
 * whoever was told what, all of that is one payment, as it is for a customer with one name, and it
 * went well. Had it not failed at first what failed would be another.
 */
static void test_payment(void)
{
	static const struct carried order = {.order = "O1"};
	const int64_t again = 96 * H + H / 2, said = 96 * H;

	for (int n = 0; n < 8; n++) {
		const bool before = n & 1, other = n & 2, failed = n & 4;
		const int64_t linked = before ? said + 1 : again + 1;
		struct rule rule = scene_cart("cart");
		struct scene anna, visitor;
		const struct thing *t;

		scene_init(&anna, &rule, 1);
		scene_init(&visitor, &rule, 1);
		name_them(&anna, &visitor);
		if (failed)
			scene_event(other ? &anna : &visitor, EVENT_PAYMENT_FAILED, order, 0, 0);
		scene_event(other ? &visitor : &anna, EVENT_PAYMENT_APPROVED, order, H, H);
		if (before)
			scene_merge(&anna, visitor.journey, said, linked);
		scene_event(before || !other ? &anna : &visitor, EVENT_PAYMENT_FAILED, order, again,
			again);
		if (!before)
			scene_merge(&anna, visitor.journey, said, linked);
		t = journey_thing(anna.journey, THING_PAYMENT, SPAN_LIT("O1"));
		REQUIRE(t);
		CHECK_INT(t->at[PAYMENT_FIRST_FAILED], failed ? 0 : again);
		CHECK_INT(t->at[PAYMENT_FAILED], again);
		CHECK_INT(t->at[PAYMENT_APPROVED], failed ? H : TIME_NEVER);
		CHECK(failed ? !t->before : t->before && t->before->at[PAYMENT_APPROVED] == H);
		scene_release(&anna);
		scene_release(&visitor);
	}
}

int main(void)
{
	static const struct check_case cases[] = {
		{"a wait to a given instant", test_given},
		{"cancelled in time, heard of late", test_cancelled},
		{"closed in time, heard of late", test_closed},
		{"a rule that went before", test_superseded},
		{"closed, and open again", test_opened_again},
		{"held for a source", test_held},
		{"touched while it was held", test_held_and_touched},
		{"part of an episode that is over", test_part},
		{"counted together", test_counted},
		{"handed over", test_handed_over},
		{"one payment", test_payment},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
