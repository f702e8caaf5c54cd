/* SPDX-License-Identifier: MIT */
/*
 * News in every order of arrival: the same jobs. Each scene is played in all permutations of its
 * events, all of them in time; what it must come to follows from the order in which they happened
 * and is hand arithmetic, in minutes.
 */
#include "absence_scene.h"
#include "core/policy.h"

#define ADDED	EVENT_PRODUCT_ADDED
#define VIEWED	EVENT_CART_VIEWED
#define EMPTIED EVENT_CART_EMPTIED

#define CART_1                                                                                     \
	{                                                                                          \
		.cart = "C1"                                                                       \
	}
#define CART_2                                                                                     \
	{                                                                                          \
		.cart = "C2"                                                                       \
	}

static const struct rule_match emptied[] = {{.by = MATCH_KIND, .kind = EMPTIED}};
static const struct rule_match viewed[] = {{.by = MATCH_KIND, .kind = VIEWED}};
static const struct rule_match anything[] = {{.by = MATCH_ANY, .customer = true}};
static const struct rule_match twice[] = {
	{.by = MATCH_KIND, .kind = ADDED, .count = 2, .within_ms = H}};

static const struct carried c1 = CART_1;
static const struct carried c2 = {.cart = "C2"};

struct happening {
	enum event_kind kind;
	struct carried carried;
	int minute;
};

enum { HAPPENINGS_MAX = 5 };

struct one_scene {
	const char *name;
	void (*change)(struct rule *rule);
	struct happening what[HAPPENINGS_MAX];
	const char *jobs; /* KEY ANCHOR/DEADLINE of each */
};

static void touched(struct rule *rule)
{
	rule->touch = viewed;
	rule->n_touch = 1;
}

static void touched_by_all(struct rule *rule)
{
	rule->touch = anything;
	rule->n_touch = 1;
}

static void first(struct rule *rule)
{
	rule->anchor_first = true;
}

static void first_touched(struct rule *rule)
{
	first(rule);
	touched(rule);
}

static void counted(struct rule *rule)
{
	rule->arm = twice;
}

/* The instant is in the order_id, which is as good a field as any. */
static void given(struct rule *rule)
{
	rule->wait =
		(struct rule_wait){.kind = WAIT_FIELD, .fields = {FIELD_ORDER_ID}, .n_fields = 1};
}

static void given_first(struct rule *rule)
{
	given(rule);
	first(rule);
}

static void given_counted(struct rule *rule)
{
	given(rule);
	counted(rule);
}

static void latest(struct rule *rule)
{
	rule->replace = REPLACE_LATEST;
}

static void greatest(struct rule *rule)
{
	rule->replace = REPLACE_GREATEST;
	rule->replace_field = FIELD_TOTAL;
}

#define AT_300                                                                                     \
	{                                                                                          \
		.cart = "C1", .order = "1970-01-01T05:00:00Z"                                      \
	}
#define AT_310                                                                                     \
	{                                                                                          \
		.cart = "C1", .order = "1970-01-01T05:10:00Z"                                      \
	}

