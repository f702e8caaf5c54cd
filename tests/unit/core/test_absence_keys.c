/* SPDX-License-Identifier: MIT */
/* Keys of several values: what each instance is about, and what concerns all that begin alike.
 * Instants and keys are written by hand. */
#include "absence_scene.h"

#define ADDED EVENT_PRODUCT_ADDED

#define TAKEN(S, TEXT) CHECK_STR(span_str(scene_take(S)), TEXT)

static const struct rule_match shipped[] = {{.by = MATCH_KIND, .kind = EVENT_ORDER_SHIPPED}};
static const struct rule_match delivered[] = {
	{.by = MATCH_KIND, .kind = EVENT_ORDER_DELIVERED, .terminal = true}};
static const struct rule_match viewed[] = {{.by = MATCH_KIND, .kind = EVENT_CART_VIEWED}};

/* Of an order and, for want of another field of the scene, a cart. */
static struct rule pair(void)
{
	struct rule rule = scene_cart("pair");

	rule.key_fields[0] = FIELD_ORDER_ID;
	rule.key_fields[1] = FIELD_CART_ID;
	rule.n_key_fields = 2;
	rule.key_prefix = SPAN_LIT("order+cart");
	rule.cancel = shipped;
	rule.n_cancel = 1;
	return rule;
}

static struct carried both(const char *order, const char *cart)
{
	return (struct carried){.order = order, .cart = cart};
}

static void test_each_its_own(void)
{
	struct rule rule = pair();
	struct scene s;

	scene_init(&s, &rule, 1);
	scene_event(&s, ADDED, both("O1", "A"), 0, 0);
	scene_event(&s, ADDED, both("O1", "B"), M, M);
	scene_event(&s, ADDED, both("O2", "A"), 2 * M, 2 * M);
	/* Neither of these is a key. */
	scene_event(&s, ADDED, both("O1", NULL), 3 * M, 3 * M);
	CHECK_STR(scene_note(&s, "pair"), "no_key");
	scene_event(&s, ADDED, both(NULL, "A"), 3 * M, 3 * M);
	scene_event(&s, EVENT_ORDER_SHIPPED, both(NULL, "A"), H, H);
	scene_event(&s, EVENT_ORDER_SHIPPED, both("O1", "B"), H, H);
	TAKEN(&s, "cancelled pair order+cart:O1/B @3600000;");
	scene_tick(&s, 5 * H);
	TAKEN(&s, "fired pair order+cart:O1/A 1/main @14400000; "
		  "fired pair order+cart:O2/A 1/main @14520000;");
	scene_release(&s);
}

/* The order alone ends all of its carts, in either order of arrival; what comes after it begins
 * anew. */
static void test_beginning(void)
{
	for (int late = 0; late <= 1; late++) {
		struct rule rule = pair();
		struct scene s;

		scene_init(&s, &rule, 1);
		scene_event(&s, ADDED, both("O1", "A"), 0, 0);
		scene_event(&s, ADDED, both("O10", "A"), 0, 0);
		if (!late)
			scene_event(&s, ADDED, both("O1", "B"), M, M);
		scene_event(&s, EVENT_ORDER_SHIPPED, both("O1", NULL), 2 * M, 2 * M);
		if (late)
			scene_event(&s, ADDED, both("O1", "B"), M, 3 * M);
		TAKEN(&s, late ? "cancelled pair order+cart:O1/A @120000;"
			       : "cancelled pair order+cart:O1/A @120000; "
				 "cancelled pair order+cart:O1/B @120000;");
		if (late)
			CHECK_STR(scene_note(&s, "pair"), "older_cancel");
		scene_event(&s, ADDED, both("O1", "C"), 4 * M, 4 * M);
		scene_tick(&s, 5 * H);
		TAKEN(&s, "fired pair order+cart:O10/A 1/main @14400000; "
			  "fired pair order+cart:O1/C 1/main @14640000;");
		scene_release(&s);
	}
}

/* A fact about the order closes every key of it for good, known or not, for as long as the
 * tombstone. */
static void test_tombstone(void)
{
	struct rule rule = pair();
	struct scene s;

	rule.cancel = delivered;
	rule.tombstone_ms = 10 * H;
	scene_init(&s, &rule, 1);
	scene_event(&s, EVENT_ORDER_DELIVERED, both("O1", NULL), 0, 0);
	scene_event(&s, ADDED, both("O1", "A"), H, H);
	CHECK_STR(scene_note(&s, "pair"), "tombstone");
	scene_event(&s, ADDED, both("O1", "A"), 10 * H, 10 * H);
	scene_tick(&s, 15 * H);
	TAKEN(&s, "fired pair order+cart:O1/A 1/main @50400000;");
	/* And takes back what came out. */
	scene_event(&s, EVENT_ORDER_DELIVERED, both("O1", NULL), 13 * H, 15 * H);
	TAKEN(&s, "retracted pair order+cart:O1/A 1/main @54000000;");
	scene_release(&s);
}

