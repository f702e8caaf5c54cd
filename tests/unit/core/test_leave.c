/* SPDX-License-Identifier: MIT */
/*
 * Rules that end where their condition does not hold any more, and whose condition may hold again:
 * an order makes it true or false, and comes in before what it was before, or behind. What is
 * expected is what the events say in the order in which they happened.
 */
#include "absence_scene.h"

#define ADDED	EVENT_PRODUCT_ADDED
#define ORDERED EVENT_ORDER_COMPLETED

static const struct carried c1 = {.cart = "C1"}, o1 = {.order = "O1"}, o2 = {.order = "O2"};

#define TAKEN(s, expected) CHECK_STR(span_str(scene_take(s)), expected)

/* s.orders OP N */
struct asks {
	struct cond_node nodes[3];
	struct cond cond;
};

static const uint16_t both[] = {0, 1};

static struct asks asks(enum cond_op op, int32_t n)
{
	return (struct asks){
		.nodes = {
			{.op = COND_STATE, .fact = FACT_ORDERS},
			{.op = COND_VALUE,
				.value = {.type = VALUE_NUMBER, .number = decimal_from_int(n)}},
			{.op = op, .first = 0, .count = 2},
		}};
}

/* Waits four hours, with a grace of two. */
static void begin(struct scene *s, struct asks *a, bool first)
{
	struct rule rule = scene_cart("cart");

	a->cond = (struct cond){.nodes = a->nodes, .n_nodes = 3, .children = both};
	rule.fire_if = &a->cond;
	rule.exit_policy = EXIT_NOT_MATCHING;
	rule.exit_waits = true;
	rule.grace_ms = 2 * H;
	rule.anchor_first = first;
	scene_init(s, &rule, 1);
}

/* Before the first order it does not wait, whatever is heard first. */
static void test_armed_while_false(void)
{
	struct asks a = asks(COND_GREATER_EQUAL, 1);
	struct scene s;

	for (int order_first = 0; order_first < 2; order_first++) {
		begin(&s, &a, false);
		if (order_first)
			scene_event(&s, ORDERED, o1, H, H);
		scene_event(&s, ADDED, c1, 0, order_first ? 90 * M : 0);
		if (!order_first)
			scene_event(&s, ORDERED, o1, H, H);
		scene_tick(&s, 9 * H);
		TAKEN(&s, "not_matching cart cart:C1 @7200000;");
		scene_release(&s);
	}
}

/* What was true all the time is so however late that is heard within the grace. */
static void test_true_in_fact(void)
{
	struct asks a = asks(COND_GREATER_EQUAL, 1);
	struct scene s;

	begin(&s, &a, false);
	scene_event(&s, ADDED, c1, H, H);
	scene_event(&s, ORDERED, o1, H, 3 * H);
	scene_tick(&s, 9 * H);
	TAKEN(&s, "fired cart cart:C1 1/main @25200000;");
	scene_release(&s);
	/* A millisecond later, it is over. */
	begin(&s, &a, false);
	scene_event(&s, ADDED, c1, H, H);
	scene_event(&s, ORDERED, o1, H, 3 * H + 1);
	scene_tick(&s, 9 * H);
	TAKEN(&s, "not_matching cart cart:C1 @10800000;");
	scene_release(&s);
}

/* One order, and no other: it was true for a while, and false since the second. */
static void test_false_again(void)
{
	struct asks a = asks(COND_EQUAL, 1);
	struct scene s;

	for (int late = 0; late < 2; late++) {
		begin(&s, &a, false);
		scene_event(&s, ORDERED, o1, 0, 0);
		scene_event(&s, ADDED, c1, H, H);
		scene_event(&s, ORDERED, o2, 2 * H, late ? 4 * H : 2 * H);
		scene_tick(&s, 9 * H);
		TAKEN(&s, "not_matching cart cart:C1 @14400000;");
		scene_release(&s);
	}
}

/* False between two activities: the second begins a wait of its own, also where the first of them
 * counts, and whichever comes in first. */
static void test_between(void)
{
	struct asks a = asks(COND_NOT_EQUAL, 1);
	struct scene s;

	for (int way = 0; way < 4; way++) {
		begin(&s, &a, way & 1);
		scene_event(&s, ADDED, c1, 0, 0);
		if (!(way & 2))
			scene_event(&s, ORDERED, o1, H, H);
		scene_event(&s, ORDERED, o2, 90 * M, 90 * M);
		scene_event(&s, ADDED, c1, 2 * H, 2 * H);
		if (way & 2)
			scene_event(&s, ORDERED, o1, H, 150 * M);
		scene_tick(&s, 9 * H);
		if (way & 1)
			TAKEN(&s, "not_matching cart cart:C1 @10800000; fired cart cart:C1 1/main "
				  "@28800000;");
		else
			TAKEN(&s, "fired cart cart:C1 1/main @28800000;");
		scene_release(&s);
	}
}

/* The decision says which part of it was false, with the value, and when that was. */
static void test_words(void)
{
	struct asks a = asks(COND_EQUAL, 1);
	struct scene s;

	begin(&s, &a, false);
	scene_event(&s, ORDERED, o1, 0, 0);
	scene_event(&s, ADDED, c1, H, H);
	scene_event(&s, ORDERED, o2, 2 * H, 2 * H);
	scene_tick(&s, 4 * H);
	CHECK_STR(s.last.words, "s.orders == 1: s.orders is 2");
	CHECK_INT(s.last.by.len, 0);
	CHECK_INT(s.last.by_at, 2 * H);
	scene_release(&s);
	/* What stays false is over at once, by the event. */
	a = asks(COND_LESS, 1);
	begin(&s, &a, false);
	s.rules->list[0].exit_waits = false;
	scene_event(&s, ADDED, c1, H, H);
	scene_event(&s, ORDERED, o1, 2 * H, 2 * H);
	TAKEN(&s, "not_matching cart cart:C1 @7200000;");
	CHECK_STR(s.last.words, "s.orders < 1: s.orders is 1");
	CHECK_STR(s.last.by, "Order Completed");
	scene_release(&s);
}

int main(void)
{
	static const struct check_case cases[] = {
		{"armed while it was false", test_armed_while_false},
		{"true in fact", test_true_in_fact},
		{"false again", test_false_again},
		{"false in between", test_between},
		{"words", test_words},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
