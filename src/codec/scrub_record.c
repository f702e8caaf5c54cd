/* SPDX-License-Identifier: MIT */
/*
 * What is made of entries: each is read, looked through and written again, in its place. Blocks and
 * chunks stay what they are in all that is not text, so that whoever counts them finds as many.
 */
#include "codec/division.h"
#include "codec/link.h"

#include "scrub_impl.h"

/* ---- entries ----------------------------------------------------------------------------- */

/* What is made of an entry lives until it is written. */
struct rewriting {
	struct scrubber *s;
	struct arena arena;
	struct buf buf;
};

/* SPAN without what is to go. 0, SCRUB_CLEAN or -ENOMEM. */
static int scrub_span(struct rewriting *w, struct span *span, bool json)
{
	struct span clean;
	int r;

	if (span->len == 0)
		return SCRUB_CLEAN;
	buf_reset(&w->buf);
	r = json ? scrub_json(w->s, *span, &w->buf) : scrub_text(w->s, *span, &w->buf);
	if (r != 0)
		return r;
	clean = arena_copy(&w->arena, buf_span(&w->buf));
	if (!clean.ptr)
		return -ENOMEM;
	*span = clean;
	return 0;
}

static int scrub_entry(struct rewriting *w, struct timeline_entry *e)
{
	struct decision *d = &e->decision;
	const struct {
		struct span *span;
		bool json;
	} event[] = {{&e->name, false}, {&e->original, false}, {&e->message_id, false},
		{&e->user_id, false}, {&e->anonymous_id, false}, {&e->properties, true}},
	  decision[] = {{&d->key, false}, {&d->by, false}, {&d->data, true}, {&d->words, false},
		  {&d->subject, false}, {&d->home, false}},
	  *spans = e->kind == ENTRY_EVENT ? event : decision;
	size_t n = e->kind == ENTRY_EVENT ? ARRAY_SIZE(event) : ARRAY_SIZE(decision);
	int found = SCRUB_CLEAN;

	for (size_t i = 0; i < n; i++) {
		int r = scrub_span(w, spans[i].span, spans[i].json);

		if (r < 0)
			return r;
		found = r == 0 ? 0 : found;
	}
	return found;
}

/* Appends ENTRIES, N of them. 0, SCRUB_CLEAN or -ENOMEM. */
static int scrub_entries(struct scrubber *s, struct span entries, uint32_t n, struct buf *out)
{
	struct rewriting w = {.s = s, .buf = BUF_INIT};
	size_t start = out->len;
	int r = 0, found = SCRUB_CLEAN;

	arena_init(&w.arena);
	for (uint32_t i = 0; i < n && r >= 0; i++) {
		struct timeline_entry e;

		r = timeline_decode(&entries, &e);
		if (r == 0) {
			arena_reset(&w.arena);
			r = scrub_entry(&w, &e);
			found = r == 0 ? 0 : found;
			timeline_encode(&e, out);
			r = r < 0 ? r : 0;
		} else if (r > 0) {
			found = SCRUB_CLEAN; /* it cannot be read */
			break;
		}
	}
	arena_release(&w.arena);
	buf_release(&w.buf);
	if (r < 0 || found == SCRUB_CLEAN)
		out->len = start;
	return r < 0 ? r : found ? found : buf_failed(out);
}

/* ---- records ----------------------------------------------------------------------------- */

/* 0, SCRUB_CLEAN or -ENOMEM. */
static int scrub_packed(struct scrubber *s, struct packer *p, struct record *record)
{
	_cleanup_(buf_release) struct buf entries = BUF_INIT;
	_cleanup_(buf_release) struct buf clean = BUF_INIT;
	struct buf packed = BUF_INIT;
	struct timeline_range range;
	int r;

	if (record->packed_n == 0)
		return SCRUB_CLEAN;
	r = timeline_unpack(p, buf_span(&record->packed), record->packed_n, &entries);
	r = r == 0 ? scrub_entries(s, buf_span(&entries), record->packed_n, &clean) : r;
	if (r == 0)
		r = timeline_pack(p, buf_span(&clean), record->packed_n, &packed, &range);
	if (r != 0) {
		buf_release(&packed);
		return r < 0 ? r : SCRUB_CLEAN;
	}
	buf_release(&record->packed);
	record->packed = packed;
	return 0;
}

static int scrub_tail(struct scrubber *s, struct record *record)
{
	struct buf clean = BUF_INIT;
	int r = scrub_entries(s, buf_span(&record->tail), record->tail_n, &clean);

	if (r != 0) {
		buf_release(&clean);
		return r;
	}
	buf_release(&record->tail);
	record->tail = clean;
	return 0;
}

int scrub_record(struct scrubber *s, struct packer *p, struct record *record)
{
	int journey = scrub_journey(s, record->journey), packed, tail;

	if (journey < 0)
		return journey;
	packed = scrub_packed(s, p, record);
	if (packed < 0)
		return packed;
	tail = scrub_tail(s, record);
	if (tail < 0)
		return tail;
	return journey == 0 || packed == 0 || tail == 0 ? 0 : SCRUB_CLEAN;
}

