/* SPDX-License-Identifier: MIT */
/* Customers who go by several names: what leads to them, and their timeline over all of them. */
#include "query_stage.h"

/* ---- links ------------------------------------------------------------------------------- */

static void by_any_identifier(void)
{
	static struct heard h;
	static const char *const typed[][2] = {
		{"u1", "u1"},
		{"email:jane@example.com", "email:jane@example.com"},
		{"jane@example.com", "email:jane@example.com"},
		{" Jane@Example.COM\t", "email:jane@example.com"},
		{"+4915112345678", "phone:+4915112345678"},
		{"5f0c9d3e", "anon:5f0c9d3e"},
		{"4711", "card:4711"},
		{"O1001", "order:O1001"},
	};

	STAGE(s, NULL);
	_cleanup_(query_source_freep) struct query_source *q = source_of(&s);
	put_customer(&s, "u1", 40, NULL);
	put_customer(&s, "u0", 1, NULL);
	put_link(&s, "email:jane@example.com", "u1", SPAN_EMPTY);
	put_link(&s, "phone:+4915112345678", "email:jane@example.com", SPAN_LIT("\2old"));
	put_link(&s, "anon:5f0c9d3e", "phone:+4915112345678", SPAN_LIT("\2old"));
	put_link(&s, "card:4711", "u1", SPAN_EMPTY);
	put_link(&s, "order:O1001", "card:4711", SPAN_EMPTY);
	/* Weaker kinds of the same text are not asked. */
	put_link(&s, "order:4711", "u0", SPAN_EMPTY);
	for (size_t i = 0; i < ARRAY_SIZE(typed); i++) {
		CHECK_INT(customer(&s, q, span_str(typed[i][0]), &h), 0);
		CHECK_STR(span_str(h.customer), "u1");
		CHECK_STR(span_str(h.matched), typed[i][1]);
		CHECK_INT(h.n_chunks, 2);
	}
	CHECK_INT(customer(&s, q, SPAN_LIT("order:4711"), &h), 0);
	CHECK_STR(span_str(h.customer), "u0");
	CHECK_INT(customer(&s, q, SPAN_LIT("john@example.com"), &h), QUERY_NO_CUSTOMER);
}

/* A chain of N links to u1. */
static void put_chain(struct redis_stage *s, unsigned n)
{
	char from[32], to[32] = "u1";

	for (unsigned i = 1; i <= n; i++) {
		snprintf(from, sizeof(from), "anon:%u", i);
		put_link(s, from, to, SPAN_EMPTY);
		memcpy(to, from, sizeof(to));
	}
}

static void chains(void)
{
	static struct heard h;
	static const unsigned lengths[] = {
		1, 7, 8, 9, 16, 17, 18, QUERY_LINKS_MAX_EVER, QUERY_LINKS_MAX_EVER + 1};

	STAGE(s, NULL);
	_cleanup_(query_source_freep) struct query_source *q = source_of(&s);
	put_customer(&s, "u1", 40, NULL);
	put_chain(&s, QUERY_LINKS_MAX_EVER + 1);
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		char id[32];
		int r = lengths[i] > QUERY_LINKS_MAX_EVER ? QUERY_CORRUPT : 0;

		snprintf(id, sizeof(id), "%u", lengths[i]);
		CHECK_INT(customer(&s, q, span_str(id), &h), r);
		if (r != 0)
			continue;
		CHECK_STR(span_str(h.customer), "u1");
		snprintf(id, sizeof(id), "anon:%u", lengths[i]);
		CHECK_STR(span_str(h.matched), id);
	}
}

/* A link may be there before what it leads to: until then the customer is who they were. */
static void ahead_of_the_merge(void)
{
	static struct heard h;
	_cleanup_(record_release) struct record before;
	_cleanup_(buf_release) struct buf frozen = BUF_INIT;
	struct timeline_query query = TIMELINE_QUERY_ALL;

	STAGE(s, NULL);
	_cleanup_(query_source_freep) struct query_source *q = source_of(&s);
	REQUIRE(record_init(&before, SPAN_LIT("anon:a1")) == 0);
	REQUIRE(record_encode(&before, &frozen) == 0);
	put_link(&s, "anon:a1", "u1", buf_span(&frozen));
	put_link(&s, "email:a@b", "u1", SPAN_EMPTY);
	put_link(&s, "order:O1", "anon:a1", SPAN_EMPTY);
	CHECK_INT(customer(&s, q, SPAN_LIT("a1"), &h), 0);
	CHECK_STR(span_str(h.customer), "anon:a1");
	CHECK_INT(customer(&s, q, SPAN_LIT("O1"), &h), 0);
	CHECK_STR(span_str(h.customer), "anon:a1");
	CHECK_STR(span_str(h.matched), "order:O1");
	CHECK_INT(customer(&s, q, SPAN_LIT("a@b"), &h), QUERY_NO_CUSTOMER);
	CHECK_INT(page(&s, q, "a1", &query, &h), 0);
	CHECK_INT(h.n, 0);
	put_customer(&s, "u1", 3, NULL);
	CHECK_INT(customer(&s, q, SPAN_LIT("a1"), &h), 0);
	CHECK_STR(span_str(h.customer), "u1");
}

