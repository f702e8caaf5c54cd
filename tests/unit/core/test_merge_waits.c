/* SPDX-License-Identifier: MIT */
/* What waits when two customers turn out to be one, by what happened and not by what was heard
 * first. Instants are hand arithmetic. */
#include "absence_scene.h"
#include "core/merge.h"

#define ADDED	EVENT_PRODUCT_ADDED
#define SHOWN	EVENT_PRODUCT_SHOWN
#define ORDERED EVENT_ORDER_COMPLETED

static const struct carried c1 = {.cart = "C1"};

struct happened {
	enum event_kind kind;
	int64_t at;
};

/* Of what was done under two names: who is anna, and who turns out to be. */
static void name_them(struct scene *anna, struct scene *visitor)
{
	REQUIRE(text_set(&visitor->journey->customer, SPAN_LIT("anon:v")) == 0);
	REQUIRE(text_set(&anna->journey->customer, SPAN_LIT("anna")) == 0);
}

/* What Anna did under her own name keeps what the visitor began from being sent: four hours from
 * there, and what grace adds; also when it was due already, and waited for its grace (triggers 5.1:
 * until emission). What the visitor did and was heard of only behind that was due before. */
static void test_touched(void)
{
	static const struct rule_match shown[] = {{.by = MATCH_KIND, .kind = EVENT_PRODUCT_SHOWN}};
	static const struct {
		int64_t at, heard;
		const char *told;
	} ways[] = {
		{H, 0, "fired cart cart:C1 1/main @18000000;"},
		{4 * H, 0, "fired cart cart:C1 1/main @32400000;"},
		{4 * H + 1, 0, "fired cart cart:C1 1/main @32400001;"},
		{4 * H + 1, 4 * H + 2, "fired cart cart:C1 1/main @18000002;"},
	};

	for (size_t n = 0; n < ARRAY_SIZE(ways); n++) {
		struct rule rule = scene_cart("cart");
		struct scene anna, visitor;

		rule.touch = shown;
		rule.n_touch = 1;
		rule.grace_ms = n == 0 ? 0 : H;
		scene_init(&anna, &rule, 1);
		scene_init(&visitor, &rule, 1);
		name_them(&anna, &visitor);
		scene_event(&visitor, ADDED, c1, 0, ways[n].heard);
		scene_event(&anna, EVENT_PRODUCT_SHOWN, c1, ways[n].at, ways[n].at);
		scene_merge(&anna, visitor.journey, ways[n].at + M, ways[n].at + M);
		scene_tick(&anna, 20 * H);
		CHECK_STR(span_str(scene_take(&anna)), ways[n].told);
		scene_release(&anna);
		scene_release(&visitor);
	}
}

/* Two additions of one instant, of whichever name the first was heard: the greater name's is in
 * force. */
static void test_one_instant(void)
{
	for (int64_t n = 0; n < 2; n++) {
		struct rule rule = scene_cart("cart");
		struct scene anna, visitor;

		scene_init(&anna, &rule, 1);
		scene_init(&visitor, &rule, 1);
		name_them(&anna, &visitor);
		scene_event(&visitor, ADDED, c1, 0, n * M);
		scene_event(&anna, ADDED, c1, 0, M - n * M);
		scene_merge(&anna, visitor.journey, H, H);
		scene_tick(&anna, 4 * H);
		CHECK_STR(anna.last.subject, "anon:v");
		(void)scene_take(&anna);
		scene_release(&anna);
		scene_release(&visitor);
	}
}

/* What each name knew for itself is not what holds for both. Worked out by hand from triggers 5:
 * a wait of four hours, the second step two hours behind the first. */
static const struct rule_match shown[] = {{.by = MATCH_KIND, .kind = SHOWN}};
static const struct rule_match ordered[] = {{.by = MATCH_KIND, .kind = ORDERED}},
			       closed[] = {{.by = MATCH_KIND, .kind = ORDERED, .terminal = true}};
