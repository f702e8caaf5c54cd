/* SPDX-License-Identifier: MIT */
/* Written by ours, read by ours, but it comes from a database, so it is read like anything else. */
#include "codec/rule_set_json.h"

#include "base/hash.h"

#include "json_out.h"

static void out_sources(
	struct json_out *o, const char *key, const struct rule_source *list, size_t n)
{
	json_out_open(o, key, '[');
	for (size_t i = 0; i < n; i++) {
		json_out_open(o, NULL, '{');
		json_out_text(o, "file", span_str(list[i].file));
		json_out_text(o, "text", list[i].text);
		json_out_close(o, '}');
	}
	json_out_close(o, ']');
}

int rule_set_write(const struct rule_set_parts *p, struct buf *out)
{
	struct json_out o = {.buf = out};
	size_t before = out->len;

	if (p->n_files > RULE_SET_PARTS_MAX || p->n_retired > RULE_SET_PARTS_MAX)
		return -EMSGSIZE;
	json_out_open(&o, NULL, '{');
	json_out_number(&o, "format", 1);
	json_out_text(&o, "zone", p->zone);
	out_sources(&o, "files", p->files, p->n_files);
	out_sources(&o, "retired", p->retired, p->n_retired);
	json_out_close(&o, '}');
	if (buf_failed(out) < 0)
		return -ENOMEM;
	return out->len - before > RULE_SET_TEXT_MAX ? -EMSGSIZE : 0;
}

uint64_t rule_set_digest(struct span text)
{
	static const uint64_t seed[2] = {0x7761796d61726b20, 0x7365747320202020};
	uint64_t digest = siphash24(seed, text);

	return digest ? digest : 1;
}

struct set_reader {
	struct json_cursor cursor;
	struct arena *arena;
	bool bad, no_memory;
};

static struct span get_text(struct set_reader *r)
{
	struct json_value value;
	struct span text;

	if (json_value(&r->cursor, &value) != 0 || value.type != JSON_TYPE_STRING) {
		r->bad = true;
		return SPAN_EMPTY;
	}
	text = json_text(&value, r->arena);
	if (value.raw.len > 2 && !text.ptr)
		r->no_memory = true;
	return text;
}

static bool next_key(struct set_reader *r, struct json_value *ret_key)
{
	int end = r->bad || r->no_memory ? JSON_END : json_object_key(&r->cursor, ret_key);

	if (end != 0 && end != JSON_END)
		r->bad = true;
	return end == 0;
}

static void get_source(struct set_reader *r, struct rule_source *ret_source)
{
	struct json_value key;
	struct span file;

	*ret_source = (struct rule_source){"", SPAN_EMPTY};
	if (json_object_open(&r->cursor) != 0)
		r->bad = true;
	while (next_key(r, &key)) {
		if (json_is(&key, SPAN_LIT("file"))) {
			file = get_text(r);
			file = arena_copy(r->arena, file.len ? file : SPAN_LIT("?"));
			if (file.ptr)
				ret_source->file = file.ptr;
			else
				r->no_memory = true;
		} else if (json_is(&key, SPAN_LIT("text"))) {
			ret_source->text = get_text(r);
		} else {
			r->bad = true;
		}
	}
}

static struct rule_source *get_sources(struct set_reader *r, size_t *ret_n)
{
	struct rule_source *list =
		arena_calloc(r->arena, RULE_SET_PARTS_MAX, sizeof(struct rule_source));
	size_t n = 0;
	int end = 0;

	if (!list) {
		r->no_memory = true;
		return NULL;
	}
	if (json_array_open(&r->cursor) != 0)
		r->bad = true;
	while (!r->bad && !r->no_memory && (end = json_array_next(&r->cursor)) == 0) {
		if (n == RULE_SET_PARTS_MAX)
			r->bad = true;
		else
			get_source(r, &list[n++]);
	}
	if (end != 0 && end != JSON_END)
		r->bad = true;
	*ret_n = n;
	return list;
}

static void get_member(struct set_reader *r, const struct json_value *key, struct rule_set_parts *p)
{
	struct json_value value;

	if (json_is(key, SPAN_LIT("zone"))) {
		p->zone = get_text(r);
	} else if (json_is(key, SPAN_LIT("files"))) {
		p->files = get_sources(r, &p->n_files);
	} else if (json_is(key, SPAN_LIT("retired"))) {
		p->retired = get_sources(r, &p->n_retired);
	} else if (json_is(key, SPAN_LIT("format"))) {
		r->bad = json_value(&r->cursor, &value) != 0 || !span_is(value.raw, "1");
	} else {
		r->bad = true;
	}
}

int rule_set_read(struct span text, struct arena *arena, struct rule_set_parts *ret_p)
{
	struct set_reader r = {.arena = arena};
	struct rule_set_parts p = {.zone = SPAN_EMPTY};
	struct json_fault fault;
	struct json_value key;

	if (text.len > RULE_SET_TEXT_MAX || !json_valid(text, &fault))
		return RULE_SET_BAD;
	json_cursor_init(&r.cursor, text);
	if (json_object_open(&r.cursor) != 0)
		return RULE_SET_BAD;
	while (next_key(&r, &key))
		get_member(&r, &key, &p);
	if (r.no_memory)
		return -ENOMEM;
	if (r.bad || p.zone.len == 0 || !p.files)
		return RULE_SET_BAD;
	*ret_p = p;
	return 0;
}
