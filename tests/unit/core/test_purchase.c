/* SPDX-License-Identifier: MIT */
/*
 * Who hardly buys again. The likelihoods are those of models.md, section 2.3; the instants were
 * worked out with fifty digits outside of this program, from the formulas there.
 */
#include "absence_scene.h"
#include "chance.h"
#include "check.h"

#include "core/policy.h"

#include <math.h>

#define D    MS_DAY
#define WEEK (7 * MS_DAY)

/* CDNOW's, in weeks. */
static const struct purchase_model cdnow = {.r = 0.525,
	.a = 0.891,
	.b = 1.614,
	.alpha_ms = 6.183 * WEEK,
	.within_ms = 39 * (int64_t)WEEK,
	.likelihood = 0.9};

static void test_vectors(void)
{
	static const struct {
		uint32_t x;
		double last, alive, none;
	} rows[] = {
		{0, 0, .389735080919, .891171},
		{2, 30.43, .706202265118, .440006},
		{1, 1.71, .17083648431, .895156},
		{7, 29.43, .622723814169, .382977},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int64_t last = llround(rows[i].last * WEEK), now = llround(38.86 * WEEK);

		/* The digits that are printed there. */
		CHECK(fabs(purchase_alive(&cdnow, rows[i].x, last, now) - rows[i].alive) < 1e-11);
		CHECK(fabs(purchase_none(&cdnow, rows[i].x, last, now) - rows[i].none) < 6e-7);
	}
	/* No trap: beyond a double. */
	CHECK(purchase_alive(&cdnow, 1000, 10 * D, 1000 * D) == 0);
	CHECK(purchase_none(&cdnow, 1000, 10 * D, 1000 * D) == 1);
}

static void test_silence(void)
{
	static const struct {
		uint32_t x;
		int64_t last;
		double likelihood;
		int64_t silence;
	} rows[] = {
		{0, 0, 0.9, 26008817862},
		{0, 0, 0.7, 3461896398},
		{0, 0, 0.5, 0},
		{1, 10 * D, 0.9, 22657136676},
		{1, 30 * D, 0.9, 28021509529},
		{2, 213 * D + 10 * MS_HOUR, 0.9, 46378775252},
		{7, 206 * D, 0.9, 17288101841},
		{7, 206 * D, 0.5, 7489919933},
		{40, 300 * D, 0.9, 4767895658},
	};
	struct purchase_model m = cdnow;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		m.likelihood = rows[i].likelihood;
		CHECK_INT(purchase_silence(&m, rows[i].x, rows[i].last), rows[i].silence);
	}
	/* Hardly anybody is ever gone, and in two hundred years still buys within twenty. */
	m = (struct purchase_model){.r = 50,
		.a = 1e-300,
		.b = 1000,
		.alpha_ms = 1000 * (double)WEEK,
		.within_ms = 1000 * WEEK,
		.likelihood = 0.9};
	CHECK_INT(purchase_silence(&m, 0, 0), TIME_NEVER);
}

/* ---- stages ------------------------------------------------------------------------------ */

struct happening {
	enum event_kind kind;
	int64_t at;
	const char *order;
};

static void happens(struct scene *s, const struct happening *h, int64_t received)
{
	scene_event(s, h->kind, (struct carried){.order = h->order}, h->at, received);
}

static void begin(struct scene *s)
{
	struct rule rule = scene_cart("r");

	rule.key = RULE_KEY_CUSTOMER;
	rule.n_arm = 0;
	rule.wait.span_ms = D;
	rule.stages_to = 1u << STAGE_AT_RISK;
	scene_init(s, &rule, 1);
}

/* Two purchases ten days apart and a third after four hundred; seen every month but for half a
 * year and more behind day 440. */
static const struct happening past[] = {
	{EVENT_IN_STORE_PURCHASE, 0, "a"},
	{EVENT_IN_STORE_PURCHASE, 10 * D, "b"},
	{EVENT_PAGE_VIEWED, 100 * D, NULL},
	{EVENT_PAGE_VIEWED, 200 * D, NULL},
	{EVENT_PAGE_VIEWED, 260 * D, NULL},
	{EVENT_PAGE_VIEWED, 300 * D, NULL},
	{EVENT_IN_STORE_PURCHASE, 400 * D, "c"},
	{EVENT_PAGE_VIEWED, 440 * D, NULL},
	{EVENT_PAGE_VIEWED, 1000 * D, NULL},
	{EVENT_PAGE_VIEWED, 1100 * D, NULL},
	{EVENT_ORDER_COMPLETED, 1300 * D, "d"},
};
/* By hand: x = 1, t_x = 10 days. */
#define DOUBT_AT (10 * D + INT64_C(22657136676))
/* And x = 2, t_x = 400 days. */
#define AGAIN_AT (400 * D + INT64_C(65308848917))