static const struct {
	const char *name;
	const struct rule_match *cancel;
	int64_t tombstone, wait;
	bool first, steps;
	struct happened anna, visitor;
	int64_t merged, then, over; /* then: she adds something once more; 0: she does not */
	const char *told;
} rows[] = {
	{"a cancel is remembered, and its job was taken back: nothing cools", ordered, 45 * MS_DAY,
		4 * H, false, false, {ADDED, 0}, {ORDERED, H}, 6 * H, 7 * H, 12 * H,
		"fired cart cart:C1 1/main @14400000; "
		"retracted cart cart:C1 1/main @21600000; "
		"fired cart cart:C1 2/main @39600000;"},
	{"what is remembered of a cancel does not close for longer", closed, 3 * H, 4 * H, false,
		false, {ADDED, 2 * H}, {ORDERED, 0}, 2 * H + 30 * M, 4 * H, 12 * H,
		"cancelled cart cart:C1 @9000000; "
		"fired cart cart:C1 1/main @28800000;"},
	{"the first arms, and what is done behind a step does not put off the next", NULL, 0, 4 * H,
		true, true, {ADDED, 5 * H}, {ADDED, 0}, 5 * H + 30 * M, 0, 12 * H,
		"merged cart cart:C1 @19800000; "
		"fired cart cart:C1 1/second @21600000;"},
	{"the first arms, under whichever name", NULL, 0, 4 * H, true, false, {ADDED, H},
		{ADDED, 0}, 2 * H, 0, 12 * H,
		"merged cart cart:C1 @7200000; "
		"fired cart cart:C1 1/main @14400000;"},
	{"touched behind a step", NULL, 0, 4 * H, false, true, {SHOWN, 5 * H}, {ADDED, 0},
		5 * H + 30 * M, 0, 12 * H, "fired cart cart:C1 1/second @32400000;"},
	{"touched within a day", NULL, 0, 48 * H, false, false, {ADDED, 0}, {SHOWN, H},
		24 * H + 59 * M, 0, 60 * H, "fired cart cart:C1 1/main @176400000;"},
	{"touched a day ago: it is the last activity all the same", NULL, 0, 48 * H, false, false,
		{ADDED, 0}, {SHOWN, H}, 25 * H, 0, 60 * H, "fired cart cart:C1 1/main @176400000;"},
	{"added on Monday, touched on Tuesday, one on Thursday, and a wait of five days", NULL, 0,
		120 * H, false, false, {ADDED, 0}, {SHOWN, 25 * H}, 74 * H, 0, 150 * H,
		"fired cart cart:C1 1/main @522000000;"},
	{"added by both, on Monday and on Tuesday", NULL, 0, 120 * H, false, false, {ADDED, 0},
		{ADDED, 25 * H}, 74 * H, 0, 150 * H,
		"merged cart cart:C1 @266400000; fired cart cart:C1 1/main @522000000;"},
};

static void test_joined(void)
{
	for (size_t n = 0; n < ARRAY_SIZE(rows); n++) {
		struct rule rule = scene_cart("cart");
		struct scene anna, visitor;
		struct span told;

		rule.wait.span_ms = rows[n].wait;
		rule.cancel = rows[n].cancel;
		rule.n_cancel = rows[n].cancel != NULL;
		rule.tombstone_ms = rows[n].tombstone;
		rule.anchor_first = rows[n].first;
		rule.touch = shown;
		rule.n_touch = 1;
		rule.steps[1] = (struct rule_step){.id = SPAN_LIT("second"), .after_ms = 2 * H};
		rule.n_steps = rows[n].steps ? 2 : 1;
		scene_init(&anna, &rule, 1);
		scene_init(&visitor, &rule, 1);
		name_them(&anna, &visitor);
		scene_event(&anna, rows[n].anna.kind, c1, rows[n].anna.at, rows[n].anna.at);
		scene_event(
			&visitor, rows[n].visitor.kind, c1, rows[n].visitor.at, rows[n].visitor.at);
		scene_tick(&anna, int64_min(rows[n].merged, 5 * H));
		scene_tick(&visitor, int64_min(rows[n].merged, 5 * H));
		scene_merge(&anna, visitor.journey, rows[n].merged, rows[n].merged);
		if (rows[n].then)
			scene_event(&anna, ADDED, c1, rows[n].then, rows[n].then);
		scene_tick(&anna, rows[n].over);
		told = span_str(scene_take(&anna));
		if (!span_equal(told, span_str(rows[n].told)))
			fprintf(stderr, "# %s\n", rows[n].name);
		CHECK_STR(told, rows[n].told);
		scene_release(&anna);
		scene_release(&visitor);
	}
}

/* What the visitor ended an hour after Anna began takes her mail of four hours back, as long as it
 * is remembered: for a day, whether it had ended anything and whether the visitor began anew since.
 */
