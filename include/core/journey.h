/* SPDX-License-Identifier: MIT */
/*
 * A customer's journey: what is known of them now. It is a fold of their events: every part is
 * built so that the order of arrival does not matter (earliest, latest, counts of distinct
 * things), because carriers, tills and browsers report in any order.
 * Memory: a journey owns all it points to, text (core/text.h) included.
 */
#pragma once

#include "base/base.h"
#include "base/decimal.h"
#include "base/span.h"
#include "core/apart.h"
#include "core/basket.h"
#include "core/contact.h"
#include "core/event.h"
#include "core/fallback.h"
#include "core/naming.h"
#include "core/order.h"
#include "core/past.h"
#include "core/profile.h"
#include "core/purchase.h"
#include "core/spent.h"
#include "core/text.h"
#include "core/thing.h"

/* Bounds of one journey; what is over is dropped oldest first, closed before open. */
#define JOURNEY_CARTS_MAX     64
#define JOURNEY_ORDERS_MAX    256
#define JOURNEY_INSTANCES_MAX 512
#define JOURNEY_THINGS_MAX    256 /* of all kinds; of wishes 64, of views 8 */
#define JOURNEY_CONSENTS_MAX  64  /* and those of all topics, one for each channel */
#define JOURNEY_ADDRESSES_MAX 16
#define JOURNEY_DATES_MAX     32
#define JOURNEY_SENDS_MAX     64
#define INSTANCE_DATA_MAX     2048 /* bytes of an instance's snapshot */
#define MARK_SOURCE_MAX	      128  /* bytes of the name of a source */
#define INSTANCE_BY_MAX	      128  /* bytes kept of the name of the event behind an outcome */
#define INSTANCE_ARMINGS_MAX  16   /* arming events of an instance that are kept by themselves */
#define INSTANCE_EARLIER_MAX  8	   /* jobs of an instance before its latest one */
#define INSTANCE_CANCELS_MAX  8	   /* cancels of an instance before its latest one */
#define INSTANCE_TAKEN_MAX    8	   /* jobs of an instance that were taken back */
#define INSTANCE_MOMENTS_MAX  32 /* when one was armed and ended that hands over to another rule */
#define INSTANCE_TOLD_MAX     64 /* bytes: an instant or a number */
#define INSTANCE_ENDED_BY_MAX 64 /* bytes of the name of a rule */
#define JOURNEY_NOTES_MAX     64
#define JOURNEY_IDS_MAX	      128
#define JOURNEY_ID_MARKS_MAX  10000 /* of identifiers that have no room there: 8 bytes each */
#define JOURNEY_ID_GROUPS_MAX 32    /* kinds of those */
#define JOURNEY_PARTS_MAX     64
#define NOTE_WORDS_MAX	      256 /* bytes of what a note says; longer words end with: */
#define NOTE_CUT	      " ..."

/* Expired: neither of the two before, and left alone for thirty days. */
enum cart_state { CART_OPEN, CART_CHECKOUT, CART_ORDERED, CART_EMPTIED, CART_EXPIRED };

struct cart {
	struct text key;  /* `cart:ID`; `customer` for events without a cart_id; `all` is no cart,
			but  remembers purchases without one */
	int64_t first_at; /* earliest product added; TIME_NEVER: none */
	int64_t last_at;  /* latest activity */
	int64_t added_at; /* latest product added; INT64_MIN: none */
	int64_t checkout_at;   /* latest checkout step; INT64_MIN: none */
	int64_t ordered_at;    /* latest order for it; INT64_MIN: none */
	int64_t emptied_at;    /* latest emptying; INT64_MIN: none */
	struct basket *basket; /* NULL: nothing is known of what is in it */
};

enum instance_state {
	INSTANCE_IDLE,	  /* remembers the last cancel and the episode */
	INSTANCE_ARMED,	  /* waiting for its deadline */
	INSTANCE_COOLING, /* fired all its steps */
	INSTANCE_CLOSED,  /* a terminal fact: never again before the tombstone ends */
};

