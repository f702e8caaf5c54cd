/* SPDX-License-Identifier: MIT */
/*
 * Somebody else's JSON (or form) to canonical events. Every shop system names things in its own
 * way; a preset (deploy/hooks/NAME.json, or the shop's own file) says what its payloads mean, as
 * data. It is compiled once, with all its mistakes told at once, and then run over payloads in
 * place: what is copied from a payload is copied byte for byte, so numbers stay as they came.
 *
 * A preset:
 *
 *	{"preset": NAME, "about": TEXT, "kind": "json" | "form" | "json,form",
 *	 "verify": (include/codec/signature.h),
 *	 "unwrap": {"if": COND, "json": EXPR},  the payload is JSON inside a string of the body
 *	 "topic": EXPR,                         what selects the rules; "" if it is missing
 *	 "ignore": [GLOB, ...],                 topics of which nothing is kept; * is any text
 *	 "answers": {"accepted": 200, ...},     MAPPING_ANSWERS below
 *	 "events": [RULE, ...]}                 all that take the topic are run, in order
 *
 *	RULE {"about": TEXT,                    for people
 *	 "on": [GLOB, ...],                     topics; left out: every topic
 *	 "each": PATH or [PATH, ...],           an event for each item there, of several places the
 *	                                        first that is there; an object is one item, nothing
 *	                                        at all is no item. Rules that stand together with
 *	                                        the same `each` go through the items together, so
 *	                                        that events have the order of the items
 *	 "if": COND,                            else the rule passes the payload or item over
 *	 "type": "track" | "identify" | "page" | "screen",
 *	 "event": EXPR,                         of a track; of page and screen its name
 *	 "original": EXPR,                      the sender's name of it; the topic
 *	 "id": EXPR,                            messageId; left out or missing: a digest of topic,
 *	                                        event and the bytes of the item
 *	 "user": EXPR, "anonymous": EXPR, "identifiers": {card email phone order device: EXPR},
 *	 "time": EXPR, "sent": EXPR,            missing: left out; what is no instant is a fault
 *	                                        (sent is of this attempt: one that stays the same
 *	                                        when a delivery is repeated moves the event)
 *	 "channel": EXPR,                       core/vocab.h; lands in context.channel
 *	 "properties", "traits", "context": {NAME: EXPR, ...}, the first two also PLACE: the object
 *	                                        that stands there, or [EXPR, ...]: `merge` of these}
 *
 * EXPR is a text with places, "order {id}" ("{{" is a brace), or an object with one operator. A
 * text that is one place and nothing else is the value there, type and bytes untouched; else it is
 * text. What is missing or null makes the whole text missing, and missing members are left out.
 *
 *	{"first": [EXPR, ...]}          the first that is there and not null nor ""
 *	{"const": any JSON}
 *	{"map": EXPR, "to": {TEXT: EXPR, ...}, "else": EXPR}
 *	{"if": COND, "then": EXPR, "else": EXPR}
 *	{"money": EXPR, "currency": EXPR}   whole minor units as a decimal number (ISO 4217)
 *	{"number": EXPR}                a text that is a JSON number, as that number
 *	{"text": EXPR} {"lower": EXPR} {"upper": EXPR} (both ASCII) {"trim": EXPR}
 *	{"time": EXPR, "as": "s" | "ms" | "iso"}    ISO 8601 in UTC; iso: what instant_parse takes
 *	{"list": PATH, "item": {NAME: EXPR, ...} or TEXT, "most": N, "if": COND}
 *	                                of the first N items, those for which COND holds
 *	{"object": {NAME: EXPR, ...}}   missing if all its members are
 *	{"find": PATH, "if": COND, "get": EXPR}     of the first item for which COND holds
 *	{"lookup": PATH, "by": EXPR, "is": EXPR, "get": EXPR}   of the first item whose `by` has the
 *	                                text that `is` has; `is` alone is not looked for in the item
 *	{"join": PATH, "get": EXPR, "with": ", "}   texts that are not empty; get: the item itself
 *	{"digest": [EXPR, ...]}         32 hex digits of the SHA-256 of netstrings
 *	{"afterlast": EXPR, "of": "/"}  what stands behind the last "/", or all of it
 *	{"before": EXPR, "of": "/"}     what stands before the first "/", or all of it
 *	{"base64": EXPR}                the bytes behind the text, as text (RFC 4648 section 4 or 5,
 *	                                padding or none)
 *	{"parse": EXPR, "get": EXPR}    the text is JSON, and paths of `get` start at what is in it;
 *	                                an object or array is taken as it stands. Several that parse
 *	                                the same EXPR do so once for each payload or item
 *	{"merge": [EXPR, ...]}          the members of the objects among these; of members with one
 *	                                name the first object's. No more members than a fourth of an
 *	                                event's bytes
 *
 * COND is an object with one of
 *
 *	{"is": [EXPR, "a", ...]}        its text is one of these
 *	{"has": EXPR}                   it is there, not null and not ""
 *	{"starts": [EXPR, "text"]} {"over": [EXPR, NUMBER]} (also of a text that is a number)
 *	{"not": COND} {"all": [COND, ...]} {"any": [COND, ...]}
 *
 * Objects and arrays have no text. What is not base 64, or not JSON, is missing. PATH is names with
 * dots between, `\.` for a dot and `\}` for a brace in a name; digits are the index in an array. It
 * starts at the payload, at the item where `each`, `list`, `find`, `lookup` or `join` go through
 * items, or at what `parse` found. `.` is the payload or item itself, `.topic` a member of it even
 * if its name means something: as the first name
 *
 *	root      the payload            envelope  what came, before `unwrap`
 *	header    a field of the request in lower case, header.x-shopify-topic
 *	query     a parameter, query.token
 *	topic     the topic              hook      the name of the hook
 *	received  the time at which the request was read, ISO 8601
 *
 * What comes out of mapping_run is an item that the envelope (codec/envelope.h) takes: within its
 * limits, with text that is text (what is not UTF-8, and U+0000, becomes U+FFFD: the bytes as they
 * came are kept beside the event). An identifier that cannot be one (not a string nor a whole
 * number, empty, longer than IDENTIFIER_MAX) counts as missing. Where a key of the payload repeats,
 * the last one counts.
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "codec/file_problem.h"

#define MAPPING_FILE_MAX   ((size_t)256 * 1024) /* bytes of a preset */
#define MAPPING_NODES_MAX  4096			/* operators, places and texts of a preset */
#define MAPPING_DEPTH_MAX  16			/* operators inside each other, names in a path */
#define MAPPING_RULES_MAX  256
#define MAPPING_NAME_MAX   64		      /* bytes of a preset's name */
#define MAPPING_FIELDS_MAX 1000		      /* of a form */
#define MAPPING_OUTPUT_MAX ((size_t)16 << 20) /* bytes of all events of a payload together */