static void test_forgotten(void)
{
	static const struct {
		bool began, heard;     /* before it; and anything between it and what follows */
		int64_t again, merged; /* what the visitor began anew; 0: nothing */
		const char *told;
	} ways[] = {
		{false, false, 0, 25 * H - 1, "retracted cart cart:C1 1/main @89999999;"},
		{true, false, 0, 25 * H - 1, "retracted cart cart:C1 1/main @89999999;"},
		{false, false, 0, 25 * H, ""},
		{true, false, 0, 25 * H, ""},
		{false, false, 24 * H, 25 * H - 1, "retracted cart cart:C1 1/main @89999999;"},
		{false, false, 30 * H, 31 * H, ""},
		{false, true, 30 * H, 31 * H, ""},
		{true, false, 30 * H, 31 * H, ""},
	};

	for (size_t n = 0; n < ARRAY_SIZE(ways); n++) {
		struct rule rule = scene_cart("cart");
		struct scene anna, visitor;

		rule.cancel = ordered;
		rule.n_cancel = 1;
		scene_init(&anna, &rule, 1);
		scene_init(&visitor, &rule, 1);
		name_them(&anna, &visitor);
		scene_event(&anna, ADDED, c1, 0, 0);
		scene_tick(&anna, 4 * H);
		(void)scene_take(&anna);
		if (ways[n].began)
			scene_event(&visitor, ADDED, c1, 30 * M, 30 * M);
		scene_event(&visitor, ORDERED, c1, H, H);
		if (ways[n].heard)
			scene_tick(&visitor, 29 * H);
		if (ways[n].again)
			scene_event(&visitor, ADDED, c1, ways[n].again, ways[n].again);
		scene_merge(&anna, visitor.journey, ways[n].merged, ways[n].merged);
		CHECK_STR(span_str(scene_take(&anna)), ways[n].told);
		scene_release(&anna);
		scene_release(&visitor);
	}
}

/* What the order handed over it ended as well; that this is forgotten brings nothing back. */
static void test_over(void)
{
	static const struct rule_match added[] = {{.by = MATCH_KIND, .kind = ADDED}};
	const struct rule_match over[] = {
		{.by = MATCH_KIND, .kind = ORDERED, .to = SPAN_LIT("later")}};
	static const struct rule_match showing[] = {{.by = MATCH_KIND, .kind = SHOWN}};
	struct rule rules[] = {scene_cart("cart"), scene_cart("later")};
	struct scene anna, visitor;

	rules[0].arm = added;
	rules[0].cancel = over;
	rules[1].arm = showing;
	rules[1].cancel = ordered;
	rules[0].n_cancel = rules[1].n_cancel = 1;
	scene_init(&anna, rules, ARRAY_SIZE(rules));
	scene_init(&visitor, rules, ARRAY_SIZE(rules));
	name_them(&anna, &visitor);
	scene_event(&visitor, ADDED, c1, 0, 0);
	scene_event(&visitor, ORDERED, c1, H, H);
	CHECK_STR(span_str(scene_take(&visitor)), "cancelled cart cart:C1 @3600000; "
						  "cancelled later cart:C1 @3600000;");
	scene_merge(&anna, visitor.journey, 49 * H, 49 * H);
	scene_tick(&anna, 90 * H);
	CHECK_STR(span_str(scene_take(&anna)), "");
	scene_release(&anna);
	scene_release(&visitor);
}

/* The first arms, and an order under the other name has ended it. Of what both did at one instant
 * behind that the smaller name's is the first, whether Anna's was heard of by then or is not yet.
 */
static void test_next(void)
{
	for (int n = 0; n < 2; n++) {
		struct rule rule = scene_cart("cart");
		struct scene anna, visitor;

		rule.anchor_first = true;
		rule.cancel = ordered;
		rule.n_cancel = 1;
		scene_init(&anna, &rule, 1);
		scene_init(&visitor, &rule, 1);
		name_them(&anna, &visitor);
		scene_event(&visitor, ORDERED, c1, 0, 0);
		scene_event(&visitor, ADDED, c1, H, H);
		scene_event(&anna, ADDED, c1, 0, 0);
		if (n == 0)
			scene_event(&anna, ADDED, c1, H, H);
		scene_merge(&anna, visitor.journey, 2 * H, 2 * H);
		if (n == 1)
			scene_event(&anna, ADDED, c1, H, 2 * H);
		(void)scene_take(&anna);
		scene_tick(&anna, 20 * H);
		CHECK_INT(anna.last.subject.len, 0);
		CHECK_STR(span_str(scene_take(&anna)), "fired cart cart:C1 1/main @18000000;");
		scene_release(&anna);
		scene_release(&visitor);
	}
}

