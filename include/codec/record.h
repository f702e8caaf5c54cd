/* SPDX-License-Identifier: MIT */
/*
 * What is kept of a customer in one value: the journey, and the recent part of the timeline (the
 * tail) beside it, because one value a commit costs Redis half of two.
 *
 *   version 1 byte · crc32c 4 bytes LE of the version and all that follows · journey block
 *   · tail head · tail
 *
 * An unknown version or a wrong checksum is refused: a wrong state is worse than a stopped one.
 */
#pragma once

#include "base/buf.h"
#include "core/journey.h"

#define RECORD_VERSION 1

/* A tail is sealed when it holds so many entries or bytes. */
#define TAIL_ENTRIES_MAX 16
#define TAIL_BYTES_MAX	 4096

struct record {
	struct journey *journey; /* owned */
	struct buf tail;	 /* encoded entries, in order of arrival */
	uint32_t tail_n;
	uint32_t n_chunks; /* sealed so far */
	uint64_t sealed_n; /* entries in them */
	int64_t reach_at;  /* latest occurred_at in them; INT64_MIN: none */
};

enum { RECORD_CORRUPT = 1, RECORD_VERSION_UNKNOWN = 2 };

/* A new customer's record. 0 or -ENOMEM. */
int record_init(struct record *r, struct span customer);
void record_release(struct record *r);

/* Appends R's bytes to OUT. 0, -ENOMEM, or -EMSGSIZE when a part is beyond the bounds of journey.h
 * and could not be read again (OUT is then as before). */
int record_encode(const struct record *r, struct buf *out);
/* Reads all of BYTES into *ret_r (to be released by the caller). 0, -ENOMEM or an outcome. */
int record_decode(struct span bytes, struct record *ret_r);

/* The journey alone, for record_* and tests. decode takes from the front of *bytes. */
int journey_encode(const struct journey *j, struct buf *out);
int journey_decode(struct span *bytes, struct journey **ret_journey);
