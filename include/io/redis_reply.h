/* SPDX-License-Identifier: MIT */
/*
 * What Redis answers (RESP2), read from bytes as they arrive. A reply is a tree of values in
 * memory of the reader, so that a reply of ten thousand values costs a few blocks instead of ten
 * thousand allocations, and forgetting it costs nothing.
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "base/span.h"

enum redis_type {
	REDIS_NIL,
	REDIS_INTEGER,
	REDIS_STRING, /* a status ("OK") too */
	REDIS_ERROR,
	REDIS_ARRAY,
};

struct redis_value {
	enum redis_type type;
	int64_t integer;  /* of REDIS_INTEGER, else 0 */
	struct span text; /* of REDIS_STRING and REDIS_ERROR; a NUL stands behind it */
	struct redis_value *items;
	size_t n_items; /* of REDIS_ARRAY */
};

/* A deep copy that lives as long as A, or NULL when out of memory. */
const struct redis_value *redis_value_copy(struct arena *a, const struct redis_value *v);

/* True for an error whose first word is CODE ("NOSCRIPT"). */
bool redis_value_is_error(const struct redis_value *v, const char *code);

/* V is a string equal to S. */
bool redis_value_is(const struct redis_value *v, const char *s);

/*
 * The reader. A reply takes at most MAX_BYTES, counted twice: as bytes that wait for the rest of
 * their reply, and as the tree they become. Arrays nest at most eight deep. After an outcome
 * other than MORE the reader is of no more use.
 */
struct redis_reader;

enum {
	REDIS_READER_MORE = 1,	  /* the next reply is not complete */
	REDIS_READER_INVALID = 2, /* not RESP2, too deep or too large: redis_reader_reason */
};

/* 0 or -ENOMEM. */
int redis_reader_new(size_t max_bytes, struct redis_reader **ret_reader);
struct redis_reader *redis_reader_free(struct redis_reader *reader);
void redis_reader_freep(struct redis_reader **reader);

/* Takes a copy of BYTES. 0, REDIS_READER_INVALID or -ENOMEM. */
int redis_reader_feed(struct redis_reader *reader, struct span bytes);
/* The next reply, valid until the next call of next or free. 0, an outcome above, or -ENOMEM. */
int redis_reader_next(struct redis_reader *reader, const struct redis_value **ret_value);
/* Why it is INVALID; a static or reader-owned text, never NULL. */
const char *redis_reader_reason(const struct redis_reader *reader);
