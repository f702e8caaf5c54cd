/* SPDX-License-Identifier: MIT */
/*
 * Whose an entry is. What can be read is judged as a worker would: by the key of its customer, a
 * message by all keys that it names. What cannot be read is theirs if one of their identifiers
 * stands in it (codec/scrub.h), whichever of however many.
 */
#include "eraser_impl.h"

#include "codec/job_view.h"
#include "codec/message_json.h"

static int knows(void *user, struct span key, bool *ret_known)
{
	const struct eraser_match *m = user;

	*ret_known = map_get(&m->names, key) != NULL;
	return 0;
}

int eraser_match_init(struct eraser_match *m, const struct identity *identity)
{
	static const uint64_t seed[2] = {0x77686f73, 0x653f};

	m->identity = identity;
	map_init(&m->names, seed);
	map_init(&m->jobs, seed);
	arena_init(&m->arena);
	arena_init(&m->entry);
	field_table_init(&m->fields);
	if (packer_new(&m->packer) < 0 || scrubber_new(identity, knows, m, &m->scrubber) < 0)
		return -ENOMEM;
	return event_decoder_new(&m->fields, identity, &m->decoder);
}

void eraser_match_release(struct eraser_match *m)
{
	map_release(&m->names);
	map_release(&m->jobs);
	event_decoder_free(m->decoder);
	scrubber_free(m->scrubber);
	packer_free(m->packer);
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
	return put(m, &m->names, key);
}

static bool is_name(const struct eraser_match *m, struct span key)
{
	return key.len > 0 && map_get(&m->names, key) != NULL;
}

/* ---- text --------------------------------------------------------------------------------- */

/* All fields. */
static int match_text(struct eraser_match *m, const struct redis_value *fields, enum theirs *ret)
{
	for (size_t i = 1; i < fields->n_items && *ret == THEIRS_NOT; i += 2) {
		int r = scrub_finds(m->scrubber, fields->items[i].text);

		if (r < 0)
			return r;
		*ret = r == 0 ? THEIRS_EVENT : THEIRS_NOT;
	}
	return 0;
}

/* ---- entries ------------------------------------------------------------------------------ */

struct span eraser_field(const struct redis_value *fields, const char *name)
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

int eraser_match_read(
	struct eraser_match *m, struct span event, struct span meta, struct event *ret_event)
{
	struct event_fault fault;
	struct event_origin origin = {.id = {1, 0}};
	struct log_meta lm;

	if (log_meta_parse(meta, &lm) != 0)
		return 1;
	origin.source = lm.source;
	origin.channel = lm.channel;
	origin.has_type = lm.has_type;
	origin.type = lm.type;
	origin.recv_at = lm.recv_at;
	origin.sent_at = lm.sent_at;
	origin.context = lm.context;
	return event_decode(m->decoder, event, &origin, &m->entry, ret_event, &fault);
}

bool eraser_match_name(const struct eraser_match *m, struct span key)
{
	return is_name(m, key);
}

int eraser_match_entry(
	struct eraser_match *m, const struct redis_value *fields, enum theirs *ret_theirs)
{
	struct span event = eraser_field(fields, "e"), head = eraser_field(fields, "x");
	struct message *message;
	struct event ev;
	int r;

	*ret_theirs = THEIRS_NOT;
	arena_reset(&m->entry);
	if (eraser_field(fields, "w").len > 0 && event.len == 0)
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
	r = event.len > 0 ? eraser_match_read(m, event, eraser_field(fields, "m"), &ev) : 1;
	if (r == 0)
		*ret_theirs = is_name(m, ev.customer) ? THEIRS_EVENT : THEIRS_NOT;
	return r > 0 ? match_text(m, fields, ret_theirs) : r;
}

int eraser_match_job(struct eraser_match *m, const struct redis_value *fields, struct span *ret_job)
{
	struct span id = eraser_field(fields, "id"), json = eraser_field(fields, "j");
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
