/* SPDX-License-Identifier: MIT */
/*
 * Facts: what conditions may ask of a customer, `s.PATH`. All of them, with their types, are in the
 * tables below; schemas/facts.md, which people read, is made of them (a test holds the two
 * together).
 *
 * Facts of the customer stand alone (`s.orders`). Facts of an entity begin with its kind
 * (`s.order.late`, `s.case.open`). Which one is meant follows from the scope, in this order:
 *
 *	1. the one that the instance's key names: key `order:O1` and s.order.…; `product:P1` and
 *	   `sku:S1` name a wish, a watch, a view and the open order that has it, an order's or
 *	   checkout's key the payment that has no id of its own. What is known by its product alone
 *	   stands for each variant: with `sku:S1` it is found by the event's product_id, or by the
 *	   one that the instance keeps as `product_id`. Where the key names nothing that has an
 *	   order, its order is the event's, or the one kept as `order_id`;
 *	2. the one that the event is about, by its ids;
 *	3. the one that is about what the key names: s.payment.… of a rule whose key is an order;
 *	   of several the open one, then the one heard of last;
 *	4. where the key is the customer: the open one heard of last, then the one heard of last.
 *
 * `s.thing.…` is the thing whose kind the key itself names (`repair:R1`). Where there is none, and
 * where nothing was said, the fact is missing: it is neither true nor equal to anything.
 */
#pragma once

#include "base/buf.h"
#include "core/field.h"
#include "core/thing.h"

struct cond_scope;
struct journey;

enum fact_type { FACT_BOOL, FACT_NUMBER, FACT_TEXT, FACT_INSTANT };