/* How an instance came to its present state. */
#define OUTCOMES(X)                                                                                \
	X(NONE, "none")                                                                            \
	X(ARMED, "armed")                                                                          \
	X(FIRED, "fired")                                                                          \
	X(CANCELLED, "cancelled")                                                                  \
	X(SUPPRESSED, "suppressed")   /* fire_if was false */                                      \
	X(STALE, "stale")	      /* too old when it arrived */                                \
	X(RETRACTED, "retracted")     /* disproved after it fired */                               \
	X(NO_DEADLINE, "no_deadline") /* the event did not carry the instant to wait for */        \
	X(RULE_REMOVED, "rule_removed")                                                            \
	X(LIMIT, "limit")		/* the journey has no room for another instance */         \
	X(SOURCE_LATE, "source_late")	/* held to the end for a source that said nothing */       \
	X(DEFERRED, "deferred")		/* due, and put off by a gate: still armed */              \
	X(WOULD_SEND, "would_send")	/* held out, or the rule is in shadow: no job */           \
	X(SUPERSEDED, "superseded")	/* another rule took its place */                          \
	X(GOAL, "goal")			/* what the rule is for has happened */                    \
	X(NOT_MATCHING, "not_matching") /* its condition became false while it waited */           \
	X(STEP_SKIPPED, "step_skipped") /* the step's own condition was false */                   \
	X(EXPIRED, "expired")		/* put off for longer than it was worth anything */        \
	X(REPLACED, "replaced")		/* a newer or greater instance of the rule came */         \
	X(MERGED, "merged")		/* the customer waits or was sent it under another name */ \
	/* Of no rule, but of an identifier. */                                                    \
	X(LINKED, "linked")	    /* it leads to the customer from now on */                     \
	X(JOINED, "joined")	    /* the customer that it was is part of this one */             \
	X(NOT_LINKED, "not_linked") /* it was claimed, and may not */                              \
	X(UNMERGED, "unmerged")	    /* staff took the customer that it is apart from this one */

enum outcome {
#define X(ID, NAME) OUTCOME_##ID,
	OUTCOMES(X)
#undef X
		OUTCOME_COUNT
};

struct span outcome_name(enum outcome o);

/*
 * An arming event that may yet matter by itself: one that at_least counts; or, where the first of
 * them is the anchor, a later one, which is the first if a cancel between them comes to be known;
 * or one by which another rule hands over, if that one waited then.
 */
struct arming {
	int64_t at;	     /* event time */
	int64_t deadline_at; /* for a wait from there; TIME_NEVER: not kept */
	struct decimal worth;
	uint32_t entry; /* of the rule's arm list */
	struct text by; /* name of the event; empty: it only counts */
	struct text data;
	struct text subject; /* the key that it came under; empty: the journey's own */
	struct text giver;   /* the rule that hands over; empty: it arms by itself */
	struct text about;   /* of which key of it */
	bool stands;	     /* it hands over, as far as is known */
};

/* What an instance's moment was. */
enum {
	MOMENT_ARMS,   /* it was armed */
	MOMENT_COUNTS, /* plus an entry of the rule's arm list: what that counts */
	MOMENT_HELPS = MOMENT_COUNTS + 32, /* the same, of what cannot be the last of a window */
	MOMENT_ENDS = MOMENT_HELPS + 32,   /* it was ended, */
	MOMENT_CLOSES,			   /* and for good; */
	MOMENT_ENDED,			   /* and no other: by what others remember */
	MOMENT_KINDS
};

struct moment {
	int64_t at; /* event time */
	uint32_t what;
};

/* A job that was made and not taken back, and its name, whatever its instance has become. */
struct emission {
	uint32_t epoch, episode, step, number; /* (core/spent.h); number 0: as the episode */
	int64_t arming_at, anchor_at, deadline_at;
	uint32_t way; /* of a second way's job, which it was: enum job_channel plus one; else 0 */
	struct text subject; /* the key that it is named after */
	struct text home;    /* in whose partition it lies */
	struct text told;    /* the value of which it told, as JSON (rules' `once`) */
	bool settled;	     /* in an epoch before: what happens after it does not concern it */
};

/* One that was taken back since (src/core/taken.h). */
struct taken {
	uint32_t epoch, episode, step;
	int64_t arming_at, deadline_at;
	int64_t taken_at; /* event time of what took it back; INT64_MAX: it had been sent under
			     another name */
	struct text subject;
};

