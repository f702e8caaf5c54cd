/* SPDX-License-Identifier: MIT */
/* Pages of a customer who was several, against a model that sorts everything and cuts. */
#include "base/hash.h"

#include "check.h"
#include "page_shelf.h"

#define PARTS 12 /* more than a cursor can speak of */

static const char *const part_names[PARTS] = {"", "anon:a", "anon:b", "anon:c", "anon:d", "anon:e",
	"anon:f", "anon:g", "anon:h", "anon:i", "email:j", "phone:k"};

/* The first is the customer, with a tail; of the others all is sealed. */
struct several {
	struct shelf *parts[PARTS];
	size_t n;
	struct timeline_entry all[PARTS * 300];
	uint32_t ties[PARTS * 300];
	const char *under[PARTS * 300];
	size_t n_all;
	uint32_t fetched;
	/* Beside whose record a part is told of: 0 the customer's, -1: in the record. */
	int beside[PARTS];
	bool says_from[PARTS];
};

static void several_release(struct several *s)
{
	for (size_t i = 0; i < s->n; i++)
		shelf_freep(&s->parts[i]);
	memset(s, 0, sizeof(*s));
}

/* Of an entry in the list of KEY. */
static uint32_t tie_of(const char *key, const struct timeline_entry *e)
{
	_cleanup_(buf_release) struct buf bytes = BUF_INIT;

	timeline_encode(e, &bytes);
	return crc32c(crc32c(0, span_str(key)), buf_span(&bytes));
}

static void several_draw(struct several *s, struct chance *c, unsigned late)
{
	s->n = 1 + chance_below(c, PARTS);
	for (size_t i = 0; i < s->n; i++) {
		struct shelf *part = s->parts[i] = shelf_new();

		s->beside[i] = i > 0 && chance_below(c, 2) ? (int)chance_below(c, i) : -1;
		s->says_from[i] = chance_below(c, 2);
		shelf_grow(part, c, chance_below(c, 300), late);
		if (i > 0)
			shelf_seal(part);
		for (size_t k = 0; k < part->n; k++) {
			s->all[s->n_all] = part->all[k];
			s->under[s->n_all] = part_names[i];
			s->ties[s->n_all++] = tie_of(part_names[i], &part->all[k]);
		}
	}
}

/* By the tie behind everything else, greater is older. */
static bool is_before(const struct several *s, size_t a, size_t b)
{
	int order = timeline_compare(&s->all[a], &s->all[b]);

	return order ? order < 0 : s->ties[a] < s->ties[b];
}

/* All that Q wants, newest first, as numbers of s->all. */
static size_t several_model(const struct several *s, const struct timeline_query *q, size_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_all; i++) {
		size_t at = n;

		if (!shelf_wants(q, &s->all[i]))
			continue;
		while (at > 0 && is_before(s, i, out[at - 1])) {
			out[at] = out[at - 1];
			at--;
		}
		out[at] = i;
		n++;
	}
	return n;
}

static struct shelf *several_find(struct several *s, struct span key)
{
	for (size_t i = 0; i < s->n; i++)
		if (span_is(key, part_names[i]))
			return s->parts[i];
	abort();
}

/* What is known of part I, those beside it included. */
static struct customer_part part_of(const struct several *s, size_t i)
{
	struct customer_part part = {.n_chunks = s->parts[i]->record.n_chunks,
		.sealed_n = s->parts[i]->record.sealed_n,
		.reach_at = s->parts[i]->record.reach_at,
		.from_at = s->says_from[i] ? TIME_NEVER : INT64_MIN,
		.more_at = INT64_MIN};

	for (size_t k = 0; k < s->parts[i]->n && s->says_from[i]; k++)
		part.from_at = int64_min(part.from_at, s->parts[i]->all[k].at);
	for (size_t k = i + 1; k < s->n; k++) {
		struct customer_part other;

		if (s->beside[k] != (int)i)
			continue;
		other = part_of(s, k);
		part.n_more++;
		part.more_at = int64_max(part.more_at, part_reach_at(&other));
	}
	return part;
}

