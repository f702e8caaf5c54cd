/* SPDX-License-Identifier: MIT */
/*
 * Events in the parameters of an address: whatever they say, what comes out is one JSON object
 * within the limits, without the members that were to be left out, and the same a second time.
 */
#include "codec/json_scan.h"
#include "query_event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const skip[] = {"writeKey", "key", "type", "data", NULL};

static bool is_skipped(const struct json_value *key)
{
	for (size_t i = 0; skip[i]; i++)
		if (json_is(key, span_str(skip[i])))
			return true;
	return false;
}

/* Leaves of the object that C stands at. */
static size_t count_leaves(struct json_cursor *c, size_t depth)
{
	struct json_value key, value;
	size_t n = 0;

	assert(depth <= QUERY_EVENT_DEPTH_MAX);
	assert(json_object_open(c) == 0);
	while (json_object_key(c, &key) == 0) {
		enum json_type type = json_peek(c);

		assert(type == JSON_TYPE_STRING || type == JSON_TYPE_OBJECT);
		if (depth == 1 && type == JSON_TYPE_STRING)
			assert(!is_skipped(&key));
		if (type == JSON_TYPE_OBJECT) {
			n += count_leaves(c, depth + 1);
		} else {
			assert(json_value(c, &value) == 0);
			n++;
		}
	}
	return n;
}

static void check(struct span text, size_t size)
{
	struct json_fault fault = {JSON_SOUND, 0};
	struct json_cursor c;

	/* U+0000 is for the envelope to refuse. */
	assert(json_valid(text, &fault) || fault.code >= JSON_TEXT_NUL);
	json_cursor_init(&c, text);
	assert(count_leaves(&c, 1) <= QUERY_EVENT_FIELDS_MAX);
	assert(json_finish(&c) == 0);
	/* A byte becomes at most an escape, a parameter or a dot some signs more. */
	assert(text.len <= 12 * size + 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(buf_release) struct buf first = BUF_INIT;
	_cleanup_(buf_release) struct buf second = BUF_INIT;
	struct span query = span_of((const char *)data, size);
	struct arena arena;
	int r;

	arena_init(&arena);
	r = query_event(query, skip, &arena, &first);
	assert(r == 0 || r == QUERY_EVENT_BAD);
	assert(query_event(query, skip, &arena, &second) == r);
	if (r == 0) {
		check(buf_span(&first), size);
		assert(span_equal(buf_span(&first), buf_span(&second)));
	}
	arena_release(&arena);
	return 0;
}
