/* SPDX-License-Identifier: MIT */
/*
 * Any order of arrival gives the same journey: random histories, each folded in several random
 * orders, compared member by member. And what single events do to carts, orders and traits, by
 * hand.
 */
#include "check.h"

#include "base/instant.h"
#include "chance.h"
#include "core/journey.h"
#include "core/policy.h"

#define EVENTS 24
#define ORDERS 6

struct spec {
	enum event_kind kind;
	int64_t at;
	char cart[8], order[8], total[8], email[8];
	bool no_email; /* of an identify */
	char fulfilment[8], number[8], status[24];
	int64_t promised_at; /* 0: none */
};

static const enum event_kind kinds[] = {EVENT_PRODUCT_ADDED, EVENT_CART_VIEWED, EVENT_CART_EMPTIED,
	EVENT_CHECKOUT_STARTED, EVENT_ORDER_COMPLETED, EVENT_ORDER_PROMISED, EVENT_ORDER_UPDATED,
	EVENT_PAYMENT_APPROVED, EVENT_ORDER_SHIPPED, EVENT_ORDER_DELIVERED, EVENT_ORDER_CANCELLED,
	EVENT_IN_STORE_PURCHASE, EVENT_CUSTOMER_IDENTIFIED, EVENT_PAGE_VIEWED, EVENT_EMAIL_SENT,
	EVENT_ORDER_FULFILLED, EVENT_SHIPMENT_UPDATED, EVENT_SHIPMENT_OUT_FOR_DELIVERY,
	EVENT_SHIPMENT_DELIVERED, EVENT_SHIPMENT_DELIVERED, EVENT_DELIVERY_FAILED,
	EVENT_READY_FOR_PICKUP, EVENT_ORDER_REFUNDED, EVENT_ORDER_RETURNED};

static const char *const statuses[] = {
	"Paid", "in_transit", "OutForDelivery", "delivered", "refunded", "nonsense"};

static void set_text(struct value *v, const char *text)
{
	if (!text[0])
		return;
	v->type = VALUE_STRING;
	v->text = v->raw = span_str(text);
}

static void fold(struct journey *j, const struct spec *s)
{
	struct value fields[FIELD_FIXED_COUNT] = {{0}};
	char promised[32];
	struct event e = {
		.kind = s->kind,
		.name = vocab_name(s->kind),
		.occurred_at = s->at,
		.user_id = SPAN_LIT("u"),
		.fields = fields,
		.n_fields = FIELD_FIXED_COUNT,
	};

	set_text(&fields[FIELD_CART_ID], s->cart);
	set_text(&fields[FIELD_ORDER_ID], s->order);
	set_text(&fields[FIELD_TOTAL], s->total);
	set_text(&fields[FIELD_EMAIL], s->email);
	if (s->no_email)
		fields[FIELD_EMAIL].type = VALUE_NULL;
	set_text(&fields[FIELD_FULFILLMENT_ID], s->fulfilment);
	set_text(&fields[FIELD_TRACKING_NUMBER], s->number);
	set_text(&fields[FIELD_STATUS], s->status);
	if (s->promised_at) {
		instant_format(s->promised_at, promised);
		set_text(&fields[FIELD_PROMISED_AT], promised);
	}
	CHECK(journey_fold(j, &e) == 0);
}

/* Times repeat often, so that ties are met. */
static struct spec random_spec(struct chance *c)
{
	struct spec s = {.kind = kinds[chance_below(c, ARRAY_SIZE(kinds))]};

	s.at = (int64_t)chance_below(c, 12) * MS_HOUR;
	if (chance_below(c, 3))
		(void)snprintf(s.cart, sizeof(s.cart), "c%zu", chance_below(c, 3));
	if (chance_below(c, 5))
		(void)snprintf(s.order, sizeof(s.order), "o%zu", chance_below(c, 3));
	if (chance_below(c, 2))
		(void)snprintf(s.total, sizeof(s.total), "%zu", chance_below(c, 50));
	if (chance_below(c, 4) == 0)
		(void)snprintf(s.email, sizeof(s.email), "m%zu", chance_below(c, 9));
	s.no_email = s.kind == EVENT_CUSTOMER_IDENTIFIED && chance_below(c, 2) == 0;
	if (chance_below(c, 3) == 0)
		s.promised_at = (int64_t)(1 + chance_below(c, 9)) * MS_DAY;
	if (chance_below(c, 2))
		(void)snprintf(s.fulfilment, sizeof(s.fulfilment), "F%zu", chance_below(c, 4));
	if (chance_below(c, 2))
		(void)snprintf(s.number, sizeof(s.number), "T%zu", chance_below(c, 4));
	if (chance_below(c, 2))
		(void)snprintf(s.status, sizeof(s.status), "%s",
			statuses[chance_below(c, ARRAY_SIZE(statuses))]);
	return s;
}

