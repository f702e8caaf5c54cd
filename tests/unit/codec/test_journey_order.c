/* SPDX-License-Identifier: MIT */
/*
 * Any order of arrival gives the same journey, down to its bytes: random histories that hold every
 * kind of event there is, as JSON, each decoded and folded in several random orders. And the
 * control: the comparison does see a history that is another one.
 */
#include "check.h"

#include "base/instant.h"
#include "codec/event_json.h"
#include "codec/record.h"

#include "history_chance.h"
#include "journey_chance.h"

#define EVENTS 60
#define ORDERS 4
#define ROUNDS 600

struct bed {
	struct field_table fields;
	struct event_decoder *decoder;
	struct arena arena;
};

static void bed_init(struct bed *b)
{
	field_table_init(&b->fields);
	REQUIRE(event_decoder_new(&b->fields, &IDENTITY_DEFAULT, &b->decoder) == 0);
	arena_init(&b->arena);
}

static void bed_release(struct bed *b)
{
	b->decoder = event_decoder_free(b->decoder);
	arena_release(&b->arena);
}

/* The bytes of the journey that EVENTS in this order make; but for their number. */
static void journey_of(struct bed *b, const struct buf *events, size_t n, struct buf *out)
{
	_cleanup_(journey_freep) struct journey *j = NULL;

	REQUIRE(journey_new(SPAN_LIT("u"), &j) == 0);
	for (size_t i = 0; i < n; i++)
		history_fold(b->decoder, &b->arena, j, &events[i]);
	CHECK_INT(j->n_events, n);
	j->n_events = 0;
	REQUIRE(journey_encode(j, out) == 0);
}

static void shuffle(struct chance *c, struct buf *events, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		size_t k = chance_below(c, i);
		struct buf swapped = events[k];

		events[k] = events[i - 1];
		events[i - 1] = swapped;
	}
}

/* Says where the first difference is. */
static void explain(const struct buf *a, const struct buf *b)
{
	_cleanup_(journey_freep) struct journey *one = NULL;
	_cleanup_(journey_freep) struct journey *other = NULL;
	struct span x = buf_span(a), y = buf_span(b);
	const char *what;

	if (span_equal(x, y))
		return;
	REQUIRE(journey_decode(&x, &one) == 0);
	REQUIRE(journey_decode(&y, &other) == 0);
	what = journey_differs(one, other);
	fprintf(stderr, "# %s\n", what ? what : "bytes alone");
}

static void compare_orders(struct bed *b, struct chance *c, struct buf *events)
{
	_cleanup_(buf_release) struct buf first = BUF_INIT;

	journey_of(b, events, EVENTS, &first);
	for (int n = 0; n < ORDERS; n++) {
		_cleanup_(buf_release) struct buf other = BUF_INIT;

		shuffle(c, events, EVENTS);
		journey_of(b, events, EVENTS, &other);
		CHECK(span_equal(buf_span(&first), buf_span(&other)));
		explain(&first, &other);
	}
}

static void test_any_order(void)
{
	struct chance c = chance_new();
	struct bed b;
	size_t kind = 0, bytes = 0;

	bed_init(&b);
	for (int round = 0; round < ROUNDS && check_failures == 0; round++) {
		size_t often[3] = {chance_below(&c, HISTORY_KINDS), chance_below(&c, HISTORY_KINDS),
			kind % HISTORY_KINDS};
		struct buf events[EVENTS];

		/* Half of them of three kinds, so that they meet each other. */
		for (size_t i = 0; i < EVENTS; i++) {
			events[i] = BUF_INIT;
			history_event(&c, i % 2 ? kind++ % HISTORY_KINDS : often[i / 2 % 3], i, "u",
				&events[i]);
			bytes += events[i].len;
		}
		compare_orders(&b, &c, events);
		for (size_t i = 0; i < EVENTS; i++)
			buf_release(&events[i]);
	}
	printf("# %d histories of %d events, %zu kinds, %zu bytes\n", ROUNDS, EVENTS, HISTORY_KINDS,
		bytes);
	bed_release(&b);
}

/* Without one of its events a history is another one: for most of them it shows, though some say
 * what others said later. */
static void test_control(void)
{
	struct chance c = chance_new();
	struct buf events[EVENTS];
	_cleanup_(buf_release) struct buf all = BUF_INIT;
	int seen = 0;
	struct bed b;

	bed_init(&b);
	for (size_t i = 0; i < EVENTS; i++) {
		events[i] = BUF_INIT;
		history_event(&c, i % HISTORY_KINDS, i, "u", &events[i]);
	}
	journey_of(&b, events, EVENTS, &all);
	for (size_t i = 0; i < EVENTS; i++) {
		_cleanup_(buf_release) struct buf without = BUF_INIT;
		struct buf last = events[EVENTS - 1];

		events[EVENTS - 1] = events[i];
		events[i] = last;
		journey_of(&b, events, EVENTS - 1, &without);
		seen += !span_equal(buf_span(&all), buf_span(&without));
	}
	printf("# %d of %d missed\n", seen, EVENTS);
	CHECK(seen >= EVENTS / 3);
	for (size_t i = 0; i < EVENTS; i++)
		buf_release(&events[i]);
	bed_release(&b);
}

static const struct check_case cases[] = {
	{"any order of all kinds of events gives the same bytes", test_any_order},
	{"a history without one event is another", test_control},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
