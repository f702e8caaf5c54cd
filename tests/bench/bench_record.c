/* SPDX-License-Identifier: MIT */
/*
 * What keeping a customer costs: bytes and nanoseconds of a record, and of a timeline of shop
 * events in tail and chunks. Each figure is the best of several runs, because everything that
 * disturbs a run makes it slower.
 */
#include "base/instant.h"
#include "codec/job_json.h"
#include "codec/record.h"
#include "codec/timeline.h"

#include "../unit/codec/usual_journey.h"

#define RUNS   7
#define ROUNDS 40000

/* Time of this process, whatever else the machine does. */
static int64_t clock_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* The n-th event of a shopper: mostly views, now and then a cart and an order. */
static struct timeline_entry usual_entry(unsigned n, char *properties, size_t size)
{
	static const char *const names[] = {"Page Viewed", "Product Viewed", "Product Viewed",
		"Product Added", "Page Viewed", "Product Viewed", "Checkout Started",
		"Order Completed"};
	static char id[64];
	const char *name = names[n % ARRAY_SIZE(names)];
	unsigned key = n * 2654435761u;
	int len, id_len;

	if (n % 8 == 7)
		len = snprintf(properties, size,
			"{\"order_id\":\"O%u\",\"total\":%u.90,\"currency\":\"EUR\","
			"\"products\":[{\"product_id\":\"P%u\",\"name\":\"Ring %u\","
			"\"quantity\":1,\"price\":%u.90}]}",
			key % 9000, key % 900, key % 700, key % 70, key % 900);
	else if (n % 4 == 0)
		len = snprintf(properties, size,
			"{\"path\":\"/rings/%u\",\"title\":\"Rings %u\","
			"\"url\":\"https://www.example.com/rings/%u\"}",
			key % 700, key % 70, key % 700);
	else
		len = snprintf(properties, size,
			"{\"product_id\":\"P%u\",\"sku\":\"S-%u\",\"name\":\"Ring %u\","
			"\"price\":%u.90,\"currency\":\"EUR\",\"cart_id\":\"C%u\"}",
			key % 700, key % 7000, key % 70, key % 900, key % 9000);
	id_len = snprintf(id, sizeof(id), "%08x-%04x-4c2d-9e3f-%04x%08x", key, key % 65521,
		key % 65519, key * 31u);
	return (struct timeline_entry){
		.kind = ENTRY_EVENT,
		.id = {(uint64_t)NOON + (uint64_t)n * 40000, 0},
		.at = NOON + (int64_t)n * 40000 - 150,
		.channel = CHANNEL_WEB,
		.name = span_str(name),
		.source = SPAN_LIT("shop"),
		.message_id = span_of(id, (size_t)id_len),
		.properties = span_of(properties, (size_t)len),
	};
}

typedef void work_fn(void *user);

/* Nanoseconds of one call of FN, which does its work N times. */
static double best_of(work_fn *fn, void *user, size_t n)
{
	double best = 1e18;

	for (int run = 0; run < RUNS; run++) {
		int64_t start = clock_ns();

		fn(user);
		double ns = (double)(clock_ns() - start) / (double)n;
		if (ns < best)
			best = ns;
	}
	return best;
}

struct bench {
	struct record record;
	struct buf bytes;
	struct buf tail;
	struct buf out;
	struct packer *packer;
	unsigned n; /* entries of the tail */
};

static void encode_records(void *user)
{
	struct bench *b = user;

	for (int i = 0; i < ROUNDS; i++) {
		buf_reset(&b->out);
		if (record_encode(&b->record, &b->out) < 0)
			abort();
	}
}

static void decode_records(void *user)
{
	struct bench *b = user;

	for (int i = 0; i < ROUNDS; i++) {
		struct record back;

		if (record_decode(buf_span(&b->bytes), &back))
			abort();
		record_release(&back);
	}
}

static void free_records(void *user)
{
	static struct record back[ROUNDS];
	struct bench *b = user;

	for (int i = 0; i < ROUNDS; i++)
		if (record_decode(buf_span(&b->bytes), &back[i]))
			abort();
	for (int i = 0; i < ROUNDS; i++)
		record_release(&back[i]);
}

