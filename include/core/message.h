/* SPDX-License-Identifier: MIT */
/*
 * What one partition says to another. Each key has one writer, the owner of its partition, so
 * whoever learns something about another's key must say it to them. Messages go from a commit's
 * outbox into the log of the partition that they are for, and are applied there like anything else
 * in it: once, in order, and again in the same way by a replay.
 *
 *   FORWARD   an event of a key that is a link
 *   CLAIM     OF asks the key TO to become a link to it
 *   LINKED    the key OF says to TO that it is a link to it now
 *   TAKEN     the key OF says to TO that it is a link to OTHER
 *   REFUSED   the key OF says to TO that it stays what it is, and why
 *   MERGE     what was the customer OF goes into TO; with its record
 *   RETRACT   a job that TO's partition emitted was disproved
 *   ERASE     the customer OF is erased; TO, if it is a link to OF, goes with them. OF is TO: it is
 *             TO who is erased, or whoever that leads to
 *   SUPPRESS  the names in the cargo are to be kept out from now on
 *   LIFT      those in the cargo may come back
 *   UNMERGE   staff take the key OF, a link to the customer TO, apart from them; with what each is
 *             without the other (codec/division.h)
 *   RESTORE   the customer OF says to the key TO, a link to them, what it is without them
 *   NAMED     the key TO stands in an event beside OF, whose log has the event; said by whoever put
 *             it there, in one write with it (core/link_rules.h); or TO is who such a key leads to
 *   ASK       the key OF asks whoever was named as OTHER whether they will claim it; with a claim
 *             along, which OF has made of OTHER, it only waits for that and is said again
 *   ANSWER    OTHER, who was named as OF, will not claim TO by that name, or has done so
 *   WANT      an event of TO, or of who has become a part of them, named OF, of whom it is in doubt
 *             whether there is room for it; as a message it is of such a part
 *   DECIDE    TO says to themselves that all has come which was received before what a WANT is
 *             about, so that their log says where it was judged
 *   NEWS      an event about TO, which is a product or the site and no customer; it goes to every
 *             partition, for those there whom it concerns (core/news.h)
 *   ASKED     OF, a number that stands for a customer, waits for the product TO since SAID_AT;
 *             TIME_NEVER: no longer (core/news.h)
 *   LINE      an event about the product TO, for which customers wait in line; said to the owner of
 *             TO by themselves, so that what is in its log by then was applied
 *   SCRUB     what is kept of the customer TO, or was when that became a link, names somebody who
 * was erased: that goes
 *
 * What is for a key that is a link goes on to where that leads, but for CLAIM, ANSWER, DECIDE,
 * ERASE, SCRUB, UNMERGE and RESTORE, which are about the key itself, and RETRACT, SUPPRESS and
 * LIFT, which are about the partition.
 *
 * Staff and the collector speak in the log too: what they say is from MESSAGE_FROM_STAFF and has no
 * place in an order, so it must do no harm to hear it twice.
 */
#pragma once

#include "base/base.h"
#include "base/span.h"
#include "core/event.h"

/* name for machines; each message has one */
#define MESSAGE_KINDS(X)                                                                           \
	X(FORWARD, "forward")                                                                      \
	X(CLAIM, "claim")                                                                          \
	X(LINKED, "linked")                                                                        \
	X(TAKEN, "taken")                                                                          \
	X(REFUSED, "refused")                                                                      \
	X(MERGE, "merge")                                                                          \
	X(RETRACT, "retract")                                                                      \
	X(ERASE, "erase")                                                                          \
	X(SUPPRESS, "suppress")                                                                    \
	X(LIFT, "lift")                                                                            \
	X(UNMERGE, "unmerge")                                                                      \
	X(RESTORE, "restore")                                                                      \
	X(NEWS, "news")                                                                            \
	X(SCRUB, "scrub")                                                                          \
	X(NAMED, "named")                                                                          \
	X(ASK, "ask")                                                                              \
	X(ANSWER, "answer")                                                                        \
	X(ASKED, "asked")                                                                          \
	X(LINE, "line")                                                                            \
	X(WANT, "want")                                                                            \
	X(DECIDE, "decide")

