/* SPDX-License-Identifier: MIT */
/* Blocks of entries that were put together by hand. */
#include "codec/compress.h"
#include "codec/timeline.h"

#include "check.h"

/* A zstd frame (RFC 8878) of one raw block: one segment, its size in a byte. */
static void add_raw_frame(struct buf *out, struct span bytes)
{
	const unsigned head = (unsigned)bytes.len << 3 | 1;

	assert(bytes.len < 256);
	buf_add(out, "\x28\xb5\x2f\xfd\x20", 5);
	buf_add_char(out, (char)bytes.len);
	for (unsigned i = 0; i < 3; i++)
		buf_add_char(out, (char)(head >> 8 * i & 0xff));
	buf_add_span(out, bytes);
}

/* Unpacks N entries of such a block into OUT. */
static int unpack_by_hand(
	struct span numbers, struct span texts, struct span ids, uint32_t n, struct buf *out)
{
	_cleanup_(packer_freep) struct packer *p = NULL;
	_cleanup_(buf_release) struct buf block = BUF_INIT;
	_cleanup_(buf_release) struct buf payload = BUF_INIT;

	if (packer_new(&p) < 0)
		abort();
	buf_add_varint(&block, numbers.len);
	buf_add_varint(&block, texts.len);
	buf_add_varint(&block, ids.len / 16);
	buf_add_span(&block, ids);
	buf_add_span(&payload, numbers);
	buf_add_span(&payload, texts);
	add_raw_frame(&block, buf_span(&payload));
	return timeline_unpack(p, buf_span(&block), n, out);
}

/* Two events: track, log ids 1-0 and 3-1, both a millisecond before; message ids, anonymous id. */
#define TWO_NUMBERS                                                                                \
	"\x00\x02\x01\x00\x01\x0a\x01\x1d\x10\x12\x02"                                             \
	"\x00\x04\x02\x00\x01\x0a\x01\x1f\x01\x1b\x01"
#define TWO_IDS                                                                                    \
	"\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef"                         \
	"\xff\x00\xff\x00\xff\x00\xff\x00\xff\x00\xff\x00\xff\x00\xff\x00"                         \
	"\xfe\xdc\xba\x98\x76\x54\x32\x10\xfe\xdc\xba\x98\x76\x54\x32\x10"

static void test_block_by_hand(void)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	struct timeline_entry e;
	struct span rest;

	REQUIRE(unpack_by_hand(SPAN_LIT(TWO_NUMBERS), SPAN_LIT("shopajs-"), SPAN_LIT(TWO_IDS), 2,
			&out) == TIMELINE_CORRUPT);
	REQUIRE(unpack_by_hand(SPAN_LIT(TWO_NUMBERS), SPAN_LIT("shopaaaaajs-xy"), SPAN_LIT(TWO_IDS),
			2, &out) == 0);
	rest = buf_span(&out);
	REQUIRE(timeline_decode(&rest, &e) == 0);
	CHECK_INT(e.id.ms, 1);
	CHECK_INT(e.at, 0);
	CHECK_STR(e.name, "Product Viewed");
	CHECK_STR(e.source, "shop");
	CHECK_STR(e.message_id, "aaaa01234567-89ab-cdef-0123-456789abcdef");
	CHECK_STR(e.anonymous_id, "ff00ff00-ff00-ff00-ff00-ff00ff00ff00");
	REQUIRE(timeline_decode(&rest, &e) == 0);
	CHECK_INT(e.id.ms, 3);
	CHECK_INT(e.id.seq, 1);
	CHECK_INT(e.at, 2);
	CHECK_STR(e.name, "Product Added");
	CHECK_STR(e.source, "shop");
	CHECK_STR(e.message_id, "ajs-xyFEDCBA98-7654-3210-FEDC-BA9876543210");
	CHECK_STR(e.anonymous_id, "ff00ff00-ff00-ff00-ff00-ff00ff00ff00");
	CHECK_INT(rest.len, 0);
}