static void encode_entries(void *user)
{
	struct bench *b = user;
	char properties[512];
	struct timeline_entry e = usual_entry(3, properties, sizeof(properties));

	for (int i = 0; i < ROUNDS; i++) {
		buf_reset(&b->out);
		timeline_encode(&e, &b->out);
	}
}

static void decode_entries(void *user)
{
	struct bench *b = user;
	struct timeline_entry e;

	for (int i = 0; i < ROUNDS;) {
		struct span s = buf_span(&b->tail);

		for (; s.len > 0; i++)
			if (timeline_decode(&s, &e))
				abort();
	}
}

static void seal_chunks(void *user)
{
	struct bench *b = user;
	int64_t reach_at;

	for (int i = 0; i < ROUNDS / 100; i++) {
		buf_reset(&b->out);
		if (chunk_seal(b->packer, buf_span(&b->tail), b->n, INT64_MIN, &b->out, &reach_at))
			abort();
	}
}

static void open_chunks(void *user)
{
	struct bench *b = user;
	struct chunk_head head;

	for (int i = 0; i < ROUNDS / 100; i++) {
		buf_reset(&b->tail);
		if (chunk_head(buf_span(&b->bytes), &head) ||
			timeline_unpack(b->packer, head.block, head.n, &b->tail))
			abort();
	}
}

static void name_jobs(void *user)
{
	static const struct decision d = {.epoch = 1, .episode = 1};
	char id[JOB_ID_SIZE];

	(void)user;
	for (int i = 0; i < ROUNDS / 100; i++)
		if (job_id(&d, SPAN_LIT("cust_42"), id) < 0)
			abort();
}

static void bench_records(struct bench *b)
{
	if (record_encode(&b->record, &b->bytes) < 0)
		abort();
	printf("record: 1 cart, 1 order, 3 instances   %6zu bytes\n", b->bytes.len);
	printf("  encode                               %6.0f ns\n",
		best_of(encode_records, b, ROUNDS));
	printf("  decode and release                   %6.0f ns\n",
		best_of(decode_records, b, ROUNDS));
	printf("  decode and release, memory cold      %6.0f ns\n",
		best_of(free_records, b, ROUNDS));
}

static void bench_timeline(struct bench *b)
{
	char properties[512];
	size_t raw = 0;

	for (b->n = 0; b->n < CHUNK_ENTRIES_MAX; b->n++) {
		struct timeline_entry e = usual_entry(b->n, properties, sizeof(properties));

		raw += e.properties.len;
		timeline_encode(&e, &b->tail);
	}
	printf("tail: %u events with %zu bytes of properties %5zu bytes\n", b->n, raw, b->tail.len);
	printf("  encode an entry                      %6.0f ns\n",
		best_of(encode_entries, b, ROUNDS));
	printf("  decode an entry                      %6.0f ns\n",
		best_of(decode_entries, b, ROUNDS));
	printf("  seal                                 %6.0f ns\n",
		best_of(seal_chunks, b, ROUNDS / 100));
	printf("chunk of the same                      %6zu bytes\n", b->out.len);
	buf_reset(&b->bytes);
	buf_add_span(&b->bytes, buf_span(&b->out));
	printf("  open                                 %6.0f ns\n",
		best_of(open_chunks, b, ROUNDS / 100));
	printf("job id                                 %6.0f ns\n",
		best_of(name_jobs, b, ROUNDS / 100));
}

int main(void)
{
	struct bench b = {.bytes = BUF_INIT, .tail = BUF_INIT, .out = BUF_INIT};

	b.record = RECORD_INIT;
	b.record.journey = usual_journey();
	if (packer_new(&b.packer) < 0)
		abort();
	bench_records(&b);
	bench_timeline(&b);
	packer_free(b.packer);
	record_release(&b.record);
	buf_release(&b.bytes);
	buf_release(&b.tail);
	buf_release(&b.out);
	return 0;
}
