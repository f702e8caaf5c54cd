/* SPDX-License-Identifier: MIT */
/*
 * Rules, compiled. The codec builds a `struct rules` from JSON files; the core only reads it. All
 * memory belongs to the set, which is immutable once built.
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "base/map.h"
#include "base/span.h"
#include "base/zone.h"
#include "core/cond.h"
#include "core/field.h"
#include "core/policy.h"
#include "core/vocab.h"

enum rule_mode { RULE_OFF, RULE_SHADOW, RULE_LIVE };
enum rule_class { RULE_MARKETING, RULE_SERVICE, RULE_TASK };

/* What an instance is about. */
enum rule_key {
	RULE_KEY_CUSTOMER, /* one instance per customer */
	RULE_KEY_FIELD,	   /* one per value of a field, or of some: cart_id, order_id and line_id */
};

#define RULE_KEY_PARTS_MAX 4

/* Which events one entry of arm, touch or cancel speaks of. */
enum match_kind {
	MATCH_KIND,    /* a name of the vocabulary */
	MATCH_NAME,    /* another name, compared exactly */
	MATCH_ENGAGED, /* `@engagement`: anything the customer did */
	MATCH_ANY,     /* `*` */
};

struct rule_match {
	enum match_kind by;
	enum event_kind kind;
	enum event_kind also; /* a kind that counts as that one; EVENT_CUSTOM: none */
	struct span name;
	const struct cond *when; /* NULL: always */
	bool customer;		 /* cancel, touch: every instance of the rule, not only the key's */
	bool first; /* cancel: all keys whose first value is the event's, whatever else they have */
	bool terminal; /* cancel: closes the key for good, whatever the times (tombstone) */
	/* arm: so many of them within so long; the window holds both its ends. 0: one is enough */
	uint32_t count;
	uint32_t entry; /* of the list as written: names of one entry are counted together */
	int64_t within_ms;
	struct span to; /* cancel: the rule that takes over; empty: none */
};

enum wait_kind {
	WAIT_SPAN,     /* so long after the anchor */
	WAIT_FIELD,    /* at an instant the arming event carries, or after a length that it does */
	WAIT_LOCAL,    /* at a local time after the anchor */
	WAIT_BUSINESS, /* so much time in which the shop is open */
	WAIT_GAP,      /* as long as this customer hardly ever stays away */
	WAIT_MODEL,    /* a quantile of a model of the policy */
	WAIT_LATE,     /* until a promise will most likely be missed, by a model of the policy */
};

enum wait_local {
	WAIT_AS_GIVEN,
	WAIT_DAY_END,  /* the end of the local day that holds the instant */
	WAIT_DAY_TIME, /* at a local time of that day */
};

#define WAIT_FIELDS_MAX 4

struct rule_wait {
	enum wait_kind kind;
	int64_t span_ms; /* WAIT_SPAN: the wait; WAIT_FIELD: added to the instant, may be negative
			  */
	/* WAIT_FIELD: the first one that is an instant counts; WAIT_LATE: keys of the model's
	 * parts, which the instance keeps in its data under NAMES */
	size_t fields[WAIT_FIELDS_MAX];
	size_t n_fields;
	bool length;	 /* WAIT_FIELD: the value is a length of time after the anchor, */
	int64_t unit_ms; /* a number of these, and not only a text such as `36h`; 0: that alone */
	/* WAIT_FIELD, with a unit: of the number so many together are one unit, and what is left is
	 * nothing: the field SHARE_OF, times SHARES; 0: each is one */
	size_t share_of;
	uint32_t shares;
	bool in_line; /* of the fields one is the place in line (core/news.h) */
	struct span names[WAIT_FIELDS_MAX];
	/* WAIT_FIELD: that which begins at the instant takes so long, a WAIT_FIELD with a `length`;
	 * its end counts. NULL: the instant itself */
	const struct rule_wait *lasts;
	enum wait_local local;
	int32_t local_minute;	 /* WAIT_DAY_TIME: minutes after midnight */
	const struct zone *zone; /* for the local forms */
	bool zone_customer;	 /* the customer's own zone, and that one where it is unknown */
	uint8_t weekdays;	 /* the local day must be one of them, bit 0 Monday; 0: any */
	int32_t days;		 /* local days on; WAIT_BUSINESS: days on which the shop is open */
	/* WAIT_GAP, WAIT_MODEL, WAIT_LATE */
	struct span model;	/* of the policy */
	uint32_t share;		/* the quantile, of SHARE_WHOLE; WAIT_LATE: the likelihood */
	uint32_t samples;	/* made of fewer cases it says nothing */
	size_t promise;		/* WAIT_LATE: the fact that is one (core/fact.h) */
	double z;		/* WAIT_GAP: the same of the normal distribution */
	uint32_t gaps;		/* WAIT_GAP: fewer than so many say nothing */
	int64_t min_ms, max_ms; /* what it is held between; WAIT_LATE: max_ms is how long it stays
				   without a promise */
	int64_t else_ms;	/* where model or event say nothing; TIME_NEVER: do not arm */
};

