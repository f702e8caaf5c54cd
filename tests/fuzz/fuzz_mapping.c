/* SPDX-License-Identifier: MIT */
/*
 * Payloads of strangers through two presets: Shopify's, and one that uses every operator. Whatever
 * the bytes, what comes out is an item that the envelope takes, once within its limits and in one
 * line, and comes out again when it is asked again.
 *
 * The first byte picks a preset and the way the body came, the second the topic.
 */
#include "codec/envelope.h"
#include "codec/mapping.h"
#include "codec/preset_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char every_operator[] =
	"{\"preset\":\"every\",\"kind\":\"json,form\",\"verify\":{\"scheme\":\"none\"},"
	"\"unwrap\":{\"if\":{\"starts\":[\"{m}\",\"{{\"]},\"json\":\"{m}\"},"
	"\"topic\":{\"first\":[\"{topic}\",\"{header.x-shopify-topic}\"]},"
	"\"ignore\":[\"*ignore*\"],\"events\":["
	"{\"event\":{\"map\":\"{e}\",\"to\":{\"a\":\"A\",\"1\":\"{f}\"},\"else\":\"{e}\"},"
	"\"id\":{\"first\":[\"{id}\",{\"digest\":[\"{e}\",\"{a}\"]}]},"
	"\"user\":\"{u}\",\"anonymous\":{\"trim\":\"{v}\"},"
	"\"identifiers\":{\"card\":\"{c}\",\"email\":{\"lower\":\"{e}\"},\"phone\":\"+{p}\","
	"\"order\":{\"afterlast\":\"{o}\"},\"device\":\"{d}\"},"
	"\"time\":{\"first\":[{\"time\":\"{t}\",\"as\":\"s\"},{\"time\":\"{t}\",\"as\":\"ms\"},"
	"\"{t}\"]},"
	"\"sent\":{\"time\":\"{s}\"},\"channel\":\"{ch}\","
	"\"properties\":{\"all\":\"{.}\",\"env\":\"{envelope.m}\",\"text\":{\"text\":\"{n}\"},"
	"\"number\":{\"number\":\"{n}\"},\"money\":{\"money\":\"{n}\",\"currency\":\"{cur}\"},"
	"\"list\":{\"list\":\"l\",\"item\":{\"a\":\"{a}\",\"b\":\"{b.c}\",\"r\":\"{root.n}\","
	"\"l\":{\"list\":\"l\",\"item\":\"{a}{b}\"}},\"most\":50},"
	"\"object\":{\"object\":{\"x\":\"{b.0.1}\",\"y\":{\"const\":[1.50,\"\\u00e9\"]}}},"
	"\"find\":{\"find\":\"l\",\"if\":{\"all\":[{\"has\":\"{a}\"},{\"not\":{\"is\":[\"{a}\","
	"\"1\"]}}]},\"get\":\"{.}\"},"
	"\"join\":{\"join\":\"l\",\"get\":\"{a}\",\"with\":\"-\"},"
	"\"digest\":{\"digest\":[\"{e}\",\"{n}\",\"{l}\"]},"
	"\"if\":{\"if\":{\"any\":[{\"over\":[\"{n}\",5]},{\"starts\":[\"{e}\",\"x\"]}]},"
	"\"then\":\"{root}\",\"else\":\"{received} {hook} {topic} {query.q}\"}},"
	"\"traits\":\"{b}\",\"context\":{\"ip\":\"{ip}\"}},"
	"{\"each\":\"l\",\"if\":{\"has\":\"{.}\"},\"type\":\"identify\",\"anonymous\":\"{a}\","
	"\"identifiers\":{\"order\":\"{root.o}\"},\"traits\":{\"a\":\"{.}\",\"n\":\"{root.n}\"}},"
	"{\"each\":\".\",\"type\":\"page\",\"event\":\"{e}\",\"user\":\"{u}\",\"properties\":\"{b}"
	"\"}"
	"]}";