/* What armed nothing, since a pause over all keys of its rule ran (src/core/paused.h). */
struct paused {
	struct arming what; /* by itself, and not handed over */
	int64_t since_at;   /* when the pause began (virtual time) */
};

/* One rule's state for one entity of one customer (triggers, section 5). */
struct instance {
	struct text rule, key; /* `cart:C1`, `order:O1`, `customer`, … */
	enum instance_state state;
	enum outcome outcome;
	uint32_t epoch;	   /* of the rule when armed */
	uint32_t episode;  /* 1, 2, …; 0: never armed */
	uint32_t step;	   /* the step that is due next */
	uint32_t emitted;  /* jobs of this episode, with what would have been one */
	int64_t anchor_at; /* event time of the activity the wait counts from */
	int64_t arming_at; /* of the arming event in force: cancels are judged by it */
	int64_t armed_at;  /* received_at of the event that armed this episode */
	int64_t deadline_at;
	int64_t fire_at;	  /* TIME_NEVER unless armed */
	int64_t cancelled_at;	  /* latest event time of a cancel seen; INT64_MIN: none */
	int64_t last_deadline_at; /* of the latest job emitted and not retracted; INT64_MIN: none */
	int64_t last_anchor_at;	  /* of that job; INT64_MIN: none */
	int64_t last_arming_at;	  /* of that job; INT64_MIN: none */
	int64_t until_at;	  /* end of cooldown or tombstone (virtual time); armed, and without
				     a job yet: of that before it */
	int64_t touched_at;	  /* virtual time of the last change */
	uint32_t last_episode, last_step, last_way, last_number; /* of that job, */
	uint32_t last_epoch, last_settled, number; /* too (struct emission); 0 if there is none */
	struct text by;				   /* name of the event behind the outcome */
	struct text data; /* JSON members captured when armed, for the job: `"a":1,"b":"x"` */
	/* Armed and due, but held: the source whose word is still missing (rules' wait_for), and
	 * since when (virtual time). fire_at is then the end of the hold. Empty: not held. */
	struct text missing;
	int64_t held_at;
	/* What few instances have. */
	uint64_t version;	/* of the rule's text it was armed with; 0: whichever is in force */
	int64_t deferred_until; /* armed and put off by a gate until then; 0: not put off */
	int64_t due_at;		/* when the step that is put off came due first; 0: not put off */
	uint32_t gate, reason;	/* of the last deferral (core/gate.h) */
	uint32_t skipped_steps; /* bit n: step n of this episode was due, and its condition false */
	uint32_t counted;	/* 1: armed, by as many events as at_least asks for */
	uint32_t n_armings, n_earlier, n_moments, n_spent, n_cancels, n_taken;
	int64_t floor_at; /* until when a step handed over would wait without; INT64_MIN: none */
	int64_t touch_at; /* latest event time of what touches it, armed or not; INT64_MIN: never.
			     Of the key `customer`: of what touches every key */
	struct arming *armings;	  /* n_armings in order of time, then entry */
	struct emission *earlier; /* n_earlier, before the latest job; oldest first */
	struct moment *moments;	  /* n_moments of a rule that hands over, in order of time */
	int64_t *cancels; /* n_cancels before cancelled_at, which a merge asks for; oldest first */
	struct taken *taken;	   /* n_taken in order of deadlines, which a merge asks for */
	struct paused *paused;	   /* the latest, which a merge asks for; NULL: none */
	struct spent *spent;	   /* n_spent in order of names; of who has several */
	struct fallback *fallback; /* of the latest job; NULL: its rule has none */
	struct decimal worth;	   /* by which `replace` compares; 0 where it does not */
	struct text superseded_by; /* the rule that took its place */
	int64_t cools_until;	   /* of a rule whose cooldown is the customer's: its end, whatever
				      has become of the instance since (virtual time); 0: none */
	struct text told; /* the value of which the latest job told, as JSON (rules' `once`) */
	/* What only a customer has who was two (core/merge.h). Empty: the journey's own. */
	struct text subject; /* the key that what armed it came under: jobs are named after that */
	struct text last_subject; /* the same of the latest job emitted and not retracted */
	struct text home;	  /* in whose partition that job lies */
};

