/* SPDX-License-Identifier: MIT */
/*
 * The absence contract through the one door. Instants are hand arithmetic on a wait of 4 h and a
 * grace of 2 min; the numbers in the names are those of the conformance scenarios.
 */
#include "check.h"

#include "core/step.h"

#define H MS_HOUR
#define M MS_MINUTE

static const struct rule_match arm_added[] = {{.by = MATCH_KIND, .kind = EVENT_PRODUCT_ADDED}};
static const struct rule_match cancel_order[] = {
	{.by = MATCH_KIND, .kind = EVENT_ORDER_COMPLETED, .terminal = true},
	{.by = MATCH_KIND, .kind = EVENT_CART_EMPTIED},
};

/* The cart rule of the pack, by hand. */
static struct rule cart_rule(void)
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
		.n_cancel = 2,
		.wait = {.kind = WAIT_SPAN, .span_ms = 4 * H},
		.grace_ms = 2 * M,
		.slack_ms = 10 * M,
		.round_ms = MS_SECOND,
		.stale_ms = 12 * H,
		.tombstone_ms = 45 * MS_DAY,
		.expire_ms = TIME_NEVER,
		.steps = {{.id = SPAN_LIT("main")}},
		.n_steps = 1,
	};
}

struct scene {
	struct rules *rules;
	struct journey *journey;
	struct effects effects;
	int64_t jobs[16]; /* fire_at of each job, in order */
	uint32_t episodes[16];
	char keys[16][32];
	int n_jobs, n_retracts, n_late, n_cancels, n_stale;
	struct marks marks;
};

static void scene_init(struct scene *s, const struct rule *rules, size_t n)
{
	memset(s, 0, sizeof(*s));
	CHECK(rules_new(&s->rules) == 0);
	s->rules->list = arena_calloc(&s->rules->arena, n, sizeof(*rules));
	memcpy(s->rules->list, rules, n * sizeof(*rules));
	s->rules->n = n;
	for (size_t i = 0; i < n; i++) {
		s->rules->list[i].order = (uint32_t)i;
		CHECK(map_put(&s->rules->by_id, rules[i].id, &s->rules->list[i]) == 0);
	}
	CHECK(journey_new(SPAN_LIT("cust"), &s->journey) == 0);
	effects_init(&s->effects);
}

static void scene_release(struct scene *s)
{
	rules_free(s->rules);
	journey_free(s->journey);
	effects_release(&s->effects);
}

static void collect(struct scene *s)
{
	for (size_t i = 0; i < s->effects.n; i++) {
		const struct effect *e = &s->effects.list[i];
		const struct decision *d = &e->decision;

		if (e->kind == EFFECT_JOB && s->n_jobs < 16) {
			s->jobs[s->n_jobs] = d->fire_at;
			s->episodes[s->n_jobs] = d->episode;
			memcpy(s->keys[s->n_jobs], d->key.ptr,
				d->key.len < sizeof(s->keys[0]) ? d->key.len : 0);
			s->n_jobs++;
		}
		s->n_retracts += e->kind == EFFECT_RETRACT;
		s->n_late += e->kind == EFFECT_RETRACT && d->late;
		s->n_cancels += e->kind == EFFECT_DECISION && d->outcome == OUTCOME_CANCELLED;
		s->n_stale += e->kind == EFFECT_COUNT && e->counter == COUNTER_STALE;
	}
	effects_reset(&s->effects);
}

/* KIND for CART, which happened at AT and was received at RECEIVED. */
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
		.id = {(uint64_t)received, 0},
		.fields = fields,
		.n_fields = FIELD_FIXED_COUNT,
	};
	struct input input = {.kind = INPUT_EVENT, .event = &e, .marks = &s->marks};

	if (cart) {
		fields[FIELD_CART_ID].type = VALUE_STRING;
		fields[FIELD_CART_ID].text = span_str(cart);
	}
	CHECK(step(s->rules, s->journey, &input, received, &s->effects) == 0);
	collect(s);
}

static void tick(struct scene *s, int64_t now)
{
	struct input input = {.kind = INPUT_TICK, .marks = &s->marks};

	CHECK(step(s->rules, s->journey, &input, now, &s->effects) == 0);
	collect(s);
}

