/* SPDX-License-Identifier: MIT */
/*
 * Questions to a real server, about customers whose every byte the test has put there: pages
 * against a plain sorted list, and what is answered when something is missing or broken.
 */
#include "store/query.h"

#include "redis_stage.h"

#define PARTITIONS 4
#define ENTRIES	   2000

/* ---- what stands in Redis ----------------------------------------------------------------- */

static void put(struct redis_stage *s, const struct span *args, size_t n)
{
	const struct redis_value *reply = NULL;

	CHECK(redis_call(s->redis, args, n, &s->arena, &reply) == 0);
	CHECK(reply && reply->type != REDIS_ERROR);
}

static void put_value(struct redis_stage *s, const char *command, const char *name,
	struct span customer, struct span value)
{
	_cleanup_(buf_release) struct buf key = BUF_INIT;
	struct span args[3];

	key_add_id(&key, partition_of(customer, PARTITIONS), name, customer);
	args[0] = span_str(command);
	args[1] = buf_span(&key);
	args[2] = value;
	put(s, args, ARRAY_SIZE(args));
}

static void put_record(struct redis_stage *s, const struct record *r)
{
	_cleanup_(buf_release) struct buf bytes = BUF_INIT;

	CHECK(record_encode(r, &bytes) == 0);
	put_value(s, "SET", "c", text_span(r->journey->customer), buf_span(&bytes));
}

static void settle(struct redis_stage *s, struct packer *p, struct record *r)
{
	_cleanup_(buf_release) struct buf chunk = BUF_INIT;
	enum record_settled settled;

	CHECK(record_settle(r, p, &chunk, &settled) == 0);
	if (settled == RECORD_SEALED)
		put_value(s, "RPUSH", "t", text_span(r->journey->customer), buf_span(&chunk));
}

/* CUSTOMER with N events, of which each seventh is late if ALL is not NULL and gets them as well.
 */
static void put_customer(
	struct redis_stage *s, const char *customer, size_t n, struct timeline_entry *all)
{
	_cleanup_(packer_freep) struct packer *p = NULL;
	_cleanup_(record_release) struct record r;

	REQUIRE(packer_new(&p) == 0 && record_init(&r, span_str(customer)) == 0);
	for (size_t i = 0; i < n; i++) {
		struct timeline_entry e = {.kind = ENTRY_EVENT,
			.id = {1795262400000 + i, 0},
			.at = 1795262400000 + (int64_t)(all && i % 7 == 3 ? i / 2 : i),
			.channel = i % 2 ? CHANNEL_WEB : CHANNEL_STORE,
			.name = SPAN_LIT("Product Viewed"),
			.source = SPAN_LIT("shop")};

		timeline_encode(&e, &r.tail);
		r.tail_n++;
		if (all)
			all[i] = e;
		settle(s, p, &r);
	}
	put_record(s, &r);
}

/* ---- asking ------------------------------------------------------------------------------ */

struct heard {
	unsigned times;
	int r;
	char customer[CUSTOMER_MAX + 1];
	char next[TIMELINE_CURSOR_SIZE];
	struct timeline_entry entries[TIMELINE_PAGE_MAX]; /* their places */
	size_t n;
	uint32_t n_chunks;
	int64_t now;
	struct query_source *to_free;
	bool unwanted;
};

static void on_answer(void *user, int r, const struct query_answer *answer)
{
	struct heard *h = user;

	h->times++;
	h->r = r;
	h->to_free = query_source_free(h->to_free);
	CHECK((r == 0) == (answer != NULL));
	if (!answer)
		return;
	CHECK(answer->customer.len <= CUSTOMER_MAX);
	memcpy(h->customer, answer->customer.ptr, answer->customer.len);
	h->customer[answer->customer.len] = '\0';
	h->now = answer->now;
	if (answer->record)
		h->n_chunks = answer->record->n_chunks;
	if (answer->next)
		memcpy(h->next, answer->next, strlen(answer->next) + 1);
	h->n = answer->n_entries;
	for (size_t i = 0; i < h->n; i++)
		h->entries[i] = answer->entries[i];
}