/* Why an event that a rule names did not arm it. */
#define NOTE_REASONS(X)                                                                            \
	X(CONDITION, "condition")	/* its condition was false */                              \
	X(STALE, "stale")		/* its deadline was long over when it came in */           \
	X(TOMBSTONE, "tombstone")	/* a terminal fact has closed the key */                   \
	X(COOLDOWN, "cooldown")		/* the last job is too recent */                           \
	X(MAX_EPISODES, "max_episodes") /* as often as the rule allows */                          \
	X(NO_DEADLINE, "no_deadline")	/* there is no instant to wait for */                      \
	X(NO_KEY, "no_key")		/* the event does not name its cart, order, … */         \
	X(OLDER_CANCEL, "older_cancel") /* it happened before something that ends the wait */      \
	X(COUNT, "count")		/* not yet as many as at_least asks for */                 \
	X(LIMIT, "limit")		/* too much is waiting already */                          \
	X(SUPERSEDED, "superseded")	/* a rule that goes before this one is waiting */          \
	X(REPLACE, "replace")		/* what is waiting already is worth more */                \
	X(FIRED, "fired")		/* it belongs to the period that has fired */

enum note_reason {
#define X(ID, NAME) NOTE_##ID,
	NOTE_REASONS(X)
#undef X
		NOTE_REASON_COUNT
};

struct span note_reason_name(enum note_reason reason);

/* For each rule the last time that an event of its arm list did not arm it. */
struct note {
	struct text rule;
	enum note_reason reason;
	int64_t at;	   /* virtual time */
	struct text by;	   /* name of the event */
	int64_t by_at;	   /* its event time */
	struct text words; /* which condition with which values; may be empty */
};

/* How far it is settled that an identifier leads to the customer. Of two words the greater counts.
 * Stored: append. */
enum id_state {
	ID_REFUSED, /* it may not */
	ID_CLAIMED, /* its owner was asked */
	ID_LINKED,
};

/* An identifier beside the customer's own key. Its kind follows from the text and the settings. */
struct customer_id {
	struct text key, under; /* the stronger one that it was part of first; empty: their own */
	int64_t first_at;	/* earliest event time at which it is known to be that one's */
	int64_t place_at;	/* when the log took what made it this customer's; 0: not known */
	enum id_state state;
};

/* Identifiers of one kind, claimed or linked, that have no room among the ids: a number for each,
 * which follows from its key (src/core/id_marks.c). */
struct id_group {
	struct text kind; /* what keys begin with, colon included; empty: users' */
	uint64_t *marks;  /* in order */
	size_t n, cap;
};

/* A customer who has become part of this one: where the older part of their timeline is. */
struct customer_part {
	struct text key;
	uint32_t n_chunks; /* sealed under KEY */
	uint64_t sealed_n; /* entries in them */
	int64_t reach_at;  /* latest occurred_at in them; INT64_MIN: none */
	int64_t from_at;   /* nothing in them is earlier; INT64_MIN: not known */
	uint64_t n_more;   /* parts of KEY's that are kept beside their record, as below */
	int64_t more_at;   /* up to when these reach; INT64_MIN: there are none */
};

#define TRAITS(X)                                                                                  \
	X(EMAIL, "email")                                                                          \
	X(PHONE, "phone")                                                                          \
	X(NAME, "name")                                                                            \
	X(FIRST_NAME, "first_name")                                                                \
	X(LAST_NAME, "last_name")

enum trait {
#define X(ID, NAME) TRAIT_##ID,
	TRAITS(X)
#undef X
		TRAIT_COUNT
};

#define TRAIT_MAX 320 /* bytes */