static int scrub_record_bytes(
	struct scrubber *s, struct packer *p, struct span bytes, struct buf *out)
{
	_cleanup_(record_release) struct record record = RECORD_INIT;
	int r = bytes.len > 0 ? record_decode(bytes, &record) : RECORD_CORRUPT;

	if (r != 0)
		return r < 0 ? r : SCRUB_CLEAN;
	r = scrub_record(s, p, &record);
	return r == 0 ? record_encode(&record, out) : r;
}

int scrub_value(struct scrubber *s, struct packer *p, struct span value, struct buf *out)
{
	_cleanup_(buf_release) struct buf frozen = BUF_INIT;
	struct link link;
	int r;

	if (!link_is(value))
		return scrub_record_bytes(s, p, value, out);
	if (link_decode(value, &link) != 0)
		return SCRUB_CLEAN;
	r = scrub_record_bytes(s, p, link.frozen, &frozen);
	if (r != 0)
		return r;
	link.frozen = buf_span(&frozen);
	link_encode(&link, out);
	return buf_failed(out);
}

int scrub_chunk(struct scrubber *s, struct packer *p, struct span chunk, struct buf *out)
{
	_cleanup_(buf_release) struct buf entries = BUF_INIT;
	_cleanup_(buf_release) struct buf clean = BUF_INIT;
	struct chunk_head head;
	int64_t reach_at;
	int r = chunk_head(chunk, &head);

	r = r == 0 ? timeline_unpack(p, head.block, head.n, &entries) : r;
	r = r == 0 ? scrub_entries(s, buf_span(&entries), head.n, &clean) : r;
	/* That of those before it is not told apart from its own, and need not be. */
	r = r == 0 ? chunk_seal(p, buf_span(&clean), head.n, head.reach_at, out, &reach_at) : r;
	return r <= 0 ? r : SCRUB_CLEAN;
}

/* ---- cargo ------------------------------------------------------------------------------- */

struct loading {
	struct scrubber *s;
	struct packer *p;
	struct arena arena;
	bool found;
};

typedef int scrub_fn(struct scrubber *s, struct packer *p, struct span bytes, struct buf *out);

/* 0 or -ENOMEM. */
static int scrub_part(struct loading *l, scrub_fn *fn, struct span *part)
{
	_cleanup_(buf_release) struct buf clean = BUF_INIT;
	int r = fn(l->s, l->p, *part, &clean);

	if (r != 0)
		return r < 0 ? r : 0;
	l->found = true;
	*part = arena_copy(&l->arena, buf_span(&clean));
	return part->ptr ? 0 : -ENOMEM;
}

static int scrub_division(struct loading *l, struct division *d)
{
	struct span *chunks = arena_calloc(&l->arena, d->n_chunks + 1, sizeof(*chunks));
	struct division_snapshot *snapshots =
		arena_calloc(&l->arena, d->n_snapshots + 1, sizeof(*snapshots));
	int r = chunks && snapshots ? scrub_part(l, scrub_record_bytes, &d->record) : -ENOMEM;

	for (size_t i = 0; i < d->n_chunks && r == 0; i++) {
		chunks[i] = d->chunks[i];
		r = scrub_part(l, scrub_chunk, &chunks[i]);
	}
	for (size_t i = 0; i < d->n_snapshots && r == 0; i++) {
		snapshots[i] = d->snapshots[i];
		r = scrub_part(l, scrub_record_bytes, &snapshots[i].record);
	}
	d->chunks = chunks;
	d->snapshots = snapshots;
	return r;
}

/* Appends the division BYTES, as it was if there is nothing of theirs in it. */
static int scrub_side(struct scrubber *s, struct packer *p, struct span bytes, struct buf *out)
{
	struct loading l = {.s = s, .p = p};
	struct division d;
	int r;

	arena_init(&l.arena);
	r = division_decode(bytes, &l.arena, &d);
	r = r == 0 ? scrub_division(&l, &d) : r;
	if (r == 0 && l.found)
		division_encode(&d, out);
	arena_release(&l.arena);
	if (r < 0 || !l.found)
		return r < 0 ? r : SCRUB_CLEAN;
	return buf_failed(out);
}

/* Both sides of a word of staff, each behind its length. */
static int scrub_sides(struct scrubber *s, struct packer *p, struct span both, struct buf *out)
{
	_cleanup_(buf_release) struct buf side = BUF_INIT;
	bool found = false;
	struct span bytes;

	while (both.len > 0) {
		int r;

		if (span_take_block(&both, &bytes) != 0)
			return SCRUB_CLEAN;
		buf_reset(&side);
		r = scrub_side(s, p, bytes, &side);
		if (r < 0)
			return r;
		found = found || r == 0;
		buf_add_block(out, r == 0 ? buf_span(&side) : bytes);
	}
	return found ? buf_failed(out) : SCRUB_CLEAN;
}

static bool has_sides(struct span cargo)
{
	struct span side;

	return span_take_block(&cargo, &side) == 0 && span_starts(side, SPAN_LIT("D1 "));
}

int scrub_cargo(struct scrubber *s, struct packer *p, struct span cargo, struct buf *out)
{
	if (span_starts(cargo, SPAN_LIT("D1 ")))
		return scrub_side(s, p, cargo, out);
	return has_sides(cargo) ? scrub_sides(s, p, cargo, out) : scrub_value(s, p, cargo, out);
}
