/* SPDX-License-Identifier: MIT */
/*
 * Zeros behind the last other digit are held back while reading and only counted when another
 * digit follows: 1.50 and 15e-1 then come out the same, and "1" with thirty zeros is not thirty-one
 * significant digits.
 */
#include "base/decimal.h"

enum { DIGITS_MAX = 18, EXPONENT_MAX = 400 };

#define MANTISSA_END INT64_C(1000000000000000000) /* 10^18 */

/* Far beyond any exponent that a text of possible length can bring back into range. */
#define EXPONENT_TOP (INT64_C(1) << 60)

struct reader {
	const char *at, *end;
	int64_t mantissa;
	int64_t exponent;
	int64_t zeros; /* held back */
	int n_digits;
	bool too_long;
};

static bool at_digit(const struct reader *r)
{
	return r->at < r->end && *r->at >= '0' && *r->at <= '9';
}

static bool take(struct reader *r, char c)
{
	if (r->at == r->end || *r->at != c)
		return false;
	r->at++;
	return true;
}

static void add_digit(struct reader *r, int digit)
{
	if (digit == 0) {
		if (r->n_digits)
			r->zeros++;
		return;
	}
	if (r->zeros >= DIGITS_MAX - r->n_digits) {
		r->too_long = true;
		return;
	}
	for (; r->zeros; r->zeros--, r->n_digits++)
		r->mantissa *= 10;
	r->mantissa = r->mantissa * 10 + digit;
	r->n_digits++;
}

static bool take_digits(struct reader *r)
{
	if (!at_digit(r))
		return false;
	for (; at_digit(r); r->at++)
		add_digit(r, *r->at - '0');
	return true;
}

static bool take_whole(struct reader *r)
{
	return take(r, '0') || take_digits(r);
}

static bool take_fraction(struct reader *r)
{
	const char *start;

	if (!take(r, '.'))
		return true;
	start = r->at;
	if (!take_digits(r))
		return false;
	r->exponent -= r->at - start;
	return true;
}

static bool take_exponent(struct reader *r)
{
	int64_t n = 0;
	bool negative;

	if (!take(r, 'e') && !take(r, 'E'))
		return true;
	negative = take(r, '-');
	if (!negative)
		(void)take(r, '+');
	if (!at_digit(r))
		return false;
	for (; at_digit(r); r->at++)
		n = n < EXPONENT_TOP / 10 ? n * 10 + (*r->at - '0') : EXPONENT_TOP;
	r->exponent += negative ? -n : n;
	return true;
}

int decimal_parse(struct span s, struct decimal *ret_d)
{
	struct reader r = {.at = s.ptr, .end = s.len ? s.ptr + s.len : s.ptr};
	bool negative = take(&r, '-');

	if (!take_whole(&r) || !take_fraction(&r) || !take_exponent(&r) || r.at != r.end)
		return DECIMAL_INVALID;
	if (r.too_long)
		return DECIMAL_RANGE;
	if (r.mantissa == 0) {
		*ret_d = (struct decimal){0, 0};
		return 0;
	}
	r.exponent += r.zeros;
	if (r.exponent > EXPONENT_MAX || r.exponent < -EXPONENT_MAX)
		return DECIMAL_RANGE;
	ret_d->mantissa = negative ? -r.mantissa : r.mantissa;
	ret_d->exponent = (int32_t)r.exponent;
	return 0;
}

static uint64_t magnitude(int64_t n)
{
	return n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
}

static int count_digits(uint64_t n)
{
	int count = 0;

	for (; n; n /= 10)
		count++;
	return count;
}

/* Both above zero. */
static int compare_magnitudes(struct decimal a, struct decimal b)
{
	uint64_t x = magnitude(a.mantissa), y = magnitude(b.mantissa);
	int n = count_digits(x), m = count_digits(y);
	int64_t top_a = (int64_t)a.exponent + n, top_b = (int64_t)b.exponent + m;

	if (top_a != top_b)
		return top_a < top_b ? -1 : 1;
	/* Equally many digits then; 19 at most, which fits. */
	for (; n < m; n++)
		x *= 10;
	for (; m < n; m++)
		y *= 10;
	return (x > y) - (x < y);
}