struct journey {
	struct text customer;
	struct text user_id;
	struct text anonymous_id; /* the latest, */
	int64_t anonymous_at;	  /* of that event time; INT64_MIN: none */
	struct text traits[TRAIT_COUNT];
	int64_t trait_at[TRAIT_COUNT]; /* event time of the one that is in force; INT64_MIN: none */
	uint64_t n_events;
	uint64_t n_orders;   /* distinct orders ever placed */
	int64_t first_at;    /* earliest event; TIME_NEVER: no event yet */
	int64_t last_at;     /* latest event; INT64_MIN: none */
	int64_t engaged_at;  /* latest thing the customer did themselves; INT64_MIN: none */
	int64_t received_at; /* virtual time of the last input */
	int64_t due_at;	     /* what the partition's due set says; TIME_NEVER: no entry */
	struct cart *carts;
	size_t n_carts, cap_carts;
	struct order *orders;
	size_t n_orders_kept, cap_orders;
	struct instance *instances;
	size_t n_instances, cap_instances;
	struct note *notes; /* in order of their rules */
	size_t n_notes, cap_notes;
	struct thing *things; /* in order of kind, then id */
	size_t n_things, cap_things;
	struct consent *consents; /* in order of topic, channel, side */
	size_t n_consents, cap_consents;
	struct address *addresses; /* in order of channel, then which */
	size_t n_addresses, cap_addresses;
	struct date *dates; /* in order of name */
	size_t n_dates, cap_dates;
	struct send *sends; /* in order of at, then job_id */
	size_t n_sends, cap_sends;
	struct profile *profile; /* NULL: nothing is known */
	struct tally *tallies;	 /* in order of ids (core/tally.h) */
	size_t n_tallies;
	int64_t web_active_at;	 /* latest thing done on a screen of ours; INT64_MIN: none */
	struct customer_id *ids; /* in order of keys; never the journey's own */
	size_t n_ids, cap_ids;
	struct id_group *id_groups; /* in order of kinds; none is empty, and no id is in both */
	size_t n_id_groups, cap_id_groups;
	struct customer_part *parts; /* in order of keys */
	size_t n_parts, cap_parts;
	struct customer_apart *apart; /* in order of keys */
	size_t n_apart, cap_apart;
	struct customer_naming *named; /* in order; while it is open whose the key is */
	size_t n_named, cap_named;
	/* Parts that had no room: how many are kept beside the record, in the order in which they
	 * went, and up to when they reach; and those among them that still have to be put there,
	 * which are no part of what is written. */
	uint64_t n_more;
	int64_t more_at;
	struct customer_part *shed;
	size_t n_shed, cap_shed;
	struct past past;
	char room[]; /* for texts that are shared; it never changes */
};

/* 0 or -ENOMEM. */
int journey_new(struct span customer, struct journey **ret_journey);
/* A journey without a customer yet, whose room holds a copy of BYTES for text_share(). */
int journey_new_over(struct span bytes, struct journey **ret_journey);
struct journey *journey_free(struct journey *j);
void journey_freep(struct journey **j);

/* Borrowed; NULL if there is none. */
struct cart *journey_cart(const struct journey *j, struct span key);
struct order *journey_order(const struct journey *j, struct span id);
struct instance *journey_instance(const struct journey *j, struct span rule, struct span key);

/* Adds a cleared element, in its place in order of keys (pointers into the list move), and returns
 * it; NULL when out of memory. Makes room within the bounds above by dropping the oldest closed
 * element, then the oldest (instances: never an armed one; then errno is ENOSPC). */
struct cart *journey_add_cart(struct journey *j, struct span key);
struct order *journey_add_order(struct journey *j, struct span id);
struct instance *journey_add_instance(struct journey *j, struct span rule, struct span key);
/* The note of RULE, cleared and added if there is none; of the oldest, if all are taken. */
struct note *journey_add_note(struct journey *j, struct span rule);
struct note *journey_note(const struct journey *j, struct span rule);
void journey_remove_note(struct journey *j, size_t index);
/* Would the thing of KIND with ID, heard of at AT, be kept? Of views only the latest are, in
 * whatever order they come in. */
bool journey_has_room(const struct journey *j, enum thing_kind kind, struct span id, int64_t at);
/* The element with that name, which is cleared and added if there is none; NULL when out of memory.
 * When a list is full, what is closed or oldest makes room; but for withdrawals of consent: where
 * there are only those, NULL and errno is ENOSPC. */