struct rule_step {
	struct span id;
	int64_t after_ms;	      /* after the deadline (first step) or the step before */
	const struct rule_wait *wait; /* in place of after_ms; NULL: there is none */
	const struct cond *only_if;   /* NULL: always; false: the step is skipped */
	const struct span *channels;  /* its own; NULL: the rule's */
	size_t n_channels;
	bool task; /* work for staff, whatever the rule's class */
};

/* A day of the year that a customer has: its rule needs no arming event. */
struct rule_calendar {
	struct span
		date; /* name of the date, also the key; `first_order` follows from the orders */
	int32_t lead_days;
	int32_t local_minute;
	const struct zone *zone;
	bool zone_customer;
	bool recipients; /* of everybody else's day of that name (DATE_OF), each an instance */
	bool leap_march; /* 29 February is kept on 1 March in common years, not on 28 February */
};

/* What ends a wait besides cancels. */
enum rule_exit {
	EXIT_CANCEL_ONLY,
	EXIT_NOT_MATCHING, /* fire_if, asked after every event of the customer; and goals */
	EXIT_GOAL,
};

/* Of two keys of one customer that wait at a time, one is let go: whichever they are where the
 * cooldown is the customer's, else of those with the same first value. */
enum rule_replace {
	REPLACE_NONE,
	REPLACE_LATEST,	  /* the later anchor stays */
	REPLACE_GREATEST, /* the greater value stays */
};

#define RULE_STEPS_MAX	      8
#define RULE_MATCHES_MAX      32
#define RULE_CHANNELS_MAX     8
#define RULE_DATA_MAX	      16
#define RULES_MAX	      256
#define RULE_SOURCES_MAX      8
#define RULE_SOURCE_MAX	      32 /* bytes, as in keys.ini */
#define RULE_ID_MAX	      64
#define RULE_SUPERSEDES_MAX   16
#define RULE_REQUIREMENTS_MAX 16

/* Where a value of the job's `data` comes from, and when it is read. */
enum rule_data_from {
	DATA_EVENT, /* `e.`: the arming event; kept */
	DATA_ARMED, /* `ctx.s.`: what was known when it was armed; kept */
	DATA_NOW,   /* `s.`: what is known when the job is made, for each step anew */
	DATA_GIVEN, /* a constant */
	DATA_COUNT, /* how many there were of what `at_least` counts, when the job is made */
};

#define RULE_GIVEN_MAX 1024 /* bytes of all constants of a rule, with their names */

struct rule_data {
	struct span name;
	enum rule_data_from from;
	size_t field;	   /* of the event, or a fact (core/fact.h) */
	struct span given; /* DATA_GIVEN: as JSON */
};

#define RULE_KEY_ELSE_MAX 3

/* What stands for a key that an event does not carry. */
struct rule_key_else {
	size_t field;
	struct span prefix;
};

