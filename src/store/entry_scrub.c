/* SPDX-License-Identifier: MIT */
#include "codec/event_redact.h"
#include "store/entry_fields.h"
#include "store/entry_match.h"

#define DIGEST_LEN 64 /* hex digits */

/* The values that an entry had, and those that it gets. */
struct rewrite {
	struct entry_match *match;
	const struct event_id *ids; /* that the event itself calls so */
	size_t n_ids;
	struct arena *arena;
	struct buf buf;
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
	copy = arena_copy(w->arena, buf_span(&w->buf));
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
		event_redact(w->match->identity, *json, w->ids, w->n_ids, w->arena, &w->buf));
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
	struct entry_match *m = w->match;
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
static int find_ids(struct rewrite *w, const struct archive_field *fields, size_t n)
{
	struct entry_match *m = w->match;
	struct event_id *theirs;
	struct event ev;
	int r = entry_field(fields, n, "e").len ? entry_read_event(m, fields, n, &ev) : 1;

	if (r != 0)
		return r < 0 ? r : 0;
	/* Who is called by a digest is called so still. */
	if (ev.customer.len == DIGEST_LEN)
		scrub_spare(m->scrubber, ev.customer);
	if (ev.n_ids == 0)
		return 0;
	theirs = arena_calloc(w->arena, ev.n_ids, sizeof(*theirs));
	if (!theirs)
		return -ENOMEM;
	for (size_t i = 0; i < ev.n_ids && r == 0; i++) {
		bool known = false;

		r = m->knows(m->user, ev.ids[i].key, &known);
		if (known)
			theirs[w->n_ids++] = ev.ids[i];
	}
	w->ids = theirs;
	return r;
}

int entry_scrub(struct entry_match *m, struct archive_field *fields, size_t n, struct arena *a)
{
	struct rewrite w = {.match = m, .buf = BUF_INIT, .arena = a};
	int r;

	arena_reset(&m->arena);
	r = find_ids(&w, fields, n);
	for (size_t i = 0; i < n && r == 0; i++)
		r = scrub_field(&w, fields[i].name, &fields[i].value);
	scrub_spare(m->scrubber, SPAN_EMPTY);
	buf_release(&w.buf);
	return r < 0 || w.changed ? r : SCRUB_CLEAN;
}
