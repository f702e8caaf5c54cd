/* SPDX-License-Identifier: MIT */
/*
 * A part of a customer by itself, as it is kept beside a record that has no room for it:
 *
 *   frame · chunks · entries in them · up to and from when they are · parts beside its own record,
 *   up to when these reach · key
 */
#include "codec/record.h"
#include "frame.h"
#include "pack.h"

#define PART_VERSION 1

int customer_part_encode(const struct customer_part *part, struct buf *out)
{
	size_t start = out->len;
	struct pack p;
	char *room;

	frame_open(out, PART_VERSION);
	room = buf_reserve(out, part->key.len + 10 * PACK_NUMBER);
	if (!room)
		return -ENOMEM;
	p.at = (unsigned char *)room;
	pack_number(&p, part->n_chunks);
	pack_number(&p, part->sealed_n);
	pack_time(&p, part->reach_at, 0);
	pack_time(&p, part->from_at, 0);
	pack_number(&p, part->n_more);
	pack_time(&p, part->more_at, 0);
	pack_block(&p, text_span(part->key));
	buf_commit(out, (size_t)((char *)p.at - room));
	frame_close(out, start);
	return 0;
}

int customer_part_decode(struct span bytes, struct customer_part *ret_part, struct span *ret_key)
{
	struct customer_part part = {.n_chunks = 0};
	struct unpack u;
	struct span key;
	int r = frame_check(bytes, PART_VERSION, &bytes);

	if (r != 0)
		return r;
	u = unpack_of(bytes);
	part.n_chunks = (uint32_t)unpack_bounded(&u, UINT32_MAX);
	part.sealed_n = unpack_number(&u);
	part.reach_at = unpack_time(&u, 0);
	part.from_at = unpack_time(&u, 0);
	part.n_more = unpack_number(&u);
	part.more_at = unpack_time(&u, 0);
	key = unpack_block(&u);
	if (u.bad || unpack_left(&u) > 0 || key.len == 0 || key.len > CUSTOMER_MAX)
		return RECORD_CORRUPT;
	*ret_part = part;
	*ret_key = key;
	return 0;
}