static void compare_carts(const struct journey *a, const struct journey *b)
{
	CHECK_INT(a->n_carts, b->n_carts);
	for (size_t i = 0; i < a->n_carts && i < b->n_carts; i++) {
		const struct cart *x = &a->carts[i], *y = &b->carts[i];

		CHECK_SPAN(text_span(x->key), text_span(y->key));
		CHECK_INT(x->first_at, y->first_at);
		CHECK_INT(x->last_at, y->last_at);
		CHECK_INT(x->added_at, y->added_at);
		CHECK_INT(x->checkout_at, y->checkout_at);
		CHECK_INT(x->emptied_at, y->emptied_at);
		CHECK_INT(x->ordered_at, y->ordered_at);
	}
}

static void compare_parcels(const struct order *a, const struct order *b)
{
	CHECK_INT(a->n_parcels, b->n_parcels);
	for (size_t i = 0; i < a->n_parcels && i < b->n_parcels; i++) {
		const struct parcel *x = &a->parcels[i], *y = &b->parcels[i];

		CHECK_SPAN(text_span(x->id), text_span(y->id));
		CHECK(memcmp(x->at, y->at, sizeof(x->at)) == 0);
		CHECK_INT(x->links, y->links);
		CHECK_INT(parcel_delivered_at(a, i), parcel_delivered_at(b, i));
	}
	CHECK_INT(
		order_reached_at(a, MILESTONE_DELIVERED), order_reached_at(b, MILESTONE_DELIVERED));
	CHECK_INT(order_rank(a), order_rank(b));
}

static void compare_orders(const struct journey *a, const struct journey *b)
{
	CHECK_INT(a->n_orders, b->n_orders);
	CHECK_INT(a->n_orders_kept, b->n_orders_kept);
	for (size_t i = 0; i < a->n_orders_kept && i < b->n_orders_kept; i++) {
		const struct order *x = &a->orders[i], *y = &b->orders[i];

		CHECK_SPAN(text_span(x->id), text_span(y->id));
		CHECK(memcmp(x->at, y->at, sizeof(x->at)) == 0);
		CHECK_INT(x->promised_at, y->promised_at);
		CHECK_INT(x->promise_said_at, y->promise_said_at);
		CHECK_SPAN(text_span(x->total), text_span(y->total));
		CHECK_INT(x->touched_at, y->touched_at);
		compare_parcels(x, y);
	}
}

static void compare(const struct journey *a, const struct journey *b)
{
	CHECK_INT(a->n_events, b->n_events);
	CHECK_INT(a->first_at, b->first_at);
	CHECK_INT(a->last_at, b->last_at);
	CHECK_INT(a->engaged_at, b->engaged_at);
	CHECK_SPAN(text_span(a->traits[TRAIT_EMAIL]), text_span(b->traits[TRAIT_EMAIL]));
	compare_carts(a, b);
	compare_orders(a, b);
	CHECK_INT(journey_stage(a, &lapse_default, 20 * MS_HOUR),
		journey_stage(b, &lapse_default, 20 * MS_HOUR));
}

static void test_any_order(void)
{
	struct chance c = chance_new();

	for (int round = 0; round < 400 && check_failures == 0; round++) {
		_cleanup_(journey_freep) struct journey *first = NULL;
		struct spec specs[EVENTS];

		for (size_t i = 0; i < EVENTS; i++)
			specs[i] = random_spec(&c);
		REQUIRE(journey_new(SPAN_LIT("u"), &first) == 0);
		for (size_t i = 0; i < EVENTS; i++)
			fold(first, &specs[i]);
		for (int n = 0; n < ORDERS; n++) {
			_cleanup_(journey_freep) struct journey *other = NULL;

			REQUIRE(journey_new(SPAN_LIT("u"), &other) == 0);
			for (size_t i = EVENTS; i > 0; i--) {
				size_t k = chance_below(&c, i);
				struct spec swapped = specs[k];

				specs[k] = specs[i - 1];
				specs[i - 1] = swapped;
				fold(other, &swapped);
			}
			compare(first, other);
		}
	}
}

