/* SPDX-License-Identifier: MIT */
/*
 * What the compressor of entries knows before it has read any: in the dictionary format of zstd
 * (RFC 8878, section 5), statistics of letters and matches, and behind them a text to refer to as
 * if it stood before each block. A block holds some small events, too few to learn from, and they
 * all say `"product_id":"`.
 *
 * Frozen: a block can only be read with the very bytes it was packed with. A better dictionary is
 * another one, under another version of chunk and record. The text is written by hand; the
 * statistics over it come from tests/bench/dictionary.c, from events of made-up shops.
 */
#pragma once

#include "base/span.h"

/* All of it. */
struct span entry_dictionary(void);
/* The part that is text. */
struct span entry_dictionary_text(void);
