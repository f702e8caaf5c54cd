/* SPDX-License-Identifier: MIT */
/* Entries on their way from the tail into the block and out as a chunk. */
#include "codec/record.h"

#include "check.h"
#include "journey_chance.h"

static struct record new_record(void)
{
	struct record r;

	if (record_init(&r, SPAN_LIT("c")) < 0)
		abort();
	return r;
}

static void check_round_trip(const struct record *r)
{
	_cleanup_(buf_release) struct buf once = BUF_INIT, twice = BUF_INIT;
	_cleanup_(record_release) struct record back = RECORD_INIT;

	REQUIRE(record_encode(r, &once) == 0);
	REQUIRE(record_decode(buf_span(&once), &back) == 0);
	REQUIRE(record_encode(&back, &twice) == 0);
	CHECK(span_equal(buf_span(&once), buf_span(&twice)));
}

/* An entry of LEN bytes, which is at least 14, in the tail of R. */
static void add_entry(struct record *r, uint64_t n, size_t len)
{
	static char x[CHUNK_BYTES_MAX];
	struct timeline_entry e = {.id = {n, 0}, .at = 1, .properties = span_of(x, len)};
	size_t before = r->tail.len;

	memset(x, 'x', sizeof(x));
	assert(len >= 14 && len <= sizeof(x));
	timeline_encode(&e, &r->tail);
	e.properties.len -= r->tail.len - before - len;
	r->tail.len = before;
	timeline_encode(&e, &r->tail);
	assert(r->tail.len - before == len);
	r->tail_n++;
}

static enum record_settled settle(struct record *r, struct packer *p, struct buf *chunk)
{
	enum record_settled settled = RECORD_KEPT;

	CHECK_INT(record_settle(r, p, chunk, &settled), 0);
	return settled;
}

/* What N small entries, one after another, become. */
static void test_settle_numbers(void)
{
	static const struct {
		unsigned n, chunks, packed, tail;
	} want[] = {
		{1, 0, 0, 1},
		{4, 0, 0, 4},
		{5, 0, 5, 0},
		{6, 0, 5, 1},
		{19, 0, 15, 4},
		{20, 1, 0, 0},
		{21, 1, 0, 1},
		{65, 3, 5, 0},
	};
	_cleanup_(packer_freep) struct packer *p = NULL;

	REQUIRE(packer_new(&p) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		_cleanup_(record_release) struct record r = new_record();
		_cleanup_(buf_release) struct buf chunks = BUF_INIT;
		unsigned sealed = 0;

		for (unsigned n = 0; n < want[i].n; n++) {
			add_entry(&r, n + 1, 14);
			sealed += settle(&r, p, &chunks) == RECORD_SEALED;
		}
		CHECK_INT(sealed, want[i].chunks);
		CHECK_INT(r.n_chunks, want[i].chunks);
		CHECK_INT(r.sealed_n, want[i].n - want[i].packed - want[i].tail);
		CHECK_INT(r.packed_n, want[i].packed);
		CHECK_INT(r.tail_n, want[i].tail);
		CHECK((r.packed.len > 0) == (r.packed_n > 0));
		check_round_trip(&r);
	}
}

/* The bounds in bytes met exactly, and missed by one. */
static void test_settle_bytes(void)
{
	_cleanup_(packer_freep) struct packer *p = NULL;

	REQUIRE(packer_new(&p) == 0);
	for (size_t less = 0; less < 2; less++) {
		_cleanup_(record_release) struct record r = new_record();
		_cleanup_(record_release) struct record large = new_record();
		_cleanup_(buf_release) struct buf chunk = BUF_INIT;

		add_entry(&r, 1, 1000);
		CHECK_INT(settle(&r, p, &chunk), RECORD_KEPT);
		CHECK_INT(r.tail_n, 1);
		add_entry(&r, 2, TAIL_BYTES_MAX - 1000 - less);
		CHECK_INT(settle(&r, p, &chunk), RECORD_KEPT);
		CHECK_INT(r.packed_n, less ? 0 : 2);
		CHECK_INT(r.tail_n, less ? 2 : 0);
		/* In a block a lone entry has an empty source's token, and all else as before. */
		add_entry(&large, 1, CHUNK_BYTES_MAX - less);
		CHECK_INT(settle(&large, p, &chunk), less ? RECORD_KEPT : RECORD_SEALED);
		CHECK_INT(large.packed_n, less);
		CHECK_INT(large.n_chunks, 1 - less);
		CHECK((chunk.len > 0) != less);
	}
}

/* All entries of R, behind those of the chunks that stand in CHUNKS one behind the other. */
static void unpack_all(
	struct packer *p, const struct record *r, struct span chunks, struct buf *out)
{
	struct span chunk;

