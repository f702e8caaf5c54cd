/* SPDX-License-Identifier: MIT */
/*
 * The law of what waits: whatever came in under which of two or three names, what waits after the
 * merge, in whichever direction, is what would wait if there had been one name all along; and
 * whatever had fired by then, no mail stands for what was bought under any of them.
 */
#include "absence_scene.h"

#include "../chance.h"

#define ORDER_COMPLETED EVENT_ORDER_COMPLETED
#define ADDED		EVENT_PRODUCT_ADDED
#define STARTED		EVENT_CHECKOUT_STARTED

static const struct carried c1 = {.cart = "C1"};

/* A cart rule with a cooldown, closed for good by a terminal fact. */
static struct rule closed_rule(void)
{
	struct rule rule = scene_cart("cart");

	rule.n_cancel = 1;
	rule.tombstone_ms = 45 * MS_DAY;
	rule.cooldown_ms = 7 * MS_DAY;
	return rule;
}

#define EVENTS 14
#define ROUNDS 4000

struct happening {
	enum event_kind kind;
	struct carried carried;
	int64_t at, received;
	bool visitor;
};

static struct happening some(struct chance *c, int64_t received)
{
	static const char *const carts[] = {"C1", "C2", NULL};
	static const enum event_kind kinds[] = {
		ADDED, ADDED, ADDED, EVENT_CART_EMPTIED, ORDER_COMPLETED, STARTED};
	struct happening h = {.kind = kinds[chance_below(c, ARRAY_SIZE(kinds))],
		.carried.cart = carts[chance_below(c, ARRAY_SIZE(carts))],
		.received = received,
		.visitor = chance_below(c, 2)};

	/* Late by up to five others, and of few instants. */
	h.at = received - (int64_t)chance_below(c, 6) * M;
	return h;
}

static void compare(const struct journey *want, const struct journey *got)
{
	size_t n_want = 0, n_got = 0;

	for (size_t i = 0; i < got->n_instances; i++)
		n_got += got->instances[i].state == INSTANCE_ARMED;
	for (size_t i = 0; i < want->n_instances; i++) {
		const struct instance *w = &want->instances[i];
		const struct instance *g =
			journey_instance(got, text_span(w->rule), text_span(w->key));

		REQUIRE(g);
		CHECK_INT(g->state, w->state);
		CHECK_INT(g->cancelled_at >= w->cancelled_at, 1);
		if (w->state != INSTANCE_ARMED)
			continue;
		n_want++;
		CHECK_INT(g->anchor_at, w->anchor_at);
		CHECK_INT(g->deadline_at, w->deadline_at);
		CHECK_INT(g->fire_at, w->fire_at);
	}
	CHECK_INT(n_got, n_want);
}

/* Whatever came in under which name before anything was due. */
static void test_law(void)
{
	static const struct rule_match ends[] = {{.by = MATCH_KIND, .kind = EVENT_CART_EMPTIED},
		{.by = MATCH_KIND, .kind = ORDER_COMPLETED, .customer = true}};
	static const struct rule_match closes[] = {{.by = MATCH_KIND, .kind = EVENT_CART_EMPTIED},
		{.by = MATCH_KIND, .kind = ORDER_COMPLETED, .terminal = true}};
	static const struct rule_match any[] = {{.by = MATCH_ANY}};
	struct rule rules[4] = {
		scene_cart("ends"), scene_cart("closes"), scene_cart("idle"), scene_cart("first")};
	struct chance c = chance_new();

	rules[0].cancel = ends;
	rules[1].cancel = closes;
	rules[0].n_cancel = rules[1].n_cancel = 2;
	rules[1].tombstone_ms = 45 * MS_DAY;
	rules[2].key = RULE_KEY_CUSTOMER;
	rules[2].arm = any;
	rules[3].cancel = ends;
	rules[3].n_cancel = 2;
	rules[3].anchor_first = true;
	for (int round = 0; round < ROUNDS && check_failures == 0; round++) {
		struct scene one;
		struct two t;

		scene_init(&one, rules, 4);
		two_init(&t, rules, 4);
		for (int64_t n = 0; n < EVENTS; n++) {
			struct happening h = some(&c, n * M);

			scene_event(&one, h.kind, h.carried, h.at, h.received);
			scene_event(h.visitor ? &t.visitor : &t.anna, h.kind, h.carried, h.at,
				h.received);
		}
		if (round % 2)
			scene_merge(&t.anna, t.visitor.journey, H, H);
		else
			scene_merge(&t.visitor, t.anna.journey, H, H);
		compare(one.journey, round % 2 ? t.anna.journey : t.visitor.journey);
		scene_release(&one);
		two_release(&t);
	}
	printf("# %d histories of %d events\n", ROUNDS, EVENTS);
}

