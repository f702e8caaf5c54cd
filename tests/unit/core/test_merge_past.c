/* SPDX-License-Identifier: MIT */
/* What was over before two customers turned out to be one begins nothing when they do, nor later,
 * however long it is remembered what ended it. Instants are hand arithmetic. */
#include "absence_scene.h"

#define ADDED	EVENT_PRODUCT_ADDED
#define SHOWN	EVENT_PRODUCT_SHOWN
#define EMPTIED EVENT_CART_EMPTIED
#define ORDERED EVENT_ORDER_COMPLETED

static const struct carried nothing = {.cart = NULL}, c1 = {.cart = "C1"}, o1 = {.order = "O1"},
			    both = {.cart = "C1", .order = "O1"};
static const struct rule_match shown[] = {{.by = MATCH_KIND, .kind = SHOWN}};
static const struct rule_match ordered[] = {{.by = MATCH_KIND, .kind = ORDERED, .terminal = true}};
static const struct rule_match plain[] = {{.by = MATCH_KIND, .kind = EMPTIED}};
static const struct rule_match handed[] = {{.by = MATCH_KIND, .kind = EMPTIED, .to = {"taker", 5}}};

static void begin(struct scene *anna, struct scene *visitor, const struct rule *rules, size_t n)
{
	scene_init(anna, rules, n);
	scene_init(visitor, rules, n);
	REQUIRE(text_set(&visitor->journey->customer, SPAN_LIT("anon:v")) == 0);
	REQUIRE(text_set(&anna->journey->customer, SPAN_LIT("anna")) == 0);
}

static void end(struct scene *anna, struct scene *visitor)
{
	scene_release(anna);
	scene_release(visitor);
}

/* The visitor's first message should not have been sent, since Anna had emptied the cart before:
 * its other step is not, but it has had its share, and its pause. What she adds between the steps
 * begins nothing if it falls into these, as it would not had it all been of one name; else it is
 * the first under hers. */
static void test_cut_between_steps(void)
{
	static const struct {
		uint32_t max_per_key;
		int64_t cooldown, added;
		const char *told;
	} ways[] = {
		{1, 0, 6 * H, ""},
		{2, 0, 6 * H, "fired cart cart:C1 1/m1 @36000000;"},
		{0, 3 * H, 6 * H, ""},
		{0, 3 * H, 7 * H, "fired cart cart:C1 1/m1 @39600000;"},
	};

	for (size_t n = 0; n < ARRAY_SIZE(ways); n++) {
		struct rule rule = scene_cart("cart");
		struct scene anna, visitor;

		rule.cancel = plain;
		rule.n_cancel = 1;
		rule.max_per_key = ways[n].max_per_key;
		rule.cooldown_ms = ways[n].cooldown;
		rule.steps[0].id = SPAN_LIT("m1");
		rule.steps[1] = (struct rule_step){.id = SPAN_LIT("m2"), .after_ms = 20 * H};
		rule.n_steps = 2;
		begin(&anna, &visitor, &rule, 1);
		scene_event(&visitor, ADDED, c1, 0, 0);
		scene_event(&anna, EMPTIED, c1, H, H);
		scene_tick(&visitor, 4 * H);
		CHECK_STR(span_str(scene_take(&visitor)), "fired cart cart:C1 1/m1 @14400000;");
		scene_event(&anna, ADDED, c1, ways[n].added, ways[n].added);
		scene_merge(&anna, visitor.journey, 8 * H, 8 * H);
		(void)scene_take(&anna);
		scene_tick(&anna, 20 * H);
		CHECK_STR(span_str(scene_take(&anna)), ways[n].told);
		end(&anna, &visitor);
	}
}

/* What was handed over without a cart is ended by an order of any, at the same instant. When that
 * is forgotten a stranger turns out to be Anna. */
static void test_handed_over_in_vain(void)
{
	for (int orders = 0; orders <= 1; orders++) {
		struct rule rules[2] = {scene_cart("giver"), scene_cart("taker")};
		struct scene anna, visitor;

		rules[0].key = RULE_KEY_CUSTOMER;
		rules[0].cancel = handed;
		rules[0].n_cancel = 1;
		rules[1].key_else_customer = true;
		rules[1].arm = shown;
		rules[1].cancel = ordered;
		rules[1].n_cancel = 1;
		rules[1].tombstone_ms = 2 * MS_DAY;
		begin(&anna, &visitor, rules, 2);
		scene_event(&anna, ADDED, nothing, 0, 0);
		scene_event(&anna, EMPTIED, nothing, H, H);
		if (orders)
			scene_event(&anna, ORDERED, c1, H, H);
		CHECK_STR(
			span_str(scene_take(&anna)), orders ? "cancelled giver customer @3600000; "
							      "cancelled taker customer @3600000;"
							    : "cancelled giver customer @3600000;");
		scene_tick(&anna, 3 * MS_DAY);
		CHECK_STR(span_str(scene_take(&anna)),
			orders ? "" : "fired taker customer 1/main @18000000;");
		scene_event(&visitor, EVENT_CASE_OPENED, nothing, 3 * MS_DAY, 3 * MS_DAY);
		scene_merge(&anna, visitor.journey, 3 * MS_DAY + H, 3 * MS_DAY + H);
		scene_tick(&anna, 4 * MS_DAY);
		CHECK_STR(span_str(scene_take(&anna)), "");
		end(&anna, &visitor);
	}
}

