/* SPDX-License-Identifier: MIT */
/*
 * One customer was sent the same under several names: which of it is taken back follows from when
 * it was due and from what it was armed by, and not from what the names wait for by now, nor from
 * which of them became one first. A wait is four hours, and instants are hand arithmetic.
 */
#include "absence_scene.h"

#define ADDED	EVENT_PRODUCT_ADDED
#define ORDERED EVENT_ORDER_COMPLETED
#define DEEDS	4

static const struct carried c1 = {.cart = "C1"};
static const struct rule_match ordered[] = {{.by = MATCH_KIND, .kind = ORDERED}};

enum who { ANNA, MAIL, VISITOR, PEOPLE };

static const char *const names[PEOPLE] = {"anna", "email:m", "anon:v"};

/* Who becomes part of whom, and then. */
struct course {
	enum who from[PEOPLE - 1], into[PEOPLE - 1];
};

static const struct course courses[] = {
	{{VISITOR, MAIL}, {MAIL, ANNA}},
	{{VISITOR, MAIL}, {ANNA, ANNA}},
	{{MAIL, VISITOR}, {ANNA, ANNA}},
};

static const struct {
	const char *name;
	size_t course; /* the first that it holds for */
	int64_t cooldown;
	bool steps; /* a second one two hours behind the first */
	struct {
		enum who who;
		enum event_kind kind; /* 0: none */
		int64_t at;
	} deeds[DEEDS];
	int64_t merged;
	int taken[PEOPLE]; /* jobs taken back */
} rows[] = {
	{"whose was the first waits again by then", 0, 0, false,
		{{ANNA, ADDED, 0}, {VISITOR, ADDED, H}, {ANNA, ADDED, 6 * H}}, 7 * H, {0, 0, 1}},
	{"whose was the second waits again by then", 0, 0, false,
		{{ANNA, ADDED, 0}, {VISITOR, ADDED, H}, {VISITOR, ADDED, 6 * H}}, 7 * H, {0, 0, 1}},
	{"the pause behind the first is long over", 0, 24 * H, false,
		{{ANNA, ADDED, 0}, {VISITOR, ADDED, 10 * H}, {ANNA, ADDED, 29 * H}}, 30 * H,
		{0, 0, 1}},
	{"armed at the last instant of the pause", 0, 24 * H, false,
		{{ANNA, ADDED, 0}, {VISITOR, ADDED, 28 * H - 1}}, 40 * H, {0, 0, 1}},
	{"armed when the pause was over", 0, 24 * H, false,
		{{ANNA, ADDED, 0}, {VISITOR, ADDED, 28 * H}}, 40 * H, {0, 0, 0}},
	{"three, and the first is anna's", 0, 24 * H, false,
		{{ANNA, ADDED, 0}, {MAIL, ADDED, 22 * H}, {VISITOR, ADDED, 26 * H}}, 40 * H,
		{0, 1, 1}},
	{"three, and the first is the visitor's", 0, 24 * H, false,
		{{VISITOR, ADDED, 0}, {ANNA, ADDED, 22 * H}, {MAIL, ADDED, 26 * H}}, 40 * H,
		{1, 1, 0}},
	{"three, and the first is over before the last", 0, 24 * H, false,
		{{ANNA, ADDED, 0}, {MAIL, ADDED, 22 * H}, {VISITOR, ADDED, 30 * H}}, 40 * H,
		{0, 1, 1}},
	{"three of one instant: the smallest name's stays", 0, 0, false,
		{{ANNA, ADDED, 0}, {MAIL, ADDED, 0}, {VISITOR, ADDED, 0}}, 6 * H, {0, 1, 1}},
	/* Where those two become one before it is known, the second is gone by then. */
	{"what an order disproves is not what another repeats", 1, 0, false,
		{{VISITOR, ADDED, 0}, {ANNA, ORDERED, H}, {MAIL, ADDED, 2 * H}}, 7 * H, {0, 0, 1}},
	{"both steps of the second", 0, 0, true, {{ANNA, ADDED, 0}, {VISITOR, ADDED, H}}, 8 * H,
		{0, 0, 2}},
	{"the first is between its steps", 0, 0, true, {{ANNA, ADDED, H}, {VISITOR, ADDED, 0}},
		5 * H + M, {1, 0, 0}},
};