static void s01_silence_fires_once(void)
{
	struct rule rule = cart_rule();
	struct scene s;

	scene_init(&s, &rule, 1);
	event(&s, EVENT_PRODUCT_ADDED, "C1", 0, 0);
	CHECK_INT(s.journey->due_at, 4 * H + 2 * M);
	tick(&s, 4 * H + 2 * M - 1);
	CHECK_INT(s.n_jobs, 0);
	tick(&s, 4 * H + 2 * M);
	CHECK_INT(s.n_jobs, 1);
	CHECK_INT(s.jobs[0], 4 * H + 2 * M);
	CHECK(strcmp(s.keys[0], "cart:C1") == 0);
	tick(&s, 9 * H);
	CHECK_INT(s.n_jobs, 1);
	CHECK_INT(s.journey->due_at, TIME_NEVER);
	scene_release(&s);
}

static void s02_s03_s04_cancel_in_time(void)
{
	const int64_t at[] = {4 * H - 1, 4 * H, 1 * H};
	const int64_t received[] = {4 * H - 1, 4 * H, 4 * H + 2 * M};

	for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
		struct rule rule = cart_rule();
		struct scene s;

		scene_init(&s, &rule, 1);
		event(&s, EVENT_PRODUCT_ADDED, "C1", 0, 0);
		event(&s, EVENT_ORDER_COMPLETED, "C1", at[i], received[i]);
		tick(&s, 9 * H);
		CHECK_INT(s.n_jobs, 0);
		CHECK_INT(s.n_cancels, 1);
		scene_release(&s);
	}
}

static void s05_cancel_after_grace_retracts(void)
{
	struct rule rule = cart_rule();
	struct scene s;

	scene_init(&s, &rule, 1);
	event(&s, EVENT_PRODUCT_ADDED, "C1", 0, 0);
	event(&s, EVENT_ORDER_COMPLETED, "C1", 1 * H, 4 * H + 2 * M + 1);
	CHECK_INT(s.n_jobs, 1);
	CHECK_INT(s.n_retracts, 1);
	CHECK_INT(s.n_late, 1);
	event(&s, EVENT_ORDER_COMPLETED, "C1", 1 * H, 5 * H);
	CHECK_INT(s.n_retracts, 1);
	scene_release(&s);
}

static void purchase_after_the_deadline_retracts_too(void)
{
	struct rule rule = cart_rule();
	struct scene s;

	scene_init(&s, &rule, 1);
	event(&s, EVENT_PRODUCT_ADDED, "C1", 0, 0);
	event(&s, EVENT_ORDER_COMPLETED, "C1", 6 * H, 6 * H);
	CHECK_INT(s.n_jobs, 1);
	CHECK_INT(s.n_retracts, 1);
	CHECK_INT(s.n_late, 0);
	scene_release(&s);
}

static void s07_s08_activity_moves_the_deadline_forward_only(void)
{
	struct rule rule = cart_rule();
	struct scene s;

	scene_init(&s, &rule, 1);
	event(&s, EVENT_PRODUCT_ADDED, "C1", 0, 0);
	event(&s, EVENT_PRODUCT_ADDED, "C1", 3 * H + 59 * M, 3 * H + 59 * M);
	/* The old wake-up stands; nobody moved it. */
	CHECK_INT(s.journey->due_at, 4 * H + 2 * M);
	event(&s, EVENT_PRODUCT_ADDED, "C1", 2 * H, 4 * H);
	tick(&s, 4 * H + 2 * M);
	CHECK_INT(s.n_jobs, 0);
	CHECK_INT(s.journey->due_at, 7 * H + 61 * M);
	tick(&s, 7 * H + 61 * M);
	CHECK_INT(s.n_jobs, 1);
	CHECK_INT(s.jobs[0], 7 * H + 59 * M + 2 * M);
	scene_release(&s);
}

static void s09_order_first_then_older_cart(void)
{
	struct rule rule = cart_rule();
	struct scene s;

	scene_init(&s, &rule, 1);
	event(&s, EVENT_ORDER_COMPLETED, "C1", 2 * H, 2 * H);
	event(&s, EVENT_PRODUCT_ADDED, "C1", 1 * H, 3 * H);
	/* The tombstone holds even against a later addition to the same cart. */
	event(&s, EVENT_PRODUCT_ADDED, "C1", 3 * H, 3 * H + 1);
	tick(&s, 40 * MS_DAY);
	CHECK_INT(s.n_jobs, 0);
	scene_release(&s);
}

