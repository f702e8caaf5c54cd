/* SPDX-License-Identifier: MIT */
/*
 * libinih reads lines through a function of ours, which is where they are counted and judged: the
 * library itself knows the number of a line only when it fails, and its room for lines and names
 * is fixed when it is compiled.
 */
#include "codec/config.h"

#include <ini.h>

#include "base/arena.h"
#include "base/map.h"

struct config_reader {
	struct span rest; /* lines not read yet */
	unsigned line;
	config_entry_fn *entry;
	void *user;
	struct config_fault *fault;
	int result; /* not 0: stop */
	struct arena arena;
	struct map seen; /* section NUL key */
};

static void fail(struct config_reader *r, const char *why)
{
	r->result = CONFIG_BAD;
	r->fault->line = r->line;
	(void)snprintf(r->fault->text, sizeof(r->fault->text), "%s", why);
}

static bool is_comment(struct span line)
{
	return line.len == 0 || line.ptr[0] == ';' || line.ptr[0] == '#';
}

static size_t length_until(struct span line, char a, char b)
{
	size_t n = 0;

	while (n < line.len && line.ptr[n] != a && line.ptr[n] != b)
		n++;
	return n;
}

/* What is wrong with LINE; NULL if nothing. */
static const char *judge(struct span line)
{
	struct span bare = span_trim(line);
	size_t name;

	if (line.len > CONFIG_LINE_MAX)
		return "this line has more than 198 bytes; write a shorter one";
	for (size_t i = 0; i < line.len; i++)
		if (((unsigned char)line.ptr[i] < 0x20 && line.ptr[i] != '\t') ||
			line.ptr[i] == 0x7f)
			return "this line holds a control character";
	if (is_comment(bare))
		return NULL;
	if (bare.ptr != line.ptr)
		return "this line begins with a blank; entries and sections begin at its start";
	if (bare.ptr[0] == '[') {
		name = length_until(bare, ']', ']');
		if (name == bare.len)
			return "the name of the section is not closed; write [name]";
		/* The opening bracket is counted. */
		return name <= 1 || name > CONFIG_NAME_MAX + 1
			       ? "the name of a section has 1 to 48 bytes"
			       : NULL;
	}
	name = length_until(bare, '=', ':');
	if (name == bare.len)
		return "this is neither a [section] nor `key = value`";
	name = span_trim(span_of(bare.ptr, name)).len;
	return name == 0 || name > CONFIG_NAME_MAX ? "the name of a key has 1 to 48 bytes" : NULL;
}

/* For libinih: the next line with its end, or NULL. */
static char *next_line(char *out, int room, void *stream)
{
	struct config_reader *r = stream;
	struct span line = r->rest;
	const char *end, *why;

	if (r->result != 0 || r->rest.len == 0)
		return NULL;
	end = memchr(line.ptr, '\n', line.len);
	if (end)
		line.len = (size_t)(end - line.ptr);
	r->rest.ptr += line.len + (end ? 1 : 0);
	r->rest.len -= line.len + (end ? 1 : 0);
	r->line++;
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	why = judge(line);
	if (!why && (room < 2 || line.len > (size_t)room - 2))
		why = "this line is too long";
	if (why) {
		fail(r, why);
		return NULL;
	}
	memcpy(out, line.ptr, line.len);
	out[line.len] = '\n';
	out[line.len + 1] = '\0';
	return out;
}

/* Notes SECTION and KEY; false if they stood before, or when out of memory. */
static bool note(struct config_reader *r, struct span section, struct span key)
{
	char name[2 * (CONFIG_NAME_MAX + 1)];
	struct span kept;
	size_t len = section.len + 1 + key.len;

	assert(len <= sizeof(name));
	memcpy(name, section.ptr, section.len);
	name[section.len] = '\0';
	memcpy(name + section.len + 1, key.ptr, key.len);
	if (map_get(&r->seen, span_of(name, len))) {
		fail(r, "this key stood before in the same section; leave one of them out");
		return false;
	}
	kept = arena_copy(&r->arena, span_of(name, len));
	if (!kept.ptr || map_put(&r->seen, kept, r) < 0) {
		r->result = -ENOMEM;
		return false;
	}
	return true;
}

/* For libinih: 1 is success. */
static int take_entry(void *user, const char *section, const char *key, const char *value)
{
	struct config_reader *r = user;
	struct config_entry entry = {span_str(section), span_str(key), span_str(value), r->line};

	if (r->result != 0 || !note(r, entry.section, entry.key))
		return 0;
	r->result = r->entry(r->user, &entry);
	return r->result == 0;
}

static void reader_release(struct config_reader *r)
{
	map_release(&r->seen);
	arena_release(&r->arena);
}

int config_read(
	struct span text, config_entry_fn *entry, void *user, struct config_fault *ret_fault)
{
	static const uint64_t seed[2] = {0, 0};
	_cleanup_(reader_release) struct config_reader r = {
		.rest = text, .entry = entry, .user = user, .fault = ret_fault};
	int result;

	if (span_starts(text, SPAN_LIT("\xef\xbb\xbf"))) /* a byte order mark says nothing */
		r.rest = span_of(text.ptr + 3, text.len - 3);
	arena_init(&r.arena);
	map_init(&r.seen, seed);
	result = ini_parse_stream(next_line, &r, take_entry, &r);
	if (r.result == 0 && result != 0) {
		if (result < 0)
			return -ENOMEM;
		r.line = (unsigned)result;
		fail(&r, "this is neither a [section] nor `key = value`");
	}
	return r.result;
}
