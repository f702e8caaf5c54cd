/* SPDX-License-Identifier: MIT */
/*
 * The text of JSON strings: compared, unescaped, escaped; and faults put into words.
 */
#include "codec/json_scan.h"

#include "utf8.h"

struct fault_row {
	const char *name;
	const char *text;
};

#define X(ID, NAME, TEXT) [ID] = {NAME, TEXT},
static const struct fault_row fault_rows[] = {JSON_FAULTS(X)};
#undef X

const char *json_fault_name(enum json_fault_code code)
{
	return fault_rows[code].name;
}

const char *json_fault_text(enum json_fault_code code)
{
	return fault_rows[code].text;
}

struct json_place json_place(struct span text, size_t offset)
{
	struct json_place place = {1, 1};

	for (size_t i = 0; i < offset && i < text.len; i++) {
		place.column++;
		if (text.ptr[i] == '\n') {
			place.line++;
			place.column = 1;
		}
	}
	return place;
}

struct span json_content(const struct json_value *value)
{
	return (struct span){value->raw.ptr + 1, value->raw.len - 2};
}

/* Writes CODE (below U+110000) as UTF-8; returns the bytes written. */
static size_t put_utf8(uint32_t code, char out[4])
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | (code >> 6));
		out[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xe0 | (code >> 12));
		out[1] = (char)(0x80 | ((code >> 6) & 0x3f));
		out[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | (code >> 18));
	out[1] = (char)(0x80 | ((code >> 12) & 0x3f));
	out[2] = (char)(0x80 | ((code >> 6) & 0x3f));
	out[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

#define REPLACEMENT 0xfffd

/* S is at `\u`; returns what it stands for and how long it is, or -1 if it is none. */
static int32_t take_unicode(struct span s, size_t *ret_len)
{
	int32_t unit = s.len >= 6 ? utf8_hex4(s.ptr + 2) : -1;

	if (unit < 0)
		return -1;
	if (utf8_is_high_half(unit) && s.len >= 12 && s.ptr[6] == '\\' && s.ptr[7] == 'u') {
		int32_t low = utf8_hex4(s.ptr + 8);

		if (utf8_is_low_half(low)) {
			*ret_len = 12;
			return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
		}
	}
	*ret_len = 6;
	return utf8_is_high_half(unit) || utf8_is_low_half(unit) ? REPLACEMENT : unit;
}

/* One escape or one byte from the front of S into OUT; returns the bytes written, 1 to 4. */
static size_t take_character(struct span *s, char out[4])
{
	static const char meaning[128] = {
		['"'] = '"',
		['\\'] = '\\',
		['/'] = '/',
		['b'] = '\b',
		['f'] = '\f',
		['n'] = '\n',
		['r'] = '\r',
		['t'] = '\t',
	};
	size_t taken = 1;
	size_t written = 1;

	out[0] = s->ptr[0];
	if (s->ptr[0] == '\\' && s->len >= 2) {
		unsigned char second = (unsigned char)s->ptr[1];
		int32_t code = second == 'u' ? take_unicode(*s, &taken) : -1;

		if (code >= 0) {
			written = put_utf8((uint32_t)code, out);
		} else if (second < sizeof(meaning) && meaning[second]) {
			out[0] = meaning[second];
			taken = 2;
		}
	}
	*s = span_of(s->ptr + taken, s->len - taken);
	return written;
}

/* Into OUT, which has room for content.len bytes; returns the bytes written. */
static size_t unescape(struct span content, char *out)
{
	size_t n = 0;

	while (content.len > 0) {
		const char *backslash = memchr(content.ptr, '\\', content.len);
		size_t plain = backslash ? (size_t)(backslash - content.ptr) : content.len;
		char character[4];

		memcpy(out + n, content.ptr, plain);
		n += plain;
		content = span_of(content.ptr + plain, content.len - plain);
		if (content.len > 0) {
			size_t written = take_character(&content, character);

			memcpy(out + n, character, written);
			n += written;
		}
	}
	return n;
}

bool json_is(const struct json_value *value, struct span s)
{
	struct span left = json_content(value);

	if (!value->escaped)
		return span_equal(left, s);
	while (left.len > 0) {
		char character[4];
		size_t n = take_character(&left, character);

		if (n > s.len || memcmp(character, s.ptr, n) != 0)
			return false;
		s = span_of(s.ptr + n, s.len - n);
	}
	return s.len == 0;
}

struct span json_text(const struct json_value *value, struct arena *a)
{
	struct span content = json_content(value);

	if (!value->escaped)
		return content;
	char *copy = arena_alloc(a, content.len);
	if (!copy)
		return SPAN_EMPTY;
	return span_of(copy, unescape(content, copy));
}

void json_unescape(struct span content, struct buf *b)
{
	char *out = buf_reserve(b, content.len);

	if (out)
		buf_commit(b, unescape(content, out));
}

static void escape_unit(struct buf *b, unsigned unit)
{
	static const char hex[] = "0123456789abcdef";
	char out[6] = {'\\', 'u', hex[unit >> 12 & 15], hex[unit >> 8 & 15], hex[unit >> 4 & 15],
		hex[unit & 15]};

	buf_add(b, out, sizeof(out));
}

static void escape_ascii(struct buf *b, char ch)
{
	static const char letter[128] = {
		['"'] = '"',
		['\\'] = '\\',
		['\b'] = 'b',
		['\f'] = 'f',
		['\n'] = 'n',
		['\r'] = 'r',
		['\t'] = 't',
	};
	char out[2] = {'\\', letter[(unsigned char)ch]};

	if (out[1])
		buf_add(b, out, sizeof(out));
	else
		escape_unit(b, (unsigned char)ch);
}

/* Bytes at the front of S that may stand in a string as they are. */
static size_t clean_run(struct span s)
{
	size_t i = 0;

	while (i < s.len) {
		unsigned char ch = (unsigned char)s.ptr[i];

		if (ch < 0x80) {
			if (ch < 0x20 || ch == 0x7f || ch == '"' || ch == '\\')
				break;
			i++;
			continue;
		}
		size_t n = utf8_length(s.ptr + i, s.len - i);
		/* U+2028 and U+2029 end a line in JavaScript and in some log viewers. */
		bool separator = n == 3 && memcmp(s.ptr + i, "\xe2\x80", 2) == 0 &&
				 ((unsigned char)s.ptr[i + 2] & 0xfe) == 0xa8;
		if (n == 0 || separator)
			break;
		i += n;
	}
	return i;
}

void json_escape(struct span text, struct buf *b)
{
	buf_add_char(b, '"');
	while (text.len > 0) {
		size_t plain = clean_run(text);

		buf_add(b, text.ptr, plain);
		text = span_of(text.ptr + plain, text.len - plain);
		if (text.len == 0)
			break;
		size_t n = utf8_length(text.ptr, text.len);
		if (n == 1)
			escape_ascii(b, text.ptr[0]);
		else if (n == 0)
			escape_unit(b, REPLACEMENT);
		else
			escape_unit(b, 0x2000 | ((unsigned char)text.ptr[2] & 0x3f));
		text = span_of(text.ptr + (n ? n : 1), text.len - (n ? n : 1));
	}
	buf_add_char(b, '"');
}
