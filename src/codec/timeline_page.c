/* SPDX-License-Identifier: MIT */
/*
 * The page keeps the newest limit + 1 entries that belong on it or would come next; the one more
 * only says that there is a next page. Where they are too large together, the limit shrinks; it
 * never grows again, so what was dropped is older than all that is kept. Kept entries own copies of
 * their bytes, because chunks come and go and only few of their entries stay.
 */
#include "codec/timeline_page.h"

#include "page_cursor.h"

#define BLOCK_MAX 64 /* chunks asked for at once: some 100 KB */

struct kept {
	struct timeline_entry place; /* kind, at, id and nth; no text */
	char *bytes;
	size_t len;
};

/* Chunks [from, to), seen or skipped; of a skipped run min_at is TIME_NEVER. */
struct stretch {
	uint32_t from, to;
	int64_t min_at;
};

struct timeline_page {
	struct timeline_query query;
	bool has_cursor;
	struct page_cursor cursor;
	struct kept *kept; /* newest first; room for query.limit + 1 */
	size_t n_kept;
	size_t bytes;	/* of them */
	uint32_t limit; /* what is asked for, or fewer if these are too large */
	uint32_t next;	/* chunks below this were not seen yet */
	uint32_t seen;	/* chunks handed in */
	bool started, done;
	struct stretch *behind; /* what the walk has passed, newest first */
	size_t n_behind, cap_behind;
	struct buf raw; /* the block that is open */
	struct timeline_entry *entries;
};

int timeline_page_new(
	const struct timeline_query *query, struct span cursor, struct timeline_page **ret_page)
{
	_cleanup_(timeline_page_freep) struct timeline_page *p = NULL;

	if (query->limit == 0 || query->limit > TIMELINE_PAGE_MAX)
		return TIMELINE_PAGE_BAD_LIMIT;
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->query = *query;
	p->limit = query->limit;
	if (vocab_kind(query->event) != EVENT_CUSTOM)
		p->query.event = vocab_name(vocab_kind(query->event));
	if (query->kinds == 0)
		p->query.kinds = 1u << ENTRY_EVENT | 1u << ENTRY_DECISION;
	p->has_cursor = cursor.len > 0;
	if (p->has_cursor && !page_cursor_parse(cursor, &p->cursor))
		return TIMELINE_PAGE_BAD_CURSOR;
	p->kept = calloc((size_t)query->limit + 1, sizeof(*p->kept));
	if (!p->kept)
		return -ENOMEM;
	*ret_page = p;
	p = NULL;
	return 0;
}

struct timeline_page *timeline_page_free(struct timeline_page *p)
{
	if (!p)
		return NULL;
	for (size_t i = 0; i < p->n_kept; i++)
		free(p->kept[i].bytes);
	free(p->kept);
	free(p->behind);
	buf_release(&p->raw);
	free(p->entries);
	free(p);
	return NULL;
}

void timeline_page_freep(struct timeline_page **p)
{
	*p = timeline_page_free(*p);
}

static struct timeline_entry cursor_place(const struct page_cursor *c)
{
	return (struct timeline_entry){.at = c->at, .id = c->id, .nth = c->nth};
}

static bool is_full(const struct timeline_page *p)
{
	return p->n_kept == (size_t)p->limit + 1;
}

/* Entries at this instant or earlier may still matter; those earlier than the next do not. */
static int64_t newest_wanted(const struct timeline_page *p)
{
	int64_t to_at = p->query.to_at;
	int64_t newest = to_at == TIME_NEVER || to_at == INT64_MIN ? to_at : to_at - 1;

	return p->has_cursor ? int64_min(newest, p->cursor.at) : newest;
}

static int64_t oldest_wanted(const struct timeline_page *p)
{
	return is_full(p) ? int64_max(p->query.from_at, p->kept[p->n_kept - 1].place.at)
			  : p->query.from_at;
}