static const struct one_scene scenes[] = {
	{"a cancel is older than a touch", touched,
		{{ADDED, CART_1, 0}, {EMPTIED, CART_1, 60}, {VIEWED, CART_1, 75}}, ""},
	{"a cancel is older than an arming event that was touched", touched,
		{{ADDED, CART_1, 0}, {EMPTIED, CART_1, 60}, {ADDED, CART_1, 61},
			{VIEWED, CART_1, 75}},
		"cart:C1 75/315;"},
	{"a cancel is between the arming events and the touch", touched,
		{{ADDED, CART_1, 0}, {ADDED, CART_1, 50}, {EMPTIED, CART_1, 60},
			{VIEWED, CART_1, 75}},
		""},
	{"a touch", touched, {{ADDED, CART_1, 0}, {VIEWED, CART_1, 75}}, "cart:C1 75/315;"},
	{"a touch of another cart", touched, {{ADDED, CART_1, 0}, {VIEWED, CART_2, 75}},
		"cart:C1 0/240;"},
	{"a touch of all carts", touched_by_all, {{ADDED, CART_1, 0}, {VIEWED, CART_2, 75}},
		"cart:C1 75/315;"},
	{"a touch of all carts without one", touched_by_all,
		{{ADDED, CART_1, 0}, {ADDED, CART_2, 20}, {VIEWED, {.cart = NULL}, 75}},
		"cart:C1 75/315;cart:C2 75/315;"},
	{"what begins another cart touches this one", touched_by_all,
		{{ADDED, CART_1, 0}, {ADDED, CART_2, 20}}, "cart:C1 20/260;cart:C2 20/260;"},
	{"what ends another cart touches this one", touched_by_all,
		{{ADDED, CART_1, 0}, {ADDED, CART_2, 20}, {EMPTIED, CART_2, 30}},
		"cart:C1 30/270;"},
	{"a cancel is older than a touch of all", touched_by_all,
		{{ADDED, CART_1, 0}, {EMPTIED, CART_1, 60}, {VIEWED, CART_2, 75}}, ""},
	{"the first of several", first,
		{{ADDED, CART_1, 0}, {ADDED, CART_1, 40}, {ADDED, CART_1, 50}}, "cart:C1 0/240;"},
	{"the first behind a cancel", first,
		{{ADDED, CART_1, 0}, {EMPTIED, CART_1, 30}, {ADDED, CART_1, 40},
			{ADDED, CART_1, 50}},
		"cart:C1 40/280;"},
	{"the first behind two cancels", first,
		{{ADDED, CART_1, 0}, {EMPTIED, CART_1, 30}, {ADDED, CART_1, 40},
			{EMPTIED, CART_1, 45}, {ADDED, CART_1, 50}},
		"cart:C1 50/290;"},
	{"a cancel behind all", first,
		{{ADDED, CART_1, 0}, {ADDED, CART_1, 40}, {EMPTIED, CART_1, 41}}, ""},
	{"the first, touched", first_touched,
		{{ADDED, CART_1, 0}, {EMPTIED, CART_1, 30}, {ADDED, CART_1, 40},
			{VIEWED, CART_1, 45}, {ADDED, CART_1, 50}},
		"cart:C1 45/285;"},
	{"a window", counted, {{ADDED, CART_1, 0}, {ADDED, CART_1, 30}, {ADDED, CART_1, 50}},
		"cart:C1 50/290;"},
	{"a window that a cancel cuts", counted,
		{{ADDED, CART_1, 0}, {EMPTIED, CART_1, 10}, {ADDED, CART_1, 30}}, ""},
	{"a window behind one that a cancel cuts", counted,
		{{ADDED, CART_1, 0}, {EMPTIED, CART_1, 10}, {ADDED, CART_1, 30},
			{ADDED, CART_1, 50}},
		"cart:C1 50/290;"},
	{"a window with a given instant", given_counted, {{ADDED, AT_310, 0}, {ADDED, AT_300, 30}},
		"cart:C1 30/300;"},
	{"two instants at one moment", given, {{ADDED, AT_310, 5}, {ADDED, AT_300, 5}},
		"cart:C1 5/310;"},
	{"two instants at one moment, the first counts", given_first,
		{{ADDED, AT_310, 5}, {ADDED, AT_300, 5}}, "cart:C1 5/300;"},
	{"the later of two carts", latest, {{ADDED, CART_1, 0}, {ADDED, CART_2, 10}},
		"cart:C2 10/250;"},
	{"the later of two carts is given up", latest,
		{{ADDED, CART_1, 0}, {ADDED, CART_2, 10}, {EMPTIED, CART_2, 20}}, "cart:C1 0/240;"},
	{"of equal carts at one moment", greatest,
		{{ADDED, {.cart = "C1", .total = "5"}, 0},
			{ADDED, {.cart = "C2", .total = "5.0"}, 0}},
		"cart:C2 0/240;"},
	{"of equal carts the later", greatest,
		{{ADDED, {.cart = "C1", .total = "5"}, 7},
			{ADDED, {.cart = "C2", .total = "5"}, 0}},
		"cart:C1 7/247;"},
	{"a cart that lost its worth", greatest,
		{{ADDED, {.cart = "C1", .total = "9"}, 0}, {ADDED, {.cart = "C2", .total = "5"}, 1},
			{ADDED, {.cart = "C1", .total = "1"}, 2}},
		"cart:C2 1/241;"},
};