struct thing *journey_add_thing(struct journey *j, enum thing_kind kind, struct span id);
struct consent *journey_add_consent(struct journey *j, struct span topic, uint32_t channel);
struct address *journey_add_address(struct journey *j, enum job_channel channel, struct span which);
struct date *journey_add_date(struct journey *j, struct span name);
/* Adds one; of too many what was released makes room, then the oldest of the rule that has sent
 * most. False when out of memory. */
bool journey_add_send(struct journey *j, const struct send *send);
struct profile *journey_add_profile(struct journey *j);
/* The same for identifiers and parts. Where all ids are taken the oldest that was refused of the
 * kind (what stands before the colon) that has the most such makes room, but for a kind's last;
 * then the oldest linked one of the kind that has the most, which is marked; then a kind's last.
 * Parts: the one that ended first, which is shed. NULL with ENOSPC: all are claimed. */
struct customer_id *journey_add_id(struct journey *j, struct span key);
struct customer_part *journey_add_part(struct journey *j, struct span key);
/* Borrowed; NULL if there is none. */
struct thing *journey_thing(const struct journey *j, enum thing_kind kind, struct span id);
struct address *journey_address(
	const struct journey *j, enum job_channel channel, struct span which);
struct date *journey_date(const struct journey *j, struct span name);
struct send *journey_send(const struct journey *j, const unsigned char job_id[16]);
struct customer_id *journey_id(const struct journey *j, struct span key);
/*
 * Is KEY among the ids, or marked? Then in *ret_state how far it is settled.
 *
 * Marked are those, claimed or linked, that found no room, up to JOURNEY_ID_MARKS_MAX together.
 * Only a customer who was several may have had more; of these it is as if they had not been
 * linked, but IDENTITY_CUSTOMER_MAX is reached, so that none is claimed again.
 */
bool journey_knows_id(const struct journey *j, struct span key, enum id_state *ret_state);
/* 0 or -ENOMEM. STATE is not ID_REFUSED; of two words the greater counts. KEY is not among the
 * ids. */
int journey_mark_id(struct journey *j, struct span key, enum id_state state);
void journey_unmark_id(struct journey *j, struct span key);
size_t journey_n_marks(const struct journey *j);
/* What KEY begins with, colon included; empty if there is none. */
struct span journey_id_kind(struct span key);
struct customer_part *journey_part_of(const struct journey *j, struct span key);
void journey_remove_thing(struct journey *j, size_t index);
void journey_remove_consent(struct journey *j, size_t index);
void journey_remove_address(struct journey *j, size_t index);
void journey_remove_date(struct journey *j, size_t index);
void journey_remove_send(struct journey *j, size_t index);
void journey_remove_id(struct journey *j, size_t index);
void journey_remove_part(struct journey *j, size_t index);
/* Those that were shed are where they belong. */
void journey_clear_shed(struct journey *j);
/* Up to when P and all that is kept beside it reaches. */
int64_t part_reach_at(const struct customer_part *p);
void journey_remove_cart(struct journey *j, size_t index);
void journey_remove_order(struct journey *j, size_t index);
void journey_remove_instance(struct journey *j, size_t index);
/* Let go of what they point to. */
void arming_release(struct arming *a);
void emission_release(struct emission *m);
void taken_release(struct taken *t);
/* NULL. */
struct paused *paused_free(struct paused *p);
void id_group_release(struct id_group *g);

/*
 * Folds what EVENT says into traits, carts, orders and counts (not into instances: that is step's).
 * The order of events does not matter. 0 or -ENOMEM (then J is half done).
 */
int journey_fold(struct journey *j, const struct event *event);

struct rules;

/* Drops closed carts and orders, and instances with nothing left to remember, at NOW. RULES: those
 * in force. */
void journey_prune(struct journey *j, const struct rules *rules, int64_t now);
/* Of these only the things: payments, parcels, cases and the like (core/thing.h). */
void journey_prune_things(struct journey *j, int64_t now);

enum cart_state cart_state(const struct cart *c, int64_t now);
/* Something is in it, neither bought nor emptied: ever, and so that it has not expired at NOW. */
bool cart_is_open(const struct cart *c);
bool cart_is_live(const struct cart *c, int64_t now);
/* When a payment for O was last refused, or began to wait for the customer, of those that have not
 * gone through since; of all of them if EVER. INT64_MIN: there is none. */
