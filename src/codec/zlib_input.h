/* SPDX-License-Identifier: MIT */
/* zlib's input pointer lacks a const; it only reads. */
#pragma once

#include <zlib.h>

#include "base/span.h"

/* BYTES, at most 2^32 - 1 of them, are what Z reads next. */
static inline void zlib_input(z_stream *z, struct span bytes)
{
	union {
		const char *ptr;
		Bytef *bytes;
	} input = {.ptr = bytes.ptr};

	z->next_in = input.bytes;
	z->avail_in = (uInt)bytes.len;
}
