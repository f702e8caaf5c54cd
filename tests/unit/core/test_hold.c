/* SPDX-License-Identifier: MIT */
/*
 * Rules that wait for sources, through the one door: held when due, let go by a mark at or behind
 * the deadline, ended by max_hold; and what the index of the held is told meanwhile. Times by hand:
 * an addition at 0 is due at 4 h, and 2 min later it fires.
 */
#include "check.h"

#include "core/step.h"

#define M    MS_MINUTE
#define H    MS_HOUR
#define FIRE (4 * H + 2 * M)

static const struct rule_match arm_added[] = {{.by = MATCH_KIND, .kind = EVENT_PRODUCT_ADDED}};
static const struct rule_match cancel_order[] = {
	{.by = MATCH_KIND, .kind = EVENT_ORDER_COMPLETED, .also = EVENT_IN_STORE_PURCHASE}};

static struct rule held_rule(void)
{
	return (struct rule){
		.id = SPAN_LIT("cart"),
		.epoch = 1,
		.mode = RULE_LIVE,
		.key = RULE_KEY_FIELD,
		.key_fields = {FIELD_CART_ID},
		.n_key_fields = 1,
		.key_prefix = SPAN_LIT("cart"),
		.key_else_customer = true,
		.arm = arm_added,
		.n_arm = 1,
		.cancel = cancel_order,
		.n_cancel = 1,
		.wait = {.kind = WAIT_SPAN, .span_ms = 4 * H},
		.grace_ms = 2 * M,
		.slack_ms = 10 * M,
		.round_ms = MS_SECOND,
		.stale_ms = 12 * H,
		.expire_ms = TIME_NEVER,
		.steps = {{.id = SPAN_LIT("main")}},
		.n_steps = 1,
		.wait_for = {SPAN_LIT("till-1"), SPAN_LIT("till-2")},
		.n_wait_for = 1,
		.max_hold_ms = 12 * H,
		.hold_drops = true,
	};
}

struct scene {
	struct rules *rules;
	struct journey *journey;
	struct effects effects;
	struct marks marks;
	int64_t jobs[8]; /* fire_at */
	int n_jobs, n_late, n_cancels, n_retracts;
	char holds[8][32]; /* what the index was told: `till-1 14400000` */
	int n_holds;
};

static void scene_init(struct scene *s, const struct rule *rule)
{
	memset(s, 0, sizeof(*s));
	CHECK(rules_new(&s->rules) == 0);
	s->rules->list = arena_calloc(&s->rules->arena, 1, sizeof(*rule));
	s->rules->list[0] = *rule;
	s->rules->n = 1;
	CHECK(map_put(&s->rules->by_id, rule->id, &s->rules->list[0]) == 0);
	CHECK(journey_new(SPAN_LIT("cust"), &s->journey) == 0);
	effects_init(&s->effects);
	marks_init(&s->marks);
}

static void scene_release(struct scene *s)
{
	rules_free(s->rules);
	journey_free(s->journey);
	effects_release(&s->effects);
	marks_release(&s->marks);
}

static const char *span_dup_here(struct span s, char room[10])
{
	memcpy(room, s.ptr, s.len);
	return room;
}

static void take(struct scene *s, const struct input *input, int64_t now)
{
	CHECK(step(s->rules, s->journey, input, now, &s->effects) == 0);
	for (size_t i = 0; i < s->effects.n; i++) {
		const struct effect *e = &s->effects.list[i];
		enum outcome outcome = e->decision.outcome;

		if (e->kind == EFFECT_JOB && s->n_jobs < 8)
			s->jobs[s->n_jobs++] = e->decision.fire_at;
		s->n_late += e->kind == EFFECT_DECISION && outcome == OUTCOME_SOURCE_LATE;
		s->n_cancels += e->kind == EFFECT_DECISION && outcome == OUTCOME_CANCELLED;
		s->n_retracts += e->kind == EFFECT_RETRACT;
		if (e->kind != EFFECT_HOLD || span_equal(e->source, MARK_RULES) || s->n_holds == 8)
			continue;
		REQUIRE(e->source.len < 10);
		(void)snprintf(s->holds[s->n_holds++], sizeof(s->holds[0]), "%.9s %lld",
			span_dup_here(e->source, (char[10]){0}),
			e->hold_at == TIME_NEVER ? -1LL : (long long)e->hold_at);
	}
	effects_reset(&s->effects);
}

