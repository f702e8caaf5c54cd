/* SPDX-License-Identifier: MIT */
/*
 * The page keeps the newest limit + 1 entries that belong on it or would come next; the one more
 * only says that there is a next page. Where they are too large together, the limit shrinks; it
 * never grows again, so what was dropped is older than all that is kept. Kept entries own copies of
 * their bytes, because chunks come and go and only few of their entries stay.
 *
 * Lists are walked back side by side: next comes the one that may hold the newest, as far as its
 * reach tells. Each remembers for itself what the walk has passed.
 */
#include "codec/timeline_page.h"

#include "base/arena.h"
#include "base/hash.h"
#include "page_cursor.h"

#define BLOCK_MAX   64	/* chunks asked for at once: some 100 KB */
#define INDEX_BLOCK 512 /* and parts that are kept beside a record: some 30 KB */

struct kept {
	struct timeline_entry place; /* kind, at, id and nth; no text */
	uint32_t tie;		     /* behind all that, as in a cursor */
	struct span under;	     /* key of the part it lies in, or empty */
	char *bytes;
	size_t len;
};

/* Chunks [from, to), seen or skipped; of a skipped run min_at is TIME_NEVER. */
struct stretch {
	uint32_t from, to;
	int64_t min_at;
};

struct chunk_list {
	struct span key; /* whose; empty: the customer's own */
	bool is_index;	 /* not of chunks but of parts beside a record; none was skipped */
	uint32_t tag;	 /* as in a cursor */
	bool has_twin;	 /* of the same tag; a cursor says nothing of either */
	uint32_t n_chunks;
	uint32_t next;	    /* chunks below this were not seen yet */
	uint32_t seen;	    /* chunks handed in */
	int64_t reach_at;   /* nothing in those below `next` is later */
	uint32_t skip_from; /* what the cursor says is behind us; the same: nothing */
	uint32_t skip_to;
	struct stretch *behind; /* what the walk has passed, newest first */
	size_t n_behind, cap_behind;
};

struct timeline_page {
	struct timeline_query query;
	bool has_cursor;
	struct page_cursor cursor;
	struct kept *kept; /* newest first; room for query.limit + 1 */
	size_t n_kept;
	size_t bytes;		  /* of them */
	uint32_t limit;		  /* what is asked for, or fewer if these are too large */
	bool started;		  /* a chunk was asked for */
	struct chunk_list *lists; /* the customer's own first */
	size_t n_lists, cap_lists;
	size_t wanted;	   /* the list that was wanted last */
	struct arena keys; /* of parts that are kept beside a record */
	struct buf raw;	   /* the block that is open */
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
	arena_init(&p->keys);
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
	for (size_t i = 0; i < p->n_lists; i++)
		free(p->lists[i].behind);
	free(p->lists);
	buf_release(&p->raw);
	arena_release(&p->keys);
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

/* Does E satisfy the query? */
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
	return true;
}

/* Newest first. */
static int kept_compare(const struct kept *a, const struct kept *b)
{
	int order = timeline_compare(&a->place, &b->place);

	return order ? order : (a->tie > b->tie) - (a->tie < b->tie);
}

static bool is_behind_cursor(const struct timeline_page *p, const struct kept *k)
{
	const struct kept last = {.place = cursor_place(&p->cursor), .tie = p->cursor.tie};

	return !p->has_cursor || kept_compare(k, &last) > 0;
}

static void drop_oldest(struct timeline_page *p)
{
	struct kept *k = &p->kept[--p->n_kept];

	p->bytes -= k->len;
	free(k->bytes);
}

/* Keeps PLACE, whose bytes are BYTES, if it is among the newest. 0 or -ENOMEM. */
static int keep(struct timeline_page *p, const struct kept *place, struct span bytes)
{
	struct kept k = *place;
	size_t low = 0, high = p->n_kept;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (kept_compare(&p->kept[middle], &k) <= 0)
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

/* All N entries of BYTES, which lie in L, and no more. */
static int add_entries(
	struct timeline_page *p, const struct chunk_list *l, struct span bytes, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const char *start = bytes.ptr;
		struct timeline_entry e;
		struct kept k = {.under = l->key};
		struct span own;

		if (timeline_decode(&bytes, &e))
			return TIMELINE_PAGE_CORRUPT;
		own = span_of(start, (size_t)(bytes.ptr - start));
		if (!belongs(p, &e))
			continue;
		k.place = (struct timeline_entry){
			.kind = e.kind, .id = e.id, .nth = e.nth, .at = e.at};
		k.tie = crc32c(l->tag, own);
		if (is_behind_cursor(p, &k) && keep(p, &k, own) < 0)
			return -ENOMEM;
	}
	return bytes.len ? TIMELINE_PAGE_CORRUPT : 0;
}

static int add_block(struct timeline_page *p, struct packer *packer, const struct chunk_list *l,
	struct span block, uint32_t n)
{
	int r;

	buf_reset(&p->raw);
	r = timeline_unpack(packer, block, n, &p->raw);
	return r ? r : add_entries(p, l, buf_span(&p->raw), n);
}

