/* SPDX-License-Identifier: MIT */
/* Tails sealed into chunks, and opened again. */
#include "codec/gzip.h"
#include "codec/timeline.h"

#include "chunk_dictionary.h"
#include "frame.h"
#include "pack.h"

#define CHUNK_VERSION 1

struct range {
	int64_t min_at, max_at;
};

/* Where N entries of TAIL lie in time; TIMELINE_CORRUPT if it holds others than those. */
static int tail_range(struct span tail, uint32_t n, struct range *ret_range)
{
	struct range range = {TIME_NEVER, INT64_MIN};
	struct timeline_entry e;

	for (uint32_t i = 0; i < n; i++) {
		if (timeline_decode(&tail, &e))
			return TIMELINE_CORRUPT;
		range.min_at = int64_min(range.min_at, e.at);
		range.max_at = int64_max(range.max_at, e.at);
	}
	if (tail.len > 0 || n == 0)
		return TIMELINE_CORRUPT;
	*ret_range = range;
	return 0;
}

int chunk_seal(struct deflater *d, struct span tail, uint32_t n, int64_t reach_at, struct buf *out,
	int64_t *ret_reach_at)
{
	size_t start = out->len;
	struct range range;
	int r;

	if (tail.len > CHUNK_RAW_MAX)
		return TIMELINE_CORRUPT;
	r = tail_range(tail, n, &range);
	if (r)
		return r;
	reach_at = int64_max(reach_at, range.max_at);
	frame_open(out, CHUNK_VERSION);
	buf_add_varint(out, n);
	buf_add_zigzag(out, range.min_at);
	buf_add_zigzag(out, range.max_at);
	buf_add_zigzag(out, reach_at);
	buf_add_varint(out, tail.len);
	r = deflate_block(d, tail, chunk_dictionary_v1(), out);
	if (r == 0)
		r = buf_failed(out);
	if (r) {
		out->len = start;
		return -ENOMEM; /* CHUNK_RAW_MAX is far below what deflate_block refuses */
	}
	frame_close(out, start);
	*ret_reach_at = reach_at;
	return 0;
}

int chunk_head(struct span chunk, struct chunk_head *ret_head)
{
	struct chunk_head head;
	struct span body;
	struct unpack u;

	if (frame_check(chunk, CHUNK_VERSION, &body))
		return TIMELINE_CORRUPT;
	u = unpack_of(body);
	head.n = (uint32_t)unpack_bounded(&u, UINT32_MAX);
	head.min_at = unpack_since(&u, 0);
	head.max_at = unpack_since(&u, 0);
	head.reach_at = unpack_since(&u, 0);
	head.raw_len = (size_t)unpack_bounded(&u, CHUNK_RAW_MAX);
	head.deflated = unpack_bytes(&u, unpack_left(&u));
	if (u.bad || head.n == 0 || head.n > head.raw_len || head.min_at > head.max_at ||
		head.max_at > head.reach_at)
		return TIMELINE_CORRUPT;
	*ret_head = head;
	return 0;
}

int chunk_open(struct deflater *d, const struct chunk_head *head, struct buf *out)
{
	size_t start = out->len;
	int r = inflate_block(d, head->deflated, chunk_dictionary_v1(), head->raw_len, out);

	if (r == 0 && out->len - start == head->raw_len)
		return 0;
	if (!out->failed)
		out->len = start;
	return r < 0 ? r : TIMELINE_CORRUPT;
}
