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

#include "journey_chance.h"

#define EVENTS 60
#define ORDERS 4
#define ROUNDS 600

/* 2026-11-01T00:00:00Z */
#define NOVEMBER INT64_C(1793491200000)

static const char *const names[] = {
#define X(ID, NAME, FLAGS) NAME,
	VOCAB(X)
#undef X
};

/* Properties that some fold looks at, with values to choose from. */
static const struct {
	const char *name;
	const char *values[6];
} properties[] = {
	{"cart_id", {"\"C1\"", "\"C2\"", NULL}},
	{"checkout_id", {"\"K1\"", "7", NULL}},
	{"order_id", {"\"O1\"", "\"O2\"", "\"O3\"", NULL}},
	{"product_id", {"\"P1\"", "\"P2\"", NULL}},
	{"sku", {"\"P1-54\"", "\"P2-56\"", NULL}},
	{"quantity", {"1", "2", NULL}},
	{"price", {"990", "\"1290.00\"", NULL}},
	{"total", {"1990", "\"12.50\"", NULL}},
	{"value", {"100", "101", NULL}},
	{"currency", {"\"EUR\"", "\"CHF\"", NULL}},
	{"status", {"\"delivered\"", "\"in_transit\"", "\"subscribed\"", "\"unsubscribed\"",
			   "\"done\"", NULL}},
	{"promised_at", {"\"2026-11-20\"", "\"2026-11-22\"", NULL}},
	{"fulfillment_id", {"\"F1\"", "\"F2\"", NULL}},
	{"tracking_number", {"\"T1\"", "\"T2\"", NULL}},
	{"payment_id", {"\"pi_1\"", "\"pi_2\"", NULL}},
	{"reason", {"\"card_declined\"", "\"wrong_size\"", NULL}},
	{"line_id", {"1", "2", NULL}},
	{"choice", {"\"wait\"", "\"cancel\"", NULL}},
	{"repair_id", {"\"R1\"", "\"R2\"", NULL}},
	{"appointment_id", {"\"A1\"", NULL}},
	{"starts_at", {"\"2026-11-20T10:00:00Z\"", "\"2026-11-21T10:00:00Z\"", NULL}},
	{"case_id", {"4711", "4712", NULL}},
	{"review_id", {"\"V1\"", NULL}},
	{"survey_id", {"\"S1\"", "\"S2\"", NULL}},
	{"type", {"\"nps\"", "\"csat\"", "\"text\"", NULL}},
	{"score", {"3", "9", NULL}},
	{"nps", {"2", "10", NULL}},
	{"rating", {"1", "4.5", "5", NULL}},
	{"recommend", {"true", "false", NULL}},
	{"sentiment", {"-0.7", "0.3", NULL}},
	{"stock", {"0", "3", NULL}},
	{"trial_id", {"\"H1\"", NULL}},
	{"return_by", {"\"2026-12-01\"", "\"2026-12-05\"", NULL}},
	{"subscription_id", {"\"sub_1\"", NULL}},
	{"suggestion_id", {"\"G1\"", NULL}},
	{"inquiry_id", {"\"Q1\"", "\"Q2\"", NULL}},
	{"medium", {"\"email\"", "\"sms\"", "\"pigeon\"", NULL}},
	{"list_id", {"\"news\"", "\"offers\"", NULL}},
	{"topic", {"\"marketing\"", NULL}},
	{"wanted", {"true", "false", NULL}},
	{"bounce_type", {"\"hard\"", "\"soft\"", "\"transient\"", NULL}},
	{"email", {"\"a@b.example\"", "\"c@d.example\"", NULL}},
	{"channel", {"\"email\"", "\"sms\"", "\"web\"", "\"store\"", NULL}},
	{"tier", {"\"gold\"", "\"silver\"", NULL}},
	{"rank", {"1", "2", NULL}},
	{"balance", {"100", "20", NULL}},
	{"expires_at", {"\"2026-12-31\"", "\"2027-01-31\"", NULL}},
	{"name", {"\"wedding\"", "\"engagement\"", NULL}},
	{"date", {"\"2019-06-21\"", "\"--02-29\"", NULL}},
	{"timezone", {"\"Europe/Berlin\"", "\"UTC\"", NULL}},
	{"language", {"\"de\"", "\"fr-CH\"", NULL}},
	{"country", {"\"DE\"", "\"FR\"", NULL}},
	{"quiet_from", {"\"20:00\"", "\"21:30\"", NULL}},
	{"channels", {"\"sms, email\"", "[\"call\",\"sms\"]", NULL}},
	{"request", {"\"erase\"", "\"export\"", NULL}},
	{"birthday", {"\"1990-05-17\"", "\"--05-18\"", "null", NULL}},
	{"anniversary", {"\"2015-08-01\"", "\"\"", NULL}},
	{"blocked", {"true", "false", NULL}},
	{"products",
		{"[{\"product_id\":\"P1\",\"sku\":\"P1-54\",\"price\":990},{\"sku\":\"P3\"}]",
			"[{\"product_id\":\"P2\",\"quantity\":2}]", "[]", "[7,null,{}]", NULL}},
};

