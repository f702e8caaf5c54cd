/* SPDX-License-Identifier: MIT */
/*
 * A job is taken back under the name that it was made under (triggers, section 7), whatever its
 * instance has become since: it waits again, in a raised epoch of the rule.
 */
#include "absence_scene.h"

#include "core/spent.h"

#define D MS_DAY

static const struct carried c1 = {.cart = "C1"};
static const struct rule_match order[] = {
	{.by = MATCH_KIND, .kind = EVENT_ORDER_COMPLETED, .terminal = true}};
static const struct rule_match removed[] = {{.by = MATCH_KIND, .kind = EVENT_PRODUCT_REMOVED}};

/* `EPOCH/EPISODE ` of each job that the last input took back. */
static const char *taken_back(const struct scene *s)
{
	static char text[256];
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < s->effects.n; i++) {
		const struct effect *e = &s->effects.list[i];

		if (e->kind == EFFECT_RETRACT)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%u/%u ",
				e->decision.epoch, e->decision.episode);
	}
	return text;
}

static void cart_init(struct scene *s, const struct rule_match *cancel)
{
	struct rule rule = scene_cart("cart");

	rule.cancel = cancel;
	rule.n_cancel = 1;
	scene_init(s, &rule, 1);
}

/* Sent at AT + 4 h. */
static void send(struct scene *s, int64_t at)
{
	scene_event(s, EVENT_PRODUCT_ADDED, c1, at, at);
	scene_tick(s, at + 4 * H);
}

/* Sent at four hours in epoch 1; what came at five waits in epoch 2. */
static void wait_again(struct scene *s)
{
	send(s, 0);
	s->rules->list[0].epoch = 2;
	scene_event(s, EVENT_PRODUCT_ADDED, c1, 5 * H, 5 * H);
	(void)scene_take(s);
}

/* The order was placed before the message, or behind it and before the cart was filled again. */
static void test_raised(void)
{
	static const int64_t ordered[] = {3 * H, 4 * H + 30 * M};

	for (size_t i = 0; i < ARRAY_SIZE(ordered); i++) {
		struct scene s;

		cart_init(&s, order);
		wait_again(&s);
		scene_event(&s, EVENT_ORDER_COMPLETED, c1, ordered[i], 6 * H);
		CHECK_STR(span_str(taken_back(&s)), "1/1 ");
		scene_release(&s);
	}
}

/* Twice raised: each was sent, and what ends all was before either. */
static void test_raised_twice(void)
{
	struct scene s;

	cart_init(&s, order);
	wait_again(&s);
	scene_tick(&s, 9 * H);
	s.rules->list[0].epoch = 5;
	scene_event(&s, EVENT_PRODUCT_ADDED, c1, 10 * H, 10 * H);
	scene_event(&s, EVENT_ORDER_COMPLETED, c1, 3 * H, 11 * H);
	CHECK_STR(span_str(taken_back(&s)), "1/1 2/1 ");
	CHECK_INT(s.counts[COUNTER_RETRACTED], 2);
	scene_release(&s);
}

/* What happens behind the second message concerns that alone, as it would in one epoch. */
static void test_last_alone(void)
{
	struct scene s;

	cart_init(&s, order);
	wait_again(&s);
	scene_tick(&s, 9 * H);
	scene_event(&s, EVENT_ORDER_COMPLETED, c1, 10 * H, 10 * H);
	CHECK_STR(span_str(taken_back(&s)), "2/1 ");
	scene_release(&s);
}

/* Two were sent, and the second was taken back, before the epoch was raised: what happened behind
 * the first and the second concerns neither any more, but what was before the first does. */
static void test_settled(void)
{
	struct scene s;

	cart_init(&s, removed);
	send(&s, 0);
	send(&s, 5 * H);
	scene_event(&s, EVENT_PRODUCT_REMOVED, c1, 10 * H, 10 * H);
	CHECK_STR(span_str(taken_back(&s)), "1/2 ");
	s.rules->list[0].epoch = 2;
	scene_event(&s, EVENT_PRODUCT_ADDED, c1, 12 * H, 12 * H);
	scene_event(&s, EVENT_PRODUCT_REMOVED, c1, 11 * H, 13 * H);
	CHECK_STR(span_str(taken_back(&s)), "");
	scene_event(&s, EVENT_PRODUCT_REMOVED, c1, 2 * H, 14 * H);
	CHECK_STR(span_str(taken_back(&s)), "1/1 ");
	scene_release(&s);
}

