/* SPDX-License-Identifier: MIT */
/* Two additions within the hour arm, and they were made under two names, of whom it is known only
 * then or by then that they are one. Instants are hand arithmetic: four hours from the later. */
#include "absence_scene.h"

#define ADDED	EVENT_PRODUCT_ADDED
#define ORDERED EVENT_ORDER_COMPLETED

static const struct carried c1 = {.cart = "C1"}, as_visitor = {.cart = "C1", .subject = "anon:v"};
static const struct rule_match twice[] = {
	{.by = MATCH_KIND, .kind = ADDED, .count = 2, .within_ms = H}};
static const struct rule_match ordered[] = {{.by = MATCH_KIND, .kind = ORDERED}};

static struct rule counted(void)
{
	struct rule rule = scene_cart("cart");

	rule.arm = twice;
	rule.cancel = ordered;
	rule.n_cancel = 1;
	rule.data[0] =
		(struct rule_data){.name = SPAN_LIT("n"), .from = DATA_EVENT, .field = FIELD_TOTAL};
	rule.n_data = 1;
	rule.wait.span_ms = 4 * H;
	return rule;
}

static void name_them(struct scene *anna, struct scene *visitor)
{
	struct rule rule = counted();

	scene_init(anna, &rule, 1);
	scene_init(visitor, &rule, 1);
	REQUIRE(text_set(&visitor->journey->customer, SPAN_LIT("anon:v")) == 0);
	REQUIRE(text_set(&anna->journey->customer, SPAN_LIT("anna")) == 0);
}

static const struct {
	const char *name;
	int64_t anna[3],
		visitor[3]; /* when each added something; behind the last 0, but the first */
	int64_t ordered;    /* Anna; 0: she does not */
	int64_t merged;
	const char *told;
	const char *subject; /* of what is decided last */
} rows[] = {
	{"one each", {1}, {30 * M}, 0, H, "fired cart cart:C1 1/main @16200000;", "anon:v"},
	{"one each, the winner's is the later", {30 * M}, {1}, 0, H,
		"fired cart cart:C1 1/main @16200000;", ""},
	{"one each, too far apart", {1}, {H + 2}, 0, 2 * H, "", ""},
	{"the deadline is over", {1}, {30 * M}, 0, 4 * H + 30 * M, "", ""},
	{"the deadline is not over", {1}, {30 * M}, 0, 4 * H + 30 * M - 1,
		"fired cart cart:C1 1/main @16200000;", "anon:v"},
	{"she waits, and the third is the latest", {1, 10 * M}, {30 * M}, 0, H,
		"fired cart cart:C1 1/main @16200000;", "anon:v"},
	{"both wait", {1, 10 * M}, {2, 20 * M}, 0, H,
		"merged cart cart:C1 @3600000; fired cart cart:C1 1/main @15600000;", "anon:v"},
	{"one of them is settled by an order", {1}, {30 * M}, 10 * M, H, "", ""},
	{"one of them is settled by the job", {1, 2, 3 * H + 30 * M}, {4 * H + 10 * M}, 0,
		4 * H + 20 * M, "fired cart cart:C1 1/main @14400002;", ""},
};

static void add(struct scene *s, const int64_t times[3])
{
	for (size_t n = 0; n < 3 && times[n]; n++)
		scene_event(s, ADDED, c1, times[n], times[n]);
}

static void test_merged(void)
{
	for (size_t n = 0; n < ARRAY_SIZE(rows); n++) {
		struct scene anna, visitor;
		struct span told;

		name_them(&anna, &visitor);
		add(&anna, rows[n].anna);
		add(&visitor, rows[n].visitor);
		if (rows[n].ordered)
			scene_event(&anna, ORDERED, c1, rows[n].ordered, 50 * M);
		scene_tick(&anna, int64_min(rows[n].merged, 4 * H + 2));
		scene_merge(&anna, visitor.journey, rows[n].merged, rows[n].merged);
		scene_tick(&anna, 20 * H);
		told = span_str(scene_take(&anna));
		if (!span_equal(told, span_str(rows[n].told)))
			fprintf(stderr, "# %s\n", rows[n].name);
		CHECK_STR(told, rows[n].told);
		if (rows[n].told[0])
			CHECK_STR(anna.last.subject, rows[n].subject);
		scene_release(&anna);
		scene_release(&visitor);
	}
}

/* What another rule has ended does not begin again when they become one: nothing has come to it,
 * nor would anything if a third, which did not wait, had something to hand over to it. */