/* The checkout goes before the cart if it fired while that waited, four hours behind it. An hour
 * later an order closes it, for weeks, and takes that message back: this ends nothing else. */
static void test_before(void)
{
	static const struct {
		int64_t added, merged;
		const char *told;
	} ways[] = {
		{4 * H, 4 * H + 30 * M, "superseded cart cart:C2 @16200000;"},
		{4 * H + 1, 4 * H + 30 * M, ""},
		{6 * H, 7 * H, ""},
	};

	for (size_t n = 0; n < ARRAY_SIZE(ways); n++) {
		const struct rule_match started[] = {
			{.by = MATCH_KIND, .kind = EVENT_CHECKOUT_STARTED}};
		const struct carried c2 = {.cart = "C2"};
		struct rule rules[] = {scene_cart("cart"), scene_cart("checkout")};
		struct scene anna, visitor;

		rules[1].arm = started;
		rules[1].supersedes[0] = SPAN_LIT("cart");
		rules[1].n_supersedes = 1;
		rules[1].cancel = closed;
		rules[1].n_cancel = 1;
		rules[1].tombstone_ms = 45 * MS_DAY;
		scene_init(&anna, rules, ARRAY_SIZE(rules));
		scene_init(&visitor, rules, ARRAY_SIZE(rules));
		name_them(&anna, &visitor);
		scene_event(&visitor, EVENT_CHECKOUT_STARTED, c1, 0, 0);
		scene_tick(&visitor, 4 * H);
		if (ways[n].merged > 5 * H)
			scene_event(&visitor, ORDERED, c1, 5 * H, 5 * H);
		scene_event(&anna, ADDED, c2, ways[n].added, ways[n].added);
		scene_merge(&anna, visitor.journey, ways[n].merged, ways[n].merged);
		CHECK_STR(span_str(scene_take(&anna)), ways[n].told);
		scene_release(&anna);
		scene_release(&visitor);
	}
}

/* Two within an hour arm; an order under the other name has settled the first of them, and one is
 * left. Whether the order was there before the two became one, or comes to be known behind it, the
 * wait is over. Ordered before either, it is not. */
static void test_counted(void)
{
	static const struct rule_match twice[] = {
		{.by = MATCH_KIND, .kind = ADDED, .count = 2, .within_ms = H}};
	static const struct {
		int64_t ordered;
		const char *told;
	} ways[] = {
		{H, "cancelled cart cart:C1 @7200000;"},
		{H - 1, "fired cart cart:C1 1/main @19800000;"},
	};

	for (size_t n = 0; n < 2 * ARRAY_SIZE(ways); n++) {
		int64_t at = ways[n / 2].ordered;
		struct rule rule = scene_cart("cart");
		struct scene anna, visitor;

		rule.arm = twice;
		rule.cancel = ordered;
		rule.n_cancel = 1;
		scene_init(&anna, &rule, 1);
		scene_init(&visitor, &rule, 1);
		name_them(&anna, &visitor);
		scene_event(&visitor, ADDED, c1, H, H);
		scene_event(&visitor, ADDED, c1, H + 30 * M, H + 30 * M);
		if (n % 2)
			scene_event(&anna, ORDERED, c1, at, 2 * H - 1);
		scene_merge(&anna, visitor.journey, 2 * H, 2 * H);
		if (n % 2 == 0)
			scene_event(&anna, ORDERED, c1, at, 2 * H);
		scene_tick(&anna, 20 * H);
		CHECK_STR(span_str(scene_take(&anna)), ways[n / 2].told);
		scene_release(&anna);
		scene_release(&visitor);
	}
}

/* An order under the visitor's name took their own mail back, and is forgotten a day later: what
 * they looked at since makes it no younger. */