static void s10_two_carts(void)
{
	struct rule rule = cart_rule();
	struct scene s;

	scene_init(&s, &rule, 1);
	event(&s, EVENT_PRODUCT_ADDED, "C1", 0, 0);
	event(&s, EVENT_PRODUCT_ADDED, "C2", 0, 1);
	event(&s, EVENT_ORDER_COMPLETED, "C1", 1 * H, 1 * H);
	tick(&s, 9 * H);
	CHECK_INT(s.n_jobs, 1);
	CHECK(strcmp(s.keys[0], "cart:C2") == 0);
	scene_release(&s);
}

static void order_without_cart_closes_all(void)
{
	struct rule rule = cart_rule();
	struct scene s;

	scene_init(&s, &rule, 1);
	event(&s, EVENT_PRODUCT_ADDED, "C1", 0, 0);
	event(&s, EVENT_PRODUCT_ADDED, NULL, 0, 1);
	event(&s, EVENT_ORDER_COMPLETED, NULL, 1 * H, 1 * H);
	/* A third cart's addition that happened before the order and comes after it. */
	event(&s, EVENT_PRODUCT_ADDED, "C3", 30 * M, 2 * H);
	tick(&s, 9 * H);
	CHECK_INT(s.n_jobs, 0);
	/* A new cart after the order is a new intention. */
	event(&s, EVENT_PRODUCT_ADDED, "C4", 10 * H, 10 * H);
	tick(&s, 20 * H);
	CHECK_INT(s.n_jobs, 1);
	scene_release(&s);
}

static void slack_absorbs_skew(void)
{
	struct rule rule = cart_rule();
	struct scene s;

	/* Emptying is not terminal: 10 minutes before the anchor still count, more do not. */
	scene_init(&s, &rule, 1);
	event(&s, EVENT_PRODUCT_ADDED, "C1", 60 * M, 60 * M);
	event(&s, EVENT_CART_EMPTIED, "C1", 50 * M - 1, 61 * M);
	CHECK_INT(s.n_cancels, 0);
	event(&s, EVENT_CART_EMPTIED, "C1", 50 * M, 62 * M);
	CHECK_INT(s.n_cancels, 1);
	tick(&s, 9 * H);
	CHECK_INT(s.n_jobs, 0);
	scene_release(&s);
}

static void s18_history_is_stale(void)
{
	struct rule rule = cart_rule();
	struct scene s;

	scene_init(&s, &rule, 1);
	event(&s, EVENT_PRODUCT_ADDED, "C1", 0, 730 * MS_DAY);
	tick(&s, 731 * MS_DAY);
	CHECK_INT(s.n_jobs, 0);
	CHECK_INT(s.n_stale, 1);
	/* deadline + stale_after is the last moment that is not stale. */
	event(&s, EVENT_PRODUCT_ADDED, "C2", 731 * MS_DAY, 731 * MS_DAY + 16 * H);
	CHECK_INT(s.n_stale, 1);
	event(&s, EVENT_PRODUCT_ADDED, "C3", 731 * MS_DAY, 731 * MS_DAY + 16 * H + 1);
	CHECK_INT(s.n_stale, 2);
	tick(&s, 732 * MS_DAY);
	CHECK_INT(s.n_jobs, 1);
	/* Late arrival: the timer runs from the log's time, rounded up to a second. */
	CHECK_INT(s.jobs[0], 731 * MS_DAY + 16 * H + 2 * M);
	scene_release(&s);
}

static void fire_time_is_rounded_up(void)
{
	struct rule rule = cart_rule();
	struct scene s;

	scene_init(&s, &rule, 1);
	event(&s, EVENT_PRODUCT_ADDED, "C1", 1, 1);
	tick(&s, 9 * H);
	CHECK_INT(s.jobs[0], 4 * H + 2 * M + 1000);
	scene_release(&s);
}

