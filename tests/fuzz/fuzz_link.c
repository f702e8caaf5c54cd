/* SPDX-License-Identifier: MIT */
/*
 * Bytes to links: as they come, and as the body behind a checksum that is made right. There is one
 * way to write a link: what decodes is, encoded again, what it was.
 */
#include "codec/link.h"

#include "base/hash.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decode(struct span bytes)
{
	_cleanup_(buf_release) struct buf again = BUF_INIT;
	struct link link;
	int r = link_decode(bytes, &link);

	assert(r == 0 || r == LINK_CORRUPT);
	if (r)
		return;
	assert(link_is(bytes));
	link_encode(&link, &again);
	assert(span_equal(buf_span(&again), bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span body = span_of((const char *)data, size);
	_cleanup_(buf_release) struct buf framed = BUF_INIT;

	decode(body);
	buf_printf(&framed, "L1 %08x ", crc32c(0, body));
	buf_add_span(&framed, body);
	decode(buf_span(&framed));
	return 0;
}