static void event(
	struct scene *s, enum event_kind kind, const char *cart, int64_t at, int64_t received)
{
	struct value fields[FIELD_FIXED_COUNT] = {{0}};
	struct event e = {
		.kind = kind,
		.customer = SPAN_LIT("cust"),
		.user_id = SPAN_LIT("cust"),
		.name = vocab_name(kind),
		.occurred_at = at,
		.received_at = received,
		.fields = fields,
		.n_fields = FIELD_FIXED_COUNT,
	};
	struct input input = {.kind = INPUT_EVENT, .event = &e, .marks = &s->marks};

	if (cart) {
		fields[FIELD_CART_ID].type = VALUE_STRING;
		fields[FIELD_CART_ID].text = span_str(cart);
	}
	take(s, &input, received);
}

static void tick(struct scene *s, int64_t now)
{
	struct input input = {.kind = INPUT_TICK, .marks = &s->marks};

	take(s, &input, now);
}

/* SOURCE says, at NOW, that it is complete until AT. */
static void mark(struct scene *s, const char *source, int64_t at, int64_t now)
{
	struct input input = {.kind = INPUT_MARK, .marks = &s->marks, .source = span_str(source)};

	CHECK(marks_move(&s->marks, input.source, at) == 0);
	take(s, &input, now);
}

static void told(struct scene *s, const char *what)
{
	CHECK(s->n_holds > 0);
	CHECK_STR(span_str(s->holds[s->n_holds > 0 ? s->n_holds - 1 : 0]), what);
}

static const struct instance *held(const struct scene *s)
{
	return &s->journey->instances[0];
}

static void test_in_time(void)
{
	struct rule rule = held_rule();
	struct scene s;

	scene_init(&s, &rule);
	event(&s, EVENT_PRODUCT_ADDED, "C1", 0, 0);
	mark(&s, "till-1", 4 * H, 4 * H + M);
	tick(&s, FIRE);
	CHECK_INT(s.n_jobs, 1);
	CHECK_INT(s.jobs[0], FIRE);
	scene_release(&s);
}

/* One millisecond less than the deadline is not enough, the deadline itself is. */
static void test_held_and_let_go(void)
{
	struct rule rule = held_rule();
	struct scene s;

	scene_init(&s, &rule);
	event(&s, EVENT_PRODUCT_ADDED, "C1", 0, 0);
	mark(&s, "till-1", 4 * H - 1, 4 * H - 1);
	tick(&s, FIRE);
	CHECK_INT(s.n_jobs, 0);
	CHECK_INT(held(&s)->state, INSTANCE_ARMED);
	CHECK_SPAN(text_span(held(&s)->missing), SPAN_LIT("till-1"));
	CHECK_INT(held(&s)->held_at, FIRE);
	CHECK_INT(s.journey->due_at, FIRE + 12 * H);
	told(&s, "till-1 14400000");
	tick(&s, 9 * H);
	CHECK_INT(s.n_jobs, 0);
	mark(&s, "till-1", 4 * H, 10 * H);
	CHECK_INT(s.n_jobs, 0); /* other entries of that millisecond may follow */
	CHECK_INT(s.journey->due_at, 10 * H);
	CHECK_INT(held(&s)->missing.len, 0);
	told(&s, "till-1 -1");
	tick(&s, 10 * H);
	CHECK_INT(s.n_jobs, 1);
	CHECK_INT(s.jobs[0], 10 * H);
	tick(&s, 40 * H);
	CHECK_INT(s.n_jobs, 1);
	CHECK_INT(s.n_late, 0);
	scene_release(&s);
}

