/* SPDX-License-Identifier: MIT */
/* What a journey forgets, and not a moment sooner: each bound met exactly and passed by one. */
#include "absence_scene.h"

#include "core/journey.h"

#define NOW (2000 * MS_DAY)

static struct thing *add(struct journey *j, enum thing_kind kind, const char *id, int64_t at)
{
	struct thing *t = journey_add_thing(j, kind, span_str(id));

	assert(t);
	t->at[0] = t->touched_at = at;
	return t;
}

/* Pairs: the first is kept by a millisecond. */
static void test_things(void)
{
	_cleanup_(journey_freep) struct journey *j = NULL;
	struct thing *t;

	REQUIRE(journey_new(SPAN_LIT("u"), &j) == 0);
	for (int gone = 0; gone < 2; gone++) {
		char id[2] = {(char)('0' + gone), '\0'};

		/* open: 400 days; in force: five years; closed: 90; what went as it should: 4.5;
		 * due: from then on */
		add(j, THING_REPAIR, id, NOW - 400 * MS_DAY - gone);
		add(j, THING_SUBSCRIPTION, id, NOW - 1830 * MS_DAY - gone);
		t = add(j, THING_TRIAL, id, NOW - 90 * MS_DAY - gone);
		t->at[TRIAL_RETURNED] = t->touched_at;
		t = add(j, THING_SHIPMENT, id, NOW - 4 * MS_DAY - MS_DAY / 2 - gone);
		t->at[SHIPMENT_DELIVERED] = t->touched_at;
		t = add(j, THING_APPOINTMENT, id, NOW - 900 * MS_DAY);
		t->due_at = NOW - 400 * MS_DAY - gone;
	}
	/* a parcel with trouble is remembered like other things */
	t = add(j, THING_SHIPMENT, "2", NOW - 5 * MS_DAY);
	t->at[SHIPMENT_DELIVERED] = t->at[SHIPMENT_FAILED] = t->touched_at;
	journey_prune(j, NULL, NOW);
	CHECK_INT(j->n_things, 6);
	for (size_t i = 0; i < j->n_things; i++)
		CHECK(!span_is(text_span(j->things[i].id), "1"));
	journey_prune(j, NULL, NOW + 1);
	CHECK_INT(j->n_things, 1);
}

/* A payment that went well is not what fails under its name half a day after the third one, be it
 * dropped by then or not. */
static void test_past(void)
{
	static const struct carried order = {.order = "O1"}, none = {.cart = NULL};
	const int64_t failed_at = 3 * MS_DAY + MS_DAY / 2 + 1;

	for (int n = 0; n < 4; n++) {
		int64_t at = failed_at - (n & 1);
		struct rule rule = scene_cart("cart");
		const struct thing *t;
		struct scene s;

		scene_init(&s, &rule, 1);
		scene_event(&s, EVENT_PAYMENT_APPROVED, order, 0, 0);
		if (n & 2)
			scene_event(&s, EVENT_CART_VIEWED, none, at, at + MS_DAY - 2);
		scene_event(&s, EVENT_PAYMENT_FAILED, order, at, at + MS_DAY - 2);
		t = journey_thing(s.journey, THING_PAYMENT, SPAN_LIT("O1"));
		REQUIRE(t);
		CHECK_INT(t->at[PAYMENT_FAILED], at);
		CHECK_INT(t->at[PAYMENT_APPROVED], n & 1 ? 0 : TIME_NEVER);
		scene_release(&s);
	}
}

/* It was asked for once more three days and a half later at the most: then all of it is one
 * payment, in whichever order that is heard. A millisecond later it was not that one. */
