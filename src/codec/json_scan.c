/* SPDX-License-Identifier: MIT */
/*
 * The scanner. Three things make it fast: text is passed sixteen bytes at a time until a byte needs
 * thought (quote, backslash, control, beyond ASCII: two comparisons and a mask of SSE2), containers
 * are kept as one closing byte per level instead of calls, and nothing is written but the position
 * until something is wrong.
 *
 * Internal functions take a position and return the position behind what they passed, or NULL
 * with the fault noted. None of them reads at or beyond `end`.
 */
#include "codec/json_scan.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "utf8.h"

static const char *fail(struct json_cursor *c, enum json_fault_code code, const char *p)
{
	c->fault.code = code;
	c->fault.offset = (size_t)(p - c->start);
	c->at = p;
	return NULL;
}

static void note_text(struct json_cursor *c, enum json_fault_code code, const char *p)
{
	if (c->text.code != JSON_SOUND)
		return;
	c->text.code = code;
	c->text.offset = (size_t)(p - c->start);
}

static bool is_plain(char ch)
{
	unsigned char b = (unsigned char)ch;

	return b >= 0x20 && b < 0x80 && b != '"' && b != '\\';
}

/* Passes bytes of a string that mean themselves. */
static inline const char *scan_plain(const char *p, const char *end)
{
#ifdef __SSE2__
	const __m128i quote = _mm_set1_epi8('"');
	const __m128i backslash = _mm_set1_epi8('\\');
	const __m128i blank = _mm_set1_epi8(' ');

	for (; end - p >= 16; p += 16) {
		__m128i x;

		memcpy(&x, p, sizeof(x));
		/* Compared as signed bytes, less than a blank is control or beyond ASCII. */
		__m128i hit = _mm_or_si128(_mm_cmplt_epi8(x, blank),
			_mm_or_si128(_mm_cmpeq_epi8(x, quote), _mm_cmpeq_epi8(x, backslash)));
		int mask = _mm_movemask_epi8(hit);

		if (mask)
			return p + __builtin_ctz((unsigned)mask);
	}
#endif
	while (p < end && is_plain(*p))
		p++;
	return p;
}

static inline bool is_blank(char ch)
{
	return ch == ' ' || ch == '\n' || ch == '\t' || ch == '\r';
}

/* The next byte that is no blank; there must be one. */
static inline const char *scan_blanks(struct json_cursor *c, const char *p)
{
	while (p < c->end && is_blank(*p))
		p++;
	return p < c->end ? p : fail(c, JSON_CUT, p);
}

/* P is at `\u`. A pair of surrogates is one escape. */
static const char *scan_unicode_escape(struct json_cursor *c, const char *p)
{
	if (c->end - p < 6)
		return fail(c, JSON_BAD_ESCAPE, p);
	int32_t unit = utf8_hex4(p + 2);
	if (unit < 0)
		return fail(c, JSON_BAD_ESCAPE, p);
	if (unit == 0)
		note_text(c, JSON_TEXT_NUL, p);
	if (utf8_is_high_half(unit) && c->end - p >= 12 && p[6] == '\\' && p[7] == 'u' &&
		utf8_is_low_half(utf8_hex4(p + 8)))
		return p + 12;
	if (utf8_is_high_half(unit) || utf8_is_low_half(unit))
		note_text(c, JSON_TEXT_SURROGATE, p);
	return p + 6;
}

/* P is at a backslash. */
static const char *scan_escape(struct json_cursor *c, const char *p)
{
	if (c->end - p < 2)
		return fail(c, JSON_CUT, c->end);
	switch (p[1]) {
	case '"':
	case '\\':
	case '/':
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't':
		return p + 2;
	case 'u':
		return scan_unicode_escape(c, p);
	default:
		return fail(c, JSON_BAD_ESCAPE, p);
	}
}

/*
 * P is at a byte beyond ASCII. Of what is not UTF-8 only one byte is passed, so that a stray lead
 * byte cannot swallow the closing quote: where a string ends never depends on its text.
 */
static const char *scan_beyond_ascii(struct json_cursor *c, const char *p)
{
	while (p < c->end && (unsigned char)*p >= 0x80) {
		size_t n = utf8_length(p, (size_t)(c->end - p));

		if (n == 0)
			note_text(c, JSON_TEXT_UTF8, p);
		p += n ? n : 1;
	}
	return p;
}

/* P is behind the opening quote. */
static inline const char *scan_string(struct json_cursor *c, const char *p, bool *ret_escaped)
{
	bool escaped = false;

	for (;;) {
		p = scan_plain(p, c->end);
		if (p == c->end)
			return fail(c, JSON_CUT, p);
		if (*p == '"')
			break;
		if (*p == '\\') {
			escaped = true;
			p = scan_escape(c, p);
			if (!p)
				return NULL;
		} else if ((unsigned char)*p < 0x20) {
			return fail(c, JSON_CONTROL, p);
		} else {
			p = scan_beyond_ascii(c, p);
		}
	}
	*ret_escaped = escaped;
	return p + 1;
}

