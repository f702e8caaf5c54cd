/* SPDX-License-Identifier: MIT */
/*
 * Zeros behind the last other digit are held back while reading and only counted when another
 * digit follows: 1.50 and 15e-1 then come out the same, and "1" with thirty zeros is not thirty-one
 * significant digits.
 */
#include "base/decimal.h"

enum { DIGITS_MAX = 18, EXPONENT_MAX = 400 };

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
