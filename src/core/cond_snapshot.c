/* SPDX-License-Identifier: MIT */
/*
 * What an instance kept of the event that armed it, `ctx.NAME`: JSON members without the braces
 * (`"total":19.99,"name":"x"`), written by the engine from values that were read as JSON before. So
 * this is no reader of strange text: what it does not understand is missing.
 *
 * A text with escapes is written out to the run's own room, at the place where it stands in the
 * snapshot: it never grows by that, and reading it twice writes the same bytes.
 */
#include "cond_run.h"

/* The end of the value that begins at P: the comma behind it, or END. */
static const char *value_end(const char *p, const char *end)
{
	bool quoted = false;
	size_t depth = 0;

	for (; p < end; p++) {
		if (quoted) {
			quoted = *p != '"';
			p += *p == '\\' && p + 1 < end;
		} else if (*p == '"') {
			quoted = true;
		} else if (*p == '{' || *p == '[') {
			depth++;
		} else if (*p == '}' || *p == ']') {
			depth--;
		} else if (*p == ',' && depth == 0) {
			break;
		}
	}
	return p;
}

/* The raw value of member NAME of DATA; empty if there is none. */
static struct span find_member(struct span data, struct span name)
{
	const char *p = data.ptr, *end = data.ptr + data.len;

	while (p < end) {
		const char *next = value_end(p, end);
		struct span member = span_of(p, (size_t)(next - p));

		/* "name":value; names of a snapshot have no escapes. */
		if (member.len > name.len + 3 && member.ptr[0] == '"' &&
			span_equal(span_of(member.ptr + 1, name.len), name) &&
			memcmp(member.ptr + 1 + name.len, "\":", 2) == 0)
			return span_of(member.ptr + name.len + 3, member.len - name.len - 3);
		p = next + (next < end);
	}
	return SPAN_EMPTY;
}

struct span snapshot_text(struct span data, struct span name)
{
	struct span raw = find_member(data, name);

	return raw.len >= 2 && raw.ptr[0] == '"' ? span_of(raw.ptr + 1, raw.len - 2) : raw;
}

/* Four hex digits, or -1. */
static int32_t read_unit(const char *p, const char *end)
{
	int32_t unit = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = p[i];

		if (c >= '0' && c <= '9')
			unit = unit * 16 + (c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			unit = unit * 16 + ((c | 0x20) - 'a' + 10);
		else
			return -1;
	}
	return unit;
}

static char *put_utf8(char *out, int32_t c)
{
	if (c < 0x80) {
		*out++ = (char)c;
	} else if (c < 0x800) {
		*out++ = (char)(0xc0 | (c >> 6));
		*out++ = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*out++ = (char)(0xe0 | (c >> 12));
		*out++ = (char)(0x80 | ((c >> 6) & 0x3f));
		*out++ = (char)(0x80 | (c & 0x3f));
	} else {
		*out++ = (char)(0xf0 | (c >> 18));
		*out++ = (char)(0x80 | ((c >> 12) & 0x3f));
		*out++ = (char)(0x80 | ((c >> 6) & 0x3f));
		*out++ = (char)(0x80 | (c & 0x3f));
	}
	return out;
}

/* Reads \uXXXX (and its second half) at *p, behind the u; half a pair is U+FFFD. */
static int32_t read_character(const char **p, const char *end)
{
	int32_t high = read_unit(*p, end), low;

	*p += high < 0 ? 0 : 4;
	if (high < 0xd800 || high > 0xdfff)
		return high < 0 ? 0xfffd : high;
	if (high > 0xdbff || end - *p < 6 || (*p)[0] != '\\' || (*p)[1] != 'u')
		return 0xfffd;
	low = read_unit(*p + 2, end);
	if (low < 0xdc00 || low > 0xdfff)
		return 0xfffd;
	*p += 6;
	return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

/* CONTENT is what stands between the quotes; OUT has room for as many bytes. */
static struct span unescape(struct span content, char *out)
{
	static const char letters[] = "bfnrt", meant[] = "\b\f\n\r\t";
	const char *p = content.ptr, *end = content.ptr + content.len;
	char *at = out;

	while (p < end) {
		const char *letter;

		if (*p != '\\' || p + 1 == end) {
			*at++ = *p++;
			continue;
		}
		p += 2;
		letter = memchr(letters, p[-1], sizeof(letters) - 1);
		if (p[-1] == 'u')
			at = put_utf8(at, read_character(&p, end));
		else
			*at++ = (char)(letter ? meant[letter - letters] : p[-1]);
	}
	return span_of(out, (size_t)(at - out));
}

struct value cond_snapshot(struct cond_run *run, const struct cond_node *node)
{
	const struct instance *i = run->scope->instance;
	struct span data = i ? text_span(i->data) : SPAN_EMPTY;
	struct span raw = find_member(data, node->name);
	struct value value = {.type = VALUE_OTHER, .raw = raw};

	if (raw.len == 0 || data.len > sizeof(run->texts))
		return cond_missing;
	if (raw.ptr[0] == '"' && raw.len >= 2) {
		value.type = VALUE_STRING;
		value.text = span_of(raw.ptr + 1, raw.len - 2);
		if (memchr(value.text.ptr, '\\', value.text.len))
			value.text = unescape(value.text, run->texts + (value.text.ptr - data.ptr));
		value_mark_amount(&value, node->name);
	} else if (decimal_parse(raw, &value.number) == 0) {
		value.type = VALUE_NUMBER;
	} else if (span_is(raw, "true") || span_is(raw, "false")) {
		value.type = raw.len == 4 ? VALUE_TRUE : VALUE_FALSE;
	} else if (span_is(raw, "null")) {
		value.type = VALUE_NULL;
	}
	return value;
}
