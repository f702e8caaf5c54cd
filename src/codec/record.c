/* SPDX-License-Identifier: MIT */
/* The frame around a journey and the recent part of its timeline. */
#include "codec/record.h"

#include "frame.h"
#include "pack.h"
#include "timeline_columns.h"

_Static_assert((int)RECORD_CORRUPT == (int)FRAME_CORRUPT &&
		       (int)RECORD_CORRUPT == (int)TIMELINE_CORRUPT &&
		       (int)RECORD_VERSION_UNKNOWN == (int)FRAME_VERSION_UNKNOWN,
	"outcomes are handed through");

int record_init(struct record *r, struct span customer)
{
	struct journey *journey;

	if (journey_new(customer, &journey) < 0)
		return -ENOMEM;
	*r = RECORD_INIT;
	r->journey = journey;
	return 0;
}

void record_release(struct record *r)
{
	r->journey = journey_free(r->journey);
	buf_release(&r->packed);
	buf_release(&r->tail);
}

static int put_record(const struct record *r, struct buf *out)
{
	struct pack p;
	char *room;
	int e;

	frame_open(out, RECORD_VERSION);
	e = journey_encode(r->journey, out);
	if (e < 0)
		return e;
	room = buf_reserve(out, 7 * PACK_NUMBER + r->packed.len + r->tail.len);
	if (!room)
		return -ENOMEM;
	p.at = (unsigned char *)room;
	pack_number(&p, r->packed_n);
	pack_number(&p, r->tail_n);
	pack_number(&p, r->n_chunks);
	pack_number(&p, r->sealed_n);
	pack_time(&p, r->reach_at, 0);
	pack_block(&p, buf_span(&r->packed));
	pack_bytes(&p, buf_span(&r->tail));
	buf_commit(out, (size_t)((char *)p.at - room));
	return 0;
}

int record_encode(const struct record *r, struct buf *out)
{
	size_t start = out->len;
	int e;

	assert((r->tail_n == 0) == (r->tail.len == 0));
	assert((r->packed_n == 0) == (r->packed.len == 0));
	e = put_record(r, out);
	if (e < 0) {
		out->len = start;
		return e;
	}
	frame_close(out, start);
	return 0;
}

/* What follows the journey. 0, -ENOMEM or RECORD_CORRUPT. */
static int get_entries(struct record *r, struct span bytes)
{
	struct unpack u = unpack_of(bytes);
	struct span packed;

	r->packed_n = (uint32_t)unpack_bounded(&u, UINT32_MAX);
	r->tail_n = (uint32_t)unpack_bounded(&u, UINT32_MAX);
	r->n_chunks = (uint32_t)unpack_bounded(&u, UINT32_MAX);
	r->sealed_n = unpack_number(&u);
	r->reach_at = unpack_time(&u, 0);
	packed = unpack_block(&u);
	/* Each entry of a tail takes at least a byte, and no entries take none. */
	if (u.bad || r->tail_n > unpack_left(&u) || (r->tail_n == 0) != (unpack_left(&u) == 0) ||
		(r->packed_n == 0) != (packed.len == 0))
		return RECORD_CORRUPT;
	buf_add_span(&r->packed, packed);
	buf_add(&r->tail, u.at, unpack_left(&u));
	return buf_failed(&r->packed) < 0 ? -ENOMEM : buf_failed(&r->tail);
}

int record_decode(struct span bytes, struct record *ret_r)
{
	_cleanup_(record_release) struct record record = RECORD_INIT;
	struct span rest;
	int r;

	r = frame_check(bytes, RECORD_VERSION, &rest);
	if (r)
		return r;
	r = journey_decode(&rest, &record.journey);
	if (r == 0)
		r = get_entries(&record, rest);
	if (r)
		return r;
	*ret_r = record;
	record = RECORD_INIT;
	return 0;
}

/* ---- settling --------------------------------------------------------------------------- */

static bool tail_is_full(const struct record *r)
{
	return r->tail_n >= TAIL_ENTRIES_MAX || r->tail.len >= TAIL_BYTES_MAX;
}

/* Block and tail to P's columns. 0, -ENOMEM or RECORD_CORRUPT. */
static int join_recent(const struct record *r, struct packer *p)
{
	int e = 0;

	if (r->packed_n > 0)
		e = columns_load(p, buf_span(&r->packed), r->packed_n);
	else
		columns_reset(&p->columns);
	return e ? e : columns_add(&p->columns, buf_span(&r->tail), r->tail_n);
}

static int repack(struct record *r, struct packer *p)
{
	struct buf packed = BUF_INIT;

	buf_reset(&p->block);
	if (columns_put(p, &p->block) < 0)
		return -ENOMEM;
	/* A copy, because a block is given far more room than it needs in the end. */
	buf_add_span(&packed, buf_span(&p->block));
	if (buf_failed(&packed) < 0)
		return -ENOMEM;
	buf_release(&r->packed);
	r->packed = packed;
	r->packed_n += r->tail_n;
	return 0;
}

static int seal(struct record *r, struct packer *p, struct buf *chunk)
{
	uint32_t n = r->packed_n + r->tail_n;

	if (chunk_put(p, n, r->reach_at, chunk, &r->reach_at) < 0)
		return -ENOMEM;
	r->n_chunks++;
	r->sealed_n += n;
	buf_release(&r->packed);
	r->packed_n = 0;
	return 0;
}

int record_settle(
	struct record *r, struct packer *p, struct buf *chunk, enum record_settled *ret_settled)
{
	bool is_full;
	int e;

	if (!tail_is_full(r)) {
		*ret_settled = RECORD_KEPT;
		return 0;
	}
	e = join_recent(r, p);
	if (e)
		return e;
	is_full = r->packed_n + r->tail_n >= CHUNK_ENTRIES_MAX ||
		  columns_size(&p->columns) >= CHUNK_BYTES_MAX;
	e = is_full ? seal(r, p, chunk) : repack(r, p);
	if (e)
		return e;
	r->tail_n = 0;
	buf_reset(&r->tail);
	*ret_settled = is_full ? RECORD_SEALED : RECORD_KEPT;
	return 0;
}
