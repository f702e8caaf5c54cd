/* SPDX-License-Identifier: MIT */
/*
 * Bytes to divisions: as they come, and as the body behind a checksum that is made right. What
 * decodes is the same when it is encoded and decoded again.
 */
#include "codec/division.h"

#include "base/hash.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_lists(const struct division *d, const struct division *again)
{
	assert(d->n_chunks == again->n_chunks && d->n_snapshots == again->n_snapshots);
	assert(d->n_jobs == again->n_jobs && d->keep == again->keep);
	assert(d->n_heard == again->n_heard);
	for (size_t i = 0; i < d->n_heard; i++)
		assert(d->heard[i].hour == again->heard[i].hour &&
			span_equal(d->heard[i].mark, again->heard[i].mark));
	for (size_t i = 0; i < d->n_chunks; i++)
		assert(span_equal(d->chunks[i], again->chunks[i]));
	for (size_t i = 0; i < d->n_jobs; i++)
		assert(span_equal(d->jobs[i].id, again->jobs[i].id) &&
			d->jobs[i].fate == again->jobs[i].fate);
}

static void decode(struct span bytes)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	_cleanup_(arena_release) struct arena a;
	struct division d, again;
	int r;

	arena_init(&a);
	r = division_decode(bytes, &a, &d);
	assert(r == 0 || r == DIVISION_CORRUPT);
	if (r)
		return;
	division_encode(&d, &out);
	assert(buf_failed(&out) == 0);
	assert(division_decode(buf_span(&out), &a, &again) == 0);
	assert(span_equal(d.record, again.record));
	check_lists(&d, &again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span body = span_of((const char *)data, size);
	_cleanup_(buf_release) struct buf framed = BUF_INIT;

	decode(body);
	buf_printf(&framed, "D1 %08x ", crc32c(0, body));
	buf_add_span(&framed, body);
	decode(buf_span(&framed));
	return 0;
}