/* Of the customer. */
#define CUSTOMER_FACTS(X)                                                                          \
	X(ORDERS, "orders", NUMBER, "how many orders were ever placed")                            \
	X(OPEN_ORDERS, "open_orders", NUMBER,                                                      \
		"orders placed, neither delivered nor wanted back, cancelled, returned, refunded") \
	X(LATE_ORDERS, "late_orders", NUMBER, "of those, how many are behind their promise")       \
	X(OPEN_CARTS, "open_carts", NUMBER, "carts with something in them, used within 30 days")   \
	X(OPEN_CHECKOUTS, "open_checkouts", NUMBER, "checkouts that no order came of")             \
	X(OPEN_PAYMENTS, "open_payments", NUMBER,                                                  \
		"payments that failed or wait for the customer, and no purchase since")            \
	X(OPEN_SHIPMENTS, "open_shipments", NUMBER, "parcels on their way")                        \
	X(OPEN_LINES, "open_lines", NUMBER, "order lines with a problem that is not settled")      \
	X(OPEN_REPAIRS, "open_repairs", NUMBER, "repairs received and not collected")              \
	X(OPEN_APPOINTMENTS, "open_appointments", NUMBER,                                          \
		"appointments neither kept, missed nor cancelled")                                 \
	X(OPEN_CASES, "open_cases", NUMBER, "cases opened and not solved")                         \
	X(OPEN_FEEDBACK, "open_feedback", NUMBER, "reviews and answers nobody has answered")       \
	X(OPEN_WISHES, "open_wishes", NUMBER, "products on a wish list")                           \
	X(OPEN_WATCHES, "open_watches", NUMBER, "alerts for stock and prices in force")            \
	X(OPEN_TRIALS, "open_trials", NUMBER, "trials at home going on")                           \
	X(OPEN_SUBSCRIPTIONS, "open_subscriptions", NUMBER, "subscriptions in force")              \
	X(OPEN_SUGGESTIONS, "open_suggestions", NUMBER, "suggestions not settled")                 \
	X(OPEN_INQUIRIES, "open_inquiries", NUMBER, "inquiries not answered")                      \
	X(OPEN_VIEWS, "open_views", NUMBER,                                                        \
		"products seen or put into a cart in the last 60 days, at most 8")                 \
	X(OPEN_OCCASIONS, "open_occasions", NUMBER, "orders that are for an occasion or a gift")   \
	X(APPOINTMENTS_AHEAD, "appointments_ahead", NUMBER,                                        \
		"of the open appointments, how many are still to begin")                           \
	X(UNKEPT_APPOINTMENTS, "unkept_appointments", NUMBER,                                      \
		"of the open appointments, how many began 15 minutes to 365 days ago")             \
	X(EVENTS, "events", NUMBER, "how many events were ever applied")                           \
	X(IDENTIFIED, "identified", BOOL, "a user id is known")                                    \
	X(IDENTIFIED_AT, "identified_at", INSTANT, "since when a user id is known")                \
	X(VISITOR, "visitor", TEXT, "who comes: anonymous, identified")                            \
	X(SESSION, "session", TEXT,                                                                \
		"browsing: on a screen of the shop, until nothing was done there for half an "     \
		"hour; then idle; missing for whom no screen has seen")                            \
	X(SESSION_SINCE, "session_since", INSTANT,                                                 \
		"when that began: the first thing done on this visit, or half an hour after the "  \
		"last")                                                                            \
	X(HAS_EMAIL, "has_email", BOOL,                                                            \
		"a mail address is known, and was not taken back since (`email: null` of an "      \
		"identify)")                                                                       \
	X(HAS_PHONE, "has_phone", BOOL, "a telephone number is known, likewise")                   \
	X(STAGE, "stage", TEXT, "the stage of the journey")                                        \
	X(STAGE_SINCE, "stage_since", INSTANT, "when that stage began")                            \
	X(STAGE_BEFORE, "stage_before", TEXT, "the stage before that")                             \
	X(ORDER_DELIVERED, "order_delivered", BOOL,                                                \
		"in `when`: the order that the event names has arrived, with all parcels known")   \
	X(FIRST_AT, "first_at", INSTANT, "the earliest event")                                     \
	X(LAST_AT, "last_at", INSTANT, "the latest event")                                         \
	X(ENGAGED_AT, "engaged_at", INSTANT, "the latest thing the customer did themselves")       \
	X(WEB_ACTIVE_AT, "web_active_at", INSTANT, "the same, on a screen of the shop")            \
	X(FIRST_ORDER_AT, "first_order_at", INSTANT, "the first purchase")                         \
	X(LAST_ORDER_AT, "last_order_at", INSTANT, "the latest purchase")                          \
	X(LAST_SURVEY_AT, "last_survey_at", INSTANT, "the latest survey or review answered")       \
	X(STORE_VISIT_AT, "store_visit_at", INSTANT, "the latest visit to a store")                \
	X(REFERRED_AT, "referred_at", INSTANT, "the latest recommendation to somebody")            \
	X(SIGNED_UP_AT, "signed_up_at", INSTANT, "when they signed up, the latest time")           \
	X(ERROR_AT, "error_at", INSTANT, "the latest technical error or failed payment")           \
	X(CONTACTED_AT, "contacted_at", INSTANT, "when they last turned to the shop")              \
	X(VALUE, "value", NUMBER,                                                                  \
		"totals of the orders kept, added up, in the main currency: the shop's, if its "   \
		"policy names one, else that of the latest purchase")                              \
	X(PURCHASE_DAYS, "purchase_days", NUMBER, "distinct days with a purchase, at most 64")     \
	X(CURRENCY, "currency", TEXT, "of the latest purchase")                                    \
	X(RECOMMENDATIONS, "recommendations", TEXT,                                                \
		"what the shop suggests to them: the trait of that name, a list, as JSON; in a "   \
		"rule's `data` it is that list")                                                   \
	X(TIER, "tier", TEXT, "of the loyalty programme")                                          \
	X(TIER_RANK, "tier_rank", NUMBER, "its place, the higher the better")                      \
	X(TOP_TIER, "top_tier", BOOL,                                                              \
		"it is the highest, or one that counts as such: the policy's loyalty_top or "      \
		"above")                                                                           \
	X(POINTS, "points", NUMBER, "loyalty points")                                              \
	X(POINTS_EXPIRE_AT, "points_expire_at", INSTANT, "when points are lost next")              \
	X(NPS, "nps", NUMBER, "the latest answer, 0 to 10")                                        \
	X(CSAT, "csat", NUMBER, "the latest answer, 1 to 5")                                       \
	X(RECOMMEND, "recommend", BOOL, "the latest answer to: would you recommend us?")           \
	X(STARS, "stars", NUMBER, "of the latest review, 1 to 5")                                  \
	X(SENTIMENT, "sentiment", NUMBER, "of the latest text that has one, -1 to 1")              \
	X(DETRACTOR, "detractor", BOOL,                                                            \
		"the latest feedback is bad: nps to 6, csat or stars to 2, no; of text alone: "    \
		"sentiment to -0.5")                                                               \
	X(RATING, "rating", NUMBER, "the latest rating of any kind, 0 to 100")                     \
	X(RATING_BEFORE, "rating_before", NUMBER, "the mean of up to 15 before it")                \
	X(RATING_DROP, "rating_drop", NUMBER, "how far it is below that mean")                     \
	X(TIMEZONE, "timezone", TEXT,                                                              \
		"as they prefer; else by their address, else by their device: an IANA name")       \
	X(LANGUAGE, "language", TEXT, "as they prefer, else as their device says: BCP 47")         \
	X(COUNTRY, "country", TEXT,                                                                \
		"where they live, else where their latest order went: ISO 3166-1")                 \
	X(BLOCKED, "blocked", BOOL, "not to be written to at all")                                 \
	X(MINOR, "minor", BOOL, "not of age")                                                      \
	X(DECEASED, "deceased", BOOL, "has died")                                                  \
	X(ERASED, "erased", BOOL, "asked to be forgotten")                                         \
	X(CART_ID, "cart.id", TEXT, "the cart's key without `cart:`; `customer` without an id")    \
	X(CART_OPEN, "cart.open", BOOL,                                                            \
		"something is in it, neither bought nor emptied nor left alone for 30 days")       \
	X(CART_STATE, "cart.state", TEXT, "open, checkout, ordered, emptied, expired")             \
	X(CART_ITEMS, "cart.items", NUMBER, "different products in it, as far as known")           \
	X(CART_VALUE, "cart.value", NUMBER,                                                        \
		"what it is worth: as said last, else prices times quantities")                    \
	X(CART_IN_EVENT, "cart.in_event", BOOL,                                                    \
		"the event names a product that is in it: a purchase elsewhere; of a rule whose "  \
		"key is a checkout, in that one's cart whichever the event names")                 \
	X(CART_IN_STOCK, "cart.in_stock", BOOL,                                                    \
		"something in it can be had, as far as the shop's stock is known")                 \
	X(CART_ADDED_AT, "cart.added_at", INSTANT, "the latest addition")                          \
	X(CART_CHECKOUT_AT, "cart.checkout_at", INSTANT, "the latest step of a checkout")          \
	X(CART_LAST_AT, "cart.last_at", INSTANT, "the latest activity in it")                      \
	X(ORDER_ID, "order.id", TEXT, "the order")                                                 \
	X(ORDER_OPEN, "order.open", BOOL,                                                          \
		"placed, neither delivered nor wanted back, cancelled, returned, refunded")        \
	X(ORDER_STATUS, "order.status", TEXT, "the last milestone it has reached")                 \
	X(ORDER_SIDE, "order.side", TEXT,                                                          \
		"beside its way: `payment_pending`, `backordered`, `on_hold` or `exception`, as "  \
		"long as it is open and nothing was said since of a milestone; else missing")      \
	X(ORDER_LATE, "order.late", BOOL, "it is open and behind its promise")                     \
	X(ORDER_ARRIVED, "order.delivered", BOOL, "it has arrived, with all parcels known")        \
	X(ORDER_VALUE, "order.value", NUMBER, "its total")                                         \
	X(ORDER_CURRENCY, "order.currency", TEXT, "of the total")                                  \
	X(ORDER_ITEMS, "order.items", NUMBER, "different products in it, as far as known")         \
	X(ORDER_IN_EVENT, "order.in_event", BOOL, "the event names a product that is in it")       \
	X(ORDER_PROMISED_AT, "order.promised_at", INSTANT, "the promise in force")                 \
	X(ORDER_PROMISE_OF, "order.promise_of", TEXT,                                              \
		"what is promised for then: `delivery`, or `shipment` where it only had to be "    \
		"sent")                                                                            \
	X(ORDER_TOUCHED_AT, "order.touched_at", INSTANT, "the latest event about it")              \
	X(ORDER_PAYMENT_PENDING_AT, "order.payment_pending_at", INSTANT,                           \
		"when it was last said to wait for its payment")                                   \
	X(ORDER_BACKORDERED_AT, "order.backordered_at", INSTANT,                                   \
		"when it was last said to wait for goods")                                         \
	X(ORDER_ON_HOLD_AT, "order.on_hold_at", INSTANT, "when it was last said to be on hold")    \
	X(ORDER_EXCEPTION_AT, "order.exception_at", INSTANT,                                       \
		"when it was last said that something went wrong with it, or with a delivery")     \
	X(ORDER_CORRECTED_AT, "order.corrected_at", INSTANT,                                       \
		"when what was said of it was last corrected")                                     \
	X(ORDER_PLACED_AT, "order.placed_at", INSTANT, "placed")                                   \
	X(ORDER_PAID_AT, "order.paid_at", INSTANT, "paid")                                         \
	X(ORDER_SHIPPED_AT, "order.shipped_at", INSTANT, "sent, the first parcel of it")           \
	X(ORDER_OUT_FOR_DELIVERY_AT, "order.out_for_delivery_at", INSTANT, "out for delivery")     \
	X(ORDER_READY_AT, "order.ready_for_pickup_at", INSTANT, "ready to be fetched")             \
	X(ORDER_DELIVERED_AT, "order.delivered_at", INSTANT, "delivered, all of it")               \
	X(ORDER_RETURNED_AT, "order.returned_at", INSTANT, "returned")                             \
	X(ORDER_REFUNDED_AT, "order.refunded_at", INSTANT, "paid back")                            \
	X(ORDER_CANCELLED_AT, "order.cancelled_at", INSTANT, "cancelled")                          \
	X(ORDER_IN_PRODUCTION_AT, "order.in_production_at", INSTANT, "in production")              \
	X(ORDER_QUALITY_CHECK_AT, "order.quality_check_at", INSTANT, "in the quality check")       \
	X(ORDER_PACKED_AT, "order.packed_at", INSTANT, "packed")                                   \
	X(ORDER_RETURN_REQUESTED_AT, "order.return_requested_at", INSTANT,                         \
		"the customer wants to send it back")

