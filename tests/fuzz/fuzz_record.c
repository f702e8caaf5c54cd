/* SPDX-License-Identifier: MIT */
/*
 * Bytes to records: as they come, where the checksum refuses nearly all, and as the body of a frame
 * whose checksum is made right, where the decoder stands alone. What decodes must come back
 * unchanged from a second round.
 */
#include "codec/record.h"

#include "../../src/codec/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void encode(const struct record *r, struct buf *out)
{
	int e = record_encode(r, out);

	assert(e == 0);
}

static void decode(struct span bytes)
{
	_cleanup_(record_release) struct record once = RECORD_INIT;
	_cleanup_(record_release) struct record twice = RECORD_INIT;
	_cleanup_(buf_release) struct buf first = BUF_INIT;
	_cleanup_(buf_release) struct buf second = BUF_INIT;
	int r = record_decode(bytes, &once);

	assert(r >= 0 && r <= RECORD_VERSION_UNKNOWN);
	if (r)
		return;
	encode(&once, &first);
	r = record_decode(buf_span(&first), &twice);
	assert(r == 0);
	encode(&twice, &second);
	assert(span_equal(buf_span(&first), buf_span(&second)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(buf_release) struct buf framed = BUF_INIT;

	decode(span_of((const char *)data, size));
	frame_open(&framed, RECORD_VERSION);
	buf_add(&framed, data, size);
	frame_close(&framed, 0);
	decode(buf_span(&framed));
	return 0;
}
