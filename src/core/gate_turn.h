/* SPDX-License-Identifier: MIT */
/* What the gates share while one question is answered. Inside core only. */
#pragma once

#include "core/gate.h"
#include "country_zones.h"

/* Where the customer is. */
struct whereabouts {
	const struct zone *zone; /* theirs, or else the shop's; NULL: UTC */
	struct span country;	 /* two letters; may be empty */
	/* The zones they may be in, while it is not known. */
	const struct zone *others[COUNTRY_ZONES_MAX];
	size_t n_others;
};

struct gate_turn {
	const struct gate_ask *ask;
	const struct policy *policy;
	enum rule_class class; /* of the step: work for staff, or the rule's */
	struct whereabouts where;
	int64_t expires_at; /* TIME_NEVER: never */
	/* The rule's channels, the best first; the gates of consent and reachability strike out. */
	enum job_channel ways[RULE_CHANNELS_MAX];
	size_t n_ways;
	enum job_channel first;	  /* what would have been the first choice */
	enum job_channel channel; /* chosen */
	struct gate_verdict *verdict;
};

/* One gate: true lets it through; false has answered. */
typedef bool gate_fn(struct gate_turn *t);

gate_fn gate_customer, gate_consent, gate_reachable, gate_holdout, gate_quiet, gate_cap,
	gate_arbitration;

/* Answers, with a sentence; returns false for the gate to hand on. */
__attribute__((format(printf, 4, 5))) bool gate_answer(struct gate_turn *t, enum gate_answer answer,
	enum gate_reason reason, const char *format, ...);
/* The same, put off until UNTIL, or never if it is worth nothing then or HABIT is not to wait. The
 * sentence is without its end, which says until when. */
__attribute__((format(printf, 5, 6))) bool gate_defer(struct gate_turn *t, enum gate_habit habit,
	enum gate_reason reason, int64_t until, const char *format, ...);

/* Would the message of INSTANCE go now, as far as the gates before the hold-out say? */
bool gate_would_go(const struct gate_ask *ask);

/* Of what is asked about: a step may be work for staff in a rule that is not. */
enum rule_class gate_class(const struct gate_ask *ask);

struct cond_scope gate_scope(const struct gate_ask *ask);

void whereabouts_of(const struct policy *p, const struct journey *j, struct whereabouts *ret);

/* AT as people say it where the customer lives, and how far east that is: `2026-11-23 08:00
 * +01:00`. */
#define GATE_TIME_SIZE 80
const char *gate_time(const struct gate_turn *t, int64_t at, char out[GATE_TIME_SIZE]);

/* The send that belongs to the job asked about: it does not stand in its own way. */
bool gate_is_own(const struct gate_ask *ask, const struct send *s);