static void test_touched_since(void)
{
	static const struct {
		int64_t seen, merged; /* seen: 0: nothing was */
		const char *told;
	} ways[] = {
		{0, 29 * H - 1, "retracted cart cart:C1 1/main @104399999;"},
		{28 * H, 29 * H - 1, "retracted cart cart:C1 1/main @104399999;"},
		{0, 29 * H, ""},
		{28 * H, 29 * H, ""},
	};

	for (size_t n = 0; n < ARRAY_SIZE(ways); n++) {
		struct rule rule = scene_cart("cart");
		struct scene anna, visitor;

		rule.cancel = ordered;
		rule.touch = shown;
		rule.n_cancel = rule.n_touch = 1;
		scene_init(&anna, &rule, 1);
		scene_init(&visitor, &rule, 1);
		name_them(&anna, &visitor);
		scene_event(&anna, ADDED, c1, 0, 0);
		scene_event(&visitor, ADDED, c1, 30 * M, 30 * M);
		scene_tick(&anna, 4 * H);
		scene_tick(&visitor, 4 * H + 30 * M);
		scene_event(&visitor, ORDERED, c1, 5 * H, 5 * H);
		if (ways[n].seen)
			scene_event(&visitor, SHOWN, c1, ways[n].seen, ways[n].seen);
		(void)scene_take(&anna);
		scene_merge(&anna, visitor.journey, ways[n].merged, ways[n].merged);
		CHECK_STR(span_str(scene_take(&anna)), ways[n].told);
		scene_release(&anna);
		scene_release(&visitor);
	}
}

/* An order takes back the last that was sent before it. The visitor has been sent two, Anna one
 * half an hour before their first: the order concerns their second and not Anna's, whether it was
 * there before the two became one or not. Their first repeats hers. */
static void test_last_of_both(void)
{
	for (int n = 0; n < 2; n++) {
		struct rule rule = scene_cart("cart");
		struct scene anna, visitor;

		rule.cancel = ordered;
		rule.n_cancel = 1;
		scene_init(&anna, &rule, 1);
		scene_init(&visitor, &rule, 1);
		name_them(&anna, &visitor);
		scene_event(&anna, ADDED, c1, 0, 0);
		scene_tick(&anna, 4 * H);
		scene_event(&visitor, ADDED, c1, 30 * M, 30 * M);
		scene_tick(&visitor, 4 * H + 30 * M);
		scene_event(&visitor, ADDED, c1, 20 * H, 20 * H);
		scene_tick(&visitor, 24 * H);
		(void)scene_take(&anna);
		(void)scene_take(&visitor);
		if (n == 1) {
			scene_event(&visitor, ORDERED, c1, 25 * H, 25 * H);
			CHECK_STR(span_str(scene_take(&visitor)),
				"retracted cart cart:C1 2/main @90000000;");
		}
		scene_merge(&anna, visitor.journey, 26 * H, 26 * H);
		CHECK_STR(anna.last.subject, "anon:v");
		CHECK_STR(span_str(scene_take(&anna)), "retracted cart cart:C1 1/main @93600000;");
		if (n == 0) {
			scene_event(&anna, ORDERED, c1, 25 * H, 27 * H);
			CHECK_STR(anna.last.subject, "anon:v");
			CHECK_STR(span_str(scene_take(&anna)),
				"retracted cart cart:C1 2/main @97200000;");
		}
		scene_release(&anna);
		scene_release(&visitor);
	}
}

/* What Anna waits for had been ended by an order of the visitor's, for any cart. That is remembered
 * for as long as ever, whatever began without a cart since, and whether that was ended or not. */
static void test_ended_since(void)
{
	static const struct carried nothing = {.cart = NULL}, c2 = {.cart = "C2"};

	for (int ways = 0; ways < 3; ways++) {
		struct rule rule = scene_cart("cart");
		struct scene anna, visitor;

		rule.key_else_customer = true;
		rule.wait.span_ms = 61 * H;
		rule.cancel = closed;
		rule.n_cancel = 1;
		rule.tombstone_ms = 45 * MS_DAY;
		scene_init(&anna, &rule, 1);
		scene_init(&visitor, &rule, 1);
		name_them(&anna, &visitor);
		scene_event(&anna, ADDED, c1, 0, 0);
		scene_event(&visitor, ORDERED, nothing, H, H);
		if (ways > 0)
			scene_event(&visitor, ADDED, nothing, 30 * H, 30 * H);
		if (ways > 1)
			scene_event(&visitor, ORDERED, c2, 31 * H, 31 * H);
		scene_merge(&anna, visitor.journey, 32 * H, 32 * H);
		CHECK_STR(span_str(scene_take(&anna)), "cancelled cart cart:C1 @115200000;");
		scene_release(&anna);
		scene_release(&visitor);
	}
}