static void test_stages(void)
{
	static const struct {
		struct spec spec;
		int64_t now;
		enum stage stage;
	} rows[] = {
		{{.kind = EVENT_PAGE_VIEWED, .at = 0}, 0, STAGE_PROSPECT},
		{{.kind = EVENT_PRODUCT_ADDED, .at = 1, .cart = "c"}, 2, STAGE_ACTIVE_SHOPPER},
		{{.kind = EVENT_PAGE_VIEWED, .at = 1}, 30 * MS_DAY, STAGE_ACTIVE_SHOPPER},
		{{.kind = EVENT_PAGE_VIEWED, .at = 1}, 30 * MS_DAY + 1, STAGE_PROSPECT},
		{{.kind = EVENT_ORDER_COMPLETED, .at = 5, .order = "o", .cart = "c"}, 6,
			STAGE_CUSTOMER_AWAITING},
		{{.kind = EVENT_ORDER_DELIVERED, .at = 7, .order = "o"}, 8, STAGE_NEW_CUSTOMER},
		{{.kind = EVENT_EMAIL_SENT, .at = 8}, 90 * MS_DAY + 6, STAGE_NEW_CUSTOMER},
		{{.kind = EVENT_EMAIL_SENT, .at = 8}, 90 * MS_DAY + 7, STAGE_ONE_TIME},
		{{.kind = EVENT_IN_STORE_PURCHASE, .at = 9, .order = "o2"}, 10, STAGE_REPEAT},
		{{.kind = EVENT_EMAIL_SENT, .at = 9}, 180 * MS_DAY + 9, STAGE_REPEAT},
		{{.kind = EVENT_EMAIL_SENT, .at = 9}, 180 * MS_DAY + 10, STAGE_LAPSING},
		{{.kind = EVENT_EMAIL_SENT, .at = 9}, 540 * MS_DAY + 9, STAGE_LAPSING},
		{{.kind = EVENT_EMAIL_SENT, .at = 9}, 540 * MS_DAY + 10, STAGE_LAPSED},
		{{.kind = EVENT_REFERRAL_MADE, .at = 11}, 12, STAGE_ADVOCATE},
	};
	_cleanup_(journey_freep) struct journey *j = NULL;

	REQUIRE(journey_new(SPAN_LIT("u"), &j) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		fold(j, &rows[i].spec);
		CHECK_SPAN(stage_name(journey_stage(j, &lapse_default, rows[i].now)),
			stage_name(rows[i].stage));
	}
}

/* The latest word on an address counts, also that there is none, and at one instant the address;
 * only an identify takes it back. */
static void test_taken_back(void)
{
	static const struct {
		struct spec spec;
		const char *known;
	} rows[] = {
		{{.kind = EVENT_CUSTOMER_IDENTIFIED, .at = 5, .email = "a"}, "a"},
		{{.kind = EVENT_CUSTOMER_IDENTIFIED, .at = 4, .no_email = true}, "a"},
		{{.kind = EVENT_CUSTOMER_IDENTIFIED, .at = 5, .no_email = true}, "a"},
		{{.kind = EVENT_ORDER_COMPLETED, .at = 8, .no_email = true}, "a"},
		{{.kind = EVENT_CUSTOMER_IDENTIFIED, .at = 7, .no_email = true}, ""},
		{{.kind = EVENT_CUSTOMER_IDENTIFIED, .at = 6, .email = "b"}, ""},
		{{.kind = EVENT_CUSTOMER_IDENTIFIED, .at = 7, .email = "c"}, "c"},
		{{.kind = EVENT_CUSTOMER_IDENTIFIED, .at = 9}, "c"},
	};
	_cleanup_(journey_freep) struct journey *j = NULL;

	REQUIRE(journey_new(SPAN_LIT("u"), &j) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		fold(j, &rows[i].spec);
		CHECK_STR(text_span(j->traits[TRAIT_EMAIL]), rows[i].known);
	}
}

