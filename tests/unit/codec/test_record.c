/* SPDX-License-Identifier: MIT */
#include "codec/record.h"

#include "base/hash.h"
#include "core/rule.h"

#include "check.h"
#include "journey_chance.h"
#include "usual_journey.h"

/* Takes J. */
static struct record record_of(struct journey *j)
{
	struct record r = RECORD_INIT;

	r.journey = j;
	return r;
}

static const char *record_differs(const struct record *a, const struct record *b)
{
	if (!span_equal(buf_span(&a->packed), buf_span(&b->packed)))
		return "packed";
	if (!span_equal(buf_span(&a->tail), buf_span(&b->tail)))
		return "tail";
	if (a->packed_n != b->packed_n || a->tail_n != b->tail_n || a->n_chunks != b->n_chunks ||
		a->sealed_n != b->sealed_n)
		return "counts";
	if (a->reach_at != b->reach_at)
		return "reach_at";
	return journey_differs(a->journey, b->journey);
}

/* There and back again, byte for byte. */
static void check_round_trip(const struct record *r)
{
	_cleanup_(buf_release) struct buf once = BUF_INIT;
	_cleanup_(buf_release) struct buf twice = BUF_INIT;
	_cleanup_(record_release) struct record back = RECORD_INIT;
	const char *differs;

	REQUIRE(record_encode(r, &once) == 0);
	REQUIRE(record_decode(buf_span(&once), &back) == 0);
	differs = record_differs(r, &back);
	if (differs)
		fprintf(stderr, "# differs: %s\n", differs);
	CHECK(!differs);
	REQUIRE(record_encode(&back, &twice) == 0);
	CHECK(span_equal(buf_span(&once), buf_span(&twice)));
}

static void test_empty(void)
{
	_cleanup_(record_release) struct record r = RECORD_INIT;

	REQUIRE(record_init(&r, SPAN_LIT("a")) == 0);
	CHECK_INT(r.reach_at, INT64_MIN);
	CHECK_INT(r.tail_n, 0);
	check_round_trip(&r);
}

static void test_usual(void)
{
	_cleanup_(record_release) struct record r = record_of(usual_journey());
	_cleanup_(buf_release) struct buf b = BUF_INIT;

	check_round_trip(&r);
	REQUIRE(record_encode(&r, &b) == 0);
	printf("# a cart, an order, three instances: %zu bytes\n", b.len);
	CHECK(b.len <= 250);
}

static void test_chance(void)
{
	struct chance c = chance_new();

	for (int i = 0; i < 4000; i++) {
		_cleanup_(record_release) struct record r = record_of(chance_journey(&c, 6));

		r.tail_n = (uint32_t)chance_below(&c, 20);
		for (uint32_t n = 0; n < r.tail_n; n++)
			buf_add(&r.tail, "entry", 5);
		r.packed_n = (uint32_t)chance_below(&c, 20);
		for (uint32_t n = 0; n < r.packed_n; n++)
			buf_add(&r.packed, "packed", 6);
		r.n_chunks = (uint32_t)(chance_u64(&c) >> chance_below(&c, 64));
		r.sealed_n = chance_u64(&c) >> chance_below(&c, 64);
		r.reach_at = chance_instant(&c);
		check_round_trip(&r);
		REQUIRE(!check_failures);
	}
}

/* Lists full to their bounds. */
static void test_large(void)
{
	struct chance c = chance_new();
	_cleanup_(record_release) struct record r = record_of(chance_journey(&c, 0));

	for (unsigned i = 0; i < JOURNEY_CARTS_MAX; i++)
		REQUIRE(journey_add_cart(r.journey, chance_text(&c, RULE_KEY_MAX)));
	for (unsigned i = 0; i < JOURNEY_ORDERS_MAX; i++)
		REQUIRE(journey_add_order(r.journey, chance_text(&c, ENTITY_MAX)));
	for (unsigned i = 0; i < JOURNEY_INSTANCES_MAX; i++)
		REQUIRE(journey_add_instance(
			r.journey, chance_text(&c, RULE_ID_MAX), chance_text(&c, RULE_KEY_MAX)));
	check_round_trip(&r);
}

