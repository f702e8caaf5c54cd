/* SPDX-License-Identifier: MIT */
/* Where two would go and one is let go: rules that take over from others, rules that go before
 * others, and keys of one rule. */
#include "absence_scene.h"

#define ORDER_COMPLETED EVENT_ORDER_COMPLETED
#define ADDED		EVENT_PRODUCT_ADDED
#define STARTED		EVENT_CHECKOUT_STARTED

static const struct carried c1 = {.cart = "C1"}, c2 = {.cart = "C2"};

#define TAKEN(S, TEXT) CHECK_STR(span_str(scene_take(S)), TEXT)

/* The cart is handed over to a rule that its checkout arms, or that nothing of it arms. */
static void test_to(void)
{
	const struct rule_match hand[] = {
		{.by = MATCH_KIND, .kind = STARTED, .to = SPAN_LIT("checkout")}};
	static const struct rule_match shown[] = {{.by = MATCH_KIND, .kind = EVENT_PRODUCT_SHOWN}};
	struct rule rules[] = {scene_cart("cart"), scene_cart("checkout")};
	struct scene s;

	rules[0].cancel = hand;
	rules[0].n_cancel = 1;
	rules[1].arm = shown;
	rules[1].wait.span_ms = H;
	scene_init(&s, rules, 2);
	scene_event(&s, ADDED, c1, 0, 0);
	scene_event(&s, STARTED, c1, H, H);
	CHECK_STR(text_span(journey_instance(s.journey, SPAN_LIT("cart"), SPAN_LIT("cart:C1"))
				    ->superseded_by),
		"checkout");
	/* nothing was armed: nothing is handed over */
	scene_event(&s, STARTED, c2, H, H);
	scene_tick(&s, 9 * H);
	TAKEN(&s, "cancelled cart cart:C1 @3600000; fired checkout cart:C1 1/main @7200000;");
	scene_release(&s);
}
/* ---- supersedes, replace ---------------------------------------------------------------- */

/* The checkout goes before the cart, and waits for so long. */
static void make_pair(struct rule rules[2], int64_t wait_ms)
{
	static const struct rule_match started[] = {{.by = MATCH_KIND, .kind = STARTED}};
	static const struct rule_match emptied[] = {{.by = MATCH_KIND, .kind = EVENT_CART_EMPTIED}};

	rules[0] = scene_cart("cart");
	rules[1] = scene_cart("checkout");
	rules[1].arm = started;
	rules[1].cancel = emptied;
	rules[1].n_cancel = 1;
	rules[1].wait.span_ms = wait_ms;
	rules[1].supersedes[0] = SPAN_LIT("cart");
	rules[1].n_supersedes = 1;
}

static void test_supersedes(void)
{
	struct rule rules[2];
	struct scene s;

	/* What sends ends what waits, and nothing that begins behind it. */
	make_pair(rules, H);
	scene_init(&s, rules, 2);
	scene_event(&s, ADDED, c1, 0, 0);
	scene_event(&s, STARTED, c2, H, H);
	scene_event(&s, ADDED, c1, H - 1, H + 1);
	TAKEN(&s, "");
	scene_tick(&s, 2 * H);
	TAKEN(&s, "fired checkout cart:C2 1/main @7200000; superseded cart cart:C1 @7200000;");
	scene_event(&s, ADDED, c1, 3 * H, 3 * H);
	scene_tick(&s, 9 * H);
	TAKEN(&s, "fired cart cart:C1 1/main @25200000;");
	scene_release(&s);

	/* What waits ends what is due, and only that. */
	make_pair(rules, 9 * H);
	scene_init(&s, rules, 2);
	scene_event(&s, ADDED, c1, 0, 0);
	scene_event(&s, STARTED, c2, H, H);
	scene_tick(&s, 4 * H);
	TAKEN(&s, "superseded cart cart:C1 @14400000;");
	CHECK_STR(s.last.words, "checkout");
	CHECK_INT(s.counts[COUNTER_SUPERSEDED], 1);
	scene_event(&s, ADDED, c1, 5 * H, 5 * H);
	scene_event(&s, EVENT_CART_EMPTIED, c2, 6 * H, 6 * H);
	TAKEN(&s, "cancelled checkout cart:C2 @21600000;");
	scene_tick(&s, 19 * H);
	TAKEN(&s, "fired cart cart:C1 1/main @32400000;");
	scene_release(&s);
}

/* A rule on trial stops nothing that is sent; one that is sent stops what is on trial. */
static void test_supersedes_on_trial(void)
{
	static const struct {
		enum rule_mode cart, checkout;
		const char *want;
	} rows[] = {
		{RULE_LIVE, RULE_SHADOW,
			"fired cart cart:C1 1/main @14400000; "
			"would_send checkout cart:C2 1/main @21600000;"},
		{RULE_SHADOW, RULE_LIVE,
			"superseded cart cart:C1 @14400000; "
			"fired checkout cart:C2 1/main @21600000;"},
		{RULE_SHADOW, RULE_SHADOW,
			"superseded cart cart:C1 @14400000; "
			"would_send checkout cart:C2 1/main @21600000;"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rule rules[2];
		struct scene s;

		make_pair(rules, 5 * H);
		rules[0].mode = rows[i].cart;
		rules[1].mode = rows[i].checkout;
		scene_init(&s, rules, 2);
		scene_event(&s, ADDED, c1, 0, 0);
		scene_event(&s, STARTED, c2, H, H);
		scene_tick(&s, 9 * H);
		TAKEN(&s, rows[i].want);
		scene_release(&s);
	}
}

static void test_replace(void)
{
	static const char *const totals[][2] = {
		{"500", "499.99"}, {"499.99", "500"}, {"5e2", "500"}};
	struct rule rule = scene_cart("cart");
	struct scene s;

	rule.cooldown_customer = true;
	rule.replace = REPLACE_LATEST;
	scene_init(&s, &rule, 1);
	scene_event(&s, ADDED, c1, 0, 0);
	scene_event(&s, ADDED, c2, H, H);
	/* one that happened before comes late */
	scene_event(&s, ADDED, c1, H - 1, 2 * H);
	TAKEN(&s, "");
	scene_tick(&s, 9 * H);
	TAKEN(&s, "replaced cart cart:C1 @17999999; fired cart cart:C2 1/main @18000000;");
	scene_release(&s);

	rule.replace = REPLACE_GREATEST;
	rule.replace_field = FIELD_TOTAL;
	for (size_t i = 0; i < ARRAY_SIZE(totals); i++) {
		const struct carried first = {.cart = "C1", .total = totals[i][0]};
		const struct carried second = {.cart = "C2", .total = totals[i][1]};

		scene_init(&s, &rule, 1);
		scene_event(&s, ADDED, first, 0, 0);
		scene_event(&s, ADDED, second, H, H);
		scene_tick(&s, 9 * H);
		/* of equals the later */
		TAKEN(&s, i == 0 ? "fired cart cart:C1 1/main @14400000; "
				   "replaced cart cart:C2 @14400000;"
				 : "replaced cart cart:C1 @14400000; "
				   "fired cart cart:C2 1/main @18000000;");
		scene_release(&s);
	}
}

int main(void)
{
	static const struct check_case cases[] = {
		{"a rule takes over", test_to},
		{"supersedes", test_supersedes},
		{"on trial", test_supersedes_on_trial},
		{"replace", test_replace},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
