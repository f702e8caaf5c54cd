/* SPDX-License-Identifier: MIT */
/*
 * The timeline's bytes, without anything lost that the fold of the state needs. They come in two
 * forms:
 *
 *   - an entry, an event or a decision, stands for itself: names of the vocabulary are numbers,
 *     properties the raw JSON that was accepted. New entries are appended to a customer's tail.
 *   - a block, several entries packed together: numbers with numbers, texts with texts, both
 *     compressed (codec/compress.h), and apart from them what cannot be: the sixteen bytes of
 * UUIDs.
 *
 * A block that is full is sealed into a chunk and never touched again:
 *
 *   chunk:  version 1 byte · crc32c 4 bytes LE of the version and all that follows · n varint
 *           · min_at zigzag · max_at zigzag · reach_at zigzag · block
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

/* What packs and unpacks: a compressor and room to work in. Made once and reused. */
struct packer;

/* 0 or -ENOMEM. */
int packer_new(struct packer **ret_packer);
struct packer *packer_free(struct packer *p);
void packer_freep(struct packer **p);

/* Where entries lie in time. */
struct timeline_range {
	int64_t min_at, max_at;
};

/* Bytes of entries that go into one block, at most. */
#define TIMELINE_PACK_MAX (4u << 20)

/*
 * Appends N ENTRIES, at least one, as a block. 0, -ENOMEM, or TIMELINE_CORRUPT if they are too long
 * or not exactly N; then OUT is as before.
 */
int timeline_pack(struct packer *p, struct span entries, uint32_t n, struct buf *out,
	struct timeline_range *ret_range);
/* Appends the N entries of BLOCK, as they were. 0, -ENOMEM or TIMELINE_CORRUPT; then OUT is as
 * before. */
int timeline_unpack(struct packer *p, struct span block, uint32_t n, struct buf *out);

struct chunk_head {
	uint32_t n;
	int64_t min_at, max_at, reach_at;
	struct span block;
};

/*
 * Seals N ENTRIES (REACH_AT = reach of all older chunks, INT64_MIN if none) into a chunk at the end
 * of OUT and says its reach. As timeline_pack.
 */
int chunk_seal(struct packer *p, struct span entries, uint32_t n, int64_t reach_at, struct buf *out,
	int64_t *ret_reach_at);
/* Checks version and checksum and reads the head. 0 or TIMELINE_CORRUPT. */
int chunk_head(struct span chunk, struct chunk_head *ret_head);
