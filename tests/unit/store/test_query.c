/* SPDX-License-Identifier: MIT */
/*
 * Questions to a real server, about customers whose every byte the test has put there: pages
 * against a plain sorted list, and what is answered when something is missing or broken.
 */
#include "query_stage.h"

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
	/* A cursor that has passed chunks is none where there are fewer. */
	REQUIRE(page(&s, q, "u1", &query, &h) == 0);
	memcpy(long_walk, h.next, sizeof(long_walk));
	put_customer(&s, "u1", 3, NULL);
	CHECK_INT(page(&s, q, "u1", &query, &h), QUERY_BAD_CURSOR);
	/* Of another customer it is a place in time like any other. */
	memcpy(h.next, long_walk, sizeof(long_walk));
	CHECK_INT(page(&s, q, "u2", &query, &h), 0);
	CHECK_INT(h.n, 3);
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
