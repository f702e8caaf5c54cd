/* SPDX-License-Identifier: MIT */
#include "base/buf.h"

#include "check.h"
#include "scarce_memory.h"

static void test_add(void)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;

	buf_add(&b, NULL, 0);
	CHECK_INT(b.len, 0);
	buf_add(&b, "abc", 3);
	buf_add_span(&b, SPAN_LIT("-def"));
	buf_add_span(&b, SPAN_EMPTY);
	buf_add_str(&b, "");
	buf_add_str(&b, "-ghi");
	buf_add_char(&b, '\0');
	CHECK_SPAN(buf_span(&b), span_of("abc-def-ghi", 12));
	buf_consume(&b, 4);
	buf_consume(&b, 0);
	CHECK_SPAN(buf_span(&b), span_of("def-ghi", 8));
	buf_consume(&b, 8);
	CHECK_INT(b.len, 0);
	CHECK_INT(buf_failed(&b), 0);
}

/* Every length around the doublings, byte by byte and in one piece. */
static void test_growth(void)
{
	_cleanup_(buf_release) struct buf slow = BUF_INIT;
	static char bytes[3000];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7);
	for (size_t len = 0; len < sizeof(bytes); len++) {
		struct buf fast = BUF_INIT;

		buf_add(&fast, bytes, len);
		CHECK_SPAN(buf_span(&fast), span_of(bytes, len));
		buf_release(&fast);
		CHECK_SPAN(buf_span(&slow), span_of(bytes, len));
		buf_add_char(&slow, bytes[len]);
	}
}

static void test_reserve(void)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	char *room = buf_reserve(&b, 0);

	CHECK(room != NULL);
	room = buf_reserve(&b, 1000);
	REQUIRE(room);
	memset(room, 'x', 1000);
	buf_commit(&b, 999);
	CHECK_INT(b.len, 999);
	CHECK(buf_reserve(&b, 1) == b.ptr + 999);
}

static void test_numbers(void)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;

	buf_add_u64(&b, 0);
	buf_add_char(&b, ' ');
	buf_add_u64(&b, 10);
	buf_add_char(&b, ' ');
	buf_add_u64(&b, UINT64_MAX);
	buf_add_char(&b, ' ');
	buf_add_i64(&b, INT64_MIN);
	buf_add_char(&b, ' ');
	buf_add_i64(&b, -1);
	buf_add_char(&b, ' ');
	buf_add_i64(&b, INT64_MAX);
	CHECK_STR(buf_span(&b),
		"0 10 18446744073709551615 -9223372036854775808 -1 9223372036854775807");
}

/* Lengths that just fit the room, fill it to its NUL, and do not fit. */
static void test_printf(void)
{
	char want[400];

	for (size_t len = 0; len < 300; len++) {
		_cleanup_(buf_release) struct buf b = BUF_INIT;

		(void)snprintf(want, sizeof(want), "%*s<42>", (int)len, "");
		buf_printf(&b, "%*s", (int)len, "");
		buf_printf(&b, "<%d>", 42);
		CHECK_SPAN(buf_span(&b), span_of(want, len + 4));
		CHECK_INT(buf_failed(&b), 0);
	}
}

static void test_sticky_failure(void)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;

	buf_add_str(&b, "before");
	scarce_memory(0);
	CHECK(!buf_reserve(&b, 1000));
	scarce_memory(-1);
	CHECK_INT(buf_failed(&b), -ENOMEM);
	/* There is room and memory for this, but the text would have a hole. */
	buf_add_char(&b, 'x');
	buf_add_str(&b, "after");
	buf_printf(&b, "%d", 1);
	buf_add_u64(&b, 1);
	buf_add_varint(&b, 1);
	CHECK(!buf_reserve(&b, 0));
	CHECK_STR(buf_span(&b), "before");
	CHECK_INT(buf_failed(&b), -ENOMEM);
	buf_reset(&b);
	CHECK_INT(buf_failed(&b), 0);
	buf_add_str(&b, "again");
	CHECK_STR(buf_span(&b), "again");
}

static void test_failure_anywhere(void)
{
	for (int n = 0; n < 3; n++) {
		_cleanup_(buf_release) struct buf b = BUF_INIT;

		scarce_memory(n);
		buf_add_str(&b, "a");
		buf_printf(&b, "%100s", "");
		buf_printf(&b, "%1000s", "");
		scarce_memory(-1);
		CHECK_INT(buf_failed(&b), -ENOMEM);
	}
}

static void test_impossible_length(void)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;

	buf_add_char(&b, 'x');
	CHECK(!buf_reserve(&b, SIZE_MAX));
	CHECK_INT(buf_failed(&b), -ENOMEM);
	buf_reset(&b);
	CHECK(!buf_reserve(&b, (size_t)PTRDIFF_MAX + 1));
	CHECK_INT(buf_failed(&b), -ENOMEM);
}