/* ---- the lists --------------------------------------------------------------------------- */

#define BEHIND_MIN 16 /* stretches there is room for from the beginning */

static int pass(struct chunk_list *l, uint32_t from, int64_t min_at)
{
	if (l->n_behind == l->cap_behind) {
		size_t cap = l->cap_behind ? 2 * l->cap_behind : BEHIND_MIN;
		struct stretch *more = realloc(l->behind, cap * sizeof(*more));

		if (!more)
			return -ENOMEM;
		l->behind = more;
		l->cap_behind = cap;
	}
	l->behind[l->n_behind++] = (struct stretch){from, l->next, min_at};
	l->next = from;
	return 0;
}

/* Passes the chunks that the cursor says are behind us. */
static int skip(struct chunk_list *l)
{
	if (l->has_twin || l->skip_from == l->skip_to || l->next != l->skip_to)
		return 0;
	return pass(l, l->skip_from, TIME_NEVER);
}

/* What the cursor says of L. 0 or BAD_CURSOR. */
static int read_skip(const struct timeline_page *p, struct chunk_list *l)
{
	for (uint32_t i = 0; p->has_cursor && i < p->cursor.n_skips; i++) {
		const struct page_skip *s = &p->cursor.skips[i];

		if (s->list != l->tag)
			continue;
		if (s->to > l->n_chunks)
			return TIMELINE_PAGE_BAD_CURSOR;
		l->skip_from = s->from;
		l->skip_to = s->to;
	}
	return 0;
}

static int add_list(struct timeline_page *p, struct chunk_list list)
{
	if (p->n_lists == p->cap_lists) {
		size_t cap = p->cap_lists ? 4 * p->cap_lists : 1;
		struct chunk_list *more = realloc(p->lists, cap * sizeof(*more));

		if (!more)
			return -ENOMEM;
		p->lists = more;
		p->cap_lists = cap;
	}
	for (size_t i = 0; i < p->n_lists && !list.is_index; i++) {
		if (p->lists[i].tag != list.tag || p->lists[i].is_index)
			continue;
		/* What was skipped of the other may have been this one's. */
		if (p->started && p->lists[i].skip_from != p->lists[i].skip_to)
			return TIMELINE_PAGE_BAD_CURSOR;
		p->lists[i].has_twin = list.has_twin = true;
	}
	list.behind = calloc(BEHIND_MIN, sizeof(*list.behind));
	if (!list.behind)
		return -ENOMEM;
	list.cap_behind = BEHIND_MIN;
	list.next = list.n_chunks;
	if (list.is_index) {
		p->lists[p->n_lists++] = list;
		return 0;
	}
	p->lists[p->n_lists] = list;
	return read_skip(p, &p->lists[p->n_lists++]);
}

/* Nothing in what was not seen of L can belong on the page. Once it is so it stays so. */
static bool is_done(const struct timeline_page *p, const struct chunk_list *l)
{
	return l->next == 0 || l->reach_at < oldest_wanted(p);
}

int timeline_page_add_record(
	struct timeline_page *p, struct packer *packer, const struct record *record)
{
	struct chunk_list own = {.n_chunks = record->n_chunks, .reach_at = record->reach_at};
	int r;

	assert(p->n_lists == 0);
	if (record->journey)
		own.tag = crc32c(0, text_span(record->journey->customer));
	r = add_list(p, own);
	if (r == 0)
		r = add_entries(p, &p->lists[0], buf_span(&record->tail), record->tail_n);
	if (r == 0 && record->packed_n > 0)
		r = add_block(p, packer, &p->lists[0], buf_span(&record->packed), record->packed_n);
	return r;
}

int timeline_page_add_beside(
	struct timeline_page *p, struct span key, uint64_t n_more, int64_t more_at)
{
	assert(p->n_lists > 0);
	if (n_more == 0 || more_at < oldest_wanted(p))
		return 0;
	if (n_more > UINT32_MAX)
		return TIMELINE_PAGE_CORRUPT;
	return add_list(p, (struct chunk_list){.key = key,
				   .is_index = true,
				   .has_twin = true,
				   .n_chunks = (uint32_t)n_more,
				   .reach_at = more_at});
}

int timeline_page_add_part(
	struct timeline_page *p, const struct customer_part *part, struct span key)
{
	int r = timeline_page_add_beside(p, key, part->n_more, part->more_at);

	assert(key.len > 0);
	/* What is not needed now will not be: the page's end only comes nearer. */
	if (r != 0 || part->n_chunks == 0 || part->from_at > newest_wanted(p) ||
		part->reach_at < oldest_wanted(p))
		return r;
	r = add_list(p, (struct chunk_list){.key = key,
				.tag = crc32c(0, key),
				.n_chunks = part->n_chunks,
				.reach_at = part->reach_at});
	return r == 0 && p->started ? skip(&p->lists[p->n_lists - 1]) : r;
}

