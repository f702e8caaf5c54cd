/* SPDX-License-Identifier: MIT */
/*
 * What is known of two customers who turn out to be one: the failures that users of other systems
 * name (visits doubled, the anonymous profile winning, properties lost, traits overwritten),
 * consent by a table, and the bounds. The law over random histories is
 * tests/unit/codec/test_merge.c.
 */
#include "check.h"

#include "core/merge.h"
#include "core/rule.h"
#include "core/step.h"
#include "core/tally.h"

#define NOON INT64_C(1795262400000) /* 2026-11-21T12:00:00Z */

static struct rules *no_rules(void)
{
	struct rules *rules = NULL;
	int r = rules_new(&rules);

	assert(r == 0);
	return rules;
}

static struct journey *new_journey(const char *customer)
{
	struct journey *j = NULL;
	int r = journey_new(span_str(customer), &j);

	assert(r == 0);
	return j;
}

/* The link was said at SAID. */
static void merge(struct journey *into, const struct journey *from, int64_t said)
{
	const struct merge_terms terms = {.said_at = said};
	_cleanup_(rules_freep) struct rules *rules = no_rules();

	REQUIRE(merge_journeys(rules, into, from, &terms, NOON) == 0);
}

static void set_trait(struct journey *j, enum trait t, const char *text, int64_t at)
{
	REQUIRE(text_set(&j->traits[t], span_str(text)) == 0);
	j->trait_at[t] = at;
}

/* ---- what other systems get wrong ------------------------------------------------------------ */

/* Events, visits and orders are counted once. */
static void test_doubled(void)
{
	_cleanup_(journey_freep) struct journey *anna = new_journey("anna");
	_cleanup_(journey_freep) struct journey *guest = new_journey("email:anna@example.org");

	anna->n_events = 40;
	guest->n_events = 2;
	anna->n_orders = 3;
	guest->n_orders = 2;
	/* One of them both have heard of: the shop told it of each. */
	journey_add_order(anna, SPAN_LIT("O1"))->at[MILESTONE_PLACED] = 5;
	journey_add_order(guest, SPAN_LIT("O1"))->at[MILESTONE_PLACED] = 4;
	journey_add_order(guest, SPAN_LIT("O2"))->at[MILESTONE_PLACED] = 9;
	journey_add_order(anna, SPAN_LIT("O3"))->at[MILESTONE_SHIPPED] = 9;
	merge(anna, guest, NOON);
	CHECK_INT(anna->n_events, 42);
	CHECK_INT(anna->n_orders, 4);
	CHECK_INT(anna->n_orders_kept, 3);
	CHECK_INT(journey_order(anna, SPAN_LIT("O1"))->at[MILESTONE_PLACED], 4);
}

/* A payment that failed under one name and went well under the other AGO before NOON; is it known
 * to have gone well? LOOKED_AT: something came in under the other name since. */
static bool paid(int64_t ago, bool looked_at)
{
	_cleanup_(journey_freep) struct journey *anna = new_journey("anna");
	_cleanup_(journey_freep) struct journey *guest = new_journey("email:anna@example.org");
	_cleanup_(rules_freep) struct rules *rules = no_rules();
	struct thing *failed = journey_add_thing(anna, THING_PAYMENT, SPAN_LIT("P1"));
	struct thing *well = journey_add_thing(guest, THING_PAYMENT, SPAN_LIT("P1"));
	const struct input input = {
		.kind = INPUT_MERGE, .other = guest, .terms = {.said_at = NOON}};
	struct effects effects;

	failed->at[PAYMENT_FAILED] = failed->touched_at = NOON - 6 * MS_DAY;
	well->at[PAYMENT_APPROVED] = well->touched_at = NOON - ago;
	if (looked_at)
		journey_prune(guest, rules, NOON);
	effects_init(&effects);
	CHECK_INT(step(rules, anna, &input, NOON, &effects), 0);
	effects_release(&effects);
	failed = journey_thing(anna, THING_PAYMENT, SPAN_LIT("P1"));
	return failed && failed->at[PAYMENT_APPROVED] != TIME_NEVER;
}

