/* SPDX-License-Identifier: MIT */
/*
 * An event: one touchpoint as the core sees it. All spans borrow from the log entry it was decoded
 * from (or from the decoder's arena) and live as long as that.
 */
#pragma once

#include "base/base.h"
#include "base/span.h"
#include "core/field.h"
#include "core/vocab.h"

/* A place in a partition's log: the Redis stream ID. Orders all inputs of a partition. */
struct log_id {
	uint64_t ms; /* when the log accepted it */
	uint64_t seq;
};

static inline int log_id_compare(struct log_id a, struct log_id b)
{
	if (a.ms != b.ms)
		return a.ms < b.ms ? -1 : 1;
	return a.seq < b.seq ? -1 : a.seq > b.seq;
}

enum event_type {
	EVENT_TRACK,
	EVENT_IDENTIFY,
	EVENT_PAGE,
	EVENT_SCREEN,
	EVENT_GROUP,
	EVENT_ALIAS,
};

enum {
	EVENT_FLAG_FUTURE = 1 << 0,  /* its clock was ahead; occurred_at is clamped */
	EVENT_FLAG_MACHINE = 1 << 1, /* a mail opened or clicked by a machine: nobody was there */
	EVENT_FLAG_NO_TIME = 1 << 2, /* no usable timestamp; occurred_at is received_at */
};

/* A sender's clock may be this far ahead before its events are clamped (triggers, section 5). */
#define EVENT_FUTURE_MS (5 * MS_MINUTE)

struct event_details;

struct event {
	struct log_id id;
	enum event_type type;
	enum event_kind kind;
	enum channel channel;
	unsigned flags;
	struct span customer;	/* the key of the customer it belongs to, 1..CUSTOMER_MAX bytes */
	struct span message_id; /* may be empty: then it cannot be recognised as a duplicate */
	struct span source;	/* the name of the write key it came with */
	struct span name;	/* canonical where the vocabulary knows it, else as sent */
	struct span original;	/* as sent, where that differs from name; else empty */
	struct span user_id;	/* as sent; empty if none */
	struct span anonymous_id;
	int64_t occurred_at; /* the event's own time, corrected for the sender's clock */
	int64_t received_at; /* id.ms, as an instant */
	int64_t logged_at;   /* received_at where it first stood in a log: of one that was forwarded
				to another partition it is earlier */
	struct span named;   /* the key that it was sent to; empty: the customer's */
	struct span subject; /* whom that log knew as its customer; empty: the one it is of now */
	struct span
		properties; /* raw JSON object of properties, or of traits for identify; or empty */
	uint32_t content;   /* checksum of what the sender meant (not of retry counters): same id,
			       other   content is a conflict */
	const struct value *fields; /* n_fields values, numbered by the field table */
	size_t n_fields;
	const struct event_details *details; /* NULL: none were fetched (core/detail.h) */
	const struct event_id *ids; /* n_ids: what else names the customer, the strongest first;
				       without the customer's own key, and no key twice. Those of
				       traits and of previousId may be stronger than it */
	size_t n_ids;
	unsigned link_rights; /* LINK_TRUSTED | …; 0: it links nothing */
};

/* Another identifier of an event: its key (core/identity.h) and the place of its kind. */
struct event_id {
	struct span key;
	uint32_t kind;
};

/* What an event may do to customers besides telling what happened. */
enum {
	LINK_TRUSTED = 1 << 0, /* link what names a person; guests become one with the known */
	LINK_EXPLICIT =
		1 << 1, /* make one of two known customers: alias of a source that may, staff */
	LINK_BROWSER = 1 << 2, /* link an anonymous id or a device to its user, once */
};

#define CUSTOMER_MAX   512 /* bytes of a customer key */
#define MESSAGE_ID_MAX 256
#define ENTITY_MAX     256 /* bytes of a cart, order or other entity id */

/*
 * When it happened: CLAIMED (the sender's timestamp), corrected for the sender's clock by Segment's
 * rule recv_at - (SENT_AT - CLAIMED) where SENT_AT is known, and clamped to RECEIVED_AT plus
 * EVENT_FUTURE_MS. TIME_NEVER stands for an absent CLAIMED or SENT_AT. RECV_AT is the collector's
 * clock when the request was read. Sets EVENT_FLAG_FUTURE or EVENT_FLAG_NO_TIME in *flags.
 */
int64_t event_time(
	int64_t claimed, int64_t sent_at, int64_t recv_at, int64_t received_at, unsigned *flags);

/* The value of field N, VALUE_MISSING if the event was decoded with a shorter table. */
const struct value *event_field(const struct event *e, size_t n);
