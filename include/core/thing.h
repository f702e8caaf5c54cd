/* SPDX-License-Identifier: MIT */
/*
 * Things: what a customer has going with the shop beside carts and orders: a checkout, a payment
 * that failed, a repair, an appointment, a case. Each is a small state machine that takes its
 * marks in any order, since carriers, calendars and help desks report when they like: a mark is
 * the earliest time at which something was said to have happened, or the latest where it can
 * happen again (a case that is opened anew), and whether the thing is open follows from its marks.
 *
 * Which events are about which things, by which of their properties a thing is known, and what
 * opens and closes it, stands in tables: THING_KINDS and THING_MARKS here, the events in
 * core/fold_table.c.
 */
#pragma once

#include "base/base.h"
#include "base/decimal.h"
#include "core/text.h"

/* The word is what rules' keys begin with (`repair:R1`) and facts are named by (`s.repair.open`).
 * Numbers are stored: append. */
#define THING_KINDS(X)                                                                             \
	X(CHECKOUT, "checkout") /* checkout_id */                                                  \
	X(PAYMENT, "payment")	/* payment_id, else payment_intent_id, checkout_id, order_id */    \
	X(SHIPMENT, "shipment") /* shipment_id, else tracking_number, fulfillment_id */            \
	X(LINE, "line")		/* line_id, else sku, product_id: behind `ORDER/` */               \
	X(REPAIR, "repair")	/* repair_id */                                                    \
	X(APPOINTMENT, "appointment") /* appointment_id */                                         \
	X(CASE, "case")		      /* case_id */                                                \
	X(FEEDBACK, "feedback")	      /* review_id, feedback_id, else survey_id behind `order/` */ \
	X(WISH, "wish")		      /* sku, else product_id */                                   \
	X(WATCH, "watch")	      /* watch_id, else sku, product_id */                         \
	X(TRIAL, "trial")	      /* trial_id, else order_id */                                \
	X(SUBSCRIPTION, "subscription") /* subscription_id */                                      \
	X(SUGGESTION, "suggestion")	/* suggestion_id */                                        \
	X(INQUIRY, "inquiry")		/* inquiry_id, else conversation_id */                     \
	X(VIEW, "view")			/* sku, else product_id */                                 \
	X(OCCASION, "occasion")		/* order_id: what an order is for, where that was said */

enum thing_kind {
#define X(ID, NAME) THING_##ID,
	THING_KINDS(X)
#undef X
		THING_KIND_COUNT
};

#define THING_MARKS_MAX 8

/* Kind, number in at[] (stored: append), name, name of the fact, what it means. E: the earliest
 * time is kept, L: the latest. OPENS and CLOSES: whichever was later decides, at a tie CLOSES;
 * ENDS: closes for good. */
