/* SPDX-License-Identifier: MIT */
/*
 * The preset dictionary of timeline chunks: text that the compressor may refer to as if it stood
 * before each chunk. A chunk holds some sixteen small events, too few to learn from, and they all
 * say `"product_id":"`.
 *
 * Frozen: a chunk can only be read with the very bytes it was sealed with. A better dictionary is
 * another one, under another chunk version.
 */
#pragma once

#include "base/span.h"

struct span chunk_dictionary_v1(void);
