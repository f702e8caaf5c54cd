/* SPDX-License-Identifier: MIT */
/*
 * The scanner agrees with jansson on every input; what json_escape makes of any bytes is a string
 * that stands for them.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "codec/json_path.h"
#include "codec/json_scan.h"
#include "json_twin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static void check_escape(struct span bytes)
{
	_cleanup_(buf_release) struct buf escaped = BUF_INIT;
	_cleanup_(buf_release) struct buf quoted = BUF_INIT;
	_cleanup_(buf_release) struct buf again = BUF_INIT;
	struct json_fault fault = {JSON_SOUND, 0};
	struct json_fault plain = {JSON_SOUND, 0};

	json_escape(bytes, &escaped);
	bool valid = json_valid(buf_span(&escaped), &fault);
	require(valid || fault.code == JSON_TEXT_NUL, "an escaped string is not JSON");
	json_unescape(span_of(escaped.ptr + 1, escaped.len - 2), &again);
	/* Bytes that are no UTF-8 were replaced, so only text comes back as it was. */
	buf_add_char(&quoted, '"');
	buf_add_span(&quoted, bytes);
	buf_add_char(&quoted, '"');
	if (json_valid(buf_span(&quoted), &plain))
		require(span_equal(buf_span(&again), bytes) || memchr(bytes.ptr, '\\', bytes.len),
			"a string does not come back");
}

static void check_paths(struct span text)
{
	static const char *const names[] = {"a", "a.b", "a.b.c", "a.0", "b.1.a", "0", "event", ""};
	_cleanup_(json_paths_freep) struct json_paths *paths = NULL;
	struct json_path list[ARRAY_SIZE(names)];
	struct json_value values[ARRAY_SIZE(names)];
	struct json_cursor c;
	struct json_fault fault;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (json_path_valid(span_str(names[i])))
			list[n++] = (struct json_path){span_str(names[i]), i};
	}
	require(json_paths_new(list, n, &paths) == 0, "paths");
	json_cursor_init(&c, text);
	bool sound = json_paths_read(paths, &c, values) == 0 && json_finish(&c) == 0;
	bool valid = json_valid(text, &fault);
	require(sound == (valid || fault.code >= JSON_TEXT_NUL), "paths judge otherwise");
	for (size_t i = 0; sound && i < n; i++) {
		if (values[list[i].slot].type != JSON_TYPE_ABSENT && valid)
			require(json_valid(values[list[i].slot].raw, &fault), "a bad value");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	const char *differs = json_twin_differs(text);

	require(!differs, differs);
	check_escape(text);
	check_paths(text);
	return 0;
}
