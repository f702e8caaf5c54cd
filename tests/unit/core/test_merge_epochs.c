/* SPDX-License-Identifier: MIT */
/*
 * Two customers turn out to be one, and what each was sent is of another epoch of the rule. Jobs
 * are named by the epoch: what is taken back bears the name of the one it was made in. What happens
 * behind a job of the later epoch does not concern one of an epoch before, as it does not for who
 * has one name (test_job_names.c); what was before both concerns both.
 */
#include "absence_scene.h"

static const struct carried c1 = {.cart = "C1"};
static const struct rule_match order[] = {
	{.by = MATCH_KIND, .kind = EVENT_ORDER_COMPLETED, .terminal = true}};

/* Who has had the cart's message or waits for it, in an epoch. */
static void one_init(struct scene *s, const char *name, uint32_t epoch, int64_t at, bool sent)
{
	struct rule rule = scene_cart("cart");

	rule.cancel = order;
	rule.n_cancel = 1;
	rule.epoch = epoch;
	scene_init(s, &rule, 1);
	REQUIRE(text_set(&s->journey->customer, span_str(name)) == 0);
	scene_event(s, EVENT_PRODUCT_ADDED, c1, at, at);
	if (sent)
		scene_tick(s, at + 4 * H);
	(void)scene_take(s);
}

/* Anna was sent it at 4 h and the visitor at 5 h, or waits until then; they become one, and an hour
 * or, while it is waited for, a minute later an order for the cart comes in, in the latter case
 * from before either was due. */
static void become_one(struct scene *anna, uint32_t hers, uint32_t theirs, bool sent)
{
	int64_t at = sent ? 6 * H : 4 * H, ordered = sent ? at + H : at + M;
	struct scene visitor;

	one_init(anna, "anna", hers, 0, true);
	one_init(&visitor, "anon:v", theirs, H, sent);
	anna->rules->list[0].epoch = 2;
	scene_merge(anna, visitor.journey, at, at);
	CHECK_STR(span_str(scene_take(anna)), "");
	scene_event(anna, EVENT_ORDER_COMPLETED, c1, sent ? ordered : 3 * H, ordered);
	scene_release(&visitor);
}

static void test_newer_comes(void)
{
	struct scene anna;

	become_one(&anna, 1, 2, true);
	CHECK_STR(span_str(scene_take(&anna)), "retracted cart cart:C1 1/main @25200000;");
	CHECK_INT(anna.last.epoch, 2);
	CHECK_STR(anna.last.subject, "anon:v");
	CHECK_STR(anna.last.home, "anon:v");
	scene_release(&anna);
}

static void test_older_comes(void)
{
	struct scene anna;

	become_one(&anna, 2, 1, true);
	CHECK_STR(span_str(scene_take(&anna)), "retracted cart cart:C1 1/main @25200000;");
	CHECK_INT(anna.last.epoch, 2);
	CHECK_INT(anna.last.subject.len + anna.last.home.len, 0);
	scene_release(&anna);
}

/* The one job that was taken back: its epoch, whom it is named after, where it lies. */
static void check_retracted(const struct scene *s, size_t n, uint32_t epoch, const char *name)
{
	for (size_t i = 0; i < s->effects.n; i++) {
		const struct decision *d = &s->effects.list[i].decision;

		if (s->effects.list[i].kind != EFFECT_RETRACT || n-- > 0)
			continue;
		CHECK_INT(d->epoch, epoch);
		CHECK_INT(d->episode, 1);
		CHECK_STR(d->subject, name);
		CHECK_STR(d->home, name);
		return;
	}
	CHECK_STR(SPAN_LIT("(nobody: none was taken back)"), name);
}

/* What waits is ended, and the order was there before what was sent in the epoch before. */
static void test_newer_waits(void)
{
	struct scene anna;

	become_one(&anna, 1, 2, false);
	CHECK_STR(span_str(scene_take(&anna)),
		"retracted cart cart:C1 1/main @14460000; cancelled cart cart:C1 @14460000;");
	check_retracted(&anna, 0, 1, "");
	CHECK_STR(anna.last.subject, "anon:v");
	scene_release(&anna);
}

/* Both were sent, and it comes to light that the order was there before either. */
static void test_both(void)
{
	for (uint32_t hers = 1; hers <= 2; hers++) {
		struct scene anna, visitor;

		one_init(&anna, "anna", hers, 0, true);
		one_init(&visitor, "anon:v", 3 - hers, H, true);
		scene_merge(&anna, visitor.journey, 6 * H, 6 * H);
		CHECK_STR(span_str(scene_take(&anna)), "");
		scene_event(&anna, EVENT_ORDER_COMPLETED, c1, 3 * H, 7 * H);
		CHECK_STR(span_str(scene_take(&anna)), "retracted cart cart:C1 1/main @25200000; "
						       "retracted cart cart:C1 1/main @25200000;");
		check_retracted(&anna, 0, hers, "");
		check_retracted(&anna, 1, 3 - hers, "anon:v");
		scene_release(&visitor);
		scene_release(&anna);
	}
}

/* Of one epoch the second is taken back when they become one: nobody is sent it twice. */
static void test_same(void)
{
	struct scene anna, visitor;

	one_init(&anna, "anna", 2, 0, true);
	one_init(&visitor, "anon:v", 2, H, true);
	scene_merge(&anna, visitor.journey, 6 * H, 6 * H);
	CHECK_STR(span_str(scene_take(&anna)), "retracted cart cart:C1 1/main @21600000;");
	CHECK_STR(anna.last.subject, "anon:v");
	scene_release(&visitor);
	scene_release(&anna);
}

/* A raised epoch allows again what comes. What belongs to the time that Anna's job was for does not
 * begin anything, whether it comes in before the two become one or behind it. */
static void test_belated(void)
{
	for (int n = 0; n < 2; n++) {
		struct scene anna, visitor;

		one_init(&anna, "anna", 1, 0, true);
		anna.rules->list[0].epoch = 2;
		scene_init(&visitor, anna.rules->list, 1);
		REQUIRE(text_set(&visitor.journey->customer, SPAN_LIT("anon:v")) == 0);
		if (n == 0)
			scene_event(&visitor, EVENT_PRODUCT_ADDED, c1, 0, 5 * H);
		scene_merge(&anna, visitor.journey, 5 * H, 5 * H);
		if (n == 1)
			scene_event(&anna, EVENT_PRODUCT_ADDED, c1, 0, 5 * H);
		CHECK_STR(span_str(scene_take(&anna)), n ? "" : "merged cart cart:C1 @18000000;");
		scene_tick(&anna, 20 * H);
		CHECK_STR(span_str(scene_take(&anna)), "");
		/* But this does. */
		scene_event(&anna, EVENT_PRODUCT_ADDED, c1, 21 * H, 21 * H);
		scene_tick(&anna, 30 * H);
		CHECK_STR(span_str(scene_take(&anna)), "fired cart cart:C1 1/main @90000000;");
		CHECK_INT(anna.last.epoch, 2);
		scene_release(&visitor);
		scene_release(&anna);
	}
}

static const struct check_case cases[] = {
	{"one of a newer epoch comes", test_newer_comes},
	{"one of an older epoch comes", test_older_comes},
	{"one that waits in a newer epoch comes", test_newer_waits},
	{"what was before both ends both", test_both},
	{"one of the same epoch comes", test_same},
	{"what belongs to the time before comes late", test_belated},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
