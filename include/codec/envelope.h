/* SPDX-License-Identifier: MIT */
/*
 * The collector's hot path: the body of a request, cut into items and judged item by item, in the
 * one pass that validates it. Nothing is rewritten: an accepted item goes to the log as the bytes
 * it came in. One bad item never fails its neighbours; only a broken structure, or a fault in what
 * all items share, fails the body.
 *
 * The shape is Segment's HTTP tracking API: one event as the body of /v1/track, /v1/identify and
 * so on, or `{"batch":[…],"context":{…},"writeKey":"…","sentAt":"…"}`. What it asks of an item:
 *
 *   type         one of the six; may be missing where the path says it, and must agree with it
 *   event        of a track: a string that is not empty
 *   userId, anonymousId
 *                a string, or a whole number taken as its digits (untyped languages send both); at
 *                most 256 bytes
 *   identifiers  what else names the customer (codec/identifiers.h). Of it, userId and anonymousId
 *                at least one that is not empty, and not one of those that stand for nobody
 *   previousId   of an alias: like userId
 *   messageId    likewise; at most 100 characters and MESSAGE_ID_MAX bytes
 *   timestamp, originalTimestamp, sentAt
 *                an instant as text or number (base/instant.h)
 *   properties, traits, context
 *                objects
 *   name         anything; a page's name if it is a string
 *
 * null counts as missing, except for type. What the path said about the type of a single event must
 * be kept beside its bytes, which may not say it. None of the members of this table may stand twice
 * in an item: readers disagree which one counts, and a check that looks at one while the reader
 * uses the other is none. Inside properties and elsewhere keys may repeat; the last one counts.
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "codec/identifiers.h"
#include "codec/json_scan.h"
#include "core/event.h"

#define ENVELOPE_ID_MAX		IDENTIFIER_MAX
#define ENVELOPE_MESSAGE_ID_MAX 100 /* characters */

struct envelope_limits {
	size_t item_bytes; /* of one item, from brace to brace */
	size_t items;	   /* in a batch */
	size_t depth;	   /* containers inside each other in one item */
};

#define ENVELOPE_LIMITS_DEFAULT ((struct envelope_limits){32768, 2500, 16})

/*
 * The members that are looked at. A number per name, in refusals and for the table of checks.
 */
#define ENVELOPE_FIELDS(X)                                                                         \
	X(NAME, "name")                                                                            \
	X(TYPE, "type")                                                                            \
	X(EVENT, "event")                                                                          \
	X(BATCH, "batch")                                                                          \
	X(USER_ID, "userId")                                                                       \
	X(SENT_AT, "sentAt")                                                                       \
	X(TRAITS, "traits")                                                                        \
	X(CONTEXT, "context")                                                                      \
	X(WRITE_KEY, "writeKey")                                                                   \
	X(TIMESTAMP, "timestamp")                                                                  \
	X(MESSAGE_ID, "messageId")                                                                 \
	X(PROPERTIES, "properties")                                                                \
	X(PREVIOUS_ID, "previousId")                                                               \
	X(ANONYMOUS_ID, "anonymousId")                                                             \
	X(IDENTIFIERS, "identifiers")                                                              \
	X(ORIGINAL_TIMESTAMP, "originalTimestamp")

#define X(ID, TEXT) ENVELOPE_##ID,
enum envelope_field { ENVELOPE_FIELDS(X) ENVELOPE_FIELD_COUNT };
#undef X

/*
 * Why something is refused: enum, name for machines (stable: clients switch on it), sentence. In
 * the sentence `$` stands for the field, `#` for the limit. The last two are not found here, but by
 * those who know the source and its plan.
 */
#define ENVELOPE_CODES(X)                                                                          \
	X(ACCEPTED, "accepted", "accepted")                                                        \
	X(MALFORMED, "malformed_json", "the body is not JSON")                                     \
	X(NOT_OBJECT, "not_object", "an event is a JSON object")                                   \
	X(MISSING_BATCH, "missing_batch", "batch is required and must be an array of events")      \
	X(TOO_MANY, "too_many_items", "at most # events may come at once")                         \
	X(ITEM_TOO_LARGE, "item_too_large", "an event may have at most # bytes")                   \
	X(TOO_DEEP, "too_deep", "an event may nest at most # objects and arrays")                  \
	X(NUL, "nul_in_text", "text may not hold the character U+0000")                            \
	X(SURROGATE, "lone_surrogate", "text holds one half of a surrogate pair")                  \
	X(UTF8, "invalid_utf8", "text is not UTF-8")                                               \
	X(DUPLICATE_FIELD, "duplicate_field", "$ stands twice")                                    \
	X(WRONG_TYPE, "wrong_type", "$ must be #")                                                 \
	X(MISSING_TYPE, "missing_type",                                                            \
		"type is required: track, identify, page, screen, group or alias")                 \
	X(UNKNOWN_TYPE, "unknown_type",                                                            \
		"type must be track, identify, page, screen, group or alias")                      \
	X(TYPE_MISMATCH, "type_mismatch", "type differs from what the path says")                  \
	X(MISSING_EVENT, "missing_event", "event is required of a track and may not be empty")     \
	X(NO_ID, "no_user_anon_id",                                                                \
		"userId, anonymousId or a member of identifiers is required and may not be empty") \
	X(BLOCKED_ID, "blocked_id",                                                                \
		"what names the customer stands for many, as `guest` does; where nobody is known " \
		"send no userId, or an anonymousId")                                               \
	X(TOO_LONG, "too_long", "$ may have at most #")                                            \
	X(BAD_TIMESTAMP, "bad_timestamp", "$ is not an ISO 8601 date and time")                    \
	X(NOT_ALLOWED, "not_allowed", "this source may not send such an event")                    \
	X(SCHEMA, "schema", "the event breaks the tracking plan")

