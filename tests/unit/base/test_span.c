/* SPDX-License-Identifier: MIT */
#include "base/span.h"

#include "check.h"
#include "scarce_memory.h"

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

static void test_compare(void)
{
	static const struct {
		const char *a, *b;
		int want;
	} rows[] = {
		{"", "", 0},
		{"", "a", -1},
		{"a", "a", 0},
		{"a", "b", -1},
		{"ab", "a", 1},
		{"ab", "b", -1},
		{"a\x7f", "a\x80", -1}, /* bytes, not signed chars */
		{NULL, NULL, 0},
		{NULL, "a", -1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct span a = span_str(rows[i].a), b = span_str(rows[i].b);

		CHECK_INT(sign(span_compare(a, b)), rows[i].want);
		CHECK_INT(sign(span_compare(b, a)), -rows[i].want);
		CHECK_INT(span_equal(a, b), rows[i].want == 0);
	}
}

static void test_starts(void)
{
	CHECK(span_starts(SPAN_LIT("cart"), SPAN_LIT("ca")));
	CHECK(span_starts(SPAN_LIT("cart"), SPAN_LIT("cart")));
	CHECK(!span_starts(SPAN_LIT("cart"), SPAN_LIT("carts")));
	CHECK(!span_starts(span_of("carts", 4), SPAN_LIT("carts")));
	CHECK(!span_starts(SPAN_LIT("cart"), SPAN_LIT("ar")));
	CHECK(span_starts(SPAN_LIT("cart"), SPAN_EMPTY));
	CHECK(span_starts(SPAN_EMPTY, SPAN_EMPTY));
}

static void test_nocase(void)
{
	CHECK(span_equal_nocase(SPAN_LIT("Content-Length"), SPAN_LIT("cONTENT-lENGTH")));
	CHECK(!span_equal_nocase(SPAN_LIT("a"), SPAN_LIT("ab")));
	/* '@' and '`', '[' and '{' differ by the same bit as letters do. */
	CHECK(!span_equal_nocase(SPAN_LIT("@["), SPAN_LIT("`{")));
	CHECK(!span_equal_nocase(SPAN_LIT("\xc4"), SPAN_LIT("\xe4")));
	CHECK(span_equal_nocase(SPAN_EMPTY, SPAN_LIT("")));
}

static void test_trim(void)
{
	CHECK_STR(span_trim(SPAN_LIT(" \ta b\t ")), "a b");
	CHECK_STR(span_trim(SPAN_LIT("a")), "a");
	CHECK_STR(span_trim(SPAN_LIT(" \t ")), "");
	CHECK_STR(span_trim(SPAN_LIT("\na\r")), "\na\r");
	CHECK_STR(span_trim(SPAN_EMPTY), "");
}

static void test_dup(void)
{
	_cleanup_free_ char *copy = span_dup(span_of("cart and more", 4));
	_cleanup_free_ char *empty = span_dup(SPAN_EMPTY);
	_cleanup_free_ char *inner = span_dup(span_of("a\0b", 3));

	REQUIRE(copy && empty && inner);
	CHECK_STR(span_str(copy), "cart");
	CHECK_STR(span_str(empty), "");
	CHECK(memcmp(inner, "a\0b", 4) == 0);
	scarce_memory(0);
	CHECK(!span_dup(SPAN_LIT("a")));
	scarce_memory(-1);
}

static void test_to_u64(void)
{
	static const struct {
		const char *text;
		uint64_t max;
		int want;
		uint64_t n;
	} rows[] = {
		{"0", 0, 0, 0},
		{"1", 0, SPAN_NOT_A_NUMBER, 0},
		{"007", 7, 0, 7},
		{"8", 7, SPAN_NOT_A_NUMBER, 0},
		{"65535", 65535, 0, 65535},
		{"65536", 65535, SPAN_NOT_A_NUMBER, 0},
		{"18446744073709551615", UINT64_MAX, 0, UINT64_MAX},
		{"18446744073709551616", UINT64_MAX, SPAN_NOT_A_NUMBER, 0},
		{"99999999999999999999", UINT64_MAX, SPAN_NOT_A_NUMBER, 0},
		{"", UINT64_MAX, SPAN_NOT_A_NUMBER, 0},
		{"+1", UINT64_MAX, SPAN_NOT_A_NUMBER, 0},
		{"-1", UINT64_MAX, SPAN_NOT_A_NUMBER, 0},
		{" 1", UINT64_MAX, SPAN_NOT_A_NUMBER, 0},
		{"1 ", UINT64_MAX, SPAN_NOT_A_NUMBER, 0},
		{"1:", UINT64_MAX, SPAN_NOT_A_NUMBER, 0},
		{"1/", UINT64_MAX, SPAN_NOT_A_NUMBER, 0},
		{"\xb1", UINT64_MAX, SPAN_NOT_A_NUMBER, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t n = 4711;

		CHECK_INT(span_to_u64(span_str(rows[i].text), rows[i].max, &n), rows[i].want);
		CHECK_INT(n, rows[i].want ? 4711 : rows[i].n);
	}
}

static const struct check_case cases[] = {
	{"order is that of bytes, shorter first", test_compare},
	{"prefixes", test_starts},
	{"case is ignored for ASCII letters alone", test_nocase},
	{"trim cuts blanks and tabs", test_trim},
	{"a copy has a NUL behind it", test_dup},
	{"numbers are exact up to the limit", test_to_u64},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
