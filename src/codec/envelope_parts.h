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
};

struct envelope_reader {
	struct json_cursor cursor;
	enum envelope_kind kind;
	const struct envelope_limits *limits;
	struct arena *arena;
	struct envelope envelope;
	size_t cap_items;
	struct envelope_fault fault; /* of the whole body */
};

#define BIT(FIELD) (1U << (FIELD))

/* Notes a fault unless there is one already. */
void envelope_fault_set(struct envelope_fault *fault, enum envelope_code code,
	enum envelope_field field, size_t offset);

size_t envelope_offset(const struct envelope_reader *rd, const char *p);

/* Remembers member V of the object in P. Null is as good as missing, but counts as standing there.
 */
void envelope_parts_add(struct envelope_reader *rd, struct envelope_parts *p,
	enum envelope_field field, const struct json_value *v);

/* What was remembered; NULL if missing or null. */
const struct json_value *envelope_part(const struct envelope_parts *p, enum envelope_field field);

/* The text of a string or number; empty if missing. 0 or -ENOMEM. */
int envelope_part_text(struct envelope_reader *rd, const struct envelope_parts *p,
	enum envelope_field field, struct span *ret_text);

/* Completes ITEM, whose raw bytes are set and whose members are in P, or refuses it. 0 or -ENOMEM.
 */
int envelope_judge_item(struct envelope_reader *rd, struct envelope_item *item,
	struct envelope_parts *p, int64_t *ret_sent_at);

/* What all items of a batch share. 0, -ENOMEM or ENVELOPE_REFUSED. */
int envelope_judge_shared(struct envelope_reader *rd, struct envelope_parts *p);
