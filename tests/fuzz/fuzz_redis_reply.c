/* SPDX-License-Identifier: MIT */
/*
 * Replies of Redis: whatever the bytes and however they are cut, the same values come out, nothing
 * is larger than the limit, and a copy is equal to what it was made of. The first byte seeds the
 * cuts, the rest is what the server says.
 */
#include "base/buf.h"
#include "io/redis_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_BYTES 65536

static void show(struct buf *b, const struct redis_value *v)
{
	buf_add_char(b, (char)('a' + (int)v->type));
	buf_add_i64(b, v->integer);
	buf_add_block(b, v->text);
	buf_add_u64(b, v->n_items);
	for (size_t i = 0; i < v->n_items; i++)
		show(b, &v->items[i]);
}

static void check_copy(const struct redis_value *v, struct span shown)
{
	_cleanup_(arena_release) struct arena a = {.head = NULL};
	_cleanup_(buf_release) struct buf again = BUF_INIT;
	const struct redis_value *copy = redis_value_copy(&a, v);

	assert(copy);
	show(&again, copy);
	assert(span_equal(shown, buf_span(&again)));
}

/* All values that BYTES hold, cut as CUTS says (0: not at all), and how it ends. */
static int read_all(struct buf *b, struct span bytes, uint32_t cuts)
{
	_cleanup_(redis_reader_freep) struct redis_reader *reader = NULL;
	int r = redis_reader_new(MAX_BYTES, &reader);

	assert(r == 0);
	for (size_t at = 0, n; at < bytes.len; at += n) {
		const struct redis_value *v;

		cuts = cuts * 1664525 + (cuts ? 1013904223 : 0);
		n = cuts ? 1 + (cuts >> 24) % 17 : bytes.len;
		if (n > bytes.len - at)
			n = bytes.len - at;
		r = redis_reader_feed(reader, span_of(bytes.ptr + at, n));
		while (r == 0) {
			size_t before = b->len;

			r = redis_reader_next(reader, &v);
			if (r != 0)
				break;
			show(b, v);
			check_copy(v, span_of(b->ptr + before, b->len - before));
		}
		assert(r == REDIS_READER_MORE || r == REDIS_READER_INVALID);
		if (r == REDIS_READER_INVALID)
			break;
	}
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(buf_release) struct buf whole = BUF_INIT, cut = BUF_INIT;
	struct span bytes;
	int r1, r2;

	if (size < 2)
		return 0;
	bytes = span_of((const char *)data + 1, size - 1);
	r1 = read_all(&whole, bytes, 0);
	r2 = read_all(&cut, bytes, data[0] + 1U);
	assert(r1 == r2);
	assert(span_equal(buf_span(&whole), buf_span(&cut)));
	return 0;
}
