/* SPDX-License-Identifier: MIT */
/* What a job carries: what was kept when its instance was armed, and what is asked when it is
 * made. The texts are written by hand. */
#include "absence_scene.h"

static const struct carried c1 = {.cart = "C1"};

static size_t fact(const char *path)
{
	size_t n = fact_find(span_str(path));

	CHECK(n < FACT_COUNT);
	return n;
}

/* Lets time run until NOW and gives the data of the one job that this makes. */
static struct span job_data(struct scene *s, int64_t now)
{
	struct input input = {.kind = INPUT_TICK, .marks = &s->marks};
	struct span data = SPAN_LIT("no job");

	effects_reset(&s->effects);
	CHECK(step(s->rules, s->journey, &input, s->start + now, &s->effects) == 0);
	for (size_t i = 0; i < s->effects.n; i++)
		if (s->effects.list[i].kind == EFFECT_JOB)
			data = s->effects.list[i].decision.data;
	return data;
}

/* The order that comes in between is in what is known now, not in what was known then. */
static void test_then_and_now(void)
{
	struct rule rule = scene_cart("r");
	struct scene s;

	rule.n_data = 0;
	rule.data[rule.n_data++] = (struct rule_data){
		.name = SPAN_LIT("now"), .from = DATA_NOW, .field = fact("orders")};
	rule.data[rule.n_data++] = (struct rule_data){
		.name = SPAN_LIT("then"), .from = DATA_ARMED, .field = fact("orders")};
	rule.data[rule.n_data++] = (struct rule_data){
		.name = SPAN_LIT("first"), .from = DATA_NOW, .field = fact("first_at")};
	rule.data[rule.n_data++] = (struct rule_data){
		.name = SPAN_LIT("tier"), .from = DATA_NOW, .field = fact("tier")};
	rule.data[rule.n_data++] = (struct rule_data){
		.name = SPAN_LIT("days"), .from = DATA_GIVEN, .given = SPAN_LIT("14")};
	rule.steps[1] = (struct rule_step){.id = SPAN_LIT("m2"), .after_ms = H};
	rule.n_steps = 2;
	scene_init(&s, &rule, 1);
	scene_event(&s, EVENT_PRODUCT_ADDED, c1, 0, 0);
	CHECK_STR(text_span(s.journey->instances[0].data), "\"then\":0");
	scene_event(&s, EVENT_ORDER_COMPLETED, (struct carried){.order = "O1"}, H, H);
	CHECK_STR(job_data(&s, 4 * H),
		"\"then\":0,\"now\":1,\"first\":\"1970-01-01T00:00:00.000Z\",\"days\":14");
	/* Each step asks anew; nobody knows a tier, so that there is none. */
	scene_event(
		&s, EVENT_ORDER_COMPLETED, (struct carried){.order = "O2"}, 4 * H + M, 4 * H + M);
	CHECK_STR(job_data(&s, 5 * H),
		"\"then\":0,\"now\":2,\"first\":\"1970-01-01T00:00:00.000Z\",\"days\":14");
	scene_release(&s);
}

/* A text is written as JSON, whatever is in it. */
static void test_texts(void)
{
	struct rule rule = scene_cart("r");
	struct scene s;

	rule.data[0] = (struct rule_data){
		.name = SPAN_LIT("cart"), .from = DATA_ARMED, .field = fact("cart.id")};
	rule.data[1] = (struct rule_data){
		.name = SPAN_LIT("open"), .from = DATA_NOW, .field = fact("cart.open")};
	rule.n_data = 2;
	scene_init(&s, &rule, 1);
	scene_event(
		&s, EVENT_PRODUCT_ADDED, (struct carried){.cart = "a\"b\\c\n\x7f\xc3\xa9"}, 0, 0);
	CHECK_STR(job_data(&s, 4 * H),
		"\"cart\":\"a\\\"b\\\\c\\u000a\\u007f\xc3\xa9\",\"open\":true");
	scene_release(&s);
}

