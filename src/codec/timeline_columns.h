/* SPDX-License-Identifier: MIT */
/*
 * Entries as they are compressed: numbers, texts and ids, each by itself. More entries can be added
 * to those of a block without writing these anew, since nothing in a block looks ahead.
 *
 * Shared by timeline_pack.c, chunk.c, record.c, and whoever makes the dictionary
 * (tests/bench/dictionary.c).
 */
#pragma once

#include "entry_wire.h"

struct columns {
	struct buf numbers, texts, ids;
	struct entry_before before; /* borrows from what was loaded and added */
	struct timeline_range range;
};

struct packer {
	struct compressor *compressor;
	struct columns columns;
	struct buf expanded;	    /* numbers and texts of a block … */
	struct entry_reader reader; /* … that is read with this */
	char rooms[ENTRY_IDS][ENTRY_ID_MAX];
	struct buf block; /* room for a block that is being made */
};

/* No entries. */
void columns_reset(struct columns *c);
void columns_release(struct columns *c);

/* Adds N ENTRIES, which must live as long as entries are added. 0, -ENOMEM or TIMELINE_CORRUPT. */
int columns_add(struct columns *c, struct span entries, uint32_t n);

/* P's columns become those of BLOCK, which has N entries. 0, -ENOMEM or TIMELINE_CORRUPT. */
int columns_load(struct packer *p, struct span block, uint32_t n);

/* P's columns as a block at the end of OUT. 0 or -ENOMEM; then OUT is as before. */
int columns_put(struct packer *p, struct buf *out);

/* P's columns, which are N entries, as a chunk; as chunk_seal. */
int chunk_put(
	struct packer *p, uint32_t n, int64_t reach_at, struct buf *out, int64_t *ret_reach_at);

/* Bytes in it before it is compressed. */
static inline size_t columns_size(const struct columns *c)
{
	return c->numbers.len + c->texts.len + c->ids.len;
}