/* Of a visitor's numbers the one that was said last is known, and of two of one instant the
 * greater; an event without one says nothing of it. */
static void test_visitor(void)
{
	static const struct {
		int64_t at;
		const char *id, *known;
		int64_t known_at;
	} rows[] = {
		{5, "", "", INT64_MIN},
		{2, "b", "b", 2},
		{9, "", "b", 2},
		{4, "a", "a", 4},
		{3, "c", "a", 4},
		{4, "b", "b", 4},
		{4, "a", "b", 4},
	};
	_cleanup_(journey_freep) struct journey *j = NULL;

	REQUIRE(journey_new(SPAN_LIT("u"), &j) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct event e = {
			.kind = EVENT_PAGE_VIEWED,
			.name = vocab_name(EVENT_PAGE_VIEWED),
			.occurred_at = rows[i].at,
			.anonymous_id = span_str(rows[i].id),
		};

		REQUIRE(journey_fold(j, &e) == 0);
		CHECK_STR(text_span(j->anonymous_id), rows[i].known);
		CHECK_INT(j->anonymous_at, rows[i].known_at);
	}
}

/* A journey has room for so many carts and orders; what is closed and oldest goes first. */
static void test_bounds(void)
{
	_cleanup_(journey_freep) struct journey *j = NULL;
	struct spec s = {.kind = EVENT_PRODUCT_ADDED};

	REQUIRE(journey_new(SPAN_LIT("u"), &j) == 0);
	for (int i = 0; i < JOURNEY_CARTS_MAX + 1; i++) {
		(void)snprintf(s.cart, sizeof(s.cart), "c%d", i);
		s.at = 1000 + i;
		fold(j, &s);
		if (i == 5) {
			struct spec closing = s;

			closing.kind = EVENT_CART_EMPTIED;
			fold(j, &closing);
		}
	}
	CHECK_INT(j->n_carts, JOURNEY_CARTS_MAX);
	CHECK(journey_cart(j, SPAN_LIT("cart:c5")) == NULL);
	CHECK(journey_cart(j, SPAN_LIT("cart:c0")) != NULL);
	s = (struct spec){.kind = EVENT_ORDER_COMPLETED};
	for (int i = 0; i < JOURNEY_ORDERS_MAX + 1; i++) {
		(void)snprintf(s.order, sizeof(s.order), "o%d", i);
		s.at = 5000 + i;
		fold(j, &s);
	}
	CHECK_INT(j->n_orders_kept, JOURNEY_ORDERS_MAX);
	CHECK_INT(j->n_orders, JOURNEY_ORDERS_MAX + 1);
	CHECK(journey_order(j, SPAN_LIT("o0")) == NULL);
}

