/* SPDX-License-Identifier: MIT */
/*
 * Between the walk over a body (envelope.c) and the checks of what it found (envelope_judge.c).
 */
#pragma once

#include "codec/envelope.h"

/* The members of one object that matter. `values[f]` is set if bit f of `seen` is. */
struct envelope_parts {
	unsigned seen;
	struct envelope_fault fault;
	struct json_value values[ENVELOPE_FIELD_COUNT];
	/* Of an item that was accepted; TIME_NEVER if missing. */
	int64_t timestamp_at, original_at, sent_at;
};

struct envelope_reader {
	struct json_cursor cursor;
	enum envelope_kind kind;
	const struct envelope_limits *limits;
	struct arena *arena;
	const struct identity *identity;
	struct identifiers ids; /* of the item that was judged last */
	struct envelope envelope;
	size_t cap_items;
	struct envelope_fault fault; /* of the whole body */
};

#define BIT(FIELD) (1U << (FIELD))

/* The member that KEY names; ENVELOPE_FIELD_COUNT if it is none that matters. */
enum envelope_field envelope_find_field(const struct json_value *key);

/* Notes a fault unless there is one already. */
void envelope_fault_set(struct envelope_fault *fault, enum envelope_code code,
	enum envelope_field field, size_t offset);

size_t envelope_offset(const struct envelope_reader *rd, const char *p);

void envelope_parts_init(struct envelope_parts *p);

/* Remembers member V of an object. Null is as good as missing, but counts as standing there. */
void envelope_parts_add(struct envelope_reader *rd, struct envelope_parts *p,
	enum envelope_field field, const struct json_value *v);

/* What was remembered; NULL if missing or null. */
const struct json_value *envelope_part(const struct envelope_parts *p, enum envelope_field field);

/* The text of a string or number; empty if missing. 0 or -ENOMEM. */
int envelope_part_text(struct envelope_reader *rd, const struct envelope_parts *p,
	enum envelope_field field, struct span *ret_text);

/* Completes ITEM, whose raw bytes are set and whose members are in P, or refuses it.
 * 0 or -ENOMEM. */
int envelope_judge_item(
	struct envelope_reader *rd, struct envelope_item *item, struct envelope_parts *p);

/* Passes the item that comes next and judges it; P receives its members. 0, -ENOMEM, or
 * ENVELOPE_REFUSED when the structure is broken (in rd->fault; the item is not complete). */
int envelope_read_item(struct envelope_reader *rd, struct envelope_parts *p);

/* What all items of a batch share. 0, -ENOMEM or ENVELOPE_REFUSED. */
int envelope_judge_shared(struct envelope_reader *rd, struct envelope_parts *p);
