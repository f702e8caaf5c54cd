/* SPDX-License-Identifier: MIT */
/*
 * Stages over time: since when, in whatever order the news comes; and rules that follow them.
 * Instants by hand from triggers.md, section 13: thirty days for a cart, ninety for a new customer,
 * more than 180 and 540 of silence.
 */
#include "absence_scene.h"
#include "chance.h"

#define D MS_DAY

struct happening {
	enum event_kind kind;
	int64_t at;
	const char *order, *cart;
	bool named;
};

static void fold(struct journey *j, const struct happening *h)
{
	struct value fields[FIELD_FIXED_COUNT] = {{0}};
	struct event e = {
		.kind = h->kind,
		.name = vocab_name(h->kind),
		.occurred_at = h->at,
		.user_id = h->named ? SPAN_LIT("u") : SPAN_EMPTY,
		.fields = fields,
		.n_fields = FIELD_FIXED_COUNT,
	};

	if (h->order) {
		fields[FIELD_ORDER_ID].type = VALUE_STRING;
		fields[FIELD_ORDER_ID].text = span_str(h->order);
	}
	if (h->cart) {
		fields[FIELD_CART_ID].type = VALUE_STRING;
		fields[FIELD_CART_ID].text = span_str(h->cart);
	}
	REQUIRE(journey_fold(j, &e) == 0);
}

