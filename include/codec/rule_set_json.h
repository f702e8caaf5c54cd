/* SPDX-License-Identifier: MIT */
/*
 * A set of rules as one text, so that it can be kept by its digest and a log can say which set is
 * in force from where on:
 *
 *   {"format":1,"zone":"Europe/Berlin",
 *    "files":[{"file":"cart.json","text":"…"}],     what the rules directory held
 *    "retired":[{"file":"cart.json","text":"…"}]}   earlier versions of rules, for what they armed
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "codec/rule_json.h"

/* Bytes of such a text; a set of the largest files is refused before it is written. */
#define RULE_SET_TEXT_MAX  ((size_t)32 << 20)
#define RULE_SET_PARTS_MAX 1024 /* files, and as many retired rules */

struct rule_set_parts {
	struct span zone;
	const struct rule_source *files;
	size_t n_files;
	const struct rule_source *retired;
	size_t n_retired;
};

/* Appends P's text. 0, -ENOMEM, or -EMSGSIZE when it is beyond the bounds above. */
int rule_set_write(const struct rule_set_parts *p, struct buf *out);

/* By which a set is known: of its text, never 0. */
uint64_t rule_set_digest(struct span text);

enum { RULE_SET_BAD = 1 };
/* Reads TEXT back; all of *ret_p lies in ARENA. 0, -ENOMEM or RULE_SET_BAD. */
int rule_set_read(struct span text, struct arena *arena, struct rule_set_parts *ret_p);