static void end_before(bool handed)
{
	const struct rule_match arm[] = {{.by = MATCH_KIND, .kind = EVENT_PRODUCT_SHOWN}},
				cancel[] = {{.by = MATCH_KIND,
					.kind = ORDERED,
					.to = SPAN_LIT("cart")}};
	struct rule rules[3] = {scene_cart("first"), counted(), scene_cart("giver")};
	struct scene anna, visitor;

	rules[0].wait.span_ms = H;
	rules[0].supersedes[0] = rules[1].id;
	rules[0].n_supersedes = 1;
	rules[1].n_cancel = 0;
	rules[2].arm = arm;
	rules[2].cancel = cancel;
	rules[2].n_cancel = 1;
	scene_init(&anna, rules, 3);
	scene_init(&visitor, rules, 3);
	REQUIRE(text_set(&visitor.journey->customer, SPAN_LIT("anon:v")) == 0);
	scene_event(&anna, ADDED, c1, 0, 0);
	if (handed)
		scene_event(&anna, ORDERED, c1, 1, 1);
	scene_event(&anna, ADDED, c1, M, M);
	CHECK_INT(journey_instance(anna.journey, rules[1].id, SPAN_LIT("cart:C1"))->n_armings,
		handed ? 3 : 2);
	scene_tick(&anna, 2 * H);
	CHECK_STR(span_str(scene_take(&anna)),
		"fired first cart:C1 1/main @3660000; superseded cart cart:C1 @3660000;");
	scene_event(&visitor, EVENT_CASE_OPENED, c1, 2 * H, 2 * H);
	scene_merge(&anna, visitor.journey, 2 * H + M, 2 * H + M);
	scene_tick(&anna, 20 * H);
	CHECK_STR(span_str(scene_take(&anna)), "");
	scene_release(&anna);
	scene_release(&visitor);
}

static void test_nothing_new(void)
{
	end_before(false);
	end_before(true);
}

/* The link is known first: of two additions of one instant the greater name's is in force, and its
 * values are what the job carries, whichever came in first. */
static void test_one_instant(void)
{
	for (int64_t n = 0; n < 2; n++) {
		struct carried hers = c1, theirs = as_visitor;
		struct scene anna, visitor;

		hers.total = theirs.total = "7";
		name_them(&anna, &visitor);
		scene_merge(&anna, visitor.journey, 0, 0);
		scene_event(&anna, ADDED, n ? hers : theirs, H, H);
		scene_event(&anna, ADDED, n ? theirs : hers, H, H + M);
		scene_tick(&anna, 20 * H);
		CHECK_STR(span_str(scene_take(&anna)), "fired cart cart:C1 1/main @18000000;");
		CHECK_STR(anna.last.subject, "anon:v");
		scene_release(&anna);
		scene_release(&visitor);
	}
}

/* The job carries what the last of them says, whichever came in last: known under one name, under
 * two before they became one, and behind it. */
static void test_data(void)
{
	for (int64_t n = 0; n < 4; n++) {
		bool one = n / 2 == 0, late = n % 2;
		const struct carried first = {.cart = "C1", .total = "30"};
		struct carried last = {.cart = "C1", .total = "20"};
		struct scene anna, visitor, *other = one ? &anna : &visitor;

		name_them(&anna, &visitor);
		if (late)
			scene_event(other, ADDED, last, 10 * M, 10 * M);
		scene_event(&anna, ADDED, first, 5 * M, 11 * M);
		if (!late)
			scene_event(other, ADDED, last, 10 * M, 12 * M);
		scene_merge(&anna, visitor.journey, H, H);
		scene_tick(&anna, 20 * H);
		CHECK_STR(span_str(scene_take(&anna)), "fired cart cart:C1 1/main @15000000;");
		CHECK_STR(anna.last.data, "\"n\":20");
		scene_release(&anna);
		scene_release(&visitor);
	}
}

/* Five events whose values have no room beside each other: all are counted, and the last has its
 * own. */
static void test_room(void)
{
	struct rule rule = counted();
	static const struct rule_match often[] = {
		{.by = MATCH_KIND, .kind = ADDED, .count = 5, .within_ms = H}};
	char cart[201] = "";
	const struct carried long_one = {.cart = cart};
	struct scene anna;

	memset(cart, 'c', sizeof(cart) - 1);
	rule.arm = often;
	for (rule.n_data = 0; rule.n_data < 4; rule.n_data++)
		rule.data[rule.n_data] = (struct rule_data){.name = SPAN_LIT("id"),
			.from = DATA_ARMED,
			.field = fact_find(SPAN_LIT("cart.id"))};
	scene_init(&anna, &rule, 1);
	for (int64_t n = 0; n < 5; n++)
		scene_event(&anna, ADDED, long_one, n * M, n * M);
	CHECK_INT(anna.journey->instances[0].n_armings, 5);
	scene_tick(&anna, 20 * H);
	CHECK_INT(anna.counts[COUNTER_FIRED], 1);
	/* Four times `"id":"` and `"`, and three commas. */
	CHECK_INT(anna.last.data.len, 4 * (200 + 7) + 3);
	scene_release(&anna);
}

int main(void)
{
	static const struct check_case cases[] = {
		{"counted under two names", test_merged},
		{"nothing new", test_nothing_new},
		{"at one instant", test_one_instant},
		{"what the job carries", test_data},
		{"room for what they say", test_room},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