static const char *const topics[] = {"orders/create", "orders/updated", "orders/edited",
	"orders/partially_fulfilled", "orders/fulfilled", "orders/cancelled", "orders/delete",
	"orders/paid", "refunds/create", "fulfillments/create", "fulfillments/update",
	"fulfillment_events/create", "fulfillment_events/delete", "checkouts/create",
	"checkouts/update", "carts/create", "carts/update", "customers/create", "customers/delete",
	"customers_marketing_consent/update", "customers_email_marketing_consent/update",
	"customers/data_request", "customers/redact", "shop/redact", "products/x", "x"};

static bool look_up(void *user, struct span name, struct span *ret_value)
{
	if (span_is(name, "x-shopify-topic"))
		*ret_value = span_str(user);
	else
		*ret_value = SPAN_LIT("\xff value \"of\" a field\x01");
	return name.len % 5 != 0;
}

static struct mapping *compiled(size_t which)
{
	static struct mapping *mappings[2];
	static struct mapping_problems problems;
	const struct preset_file *shopify = preset_find(SPAN_LIT("shopify"));

	if (!mappings[which]) {
		assert(shopify);
		assert(mapping_compile("preset", which ? SPAN_LIT(every_operator) : shopify->text,
			       &problems, &mappings[which]) == 0);
	}
	return mappings[which];
}

static void check_event(const struct mapping_event *e, const struct mapping_input *input)
{
	const struct envelope_limits limits = {input->event_bytes, 1, input->depth};
	_cleanup_(buf_release) struct buf batch = BUF_INIT;
	struct envelope_request request = {SPAN_EMPTY, ENVELOPE_KIND_BATCH, limits};
	struct envelope envelope;
	struct envelope_fault fault;
	struct arena a;

	arena_init(&a);
	buf_add_str(&batch, "{\"batch\":[");
	buf_add_span(&batch, e->json);
	buf_add_str(&batch, "]}");
	request.body = buf_span(&batch);
	assert(envelope_read(&request, &a, &envelope, &fault) == 0);
	assert(envelope.n_items == 1 && envelope.n_refused == 0);
	assert(span_equal(envelope.items[0].message_id, e->message_id));
	assert(e->message_id.len > 0);
	assert(!memchr(e->json.ptr, '\n', e->json.len));
	arena_release(&a);
}

static void check_result(const struct mapping_result *res, const struct mapping_input *input)
{
	assert(res->n_events + res->n_faults <= input->events + 1);
	for (size_t i = 0; i < res->n_events; i++)
		check_event(&res->events[i], input);
	for (size_t i = 0; i < res->n_faults; i++) {
		assert(res->faults[i].words.len > 0);
		assert(!memchr(res->faults[i].words.ptr, '\n', res->faults[i].words.len));
	}
	assert(!res->ignored || res->n_events + res->n_faults == 0);
}

static void check_same(const struct mapping_result *a, const struct mapping_result *b)
{
	assert(a->n_events == b->n_events && a->n_faults == b->n_faults);
	for (size_t i = 0; i < a->n_events; i++)
		assert(span_equal(a->events[i].json, b->events[i].json));
	for (size_t i = 0; i < a->n_faults; i++)
		assert(a->faults[i].code == b->faults[i].code);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mapping_input input = {.hook = SPAN_LIT("shop"),
		.received_at = INT64_C(1767323045678),
		.header = look_up,
		.query = look_up,
		.event_bytes = 4096,
		.depth = 8,
		.events = 50};
	struct mapping_result first, second;
	struct arena a;
	char topic[64];

	if (size < 2)
		return 0;
	(void)snprintf(topic, sizeof(topic), "%s", topics[data[1] % ARRAY_SIZE(topics)]);
	input.user = topic;
	input.form = data[0] & 2;
	input.body = span_of((const char *)data + 2, size - 2);
	arena_init(&a);
	assert(mapping_run(compiled(data[0] & 1), &input, &a, &first) == 0);
	check_result(&first, &input);
	assert(mapping_run(compiled(data[0] & 1), &input, &a, &second) == 0);
	check_same(&first, &second);
	arena_release(&a);
	return 0;
}