static void test_touch(void)
{
	struct rule rule = pair();
	struct scene s;

	rule.touch = viewed;
	rule.n_touch = 1;
	scene_init(&s, &rule, 1);
	scene_event(&s, ADDED, both("O1", "A"), 0, 0);
	scene_event(&s, ADDED, both("O1", "B"), 0, 0);
	scene_event(&s, ADDED, both("O2", "A"), 0, 0);
	scene_event(&s, EVENT_CART_VIEWED, both("O1", NULL), M, M);
	scene_event(&s, EVENT_CART_VIEWED, both("O1", "B"), 2 * M, 2 * M);
	scene_tick(&s, 5 * H);
	TAKEN(&s, "fired pair order+cart:O2/A 1/main @14400000; "
		  "fired pair order+cart:O1/A 1/main @14460000; "
		  "fired pair order+cart:O1/B 1/main @14520000;");
	scene_release(&s);
}

/* No two lists of values make one text. */
static void test_texts(void)
{
	static const struct {
		const char *order, *cart, *key;
	} rows[] = {
		{"a", "b", "order+cart:a/b"},
		{"a/b", "c", "order+cart:a%2Fb/c"},
		{"a", "b/c", "order+cart:a/b%2Fc"},
		{"a%2Fb", "c", "order+cart:a%252Fb/c"},
		{"/", "%", "order+cart:%2F/%25"},
		{"a", "", ""},
		{"a", NULL, ""},
		{NULL, "b", ""},
	};
	struct rule rule = pair();

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct value fields[FIELD_FIXED_COUNT] = {{0}};
		struct event e = {.fields = fields, .n_fields = FIELD_FIXED_COUNT};
		char buf[RULE_KEY_MAX];

		if (rows[i].order)
			fields[FIELD_ORDER_ID] = (struct value){
				.type = VALUE_STRING, .text = span_str(rows[i].order)};
		if (rows[i].cart)
			fields[FIELD_CART_ID] = (struct value){
				.type = VALUE_STRING, .text = span_str(rows[i].cart)};
		CHECK_STR(rule_event_key(&rule, &e, buf), rows[i].key);
		CHECK(!rule_key_is_partial(&rule, span_str(rows[i].key)));
	}
}

/* What has no room is no key: 256 bytes of an order, and as many of the cart as there are left. */
static void test_room(void)
{
	static char order[ENTITY_MAX + 1], cart[ENTITY_MAX + 1];
	struct value fields[FIELD_FIXED_COUNT] = {{0}};
	struct event e = {.fields = fields, .n_fields = FIELD_FIXED_COUNT};
	size_t left = RULE_KEY_MAX - strlen("order+cart:") - ENTITY_MAX - 1;
	struct rule rule = pair();
	char buf[RULE_KEY_MAX];

	memset(order, 'o', ENTITY_MAX);
	memset(cart, 'c', ENTITY_MAX);
	for (size_t over = 0; over <= 1; over++) {
		fields[FIELD_ORDER_ID] =
			(struct value){.type = VALUE_STRING, .text = span_of(order, ENTITY_MAX)};
		fields[FIELD_CART_ID] =
			(struct value){.type = VALUE_STRING, .text = span_of(cart, left + over)};
		CHECK_INT(rule_event_key(&rule, &e, buf).len, over ? 0 : RULE_KEY_MAX);
		/* An escape that has no room is not cut. */
		fields[FIELD_CART_ID].text.len = left - 2 + over;
		cart[0] = '/';
		CHECK_INT(rule_event_key(&rule, &e, buf).len, over ? 0 : RULE_KEY_MAX);
		cart[0] = 'c';
	}
}

/* Without the first value the second may stand for both: an instance of its own, which neither
 * moves those with both nor is moved by them. An event with the first alone is of all of that. */
