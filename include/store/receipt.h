/* SPDX-License-Identifier: MIT */
/*
 * The receipt of an erasure (store/eraser.h): when, by whom, how much of what was removed, where.
 * There is nothing in it by which the customer could be known, but that it exists.
 */
#pragma once

#include "base/buf.h"
#include "io/redis_reply.h"
#include "store/gone.h"

/* 1..RECEIPT_LEN hex digits are one's name. */
bool receipt_name_is(struct span name);

/*
 * Appends the receipt NAME as JSON: receipt, state (working; waiting: for the archive alone;
 * erased; lifted), asked_at, finished_at (all but the archive; null: not yet), by, removed (how
 * much of what), others (what of theirs was written anew), archive (state: none, pending or done,
 * files, lines, finished_at; null: it was not asked, before there were orders), partitions, files
 * (what Redis wrote anew), and lifted_at and lifted_by where it was lifted. REPLY is that to
 * HGETALL of `wm:erasure:NAME`. 0, -ENOMEM, or RECEIPT_NONE.
 */
enum { RECEIPT_NONE = 1 };
int receipt_json(struct span name, const struct redis_value *reply, struct buf *out);

/* The same for people, to OUT. */
void receipt_print(const struct redis_value *reply, const char *name, FILE *out);