/* Of S, whose own jobs bear no name. */
static void count_taken(const struct scene *s, int taken[PEOPLE])
{
	for (size_t n = 0; n < s->effects.n; n++) {
		const struct effect *e = &s->effects.list[n];
		struct span who = e->decision.subject;

		if (e->kind != EFFECT_RETRACT)
			continue;
		if (who.len == 0)
			who = text_span(s->journey->customer);
		for (size_t k = 0; k < PEOPLE; k++)
			taken[k] += span_equal(who, span_str(names[k]));
	}
}

static void check_row(size_t row, const struct course *c)
{
	int taken[PEOPLE] = {0};
	struct scene people[PEOPLE];
	struct rule rule = scene_cart("cart");
	bool same = true;

	rule.cancel = ordered;
	rule.n_cancel = 1;
	rule.cooldown_ms = rows[row].cooldown;
	rule.steps[1] = (struct rule_step){.id = SPAN_LIT("second"), .after_ms = 2 * H};
	rule.n_steps = rows[row].steps ? 2 : 1;
	for (size_t n = 0; n < PEOPLE; n++) {
		scene_init(&people[n], &rule, 1);
		REQUIRE(text_set(&people[n].journey->customer, span_str(names[n])) == 0);
	}
	for (size_t n = 0; n < DEEDS; n++)
		if (rows[row].deeds[n].kind)
			scene_event(&people[rows[row].deeds[n].who], rows[row].deeds[n].kind, c1,
				rows[row].deeds[n].at, rows[row].deeds[n].at);
	for (size_t n = 0; n < PEOPLE; n++)
		scene_tick(&people[n], rows[row].merged - 1);
	for (size_t n = 0; n < PEOPLE - 1; n++) {
		struct scene *into = &people[c->into[n]];

		scene_merge(into, people[c->from[n]].journey, rows[row].merged, rows[row].merged);
		count_taken(into, taken);
	}
	for (size_t n = 0; n < PEOPLE; n++) {
		same = same && taken[n] == rows[row].taken[n];
		CHECK_INT(taken[n], rows[row].taken[n]);
		scene_release(&people[n]);
	}
	if (!same)
		fprintf(stderr, "# %s, course %zu\n", rows[row].name, (size_t)(c - courses));
}

static void test_taken_back(void)
{
	for (size_t row = 0; row < ARRAY_SIZE(rows); row++)
		for (size_t n = rows[row].course; n < ARRAY_SIZE(courses); n++)
			check_row(row, &courses[n]);
}

/* Both were sent the first step, and the visitor's, which was the second, is taken back. What he
 * looks at between the steps puts off the other one, which is Anna's and speaks of that, whether it
 * comes in before the link or behind it. */
