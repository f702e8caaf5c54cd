/* SPDX-License-Identifier: MIT */
/* The frame around a journey and its tail. */
#include "codec/record.h"

#include "frame.h"
#include "pack.h"

_Static_assert((int)RECORD_CORRUPT == (int)FRAME_CORRUPT &&
		       (int)RECORD_VERSION_UNKNOWN == (int)FRAME_VERSION_UNKNOWN,
	"outcomes are handed through");

int record_init(struct record *r, struct span customer)
{
	struct journey *journey;

	if (journey_new(customer, &journey) < 0)
		return -ENOMEM;
	*r = (struct record){.journey = journey, .tail = BUF_INIT, .reach_at = INT64_MIN};
	return 0;
}

void record_release(struct record *r)
{
	r->journey = journey_free(r->journey);
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
	room = buf_reserve(out, 5 * PACK_NUMBER + r->tail.len);
	if (!room)
		return -ENOMEM;
	p.at = (unsigned char *)room;
	pack_number(&p, r->tail_n);
	pack_number(&p, r->n_chunks);
	pack_number(&p, r->sealed_n);
	pack_time(&p, r->reach_at, 0);
	pack_bytes(&p, buf_span(&r->tail));
	buf_commit(out, (size_t)((char *)p.at - room));
	return 0;
}

int record_encode(const struct record *r, struct buf *out)
{
	size_t start = out->len;
	int e;

	assert((r->tail_n == 0) == (r->tail.len == 0));
	e = put_record(r, out);
	if (e < 0) {
		out->len = start;
		return e;
	}
	frame_close(out, start);
	return 0;
}

int record_decode(struct span bytes, struct record *ret_r)
{
	_cleanup_(journey_freep) struct journey *journey = NULL;
	struct record record = {.tail = BUF_INIT};
	struct span rest;
	struct unpack u;
	int r;

	r = frame_check(bytes, RECORD_VERSION, &rest);
	if (r)
		return r;
	r = journey_decode(&rest, &journey);
	if (r)
		return r;
	u = unpack_of(rest);
	record.tail_n = (uint32_t)unpack_bounded(&u, UINT32_MAX);
	record.n_chunks = (uint32_t)unpack_bounded(&u, UINT32_MAX);
	record.sealed_n = unpack_number(&u);
	record.reach_at = unpack_time(&u, 0);
	/* Each entry takes at least a byte, and no entries take none. */
	if (u.bad || record.tail_n > unpack_left(&u) ||
		(record.tail_n == 0) != (unpack_left(&u) == 0))
		return RECORD_CORRUPT;
	buf_add(&record.tail, u.at, unpack_left(&u));
	if (buf_failed(&record.tail) < 0)
		return -ENOMEM;
	record.journey = journey;
	journey = NULL;
	*ret_r = record;
	return 0;
}