int decimal_compare(struct decimal a, struct decimal b)
{
	int sign_a = (a.mantissa > 0) - (a.mantissa < 0);
	int sign_b = (b.mantissa > 0) - (b.mantissa < 0);

	if (sign_a != sign_b)
		return sign_a < sign_b ? -1 : 1;
	return sign_a == 0 ? 0 : sign_a * compare_magnitudes(a, b);
}

struct decimal decimal_from_int(int64_t n)
{
	struct decimal d = {n, 0};

	for (; d.mantissa && d.mantissa % 10 == 0; d.mantissa /= 10)
		d.exponent++;
	return d;
}

int decimal_to_int(struct decimal d, int64_t *ret_n)
{
	int64_t n = d.mantissa;

	if (n && d.exponent < 0)
		return DECIMAL_INVALID;
	for (int32_t i = 0; n && i < d.exponent; i++)
		if (__builtin_mul_overflow(n, INT64_C(10), &n))
			return DECIMAL_RANGE;
	*ret_n = n;
	return 0;
}

__extension__ typedef __int128 wide;

/* MANTISSA × 10^EXPONENT without trailing zeros. */
static int make(wide mantissa, int32_t exponent, struct decimal *ret_d)
{
	if (mantissa == 0) {
		*ret_d = (struct decimal){0, 0};
		return 0;
	}
	for (; mantissa % 10 == 0; mantissa /= 10)
		exponent++;
	if (mantissa >= MANTISSA_END || mantissa <= -MANTISSA_END || exponent > EXPONENT_MAX ||
		exponent < -EXPONENT_MAX)
		return DECIMAL_RANGE;
	*ret_d = (struct decimal){(int64_t)mantissa, exponent};
	return 0;
}

int decimal_add(struct decimal a, struct decimal b, struct decimal *ret_d)
{
	struct decimal high = a.exponent > b.exponent ? a : b;
	struct decimal low = a.exponent > b.exponent ? b : a;
	wide sum = high.mantissa;

	if (a.mantissa == 0 || b.mantissa == 0) {
		*ret_d = a.mantissa == 0 ? b : a;
		return 0;
	}
	/* Further apart the sum has a digit of each and more than 18 between them. */
	if (high.exponent - low.exponent > DIGITS_MAX)
		return DECIMAL_RANGE;
	for (int32_t i = low.exponent; i < high.exponent; i++)
		sum *= 10;
	return make(sum + low.mantissa, low.exponent, ret_d);
}

int decimal_subtract(struct decimal a, struct decimal b, struct decimal *ret_d)
{
	if (b.mantissa == INT64_MIN)
		return DECIMAL_RANGE;
	b.mantissa = -b.mantissa;
	return decimal_add(a, b, ret_d);
}

int decimal_multiply(struct decimal a, struct decimal b, struct decimal *ret_d)
{
	return make((wide)a.mantissa * b.mantissa, a.exponent + b.exponent, ret_d);
}

/* ---- as text --------------------------------------------------------------------------- */

#define ZEROS_MAX 18

static void add_zeros(struct buf *b, int32_t n)
{
	for (int32_t i = 0; i < n; i++)
		buf_add_char(b, '0');
}

/* The digits with the point POINT places before their end; POINT > 0. */
static void add_fraction(struct buf *b, const char *digits, size_t len, int32_t point)
{
	size_t after = (size_t)point;

	if (len > after) {
		buf_add(b, digits, len - after);
		buf_add_char(b, '.');
		buf_add(b, digits + len - after, after);
		return;
	}
	buf_add(b, "0.", 2);
	add_zeros(b, point - (int32_t)len);
	buf_add(b, digits, len);
}

void buf_add_decimal(struct buf *b, struct decimal d)
{
	/* Apart from INT64_MIN, which 18 digits cannot reach. */
	uint64_t digits = d.mantissa < 0 ? 0 - (uint64_t)d.mantissa : (uint64_t)d.mantissa;
	char text[24];
	int len = snprintf(text, sizeof(text), "%llu", (unsigned long long)digits);

	if (d.mantissa < 0)
		buf_add_char(b, '-');
	if (d.exponent < 0 && d.exponent >= -ZEROS_MAX) {
		add_fraction(b, text, (size_t)len, -d.exponent);
		return;
	}
	buf_add(b, text, (size_t)len);
	if (d.exponent >= 0 && d.exponent <= ZEROS_MAX) {
		add_zeros(b, d.exponent);
		return;
	}
	buf_add_char(b, 'e');
	buf_add_i64(b, d.exponent);
}