static void test_next_step(void)
{
	static const struct rule_match either[] = {{.by = MATCH_KIND, .kind = ADDED},
		{.by = MATCH_KIND, .kind = EVENT_PRODUCT_SHOWN, .entry = 1}};
	const struct carried seen = {.cart = "C1", .subject = "anon:v"};

	for (int behind = 0; behind <= 1; behind++) {
		struct rule rule = scene_cart("cart");
		struct scene anna, visitor;

		rule.arm = either;
		rule.n_arm = ARRAY_SIZE(either);
		rule.steps[1] = (struct rule_step){.id = SPAN_LIT("second"), .after_ms = 2 * H};
		rule.n_steps = 2;
		scene_init(&anna, &rule, 1);
		scene_init(&visitor, &rule, 1);
		REQUIRE(text_set(&anna.journey->customer, SPAN_LIT("anna")) == 0);
		REQUIRE(text_set(&visitor.journey->customer, SPAN_LIT("anon:v")) == 0);
		scene_event(&anna, ADDED, c1, 0, 0);
		scene_event(&visitor, ADDED, c1, M, M);
		scene_tick(&anna, 5 * H);
		scene_tick(&visitor, 5 * H);
		(void)scene_take(&anna);
		if (!behind)
			scene_event(&visitor, EVENT_PRODUCT_SHOWN, c1, 5 * H, 5 * H);
		scene_merge(&anna, visitor.journey, 5 * H, 5 * H + M);
		CHECK_STR(span_str(scene_take(&anna)), "retracted cart cart:C1 1/main @18060000; "
						       "merged cart cart:C1 @18060000;");
		if (behind)
			scene_event(&anna, EVENT_PRODUCT_SHOWN, seen, 5 * H, 5 * H + 2 * M);
		scene_tick(&anna, 20 * H);
		CHECK_SPAN(anna.last.subject, SPAN_EMPTY);
		CHECK_SPAN(anna.last.by, vocab_name(EVENT_PRODUCT_SHOWN));
		CHECK_STR(span_str(scene_take(&anna)), "fired cart cart:C1 1/second @32400000;");
		scene_release(&anna);
		scene_release(&visitor);
	}
}

/* Anna's job, due at four hours, was taken back before the link was heard of, when its cart was
 * emptied; it had been sent all the same, and that of the visitor, who added something afterwards,
 * was armed within its pause. That is known for a day from when it happened, up to when they were
 * said to be one. Emptied by the deadline, it should never have been sent, and nothing repeats it.
 */
static void test_taken_before(void)
{
	static const struct rule_match emptied[] = {{.by = MATCH_KIND, .kind = EVENT_CART_EMPTIED}};
	static const struct {
		int64_t emptied, known, said;
		bool second;
	} ways[] = {
		{6 * H, 6 * H, 12 * H, true},
		{4 * H + 1, 6 * H, 12 * H, true},
		{4 * H, 6 * H, 12 * H, false},
		{3 * H, 6 * H, 12 * H, false},
		{6 * H, 6 * H, 30 * H - 1, true},
		{6 * H, 6 * H, 30 * H, false},
	};

	for (size_t n = 0; n < ARRAY_SIZE(ways); n++) {
		struct rule rule = scene_cart("cart");
		struct scene anna, visitor;

		rule.cancel = emptied;
		rule.n_cancel = 1;
		rule.cooldown_ms = 24 * H;
		scene_init(&anna, &rule, 1);
		scene_init(&visitor, &rule, 1);
		REQUIRE(text_set(&anna.journey->customer, SPAN_LIT("anna")) == 0);
		REQUIRE(text_set(&visitor.journey->customer, SPAN_LIT("anon:v")) == 0);
		scene_event(&anna, ADDED, c1, 0, 0);
		scene_tick(&anna, 5 * H);
		scene_event(&anna, EVENT_CART_EMPTIED, c1, ways[n].emptied, ways[n].known);
		CHECK_STR(span_str(scene_take(&anna)), "fired cart cart:C1 1/main @14400000; "
						       "retracted cart cart:C1 1/main @21600000;");
		scene_event(&visitor, ADDED, c1, 7 * H, 7 * H);
		scene_tick(&visitor, 12 * H);
		scene_merge(&anna, visitor.journey, ways[n].said, 31 * H);
		CHECK_STR(span_str(scene_take(&anna)),
			ways[n].second ? "retracted cart cart:C1 1/main @111600000;" : "");
		scene_release(&anna);
		scene_release(&visitor);
	}
}

int main(void)
{
	static const struct check_case cases[] = {
		{"sent under several names", test_taken_back},
		{"the step behind the first", test_next_step},
		{"taken back before the link", test_taken_before},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
