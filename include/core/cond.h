/* SPDX-License-Identifier: MIT */
/*
 * Conditions: JsonLogic's strict profile, compiled (triggers, section 12; the precedent is
 * CertLogic of the EU's digital certificates). Nothing is coerced: a comparison with null or with
 * something that is not there is false, `==` holds only between equal types, numbers are decimals
 * and exact. A condition is a flat array of nodes, children before parents.
 *
 * What cannot be computed is missing: a sum that does not fit, a zone that nobody knows, an
 * operand of the wrong type. What is missing is neither true nor equal to anything.
 *
 * Cost is bounded: so many nodes, so deep, and so many steps, since operators over arrays evaluate
 * their condition once for each element. A condition that has used up its steps is false.
 */
#pragma once

#include "base/base.h"
#include "base/buf.h"
#include "base/zone.h"
#include "core/event.h"
#include "core/fact.h"
#include "core/job_channel.h"
#include "core/journey.h"

enum cond_op {
	COND_VALUE,    /* a constant */
	COND_FIELD,    /* a field of the event */
	COND_STATE,    /* a fact about the customer */
	COND_SNAPSHOT, /* a member of what the instance kept when it was armed */
	COND_ELEMENT,  /* of the array that is being looked through: itself, or a member */
	COND_EQUAL,    /* 2 children */
	COND_NOT_EQUAL,
	COND_LESS, /* 2 or 3 children: a < b < c; with instants too */
	COND_LESS_EQUAL,
	COND_GREATER,
	COND_GREATER_EQUAL,
	COND_AND, /* 1.. */
	COND_OR,
	COND_NOT,  /* 1 */
	COND_IF,   /* condition, value, condition, value, …, value: an odd number from 3 on */
	COND_IN,   /* 2: a value, and a list or an array of the event */
	COND_LIST, /* constants, only under COND_IN */
	COND_ADD,  /* 2.. */
	COND_SUBTRACT,
	COND_MULTIPLY,
	COND_REMAINDER, /* 2: whole numbers, sign of the first */
	COND_LEAST,	/* 1.. */
	COND_GREATEST,
	COND_SOME, /* 2: an array, a condition on its elements */
	COND_ALL,
	COND_NONE,
	COND_MISSING, /* 1..: one of them is not there */
	COND_SCARCE,  /* 1..: fewer than `ms` of them are there */
	COND_NOW,
	COND_PLUS_TIME,	    /* 1: an instant, `ms` later */
	COND_PLUS_CALENDAR, /* 1: an instant, `ms` months later */
	COND_BEFORE,	    /* 2 or 3 instants */
	COND_NOT_AFTER,
	COND_AFTER,
	COND_NOT_BEFORE,
	COND_SINCE,	 /* 1: an instant; seconds from there until now */
	COND_WITHIN,	 /* 1: an instant; no longer ago than `ms`, and not to come */
	COND_LOCAL_HOUR, /* 0..23 in `zone`; NULL: the customer's */
	COND_COUNT,	 /* what a plan of the rules amounts to (core/tally.h) */
	COND_SUM,
	COND_LAST,
	COND_CONSENT,	 /* to the topic `name`, by `channel` */
	COND_SEGMENT,	 /* the condition that the policy has by `name` */
	COND_PERCENTILE, /* 0..1: of the customer's value */
};

struct cond_node {
	enum cond_op op;
	uint16_t first; /* index of the first child in `children` */
	uint16_t count; /* number of children */
	union {
		size_t field;		  /* COND_FIELD */
		size_t fact;		  /* COND_STATE (core/fact.h) */
		int64_t ms;		  /* a length of time, or the number the operator says */
		size_t tally;		  /* COND_COUNT, COND_SUM, COND_LAST */
		enum job_channel channel; /* COND_CONSENT */
	};
	union {
		struct value value;	 /* COND_VALUE */
		struct span name;	 /* COND_SNAPSHOT; COND_CONSENT; COND_SEGMENT; COND_ELEMENT:
					    dotted, or empty */
		const struct zone *zone; /* COND_LOCAL_HOUR */
	};
};

#define COND_NODES_MAX 512
#define COND_DEPTH_MAX 32
#define COND_STEPS_MAX 10000

struct cond {
	const struct cond_node *nodes; /* the last is the root */
	size_t n_nodes;
	const uint16_t *children;
	const struct logic *logic; /* the profile `compat` in place of those (core/logic.h) */
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
	const int64_t *then;		 /* facts that have a past (core/fact.h) are those of that
					    instant; NULL: all are as they are */
};

bool cond_holds(const struct cond *c, const struct cond_scope *s);

/* Does it look at what the instance kept when it was armed (`ctx.`)? */
bool cond_asks_snapshot(const struct cond *c);

/* May C be asked of any instant of the past: does it look at nothing but facts that have one? */
bool cond_has_past(const struct cond *c);

/*
 * Appends why C does not hold, in plain words: the part that made it false and the values it had,
 * `s.orders >= 1: s.orders is 0`. 0, COND_HOLDS (nothing is appended), or -ENOMEM. Texts of events
 * are cut, but a condition may be long: who stores the words cuts them.
 */
enum { COND_HOLDS = 1 };
int cond_explain(const struct cond *c, const struct cond_scope *s, struct buf *out);

/* The value of C may not be used: it is not there, or cannot be computed. */
enum { COND_NOTHING = 1 };

/* What C amounts to: true, false, a number, a text (borrowed from the scope) or an instant. 0 or
 * COND_NOTHING. */
int cond_value(const struct cond *c, const struct cond_scope *s, struct value *ret_value);