static const char *jobs_of(const struct scene *s)
{
	static char text[256];
	size_t used = 0;

	text[0] = '\0';
	for (size_t n = 0; n < s->journey->n_instances; n++) {
		const struct instance *i = &s->journey->instances[n];

		if (i->last_deadline_at == INT64_MIN)
			continue;
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%.*s %lld/%lld;",
			(int)i->key.len, i->key.ptr, (long long)(i->last_anchor_at / M),
			(long long)(i->last_deadline_at / M));
	}
	return text;
}

static void play(const struct one_scene *one, const size_t *order, size_t n)
{
	struct rule rule = scene_cart("cart");
	struct scene s;

	rule.grace_ms = 2 * H;
	rule.cancel = emptied;
	rule.n_cancel = 1;
	one->change(&rule);
	scene_init(&s, &rule, 1);
	for (size_t k = 0; k < n; k++) {
		const struct happening *h = &one->what[order[k]];

		scene_event(&s, h->kind, h->carried, h->minute * M, 80 * M + (int64_t)k);
	}
	scene_tick(&s, 24 * H);
	if (strcmp(jobs_of(&s), one->jobs) != 0)
		printf("# %s, the first of them %zu\n", one->name, order[0]);
	CHECK_STR(span_str(jobs_of(&s)), one->jobs);
	scene_release(&s);
}

static void permute(const struct one_scene *one, size_t *order, size_t done, size_t n)
{
	if (done == n)
		play(one, order, n);
	for (size_t k = done; k < n; k++) {
		size_t other = order[k];

		order[k] = order[done];
		order[done] = other;
		permute(one, order, done + 1, n);
		order[done] = order[k];
		order[k] = other;
	}
}

static void test_orders(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(scenes); i++) {
		size_t order[HAPPENINGS_MAX] = {0}, n = 0;

		for (; n < HAPPENINGS_MAX && scenes[i].what[n].kind; n++)
			order[n] = n;
		permute(&scenes[i], order, 0, n);
	}
}

/* News of before the deadline takes back what came of it, all steps. */
static void test_steps_taken_back(void)
{
	struct rule rule = scene_cart("cart");
	struct scene s;

	rule.cancel = emptied;
	rule.n_cancel = 1;
	rule.steps[0].id = SPAN_LIT("m1");
	rule.steps[1] = (struct rule_step){.id = SPAN_LIT("m2"), .after_ms = H};
	rule.n_steps = 2;
	scene_init(&s, &rule, 1);
	scene_event(&s, ADDED, c1, 0, 0);
	scene_tick(&s, 6 * H);
	CHECK_STR(span_str(scene_take(&s)),
		"fired cart cart:C1 1/m1 @14400000; fired cart cart:C1 1/m2 @18000000;");
	scene_event(&s, EMPTIED, c1, 3 * H, 7 * H);
	CHECK_STR(span_str(scene_take(&s)),
		"retracted cart cart:C1 1/m1 @25200000; retracted cart cart:C1 1/m2 @25200000;");
	/* and only once */
	scene_event(&s, EMPTIED, c1, 3 * H, 8 * H);
	CHECK_STR(span_str(scene_take(&s)), "");
	scene_release(&s);
}

/* Between the steps an arming event makes the next one wait; one that a cancel parts from them is
 * an episode of its own, whichever of the two comes in first. */
