/* SPDX-License-Identifier: MIT */
/* Links, with checksums computed by a CRC32C of another making. */
#include "codec/link.h"

#include "base/hash.h"
#include "core/event.h"

#include "check.h"

/* A literal with its length, NULs included, as an initializer. */
#define LIT(TEXT)                                                                                  \
	{                                                                                          \
		TEXT, sizeof(TEXT) - 1                                                             \
	}

static void test_written(void)
{
	static const struct {
		struct link link;
		struct span bytes;
	} cases[] = {
		{{LIT("cust_42"), 7, 1795262400812, 1795262400000, LIT("")},
			LIT("L1 f29ff472 7 1795262400812 1795262400000 7:cust_42\n")},
		{{LIT("a"), 0, 0, -1, LIT("\x02\x00\xffrec\n")},
			LIT("L1 4026c49a 0 0 -1 1:a\n\x02\x00\xffrec\n")},
		{{LIT("a\nb"), LINK_PARTITION_MAX, INT64_MAX, INT64_MIN, LIT("")},
			LIT("L1 31d3f652 1023 9223372036854775807 -9223372036854775808 "
			    "3:a\nb\n")},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct link *want = &cases[i].link;
		_cleanup_(buf_release) struct buf out = BUF_INIT;
		struct link got;

		buf_add_str(&out, "before");
		link_encode(want, &out);
		REQUIRE(buf_failed(&out) == 0);
		CHECK_SPAN(span_of(out.ptr + 6, out.len - 6), cases[i].bytes);
		REQUIRE(link_decode(cases[i].bytes, &got) == 0);
		CHECK(link_is(cases[i].bytes));
		CHECK_SPAN(got.to, want->to);
		CHECK_INT(got.partition, want->partition);
		CHECK_INT(got.linked_at, want->linked_at);
		CHECK_INT(got.said_at, want->said_at);
		CHECK_SPAN(got.frozen, want->frozen);
	}
}

/* `L1`, the right checksum and BODY. */
static int decode_body(struct span body, struct link *ret_link)
{
	_cleanup_(buf_release) struct buf bytes = BUF_INIT;

	buf_printf(&bytes, "L1 %08x ", crc32c(0, body));
	buf_add_span(&bytes, body);
	return link_decode(buf_span(&bytes), ret_link);
}

static void test_one_way(void)
{
	static const struct {
		struct span body;
		int r;
	} cases[] = {
		{LIT("0 0 0 1:a\n"), 0},
		{LIT("00 0 0 1:a\n"), LINK_CORRUPT},
		{LIT("1023 0 0 1:a\n"), 0},
		{LIT("1024 0 0 1:a\n"), LINK_CORRUPT},
		{LIT("-1 0 0 1:a\n"), LINK_CORRUPT},
		{LIT("+1 0 0 1:a\n"), LINK_CORRUPT},
		{LIT(" 1 0 0 1:a\n"), LINK_CORRUPT},
		{LIT(" 0 0 1:a\n"), LINK_CORRUPT},
		{LIT("0  0 1:a\n"), LINK_CORRUPT},
		{LIT("0 -0 0 1:a\n"), LINK_CORRUPT},
		{LIT("0 -01 0 1:a\n"), LINK_CORRUPT},
		{LIT("0 - 0 1:a\n"), LINK_CORRUPT},
		{LIT("0 --1 0 1:a\n"), LINK_CORRUPT},
		{LIT("0 9223372036854775807 0 1:a\n"), 0},
		{LIT("0 9223372036854775808 0 1:a\n"), LINK_CORRUPT},
		{LIT("0 0 -9223372036854775808 1:a\n"), 0},
		{LIT("0 0 -9223372036854775809 1:a\n"), LINK_CORRUPT},
		{LIT("0 0 0 0:\n"), LINK_CORRUPT},
		{LIT("0 0 0 01:a\n"), LINK_CORRUPT},
		{LIT("0 0 0 2:a\n"), LINK_CORRUPT},
		{LIT("0 0 0 1:ab\n"), LINK_CORRUPT},
		{LIT("0 0 0 1:a"), LINK_CORRUPT},
		{LIT("0 0 0 1:"), LINK_CORRUPT},
		{LIT("0 0 0 1:a "), LINK_CORRUPT},
		{LIT("0 0 1:a\n"), LINK_CORRUPT},
		{LIT("0 0 0 1:\0\n"), 0},
		{LIT("0 0 0 1:a\nL"), LINK_CORRUPT},
		{LIT("0 0 0 1:a\n\n"), 0},
		{LIT(""), LINK_CORRUPT},
	};
	struct link link;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (decode_body(cases[i].body, &link) != cases[i].r)
			CHECK_STR(cases[i].body, cases[i].r ? "refused" : "read");
}

static void test_longest_key(void)
{
	char key[CUSTOMER_MAX + 1];
	_cleanup_(buf_release) struct buf body = BUF_INIT;
	struct link back;

	memset(key, 'k', sizeof(key));
	buf_printf(&body, "0 0 0 %d:", CUSTOMER_MAX);
	buf_add(&body, key, CUSTOMER_MAX);
	buf_add_char(&body, '\n');
	REQUIRE(decode_body(buf_span(&body), &back) == 0);
	CHECK_INT(back.to.len, CUSTOMER_MAX);
	buf_reset(&body);
	buf_printf(&body, "0 0 0 %d:", CUSTOMER_MAX + 1);
	buf_add(&body, key, CUSTOMER_MAX + 1);
	buf_add_char(&body, '\n');
	CHECK_INT(decode_body(buf_span(&body), &back), LINK_CORRUPT);
}

/* Cut anywhere, and with any bit turned over, it is none. */
static void test_damaged(void)
{
	static const struct link link = {LIT("cust_42"), 7, 12, 11, LIT("\x02record")};
	_cleanup_(buf_release) struct buf bytes = BUF_INIT;
	struct link back;

	link_encode(&link, &bytes);
	REQUIRE(buf_failed(&bytes) == 0);
	for (size_t n = 0; n < bytes.len; n++)
		CHECK_INT(link_decode(span_of(bytes.ptr, n), &back), LINK_CORRUPT);
	for (size_t bit = 0; bit < 8 * bytes.len; bit++) {
		bytes.ptr[bit / 8] = (char)(bytes.ptr[bit / 8] ^ 1 << bit % 8);
		CHECK_INT(link_decode(buf_span(&bytes), &back), LINK_CORRUPT);
		bytes.ptr[bit / 8] = (char)(bytes.ptr[bit / 8] ^ 1 << bit % 8);
	}
	CHECK_INT(link_decode(buf_span(&bytes), &back), 0);
	/* Digits of the checksum are small. */
	CHECK_INT(link_decode(
			  SPAN_LIT("L1 F29FF472 7 1795262400812 1795262400000 7:cust_42\n"), &back),
		LINK_CORRUPT);
}

int main(void)
{
	static const struct check_case cases[] = {
		{"as written", test_written},
		{"one way to write", test_one_way},
		{"the longest key", test_longest_key},
		{"damaged", test_damaged},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
