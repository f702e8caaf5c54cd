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

/* What has closed the cart keeps it closed for as long as a tombstone, whether what had armed it
 * came in before that or behind it: days later it is handed over. */
static void test_to_behind_a_tombstone(void)
{
	const struct rule_match ends[] = {
		{.by = MATCH_KIND, .kind = STARTED, .to = SPAN_LIT("checkout")},
		{.by = MATCH_KIND, .kind = ORDER_COMPLETED, .terminal = true}};
	static const struct rule_match shown[] = {{.by = MATCH_KIND, .kind = EVENT_PRODUCT_SHOWN}};

	for (int n = 0; n < 4; n++) {
		struct rule rules[] = {scene_cart("cart"), scene_cart("checkout")};
		int64_t again = n & 2 ? MS_DAY : 4 * MS_DAY;
		struct scene s;

		rules[0].cancel = ends;
		rules[0].n_cancel = 2;
		rules[0].tombstone_ms = 36 * H;
		rules[1].arm = shown;
		scene_init(&s, rules, 2);
		scene_event(&s, n & 1 ? ADDED : ORDER_COMPLETED, c1, 0, H);
		scene_event(&s, n & 1 ? ORDER_COMPLETED : ADDED, c1, 0, H);
		scene_event(&s, EVENT_PRODUCT_VIEWED, c2, again - H, again - H);
		scene_event(&s, ADDED, c1, again, again);
		scene_event(&s, STARTED, c1, again + H, again + H);
		scene_tick(&s, 9 * MS_DAY);
		CHECK_INT(s.counts[COUNTER_FIRED], n & 2 ? 0 : 1);
		scene_release(&s);
	}
}

/* What had armed a cart and was cancelled is not there any more when the wait behind it has fired,
 * also if the cancel came in first and is forgotten sooner. */
static void test_to_behind_a_job(void)
{
	const struct rule_match ends[] = {
		{.by = MATCH_KIND, .kind = STARTED, .customer = true, .to = SPAN_LIT("checkout")}};
	static const struct rule_match shown[] = {{.by = MATCH_KIND, .kind = EVENT_PRODUCT_SHOWN}};

	for (int overtakes = 0; overtakes < 2; overtakes++) {
		struct rule rules[] = {scene_cart("cart"), scene_cart("checkout")};
		struct scene s;

		rules[0].cancel = ends;
		rules[0].n_cancel = 1;
		rules[1].arm = shown;
		scene_init(&s, rules, 2);
		if (overtakes)
			scene_event(&s, STARTED, c2, 0, M);
		scene_event(&s, ADDED, c1, 0, M);
		if (!overtakes)
			scene_event(&s, STARTED, c2, 0, M);
		scene_event(&s, ADDED, c1, H, H);
		scene_tick(&s, 9 * H);
		/* the cart of the customer, and what was handed over at once */
		CHECK_INT(s.counts[COUNTER_FIRED], 2);
		scene_event(&s, EVENT_PRODUCT_VIEWED, c2, 4 * MS_DAY, 4 * MS_DAY);
		scene_event(&s, STARTED, c2, 4 * MS_DAY + H, 4 * MS_DAY + H);
		scene_tick(&s, 9 * MS_DAY);
		CHECK_INT(s.counts[COUNTER_FIRED], 2);
		scene_release(&s);
	}
}

/* A cart without a name is ended by what ends any, which another entry remembers, and sooner
 * forgets: it is not what is handed over days later. */
static void test_to_of_no_name(void)
{
	static const struct carried none = {.cart = NULL};
	const struct rule_match ends[] = {
		{.by = MATCH_KIND, .kind = STARTED, .to = SPAN_LIT("checkout")}};
	static const struct rule_match shown[] = {{.by = MATCH_KIND, .kind = EVENT_PRODUCT_SHOWN}};

	for (int overtakes = 0; overtakes < 2; overtakes++) {
		struct rule rules[] = {scene_cart("cart"), scene_cart("checkout")};
		struct scene s;

		for (int k = 0; k < 2; k++)
			rules[k].key_else_customer = true;
		rules[0].cancel = ends;
		rules[0].n_cancel = 1;
		rules[1].arm = shown;
		scene_init(&s, rules, 2);
		if (overtakes)
			scene_event(&s, STARTED, c1, H, 2 * H);
		scene_event(&s, ADDED, none, 0, 2 * H);
		if (!overtakes)
			scene_event(&s, STARTED, c1, H, 2 * H);
		scene_tick(&s, 9 * H);
		CHECK_INT(s.counts[COUNTER_FIRED], 1);
		scene_event(&s, EVENT_PRODUCT_VIEWED, c2, 4 * MS_DAY, 4 * MS_DAY);
		scene_event(&s, STARTED, none, 4 * MS_DAY + H, 4 * MS_DAY + H);
		scene_tick(&s, 9 * MS_DAY);
		CHECK_INT(s.counts[COUNTER_FIRED], 1);
		scene_release(&s);
	}
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
		{"it does behind a tombstone", test_to_behind_a_tombstone},
		{"it does not behind a job", test_to_behind_a_job},
		{"what has no name", test_to_of_no_name},
		{"supersedes", test_supersedes},
		{"on trial", test_supersedes_on_trial},
		{"replace", test_replace},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
