/* SPDX-License-Identifier: MIT */
/*
 * The gates: may this message go, now, and on which way? (triggers, sections 8 and 9.) They are
 * asked in the order of `enum gate` when an instance is due, and all of them again after every
 * deferral and when a consumer takes the job, because what was true at four is not at ten.
 *
 * Pure: the answer follows from the rules with their policy, the journey and the instant asked
 * about. It is one of four, with a reason of a closed list and a sentence for people.
 *
 *	allow    send it, on `channel`
 *	reroute  the same, but not on the way that would have been the first choice
 *	defer    ask again at `until`
 *	cancel   never
 *
 * Being held out is no answer of its own: a hold-out that were asked less would not be comparable.
 * All gates are asked, and if they let it go then with `held_out` nothing is sent.
 */
#pragma once

#include "core/journey.h"
#include "core/money.h"
#include "core/rule.h"

enum gate {
	GATE_JOB,	  /* expired, superseded */
	GATE_CUSTOMER,	  /* erased, blocked, minor, deceased */
	GATE_CONSENT,	  /* may we, on this channel and about this */
	GATE_REACHABLE,	  /* is there a way */
	GATE_CONDITION,	  /* is it still so */
	GATE_HOLDOUT,	  /* the group that is left alone, to compare with */
	GATE_QUIET,	  /* not at this hour */
	GATE_CAP,	  /* not so often */
	GATE_ARBITRATION, /* another message goes first; or this is no time for offers */
	GATE_COUNT
};

enum gate_answer { GATE_ALLOW, GATE_REROUTE, GATE_DEFER, GATE_CANCEL };

/* Each with the gate it belongs to. Numbers are stored: new ones go to the end. */
#define GATE_REASONS(X)                                                                            \
	X(NONE, JOB, "none")                                                                       \
	X(EXPIRED, JOB, "expired")                                                                 \
	X(SUPERSEDED, ARBITRATION, "superseded")                                                   \
	X(ERASED, CUSTOMER, "erased")                                                              \
	X(BLOCKED, CUSTOMER, "blocked")                                                            \
	X(MINOR, CUSTOMER, "minor")                                                                \
	X(DECEASED, CUSTOMER, "deceased")                                                          \
	X(NO_CONSENT, CONSENT, "no_consent")                                                       \
	X(WITHDRAWN, CONSENT, "withdrawn")                                                         \
	X(NO_CONTRACT, CONSENT, "no_contract")                                                     \
	X(UNREACHABLE, REACHABLE, "unreachable") /* no address */                                  \
	X(BOUNCED, REACHABLE, "bounced")                                                           \
	X(COMPLAINED, REACHABLE, "complained")                                                     \
	X(NOT_ACTIVE, REACHABLE, "not_active") /* in-app, and nobody is there */                   \
	X(TOO_COSTLY, REACHABLE, "too_costly") /* the channel is kept for graver things */         \
	X(FIRE_IF, CONDITION, "fire_if")                                                           \
	X(HOLDOUT, HOLDOUT, "holdout")                                                             \
	X(QUIET_HOURS, QUIET, "quiet_hours")                                                       \
	X(OUTSIDE_WINDOW, QUIET, "outside_window")                                                 \
	X(DAY_OFF, QUIET, "day_off") /* a Sunday or holiday where the customer lives */            \
	X(CLOSED, QUIET, "closed")   /* the shop is */                                             \
	X(CAP_FULL, CAP, "cap_full")                                                               \
	X(RULE_CAP_FULL, CAP, "rule_cap_full")                                                     \
	X(MUTED_ORDER_LATE, ARBITRATION, "muted_order_late")                                       \
	X(MUTED_CASE_OPEN, ARBITRATION, "muted_case_open")                                         \
	X(MUTED_INCIDENT, ARBITRATION, "muted_incident")                                           \
	X(MUTED, ARBITRATION, "muted")		     /* a condition of the shop's policy */        \
	X(NOT_DELIVERED, REACHABLE, "not_delivered") /* it went another way before */

enum gate_reason {
#define X(ID, GATE, NAME) REASON_##ID,
	GATE_REASONS(X)
#undef X
		GATE_REASON_COUNT
};

struct span gate_name(enum gate gate);
struct span gate_answer_name(enum gate_answer answer);
struct span gate_reason_name(enum gate_reason reason);

/* What is asked. */
struct gate_ask {
	const struct rules *rules; /* in force, with their policy */
	const struct rule *rule;
	const struct journey *journey;
	const struct instance *instance;
	uint32_t step;		  /* of the rule */
	int64_t now;		  /* virtual time; at the lease the consumer's */
	int64_t due_at;		  /* when the step came due first: a deferral does not move it */
	bool incident;		  /* the log says that the shop has one right now */
	bool at_lease;		  /* a consumer wants the job that was emitted */
	struct span channel;	  /* at the lease: the job's; else empty */
	const unsigned char *job; /* at the lease: its id's 16 bytes, so that it does not stand in
				     its own way */
	unsigned tried;		  /* 1 << enum job_channel: ways that the message went before */
	bool lost;		  /* and that it is known not to have arrived by the last */
};

#define GATE_WORDS_SIZE 160

/* Spans borrow from the rules or from the ask. */
struct gate_verdict {
	enum gate_answer answer;
	enum gate gate;		 /* that decided; of allow: of the reroute or hold-out, if any */
	enum gate_reason reason; /* REASON_NONE: nothing stood in the way */
	int64_t until;		 /* GATE_DEFER; else 0 */
	struct span channel;	 /* the way it goes; empty if it does not */
	struct decimal likelihood, impact;
	enum priority_class priority;
	struct worth worth;
	int64_t loss; /* likelihood x impact x value, for order inside a class (core/priority.h) */
	bool held_out;
	struct span by;		     /* REASON_SUPERSEDED: the rule that goes first */
	char words[GATE_WORDS_SIZE]; /* a sentence; empty with REASON_NONE */
};

/*
 * All gates in order. For a rule that is asked nothing (rule->gates.on false) the condition and
 * the expiry alone count, and its first channel is the way.
 */
void gates_judge(const struct gate_ask *ask, struct gate_verdict *ret_verdict);

/* The zone in which a customer lives, as far as is known; else the shop's. NULL: UTC. */
const struct zone *gates_zone(const struct policy *p, const struct journey *j);

/* By which sends (core/contact.h) name their rule. */
uint64_t gates_rule_hash(struct span rule);

/* The first 16 bytes of the name of the job of I that M is (triggers, section 7; as text it is
 * codec/job_json.h's). Of I only the rule
 * and the key matter; of M what its name says. */
void gates_job_id(const struct journey *j, const struct rule *rule, const struct instance *i,
	const struct emission *m, unsigned char ret_id[16]);

/*
 * Reserves a send in J for what VERDICT let go: from now on it counts in every window, though
 * nobody has sent it yet. To be called for each job that is emitted, and for nothing that is held
 * out or in shadow. 0 or -ENOMEM.
 */
int gates_reserve(
	struct journey *j, const struct gate_ask *ask, const struct gate_verdict *verdict);
/* It was cancelled before anybody sent it, and counts no more. What was sent stays sent. */
void gates_release(struct journey *j, const unsigned char job_id[16]);
/* Nobody said that it was sent; OTHERWISE where J does not remember it. */
bool gates_is_unsent(struct journey *j, const unsigned char job_id[16], bool otherwise);