static void s34_steps_and_cancel_between(void)
{
	struct rule rule = cart_rule();
	struct scene s;

	rule.steps[0].id = SPAN_LIT("m1");
	rule.steps[1] = (struct rule_step){.id = SPAN_LIT("m2"), .after_ms = 20 * H};
	rule.n_steps = 2;
	scene_init(&s, &rule, 1);
	event(&s, EVENT_PRODUCT_ADDED, "C1", 0, 0);
	tick(&s, 30 * H);
	CHECK_INT(s.n_jobs, 2);
	CHECK_INT(s.jobs[1], 24 * H + 4 * M); /* emission of m1, 20 h, grace */
	event(&s, EVENT_PRODUCT_ADDED, "C2", 40 * H, 40 * H);
	event(&s, EVENT_ORDER_COMPLETED, "C2", 50 * H, 50 * H);
	tick(&s, 90 * H);
	CHECK_INT(s.n_jobs, 3);
	scene_release(&s);
}

static void episodes_cooldown_and_bound(void)
{
	struct rule rule = cart_rule();
	struct scene s;

	rule.cooldown_ms = 7 * MS_DAY;
	rule.max_per_key = 2;
	scene_init(&s, &rule, 1);
	event(&s, EVENT_PRODUCT_ADDED, NULL, 0, 0);
	tick(&s, 1 * MS_DAY);
	event(&s, EVENT_PRODUCT_ADDED, NULL, 2 * MS_DAY, 2 * MS_DAY); /* cooling */
	tick(&s, 3 * MS_DAY);
	CHECK_INT(s.n_jobs, 1);
	event(&s, EVENT_PRODUCT_ADDED, NULL, 8 * MS_DAY, 8 * MS_DAY);
	tick(&s, 9 * MS_DAY);
	CHECK_INT(s.n_jobs, 2);
	CHECK_INT(s.episodes[1], 2);
	event(&s, EVENT_PRODUCT_ADDED, NULL, 30 * MS_DAY, 30 * MS_DAY); /* max_per_key */
	tick(&s, 31 * MS_DAY);
	CHECK_INT(s.n_jobs, 2);
	scene_release(&s);
}

static void s27_epoch_allows_again(void)
{
	struct rule rule = cart_rule();
	struct scene s;

	rule.max_per_key = 1;
	scene_init(&s, &rule, 1);
	event(&s, EVENT_PRODUCT_ADDED, NULL, 0, 0);
	tick(&s, 1 * MS_DAY);
	event(&s, EVENT_PRODUCT_ADDED, NULL, 2 * MS_DAY, 2 * MS_DAY);
	tick(&s, 3 * MS_DAY);
	CHECK_INT(s.n_jobs, 1);
	s.rules->list[0].epoch = 2;
	event(&s, EVENT_PRODUCT_ADDED, NULL, 4 * MS_DAY, 4 * MS_DAY);
	tick(&s, 5 * MS_DAY);
	CHECK_INT(s.n_jobs, 2);
	CHECK_INT(s.episodes[1], 1);
	scene_release(&s);
}

static void a_late_addition_belongs_to_the_period_that_fired(void)
{
	struct rule rule = cart_rule();
	struct scene s;

	scene_init(&s, &rule, 1);
	event(&s, EVENT_PRODUCT_ADDED, "C1", H, H);
	tick(&s, 6 * H);
	CHECK_INT(s.n_jobs, 1);
	/* what would not have moved its deadline */
	event(&s, EVENT_PRODUCT_ADDED, "C1", 0, 7 * H);
	event(&s, EVENT_PRODUCT_ADDED, "C1", H, 7 * H);
	tick(&s, 9 * H);
	CHECK_INT(s.n_jobs, 1);
	/* what would have is a wait of its own, over by now */
	event(&s, EVENT_PRODUCT_ADDED, "C1", H + 1, 10 * H);
	tick(&s, 30 * H);
	CHECK_INT(s.n_jobs, 2);
	CHECK_INT(s.episodes[1], 2);
	scene_release(&s);
}

