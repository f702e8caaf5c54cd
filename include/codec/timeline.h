/* SPDX-License-Identifier: MIT */
/*
 * The timeline's bytes. An entry is an event or a decision, packed without losing anything that
 * the fold of the state needs: names of the vocabulary become numbers, properties stay the raw
 * JSON that was accepted. Entries are appended to a customer's tail; a full tail is sealed into a
 * chunk, deflated with a dictionary of our own, and never touched again.
 *
 *   chunk:  version 1 byte · crc32c 4 bytes LE of the version and all that follows · n varint
 *           · min_at zigzag · max_at zigzag · reach_at zigzag · raw length varint
 *           · deflated entries
 *
 * reach_at is the latest `at` in this chunk and all older ones: a reader that walks from
 * the newest chunk back may stop when everything it still needs is later than that, although late
 * events lie in newer chunks than their own time.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "core/effect.h"
#include "core/event.h"

enum entry_kind { ENTRY_EVENT, ENTRY_DECISION };

struct timeline_entry {
	enum entry_kind kind;
	uint32_t nth;	  /* tells entries of one log id apart: 0 the event, then its decisions */
	struct log_id id; /* of the log entry behind it; a decision of a tick has seq UINT64_MAX */
	int64_t at;	  /* its place: an event's occurred_at, a decision's virtual time */
	/* ENTRY_EVENT */
	enum event_type type;
	enum channel channel;
	unsigned flags;
	struct span name;     /* canonical or custom */
	struct span original; /* empty if the same */
	struct span source;
	struct span message_id;
	struct span user_id;	  /* empty if it is the customer's key */
	struct span anonymous_id; /* likewise */
	struct span properties;	  /* raw JSON object or empty */
	/* ENTRY_DECISION */
	struct decision decision; /* rule_now is NULL after decoding */
};

/* Newest first: by at, then id, then nth, all descending. For qsort of entries. */
int timeline_compare(const void *a, const void *b);

/* Appends E's bytes to OUT (check buf_failed). Everything comes back, but for decision.rule_now. */
void timeline_encode(const struct timeline_entry *e, struct buf *out);

enum { TIMELINE_CORRUPT = 1 };

/* Takes one entry from the front of *bytes; spans borrow from there. 0 or TIMELINE_CORRUPT. */
int timeline_decode(struct span *bytes, struct timeline_entry *ret_e);

struct chunk_head {
	uint32_t n;
	int64_t min_at, max_at, reach_at;
	size_t raw_len;
	struct span deflated;
};

#define CHUNK_RAW_MAX (4u << 20)

/*
 * Seals TAIL (N encoded entries, at least one and at most CHUNK_RAW_MAX bytes; REACH_AT = reach of
 * all older chunks, INT64_MIN if none) into a chunk at the end of OUT and says its reach.
 * 0, -ENOMEM, or TIMELINE_CORRUPT if the tail is not exactly N entries; then OUT is as before.
 */
struct deflater; /* codec/gzip.h */
int chunk_seal(struct deflater *d, struct span tail, uint32_t n, int64_t reach_at, struct buf *out,
	int64_t *ret_reach_at);
/* Checks version and checksum and reads the head. 0 or TIMELINE_CORRUPT. */
int chunk_head(struct span chunk, struct chunk_head *ret_head);
/* Appends the entries' bytes to OUT. 0, -ENOMEM or TIMELINE_CORRUPT; then OUT is as before. */
int chunk_open(struct deflater *d, const struct chunk_head *head, struct buf *out);
