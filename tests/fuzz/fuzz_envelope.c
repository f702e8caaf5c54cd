/* SPDX-License-Identifier: MIT */
/*
 * The first byte is the path, the rest the body. Items are exactly those of the array, in order;
 * every refusal has words and a place in the body; and what the envelope accepts the worker can
 * decode, and sees the same in it.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "codec/envelope.h"
#include "codec/event_json.h"

#include <jansson.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static void check_fault(const struct envelope_fault *fault, size_t size)
{
	const struct envelope_limits limits = ENVELOPE_LIMITS_DEFAULT;
	_cleanup_(buf_release) struct buf words = BUF_INIT;

	require(fault->code != ENVELOPE_ACCEPTED, "refused for no reason");
	require(fault->offset <= size, "a place outside of the body");
	envelope_explain(fault, &limits, &words);
	require(words.len > 0 && envelope_code_name(fault->code)[0], "no words");
}

static void check_accepted(const struct event_decoder *d, const struct envelope_item *item,
	enum envelope_kind kind, struct arena *arena)
{
	const struct event_origin origin = {
		.id = {1795282000000, 0},
		.sent_at = TIME_NEVER,
		.has_type = kind != ENVELOPE_KIND_BATCH,
		.type = item->type,
	};
	struct event e;
	struct event_fault fault;

	require(event_decode(d, item->raw, &origin, arena, &e, &fault) == 0,
		"accepted, but no event");
	require(span_equal(e.customer, item->customer), "another customer");
	require(e.customer.len > 0 && e.customer.len <= CUSTOMER_MAX, "a bad key");
	require(span_equal(e.message_id, item->message_id), "another message id");
	require(e.message_id.len <= MESSAGE_ID_MAX, "a long message id");
	require(e.type == item->type, "another type");
}

/* Where jansson can read the body, the items are the ones it finds. */
static void check_items(const struct envelope *e, struct span body, bool batch)
{
	json_auto_t *t = json_loadb(body.ptr, body.len, JSON_DECODE_INT_AS_REAL, NULL);
	const json_t *items = batch ? json_object_get(t, "batch") : NULL;

	if (!t || (batch && json_array_size(items) != e->n_items))
		require(!t, "another number of items");
	for (size_t i = 0; t && batch && i < e->n_items; i++) {
		struct span raw = e->items[i].raw;
		json_auto_t *item = json_loadb(
			raw.ptr, raw.len, JSON_DECODE_INT_AS_REAL | JSON_DECODE_ANY, NULL);

		require(json_equal(item, json_array_get(items, i)), "another item");
	}
}

static void check_envelope(
	const struct envelope *e, const struct envelope_request *request, struct arena *arena)
{
	static struct field_table fields;
	static struct event_decoder *decoder;
	const struct span body = request->body;
	const char *behind = body.ptr;
	size_t refused = 0;

	if (!decoder) {
		field_table_init(&fields);
		require(event_decoder_new(&fields, &IDENTITY_DEFAULT, &decoder) == 0, "decoder");
	}
	for (size_t i = 0; i < e->n_items; i++) {
		const struct envelope_item *item = &e->items[i];

		require(item->raw.ptr >= behind, "items overlap, or begin before the body");
		behind = item->raw.ptr + item->raw.len;
		require(behind <= body.ptr + body.len, "an item outside of the body");
		if (item->fault.code != ENVELOPE_ACCEPTED) {
			refused++;
			check_fault(&item->fault, body.len);
		} else {
			check_accepted(decoder, item, request->kind, arena);
		}
	}
	require(refused == e->n_refused, "the count of refusals");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	_cleanup_(arena_release) struct arena arena;
	_cleanup_free_ char *copy = malloc(size);
	struct envelope_request request = {
		.limits = ENVELOPE_LIMITS_DEFAULT, .identity = &IDENTITY_DEFAULT};
	struct envelope e;
	struct envelope_fault fault;

	arena_init(&arena);
	require(copy != NULL, "memory");
	memcpy(copy, data + 1, size - 1);
	request.body = span_of(copy, size - 1);
	request.kind = (enum envelope_kind)(data[0] % (ENVELOPE_KIND_BATCH + 1));
	if (envelope_read(&request, &arena, &e, &fault) == 0) {
		check_envelope(&e, &request, &arena);
		check_items(&e, request.body, request.kind == ENVELOPE_KIND_BATCH);
	} else {
		check_fault(&fault, request.body.len);
	}
	return 0;
}
