/* SPDX-License-Identifier: MIT */
#include "ini_edit.h"

/* Takes a line off *text, without its end. */
static struct span take_line(struct span *text)
{
	const char *end = memchr(text->ptr, '\n', text->len);
	size_t n = end ? (size_t)(end - text->ptr) : text->len;
	struct span line = span_of(text->ptr, n);

	n += end ? 1 : 0;
	*text = span_of(text->ptr + n, text->len - n);
	return line;
}

static struct span trim_line(struct span line)
{
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	return span_trim(line);
}

/* Is LINE `[NAME]`, whichever? Its name in that case, else *in stays. */
static void follow_section(struct span line, struct span section, bool *in)
{
	const char *end;

	line = trim_line(line);
	if (line.len < 2 || line.ptr[0] != '[')
		return;
	end = memchr(line.ptr, ']', line.len);
	*in = end &&
	      span_equal(span_trim(span_of(line.ptr + 1, (size_t)(end - line.ptr) - 1)), section);
}

/* The value in LINE if its key is KEY; ptr is NULL if not. */
static struct span value_of(struct span line, struct span key)
{
	struct span value;
	size_t name = 0;

	line = trim_line(line);
	if (line.len == 0 || line.ptr[0] == ';' || line.ptr[0] == '#')
		return SPAN_EMPTY;
	while (name < line.len && line.ptr[name] != '=' && line.ptr[name] != ':')
		name++;
	if (name == line.len || !span_equal(span_trim(span_of(line.ptr, name)), key))
		return SPAN_EMPTY;
	value = span_of(line.ptr + name + 1, line.len - name - 1);
	for (size_t i = 1; i < value.len; i++)
		if (value.ptr[i] == ';' && (value.ptr[i - 1] == ' ' || value.ptr[i - 1] == '\t'))
			value.len = i;
	return span_trim(value);
}

struct span ini_get(struct span text, struct span section, struct span key)
{
	bool in = false;

	while (text.len > 0) {
		struct span line = take_line(&text), value;

		follow_section(line, section, &in);
		value = in ? value_of(line, key) : SPAN_EMPTY;
		if (value.ptr)
			return value;
	}
	return SPAN_EMPTY;
}

static void add_entry(struct buf *out, struct span key, struct span value)
{
	buf_add_span(out, key);
	buf_add_str(out, " = ");
	buf_add_span(out, value);
	buf_add_char(out, '\n');
}

int ini_set(
	struct span text, struct span section, struct span key, struct span value, struct buf *out)
{
	bool there = ini_get(text, section, key).ptr != NULL, done = false, in = false;

	while (text.len > 0) {
		struct span line = take_line(&text);
		bool before = in;

		follow_section(line, section, &in);
		if (in && !done && there && value_of(line, key).ptr) {
			add_entry(out, key, value);
			done = true;
			continue;
		}
		buf_add_span(out, line);
		buf_add_char(out, '\n');
		if (in && !before && !there && !done) {
			add_entry(out, key, value);
			done = true;
		}
	}
	if (!done) {
		buf_add_str(out, "\n[");
		buf_add_span(out, section);
		buf_add_str(out, "]\n");
		add_entry(out, key, value);
	}
	return buf_failed(out);
}

int ini_unset(struct span text, struct span section, struct span key, struct buf *out)
{
	bool in = false;

	while (text.len > 0) {
		struct span before = text, line = take_line(&text);

		follow_section(line, section, &in);
		if (!in || !value_of(line, key).ptr)
			buf_add(out, before.ptr, before.len - text.len);
	}
	return buf_failed(out);
}
