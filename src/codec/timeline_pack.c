/* SPDX-License-Identifier: MIT */
/*
 * Entries packed together and taken apart.
 *
 *   block:  length of the numbers varint · length of the texts varint · UUIDs in it varint · those,
 *           16 bytes each · numbers and texts, compressed together
 */
#include "codec/compress.h"

#include "timeline_columns.h"

/* In a block an entry takes some bytes of numbers more than alone, if it is unusual. */
#define NUMBERS_MAX ((size_t)2 * TIMELINE_PACK_MAX)

int packer_new(struct packer **ret_packer)
{
	_cleanup_(packer_freep) struct packer *p = calloc(1, sizeof(*p));

	if (!p || compressor_new(&p->compressor) < 0)
		return -ENOMEM;
	*ret_packer = p;
	p = NULL;
	return 0;
}

struct packer *packer_free(struct packer *p)
{
	if (!p)
		return NULL;
	compressor_free(p->compressor);
	columns_release(&p->columns);
	buf_release(&p->expanded);
	buf_release(&p->block);
	free(p);
	return NULL;
}

void packer_freep(struct packer **p)
{
	*p = packer_free(*p);
}

/* ---- columns ---------------------------------------------------------------------------- */

void columns_reset(struct columns *c)
{
	buf_reset(&c->numbers);
	buf_reset(&c->texts);
	buf_reset(&c->ids);
	c->before = (struct entry_before){0};
	c->range = (struct timeline_range){TIME_NEVER, INT64_MIN};
}

void columns_release(struct columns *c)
{
	buf_release(&c->numbers);
	buf_release(&c->texts);
	buf_release(&c->ids);
}

static void widen(struct timeline_range *range, int64_t at)
{
	range->min_at = int64_min(range->min_at, at);
	range->max_at = int64_max(range->max_at, at);
}

static void commit(struct buf *b, const struct pack *p)
{
	buf_commit(b, (size_t)((char *)p->at - (b->ptr + b->len)));
}

/* One entry more. 0 or -ENOMEM. */
static int add(struct columns *c, const struct timeline_entry *e)
{
	struct pack numbers, texts, ids;
	struct entry_writer w = {&numbers, &texts, &ids, c->before};

	numbers.at = (unsigned char *)buf_reserve(&c->numbers, ENTRY_NUMBERS_MAX);
	texts.at = (unsigned char *)buf_reserve(&c->texts, entry_text_len(e));
	ids.at = (unsigned char *)buf_reserve(&c->ids, (size_t)ENTRY_IDS * UUID_BYTES);
	if (!numbers.at || !texts.at || !ids.at)
		return -ENOMEM;
	entry_put(&w, e);
	commit(&c->numbers, &numbers);
	commit(&c->texts, &texts);
	commit(&c->ids, &ids);
	c->before = w.before;
	widen(&c->range, e->at);
	return 0;
}

int columns_add(struct columns *c, struct span entries, uint32_t n)
{
	struct timeline_entry e;

	if (entries.len > TIMELINE_PACK_MAX)
		return TIMELINE_CORRUPT;
	for (uint32_t i = 0; i < n; i++) {
		if (timeline_decode(&entries, &e))
			return TIMELINE_CORRUPT;
		if (add(c, &e) < 0)
			return -ENOMEM;
	}
	return entries.len > 0 ? TIMELINE_CORRUPT : 0;
}

int columns_put(struct packer *p, struct buf *out)
{
	struct columns *c = &p->columns;
	size_t start = out->len;
	int r;

	buf_add_varint(out, c->numbers.len);
	buf_add_varint(out, c->texts.len);
	buf_add_varint(out, c->ids.len / UUID_BYTES);
	buf_add_span(out, buf_span(&c->ids));
	buf_add_span(&c->numbers, buf_span(&c->texts));
	r = buf_failed(&c->numbers);
	if (r == 0)
		r = compress_block(p->compressor, buf_span(&c->numbers), out);
	if (r == 0)
		r = buf_failed(out);
	if (r < 0)
		out->len = start;
	return r;
}

