/* SPDX-License-Identifier: MIT */
/*
 * One character of UTF-8, strictly (Unicode 15, table 3-7): no overlong forms, no surrogates,
 * nothing beyond U+10FFFF. The lead byte narrows what the second byte may be.
 */
#pragma once

#include "base/base.h"

static inline bool utf8_tail(unsigned char b)
{
	return (b & 0xc0) == 0x80;
}

/* Bytes of the well-formed character at P, of which N bytes may be read; 0 if there is none. */
static inline size_t utf8_length(const char *at, size_t n)
{
	const unsigned char *p = (const unsigned char *)at;
	unsigned char lead = n ? p[0] : 0xff;

	if (lead < 0x80)
		return 1;
	if (lead < 0xc2 || lead > 0xf4)
		return 0;
	if (lead < 0xe0)
		return n >= 2 && utf8_tail(p[1]) ? 2 : 0;
	if (lead < 0xf0) {
		unsigned char low = lead == 0xe0 ? 0xa0 : 0x80;
		unsigned char high = lead == 0xed ? 0x9f : 0xbf;

		return n >= 3 && p[1] >= low && p[1] <= high && utf8_tail(p[2]) ? 3 : 0;
	}
	unsigned char low = lead == 0xf0 ? 0x90 : 0x80;
	unsigned char high = lead == 0xf4 ? 0x8f : 0xbf;

	return n >= 4 && p[1] >= low && p[1] <= high && utf8_tail(p[2]) && utf8_tail(p[3]) ? 4 : 0;
}

/* Four hexadecimal digits at P, or -1. */
static inline int32_t utf8_hex4(const char *p)
{
	int32_t n = 0;

	for (int i = 0; i < 4; i++) {
		char ch = p[i];

		if (ch >= '0' && ch <= '9')
			n = n * 16 + (ch - '0');
		else if (ch >= 'a' && ch <= 'f')
			n = n * 16 + (ch - 'a' + 10);
		else if (ch >= 'A' && ch <= 'F')
			n = n * 16 + (ch - 'A' + 10);
		else
			return -1;
	}
	return n;
}

static inline bool utf8_is_high_half(int32_t unit)
{
	return unit >= 0xd800 && unit <= 0xdbff;
}

static inline bool utf8_is_low_half(int32_t unit)
{
	return unit >= 0xdc00 && unit <= 0xdfff;
}
