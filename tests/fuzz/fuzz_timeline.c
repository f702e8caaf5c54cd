/* SPDX-License-Identifier: MIT */
/*
 * Bytes to timelines. The first byte says what the rest is: entries, the body of a chunk (its
 * checksum is made right), or a cursor. What decodes must come back unchanged from a second round,
 * and a page must take whatever a chunk says of itself.
 */
#include "codec/gzip.h"
#include "codec/timeline_page.h"

#include "../../src/codec/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Made once: a deflater takes 300 KiB. */
static struct deflater *deflater(void)
{
	static struct deflater *d;

	if (!d && deflater_new(&d) < 0)
		abort();
	return d;
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

static void decode_chunk(struct span body)
{
	_cleanup_(buf_release) struct buf chunk = BUF_INIT;
	_cleanup_(buf_release) struct buf raw = BUF_INIT;
	_cleanup_(timeline_page_freep) struct timeline_page *page = NULL;
	const struct record record = {.n_chunks = 1, .reach_at = TIME_NEVER};
	const struct timeline_query query = TIMELINE_QUERY_ALL;
	const struct timeline_entry *entries;
	char next[TIMELINE_CURSOR_SIZE];
	struct chunk_head head;
	size_t n;
	int r;

	frame_open(&chunk, 1);
	buf_add_span(&chunk, body);
	frame_close(&chunk, 0);
	if (chunk_head(buf_span(&chunk), &head) == 0 && chunk_open(deflater(), &head, &raw) == 0)
		decode_entries(buf_span(&raw));
	r = timeline_page_new(&query, SPAN_EMPTY, &page);
	assert(r == 0);
	r = timeline_page_add_record(page, &record);
	assert(r == 0);
	if (timeline_page_add_chunk(page, deflater(), 0, buf_span(&chunk)))
		return;
	r = timeline_page_finish(page, &entries, &n, next);
	assert(r == 0 && n <= TIMELINE_PAGE_DEFAULT);
}

static void decode_cursor(struct span text)
{
	_cleanup_(timeline_page_freep) struct timeline_page *page = NULL;
	const struct record record = {.n_chunks = 1000, .reach_at = TIME_NEVER};
	const struct timeline_query query = TIMELINE_QUERY_ALL;
	uint32_t from, to;

	if (timeline_page_new(&query, text, &page) || timeline_page_add_record(page, &record))
		return;
	if (timeline_page_wants(page, &from, &to))
		assert(from < to && to <= record.n_chunks);
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