/* Does E satisfy the query and stand behind the cursor? */
static bool belongs(const struct timeline_page *p, const struct timeline_entry *e)
{
	const struct timeline_query *q = &p->query;
	bool event = e->kind == ENTRY_EVENT;

	if (!(q->kinds >> e->kind & 1) || e->at < q->from_at)
		return false;
	if (e->at >= q->to_at && q->to_at != TIME_NEVER)
		return false;
	if (q->channel != CHANNEL_UNKNOWN && !(event && e->channel == q->channel))
		return false;
	if (q->event.len &&
		!(event && (span_equal(e->name, q->event) || span_equal(e->original, q->event))))
		return false;
	if (p->has_cursor) {
		struct timeline_entry place = cursor_place(&p->cursor);

		return timeline_compare(e, &place) > 0;
	}
	return true;
}

static void drop_oldest(struct timeline_page *p)
{
	struct kept *k = &p->kept[--p->n_kept];

	p->bytes -= k->len;
	free(k->bytes);
}

/* Keeps E, whose bytes are BYTES, if it is among the newest. 0 or -ENOMEM. */
static int keep(struct timeline_page *p, const struct timeline_entry *e, struct span bytes)
{
	struct kept k = {.place = {.kind = e->kind, .id = e->id, .nth = e->nth, .at = e->at}};
	size_t low = 0, high = p->n_kept;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (timeline_compare(&p->kept[middle].place, e) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (is_full(p) && low == p->n_kept)
		return 0;
	k.bytes = malloc(bytes.len);
	if (!k.bytes)
		return -ENOMEM;
	memcpy(k.bytes, bytes.ptr, bytes.len);
	k.len = bytes.len;
	if (is_full(p))
		drop_oldest(p);
	memmove(&p->kept[low + 1], &p->kept[low], (p->n_kept - low) * sizeof(k));
	p->kept[low] = k;
	p->n_kept++;
	p->bytes += k.len;
	/* One entry and the one that says there are more is the least. */
	while (p->bytes > TIMELINE_PAGE_BYTES && p->n_kept > 2) {
		drop_oldest(p);
		p->limit = (uint32_t)p->n_kept - 1;
	}
	return 0;
}

/* All N entries of BYTES, and no more. */
static int add_entries(struct timeline_page *p, struct span bytes, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const char *start = bytes.ptr;
		struct timeline_entry e;

		if (timeline_decode(&bytes, &e))
			return TIMELINE_PAGE_CORRUPT;
		if (!belongs(p, &e))
			continue;
		if (keep(p, &e, span_of(start, (size_t)(bytes.ptr - start))) < 0)
			return -ENOMEM;
	}
	return bytes.len ? TIMELINE_PAGE_CORRUPT : 0;
}

static int add_block(struct timeline_page *p, struct packer *packer, struct span block, uint32_t n)
{
	int r;

	buf_reset(&p->raw);
	r = timeline_unpack(packer, block, n, &p->raw);
	return r ? r : add_entries(p, buf_span(&p->raw), n);
}

static int pass(struct timeline_page *p, uint32_t from, int64_t min_at)
{
	if (p->n_behind == p->cap_behind) {
		size_t cap = p->cap_behind ? 2 * p->cap_behind : 64;
		struct stretch *more = realloc(p->behind, cap * sizeof(*more));

		if (!more)
			return -ENOMEM;
		p->behind = more;
		p->cap_behind = cap;
	}
	p->behind[p->n_behind++] = (struct stretch){from, p->next, min_at};
	p->next = from;
	return 0;
}

/* Passes the chunks that the cursor says are behind us. */
static int skip(struct timeline_page *p)
{
	const struct page_cursor *c = &p->cursor;

	if (!p->has_cursor || p->next != c->skip_to || c->skip_from == c->skip_to)
		return 0;
	return pass(p, c->skip_from, TIME_NEVER);
}

int timeline_page_add_record(
	struct timeline_page *p, struct packer *packer, const struct record *record)
{
	int r;