enum message_kind {
#define X(ID, NAME) MESSAGE_##ID,
	MESSAGE_KINDS(X)
#undef X
		MESSAGE_KIND_COUNT
};

/* Links that a forwarded event or a record has passed. A chain can be longer; then the last ones
 * are not named. */
#define MESSAGE_PATH_MAX   32
#define MESSAGE_REASON_MAX 256	/* bytes of any of the texts that are no keys */
#define MESSAGE_FROM_STAFF 1024 /* a partition that there is none of */

/* A link that was passed: of which key, and since when it is one. */
struct message_hop {
	struct span key;
	int64_t linked_at;
	struct log_id at; /* where it came to that key, in the key's log; 0-0: not said */
};

struct message {
	uint32_t from; /* the partition that says it … */
	uint64_t seq;  /* … and its how-manyth message this is, from 1 */
	enum message_kind kind;
	struct span to;	   /* a key */
	uint64_t place;	   /* FORWARD: in line, from 1, of whom the news came by; 0: none */
	struct span of;	   /* a key; ASKED: a number; FORWARD, RETRACT: empty */
	struct span name;  /* TAKEN: what TO was called in the event, if not TO; WANT, DECIDE:
			      whom the event's log knew as its customer, if not TO */
	struct span via;   /* ASK: what the event named OTHER beside: they ask there first, for what
			      they said to that is said to OF only then; CLAIM, TAKEN, REFUSED:
			      what was claimed first, and led here; empty: the key itself */
	struct span other; /* TAKEN, ASK, ANSWER: a key; CLAIM: what OF was called in the event, if
			      not OF; WANT, DECIDE: what TO was, if not TO */
	unsigned rights; /* CLAIM, TAKEN, REFUSED, WANT, DECIDE: LINK_… of the event behind it */
	/* But for FORWARD and RETRACT: the event behind it, when the log took it where it was first
	 * applied, and when it happened. ASK: nothing is asked for that was received behind
	 * linked_at, or, of names of who asks, not before said_at; one is 0, and both are if it is
	 * not said. ANSWER: as the question. */
	int64_t linked_at, said_at;
	struct span reason; /* REFUSED, RETRACT, UNMERGE, RESTORE; ERASE, SUPPRESS, LIFT,
			       SCRUB: the receipt's name */
	struct span salt;   /* SUPPRESS: of the names (codec/gone_name.h) */
	struct span sum;    /* UNMERGE: name of the state of TO that it was made from … */
	struct span state;  /* … and of that without its timeline; empty: not said */
	struct log_id at;   /* FORWARD, NEWS, LINE: the event's first place in a log, that of the
			       path's first */
	struct message_hop path[MESSAGE_PATH_MAX]; /* FORWARD, MERGE, and others that were passed
						      on: in order */
	size_t n_path;
	/* RETRACT */
	struct span job;
	struct span
		by;    /* name of the event that disproved it; UNMERGE, RESTORE: who of the staff */
	int64_t by_at; /* virtual time */
	bool late;     /* it was in time, and only came too late to know */
};

/* Adds a hop to M's path, if there is room. */
void message_pass(struct message *m, struct span key, int64_t linked_at);
/* The same of a link that M met in the log, at AT. */
void message_pass_at(struct message *m, struct span key, int64_t linked_at, struct log_id at);

/*
 * The key that M came under first: of an event, the strongest of its own names. What is named after
 * that does not depend on how early or late links were heard of.
 */
struct span message_subject(const struct message *m);
/* LINKED, MERGE: the key that OF was said to be: TO, or one that has become part of that. */
struct span message_under(const struct message *m);

struct span message_kind_name(enum message_kind kind);