/* What the visitor waited for was ended by what Anna did with the whole order, and handed over.
 * Three days later that happens again, and there is nothing left to hand over. */
static void test_ended_elsewhere(void)
{
	struct rule rules[2] = {scene_cart("giver"), scene_cart("taker")};
	struct scene anna, visitor;

	rules[0].key_fields[0] = FIELD_ORDER_ID;
	rules[0].key_fields[1] = FIELD_CART_ID;
	rules[0].n_key_fields = 2;
	rules[0].key_prefix = SPAN_LIT("order+cart");
	rules[0].cancel = handed;
	rules[0].n_cancel = 1;
	rules[1].key = RULE_KEY_CUSTOMER;
	rules[1].arm = shown;
	begin(&anna, &visitor, rules, 2);
	scene_event(&visitor, ADDED, both, 0, 0);
	scene_event(&anna, EMPTIED, o1, H, H);
	scene_merge(&anna, visitor.journey, 2 * H, 2 * H);
	scene_tick(&anna, 3 * MS_DAY);
	CHECK_STR(span_str(scene_take(&anna)), "cancelled giver order+cart:O1/C1 @7200000; "
					       "fired taker customer 1/main @18000000;");
	scene_event(&anna, EMPTIED, o1, 3 * MS_DAY, 3 * MS_DAY);
	scene_tick(&anna, 4 * MS_DAY);
	CHECK_STR(span_str(scene_take(&anna)), "");
	end(&anna, &visitor);
}

/* What paused what a visitor did would have kept it from being armed, under the one name that both
 * have: it has nothing to hand over, whether that or the link is heard of first. A pause that is
 * over by then, and a job of a cart of its own, change nothing. */
static void test_paused_under_the_other_name(void)
{
	static const struct {
		bool customer; /* the pause holds for all carts */
		const char *cart;
		int64_t cooldown;
		uint32_t max_per_key;
		bool handed;
	} ways[] = {
		{true, "C2", 6 * H, 0, false},
		{true, "C2", H, 0, true},
		{false, "C1", 6 * H, 0, false},
		{false, "C1", H, 0, true},
		{false, "C1", H, 1, false},
		{false, "C2", 6 * H, 0, true},
	};

	for (size_t n = 0; n < 2 * ARRAY_SIZE(ways); n++) {
		struct rule rules[2] = {scene_cart("giver"), scene_cart("taker")};
		const struct carried cart = {.cart = ways[n / 2].cart};
		struct scene anna, visitor;

		rules[0].cancel = handed;
		rules[0].n_cancel = 1;
		rules[0].cooldown_customer = ways[n / 2].customer;
		rules[0].cooldown_ms = ways[n / 2].cooldown;
		rules[0].max_per_key = ways[n / 2].max_per_key;
		rules[1].arm = shown;
		begin(&anna, &visitor, rules, 2);
		scene_event(&anna, ADDED, c1, 0, 0);
		scene_tick(&anna, 4 * H);
		scene_event(&visitor, ADDED, cart, 6 * H, 6 * H);
		if (n % 2) {
			scene_event(&visitor, EMPTIED, cart, 8 * H, 8 * H);
			scene_merge(&anna, visitor.journey, 7 * H, 9 * H);
		} else {
			scene_merge(&anna, visitor.journey, 7 * H, 7 * H);
			scene_event(&anna, EMPTIED, cart, 8 * H, 9 * H);
		}
		(void)scene_take(&anna);
		scene_tick(&anna, 20 * H);
		CHECK_INT(strstr(scene_take(&anna), "fired taker") != NULL, ways[n / 2].handed);
		end(&anna, &visitor);
	}
}

/* The pause holds for all carts, and Anna's episode goes on between its steps: what the visitor
 * puts into that cart begins nothing, but puts off her next step, as if it had come in behind the
 * link. So it is with a cart for which she has waited since before the other one's message. */
