/* SPDX-License-Identifier: MIT */
/*
 * Bytes to timelines. The first byte says what the rest is: entries, the body of a chunk (its
 * checksum is made right), or a cursor. What decodes must come back unchanged from a second round,
 * and a page must take whatever a chunk says of itself.
 */
#include "codec/timeline_page.h"

#include "../../src/codec/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Made once, as everybody does. */
static struct packer *packer(void)
{
	static struct packer *p;

	if (!p && packer_new(&p) < 0)
		abort();
	return p;
}

static void decode_entries(struct span bytes)
{
	struct timeline_entry e, again;

	while (timeline_decode(&bytes, &e) == 0) {
		_cleanup_(buf_release) struct buf first = BUF_INIT;
		_cleanup_(buf_release) struct buf second = BUF_INIT;
		struct span rest;
		int r;

		timeline_encode(&e, &first);
		rest = buf_span(&first);
		r = timeline_decode(&rest, &again);
		assert(r == 0 && rest.len == 0);
		timeline_encode(&again, &second);
		assert(span_equal(buf_span(&first), buf_span(&second)));
	}
}

/* What was unpacked can be packed, and is then the same. */
static void pack_again(struct span entries, uint32_t n)
{
	_cleanup_(buf_release) struct buf block = BUF_INIT;
	_cleanup_(buf_release) struct buf back = BUF_INIT;
	struct timeline_range range;
	int r = timeline_pack(packer(), entries, n, &block, &range);

	assert(r == 0);
	r = timeline_unpack(packer(), buf_span(&block), n, &back);
	assert(r == 0 && span_equal(buf_span(&back), entries));
}

/* As part of a record, to which another entry is added. */
static void settle(struct span block, uint32_t n)
{
	_cleanup_(record_release) struct record record = RECORD_INIT;
	_cleanup_(buf_release) struct buf chunk = BUF_INIT;
	const struct timeline_entry e = {.id = {1, 0}, .at = 1};
	enum record_settled settled;
	int r;

	if (n == 0 || block.len == 0)
		return;
	buf_add_span(&record.packed, block);
	record.packed_n = n;
	for (; record.tail_n < TAIL_ENTRIES_MAX; record.tail_n++)
		timeline_encode(&e, &record.tail);
	r = record_settle(&record, packer(), &chunk, &settled);
	assert(r == 0 || r == RECORD_CORRUPT);
}

static void decode_chunk(struct span body)
{
	_cleanup_(buf_release) struct buf chunk = BUF_INIT;
	_cleanup_(buf_release) struct buf raw = BUF_INIT;
	_cleanup_(timeline_page_freep) struct timeline_page *page = NULL;
	const struct record record = {.n_chunks = 1, .reach_at = TIME_NEVER};
	const struct timeline_query query = TIMELINE_QUERY_ALL;
	const struct timeline_entry *entries;
	char next[TIMELINE_CURSOR_SIZE];
	struct timeline_want want;
	struct chunk_head head;
	size_t n;
	int r;

	frame_open(&chunk, 2);
	buf_add_span(&chunk, body);
	frame_close(&chunk, 0);
	if (chunk_head(buf_span(&chunk), &head) == 0)
		settle(head.block, head.n);
	if (chunk_head(buf_span(&chunk), &head) == 0 &&
		timeline_unpack(packer(), head.block, head.n, &raw) == 0) {
		decode_entries(buf_span(&raw));
		pack_again(buf_span(&raw), head.n);
	}
	r = timeline_page_new(&query, SPAN_EMPTY, &page);
	assert(r == 0);
	r = timeline_page_add_record(page, packer(), &record);
	assert(r == 0);
	if (!timeline_page_wants(page, &want))
		return;
	assert(want.from == 0 && want.to == 1);
	if (timeline_page_add_chunk(page, packer(), 0, buf_span(&chunk)))
		return;
	r = timeline_page_finish(page, &entries, &n, next);
	assert(r == 0 && n <= TIMELINE_PAGE_DEFAULT);
}

static void decode_cursor(struct span text)
{
	_cleanup_(timeline_page_freep) struct timeline_page *page = NULL;
	const struct record record = {.n_chunks = 1000, .reach_at = TIME_NEVER};
	const struct timeline_query query = TIMELINE_QUERY_ALL;
	struct timeline_want want;

	if (timeline_page_new(&query, text, &page) ||
		timeline_page_add_record(page, packer(), &record))
		return;
	if (timeline_page_wants(page, &want))
		assert(want.from < want.to && want.to <= record.n_chunks);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest;

	if (size == 0)
		return 0;
	rest = span_of((const char *)data + 1, size - 1);
	switch (data[0] % 3) {
	case 0:
		decode_entries(rest);
		break;
	case 1:
		decode_chunk(rest);
		break;
	default:
		decode_cursor(rest);
		break;
	}
	return 0;
}
