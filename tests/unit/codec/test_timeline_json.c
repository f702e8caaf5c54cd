/* SPDX-License-Identifier: MIT */
#include "codec/timeline_json.h"

#include "codec/job_json.h"
#include "codec/json_scan.h"
#include "core/gate.h"

#include "check.h"
#include "journey_chance.h"

/* 2026-11-21T12:00:00.000Z */
#define NOON INT64_C(1795262400000)

static void check_entry(const struct timeline_entry *e, const char *want)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;

	REQUIRE(timeline_json(e, SPAN_LIT("cust_42"), &b) == 0);
	CHECK_STR(buf_span(&b), want);
}

static void test_event(void)
{
	struct timeline_entry e = {
		.kind = ENTRY_EVENT,
		.id = {(uint64_t)NOON + 812, 3},
		.at = NOON,
		.type = EVENT_TRACK,
		.channel = CHANNEL_WEB,
		.name = SPAN_LIT("Product Added"),
		.original = SPAN_LIT("Added Product"),
		.source = SPAN_LIT("shop"),
		.message_id = SPAN_LIT("m-1"),
		.user_id = SPAN_LIT("u"),
		.anonymous_id = SPAN_LIT("a\"<b>\n"),
		.flags = EVENT_FLAG_FUTURE | EVENT_FLAG_MACHINE | EVENT_FLAG_NO_TIME,
		.properties = SPAN_LIT("{\"price\": 19.90,\n\"q\":1e0}"),
	};

	check_entry(&e, "{\"kind\":\"event\",\"id\":\"1795262400812-3\",\"nth\":0,"
			"\"at\":\"2026-11-21T12:00:00.000Z\","
			"\"received_at\":\"2026-11-21T12:00:00.812Z\",\"type\":\"track\","
			"\"event\":\"Product Added\",\"original\":\"Added Product\","
			"\"channel\":\"web\",\"source\":\"shop\",\"message_id\":\"m-1\","
			"\"user_id\":\"u\",\"anonymous_id\":\"a\\\"<b>\\n\","
			"\"flags\":[\"future_ts\",\"machine\",\"no_time\"],"
			"\"properties\":{\"price\": 19.90, \"q\":1e0}}");
	e = (struct timeline_entry){.id = {1, 0}, .at = 1, .type = EVENT_ALIAS};
	check_entry(&e, "{\"kind\":\"event\",\"id\":\"1-0\",\"nth\":0,"
			"\"at\":\"1970-01-01T00:00:00.001Z\","
			"\"received_at\":\"1970-01-01T00:00:00.001Z\",\"type\":\"alias\","
			"\"event\":\"\",\"channel\":null,\"source\":\"\"}");
}

static struct decision decision(enum outcome outcome)
{
	return (struct decision){
		.outcome = outcome,
		.rule = SPAN_LIT("cart_abandoned"),
		.epoch = 1,
		.key = SPAN_LIT("cart:C1001"),
		.episode = 1,
		.step = SPAN_LIT("email1"),
		.at = NOON,
		.anchor_at = NOON - 4 * MS_HOUR,
		.armed_at = NOON - 4 * MS_HOUR,
		.deadline_at = NOON,
		.fire_at = NOON + 2 * MS_MINUTE,
		.by = SPAN_LIT("Order Completed"),
		.by_at = NOON - MS_SECOND,
	};
}