struct rule {
	struct span id;
	struct span description;
	struct span file; /* where it was read, for messages */
	uint32_t epoch;
	uint32_t order; /* place in the set: decides between timers of one instant */
	enum rule_mode mode;
	enum rule_class class;
	enum rule_key key;
	enum rule_exit exit_policy;
	bool key_else_customer; /* an event without any of the fields speaks of the customer as a
				   whole */
	bool anchor_first; /* the first arming event counts, later ones do not move the deadline */
	bool cooldown_customer; /* one cooldown over all keys of a customer */
	bool keeps_data; /* a cancel asks what the instance kept, also after its job was made */
	bool exit_waits; /* EXIT_NOT_MATCHING by what may be true again, and is known of any
			    instant: that it was false counts when the grace is over */
	bool hold_drops; /* at the end of a hold nothing is sent; else it fires */
	bool retired;	 /* an earlier text, for instances that were armed with it */
	size_t key_fields[RULE_KEY_PARTS_MAX]; /* or RULE_KEY_DAY, never the first */
	size_t n_key_fields;
	const struct zone *key_zone; /* of RULE_KEY_DAY; NULL: UTC */
	/* `cart` for cart_id: keys read `cart:C1`; of several `order+line`: `order+line:O1/L2` */
	struct span key_prefix;
	/* An event without the key's property, or the first of several, has the first of these
	 * that it carries. */
	struct rule_key_else key_else[RULE_KEY_ELSE_MAX];
	size_t n_key_else;
	const struct rule_match *arm, *touch, *cancel, *goal;
	size_t n_arm, n_touch, n_cancel, n_goal;
	const struct rule_calendar *calendar; /* NULL: it is armed by events */
	/* Bits of enum stage: it is armed by the customer's getting to one of these, from one of
	 * those or, with 0, from any. 0: it does not follow the stage. */
	uint32_t stages_to, stages_from;
	struct rule_wait wait;
	const struct cond *fire_if; /* NULL: always */
	int64_t grace_ms;
	int64_t slack_ms;
	int64_t round_ms; /* fire_at is rounded up to this; 1: not at all */
	int64_t stale_ms; /* TIME_NEVER: history fires like anything else */
	int64_t tombstone_ms;
	int64_t cooldown_ms;
	uint32_t max_per_key; /* episodes; 0: no bound */
	enum rule_replace replace;
	size_t replace_field;			     /* REPLACE_GREATEST */
	struct span supersedes[RULE_SUPERSEDES_MAX]; /* rules whose instances this one ends */
	size_t n_supersedes;
	struct span once;	 /* the group of rules that say one thing once; empty: none */
	size_t once_per;	 /* for each value of this fact; FACT_COUNT: ever */
	struct span once_number; /* name under which the job carries the how-manieth it is */
	struct span wait_for[RULE_SOURCES_MAX]; /* sources whose mark must reach the deadline */
	size_t n_wait_for;
	int64_t max_hold_ms; /* held no longer than this after fire_at */
	int64_t expire_ms;   /* a job is worthless this long after it came due; TIME_NEVER: never */
	int64_t fallback_ms; /* not delivered so long after it was sent, it goes another way; 0: it
				does not */
	struct rule_step steps[RULE_STEPS_MAX];
	size_t n_steps;
	struct span channels[RULE_CHANNELS_MAX];
	size_t n_channels;
	struct rule_data data[RULE_DATA_MAX];
	size_t n_data;
	struct decimal likelihood, impact; /* 0..1 */
	struct rule_gates gates;
	struct span requirements[RULE_REQUIREMENTS_MAX]; /* that it is there for */
	size_t n_requirements;
	uint64_t version; /* of its text: 32 bits of the hash of its normal form; 0: unknown */
};

/* Some rules of a set, by their places in it. */
struct rule_bits {
	uint64_t words[RULES_MAX / 64];
};

struct tally_plan;

struct rules {
	struct arena arena; /* owns everything below */
	struct rule *list;
	size_t n;
	struct map by_id;
	struct rule *retired; /* earlier texts of rules of the list */
	size_t n_retired;
	size_t n_calendar; /* rules of the list that follow the calendar */
	size_t n_staged;   /* rules of the list that follow the customer's stage */
	size_t n_leaving;  /* rules of both lists that end where they do not match any more */
	struct rule_bits *by_kind; /* EVENT_KIND_COUNT of them; NULL: there is no index */
	struct map by_name;	   /* struct rule_bits, for names that are not in the vocabulary */
	struct field_table fields;
	struct zone **zones;
	size_t n_zones;
	struct policy policy;
	struct tally_plan *tallies; /* questions that journeys are to keep answers to */
	size_t n_tallies;
	uint64_t digest; /* of the rules' text: same digest, same behaviour */
};

/* An empty set: no rules, the fixed fields. 0 or -ENOMEM. */
int rules_new(struct rules **ret_rules);
struct rules *rules_free(struct rules *r);
void rules_freep(struct rules **r);

/* NULL if there is none. */
const struct rule *rules_find(const struct rules *r, struct span id);

/* The text that I was armed with, or what is in force if that is not known; NULL: its rule is gone.
 */
const struct rule *rules_of(const struct rules *r, const struct instance *i);

/* The rule that supersedes RULE and waits in J; NULL: none. One on trial stops no other. */
const struct rule *rules_superior(
	const struct rules *r, const struct journey *j, const struct rule *rule);
/* May RULE arm or end OTHER? One on trial does nothing to one that is live. */
bool rules_may_affect(const struct rules *r, const struct rule *rule, const struct rule *other);
/* Does RULE, as far as it is in force, end what OTHER waits for? */
bool rules_supersedes(const struct rules *r, const struct rule *rule, const struct rule *other);