struct mapping;

enum { MAPPING_BAD = 1 };

/*
 * Compiles TEXT; FILE is for the problems. 0; MAPPING_BAD with the problems listed; -ENOMEM. The
 * mapping keeps copies and is never changed: threads may share it.
 */
int mapping_compile(const char *file, struct span text, struct file_problems *problems,
	struct mapping **ret_mapping);
struct mapping *mapping_free(struct mapping *m);
void mapping_freep(struct mapping **m);

struct span mapping_name(const struct mapping *m);
struct span mapping_about(const struct mapping *m);
/* The "verify" value as it stands in the file, for signature_compile_text. */
struct span mapping_verify(const struct mapping *m);

/*
 * What the sender wants to hear where the house would say something else: enum, name in `answers`.
 * ACCEPTED is for payloads that became events, IGNORED for those of which nothing is kept, UNUSABLE
 * for those that went to quarantine, BAD_SIGNATURE for those that were not believed.
 */
#define MAPPING_ANSWERS(X)                                                                         \
	X(ACCEPTED, "accepted")                                                                    \
	X(IGNORED, "ignored")                                                                      \
	X(UNUSABLE, "unusable")                                                                    \
	X(BAD_SIGNATURE, "bad_signature")

#define X(ID, NAME) MAPPING_ANSWER_##ID,
enum mapping_answer { MAPPING_ANSWERS(X) MAPPING_ANSWER_COUNT };
#undef X