static void test_between_steps(void)
{
	for (int late = 0; late < 2; late++) {
		struct rule rule = scene_cart("cart");
		struct scene s;

		rule.cancel = emptied;
		rule.n_cancel = 1;
		rule.grace_ms = 10 * M;
		rule.steps[0].id = SPAN_LIT("m1");
		rule.steps[1] = (struct rule_step){.id = SPAN_LIT("m2"), .after_ms = H};
		rule.n_steps = 2;
		scene_init(&s, &rule, 1);
		scene_event(&s, ADDED, c1, 0, 0);
		scene_tick(&s, 4 * H + 20 * M);
		CHECK_STR(span_str(scene_take(&s)), "fired cart cart:C1 1/m1 @15000000;");
		if (!late)
			scene_event(&s, EMPTIED, c1, 4 * H + 30 * M, 4 * H + 30 * M);
		scene_event(&s, ADDED, c1, 4 * H + 31 * M, 4 * H + 31 * M);
		if (late)
			scene_event(&s, EMPTIED, c1, 4 * H + 30 * M, 4 * H + 32 * M);
		scene_tick(&s, 12 * H);
		CHECK(strstr(scene_take(&s), "fired cart cart:C1 2/m1 @31260000; "
					     "fired cart cart:C1 2/m2 @35460000;"));
		scene_release(&s);
	}
}

/* Where each says until when to wait, the next step waits for all of them, and speaks of the last.
 */
static void test_between_given(void)
{
	static const struct carried early = {.cart = "C1", .order = "1970-01-01T04:00:00Z"},
				    later = {.cart = "C1", .order = "1970-01-01T08:00:00Z"},
				    last = {.cart = "C1", .order = "1970-01-01T07:00:00Z"};

	for (int n = 0; n < 4; n++) {
		struct rule rule = scene_cart("cart");
		struct scene s;

		given(&rule);
		rule.cancel = emptied;
		rule.n_cancel = n & 2 ? 1 : 0;
		rule.steps[0].id = SPAN_LIT("m1");
		rule.steps[1] = (struct rule_step){.id = SPAN_LIT("m2"), .after_ms = H};
		rule.n_steps = 2;
		scene_init(&s, &rule, 1);
		scene_event(&s, ADDED, early, 0, 0);
		scene_tick(&s, 4 * H);
		scene_event(&s, ADDED, n & 1 ? last : later, (n & 1 ? 32 : 31) * M + 4 * H,
			4 * H + 40 * M);
		scene_event(&s, ADDED, n & 1 ? later : last, (n & 1 ? 31 : 32) * M + 4 * H,
			4 * H + 40 * M);
		scene_tick(&s, 12 * H);
		CHECK_STR(span_str(scene_take(&s)),
			"fired cart cart:C1 1/m1 @14400000; fired cart cart:C1 1/m2 @28800000;");
		scene_release(&s);
	}
}

/* A cancel takes back what came out last, and the next episode makes no difference: neither that it
 * has begun, nor whether what began it came in before the cancel or happened before it. What came
 * out before that stays. */
static void test_next_episode(void)
{
	for (int n = 0; n < 4; n++) {
		bool overtakes = n & 1;
		int64_t added = 15 * H, emptied_at = n & 2 ? added - M : added + M;
		struct rule rule = scene_cart("cart");
		struct scene s;

		rule.cancel = emptied;
		rule.n_cancel = 1;
		scene_init(&s, &rule, 1);
		scene_event(&s, ADDED, c1, 0, 0);
		scene_event(&s, ADDED, c1, 5 * H, 5 * H);
		scene_tick(&s, 10 * H);
		CHECK_STR(span_str(scene_take(&s)), "fired cart cart:C1 1/main @14400000; fired "
						    "cart cart:C1 2/main @32400000;");
		if (!overtakes)
			scene_event(&s, EMPTIED, c1, emptied_at, 16 * H);
		scene_event(&s, ADDED, c1, added, 16 * H);
		if (overtakes)
			scene_event(&s, EMPTIED, c1, emptied_at, 16 * H);
		CHECK(strstr(scene_take(&s), "retracted cart cart:C1 2/main @57600000;"));
		CHECK_INT(s.counts[COUNTER_RETRACTED], 1);
		scene_tick(&s, 30 * H);
		CHECK_INT(s.counts[COUNTER_FIRED], n & 2 ? 3 : 2);
		scene_release(&s);
	}
}

