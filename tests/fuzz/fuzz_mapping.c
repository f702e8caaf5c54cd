/* SPDX-License-Identifier: MIT */
/*
 * Payloads of strangers through every preset that comes with Waymark, and through one that uses
 * every operator. Whatever the bytes, what comes out is an item that the envelope takes and the
 * worker can read, within its limits and in one line, and comes out again when it is asked again.
 *
 * The first line says how the payload came: `shopify orders/create` (the preset and what the header
 * fields that name a topic say; a + between them: as a form). A name that is none stands for one of
 * the presets all the same, by its first byte. What follows is the payload.
 */
#include "codec/envelope.h"
#include "codec/event_json.h"
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
	"\"base64\":{\"base64\":\"{e}\"},\"parse\":{\"parse\":{\"first\":[\"{p}\","
	"{\"base64\":\"{v}\"}]},\"get\":{\"list\":\"l\",\"item\":{\"a\":\"{a}\",\"p\":"
	"{\"parse\":\"{p}\",\"get\":\"{.}\"}},\"if\":{\"has\":\"{a}\"}}},"
	"\"merge\":{\"merge\":[\"{b}\",{\"parse\":\"{p}\",\"get\":\"{.}\"},"
	"{\"object\":{\"a\":\"{e}\"}}]},"
	"\"digest\":{\"digest\":[\"{e}\",\"{n}\",\"{l}\"]},"
	"\"if\":{\"if\":{\"any\":[{\"over\":[\"{n}\",5]},{\"starts\":[\"{e}\",\"x\"]}]},"
	"\"then\":\"{root}\",\"else\":\"{received} {hook} {topic} {query.q}\"}},"
	"\"traits\":\"{b}\",\"context\":{\"ip\":\"{ip}\"}},"
	"{\"each\":\"l\",\"if\":{\"has\":\"{.}\"},\"type\":\"identify\",\"anonymous\":\"{a}\","
	"\"identifiers\":{\"order\":\"{root.o}\"},\"traits\":{\"a\":\"{.}\",\"n\":\"{root.n}\"}},"
	"{\"each\":\".\",\"type\":\"page\",\"event\":\"{e}\",\"user\":\"{u}\",\"properties\":\"{b}"
	"\"}"
	"]}";

/* How the payload came. */
struct way {
	size_t preset;
	bool form;
	struct span topic;
};

static bool holds(struct span text, const char *word)
{
	size_t n = strlen(word);

	for (size_t at = 0; at + n <= text.len; at++)
		if (memcmp(text.ptr + at, word, n) == 0)
			return true;
	return false;
}

static bool look_up(void *user, struct span name, struct span *ret_value)
{
	const struct way *way = user;

	if (holds(name, "topic") || holds(name, "event") || holds(name, "type") ||
		holds(name, "action")) {
		*ret_value = way->topic;
		return true;
	}
	*ret_value = SPAN_LIT("\xff value \"of\" a field\x01");
	return name.len % 5 != 0;
}

/* By number; the one after all of Waymark's uses every operator. */
static struct mapping *compiled(size_t which)
{
	static struct mapping *mappings[256];
	static struct file_problems problems;
	const struct preset_file *files;
	size_t n;

	files = preset_files(&n);
	assert(n < ARRAY_SIZE(mappings) && which <= n);
	if (!mappings[which])
		assert(mapping_compile("preset",
			       which < n ? files[which].text : SPAN_LIT(every_operator), &problems,
			       &mappings[which]) == 0);
	return mappings[which];
}

static size_t number_of(struct span name)
{
	size_t n;
	const struct preset_file *files = preset_files(&n);

	if (span_is(name, "every"))
		return n;
	for (size_t i = 0; i < n; i++)
		if (span_equal(files[i].name, name))
			return i;
	return name.len > 0 ? (uint8_t)name.ptr[0] % (n + 1) : n;
}

/* Cuts the first line off *INPUT. */
static struct way way_of(struct span *input)
{
	const char *end = input->len ? memchr(input->ptr, '\n', input->len) : NULL;
	size_t len = end ? (size_t)(end - input->ptr) : input->len, at = 0;
	struct way way = {.form = false};

	while (at < len && input->ptr[at] != ' ' && input->ptr[at] != '+')
		at++;
	way.preset = number_of(span_of(input->ptr, at));
	way.form = at < len && input->ptr[at] == '+';
	at += at < len;
	way.topic = span_of(input->ptr + at, len - at);
	len += end != NULL;
	*input = span_of(input->ptr + len, input->len - len);
	return way;
}

static const struct event_decoder *decoder(void)
{
	static struct field_table fields;
	static struct event_decoder *made;

	if (!made) {
		field_table_init(&fields);
		assert(event_decoder_new(&fields, &IDENTITY_DEFAULT, &made) == 0);
	}
	return made;
}

/* The worker reads what the collector took. */
static void check_decodes(const struct envelope_item *item, struct arena *a)
{
	const struct event_origin origin = {.id = {1795282000000, 7},
		.source = SPAN_LIT("shop"),
		.channel = CHANNEL_ORDERS,
		.recv_at = 1795281999000,
		.sent_at = TIME_NEVER};
	struct event_fault fault;
	struct event event;

	assert(event_decode(decoder(), item->raw, &origin, a, &event, &fault) == 0);
	assert(event.type == item->type && event.customer.len > 0);
	assert(span_equal(event.message_id, item->message_id));
}

static void check_event(const struct mapping_event *e, const struct mapping_input *input)
{
	const struct envelope_limits limits = {input->event_bytes, 1, input->depth};
	_cleanup_(buf_release) struct buf batch = BUF_INIT;
	struct envelope_request request = {
		SPAN_EMPTY, ENVELOPE_KIND_BATCH, limits, &IDENTITY_DEFAULT};
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
	check_decodes(&envelope.items[0], &a);
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
	struct span rest = span_of((const char *)data, size);
	struct way way = way_of(&rest);
	struct mapping_input input = {.body = rest,
		.form = way.form,
		.hook = SPAN_LIT("shop"),
		.received_at = INT64_C(1767323045678),
		.header = look_up,
		.query = look_up,
		.user = &way,
		.event_bytes = 4096,
		.depth = 8,
		.events = 50};
	struct mapping_result first, second;
	struct arena a;

	arena_init(&a);
	assert(mapping_run(compiled(way.preset), &input, &a, &first) == 0);
	check_result(&first, &input);
	assert(mapping_run(compiled(way.preset), &input, &a, &second) == 0);
	check_same(&first, &second);
	arena_release(&a);
	return 0;
}