/* Jobs in another's name do not count among the numbers of a new epoch. */
static void test_numbers(void)
{
	static const struct carried v1 = {.cart = "C1", .subject = "anon:v"};
	struct scene s;

	cart_init(&s, order);
	scene_event(&s, EVENT_PRODUCT_ADDED, v1, 0, 0);
	scene_tick(&s, 4 * H);
	scene_event(&s, EVENT_PRODUCT_ADDED, v1, 5 * H, 5 * H);
	scene_tick(&s, 9 * H);
	CHECK_INT(s.last.episode, 2);
	s.rules->list[0].epoch = 2;
	send(&s, 10 * H);
	CHECK_INT(s.last.episode, 1);
	scene_event(&s, EVENT_PRODUCT_ADDED, v1, 15 * H, 15 * H);
	scene_tick(&s, 19 * H);
	CHECK_STR(s.last.subject, "anon:v");
	CHECK_INT(s.last.epoch, 2);
	CHECK_INT(s.last.episode, 1);
	scene_release(&s);
}

/* A rule that says each thing once may say it again in a raised epoch. */
static void test_told(void)
{
	struct rule rule = scene_cart("cart");
	struct scene s;

	rule.once = SPAN_LIT("group");
	rule.once_per = FACT_COUNT;
	scene_init(&s, &rule, 1);
	wait_again(&s);
	scene_tick(&s, 9 * H);
	CHECK_STR(span_str(scene_take(&s)), "fired cart cart:C1 1/main @32400000;");
	scene_event(&s, EVENT_PRODUCT_ADDED, c1, 10 * H, 10 * H);
	scene_tick(&s, 14 * H);
	CHECK_STR(span_str(scene_take(&s)), "superseded cart cart:C1 @50400000;");
	scene_release(&s);
}

/* Twice taken apart in one year, and once in the next: each year's jobs bear 10,000 more for each
 * time, and the next year begins anew, whichever is noted first. */
static void test_years(void)
{
	static const uint32_t noted[][3] = {{2026, 12026, 2027}, {2027, 2026, 12026}};

	for (size_t n = 0; n < ARRAY_SIZE(noted); n++) {
		const struct spent_key key = {SPAN_LIT("yearly"), SPAN_LIT("birthday"), 1, 0};
		const struct rule_calendar calendar = {.date = SPAN_LIT("birthday")};
		struct rule rule = scene_cart("yearly");
		struct journey *j;
		struct instance *i;

		rule.calendar = &calendar;
		REQUIRE(journey_new(SPAN_LIT("cust"), &j) == 0);
		for (size_t k = 0; k < ARRAY_SIZE(noted[n]); k++) {
			REQUIRE(spent_note_year(j, &key, noted[n][k]) == 0);
			i = journey_instance(j, key.rule, key.key);
			REQUIRE(i);
			i->episode = noted[n][k] % 10000;
			CHECK_INT(spent_number(&rule, i),
				n == 0 || k == 0 ? noted[n][k] + 10000 : i->episode);
		}
		i->episode = 2027;
		CHECK_INT(spent_number(&rule, i), 12027);
		journey_free(j);
	}
}

/* What was noted when a log is folded again, and then what a later note says; or the other way. */
static void test_years_taken(void)
{
	static const uint32_t noted[][2] = {{12026, 2027}, {2027, 12026}};

	for (size_t n = 0; n < ARRAY_SIZE(noted); n++) {
		const struct spent_key key = {SPAN_LIT("yearly"), SPAN_LIT("birthday"), 1, 0};
		const struct rule_calendar calendar = {.date = SPAN_LIT("birthday")};
		struct rule rule = scene_cart("yearly");
		struct scene into, from;
		struct instance *i;

		rule.calendar = &calendar;
		scene_init(&into, &rule, 1);
		scene_init(&from, &rule, 1);
		REQUIRE(spent_note_year(into.journey, &key, noted[n][0]) == 0);
		REQUIRE(spent_note_year(from.journey, &key, noted[n][1]) == 0);
		REQUIRE(spent_take(into.rules, into.journey, from.journey) == 0);
		i = journey_instance(into.journey, key.rule, key.key);
		REQUIRE(i);
		i->episode = 2027;
		CHECK_INT(spent_number(&rule, i), 12027);
		scene_release(&into);
		scene_release(&from);
	}
}

static const struct check_case cases[] = {
	{"it waits again in a raised epoch", test_raised},
	{"of two epochs before", test_raised_twice},
	{"what happens behind it concerns the last one", test_last_alone},
	{"what was settled before stays so", test_settled},
	{"numbers begin anew", test_numbers},
	{"what was told may be told again", test_told},
	{"numbers of years", test_years},
	{"numbers of years that are taken over", test_years_taken},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