#define X(ID, NAME, TEXT) ENVELOPE_##ID,
enum envelope_code { ENVELOPE_CODES(X) ENVELOPE_CODE_COUNT };
#undef X

/* What is wrong, and where. */
struct envelope_fault {
	enum envelope_code code;   /* ENVELOPE_ACCEPTED: nothing */
	enum envelope_field field; /* of codes whose sentence names one */
	enum json_fault_code json; /* of ENVELOPE_MALFORMED */
	size_t offset;		   /* in the body */
	struct span words;	   /* instead of the code's sentence; empty: that */
	struct span member;	   /* of `identifiers`; empty: none, or not of it */
};

struct envelope_item {
	struct span raw; /* what goes to the log */
	struct envelope_fault fault;
	/* The rest is set only for accepted items. Unescaped; empty where there is none. */
	enum event_type type;
	struct span user_id, anonymous_id, message_id;
	struct span event;		/* of a track */
	struct span properties, traits; /* raw objects; empty: none */
	struct span customer;		/* the key of the customer it belongs to, not empty */
	struct span identifiers;	/* raw object; empty: none */
	struct span previous_id;	/* of an alias */
	uint32_t named;			/* a bit for the place of each kind that is not blank */
	bool is_watermark;		/* a line that is no event: envelope_watermark reads it */
};

struct envelope {
	struct envelope_item *items;
	size_t n_items;
	size_t n_refused;
	size_t n_watermarks;
	struct span write_key; /* unescaped; empty if none */
	struct span context;   /* raw object that all items of a batch share; empty if none */
	int64_t sent_at;       /* of the body; TIME_NEVER if none */
};

/* What the path of the request says about its body. */
enum envelope_kind {
	ENVELOPE_KIND_TRACK = EVENT_TRACK,
	ENVELOPE_KIND_IDENTIFY = EVENT_IDENTIFY,
	ENVELOPE_KIND_PAGE = EVENT_PAGE,
	ENVELOPE_KIND_SCREEN = EVENT_SCREEN,
	ENVELOPE_KIND_GROUP = EVENT_GROUP,
	ENVELOPE_KIND_ALIAS = EVENT_ALIAS,
	ENVELOPE_KIND_BATCH,
};

struct envelope_request {
	struct span body;
	enum envelope_kind kind;
	struct envelope_limits limits;
	const struct identity *identity; /* what names a customer; outlives the envelope */
};

enum { ENVELOPE_REFUSED = 1 };

/*
 * Reads a body. Everything in *ret_envelope borrows from it or lies in ARENA.
 * 0 (some or all items may be refused, one by one), ENVELOPE_REFUSED (the whole body, for the
 * reason in *ret_fault) or -ENOMEM. A single event is an envelope of one item.
 */
int envelope_read(const struct envelope_request *request, struct arena *arena,
	struct envelope *ret_envelope, struct envelope_fault *ret_fault);

/*
 * Reads lines (NDJSON): each is an event by itself, judged as an item of a batch (its type must be
 * said), so that even a line which is no JSON refuses nobody else. Blank lines are passed over.
 * A line `{"type":"watermark",…}` is an item with is_watermark. 0, -ENOMEM, or ENVELOPE_REFUSED for
 * the one reason that concerns all of them: more than `limits.items`.
 */
int envelope_read_lines(const struct envelope_request *request, struct arena *arena,
	struct envelope *ret_envelope, struct envelope_fault *ret_fault);

/*
 * What a watermark says: `completeUntil`, an instant, and perhaps `source`, the name of the source
 * that is complete until then. False if RAW is none: *ret_until is TIME_NEVER if it is missing or
 * no instant.
 */
bool envelope_watermark(
	struct span raw, struct arena *arena, int64_t *ret_until, struct span *ret_source);

const char *envelope_code_name(enum envelope_code code);
/* A sentence that fits the code in general: it names neither field nor limit. */
const char *envelope_code_words(enum envelope_code code);

/* The type of that name. False if there is none. */
bool envelope_type_of(struct span name, enum event_type *ret_type);
struct span envelope_type_name(enum event_type type);

/* Appends the sentence that says what FAULT is, as read under LIMITS, without a full stop. */
void envelope_explain(
	const struct envelope_fault *fault, const struct envelope_limits *limits, struct buf *out);