#define THING_MARKS(X)                                                                             \
	X(CHECKOUT, STARTED, 0, "started", THING_OPENS)                                            \
	X(CHECKOUT, STEP, 1, "step", THING_LATEST)                                                 \
	X(CHECKOUT, FAILED, 2, "failed", THING_LATEST)                                             \
	X(CHECKOUT, ORDERED, 3, "ordered", THING_ENDS)                                             \
	X(PAYMENT, FIRST_FAILED, 0, "first_failed", 0)                                             \
	X(PAYMENT, FAILED, 1, "failed", THING_OPENS | THING_LATEST)                                \
	X(PAYMENT, ACTION, 2, "action_required", THING_OPENS | THING_LATEST)                       \
	X(PAYMENT, APPROVED, 3, "approved", THING_ENDS)                                            \
	X(PAYMENT, DISPUTED, 4, "disputed", 0)                                                     \
	X(SHIPMENT, SHIPPED, 0, "shipped", THING_OPENS)                                            \
	X(SHIPMENT, MOVED, 1, "moved", THING_LATEST)                                               \
	X(SHIPMENT, OUT_FOR_DELIVERY, 2, "out_for_delivery", THING_OPENS)                          \
	X(SHIPMENT, READY, 3, "ready", THING_OPENS)                                                \
	X(SHIPMENT, DELIVERED, 4, "delivered", THING_ENDS)                                         \
	X(SHIPMENT, FAILED, 5, "failed", THING_LATEST)                                             \
	X(SHIPMENT, DELAYED, 6, "delayed", THING_LATEST)                                           \
	X(LINE, UNAVAILABLE, 0, "unavailable", THING_OPENS | THING_LATEST)                         \
	X(LINE, ISSUE, 1, "issue", THING_OPENS | THING_LATEST)                                     \
	X(LINE, CHOICE, 2, "choice", THING_CLOSES | THING_LATEST)                                  \
	X(LINE, FULFILLED, 3, "fulfilled", THING_ENDS)                                             \
	X(LINE, REFUNDED, 4, "refunded", THING_ENDS)                                               \
	X(REPAIR, RECEIVED, 0, "received", THING_OPENS)                                            \
	X(REPAIR, ESTIMATE_SENT, 1, "estimate_sent", THING_LATEST)                                 \
	X(REPAIR, ESTIMATE_ACCEPTED, 2, "estimate_accepted", THING_LATEST)                         \
	X(REPAIR, READY, 3, "ready", THING_OPENS)                                                  \
	X(REPAIR, COLLECTED, 4, "collected", THING_ENDS)                                           \
	X(APPOINTMENT, BOOKED, 0, "booked", THING_OPENS)                                           \
	X(APPOINTMENT, RESCHEDULED, 1, "rescheduled", THING_OPENS | THING_LATEST)                  \
	X(APPOINTMENT, KEPT, 2, "kept", THING_ENDS)                                                \
	X(APPOINTMENT, MISSED, 3, "missed", THING_CLOSES | THING_LATEST)                           \
	X(APPOINTMENT, CANCELLED, 4, "cancelled", THING_CLOSES | THING_LATEST)                     \
	X(CASE, FIRST_OPENED, 0, "first_opened", 0)                                                \
	X(CASE, OPENED, 1, "opened", THING_OPENS | THING_LATEST)                                   \
	X(CASE, ANSWERED, 2, "answered", THING_LATEST)                                             \
	X(CASE, SOLVED, 3, "solved", THING_CLOSES | THING_LATEST)                                  \
	X(FEEDBACK, GIVEN, 0, "given", THING_OPENS)                                                \
	X(FEEDBACK, ANSWERED, 1, "answered", THING_ENDS)                                           \
	X(WISH, ADDED, 0, "added", THING_OPENS | THING_LATEST)                                     \
	X(WISH, REMOVED, 1, "removed", THING_CLOSES | THING_LATEST)                                \
	X(WISH, CARTED, 2, "carted", THING_CLOSES | THING_LATEST)                                  \
	X(WATCH, REQUESTED, 0, "requested", THING_OPENS | THING_LATEST)                            \
	X(WATCH, CANCELLED, 1, "cancelled", THING_CLOSES | THING_LATEST)                           \
	X(WATCH, STOCKED, 2, "stocked", THING_LATEST)                                              \
	X(WATCH, PRICED, 3, "priced", THING_LATEST)                                                \
	X(WATCH, TOLD, 4, "told", THING_LATEST)                                                    \
	X(TRIAL, STARTED, 0, "started", THING_OPENS)                                               \
	X(TRIAL, RETURNED, 1, "returned", THING_ENDS)                                              \
	X(TRIAL, KEPT, 2, "kept", THING_ENDS)                                                      \
	X(SUBSCRIPTION, STARTED, 0, "started", THING_OPENS | THING_LATEST)                         \
	X(SUBSCRIPTION, CANCELLED, 1, "cancelled", THING_CLOSES | THING_LATEST)                    \
	X(SUGGESTION, MADE, 0, "made", THING_OPENS)                                                \
	X(SUGGESTION, CHANGED, 1, "changed", THING_LATEST)                                         \
	X(SUGGESTION, SETTLED, 2, "settled", THING_ENDS)                                           \
	X(INQUIRY, RECEIVED, 0, "received", THING_OPENS | THING_LATEST)                            \
	X(INQUIRY, ANSWERED, 1, "answered", THING_CLOSES | THING_LATEST)                           \
	X(VIEW, SEEN, 0, "seen", THING_OPENS | THING_LATEST)                                       \
	X(OCCASION, SAID, 0, "said", THING_OPENS | THING_LATEST)                                   \
	X(OCCASION, GIFT, 1, "gift", THING_LATEST)

enum {
#define X(KIND, MARK, N, NAME, FLAGS) KIND##_##MARK = (N),
	THING_MARKS(X)
#undef X
};

enum {
	THING_LATEST = 1 << 0,
	THING_OPENS = 1 << 1,
	THING_CLOSES = 1 << 2,
	THING_ENDS = 1 << 3,
};

/* Text or a number, and when it was said: a later word replaces it, of two at one instant the
 * greater. */
struct said {
	struct text text;
	int64_t at; /* event time; INT64_MIN: never */
};

struct amount {
	struct decimal value;
	int64_t at; /* event time; INT64_MIN: never */
};

struct thing {
	struct text id;
	struct text about;    /* the order, cart or product it belongs to; the greatest ever said */
	struct said word;     /* status, reason, choice: the latest */
	struct amount number; /* amount, rating, price: the latest */
	int64_t at[THING_MARKS_MAX]; /* TIME_NEVER: not yet */
	int64_t due_at;		     /* start, promise, return-by in force; TIME_NEVER: none */
	int64_t due_said_at;	     /* INT64_MIN: never */
	int64_t touched_at;	     /* latest event about it */
	enum thing_kind kind;
	struct thing *before; /* one of its name, without the id, that was over for long when this
				 began (src/core/thing_before.h); NULL: none */
};

#define THING_WORD_MAX 128 /* bytes; longer ones are cut between characters */
#define THING_ID_MAX   516 /* an order's id, a slash and a line's: with 1 << 9 and a little */

struct event;

/* The id of the thing of KIND that E is about, which may lie in BUF; empty if it names none. */
struct span thing_event_id(enum thing_kind kind, const struct event *e, char buf[THING_ID_MAX]);

bool thing_is_open(const struct thing *t);
/* When it last opened; INT64_MIN: it has not. */
int64_t thing_opened_at(const struct thing *t);

struct span thing_kind_name(enum thing_kind kind);
/* THING_KIND_COUNT if NAME is none. `review` and `survey` are FEEDBACK, as their ids are. */
enum thing_kind thing_kind_of(struct span name);
/* Empty where KIND has no mark with that number. */
struct span thing_mark_name(enum thing_kind kind, unsigned mark);
unsigned thing_mark_flags(enum thing_kind kind, unsigned mark);
