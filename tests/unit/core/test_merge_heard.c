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

int main(void)
{
	static const struct check_case cases[] = {
		{"a wait to a given instant", test_given},
		{"cancelled in time, heard of late", test_cancelled},
		{"closed in time, heard of late", test_closed},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
