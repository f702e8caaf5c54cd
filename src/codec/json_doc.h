/* SPDX-License-Identifier: MIT */
/*
 * A JSON text as one flat array of values, in the order in which they stand: a value is followed by
 * all that is in it, and knows where that ends. No tree of small pieces, no number that became a
 * double: a value keeps the bytes it was written in, which is what a schema has to judge (jansson
 * refuses integers beyond 64 bits and rounds fractions).
 *
 * Where a key repeats the last one counts; the others are `stale`, and every walk leaves them out.
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "codec/json_scan.h"

#define JSON_NODE_NONE UINT32_MAX

#define JSON_DOC_DEPTH_MAX 128

struct json_node {
	struct span raw;
	struct span text; /* of a string, unescaped */
	struct span key;  /* of a member, unescaped; ptr NULL: an item, or the root */
	uint32_t parent;  /* JSON_NODE_NONE: the root */
	uint32_t end;	  /* the first node behind this one and all in it */
	uint32_t n;	  /* items, or members that are not stale */
	enum json_type type : 8;
	bool stale;
};

struct json_doc {
	struct json_node *nodes; /* one more than n has room: see json_doc_spare */
	size_t n, cap;
	struct arena texts; /* what had to be unescaped */
	struct buf order;   /* for finding keys that repeat */
};

struct json_doc_limits {
	size_t values;
	size_t depth;	  /* at most JSON_DOC_DEPTH_MAX */
	bool unique;	  /* a key that stands twice is an error */
	int64_t exponent; /* the largest magnitude of a number's exponent */
};

enum {
	JSON_DOC_MALFORMED = 1, /* `json` says how */
	JSON_DOC_VALUES,	/* too many */
	JSON_DOC_DEPTH,		/* too deep */
	JSON_DOC_EXPONENT,
	JSON_DOC_REPEATED, /* a key */
};

struct json_doc_fault {
	enum json_fault_code json;
	size_t offset;
};

void json_doc_init(struct json_doc *d);
void json_doc_release(struct json_doc *d);

/* Replaces what D held. The nodes borrow from TEXT. 0, -ENOMEM, or an outcome with *ret_fault. */
int json_doc_read(struct json_doc *d, struct span text, const struct json_doc_limits *limits,
	struct json_doc_fault *ret_fault);

/* The first thing in CONTAINER, and what comes after I there; JSON_NODE_NONE: nothing more. */
static inline uint32_t json_doc_skip(const struct json_doc *d, uint32_t container, uint32_t i)
{
	while (i < d->nodes[container].end && d->nodes[i].stale)
		i = d->nodes[i].end;
	return i < d->nodes[container].end ? i : JSON_NODE_NONE;
}

static inline uint32_t json_doc_first(const struct json_doc *d, uint32_t container)
{
	return json_doc_skip(d, container, container + 1);
}

static inline uint32_t json_doc_next(const struct json_doc *d, uint32_t container, uint32_t i)
{
	return json_doc_skip(d, container, d->nodes[i].end);
}

/* The member KEY of the object I, or JSON_NODE_NONE. */
uint32_t json_doc_member(const struct json_doc *d, uint32_t object, struct span key);

/*
 * Makes the name of the member I a value of its own, a string whose place is that of the member.
 * There is one such place in a document.
 */
uint32_t json_doc_spare(struct json_doc *d, uint32_t i);

/*
 * Are the values equal, as JSON Schema means it: numbers by value, objects without order? Takes
 * from *steps for what it compares; what it says when that has reached 0 is of no use.
 */
bool json_doc_equal(const struct json_doc *a, uint32_t i, const struct json_doc *b, uint32_t k,
	uint64_t *steps);
/* Equal values have equal hashes. */
uint64_t json_doc_hash(const struct json_doc *d, uint32_t i);

/* The JSON pointer of a value (RFC 6901), without the key of the root. */
void json_doc_pointer(const struct json_doc *d, uint32_t i, struct buf *out);
/* The value behind POINTER, which begins with a slash or is empty, seen from FROM. */
uint32_t json_doc_find(const struct json_doc *d, uint32_t from, struct span pointer);