/* The latest job and the eight before it. */
static void test_bound(void)
{
	static const struct rule_match closes[] = {
		{.by = MATCH_KIND, .kind = EVENT_ORDER_COMPLETED, .terminal = true}};

	for (int jobs = 1 + INSTANCE_EARLIER_MAX; jobs <= 2 + INSTANCE_EARLIER_MAX; jobs++) {
		struct rule rule = scene_cart("cart");
		struct scene s;

		rule.cancel = closes;
		rule.n_cancel = 1;
		rule.tombstone_ms = MS_DAY;
		scene_init(&s, &rule, 1);
		for (int64_t k = 0; k < jobs; k++)
			scene_event(&s, ADDED, c1, k * 5 * H, k * 5 * H);
		scene_tick(&s, 60 * H);
		CHECK_INT(s.counts[COUNTER_FIRED], jobs);
		scene_event(&s, EVENT_ORDER_COMPLETED, c1, H, 60 * H);
		CHECK_INT(s.counts[COUNTER_RETRACTED], 1 + INSTANCE_EARLIER_MAX);
		CHECK_INT(s.journey->instances[0].last_deadline_at == INT64_MIN, 1);
		scene_release(&s);
	}
}

/* More later arming events than are kept: the earliest of them are forgotten, not the latest. */
static void test_later_bound(void)
{
	struct rule rule = scene_cart("cart");
	struct scene s;

	rule.grace_ms = 2 * H;
	rule.cancel = emptied;
	rule.n_cancel = 1;
	rule.anchor_first = true;
	scene_init(&s, &rule, 1);
	for (int k = 0; k <= INSTANCE_ARMINGS_MAX; k++)
		scene_event(&s, ADDED, c1, k * M, k * M);
	CHECK_INT(s.journey->instances[0].n_armings, INSTANCE_ARMINGS_MAX);
	CHECK_INT(s.journey->instances[0].armings[0].at, M);
	scene_event(&s, ADDED, c1, 17 * M, 17 * M);
	CHECK_INT(s.journey->instances[0].n_armings, INSTANCE_ARMINGS_MAX);
	CHECK_INT(s.journey->instances[0].armings[0].at, 2 * M);
	scene_event(&s, EMPTIED, c1, 16 * M, 18 * M);
	scene_tick(&s, 24 * H);
	CHECK_STR(span_str(jobs_of(&s)), "cart:C1 17/257;");
	scene_release(&s);
}

/* What each keeps of its event is bounded together. */
static void test_later_data(void)
{
	static char name[INSTANCE_DATA_MAX / 2];
	struct carried heavy = {.cart = "C1", .total = "5"};
	struct rule rule = scene_cart("cart");
	struct scene s;
	size_t kept = 0;

	memset(name, 'n', sizeof(name));
	rule.cancel = emptied;
	rule.n_cancel = 1;
	rule.anchor_first = true;
	rule.data[0] = (struct rule_data){.name = {name, sizeof(name)}, .field = FIELD_TOTAL};
	rule.n_data = 1;
	scene_init(&s, &rule, 1);
	for (int k = 0; k < 4; k++)
		scene_event(&s, ADDED, heavy, k * M, k * M);
	for (size_t n = 0; n < s.journey->instances[0].n_armings; n++)
		kept += s.journey->instances[0].armings[n].data.len;
	CHECK(kept > 0 && kept <= INSTANCE_DATA_MAX);
	CHECK_INT(s.journey->instances[0].armings[s.journey->instances[0].n_armings - 1].at, 3 * M);
	scene_release(&s);
}

