/* SPDX-License-Identifier: MIT */
#include "base/decimal.h"

#include "check.h"

static void test_parse(void)
{
	static const struct {
		const char *text;
		int want;
		struct decimal d;
	} rows[] = {
		{"0", 0, {0, 0}},
		{"-0", 0, {0, 0}},
		{"0.000e999999999999999999999", 0, {0, 0}},
		{"7", 0, {7, 0}},
		{"-7", 0, {-7, 0}},
		{"19.99", 0, {1999, -2}},
		{"19.990", 0, {1999, -2}},
		{"1.50", 0, {15, -1}},
		{"15e-1", 0, {15, -1}},
		{"1500", 0, {15, 2}},
		{"0.0015E+5", 0, {15, 1}},
		{"10.01", 0, {1001, -2}},
		/* 18 significant digits, and one more */
		{"123456789012345678", 0, {123456789012345678, 0}},
		{"-999999999999999999", 0, {-999999999999999999, 0}},
		{"1234567890123456789", DECIMAL_RANGE, {0, 0}},
		{"1.00000000000000001", 0, {100000000000000001, -17}},
		{"1.000000000000000001", DECIMAL_RANGE, {0, 0}},
		{"0.0000000000000000000000001", 0, {1, -25}},
		{"1000000000000000000000000.000", 0, {1, 24}},
		/* exponents up to 400, and one more */
		{"1e400", 0, {1, 400}},
		{"1e401", DECIMAL_RANGE, {0, 0}},
		{"10e400", DECIMAL_RANGE, {0, 0}},
		{"0.1e401", 0, {1, 400}},
		{"1e-400", 0, {1, -400}},
		{"1e-401", DECIMAL_RANGE, {0, 0}},
		{"10e-401", 0, {1, -400}},
		{"1e99999999999999999999999999", DECIMAL_RANGE, {0, 0}},
		{"1e-99999999999999999999999999", DECIMAL_RANGE, {0, 0}},
		/* RFC 8259 section 6 */
		{"", DECIMAL_INVALID, {0, 0}},
		{"-", DECIMAL_INVALID, {0, 0}},
		{"+1", DECIMAL_INVALID, {0, 0}},
		{"01", DECIMAL_INVALID, {0, 0}},
		{"-01", DECIMAL_INVALID, {0, 0}},
		{"00", DECIMAL_INVALID, {0, 0}},
		{".5", DECIMAL_INVALID, {0, 0}},
		{"1.", DECIMAL_INVALID, {0, 0}},
		{"1.e5", DECIMAL_INVALID, {0, 0}},
		{"1e", DECIMAL_INVALID, {0, 0}},
		{"1e+", DECIMAL_INVALID, {0, 0}},
		{"1e5.0", DECIMAL_INVALID, {0, 0}},
		{" 1", DECIMAL_INVALID, {0, 0}},
		{"1 ", DECIMAL_INVALID, {0, 0}},
		{"0x1", DECIMAL_INVALID, {0, 0}},
		{"1,5", DECIMAL_INVALID, {0, 0}},
		{"NaN", DECIMAL_INVALID, {0, 0}},
		{"--1", DECIMAL_INVALID, {0, 0}},
		/* both wrong and too long: wrong */
		{"1234567890123456789.", DECIMAL_INVALID, {0, 0}},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct decimal d = {4711, 4711};
		int r = decimal_parse(span_str(rows[i].text), &d);

		if (r != rows[i].want)
			fprintf(stderr, "# %s\n", rows[i].text);
		CHECK_INT(r, rows[i].want);
		CHECK_INT(d.mantissa, r ? 4711 : rows[i].d.mantissa);
		CHECK_INT(d.exponent, r ? 4711 : rows[i].d.exponent);
	}
}

/* A number may be as long as an event; zeros in front and behind do not make it large. */
static void test_long_texts(void)
{
	static char text[40000];
	struct decimal d = {0, 0};
	int len;

	memset(text, '0', sizeof(text));
	text[0] = '1';
	CHECK_INT(decimal_parse(span_of(text, 401), &d), 0);
	CHECK_INT(d.exponent, 400);
	CHECK_INT(decimal_parse(span_of(text, 402), &d), DECIMAL_RANGE);
	len = snprintf(text + 30001, sizeof(text) - 30001, "e-30000");
	CHECK_INT(decimal_parse(span_of(text, 30001 + (size_t)len), &d), 0);
	CHECK_INT(d.mantissa, 1);
	CHECK_INT(d.exponent, 0);
}

