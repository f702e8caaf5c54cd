/* SPDX-License-Identifier: MIT */
/* What the files of absence share. Each has its part of the contract; absence.h is their face. */
#pragma once

#include "absence.h"

/* The key of what is about the customer as a whole. */
#define WHOLE SPAN_LIT("customer")

/* last_step where the period that fired made no job: held out, or a trial. */
#define STEP_UNSENT UINT32_MAX

/* From when an instance waits, and until when. */
struct wait_of {
	int64_t anchor_at, deadline_at;
};

/* Which of the arming events of an instance. */
struct arming_ask {
	int64_t after;	       /* what counts is behind that */
	int64_t over;	       /* what arms is behind that, */
	int64_t until;	       /* and not behind that */
	const uint32_t *entry; /* and counted by that; NULL: any */
};

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
/* Does what the entry I of RULE remembers hold for KEY too: its own, or what it is part of? */
bool absence_covers(const struct rule *rule, const struct instance *i, struct span key);
/* The latest cancel that is known for KEY; INT64_MIN: none. */
int64_t absence_cancelled_at(const struct turn *t, const struct rule *rule, struct span key);
/* Has this episode got so far that something was sent, or would have been? */
bool absence_made(const struct instance *i);
/* What is left of an episode that ends before its last step: the job that it made cools all the
 * same (its firing has said until when). */
enum instance_state absence_after(const struct instance *i);
/* Nothing is waited for any more, and what was captured for the job is of no further use. */
void absence_disarm(struct instance *i, enum instance_state state, enum outcome outcome);
/* The same, but for the arming events that may yet take over. */
void absence_stop(struct instance *i, enum instance_state state, enum outcome outcome);
/* Ends an armed instance for a reason that lies with other rules. WORDS: which. */
int absence_end(const struct turn *t, struct instance *i, enum outcome outcome, struct span words);
/* The same for the rule BY, which goes before. */
int absence_supersede(const struct turn *t, struct instance *i, struct span by);
void absence_unhold(struct instance *i);
void absence_undefer(struct instance *i);
/* I waits until the same instant as OTHER, and is held or put off as that is. 0 or -ENOMEM. */
int absence_take_timer(struct instance *i, const struct instance *other);
/* When a timer of RULE runs that is for AT. */
int64_t absence_timer(const struct turn *t, const struct rule *rule, int64_t at);
void absence_set_timer(const struct turn *t, const struct rule *rule, struct instance *i);
/* D is about a message that went another way before (struct emission); WAY is beyond all: none was
 * found. 0 or -ENOMEM. */
