/* SPDX-License-Identifier: MIT */
/*
 * Log entries to events: what is taken from where, what is refused; and all 37,242 events of the
 * order set, whose members are read a second time with jansson.
 */
#include "check.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/instant.h"
#include "codec/event_json.h"
#include "codec/gzip.h"
#include "json_twin.h"

#include <jansson.h>

#define RECEIVED_AT INT64_C(1795282000000) /* 2026-11-21T17:26:40Z */

struct bench {
	struct field_table fields;
	struct event_decoder *decoder;
	struct arena arena;
	struct event event;
	struct event_fault fault;
	size_t city, size, third, context_ip;
};

static void bench_release(struct bench *b)
{
	event_decoder_free(b->decoder);
	arena_release(&b->arena);
}

static size_t add_field(struct bench *b, enum field_root root, const char *path)
{
	size_t n = 0;

	CHECK_INT(field_table_add(&b->fields, root, span_str(path), &n), 0);
	return n;
}

static void bench_init(struct bench *b)
{
	*b = (struct bench){.decoder = NULL};
	arena_init(&b->arena);
	field_table_init(&b->fields);
	b->city = add_field(b, FIELD_ROOT_TRAITS, "address.city");
	b->size = add_field(b, FIELD_ROOT_PROPERTIES, "products.0.size");
	b->third = add_field(b, FIELD_ROOT_PROPERTIES, "never..there");
	b->context_ip = add_field(b, FIELD_ROOT_CONTEXT, "ip");
	CHECK_INT(event_decoder_new(&b->fields, &IDENTITY_DEFAULT, &b->decoder), 0);
}

static struct event_origin origin_now(void)
{
	return (struct event_origin){
		.id = {RECEIVED_AT, 3},
		.source = SPAN_LIT("shop"),
		.channel = CHANNEL_WEB,
		.recv_at = RECEIVED_AT - 5,
		.sent_at = TIME_NEVER,
	};
}

static int decode(struct bench *b, const char *item, const struct event_origin *origin)
{
	return event_decode(b->decoder, span_str(item), origin, &b->arena, &b->event, &b->fault);
}

#define TRACK(MORE) "{\"type\":\"track\",\"event\":\"Product Added\",\"userId\":\"u1\"" MORE "}"

static void test_members(void)
{
	_cleanup_(bench_release) struct bench b;
	struct event_origin origin = origin_now();

	bench_init(&b);
	REQUIRE(decode(&b,
			"{\"messageId\":\"m\\u0031\",\"type\":\"track\",\"userId\":17,"
			"\"anonymousId\":\"a\",\"properties\":{\"cart_id\":\"c\\/"
			"1\",\"order_id\":42,"
			"\"total\":19.90,\"quantity\":1e401,\"currency\":null,\"machine\":true,"
			"\"products\":[{\"size\":\"M\"}]},\"traits\":{\"email\":\"a@b.example\","
			"\"address\":{\"city\":\"K\xc3\xb6ln\"}},\"context\":{\"traits\":{"
			"\"email\":"
			"\"c@b.example\"},\"channel\":\"app\"},\"event\":\"Viewed Product\"}",
			&origin) == 0);
	const struct event *e = &b.event;
	CHECK_INT(e->type, EVENT_TRACK);
	CHECK_INT(e->id.ms, RECEIVED_AT);
	CHECK_INT(e->id.seq, 3);
	CHECK_STR(e->customer, "17");
	CHECK_STR(e->user_id, "17");
	CHECK_STR(e->anonymous_id, "a");
	CHECK_STR(e->message_id, "m1");
	CHECK_STR(e->source, "shop");
	/* The name of Segment's first vocabulary. */
	CHECK_INT(e->kind, EVENT_PRODUCT_VIEWED);
	CHECK_STR(e->name, "Product Viewed");
	CHECK_STR(e->original, "Viewed Product");
	CHECK_INT(e->channel, CHANNEL_APP);
	CHECK_INT(e->flags, EVENT_FLAG_MACHINE | EVENT_FLAG_NO_TIME);
	CHECK(span_starts(e->properties, SPAN_LIT("{\"cart_id\":")));
	CHECK_INT(e->properties.ptr[e->properties.len - 1], '}');
	CHECK_INT(e->n_fields, b.fields.n);
	CHECK_STR(event_field(e, FIELD_CART_ID)->text, "c/1");
	CHECK_STR(event_field(e, FIELD_CART_ID)->raw, "\"c\\/1\"");
	CHECK_STR(value_id(event_field(e, FIELD_ORDER_ID), ENTITY_MAX), "42");
	CHECK_INT(event_field(e, FIELD_TOTAL)->number.mantissa, 199);
	CHECK_INT(event_field(e, FIELD_TOTAL)->number.exponent, -1);
	CHECK_STR(event_field(e, FIELD_TOTAL)->raw, "19.90");
	CHECK_INT(event_field(e, FIELD_QUANTITY)->type, VALUE_OTHER);
	CHECK_INT(event_field(e, FIELD_CURRENCY)->type, VALUE_NULL);
	CHECK_INT(event_field(e, FIELD_PRODUCT_ID)->type, VALUE_MISSING);
	CHECK_STR(event_field(e, FIELD_EMAIL)->text, "a@b.example");
	CHECK_STR(event_field(e, FIELD_CONTEXT_EMAIL)->text, "c@b.example");
	CHECK_STR(event_field(e, b.city)->text, "K\xc3\xb6ln");
	CHECK_STR(event_field(e, b.size)->text, "M");
	CHECK_INT(event_field(e, b.third)->type, VALUE_MISSING);
	CHECK_INT(event_field(e, FIELD_MAX)->type, VALUE_MISSING);
}

