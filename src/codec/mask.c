/* SPDX-License-Identifier: MIT */
#include "codec/mask.h"

#include <unistr.h>

#define STARS "***"

/* Bytes of the first character of TEXT, which is not empty. */
static size_t first_of(struct span text)
{
	size_t n = 1;

	while (n < text.len && ((unsigned char)text.ptr[n] & 0xc0) == 0x80)
		n++;
	return n;
}

static size_t characters(struct span text)
{
	size_t n = 0;

	for (size_t i = 0; text.ptr && i < text.len; i++)
		n += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
	return n;
}

static bool is_text(struct span text)
{
	return text.len > 0 && !u8_check((const uint8_t *)text.ptr, text.len);
}

/* The first character and stars. */
static void mask_word(struct span word, struct buf *out)
{
	if (characters(word) >= 2)
		buf_add_span(out, span_of(word.ptr, first_of(word)));
	buf_add_str(out, STARS);
}

static const char *last(struct span text, char c)
{
	const char *found = NULL;

	for (size_t i = 0; text.ptr && i < text.len; i++)
		if (text.ptr[i] == c)
			found = text.ptr + i;
	return found;
}

void mask_email(struct span email, struct buf *out)
{
	const char *at = is_text(email) ? last(email, '@') : NULL;
	struct span local, domain;
	const char *dot;

	if (!at) {
		mask_code(email, out);
		return;
	}
	local = span_of(email.ptr, (size_t)(at - email.ptr));
	domain = span_of(at + 1, email.len - local.len - 1);
	dot = last(domain, '.');
	mask_word(local, out);
	buf_add_char(out, '@');
	mask_word(dot ? span_of(domain.ptr, (size_t)(dot - domain.ptr)) : domain, out);
	if (dot)
		buf_add(out, dot, domain.len - (size_t)(dot - domain.ptr));
}

void mask_name(struct span name, struct buf *out)
{
	bool more = false;

	if (!is_text(name)) {
		mask_code(name, out);
		return;
	}
	while (name.len > 0) {
		const char *blank = memchr(name.ptr, ' ', name.len);
		size_t n = blank ? (size_t)(blank - name.ptr) : name.len;

		if (n > 0) {
			if (more)
				buf_add_char(out, ' ');
			mask_word(span_of(name.ptr, n), out);
			more = true;
		}
		n += blank != NULL;
		name = span_of(name.ptr + n, name.len - n);
	}
}

void mask_code(struct span code, struct buf *out)
{
	size_t head = span_starts(code, SPAN_LIT("+")) ? 3 : 1, tail = 2;

	/* More is hidden than shown. */
	if (!is_text(code) || characters(code) != code.len || code.len < 2 * (head + tail)) {
		mask_word(is_text(code) && characters(code) >= 4 ? code : SPAN_EMPTY, out);
		return;
	}
	buf_add(out, code.ptr, head);
	buf_add_str(out, STARS);
	buf_add(out, code.ptr + code.len - tail, tail);
}

void mask_kind(struct span kind, struct span text, struct buf *out)
{
	if (span_is(kind, "email"))
		mask_email(text, out);
	else if (span_is(kind, "name"))
		mask_name(text, out);
	else
		mask_code(text, out);
}

void mask_key(const struct identity *identity, struct span key, struct buf *out)
{
	const struct identity_kind *kind = &identity->kinds[identity_kind_of(identity, key)];
	struct span value = identity_value(identity, key);
	bool address = memchr(value.ptr ? value.ptr : "", '@', value.len);

	if (kind->what == IDENTIFIER_USER ? !address : !kind->personal) {
		buf_add_span(out, key);
		return;
	}
	buf_add(out, key.ptr, key.len - value.len);
	if (address)
		mask_email(value, out);
	else
		mask_code(value, out);
}
