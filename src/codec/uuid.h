/* SPDX-License-Identifier: MIT */
/*
 * UUIDs (RFC 9562) as text and as bytes. Message ids are mostly that, with or without something in
 * front, and nothing makes their 16 random bytes fewer: so they are at least not kept as 36.
 */
#pragma once

#include "base/base.h"
#include "base/span.h"

#define UUID_BYTES 16
#define UUID_TEXT  36

/* Does TEXT end with a UUID, all its letters small or all capitals (no letters at all: small)? */
bool uuid_at_end(struct span text, unsigned char ret_uuid[UUID_BYTES], bool *ret_capitals);

/* UUID_TEXT bytes to TO, no NUL. */
void uuid_format(const unsigned char uuid[UUID_BYTES], bool capitals, char *to);