static void test_past_late(void)
{
	static const struct carried order = {.order = "O1"};
	const int64_t half = 3 * MS_DAY + MS_DAY / 2;

	for (int n = 0; n < 4; n++) {
		const int64_t asked_at = half + (n & 1), failed_at = half + MS_DAY / 2;
		const int64_t heard_at = failed_at + MS_DAY / 4;
		struct rule rule = scene_cart("cart");
		const struct thing *t;
		struct scene s;

		scene_init(&s, &rule, 1);
		scene_event(&s, EVENT_PAYMENT_APPROVED, order, 0, 0);
		if (n & 2)
			scene_event(&s, EVENT_PAYMENT_ACTION_REQUIRED, order, asked_at, asked_at);
		scene_event(&s, EVENT_PAYMENT_FAILED, order, failed_at, failed_at);
		if (!(n & 2))
			scene_event(&s, EVENT_PAYMENT_ACTION_REQUIRED, order, asked_at, heard_at);
		t = journey_thing(s.journey, THING_PAYMENT, SPAN_LIT("O1"));
		REQUIRE(t);
		CHECK_INT(t->at[PAYMENT_ACTION], asked_at);
		CHECK_INT(t->at[PAYMENT_FAILED], failed_at);
		CHECK_INT(t->at[PAYMENT_APPROVED], n & 1 ? TIME_NEVER : 0);
		scene_release(&s);
	}
}

/* What was before another goes when it would have gone by itself, with or without that. */
static void test_before(void)
{
	static const struct carried order = {.order = "O1"}, none = {.cart = NULL};
	const int64_t kept = 4 * MS_DAY + MS_DAY / 2;
	struct rule rule = scene_cart("cart");
	const struct thing *t;
	struct scene s;

	scene_init(&s, &rule, 1);
	scene_event(&s, EVENT_PAYMENT_APPROVED, order, 0, 0);
	scene_event(&s, EVENT_PAYMENT_FAILED, order, 4 * MS_DAY, 4 * MS_DAY);
	t = journey_thing(s.journey, THING_PAYMENT, SPAN_LIT("O1"));
	REQUIRE(t);
	scene_event(&s, EVENT_CART_VIEWED, none, kept, kept);
	REQUIRE(t->before);
	CHECK_INT(t->before->at[PAYMENT_APPROVED], 0);
	CHECK_INT(t->before->id.len, 0);
	scene_event(&s, EVENT_CART_VIEWED, none, kept + 1, kept + 1);
	CHECK(!t->before);
	scene_release(&s);
}

static void test_others(void)
{
	_cleanup_(journey_freep) struct journey *j = NULL;

	REQUIRE(journey_new(SPAN_LIT("u"), &j) == 0);
	for (int gone = 0; gone < 2; gone++) {
		struct send sent = {.at = NOW - 365 * MS_DAY - gone, .state = SEND_SENT};
		struct send released = {.at = NOW - 8 * MS_DAY - gone, .state = SEND_RELEASED};
		struct date *d = journey_add_date(j, gone ? SPAN_LIT("b") : SPAN_LIT("a"));
		struct date *kept = journey_add_date(j, gone ? SPAN_LIT("d") : SPAN_LIT("c"));

		REQUIRE(journey_add_send(j, &sent) && journey_add_send(j, &released));
		kept->said_at = 0; /* a date in force is never forgotten */
		d = journey_date(j, gone ? SPAN_LIT("b") : SPAN_LIT("a"));
		d->removed = 1;
		d->said_at = NOW - 400 * MS_DAY - gone;
	}
	journey_prune(j, NULL, NOW);
	CHECK_INT(j->n_sends, 2);
	CHECK_INT(j->n_dates, 3);
	CHECK(!journey_date(j, SPAN_LIT("b")));
}

/* Where there is no room for another wait, what is over makes it: things before the customer, whose
 * episodes are counted on and name their jobs. */
