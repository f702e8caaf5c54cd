/* SPDX-License-Identifier: MIT */
/* Pages against a model that sorts everything and cuts. */
#include "codec/timeline_page.h"

#include "check.h"
#include "page_shelf.h"

/* ---- the model ------------------------------------------------------------------------- */

/* All of S that Q wants and that stands behind LAST (NULL: all), newest first. */
static size_t model(const struct shelf *s, const struct timeline_query *q,
	const struct timeline_entry *last, struct timeline_entry *out)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		if (shelf_wants(q, &s->all[i]) && (!last || timeline_compare(last, &s->all[i]) < 0))
			out[n++] = s->all[i];
	qsort(out, n, sizeof(*out), timeline_compare);
	return n;
}

/* ---- pages ----------------------------------------------------------------------------- */

static int feed(struct shelf *s, struct timeline_page *page)
{
	uint32_t before = UINT32_MAX;
	struct timeline_want w;
	int r = timeline_page_add_record(page, s->packer, &s->record);

	while (r == 0 && timeline_page_wants(page, &w)) {
		CHECK(w.key.len == 0 && w.from < w.to);
		CHECK(w.to <= s->record.n_chunks && w.to <= before);
		before = w.from;
		for (uint32_t i = w.to; i-- > w.from && r == 0;) {
			r = timeline_page_add_chunk(page, s->packer, i, buf_span(&s->chunks[i]));
			s->fetched++;
		}
	}
	return r;
}

struct walk {
	const struct timeline_query *query;
	char cursor[TIMELINE_CURSOR_SIZE];
	struct timeline_entry last;
	bool started;
};

/* One page, compared with the model's. Returns the number of its entries, or -1. */
static int turn_page(struct shelf *s, struct walk *w)
{
	static struct timeline_entry want[ENTRIES];
	_cleanup_(timeline_page_freep) struct timeline_page *page = NULL;
	const struct timeline_entry *got;
	size_t n_want = model(s, w->query, w->started ? &w->last : NULL, want), n;
	size_t n_page = n_want < w->query->limit ? n_want : w->query->limit;

	if (timeline_page_new(w->query, span_str(w->cursor), &page) || feed(s, page) ||
		timeline_page_finish(page, &got, &n, w->cursor))
		return -1;
	if (n != n_page || (w->cursor[0] != '\0') != (n_want > n_page))
		return -1;
	for (size_t i = 0; i < n; i++)
		if (timeline_compare(&got[i], &want[i]) || got[i].kind != want[i].kind ||
			!span_equal(got[i].name, want[i].name))
			return -1;
	if (n)
		w->last = want[n - 1];
	w->started = true;
	return (int)n;
}

static struct timeline_query draw_query(struct chance *c, const struct shelf *s)
{
	struct timeline_query q = TIMELINE_QUERY_ALL;

	q.limit = 1 + (uint32_t)chance_below(c, chance_below(c, 2) ? 8 : TIMELINE_PAGE_MAX);
	if (chance_below(c, 4) == 0)
		q.from_at = s->all[chance_below(c, s->n)].at;
	if (chance_below(c, 4) == 0)
		q.to_at = s->all[chance_below(c, s->n)].at;
	if (chance_below(c, 4) == 0)
		q.channel = (enum channel)chance_below(c, 3);
	if (chance_below(c, 4) == 0)
		q.event = chance_below(c, 3)
				  ? span_str(shelf_names[chance_below(c, ARRAY_SIZE(shelf_names))])
				  : SPAN_LIT("Home");
	if (chance_below(c, 4) == 0)
		q.kinds = 1 + (unsigned)chance_below(c, 3);
	return q;
}

static void check_walks(bool growing)
{
	struct chance c = chance_new();

	for (int round = 0; round < 250; round++) {
		_cleanup_(shelf_freep) struct shelf *s = shelf_new();
		unsigned late = (unsigned)chance_below(&c, 4) * 5;
		struct timeline_query q;
		struct walk w = {.query = &q};
		int n;

		shelf_grow(s, &c, 1 + chance_below(&c, round % 8 ? 60 : 1500), late);
		q = draw_query(&c, s);
		do {
			n = turn_page(s, &w);
			REQUIRE(n >= 0);
			if (growing && chance_below(&c, 3) == 0)
				shelf_grow(s, &c, chance_below(&c, 30), 2);
		} while (w.cursor[0]);
	}
}

static void test_walks(void)
{
	check_walks(false);
}