/* Jobs that were emitted and stand: told by the effects, over all names. */
static int standing(const struct two *t)
{
	int n = 0;

	for (int i = 0; i < 2; i++) {
		const int *counts = i ? t->visitor.counts : t->anna.counts;

		n += counts[COUNTER_FIRED] - counts[COUNTER_RETRACTED];
	}
	return n;
}

/* Whatever came in under which name, and whatever had fired by then: for a cart that was bought no
 * mail stands, for another one at most; and the merge itself makes none. */
static void test_mails(void)
{
	static const struct rule_match closes[] = {
		{.by = MATCH_KIND, .kind = ORDER_COMPLETED, .terminal = true}};
	struct rule rule = closed_rule();
	struct chance c = chance_new();
	int fired = 0, taken_back = 0;

	rule.cancel = closes;
	rule.wait.span_ms = 5 * M;
	for (int round = 0; round < ROUNDS && check_failures == 0; round++) {
		bool bought = false, visitor_stays = chance_below(&c, 2);
		struct scene *stays;
		struct two t;
		int before;

		two_init(&t, &rule, 1);
		stays = visitor_stays ? &t.visitor : &t.anna;
		for (int64_t n = 0; n < EVENTS; n++) {
			struct happening h = some(&c, 2 * n * M);
			struct scene *s = h.visitor ? &t.visitor : &t.anna;

			h.carried = c1;
			h.kind = h.kind == ORDER_COMPLETED && chance_below(&c, 4) ? ADDED : h.kind;
			bought = bought || h.kind == ORDER_COMPLETED;
			scene_event(s, h.kind, h.carried, h.at, h.received);
		}
		scene_tick(&t.anna, INT64_C(2) * EVENTS * M);
		scene_tick(&t.visitor, INT64_C(2) * EVENTS * M);
		before = stays->counts[COUNTER_FIRED];
		taken_back -= stays->counts[COUNTER_RETRACTED];
		scene_merge(stays, visitor_stays ? t.anna.journey : t.visitor.journey,
			INT64_C(2) * EVENTS * M, INT64_C(2) * EVENTS * M + 1);
		CHECK_INT(stays->counts[COUNTER_FIRED], before);
		taken_back += stays->counts[COUNTER_RETRACTED];
		scene_tick(stays, 2 * H);
		fired += t.anna.counts[COUNTER_FIRED] + t.visitor.counts[COUNTER_FIRED];
		CHECK(standing(&t) <= (bought ? 0 : 1));
		two_release(&t);
	}
	printf("# %d histories, %d mails, %d taken back by the merge\n", ROUNDS, fired, taken_back);
	CHECK(taken_back > ROUNDS / 100);
}

/* Three names, put together in both ways. */
static void test_three(void)
{
	static const struct rule_match closes[] = {{.by = MATCH_KIND, .kind = EVENT_CART_EMPTIED},
		{.by = MATCH_KIND, .kind = ORDER_COMPLETED, .terminal = true}};
	struct rule rule = closed_rule();
	struct chance c = chance_new();

	rule.cancel = closes;
	rule.n_cancel = 2;
	for (int round = 0; round < ROUNDS && check_failures == 0; round++) {
		struct scene one, third[2];
		struct two t[2];

		scene_init(&one, &rule, 1);
		for (int way = 0; way < 2; way++) {
			two_init(&t[way], &rule, 1);
			scene_init(&third[way], &rule, 1);
		}
		for (int64_t n = 0; n < EVENTS; n++) {
			struct happening h = some(&c, n * M);
			bool other = chance_below(&c, 3) == 0;

			scene_event(&one, h.kind, h.carried, h.at, h.received);
			for (int way = 0; way < 2; way++)
				scene_event(other	? &third[way]
					    : h.visitor ? &t[way].visitor
							: &t[way].anna,
					h.kind, h.carried, h.at, h.received);
		}
		scene_merge(&t[0].anna, t[0].visitor.journey, H, H);
		scene_merge(&t[0].anna, third[0].journey, H, H);
		scene_merge(&t[1].visitor, third[1].journey, H, H);
		scene_merge(&t[1].anna, t[1].visitor.journey, H, H);
		compare(one.journey, t[0].anna.journey);
		compare(one.journey, t[1].anna.journey);
		for (int way = 0; way < 2; way++) {
			two_release(&t[way]);
			scene_release(&third[way]);
		}
		scene_release(&one);
	}
}

static const struct check_case cases[] = {
	{"what waits is what would wait under one name", test_law},
	{"what was bought under any name is not written about", test_mails},
	{"three names", test_three},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
