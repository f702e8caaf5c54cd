/* SPDX-License-Identifier: MIT */
/*
 * Thousands of identifiers on one customer: each is claimed once and counts once, limits hold to
 * the number, and what is kept of them is bounded, by the figures of core/journey.h.
 */
#include "check.h"

#include "codec/record.h"
#include "core/link_rules.h"
#include "core/merge.h"
#include "core/rule.h"

#define ALL IDENTITY_CUSTOMER_MAX

struct crowd {
	struct identity identity;
	struct journey *j;
	struct effects effects;
	size_t claims, told, counts[COUNTER_COUNT];
};

static void crowd_begin(struct crowd *c, const char *customer, uint32_t orders)
{
	int r = journey_new(span_str(customer), &c->j);

	assert(r == 0);
	c->identity = IDENTITY_DEFAULT;
	c->identity.kinds[c->identity.at[IDENTIFIER_ORDER]].limit = orders;
	effects_init(&c->effects);
}

static void crowd_end(struct crowd *c)
{
	effects_release(&c->effects);
	c->j = journey_free(c->j);
}

static void take_effects(struct crowd *c)
{
	c->claims = c->told = 0;
	memset(c->counts, 0, sizeof(c->counts));
	for (size_t i = 0; i < c->effects.n; i++) {
		c->claims += c->effects.list[i].kind == EFFECT_FORWARD &&
			     c->effects.list[i].message->kind == MESSAGE_CLAIM;
		c->told += c->effects.list[i].kind == EFFECT_DECISION;
		if (c->effects.list[i].kind == EFFECT_COUNT)
			c->counts[c->effects.list[i].counter]++;
	}
	effects_reset(&c->effects);
}

static struct span name(char text[32], const char *kind, int n)
{
	(void)snprintf(text, 32, "%s:%d", kind, n);
	return span_str(text);
}

static void say(struct crowd *c, const char *kind, int n)
{
	char text[32];
	struct event_id id = {.key = name(text, kind, n)};
	struct event e = {.occurred_at = n,
		.received_at = n,
		.logged_at = n,
		.ids = &id,
		.n_ids = 1,
		.link_rights = LINK_TRUSTED};
	struct span stronger;

	effects_reset(&c->effects);
	CHECK(link_claims(&c->identity, c->j, &e, &c->effects, NULL, &stronger) == 0);
	take_effects(c);
}

static void hear(struct crowd *c, const char *kind, int n, bool linked)
{
	char text[32];
	struct message m = {.of = name(text, kind, n), .said_at = n};

	effects_reset(&c->effects);
	CHECK((linked ? link_linked(c->j, &m, n, &c->effects)
		      : link_refused(c->j, &m, SPAN_LIT("taken"), n, &c->effects)) == 0);
	take_effects(c);
}

static size_t size_of(const struct journey *j)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;

	CHECK_INT(journey_encode(j, &b), 0);
	return b.len;
}

/* Ten thousand are as many as may be of one kind, and of all together; then one more. */
static void test_limit(void)
{
	_cleanup_(crowd_end) struct crowd c;
	size_t claims = 0, told = 0;

	crowd_begin(&c, "u1", IDENTITY_LIMIT_MAX);
	for (int i = 0; i < ALL; i++) {
		say(&c, "order", i);
		claims += c.claims;
		hear(&c, "order", i, true);
		told += c.told;
	}
	CHECK_INT(claims, ALL);
	CHECK_INT(told, ALL);
	CHECK_INT(c.j->n_ids + journey_n_marks(c.j), ALL);
	say(&c, "order", ALL);
	CHECK(c.claims == 0 && c.told == 1 && c.counts[COUNTER_IDENTITY_LIMIT] == 1);
	say(&c, "order", ALL + 1);
	CHECK(c.claims == 0 && c.told == 0 && c.counts[COUNTER_IDENTITY_LIMIT] == 1);
	/* Of another kind it is one too many of all; that is said once for each kind. */
	say(&c, "card", 1);
	CHECK(c.claims == 0 && c.told == 1 && c.counts[COUNTER_IDENTITY_LIMIT] == 1);
	/* All of them are known, whether there was room among the ids or not. */
	for (int i = 0; i < ALL; i++) {
		say(&c, "order", i);
		CHECK_INT(c.claims + c.told + c.counts[COUNTER_IDENTITY_LIMIT], 0);
		hear(&c, "order", i, true);
		CHECK_INT(c.told + c.counts[COUNTER_IDENTITY_LINKED], 0);
	}
	/* 128 ids of up to 21 bytes, 8 bytes for each of the others. */
	printf("# ten thousand identifiers: %zu bytes\n", size_of(c.j));
	CHECK(size_of(c.j) <= JOURNEY_IDS_MAX * 24 + JOURNEY_ID_MARKS_MAX * 8 + 200);
}

/* A limit between what has room among the ids and the greatest is met to the number, also by a
 * burst of which nothing was answered yet. */
