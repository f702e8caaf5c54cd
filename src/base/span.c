/* SPDX-License-Identifier: MIT */
/*
 * The parts of span.h that are not worth a copy in every caller. None of them allocates except
 * span_dup, and none reads past the length, so a span may point into the middle of anything.
 */
#include "base/span.h"

int span_compare(struct span a, struct span b)
{
	size_t common = a.len < b.len ? a.len : b.len;
	int order = common ? memcmp(a.ptr, b.ptr, common) : 0;

	if (order)
		return order;
	return (a.len > b.len) - (a.len < b.len);
}

bool span_starts(struct span a, struct span prefix)
{
	return a.len >= prefix.len && span_equal(span_of(a.ptr, prefix.len), prefix);
}

/* Not tolower: that one asks the locale, and is undefined for negative chars. */
static int ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

bool span_equal_nocase(struct span a, struct span b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (ascii_lower(a.ptr[i]) != ascii_lower(b.ptr[i]))
			return false;
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct span span_trim(struct span a)
{
	while (a.len && is_blank(a.ptr[a.len - 1]))
		a.len--;
	while (a.len && is_blank(a.ptr[0])) {
		a.ptr++;
		a.len--;
	}
	return a;
}

char *span_dup(struct span a)
{
	char *copy = a.len < SIZE_MAX ? malloc(a.len + 1) : NULL;

	if (!copy)
		return NULL;
	if (a.len)
		memcpy(copy, a.ptr, a.len);
	copy[a.len] = '\0';
	return copy;
}

int span_to_u64(struct span a, uint64_t max, uint64_t *ret_n)
{
	uint64_t n = 0;

	if (a.len == 0)
		return SPAN_NOT_A_NUMBER;
	for (size_t i = 0; i < a.len; i++) {
		uint64_t digit = (uint64_t)(unsigned char)a.ptr[i] - '0';

		if (digit > 9 || digit > max || n > (max - digit) / 10)
			return SPAN_NOT_A_NUMBER;
		n = n * 10 + digit;
	}
	*ret_n = n;
	return 0;
}
