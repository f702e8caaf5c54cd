/* SPDX-License-Identifier: MIT */
/*
 * Base 64 (RFC 4648 section 4), read strictly: two texts that stand for the same bytes would be two
 * names for one key. Padding may be left out, as many senders do, but not be wrong.
 */
#pragma once

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

/* Room that the bytes behind N characters need at most. */
#define BASE64_DECODED_SIZE(N) (((N) + 3) / 4 * 3)

enum { BASE64_INVALID = 1 };

/*
 * Decodes TEXT into OUT, which has BASE64_DECODED_SIZE(TEXT.len) bytes. 0, or BASE64_INVALID for a
 * character outside the alphabet (blanks and line ends too), a wrong length, padding that is
 * neither complete nor absent, or bits behind the last byte that are not 0.
 */
int base64_decode(struct span text, void *out, size_t *ret_len);

/* Appends BYTES as text, with padding. */
void base64_encode(struct span bytes, struct buf *out);