/* What the upload brought cancels, also when it stands in the mark's own millisecond. */
static void test_upload_cancels(void)
{
	for (int behind = 0; behind < 2; behind++) {
		struct rule rule = held_rule();
		struct scene s;

		scene_init(&s, &rule);
		event(&s, EVENT_PRODUCT_ADDED, "C1", 0, 0);
		tick(&s, FIRE);
		if (!behind)
			event(&s, EVENT_IN_STORE_PURCHASE, NULL, 3 * H, 10 * H);
		mark(&s, "till-1", 5 * H, 10 * H);
		if (behind)
			event(&s, EVENT_IN_STORE_PURCHASE, NULL, 3 * H, 10 * H);
		tick(&s, 30 * H);
		CHECK_INT(s.n_jobs, 0);
		CHECK_INT(s.n_cancels, 1);
		CHECK_INT(s.n_retracts, 0);
		told(&s, "till-1 -1");
		scene_release(&s);
	}
}

static void test_end_of_hold(void)
{
	for (int drops = 0; drops < 2; drops++) {
		struct rule rule = held_rule();
		struct scene s;

		rule.hold_drops = drops;
		scene_init(&s, &rule);
		event(&s, EVENT_PRODUCT_ADDED, "C1", 0, 0);
		tick(&s, FIRE + 12 * H - 1);
		CHECK_INT(s.n_jobs + s.n_late, 0);
		tick(&s, FIRE + 12 * H);
		CHECK_INT(s.n_jobs, !drops);
		CHECK_INT(s.n_late, drops);
		CHECK_INT(held(&s)->missing.len, 0);
		CHECK_INT(held(&s)->outcome, drops ? OUTCOME_SOURCE_LATE : OUTCOME_FIRED);
		if (!drops)
			CHECK_INT(s.jobs[0], FIRE + 12 * H);
		told(&s, "till-1 -1");
		CHECK_INT(s.journey->due_at, TIME_NEVER);
		scene_release(&s);
	}
}

/* Nobody looked for a day: held and ended all the same, each at its own instant. */
static void test_looked_at_late(void)
{
	struct rule rule = held_rule();
	struct scene s;

	rule.hold_drops = false;
	scene_init(&s, &rule);
	event(&s, EVENT_PRODUCT_ADDED, "C1", 0, 0);
	tick(&s, 30 * H);
	CHECK_INT(s.n_jobs, 1);
	CHECK_INT(s.jobs[0], FIRE + 12 * H);
	CHECK_INT(s.n_holds, 0);
	scene_release(&s);
}

static void test_two_sources(void)
{
	struct rule rule = held_rule();
	struct scene s;

	rule.n_wait_for = 2;
	scene_init(&s, &rule);
	event(&s, EVENT_PRODUCT_ADDED, "C1", 0, 0);
	tick(&s, FIRE);
	told(&s, "till-1 14400000");
	mark(&s, "till-1", 6 * H, 6 * H);
	CHECK_INT(s.n_holds, 3);
	CHECK_STR(span_str(s.holds[1]), "till-2 14400000");
	CHECK_STR(span_str(s.holds[2]), "till-1 -1");
	CHECK_SPAN(text_span(held(&s)->missing), SPAN_LIT("till-2"));
	CHECK_INT(held(&s)->held_at, FIRE);
	CHECK_INT(s.journey->due_at, FIRE + 12 * H);
	mark(&s, "till-2", 6 * H, 7 * H);
	tick(&s, 7 * H);
	CHECK_INT(s.n_jobs, 1);
	CHECK_INT(s.jobs[0], 7 * H);
	scene_release(&s);
}