/* Part N of those beside the record of part I. */
static int feed_beside(struct several *s, struct timeline_page *page, struct span key, uint32_t n)
{
	_cleanup_(buf_release) struct buf bytes = BUF_INIT;
	uint32_t index = n;
	size_t i = 0, k;

	while (!span_is(key, part_names[i]))
		i++;
	for (k = i + 1; k < s->n; k++)
		if (s->beside[k] == (int)i && n-- == 0)
			break;
	if (k < s->n) {
		struct customer_part part = part_of(s, k);

		if (text_set(&part.key, span_str(part_names[k])) < 0 ||
			customer_part_encode(&part, &bytes) < 0)
			abort();
		text_release(&part.key);
	}
	return timeline_page_add_shed(page, index, buf_span(&bytes));
}

static int several_feed(struct several *s, struct timeline_page *page)
{
	const struct customer_part own = part_of(s, 0);
	struct timeline_want w;
	int r = timeline_page_add_record(page, s->parts[0]->packer, &s->parts[0]->record);

	for (size_t i = 1; i < s->n && r == 0; i++) {
		const struct customer_part part = part_of(s, i);

		if (s->beside[i] < 0)
			r = timeline_page_add_part(page, &part, span_str(part_names[i]));
	}
	if (r == 0)
		r = timeline_page_add_beside(page, SPAN_EMPTY, own.n_more, own.more_at);
	while (r == 0 && timeline_page_wants(page, &w)) {
		struct shelf *part = several_find(s, w.key);

		for (uint32_t i = w.to; i-- > w.from && r == 0 && w.parts;)
			r = feed_beside(s, page, w.key, i);
		if (w.parts)
			continue;

		for (uint32_t i = w.to; i-- > w.from && r == 0; s->fetched++)
			r = timeline_page_add_chunk(
				page, part->packer, i, buf_span(&part->chunks[i]));
	}
	return r;
}

/* Is A, of a page, the entry B of the list of UNDER? */
static bool is_same(
	const struct timeline_entry *a, const struct timeline_entry *b, const char *under)
{
	struct timeline_entry own = *a;
	_cleanup_(buf_release) struct buf one = BUF_INIT;
	_cleanup_(buf_release) struct buf other = BUF_INIT;

	if (a->kind == ENTRY_DECISION && !span_is(a->decision.subject, under))
		return false;
	own.decision.subject = b->decision.subject;
	timeline_encode(&own, &one);
	timeline_encode(b, &other);
	return span_equal(buf_span(&one), buf_span(&other));
}

/* A whole walk: every entry once and in its place, wherever it lies. */
static void walk_several(struct several *s, const struct timeline_query *q)
{
	static size_t want[PARTS * 300];
	char cursor[TIMELINE_CURSOR_SIZE] = "";
	size_t at = 0, n_want;

	n_want = several_model(s, q, want);
	do {
		_cleanup_(timeline_page_freep) struct timeline_page *page = NULL;
		const struct timeline_entry *got;
		size_t n;

		REQUIRE(timeline_page_new(q, span_str(cursor), &page) == 0);
		REQUIRE(several_feed(s, page) == 0);
		REQUIRE(timeline_page_finish(page, &got, &n, cursor) == 0);
		REQUIRE(n == (n_want - at < q->limit ? n_want - at : q->limit));
		for (size_t i = 0; i < n; i++, at++)
			REQUIRE(is_same(&got[i], &s->all[want[at]], s->under[want[at]]));
		CHECK_INT(cursor[0] == '\0', at == n_want);
	} while (cursor[0]);
}

