/* SPDX-License-Identifier: MIT */
/*
 * Orders: how far one has got, and what was promised. What is said of it comes in any order; what
 * follows from it is the same in each.
 */
#pragma once

#include "base/base.h"
#include "base/span.h"
#include "core/basket.h"
#include "core/text.h"

/*
 * Milestones of an order: the earliest time each was said to have happened. Numbers are stored:
 * append. Their order is no rank; that is milestone_rank().
 */
#define MILESTONES_FIRST(X)                                                                        \
	X(PLACED, "placed")                                                                        \
	X(PAID, "paid")                                                                            \
	X(SHIPPED, "shipped")                                                                      \
	X(OUT_FOR_DELIVERY, "out_for_delivery")                                                    \
	X(READY, "ready_for_pickup")                                                               \
	X(DELIVERED, "delivered")                                                                  \
	X(RETURNED, "returned")                                                                    \
	X(REFUNDED, "refunded")                                                                    \
	X(CANCELLED, "cancelled")

/* Those that few orders have. */
#define MILESTONES_MORE(X)                                                                         \
	X(IN_PRODUCTION, "in_production")                                                          \
	X(QUALITY_CHECK, "quality_check")                                                          \
	X(PACKED, "packed")                                                                        \
	X(RETURN_REQUESTED, "return_requested")

#define MILESTONES(X) MILESTONES_FIRST(X) MILESTONES_MORE(X)

enum milestone {
#define X(ID, NAME) MILESTONE_##ID,
	MILESTONES(X)
#undef X
		MILESTONE_COUNT
};

struct span milestone_name(enum milestone m);
/* From 0, which is PLACED: the greater, the further the order has got (triggers.md, section 13). */
unsigned milestone_rank(enum milestone m);
/* The same the other way round; RANK is below MILESTONE_COUNT. */
enum milestone milestone_of_rank(unsigned rank);

/* Beside its way; of several that were said at one instant the last here. Numbers are stored. */
#define ORDER_SIDES(X)                                                                             \
	X(PAYMENT_PENDING, "payment_pending")                                                      \
	X(BACKORDERED, "backordered")                                                              \
	X(ON_HOLD, "on_hold")                                                                      \
	X(EXCEPTION, "exception")

enum order_side {
#define X(ID, NAME) ORDER_##ID,
	ORDER_SIDES(X)
#undef X
		ORDER_SIDE_COUNT
};

/*
 * An order travels in several parcels. One is known by the shop's fulfilment, by the carrier's
 * tracking number, or by both, and an event that carries both says that they belong together. What
 * is kept is the set of these names with what was said of each, and which were said in one breath:
 * a graph, which comes out the same in whatever order the news comes in.
 */
#define ORDER_PARCELS_MAX 32 /* names: sixteen parcels that each have both */
#define PARCEL_ID_MAX	  128

enum parcel_stage {
	PARCEL_SHIPPED,
	PARCEL_OUT_FOR_DELIVERY,
	PARCEL_READY,
	PARCEL_DELIVERED,
	PARCEL_STAGE_COUNT
};

struct parcel {
	struct text id; /* `f:` and the fulfilment's id, or `t:` and the tracking number */
	int64_t at[PARCEL_STAGE_COUNT]; /* earliest; TIME_NEVER: not yet */
	uint32_t links;			/* bit n: said together with the order's parcel n */
};

struct order {
	struct text id;
	int64_t at[MILESTONE_COUNT]; /* said of it, or of its first parcel that got so far, but for
					the delivery; TIME_NEVER: not yet. Not what it has reached:
					order_reached_at() */
	int64_t promised_at;	     /* the promise in force; TIME_NEVER: none */
	int64_t promise_said_at;     /* when it was made (event time): a later word replaces it;
					INT64_MIN: never */
	int64_t touched_at;	     /* latest event about it */
	int64_t total_said_at;	     /* when the total was said; INT64_MIN: never */
	int64_t last[MILESTONE_COUNT]; /* the latest word of each but PLACED; INT64_MIN: as AT */
	int64_t parcel_said_at; /* the latest word that a parcel was delivered; INT64_MIN: as the
				   latest of the parcels' */
	int64_t side_at[ORDER_SIDE_COUNT]; /* the latest word of each; INT64_MIN: none */
	int64_t corrected_at;		   /* the latest correction; INT64_MIN: none */
	struct text total;		   /* raw JSON as sent, a number or a string */
	struct text currency;
	struct parcel *parcels; /* n_parcels, in order of their ids */
	uint32_t n_parcels;
	uint16_t parcels_lost;	    /* 1: more than are kept, so that nothing follows from all */
	uint16_t dispatch_promised; /* 1: what is promised is the dispatch, not the arrival */
	uint32_t corrected_to;	    /* enum milestone; 0 without a correction */
	struct basket *basket;	    /* NULL: nothing is known of what was ordered */
};

/* As one of which nothing was said yet. O is cleared. */
void order_init(struct order *o);

/*
 * When nothing more was to be waited for: the first of delivered, cancelled, returned and refunded.
 * Who wants it back has it; but of what came in parcels that may be one of them, and the others are
 * waited for. TIME_NEVER: not yet.
 */
int64_t order_over_at(const struct order *o);
/* Placed, and not over. */
bool order_is_open(const struct order *o);
enum milestone order_rank(const struct order *o);	/* the highest milestone reached */
bool order_is_late(const struct order *o, int64_t now); /* open and behind its promise */

/*
 * When it reached M, TIME_NEVER: not yet. It is delivered when an event says so of the order as a
 * whole, or when every parcel that is known of was delivered.
 *
 * A correction takes back what was said up to then of all that ranks above the milestone to which
 * it puts the order. What was said behind it counts again: then it was reached at its earliest word
 * of all, if that is behind it, else at its latest.
 */
int64_t order_reached_at(const struct order *o, enum milestone m);
/* When parcel N of O was delivered: as was said of it, or of what it is part of, or of all its
 * parts. */
int64_t parcel_delivered_at(const struct order *o, size_t n);

/* It was said AT that O has reached M. */
void order_reach(struct order *o, enum milestone m, int64_t at);
/* The latest word that a parcel of O was delivered; INT64_MIN: none. It is kept through a change of
 * the parcels when it is read before, and set behind it. */
int64_t order_parcel_said(const struct order *o);
void order_set_parcel_said(struct order *o, int64_t at);
/* AT it was said that O has got no further than TO; of two at one instant the lower rank counts. */
void order_correct(struct order *o, enum milestone to, int64_t at);

/*
 * Where an open order is beside its way: what was said of it last, if nothing was said since of a
 * milestone (but of the placing). A payment is pending until it is paid; from UNPAID_AT it is, too,
 * if that is not before the placing (INT64_MIN: no payment for it is open). ORDER_SIDE_COUNT:
 * nowhere.
 */
enum order_side order_side(const struct order *o, int64_t unpaid_at);
struct span order_side_name(enum order_side side); /* empty: ORDER_SIDE_COUNT */

/*
 * The parcel of O with this id, added if new (pointers into the list move). 0; -ENOMEM;
 * PARCEL_NO_ROOM: then O has parcels_lost set.
 */
enum { PARCEL_NO_ROOM = 1 };
int order_parcel(struct order *o, struct span id, size_t *ret_n);
void order_link(struct order *o, size_t a, size_t b);