/* ---- blocks ----------------------------------------------------------------------------- */

int timeline_pack(struct packer *p, struct span entries, uint32_t n, struct buf *out,
	struct timeline_range *ret_range)
{
	int r;

	columns_reset(&p->columns);
	r = n > 0 ? columns_add(&p->columns, entries, n) : TIMELINE_CORRUPT;
	if (r == 0)
		r = columns_put(p, out);
	if (r == 0)
		*ret_range = p->columns.range;
	return r;
}

/* What is read of a block. */
struct parts {
	struct unpack numbers, texts, ids;
};

/* Expands BLOCK, to be read with P's reader. 0, -ENOMEM or TIMELINE_CORRUPT. */
static int open_block(struct packer *p, struct span block, struct parts *parts)
{
	struct unpack u = unpack_of(block);
	size_t numbers = (size_t)unpack_bounded(&u, NUMBERS_MAX);
	size_t texts = (size_t)unpack_bounded(&u, TIMELINE_PACK_MAX);
	size_t ids = (size_t)unpack_bounded(&u, TIMELINE_PACK_MAX / UUID_BYTES);
	int r;

	parts->ids = unpack_of(unpack_bytes(&u, ids * UUID_BYTES));
	if (u.bad)
		return TIMELINE_CORRUPT;
	buf_reset(&p->expanded);
	r = expand_block(p->compressor, span_of((const char *)u.at, unpack_left(&u)),
		numbers + texts, &p->expanded);
	if (r)
		return r < 0 ? r : TIMELINE_CORRUPT;
	parts->numbers = unpack_of(span_of(p->expanded.ptr, numbers));
	parts->texts = unpack_of(span_of(p->expanded.ptr + numbers, texts));
	p->reader.numbers = &parts->numbers;
	p->reader.texts = &parts->texts;
	p->reader.ids = &parts->ids;
	p->reader.rooms = p->rooms;
	p->reader.before = (struct entry_before){0};
	return 0;
}

static bool all_read(const struct parts *parts)
{
	return !unpack_left(&parts->numbers) && !unpack_left(&parts->texts) &&
	       !unpack_left(&parts->ids);
}

static struct span left_of(const struct unpack *u)
{
	return span_of((const char *)u->at, unpack_left(u));
}

int columns_load(struct packer *p, struct span block, uint32_t n)
{
	struct columns *c = &p->columns;
	struct timeline_entry e;
	struct parts parts;
	int r = open_block(p, block, &parts);

	columns_reset(c);
	if (r)
		return r;
	buf_add_span(&c->numbers, left_of(&parts.numbers));
	buf_add_span(&c->texts, left_of(&parts.texts));
	buf_add_span(&c->ids, left_of(&parts.ids));
	if (c->numbers.failed || c->texts.failed || c->ids.failed)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		if (entry_get(&p->reader, &e))
			return TIMELINE_CORRUPT;
		widen(&c->range, e.at);
	}
	c->before = p->reader.before;
	return n > 0 && all_read(&parts) ? 0 : TIMELINE_CORRUPT;
}

/* The entries of a block, one behind the other, and nothing left of it. */
static int join(struct packer *p, const struct parts *parts, uint32_t n, struct buf *out)
{
	size_t start = out->len;
	struct timeline_entry e;

	for (uint32_t i = 0; i < n; i++) {
		if (entry_get(&p->reader, &e))
			return TIMELINE_CORRUPT;
		timeline_encode(&e, out);
		/* A text may be meant again and again. */
		if (out->len - start > TIMELINE_PACK_MAX)
			return TIMELINE_CORRUPT;
	}
	return n > 0 && all_read(parts) ? buf_failed(out) : TIMELINE_CORRUPT;
}

int timeline_unpack(struct packer *p, struct span block, uint32_t n, struct buf *out)
{
	size_t start = out->len;
	struct parts parts;
	int r = open_block(p, block, &parts);

	if (r == 0)
		r = join(p, &parts, n, out);
	if (r)
		out->len = start;
	return r;
}
