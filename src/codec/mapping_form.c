/* SPDX-License-Identifier: MIT */
/*
 * application/x-www-form-urlencoded (WHATWG URL, section 5.1) as an object of strings: pairs
 * between `&`, `+` is a blank, %XX a byte, what is no escape stands for itself. Names are kept
 * flat, `item[id]` is a name like any other; one that repeats repeats in the object, where the last
 * counts.
 */
#include "mapping_program.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static void decode(struct span s, struct buf *out)
{
	buf_reset(out);
	for (size_t i = 0; i < s.len; i++) {
		int high = s.len - i > 2 ? hex_digit(s.ptr[i + 1]) : -1;
		int low = high >= 0 ? hex_digit(s.ptr[i + 2]) : -1;

		if (s.ptr[i] == '%' && low >= 0) {
			buf_add_char(out, (char)(high * 16 + low));
			i += 2;
		} else {
			buf_add_char(out, (char)(s.ptr[i] == '+' ? ' ' : s.ptr[i]));
		}
	}
}

/* What stands before the first C in *s, which is cut off with it. */
static struct span take(struct span *s, char c)
{
	const char *at = s->len ? memchr(s->ptr, c, s->len) : NULL;
	struct span before = *s;

	if (!at) {
		*s = SPAN_EMPTY;
		return before;
	}
	before.len = (size_t)(at - s->ptr);
	*s = span_of(at + 1, s->len - before.len - 1);
	return before;
}

int mapping_form(struct span form, struct buf *out)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	size_t n = 0;

	buf_add_char(out, '{');
	while (form.len > 0) {
		struct span value = take(&form, '&');
		struct span name = take(&value, '=');

		if (name.len == 0 && value.len == 0)
			continue;
		if (n == MAPPING_FIELDS_MAX)
			return MAPPING_FORM_TOO_MANY;
		if (n++ > 0)
			buf_add_char(out, ',');
		decode(name, &text);
		json_escape(buf_span(&text), out);
		buf_add_char(out, ':');
		decode(value, &text);
		json_escape(buf_span(&text), out);
		if (buf_failed(&text) < 0)
			out->failed = true;
	}
	buf_add_char(out, '}');
	return 0;
}