	while (span_take_block(&chunks, &chunk) == 0) {
		struct chunk_head head;

		REQUIRE(chunk_head(chunk, &head) == 0);
		REQUIRE(timeline_unpack(p, head.block, head.n, out) == 0);
	}
	if (r->packed_n > 0)
		REQUIRE(timeline_unpack(p, buf_span(&r->packed), r->packed_n, out) == 0);
	buf_add_span(out, buf_span(&r->tail));
}

/* As after a restart: from bytes, and with a packer that knows nothing. */
static void start_again(struct record *r, struct packer **p)
{
	_cleanup_(buf_release) struct buf bytes = BUF_INIT;

	REQUIRE(record_encode(r, &bytes) == 0);
	record_release(r);
	REQUIRE(record_decode(buf_span(&bytes), r) == 0);
	packer_free(*p);
	REQUIRE(packer_new(p) == 0);
}

/*
 * Whatever comes, it is all there, as it was and in its order; and whether a worker has gone on or
 * has been restarted in between cannot be seen in a byte.
 */
static void test_settle_chance(void)
{
	struct chance c = chance_new();

	for (int round = 0; round < 60; round++) {
		_cleanup_(record_release) struct record on = new_record();
		_cleanup_(record_release) struct record again = new_record();
		_cleanup_(packer_freep) struct packer *p = NULL, *q = NULL;
		_cleanup_(buf_release) struct buf want = BUF_INIT, got = BUF_INIT;
		_cleanup_(buf_release) struct buf chunks = BUF_INIT, chunks_again = BUF_INIT;
		_cleanup_(buf_release) struct buf last = BUF_INIT, last_again = BUF_INIT;

		REQUIRE(packer_new(&p) == 0 && packer_new(&q) == 0);
		for (size_t left = chance_below(&c, 120); left > 0; left--) {
			_cleanup_(buf_release) struct buf one = BUF_INIT, other = BUF_INIT;
			struct timeline_entry e = chance_entry(&c);

			timeline_encode(&e, &want);
			timeline_encode(&e, &on.tail);
			timeline_encode(&e, &again.tail);
			on.tail_n++;
			again.tail_n++;
			if (chance_below(&c, 4) == 0)
				continue;
			if (settle(&on, p, &one) == RECORD_SEALED)
				buf_add_block(&chunks, buf_span(&one));
			if (settle(&again, q, &other) == RECORD_SEALED)
				buf_add_block(&chunks_again, buf_span(&other));
			if (chance_below(&c, 3) == 0)
				start_again(&again, &q);
		}
		unpack_all(p, &on, buf_span(&chunks), &got);
		CHECK(span_equal(buf_span(&got), buf_span(&want)));
		CHECK(span_equal(buf_span(&chunks), buf_span(&chunks_again)));
		REQUIRE(record_encode(&on, &last) == 0 && record_encode(&again, &last_again) == 0);
		CHECK(span_equal(buf_span(&last), buf_span(&last_again)));
		REQUIRE(!check_failures);
	}
}

/* A block or a tail that is none: refused, and everything is as it was. */
static void test_settle_corrupt(void)
{
	_cleanup_(packer_freep) struct packer *p = NULL;

	REQUIRE(packer_new(&p) == 0);
	for (int what = 0; what < 3; what++) {
		_cleanup_(record_release) struct record r = new_record();
		_cleanup_(buf_release) struct buf before = BUF_INIT, after = BUF_INIT;
		_cleanup_(buf_release) struct buf chunk = BUF_INIT;
		enum record_settled settled;

		for (unsigned n = 0; n < 5; n++)
			add_entry(&r, n + 1, 14);
		settle(&r, p, &chunk);
		for (unsigned n = 0; n < 5; n++)
			add_entry(&r, n + 1, 14);
		if (what == 0)
			r.packed.ptr[r.packed.len - 1]++;
		else if (what == 1)
			r.tail.ptr[0] = 0x77;
		else
			r.packed_n++;
		REQUIRE(record_encode(&r, &before) == 0);
		CHECK_INT(record_settle(&r, p, &chunk, &settled), RECORD_CORRUPT);
		REQUIRE(record_encode(&r, &after) == 0);
		CHECK(span_equal(buf_span(&before), buf_span(&after)));
		CHECK_INT(chunk.len, 0);
	}
}

static const struct check_case cases[] = {
	{"when entries are packed and sealed", test_settle_numbers},
	{"the same in bytes", test_settle_bytes},
	{"nothing is lost in packing", test_settle_chance},
	{"what cannot be settled", test_settle_corrupt},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