enum {
#define X(ID, PATH, TYPE, WORDS) FACT_##ID,
	CUSTOMER_FACTS(X)
#undef X
		FACT_FIXED_COUNT
};

/* Of every kind of thing, and of `thing`; behind these its marks, `NAME_at`. */
#define THING_FACTS(X)                                                                             \
	X(OPEN, "open", BOOL, "it is going on: core/thing.h says what opens and closes it")        \
	X(ID, "id", TEXT, "its id")                                                                \
	X(STATUS, "status", TEXT, "its latest status, reason or choice")                           \
	X(VALUE, "value", NUMBER, "its latest amount, rating or price")                            \
	X(ABOUT, "about", TEXT, "the order, cart or product it belongs to")                        \
	X(DUE_AT, "due_at", INSTANT, "when it is to begin, to be ready or to be back")             \
	X(TOUCHED_AT, "touched_at", INSTANT, "the latest event about it")                          \
	X(IN_EVENT, "in_event", BOOL, "the event names the product that it is or is about")

enum thing_fact {
#define X(ID, NAME, TYPE, WORDS) THING_FACT_##ID,
	THING_FACTS(X)
#undef X
		THING_FACT_MARKS /* the first of the marks */
};

#define THING_FACTS_EACH (THING_FACT_MARKS + THING_MARKS_MAX)

