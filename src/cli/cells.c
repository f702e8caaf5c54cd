/* SPDX-License-Identifier: MIT */
#include "cells.h"

#include <unistd.h>

static const char *const codes[] = {
	[PLAIN] = "",
	[BOLD] = "\033[1m",
	[DIM] = "\033[2m",
	[RED] = "\033[31m",
	[GREEN] = "\033[32m",
	[YELLOW] = "\033[33m",
	[BLUE] = "\033[34m",
	[MAGENTA] = "\033[35m",
	[CYAN] = "\033[36m",
};

void cells_init(struct cells *c, FILE *out)
{
	const char *off = getenv("NO_COLOR"), *term = getenv("TERM");

	c->out = out;
	c->colours = isatty(fileno(out)) && !(off && off[0]) && term && strcmp(term, "dumb") != 0;
}

/* Code point of the character at the front of *s, which is taken off; -1: not UTF-8, one byte. */
static int32_t take_character(struct span *s)
{
	const unsigned char *p = (const unsigned char *)s->ptr;
	static const int32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = p[0] < 0x80 ? 1 : p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : p[0] >= 0xc2 ? 2 : 0;
	int32_t code = n == 1 ? p[0] : n ? p[0] & (0xff >> (n + 1)) : -1;

	for (size_t i = 1; i < n && code >= 0; i++)
		code = i < s->len && (p[i] & 0xc0) == 0x80 ? code << 6 | (p[i] & 0x3f) : -1;
	if (code >= 0 && (code < least[n] || code > 0x10ffff))
		code = -1;
	n = code >= 0 ? n : 1;
	*s = span_of(s->ptr + n, s->len - n);
	return code;
}

/* Shown as it is: no controls, surrogates, nothing invisible or directional. */
static bool is_plain(int32_t c)
{
	return (c >= 0x20 && c < 0x7f) || (c >= 0xa0 && c < 0x300 && c != 0xad) ||
	       (c >= 0x370 && c < 0x590) || (c >= 0x1e00 && c < 0x2000) ||
	       (c >= 0x2010 && c < 0x2028) || (c >= 0x2030 && c < 0x2060) ||
	       (c >= 0x20a0 && c < 0x20d0) || (c >= 0x2100 && c < 0x2c00) ||
	       (c >= 0x3040 && c < 0xd7a4 && c != 0x3164);
}

static void put_character(FILE *out, struct span before, const struct span *after, int32_t c)
{
	if (is_plain(c))
		(void)fwrite(before.ptr, 1, before.len - after->len, out);
	else
		(void)fputc('?', out);
}

static unsigned count(struct span s)
{
	unsigned n = 0;

	for (; s.len > 0; n++)
		take_character(&s);
	return n;
}

void cell(const struct cells *c, struct span text, unsigned width, enum colour colour)
{
	unsigned n = count(text), shown = width && n > width ? width - 1 : n;

	if (c->colours)
		(void)fputs(codes[colour], c->out);
	for (unsigned i = 0; i < shown; i++) {
		struct span before = text;
		int32_t code = take_character(&text);

		put_character(c->out, before, &text, code);
	}
	if (shown < n)
		(void)fputs("…", c->out);
	if (c->colours && colour != PLAIN)
		(void)fputs("\033[0m", c->out);
	if (width)
		(void)fprintf(c->out, "%*s", (int)(n < width ? width - n : 0) + 2, "");
}

void cell_number(const struct cells *c, uint64_t n, unsigned width)
{
	(void)fprintf(c->out, "%*llu  ", (int)width, (unsigned long long)n);
}

void cells_end(const struct cells *c)
{
	(void)fputc('\n', c->out);
}