/* 2048 bytes are kept, one more is not; what comes after it and fits is. */
static void test_limit(void)
{
	static char digits[INSTANCE_DATA_MAX + 1];

	for (size_t over = 0; over <= 1; over++) {
		struct rule rule = scene_cart("r");
		struct scene s;

		/* `"n":` and the rest of 2048 bytes. */
		memset(digits, '0', sizeof(digits));
		digits[0] = '"';
		digits[INSTANCE_DATA_MAX - 5 + over] = '"';
		rule.data[0] = (struct rule_data){.name = SPAN_LIT("n"),
			.from = DATA_GIVEN,
			.given = span_of(digits, INSTANCE_DATA_MAX - 4 + over)};
		rule.data[1] = (struct rule_data){
			.name = SPAN_LIT("b"), .from = DATA_GIVEN, .given = SPAN_LIT("true")};
		rule.n_data = 2;
		scene_init(&s, &rule, 1);
		scene_event(&s, EVENT_PRODUCT_ADDED, c1, 0, 0);
		struct span data = job_data(&s, 4 * H);
		CHECK_INT(data.len, over ? 8 : INSTANCE_DATA_MAX);
		CHECK(over == 0 || span_is(data, "\"b\":true"));
		scene_release(&s);
	}
}

/* One that three within ten minutes arm, or a checkout; its jobs say how many there were. */
static struct rule thrice_rule(size_t n_steps)
{
	static const struct rule_match arm[] = {
		{.by = MATCH_KIND, .kind = EVENT_PRODUCT_ADDED, .count = 3, .within_ms = 10 * M},
		{.by = MATCH_KIND, .kind = EVENT_CHECKOUT_STARTED}};
	static const struct rule_match cancel[] = {
		{.by = MATCH_KIND, .kind = EVENT_ORDER_COMPLETED}};
	struct rule rule = scene_cart("r");

	rule.arm = arm;
	rule.n_arm = ARRAY_SIZE(arm);
	rule.cancel = cancel;
	rule.n_cancel = ARRAY_SIZE(cancel);
	rule.anchor_first = true;
	rule.wait.span_ms = 5 * M;
	rule.data[0] = (struct rule_data){.name = SPAN_LIT("n"), .from = DATA_COUNT};
	rule.n_data = 1;
	rule.steps[1] = (struct rule_step){.id = SPAN_LIT("m2"), .after_ms = M};
	rule.n_steps = n_steps;
	return rule;
}

/* What comes on top until the job is made is counted too, what an earlier job was made of is not,
 * and neither is what is older than the window. */
static void check_count(size_t n_steps)
{
	static const int64_t at[] = {0, 15 * M, 18 * M, 21 * M, 23 * M};
	struct rule rule = thrice_rule(n_steps);
	struct scene s;

	scene_init(&s, &rule, 1);
	for (size_t i = 0; i < ARRAY_SIZE(at); i++)
		scene_event(&s, EVENT_PRODUCT_ADDED, c1, at[i], at[i]);
	CHECK_STR(job_data(&s, 26 * M), "\"n\":4");
	if (n_steps == 2)
		CHECK_STR(job_data(&s, 27 * M), "\"n\":4");
	/* 23 has been counted; it takes three more. */
	for (int64_t i = 0; i < 3; i++)
		scene_event(&s, EVENT_PRODUCT_ADDED, c1, (28 + i) * M, (28 + i) * M);
	CHECK_STR(job_data(&s, 35 * M), "\"n\":3");
	scene_release(&s);
}

static void test_count(void)
{
	check_count(1);
	check_count(2);
}

/* Nor is what a cancel has settled, also if it comes in behind that, and where nothing was counted
 * nothing is said. */
static void test_count_anew(void)
{
	struct rule rule = thrice_rule(1);
	struct scene s;

	scene_init(&s, &rule, 1);
	scene_event(&s, EVENT_CHECKOUT_STARTED, c1, 0, 0);
	CHECK_STR(job_data(&s, 5 * M), "");
	for (int64_t i = 0; i < 3; i++)
		scene_event(&s, EVENT_PRODUCT_ADDED, c1, (20 + i) * M, (20 + i) * M);
	scene_event(&s, EVENT_ORDER_COMPLETED, c1, 23 * M, 23 * M);
	scene_event(&s, EVENT_PRODUCT_ADDED, c1, 22 * M + 1, 23 * M + 1);
	for (int64_t i = 0; i < 3; i++)
		scene_event(&s, EVENT_PRODUCT_ADDED, c1, (24 + i) * M, (24 + i) * M);
	CHECK_STR(job_data(&s, 31 * M), "\"n\":3");
	scene_release(&s);
}

static const struct check_case cases[] = {
	{"how many there were", test_count},
	{"how many since", test_count_anew},
	{"then and now", test_then_and_now},
	{"texts as JSON", test_texts},
	{"all of it has a limit", test_limit},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
