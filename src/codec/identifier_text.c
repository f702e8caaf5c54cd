/* SPDX-License-Identifier: MIT */
#include "identifier_text.h"

/* How many bytes the blank at the begin of S has; 0: there is none. */
static size_t blank_at(struct span s)
{
	const unsigned char *p = (const unsigned char *)s.ptr;

	if (s.len >= 1 && (p[0] <= ' ' || p[0] == 0x7f))
		return 1;
	if (s.len >= 2 && p[0] == 0xc2 && p[1] == 0xa0)
		return 2;
	if (s.len >= 3 && p[0] == 0xe2 && p[1] == 0x80 && p[2] >= 0x8b && p[2] <= 0x8d)
		return 3;
	return s.len >= 3 && p[0] == 0xef && p[1] == 0xbb && p[2] == 0xbf ? 3 : 0;
}

/* The same at its end. */
static size_t blank_before_end(struct span s)
{
	for (size_t n = 1; n <= 3 && n <= s.len; n++)
		if (blank_at(span_of(s.ptr + s.len - n, n)) == n)
			return n;
	return 0;
}

struct span text_trim(struct span text)
{
	size_t n;

	while ((n = blank_at(text)) > 0)
		text = span_of(text.ptr + n, text.len - n);
	while ((n = blank_before_end(text)) > 0)
		text.len -= n;
	return text;
}
