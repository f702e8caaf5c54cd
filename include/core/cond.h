/* SPDX-License-Identifier: MIT */
/*
 * Conditions: JsonLogic's strict profile, compiled. Nothing is coerced: a comparison with null or
 * a missing value is false, `==` holds only between equal types, numbers compare as decimals.
 * A condition is a flat array of nodes, children before parents; evaluation cannot loop and its
 * cost is bounded by the number of nodes.
 */
#pragma once

#include "base/base.h"
#include "core/event.h"
#include "core/journey.h"

enum cond_op {
	COND_VALUE, /* a constant */
	COND_FIELD, /* a field of the event */
	COND_STATE, /* a fact about the customer */
	COND_EQUAL, /* 2 children */
	COND_NOT_EQUAL,
	COND_LESS, /* 2 or 3 children: a < b < c */
	COND_LESS_EQUAL,
	COND_GREATER, /* 2 */
	COND_GREATER_EQUAL,
	COND_AND, /* 1.. */
	COND_OR,
	COND_NOT,  /* 1 */
	COND_IN,   /* 2: value, list */
	COND_LIST, /* constants, only under COND_IN */
};

/* Facts about the customer, `s.NAME` in rules. */
#define STATE_FACTS(X)                                                                             \
	X(ORDERS, "orders")	      /* number of orders ever placed */                           \
	X(OPEN_ORDERS, "open_orders") /* placed, neither delivered nor cancelled */                \
	X(OPEN_CARTS, "open_carts")                                                                \
	X(EVENTS, "events")	    /* number of events ever applied */                            \
	X(IDENTIFIED, "identified") /* true once a user id is known */                             \
	X(HAS_EMAIL, "has_email")                                                                  \
	X(HAS_PHONE, "has_phone")                                                                  \
	X(STAGE, "stage")		      /* the journey stage's name */                       \
	X(ORDER_DELIVERED, "order_delivered") /* the order that the event is about has arrived,    \
						 with all parcels known */

enum state_fact {
#define X(ID, NAME) STATE_##ID,
	STATE_FACTS(X)
#undef X
		STATE_FACT_COUNT
};

struct cond_node {
	enum cond_op op;
	uint16_t first;	      /* index of the first child in `children` */
	uint16_t count;	      /* number of children */
	size_t field;	      /* COND_FIELD */
	enum state_fact fact; /* COND_STATE */
	struct value value;   /* COND_VALUE */
};

#define COND_NODES_MAX 512
#define COND_DEPTH_MAX 32

struct cond {
	const struct cond_node *nodes; /* the last is the root */
	size_t n_nodes;
	const uint16_t *children;
};

struct rules;

/* What a condition is asked about. */
struct cond_scope {
	const struct rules *rules;
	const struct journey *journey;
	const struct event *event;	 /* NULL when a rule fires: its fields are missing */
	const struct instance *instance; /* NULL: none yet */
	struct span key;		 /* of the instance concerned, `order:O1`; may be empty */
	int64_t now;			 /* virtual time */
};

bool cond_holds(const struct cond *c, const struct cond_scope *s);