static void test_else(void)
{
	struct rule rule = pair();
	struct scene s;

	rule.touch = viewed;
	rule.n_touch = 1;
	rule.key_else[0] = (struct rule_key_else){FIELD_CART_ID, SPAN_LIT("cart")};
	rule.n_key_else = 1;
	rule.key_else_customer = true;
	scene_init(&s, &rule, 1);
	scene_event(&s, ADDED, both("O1", "A"), 0, 0);
	scene_event(&s, ADDED, both(NULL, "A"), 0, 0);
	scene_event(&s, ADDED, both(NULL, "B"), 0, 0);
	scene_event(&s, EVENT_CART_VIEWED, both(NULL, "A"), M, M);
	scene_event(&s, EVENT_CART_VIEWED, both("O1", NULL), 2 * M, 2 * M);
	scene_event(&s, EVENT_ORDER_SHIPPED, both(NULL, "B"), 3 * M, 3 * M);
	TAKEN(&s, "cancelled pair cart:B @180000;");
	scene_event(&s, ADDED, both("O2", NULL), 4 * M, 4 * M);
	scene_tick(&s, 5 * H);
	TAKEN(&s, "fired pair cart:A 1/main @14460000; "
		  "fired pair order+cart:O1/A 1/main @14520000; "
		  "fired pair customer 1/main @14640000;");
	scene_release(&s);
}

/* With the first value alone an event is not of the cart that it has besides a missing second. */
static void test_else_of_three(void)
{
	struct value fields[FIELD_FIXED_COUNT] = {{0}};
	struct event e = {.fields = fields, .n_fields = FIELD_FIXED_COUNT};
	struct rule rule = pair();
	char buf[RULE_KEY_MAX];

	rule.key_fields[2] = FIELD_PRODUCT_ID;
	rule.n_key_fields = 3;
	rule.key_prefix = SPAN_LIT("order+cart+product");
	rule.key_else[0] = (struct rule_key_else){FIELD_CART_ID, SPAN_LIT("cart")};
	rule.n_key_else = 1;
	fields[FIELD_CART_ID] = (struct value){.type = VALUE_STRING, .text = SPAN_LIT("A")};
	CHECK_STR(rule_event_key(&rule, &e, buf), "cart:A");
	CHECK_STR(rule_event_reach(&rule, &e, buf), "cart:A");
	fields[FIELD_ORDER_ID] = (struct value){.type = VALUE_STRING, .text = SPAN_LIT("O1")};
	CHECK_STR(rule_event_key(&rule, &e, buf), "");
	CHECK_STR(rule_event_reach(&rule, &e, buf), "order+cart+product:O1/A/");
	fields[FIELD_PRODUCT_ID] = (struct value){.type = VALUE_STRING, .text = SPAN_LIT("P")};
	CHECK_STR(rule_event_key(&rule, &e, buf), "order+cart+product:O1/A/P");
}

/*
 * It takes two without a key within four hours, and what ends any key may have been about them: one
 * before it and one behind are not two, whichever of the three comes in last. A third is the second
 * behind it.
 */
static void test_counted_without(void)
{
	static const struct rule_match twice[] = {
		{.by = MATCH_KIND, .kind = ADDED, .count = 2, .within_ms = 4 * H}};
	static const size_t orders[][3] = {
		{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	const struct {
		enum event_kind kind;
		struct carried carried;
		int64_t at;
	} events[] = {
		{ADDED, both(NULL, NULL), 0},
		{EVENT_ORDER_SHIPPED, both(NULL, "A"), H},
		{ADDED, both(NULL, NULL), 2 * H},
	};

	for (size_t n = 0; n < 2 * ARRAY_SIZE(orders); n++) {
		struct rule rule = scene_cart("cart");
		struct scene s;

		rule.arm = twice;
		rule.cancel = shipped;
		rule.n_cancel = 1;
		rule.key_else_customer = true;
		scene_init(&s, &rule, 1);
		for (size_t k = 0; k < 3; k++) {
			size_t e = orders[n / 2][k];

			scene_event(&s, events[e].kind, events[e].carried, events[e].at,
				2 * H + (int64_t)k * M);
		}
		if (n % 2)
			scene_event(&s, ADDED, both(NULL, NULL), 3 * H, 3 * H);
		(void)scene_take(&s);
		scene_tick(&s, 8 * H);
		TAKEN(&s, n % 2 ? "fired cart customer 1/main @25200000;" : "");
		scene_release(&s);
	}
}

static const struct check_case cases[] = {
	{"each list of values is its own", test_each_its_own},
	{"the first values concern all with them", test_beginning},
	{"a fact closes all with them", test_tombstone},
	{"activity moves all with them", test_touch},
	{"one of them stands for all", test_else},
	{"and only without the first", test_else_of_three},
	{"counted without a key", test_counted_without},
	{"texts of keys", test_texts},
	{"the longest key", test_room},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
