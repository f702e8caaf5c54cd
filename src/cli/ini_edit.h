/* SPDX-License-Identifier: MIT */
/*
 * Changing one value of an INI text while all that people have written around it stays: comments,
 * order, blank lines.
 */
#pragma once

#include "base/buf.h"
#include "base/span.h"

/*
 * TEXT with `KEY = VALUE` in [SECTION], to OUT: in the place of the key's line, else as the first
 * line of the section, else in a new section at the end. TEXT must be one that config_read takes.
 * 0 or -ENOMEM.
 */
int ini_set(
	struct span text, struct span section, struct span key, struct span value, struct buf *out);

/* TEXT without KEY in [SECTION], to OUT; as it is if it has none. 0 or -ENOMEM. */
int ini_unset(struct span text, struct span section, struct span key, struct buf *out);

/* The value of KEY in [SECTION]; ptr is NULL if there is none. */
struct span ini_get(struct span text, struct span section, struct span key);
