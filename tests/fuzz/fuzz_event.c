/* SPDX-License-Identifier: MIT */
/*
 * The event decoder on whatever the log may hold. The first byte says what is known beside the
 * item: bits 0-2 the type of the path (6 and 7: none), bit 3 a sentAt, bit 4 a shared context, for
 * which the bytes before the first newline are taken. What decodes has everything in bounds, says
 * the same a second time, and has fields that lie where they were read.
 */
#include "base/arena.h"
#include "codec/event_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "%s\n", what);
	abort();
}

static void check_fields(const struct event *e)
{
	for (size_t i = 0; i < e->n_fields; i++) {
		const struct value *v = &e->fields[i];
		int64_t at;

		require(v->type <= VALUE_OTHER, "a type that there is not");
		require(v->type == VALUE_MISSING || v->raw.len > 0, "a value without text");
		require(v->type != VALUE_STRING || v->text.len <= v->raw.len, "text from nowhere");
		(void)value_id(v, ENTITY_MAX);
		if (value_instant(v, &at))
			require(at > -INT64_C(100000000000000) && at < INT64_C(300000000000000),
				"an instant out of bounds");
	}
}

static void check_event(const struct event *e, const struct event_origin *origin)
{
	require(e->customer.len > 0 && e->customer.len <= CUSTOMER_MAX, "a bad key");
	require(e->message_id.len <= MESSAGE_ID_MAX, "a long message id");
	require(e->name.len > 0, "no name");
	require(e->received_at == (int64_t)origin->id.ms, "another time of receipt");
	require(e->occurred_at <= e->received_at + EVENT_FUTURE_MS, "not clamped");
	require(!origin->has_type || e->type == origin->type, "another type than the path said");
	require(e->kind < EVENT_KIND_COUNT && e->channel < CHANNEL_COUNT, "numbers out of bounds");
	check_fields(e);
}

static struct event_decoder *decoder(void)
{
	static struct field_table fields;
	static struct event_decoder *made;
	size_t n;

	if (made)
		return made;
	field_table_init(&fields);
	require(field_table_add(&fields, FIELD_ROOT_PROPERTIES, SPAN_LIT("products.0.price"), &n) ==
				0 &&
			field_table_add(&fields, FIELD_ROOT_CONTEXT, SPAN_LIT("page.path"), &n) ==
				0 &&
			field_table_add(&fields, FIELD_ROOT_TRAITS, SPAN_LIT("address.city"), &n) ==
				0,
		"fields");
	require(event_decoder_new(&fields, &IDENTITY_DEFAULT, &made) == 0, "decoder");
	return made;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct event_origin origin = {.id = {1795282000000, 7},
		.source = SPAN_LIT("shop"),
		.channel = CHANNEL_WEB,
		.recv_at = 1795281999000,
		.sent_at = TIME_NEVER};
	_cleanup_(arena_release) struct arena arena;
	_cleanup_free_ char *copy = malloc(size);
	struct event_fault fault = {NULL, NULL};
	struct event first, second;
	struct span item;
	int r;

	arena_init(&arena);
	require(copy != NULL, "memory");
	memcpy(copy, data + 1, size - 1);
	item = span_of(copy, size - 1);
	origin.has_type = (data[0] & 7) <= EVENT_ALIAS;
	origin.type = origin.has_type ? (enum event_type)(data[0] & 7) : EVENT_TRACK;
	if (data[0] & 8)
		origin.sent_at = 1795281998000;
	if (data[0] & 16) {
		const char *end = item.len ? memchr(item.ptr, '\n', item.len) : NULL;
		size_t n = end ? (size_t)(end - item.ptr) : 0;

		origin.context = span_of(item.ptr, n);
		item = span_of(item.ptr + n, item.len - n);
	}
	r = event_decode(decoder(), item, &origin, &arena, &first, &fault);
	require(r == 0 || r == EVENT_BAD, "out of memory");
	if (r == EVENT_BAD) {
		require(fault.code && fault.words, "refused without words");
		return 0;
	}
	check_event(&first, &origin);
	require(event_decode(decoder(), item, &origin, &arena, &second, &fault) == 0, "not again");
	require(first.content == second.content && first.occurred_at == second.occurred_at &&
			first.kind == second.kind && span_equal(first.name, second.name),
		"something else the second time");
	return 0;
}
