/* SPDX-License-Identifier: MIT */
/*
 * Comparing first by the place of the leading digit, then digit by digit, needs no arithmetic at
 * all. Whether a × 10^e is a multiple of b × 10^f does: the digits cannot end with 0, so where e is
 * below f ten times something would have to divide them, and it does not; else a × 10^(e-f) must be
 * 0 modulo b, and b fits 64 bits.
 */
#include "json_number.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The signed number behind `e`, or 0; false beyond ±max. */
static bool read_exponent(struct span s, int64_t max, int64_t *ret_exponent)
{
	bool negative = s.len > 0 && s.ptr[0] == '-';
	int64_t n = 0;

	for (size_t i = s.len > 0 && !is_digit(s.ptr[0]); i < s.len; i++) {
		n = n * 10 + (s.ptr[i] - '0');
		if (n > max)
			return false;
	}
	*ret_exponent = negative ? -n : n;
	return true;
}

bool json_number_read(struct span raw, int64_t max, struct json_number *ret_number)
{
	struct json_number a = {.negative = raw.ptr[0] == '-'};
	const char *p = raw.ptr + a.negative, *end = raw.ptr + raw.len;
	const char *first = NULL, *last = NULL, *point = NULL, *stop;

	for (; p < end && (is_digit(*p) || *p == '.'); p++) {
		if (*p == '.')
			point = p;
		if (*p == '.' || *p == '0')
			continue;
		first = first ? first : p;
		last = p;
	}
	stop = p;
	if (!read_exponent(
		    p < end ? span_of(p + 1, (size_t)(end - p) - 1) : SPAN_EMPTY, max, &a.exponent))
		return false;
	if (!first) {
		*ret_number = (struct json_number){.n = 0};
		return true;
	}
	a.digits = span_of(first, (size_t)(last - first) + 1);
	a.n = a.digits.len - (point && point > first && point < last);
	if (!point)
		a.exponent += stop - 1 - last;
	else
		a.exponent += last < point ? point - 1 - last : point - last;
	*ret_number = a;
	return true;
}

/* The digits from the front, point left out; 0 behind the last. */
static char next_digit(struct span *digits)
{
	char c;

	if (digits->len > 0 && digits->ptr[0] == '.')
		*digits = span_of(digits->ptr + 1, digits->len - 1);
	if (digits->len == 0)
		return '0';
	c = digits->ptr[0];
	*digits = span_of(digits->ptr + 1, digits->len - 1);
	return c;
}

static int compare_magnitude(const struct json_number *a, const struct json_number *b)
{
	int64_t lead_a = a->exponent + (int64_t)a->n, lead_b = b->exponent + (int64_t)b->n;
	struct span left = a->digits, right = b->digits;

	if (a->n == 0 || b->n == 0)
		return (a->n > 0) - (b->n > 0);
	if (lead_a != lead_b)
		return lead_a < lead_b ? -1 : 1;
	while (left.len > 0 || right.len > 0) {
		char x = next_digit(&left), y = next_digit(&right);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}

int json_number_compare(const struct json_number *a, const struct json_number *b)
{
	int r = compare_magnitude(a, b);

	if (a->negative != b->negative)
		return a->negative ? -1 : 1;
	return a->negative ? -r : r;
}

/* B is below 10^18, so A × B of two remainders fits 128 bits. */
static uint64_t multiply(uint64_t a, uint64_t b, uint64_t modulus)
{
	__extension__ typedef unsigned __int128 wide;

	return (uint64_t)((wide)a * b % modulus);
}

static uint64_t power_of_ten(int64_t exponent, uint64_t modulus)
{
	uint64_t result = 1 % modulus, square = 10 % modulus;

	for (; exponent > 0; exponent >>= 1) {
		if (exponent & 1)
			result = multiply(result, square, modulus);
		square = multiply(square, square, modulus);
	}
	return result;
}

bool json_number_multiple(const struct json_number *a, struct decimal divisor)
{
	uint64_t modulus = (uint64_t)divisor.mantissa, rest = 0;
	struct span digits = a->digits;

	assert(divisor.mantissa > 0);
	if (a->n == 0)
		return true;
	if (a->exponent < divisor.exponent)
		return false;
	while (digits.len > 0)
		rest = (multiply(rest, 10, modulus) + (uint64_t)(next_digit(&digits) - '0')) %
		       modulus;
	return multiply(rest, power_of_ten(a->exponent - divisor.exponent, modulus), modulus) == 0;
}

bool json_number_count(const struct json_number *a, uint64_t *ret_count)
{
	struct span digits = a->digits;
	uint64_t n = 0;

	if (a->negative || !json_number_whole(a))
		return false;
	if (a->n > 0 && a->exponent + (int64_t)a->n > 19) {
		*ret_count = UINT64_MAX;
		return true;
	}
	for (int64_t i = 0; i < a->exponent + (int64_t)a->n; i++)
		n = n * 10 + (uint64_t)(next_digit(&digits) - '0');
	*ret_count = n;
	return true;
}

uint64_t json_number_hash(const struct json_number *a)
{
	uint64_t h = (uint64_t)a->exponent * 31 + a->negative;
	struct span digits = a->digits;

	for (size_t i = 0; i < a->n; i++)
		h = (h ^ (uint64_t)next_digit(&digits)) * UINT64_C(0x100000001b3);
	return h;
}
