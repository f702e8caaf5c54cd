/* SPDX-License-Identifier: MIT */
/*
 * What is kept of a customer in one value: the journey, and the recent part of the timeline beside
 * it, because one value a commit costs Redis half of two. Of the recent part the last few entries
 * stand for themselves (the tail); those before them are packed into a block, which takes a third
 * of the bytes. Each time the tail is full it goes into the block, and when the block is full it
 * leaves as a chunk.
 *
 *   version 1 byte · crc32c 4 bytes LE of the version and all that follows · journey block
 *   · head · packed block · tail
 *
 * An unknown version or a wrong checksum is refused: a wrong state is worse than a stopped one.
 */
#pragma once

#include "base/buf.h"
#include "codec/timeline.h"
#include "core/journey.h"

#define RECORD_VERSION 2

/* A tail is full when it holds so many entries or bytes. */
#define TAIL_ENTRIES_MAX 5
#define TAIL_BYTES_MAX	 2048
/* And the block when it has so many entries, or so many bytes of them before they are compressed.
 * Larger ones would take less room in the end, and more to read and write on the way there. */
#define CHUNK_ENTRIES_MAX 20
#define CHUNK_BYTES_MAX	  8192

struct record {
	struct journey *journey; /* owned */
	struct buf packed;	 /* a block of packed_n entries; empty if there are none */
	uint32_t packed_n;
	struct buf tail; /* encoded entries behind those, in order of arrival */
	uint32_t tail_n;
	uint32_t n_chunks; /* sealed so far */
	uint64_t sealed_n; /* entries in them */
	int64_t reach_at;  /* latest occurred_at in them; INT64_MIN: none */
};

#define RECORD_INIT ((struct record){.packed = BUF_INIT, .tail = BUF_INIT, .reach_at = INT64_MIN})

enum { RECORD_CORRUPT = 1, RECORD_VERSION_UNKNOWN = 2 };

/* A new customer's record. 0 or -ENOMEM. */
int record_init(struct record *r, struct span customer);
void record_release(struct record *r);

/* Appends R's bytes to OUT. 0, -ENOMEM, or -EMSGSIZE when a part is beyond the bounds of journey.h
 * and could not be read again (OUT is then as before). */
int record_encode(const struct record *r, struct buf *out);
/* Reads all of BYTES into *ret_r (to be released by the caller). 0, -ENOMEM or an outcome. */
int record_decode(struct span bytes, struct record *ret_r);

enum record_settled { RECORD_KEPT, RECORD_SEALED };

/*
 * To be called whenever entries were added to the tail: packs a full tail, and seals a full
 * block into a chunk at the end of CHUNK, which is to be kept behind those before it. What it does
 * depends on nothing but the entries. *ret_settled says whether there is a chunk. 0, -ENOMEM or
 * RECORD_CORRUPT (the entries are none); then R and CHUNK are as before.
 */
int record_settle(
	struct record *r, struct packer *p, struct buf *chunk, enum record_settled *ret_settled);

/* A part that is kept beside the record (core/journey.h, n_more). Appends to OUT: 0 or -ENOMEM. */
int customer_part_encode(const struct customer_part *part, struct buf *out);
/* *ret_part is without its key, which borrows from BYTES. 0 or an outcome. */
int customer_part_decode(struct span bytes, struct customer_part *ret_part, struct span *ret_key);

/* The journey alone, for record_* and tests. decode takes from the front of *bytes. */
int journey_encode(const struct journey *j, struct buf *out);
int journey_decode(struct span *bytes, struct journey **ret_journey);