/* What happened, and what is so at NOW of all up to there. */
static const struct step_of {
	struct happening happening;
	int64_t now;
	enum stage stage, before;
	int64_t since;
} steps[] = {
	{{EVENT_PAGE_VIEWED, 0, NULL, NULL, false}, H, STAGE_ANONYMOUS, STAGE_COUNT, 0},
	{{EVENT_PAGE_VIEWED, 2 * H, NULL, NULL, true}, 3 * H, STAGE_PROSPECT, STAGE_ANONYMOUS,
		2 * H},
	{{EVENT_PRODUCT_ADDED, 5 * H, NULL, "c", true}, 6 * H, STAGE_ACTIVE_SHOPPER, STAGE_PROSPECT,
		5 * H},
	{{EVENT_PRODUCT_ADDED, 8 * H, NULL, "c", true}, 9 * H, STAGE_ACTIVE_SHOPPER, STAGE_PROSPECT,
		5 * H},
	{{EVENT_EMAIL_SENT, 8 * H, NULL, NULL, true}, 30 * D + 8 * H, STAGE_PROSPECT,
		STAGE_ACTIVE_SHOPPER, 30 * D + 8 * H},
	{{EVENT_ORDER_COMPLETED, 10 * H, "o1", "c", true}, 11 * H, STAGE_CUSTOMER_AWAITING,
		STAGE_ACTIVE_SHOPPER, 10 * H},
	{{EVENT_ORDER_DELIVERED, 3 * D, "o1", NULL, true}, 4 * D, STAGE_NEW_CUSTOMER,
		STAGE_CUSTOMER_AWAITING, 3 * D},
	{{EVENT_EMAIL_SENT, 4 * D, NULL, NULL, true}, 93 * D - 1, STAGE_NEW_CUSTOMER,
		STAGE_CUSTOMER_AWAITING, 3 * D},
	{{EVENT_EMAIL_SENT, 4 * D, NULL, NULL, true}, 93 * D, STAGE_ONE_TIME, STAGE_NEW_CUSTOMER,
		93 * D},
	{{EVENT_EMAIL_SENT, 4 * D, NULL, NULL, true}, 180 * D + 10 * H, STAGE_ONE_TIME,
		STAGE_NEW_CUSTOMER, 93 * D},
	{{EVENT_EMAIL_SENT, 4 * D, NULL, NULL, true}, 200 * D, STAGE_LAPSING, STAGE_ONE_TIME,
		180 * D + 10 * H + 1},
	{{EVENT_EMAIL_SENT, 4 * D, NULL, NULL, true}, 540 * D + 10 * H, STAGE_LAPSING,
		STAGE_ONE_TIME, 180 * D + 10 * H + 1},
	{{EVENT_EMAIL_SENT, 4 * D, NULL, NULL, true}, 599 * D, STAGE_LAPSED, STAGE_LAPSING,
		540 * D + 10 * H + 1},
	{{EVENT_PAGE_VIEWED, 600 * D, NULL, NULL, true}, 601 * D, STAGE_ONE_TIME, STAGE_LAPSED,
		600 * D},
	/* Told late: from 480 days on they were lapsing, and never lapsed. */
	{{EVENT_PAGE_VIEWED, 300 * D, NULL, NULL, true}, 601 * D, STAGE_ONE_TIME, STAGE_LAPSING,
		600 * D},
	{{EVENT_REFERRAL_MADE, 610 * D, NULL, NULL, true}, 611 * D, STAGE_ADVOCATE, STAGE_ONE_TIME,
		610 * D},
	/* Said again it is no change, and the year counts from there. */
	{{EVENT_REFERRAL_MADE, 620 * D, NULL, NULL, true}, 621 * D, STAGE_ADVOCATE, STAGE_ONE_TIME,
		610 * D},
	{{EVENT_PAGE_VIEWED, 900 * D, NULL, NULL, true}, 985 * D, STAGE_ADVOCATE, STAGE_LAPSING,
		900 * D},
	{{EVENT_PAGE_VIEWED, 900 * D, NULL, NULL, true}, 985 * D + 1, STAGE_ONE_TIME,
		STAGE_ADVOCATE, 985 * D + 1},
	{{EVENT_ORDER_COMPLETED, 986 * D, "o2", NULL, true}, 987 * D, STAGE_CUSTOMER_AWAITING,
		STAGE_ONE_TIME, 986 * D},
	{{EVENT_ORDER_COMPLETED, 988 * D, "o3", NULL, true}, 989 * D, STAGE_CUSTOMER_AWAITING,
		STAGE_ONE_TIME, 986 * D},
	{{EVENT_ORDER_CANCELLED, 990 * D, "o2", NULL, true}, 991 * D, STAGE_CUSTOMER_AWAITING,
		STAGE_ONE_TIME, 986 * D},
	/* Late: between the two nothing was open for a day, and what was cancelled is no purchase.
	 */
	{{EVENT_ORDER_CANCELLED, 987 * D, "o2", NULL, true}, 991 * D, STAGE_CUSTOMER_AWAITING,
		STAGE_ONE_TIME, 988 * D},
	{{EVENT_ORDER_DELIVERED, 992 * D, "o3", NULL, true}, 993 * D, STAGE_REPEAT,
		STAGE_CUSTOMER_AWAITING, 992 * D},
};

/* Cancelled and ordered anew is one purchase; the second one makes who bought a repeat buyer, until
 * it is refunded. */
static const struct step_of standing[] = {
	{{EVENT_ORDER_COMPLETED, 1 * D, "o1", NULL, true}, 2 * D, STAGE_CUSTOMER_AWAITING,
		STAGE_COUNT, 1 * D},
	{{EVENT_ORDER_CANCELLED, 2 * D, "o1", NULL, true}, 3 * D, STAGE_ONE_TIME,
		STAGE_CUSTOMER_AWAITING, 2 * D},
	{{EVENT_ORDER_COMPLETED, 4 * D, "o2", NULL, true}, 5 * D, STAGE_CUSTOMER_AWAITING,
		STAGE_ONE_TIME, 4 * D},
	{{EVENT_ORDER_DELIVERED, 6 * D, "o2", NULL, true}, 7 * D, STAGE_NEW_CUSTOMER,
		STAGE_CUSTOMER_AWAITING, 6 * D},
	{{EVENT_ORDER_COMPLETED, 10 * D, "o3", NULL, true}, 11 * D, STAGE_CUSTOMER_AWAITING,
		STAGE_NEW_CUSTOMER, 10 * D},
	{{EVENT_ORDER_DELIVERED, 12 * D, "o3", NULL, true}, 13 * D, STAGE_REPEAT,
		STAGE_CUSTOMER_AWAITING, 12 * D},
	{{EVENT_ORDER_REFUNDED, 20 * D, "o3", NULL, true}, 21 * D, STAGE_NEW_CUSTOMER, STAGE_REPEAT,
		20 * D},
	{{EVENT_EMAIL_SENT, 21 * D, NULL, NULL, true}, 96 * D, STAGE_ONE_TIME, STAGE_NEW_CUSTOMER,
		96 * D},
};