static void test_paused_and_part(void)
{
	static const struct {
		const char *before; /* what she added half an hour later than C1 */
		int64_t at;
		const char *told;
	} ways[] = {
		{NULL, 6 * H, "fired cart cart:C1 1/m2 @36000000;"},
		{"C2", 4 * H + 10 * M,
			"fired cart cart:C1 1/m2 @28800000; fired cart cart:C2 1/m1 @29400000; "
			"fired cart cart:C2 1/m2 @43800000;"},
	};

	for (size_t n = 0; n < 2 * ARRAY_SIZE(ways); n++) {
		struct carried cart = {.cart = ways[n / 2].before ? ways[n / 2].before : "C1"};
		struct rule rule = scene_cart("cart");
		int64_t at = ways[n / 2].at;
		struct scene anna, visitor;

		rule.cooldown_customer = true;
		rule.cooldown_ms = 48 * H;
		rule.steps[0].id = SPAN_LIT("m1");
		rule.steps[1] = (struct rule_step){.id = SPAN_LIT("m2"), .after_ms = 4 * H};
		rule.n_steps = 2;
		begin(&anna, &visitor, &rule, 1);
		scene_event(&anna, ADDED, c1, 0, 0);
		if (ways[n / 2].before)
			scene_event(&anna, ADDED, cart, 30 * M, 30 * M);
		scene_tick(&anna, 4 * H);
		if (n % 2)
			scene_event(&visitor, ADDED, cart, at, at);
		scene_merge(&anna, visitor.journey, at, at);
		if (n % 2 == 0)
			scene_event(&anna, ADDED, cart, at, at);
		(void)scene_take(&anna);
		scene_tick(&anna, 20 * H);
		CHECK_STR(span_str(scene_take(&anna)), ways[n / 2].told);
		end(&anna, &visitor);
	}
}

/* Anna was sent both steps, at four and at ten hours. What the visitor adds between them is part of
 * that, had it all been of one name, and what he adds behind them begins another wait. Anna
 * empties the cart, which takes her messages back and hands over only what waited, whether that or
 * the link is heard of first. */
static void test_taken_back_and_handed_over(void)
{
	static const struct {
		int64_t added;
		bool handed;
	} ways[] = {
		{5 * H, false},
		{10 * H - 1, false},
		{10 * H, true},
		{10 * H + 30 * M, true},
	};

	for (size_t n = 0; n < 2 * ARRAY_SIZE(ways); n++) {
		struct rule rules[2] = {scene_cart("giver"), scene_cart("taker")};
		struct scene anna, visitor;

		rules[0].cancel = handed;
		rules[0].n_cancel = 1;
		rules[0].steps[0].id = SPAN_LIT("m1");
		rules[0].steps[1] = (struct rule_step){.id = SPAN_LIT("m2"), .after_ms = 6 * H};
		rules[0].n_steps = 2;
		rules[1].arm = shown;
		begin(&anna, &visitor, rules, 2);
		scene_event(&anna, ADDED, c1, 0, 0);
		scene_event(&visitor, ADDED, c1, ways[n / 2].added, ways[n / 2].added);
		scene_tick(&anna, 11 * H);
		scene_tick(&visitor, 11 * H);
		if (n % 2) {
			scene_event(&anna, EMPTIED, c1, 11 * H, 11 * H);
			scene_merge(&anna, visitor.journey, 11 * H + M, 11 * H + M);
		} else {
			scene_merge(&anna, visitor.journey, 11 * H + M, 11 * H + M);
			scene_event(&anna, EMPTIED, c1, 11 * H, 11 * H + 2 * M);
		}
		(void)scene_take(&anna);
		scene_tick(&anna, 20 * H);
		CHECK_INT(strstr(scene_take(&anna), "fired taker") != NULL, ways[n / 2].handed);
		end(&anna, &visitor);
	}
}

/* The visitor empties a cart, and Anna begins it a minute later, which is within the slack: that
 * ends what is known to wait already, be it due since or not, and nothing that begins later. */
static void test_cancelled_before(void)
{
	static const struct {
		int64_t heard, linked;
		bool ends;
	} ways[] = {
		{0, 2 * M, false},
		{0, 5 * H, false},
		{2 * M, 3 * M, true},
		{2 * M, 5 * H, true},
	};

	for (size_t n = 0; n < ARRAY_SIZE(ways); n++) {
		struct rule rule = scene_cart("cart");
		struct scene anna, visitor;

		rule.cancel = plain;
		rule.n_cancel = 1;
		rule.slack_ms = 10 * M;
		begin(&anna, &visitor, &rule, 1);
		scene_event(&visitor, EMPTIED, c1, 0, ways[n].heard);
		scene_event(&anna, ADDED, c1, M, M);
		scene_tick(&anna, ways[n].linked);
		scene_merge(&anna, visitor.journey, ways[n].linked, ways[n].linked);
		scene_tick(&anna, 6 * H);
		CHECK_INT(anna.counts[COUNTER_RETRACTED] + anna.counts[COUNTER_CANCELLED],
			ways[n].ends);
		end(&anna, &visitor);
	}
}