static bool is_wanted(void *user)
{
	const struct heard *h = user;

	return !h->unwanted;
}

static struct query_ask ask_of(struct heard *h, struct span id)
{
	return (struct query_ask){id, on_answer, h, is_wanted};
}

/* The outcome, wherever it was said. */
static int finish(struct redis_stage *s, struct query_source *source, struct heard *h, int r)
{
	CHECK(query_wait(source, s->loop) == 0);
	CHECK_INT(h->times, r == 0);
	return r ? r : h->r;
}

static int customer(
	struct redis_stage *s, struct query_source *source, struct span id, struct heard *h)
{
	struct query_ask ask = ask_of(h, id);

	*h = (struct heard){.unwanted = h->unwanted};
	return finish(s, source, h, query_customer(source, &ask));
}

static int page(struct redis_stage *s, struct query_source *source, const char *id,
	const struct timeline_query *query, struct heard *h)
{
	struct query_ask ask = ask_of(h, span_str(id));
	char cursor[TIMELINE_CURSOR_SIZE];

	memcpy(cursor, h->next, sizeof(cursor));
	*h = (struct heard){.unwanted = h->unwanted};
	return finish(s, source, h, query_timeline(source, &ask, query, span_str(cursor)));
}

static struct query_source *source_of(struct redis_stage *s)
{
	struct query_source *source = NULL;

	CHECK(query_source_new(s->redis, &source) == 0);
	query_source_set_partitions(source, PARTITIONS);
	return source;
}

/* ---- customers --------------------------------------------------------------------------- */

static void customers(void)
{
	static struct heard h;
	char longest[CUSTOMER_MAX + 1], anonymous[CUSTOMER_MAX + 1], too_long[CUSTOMER_MAX + 2];

	STAGE(s, NULL);
	_cleanup_(query_source_freep) struct query_source *q = source_of(&s);
	memset(longest, 'x', sizeof(longest));
	longest[CUSTOMER_MAX] = '\0';
	snprintf(anonymous, sizeof(anonymous), "anon:%.*s", CUSTOMER_MAX - 5, longest);
	put_customer(&s, "u1", 40, NULL);
	put_customer(&s, "anon:a1", 1, NULL);
	put_customer(&s, longest, 1, NULL);
	put_customer(&s, anonymous, 1, NULL);
	/* Would be found, and be corrupt, if anybody looked. */
	snprintf(too_long, sizeof(too_long), "%sx", longest);
	put_value(&s, "SET", "c", span_str(too_long), SPAN_LIT("?"));
	snprintf(too_long, sizeof(too_long), "%sx", anonymous);
	put_value(&s, "SET", "c", span_str(too_long), SPAN_LIT("?"));

	CHECK_INT(customer(&s, q, SPAN_LIT("u1"), &h), 0);
	CHECK_STR(span_str(h.customer), "u1");
	CHECK_INT(h.n_chunks, 2);
	CHECK(h.now > io_wall_now() - MS_MINUTE && h.now < io_wall_now() + MS_MINUTE);
	CHECK_INT(customer(&s, q, SPAN_LIT("a1"), &h), 0);
	CHECK_STR(span_str(h.customer), "anon:a1");
	CHECK_INT(customer(&s, q, SPAN_LIT("anon:a1"), &h), 0);
	CHECK_STR(span_str(h.customer), "anon:a1");
	CHECK_INT(customer(&s, q, SPAN_LIT("u2"), &h), QUERY_NO_CUSTOMER);
	CHECK_INT(customer(&s, q, SPAN_LIT("u1\0"), &h), QUERY_NO_CUSTOMER);
	CHECK_INT(customer(&s, q, SPAN_LIT("} x\r\n"), &h), QUERY_NO_CUSTOMER);
	CHECK_INT(customer(&s, q, SPAN_EMPTY, &h), QUERY_NO_CUSTOMER);

	CHECK_INT(customer(&s, q, span_of(longest, CUSTOMER_MAX), &h), 0);
	longest[CUSTOMER_MAX] = 'x';
	CHECK_INT(customer(&s, q, span_of(longest, CUSTOMER_MAX + 1), &h), QUERY_NO_CUSTOMER);
	CHECK_INT(customer(&s, q, span_of(longest, CUSTOMER_MAX - 5), &h), 0);
	CHECK_STR(span_str(h.customer), anonymous);
	CHECK_INT(customer(&s, q, span_of(longest, CUSTOMER_MAX - 4), &h), QUERY_NO_CUSTOMER);
}