	assert(!p->started);
	p->started = true;
	if (p->has_cursor && p->cursor.skip_to > record->n_chunks)
		return TIMELINE_PAGE_BAD_CURSOR;
	r = add_entries(p, buf_span(&record->tail), record->tail_n);
	if (r == 0 && record->packed_n > 0)
		r = add_block(p, packer, buf_span(&record->packed), record->packed_n);
	if (r)
		return r;
	p->next = record->n_chunks;
	p->done = record->reach_at < oldest_wanted(p);
	return skip(p);
}

bool timeline_page_wants(const struct timeline_page *p, uint32_t *ret_from, uint32_t *ret_to)
{
	/* First what would fill the page if all went well, then as many again as were seen. */
	uint32_t block = p->seen ? p->seen : p->query.limit / CHUNK_ENTRIES_MAX + 1;
	uint32_t from;

	assert(p->started);
	if (block > BLOCK_MAX)
		block = BLOCK_MAX;
	from = p->next > block ? p->next - block : 0;
	if (p->done || p->next == 0)
		return false;
	if (p->has_cursor && p->next > p->cursor.skip_to && from < p->cursor.skip_to)
		from = p->cursor.skip_to;
	*ret_from = from;
	*ret_to = p->next;
	return true;
}

static int open_chunk(struct timeline_page *p, struct packer *packer, const struct chunk_head *head)
{
	/* Nothing in it between what is still wanted: it need not be unpacked. */
	if (head->min_at > newest_wanted(p) || head->max_at < oldest_wanted(p))
		return 0;
	return add_block(p, packer, head->block, head->n);
}

int timeline_page_add_chunk(
	struct timeline_page *p, struct packer *packer, uint32_t index, struct span chunk)
{
	struct chunk_head head;
	int r;

	if (p->done)
		return 0; /* the rest of a block that turned out not to be needed */
	assert(index + 1 == p->next);
	if (chunk_head(chunk, &head))
		return TIMELINE_PAGE_CORRUPT;
	r = pass(p, index, head.min_at);
	if (r == 0)
		r = open_chunk(p, packer, &head);
	p->done = head.reach_at < oldest_wanted(p);
	p->seen++;
	return r ? r : skip(p);
}

/* The longest run of chunks that hold nothing behind C's place. */
static void find_skip(const struct timeline_page *p, struct page_cursor *c)
{
	uint32_t from = 0, to = 0;

	for (size_t i = 0; i < p->n_behind; i++) {
		const struct stretch *s = &p->behind[i];

		if (s->min_at <= c->at) {
			from = to = 0;
			continue;
		}
		to = from == s->to ? to : s->to;
		from = s->from;
		if (to - from > c->skip_to - c->skip_from) {
			c->skip_from = from;
			c->skip_to = to;
		}
	}
}

static void next_cursor(const struct timeline_page *p, char next[TIMELINE_CURSOR_SIZE])
{
	const struct timeline_entry *last = &p->kept[p->limit - 1].place;
	struct page_cursor c = {.at = last->at, .id = last->id, .nth = last->nth};

	find_skip(p, &c);
	page_cursor_format(&c, next);
}

int timeline_page_finish(struct timeline_page *p, const struct timeline_entry **ret_entries,
	size_t *ret_n, char ret_next[TIMELINE_CURSOR_SIZE])
{
	size_t n = is_full(p) ? p->limit : p->n_kept;

	assert(!p->entries);
	p->entries = calloc(n + 1, sizeof(*p->entries));
	if (!p->entries)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		struct span bytes = span_of(p->kept[i].bytes, p->kept[i].len);
		int r = timeline_decode(&bytes, &p->entries[i]);

		assert(r == 0);
	}
	ret_next[0] = '\0';
	if (is_full(p))
		next_cursor(p, ret_next);
	*ret_entries = p->entries;
	*ret_n = n;
	return 0;
}