int timeline_page_add_shed(struct timeline_page *p, uint32_t index, struct span bytes)
{
	struct chunk_list *l = &p->lists[p->wanted];
	struct customer_part part;
	struct span key;
	struct span copy;

	assert(p->started && l->is_index && index + 1 == l->next);
	if (customer_part_decode(bytes, &part, &key) != 0)
		return TIMELINE_PAGE_CORRUPT;
	l->next = index;
	copy = arena_copy(&p->keys, key);
	return copy.ptr ? timeline_page_add_part(p, &part, copy) : -ENOMEM;
}

/* All lists are known now. */
static void start(struct timeline_page *p)
{
	for (size_t i = 0; !p->started && i < p->n_lists; i++) {
		int r = skip(&p->lists[i]);

		assert(r == 0); /* there is room for one */
	}
	p->started = true;
}

bool timeline_page_wants(struct timeline_page *p, struct timeline_want *ret_want)
{
	const struct chunk_list *l = NULL;
	uint32_t block, from;

	assert(p->n_lists > 0);
	start(p);
	for (size_t i = 0; i < p->n_lists; i++)
		if (!is_done(p, &p->lists[i]) && (!l || p->lists[i].reach_at > l->reach_at))
			l = &p->lists[i];
	if (!l)
		return false;
	/* First what would fill the page if all went well, then as many again as were seen. */
	block = l->seen ? l->seen : p->query.limit / CHUNK_ENTRIES_MAX + 1;
	if (block > BLOCK_MAX)
		block = BLOCK_MAX;
	if (l->is_index)
		block = INDEX_BLOCK;
	from = l->next > block ? l->next - block : 0;
	if (!l->is_index && l->next > l->skip_to && from < l->skip_to && !l->has_twin)
		from = l->skip_to;
	p->wanted = (size_t)(l - p->lists);
	*ret_want = (struct timeline_want){l->key, from, l->next, l->is_index};
	return true;
}

static int open_chunk(struct timeline_page *p, struct packer *packer, const struct chunk_list *l,
	const struct chunk_head *head)
{
	/* Nothing in it between what is still wanted: it need not be unpacked. */
	if (head->min_at > newest_wanted(p) || head->max_at < oldest_wanted(p))
		return 0;
	return add_block(p, packer, l, head->block, head->n);
}

int timeline_page_add_chunk(
	struct timeline_page *p, struct packer *packer, uint32_t index, struct span chunk)
{
	struct chunk_list *l = &p->lists[p->wanted];
	struct chunk_head head;
	int r;

	assert(p->started && !l->is_index);
	if (is_done(p, l))
		return 0; /* the rest of a block that turned out not to be needed */
	assert(index + 1 == l->next);
	if (chunk_head(chunk, &head))
		return TIMELINE_PAGE_CORRUPT;
	r = pass(l, index, head.min_at);
	if (r == 0)
		r = open_chunk(p, packer, l, &head);
	l->reach_at = head.reach_at;
	l->seen++;
	return r ? r : skip(l);
}

/* ---- the cursor -------------------------------------------------------------------------- */

/* The longest run of chunks of L that hold nothing behind the instant AT. */
static struct page_skip find_skip(const struct chunk_list *l, int64_t at)
{
	struct page_skip longest = {.list = l->tag};
	uint32_t from = 0, to = 0;

	for (size_t i = 0; i < l->n_behind; i++) {
		const struct stretch *s = &l->behind[i];

		if (s->min_at <= at) {
			from = to = 0;
			continue;
		}
		to = from == s->to ? to : s->to;
		from = s->from;
		if (to - from > longest.to - longest.from) {
			longest.from = from;
			longest.to = to;
		}
	}
	return longest;
}

/* Keeps the longest. */
static void add_skip(struct page_cursor *c, struct page_skip skip)
{
	struct page_skip *least = &c->skips[0];

	if (skip.from == skip.to)
		return;
	if (c->n_skips < PAGE_SKIPS_MAX) {
		c->skips[c->n_skips++] = skip;
		return;
	}
	for (size_t i = 1; i < PAGE_SKIPS_MAX; i++)
		if (c->skips[i].to - c->skips[i].from < least->to - least->from)
			least = &c->skips[i];
	if (skip.to - skip.from > least->to - least->from)
		*least = skip;
}

static void next_cursor(const struct timeline_page *p, char next[TIMELINE_CURSOR_SIZE])
{
	const struct kept *last = &p->kept[p->limit - 1];
	struct page_cursor c = {.at = last->place.at,
		.id = last->place.id,
		.nth = last->place.nth,
		.tie = last->tie};

	for (size_t i = 0; i < p->n_lists; i++)
		if (!p->lists[i].has_twin)
			add_skip(&c, find_skip(&p->lists[i], c.at));
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
		struct timeline_entry *e = &p->entries[i];
		int r = timeline_decode(&bytes, e);

		assert(r == 0);
		if (e->kind == ENTRY_DECISION && e->decision.subject.len == 0)
			e->decision.subject = p->kept[i].under;
	}
	ret_next[0] = '\0';
	if (is_full(p))
		next_cursor(p, ret_next);
	*ret_entries = p->entries;
	*ret_n = n;
	return 0;
}
