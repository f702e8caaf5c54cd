/* SPDX-License-Identifier: MIT */
/*
 * Entries that are not theirs and name them. A stream's entry cannot be changed, but the streams
 * are written anew in the end (eraser_renew.c): what an entry is to be by then stands in a hash
 * until that is done, by its id. Which of an event's values are identifiers is asked of the decoder
 * first, for there even a short one is found; the rest is codec/scrub.h.
 */
#include "eraser_impl.h"

#include "codec/event_redact.h"

/* KEYS: the hash. ARGV: id, fields and values. */
static const char stage_script[] =
	"#!lua flags=allow-oom\n"
	"redis.call('HSET', KEYS[1], ARGV[1], cmsgpack.pack({unpack(ARGV, 2)}))\n"
	"return 1\n";

/* The values that an entry had, and those that it gets. */
struct rewrite {
	struct eraser_match *match;
	const struct event_id *ids; /* that the event itself calls so */
	size_t n_ids;
	struct arena arena;
	struct buf buf;
	struct span *values;
	bool changed;
};

/* 0 or -ENOMEM. */
static int take(struct rewrite *w, struct span *value, int r)
{
	struct span copy;

	if (r != 0)
		return r < 0 ? r : 0;
	if (span_equal(buf_span(&w->buf), *value))
		return 0;
	copy = arena_copy(&w->arena, buf_span(&w->buf));
	if (!copy.ptr)
		return -ENOMEM;
	*value = copy;
	w->changed = true;
	return 0;
}

static int redact(struct rewrite *w, struct span *json)
{
	if (w->n_ids == 0 || json->len == 0)
		return 0;
	buf_reset(&w->buf);
	return take(w, json,
		event_redact(w->match->identity, *json, w->ids, w->n_ids, &w->arena, &w->buf));
}

/* What stands before the context of an entry's meta is ours. */
static int scrub_meta(struct rewrite *w, struct span *meta)
{
	const char *brace = meta->len ? memchr(meta->ptr, '{', meta->len) : NULL;
	size_t head = brace ? (size_t)(brace - meta->ptr) : meta->len;
	struct span context = span_of(meta->ptr + head, meta->len - head), was = context;
	int r = redact(w, &context);

	if (r < 0 || context.len == 0)
		return r;
	buf_reset(&w->buf);
	r = scrub_json(w->match->scrubber, context, &w->buf);
	r = take(w, &context, r);
	if (r < 0 || context.ptr == was.ptr)
		return r;
	buf_reset(&w->buf);
	buf_add(&w->buf, meta->ptr, head);
	buf_add_span(&w->buf, context);
	return take(w, meta, buf_failed(&w->buf));
}

static int scrub_field(struct rewrite *w, struct span name, struct span *value)
{
	struct eraser_match *m = w->match;
	int r;

	if (span_is(name, "id") || span_is(name, "q") || span_is(name, "t"))
		return 0;
	if (span_is(name, "m"))
		return scrub_meta(w, value);
	r = span_is(name, "e") || span_is(name, "o") ? redact(w, value) : 0;
	if (r < 0)
		return r;
	buf_reset(&w->buf);
	r = span_is(name, "b") ? scrub_cargo(m->scrubber, m->packer, *value, &w->buf)
			       : scrub_bytes(m->scrubber, *value, &w->buf);
	return take(w, value, r);
}

/* Which identifiers of the event are theirs. 0 or -ENOMEM. */
static int find_ids(struct rewrite *w, const struct redis_value *fields)
{
	struct span json = eraser_field(fields, "e");
	struct event_id *theirs;
	struct event ev;
	int r = json.len ? eraser_match_read(w->match, json, eraser_field(fields, "m"), &ev) : 1;

	if (r != 0 || ev.n_ids == 0)
		return r < 0 ? r : 0;
	theirs = arena_calloc(&w->arena, ev.n_ids, sizeof(*theirs));
	if (!theirs)
		return -ENOMEM;
	for (size_t i = 0; i < ev.n_ids; i++)
		if (eraser_match_name(w->match, ev.ids[i].key))
			theirs[w->n_ids++] = ev.ids[i];
	w->ids = theirs;
	return 0;
}

static int scrub_fields(struct rewrite *w, const struct redis_value *fields)
{
	int r = find_ids(w, fields);

	w->values = arena_calloc(&w->arena, fields->n_items + 1, sizeof(*w->values));
	if (!w->values)
		return -ENOMEM;
	for (size_t i = 0; i + 1 < fields->n_items && r == 0; i += 2) {
		w->values[i] = fields->items[i].text;
		w->values[i + 1] = fields->items[i + 1].text;
		r = scrub_field(w, w->values[i], &w->values[i + 1]);
	}
	return r;
}

static int stage(struct eraser *e, const struct rewrite *w, struct span id, size_t n)
{
	struct redis *redis = e->options.redis;
	char key[64];

	eraser_stage_key(e, key);
	redis_begin(redis, 5 + n);
	redis_arg_str(redis, "EVAL");
	redis_arg_str(redis, stage_script);
	redis_arg_str(redis, "1");
	redis_arg_str(redis, key);
	redis_arg(redis, id);
	for (size_t i = 0; i < n; i++)
		redis_arg(redis, w->values[i]);
	return eraser_asked(e, eraser_ignore);
}

int eraser_scrub_entry(struct eraser *e, const struct redis_value *entry)
{
	const struct redis_value *fields = &entry->items[1];
	struct rewrite w = {.match = &e->match, .buf = BUF_INIT};
	int r;

	arena_init(&w.arena);
	arena_reset(&e->match.entry);
	r = scrub_fields(&w, fields);
	if (r == 0 && w.changed)
		r = stage(e, &w, entry->items[0].text, fields->n_items / 2 * 2);
	if (r == 0 && w.changed)
		e->staged[e->stream == STREAM_AUDIT ? e->options.partitions : e->part] |=
			(unsigned char)(1u << e->stream);
	arena_release(&w.arena);
	buf_release(&w.buf);
	return r;
}