/* Blocks of N entries that must be refused. */
static void test_block_refused(void)
{
	static const struct {
		struct span numbers, texts, ids;
		uint32_t n;
	} bad[] = {
#define PART(LIT) {(LIT), sizeof(LIT) - 1}
		/* the same source as none before; the same message id */
		{PART("\x00\x02\x01\x00\x01\x00\x01\x1d\x01"), PART(""), PART(""), 1},
		{PART("\x00\x02\x01\x00\x01\x02\x01\x1d\x00\x01"), PART(""), PART(""), 1},
		/* a UUID that is not there; one behind 45 bytes, which are one too many */
		{PART("\x00\x02\x01\x00\x01\x00\x01\x1d\x02"), PART(""), PART(""), 1},
		{PART("\x00\x02\x01\x00\x01\x00\x01\x1d\xb6\x01"),
			PART("123456789012345678901234567890123456789012345"),
			PART("0123456789abcdef"), 1},
		/* one byte of numbers, of text, one id too many */
		{PART("\x00\x02\x01\x00\x01\x00\x01\x1d\x00\x00"), PART(""), PART(""), 1},
		{PART("\x00\x02\x01\x00\x01\x00\x01\x1d\x00"), PART("x"), PART(""), 1},
		{PART("\x00\x02\x01\x00\x01\x00\x01\x1d\x00"), PART(""), PART("0123456789abcdef"),
			1},
		/* a second entry that is not there */
		{PART("\x00\x02\x01\x00\x01\x00\x01\x1d\x00"), PART(""), PART(""), 2},
	};
	_cleanup_(buf_release) struct buf out = BUF_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_INT(unpack_by_hand(bad[i].numbers, bad[i].texts, bad[i].ids, bad[i].n, &out),
			TIMELINE_CORRUPT);
	CHECK_INT(out.len, 0);
	/* what they are near to */
	CHECK_INT(unpack_by_hand(SPAN_LIT("\x00\x02\x01\x00\x01\x00\x01\x1d\x00"), SPAN_EMPTY,
			  SPAN_EMPTY, 1, &out),
		0);
	CHECK_INT(unpack_by_hand(SPAN_LIT("\x00\x02\x01\x00\x01\x00\x01\x1d\xb2\x01"),
			  SPAN_LIT("12345678901234567890123456789012345678901234"),
			  SPAN_LIT("0123456789abcdef"), 1, &out),
		0);
}

/* A text that stands once and is meant by each of many entries: an end before memory has one. */
static void test_block_bomb(void)
{
	static const char first[] = "\x00\x02\x01\x00\x01\x00\x01\x1d\x80\x80\x08";
	static const char more[] = "\x00\x00\x01\x00\x01\x00\x01\x1d\x01";
	_cleanup_(packer_freep) struct packer *p = NULL;
	const uint32_t n = TIMELINE_PACK_MAX / 32768 + 1;

	REQUIRE(packer_new(&p) == 0);
	for (uint32_t less = 0; less < 2; less++) {
		_cleanup_(compressor_freep) struct compressor *c = NULL;
		_cleanup_(buf_release) struct buf payload = BUF_INIT;
		_cleanup_(buf_release) struct buf block = BUF_INIT;
		_cleanup_(buf_release) struct buf out = BUF_INIT;

		REQUIRE(compressor_new(&c) == 0);
		buf_add(&payload, first, sizeof(first) - 1);
		for (uint32_t i = 1; i < n - 2 * less; i++)
			buf_add(&payload, more, sizeof(more) - 1);
		buf_add_varint(&block, payload.len);
		for (int i = 0; i < 32768; i++)
			buf_add_char(&payload, 'x');
		buf_add_varint(&block, 32768);
		buf_add_varint(&block, 0);
		REQUIRE(compress_block(c, buf_span(&payload), &block) == 0);
		CHECK_INT(timeline_unpack(p, buf_span(&block), n - 2 * less, &out),
			less ? 0 : TIMELINE_CORRUPT);
		CHECK((out.len > 0) == less);
	}
}

static const struct check_case cases[] = {
	{"a block by hand", test_block_by_hand},
	{"blocks that are refused", test_block_refused},
	{"a text meant too often", test_block_bomb},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
