/* SPDX-License-Identifier: MIT */
/*
 * The frame of every value that we keep: a version byte, CRC32C in four bytes little-endian, and
 * the body. The checksum covers the version too: a flipped bit there must not make next year's
 * reader take the bytes for its own.
 */
#pragma once

#include "base/buf.h"
#include "base/hash.h"
#include "base/span.h"

#define FRAME_CRC_AT 1
#define FRAME_SIZE   5

/* Of a whole frame, without the place of the checksum itself. */
static inline uint32_t frame_crc(struct span frame)
{
	uint32_t crc = crc32c(0, span_of(frame.ptr, FRAME_CRC_AT));

	return crc32c(crc, span_of(frame.ptr + FRAME_SIZE, frame.len - FRAME_SIZE));
}

static inline void frame_open(struct buf *out, uint8_t version)
{
	const char head[FRAME_SIZE] = {(char)version};

	buf_add(out, head, sizeof(head));
}

/* The frame begins at START of OUT, which has not failed, and ends with it. */
static inline void frame_close(struct buf *out, size_t start)
{
	uint32_t crc = frame_crc(span_of(out->ptr + start, out->len - start));

	for (unsigned i = 0; i < 4; i++)
		out->ptr[start + FRAME_CRC_AT + i] = (char)(crc >> (8 * i) & 0xff);
}

enum { FRAME_CORRUPT = 1, FRAME_VERSION_UNKNOWN = 2 };

/* The body of FRAME. 0 or an outcome. */
static inline int frame_check(struct span frame, uint8_t version, struct span *ret_body)
{
	uint32_t crc = 0;

	if (frame.len > 0 && (uint8_t)frame.ptr[0] != version)
		return FRAME_VERSION_UNKNOWN;
	if (frame.len < FRAME_SIZE)
		return FRAME_CORRUPT;
	for (unsigned i = 0; i < 4; i++)
		crc |= (uint32_t)(unsigned char)frame.ptr[FRAME_CRC_AT + i] << (8 * i);
	if (crc != frame_crc(frame))
		return FRAME_CORRUPT;
	*ret_body = span_of(frame.ptr + FRAME_SIZE, frame.len - FRAME_SIZE);
	return 0;
}