/* Three days and a half, and one more (src/core/prune.c), whether anybody looked or not. */
static void test_forgotten(void)
{
	const int64_t kept = 4 * MS_DAY + MS_DAY / 2;

	CHECK(paid(kept, false));
	CHECK(paid(kept, true));
	CHECK(!paid(kept + 1, false));
	CHECK(!paid(kept + 1, true));
}

/* A payment that went well under one name, and one of its id that failed under the other AFTER
 * that: is it known to have gone well? INTO: the first is under the name that stays. */
static bool well_and_failed(int64_t after, bool into)
{
	_cleanup_(journey_freep) struct journey *anna = new_journey("anna");
	_cleanup_(journey_freep) struct journey *guest = new_journey("email:anna@example.org");
	struct thing *well = journey_add_thing(into ? anna : guest, THING_PAYMENT, SPAN_LIT("P1"));
	struct thing *failed =
		journey_add_thing(into ? guest : anna, THING_PAYMENT, SPAN_LIT("P1"));

	well->at[PAYMENT_APPROVED] = well->touched_at = NOON - 4 * MS_DAY;
	failed->at[PAYMENT_FAILED] = failed->touched_at = NOON - 4 * MS_DAY + after;
	merge(anna, guest, NOON);
	failed = journey_thing(anna, THING_PAYMENT, SPAN_LIT("P1"));
	CHECK(failed && failed->at[PAYMENT_FAILED] == NOON - 4 * MS_DAY + after);
	return failed && failed->at[PAYMENT_APPROVED] != TIME_NEVER;
}

/* Behind three days and a half it is another payment, as under one name (fold_is_past()). */
static void test_past(void)
{
	const int64_t past = 3 * MS_DAY + MS_DAY / 2;

	for (int into = 0; into < 2; into++) {
		CHECK(well_and_failed(past, into));
		CHECK(!well_and_failed(past + 1, into));
	}
}

/* Who stays is who was known, whatever the visitor did last. */
static void test_anonymous(void)
{
	_cleanup_(journey_freep) struct journey *anna = new_journey("anna");
	_cleanup_(journey_freep) struct journey *visitor = new_journey("anon:v");

	REQUIRE(text_set(&anna->user_id, SPAN_LIT("anna")) == 0);
	REQUIRE(text_set(&visitor->anonymous_id, SPAN_LIT("v")) == 0);
	set_trait(anna, TRAIT_EMAIL, "anna@example.org", NOON - 10);
	visitor->last_at = NOON;
	visitor->first_at = NOON - 90 * MS_DAY;
	anna->first_at = anna->last_at = NOON - 10;
	merge(anna, visitor, NOON);
	CHECK_STR(text_span(anna->customer), "anna");
	CHECK_STR(text_span(anna->user_id), "anna");
	CHECK_STR(text_span(anna->anonymous_id), "v");
	CHECK_STR(text_span(anna->traits[TRAIT_EMAIL]), "anna@example.org");
	CHECK_INT(anna->first_at, NOON - 90 * MS_DAY);
	CHECK_INT(anna->last_at, NOON);
	REQUIRE(journey_id(anna, SPAN_LIT("anon:v")));
	CHECK_INT(journey_id(anna, SPAN_LIT("anon:v"))->state, ID_LINKED);
	CHECK(!journey_id(anna, SPAN_LIT("anna")));
}

/* The visitor's number is the one that was said last, whatever else was done later. */
static void test_visitor(void)
{
	static const struct {
		const char *ours, *theirs;
		int64_t our_at, their_at, our_last, their_last;
		const char *want;
		int64_t want_at;
	} rows[] = {
		{"v", "w", 5, 4, 5, 9, "v", 5},
		{"v", "w", 4, 5, 9, 5, "w", 5},
		{"v", "w", 5, 5, 5, 9, "w", 5},
		{"w", "v", 5, 5, 9, 5, "w", 5},
		{"", "w", INT64_MIN, 2, 9, 9, "w", 2},
		{"v", "", 2, INT64_MIN, 2, 9, "v", 2},
		{"", "", INT64_MIN, INT64_MIN, 9, 9, "", INT64_MIN},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(journey_freep) struct journey *anna = new_journey("anna");
		_cleanup_(journey_freep) struct journey *guest = new_journey("email:a@example.org");

		REQUIRE(text_set(&anna->anonymous_id, span_str(rows[i].ours)) == 0);
		REQUIRE(text_set(&guest->anonymous_id, span_str(rows[i].theirs)) == 0);
		anna->anonymous_at = rows[i].our_at;
		guest->anonymous_at = rows[i].their_at;
		anna->last_at = rows[i].our_last;
		guest->last_at = rows[i].their_last;
		merge(anna, guest, NOON);
		CHECK_STR(text_span(anna->anonymous_id), rows[i].want);
		CHECK_INT(anna->anonymous_at, rows[i].want_at);
	}
}