/* The first of two who are one is cancelled: the other waits, under the name that it came under. */
static void test_second_name(void)
{
	struct rule rule = scene_cart("cart");
	struct scene anna, visitor;

	rule.anchor_first = true;
	rule.cancel = emptied;
	rule.n_cancel = 1;
	scene_init(&anna, &rule, 1);
	scene_init(&visitor, &rule, 1);
	REQUIRE(text_set(&anna.journey->customer, SPAN_LIT("anna")) == 0);
	REQUIRE(text_set(&visitor.journey->customer, SPAN_LIT("anon:v")) == 0);
	scene_event(&anna, ADDED, c1, H, H);
	scene_event(&visitor, ADDED, c1, 2 * H, 2 * H);
	scene_merge(&anna, visitor.journey, 2 * H, 2 * H);
	(void)scene_take(&anna);
	scene_event(&anna, EMPTIED, c1, H + M, 3 * H);
	scene_tick(&anna, 7 * H);
	CHECK_STR(span_str(scene_take(&anna)),
		"cancelled cart cart:C1 @10800000; fired cart cart:C1 1/main @21600000;");
	CHECK_STR(anna.last.subject, "anon:v");
	scene_release(&anna);
	scene_release(&visitor);
}

/*
 * What is over is over by its own instant, whether anything else came in since or not. That the
 * cart was touched at one is known for as long as something may wait from there, so that it puts
 * off what was added before and comes in on the next day; and an open cart that nobody touches is
 * forgotten after 90 days, so that a job of 100 days later says nothing of it.
 */
static void test_over(void)
{
	static const struct rule_match shown[] = {{.by = MATCH_KIND, .kind = EVENT_PRODUCT_SHOWN}};

	for (int other = 0; other <= 1; other++) {
		struct rule rule = scene_cart("r");
		struct scene s;

		rule.wait.span_ms = 48 * H;
		rule.touch = shown;
		rule.n_touch = 1;
		scene_init(&s, &rule, 1);
		scene_event(&s, EVENT_PRODUCT_SHOWN, c1, H, H);
		if (other)
			scene_event(&s, EVENT_PRODUCT_SHOWN, c2, 26 * H, 26 * H);
		scene_event(&s, EVENT_PRODUCT_ADDED, c1, 0, 27 * H);
		scene_tick(&s, 100 * H);
		CHECK_STR(span_str(scene_take(&s)), "fired r cart:C1 1/main @176400000;");
		scene_release(&s);
	}
	for (int other = 0; other <= 1; other++) {
		struct rule rule = scene_cart("r");
		struct scene s;

		rule.wait.span_ms = 100 * MS_DAY;
		rule.data[0] = (struct rule_data){.name = SPAN_LIT("open"),
			.from = DATA_NOW,
			.field = fact_find(SPAN_LIT("cart.open"))};
		rule.n_data = 1;
		scene_init(&s, &rule, 1);
		scene_event(&s, EVENT_PRODUCT_ADDED, c1, 0, 0);
		if (other)
			scene_event(&s, EVENT_PRODUCT_SHOWN, c2, 95 * MS_DAY, 95 * MS_DAY);
		scene_tick(&s, 101 * MS_DAY);
		CHECK_STR(s.last.data, "");
		CHECK_STR(span_str(scene_take(&s)), "fired r cart:C1 1/main @8640000000;");
		scene_release(&s);
	}
}

int main(void)
{
	static const struct check_case cases[] = {
		{"in any order", test_orders},
		{"what is over", test_over},
		{"all steps are taken back", test_steps_taken_back},
		{"between the steps", test_between_steps},
		{"between the steps, until a given time", test_between_given},
		{"the next episode", test_next_episode},
		{"of many jobs the last nine", test_bound},
		{"of many later arming events the last", test_later_bound},
		{"what they keep is bounded", test_later_data},
		{"the second name", test_second_name},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