/* One order, news by news: what it has reached after each, and when it was delivered. */
static void test_parcels(void)
{
	static const struct {
		struct spec spec;
		enum milestone rank;
		int64_t delivered_at;
	} rows[] = {
		{{.kind = EVENT_ORDER_COMPLETED, .at = 10}, MILESTONE_PLACED, TIME_NEVER},
		{{.kind = EVENT_ORDER_FULFILLED, .at = 20, .fulfilment = "F1", .number = "T1"},
			MILESTONE_SHIPPED, TIME_NEVER},
		/* the second parcel does not take the place of the first */
		{{.kind = EVENT_ORDER_FULFILLED, .at = 30, .fulfilment = "F2"}, MILESTONE_SHIPPED,
			TIME_NEVER},
		{{.kind = EVENT_SHIPMENT_DELIVERED, .at = 40, .number = "T1"}, MILESTONE_SHIPPED,
			TIME_NEVER},
		/* a delivery of F2 is all that is missing */
		{{.kind = EVENT_SHIPMENT_UPDATED,
			 .at = 50,
			 .fulfilment = "F2",
			 .status = "Delivered"},
			MILESTONE_DELIVERED, 50},
		/* shipped, said after delivered: nothing is lowered */
		{{.kind = EVENT_ORDER_SHIPPED, .at = 60, .number = "T1"}, MILESTONE_DELIVERED, 50},
		{{.kind = EVENT_SHIPMENT_UPDATED, .at = 61, .number = "T1", .status = "in_transit"},
			MILESTONE_DELIVERED, 50},
		/* F2 in two parcels, of which F2's own word speaks already */
		{{.kind = EVENT_SHIPMENT_UPDATED, .at = 62, .fulfilment = "F2", .number = "T2"},
			MILESTONE_DELIVERED, 50},
		/* a third one is on its way */
		{{.kind = EVENT_SHIPMENT_OUT_FOR_DELIVERY, .at = 70, .number = "T9"},
			MILESTONE_OUT_FOR_DELIVERY, TIME_NEVER},
		/* the shop says that all is there */
		{{.kind = EVENT_ORDER_DELIVERED, .at = 80}, MILESTONE_DELIVERED, 80},
		{{.kind = EVENT_ORDER_UPDATED, .at = 90, .status = "refunded"}, MILESTONE_REFUNDED,
			80},
		{{.kind = EVENT_ORDER_UPDATED, .at = 91, .status = "shipped"}, MILESTONE_REFUNDED,
			80},
	};
	_cleanup_(journey_freep) struct journey *j = NULL;

	REQUIRE(journey_new(SPAN_LIT("u"), &j) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct spec s = rows[i].spec;

		memcpy(s.order, "o", 2);
		fold(j, &s);
		REQUIRE(j->n_orders_kept == 1);
		CHECK_SPAN(milestone_name(order_rank(&j->orders[0])), milestone_name(rows[i].rank));
		CHECK_INT(
			order_reached_at(&j->orders[0], MILESTONE_DELIVERED), rows[i].delivered_at);
	}
}

/* A fulfilment in two parcels is there when both are; by its own word at once. */
static void test_parts(void)
{
	static const struct {
		struct spec spec;
		int64_t delivered_at;
	} rows[] = {
		{{.kind = EVENT_ORDER_FULFILLED, .at = 1, .fulfilment = "F", .number = "T1"},
			TIME_NEVER},
		{{.kind = EVENT_ORDER_FULFILLED, .at = 1, .fulfilment = "F", .number = "T2"},
			TIME_NEVER},
		{{.kind = EVENT_SHIPMENT_DELIVERED, .at = 5, .number = "T1"}, TIME_NEVER},
		{{.kind = EVENT_SHIPMENT_DELIVERED, .at = 7, .number = "T2"}, 7},
		{{.kind = EVENT_SHIPMENT_DELIVERED, .at = 6, .fulfilment = "F"}, 6},
	};
	_cleanup_(journey_freep) struct journey *j = NULL;

	REQUIRE(journey_new(SPAN_LIT("u"), &j) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct spec s = rows[i].spec;

		memcpy(s.order, "o", 2);
		fold(j, &s);
		CHECK_INT(
			order_reached_at(&j->orders[0], MILESTONE_DELIVERED), rows[i].delivered_at);
	}
}

/* Sixteen parcels with both names have room; with one more, only the shop's word counts. */
static void test_parcel_bounds(void)
{
	_cleanup_(journey_freep) struct journey *j = NULL;
	struct spec s = {.kind = EVENT_SHIPMENT_DELIVERED, .at = 5, .order = "o"};

	REQUIRE(journey_new(SPAN_LIT("u"), &j) == 0);
	for (int i = 0; i < ORDER_PARCELS_MAX / 2; i++) {
		(void)snprintf(s.fulfilment, sizeof(s.fulfilment), "F%d", i);
		(void)snprintf(s.number, sizeof(s.number), "T%d", i);
		fold(j, &s);
	}
	CHECK_INT(j->orders[0].n_parcels, ORDER_PARCELS_MAX);
	CHECK_INT(order_reached_at(&j->orders[0], MILESTONE_DELIVERED), 5);
	(void)snprintf(s.number, sizeof(s.number), "T99");
	fold(j, &s);
	CHECK_INT(j->orders[0].n_parcels, ORDER_PARCELS_MAX);
	CHECK_INT(order_reached_at(&j->orders[0], MILESTONE_DELIVERED), TIME_NEVER);
	s = (struct spec){.kind = EVENT_ORDER_DELIVERED, .at = 9, .order = "o"};
	fold(j, &s);
	CHECK_INT(order_reached_at(&j->orders[0], MILESTONE_DELIVERED), 9);
}