/* What only one side knows is known; of what both know the later word, whoever said it. */
static void test_properties(void)
{
	_cleanup_(journey_freep) struct journey *anna = new_journey("anna");
	_cleanup_(journey_freep) struct journey *guest = new_journey("email:a@example.org");
	struct profile *p;

	set_trait(anna, TRAIT_NAME, "Anna Meier", NOON - 5);
	set_trait(guest, TRAIT_NAME, "A. Meier", NOON - 6);
	set_trait(anna, TRAIT_PHONE, "+4930123", NOON - 9);
	set_trait(guest, TRAIT_PHONE, "+4930456", NOON - 8);
	set_trait(guest, TRAIT_EMAIL, "a@example.org", NOON - 99);
	p = journey_add_profile(guest);
	p->numbers[PROFILE_POINTS] = (struct amount){{120, 0}, NOON};
	journey_add_date(guest, SPAN_LIT("birthday"))->said_at = NOON;
	journey_add_address(guest, JOB_CHANNEL_EMAIL, SPAN_EMPTY)->complained_at = NOON;
	merge(anna, guest, NOON);
	CHECK_STR(text_span(anna->traits[TRAIT_NAME]), "Anna Meier");
	CHECK_STR(text_span(anna->traits[TRAIT_PHONE]), "+4930456");
	CHECK_STR(text_span(anna->traits[TRAIT_EMAIL]), "a@example.org");
	REQUIRE(anna->profile);
	CHECK_INT(anna->profile->numbers[PROFILE_POINTS].value.mantissa, 120);
	CHECK(journey_date(anna, SPAN_LIT("birthday")));
	CHECK_INT(journey_address(anna, JOB_CHANNEL_EMAIL, SPAN_EMPTY)->complained_at, NOON);
	/* And it stays who is given up as they were. */
	CHECK_STR(text_span(guest->traits[TRAIT_NAME]), "A. Meier");
}

/* The older part of the timeline of all who were merged, and every identifier, over a chain. */
static void test_chain(void)
{
	_cleanup_(journey_freep) struct journey *anna = new_journey("anna");
	_cleanup_(journey_freep) struct journey *card = new_journey("card:1");
	_cleanup_(journey_freep) struct journey *visitor = new_journey("anon:v");
	struct customer_part *part = journey_add_part(card, SPAN_LIT("anon:w"));

	part->n_chunks = 2;
	part->sealed_n = 40;
	journey_add_id(visitor, SPAN_LIT("device:d"))->state = ID_LINKED;
	journey_add_id(card, SPAN_LIT("anna"))->state = ID_CLAIMED;
	journey_add_id(anna, SPAN_LIT("card:1"))->state = ID_CLAIMED;
	merge(card, visitor, NOON - 7);
	merge(anna, card, NOON);
	CHECK_INT(anna->n_ids, 3);
	CHECK_INT(journey_id(anna, SPAN_LIT("card:1"))->state, ID_LINKED);
	CHECK_INT(journey_id(anna, SPAN_LIT("device:d"))->state, ID_LINKED);
	CHECK_INT(journey_id(anna, SPAN_LIT("anon:v"))->first_at, NOON - 7);
	REQUIRE(journey_part_of(anna, SPAN_LIT("anon:w")));
	CHECK_INT(journey_part_of(anna, SPAN_LIT("anon:w"))->sealed_n, 40);
}

/* ---- carts ----------------------------------------------------------------------------------- */