static void test_room(void)
{
	_cleanup_(journey_freep) struct journey *j = NULL;
	struct instance *i;
	char key[32];

	REQUIRE(journey_new(SPAN_LIT("u"), &j) == 0);
	for (int n = 0; n < JOURNEY_INSTANCES_MAX; n++) {
		(void)snprintf(key, sizeof(key), "cart:%d", n);
		i = journey_add_instance(j, SPAN_LIT("cart"),
			n == 0	 ? SPAN_LIT("customer")
			: n == 1 ? SPAN_LIT("birthday")
				 : span_str(key));
		REQUIRE(i);
		i->state = n == 3 ? INSTANCE_ARMED : INSTANCE_COOLING;
		i->episode = 1;
		i->touched_at = NOW + n;
	}
	for (int n = 0; n < JOURNEY_INSTANCES_MAX; n++) {
		(void)snprintf(key, sizeof(key), "order:%d", n);
		i = journey_add_instance(j, SPAN_LIT("cart"), span_str(key));
		REQUIRE(i);
		i->state = INSTANCE_ARMED;
		CHECK(journey_instance(j, SPAN_LIT("cart"), SPAN_LIT("cart:2")) == NULL);
		CHECK(journey_instance(j, SPAN_LIT("cart"), SPAN_LIT("cart:3")));
		/* of those that are left the one that nothing has happened to for longest */
		CHECK((journey_instance(j, SPAN_LIT("cart"), SPAN_LIT("customer")) != NULL) ==
			(n < JOURNEY_INSTANCES_MAX - 3));
		CHECK((journey_instance(j, SPAN_LIT("cart"), SPAN_LIT("birthday")) != NULL) ==
			(n < JOURNEY_INSTANCES_MAX - 2));
		if (n == JOURNEY_INSTANCES_MAX - 2)
			break;
	}
	CHECK(!journey_add_instance(j, SPAN_LIT("cart"), SPAN_LIT("order:x")) && errno == ENOSPC);
}

/* What is in an order is forgotten before the order is. */
static void test_baskets(void)
{
	_cleanup_(journey_freep) struct journey *j = NULL;

	REQUIRE(journey_new(SPAN_LIT("u"), &j) == 0);
	for (int n = 0; n < 3; n++) {
		char id[2] = {(char)('0' + n), '\0'};
		struct order *o = journey_add_order(j, span_str(id));

		o->at[MILESTONE_PLACED] = o->touched_at = NOW - 45 * MS_DAY - (n > 0);
		if (n < 2)
			o->at[MILESTONE_DELIVERED] = o->touched_at;
		o->basket = calloc(1, sizeof(*o->basket));
		REQUIRE(o->basket);
	}
	journey_prune(j, NULL, NOW);
	CHECK(j->orders[0].basket);
	CHECK(!j->orders[1].basket);
	CHECK(j->orders[2].basket); /* open */
}

/* Full lists: what is closed goes first, then what was not heard of for longest; wishes among
 * themselves. */
static void test_bounds(void)
{
	_cleanup_(journey_freep) struct journey *j = NULL;
	struct thing *t;
	char id[8];

	REQUIRE(journey_new(SPAN_LIT("u"), &j) == 0);
	for (int i = 0; i < 65; i++) {
		(void)snprintf(id, sizeof(id), "w%03d", i);
		add(j, THING_WISH, id, 1000 - i);
	}
	CHECK_INT(j->n_things, 64);
	CHECK(!journey_thing(j, THING_WISH, SPAN_LIT("w063")));
	for (int i = 0; i < JOURNEY_THINGS_MAX - 64; i++) {
		(void)snprintf(id, sizeof(id), "c%03d", i);
		add(j, THING_REPAIR, id, 2000 + i);
	}
	CHECK_INT(j->n_things, JOURNEY_THINGS_MAX);
	t = journey_thing(j, THING_REPAIR, SPAN_LIT("c100"));
	REQUIRE(t);
	t->at[REPAIR_COLLECTED] = 1;
	add(j, THING_INQUIRY, "1", 3000);
	CHECK_INT(j->n_things, JOURNEY_THINGS_MAX);
	CHECK(!journey_thing(j, THING_REPAIR, SPAN_LIT("c100")));
	CHECK(journey_thing(j, THING_WISH, SPAN_LIT("w062")));
	add(j, THING_INQUIRY, "2", 3000);
	CHECK(!journey_thing(j, THING_WISH, SPAN_LIT("w064")));
}

/* Of products looked at the latest eight, in whatever order they come in; at one instant the
 * greater names. */