/* Events arrive during the walk, at the front and in the past: each page is right when it is asked
 * for. */
static void test_growing(void)
{
	check_walks(true);
}

/* In order of time, a page costs the chunks that it shows and little more, at any depth. */
static void test_reads_little(void)
{
	struct chance c = {1};
	_cleanup_(shelf_freep) struct shelf *s = shelf_new();
	struct timeline_query q = TIMELINE_QUERY_ALL;
	struct walk w = {.query = &q};
	uint32_t most = 0;

	while (s->n < 1600) {
		shelf_add(s, shelf_draw(&c, s, 0));
		shelf_settle(s);
	}
	REQUIRE(s->record.n_chunks == 80);
	q.limit = 20;
	do {
		s->fetched = 0;
		REQUIRE(turn_page(s, &w) > 0);
		most = s->fetched > most ? s->fetched : most;
	} while (w.cursor[0]);
	printf("# 20 entries a page, 20 a chunk, 80 chunks: at most %u chunks a page\n", most);
	CHECK(most <= 6);
	/* One late event from the beginning, in the newest chunk, spoils nothing. */
	shelf_add(s, (struct timeline_entry){.id = {(uint64_t)(BASE * 2), 0}, .at = BASE});
	shelf_seal(s);
	w = (struct walk){.query = &q};
	for (int page = 0; page < 70; page++) {
		s->fetched = 0;
		REQUIRE(turn_page(s, &w) > 0);
	}
	CHECK(s->fetched <= 8);
}

static void test_nothing_older(void)
{
	struct chance c = {1};
	_cleanup_(shelf_freep) struct shelf *s = shelf_new();
	struct timeline_query q = TIMELINE_QUERY_ALL;
	struct walk w = {.query = &q};

	shelf_grow(s, &c, 300, 0);
	q.from_at = s->all[s->n - 1].at + 1;
	CHECK_INT(turn_page(s, &w), 0);
	CHECK_INT(s->fetched, 0);
	q.from_at = INT64_MIN;
	q.to_at = INT64_MIN;
	w = (struct walk){.query = &q};
	CHECK_INT(turn_page(s, &w), 0);
}

static void test_older_spelling(void)
{
	_cleanup_(shelf_freep) struct shelf *s = shelf_new();
	_cleanup_(timeline_page_freep) struct timeline_page *page = NULL;
	struct timeline_query q = TIMELINE_QUERY_ALL;
	const struct timeline_entry *got;
	char next[TIMELINE_CURSOR_SIZE];
	size_t n;

	shelf_add(s, (struct timeline_entry){.name = SPAN_LIT("Product Viewed"), .id = {1, 0}});
	shelf_add(s, (struct timeline_entry){.name = SPAN_LIT("Product Added"), .id = {2, 0}});
	q.event = SPAN_LIT("Viewed Product");
	REQUIRE(timeline_page_new(&q, SPAN_EMPTY, &page) == 0);
	REQUIRE(feed(s, page) == 0);
	REQUIRE(timeline_page_finish(page, &got, &n, next) == 0);
	REQUIRE(n == 1);
	CHECK_STR(got[0].name, "Product Viewed");
	CHECK_STR(span_str(next), "");
}

static int try_cursor(struct shelf *s, struct span cursor)
{
	_cleanup_(timeline_page_freep) struct timeline_page *page = NULL;
	struct timeline_query q = TIMELINE_QUERY_ALL;
	int r = timeline_page_new(&q, cursor, &page);

	return r ? r : feed(s, page);
}

static void test_limits(void)
{
	struct timeline_query q = TIMELINE_QUERY_ALL;
	struct timeline_page *page = NULL;

	q.limit = TIMELINE_PAGE_MAX;
	CHECK_INT(timeline_page_new(&q, SPAN_EMPTY, &page), 0);
	timeline_page_free(page);
	q.limit = TIMELINE_PAGE_MAX + 1;
	CHECK_INT(timeline_page_new(&q, SPAN_EMPTY, &page), TIMELINE_PAGE_BAD_LIMIT);
	q.limit = 0;
	CHECK_INT(timeline_page_new(&q, SPAN_EMPTY, &page), TIMELINE_PAGE_BAD_LIMIT);
}

