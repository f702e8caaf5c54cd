/* SPDX-License-Identifier: MIT */
/*
 * A span is some bytes that somebody else owns: a pointer and a length, never NUL-terminated by
 * promise. Almost everything Waymark reads is a piece of a larger buffer, and a span says so
 * without a copy. An empty span may have a NULL pointer.
 */
#pragma once

#include "base/base.h"

struct span {
	const char *ptr;
	size_t len;
};

#define SPAN_EMPTY ((struct span){NULL, 0})

/* A string literal as a span; LIT must be a literal. */
#define SPAN_LIT(LIT) ((struct span){(LIT), sizeof(LIT) - 1})

static inline struct span span_of(const char *ptr, size_t len)
{
	return (struct span){ptr, len};
}

/* The bytes of a NUL-terminated string; NULL gives an empty span. */
static inline struct span span_str(const char *s)
{
	return (struct span){s, s ? strlen(s) : 0};
}

static inline bool span_equal(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool span_is(struct span a, const char *s)
{
	return span_equal(a, span_str(s));
}

/* Byte order, shorter first on a common prefix: <0, 0, >0. */
int span_compare(struct span a, struct span b);

/* True if A begins with PREFIX. */
bool span_starts(struct span a, struct span prefix);

/* ASCII letters compared without case; other bytes exactly. */
bool span_equal_nocase(struct span a, struct span b);

/* Cuts spaces and tabs from both ends. */
struct span span_trim(struct span a);

/*
 * A NUL-terminated copy, to be freed by the caller. NULL when out of memory. A NUL byte inside
 * is kept and so ends the string early for C: callers that care have checked before.
 */
char *span_dup(struct span a);

/*
 * Reads all of A as a decimal number without sign, blanks or leading plus.
 * 0, or 1 (SPAN_NOT_A_NUMBER) when A is empty, has another byte, or exceeds MAX.
 */
enum { SPAN_NOT_A_NUMBER = 1 };
int span_to_u64(struct span a, uint64_t max, uint64_t *ret_n);