static void check_turn(const struct journey *j, const struct step_of *s, size_t n)
{
	struct stage_turn turn = journey_stage_turn(j, &lapse_default, s->now);
	int before = check_failures;

	CHECK_INT(turn.stage, s->stage);
	CHECK_INT(turn.before, s->before);
	CHECK_INT(turn.at, s->since);
	CHECK_INT(journey_stage(j, &lapse_default, s->now), s->stage);
	if (check_failures != before)
		fprintf(stderr, "# step %zu\n", n);
}

static void test_since(void)
{
	_cleanup_(journey_freep) struct journey *j = NULL;

	REQUIRE(journey_new(SPAN_LIT("u"), &j) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		fold(j, &steps[i].happening);
		check_turn(j, &steps[i], i);
	}
}

static void test_standing(void)
{
	_cleanup_(journey_freep) struct journey *j = NULL;

	REQUIRE(journey_new(SPAN_LIT("u"), &j) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(standing); i++) {
		fold(j, &standing[i].happening);
		check_turn(j, &standing[i], i);
	}
}

/* A cart is in use from when something is put in, not from when it was looked at. */
static void test_looked_at(void)
{
	static const struct step_of seen[] = {
		{{EVENT_CHECKOUT_STARTED, H, NULL, "c", true}, 2 * H, STAGE_PROSPECT, STAGE_COUNT,
			H},
		{{EVENT_PRODUCT_ADDED, 5 * H, NULL, "c", true}, 6 * H, STAGE_ACTIVE_SHOPPER,
			STAGE_PROSPECT, 5 * H},
	};
	_cleanup_(journey_freep) struct journey *j = NULL;

	REQUIRE(journey_new(SPAN_LIT("u"), &j) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(seen); i++) {
		fold(j, &seen[i].happening);
		check_turn(j, &seen[i], i);
	}
}

/* Whose only order was cancelled on its way had nothing delivered, and is no new customer. */
static void test_never_delivered(void)
{
	static const struct step_of told[] = {
		{{EVENT_ORDER_COMPLETED, 0, "o", NULL, true}, H, STAGE_CUSTOMER_AWAITING,
			STAGE_COUNT, 0},
		{{EVENT_ORDER_CANCELLED, 2 * H, "o", NULL, true}, 3 * H, STAGE_ONE_TIME,
			STAGE_CUSTOMER_AWAITING, 2 * H},
		/* It was on its way already, and came. */
		{{EVENT_ORDER_DELIVERED, D, "o", NULL, true}, 91 * D - 1, STAGE_NEW_CUSTOMER,
			STAGE_ONE_TIME, D},
	};
	_cleanup_(journey_freep) struct journey *j = NULL;

	REQUIRE(journey_new(SPAN_LIT("u"), &j) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(told); i++) {
		fold(j, &told[i].happening);
		check_turn(j, &told[i], i);
	}
}

/* All that is known by some step, in any order. */
static void test_any_order(void)
{
	struct chance c = chance_new();

	for (int round = 0; round < 300 && check_failures == 0; round++) {
		_cleanup_(journey_freep) struct journey *j = NULL;
		size_t n = 1 + chance_below(&c, ARRAY_SIZE(steps)), order[ARRAY_SIZE(steps)];

		REQUIRE(journey_new(SPAN_LIT("u"), &j) == 0);
		for (size_t i = 0; i < n; i++)
			order[i] = i;
		for (size_t i = n; i > 0; i--) {
			size_t k = chance_below(&c, i), taken = order[k];

			order[k] = order[i - 1];
			fold(j, &steps[taken].happening);
		}
		check_turn(j, &steps[n - 1], n - 1);
	}
}