static void test_decision(void)
{
	struct timeline_entry e = {
		.kind = ENTRY_DECISION,
		.id = {(uint64_t)NOON, UINT64_MAX},
		.nth = 2,
		.at = NOON,
		.decision = decision(OUTCOME_RETRACTED),
	};

	e.decision.late = true;
	e.decision.fire_at = TIME_NEVER;
	e.decision.data = SPAN_LIT("\"total\":1.0");
	/* The id is the first published vector. */
	check_entry(&e, "{\"kind\":\"decision\",\"id\":\"1795262400000\",\"nth\":2,"
			"\"at\":\"2026-11-21T12:00:00.000Z\","
			"\"received_at\":\"2026-11-21T12:00:00.000Z\",\"outcome\":\"retracted\","
			"\"text\":\"cart_abandoned for cart:C1001 had fired and was taken back "
			"because of Order Completed at 2026-11-21T11:59:59.000Z, which was in time "
			"but came too late to be known.\",\"rule\":\"cart_abandoned\",\"epoch\":1,"
			"\"key\":\"cart:C1001\",\"episode\":1,\"step\":\"email1\","
			"\"job\":\"6e0a90ade49e49008d98d6bbebe4df83\","
			"\"anchor_at\":\"2026-11-21T08:00:00.000Z\","
			"\"armed_at\":\"2026-11-21T08:00:00.000Z\","
			"\"deadline\":\"2026-11-21T12:00:00.000Z\",\"fire_at\":null,"
			"\"by\":\"Order Completed\",\"by_at\":\"2026-11-21T11:59:59.000Z\","
			"\"late\":true,\"data\":{\"total\":1.0}}");
	e.decision = decision(OUTCOME_SUPPRESSED);
	e.decision.by = e.decision.step = SPAN_EMPTY;
	check_entry(&e, "{\"kind\":\"decision\",\"id\":\"1795262400000\",\"nth\":2,"
			"\"at\":\"2026-11-21T12:00:00.000Z\","
			"\"received_at\":\"2026-11-21T12:00:00.000Z\",\"outcome\":\"suppressed\","
			"\"text\":\"cart_abandoned for cart:C1001 came due at "
			"2026-11-21T12:02:00.000Z and was not sent. Its condition did not hold.\","
			"\"rule\":\"cart_abandoned\",\"epoch\":1,\"key\":\"cart:C1001\","
			"\"episode\":1,\"anchor_at\":\"2026-11-21T08:00:00.000Z\","
			"\"armed_at\":\"2026-11-21T08:00:00.000Z\","
			"\"deadline\":\"2026-11-21T12:00:00.000Z\","
			"\"fire_at\":\"2026-11-21T12:02:00.000Z\"}");
}