static void test_names(void)
{
	static const struct {
		const char *item;
		enum event_kind kind;
		const char *name, *original;
	} rows[] = {
		{TRACK(""), EVENT_PRODUCT_ADDED, "Product Added", ""},
		{"{\"type\":\"track\",\"event\":\"Ring engraved\",\"userId\":\"u\"}", EVENT_CUSTOM,
			"Ring engraved", ""},
		{"{\"type\":\"page\",\"name\":\"Cart\",\"userId\":\"u\"}", EVENT_PAGE_VIEWED,
			"Page Viewed", "Cart"},
		{"{\"type\":\"page\",\"name\":null,\"userId\":\"u\"}", EVENT_PAGE_VIEWED,
			"Page Viewed", ""},
		{"{\"type\":\"page\",\"name\":7,\"userId\":\"u\"}", EVENT_PAGE_VIEWED,
			"Page Viewed", ""},
		{"{\"type\":\"screen\",\"name\":\"Home\",\"userId\":\"u\"}", EVENT_SCREEN_VIEWED,
			"Screen Viewed", "Home"},
		{"{\"type\":\"identify\",\"userId\":\"u\"}", EVENT_CUSTOMER_IDENTIFIED,
			"Customer Identified", ""},
		{"{\"type\":\"group\",\"userId\":\"u\"}", EVENT_CUSTOMER_GROUPED,
			"Customer Grouped", ""},
		{"{\"type\":\"alias\",\"userId\":\"u\"}", EVENT_CUSTOMER_ALIASED,
			"Customer Aliased", ""},
	};
	struct event_origin origin = origin_now();

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(bench_release) struct bench b;

		bench_init(&b);
		REQUIRE(decode(&b, rows[i].item, &origin) == 0);
		CHECK_INT(b.event.kind, rows[i].kind);
		CHECK_STR(b.event.name, rows[i].name);
		CHECK_STR(b.event.original, rows[i].original);
	}
}

/* `timestamp = receivedAt - (sentAt - originalTimestamp)`: Segment's own words, with numbers. */
/* A spelling that says that nobody was there. */
static void test_machine(void)
{
	_cleanup_(bench_release) struct bench b;
	struct event_origin origin = origin_now();

	bench_init(&b);
	REQUIRE(decode(&b,
			"{\"type\":\"track\",\"event\":\"Email Machine Opened\",\"userId\":\"u\"}",
			&origin) == 0);
	CHECK_INT(b.event.kind, EVENT_EMAIL_OPENED);
	CHECK(b.event.flags & EVENT_FLAG_MACHINE);
	REQUIRE(decode(&b, "{\"type\":\"track\",\"event\":\"Email Opened\",\"userId\":\"u\"}",
			&origin) == 0);
	CHECK_INT(b.event.kind, EVENT_EMAIL_OPENED);
	CHECK(!(b.event.flags & EVENT_FLAG_MACHINE));
}