/* What was dropped from the state was open all the same. */
static void test_dropped(void)
{
	_cleanup_(journey_freep) struct journey *j = NULL;
	_cleanup_(rules_freep) struct rules *rules = NULL;
	static const struct happening rows[] = {
		{EVENT_PRODUCT_ADDED, 0, NULL, "c", true},
		{EVENT_ORDER_COMPLETED, H, "o1", NULL, true},
		{EVENT_ORDER_DELIVERED, D, "o1", NULL, true},
		{EVENT_IN_STORE_PURCHASE, 2 * D, "o2", NULL, true},
		{EVENT_PRODUCT_ADDED, 3 * D, NULL, "c", true},
		{EVENT_CART_EMPTIED, 4 * D, NULL, "c", true},
	};
	struct stage_turn turn;

	REQUIRE(journey_new(SPAN_LIT("u"), &j) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		fold(j, &rows[i]);
	REQUIRE(rules_new(&rules) == 0);
	journey_prune(j, rules, 4 * D + 45 * D + 1);
	CHECK(!journey_cart(j, SPAN_LIT("cart:c")));
	turn = journey_stage_turn(j, &lapse_default, 60 * D);
	CHECK_INT(turn.stage, STAGE_REPEAT);
	CHECK_INT(turn.before, STAGE_ACTIVE_SHOPPER);
	CHECK_INT(turn.at, 4 * D);
}

/* ---- rules ------------------------------------------------------------------------------- */

static void staged(struct scene *s, uint32_t to, uint32_t from, int64_t wait)
{
	struct rule rule = scene_cart("r");

	rule.key = RULE_KEY_CUSTOMER;
	rule.n_arm = 0;
	rule.wait.span_ms = wait;
	rule.stages_to = to;
	rule.stages_from = from;
	scene_init(s, &rule, 1);
}

static void happens(struct scene *s, enum event_kind kind, const char *order, int64_t at)
{
	scene_event(s, kind, (struct carried){.order = order}, at, at);
}

/* What time alone brings: half a year of silence, then a year and a half. */
static void test_time(void)
{
	struct scene s;

	staged(&s, 1u << STAGE_LAPSING | 1u << STAGE_LAPSED, 0, D);
	happens(&s, EVENT_IN_STORE_PURCHASE, "o", 0);
	CHECK_INT(s.journey->due_at, 181 * D + 1);
	happens(&s, EVENT_PAGE_VIEWED, NULL, 100 * D);
	scene_tick(&s, 281 * D);
	CHECK_STR(span_str(scene_take(&s)), "");
	scene_tick(&s, 281 * D + 1);
	CHECK_STR(span_str(scene_take(&s)), "fired r customer 1/main @24278400001;");
	CHECK_INT(s.journey->due_at, 641 * D + 1);
	scene_tick(&s, 2000 * D);
	CHECK_STR(span_str(scene_take(&s)), "fired r customer 2/main @55382400001;");
	/* They are back, and begin again. */
	happens(&s, EVENT_PAGE_VIEWED, NULL, 2001 * D);
	CHECK_INT(s.journey->due_at, 2182 * D + 1);
	scene_release(&s);
}

/* The wait ends with the stage. */
static void test_lasts(void)
{
	struct scene s;

	staged(&s, 1u << STAGE_CUSTOMER_AWAITING, 0, 2 * D);
	happens(&s, EVENT_ORDER_COMPLETED, "o1", 0);
	happens(&s, EVENT_ORDER_DELIVERED, "o1", D);
	CHECK_STR(span_str(scene_take(&s)), "cancelled r customer @86400000;");
	/* Two that overlap are one stage. */
	happens(&s, EVENT_ORDER_COMPLETED, "o2", 10 * D);
	happens(&s, EVENT_ORDER_COMPLETED, "o3", 11 * D);
	happens(&s, EVENT_ORDER_DELIVERED, "o2", 11 * D + H);
	scene_tick(&s, 20 * D);
	CHECK_STR(span_str(scene_take(&s)), "fired r customer 1/main @1036800000;");
	happens(&s, EVENT_ORDER_DELIVERED, "o3", 20 * D);
	happens(&s, EVENT_ORDER_COMPLETED, "o4", 21 * D);
	scene_tick(&s, 23 * D);
	CHECK_STR(span_str(scene_take(&s)), "fired r customer 2/main @1987200000;");
	scene_release(&s);
}

/* Late news: it never began, it began earlier, it was over when the job was made. */
static void test_late(void)
{
	struct scene s;

	staged(&s, 1u << STAGE_CUSTOMER_AWAITING, 0, 2 * D);
	scene_event(&s, EVENT_ORDER_DELIVERED, (struct carried){.order = "o1"}, D, D);
	scene_event(&s, EVENT_ORDER_COMPLETED, (struct carried){.order = "o1"}, 0, D + 1);
	CHECK_STR(span_str(scene_take(&s)), "");
	CHECK_INT(s.journey->due_at, TIME_NEVER);
	happens(&s, EVENT_ORDER_COMPLETED, "o2", 10 * D);
	CHECK_INT(s.journey->due_at, 12 * D);
	scene_event(&s, EVENT_ORDER_COMPLETED, (struct carried){.order = "o3"}, 9 * D, 10 * D + H);
	CHECK_INT(s.journey->due_at, 11 * D);
	scene_tick(&s, 13 * D);
	CHECK_STR(span_str(scene_take(&s)), "fired r customer 1/main @950400000;");
	/* One of them was still open then. */
	scene_event(&s, EVENT_ORDER_DELIVERED, (struct carried){.order = "o3"}, 10 * D, 13 * D);
	CHECK_STR(span_str(scene_take(&s)), "");
	scene_event(&s, EVENT_ORDER_DELIVERED, (struct carried){.order = "o2"}, 11 * D, 13 * D);
	CHECK_STR(span_str(scene_take(&s)), "retracted r customer 1/main @1123200000;");
	scene_release(&s);
}

/* An order that was placed and called off at one instant: the cart was what they were about all the
 * time, whichever came in first. */
static void test_returns(void)
{
	for (int late = 0; late <= 1; late++) {
		enum event_kind first = late ? EVENT_ORDER_CANCELLED : EVENT_ORDER_COMPLETED;
		enum event_kind second = late ? EVENT_ORDER_COMPLETED : EVENT_ORDER_CANCELLED;
		const struct carried cart = {.cart = "c"}, order = {.order = "o", .cart = "d"};
		struct scene s;

		staged(&s, 1u << STAGE_ACTIVE_SHOPPER, 0, 2 * D);
		scene_event(&s, EVENT_PRODUCT_ADDED, cart, 0, 0);
		scene_event(&s, first, order, H, H);
		scene_event(&s, second, order, H, 2 * H);
		scene_tick(&s, 2 * D - 1);
		(void)scene_take(&s);
		scene_tick(&s, 2 * D);
		CHECK_STR(span_str(scene_take(&s)), "fired r customer 1/main @172800000;");
		scene_release(&s);
	}
}

static void test_from(void)
{
	struct scene s;

	staged(&s, 1u << STAGE_CUSTOMER_AWAITING, 1u << STAGE_NEW_CUSTOMER, H);
	happens(&s, EVENT_ORDER_COMPLETED, "o1", 0);
	CHECK_INT(s.journey->due_at, TIME_NEVER);
	happens(&s, EVENT_ORDER_DELIVERED, "o1", D);
	happens(&s, EVENT_ORDER_COMPLETED, "o2", 2 * D);
	CHECK_INT(s.journey->due_at, 2 * D + H);
	CHECK_STR(text_span(journey_instance(s.journey, SPAN_LIT("r"), SPAN_LIT("customer"))->data),
		"\"stage\":\"customer_awaiting\",\"stage_before\":\"new_customer\","
		"\"stage_since\":\"1970-01-03T00:00:00.000Z\"");
	scene_release(&s);
}

/* What is told of long ago makes no job. */
static void test_stale(void)
{
	struct scene s;

	staged(&s, 1u << STAGE_LAPSING, 0, D);
	s.rules->list[0].stale_ms = 12 * H;
	scene_event(&s, EVENT_IN_STORE_PURCHASE, (struct carried){.order = "o"}, 0,
		181 * D + 12 * H + 2);
	CHECK_INT(s.journey->due_at, TIME_NEVER);
	scene_release(&s);
	staged(&s, 1u << STAGE_LAPSING, 0, D);
	s.rules->list[0].stale_ms = 12 * H;
	scene_event(&s, EVENT_IN_STORE_PURCHASE, (struct carried){.order = "o"}, 0,
		181 * D + 12 * H + 1);
	scene_tick(&s, 182 * D);
	CHECK_STR(span_str(scene_take(&s)), "fired r customer 1/main @15681600001;");
	scene_release(&s);
}

/* ---- the shop's own silence ---------------------------------------------------------------- */

/* The rules, and with them the policy, are others from AT on. */
static void change_lapse(struct scene *s, int64_t lapsing, int64_t lapsed, int64_t at)
{
	struct input input = {.kind = INPUT_MARK, .marks = &s->marks, .source = MARK_RULES};

	s->rules->policy.lapse = (struct lapse){.lapsing_ms = lapsing, .lapsed_ms = lapsed};
	effects_reset(&s->effects);
	REQUIRE(step(s->rules, s->journey, &input, at, &s->effects) == 0);
}

static void test_shop(void)
{
	struct scene s;

	staged(&s, 1u << STAGE_LAPSING | 1u << STAGE_LAPSED, 0, D);
	s.rules->policy.lapse = (struct lapse){.lapsing_ms = 100 * D, .lapsed_ms = 200 * D};
	happens(&s, EVENT_IN_STORE_PURCHASE, "o", 0);
	CHECK_INT(s.journey->due_at, 101 * D + 1);
	happens(&s, EVENT_PAGE_VIEWED, NULL, 50 * D);
	scene_tick(&s, 151 * D);
	CHECK_STR(span_str(scene_take(&s)), "");
	scene_tick(&s, 151 * D + 1);
	CHECK_STR(span_str(scene_take(&s)), "fired r customer 1/main @13046400001;");
	CHECK_INT(s.journey->due_at, 251 * D + 1);
	scene_release(&s);
}

/* A change of policy is a place in the log: what waits is what follows from it there. */
static void test_changed(void)
{
	struct scene s;

	staged(&s, 1u << STAGE_LAPSING, 0, D);
	happens(&s, EVENT_IN_STORE_PURCHASE, "o", 0);
	CHECK_INT(s.journey->due_at, 181 * D + 1);
	change_lapse(&s, 100 * D, 200 * D, 20 * D);
	CHECK_INT(s.journey->due_at, 101 * D + 1);
	change_lapse(&s, 300 * D, 540 * D, 60 * D);
	scene_tick(&s, 301 * D);
	CHECK_STR(span_str(scene_take(&s)), "");
	scene_tick(&s, 301 * D + 1);
	CHECK_STR(span_str(scene_take(&s)), "fired r customer 1/main @26006400001;");
	scene_release(&s);
	/* Lapsing from now on, and since the day on which they would have been. */
	staged(&s, 1u << STAGE_LAPSING, 0, D);
	happens(&s, EVENT_IN_STORE_PURCHASE, "o", 0);
	change_lapse(&s, 100 * D, 200 * D, 100 * D + H);
	CHECK_INT(s.journey->due_at, 101 * D + 1);
	CHECK_STR(text_span(journey_instance(s.journey, SPAN_LIT("r"), SPAN_LIT("customer"))->data),
		"\"stage\":\"lapsing\",\"stage_before\":\"one_time\","
		"\"stage_since\":\"1970-04-11T00:00:00.001Z\"");
	/* And not at all any more. */
	change_lapse(&s, 200 * D, 200 * D, 100 * D + 2 * H);
	CHECK_INT(journey_next_due(s.journey), TIME_NEVER);
	scene_release(&s);
}

/* Silences of a month and a day, which are a stage where a month makes one; in any order. */
static void test_short_silence(void)
{
	static const struct lapse month = {.lapsing_ms = 30 * D, .lapsed_ms = 60 * D};
	static const struct step_of rows[] = {
		{{EVENT_IN_STORE_PURCHASE, 0, "o", NULL, true}, 9 * D, STAGE_NEW_CUSTOMER,
			STAGE_COUNT, 0},
		{{EVENT_PAGE_VIEWED, 10 * D, NULL, NULL, true}, 40 * D + 1, STAGE_LAPSING,
			STAGE_NEW_CUSTOMER, 40 * D + 1},
		{{EVENT_PAGE_VIEWED, 41 * D, NULL, NULL, true}, 41 * D, STAGE_NEW_CUSTOMER,
			STAGE_LAPSING, 41 * D},
		{{EVENT_PAGE_VIEWED, 72 * D, NULL, NULL, true}, 80 * D, STAGE_NEW_CUSTOMER,
			STAGE_LAPSING, 72 * D},
		{{EVENT_PAGE_VIEWED, 90 * D, NULL, NULL, true}, 120 * D, STAGE_ONE_TIME,
			STAGE_NEW_CUSTOMER, 90 * D},
		{{EVENT_PAGE_VIEWED, 90 * D, NULL, NULL, true}, 120 * D + 1, STAGE_LAPSING,
			STAGE_ONE_TIME, 120 * D + 1},
		{{EVENT_PAGE_VIEWED, 121 * D, NULL, NULL, true}, 181 * D + 1, STAGE_LAPSED,
			STAGE_LAPSING, 181 * D + 1},
		{{EVENT_PAGE_VIEWED, 182 * D, NULL, NULL, true}, 183 * D, STAGE_ONE_TIME,
			STAGE_LAPSED, 182 * D},
	};
	struct chance c = chance_new();

	for (size_t n = 0; n < 20 * ARRAY_SIZE(rows); n++) {
		_cleanup_(journey_freep) struct journey *j = NULL;
		const struct step_of *row = &rows[n % ARRAY_SIZE(rows)];
		size_t order[ARRAY_SIZE(rows)];
		struct stage_turn turn;

		REQUIRE(journey_new(SPAN_LIT("u"), &j) == 0);
		for (size_t i = 0; i <= n % ARRAY_SIZE(rows); i++)
			order[i] = i;
		for (size_t i = n % ARRAY_SIZE(rows) + 1; i > 0; i--) {
			size_t k = chance_below(&c, i), taken = order[k];

			order[k] = order[i - 1];
			fold(j, &rows[taken].happening);
		}
		turn = journey_stage_turn(j, &month, row->now);
		CHECK_INT(turn.stage, row->stage);
		CHECK_INT(turn.before, row->before);
		CHECK_INT(turn.at, row->since);
	}
}

static const struct check_case cases[] = {
	{"since when, and what was before", test_since},
	{"what was cancelled or refunded is no purchase", test_standing},
	{"in use from the first addition", test_looked_at},
	{"an order that never came", test_never_delivered},
	{"in any order of arrival", test_any_order},
	{"what the state has let go of", test_dropped},
	{"rules: what time brings", test_time},
	{"rules: as long as it lasts", test_lasts},
	{"rules: late news", test_late},
	{"rules: it lasted after all", test_returns},
	{"rules: from which stage", test_from},
	{"rules: history", test_stale},
	{"a shop's own silence", test_shop},
	{"another policy", test_changed},
	{"short silences", test_short_silence},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
