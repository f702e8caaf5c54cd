/* SPDX-License-Identifier: MIT */
/*
 * Microseconds an event for what the collector does with a body: the bare scan, the envelope of a
 * single event, the envelope of a batch of 50; and for the worker's decoding; beside jansson,
 * which builds a tree of the same.
 * Each of 512 events is different, so that branches are not learned by heart. The best of several
 * rounds is printed: the others measure the machine's other business.
 */
#include "base/arena.h"
#include "base/base.h"
#include "base/buf.h"
#include "codec/envelope.h"
#include "codec/event_json.h"
#include "codec/json_scan.h"

#include <jansson.h>

#define EVENTS 512
#define BATCH  50
#define ROUNDS 40

struct corpus {
	struct buf singles[EVENTS];
	struct buf batches[EVENTS / BATCH];
	size_t bytes;
};

static void add_event(struct buf *b, unsigned i)
{
	static const char *const names[] = {"Product Added", "Product Viewed", "Order Completed",
		"Checkout Started", "Cart Viewed"};
	unsigned x = i * 2654435761U;

	buf_printf(b,
		"{\"type\":\"track\",\"event\":\"%s\",\"userId\":\"u-%u\","
		"\"anonymousId\":\"%08x-2326-4ffa-881b-0db85c%06x\",\"messageId\":\"ajs-next-17952%"
		"08u-"
		"%08x\",\"timestamp\":\"2026-11-21T17:%02u:%02u.%03uZ\",",
		names[i % ARRAY_SIZE(names)], x % 100000, x, i, x % 100000000, ~x, x % 60, i % 60,
		x % 1000);
	buf_printf(b,
		"\"properties\":{\"cart_id\":\"c%u\",\"product_id\":\"p%u\",\"name\":\"Ring %u\","
		"\"price\":%u.%02u,\"quantity\":%u,\"currency\":\"EUR\"},\"context\":{\"page\":{"
		"\"path\":\"/ring/%u\",\"url\":\"https://shop.example/ring/"
		"%u\"},\"locale\":\"de-DE\","
		"\"library\":{\"name\":\"analytics.js\",\"version\":\"npm:next-1.84.3\"}}}",
		x % 9973, x % 997, i, x % 5000, x % 100, i % 4 + 1, i, i);
}

static void corpus_make(struct corpus *c)
{
	c->bytes = 0;
	for (unsigned i = 0; i < EVENTS; i++) {
		buf_init(&c->singles[i]);
		add_event(&c->singles[i], i);
		c->bytes += c->singles[i].len;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(c->batches); i++) {
		struct buf *b = &c->batches[i];

		buf_init(b);
		buf_add_str(b, "{\"batch\":[");
		for (unsigned k = 0; k < BATCH; k++) {
			if (k)
				buf_add_char(b, ',');
			add_event(b, i * BATCH + k);
		}
		buf_add_str(b, "],\"writeKey\":\"wk\",\"sentAt\":\"2026-11-21T17:25:37.993Z\"}");
	}
}

static void corpus_release(struct corpus *c)
{
	for (unsigned i = 0; i < EVENTS; i++)
		buf_release(&c->singles[i]);
	for (unsigned i = 0; i < ARRAY_SIZE(c->batches); i++)
		buf_release(&c->batches[i]);
}

static bool scan(struct span s, struct arena *a)
{
	struct json_fault fault;

	(void)a;
	return json_valid(s, &fault);
}

static bool envelope(struct span s, enum envelope_kind kind, struct arena *a)
{
	struct envelope_request request = {s, kind, ENVELOPE_LIMITS_DEFAULT, &IDENTITY_DEFAULT};
	struct envelope_fault fault;
	struct envelope e;
	int r = envelope_read(&request, a, &e, &fault);

	arena_reset(a);
	return r == 0 && e.n_refused == 0;
}

static bool single(struct span s, struct arena *a)
{
	return envelope(s, ENVELOPE_KIND_TRACK, a);
}

static bool batch(struct span s, struct arena *a)
{
	return envelope(s, ENVELOPE_KIND_BATCH, a);
}

static bool decode(struct span s, struct arena *a)
{
	static struct field_table fields;
	static struct event_decoder *decoder; /* made in the first round, which is not the best */
	const struct event_origin origin = {.id = {1795282000000, 0}, .sent_at = TIME_NEVER};
	struct event e;
	struct event_fault fault;

	if (!decoder) {
		field_table_init(&fields);
		if (event_decoder_new(&fields, &IDENTITY_DEFAULT, &decoder) != 0)
			return false;
	}
	int r = event_decode(decoder, s, &origin, a, &e, &fault);
	arena_reset(a);
	return r == 0;
}

static bool tree(struct span s, struct arena *a)
{
	json_t *t = json_loadb(s.ptr, s.len, 0, NULL);
	bool ok = t != NULL;

	(void)a;
	json_decref(t);
	return ok;
}

typedef bool work_fn(struct span s, struct arena *a);

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void measure(
	const char *what, work_fn *work, const struct buf *inputs, size_t n, size_t events)
{
	struct arena arena;
	double best = 1e300;
	size_t bad = 0;

	arena_init(&arena);
	for (int round = 0; round < ROUNDS; round++) {
		double from = now_us();

		for (size_t i = 0; i < n; i++)
			bad += !work(buf_span(&inputs[i]), &arena);
		double spent = (now_us() - from) / (double)events;
		best = spent < best ? spent : best;
	}
	arena_release(&arena);
	printf("%-28s %7.3f us/event%s\n", what, best, bad ? "  (REFUSED)" : "");
}

int main(void)
{
	static struct corpus c;
	const size_t n_batches = ARRAY_SIZE(c.batches);

	corpus_make(&c);
	printf("%zu bytes/event\n", c.bytes / EVENTS);
	measure("scan", scan, c.singles, EVENTS, EVENTS);
	measure("envelope, single", single, c.singles, EVENTS, EVENTS);
	measure("envelope, batch of 50", batch, c.batches, n_batches, n_batches * BATCH);
	measure("event, decoded", decode, c.singles, EVENTS, EVENTS);
	measure("jansson tree, single", tree, c.singles, EVENTS, EVENTS);
	measure("jansson tree, batch of 50", tree, c.batches, n_batches, n_batches * BATCH);
	corpus_release(&c);
	return 0;
}