static const struct {
	int64_t now;
	enum stage stage;
	int64_t since;
	enum stage before;
} views[] = {
	{DOUBT_AT - 1, STAGE_REPEAT, 10 * D, STAGE_NEW_CUSTOMER},
	{DOUBT_AT, STAGE_AT_RISK, DOUBT_AT, STAGE_REPEAT},
	{400 * D - 1, STAGE_AT_RISK, DOUBT_AT, STAGE_REPEAT},
	{400 * D, STAGE_REPEAT, 400 * D, STAGE_AT_RISK},
	{440 * D + 180 * D, STAGE_REPEAT, 400 * D, STAGE_AT_RISK},
	{440 * D + 180 * D + 1, STAGE_LAPSING, 620 * D + 1, STAGE_REPEAT},
	{1000 * D - 1, STAGE_LAPSED, 980 * D + 1, STAGE_LAPSING},
	{1000 * D, STAGE_REPEAT, 1000 * D, STAGE_LAPSED},
	{AGAIN_AT - 1, STAGE_REPEAT, 1000 * D, STAGE_LAPSED},
	{AGAIN_AT, STAGE_AT_RISK, AGAIN_AT, STAGE_REPEAT},
	{1280 * D, STAGE_AT_RISK, AGAIN_AT, STAGE_REPEAT},
	/* Silence says the same and more. */
	{1280 * D + 1, STAGE_LAPSING, 1280 * D + 1, STAGE_AT_RISK},
	{1300 * D, STAGE_CUSTOMER_AWAITING, 1300 * D, STAGE_LAPSING},
};

static struct lapse lapse_of(const struct purchase_model *m)
{
	struct lapse lapse = lapse_default;

	lapse.purchase = *m;
	return lapse;
}

static struct stage_turn turn_at(const struct journey *j, int64_t now)
{
	const struct lapse lapse = lapse_of(&cdnow);

	CHECK_INT(journey_stage(j, &lapse, now), journey_stage_turn(j, &lapse, now).stage);
	return journey_stage_turn(j, &lapse, now);
}

/* As it went on: each view before what comes behind it. */
static void test_stages(void)
{
	struct scene s;
	size_t told = 0;

	begin(&s);
	for (size_t i = 0; i < ARRAY_SIZE(views); i++) {
		struct stage_turn turn;

		for (; told < ARRAY_SIZE(past) && past[told].at <= views[i].now; told++)
			happens(&s, &past[told], past[told].at);
		turn = turn_at(s.journey, views[i].now);
		CHECK_SPAN(stage_name(turn.stage), stage_name(views[i].stage));
		CHECK_SPAN(stage_name(turn.before), stage_name(views[i].before));
		CHECK_INT(turn.at, views[i].since);
		CHECK(journey_stage(s.journey, &lapse_default, views[i].now) != STAGE_AT_RISK);
		if (check_failures)
			fprintf(stderr, "# view %zu\n", i);
	}
	scene_release(&s);
}

static void check_same(const struct journey *a, const struct journey *b, int64_t now)
{
	struct stage_turn one = turn_at(a, now), two = turn_at(b, now);

	CHECK_INT(one.stage, two.stage);
	CHECK_INT(one.before, two.before);
	CHECK_INT(one.at, two.at);
}

/* Told in any order, also to two who are one: the same of every instant. */
static void test_any_order(void)
{
	struct chance c = chance_new();

	for (int round = 0; round < 100 && check_failures == 0; round++) {
		struct happening left[ARRAY_SIZE(past)];
		int64_t now = 1300 * D + (int64_t)chance_below(&c, 900) * D;
		struct scene a, b, other;

		memcpy(left, past, sizeof(left));
		begin(&a);
		begin(&b);
		begin(&other);
		for (size_t n = ARRAY_SIZE(past); n > 0; n--) {
			size_t k = chance_below(&c, n);

			happens(&a, &past[ARRAY_SIZE(past) - n], now);
			happens(round & 1 && chance_below(&c, 2) ? &other : &b, &left[k], now);
			left[k] = left[n - 1];
		}
		scene_merge(&b, other.journey, now, now);
		check_same(a.journey, b.journey, now);
		check_same(a.journey, b.journey, now - 100 * D);
		scene_release(&a);
		scene_release(&b);
		scene_release(&other);
	}
}

/* A rule is woken at that very millisecond, and a purchase puts it off. */
static void test_rule(void)
{
	struct scene s;

	begin(&s);
	s.rules->policy.lapse = lapse_of(&cdnow);
	s.rules->policy.lapse.lapsing_ms = s.rules->policy.lapse.lapsed_ms = 3000 * D;
	scene_event(&s, EVENT_IN_STORE_PURCHASE, (struct carried){.order = "a"}, 0, 0);
	CHECK_INT(s.journey->due_at, INT64_C(26008817862) + D);
	scene_event(&s, EVENT_IN_STORE_PURCHASE, (struct carried){.order = "b"}, 10 * D, 10 * D);
	CHECK_INT(s.journey->due_at, DOUBT_AT + D);
	scene_tick(&s, DOUBT_AT + D - 1);
	CHECK_STR(span_str(scene_take(&s)), "");
	scene_tick(&s, DOUBT_AT + D);
	CHECK_STR(span_str(scene_take(&s)), "fired r customer 1/main @23607536676;");
	scene_release(&s);
}

static const struct check_case cases[] = {
	{"likelihoods", test_vectors},
	{"the silence that is too long", test_silence},
	{"stages", test_stages},
	{"in any order", test_any_order},
	{"a rule that waits for it", test_rule},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
