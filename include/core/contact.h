/* SPDX-License-Identifier: MIT */
/*
 * Whether and how a customer may be written to: what they allowed, which addresses work, and what
 * was sent. (Reasons and words for a refusal are gates' business.)
 */
#pragma once

#include "base/base.h"
#include "core/job_channel.h"
#include "core/thing.h"

struct journey;

/* ---- consent ------------------------------------------------------------------------------- */

/* Stored: append. Of two words at one instant the lower one counts. */
enum consent_word {
	CONSENT_WITHDRAWN,
	CONSENT_SOFT, /* not asked, but not forbidden: told with the order, may object */
	CONSENT_GIVEN,
};

#define CONSENT_TOPIC_MAX  64 /* bytes */
#define CONSENT_SOURCE_MAX 64

/* What was said of one topic and one channel last, by one side. */
struct consent {
	struct text topic;  /* empty: all */
	struct text source; /* who told us: the name of a write key */
	struct text side;   /* of a customer who was several: the key that said it, before it was
			       known as them; empty: it is the customer's */
	int64_t at;	    /* event time */
	uint32_t channel;   /* enum job_channel; JOB_CHANNEL_COUNT: all */
	enum consent_word word;
};

/* What follows for one topic and one channel. */
enum consent_answer {
	CONSENT_NO_WORD, /* nothing was said, and nothing follows */
	CONSENT_IS_WITHDRAWN,
	CONSENT_IS_SOFT,
	CONSENT_IS_GIVEN,
};

/*
 * May J's customer be sent TOPIC on CHANNEL? What was said of the topic goes before what was said
 * of all, unless all was withdrawn later; what was said of the channel and of all channels counts
 * alike, the later one. Of a customer who was several, what each side said before it was one of
 * them counts beside what the others said: the stricter of what follows from each
 * (src/core/consent_sides.h). Where nothing was said, a customer who has ordered may be written to
 * by email and SMS at the address that is known, and by post (soft opt-in; triggers, section 8).
 * The session that is open needs no consent, only that none was withdrawn. TASK and WEBHOOK concern
 * no customer's channel: always given.
 */
enum consent_answer journey_consent_answer(
	const struct journey *j, struct span topic, enum job_channel channel);
/* Given or soft. */
bool journey_consent(const struct journey *j, struct span topic, enum job_channel channel);
/* Was everything on CHANNEL withdrawn? Then not even what was asked for goes that way. */
bool journey_opted_out(const struct journey *j, enum job_channel channel);

/* ---- where and in which language ----------------------------------------------------------- */

/*
 * The zone of J's customer, an IANA name; empty: unknown. What they chose goes before what follows
 * from the country of their address, and that before what their device says; but of a country with
 * several zones the device may name one.
 */
struct span journey_zone_name(const struct journey *j);
/* The country they gave, else the one to which their latest order went; empty: unknown. */
struct span journey_country(const struct journey *j);
/* Their language as BCP 47; empty: unknown. What they chose, else what their device says. */
struct span journey_language(const struct journey *j);

/* ---- addresses ----------------------------------------------------------------------------- */

/* So many soft bounces in a row, and an address counts as dead (triggers, rule 20). */
#define ADDRESS_SOFT_MAX 7

/* What became of messages to one address. */
struct address {
	enum job_channel channel;
	struct text which; /* in its normal form (address_normal); empty: news that did not say to
			      which address, and so counts for whichever the customer has */
	int64_t hard_at;   /* the latest hard bounce; INT64_MIN: never */
	int64_t delivered_at;		/* latest; ends a row of bounces. INT64_MIN: never */
	int64_t complained_at;		/* latest; INT64_MIN: never */
	int64_t soft[ADDRESS_SOFT_MAX]; /* latest soft bounces, the latest first; INT64_MIN: none */
};

enum reach {
	REACH_OK,
	REACH_NO_ADDRESS,
	REACH_BOUNCED,	  /* a hard bounce, or too many soft ones in a row */
	REACH_COMPLAINED, /* marked as spam */
	REACH_NOT_ACTIVE, /* in-app, and nobody was there for five minutes */
};

#define REACH_ACTIVE_MS (5 * MS_MINUTE)

#define ADDRESS_MAX 320 /* bytes */

/*
 * WHICH so that it compares, written to BUF: a mail address in small letters, of a telephone number
 * the digits and the plus. Empty: it is none, or too long.
 */
struct span address_normal(enum job_channel channel, struct span which, char buf[ADDRESS_MAX]);
/* The address at which J's customer is written to on CHANNEL, in that form; empty: unknown, or what
 * was said for one can be none (core/identity.h). */
struct span journey_address_now(
	const struct journey *j, enum job_channel channel, char buf[ADDRESS_MAX]);
/* When the customer's address of CHANNEL was taken back, and there is none since; INT64_MIN: it was
 * not. */
int64_t journey_address_ended(const struct journey *j, enum job_channel channel);
/* Is there one? */
bool journey_has_address(const struct journey *j, enum job_channel channel);

/* How often in a row it came back from A and from ALSO (NULL: nothing) since the latest delivery
 * to either; at most ADDRESS_SOFT_MAX. */
unsigned address_soft_row(const struct address *a, const struct address *also);

/* Can J's customer be reached on CHANNEL at NOW? A bounce counts until something was delivered
 * there, and a complaint for good; an address is not blamed for what became of another. */
enum reach journey_reach(const struct journey *j, enum job_channel channel, int64_t now);

/* ---- sends --------------------------------------------------------------------------------- */

enum send_state { SEND_RESERVED, SEND_SENT, SEND_RELEASED };

struct send {
	unsigned char job_id[16];
	uint64_t rule;	  /* hash of its id */
	int64_t at;	  /* virtual time */
	uint32_t class;	  /* enum rule_class */
	uint32_t channel; /* enum job_channel */
	enum send_state state;
};
