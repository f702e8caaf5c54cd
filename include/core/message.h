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
 *   RESTORE   TO is a customer again; with its record
 *
 * What is for a key that is a link goes on to where that leads, but for CLAIM, RETRACT and RESTORE,
 * which are about the key itself.
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
	X(RESTORE, "restore")

enum message_kind {
#define X(ID, NAME) MESSAGE_##ID,
	MESSAGE_KINDS(X)
#undef X
		MESSAGE_KIND_COUNT
};

/* Keys that a forwarded event has passed. A chain of links can be longer; then the last ones
 * are not named. */
#define MESSAGE_PATH_MAX   32
#define MESSAGE_REASON_MAX 256 /* bytes of any of the texts that are no keys */

struct message {
	uint32_t from; /* the partition that says it … */
	uint64_t seq;  /* … and its how-manyth message this is, from 1 */
	enum message_kind kind;
	struct span to;	   /* a key */
	struct span of;	   /* a key; FORWARD, RETRACT, RESTORE: empty */
	struct span other; /* TAKEN: a key */
	unsigned rights;   /* CLAIM, TAKEN, REFUSED: LINK_… of the event behind it */
	/* But for FORWARD and RETRACT: the event behind it, when the log took it where it was first
	 * applied, and when it happened. */
	int64_t linked_at, said_at;
	struct span reason; /* REFUSED, RETRACT */
	/* FORWARD: the event's first place in a log, which is that of the first of the keys … */
	struct log_id at;
	struct span path[MESSAGE_PATH_MAX]; /* … that it has passed, in order */
	size_t n_path;
	/* RETRACT */
	struct span job;
	struct span by; /* name of the event that disproved it */
	int64_t by_at;	/* virtual time */
	bool late;	/* it was in time, and only came too late to know */
};

struct span message_kind_name(enum message_kind kind);