/* ---- pages ------------------------------------------------------------------------------- */

static void pages(void)
{
	static struct timeline_entry all[ENTRIES];
	static struct heard h;
	static const uint32_t limits[] = {1, 16, 17, 199, 200};
	struct timeline_query query = TIMELINE_QUERY_ALL;

	STAGE(s, NULL);
	_cleanup_(query_source_freep) struct query_source *q = source_of(&s);
	put_customer(&s, "u1", ENTRIES, all);
	qsort(all, ENTRIES, sizeof(all[0]), timeline_compare);
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		/* One entry a page is not worth a walk to the end. */
		size_t at = 0, end = limits[i] == 1 ? 100 : ENTRIES;

		query.limit = limits[i];
		h.next[0] = '\0';
		do {
			REQUIRE(page(&s, q, "u1", &query, &h) == 0);
			REQUIRE(at + h.n <= ENTRIES && h.n > 0);
			for (size_t k = 0; k < h.n; k++, at++)
				CHECK(timeline_compare(&h.entries[k], &all[at]) == 0);
		} while (h.next[0] && at < end);
		CHECK(limits[i] == 1 || at == ENTRIES);
	}
	query.limit = 200;
	query.channel = CHANNEL_STORE;
	query.from_at = 1795262400000 + 5;
	query.to_at = 1795262400000 + 9;
	h.next[0] = '\0';
	REQUIRE(page(&s, q, "u1", &query, &h) == 0);
	/* Of even number and on time are 8 and 6; 10 is late and stands at 5. */
	REQUIRE(h.n == 3);
	CHECK_INT(h.entries[0].id.ms, 1795262400000 + 8);
	CHECK_INT(h.entries[1].id.ms, 1795262400000 + 6);
	CHECK_INT(h.entries[2].id.ms, 1795262400000 + 10);
	CHECK_STR(span_str(h.next), "");
}

static void bad_pages(void)
{
	static struct heard h;
	struct timeline_query query = TIMELINE_QUERY_ALL;
	char long_walk[TIMELINE_CURSOR_SIZE];

	STAGE(s, NULL);
	_cleanup_(query_source_freep) struct query_source *q = source_of(&s);
	put_customer(&s, "u1", 200, NULL);
	put_customer(&s, "u2", 3, NULL);
	query.limit = 0;
	CHECK_INT(page(&s, q, "u1", &query, &h), QUERY_BAD_LIMIT);
	query.limit = TIMELINE_PAGE_MAX + 1;
	CHECK_INT(page(&s, q, "u1", &query, &h), QUERY_BAD_LIMIT);
	query.limit = 60;
	snprintf(h.next, sizeof(h.next), "no-cursor");
	CHECK_INT(page(&s, q, "u1", &query, &h), QUERY_BAD_CURSOR);
	/* A cursor that has passed chunks is none of a customer who has no chunks. */
	REQUIRE(page(&s, q, "u1", &query, &h) == 0);
	memcpy(long_walk, h.next, sizeof(long_walk));
	CHECK_INT(page(&s, q, "u2", &query, &h), QUERY_BAD_CURSOR);
	memcpy(h.next, long_walk, sizeof(long_walk));
	CHECK_INT(page(&s, q, "u3", &query, &h), QUERY_NO_CUSTOMER);
}

/* ---- broken ------------------------------------------------------------------------------ */

