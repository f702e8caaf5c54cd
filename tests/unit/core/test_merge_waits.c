/* SPDX-License-Identifier: MIT */
/* What waits when two customers turn out to be one, by what happened and not by what was heard
 * first. Instants are hand arithmetic. */
#include "absence_scene.h"
#include "core/merge.h"

#define ADDED EVENT_PRODUCT_ADDED

static const struct carried c1 = {.cart = "C1"};

/* Of what was done under two names: who is anna, and who turns out to be. */
static void name_them(struct scene *anna, struct scene *visitor)
{
	REQUIRE(text_set(&visitor->journey->customer, SPAN_LIT("anon:v")) == 0);
	REQUIRE(text_set(&anna->journey->customer, SPAN_LIT("anna")) == 0);
}

/* What Anna did under her own name keeps what the visitor began from being due: four hours from
 * there, and what grace adds. What she did when it was due already does not. */
static void test_touched(void)
{
	static const struct rule_match shown[] = {{.by = MATCH_KIND, .kind = EVENT_PRODUCT_SHOWN}};
	static const struct {
		int64_t at;
		const char *told;
	} ways[] = {
		{H, "fired cart cart:C1 1/main @18000000;"},
		{4 * H, "fired cart cart:C1 1/main @32400000;"},
		{4 * H + 1, "fired cart cart:C1 1/main @18000000;"},
	};

	for (size_t n = 0; n < ARRAY_SIZE(ways); n++) {
		struct rule rule = scene_cart("cart");
		struct scene anna, visitor;

		rule.touch = shown;
		rule.n_touch = 1;
		rule.grace_ms = n == 0 ? 0 : H;
		scene_init(&anna, &rule, 1);
		scene_init(&visitor, &rule, 1);
		name_them(&anna, &visitor);
		scene_event(&visitor, ADDED, c1, 0, 0);
		scene_event(&anna, EVENT_PRODUCT_SHOWN, c1, ways[n].at, ways[n].at);
		scene_merge(&anna, visitor.journey, ways[n].at + M, ways[n].at + M);
		scene_tick(&anna, 20 * H);
		CHECK_STR(span_str(scene_take(&anna)), ways[n].told);
		scene_release(&anna);
		scene_release(&visitor);
	}
}

/* Two additions of one instant, of whichever name the first was heard: the greater name's is in
 * force. */
static void test_one_instant(void)
{
	for (int64_t n = 0; n < 2; n++) {
		struct rule rule = scene_cart("cart");
		struct scene anna, visitor;

		scene_init(&anna, &rule, 1);
		scene_init(&visitor, &rule, 1);
		name_them(&anna, &visitor);
		scene_event(&visitor, ADDED, c1, 0, n * M);
		scene_event(&anna, ADDED, c1, 0, M - n * M);
		scene_merge(&anna, visitor.journey, H, H);
		scene_tick(&anna, 4 * H);
		CHECK_STR(anna.last.subject, "anon:v");
		(void)scene_take(&anna);
		scene_release(&anna);
		scene_release(&visitor);
	}
}

int main(void)
{
	static const struct check_case cases[] = {
		{"touched under the other name", test_touched},
		{"armed at one instant", test_one_instant},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
