/* SPDX-License-Identifier: MIT */
/*
 * The index of rules is a short cut and nothing else: a set that has it and one that has not must
 * come to the same effects in the same order. Random rules over several words of bits, random
 * events; and by hand which rules are asked about what.
 */
#include "check.h"

#include "core/step.h"

#define N_RULES 150
#define N_MATCH 3

static uint64_t seed = 4;

static uint64_t chance(uint64_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (seed >> 33) % n;
}

static const enum event_kind kinds[] = {EVENT_CUSTOM, EVENT_PRODUCT_ADDED, EVENT_PRODUCT_VIEWED,
	EVENT_ORDER_COMPLETED, EVENT_IN_STORE_PURCHASE, EVENT_CART_EMPTIED, EVENT_ORDER_SHIPPED,
	EVENT_EMAIL_OPENED};
static const char *const names[] = {"Own A", "Own B", "Own C", "Nobody's"};

static struct rule_match random_match(void)
{
	struct rule_match m = {.by = (enum match_kind)chance(12)};

	if (m.by > MATCH_ANY)
		m.by = chance(2) ? MATCH_KIND : MATCH_NAME;
	else if (m.by >= MATCH_ENGAGED && chance(8))
		m.by = MATCH_NAME;
	if (m.by == MATCH_KIND) {
		m.kind = kinds[1 + chance(ARRAY_SIZE(kinds) - 1)];
		m.also = chance(3) ? EVENT_CUSTOM : kinds[1 + chance(ARRAY_SIZE(kinds) - 1)];
	}
	if (m.by == MATCH_NAME)
		m.name = span_str(names[chance(3)]);
	m.terminal = chance(8) == 0;
	return m;
}

struct some_rules {
	struct rule list[N_RULES];
	struct rule_match matches[N_RULES][3][N_MATCH];
	char ids[N_RULES][8];
};

static void random_rules(struct some_rules *some)
{
	for (size_t i = 0; i < N_RULES; i++) {
		struct rule *rule = &some->list[i];

		for (size_t k = 0; k < 3; k++)
			for (size_t n = 0; n < N_MATCH; n++)
				some->matches[i][k][n] = random_match();
		(void)snprintf(some->ids[i], sizeof(some->ids[i]), "r%zu", i);
		*rule = (struct rule){
			.id = span_str(some->ids[i]),
			.epoch = 1,
			.order = (uint32_t)i,
			.mode = (enum rule_mode)chance(3),
			.key = RULE_KEY_FIELD,
			.key_fields = {FIELD_CART_ID},
			.n_key_fields = 1,
			.key_prefix = SPAN_LIT("cart"),
			.key_else_customer = true,
			.arm = some->matches[i][0],
			.n_arm = 1,
			.touch = some->matches[i][1],
			.n_touch = chance(3) ? 0 : N_MATCH,
			.cancel = some->matches[i][2],
			.n_cancel = chance(N_MATCH + 1),
			.wait = {.kind = WAIT_SPAN, .span_ms = MS_HOUR},
			.round_ms = 1,
			.stale_ms = TIME_NEVER,
			.tombstone_ms = MS_DAY,
			.expire_ms = TIME_NEVER,
			.steps = {{.id = SPAN_LIT("main")}},
			.n_steps = 1,
		};
	}
}

static struct rules *set_of(const struct rule *list, size_t n)
{
	struct rules *rules;

	CHECK(rules_new(&rules) == 0);
	rules->list = arena_calloc(&rules->arena, n, sizeof(*list));
	memcpy(rules->list, list, n * sizeof(*list));
	rules->n = n;
	for (size_t i = 0; i < n; i++)
		CHECK(map_put(&rules->by_id, list[i].id, &rules->list[i]) == 0);
	return rules;
}

static void check_same_effects(const struct effects *a, const struct effects *b)
{
	CHECK_INT(a->n, b->n);
	for (size_t i = 0; i < a->n && i < b->n; i++) {
		const struct effect *x = &a->list[i], *y = &b->list[i];

		CHECK_INT(x->kind, y->kind);
		CHECK_INT(x->counter, y->counter);
		CHECK_INT(x->wake_at, y->wake_at);
		CHECK_INT(x->decision.outcome, y->decision.outcome);
		CHECK_INT(x->decision.fire_at, y->decision.fire_at);
		CHECK_SPAN(x->decision.rule, y->decision.rule);
		CHECK_SPAN(x->decision.key, y->decision.key);
	}
}