/* In rising order; equal ones have the same rank. */
static void test_compare(void)
{
	static const struct {
		int rank;
		const char *text;
	} rows[] = {
		{0, "-999999999999999999e400"},
		{1, "-1e400"},
		{2, "-20"},
		{3, "-19.99"},
		{3, "-19.990"},
		{4, "-1e-400"},
		{5, "0"},
		{5, "-0.0"},
		{6, "1e-400"},
		{7, "0.1"},
		{8, "0.3"},
		{9, "0.300000000000000001"},
		{10, "0.99"},
		{11, "1"},
		{11, "1.0"},
		{11, "10e-1"},
		{12, "9.99"},
		{13, "10"},
		{14, "19.99"},
		{15, "19.990000000000001"},
		{16, "9007199254740992"},
		{17, "9007199254740993"}, /* equal as doubles */
		{18, "999999999999999999"},
		{19, "1e18"},
		{20, "1e400"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
			struct decimal a = {0, 0}, b = {0, 0};
			int got, want = (rows[i].rank > rows[k].rank) -
					(rows[i].rank < rows[k].rank);

			CHECK_INT(decimal_parse(span_str(rows[i].text), &a), 0);
			CHECK_INT(decimal_parse(span_str(rows[k].text), &b), 0);
			got = decimal_compare(a, b);
			if ((got > 0) - (got < 0) != want) {
				fprintf(stderr, "# %s and %s\n", rows[i].text, rows[k].text);
				CHECK_INT(got, want);
			}
		}
}

static void test_integers(void)
{
	static const int64_t rows[] = {
		0, 1, -1, 10, -100, 123, 1000000000000000000, INT64_MAX, INT64_MIN};
	struct decimal d = {0, 0};
	int64_t n = 4711;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CHECK_INT(decimal_to_int(decimal_from_int(rows[i]), &n), 0);
		CHECK_INT(n, rows[i]);
		for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
			int got = decimal_compare(
				decimal_from_int(rows[i]), decimal_from_int(rows[k]));

			CHECK_INT((got > 0) - (got < 0), (rows[i] > rows[k]) - (rows[i] < rows[k]));
		}
	}
	d = decimal_from_int(1500);
	CHECK_INT(d.mantissa, 15);
	CHECK_INT(d.exponent, 2);
	n = 4711;
	CHECK_INT(decimal_to_int((struct decimal){15, -1}, &n), DECIMAL_INVALID);
	CHECK_INT(decimal_to_int((struct decimal){1, 19}, &n), DECIMAL_RANGE);
	CHECK_INT(decimal_to_int((struct decimal){-93, 17}, &n), DECIMAL_RANGE);
	CHECK_INT(decimal_to_int((struct decimal){1, 400}, &n), DECIMAL_RANGE);
	CHECK_INT(n, 4711);
	CHECK_INT(decimal_to_int((struct decimal){-92, 17}, &n), 0);
	CHECK_INT(n, -9200000000000000000);
}

typedef int combine_fn(struct decimal a, struct decimal b, struct decimal *ret_d);

static void check_combined(combine_fn *combine, const char *a, const char *b, const char *want)
{
	struct decimal x = {0, 0}, y = {0, 0}, wanted = {0, 0}, got = {4711, 0};

	CHECK_INT(decimal_parse(span_str(a), &x), 0);
	CHECK_INT(decimal_parse(span_str(b), &y), 0);
	if (!want) {
		check_int(a, 0, b, combine(x, y, &got), DECIMAL_RANGE);
		CHECK_INT(got.mantissa, 4711);
		return;
	}
	CHECK_INT(decimal_parse(span_str(want), &wanted), 0);
	check_int(a, 0, b, combine(x, y, &got), 0);
	check_int(a, 1, b, got.mantissa, wanted.mantissa);
	check_int(a, 2, b, got.exponent, wanted.exponent);
}

static void test_arithmetic(void)
{
	/* a, b, their sum, difference and product; NULL: more than 18 digits or out of range. */
	static const char *const rows[][5] = {
		{"0", "0", "0", "0", "0"},
		{"1", "-1", "0", "2", "-1"},
		{"0.1", "0.2", "0.3", "-0.1", "0.02"},
		{"19.99", "0.01", "20", "19.98", "0.1999"},
		{"-7.5", "4", "-3.5", "-11.5", "-30"},
		{"1e17", "1", "100000000000000001", "99999999999999999", "1e17"},
		{"1e18", "1", NULL, "999999999999999999", "1e18"},
		{"999999999999999999", "1", "1e18", "999999999999999998", "999999999999999999"},
		{"999999999999999999", "10", NULL, "999999999999999989", "9999999999999999990"},
		{"999999999", "999999999", "1999999998", "0", "999999998000000001"},
		{"999999999999", "9999999", "1000009999998", "999990000000", NULL},
		{"1e300", "1e-300", NULL, NULL, "1"},
		{"1e300", "1e101", NULL, NULL, NULL},
		{"1e200", "1e200", "2e200", "0", "1e400"},
		{"1e-200", "1e-201", "1.1e-200", "9e-201", NULL},
		{"5e400", "5e400", NULL, "0", NULL},
		{"0", "1e-400", "1e-400", "-1e-400", "0"},
	};
	struct decimal d = {0, 0};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		check_combined(decimal_add, rows[i][0], rows[i][1], rows[i][2]);
		check_combined(decimal_subtract, rows[i][0], rows[i][1], rows[i][3]);
		check_combined(decimal_multiply, rows[i][0], rows[i][1], rows[i][4]);
	}
	/* Whole numbers of the machine may have 19 digits. */
	CHECK_INT(decimal_subtract(d, decimal_from_int(INT64_MIN), &d), DECIMAL_RANGE);
	CHECK_INT(decimal_add(decimal_from_int(INT64_MAX), decimal_from_int(INT64_MIN), &d), 0);
	CHECK_INT(d.mantissa, -1);
}

/* As JSON numbers: plain where at most 18 zeros come of it. */
static void test_written(void)
{
	static const char *const rows[][2] = {
		{"19.990", "19.99"},
		{"-0.05", "-0.05"},
		{"1200", "1200"},
		{"0", "0"},
		{"-0", "0"},
		{"1e18", "1000000000000000000"},
		{"1e19", "1e19"},
		{"1e-18", "0.000000000000000001"},
		{"1e-19", "1e-19"},
		{"12345e-3", "12.345"},
		{"999999999999999999", "999999999999999999"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(buf_release) struct buf text = BUF_INIT;
		struct decimal d;

		CHECK_INT(decimal_parse(span_str(rows[i][0]), &d), 0);
		buf_add_decimal(&text, d);
		CHECK_STR(buf_span(&text), rows[i][1]);
	}
}

static const struct check_case cases[] = {
	{"numbers as they are written", test_written},
	{"sums and products are exact, or none", test_arithmetic},
	{"JSON numbers are read exactly", test_parse},
	{"long texts of small numbers", test_long_texts},
	{"order is exact", test_compare},
	{"whole numbers", test_integers},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
