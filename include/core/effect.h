/* SPDX-License-Identifier: MIT */
/*
 * Effects: what the core wishes to be done, a closed list. step() only writes this list; whoever
 * called it carries the wishes out, in one commit.
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "base/span.h"
#include "core/event.h"
#include "core/journey.h"
#include "core/money.h"
#include "core/rule.h"

enum effect_kind {
	EFFECT_TIMELINE, /* an event stands on the timeline */
	EFFECT_STATE,	 /* the journey changed: keep it */
	EFFECT_WAKE,	 /* wake the customer at `wake_at` (TIME_NEVER: not at all) */
	EFFECT_JOB,	 /* emit a notification job */
	EFFECT_RETRACT,	 /* take a job back, if nobody has taken it yet */
	EFFECT_DECISION, /* something was decided about an instance: stands on the timeline too */
	EFFECT_FORWARD,	 /* a message to another customer's partition */
	EFFECT_HOLD,	 /* look at the customer when the mark of `source` reaches `hold_at` */
	EFFECT_ASK,	 /* wait in line for the product `source` since `hold_at` */
	EFFECT_COUNT,	 /* add 1 to a counter */
};

/* What happened to an instance: enough to explain it in a sentence, and to name its job. */
struct decision {
	enum outcome outcome;
	struct span rule;
	uint32_t epoch;
	struct span key;
	uint32_t episode;
	struct span step; /* the step's id; empty where none is concerned */
	int64_t at;	  /* virtual time */
	int64_t anchor_at;
	int64_t armed_at;
	int64_t deadline_at;
	int64_t fire_at;
	struct span by;	  /* the event behind it; empty for the passing of time */
	int64_t by_at;	  /* its event time */
	bool late;	  /* a retraction: the event was in time and only came too late to know */
	struct span data; /* job: JSON members captured when armed */
	const struct rule *rule_now; /* job: the rule; NULL otherwise if it is gone */
	/* What few decisions have. */
	uint32_t gate, reason; /* deferred, suppressed: which gate, and why (core/gate.h) */
	int64_t until;	       /* deferred: until then; 0: not */
	struct span channel;   /* the way it goes; empty: none was chosen */
	unsigned tried;	       /* 1 << enum job_channel: ways that the message went before */
	int64_t due_at;	       /* job: when it came due first, if that is not fire_at; else 0 */
	struct decimal likelihood, impact;
	enum priority_class priority;
	struct worth worth; /* job: of what it is about; written nowhere */
	uint64_t version;   /* of the rule's text; 0: the one in force */
	struct span words;  /* in words, what the rest cannot say */
	/* Of a customer who was two (core/merge.h). */
	struct span subject; /* the customer after whom the job is named; empty: the journey's */
	struct span home;    /* a retraction: in whose partition the job lies; empty: here */
};

enum counter {
	COUNTER_APPLIED,
	COUNTER_DUPLICATE,
	COUNTER_CONFLICT,
	COUNTER_QUARANTINED,
	COUNTER_ARMED,
	COUNTER_STALE,
	COUNTER_CANCELLED,
	COUNTER_SUPPRESSED,
	COUNTER_FIRED,
	COUNTER_RETRACTED,
	COUNTER_FUTURE,
	COUNTER_NO_DEADLINE,
	COUNTER_LIMIT,
	COUNTER_HELD,
	COUNTER_MARKS,
	COUNTER_DEFERRED,
	COUNTER_WOULD_SEND,
	COUNTER_SUPERSEDED,
	COUNTER_GOAL,
	COUNTER_NOT_MATCHING,
	COUNTER_SKIPPED,
	COUNTER_EXPIRED,
	COUNTER_REPLACED,
	COUNTER_MERGED,
	COUNTER_FORWARDED,
	COUNTER_REDELIVERED,
	COUNTER_IDENTITY_LINKED,
	COUNTER_IDENTITY_MERGED,
	COUNTER_IDENTITY_REFUSED,
	COUNTER_IDENTITY_LIMIT,
	COUNTER_ERASED,	  /* keys of erased customers that were emptied */
	COUNTER_KEPT_OUT, /* entries of those who were erased: not applied, and removed */
	COUNTER_IDENTITY_UNMERGED,
	COUNTER_NEWS,
	COUNTER_NEWS_TOLD,
	COUNTER_NEWS_LIMIT,
	COUNTER_COUNT
};

struct span counter_name(enum counter c);

struct message;

struct effect {
	enum effect_kind kind;
	int64_t wake_at;	   /* EFFECT_WAKE */
	enum counter counter;	   /* EFFECT_COUNT */
	struct decision decision;  /* EFFECT_JOB, RETRACT, DECISION */
	const struct event *event; /* EFFECT_TIMELINE */
	struct span source;	   /* EFFECT_HOLD; EFFECT_ASK: a key of news */
	int64_t hold_at;	   /* EFFECT_HOLD, EFFECT_ASK; TIME_NEVER: not any more */
	const struct message
		*message; /* EFFECT_FORWARD; in the arena. Who it is from is left open */
};

/* The list; the owner resets it between steps. Spans in it live in its arena or in the event. */
struct effects {
	struct arena arena;
	struct effect *list;
	size_t n, cap;
};

void effects_init(struct effects *e);
void effects_release(struct effects *e);
void effects_reset(struct effects *e);
/* A cleared effect of KIND at the end of the list; NULL when out of memory. */
struct effect *effects_add(struct effects *e, enum effect_kind kind);
