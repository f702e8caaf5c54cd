/* SPDX-License-Identifier: MIT */
/*
 * One log entry to the event that the core sees. The worker's hot path: one pass over the item's
 * members, stepping into properties, traits and context only for the fields that somebody wants.
 *
 * The canonical name: a track's `event` through the vocabulary (EVENT_CUSTOM keeps it as sent);
 * page, screen, identify, group and alias have the vocabulary's names (`Page Viewed`, …), and a
 * page's own `name` is its original; `context.original.name` is that of an event which was
 * translated on its way in. The channel is properties.channel or context.channel where
 * that names one, else the origin's. The time is `originalTimestamp`, else `timestamp`, through
 * event_time() of core/event.h; an item's own sentAt beats the origin's. `machine: true` in the
 * properties sets EVENT_FLAG_MACHINE.
 *
 * event->ids are the event's other identifiers; of an identify of a source that is trusted also
 * the e-mail address and the telephone number among its traits, of an alias also its previousId.
 *
 * event->content is a checksum of what the sender meant: type, event, ids, the times as sent, the
 * raw properties, traits, identifiers and previousId; not sentAt, context, integrations or
 * _metadata, which retries change.
 */
#pragma once

#include "base/arena.h"
#include "core/event.h"
#include "core/identity.h"

/* What is known of an item beside its bytes. */
struct event_origin {
	struct log_id id;
	bool has_type;	      /* the request's path said what it is: the item need not */
	enum event_type type; /* if has_type */
	struct span source;   /* name of the write key */
	enum channel channel; /* of the source */
	bool machine;	      /* the collector took the sender for a robot */
	bool no_traits;	      /* the source may not say who the customer is: traits, also those of
				 the context, are not looked at */
	unsigned link_rights; /* LINK_TRUSTED | …: what it may make of customers */
	int64_t recv_at;      /* the collector's clock when the request was read */
	int64_t sent_at;      /* of the batch; TIME_NEVER: none */
	struct span context;  /* raw JSON object shared by the batch; empty: none. The item's own
				 context wins member by member of the field table. */
};

/* Prepared for one field table and the settings of identity, which must outlive it. */
struct event_decoder;

/* 0 or -ENOMEM. */
int event_decoder_new(const struct field_table *fields, const struct identity *identity,
	struct event_decoder **ret_decoder);
struct event_decoder *event_decoder_free(struct event_decoder *d);
void event_decoder_freep(struct event_decoder **d);

enum { EVENT_BAD = 1 };

/* Why an item cannot be an event: a stable code and a sentence, both constant. */
struct event_fault {
	const char *code;
	const char *words;
};

/*
 * Decodes ITEM. What *ret_event points to lies in ITEM, in ORIGIN or in ARENA.
 * 0, -ENOMEM, or EVENT_BAD with *ret_fault (the item is not what the collector accepts: it came
 * another way, or the log is damaged).
 */
int event_decode(const struct event_decoder *d, struct span item, const struct event_origin *origin,
	struct arena *arena, struct event *ret_event, struct event_fault *ret_fault);