int64_t journey_unpaid_at(const struct journey *j, const struct order *o, bool ever);
/* The first that holds, from the top (triggers, section 13: the most urgent open entity first).
 * ONE_TIME is ours: that section has no name for who ordered once, a while ago. */
#define STAGES(X)                                                                                  \
	X(ERASED, "erased")   /* asked to be forgotten */                                          \
	X(BLOCKED, "blocked") /* not to be written to */                                           \
	X(AT_RISK, "at_risk") /* an open case, bad feedback of late, or nothing bought again */    \
	X(CUSTOMER_AWAITING, "customer_awaiting") /* an open order */                              \
	X(ACTIVE_SHOPPER, "active_shopper")	  /* an open cart or checkout */                   \
	X(ANONYMOUS, "anonymous")		  /* never ordered, no name */                     \
	X(PROSPECT, "prospect")			  /* identified, never ordered */                  \
	X(LAPSED, "lapsed")			  /* ordered; nothing done for over 540 days */    \
	X(LAPSING, "lapsing")			  /* the same for over 180 days */                 \
	X(ADVOCATE, "advocate") /* in a year nps from 9, a review of 4 stars, or a referral */     \
	X(REPEAT, "repeat")	/* two orders or more */                                           \
	X(NEW_CUSTOMER, "new_customer") /* one order, delivered less than 90 days ago */           \
	X(ONE_TIME, "one_time")		/* one order, longer ago or never delivered */

enum stage {
#define X(ID, NAME) STAGE_##ID,
	STAGES(X)
#undef X
		STAGE_COUNT
};

/*
 * Is the latest feedback, if it is not older than SINCE, bad: nps to 6, csat or stars to 2, would
 * not recommend? A rating beats text of the same time; of text alone, a sentiment to -0.5 is bad.
 */
bool journey_is_detractor(const struct journey *j, int64_t since);

/* The number that ABOUT (to PAST_TEXT) is of, and what a value of it means. */
enum profile_number journey_judged(unsigned about);
enum past_verdict journey_judge(unsigned about, struct decimal value);

/* A change of stage. */
struct stage_turn {
	enum stage stage, before; /* STAGE_COUNT: there was none before */
	int64_t at;		  /* event time; INT64_MIN: of somebody nothing is known of */
};

/* Who has ordered and done nothing for longer is lapsing, then lapsed; with both the same nobody
 * is ever lapsing. Of the policy in force (core/policy.h); neither is below PAST_RUN_GAP_MS. */
struct lapse {
	int64_t lapsing_ms, lapsed_ms;
	struct purchase_model purchase; /* who hardly buys again is at risk */
};

/* Derived. NOW is virtual time. */
enum stage journey_stage(const struct journey *j, const struct lapse *lapse, int64_t now);
/* The change that led to it. */
struct stage_turn journey_stage_turn(
	const struct journey *j, const struct lapse *lapse, int64_t now);
struct span stage_name(enum stage s);

/*
 * Whether somebody is on the shop's screens (triggers, section 13): browsing from the first thing
 * that they did there until half an hour after the last (PAST_VISIT_GAP_MS), and idle from that
 * millisecond on.
 */
#define SESSIONS(X)                                                                                \
	X(IDLE, "idle")                                                                            \
	X(BROWSING, "browsing")

enum session_state {
#define X(ID, NAME) SESSION_##ID,
	SESSIONS(X)
#undef X
		SESSION_NONE /* they were never seen on a screen */
};

struct session {
	enum session_state state;
	int64_t since; /* event time; TIME_NEVER: SESSION_NONE */
};

/* Derived. NOW is virtual time. */
struct session journey_session(const struct journey *j, int64_t now);
struct span session_name(enum session_state state); /* empty: SESSION_NONE */
/* Since when they have a name; TIME_NEVER: they have none, and are an anonymous visitor. */
int64_t journey_named_at(const struct journey *j);

/* When something of I is due, or of any; TIME_NEVER: nothing is. */
int64_t instance_due(const struct instance *i);
int64_t journey_next_due(const struct journey *j);