/* A purchase that named no cart closes the other side's carts from before it, not those from after
 * it. */
static void test_carts(void)
{
	_cleanup_(journey_freep) struct journey *anna = new_journey("anna");
	_cleanup_(journey_freep) struct journey *visitor = new_journey("anon:v");

	journey_add_cart(anna, SPAN_LIT("all"))->ordered_at = 10;
	journey_add_cart(visitor, SPAN_LIT("cart:C1"))->added_at = 9;
	journey_add_cart(visitor, SPAN_LIT("cart:C2"))->added_at = 11;
	merge(anna, visitor, NOON);
	CHECK(!cart_is_open(journey_cart(anna, SPAN_LIT("cart:C1"))));
	CHECK(cart_is_open(journey_cart(anna, SPAN_LIT("cart:C2"))));
}

/* ---- consent --------------------------------------------------------------------------------- */

struct word {
	const char *topic;
	uint32_t channel;
	enum consent_word word;
	int64_t at;
};

#define ALL JOB_CHANNEL_COUNT
#define NO  CONSENT_WITHDRAWN
#define YES CONSENT_GIVEN

static void say(struct journey *j, const struct word *w)
{
	struct consent *c;

	if (!w->topic)
		return;
	c = journey_add_consent(j, span_str(w->topic), w->channel);
	REQUIRE(c);
	c->word = w->word;
	c->at = w->at;
}

/* The link was said at 10; asked about news by e-mail. */
static const struct {
	const char *name;
	struct word one, other;
	enum consent_answer want;
} consents[] = {
	{"one side said nothing", {"news", 0, YES, 3}, {NULL, 0, NO, 0}, CONSENT_IS_GIVEN},
	{"no, then yes", {"news", 0, NO, 3}, {"news", 0, YES, 5}, CONSENT_IS_WITHDRAWN},
	{"yes, then no", {"news", 0, YES, 3}, {"news", 0, NO, 5}, CONSENT_IS_WITHDRAWN},
	{"both no", {"news", 0, NO, 3}, {"news", 0, NO, 5}, CONSENT_IS_WITHDRAWN},
	{"soft and yes", {"news", 0, CONSENT_SOFT, 3}, {"news", 0, YES, 5}, CONSENT_IS_SOFT},
	{"a yes at the link is one of two", {"news", 0, NO, 3}, {"news", 0, YES, 10},
		CONSENT_IS_WITHDRAWN},
	{"a yes after it is the customer's", {"news", 0, NO, 3}, {"news", 0, YES, 11},
		CONSENT_IS_GIVEN},
	{"a no after it too", {"news", 0, NO, 12}, {"news", 0, YES, 11}, CONSENT_IS_WITHDRAWN},
	{"no to all, then yes to one", {"", 0, NO, 3}, {"news", 0, YES, 5}, CONSENT_IS_WITHDRAWN},
	{"no to all ways, then yes to one", {"news", ALL, NO, 3}, {"news", 0, YES, 5},
		CONSENT_IS_WITHDRAWN},
	{"no to all of everything", {"", ALL, NO, 3}, {"news", 0, YES, 5}, CONSENT_IS_WITHDRAWN},
	{"no to one, then yes to all", {"news", 0, NO, 3}, {"", 0, YES, 5}, CONSENT_IS_WITHDRAWN},
	{"no to another way", {"news", 1, NO, 3}, {"news", 0, YES, 5}, CONSENT_IS_GIVEN},
	{"no to another topic", {"ads", 0, NO, 3}, {"news", 0, YES, 5}, CONSENT_IS_GIVEN},
};