struct bed {
	struct field_table fields;
	struct event_decoder *decoder;
	struct arena arena;
};

static void bed_init(struct bed *b)
{
	field_table_init(&b->fields);
	REQUIRE(event_decoder_new(&b->fields, &b->decoder) == 0);
	arena_init(&b->arena);
}

static void bed_release(struct bed *b)
{
	b->decoder = event_decoder_free(b->decoder);
	arena_release(&b->arena);
}

static const char *one_of(struct chance *c, const char *const *list)
{
	size_t n = 0;

	do
		n++;
	while (list[n]);
	return list[chance_below(c, n)];
}

/* An event of kind N; times repeat often, so that ties are met. */
static void write_event(struct chance *c, size_t n, size_t number, struct buf *out)
{
	bool identify = strcmp(names[n], "Customer Identified") == 0;
	char at[INSTANT_SIZE];
	const char *comma = "";

	instant_format(NOVEMBER + (int64_t)chance_below(c, 4) * MS_HOUR, at);
	buf_add_str(out, identify ? "{\"type\":\"identify\"" : "{\"type\":\"track\",\"event\":\"");
	if (!identify) {
		buf_add_str(out, names[n]);
		buf_add_str(out, "\"");
	}
	buf_add_str(out, ",\"userId\":\"u\",\"messageId\":\"m");
	buf_add_u64(out, number);
	buf_add_str(out, "\",\"timestamp\":\"");
	buf_add_str(out, at);
	buf_add_str(out, identify ? "\",\"traits\":{" : "\",\"properties\":{");
	for (size_t i = 0; i < ARRAY_SIZE(properties); i++) {
		if (chance_below(c, 3) == 0)
			continue;
		buf_add_str(out, comma);
		buf_add_str(out, "\"");
		buf_add_str(out, properties[i].name);
		buf_add_str(out, "\":");
		buf_add_str(out, one_of(c, properties[i].values));
		comma = ",";
	}
	buf_add_str(out, "}}");
}

static void fold(struct bed *b, struct journey *j, const struct buf *json)
{
	struct event_origin origin = {.id = {(uint64_t)(NOVEMBER + 30 * MS_DAY), 0},
		.source = SPAN_LIT("web"),
		.channel = CHANNEL_WEB,
		.recv_at = NOVEMBER + 30 * MS_DAY,
		.sent_at = TIME_NEVER};
	struct event_fault fault;
	struct event e;

	REQUIRE(event_decode(b->decoder, buf_span(json), &origin, &b->arena, &e, &fault) == 0);
	REQUIRE(journey_fold(j, &e) == 0);
	arena_reset(&b->arena);
}

/* The bytes of the journey that EVENTS in this order make; but for their number. */
static void journey_of(struct bed *b, const struct buf *events, size_t n, struct buf *out)
{
	_cleanup_(journey_freep) struct journey *j = NULL;

	REQUIRE(journey_new(SPAN_LIT("u"), &j) == 0);
	for (size_t i = 0; i < n; i++)
		fold(b, j, &events[i]);
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
		size_t often[3] = {chance_below(&c, ARRAY_SIZE(names)),
			chance_below(&c, ARRAY_SIZE(names)), kind % ARRAY_SIZE(names)};
		struct buf events[EVENTS];

		/* Half of them of three kinds, so that they meet each other. */
		for (size_t i = 0; i < EVENTS; i++) {
			events[i] = BUF_INIT;
			write_event(&c, i % 2 ? kind++ % ARRAY_SIZE(names) : often[i / 2 % 3], i,
				&events[i]);
			bytes += events[i].len;
		}
		compare_orders(&b, &c, events);
		for (size_t i = 0; i < EVENTS; i++)
			buf_release(&events[i]);
	}
	printf("# %d histories of %d events, %zu kinds, %zu bytes\n", ROUNDS, EVENTS,
		ARRAY_SIZE(names), bytes);
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
		write_event(&c, i % ARRAY_SIZE(names), i, &events[i]);
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