/* One journey through both sets. Returns the number of effects. */
static size_t compare(const struct rules *plain, const struct rules *indexed)
{
	struct journey *a = NULL, *b = NULL;
	struct effects ea, eb;
	size_t n = 0;

	CHECK(journey_new(SPAN_LIT("cust"), &a) == 0 && journey_new(SPAN_LIT("cust"), &b) == 0);
	effects_init(&ea);
	effects_init(&eb);
	for (int64_t now = 1; now < 40 * MS_HOUR; now += (int64_t)chance(2 * MS_HOUR)) {
		struct event e = {.kind = kinds[chance(ARRAY_SIZE(kinds))],
			.customer = SPAN_LIT("cust"),
			.occurred_at = now,
			.received_at = now};
		struct input input = {.kind = INPUT_EVENT, .event = &e};

		e.name = e.kind == EVENT_CUSTOM ? span_str(names[chance(ARRAY_SIZE(names))])
						: vocab_name(e.kind);
		e.flags = chance(6) ? 0 : EVENT_FLAG_MACHINE;
		CHECK(step(plain, a, &input, now, &ea) == 0);
		CHECK(step(indexed, b, &input, now, &eb) == 0);
		check_same_effects(&ea, &eb);
		n += ea.n;
		effects_reset(&ea);
		effects_reset(&eb);
	}
	effects_release(&ea);
	effects_release(&eb);
	journey_free(a);
	journey_free(b);
	return n;
}

static void index_changes_nothing(void)
{
	static struct some_rules some;
	size_t n = 0;

	for (int round = 0; round < 20 && check_failures == 0; round++) {
		struct rules *plain, *indexed;

		random_rules(&some);
		plain = set_of(some.list, N_RULES);
		indexed = set_of(some.list, N_RULES);
		CHECK(rules_index(indexed) == 0);
		n += compare(plain, indexed);
		rules_free(plain);
		rules_free(indexed);
	}
	/* Nothing is compared where nothing happens. */
	CHECK(n > 10000);
}

/* The ids of those to ask, one after another. */
static void asked(const struct rules *rules, const struct event *e, char out[32])
{
	struct rule_bits bits = rules_concerned(rules, e);
	const struct rule *rule;
	size_t len = 0;

	while ((rule = rules_next(rules, &bits)) && len + rule->id.len < 31) {
		memcpy(out + len, rule->id.ptr, rule->id.len);
		len += rule->id.len;
	}
	out[len] = '\0';
}

static void by_hand(void)
{
	static const struct rule_match added = {.by = MATCH_KIND, .kind = EVENT_PRODUCT_ADDED};
	static const struct rule_match order = {
		.by = MATCH_KIND, .kind = EVENT_ORDER_COMPLETED, .also = EVENT_IN_STORE_PURCHASE};
	static const struct rule_match own = {.by = MATCH_NAME, .name = {"Own", 3}};
	static const struct rule_match engaged = {.by = MATCH_ENGAGED};
	static const struct rule_match any = {.by = MATCH_ANY};
	static const struct rule list[] = {
		{.id = {"a", 1}, .mode = RULE_LIVE, .arm = &added, .n_arm = 1},
		{.id = {"b", 1}, .mode = RULE_SHADOW, .cancel = &order, .n_cancel = 1},
		{.id = {"c", 1}, .mode = RULE_LIVE, .touch = &own, .n_touch = 1},
		{.id = {"d", 1}, .mode = RULE_LIVE, .touch = &engaged, .n_touch = 1},
		{.id = {"e", 1}, .mode = RULE_LIVE, .arm = &any, .n_arm = 1},
		{.id = {"f", 1}, .mode = RULE_OFF, .arm = &any, .n_arm = 1},
	};
	static const struct {
		enum event_kind kind;
		const char *name;
		const char *indexed;
	} cases_[] = {
		{EVENT_PRODUCT_ADDED, "Product Added", "ade"},
		{EVENT_ORDER_COMPLETED, "Order Completed", "bde"},
		{EVENT_IN_STORE_PURCHASE, "In-Store Purchase", "bde"},
		{EVENT_ORDER_SHIPPED, "Order Shipped", "e"}, /* nobody engaged in that */
		{EVENT_CUSTOM, "Own", "cde"},
		{EVENT_CUSTOM, "own", "de"},
	};
	struct rules *plain = set_of(list, ARRAY_SIZE(list));
	struct rules *indexed = set_of(list, ARRAY_SIZE(list));
	char out[32];

	CHECK(rules_index(indexed) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases_); i++) {
		struct event e = {.kind = cases_[i].kind, .name = span_str(cases_[i].name)};

		asked(indexed, &e, out);
		CHECK_STR(span_str(out), cases_[i].indexed);
		asked(plain, &e, out);
		CHECK_STR(span_str(out), "abcde");
	}
	rules_free(plain);
	rules_free(indexed);
}

static const struct check_case cases[] = {
	{"which rules are asked", by_hand},
	{"an index changes nothing", index_changes_nothing},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
