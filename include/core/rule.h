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
	RULE_KEY_FIELD,	   /* one per value of a field: cart_id, order_id, … */
};

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
	bool customer;		 /* cancel: ends every instance of the rule, not only the key's */
	bool terminal; /* cancel: closes the key for good, whatever the times (tombstone) */
};

enum wait_kind {
	WAIT_SPAN,  /* so long after the anchor */
	WAIT_FIELD, /* at an instant the arming event carries */
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
	size_t fields[WAIT_FIELDS_MAX]; /* the first one that is an instant counts */
	size_t n_fields;
	enum wait_local local;
	int32_t local_minute;	 /* WAIT_DAY_TIME: minutes after midnight */
	const struct zone *zone; /* for the local forms */
};

struct rule_step {
	struct span id;
	int64_t after_ms; /* after the deadline (first step) or the step before */
};

#define RULE_STEPS_MAX	  8
#define RULE_MATCHES_MAX  32
#define RULE_CHANNELS_MAX 8
#define RULE_DATA_MAX	  16
#define RULES_MAX	  256
#define RULE_SOURCES_MAX  8
#define RULE_SOURCE_MAX	  32 /* bytes, as in keys.ini */
#define RULE_ID_MAX	  64

/* A value captured from the arming event for the job's `data`. */
struct rule_data {
	struct span name;
	size_t field;
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
	size_t key_field;
	struct span key_prefix; /* `cart` for cart_id: keys read `cart:C1` */
	bool key_else_customer; /* an event without the field speaks of the customer as a whole */
	const struct rule_match *arm, *touch, *cancel;
	size_t n_arm, n_touch, n_cancel;
	bool anchor_first; /* the first arming event counts, later ones do not move the deadline */
	struct rule_wait wait;
	const struct cond *fire_if; /* NULL: always */
	int64_t grace_ms;
	int64_t slack_ms;
	int64_t round_ms; /* fire_at is rounded up to this; 1: not at all */
	int64_t stale_ms; /* TIME_NEVER: history fires like anything else */
	int64_t tombstone_ms;
	int64_t cooldown_ms;
	bool cooldown_customer;			/* one cooldown over all keys of a customer */
	uint32_t max_per_key;			/* episodes; 0: no bound */
	struct span wait_for[RULE_SOURCES_MAX]; /* sources whose mark must reach the deadline */
	size_t n_wait_for;
	int64_t max_hold_ms; /* held no longer than this after fire_at */
	bool hold_drops;     /* at the end of a hold nothing is sent; else it fires */
	int64_t expire_ms;   /* a job is worthless this long after fire_at; TIME_NEVER: never */
	struct rule_step steps[RULE_STEPS_MAX];
	size_t n_steps;
	struct span channels[RULE_CHANNELS_MAX];
	size_t n_channels;
	struct rule_data data[RULE_DATA_MAX];
	size_t n_data;
	struct decimal likelihood, impact; /* 0..1 */
	struct rule_gates gates;
};

/* Some rules of a set, by their places in it. */
struct rule_bits {
	uint64_t words[RULES_MAX / 64];
};

struct rules {
	struct arena arena; /* owns everything below */
	struct rule *list;
	size_t n;
	struct map by_id;
	struct rule_bits *by_kind; /* EVENT_KIND_COUNT of them; NULL: there is no index */
	struct map by_name;	   /* struct rule_bits, for names that are not in the vocabulary */
	struct field_table fields;
	struct zone **zones;
	size_t n_zones;
	struct policy policy;
	uint64_t digest; /* of the rules' text: same digest, same behaviour */
};

/* An empty set: no rules, the fixed fields. 0 or -ENOMEM. */
int rules_new(struct rules **ret_rules);
struct rules *rules_free(struct rules *r);
void rules_freep(struct rules **r);

/* NULL if there is none. */
const struct rule *rules_find(const struct rules *r, struct span id);

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

/* Does M speak of the event of SCOPE? The rest of the scope is for its condition. */
bool rule_matches(const struct rule_match *m, const struct cond_scope *scope);

#define RULE_KEY_MAX (ENTITY_MAX + FIELD_PATH_MAX + 1)

/*
 * The key of the instance that E concerns, written to BUF (RULE_KEY_MAX bytes): `cart:C1`,
 * `customer`. Empty when the event carries no usable key and the rule has no other way.
 */
struct span rule_event_key(const struct rule *r, const struct event *e, char *buf);

/* Deadline for E at EVENT time; false when the event lacks the instant. */
bool rule_deadline(const struct rule *r, const struct event *e, int64_t *ret_at);

struct span rule_class_name(enum rule_class c);

enum priority_class { PRIORITY_LOW, PRIORITY_MEDIUM, PRIORITY_HIGH };

/* The brief's flowchart: likely (>= 0.5)? then high impact (>= 0.7)? (triggers, section 10). */
enum priority_class rule_priority(const struct rule *r);
struct span priority_name(enum priority_class c);
