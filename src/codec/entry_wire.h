/* SPDX-License-Identifier: MIT */
/*
 * How an entry is written, whether alone (timeline.c) or into a block (timeline_pack.c): the same
 * numbers and texts in the same order, into one run of bytes or into three.
 */
#pragma once

#include "codec/timeline.h"
#include "pack.h"
#include "uuid.h"

/* Bytes of all the numbers of an entry, at most. */
#define ENTRY_NUMBERS_MAX (40 * PACK_NUMBER)
/* The UUIDs that an entry may have: source, message id, user id, anonymous id. */
#define ENTRY_IDS 4
/* An id that is longer than this is a text even if it ends with a UUID. */
#define ENTRY_ID_MAX 80

/* What the next entry of a block may refer to. */
struct entry_before {
	uint64_t ms;
	struct span source, user_id, anonymous_id;
};

/* Alone: numbers and texts are the same, and ids is NULL. */
struct entry_writer {
	struct pack *numbers, *texts, *ids;
	struct entry_before before;
};

struct entry_reader {
	struct unpack *numbers, *texts, *ids;
	struct entry_before before;
	char (*rooms)[ENTRY_ID_MAX]; /* in a block, ENTRY_IDS for texts that stand nowhere */
};

/* Bytes of E's texts. */
size_t entry_text_len(const struct timeline_entry *e);

/* There must be room: ENTRY_NUMBERS_MAX, entry_text_len and, in a block, ENTRY_IDS UUIDs. */
void entry_put(struct entry_writer *w, const struct timeline_entry *e);

/* Texts borrow from what is read and, in a block, from R's rooms until the next entry. 0 or
 * TIMELINE_CORRUPT. */
int entry_get(struct entry_reader *r, struct timeline_entry *ret_e);