/* Encodings from the documentation of protocol buffers, and the powers of two by hand. */
static void test_varint(void)
{
	static const struct {
		uint64_t n;
		struct span bytes;
	} rows[] = {
		{0, {"\x00", 1}},
		{1, {"\x01", 1}},
		{127, {"\x7f", 1}},
		{128, {"\x80\x01", 2}},
		{150, {"\x96\x01", 2}},
		{16383, {"\xff\x7f", 2}},
		{16384, {"\x80\x80\x01", 3}},
		{UINT64_C(1) << 63, {"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 10}},
		{UINT64_MAX, {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10}},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(buf_release) struct buf b = BUF_INIT;
		struct span s;
		uint64_t n = 4711;

		buf_add_varint(&b, rows[i].n);
		CHECK_SPAN(buf_span(&b), rows[i].bytes);
		/* Cut short, it is truncated and nothing is taken. */
		for (size_t len = 0; len < b.len; len++) {
			s = span_of(b.ptr, len);
			CHECK_INT(span_take_varint(&s, &n), BUF_TRUNCATED);
			CHECK(s.ptr == b.ptr && s.len == len && n == 4711);
		}
		buf_add_char(&b, '!');
		s = buf_span(&b);
		CHECK_INT(span_take_varint(&s, &n), 0);
		CHECK(n == rows[i].n);
		CHECK_STR(s, "!");
	}
}

static void test_varint_too_large(void)
{
	static const struct span rows[] = {
		{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10}, /* 2^64 */
		{"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 11},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct span s = rows[i];
		uint64_t n;

		CHECK_INT(span_take_varint(&s, &n), BUF_TRUNCATED);
		CHECK(s.len == rows[i].len);
	}
}

static void test_zigzag(void)
{
	/* The table of the documentation of protocol buffers. */
	static const struct {
		int64_t n;
		uint64_t coded;
	} rows[] = {
		{0, 0},
		{-1, 1},
		{1, 2},
		{-2, 3},
		{0x7fffffff, 0xfffffffe},
		{-0x80000000LL, 0xffffffff},
		{INT64_MAX, UINT64_MAX - 1},
		{INT64_MIN, UINT64_MAX},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(buf_release) struct buf b = BUF_INIT;
		struct span s, again;
		uint64_t coded = 0;
		int64_t n = 0;

		buf_add_zigzag(&b, rows[i].n);
		s = again = buf_span(&b);
		CHECK_INT(span_take_varint(&s, &coded), 0);
		CHECK(coded == rows[i].coded);
		CHECK_INT(span_take_zigzag(&again, &n), 0);
		CHECK_INT(n, rows[i].n);
		again = SPAN_EMPTY;
		CHECK_INT(span_take_zigzag(&again, &n), BUF_TRUNCATED);
	}
}

static void test_block(void)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	struct span s, block = SPAN_LIT("untouched");
	uint8_t byte = 0;

	buf_add_block(&b, SPAN_LIT("abc"));
	buf_add_block(&b, SPAN_EMPTY);
	for (size_t len = 0; len < 4; len++) {
		s = span_of(b.ptr, len);
		CHECK_INT(span_take_block(&s, &block), BUF_TRUNCATED);
		CHECK_INT(s.len, len);
		CHECK_STR(block, "untouched");
	}
	s = buf_span(&b);
	CHECK_INT(span_take_block(&s, &block), 0);
	CHECK_STR(block, "abc");
	CHECK_INT(span_take_block(&s, &block), 0);
	CHECK_INT(block.len, 0);
	CHECK_INT(span_take_byte(&s, &byte), BUF_TRUNCATED);
	s = SPAN_LIT("\xfe");
	CHECK_INT(span_take_byte(&s, &byte), 0);
	CHECK_INT(byte, 0xfe);
	CHECK_INT(s.len, 0);
	/* A length that no memory could hold must not wrap around. */
	s = span_of("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01x", 11);
	CHECK_INT(span_take_block(&s, &block), BUF_TRUNCATED);
	CHECK_INT(s.len, 11);
}

static const struct check_case cases[] = {
	{"bytes are appended and consumed", test_add},
	{"growth keeps the contents at every length", test_growth},
	{"reserved room is committed", test_reserve},
	{"decimal numbers", test_numbers},
	{"printf at every fill of the room", test_printf},
	{"a failed append is sticky until reset", test_sticky_failure},
	{"the n-th allocation fails", test_failure_anywhere},
	{"lengths beyond the address space fail", test_impossible_length},
	{"varints are those of protocol buffers", test_varint},
	{"varints beyond 64 bits are refused", test_varint_too_large},
	{"zigzag", test_zigzag},
	{"blocks and bytes", test_block},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
