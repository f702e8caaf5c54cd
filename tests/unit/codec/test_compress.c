/* SPDX-License-Identifier: MIT */
#include "codec/compress.h"

#include "../chance.h"
#include "check.h"

static const char event[] = "{\"product_id\":\"P-1\",\"name\":\"A ring\",\"price\":19.90,"
			    "\"quantity\":1,\"currency\":\"EUR\"}";

static void test_small(void)
{
	_cleanup_(compressor_freep) struct compressor *c = NULL;
	_cleanup_(buf_release) struct buf block = BUF_INIT;
	_cleanup_(buf_release) struct buf out = BUF_INIT;

	REQUIRE(compressor_new(&c) == 0);
	buf_add_str(&block, "before");
	REQUIRE(compress_block(c, SPAN_LIT(event), &block) == 0);
	buf_consume(&block, 6);
	/* The dictionary is what makes a lone event shrink. */
	printf("# %zu bytes become %zu\n", sizeof(event) - 1, block.len);
	CHECK(block.len < (sizeof(event) - 1) / 2);
	buf_add_str(&out, "before");
	REQUIRE(expand_block(c, buf_span(&block), sizeof(event) - 1, &out) == 0);
	CHECK_STR(span_of(out.ptr, 6), "before");
	CHECK_STR(span_of(out.ptr + 6, out.len - 6), event);
	/* Nothing is a block, too. */
	buf_reset(&block);
	buf_reset(&out);
	REQUIRE(compress_block(c, SPAN_EMPTY, &block) == 0);
	CHECK(block.len > 0);
	CHECK_INT(expand_block(c, buf_span(&block), 0, &out), 0);
	CHECK_INT(expand_block(c, buf_span(&block), 1, &out), COMPRESS_CORRUPT);
	CHECK_INT(out.len, 0);
}

/* A frame of the reference tool (zstd 1.5.4, `zstd -1 --no-check`, without a dictionary). */
static void test_foreign(void)
{
	static const char frame[] = "\x28\xb5\x2f\xfd\x00\x48\x29\x00\x00hello";
	_cleanup_(compressor_freep) struct compressor *c = NULL;
	_cleanup_(buf_release) struct buf out = BUF_INIT;

	REQUIRE(compressor_new(&c) == 0);
	CHECK_INT(expand_block(c, SPAN_LIT(frame), 5, &out), 0);
	CHECK_STR(buf_span(&out), "hello");
}

/* Cut, damaged, or of another length than was said: an error or, by chance, that many bytes. */
static void test_broken(void)
{
	_cleanup_(compressor_freep) struct compressor *c = NULL;
	_cleanup_(buf_release) struct buf block = BUF_INIT;
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	const size_t len = sizeof(event) - 1;

	REQUIRE(compressor_new(&c) == 0);
	REQUIRE(compress_block(c, SPAN_LIT(event), &block) == 0);
	CHECK_INT(expand_block(c, buf_span(&block), len - 1, &out), COMPRESS_CORRUPT);
	CHECK_INT(expand_block(c, buf_span(&block), len + 1, &out), COMPRESS_CORRUPT);
	for (size_t n = 0; n < block.len; n++)
		CHECK_INT(expand_block(c, span_of(block.ptr, n), len, &out), COMPRESS_CORRUPT);
	CHECK_INT(out.len, 0);
	for (size_t bit = 0; bit < 8 * block.len; bit++) {
		int r;

		buf_reset(&out);
		block.ptr[bit / 8] = (char)(block.ptr[bit / 8] ^ 1 << bit % 8);
		r = expand_block(c, buf_span(&block), len, &out);
		CHECK(r == 0 ? out.len == len : r == COMPRESS_CORRUPT && out.len == 0);
		block.ptr[bit / 8] = (char)(block.ptr[bit / 8] ^ 1 << bit % 8);
	}
	buf_add_str(&block, "x");
	buf_reset(&out);
	CHECK_INT(expand_block(c, buf_span(&block), len, &out), COMPRESS_CORRUPT);
}

/* Half of it of what was before, so that there is something to find. */
static void draw(struct chance *c, struct buf *b)
{
	size_t n = (size_t)1 << chance_below(c, 17);

	buf_reset(b);
	while (b->len < n) {
		if (chance_below(c, 2) && b->len > 0) {
			size_t from = chance_below(c, b->len), len = chance_below(c, 40);

			for (size_t i = from; i < from + len; i++)
				buf_add_char(b, b->ptr[i]);
		} else {
			buf_add_char(b, (char)chance_below(c, 256));
		}
	}
}

/* What was compressed before leaves no trace in the bytes. */
static void test_chance(void)
{
	struct chance c = chance_new();
	_cleanup_(compressor_freep) struct compressor *used = NULL;
	_cleanup_(buf_release) struct buf bytes = BUF_INIT;

	REQUIRE(compressor_new(&used) == 0);
	for (int round = 0; round < 500; round++) {
		_cleanup_(compressor_freep) struct compressor *fresh = NULL;
		_cleanup_(buf_release) struct buf once = BUF_INIT, twice = BUF_INIT;
		_cleanup_(buf_release) struct buf back = BUF_INIT;

		REQUIRE(compressor_new(&fresh) == 0);
		draw(&c, &bytes);
		REQUIRE(compress_block(used, buf_span(&bytes), &once) == 0);
		REQUIRE(compress_block(fresh, buf_span(&bytes), &twice) == 0);
		CHECK(span_equal(buf_span(&once), buf_span(&twice)));
		REQUIRE(expand_block(used, buf_span(&twice), bytes.len, &back) == 0);
		REQUIRE(span_equal(buf_span(&back), buf_span(&bytes)));
	}
}

static const struct check_case cases[] = {
	{"a small text, and none", test_small},
	{"a frame of another writer", test_foreign},
	{"broken blocks", test_broken},
	{"the same bytes make the same block", test_chance},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