static void test_views(void)
{
	_cleanup_(journey_freep) struct journey *j = NULL;
	char id[8];

	REQUIRE(journey_new(SPAN_LIT("u"), &j) == 0);
	for (int i = 0; i < 40; i++) {
		int n = i * 27 % 40; /* 0..39 in another order, two at an instant */

		(void)snprintf(id, sizeof(id), "p%03d", n);
		if (journey_has_room(j, THING_VIEW, span_str(id), n / 2))
			add(j, THING_VIEW, id, n / 2);
	}
	CHECK_INT(j->n_things, 8);
	CHECK(journey_thing(j, THING_VIEW, SPAN_LIT("p032")));
	CHECK(!journey_thing(j, THING_VIEW, SPAN_LIT("p031")));
	CHECK(journey_has_room(j, THING_VIEW, SPAN_LIT("p032"), 1));
	CHECK(!journey_has_room(j, THING_VIEW, SPAN_LIT("p0319"), 16));
	CHECK(journey_has_room(j, THING_VIEW, SPAN_LIT("p0321"), 16));
	CHECK(!journey_has_room(j, THING_VIEW, SPAN_LIT("p0321"), 15));
	CHECK(journey_has_room(j, THING_REPAIR, SPAN_LIT("R"), 1));
	journey_prune(j, NULL, 60 * MS_DAY + 16);
	CHECK_INT(j->n_things, 8);
	journey_prune(j, NULL, 60 * MS_DAY + 17);
	CHECK_INT(j->n_things, 6);
	CHECK(!journey_thing(j, THING_VIEW, SPAN_LIT("p033")));
}

/* A key that was closed is remembered as long as something armed in that time may wait. By the open
 * hours of a shop that never opens nothing waits, be it at once or behind a first wait; by an hour
 * of one that is open all day it did not wait that long. */
static void test_never_open(void)
{
	static const struct rule_wait hour = {.kind = WAIT_BUSINESS, .span_ms = MS_HOUR};
	static const struct {
		bool open, first; /* the first step waits by open hours, the rule does not */
		int64_t span_ms;  /* 0: the rule waits by them, too */
		size_t kept;
	} ways[] = {
		{true, false, 0, 0},
		{false, false, 0, 0},
		{false, true, MS_HOUR, 0},
		{true, true, MS_HOUR, 0},
		{true, true, 2000 * MS_DAY, 1},
	};

	for (size_t n = 0; n < ARRAY_SIZE(ways); n++) {
		struct rule rule = scene_cart("cart");
		struct policy *policy;
		struct instance *i;
		struct scene s;

		rule.wait = ways[n].span_ms ? (struct rule_wait){.kind = WAIT_SPAN,
						      .span_ms = ways[n].span_ms}
					    : hour;
		rule.grace_ms = rule.max_hold_ms = 0;
		rule.steps[0].wait = ways[n].first ? &hour : NULL;
		scene_init(&s, &rule, 1);
		policy = &s.rules->policy;
		memset(policy->n_opening, 0, sizeof(policy->n_opening));
		for (size_t day = 0; ways[n].open && day < ARRAY_SIZE(policy->n_opening); day++) {
			policy->opening[day][0] = (struct day_hours){0, 24 * 60};
			policy->n_opening[day] = 1;
		}
		i = journey_add_instance(s.journey, SPAN_LIT("cart"), SPAN_LIT("cart:C1"));
		REQUIRE(i);
		i->state = INSTANCE_CLOSED;
		i->touched_at = i->until_at = NOW - 100 * MS_DAY;
		journey_prune(s.journey, s.rules, NOW);
		CHECK_INT(s.journey->n_instances, ways[n].kept);
		scene_release(&s);
	}
}

static const struct check_case cases[] = {
	{"a shop that never opens", test_never_open},
	{"room", test_room},
	{"products looked at", test_views},
	{"things", test_things},
	{"a thing of the past", test_past},
	{"one of the past, heard of late", test_past_late},
	{"one before another", test_before},
	{"sends and dates", test_others},
	{"baskets", test_baskets},
	{"full lists", test_bounds},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