/* How facts are numbered: the fixed ones, two for each channel, then those of each kind of thing
 * and of `thing`. Not all numbers are facts. */
#define FACT_CONSENT ((size_t)FACT_FIXED_COUNT)		/* `consent.CHANNEL` */
#define FACT_REACH   (FACT_CONSENT + JOB_CHANNEL_COUNT) /* `reach.CHANNEL` */
#define FACT_THING   (FACT_REACH + JOB_CHANNEL_COUNT)
#define FACT_SPENT   (FACT_THING + (THING_KIND_COUNT + 1) * (size_t)THING_FACTS_EACH)
/* `value.EUR`, one for each three letters; not listed anywhere. */
#define FACT_COUNT (FACT_SPENT + (size_t)26 * 26 * 26)

/* Is N a fact? */
bool fact_is(size_t n);
/* Its path without the `s.`, appended to OUT. */
void fact_path(size_t n, struct buf *out);
enum fact_type fact_type(size_t n);
/* What it says, for people. */
const char *fact_words(size_t n);
/* FACT_COUNT if there is no such fact. */
size_t fact_find(struct span path);
/* The currency that fact N, from FACT_SPENT on, is of: three letters, in BUF. */
struct span fact_currency(size_t n, char buf[3]);
/*
 * Has N a past: does what is kept say what it was at any instant, in whatever order the news came
 * in? Of orders the first word for each milestone is kept, and none is dropped that is open or
 * younger than a year; of most else the latest word alone.
 */
bool fact_has_past(size_t n);
/* The first instant behind AFTER at which facts that have a past may have changed; TIME_NEVER:
 * none. */
int64_t fact_next_change(const struct journey *j, int64_t after);
/* Borrowed from the scope. */
struct value fact_value(size_t n, const struct cond_scope *s);