/* Until it fires, an addition moves the deadline; then it is a new wait. */
static void test_moved_while_held(void)
{
	struct rule rule = held_rule();
	struct scene s;

	scene_init(&s, &rule);
	event(&s, EVENT_PRODUCT_ADDED, "C1", 0, 0);
	tick(&s, FIRE);
	event(&s, EVENT_PRODUCT_ADDED, "C1", 5 * H, 5 * H);
	CHECK_INT(held(&s)->missing.len, 0);
	CHECK_INT(held(&s)->deadline_at, 9 * H);
	told(&s, "till-1 -1");
	mark(&s, "till-1", 5 * H, 6 * H);
	tick(&s, 9 * H + 2 * M);
	CHECK_INT(s.n_jobs, 0);
	told(&s, "till-1 32400000");
	scene_release(&s);
}

/* The index knows the earliest of several deadlines; a mark lets go whom it reaches. */
static void test_several(void)
{
	struct rule rule = held_rule();
	struct scene s;

	scene_init(&s, &rule);
	event(&s, EVENT_PRODUCT_ADDED, "C1", 0, 0);
	event(&s, EVENT_PRODUCT_ADDED, "C2", H, H);
	tick(&s, 6 * H);
	told(&s, "till-1 14400000");
	CHECK_INT(s.n_holds, 1);
	mark(&s, "till-1", 4 * H + 1, 7 * H);
	told(&s, "till-1 18000000");
	tick(&s, 7 * H);
	CHECK_INT(s.n_jobs, 1);
	mark(&s, "till-1", 6 * H, 8 * H);
	tick(&s, 8 * H);
	CHECK_INT(s.n_jobs, 2);
	CHECK_INT(s.jobs[1], 8 * H);
	told(&s, "till-1 -1");
	scene_release(&s);
}

/* An entry of the index that nothing stands behind goes when it is looked at. */
static void test_stale_index(void)
{
	struct rule rule = held_rule();
	struct scene s;

	scene_init(&s, &rule);
	event(&s, EVENT_PRODUCT_ADDED, "C1", 0, 0);
	mark(&s, "till-1", 1, 1);
	CHECK_INT(s.n_holds, 1);
	told(&s, "till-1 -1");
	scene_release(&s);
}

static void test_marks(void)
{
	struct marks m;
	char name[MARK_SOURCE_MAX];

	marks_init(&m);
	CHECK_INT(marks_at(NULL, SPAN_LIT("a")), INT64_MIN);
	CHECK_INT(marks_at(&m, SPAN_LIT("a")), INT64_MIN);
	for (int i = 0; i < MARKS_MAX; i++) {
		/* 7 and 256 have no common divisor: every number once, in no order */
		(void)snprintf(name, sizeof(name), "s%d", i * 7 % MARKS_MAX);
		CHECK_INT(marks_move(&m, span_str(name), i), 0);
	}
	CHECK_INT(marks_move(&m, SPAN_LIT("one more"), 1), MARKS_FULL);
	for (int i = 0; i < MARKS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "s%d", i * 7 % MARKS_MAX);
		CHECK_INT(marks_at(&m, span_str(name)), i);
	}
	CHECK_INT(marks_move(&m, SPAN_LIT("s7"), 0), 0);
	CHECK_INT(marks_at(&m, SPAN_LIT("s7")), 1);
	CHECK_INT(marks_move(&m, SPAN_LIT("s7"), 99), 0);
	CHECK_INT(marks_at(&m, SPAN_LIT("s7")), 99);
	memset(name, 'x', sizeof(name));
	CHECK_INT(marks_at(&m, span_of(name, sizeof(name))), INT64_MIN);
	marks_release(&m);
}

static const struct check_case cases[] = {
	{"the mark is there in time", test_in_time},
	{"held, and let go by the deadline's own mark", test_held_and_let_go},
	{"what the upload brings cancels", test_upload_cancels},
	{"the end of a hold", test_end_of_hold},
	{"looked at long after", test_looked_at_late},
	{"two sources, one after the other", test_two_sources},
	{"moved while it is held", test_moved_while_held},
	{"several carts of a customer", test_several},
	{"an index that says too much", test_stale_index},
	{"the table of marks", test_marks},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
