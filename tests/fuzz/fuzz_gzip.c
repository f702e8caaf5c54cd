/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a gzip body: refused without a trace, or within the limit.
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
	struct span bytes = {(const char *)data, size};
	_cleanup_(buf_release) struct buf out = BUF_INIT;

	if (!inflater)
		require(inflater_new(&inflater) == 0, "memory");
	check_result(gzip_inflate(inflater, bytes, LIMIT, &out), &out);
	return 0;
}