static void broken_data(void)
{
	static struct heard h;
	struct timeline_query query = TIMELINE_QUERY_ALL;

	STAGE(s, NULL);
	_cleanup_(query_source_freep) struct query_source *q = source_of(&s);
	put_value(&s, "SET", "c", SPAN_LIT("junk"), SPAN_LIT("\1junk"));
	CHECK_INT(customer(&s, q, SPAN_LIT("junk"), &h), QUERY_CORRUPT);
	CHECK_INT(page(&s, q, "junk", &query, &h), QUERY_CORRUPT);
	put_value(&s, "RPUSH", "c", SPAN_LIT("list"), SPAN_LIT("x"));
	CHECK_STR(span_str(query_source_refusal(q)), "");
	CHECK_INT(customer(&s, q, SPAN_LIT("list"), &h), QUERY_REFUSED);
	CHECK(span_starts(span_str(query_source_refusal(q)), SPAN_LIT("WRONGTYPE ")));

	put_customer(&s, "u1", 160, NULL);
	CHECK_INT(page(&s, q, "u1", &query, &h), 0);
	(void)stage_say(&s, "RPOP wm:{p%u}:t:u1", partition_of(SPAN_LIT("u1"), PARTITIONS));
	h.next[0] = '\0';
	CHECK_INT(page(&s, q, "u1", &query, &h), QUERY_CORRUPT);
	put_value(&s, "RPUSH", "t", SPAN_LIT("u1"), SPAN_LIT("\1 no chunk"));
	CHECK_INT(page(&s, q, "u1", &query, &h), QUERY_CORRUPT);
	/* The journey lies apart from the chunks. */
	CHECK_INT(customer(&s, q, SPAN_LIT("u1"), &h), 0);
}

static void nobody_there(void)
{
	static struct heard h;
	struct query_ask ask = ask_of(&h, SPAN_LIT("u1"));

	STAGE(s, NULL);
	_cleanup_(query_source_freep) struct query_source *q = source_of(&s);
	put_customer(&s, "u1", 20, NULL);
	h.unwanted = true;
	CHECK_INT(customer(&s, q, SPAN_LIT("u1"), &h), QUERY_UNWANTED);
	h.unwanted = false;
	query_source_set_partitions(q, 0);
	CHECK_INT(customer(&s, q, SPAN_LIT("u1"), &h), QUERY_AWAY);
	query_source_set_partitions(q, PARTITIONS);
	redis_fixture_pause(&s.server);
	CHECK_INT(customer(&s, q, SPAN_LIT("u1"), &h), QUERY_AWAY);
	CHECK_INT(query_customer(q, &ask), QUERY_AWAY);
	redis_fixture_resume(&s.server);
	stage_wait_up(&s);
	CHECK_INT(customer(&s, q, SPAN_LIT("u1"), &h), 0);
}

/* The source may go before its last answer, and by the hand of whoever is answered. */
static void early_end(void)
{
	static struct heard h[3];
	struct query_source *q;

	STAGE(s, NULL);
	put_customer(&s, "u1", 20, NULL);
	q = source_of(&s);
	for (size_t i = 0; i < ARRAY_SIZE(h); i++) {
		struct query_ask ask = ask_of(&h[i], SPAN_LIT("u1"));

		CHECK_INT(query_customer(q, &ask), 0);
	}
	CHECK_INT(query_source_pending(q), 3);
	h[1].to_free = q;
	while (h[2].times == 0)
		CHECK(loop_turn(s.loop, true) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(h); i++)
		CHECK(h[i].times == 1 && h[i].r == 0);
	q = source_of(&s);
	h[0] = (struct heard){.times = 0};
	struct query_ask ask = ask_of(&h[0], SPAN_LIT("u1"));

	CHECK_INT(query_customer(q, &ask), 0);
	q = query_source_free(q);
	s.redis = redis_free(s.redis);
	CHECK(h[0].times == 1 && h[0].r == QUERY_AWAY);
}

int main(void)
{
	static const struct check_case cases[] = {
		{"customers and their keys", customers},
		{"pages are the sorted list", pages},
		{"pages that cannot be", bad_pages},
		{"broken data", broken_data},
		{"nobody there", nobody_there},
		{"an early end", early_end},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