/* Every outcome has its sentence. */
static void test_sentences(void)
{
	static const char *const want[OUTCOME_COUNT] = {
		[OUTCOME_NONE] = "cart_abandoned for cart:C1001: nothing was decided.",
		[OUTCOME_ARMED] =
			"cart_abandoned for cart:C1001 was armed by Order Completed at "
			"2026-11-21T11:59:59.000Z; it is due at 2026-11-21T12:02:00.000Z.",
		[OUTCOME_FIRED] = "cart_abandoned for cart:C1001 fired. Armed by Order Completed "
				  "for cart:C1001; nothing cancelled it by "
				  "2026-11-21T12:00:00.000Z; the last activity at "
				  "2026-11-21T08:00:00.000Z.",
		[OUTCOME_CANCELLED] =
			"cart_abandoned for cart:C1001 was cancelled by Order Completed at "
			"2026-11-21T11:59:59.000Z; it was due at 2026-11-21T12:02:00.000Z.",
		[OUTCOME_SUPPRESSED] =
			"cart_abandoned for cart:C1001 came due at 2026-11-21T12:02:00.000Z and "
			"was not sent. What the gate says.",
		[OUTCOME_STALE] = "cart_abandoned for cart:C1001 was not armed: Order Completed at "
				  "2026-11-21T11:59:59.000Z was too old when it arrived.",
		[OUTCOME_RETRACTED] =
			"cart_abandoned for cart:C1001 had fired and was taken back because of "
			"Order Completed at 2026-11-21T11:59:59.000Z.",
		[OUTCOME_NO_DEADLINE] =
			"cart_abandoned for cart:C1001 was not armed: Order Completed at "
			"2026-11-21T11:59:59.000Z did not carry the instant to wait for.",
		[OUTCOME_RULE_REMOVED] =
			"cart_abandoned for cart:C1001 came due at 2026-11-21T12:02:00.000Z and "
			"was not sent: the rule is gone or off.",
		[OUTCOME_LIMIT] =
			"cart_abandoned for cart:C1001 was not armed by Order Completed at "
			"2026-11-21T11:59:59.000Z: too much is waiting already.",
		[OUTCOME_SOURCE_LATE] =
			"cart_abandoned for cart:C1001 was held until 2026-11-21T12:02:00.000Z and "
			"was not sent: a source that could disprove it had not said that it is "
			"complete.",
		[OUTCOME_DEFERRED] = "cart_abandoned for cart:C1001 came due and was put off until "
				     "2026-11-22T08:00:00.000Z. What the gate says.",
		[OUTCOME_WOULD_SEND] = "cart_abandoned for cart:C1001 fired, and nothing was sent. "
				       "The rule is on trial.",
		[OUTCOME_SUPERSEDED] =
			"cart_abandoned for cart:C1001 was ended: checkout_abandoned "
			"takes its place.",
		[OUTCOME_GOAL] = "cart_abandoned for cart:C1001 has reached its goal with Order "
				 "Completed at 2026-11-21T11:59:59.000Z.",
		[OUTCOME_NOT_MATCHING] =
			"cart_abandoned for cart:C1001 was ended by Order Completed at "
			"2026-11-21T11:59:59.000Z: its condition does not hold any more (What the "
			"gate says.).",
		[OUTCOME_STEP_SKIPPED] = "cart_abandoned for cart:C1001 skipped a step: its "
					 "condition did not hold.",
		[OUTCOME_EXPIRED] = "cart_abandoned for cart:C1001 was put off for too long to be "
				    "of use.",
		[OUTCOME_REPLACED] = "cart_abandoned for cart:C1001 was ended: checkout_abandoned "
				     "takes its place.",
		[OUTCOME_MERGED] = "cart_abandoned for cart:C1001 was ended: known as anon:a1, the "
				   "customer waits for it already.",
		[OUTCOME_LINKED] = "cart:C1001 belongs to this customer.",
		[OUTCOME_JOINED] = "cart:C1001 and this customer are one from now on: bea: same "
				   "address.",
		[OUTCOME_NOT_LINKED] = "cart:C1001 was not linked to this customer: it belongs to "
				       "another customer.",
		[OUTCOME_UNMERGED] = "cart:C1001 and this customer are two again: bea: one tablet.",
	};

	for (unsigned i = 0; i < OUTCOME_COUNT; i++) {
		_cleanup_(buf_release) struct buf b = BUF_INIT;
		struct decision d = decision((enum outcome)i);

		d.words = i == OUTCOME_SUPERSEDED || i == OUTCOME_REPLACED
				  ? SPAN_LIT("checkout_abandoned")
				  : SPAN_LIT("What the gate says.");
		if (i == OUTCOME_MERGED)
			d.words = SPAN_LIT("known as anon:a1, the customer waits for it already");
		if (i == OUTCOME_NOT_LINKED)
			d.words = SPAN_LIT("taken");
		if (i == OUTCOME_UNMERGED)
			d.words = SPAN_LIT("bea: one tablet");
		if (i == OUTCOME_JOINED)
			d.words = SPAN_LIT("bea: same address");
		d.until = INT64_C(1795334400000); /* 2026-11-22T08:00:00Z */
		decision_text(&d, &b);
		CHECK_STR(buf_span(&b), want[i]);
	}
}

/* By an instant, not an event; and as it was written down before there were words. */
static void test_left(void)
{
	struct decision d = decision(OUTCOME_NOT_MATCHING);
	_cleanup_(buf_release) struct buf b = BUF_INIT, old = BUF_INIT;

	decision_text(&d, &old);
	CHECK_STR(buf_span(&old),
		"cart_abandoned for cart:C1001 was ended by Order Completed at "
		"2026-11-21T11:59:59.000Z: its condition does not hold any more.");
	d.by = SPAN_EMPTY;
	d.words = SPAN_LIT("s.orders == 1: s.orders is 2");
	decision_text(&d, &b);
	CHECK_STR(buf_span(&b),
		"cart_abandoned for cart:C1001 was ended: its condition did not hold at "
		"2026-11-21T11:59:59.000Z (s.orders == 1: s.orders is 2).");
}