static void test_parts(void)
{
	static struct several several;
	struct several *s = &several;
	struct chance c = chance_new();

	for (int round = 0; round < 120; round++) {
		struct timeline_query q = TIMELINE_QUERY_ALL;

		several_draw(s, &c, (unsigned)chance_below(&c, 3) * 7);
		if (s->parts[0]->n > 0 && chance_below(&c, 3) == 0) {
			q.from_at = s->parts[0]->all[chance_below(&c, s->parts[0]->n)].at;
			q.kinds = 1 + (unsigned)chance_below(&c, 3);
		}
		q.limit = 1 + (uint32_t)chance_below(&c, chance_below(&c, 2) ? 8 : 60);
		walk_several(s, &q);
		several_release(s);
	}
}

/* The same place in every list: the cursor tells them apart all the same. */
static void test_same_places(void)
{
	static struct several several;
	struct several *s = &several;
	struct timeline_query q = TIMELINE_QUERY_ALL;

	for (s->n = 0; s->n < PARTS; s->n++) {
		struct shelf *part = s->parts[s->n] = shelf_new();

		for (uint64_t i = 0; i < 40; i++) {
			shelf_add(part, (struct timeline_entry){.name = span_str(part_names[s->n]),
						.id = {(uint64_t)BASE + i / 2, i % 2},
						.at = BASE});
			shelf_settle(part);
			s->all[s->n_all] = part->all[i];
			s->under[s->n_all] = part_names[s->n];
			s->ties[s->n_all++] = tie_of(part_names[s->n], &part->all[i]);
		}
		if (s->n > 0)
			shelf_seal(part);
	}
	for (q.limit = 1; q.limit <= 25; q.limit++)
		walk_several(s, &q);
	several_release(s);
}

/* Lists that ended long ago are left alone, and deep pages do not begin at the front again. */
static void test_parts_read_little(void)
{
	static struct several several;
	struct several *s = &several;
	struct timeline_query q = TIMELINE_QUERY_ALL;
	char cursor[TIMELINE_CURSOR_SIZE] = "";
	uint32_t most = 0;
	size_t n;

	/* Eight lists of 800 each, side by side in time. */
	for (s->n = 0; s->n < 8; s->n++) {
		struct shelf *part = s->parts[s->n] = shelf_new();

		for (uint64_t i = 0; i < 800; i++) {
			shelf_add(part, (struct timeline_entry){.name = SPAN_LIT("E"),
						.id = {(uint64_t)BASE + i, s->n},
						.at = BASE + (int64_t)i});
			shelf_settle(part);
		}
	}
	q.limit = 20;
	do {
		_cleanup_(timeline_page_freep) struct timeline_page *page = NULL;
		const struct timeline_entry *got;

		s->fetched = 0;
		REQUIRE(timeline_page_new(&q, span_str(cursor), &page) == 0);
		REQUIRE(several_feed(s, page) == 0);
		REQUIRE(timeline_page_finish(page, &got, &n, cursor) == 0);
		most = s->fetched > most ? s->fetched : most;
	} while (cursor[0]);
	printf("# 20 entries a page, 8 lists of 40 chunks: at most %u chunks a page\n", most);
	CHECK(most <= 8 * 6);
	/* What happened after all of the others ended. */
	q.from_at = BASE + 800;
	s->fetched = 0;
	for (uint64_t i = 800; i < 900; i++) {
		shelf_add(s->parts[0], (struct timeline_entry){.name = SPAN_LIT("E"),
					       .id = {(uint64_t)BASE + i, 0},
					       .at = BASE + (int64_t)i});
		shelf_settle(s->parts[0]);
	}
	_cleanup_(timeline_page_freep) struct timeline_page *page = NULL;
	const struct timeline_entry *got;

	REQUIRE(timeline_page_new(&q, SPAN_EMPTY, &page) == 0);
	REQUIRE(several_feed(s, page) == 0);
	REQUIRE(timeline_page_finish(page, &got, &n, cursor) == 0);
	CHECK_INT(n, 20);
	CHECK(s->fetched <= 4); /* two, and two to know that there is nothing more */
	several_release(s);
}

int main(void)
{
	static const struct check_case cases[] = {
		{"pages of a customer who was several", test_parts},
		{"many entries in one place", test_same_places},
		{"few chunks of several lists are read", test_parts_read_little},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