static void long_names_are_cut(void)
{
	struct rule rule = cart_rule();
	char name[300];
	struct scene s;
	struct event e = {.kind = EVENT_CUSTOM, .customer = SPAN_LIT("cust"), .id = {1, 0}};
	struct input input = {.kind = INPUT_EVENT, .event = &e};
	static const struct rule_match any[] = {{.by = MATCH_ANY}};

	/* 127 bytes and then characters of two bytes: the 128th would be half of one. */
	memset(name, 'a', 127);
	for (size_t i = 127; i < sizeof(name); i++)
		name[i] = "\xa9\xc3"[i % 2];
	rule.arm = any;
	scene_init(&s, &rule, 1);
	e.name = span_of(name, sizeof(name) - 1);
	e.received_at = 1;
	CHECK(step(s.rules, s.journey, &input, 1, &s.effects) == 0);
	REQUIRE(s.journey->n_instances == 1);
	CHECK_INT(s.journey->instances[0].by.len, 127);
	e.name = span_of(name + 1, INSTANCE_BY_MAX);
	CHECK(step(s.rules, s.journey, &input, 2, &s.effects) == 0);
	CHECK_INT(s.journey->instances[0].by.len, INSTANCE_BY_MAX);
	scene_release(&s);
}

/* How often somebody looks must not matter: the same events with ticks at random moments. */
static void looking_often_changes_nothing(void)
{
	uint64_t seed = 20261121;

	for (int round = 0; round < 300; round++) {
		struct rule rule = cart_rule();
		struct scene seldom, often;
		int64_t now = 0;

		rule.cooldown_ms = (round % 3) * H;
		scene_init(&seldom, &rule, 1);
		scene_init(&often, &rule, 1);
		for (int i = 0; i < 12; i++) {
			static const enum event_kind kinds[] = {EVENT_PRODUCT_ADDED,
				EVENT_PRODUCT_ADDED, EVENT_CART_EMPTIED, EVENT_ORDER_COMPLETED};
			static const char *const carts[] = {"A", "B", NULL};
			enum event_kind kind;
			const char *cart;
			int64_t next, at;

			seed = seed * 6364136223846793005u + 1442695040888963407u;
			kind = kinds[(seed >> 33) % 4];
			cart = carts[(seed >> 37) % 3];
			next = now + (int64_t)((seed >> 40) % (5 * (uint64_t)H));
			at = next - (int64_t)((seed >> 20) % (30 * (uint64_t)M));
			for (int64_t t = now; t < next; t += 7 * M)
				tick(&often, t);
			event(&seldom, kind, cart, at, next);
			event(&often, kind, cart, at, next);
			now = next;
		}
		tick(&seldom, now + 9 * H);
		tick(&often, now + 9 * H);
		CHECK_INT(often.n_jobs, seldom.n_jobs);
		CHECK(memcmp(often.jobs, seldom.jobs, sizeof(often.jobs)) == 0);
		CHECK(memcmp(often.keys, seldom.keys, sizeof(often.keys)) == 0);
		CHECK_INT(often.n_retracts, seldom.n_retracts);
		CHECK_INT(often.n_cancels, seldom.n_cancels);
		scene_release(&seldom);
		scene_release(&often);
	}
}

static const struct check_case cases[] = {
	{"1: silence fires exactly once, at wait plus grace", s01_silence_fires_once},
	{"2-4: a cancel before, at and received after the deadline", s02_s03_s04_cancel_in_time},
	{"5: a cancel after the grace retracts once", s05_cancel_after_grace_retracts},
	{"a purchase after the deadline retracts too", purchase_after_the_deadline_retracts_too},
	{"7-8: activity moves the deadline forward only",
		s07_s08_activity_moves_the_deadline_forward_only},
	{"9: an order leaves a tombstone", s09_order_first_then_older_cart},
	{"10: two carts, one bought", s10_two_carts},
	{"an order without a cart closes all", order_without_cart_closes_all},
	{"slack before the anchor", slack_absorbs_skew},
	{"18: history is stale", s18_history_is_stale},
	{"fire times are rounded up to a second", fire_time_is_rounded_up},
	{"34: steps, and a cancel before the second", s34_steps_and_cancel_between},
	{"episodes, cooldown, max_per_key", episodes_cooldown_and_bound},
	{"27: a raised epoch allows again", s27_epoch_allows_again},
	{"a late addition belongs to the period that fired",
		a_late_addition_belongs_to_the_period_that_fired},
	{"long names are cut, between characters", long_names_are_cut},
	{"looking often changes nothing", looking_often_changes_nothing},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
