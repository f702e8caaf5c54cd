/* SPDX-License-Identifier: MIT */
/*
 * The bodies that real client libraries send, as they were captured: every event is accepted, and
 * its ids are those that jansson reads.
 */
#include "check.h"

#include "base/arena.h"
#include "base/buf.h"
#include "codec/envelope.h"
#include "json_twin.h"

#include <jansson.h>

#define BATCH ENVELOPE_KIND_BATCH

/* The path of a captured request as an envelope kind; -1 if it is no collection path. */
static int kind_of_url(const char *url)
{
	static const struct {
		const char *url;
		int kind;
	} rows[] = {
		{"/v1/batch", BATCH},
		{"/v1/b", BATCH},
		{"/collect/v1/batch", BATCH},
		{"/v1/t", ENVELOPE_KIND_TRACK},
		{"/v1/i", ENVELOPE_KIND_IDENTIFY},
		{"/v1/p", ENVELOPE_KIND_PAGE},
		{"/v1/s", ENVELOPE_KIND_SCREEN},
		{"/v1/g", ENVELOPE_KIND_GROUP},
		{"/v1/a", ENVELOPE_KIND_ALIAS},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (strcmp(url, rows[i].url) == 0)
			return rows[i].kind;
	}
	return -1;
}

static struct span string_member(const json_t *object, const char *name)
{
	return span_str(json_string_value(json_object_get(object, name)));
}

static void check_captured_item(const struct envelope_item *item, const json_t *want)
{
	json_auto_t *raw = json_loadb(item->raw.ptr, item->raw.len, 0, NULL);
	enum event_type type;

	CHECK_INT(item->fault.code, ENVELOPE_ACCEPTED);
	CHECK(json_equal(raw, want));
	CHECK_SPAN(item->user_id, string_member(want, "userId"));
	CHECK_SPAN(item->anonymous_id, string_member(want, "anonymousId"));
	CHECK_SPAN(item->message_id, string_member(want, "messageId"));
	CHECK(envelope_type_of(string_member(want, "type"), &type) && type == item->type);
}

/* One captured request; returns the number of its events. */
static size_t check_capture(const json_t *capture)
{
	_cleanup_(arena_release) struct arena a;
	struct span body = string_member(capture, "body");
	int kind = kind_of_url(json_string_value(json_object_get(capture, "url")));
	json_auto_t *want = json_loadb(body.ptr, body.len, 0, NULL);
	const json_t *batch = json_object_get(want, "batch");
	struct envelope e;
	struct envelope_fault fault;

	arena_init(&a);
	if (kind < 0)
		return 0;
	struct envelope_request request = {
		body, (enum envelope_kind)kind, ENVELOPE_LIMITS_DEFAULT, &IDENTITY_DEFAULT};
	int r = envelope_read(&request, &a, &e, &fault);
	CHECK_INT(r, 0);
	if (r)
		return 0;
	CHECK_INT(e.n_refused, 0);
	CHECK_INT(e.n_items, kind == BATCH ? json_array_size(batch) : 1);
	CHECK_SPAN(e.write_key, string_member(want, "writeKey"));
	CHECK(e.sent_at != TIME_NEVER);
	for (size_t i = 0; i < e.n_items; i++)
		check_captured_item(&e.items[i], batch ? json_array_get(batch, i) : want);
	return e.n_items;
}

static void test_captures(void)
{
	/* Events in each file, counted from the captures by another program. */
	static const struct {
		const char *file;
		size_t events;
	} files[] = {
		{"segment-next-1.84.3", 3},
		{"segment-next-batching", 3},
		{"segment-node-3.1.0", 6},
		{"segment-node-500", 3},
		{"segment-node-path", 1},
		{"rudder-node-3.0.13", 2},
		{"rudder-nogzip", 1},
	};
	const char *data = check_shared_data();

	if (!data)
		SKIP("no shared data");
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_(buf_release) struct buf path = BUF_INIT;
		size_t events = 0;

		buf_printf(&path, "%s/sdk/%s.ndjson", data, files[i].file);
		buf_add_char(&path, '\0');
		REQUIRE(buf_failed(&path) == 0);
		struct span text = json_twin_file(path.ptr);
		REQUIRE(text.ptr);
		for (struct span rest = text; rest.len > 0;) {
			size_t used;
			json_error_t error;
			json_auto_t *capture =
				json_loadb(rest.ptr, rest.len, JSON_DISABLE_EOF_CHECK, &error);

			if (!capture)
				break;
			used = (size_t)error.position;
			rest = span_of(rest.ptr + used, rest.len - used);
			events += check_capture(capture);
		}
		CHECK_INT(events, files[i].events);
		free((void *)(uintptr_t)text.ptr);
	}
}

static const struct check_case cases[] = {
	{"what client libraries send", test_captures},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