/* Words of carriers and shops, and what must not be taken for one. */
static void test_statuses(void)
{
	static const struct {
		enum event_kind kind;
		const char *status;
		enum milestone want; /* MILESTONE_COUNT: none */
	} rows[] = {
		{EVENT_ORDER_UPDATED, "paid", MILESTONE_PAID},
		{EVENT_ORDER_UPDATED, "Out for delivery", MILESTONE_OUT_FOR_DELIVERY},
		{EVENT_ORDER_UPDATED, "available-for-pickup", MILESTONE_READY},
		{EVENT_ORDER_UPDATED, "CANCELED", MILESTONE_CANCELLED},
		{EVENT_ORDER_UPDATED, "OrderReturned", MILESTONE_RETURNED},
		{EVENT_ORDER_UPDATED, "completed", MILESTONE_COUNT},
		{EVENT_ORDER_UPDATED, "processing", MILESTONE_COUNT},
		{EVENT_ORDER_UPDATED, "not delivered", MILESTONE_COUNT},
		{EVENT_ORDER_UPDATED, "delivered !!!!!!!!!!!!!", MILESTONE_COUNT},
		{EVENT_SHIPMENT_UPDATED, "TRANSIT", MILESTONE_SHIPPED},
		{EVENT_SHIPMENT_UPDATED, "delivered", MILESTONE_DELIVERED},
		{EVENT_SHIPMENT_UPDATED, "paid", MILESTONE_COUNT},
		{EVENT_SHIPMENT_UPDATED, "cancelled", MILESTONE_COUNT},
		{EVENT_SHIPMENT_DELAYED, "delivered", MILESTONE_COUNT},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(journey_freep) struct journey *j = NULL;
		struct spec s = {.kind = rows[i].kind, .at = 3, .order = "o"};

		(void)snprintf(s.status, sizeof(s.status), "%s", rows[i].status);
		REQUIRE(journey_new(SPAN_LIT("u"), &j) == 0);
		fold(j, &s);
		REQUIRE(j->n_orders_kept == 1);
		for (unsigned m = 0; m < MILESTONE_COUNT; m++)
			CHECK_INT(j->orders[0].at[m], m == rows[i].want ? 3 : TIME_NEVER);
	}
}

/* A purchase at the till clears every cart; one that is still to be made is not delivered. */
static void test_till(void)
{
	_cleanup_(journey_freep) struct journey *j = NULL;
	struct spec s = {.kind = EVENT_PRODUCT_ADDED, .at = 1, .cart = "c"};

	REQUIRE(journey_new(SPAN_LIT("u"), &j) == 0);
	fold(j, &s);
	CHECK_INT(cart_state(&j->carts[0], 1), CART_OPEN);
	s = (struct spec){.kind = EVENT_IN_STORE_PURCHASE, .at = 2, .order = "a", .total = "5"};
	fold(j, &s);
	for (size_t i = 0; i < j->n_carts; i++)
		CHECK(!cart_is_open(&j->carts[i]));
	CHECK_INT(j->n_orders, 1);
	CHECK_INT(order_rank(journey_order(j, SPAN_LIT("a"))), MILESTONE_DELIVERED);
	CHECK_SPAN(text_span(journey_order(j, SPAN_LIT("a"))->total), SPAN_LIT("5"));
	memcpy(s.order, "b", 2);
	s.promised_at = MS_DAY;
	fold(j, &s);
	CHECK_INT(j->n_orders, 2);
	CHECK(order_is_open(journey_order(j, SPAN_LIT("b"))));
	CHECK_INT(journey_order(j, SPAN_LIT("b"))->promised_at, MS_DAY);
}

static const struct check_case cases[] = {
	{"any order of arrival gives the same journey", test_any_order},
	{"an order is there when all its parcels are", test_parcels},
	{"a fulfilment in several parcels", test_parts},
	{"parcels are bounded", test_parcel_bounds},
	{"words for a status", test_statuses},
	{"a purchase at the till is a purchase", test_till},
	{"stages follow from the entities", test_stages},
	{"the visitor's number that was said last", test_visitor},
	{"an address that was taken back", test_taken_back},
	{"carts and orders are bounded", test_bounds},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