/* How many entries of a size make a page: what fits, but for the one that says there are more. */
static void check_large(size_t entry_bytes, size_t per_page)
{
	_cleanup_(shelf_freep) struct shelf *s = shelf_new();
	_cleanup_free_ char *text = malloc(entry_bytes);
	struct timeline_query q = TIMELINE_QUERY_ALL;
	struct timeline_entry e = {.id = {1, 1}, .at = 1, .name = SPAN_LIT("E")};
	size_t at = 0;

	REQUIRE(text);
	memset(text, ' ', entry_bytes);
	e.properties = span_of(text, entry_bytes - 64);
	timeline_encode(&e, &s->record.tail);
	e.properties.len += entry_bytes - s->record.tail.len;
	buf_reset(&s->record.tail);
	for (uint64_t i = 1; i <= 41; i++) {
		e.id.seq = i;
		shelf_add(s, e);
		if (i % 3 == 0 || entry_bytes >= TIMELINE_PAGE_BYTES)
			shelf_seal(s);
	}
	q.limit = 30;
	for (char cursor[TIMELINE_CURSOR_SIZE] = ""; at < 41;) {
		_cleanup_(timeline_page_freep) struct timeline_page *page = NULL;
		size_t left = 41 - at, room = per_page < q.limit ? per_page + 1 : per_page, n;
		const struct timeline_entry *got;

		REQUIRE(timeline_page_new(&q, span_str(cursor), &page) == 0 && feed(s, page) == 0);
		REQUIRE(timeline_page_finish(page, &got, &n, cursor) == 0);
		CHECK_INT(n, left <= room ? left : per_page);
		REQUIRE(n > 0 && n <= left);
		for (size_t i = 0; i < n; i++)
			CHECK_INT(got[i].id.seq, left - i);
		at += n;
		CHECK_INT(cursor[0] == '\0', at == 41);
	}
}

static void test_large_entries(void)
{
	check_large(TIMELINE_PAGE_BYTES / 64, 30); /* as many as were asked for */
	check_large(TIMELINE_PAGE_BYTES / 16, 15);
	check_large(TIMELINE_PAGE_BYTES / 16 + 1, 14);
	check_large(TIMELINE_PAGE_BYTES / 2, 1);
	check_large((size_t)TIMELINE_PAGE_BYTES * 2, 1);
}