static void test_burst(void)
{
	_cleanup_(crowd_end) struct crowd c;
	size_t claims = 0, refused = 0, told = 0;

	crowd_begin(&c, "u1", 300);
	for (int i = 0; i < 5000; i++) {
		say(&c, "order", i);
		claims += c.claims;
		refused += c.counts[COUNTER_IDENTITY_LIMIT];
		told += c.told;
	}
	CHECK_INT(claims, 300);
	CHECK_INT(refused, 4700);
	CHECK(told <= 1);
	/* Answers come: 290 are linked, and tell so once; ten are another's and make room. */
	for (int i = 0; i < 300; i++) {
		hear(&c, "order", i, i >= 10);
		CHECK_INT(c.told, 1);
		hear(&c, "order", i, i >= 10);
		CHECK_INT(c.counts[COUNTER_IDENTITY_LINKED], 0);
	}
	claims = told = 0;
	for (int i = 6000; i < 7000; i++) {
		say(&c, "order", i);
		claims += c.claims;
		told += c.told;
	}
	CHECK_INT(claims, 10);
	CHECK(told <= 1);
	CHECK(size_of(c.j) < 10000);
}

/* Two with ten thousand each, half of which both claimed, become one. */
static void test_merge(void)
{
	static const struct merge_terms terms = {.said_at = 9};
	_cleanup_(crowd_end) struct crowd a, b;
	_cleanup_(rules_freep) struct rules *rules = NULL;
	enum id_state state;
	size_t known = 0;
	char text[32];
	int r = rules_new(&rules);

	assert(r == 0);
	crowd_begin(&a, "u1", IDENTITY_LIMIT_MAX);
	crowd_begin(&b, "u2", IDENTITY_LIMIT_MAX);
	for (int i = 0; i < 6000; i++) {
		say(&a, "order", i);
		say(&b, "order", i + 2000);
		hear(&b, "order", i + 2000, true);
	}
	REQUIRE(merge_journeys(rules, a.j, b.j, &terms, 10) == 0);
	/* 8,000 orders and the other's own key; none stands twice. */
	CHECK_INT(a.j->n_ids, JOURNEY_IDS_MAX);
	CHECK_INT(journey_n_marks(a.j), 8001 - JOURNEY_IDS_MAX);
	for (int i = 0; i < 8000; i++) {
		CHECK(journey_knows_id(a.j, name(text, "order", i), &state));
		CHECK_INT(state, i < 2000 ? ID_CLAIMED : ID_LINKED);
	}
	/* And two that have more together than are remembered. */
	for (int i = 8000; i < 20000; i++)
		say(i < 14000 ? &a : &b, "order", i);
	REQUIRE(merge_journeys(rules, a.j, b.j, &terms, 10) == 0);
	CHECK_INT(journey_n_marks(a.j), JOURNEY_ID_MARKS_MAX);
	CHECK(size_of(a.j) <= JOURNEY_IDS_MAX * 24 + JOURNEY_ID_MARKS_MAX * 8 + 200);
	for (int i = 0; i < 20000; i++) {
		known += journey_knows_id(a.j, name(text, "order", i), &state);
		say(&a, "order", i);
		CHECK_INT(a.claims, 0);
	}
	CHECK(known >= JOURNEY_ID_MARKS_MAX);
}

/* The bytes: one past each bound, and what is not in its order, is refused. */
static void test_bytes(void)
{
	_cleanup_(journey_freep) struct journey *j = NULL, *back = NULL;
	_cleanup_(buf_release) struct buf b = BUF_INIT, again = BUF_INIT;
	struct span bytes;
	uint64_t first;
	char text[32];
	int r = journey_new(SPAN_LIT("u1"), &j);

	assert(r == 0);
	for (int i = 0; i < JOURNEY_ID_MARKS_MAX + 1; i++)
		REQUIRE(journey_mark_id(j, name(text, i % 2 ? "a" : "b", i), ID_LINKED) == 0);
	CHECK_INT(journey_n_marks(j), JOURNEY_ID_MARKS_MAX);
	REQUIRE(journey_encode(j, &b) == 0);
	bytes = buf_span(&b);
	REQUIRE(journey_decode(&bytes, &back) == 0 && bytes.len == 0);
	REQUIRE(journey_encode(back, &again) == 0);
	CHECK(span_equal(buf_span(&b), buf_span(&again)));
	CHECK(journey_knows_id(back, SPAN_LIT("u1"), &(enum id_state){0}) == false);
	/* One more, past those who add: the list has room for it. */
	REQUIRE(j->id_groups[0].cap > j->id_groups[0].n);
	j->id_groups[0].marks[j->id_groups[0].n++] = UINT64_MAX;
	CHECK_INT(journey_encode(j, &again), -EMSGSIZE);
	j->id_groups[0].n--;
	first = j->id_groups[0].marks[0];
	j->id_groups[0].marks[0] = j->id_groups[0].marks[1] ^ 1;
	buf_reset(&again);
	REQUIRE(journey_encode(j, &again) == 0);
	bytes = buf_span(&again);
	back = journey_free(back);
	CHECK_INT(journey_decode(&bytes, &back), RECORD_CORRUPT);
	j->id_groups[0].marks[0] = first;
	/* Kinds: of more than there are places for the rest go with the users. */
	for (int i = 0; i < 40; i++) {
		(void)snprintf(text, sizeof(text), "kind%d:1", i);
		REQUIRE(journey_mark_id(back ? back : j, span_str(text), ID_LINKED) == 0);
	}
	CHECK_INT(j->n_id_groups, JOURNEY_ID_GROUPS_MAX);
	CHECK_STR(text_span(j->id_groups[0].kind), "");
	buf_reset(&again);
	CHECK_INT(journey_encode(j, &again), 0);
}

static const struct check_case cases[] = {
	{"ten thousand, and one more", test_limit},
	{"a burst", test_burst},
	{"two with thousands become one", test_merge},
	{"as bytes", test_bytes},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