/* The HTTP status that the preset names, 0: none. */
unsigned mapping_answer(const struct mapping *m, enum mapping_answer answer);

/* The header fields (lower case) and parameters that a run may ask for: what has to be kept of a
 * request so that it can be mapped again. Each name stands once. */
struct mapping_names {
	const struct span *headers, *queries;
	size_t n_headers, n_queries;
};
struct mapping_names mapping_names(const struct mapping *m);

/* The first value of NAME (lower case; of a parameter: decoded). False if there is none. */
typedef bool mapping_lookup_fn(void *user, struct span name, struct span *ret_value);

struct mapping_input {
	struct span body;
	bool form; /* its type is application/x-www-form-urlencoded; else it is read as JSON, if
		      the preset takes both */
	struct span hook;		   /* name */
	int64_t received_at;		   /* the collector's clock when the request was read */
	mapping_lookup_fn *header, *query; /* NULL: there are none */
	void *user;			   /* of both */
	size_t event_bytes;		   /* limits of an event, and of events in a payload; */
	size_t depth;			   /* 0: those of ENVELOPE_LIMITS_DEFAULT */
	size_t events;
};

struct mapping_event {
	struct span json;	/* the canonical event */
	struct span original;	/* the item or the payload that it was made of */
	struct span message_id; /* never empty */
};

/*
 * Why a payload, or an item of it, is of no use: enum, stable name, sentence.
 */
#define MAPPING_FAULTS(X)                                                                          \
	X(NOT_JSON, "not_json", "the payload is not JSON")                                         \
	X(TOO_MANY_FIELDS, "too_many_fields", "the form has too many fields")                      \
	X(UNKNOWN_TOPIC, "unknown_topic", "the preset has no rule for the topic")                  \
	X(NO_EVENT, "no_event", "the rule finds no name for the event")                            \
	X(NO_CUSTOMER, "no_customer", "nothing in it names a customer")                            \
	X(BAD_TIME, "bad_timestamp", "its time is not an ISO 8601 date and time")                  \
	X(TOO_LARGE, "item_too_large", "the event would be larger than an event may be")           \
	X(TOO_DEEP, "too_deep", "the event would nest deeper than an event may")                   \
	X(TOO_MANY, "too_many_items", "the payload holds more items than it may")                  \
	X(TOO_MUCH, "too_much_work", "to map the payload takes more work than it may")

#define X(ID, NAME, TEXT) MAPPING_##ID,
enum mapping_fault_code { MAPPING_FAULTS(X) MAPPING_FAULT_COUNT };
#undef X

struct mapping_fault {
	enum mapping_fault_code code;
	struct span words;    /* the sentence, with the place or the topic; no full stop */
	struct span original; /* the item, or the whole body */
	size_t rule;	      /* number in "events"; SIZE_MAX: no rule's */
};

struct mapping_result {
	struct mapping_event *events; /* in the order of the rules, then of the items */
	struct mapping_fault *faults;
	size_t n_events, n_faults;
	struct span topic;
	bool ignored; /* the topic is one of `ignore`. Without this, events and faults, the rules of
			 the topic have passed over all there was: likewise nothing to keep. */
};

/*
 * Maps a payload. What is in *ret_result lies in ARENA or borrows from INPUT. 0 or -ENOMEM.
 */
int mapping_run(const struct mapping *m, const struct mapping_input *input, struct arena *arena,
	struct mapping_result *ret_result);

/* `no_customer`; the sentence. */
const char *mapping_fault_name(enum mapping_fault_code code);
const char *mapping_fault_text(enum mapping_fault_code code);
