/* SPDX-License-Identifier: MIT */
/*
 * JSON (RFC 8259) read in place, without a tree. The collector and the worker look at a dozen
 * members of an event and pass the rest on byte for byte; building a tree for that costs twenty
 * times the scan, and writing it again would change numbers.
 *
 * A cursor walks a text once, from left to right. Whatever it passes is validated, whether the
 * caller looked at it or not, so that at json_finish the whole text is known to be JSON:
 *
 *	json_cursor_init(&c, body);
 *	r = json_object_open(&c);
 *	while (!r && (r = json_object_key(&c, &key)) == 0)
 *		r = json_is(&key, SPAN_LIT("id")) ? json_value(&c, &id) : json_value(&c, &other);
 *	if (r == JSON_END)
 *		r = json_finish(&c);
 *
 * Two kinds of fault are told apart. A broken *structure* ends the walk: nothing behind it can be
 * trusted. Bad *text* (and nesting beyond the soft limit) sits inside one value and leaves its
 * neighbours alone: the walk goes on, and the first such fault waits in `text` until the caller
 * looks, which is how one event of a batch is refused while the others are accepted.
 *
 * Values are spans of the text that was given: they live as long as it does.
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

/* Containers inside each other that end the walk; no recursion, so this is a bound on sense. */
#define JSON_DEPTH_MAX 512

enum json_type {
	JSON_TYPE_ABSENT, /* no value at all; never the type of something read */
	JSON_TYPE_NULL,
	JSON_TYPE_FALSE,
	JSON_TYPE_TRUE,
	JSON_TYPE_NUMBER,
	JSON_TYPE_STRING,
	JSON_TYPE_ARRAY,
	JSON_TYPE_OBJECT,
};

/*
 * The faults: enum, name for machines, sentence for people. Those from JSON_TEXT_NUL on are of the
 * second kind. Control characters in a string are structure: no serialiser writes them, so one
 * means that a quote went missing.
 */
#define JSON_FAULTS(X)                                                                             \
	X(JSON_SOUND, "sound", "nothing is wrong")                                                 \
	X(JSON_CUT, "cut", "the text ends inside a value")                                         \
	X(JSON_UNEXPECTED, "unexpected_byte", "this byte cannot stand here")                       \
	X(JSON_BAD_LITERAL, "bad_literal", "only true, false and null are words")                  \
	X(JSON_BAD_NUMBER, "bad_number", "the number lacks a digit here")                          \
	X(JSON_BAD_ESCAPE, "bad_escape", "no such escape in a string")                             \
	X(JSON_CONTROL, "control_character", "a control character in a string is not escaped")     \
	X(JSON_NESTING, "nesting", "more than 512 containers inside each other")                   \
	X(JSON_TRAILING, "trailing_bytes", "something follows the end of the value")               \
	X(JSON_TEXT_NUL, "nul_in_text", "a string holds the character U+0000")                     \
	X(JSON_TEXT_SURROGATE, "lone_surrogate", "a string holds one half of a surrogate pair")    \
	X(JSON_TEXT_UTF8, "invalid_utf8", "a string holds bytes that are not UTF-8")               \
	X(JSON_DEEP, "too_deep", "containers are nested deeper than allowed")

#define X(ID, NAME, TEXT) ID,
enum json_fault_code { JSON_FAULTS(X) };
#undef X

struct json_fault {
	enum json_fault_code code;
	size_t offset; /* from the start of the text */
};

/* Outcomes. */
enum {
	JSON_END = 1,	    /* the container that was being walked is closed */
	JSON_MALFORMED = 2, /* the structure is broken: see `fault` */
};

struct json_value {
	struct span raw; /* as it stands there; of a string, with its quotes */
	enum json_type type;
	bool escaped; /* a string with at least one backslash */
};

struct json_cursor {
	const char *start, *at, *end;
	size_t depth;	   /* containers open at `at` */
	size_t depth_soft; /* more than this many is a text fault JSON_DEEP */
	bool fresh;	   /* nothing read yet in the innermost container */
	struct json_fault fault;
	struct json_fault text; /* the first since init or since the caller cleared it */
};

/* Depth_soft is JSON_DEPTH_MAX at first. */
void json_cursor_init(struct json_cursor *c, struct span text);

/* The type of the value that comes next, by its first byte; JSON_TYPE_ABSENT if no value can begin
 * so.
 */
enum json_type json_peek(struct json_cursor *c);

/* Passes one value. 0 or JSON_MALFORMED. */
int json_value(struct json_cursor *c, struct json_value *ret_value);

/* Steps into the object that comes next. 0 or JSON_MALFORMED (also when it is none). */
int json_object_open(struct json_cursor *c);
/*
 * Passes the key of the next member, a string value; the caller must pass its value before the next
 * call. 0, JSON_END (the object is closed and passed) or JSON_MALFORMED. Keys may repeat: what that
 * means is the caller's affair.
 */
int json_object_key(struct json_cursor *c, struct json_value *ret_key);

int json_array_open(struct json_cursor *c);
/* 0: an item comes next, which the caller must pass. JSON_END, JSON_MALFORMED as above. */
int json_array_next(struct json_cursor *c);

/* How many values an array or object that was passed before holds; it stops counting at MAX. */
size_t json_count(const struct json_value *container, size_t max);

/* Nothing but blanks may follow. 0 or JSON_MALFORMED. */
int json_finish(struct json_cursor *c);

/* All of TEXT is one value and has no fault of either kind; else *ret_fault says which is first. */
bool json_valid(struct span text, struct json_fault *ret_fault);

const char *json_fault_name(enum json_fault_code code);
const char *json_fault_text(enum json_fault_code code);

/* Line and column of a byte, both from 1; columns count bytes. Lines end with LF. */
struct json_place {
	size_t line, column;
};
struct json_place json_place(struct span text, size_t offset);

/*
 * For walking through bytes that may be no sound JSON, or a part of some: the length of the text or
 * number that JSON, which is not empty, begins with (a text without an end goes to the end); 0 if
 * another byte is there. And is that, of LEN bytes, the name of a member? A colon follows it then.
 */
size_t json_scalar_len(struct span json);
bool json_is_key(struct span json, size_t len);

/* Text of strings. VALUE must be a string that a cursor passed. */

/* What stands between the quotes, still escaped. */
struct span json_content(const struct json_value *value);

/* The text of the string is exactly S. */
bool json_is(const struct json_value *value, struct span s);

/* The text of the string, UTF-8; borrowed from the value unless escapes force a copy.
 * ptr is NULL when out of memory. */
struct span json_text(const struct json_value *value, struct arena *a);

/*
 * Appends the text that CONTENT (between quotes) stands for, which is never longer than CONTENT.
 * Total: half a surrogate pair becomes U+FFFD, all else that a cursor would not have passed is
 * copied as it is.
 */
void json_unescape(struct span content, struct buf *b);

/*
 * Appends TEXT as a string with its quotes, pure and safe in any log, page or script: control
 * characters, DEL, U+2028 and U+2029 are escaped, bytes that are not UTF-8 become U+FFFD.
 */
void json_escape(struct span text, struct buf *b);
