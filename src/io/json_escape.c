/* SPDX-License-Identifier: MIT */
/*
 * One escaping for everything that `io` writes as JSON. It is stricter than JSON asks: a line
 * separator must not break a log line in a viewer, nor an escape sequence reach a terminal.
 */
#include "json_escape.h"

/* The Unicode Standard, table 3-7: what the second byte may be after each first byte. */
static const struct {
	uint8_t first, last;
	uint8_t low, high;
	uint8_t length;
} sequences[] = {
	{0x00, 0x7f, 0, 0, 1},
	{0xc2, 0xdf, 0x80, 0xbf, 2},
	{0xe0, 0xe0, 0xa0, 0xbf, 3},
	{0xe1, 0xec, 0x80, 0xbf, 3},
	{0xed, 0xed, 0x80, 0x9f, 3},
	{0xee, 0xef, 0x80, 0xbf, 3},
	{0xf0, 0xf0, 0x90, 0xbf, 4},
	{0xf1, 0xf3, 0x80, 0xbf, 4},
	{0xf4, 0xf4, 0x80, 0x8f, 4},
};

size_t utf8_length(struct span s)
{
	const uint8_t *p = (const uint8_t *)s.ptr;

	for (size_t i = 0; s.len > 0 && i < ARRAY_SIZE(sequences); i++) {
		if (p[0] < sequences[i].first || p[0] > sequences[i].last)
			continue;
		if (s.len < sequences[i].length)
			return 0;
		if (sequences[i].length > 1 &&
			(p[1] < sequences[i].low || p[1] > sequences[i].high))
			return 0;
		for (size_t k = 2; k < sequences[i].length; k++)
			if ((p[k] & 0xc0) != 0x80)
				return 0;
		return sequences[i].length;
	}
	return 0;
}

static void add_escape(struct buf *out, unsigned code)
{
	buf_printf(out, "\\u%04x", code);
}

/* True if the character was escaped. */
static bool add_special(struct buf *out, const uint8_t *p, size_t n)
{
	if (n == 1 && (p[0] == '"' || p[0] == '\\')) {
		buf_add_char(out, '\\');
		buf_add_char(out, (char)p[0]);
		return true;
	}
	if (n == 1 && (p[0] < 0x20 || p[0] == 0x7f)) {
		add_escape(out, p[0]);
		return true;
	}
	if (n == 2 && p[0] == 0xc2 && p[1] < 0xa0) {
		add_escape(out, p[1]);
		return true;
	}
	if (n == 3 && p[0] == 0xe2 && p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9)) {
		add_escape(out, 0x2000U | (p[2] & 0x3fU));
		return true;
	}
	return false;
}

void buf_add_json(struct buf *out, struct span s)
{
	while (s.len > 0) {
		size_t n = utf8_length(s);

		if (n == 0) {
			add_escape(out, 0xfffd);
			n = 1;
		} else if (!add_special(out, (const uint8_t *)s.ptr, n)) {
			buf_add(out, s.ptr, n);
		}
		s = span_of(s.ptr + n, s.len - n);
	}
}
