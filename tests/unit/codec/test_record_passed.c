/* SPDX-License-Identifier: MIT */
/*
 * Records of 22 November 2026 could say what news are passed on to those who were taken apart from
 * a customer (part 25). Nobody writes that any more; it is read and forgotten. The bytes are by
 * hand, as src/codec/journey_apart_bytes.c of that day wrote them.
 */
#include "codec/record.h"

#include "check.h"
#include "core/journey.h"

/* 2026-11-21T12:00:00.000Z */
#define NOON INT64_C(1795262400000)

/* No parcels, nothing held; part 9, on the site now; part 15: apart from `k` and `m`, now. */
#define APART 0, 0, 9, 0, 15, 2, 1, 'k', 0, 0, 1, 'm', 0, 0
#define THING 'p', 'r', 'o', 'd', 'u', 'c', 't', ':'
/* Two things for the first of them, one for the second. */
#define FIRST  0, 2, 9, THING, 'A', 9, THING, 'B'
#define SECOND 1, 1, 9, 's', 'i', 't', 'e', ':', 's', 'h', 'o', 'p'
/* Part 26: two visits, of 5 ms, after 30 minutes one of no length. */
#define VISITS 26, 2, 5, 0xc0, 0xee, 0x6d, 0

static struct journey *customer(void)
{
	struct journey *j = NULL;
	int r = journey_new(SPAN_LIT("a"), &j);

	assert(r == 0);
	j->n_events = 1;
	j->first_at = j->last_at = j->received_at = NOON;
	return j;
}

/* What comes of reading a customer who has the N bytes of TAIL behind what all have. */
static int decode(const unsigned char *tail, size_t n, struct journey **ret_j)
{
	_cleanup_(journey_freep) struct journey *j = customer();
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	struct span bytes;
	int r = journey_encode(j, &b);

	buf_add(&b, tail, n);
	/* the length of what is behind it, in one byte */
	assert(r == 0 && buf_failed(&b) == 0 && b.len <= 128);
	b.ptr[0] = (char)(b.len - 1);
	bytes = buf_span(&b);
	return journey_decode(&bytes, ret_j);
}

static void test_forgotten(void)
{
	static const unsigned char old[] = {APART, 25, 2, FIRST, SECOND, VISITS};
	static const unsigned char plain[] = {APART, VISITS};
	_cleanup_(journey_freep) struct journey *j = NULL;
	_cleanup_(journey_freep) struct journey *want = customer();
	_cleanup_(buf_release) struct buf got = BUF_INIT, bare = BUF_INIT;
	size_t at;

	REQUIRE(decode(old, sizeof(old), &j) == 0);
	REQUIRE(j->n_apart == 2);
	CHECK_SPAN(text_span(j->apart[0].key), SPAN_LIT("k"));
	CHECK_SPAN(text_span(j->apart[1].key), SPAN_LIT("m"));
	CHECK(j->apart[0].at == NOON && j->apart[1].at == NOON);
	CHECK_INT(j->past.n_visits, 2);
	/* It is written without it: the customer's own bytes, and the two other parts. */
	REQUIRE(journey_encode(j, &got) == 0);
	REQUIRE(journey_encode(want, &bare) == 0);
	at = bare.len;
	REQUIRE(got.len == at + sizeof(plain));
	CHECK(memcmp(got.ptr + 1, bare.ptr + 1, at - 1) == 0);
	CHECK(memcmp(got.ptr + at, plain, sizeof(plain)) == 0);
}

#define BAD(...)                                                                                   \
	{                                                                                          \
		(const unsigned char[]){__VA_ARGS__}, sizeof((const unsigned char[]){__VA_ARGS__}) \
	}

static void test_damaged(void)
{
	const struct {
		const unsigned char *tail;
		size_t n;
	} rows[] = {
		BAD(APART, 25, 0, VISITS),			/* for nobody */
		BAD(APART, 25, 3, FIRST, SECOND, VISITS),	/* for more than there are */
		BAD(APART, 25, 2, FIRST, FIRST, VISITS),	/* for one of them twice */
		BAD(APART, 25, 2, SECOND, FIRST, VISITS),	/* in another order */
		BAD(APART, 25, 1, 2, 1, 9, THING, 'A', VISITS), /* for a third */
		BAD(APART, 25, 1, 0, 0x81, 8, VISITS),		/* 1,025 things */
		BAD(APART, 25, 1, 0, 1, 9, THING),     /* a name that ends before its end */
		BAD(0, 0, 9, 0, 25, 1, FIRST, VISITS), /* where nobody was taken apart */
		BAD(APART, 25, 2, FIRST, VISITS),      /* one of two */
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct journey *j = NULL;

		CHECK_INT(decode(rows[i].tail, rows[i].n, &j), RECORD_CORRUPT);
		journey_free(j);
	}
}

static void test_cut_off(void)
{
	static const unsigned char old[] = {APART, 25, 2, FIRST, SECOND};
	size_t apart = sizeof((const unsigned char[]){APART});
	struct journey *j = NULL;

	for (size_t n = apart + 1; n < sizeof(old); n++)
		CHECK_INT(decode(old, n, &j), RECORD_CORRUPT);
	CHECK_INT(decode(old, sizeof(old), &j), 0);
	journey_free(j);
}

static const struct check_case cases[] = {
	{"it is read and forgotten, and what is behind it is read", test_forgotten},
	{"what no version wrote is refused", test_damaged},
	{"and what ends within it", test_cut_off},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