static void test_consents(void)
{
	for (size_t i = 0; i < 2 * ARRAY_SIZE(consents); i++) {
		const struct word *words[2] = {&consents[i / 2].one, &consents[i / 2].other};
		_cleanup_(journey_freep) struct journey *anna = new_journey("anna");
		_cleanup_(journey_freep) struct journey *guest = new_journey("email:a@b");

		/* Whichever is given up. */
		say(anna, words[i % 2]);
		say(guest, words[1 - i % 2]);
		merge(anna, guest, 10);
		if (journey_consent_answer(anna, SPAN_LIT("news"), JOB_CHANNEL_EMAIL) !=
			consents[i / 2].want)
			fprintf(stderr, "# %s\n", consents[i / 2].name);
		CHECK_INT(journey_consent_answer(anna, SPAN_LIT("news"), JOB_CHANNEL_EMAIL),
			consents[i / 2].want);
		/* What is said of it later counts by its time, whatever was said when they were
		 * two. */
		say(anna, &(struct word){"news", 0, YES, 13});
		CHECK_INT(journey_consent_answer(anna, SPAN_LIT("news"), JOB_CHANNEL_EMAIL),
			CONSENT_IS_GIVEN);
	}
}

/* Withdrawals of more topics than there is room for are taken for one of all. */
static void test_consents_full(void)
{
	_cleanup_(journey_freep) struct journey *anna = new_journey("anna");
	_cleanup_(journey_freep) struct journey *guest = new_journey("email:a@b");
	char topic[16];

	for (int i = 0; i < JOURNEY_CONSENTS_MAX; i++) {
		struct word w = {topic, 0, NO, i + 1};

		(void)snprintf(topic, sizeof(topic), "t%02d", i);
		say(anna, &w);
		w.at = 100;
		topic[0] = 'u';
		if (i == 0)
			say(guest, &w);
	}
	merge(anna, guest, 1);
	CHECK_INT(anna->n_consents, JOURNEY_CONSENTS_MAX + 1);
	CHECK(journey_opted_out(anna, JOB_CHANNEL_EMAIL));
	CHECK_INT(journey_consent_answer(anna, SPAN_LIT("t00"), JOB_CHANNEL_EMAIL),
		CONSENT_IS_WITHDRAWN);
}

/* ---- bounds ---------------------------------------------------------------------------------- */

/* Two full journeys: what stays is what would have stayed of all, whichever is given up. */
static void test_full(void)
{
	for (int way = 0; way < 2; way++) {
		_cleanup_(journey_freep) struct journey *one = new_journey("a");
		_cleanup_(journey_freep) struct journey *other = new_journey("b");
		struct journey *into = way ? one : other;
		char key[16];

		/* Orders of the one are newer, but for the first, which is open. */
		for (int i = 0; i < JOURNEY_ORDERS_MAX; i++) {
			struct order *o;

			(void)snprintf(key, sizeof(key), "a%03d", i);
			o = journey_add_order(one, span_str(key));
			o->touched_at = 1000 + i;
			o->at[MILESTONE_PLACED] = o->at[MILESTONE_DELIVERED] = 1;
			key[0] = 'b';
			o = journey_add_order(other, span_str(key));
			o->touched_at = i;
			o->at[MILESTONE_PLACED] = 1;
			o->at[MILESTONE_DELIVERED] = i ? 1 : TIME_NEVER;
			(void)journey_add_thing(one, THING_WISH, span_str(key));
			(void)journey_add_id(other, span_str(key));
			(void)journey_add_part(one, span_str(key));
		}
		merge(into, way ? other : one, NOON);
		CHECK_INT(into->n_orders_kept, JOURNEY_ORDERS_MAX);
		CHECK(journey_order(into, SPAN_LIT("b000")));
		CHECK(!journey_order(into, SPAN_LIT("a000")));
		CHECK(journey_order(into, SPAN_LIT("a001")));
		CHECK(!journey_order(into, SPAN_LIT("b255")));
		CHECK(into->n_ids <= JOURNEY_IDS_MAX);
		CHECK(into->n_parts <= JOURNEY_PARTS_MAX);
	}
}

static const struct check_case cases[] = {
	{"nothing is counted twice", test_doubled},
	{"the anonymous one does not win", test_anonymous},
	{"the visitor's number that was said last", test_visitor},
	{"nothing is lost, and no later word overwritten", test_properties},
	{"what would have been forgotten", test_forgotten},
	{"what was over when another began", test_past},
	{"who was merged before comes along", test_chain},
	{"a purchase closes carts of the other name", test_carts},
	{"consent", test_consents},
	{"consent without room", test_consents_full},
	{"bounds", test_full},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