/*
 * Anna waits for a cart since just before four hours. The visitor's other cart was sent at four
 * hours, and what he puts into hers is refused, since that pauses all carts; under one name it
 * would have moved her wait, which is older than the pause (4 h from then, and it says what he
 * did). Whether the link or that is heard of first makes no difference, nor how he is called; and a
 * guest who put something in during the pause, and was ended by it, moves hers in the same way.
 * What was not armed before the pause is not moved, nor what an emptying has ended since.
 */
static void test_refused_under_the_other_name(void)
{
	static const char moved[] = "fired cart cart:C2 1/main @36000000;";
	static const struct {
		int64_t added;	 /* by Anna */
		int64_t emptied; /* by the visitor, behind what he did; 0: never */
		bool guest;	 /* a third name, and not the visitor, did it */
		const char *told;
	} ways[] = {
		{4 * H - 1, 0, false, moved},
		{4 * H - 1, 0, true, moved},
		{4 * H + 1, 0, false, ""},
		{4 * H - 1, 6 * H + M, false, ""},
	};

	for (size_t n = 0; n < 2 * ARRAY_SIZE(ways); n++) {
		const struct carried c2 = {.cart = "C2"};
		struct rule rule = scene_cart("cart");
		struct scene anna, visitor, guest;
		struct scene *who = ways[n / 2].guest ? &guest : &visitor;

		rule.cancel = plain;
		rule.n_cancel = 1;
		rule.cooldown_customer = true;
		rule.cooldown_ms = 48 * H;
		begin(&anna, &visitor, &rule, 1);
		scene_init(&guest, &rule, 1);
		REQUIRE(text_set(&guest.journey->customer, SPAN_LIT("email:g")) == 0);
		scene_event(&visitor, ADDED, c1, 0, 0);
		scene_tick(&visitor, 4 * H);
		scene_event(&anna, ADDED, c2, ways[n / 2].added, ways[n / 2].added);
		if (n % 2) {
			scene_event(who, ADDED, c2, 6 * H, 6 * H);
			if (ways[n / 2].emptied)
				scene_event(who, EMPTIED, c2, ways[n / 2].emptied, 6 * H + M);
		}
		scene_merge(&visitor, guest.journey, 6 * H + 2 * M, 6 * H + 2 * M);
		scene_merge(&anna, visitor.journey, 6 * H + 2 * M, 6 * H + 2 * M);
		if (n % 2 == 0) {
			scene_event(&anna, ADDED, c2, 6 * H, 6 * H + 3 * M);
			if (ways[n / 2].emptied)
				scene_event(&anna, EMPTIED, c2, ways[n / 2].emptied, 6 * H + 3 * M);
		}
		(void)scene_take(&anna);
		scene_tick(&anna, 20 * H);
		CHECK_STR(span_str(scene_take(&anna)), ways[n / 2].told);
		end(&anna, &visitor);
		scene_release(&guest);
	}
}

/* What a pause refused is known for as long as something may wait from there, and for two days at
 * least; it takes no longer for its place than that. */
static void test_refused_is_forgotten(void)
{
	static const struct {
		int64_t wait, until;
	} ways[] = {
		{4 * H, 48 * H},
		{120 * H, 120 * H},
	};

	for (size_t n = 0; n < 2 * ARRAY_SIZE(ways); n++) {
		int64_t refused = ways[n / 2].wait + H,
			now = refused + ways[n / 2].until - 1 + (int64_t)(n % 2);
		const struct carried c2 = {.cart = "C2"};
		struct rule rule = scene_cart("cart");
		const struct instance *i;
		struct scene s;

		rule.wait.span_ms = ways[n / 2].wait;
		rule.cooldown_customer = true;
		rule.cooldown_ms = 400 * H;
		scene_init(&s, &rule, 1);
		scene_event(&s, ADDED, c1, 0, 0);
		scene_tick(&s, ways[n / 2].wait);
		scene_event(&s, ADDED, c2, refused, refused);
		scene_event(&s, EVENT_CASE_OPENED, nothing, now, now);
		i = journey_instance(s.journey, SPAN_LIT("cart"), SPAN_LIT("cart:C2"));
		CHECK_INT(i != NULL && i->paused != NULL, n % 2 == 0);
		scene_release(&s);
	}
}

int main(void)
{
	static const struct check_case cases[] = {
		{"a cancel between steps", test_cut_between_steps},
		{"handed over in vain", test_handed_over_in_vain},
		{"ended by another entry", test_ended_elsewhere},
		{"paused under the other name", test_paused_under_the_other_name},
		{"paused, and part of what goes on", test_paused_and_part},
		{"handed over, and taken back", test_taken_back_and_handed_over},
		{"cancelled before it was armed", test_cancelled_before},
		{"refused under the other name", test_refused_under_the_other_name},
		{"refused long ago", test_refused_is_forgotten},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