static void test_times(void)
{
	static const struct {
		const char *item;
		int64_t batch_sent_at;
		int64_t at;
		unsigned flags;
	} rows[] = {
		{TRACK(""), TIME_NEVER, RECEIVED_AT, EVENT_FLAG_NO_TIME},
		{TRACK(""), RECEIVED_AT, RECEIVED_AT, EVENT_FLAG_NO_TIME},
		{TRACK(",\"timestamp\":\"2026-11-21T17:25:33.645Z\""), TIME_NEVER,
			INT64_C(1795281933645), 0},
		/* Sent 3,545 ms after it happened, by a clock that is wrong by a year. */
		{TRACK(",\"timestamp\":\"2025-11-21T17:25:33.645Z\",\"sentAt\":\"2025-11-21T17:25:"
		       "37.190Z\""),
			TIME_NEVER, RECEIVED_AT - 5 - 3545, 0},
		{TRACK(",\"timestamp\":\"2026-11-21T17:25:33.645Z\""), INT64_C(1795281937190),
			RECEIVED_AT - 5 - 3545, 0},
		/* The item's own sentAt beats the batch's. */
		{TRACK(",\"timestamp\":\"2026-11-21T17:25:33.645Z\",\"sentAt\":\"2026-11-21T17:25:"
		       "33.745Z\""),
			INT64_C(1795281937190), RECEIVED_AT - 5 - 100, 0},
		/* originalTimestamp is what the client said. */
		{TRACK(",\"timestamp\":\"2020-01-01\",\"originalTimestamp\":\"2026-11-21T17:25:33."
		       "645Z\""),
			TIME_NEVER, INT64_C(1795281933645), 0},
		{TRACK(",\"timestamp\":\"2036-11-21T17:25:33.645Z\""), TIME_NEVER,
			RECEIVED_AT + 300000, EVENT_FLAG_FUTURE},
		{TRACK(",\"timestamp\":1795281933645"), TIME_NEVER, INT64_C(1795281933645), 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(bench_release) struct bench b;
		struct event_origin origin = origin_now();

		bench_init(&b);
		origin.sent_at = rows[i].batch_sent_at;
		REQUIRE(decode(&b, rows[i].item, &origin) == 0);
		CHECK_INT(b.event.occurred_at, rows[i].at);
		CHECK_INT(b.event.received_at, RECEIVED_AT);
		CHECK_INT(b.event.flags, rows[i].flags);
	}
}

static void test_context(void)
{
	static const struct {
		const char *item, *shared;
		const char *ip;
		enum channel channel;
	} rows[] = {
		{TRACK(""), "", NULL, CHANNEL_WEB},
		{TRACK(""), "{\"ip\":\"1.1.1.1\",\"channel\":\"store\"}", "1.1.1.1", CHANNEL_STORE},
		{TRACK(",\"context\":{\"ip\":\"2.2.2.2\"}"),
			"{\"ip\":\"1.1.1.1\",\"channel\":\"store\"}", "2.2.2.2", CHANNEL_STORE},
		{TRACK(",\"context\":{\"channel\":\"nowhere\"}"), "{\"channel\":\"store\"}", NULL,
			CHANNEL_WEB},
		{TRACK(",\"context\":null"), "{\"ip\":\"1.1.1.1\"}", "1.1.1.1", CHANNEL_WEB},
		{TRACK(",\"properties\":{\"channel\":\"phone\"},\"context\":{\"channel\":\"app\"}"),
			"", NULL, CHANNEL_PHONE},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(bench_release) struct bench b;
		struct event_origin origin = origin_now();

		bench_init(&b);
		origin.context = span_str(rows[i].shared);
		REQUIRE(decode(&b, rows[i].item, &origin) == 0);
		const struct value *ip = event_field(&b.event, b.context_ip);
		CHECK_INT(ip->type, rows[i].ip ? VALUE_STRING : VALUE_MISSING);
		CHECK_STR(ip->text, rows[i].ip ? rows[i].ip : "");
		CHECK_INT(b.event.channel, rows[i].channel);
	}
}

static void test_refused(void)
{
	static const struct {
		const char *item, *context, *code;
	} rows[] = {
		{"", "", "not_object"},
		{"[]", "", "not_object"},
		{"{", "", "malformed_json"},
		{TRACK("") "{}", "", "malformed_json"},
		{TRACK(",\"properties\":{\"a\":}"), "", "malformed_json"},
		{"{\"event\":\"X\",\"userId\":\"u\"}", "", "missing_type"},
		{"{\"type\":\"track\",\"event\":\"X\"}", "", "no_user_anon_id"},
		{"{\"type\":\"track\",\"userId\":\"u\"}", "", "missing_event"},
		{TRACK(",\"userId\":\"u2\""), "", "duplicate_field"},
		{TRACK(",\"properties\":{},\"properties\":{}"), "", "duplicate_field"},
		{TRACK(",\"properties\":[]"), "", "wrong_type"},
		{TRACK(",\"timestamp\":\"soon\""), "", "bad_timestamp"},
		{TRACK(",\"properties\":{\"cart_id\":\"\\u0000\"}"), "", "nul_in_text"},
		{TRACK(",\"properties\":{\"cart_id\":\"\\ud800\"}"), "", "lone_surrogate"},
		{TRACK(",\"x\":\"\xff\""), "", "invalid_utf8"},
		{TRACK(""), "{\"ip\":", "bad_context"},
		{TRACK(""), "[]", "bad_context"},
		{TRACK(""), "{}{}", "bad_context"},
		{TRACK(""), "{\"ip\":\"\\ud800\"}", "bad_context"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(bench_release) struct bench b;
		struct event_origin origin = origin_now();

		bench_init(&b);
		origin.context = span_str(rows[i].context);
		CHECK_INT(decode(&b, rows[i].item, &origin), EVENT_BAD);
		CHECK_STR(span_str(b.fault.code), rows[i].code);
		CHECK(b.fault.words && !strchr(b.fault.words, '$') && !strchr(b.fault.words, '#'));
		CHECK(b.event.customer.ptr == NULL); /* untouched */
	}
}

/* What a source may not say is not heard; the rest of its event is. */
static void test_origin_rights(void)
{
	static const char item[] =
		TRACK(",\"traits\":{\"email\":\"a@b\"},\"properties\":{\"cart_id\":\"c\"},"
		      "\"context\":{\"traits\":{\"email\":\"a@b\"},\"channel\":\"store\","
		      "\"original\":{\"name\":\"carts/update\"}}");

	for (int hidden = 0; hidden < 2; hidden++) {
		_cleanup_(bench_release) struct bench b;
		struct event_origin origin = origin_now();
		enum value_type type = hidden ? VALUE_MISSING : VALUE_STRING;

		bench_init(&b);
		origin.no_traits = hidden;
		origin.machine = hidden;
		CHECK_INT(decode(&b, item, &origin), 0);
		CHECK_INT(event_field(&b.event, FIELD_EMAIL)->type, type);
		CHECK_INT(event_field(&b.event, FIELD_CONTEXT_EMAIL)->type, type);
		CHECK_STR(event_field(&b.event, FIELD_CART_ID)->text, "c");
		CHECK_INT(b.event.channel, CHANNEL_STORE);
		CHECK_STR(b.event.original, "carts/update");
		CHECK_INT(b.event.flags & EVENT_FLAG_MACHINE, hidden ? EVENT_FLAG_MACHINE : 0);
	}
}

static uint32_t content_of(const char *item)
{
	_cleanup_(bench_release) struct bench b;
	struct event_origin origin = origin_now();

	bench_init(&b);
	CHECK_INT(decode(&b, item, &origin), 0);
	return b.event.content;
}

#define WHEN ",\"timestamp\":\"2026-11-21T17:25:33.645Z\",\"properties\":{\"cart_id\":\"c1\"}"
#define SENT TRACK(",\"messageId\":\"m1\"" WHEN)

static void test_content(void)
{
	/* CRC32C over `1 7 "track"`, `2 15 "Product Added"`, … (number in one byte, length in three
	 * LE), computed bit by bit in another language. */
	CHECK(content_of(SENT) == UINT32_C(0x9acbc2f6));
	CHECK(content_of(SENT) ==
		content_of("{\"properties\":{\"cart_id\":\"c1\"},\"timestamp\":"
			   "\"2026-11-21T17:25:33.645Z\",\"messageId\":\"m1\",\"userId\":\"u1\","
			   "\"event\":"
			   "\"Product Added\",\"type\":\"track\",\"sentAt\":\"2027-01-01\","
			   "\"context\":{\"ip\":\"::1\"},\"_metadata\":{\"retryCount\":1}}"));
	CHECK(content_of(SENT) != content_of(TRACK(",\"messageId\":\"m2\"" WHEN)));
	CHECK(content_of(SENT) != content_of(TRACK(",\"messageId\":\"m1\"")));
	CHECK(content_of(TRACK(",\"properties\":{}")) != content_of(TRACK(",\"traits\":{}")));
	CHECK(content_of(TRACK(",\"properties\":null")) == content_of(TRACK("")));
}

static void check_text(const json_t *object, const char *name, struct span got)
{
	CHECK_SPAN(got, span_str(json_string_value(json_object_get(object, name))));
}

static void check_line(struct bench *b, struct span line)
{
	static const struct event_origin origin = {.id = {RECEIVED_AT, 0}, .sent_at = TIME_NEVER};
	json_auto_t *t = json_loadb(line.ptr, line.len, 0, NULL);
	const json_t *properties = json_object_get(t, "properties");
	struct event *e = &b->event;
	int64_t at;

	REQUIRE(t && event_decode(b->decoder, line, &origin, &b->arena, e, &b->fault) == 0);
	check_text(t, "userId", e->customer);
	check_text(t, "messageId", e->message_id);
	check_text(t, "event", e->name);
	check_text(properties, "order_id", event_field(e, FIELD_ORDER_ID)->text);
	check_text(properties, "currency", event_field(e, FIELD_CURRENCY)->text);
	check_text(properties, "estimated_delivery_at",
		event_field(e, FIELD_ESTIMATED_DELIVERY_AT)->text);
	CHECK(instant_parse(span_str(json_string_value(json_object_get(t, "timestamp"))), &at) ==
		0);
	CHECK_INT(e->occurred_at, at);
	const struct value *total = event_field(e, FIELD_TOTAL);
	CHECK_INT(
		total->type == VALUE_NUMBER, json_is_number(json_object_get(properties, "total")));
}

static void test_orders(void)
{
	const char *data = check_shared_data();
	_cleanup_(bench_release) struct bench b;
	_cleanup_(buf_release) struct buf path = BUF_INIT;
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	_cleanup_(inflater_freep) struct inflater *i = NULL;
	size_t lines = 0;

	bench_init(&b);
	if (!data)
		SKIP("no shared data");
	buf_printf(&path, "%s/olist/events.ndjson.gz", data);
	buf_add_char(&path, '\0');
	REQUIRE(buf_failed(&path) == 0 && inflater_new(&i) == 0);
	struct span file = json_twin_file(path.ptr);
	REQUIRE(file.ptr);
	CHECK_INT(gzip_inflate(i, file, (size_t)64 << 20, &text), 0);
	free((void *)(uintptr_t)file.ptr);
	for (struct span rest = buf_span(&text); rest.len > 0 && check_failures == 0; lines++) {
		const char *end = memchr(rest.ptr, '\n', rest.len);
		size_t n = end ? (size_t)(end - rest.ptr) : rest.len;

		check_line(&b, span_of(rest.ptr, n));
		arena_reset(&b.arena);
		rest = span_of(rest.ptr + n + (end != NULL), rest.len - n - (end != NULL));
	}
	CHECK_INT(lines, 37242);
}

static const struct check_case cases[] = {
	{"members and fields", test_members},
	{"names", test_names},
	{"opened by a machine", test_machine},
	{"times", test_times},
	{"context and channel", test_context},
	{"refusals", test_refused},
	{"what the sender may not say", test_origin_rights},
	{"content", test_content},
	{"the order set", test_orders},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