/* Anything but a whole cursor of ours is refused. */
static void test_cursors(void)
{
	static const char *const bad[] = {"A", "AA", "AAA", "AAAA", "A===", "AQAAAAA", "%00",
		"null", "-1", "AQAAAAAAAAAAAAAAAAAAAAAAAAAA", " ", "\xff"};
	struct chance c = {7};
	_cleanup_(shelf_freep) struct shelf *s = shelf_new();
	struct timeline_query q = TIMELINE_QUERY_ALL;
	struct walk w = {.query = &q};
	char damaged[TIMELINE_CURSOR_SIZE + 1];
	size_t len;

	shelf_grow(s, &c, 400, 0);
	q.limit = 30;
	REQUIRE(turn_page(s, &w) == 30);
	REQUIRE(turn_page(s, &w) == 30);
	len = strlen(w.cursor);
	CHECK_INT(try_cursor(s, span_of(w.cursor, len)), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_INT(try_cursor(s, span_str(bad[i])), TIMELINE_PAGE_BAD_CURSOR);
	for (size_t i = 0; i < len; i++) {
		if (i > 0)
			CHECK_INT(try_cursor(s, span_of(w.cursor, i)), TIMELINE_PAGE_BAD_CURSOR);
		memcpy(damaged, w.cursor, len + 1);
		for (int ch = 0; ch < 256; ch++) {
			damaged[i] = (char)ch;
			if (damaged[i] != w.cursor[i])
				CHECK_INT(try_cursor(s, span_of(damaged, len)),
					TIMELINE_PAGE_BAD_CURSOR);
		}
	}
	memset(damaged, 'A', sizeof(damaged));
	CHECK_INT(try_cursor(s, span_of(damaged, sizeof(damaged))), TIMELINE_PAGE_BAD_CURSOR);
	/* A cursor of a customer with more chunks. */
	shelf_release(s);
	shelf_init(s);
	CHECK_INT(try_cursor(s, span_of(w.cursor, len)), TIMELINE_PAGE_BAD_CURSOR);
}

/* Made by another writer of the format, with right checksums: the first three are fine, the others
 * are not.
 */
static void test_cursor_bodies(void)
{
	static const char *const texts[] = {
		"Ai1j5Q6AmNLfv2iskunvnzQEAk0IAQUJAgUJAwUJBAUJBQUJBgUJBwUJCAUJ", /* eight lists */
		"Ar_X1bCAmNLfv2iskunvnzQEAk0BAAUJ",				/* good */
		"AsikVK6AmNLfv2iskunvnzQEAk0A", /* good, skips nothing */
		"ArBky_qAmNLfv2iskunvnzQEAk0JAQUJAgUJAwUJBAUJBQUJBgUJBwUJCAUJCQUJ", /* nine lists */
		"AmvIy76AmNLfv2iskunvnzQEAk0BAAUJAA",	/* a byte behind the end */
		"AhiCwJ2AmNLfv2iskunvnzQEAk0BAAU",	/* cut */
		"Agu6CC6AmNLfv2iskunvnzQEAk0BAAkF",	/* skips backwards */
		"Am8Ylv2AmNLfv2iskunvnzQEAk0BAAUF",	/* skips nothing at all */
		"AqOlV9KAmNLfv2iskunvnzQEAk0CAwUJAwUJ", /* a list twice */
		"AoH43JSAmNLfv2iskunvnzQEAoCAgIAQAA",	/* a tie beyond 32 bits */
		"Arqo30qAmNLfv2iskunvnzQEgICAgBBNAA",	/* nth beyond 32 bits */
		"ASnAeU6AmNLfv2iskunvnzQEAk0A",		/* another version */
		"AVkeyFSAmNLfv2iskunvnzQEAgUJ",		/* a good one of before */
		"AqYjRrM",				/* nothing */
	};
	struct chance c = {7};
	_cleanup_(shelf_freep) struct shelf *s = shelf_new();

	shelf_grow(s, &c, 400, 0);
	for (size_t i = 0; i < 3; i++)
		CHECK_INT(try_cursor(s, span_str(texts[i])), 0);
	for (size_t i = 3; i < ARRAY_SIZE(texts); i++)
		CHECK_INT(try_cursor(s, span_str(texts[i])), TIMELINE_PAGE_BAD_CURSOR);
}

/* The bits of the last letter that stand for nothing must be zero: one place, one text. */
static void test_cursor_ends(void)
{
	struct chance c = {11};
	_cleanup_(shelf_freep) struct shelf *s = shelf_new();
	struct timeline_query q = TIMELINE_QUERY_ALL;
	struct walk w = {.query = &q};
	unsigned lengths = 0;

	shelf_grow(s, &c, 1500, 0);
	q.limit = 7;
	for (int page = 0; page < 150; page++) {
		char other[TIMELINE_CURSOR_SIZE];
		size_t len;

		REQUIRE(turn_page(s, &w) == 7);
		len = strlen(w.cursor);
		lengths |= 1u << (len & 3);
		memcpy(other, w.cursor, len);
		for (int ch = 0; ch < 128; ch++) {
			other[len - 1] = (char)ch;
			if (other[len - 1] != w.cursor[len - 1])
				CHECK_INT(try_cursor(s, span_of(other, len)),
					TIMELINE_PAGE_BAD_CURSOR);
		}
	}
	CHECK(lengths & (1u << 2 | 1u << 3)); /* some had bits to spare */
}

static void test_corrupt(void)
{
	struct chance c = {3};
	_cleanup_(shelf_freep) struct shelf *s = shelf_new();

	shelf_grow(s, &c, 100, 0);
	shelf_seal(s);
	s->chunks[1].ptr[s->chunks[1].len / 2] ^= 1;
	CHECK_INT(try_cursor(s, SPAN_EMPTY), 0); /* not read: the page is full before */
	s->chunks[s->record.n_chunks - 1].ptr[7] ^= 1;
	CHECK_INT(try_cursor(s, SPAN_EMPTY), TIMELINE_PAGE_CORRUPT);
	buf_add_str(&s->record.tail, "x");
	s->record.tail_n = 1;
	CHECK_INT(try_cursor(s, SPAN_EMPTY), TIMELINE_PAGE_CORRUPT);
}

static const struct check_case cases[] = {
	{"all pages of many timelines", test_walks},
	{"pages of timelines that grow meanwhile", test_growing},
	{"few chunks are read", test_reads_little},
	{"nothing is read where nothing can be", test_nothing_older},
	{"an older spelling finds the canonical name", test_older_spelling},
	{"limits", test_limits},
	{"large entries make short pages", test_large_entries},
	{"hostile cursors", test_cursors},
	{"cursors with a right checksum", test_cursor_bodies},
	{"cursors that end in spare bits", test_cursor_ends},
	{"damage is noticed", test_corrupt},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