/* What could not be read again is not written: each bound met exactly, and passed by one. */
static void test_bounds(void)
{
	static char x[INSTANCE_DATA_MAX + 1];
	const struct {
		size_t offset;
		size_t max;
	} texts[] = {
		{offsetof(struct instance, data), INSTANCE_DATA_MAX},
		{offsetof(struct instance, key), RULE_KEY_MAX},
	};
	_cleanup_(record_release) struct record r = record_of(usual_journey());
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	struct journey *j = r.journey;

	memset(x, 'x', sizeof(x));
	buf_add_str(&b, "before");
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct text *t =
			(struct text *)(void *)((char *)&j->instances[1] + texts[i].offset);

		REQUIRE(text_set(t, span_of(x, texts[i].max)) == 0);
		check_round_trip(&r);
		REQUIRE(text_set(t, span_of(x, texts[i].max + 1)) == 0);
		CHECK_INT(record_encode(&r, &b), -EMSGSIZE);
		REQUIRE(text_set(t, SPAN_LIT("short")) == 0);
	}
	REQUIRE(text_set(&j->customer, span_of(x, CUSTOMER_MAX)) == 0);
	check_round_trip(&r);
	REQUIRE(text_set(&j->customer, span_of(x, CUSTOMER_MAX + 1)) == 0);
	CHECK_INT(record_encode(&r, &b), -EMSGSIZE);
	REQUIRE(text_set(&j->customer, SPAN_EMPTY) == 0);
	CHECK_INT(record_encode(&r, &b), -EMSGSIZE);
	CHECK_STR(buf_span(&b), "before");
	REQUIRE(text_set(&j->customer, SPAN_LIT("c")) == 0);
	REQUIRE(text_set(&j->orders[0].id, span_of(x, ENTITY_MAX)) == 0);
	REQUIRE(text_set(&j->traits[TRAIT_PHONE], span_of(x, TRAIT_MAX)) == 0);
	check_round_trip(&r);
	REQUIRE(text_set(&j->traits[TRAIT_PHONE], span_of(x, TRAIT_MAX + 1)) == 0);
	CHECK_INT(record_encode(&r, &b), -EMSGSIZE);
}

static void test_bit_flips(void)
{
	_cleanup_(record_release) struct record r = record_of(usual_journey());
	_cleanup_(buf_release) struct buf b = BUF_INIT;

	buf_add_str(&r.tail, "tail");
	r.tail_n = 1;
	REQUIRE(record_encode(&r, &b) == 0);
	for (size_t bit = 0; bit < 8 * b.len; bit++) {
		struct record back;

		b.ptr[bit / 8] = (char)(b.ptr[bit / 8] ^ 1 << bit % 8);
		CHECK_INT(record_decode(buf_span(&b), &back),
			bit < 8 ? RECORD_VERSION_UNKNOWN : RECORD_CORRUPT);
		b.ptr[bit / 8] = (char)(b.ptr[bit / 8] ^ 1 << bit % 8);
	}
}

static void test_truncated(void)
{
	_cleanup_(record_release) struct record r = record_of(usual_journey());
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	struct record back;

	REQUIRE(record_encode(&r, &b) == 0);
	for (size_t len = 0; len < b.len; len++)
		CHECK_INT(record_decode(span_of(b.ptr, len), &back), RECORD_CORRUPT);
	buf_add_char(&b, 0);
	CHECK_INT(record_decode(buf_span(&b), &back), RECORD_CORRUPT);
}

/* Gives BODY a frame with a right checksum: what is behind it must still be refused. */
static int decode_framed(const char *body, size_t len)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	struct record back;
	uint32_t crc = crc32c(crc32c(0, SPAN_LIT("\x02")), span_of(body, len));
	int r;

	buf_add_char(&b, 2);
	for (unsigned i = 0; i < 4; i++)
		buf_add_char(&b, (char)(crc >> 8 * i & 0xff));
	buf_add(&b, body, len);
	r = record_decode(buf_span(&b), &back);
	if (r == 0)
		record_release(&back);
	return r;
}

#define FRAMED(LIT) decode_framed(LIT, sizeof(LIT) - 1)

/*
 * The format by hand: flags, customer "a", no events, no orders. last_at MIN is mark 2, xor the
 * usual 1: 3. Received and engaged MIN, first and due NEVER are 2 + 2 * 4 = 0x0a, xor the usual 1 +
 * 1 * 4 + 1 * 16 = 0x15: 0x1f.
 */
#define HEAD "\x00\x02\x61\x00\x00\x03\x1f"
/* No packed entries, none in the tail, no chunks, none in them, reach MIN, no block. */
#define TAIL "\x00\x00\x00\x00\x03\x00"

