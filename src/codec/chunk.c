/* SPDX-License-Identifier: MIT */
/* Blocks sealed into chunks. */
#include "codec/timeline.h"

#include "frame.h"
#include "pack.h"
#include "timeline_columns.h"

#define CHUNK_VERSION 2

int chunk_seal(struct packer *p, struct span entries, uint32_t n, int64_t reach_at, struct buf *out,
	int64_t *ret_reach_at)
{
	int r;

	columns_reset(&p->columns);
	r = n > 0 ? columns_add(&p->columns, entries, n) : TIMELINE_CORRUPT;
	return r ? r : chunk_put(p, n, reach_at, out, ret_reach_at);
}

int chunk_put(
	struct packer *p, uint32_t n, int64_t reach_at, struct buf *out, int64_t *ret_reach_at)
{
	const struct timeline_range *range = &p->columns.range;
	size_t start = out->len;

	reach_at = int64_max(reach_at, range->max_at);
	frame_open(out, CHUNK_VERSION);
	buf_add_varint(out, n);
	buf_add_zigzag(out, range->min_at);
	buf_add_zigzag(out, range->max_at);
	buf_add_zigzag(out, reach_at);
	if (columns_put(p, out) < 0) {
		out->len = start;
		return -ENOMEM;
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
	head.block = unpack_bytes(&u, unpack_left(&u));
	if (u.bad || head.n == 0 || head.min_at > head.max_at || head.max_at > head.reach_at)
		return TIMELINE_CORRUPT;
	*ret_head = head;
	return 0;
}
