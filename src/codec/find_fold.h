/* SPDX-License-Identifier: MIT */
/* How what somebody types and what is kept are made comparable (codec/find_terms.h). */
#pragma once

#include "base/arena.h"
#include "base/span.h"

/* UTF-8 without control characters? */
bool find_is_text(struct span text);
/* Of UTF-8. */
size_t find_characters(struct span text);
/* Not more than MAX bytes of UTF-8, whole characters. */
struct span find_cut(struct span text, size_t max);

/*
 * A name: folded, without marks; blanks, commas, full stops and hyphens are one blank each row of
 * them, none at the ends. Empty if it is no text. 0 or -ENOMEM.
 */
int find_fold_name(struct span name, struct arena *arena, struct span *ret_folded);
/* A number, letters or not: ASCII letters small, no blanks, no # in front. Likewise. */
int find_fold_code(struct span code, struct arena *arena, struct span *ret_folded);
