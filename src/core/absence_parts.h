/* SPDX-License-Identifier: MIT */
/* What the files of absence share. Each has its part of the contract; absence.h is their face. */
#pragma once

#include "absence.h"

/* The key of what is about the customer as a whole. */
#define WHOLE SPAN_LIT("customer")

/* last_step where the period that fired made no job: held out, or a trial. */
#define STEP_UNSENT UINT32_MAX

/* absence.c */

int absence_count(const struct turn *t, enum counter counter);
/* What the conditions of a rule see this turn, of instance I or, with NULL, of none. */
struct cond_scope absence_scope(const struct turn *t, const struct instance *i, struct span key);
/* Enough of an event's name to explain a decision by; names come from strangers. */
struct span absence_by(const struct turn *t);
/* Copies S so that the effect outlives changes to the instance; ptr NULL: no memory, or empty. */
struct span absence_keep(const struct turn *t, struct span s);
/* A decision on I as it stands, at the end of the effects: a job, a job taken back, or a decision
 * alone, as OUTCOME says. NULL: no memory. */
struct decision *absence_decide(const struct turn *t, const struct rule *rule,
	const struct instance *i, uint32_t step, enum outcome outcome);
/* Does I run under RULE's text? One that waits for nothing runs under that in force. */
bool absence_owns(const struct turn *t, const struct rule *rule, const struct instance *i);
/* The entry behind AFTER (NULL: the first) whose key is the beginning of KEY, of a key of several
 * values: what ended all lines of an order. NULL: there is none. */
const struct instance *absence_above(const struct turn *t, const struct rule *rule, struct span key,
	const struct instance *after);
/* Has this episode got so far that something was sent, or would have been? */
bool absence_made(const struct instance *i);
/* What is left of an episode that ends before its last step: the job that it made cools all the
 * same (its firing has said until when). */
enum instance_state absence_after(const struct instance *i);
/* Nothing is waited for any more, and what was captured for the job is of no further use. */
void absence_disarm(struct instance *i, enum instance_state state, enum outcome outcome);
/* Ends an armed instance for a reason that lies with other rules. WORDS: which. */
int absence_end(const struct turn *t, struct instance *i, enum outcome outcome, struct span words);
void absence_unhold(struct instance *i);
void absence_undefer(struct instance *i);
void absence_set_timer(const struct turn *t, const struct rule *rule, struct instance *i);
int absence_note(const struct turn *t, const struct rule *rule, enum note_reason reason,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

/* absence_cancel.c */

/* The job of fired instance I is disproved by what happened at B: take it back if nobody has it
 * yet. The decision, NULL: no memory. */
struct decision *absence_retract(
	const struct turn *t, const struct rule *rule, struct instance *i, int64_t b);

/* Goals and cancels; *RET_HIT: the event is one. */
int absence_cancel(const struct turn *t, const struct rule *rule, bool *ret_hit);

/* absence_arm.c */

/* *RET_HIT: the event is one that arms. */
int absence_arm(const struct turn *t, const struct rule *rule, bool *ret_hit);
/* RULE takes KEY over from another rule. */
int absence_arm_key(const struct turn *t, const struct rule *rule, struct span key);
int absence_touch(const struct turn *t, const struct rule *rule, struct span key);
/* Rules that this one supersedes wait for nothing any more. */
int absence_end_inferiors(const struct turn *t, const struct rule *rule);

/* absence_data.c */

/* What I keep of the event that arms it, and of what is known of the customer by then. */
int absence_snapshot(const struct turn *t, const struct rule *rule, struct instance *i);
/* What the job carries: D's data, and what is asked only now. */
int absence_payload(const struct turn *t, const struct rule *rule, const struct instance *i,
	struct decision *d);

/* absence_hold.c */

/* The first source that RULE waits for and that has not said all up to I's deadline; empty: none.
 */
struct span absence_missing(
	const struct turn *t, const struct rule *rule, const struct instance *i);
/* It is due, and held: its timer is now the end of the hold. */
int absence_hold(
	const struct turn *t, const struct rule *rule, struct instance *i, struct span missing);