/* Outdone when it was due: by which message, and when that was. */
static void test_outdone(void)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	struct decision d = decision(OUTCOME_SUPERSEDED);

	d.gate = GATE_ARBITRATION;
	d.reason = REASON_SUPERSEDED;
	d.words = SPAN_LIT("checkout_abandoned");
	decision_text(&d, &b);
	CHECK_STR(buf_span(&b),
		"cart_abandoned for cart:C1001 came due at 2026-11-21T12:02:00.000Z and was not "
		"sent: checkout_abandoned goes before it.");
}

/* Nobody said why: an event named both. */
static void test_joined_by_an_event(void)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	struct decision d = decision(OUTCOME_JOINED);

	d.words = SPAN_EMPTY;
	decision_text(&d, &b);
	CHECK_STR(buf_span(&b), "cart:C1001 and this customer are one from now on.");
}

/* For every reason that core/link_rules.c and the limits have: words, not a code. */
static void test_not_linked(void)
{
	static const char *const reasons[][2] = {
		{"limit", "there are too many of its kind already"},
		{"taken", "it belongs to another customer"},
		{"two_users", "both are known customers"},
		{"no_right", "its source may not do that"},
		{"never_links", "it never links anybody"},
		{"weaker", "it goes before this one"},
		{"once", "it stays with whom it came with first"},
		{"unmerged", "staff said that they are two"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		_cleanup_(buf_release) struct buf b = BUF_INIT, want = BUF_INIT;
		struct decision d = decision(OUTCOME_NOT_LINKED);

		d.words = span_str(reasons[i][0]);
		decision_text(&d, &b);
		buf_printf(&want, "cart:C1001 was not linked to this customer: %s.", reasons[i][1]);
		CHECK_STR(buf_span(&b), want.ptr);
	}
}

/* What the customer did under another name says under which. */
static void test_other_name(void)
{
	static const struct {
		enum outcome outcome;
		const char *want;
	} cases[] = {
		{OUTCOME_CANCELLED,
			"cart_abandoned for cart:C1001 was cancelled by Order Completed at "
			"2026-11-21T11:59:59.000Z (known as anon:a1); it was due at "
			"2026-11-21T12:02:00.000Z."},
		{OUTCOME_RETRACTED,
			"cart_abandoned for cart:C1001 had fired and was taken back because of "
			"Order Completed at 2026-11-21T11:59:59.000Z (known as anon:a1)."},
		{OUTCOME_GOAL, "cart_abandoned for cart:C1001 has reached its goal with Order "
			       "Completed at 2026-11-21T11:59:59.000Z (known as anon:a1)."},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(buf_release) struct buf b = BUF_INIT;
		struct decision d = decision(cases[i].outcome);

		d.words = SPAN_LIT("known as anon:a1");
		decision_text(&d, &b);
		CHECK_STR(buf_span(&b), cases[i].want);
	}
}

/* ---- journeys -------------------------------------------------------------------------- */

static void set(struct text *t, const char *s)
{
	int r = text_set(t, span_str(s));

	assert(r == 0);
}

static void arm(struct journey *j, const char *rule, const char *key, int64_t fire_at)
{
	struct instance *i = journey_add_instance(j, span_str(rule), span_str(key));

	i->state = INSTANCE_ARMED;
	i->outcome = OUTCOME_ARMED;
	i->epoch = i->episode = 1;
	i->anchor_at = NOON;
	i->deadline_at = fire_at - MS_MINUTE;
	i->fire_at = fire_at;
	set(&i->by, "Product Added");
}

/* Two parcels, of which the one that has both names was delivered. */
static void parcels(struct order *o)
{
	size_t f, t;

	REQUIRE(order_parcel(o, SPAN_LIT("t:1Z2"), &t) == 0);
	o->parcels[t].at[PARCEL_SHIPPED] = NOON - MS_HOUR;
	REQUIRE(order_parcel(o, SPAN_LIT("f:77"), &f) == 0);
	REQUIRE(order_parcel(o, SPAN_LIT("t:1Z1"), &t) == 0);
	order_link(o, f, t);
	o->parcels[t].at[PARCEL_DELIVERED] = NOON;
}

static void fill(struct journey *j)
{
	struct cart *c = journey_add_cart(j, SPAN_LIT("cart:C1"));
	struct order *o = journey_add_order(j, SPAN_LIT("O1"));
	struct instance *i;

	past_visit(&j->past, NOON - 10 * MS_MINUTE);
	past_visit(&j->past, NOON - MS_MINUTE);
	j->web_active_at = NOON - MS_MINUTE;
	c->first_at = NOON - MS_HOUR;
	c->last_at = c->added_at = NOON;
	c->basket = calloc(1, sizeof(*c->basket));
	REQUIRE(c->basket);
	c->basket->lines = calloc(2, sizeof(*c->basket->lines));
	REQUIRE(c->basket->lines);
	c->basket->n_lines = 2;
	c->basket->listed_at = c->basket->value.at = INT64_MIN;
	set(&c->basket->lines[0].key, "S0"); /* was there before the list that is in force */
	c->basket->lines[0].said_at = c->basket->lines[0].removed_at = INT64_MIN;
	set(&c->basket->lines[1].key, "S1");
	c->basket->lines[1].said_at = NOON;
	c->basket->lines[1].removed_at = INT64_MIN;
	c->basket->lines[1].quantity = (struct decimal){2, 0};
	c->basket->lines[1].price = (struct decimal){95, -1};
	c = journey_add_cart(j, SPAN_LIT("cart:closed"));
	c->added_at = c->ordered_at = NOON;
	o->at[MILESTONE_PLACED] = NOON - MS_DAY;
	o->at[MILESTONE_SHIPPED] = NOON - MS_HOUR;
	o->at[MILESTONE_PACKED] = NOON - 2 * MS_HOUR;
	o->side_at[ORDER_BACKORDERED] = NOON + 1;
	o->promised_at = NOON - 1;
	set(&o->total, "19.90");
	set(&o->currency, "EUR");
	parcels(o);
	o = journey_add_order(j, SPAN_LIT("delivered"));
	o->at[MILESTONE_PLACED] = o->at[MILESTONE_DELIVERED] = NOON;
	arm(j, "later", "customer", NOON + MS_DAY);
	arm(j, "sooner", "cart:C1", NOON + MS_HOUR);
	i = journey_add_instance(j, SPAN_LIT("done"), SPAN_LIT("order:O1"));
	i->state = INSTANCE_COOLING;
	i->outcome = OUTCOME_FIRED;
	i->epoch = i->episode = i->emitted = 1;
	i->anchor_at = NOON;
	i->until_at = NOON + MS_DAY;
	i = journey_instance(j, SPAN_LIT("later"), SPAN_LIT("customer"));
	set(&i->missing, "till-3");
	i->held_at = NOON - MS_MINUTE;
	j->n_events = 7;
	j->n_orders = 2;
	j->first_at = NOON - MS_DAY;
	j->last_at = j->engaged_at = NOON;
	set(&j->user_id, "u");
	set(&j->traits[TRAIT_EMAIL], "a@example.com");
}

static void test_journey(void)
{
	_cleanup_(record_release) struct record r = {.tail = BUF_INIT};
	_cleanup_(buf_release) struct buf b = BUF_INIT;

	REQUIRE(record_init(&r, SPAN_LIT("cust_42")) == 0);
	fill(r.journey);
	r.tail_n = 2;
	r.sealed_n = 16;
	REQUIRE(journey_json(&r, &lapse_default, NOON, &b) == 0);
	CHECK_STR(buf_span(&b),
		"{\"customer\":\"cust_42\",\"user_id\":\"u\",\"anonymous_id\":null,"
		"\"stage\":\"customer_awaiting\","
		"\"stage_since\":\"2026-11-20T12:00:00.000Z\","
		"\"identified_at\":\"2026-11-20T12:00:00.000Z\","
		"\"session\":\"browsing\",\"session_since\":\"2026-11-21T11:50:00.000Z\","
		"\"since\":\"2026-11-20T12:00:00.000Z\","
		"\"last_at\":\"2026-11-21T12:00:00.000Z\","
		"\"engaged_at\":\"2026-11-21T12:00:00.000Z\","
		"\"totals\":{\"events\":7,\"orders\":2,\"entries\":18},"
		"\"traits\":{\"email\":\"a@example.com\"},"
		"\"carts\":[{\"key\":\"cart:C1\",\"state\":\"open\","
		"\"first_at\":\"2026-11-21T11:00:00.000Z\","
		"\"last_at\":\"2026-11-21T12:00:00.000Z\","
		"\"added_at\":\"2026-11-21T12:00:00.000Z\",\"checkout_at\":null,"
		"\"products\":[{\"key\":\"S1\",\"quantity\":2,\"price\":9.5}],"
		"\"value\":null}],"
		"\"orders\":[{\"id\":\"O1\",\"status\":\"shipped\","
		"\"milestones\":{\"placed\":\"2026-11-20T12:00:00.000Z\","
		"\"packed\":\"2026-11-21T10:00:00.000Z\","
		"\"shipped\":\"2026-11-21T11:00:00.000Z\"},\"side\":\"backordered\","
		"\"parcels\":[{\"fulfillment_id\":\"77\",\"shipped_at\":null,"
		"\"out_for_delivery_at\":null,\"ready_at\":null,"
		"\"delivered_at\":\"2026-11-21T12:00:00.000Z\"},"
		"{\"tracking_number\":\"1Z1\",\"shipped_at\":null,"
		"\"out_for_delivery_at\":null,\"ready_at\":null,"
		"\"delivered_at\":\"2026-11-21T12:00:00.000Z\"},"
		"{\"tracking_number\":\"1Z2\",\"shipped_at\":\"2026-11-21T11:00:00.000Z\","
		"\"out_for_delivery_at\":null,\"ready_at\":null,\"delivered_at\":null}],"
		"\"promised_at\":\"2026-11-21T11:59:59.999Z\",\"overdue\":true,\"total\":19.90,"
		"\"currency\":\"EUR\",\"products\":[],\"value\":null}],"
		"\"things\":[],\"profile\":null,\"dates\":[],\"consents\":[],\"addresses\":[],"
		"\"due\":[{\"rule\":\"sooner\",\"key\":\"cart:C1\",\"episode\":1,\"step\":0,"
		"\"anchor_at\":\"2026-11-21T12:00:00.000Z\","
		"\"deadline\":\"2026-11-21T12:59:00.000Z\","
		"\"fire_at\":\"2026-11-21T13:00:00.000Z\",\"held\":null},"
		"{\"rule\":\"later\",\"key\":\"customer\",\"episode\":1,\"step\":0,"
		"\"anchor_at\":\"2026-11-21T12:00:00.000Z\","
		"\"deadline\":\"2026-11-22T11:59:00.000Z\","
		"\"fire_at\":\"2026-11-22T12:00:00.000Z\","
		"\"held\":{\"source\":\"till-3\",\"since\":\"2026-11-21T11:59:00.000Z\"}}],"
		"\"instances\":[{\"rule\":\"done\",\"key\":\"order:O1\",\"state\":\"cooling\","
		"\"outcome\":\"fired\",\"epoch\":1,\"episode\":1,\"emitted\":1,"
		"\"anchor_at\":\"2026-11-21T12:00:00.000Z\",\"cancelled_at\":null,"
		"\"until_at\":\"2026-11-22T12:00:00.000Z\",\"by\":null},"
		"{\"rule\":\"later\",\"key\":\"customer\",\"state\":\"held\","
		"\"outcome\":\"armed\",\"epoch\":1,\"episode\":1,\"emitted\":0,"
		"\"anchor_at\":\"2026-11-21T12:00:00.000Z\",\"cancelled_at\":null,"
		"\"until_at\":null,\"by\":\"Product Added\"},"
		"{\"rule\":\"sooner\",\"key\":\"cart:C1\",\"state\":\"armed\","
		"\"outcome\":\"armed\",\"epoch\":1,\"episode\":1,\"emitted\":0,"
		"\"anchor_at\":\"2026-11-21T12:00:00.000Z\",\"cancelled_at\":null,"
		"\"until_at\":null,\"by\":\"Product Added\"}]}");
}

static void test_new_customer(void)
{
	_cleanup_(record_release) struct record r = {.tail = BUF_INIT};
	_cleanup_(buf_release) struct buf b = BUF_INIT;

	REQUIRE(record_init(&r, SPAN_LIT("c")) == 0);
	REQUIRE(journey_json(&r, &lapse_default, NOON, &b) == 0);
	CHECK_STR(buf_span(&b),
		"{\"customer\":\"c\",\"user_id\":null,\"anonymous_id\":null,"
		"\"stage\":\"anonymous\",\"stage_since\":null,\"identified_at\":null,"
		"\"session\":null,\"session_since\":null,\"since\":null,\"last_at\":null,"
		"\"engaged_at\":null,"
		"\"totals\":{\"events\":0,\"orders\":0,\"entries\":0},\"traits\":{},"
		"\"carts\":[],\"orders\":[],"
		"\"things\":[],\"profile\":null,\"dates\":[],\"consents\":[],\"addresses\":[],"
		"\"due\":[],\"instances\":[]}");
}

/* A repair, what the customer prefers, a date, a consent, an address. */
static void fill_known(struct journey *j)
{
	struct thing *t = journey_add_thing(j, THING_REPAIR, SPAN_LIT("R1"));
	struct consent *c = journey_add_consent(j, SPAN_LIT("news"), JOB_CHANNEL_COUNT);
	struct address *a = journey_add_address(j, JOB_CHANNEL_EMAIL, SPAN_LIT("a@b.example"));
	struct date *d = journey_add_date(j, SPAN_LIT("wedding"));
	struct profile *p = journey_add_profile(j);

	t->at[REPAIR_RECEIVED] = t->touched_at = NOON;
	t->due_at = NOON + MS_DAY;
	t->number = (struct amount){{4950, -2}, NOON};
	set(&t->about, "O1");
	c->word = CONSENT_GIVEN;
	c->at = NOON;
	set(&c->source, "web");
	a->hard_at = a->soft[0] = a->soft[1] = NOON;
	d->month = 6;
	d->day = 21;
	d->said_at = NOON;
	d = journey_add_date(j, SPAN_LIT("birthday"));
	d->removed = 1;
	set(&p->texts[PROFILE_ZONE].text, "Europe/Berlin");
	p->numbers[PROFILE_QUIET_FROM] = (struct amount){{1275, 0}, NOON};
	p->numbers[PROFILE_RECOMMEND] = (struct amount){{1, 0}, NOON};
	p->numbers[PROFILE_POINTS_EXPIRE] = (struct amount){decimal_from_int(NOON), NOON};
	p->times[PROFILE_FIRST_ORDER_AT] = NOON;
	p->flags = 1u << PROFILE_MINOR;
	p->flag_at[PROFILE_MINOR] = NOON;
	p->ranked[0] = JOB_CHANNEL_SMS;
	p->n_ranked = 1;
}

static void test_known(void)
{
	_cleanup_(record_release) struct record r = {.tail = BUF_INIT};
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	const char *things;

	REQUIRE(record_init(&r, SPAN_LIT("c")) == 0);
	fill_known(r.journey);
	REQUIRE(journey_json(&r, &lapse_default, NOON, &b) == 0);
	buf_add_char(&b, '\0');
	things = strstr(b.ptr, "\"things\"");
	REQUIRE(things);
#define AT "\"2026-11-21T12:00:00.000Z\""
	CHECK_STR(span_str(things),
		"\"things\":[{\"kind\":\"repair\",\"id\":\"R1\",\"open\":true,\"about\":\"O1\","
		"\"status\":null,\"value\":49.50,\"due_at\":\"2026-11-22T12:00:00.000Z\","
		"\"touched_at\":" AT ",\"marks\":{\"received\":" AT "}}],"
		"\"profile\":{\"timezone\":\"Europe/Berlin\",\"language\":null,\"country\":null,"
		"\"currency\":null,\"tier\":null,\"device_timezone\":null,"
		"\"device_language\":null,\"shipping_country\":null,\"recommendations\":null,"
		"\"quiet_from\":\"21:15\","
		"\"quiet_to\":null,"
		"\"tier_rank\":null,\"points\":null,\"nps\":null,\"csat\":null,"
		"\"recommend\":true,\"stars\":null,\"sentiment\":null,"
		"\"points_expire_at\":" AT ",\"first_order_at\":" AT
		",\"last_order_at\":null,\"last_survey_at\":null,\"store_visit_at\":null,"
		"\"referred_at\":null,\"signed_up_at\":null,\"error_at\":null,"
		"\"contacted_at\":null,\"blocked\":false,\"minor\":true,\"deceased\":false,"
		"\"erased\":false,\"channels\":[\"sms\"],\"purchase_days\":0},"
		"\"dates\":[{\"name\":\"wedding\",\"month\":6,\"day\":21,\"year\":null,"
		"\"said_at\":" AT "}],"
		"\"consents\":[{\"topic\":\"news\",\"channel\":null,\"word\":\"given\","
		"\"at\":" AT ",\"source\":\"web\"}],"
		"\"addresses\":[{\"channel\":\"email\",\"address\":\"a@b.example\",\"reach\":\"no_"
		"address\","
		"\"delivered_at\":null,\"hard_bounce_at\":" AT ",\"soft_bounces\":2,"
		"\"complained_at\":null}],"
		"\"due\":[],\"instances\":[]}");
#undef AT
}

/* The character U+0000 is JSON, though the collector refuses it. */
static bool is_json(const struct buf *b)
{
	struct json_fault fault;

	return json_valid(buf_span(b), &fault) || fault.code == JSON_TEXT_NUL;
}

/* Whatever was sent, what comes out is JSON on one line. */
static void test_chance(void)
{
	struct chance c = chance_new();

	for (int i = 0; i < 3000; i++) {
		_cleanup_(buf_release) struct buf b = BUF_INIT;
		struct timeline_entry e = chance_entry(&c);

		e.properties = SPAN_LIT("{\"a\":\r\n[]}");
		e.decision.data = SPAN_LIT("\"a\":\n1");
		REQUIRE(timeline_json(&e, chance_text(&c, CUSTOMER_MAX), &b) == 0);
		REQUIRE(is_json(&b));
		REQUIRE(!memchr(b.ptr, '\n', b.len) && !memchr(b.ptr, '\r', b.len));
	}
	for (int i = 0; i < 300; i++) {
		_cleanup_(record_release) struct record r = {
			.journey = chance_journey(&c, 5), .tail = BUF_INIT};
		_cleanup_(buf_release) struct buf b = BUF_INIT;

		for (size_t n = 0; n < r.journey->n_orders_kept; n++)
			set(&r.journey->orders[n].total, "19.90");
		REQUIRE(journey_json(&r, &lapse_default, NOON, &b) == 0);
		REQUIRE(is_json(&b));
	}
}

static const struct check_case cases[] = {
	{"events", test_event},
	{"decisions", test_decision},
	{"a sentence for every outcome", test_sentences},
	{"left", test_left},
	{"a sentence about what was outdone", test_outdone},
	{"two are one, and nobody said why", test_joined_by_an_event},
	{"a sentence for everything that was not linked", test_not_linked},
	{"a sentence about another name", test_other_name},
	{"a journey with all its parts", test_journey},
	{"a customer of whom nothing is known", test_new_customer},
	{"what is known of a customer", test_known},
	{"entries and journeys by chance", test_chance},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