/* The ways that the job of STEP may go. */
const struct span *rule_channels(const struct rule *r, uint32_t step, size_t *ret_n);

/*
 * Notes which names of events each rule speaks of. To be called once, when all rules are there;
 * without it nothing is different, but every rule is asked about every event. 0 or -ENOMEM (then R
 * is of no use).
 */
int rules_index(struct rules *r);
/* The rules to ask about E: all that may match it, and none that is off. */
struct rule_bits rules_concerned(const struct rules *r, const struct event *e);
/* Takes the first rule, in the order of the set, out of BITS. NULL: none is left. */
const struct rule *rules_next(const struct rules *r, struct rule_bits *bits);

/* Does M speak of events named like E, whatever its condition says? */
bool rule_match_named(const struct rule_match *m, const struct event *e);
/* Does M speak of the event of SCOPE? The rest of the scope is for its condition. */
bool rule_matches(const struct rule_match *m, const struct cond_scope *scope);

#define RULE_KEY_MAX (ENTITY_MAX + FIELD_PATH_MAX + 1)

/* In place of a field's number: the day of the event, as `2026-03-02`. */
#define RULE_KEY_DAY SIZE_MAX

/*
 * The key of the instance that E concerns, written to BUF (RULE_KEY_MAX bytes): `cart:C1`,
 * `customer`. Empty when the event carries no usable key and the rule has no other way.
 *
 * A key of several values has them with a `/` between, and in them `%2F` for it and `%25` for `%`,
 * so that no two lists of values make one text. One that does not fit is no key.
 */
struct span rule_event_key(const struct rule *r, const struct event *e, char *buf);
/* The same of an event that ends or moves something: of the first values alone it is the common
 * beginning of the keys with them, `order+line:O1/`. */
struct span rule_event_reach(const struct rule *r, const struct event *e, char *buf);
/* What M, a cancel of R, ends by E: the same, or no more than the first value. */
struct span rule_match_reach(
	const struct rule *r, const struct rule_match *m, const struct event *e, char *buf);
/* Is KEY such a beginning? No key of all values is. */
bool rule_key_is_partial(const struct rule *r, struct span key);
/* Does what concerns REACH concern the instance of KEY? */
bool rule_key_in(const struct rule *r, struct span reach, struct span key);

/* When W is over that begins at FROM, for the event and journey of SCOPE; false when there is no
 * such instant: the event lacks it, the shop never opens, the customer has bought too rarely. */
bool rule_wait_end(
	const struct rule_wait *w, const struct cond_scope *scope, int64_t from, int64_t *ret_at);
/* When the promise is missed that W, a WAIT_LATE, is about; false where there is none. */
bool rule_promise_end(const struct rule_wait *w, const struct cond_scope *scope, int64_t *ret_at);
/* The share of the customer's own gaps that are shorter than W, a WAIT_GAP, makes SCOPE wait: W's
 * own, unless the wait is held at one of its ends. In ten-thousandths; false where there are too
 * few gaps. */
bool rule_wait_quantile(
	const struct rule_wait *w, const struct cond_scope *scope, uint32_t *ret_share);
/* Why there is no such instant, in words that end a sentence, of at most RULE_LACKS_MAX bytes with
 * the null; empty where the event lacks it. */
#define RULE_LACKS_MAX 96
void rule_wait_lacks(const struct rule_wait *w, const struct cond_scope *scope, char *buf);
/* The deadline of the first step for an anchor at FROM. */
bool rule_deadline(
	const struct rule *r, const struct cond_scope *scope, int64_t from, int64_t *ret_at);
/* The deadline of STEP when the one before it was done with at FROM. */
bool rule_step_deadline(const struct rule *r, uint32_t step, const struct cond_scope *scope,
	int64_t from, int64_t *ret_at);
/* The customer's own zone (core/gate.h), or FALLBACK; NULL: UTC. */
const struct zone *wait_zone(
	const struct cond_scope *scope, bool customer, const struct zone *fallback);

struct span rule_class_name(enum rule_class c);

enum priority_class { PRIORITY_LOW, PRIORITY_MEDIUM, PRIORITY_HIGH };

/* The brief's flowchart: likely (>= 0.5)? then high impact (>= 0.7)? (triggers, section 10). */
enum priority_class rule_priority(const struct rule *r);
struct span priority_name(enum priority_class c);