static void broken_links(void)
{
	static struct heard h;

	STAGE(s, NULL);
	_cleanup_(query_source_freep) struct query_source *q = source_of(&s);
	put_customer(&s, "u1", 1, NULL);
	put_link(&s, "anon:good", "u1", SPAN_EMPTY);
	CHECK_INT(customer(&s, q, SPAN_LIT("good"), &h), 0);
	/* The script can follow the first two, and a wrong checksum shows here. */
	put_value(&s, "SET", "c", SPAN_LIT("anon:sum"), SPAN_LIT("L1 00000000 0 0 0 2:u1\n"));
	CHECK_INT(customer(&s, q, SPAN_LIT("sum"), &h), QUERY_CORRUPT);
	put_value(&s, "SET", "c", SPAN_LIT("anon:place"), SPAN_LIT("L1 1998fb0b 9 0 0 2:u1\n"));
	CHECK_INT(customer(&s, q, SPAN_LIT("place"), &h), QUERY_CORRUPT);
	put_value(&s, "SET", "c", SPAN_LIT("anon:head"), SPAN_LIT("L1 junk"));
	CHECK_INT(customer(&s, q, SPAN_LIT("head"), &h), QUERY_CORRUPT);
	put_value(&s, "SET", "c", SPAN_LIT("anon:L"), SPAN_LIT("L"));
	CHECK_INT(customer(&s, q, SPAN_LIT("L"), &h), QUERY_CORRUPT);
	/* A record under another's name. */
	(void)stage_say(&s, "COPY wm:{p%u}:c:u1 wm:{p%u}:c:u2",
		partition_of(SPAN_LIT("u1"), PARTITIONS), partition_of(SPAN_LIT("u2"), PARTITIONS));
	CHECK_INT(customer(&s, q, SPAN_LIT("u2"), &h), QUERY_CORRUPT);
}

/* ---- parts ------------------------------------------------------------------------------- */

#define N_PARTS 5

/* ALL's entries spread over U1 and four who have become part of it, whose share is sealed. */
static void put_several(struct redis_stage *s, struct timeline_entry *all, size_t n)
{
	static const char *const names[N_PARTS] = {
		"u1", "anon:a", "anon:b", "email:c@d", "phone:d"};
	_cleanup_(packer_freep) struct packer *p = NULL;
	static char messages[ENTRIES][8];
	struct record r[N_PARTS];

	REQUIRE(packer_new(&p) == 0);
	for (size_t i = 0; i < N_PARTS; i++)
		REQUIRE(record_init(&r[i], span_str(names[i])) == 0);
	for (size_t i = 0; i < n; i++) {
		size_t whose = i * 7919 / 16 % N_PARTS;

		snprintf(messages[i], sizeof(messages[i]), "m%zu", i);
		all[i] = (struct timeline_entry){.kind = ENTRY_EVENT,
			.id = {1795262400000 + i / 3, 0},
			.at = 1795262400000 + (int64_t)(i % 11 == 3 ? i / 2 : i) / 3,
			.name = SPAN_LIT("Product Viewed"),
			.message_id = span_str(messages[i]),
			.source = span_str(names[whose])};
		timeline_encode(&all[i], &r[whose].tail);
		r[whose].tail_n++;
		settle(s, p, &r[whose]);
	}
	for (size_t i = 1; i < N_PARTS; i++) {
		struct customer_part *part = journey_add_part(r[0].journey, span_str(names[i]));
		_cleanup_(buf_release) struct buf rest = BUF_INIT;

		REQUIRE(part);
		part->n_chunks = r[i].n_chunks;
		part->sealed_n = r[i].sealed_n;
		part->reach_at = r[i].reach_at;
		/* What was not sealed goes into the customer's own. */
		if (r[i].packed_n > 0)
			REQUIRE(timeline_unpack(p, buf_span(&r[i].packed), r[i].packed_n, &rest) ==
				0);
		buf_add_span(&rest, buf_span(&r[i].tail));
		buf_add_span(&r[0].tail, buf_span(&rest));
		r[0].tail_n += r[i].packed_n + r[i].tail_n;
		settle(s, p, &r[0]);
		record_release(&r[i]);
	}
	put_record(s, &r[0]);
	record_release(&r[0]);
}

static void parts(void)
{
	static struct timeline_entry all[ENTRIES];
	static struct heard h;
	static const uint32_t limits[] = {16, 17, 199, 200};
	struct timeline_query query = TIMELINE_QUERY_ALL;

	STAGE(s, NULL);
	_cleanup_(query_source_freep) struct query_source *q = source_of(&s);
	put_several(&s, all, ENTRIES);
	put_link(&s, "email:c@d", "u1", SPAN_EMPTY);
	qsort(all, ENTRIES, sizeof(all[0]), timeline_compare);
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		size_t at = 0;

		query.limit = limits[i];
		h.next[0] = '\0';
		do {
			REQUIRE(page(&s, q, "c@d", &query, &h) == 0);
			CHECK_STR(span_str(h.customer), "u1");
			REQUIRE(at + h.n <= ENTRIES && h.n > 0);
			for (size_t k = 0; k < h.n; k++, at++)
				CHECK(timeline_compare(&h.entries[k], &all[at]) == 0);
		} while (h.next[0]);
		CHECK_INT(at, ENTRIES);
	}
	/* A list that is shorter than it is said to be is noticed. */
	(void)stage_say(&s, "DEL wm:{p%u}:t:anon:a", partition_of(SPAN_LIT("anon:a"), PARTITIONS));
	query.limit = 200;
	h.next[0] = '\0';
	CHECK_INT(page(&s, q, "u1", &query, &h), QUERY_CORRUPT);
}

int main(void)
{
	static const struct check_case cases[] = {
		{"by any identifier", by_any_identifier},
		{"chains of links", chains},
		{"a link ahead of the merge", ahead_of_the_merge},
		{"broken links", broken_links},
		{"a customer who was several", parts},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