static void test_by_hand(void)
{
	/* no traits, carts, orders, instances */
	CHECK_INT(FRAMED("\x0b" HEAD "\x00\x00\x00\x00" TAIL), 0);
	/* a byte too many in the block, and one too few */
	CHECK_INT(FRAMED("\x0c" HEAD "\x00\x00\x00\x00\x00" TAIL), RECORD_CORRUPT);
	CHECK_INT(FRAMED("\x0a" HEAD "\x00\x00\x00" TAIL), RECORD_CORRUPT);
	/* bytes of a tail and the number of its entries */
	CHECK_INT(FRAMED("\x0b" HEAD "\x00\x00\x00\x00"
			 "\x00\x01\x00\x00\x03\x00"
			 "x"),
		0);
	CHECK_INT(FRAMED("\x0b" HEAD "\x00\x00\x00\x00"
			 "\x00\x00\x00\x00\x03\x00"
			 "x"),
		RECORD_CORRUPT);
	CHECK_INT(FRAMED("\x0b" HEAD "\x00\x00\x00\x00"
			 "\x00\x02\x00\x00\x03\x00"
			 "x"),
		RECORD_CORRUPT);
	CHECK_INT(FRAMED("\x0b" HEAD "\x00\x00\x00\x00"
			 "\x00\x01\x00\x00\x03\x00"),
		RECORD_CORRUPT);
	/* and of a block, whose number may be any */
	CHECK_INT(FRAMED("\x0b" HEAD "\x00\x00\x00\x00"
			 "\x02\x00\x00\x00\x03\x01"
			 "x"),
		0);
	CHECK_INT(FRAMED("\x0b" HEAD "\x00\x00\x00\x00"
			 "\x00\x00\x00\x00\x03\x01"
			 "x"),
		RECORD_CORRUPT);
	CHECK_INT(FRAMED("\x0b" HEAD "\x00\x00\x00\x00"
			 "\x01\x00\x00\x00\x03\x00"),
		RECORD_CORRUPT);
	CHECK_INT(FRAMED("\x0b" HEAD "\x00\x00\x00\x00"
			 "\x01\x00\x00\x00\x03\x02"
			 "x"),
		RECORD_CORRUPT);
	/* 65 carts, 257 orders, 513 instances; 512 that are not there */
	CHECK_INT(FRAMED("\x0b" HEAD "\x00\x41\x00\x00" TAIL), RECORD_CORRUPT);
	CHECK_INT(FRAMED("\x0c" HEAD "\x00\x00\x81\x02\x00" TAIL), RECORD_CORRUPT);
	CHECK_INT(FRAMED("\x0c" HEAD "\x00\x00\x00\x81\x04" TAIL), RECORD_CORRUPT);
	CHECK_INT(FRAMED("\x0c" HEAD "\x00\x00\x00\x80\x04" TAIL), RECORD_CORRUPT);
	/* an unknown flag, an unknown trait, no customer */
	CHECK_INT(FRAMED("\x0b\x08\x02\x61\x00\x00\x03\x1f\x00\x00\x00\x00" TAIL), RECORD_CORRUPT);
	CHECK_INT(FRAMED("\x0d" HEAD "\x20\x00\x03\x00\x00\x00" TAIL), RECORD_CORRUPT);
	CHECK_INT(FRAMED("\x0a\x00\x00\x00\x00\x03\x1f\x00\x00\x00\x00" TAIL), RECORD_CORRUPT);
	/* a cart: `customer` is the nearest key, and before it there is none; an unknown mark word
	 */
	CHECK_INT(FRAMED("\x0e" HEAD "\x00\x01\x01\x95\x15\x00\x00" TAIL), 0);
	CHECK_INT(FRAMED("\x0e" HEAD "\x00\x01\x03\x95\x15\x00\x00" TAIL), RECORD_CORRUPT);
	CHECK_INT(FRAMED("\x0e" HEAD "\x00\x01\x01\x95\x35\x00\x00" TAIL), RECORD_CORRUPT);
	/* blocks that are longer than all there is */
	CHECK_INT(FRAMED("\x0c"
			 "\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
		RECORD_CORRUPT);
	CHECK_INT(FRAMED("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), RECORD_CORRUPT);
	CHECK_INT(FRAMED(""), RECORD_CORRUPT);
	/* 2^64 - 1 events, and one more */
	CHECK_INT(FRAMED("\x14\x00\x02\x61\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x03\x1f"
			 "\x00\x00\x00\x00" TAIL),
		0);
	CHECK_INT(FRAMED("\x14\x00\x02\x61\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02\x00\x03\x1f"
			 "\x00\x00\x00\x00" TAIL),
		RECORD_CORRUPT);
}

/* A customer of N letters, by hand. */
static int decode_customer_of(size_t n)
{
	static const char behind[] = "\x00\x00\x03\x1f\x00\x00\x00\x00";
	_cleanup_(buf_release) struct buf block = BUF_INIT;
	_cleanup_(buf_release) struct buf body = BUF_INIT;

	buf_add_varint(&block, 0);
	buf_add_varint(&block, n << 1);
	for (size_t i = 0; i < n; i++)
		buf_add_char(&block, 'x');
	buf_add(&block, behind, sizeof(behind) - 1);
	buf_add_block(&body, buf_span(&block));
	buf_add(&body, TAIL, 6);
	return decode_framed(body.ptr, body.len);
}

static void test_long_text(void)
{
	CHECK_INT(decode_customer_of(CUSTOMER_MAX), 0);
	CHECK_INT(decode_customer_of(CUSTOMER_MAX + 1), RECORD_CORRUPT);
}

/* More elements than a journey may have are not written. */
static void test_too_many(void)
{
	_cleanup_(record_release) struct record r = record_of(usual_journey());
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	struct journey *j = r.journey;
	struct cart *carts = calloc(JOURNEY_CARTS_MAX + 1, sizeof(*carts));

	REQUIRE(carts);
	text_release(&j->carts[0].key);
	free(j->carts);
	j->carts = carts;
	j->n_carts = JOURNEY_CARTS_MAX;
	CHECK_INT(record_encode(&r, &b), 0);
	j->n_carts = JOURNEY_CARTS_MAX + 1;
	CHECK_INT(record_encode(&r, &b), -EMSGSIZE);
}

/* Right checksums around damaged bodies: nothing may be trusted because of a checksum. */
static void test_damaged(void)
{
	struct chance c = chance_new();
	int accepted = 0;

	for (int i = 0; i < 40000; i++) {
		_cleanup_(record_release) struct record r =
			record_of(i % 2 ? usual_journey() : chance_journey(&c, 4));
		_cleanup_(buf_release) struct buf b = BUF_INIT;

		REQUIRE(record_encode(&r, &b) == 0);
		for (size_t n = 1 + chance_below(&c, 3); n > 0; n--)
			b.ptr[5 + chance_below(&c, b.len - 5)] = (char)chance_u64(&c);
		accepted += decode_framed(b.ptr + 5, b.len - 5 - chance_below(&c, 2)) == 0;
	}
	printf("# %d of 40000 damaged bodies still mean something\n", accepted);
}

/* Numbers on disk never change their meaning. The bytes come from another writer of the format,
 * made from the description at the head of journey_bytes.c. */
static void test_golden(void)
{
	static const char hex[] = "0123456789abcdef";
	_cleanup_(record_release) struct record r = record_of(usual_journey());
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	char text[1024];

	REQUIRE(record_encode(&r, &b) == 0);
	REQUIRE(2 * b.len <= sizeof(text));
	for (size_t i = 0; i < b.len; i++) {
		text[2 * i] = hex[(unsigned char)b.ptr[i] >> 4];
		text[2 * i + 1] = hex[(unsigned char)b.ptr[i] & 15];
	}
	CHECK_STR(span_of(text, 2 * b.len),
		"026820a24fe601070e637573745f34324835663063396433652d386131622d34"
		"6332642d396533662d3761366235633464336532661401008098d2dfbf6840d8"
		"0cd70ca1a0f6a713a2dbe2b51301286a616e652e646f65406578616d706c652e"
		"636f6d00ffbff9ef0c0114636172743a43313030310000008dda9601010a4f32"
		"3030320e313234392e3930098028ffefb252cdb9b35200cef9fe9b03cdf9fe9b"
		"03e4bc07eafcab52030501011f000000d80c00d70c80e8dd0d80d30e0505031f"
		"000000d80c00d70c80e8dd0d80d30e0503166f726465723a4f32303032330000"
		"00d80c00d70c80e8dd0d80d30e000000000300");
}

/* When the visitor's number was said is written only where that was not with the latest event, so a
 * record from before this was kept reads as it did. */
static void test_visitor(void)
{
	static const int64_t times[] = {NOON, NOON - 1, NOON + 1, NOON - 30 * MS_DAY, INT64_MIN};
	size_t usual = 0;

	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		_cleanup_(record_release) struct record r = record_of(usual_journey());
		_cleanup_(record_release) struct record back = RECORD_INIT;
		_cleanup_(buf_release) struct buf b = BUF_INIT;

		r.journey->anonymous_at = times[i];
		check_round_trip(&r);
		REQUIRE(record_encode(&r, &b) == 0);
		REQUIRE(record_decode(buf_span(&b), &back) == 0);
		CHECK(back.journey->anonymous_at == times[i]);
		usual = usual ? usual : b.len;
		/* Two counts of what is not there, the number of the part, the distance. */
		CHECK(i == 0 || (b.len >= usual + 4 && b.len <= usual + 3 + 10));
	}
}

/* A single moment on a screen is written as it was before visits were kept, which reads as one. */
static void test_visits(void)
{
	static const struct {
		int64_t at[4];
		size_t n, n_visits, more;
	} rows[] = {
		{{NOON}, 1, 1, 0},
		{{NOON, NOON}, 2, 1, 0},
		/* its number, how many, and 300,000 ms: three bytes of seven bits */
		{{NOON - 5 * MS_MINUTE, NOON}, 2, 1, 1 + 1 + 3},
		/* and a silence of 3,600,000 ms, which takes four, before one of no length */
		{{NOON - MS_HOUR, NOON}, 2, 2, 1 + 1 + 1 + 4 + 1},
		{{NOON, NOON - MS_HOUR, NOON - 5 * MS_MINUTE}, 3, 2, 1 + 1 + 3 + 4 + 1},
	};
	size_t usual = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(record_release) struct record r = record_of(usual_journey());
		_cleanup_(record_release) struct record back = RECORD_INIT;
		_cleanup_(buf_release) struct buf b = BUF_INIT;
		const struct past *p;

		for (size_t k = 0; k < rows[i].n; k++)
			past_visit(&r.journey->past, rows[i].at[k]);
		r.journey->web_active_at = NOON;
		check_round_trip(&r);
		REQUIRE(record_encode(&r, &b) == 0);
		usual = usual ? usual : b.len;
		CHECK_INT(b.len, usual + rows[i].more);
		REQUIRE(record_decode(buf_span(&b), &back) == 0);
		p = &back.journey->past;
		REQUIRE(p->n_visits == rows[i].n_visits);
		CHECK(p->visits[p->n_visits - 1].to == NOON);
	}
}

/* What a binary does not know it must not drop: the same bytes, with another number. */
static void test_unknown_part(void)
{
	/* no parcels, nothing held; part 9, now; 26, two visits: of 5 ms, after 30 minutes one of
	 * no length */
	static const unsigned char tail[] = {0, 0, 9, 0, 26, 2, 5, 0xc0, 0xee, 0x6d, 0};
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	_cleanup_(journey_freep) struct journey *plain = usual_journey();

	REQUIRE(journey_encode(plain, &b) == 0);
	buf_add(&b, tail, sizeof(tail));
	/* what is in front of it is its length, in two bytes of seven bits */
	b.ptr[0] = (char)((b.len - 2) % 128 | 128);
	b.ptr[1] = (char)((b.len - 2) / 128);
	for (unsigned number = 20; number < 128; number++) {
		_cleanup_(journey_freep) struct journey *j = NULL;
		struct span bytes = buf_span(&b);
		int r;

		b.ptr[b.len - sizeof(tail) + 4] = (char)number;
		r = journey_decode(&bytes, &j);
		CHECK_INT(r, number == 26 ? 0 : RECORD_CORRUPT);
		if (r == 0)
			CHECK_INT(j->past.n_visits, 2);
	}
}

static const struct check_case cases[] = {
	{"a new customer", test_empty},
	{"a usual customer, in 250 bytes", test_usual},
	{"journeys by chance come back in every part", test_chance},
	{"lists full to their bounds", test_large},
	{"nothing is written that could not be read", test_bounds},
	{"every flipped bit is refused", test_bit_flips},
	{"every shorter and a longer record is refused", test_truncated},
	{"the format by hand", test_by_hand},
	{"text of the greatest length", test_long_text},
	{"a list of the greatest length", test_too_many},
	{"damage behind a right checksum", test_damaged},
	{"bytes of version 2", test_golden},
	{"when the visitor's number was said", test_visitor},
	{"visits to the shop's screens", test_visits},
	{"a part that is not known is refused", test_unknown_part},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
