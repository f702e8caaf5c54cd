/* SPDX-License-Identifier: MIT */
/*
 * Decoding happens once and at the place of use: a path is routed as it was sent, and a slash in
 * a customer's id stays part of the id.
 */
#include "io/url.h"

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The byte at the front of S, and how much text it took; -1 if there is none. */
static int decode_byte(struct span s, bool form, size_t *ret_taken)
{
	int high, low;

	*ret_taken = 1;
	if (form && s.ptr[0] == '+')
		return ' ';
	if (s.ptr[0] != '%')
		return s.ptr[0] == '\0' ? -1 : (uint8_t)s.ptr[0];
	if (s.len < 3)
		return -1;
	high = hex_value(s.ptr[1]);
	low = hex_value(s.ptr[2]);
	if (high < 0 || low < 0 || (high == 0 && low == 0))
		return -1;
	*ret_taken = 3;
	return high << 4 | low;
}

int url_decode(struct buf *out, struct span s, bool form)
{
	size_t before = out->len;

	while (s.len > 0) {
		size_t taken;
		int byte = decode_byte(s, form, &taken);

		if (byte < 0) {
			out->len = before;
			return URL_INVALID;
		}
		buf_add_char(out, (char)byte);
		s = span_of(s.ptr + taken, s.len - taken);
	}
	return 0;
}

static bool is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

void url_encode(struct buf *out, struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (is_unreserved(s.ptr[i]))
			buf_add_char(out, s.ptr[i]);
		else
			buf_printf(out, "%%%02X", (unsigned)(uint8_t)s.ptr[i]);
	}
}

/* Takes the text up to C, which is dropped, or all of it. */
static struct span take_until(struct span *s, char c)
{
	const char *end = s->len ? memchr(s->ptr, c, s->len) : NULL;
	struct span front = end ? span_of(s->ptr, (size_t)(end - s->ptr)) : *s;
	size_t n = front.len + (end ? 1 : 0);

	*s = n ? span_of(s->ptr + n, s->len - n) : SPAN_EMPTY;
	return front;
}

int url_next_param(struct span *query, struct span *ret_name, struct span *ret_value)
{
	while (query->len > 0) {
		struct span param = take_until(query, '&');

		if (param.len == 0)
			continue;
		*ret_name = take_until(&param, '=');
		*ret_value = param;
		return 0;
	}
	return URL_NO_MORE;
}

int url_param(struct span query, const char *name, struct buf *out)
{
	struct span raw_name, value;

	while (url_next_param(&query, &raw_name, &value) == 0) {
		size_t before = out->len;
		int r = url_decode(out, raw_name, true);
		bool same = r == 0 && buf_failed(out) == 0 &&
			    span_is(span_of(out->ptr + before, out->len - before), name);

		out->len = before;
		if (same)
			return url_decode(out, value, true);
	}
	return URL_NO_MORE;
}
