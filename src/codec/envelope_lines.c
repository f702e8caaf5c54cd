/* SPDX-License-Identifier: MIT */
/*
 * Lines of events, as tills and nightly exports write them. A file that was cut, or a program that
 * writes half a line, spoils lines and not the file: each line has a walk of its own.
 */
#include "envelope_parts.h"

#include "base/instant.h"

/* A line that is not JSON is refused by itself. */
static void refuse_line(struct envelope_reader *rd, struct span line, size_t offset)
{
	struct envelope_item *item = &rd->envelope.items[rd->envelope.n_items - 1];

	rd->fault.offset += offset;
	*item = (struct envelope_item){.raw = line, .fault = rd->fault};
	rd->fault = (struct envelope_fault){.code = ENVELOPE_ACCEPTED};
	rd->envelope.n_refused++;
}

/* Something behind the value is a broken line too. */
static bool line_ends(struct envelope_reader *rd)
{
	if (json_finish(&rd->cursor) == 0)
		return true;
	rd->fault = (struct envelope_fault){.code = ENVELOPE_MALFORMED,
		.json = rd->cursor.fault.code,
		.offset = rd->cursor.fault.offset};
	return false;
}

static bool is_watermark(const struct envelope_parts *p)
{
	const struct json_value *type = envelope_part(p, ENVELOPE_TYPE);

	return type && json_is(type, SPAN_LIT("watermark"));
}

static int read_line(struct envelope_reader *rd, struct span line, size_t offset)
{
	size_t n_refused = rd->envelope.n_refused;
	struct envelope_item *item;
	struct envelope_parts parts;
	int r;

	json_cursor_init(&rd->cursor, line);
	r = envelope_read_item(rd, &parts);
	if (r < 0)
		return r;
	if (r != 0 || !line_ends(rd)) {
		rd->envelope.n_refused = n_refused;
		refuse_line(rd, line, offset);
		return 0;
	}
	item = &rd->envelope.items[rd->envelope.n_items - 1];
	item->fault.offset += offset;
	if (item->fault.code == ENVELOPE_UNKNOWN_TYPE && is_watermark(&parts)) {
		*item = (struct envelope_item){.raw = item->raw, .is_watermark = true};
		rd->envelope.n_refused = n_refused;
		rd->envelope.n_watermarks++;
	}
	return 0;
}

int envelope_read_lines(const struct envelope_request *request, struct arena *arena,
	struct envelope *ret_envelope, struct envelope_fault *ret_fault)
{
	struct envelope_reader rd = {.kind = ENVELOPE_KIND_BATCH,
		.limits = &request->limits,
		.arena = arena,
		.identity = request->identity,
		.envelope = {.sent_at = TIME_NEVER}};
	struct span rest = request->body;

	/* What some editors and tills write before UTF-8. */
	if (rest.len >= 3 && memcmp(rest.ptr, "\xef\xbb\xbf", 3) == 0)
		rest = span_of(rest.ptr + 3, rest.len - 3);
	while (rest.len > 0) {
		const char *end = memchr(rest.ptr, '\n', rest.len);
		size_t len = end ? (size_t)(end - rest.ptr) : rest.len;
		struct span line = span_of(rest.ptr, len);

		if (span_trim(line).len > 0) {
			size_t offset = (size_t)(line.ptr - request->body.ptr);
			int r;

			if (rd.envelope.n_items == rd.limits->items) {
				*ret_fault = (struct envelope_fault){
					.code = ENVELOPE_TOO_MANY, .offset = offset};
				return ENVELOPE_REFUSED;
			}
			r = read_line(&rd, line, offset);
			if (r < 0)
				return r;
		}
		rest = span_of(rest.ptr + len, rest.len - len);
		if (rest.len > 0)
			rest = span_of(rest.ptr + 1, rest.len - 1);
	}
	*ret_envelope = rd.envelope;
	return 0;
}

bool envelope_watermark(
	struct span raw, struct arena *arena, int64_t *ret_until, struct span *ret_source)
{
	struct json_value key, value, type = {.type = JSON_TYPE_ABSENT};
	struct json_cursor c;

	*ret_until = TIME_NEVER;
	*ret_source = SPAN_EMPTY;
	json_cursor_init(&c, raw);
	if (json_object_open(&c) != 0)
		return false;
	while (json_object_key(&c, &key) == 0 && json_value(&c, &value) == 0) {
		if (json_is(&key, SPAN_LIT("type")))
			type = value;
		else if (json_is(&key, SPAN_LIT("source")) && value.type == JSON_TYPE_STRING)
			*ret_source = json_text(&value, arena);
		else if (json_is(&key, SPAN_LIT("completeUntil")) &&
			 value.type == JSON_TYPE_STRING &&
			 instant_parse(json_text(&value, arena), ret_until) != 0)
			*ret_until = TIME_NEVER;
	}
	return type.type == JSON_TYPE_STRING && json_is(&type, SPAN_LIT("watermark"));
}