/* A touch for all of a customer's carts, under the other name, is remembered for as long as
 * something may wait from there: four days behind it Anna's wait of five is put off, and one that
 * is over by then is not. */
static void test_touched_long_ago(void)
{
	static const struct rule_match all[] = {
		{.by = MATCH_KIND, .kind = SHOWN, .customer = true}};
	static const struct {
		int64_t added, merged;
		bool wins; /* who touched is who stays */
		const char *told;
	} ways[] = {
		{0, 97 * H, false, "fired cart cart:C1 1/main @435600000;"},
		{0, 97 * H, true, "fired cart cart:C1 1/main @435600000;"},
		{0, 130 * H, false, ""},
		{60 * H, 70 * H, false, "fired cart cart:C1 1/main @648000000;"},
		{60 * H, 150 * H, false, "fired cart cart:C1 1/main @648000000;"},
	};

	for (size_t n = 0; n < ARRAY_SIZE(ways); n++) {
		struct rule rule = scene_cart("cart");
		struct scene anna, visitor;
		struct scene *adds = ways[n].wins ? &visitor : &anna;
		struct scene *looks = ways[n].wins ? &anna : &visitor;

		rule.wait.span_ms = 120 * H;
		rule.touch = all;
		rule.n_touch = 1;
		scene_init(&anna, &rule, 1);
		scene_init(&visitor, &rule, 1);
		name_them(&anna, &visitor);
		if (ways[n].added == 0)
			scene_event(adds, ADDED, c1, 0, 0);
		scene_event(looks, SHOWN, c1, H, H);
		if (ways[n].added > 0)
			scene_event(adds, ADDED, c1, ways[n].added, ways[n].added);
		scene_tick(&anna, ways[n].merged);
		scene_tick(&visitor, ways[n].merged);
		if (ways[n].merged == 130 * H)
			CHECK_STR(span_str(scene_take(&anna)),
				"fired cart cart:C1 1/main @432000000;");
		scene_merge(&anna, visitor.journey, ways[n].merged, ways[n].merged);
		scene_tick(&anna, 200 * H);
		CHECK_STR(span_str(scene_take(&anna)), ways[n].told);
		scene_release(&anna);
		scene_release(&visitor);
	}
}

/* The visitor's order closed the cart for 36 hours, in which Anna put something into it: that waits
 * no more once they are one, however long the cart has been open again by then, and whether the
 * visitor had waited for anything or not. What she puts into it afterwards does. */
static void test_closed_then(void)
{
	for (int ways = 0; ways < 4; ways++) {
		struct rule rule = scene_cart("cart");
		int64_t added = ways / 2 ? 37 * H : 24 * H;
		struct scene anna, visitor;

		rule.wait.span_ms = 60 * H;
		rule.cancel = closed;
		rule.n_cancel = 1;
		rule.tombstone_ms = 36 * H;
		scene_init(&anna, &rule, 1);
		scene_init(&visitor, &rule, 1);
		name_them(&anna, &visitor);
		if (ways % 2)
			scene_event(&visitor, ADDED, c1, 30 * M, 30 * M);
		scene_event(&visitor, ORDERED, c1, H, H);
		scene_event(&anna, ADDED, c1, added, added);
		scene_tick(&visitor, 73 * H);
		scene_merge(&anna, visitor.journey, 74 * H, 74 * H);
		scene_tick(&anna, 100 * H);
		CHECK_STR(span_str(scene_take(&anna)),
			ways / 2 ? "fired cart cart:C1 1/main @349200000;"
				 : "cancelled cart cart:C1 @266400000;");
		scene_release(&anna);
		scene_release(&visitor);
	}
}

int main(void)
{
	static const struct check_case cases[] = {
		{"touched under the other name", test_touched},
		{"armed at one instant", test_one_instant},
		{"what each knew for itself", test_joined},
		{"a cancel is forgotten after a day", test_forgotten},
		{"what comes behind a cancel makes it no younger", test_touched_since},
		{"a cancel concerns the last that was sent under either name", test_last_of_both},
		{"what was ended does not begin again", test_over},
		{"the next of one instant", test_next},
		{"a rule that goes before", test_before},
		{"of several events one is settled", test_counted},
		{"touched long ago", test_touched_long_ago},
		{"closed when it was armed", test_closed_then},
		{"what began and ended since does not make one forget", test_ended_since},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
