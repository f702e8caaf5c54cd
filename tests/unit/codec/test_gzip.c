/* SPDX-License-Identifier: MIT */
/*
 * Bodies as zlib makes them, then broken in every way that senders and attackers know.
 */
#include "check.h"

#include "base/buf.h"
#include "codec/gzip.h"

#include <zlib.h>

/* `printf '{"a":1}' | gzip -n9`, as gzip 1.12 writes it. */
static const unsigned char by_gzip[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03,
	0xab, 0x56, 0x4a, 0x54, 0xb2, 0x32, 0xac, 0x05, 0x00, 0xaf, 0xac, 0x1b, 0x56, 0x07, 0x00,
	0x00, 0x00};

/* BYTES compressed with the window code of zlib (31 gzip, 15 zlib, -15 raw). */
static void compress_to(struct buf *out, struct span bytes, int window)
{
	z_stream z = {.next_in = Z_NULL};

	REQUIRE(deflateInit2(&z, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) == Z_OK);
	size_t room = deflateBound(&z, bytes.len) + 64;
	char *to = buf_reserve(out, room);
	REQUIRE(to);
	_cleanup_free_ char *copy = malloc(bytes.len + !bytes.len);
	REQUIRE(copy);
	if (bytes.len > 0)
		memcpy(copy, bytes.ptr, bytes.len);
	z.next_in = (Bytef *)copy;
	z.avail_in = (uInt)bytes.len;
	z.next_out = (Bytef *)to;
	z.avail_out = (uInt)room;
	CHECK_INT(deflate(&z, Z_FINISH), Z_STREAM_END);
	buf_commit(out, room - z.avail_out);
	deflateEnd(&z);
}

/* The result for BODY; after a refusal OUT must be as it was. */
static int inflate_body(struct inflater *i, struct span body, size_t max_out, struct buf *out)
{
	buf_reset(out);
	buf_add_str(out, "before");
	int r = gzip_inflate(i, body, max_out, out);
	CHECK(span_starts(buf_span(out), SPAN_LIT("before")));
	if (r)
		CHECK_INT(out->len, 6);
	else
		buf_consume(out, 6);
	return r;
}

static void test_good(void)
{
	_cleanup_(inflater_freep) struct inflater *i = NULL;
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	_cleanup_(buf_release) struct buf z = BUF_INIT;
	struct span body = {(const char *)by_gzip, sizeof(by_gzip)};

	REQUIRE(inflater_new(&i) == 0);
	CHECK_INT(inflate_body(i, body, 1000, &out), 0);
	CHECK_STR(buf_span(&out), "{\"a\":1}");
	compress_to(&z, SPAN_EMPTY, 31);
	CHECK_INT(inflate_body(i, buf_span(&z), 1000, &out), 0);
	CHECK_INT(out.len, 0);
	CHECK_INT(inflate_body(i, buf_span(&z), 0, &out), 0);
}

static void test_bad(void)
{
	_cleanup_(inflater_freep) struct inflater *i = NULL;
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	_cleanup_(buf_release) struct buf z = BUF_INIT;
	struct span text = SPAN_LIT("{\"a\":1}");

	REQUIRE(inflater_new(&i) == 0);
	CHECK_INT(inflate_body(i, SPAN_EMPTY, 1000, &out), GZIP_TRUNCATED);
	CHECK_INT(inflate_body(i, text, 1000, &out), GZIP_CORRUPT);
	for (int window = -15; window <= 15; window += 30) {
		buf_reset(&z);
		compress_to(&z, text, window);
		CHECK_INT(inflate_body(i, buf_span(&z), 1000, &out), GZIP_CORRUPT);
	}
	/* Each cut, each changed byte of checksum and length, and anything behind the end. */
	for (size_t n = 1; n < sizeof(by_gzip); n++) {
		struct span cut = {(const char *)by_gzip, n};

		CHECK_INT(inflate_body(i, cut, 1000, &out), GZIP_TRUNCATED);
	}
	for (size_t at = sizeof(by_gzip) - 8; at < sizeof(by_gzip); at++) {
		char copy[sizeof(by_gzip)];

		memcpy(copy, by_gzip, sizeof(copy));
		copy[at] ^= 1;
		CHECK_INT(inflate_body(i, span_of(copy, sizeof(copy)), 1000, &out), GZIP_CORRUPT);
	}
	buf_reset(&z);
	buf_add(&z, by_gzip, sizeof(by_gzip));
	buf_add_char(&z, '\0');
	CHECK_INT(inflate_body(i, buf_span(&z), 1000, &out), GZIP_TRAILING);
	z.len--;
	buf_add(&z, by_gzip, sizeof(by_gzip));
	CHECK_INT(inflate_body(i, buf_span(&z), 1000, &out), GZIP_TRAILING);
	/* And the stream is as good as new. */
	struct span body = {(const char *)by_gzip, sizeof(by_gzip)};
	CHECK_INT(inflate_body(i, body, 1000, &out), 0);
	CHECK_STR(buf_span(&out), "{\"a\":1}");
}

/* The limit itself, around the step of 64 KiB, met and exceeded by one. */
static void test_limit(void)
{
	static const size_t sizes[] = {1, 7, 65535, 65536, 65537, 131072, 131073, 524288};
	_cleanup_(inflater_freep) struct inflater *i = NULL;

	REQUIRE(inflater_new(&i) == 0);
	for (size_t k = 0; k < ARRAY_SIZE(sizes); k++) {
		_cleanup_(buf_release) struct buf out = BUF_INIT;
		_cleanup_(buf_release) struct buf z = BUF_INIT;
		_cleanup_free_ char *bytes = malloc(sizes[k]);

		REQUIRE(bytes);
		for (size_t n = 0; n < sizes[k]; n++)
			bytes[n] = (char)(n * 7 + n / 256);
		compress_to(&z, span_of(bytes, sizes[k]), 31);
		CHECK_INT(inflate_body(i, buf_span(&z), sizes[k], &out), 0);
		CHECK_SPAN(buf_span(&out), span_of(bytes, sizes[k]));
		CHECK_INT(inflate_body(i, buf_span(&z), sizes[k] - 1, &out), GZIP_TOO_LARGE);
		CHECK_INT(inflate_body(i, buf_span(&z), 0, &out), GZIP_TOO_LARGE);
	}
}

static void test_bomb(void)
{
	_cleanup_(inflater_freep) struct inflater *i = NULL;
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	_cleanup_(buf_release) struct buf z = BUF_INIT;
	_cleanup_(buf_release) struct buf zeros = BUF_INIT;
	const size_t size = (size_t)64 << 20;

	REQUIRE(inflater_new(&i) == 0);
	char *room = buf_reserve(&zeros, size);
	REQUIRE(room);
	memset(room, 0, size);
	buf_commit(&zeros, size);
	compress_to(&z, buf_span(&zeros), 31);
	CHECK(z.len < size / 1000);
	CHECK_INT(inflate_body(i, buf_span(&z), 524288, &out), GZIP_TOO_LARGE);
	/* It is stopped when the limit is reached, not after. */
	CHECK(out.cap <= (size_t)4 * 524288);
}

static void test_names(void)
{
	for (int o = GZIP_CORRUPT; o <= GZIP_TOO_LARGE; o++)
		CHECK(gzip_outcome_name((enum gzip_outcome)o)[0]);
	CHECK(!inflater_free(NULL));
}

static const struct check_case cases[] = {
	{"good bodies", test_good},
	{"broken bodies", test_bad},
	{"the limit met and exceeded", test_limit},
	{"a bomb", test_bomb},
	{"outcomes have names", test_names},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