static inline bool is_digit(char ch)
{
	return ch >= '0' && ch <= '9';
}

/* At least one digit. */
static const char *scan_digits(struct json_cursor *c, const char *p)
{
	if (p == c->end || !is_digit(*p))
		return fail(c, JSON_BAD_NUMBER, p);
	do
		p++;
	while (p < c->end && is_digit(*p));
	return p;
}

static const char *scan_number(struct json_cursor *c, const char *p)
{
	if (*p == '-')
		p++;
	if (p < c->end && *p == '0')
		p++;
	else
		p = scan_digits(c, p);
	if (p && p < c->end && *p == '.')
		p = scan_digits(c, p + 1);
	if (p && p < c->end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < c->end && (*p == '+' || *p == '-'))
			p++;
		p = scan_digits(c, p);
	}
	return p;
}

static const char *scan_literal(struct json_cursor *c, const char *p, struct span word)
{
	size_t left = (size_t)(c->end - p);

	if (left < word.len || memcmp(p, word.ptr, word.len) != 0)
		return fail(c, JSON_BAD_LITERAL, p);
	return p + word.len;
}

/* A value that is no container. */
static inline const char *scan_scalar(struct json_cursor *c, const char *p, bool *ret_escaped)
{
	switch (*p) {
	case '"':
		return scan_string(c, p + 1, ret_escaped);
	case 't':
		return scan_literal(c, p, SPAN_LIT("true"));
	case 'f':
		return scan_literal(c, p, SPAN_LIT("false"));
	case 'n':
		return scan_literal(c, p, SPAN_LIT("null"));
	default:
		if (*p != '-' && !is_digit(*p))
			return fail(c, JSON_UNEXPECTED, p);
		return scan_number(c, p);
	}
}

/* P is where a key must begin; returns where its value begins. */
static inline const char *scan_key(struct json_cursor *c, const char *p)
{
	bool escaped;

	if (*p != '"')
		return fail(c, JSON_UNEXPECTED, p);
	p = scan_string(c, p + 1, &escaped);
	if (p)
		p = scan_blanks(c, p);
	if (!p)
		return NULL;
	if (*p != ':')
		return fail(c, JSON_UNEXPECTED, p);
	return scan_blanks(c, p + 1);
}

/* Counts one more level that is open at P. */
static inline bool enter(struct json_cursor *c, size_t level, const char *p)
{
	if (level > c->depth_soft)
		note_text(c, JSON_DEEP, p);
	return level <= JSON_DEPTH_MAX || fail(c, JSON_NESTING, p);
}

static inline char closing(char opening)
{
	return opening == '{' ? '}' : ']';
}

/*
 * P is at `{` or `[`. Each turn of the loop passes one value, or the opening of a container, and
 * then as many closings as follow; `close[n]` is what ends the n-th open container.
 */
static const char *scan_container(struct json_cursor *c, const char *p)
{
	char close[JSON_DEPTH_MAX + 1];
	size_t level = 0;
	bool escaped;

	for (;;) {
		if (*p == '{' || *p == '[') {
			level++;
			if (!enter(c, c->depth + level, p))
				return NULL;
			close[level] = closing(*p);
			p = scan_blanks(c, p + 1);
			if (!p)
				return NULL;
			if (*p != close[level]) {
				if (close[level] == '}')
					p = scan_key(c, p);
				if (!p)
					return NULL;
				continue;
			}
		} else {
			p = scan_scalar(c, p, &escaped);
			if (p)
				p = scan_blanks(c, p);
			if (!p)
				return NULL;
		}
		while (*p == close[level]) {
			p++;
			if (--level == 0)
				return p;
			p = scan_blanks(c, p);
			if (!p)
				return NULL;
		}
		if (*p != ',')
			return fail(c, JSON_UNEXPECTED, p);
		p = scan_blanks(c, p + 1);
		if (p && close[level] == '}')
			p = scan_key(c, p);
		if (!p)
			return NULL;
	}
}

void json_cursor_init(struct json_cursor *c, struct span text)
{
	*c = (struct json_cursor){.depth_soft = JSON_DEPTH_MAX};
	c->start = text.ptr ? text.ptr : "";
	c->at = c->start;
	c->end = c->start + text.len;
}

static enum json_type type_of(char first)
{
	switch (first) {
	case '{':
		return JSON_TYPE_OBJECT;
	case '[':
		return JSON_TYPE_ARRAY;
	case '"':
		return JSON_TYPE_STRING;
	case 't':
		return JSON_TYPE_TRUE;
	case 'f':
		return JSON_TYPE_FALSE;
	case 'n':
		return JSON_TYPE_NULL;
	default:
		return first == '-' || is_digit(first) ? JSON_TYPE_NUMBER : JSON_TYPE_ABSENT;
	}
}