int absence_name_way(const struct turn *t, struct decision *d, uint32_t way);
/* TEXT, cut where a character ends, and shown to be, if it would have been NEEDED bytes long. */
struct span absence_cut(char text[NOTE_WORDS_MAX + 1], int needed);
int absence_note(const struct turn *t, const struct rule *rule, enum note_reason reason,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

/* absence_cancel.c */

/* Goals and cancels; *RET_HIT: the event is one. */
int absence_cancel(const struct turn *t, const struct rule *rule, bool *ret_hit);

/* absence_hand.c */

/* Does something that ends RULE hand over to another? */
bool absence_hands_over(const struct rule *rule);
/* Does RULE hand over, and end by a condition of which it can be told when it was false? */
bool absence_leaves_then(const struct rule *rule);
/* Behind all rules: has the event changed when such a condition was false? 0 or -ENOMEM. */
int absence_settle_left(const struct turn *t);
/* M of I, remembered if RULE hands over. 0 or -ENOMEM. */
int absence_moment(
	const struct turn *t, const struct rule *rule, struct instance *i, const struct moment *m);
/* Nothing armed I behind AFTER and up to UNTIL, as far as others are concerned. */
void absence_moments_cut(struct instance *i, int64_t after, int64_t until);
/* The latest cancel of what I may have been about, which for what has no key is that of any;
 * INT64_MIN: none. */
int64_t absence_ended_at(const struct turn *t, const struct rule *rule, const struct instance *i);
/* The latest that had ended I, as an entry of RULE, before B, by what the moments of J say, and
 * until when that closed it; INT64_MIN: nothing. */
int64_t absence_ended_before(
	const struct journey *j, const struct rule *rule, const struct instance *i, int64_t b);
/* I, of RULE, waits no more, and no cancel has ended it: what armed it has nothing to hand over. */
void absence_moments_rest(const struct turn *t, const struct rule *rule, struct instance *i);
/* I keeps by itself when it was last ended, by whatever entry remembers that. 0 or -ENOMEM. */
int absence_moments_ended(const struct turn *t, const struct rule *rule, struct instance *i);
/* Those of both. 0 or -ENOMEM. */
int absence_moments_join(struct instance *into, const struct instance *from);
/* The turn's event ends GIVER's ABOUT and hands over to the rule TO, if that waited. 0 or -ENOMEM.
 */
int absence_hand_over(
	const struct turn *t, const struct rule *giver, struct span to, struct span about);
/* GIVER has been armed or ended: what of all that it hands over stands? 0 or -ENOMEM. */
int absence_settle_over(const struct turn *t, const struct rule *giver);

/* absence_leave.c */

/* Is I one of whose condition it is known that it was false since what armed it, and that only
 * waits until no other news can come in? */
bool absence_is_leaving(const struct turn *t, const struct instance *i);
/* Does I, of RULE, leave sooner than it is due? Then its timer says when. */
void absence_leave_watch(const struct turn *t, const struct rule *rule, struct instance *i);
/* The timer of I has gone off: does it leave, or wait on? 0: it is due; ABSENCE_NOT_DUE; -ENOMEM.
 */
enum { ABSENCE_NOT_DUE = 1 };
int absence_leave_early(const struct turn *t, const struct rule *rule, struct instance *i);
/* I is due, and held no more: does it leave? The same. */
int absence_leave_due(const struct turn *t, const struct rule *rule, struct instance *i);

/* absence_list.c */

/* Does the instant to wait for come with the arming event? */
bool absence_gives(const struct rule *rule);
/* Which of two arming events is the later one; at one instant what they say decides, so that it is
 * the same one whichever comes in first. */
int absence_compare(const struct arming *a, const struct arming *b);
/* The same for customer J, of whom they may be under two names: where all else is one the names
 * decide. */
int absence_compare_named(const struct journey *j, const struct arming *a, const struct arming *b);
/* What armed I, which is armed by RULE, borrowed. */
struct arming absence_current(const struct rule *rule, const struct instance *i);
/* *RET is one of its own that says what A does. 0 or -ENOMEM. */
int absence_copy(const struct arming *a, struct arming *ret);
/* Onto the list, which takes over what A points to, or has no room for it. 0 or -ENOMEM. */
int absence_list_add(struct instance *i, struct arming *a);
/* The N-th, off the list and the caller's. */
struct arming absence_list_take(struct instance *i, size_t n);
/* The same, but what is handed over stays, and the caller's is a copy. 0 or -ENOMEM. */
int absence_list_lend(struct instance *i, size_t n, struct arming *ret);
/* Is A on the list, as one that is handed over? */
bool absence_list_given(const struct instance *i, const struct arming *a);
/* What was handed over has been used up. */
void absence_list_use(struct instance *i);
/* What might have been handed over before UNTIL will not be any more. */
void absence_list_age(struct instance *i, int64_t until);
/* Those of both that no cancel of INTO's has made void, FROM's moved. 0 or -ENOMEM. */
int absence_list_join(struct instance *into, struct instance *from);
/* All up to UNTIL count and arm no more. */
void absence_list_forget(struct instance *i, int64_t until);
/* Those up to UNTIL that arm by themselves do so no more. */
void absence_list_settle(struct instance *i, int64_t until);
/* The most that M counts in one window of those that ASK speaks of. */
size_t absence_list_most(
	const struct instance *i, const struct rule_match *m, const struct arming_ask *ask);
/* The name of the event A, which RULE counts: that of the turn, or as its entry has it. */
struct span absence_list_by(const struct turn *t, const struct rule *rule, const struct arming *a);
/* How many of what an entry of RULE counts are behind AFTER, from the window on in which they armed
 * I; of several entries the most. */
size_t absence_list_counted(const struct rule *rule, const struct instance *i, int64_t after);
/* Does it take those of OTHER, who is one with J by now, and others of I, one of J's, for as many
 * as M counts in the window that ends with the N-th? */
bool absence_list_is_joint(const struct journey *j, const struct instance *i, size_t n,
	const struct rule_match *m, const struct journey *other);
/* Do events behind AFTER still come to what armed I, if it was several of them? */
bool absence_list_stands(const struct rule *rule, const struct instance *i, int64_t after);
/* Of the list of I, one of J's, the one that ASK speaks of and that arms: the last, or the first
 * where that is the anchor. False: none. */
bool absence_list_find(const struct journey *j, const struct rule *rule, const struct instance *i,
	const struct arming_ask *ask, size_t *ret_n);

/* absence_past.c */

/* I makes the job of its step, or what would have been one. 0 or -ENOMEM. */
int absence_remember(struct instance *i, bool sends);
/* I makes its latest job once more, by WAY. 0 or -ENOMEM. */
int absence_remember_again(struct instance *i, uint32_t way, uint32_t number);
/* The job that is BACK before the latest; not more than are kept. What it points to stays I's. */
struct emission absence_emission(const struct instance *i, size_t back);
/* Takes back the N latest jobs of I. LATE: what disproves them happened before they were made. 0 or
 * -ENOMEM. */
int absence_unsend(
	const struct turn *t, const struct rule *rule, struct instance *i, size_t n, bool late);
/* Has what happened at A, and would be waited for until DEADLINE_AT, fired already? */
bool absence_fired(
	const struct rule *rule, const struct instance *i, int64_t a, int64_t deadline_at);
/*
 * The episode that made a job last; 0: none. What happens after a job's deadline concerns only
 * that: one that has begun since makes no difference, or it would decide whether what began it came
 * in before what ended it.
 */
uint32_t absence_out_last(const struct instance *i);
/* The latest deadline that has fired, in EPOCH or behind it; INT64_MIN: none. */
int64_t absence_fired_until(const struct instance *i, uint32_t epoch);
/* The latest job of I is disproved by what happened at B: take it back if nobody has it yet. 0 or
 * -ENOMEM. */
int absence_retract(const struct turn *t, const struct rule *rule, struct instance *i, int64_t b);
/* Does what happened at B disprove M, a job of I? */
bool absence_disproves(const struct rule *rule, const struct instance *i, const struct emission *m,
	int64_t b, bool terminal);
/* Takes back the job that is BACK before the latest one of I, for what happened at B. 0 or -ENOMEM.
 */
int absence_take_back(
	const struct turn *t, const struct rule *rule, struct instance *i, size_t back, int64_t b);
/* Takes back those of which it does. 0 or -ENOMEM. */
int absence_disprove(const struct turn *t, const struct rule *rule, struct instance *i, int64_t b,
	bool terminal);
/* I leaves its epoch: what the jobs so far are concerned by is settled, and none goes another way.
 */
void absence_past_settle(struct instance *i);
/* The jobs of both, FROM's moved. 0 or -ENOMEM. */
int absence_past_join(struct instance *into, struct instance *from);

/* absence_move.c */

/* What A, which arms KEY, counts its wait from, and until when: touches that overtook it count.
 * False: there is no such instant. */
bool absence_deadline(const struct turn *t, const struct rule *rule, struct span key,
	const struct arming *a, struct wait_of *ret_wait);
/* A also arms I, which is armed: of the two one is in force from now on. Takes over what A points
 * to. 0 or -ENOMEM. */
int absence_offer(
	const struct turn *t, const struct rule *rule, struct instance *i, struct arming *a);
/* The same of what armed OTHER by itself, which is armed and will not go on, and keeps it. */
int absence_offer_waiting(const struct turn *t, const struct rule *rule, struct instance *i,
	const struct instance *other);
/* INTO, which is between its steps and goes on, says what joined FROM between its own, if that is
 * the later. 0 or -ENOMEM. */
int absence_join_words(struct instance *into, const struct instance *from);
/* GONE was handed over between the steps of I, as it seemed, and is not: the step waits, and says,
 * as if it had never been. 0 or -ENOMEM. */
int absence_unjoin(const struct turn *t, const struct rule *rule, struct instance *i,
	const struct arming *gone);
/* I keeps what A carries. 0 or -ENOMEM. */
int absence_keep_arming(
	const struct turn *t, const struct rule *rule, struct instance *i, struct arming *a);
int absence_touch(const struct turn *t, const struct rule *rule, struct span key);
/*
 * I, which WAS before what another name did moved it, with R, and gave away what it was MISSING:
 * however late that is heard, what was held or put off is so still, as if it had come due by that;
 * and it waits no grace from now on. Takes over what WAS is missing. R, or 0.
 */
int absence_moved_joined(const struct turn *t, const struct rule *rule, struct instance *i,
	struct instance *was, int r);
/* What waits, and was touched under another name of who is one customer now, waits from there. 0 or
 * -ENOMEM. */
int absence_touch_joined(const struct turn *t);

/* absence_arm.c */

/* *RET_HIT: the event is one that arms. */
int absence_arm(const struct turn *t, const struct rule *rule, bool *ret_hit);
/* What the turn's event ended it might have armed but for a condition: that is noted. 0 or -ENOMEM.
 */
int absence_arm_not(const struct turn *t, const struct rule *rule);
/*
 * The turn's event as one that arms KEY by itself or, if it only COUNTS, together with others. What
 * *RET points to is the caller's. 0 or -ENOMEM.
 */
int absence_read_event(const struct turn *t, const struct rule *rule, struct span key, bool counts,
	struct arming *ret);
/* A arms KEY, which is not armed, unless something speaks against it. Takes over what A points to,
 * or leaves it. 0 or -ENOMEM. */
int absence_begin(const struct turn *t, const struct rule *rule, struct span key, struct arming *a);
/* A also arms I, which is armed; the same. */
int absence_again(
	const struct turn *t, const struct rule *rule, struct instance *i, struct arming *a);
/* There is no instant that an event of RULE would wait for: noted and counted. 0 or -ENOMEM. */
int absence_no_deadline(const struct turn *t, const struct rule *rule);
/* A cancel that reaches to OVER has ended I: the next arming event behind it takes its place. */
int absence_arm_next(
	const struct turn *t, const struct rule *rule, struct instance *i, int64_t over);
/* The instance of KEY, added if there is none. NULL with *RET: no memory (-ENOMEM), or no room
 * (noted). */
struct instance *absence_instance(
	const struct turn *t, const struct rule *rule, struct span key, int *ret);
/* Has I, which is armed, waited since before another key's job, whose pause holds for all of RULE,
 * was at B and is in what armed it last? Then that has moved a wait, and could not have begun one
 * behind B. */
bool absence_only_moved(
	const struct turn *t, const struct rule *rule, const struct instance *i, int64_t b);
/* Rules that this one, which sends, supersedes wait for nothing any more. */
int absence_end_inferiors(const struct turn *t, const struct rule *rule);
/* The other instance of the rule that goes before I, which is due; NULL: none. */
const struct instance *absence_greater(
	const struct turn *t, const struct rule *rule, const struct instance *i);
/* Those that I goes before wait for nothing any more. */
int absence_replace(const struct turn *t, const struct rule *rule, const struct instance *i);

/* absence_window.c */

/* Up to when what a cancel or a job has settled counts towards no window of I any more. */
int64_t absence_settled_until(
	const struct turn *t, const struct rule *rule, const struct instance *i);
/* Now that there is one more of them, at AT: do those that M counts arm I? 0 or -ENOMEM. */
int absence_recount(const struct turn *t, const struct rule *rule, struct instance *i,
	const struct rule_match *m, int64_t at);
/* OTHER is one with the turn's customer by now: do those arm I that were counted under both names,
 * and not under one alone? 0 or -ENOMEM. */
int absence_recount_joined(const struct turn *t, const struct rule *rule, struct instance *i,
	const struct journey *other);

/* absence_data.c */

/* What I keep of the event that arms it, and of what is known of the customer by then. */
int absence_snapshot(const struct turn *t, const struct rule *rule, struct instance *i);
/* What the job carries: D's data, and what is asked only now. */
int absence_payload(const struct turn *t, const struct rule *rule, const struct instance *i,
	struct decision *d);

/* V as JSON; nothing for what is not there. */
void absence_add_value(struct buf *out, const struct value *v);

/* absence_once.c */

/* I is due. 0; -ENOMEM; or ABSENCE_TOLD: another rule of its group has said it, and I has ended. */
enum { ABSENCE_TOLD = 1 };
int absence_once(const struct turn *t, const struct rule *rule, struct instance *i);
/* I makes a job: what of. */
int absence_tell(const struct turn *t, const struct rule *rule, struct instance *i);
/* How many the group has made for I's key, with the one that I makes. */
uint32_t absence_told(const struct turn *t, const struct rule *rule, const struct instance *i);

/* absence_fire.c */

struct gate_verdict;

/* What comes of it that a gate says no, and what counts that. */
enum outcome absence_outcome_of(const struct gate_verdict *v);
enum counter absence_counter_of(enum outcome outcome);

/* absence_hold.c */

/* The first source that RULE waits for and that has not said all up to I's deadline; empty: none.
 */
struct span absence_missing(
	const struct turn *t, const struct rule *rule, const struct instance *i);
/* It is due, and held: its timer is now the end of the hold. */
int absence_hold(
	const struct turn *t, const struct rule *rule, struct instance *i, struct span missing);
