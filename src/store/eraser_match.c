/* SPDX-License-Identifier: MIT */
/*
 * Whose an entry is. What can be read is judged as a worker would: by the key of its customer, a
 * message by all keys that it names. What cannot be read is theirs if one of their identifiers
 * stands in it, as it is or as a form encodes it; a short one only between quotes.
 */
#include "eraser_impl.h"

#include "codec/job_view.h"
#include "codec/message_json.h"

/* A value of fewer bytes is found in too much else. */
#define NEEDLE_MIN 6

int eraser_match_init(struct eraser_match *m, const struct identity *identity)
{
	static const uint64_t seed[2] = {0x77686f73, 0x653f};

	m->identity = identity;
	map_init(&m->names, seed);
	map_init(&m->jobs, seed);
	arena_init(&m->arena);
	arena_init(&m->entry);
	field_table_init(&m->fields);
	return event_decoder_new(&m->fields, identity, &m->decoder);
}

void eraser_match_release(struct eraser_match *m)
{
	map_release(&m->names);
	map_release(&m->jobs);
	event_decoder_free(m->decoder);
	arena_release(&m->arena);
	arena_release(&m->entry);
}

static int put(struct eraser_match *m, struct map *map, struct span key)
{
	struct span copy;

	if (map_get(map, key))
		return 0;
	copy = arena_copy(&m->arena, key);
	return copy.ptr ? map_put(map, copy, m) : -ENOMEM;
}

int eraser_match_add(struct eraser_match *m, struct span key)
{
	struct span value = arena_copy(&m->arena, identity_value(m->identity, key));

	if (!value.ptr)
		return -ENOMEM;
	if (m->n_needles < ARRAY_SIZE(m->needles) && value.len > 0)
		m->needles[m->n_needles++] = value;
	return put(m, &m->names, key);
}

static bool is_name(const struct eraser_match *m, struct span key)
{
	return key.len > 0 && map_get(&m->names, key) != NULL;
}

/* ---- text --------------------------------------------------------------------------------- */

static bool found_at(struct span text, size_t at, struct span needle)
{
	bool quoted = at > 0 && text.ptr[at - 1] == '"' && at + needle.len < text.len &&
		      text.ptr[at + needle.len] == '"';

	if (needle.len < NEEDLE_MIN && !quoted)
		return false;
	return span_equal_nocase(span_of(text.ptr + at, needle.len), needle);
}

static bool has_needle(const struct eraser_match *m, struct span text)
{
	for (size_t i = 0; i < m->n_needles; i++)
		for (size_t at = 0; at + m->needles[i].len <= text.len; at++)
			if (found_at(text, at, m->needles[i]))
				return true;
	return false;
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *digit = c ? strchr(digits, c) : NULL;

	return digit ? (int)((digit - digits) & 15) : -1;
}

/* What a form, or the path of a URL, encodes so. */
static void add_decoded(struct span text, struct buf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		int high = i + 2 < text.len ? hex_digit(text.ptr[i + 1]) : -1;
		int low = high >= 0 ? hex_digit(text.ptr[i + 2]) : -1;

		if (text.ptr[i] == '%' && low >= 0) {
			buf_add_char(out, (char)(high * 16 + low));
			i += 2;
		} else {
			buf_add_char(out, text.ptr[i]);
		}
	}
}

/* All fields, as they are and decoded. */
static int match_text(struct eraser_match *m, const struct redis_value *fields, enum theirs *ret)
{
	_cleanup_(buf_release) struct buf decoded = BUF_INIT;

	for (size_t i = 1; i < fields->n_items; i += 2) {
		struct span text = fields->items[i].text;

		buf_reset(&decoded);
		add_decoded(text, &decoded);
		if (buf_failed(&decoded) < 0)
			return -ENOMEM;
		if (has_needle(m, text) || has_needle(m, buf_span(&decoded)))
			*ret = THEIRS_EVENT;
	}
	return 0;
}

/* ---- entries ------------------------------------------------------------------------------ */

static struct span field_of(const struct redis_value *fields, const char *name)
{
	for (size_t i = 0; i + 1 < fields->n_items; i += 2)
		if (span_is(fields->items[i].text, name))
			return fields->items[i + 1].text;
	return SPAN_EMPTY;
}

/* True: M is about one of them. */
static bool names_one(const struct eraser_match *e, const struct message *m)
{
	if (is_name(e, m->to) || is_name(e, m->of) || is_name(e, m->other))
		return true;
	for (size_t i = 0; i < m->n_path; i++)
		if (is_name(e, m->path[i].key))
			return true;
	return false;
}

/* 0, 1: it cannot be read, or -ENOMEM. */
static int match_event(
	struct eraser_match *m, struct span event, struct span meta, bool *ret_theirs)
{
	struct event_fault fault;
	struct event_origin origin = {.id = {1, 0}};
	struct log_meta lm;
	struct event ev;
	int r;

	if (log_meta_parse(meta, &lm) != 0)
		return 1;
	origin.source = lm.source;
	origin.channel = lm.channel;
	origin.has_type = lm.has_type;
	origin.type = lm.type;
	origin.recv_at = lm.recv_at;
	origin.sent_at = lm.sent_at;
	origin.context = lm.context;
	r = event_decode(m->decoder, event, &origin, &m->entry, &ev, &fault);
	if (r == 0)
		*ret_theirs = is_name(m, ev.customer);
	return r;
}

int eraser_match_entry(
	struct eraser_match *m, const struct redis_value *fields, enum theirs *ret_theirs)
{
	struct span event = field_of(fields, "e"), head = field_of(fields, "x");
	struct message *message;
	bool theirs = false;
	int r;

	*ret_theirs = THEIRS_NOT;
	arena_reset(&m->entry);
	if (field_of(fields, "w").len > 0 && event.len == 0)
		return 0; /* a watermark */
	if (head.len > 0) {
		message = arena_calloc(&m->entry, 1, sizeof(*message));
		r = message ? message_parse(head, &m->entry, message) : -ENOMEM;
		if (r < 0)
			return r;
		if (r == 0) {
			*ret_theirs = names_one(m, message) ? THEIRS_MESSAGE : THEIRS_NOT;
			return 0;
		}
	}
	r = event.len > 0 ? match_event(m, event, field_of(fields, "m"), &theirs) : 1;
	if (r == 0)
		*ret_theirs = theirs ? THEIRS_EVENT : THEIRS_NOT;
	return r > 0 ? match_text(m, fields, ret_theirs) : r;
}

int eraser_match_job(struct eraser_match *m, const struct redis_value *fields, struct span *ret_job)
{
	struct span id = field_of(fields, "id"), json = field_of(fields, "j");
	struct job_view v;
	int r;

	*ret_job = SPAN_EMPTY;
	arena_reset(&m->entry);
	if (json.len > 0) {
		r = job_view_read(json, &m->entry, &v);
		if (r < 0)
			return r;
		if (r == 0 && (is_name(m, v.customer) || is_name(m, v.whose))) {
			r = put(m, &m->jobs, id);
			*ret_job = id;
		}
		return r < 0 ? r : 0;
	}
	if (map_get(&m->jobs, id))
		*ret_job = id;
	return 0;
}