enum json_type json_peek(struct json_cursor *c)
{
	while (c->at < c->end && is_blank(*c->at))
		c->at++;
	return c->at < c->end ? type_of(*c->at) : JSON_TYPE_ABSENT;
}

int json_value(struct json_cursor *c, struct json_value *ret_value)
{
	const char *first = scan_blanks(c, c->at);
	bool escaped = false;
	const char *p;

	if (!first)
		return JSON_MALFORMED;
	if (*first == '{' || *first == '[')
		p = scan_container(c, first);
	else
		p = scan_scalar(c, first, &escaped);
	if (!p)
		return JSON_MALFORMED;
	c->at = p;
	c->fresh = false;
	*ret_value = (struct json_value){{first, (size_t)(p - first)}, type_of(*first), escaped};
	return 0;
}

static int container_open(struct json_cursor *c, char opening)
{
	const char *p = scan_blanks(c, c->at);

	if (!p)
		return JSON_MALFORMED;
	if (*p != opening) {
		fail(c, JSON_UNEXPECTED, p);
		return JSON_MALFORMED;
	}
	if (!enter(c, c->depth + 1, p))
		return JSON_MALFORMED;
	c->depth++;
	c->fresh = true;
	c->at = p + 1;
	return 0;
}

/* Moves to what follows the comma, or out of the container that CLOSE ends. */
static int container_next(struct json_cursor *c, char close)
{
	const char *p = scan_blanks(c, c->at);

	if (!p)
		return JSON_MALFORMED;
	if (*p == close) {
		c->depth--;
		c->fresh = false;
		c->at = p + 1;
		return JSON_END;
	}
	if (!c->fresh) {
		if (*p != ',') {
			fail(c, JSON_UNEXPECTED, p);
			return JSON_MALFORMED;
		}
		p = scan_blanks(c, p + 1);
		if (!p)
			return JSON_MALFORMED;
	}
	c->at = p;
	return 0;
}

int json_object_open(struct json_cursor *c)
{
	return container_open(c, '{');
}

int json_object_key(struct json_cursor *c, struct json_value *ret_key)
{
	int r = container_next(c, '}');
	const char *first = c->at;
	bool escaped;

	if (r)
		return r;
	if (*first != '"') {
		fail(c, JSON_UNEXPECTED, first);
		return JSON_MALFORMED;
	}
	const char *behind = scan_string(c, first + 1, &escaped);
	const char *p = behind ? scan_blanks(c, behind) : NULL;
	if (!p)
		return JSON_MALFORMED;
	if (*p != ':') {
		fail(c, JSON_UNEXPECTED, p);
		return JSON_MALFORMED;
	}
	c->at = p + 1;
	*ret_key =
		(struct json_value){{first, (size_t)(behind - first)}, JSON_TYPE_STRING, escaped};
	return 0;
}

int json_array_open(struct json_cursor *c)
{
	return container_open(c, '[');
}

int json_array_next(struct json_cursor *c)
{
	return container_next(c, ']');
}

size_t json_count(const struct json_value *container, size_t max)
{
	bool object = container->type == JSON_TYPE_OBJECT;
	struct json_value key, item;
	struct json_cursor c;
	size_t n = 0;

	json_cursor_init(&c, container->raw);
	(void)(object ? json_object_open(&c) : json_array_open(&c));
	while (n < max && (object ? json_object_key(&c, &key) : json_array_next(&c)) == 0 &&
		json_value(&c, &item) == 0)
		n++;
	return n;
}

int json_finish(struct json_cursor *c)
{
	while (c->at < c->end && is_blank(*c->at))
		c->at++;
	if (c->at == c->end)
		return 0;
	fail(c, JSON_TRAILING, c->at);
	return JSON_MALFORMED;
}

bool json_valid(struct span text, struct json_fault *ret_fault)
{
	struct json_cursor c;
	struct json_value value;

	json_cursor_init(&c, text);
	if (json_value(&c, &value) != 0 || json_finish(&c) != 0) {
		*ret_fault = c.fault;
		return false;
	}
	if (c.text.code != JSON_SOUND) {
		*ret_fault = c.text;
		return false;
	}
	return true;
}

/* ---- bytes that may be no JSON ------------------------------------------------------------ */

size_t json_scalar_len(struct span json)
{
	size_t n = 1;

	if (json.ptr[0] == '"') {
		while (n < json.len && json.ptr[n] != '"')
			n += json.ptr[n] == '\\' ? 2 : 1;
		return n < json.len ? n + 1 : json.len;
	}
	if (json.ptr[0] != '-' && (json.ptr[0] < '0' || json.ptr[0] > '9'))
		return 0;
	while (n < json.len && strchr("0123456789+-.eE", json.ptr[n]) && json.ptr[n])
		n++;
	return n;
}

bool json_is_key(struct span json, size_t len)
{
	while (len < json.len && strchr(" \t\r\n", json.ptr[len]) && json.ptr[len])
		len++;
	return json.ptr[0] == '"' && len < json.len && json.ptr[len] == ':';
}
