/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a gzip body and as a block: refused without a trace, or within the limit. Any bytes
 * deflated, with any part of them as the dictionary, come back.
 */
#include "base/buf.h"
#include "codec/gzip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LIMIT 100000

static void require(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static void check_result(int r, struct buf *out)
{
	require(r == 0 || (r >= GZIP_CORRUPT && r <= GZIP_TOO_LARGE), "an unknown outcome");
	require(r == 0 ? out->len <= LIMIT : out->len == 0, "bytes that should not be there");
	buf_reset(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct inflater *inflater; /* reused, as the collector does */
	static struct deflater *deflater;
	struct span bytes = {(const char *)data, size};
	struct span dict = {(const char *)data, size / 2};
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	_cleanup_(buf_release) struct buf block = BUF_INIT;

	if (!inflater)
		require(inflater_new(&inflater) == 0 && deflater_new(&deflater) == 0, "memory");
	check_result(gzip_inflate(inflater, bytes, LIMIT, &out), &out);
	check_result(inflate_block(deflater, bytes, SPAN_EMPTY, LIMIT, &out), &out);
	check_result(inflate_block(deflater, bytes, dict, LIMIT, &out), &out);
	require(deflate_block(deflater, bytes, dict, &block) == 0, "deflate");
	require(inflate_block(deflater, buf_span(&block), dict, size, &out) == 0, "inflate");
	require(span_equal(buf_span(&out), bytes), "bytes do not come back");
	if (size > 0)
		require(inflate_block(deflater, buf_span(&block), dict, size - 1, &out) ==
				GZIP_TOO_LARGE,
			"the limit");
	return 0;
}
