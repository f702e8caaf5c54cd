/* SPDX-License-Identifier: MIT */
/*
 * A file of lines. Each line is judged as if it had come as the only item of a batch; a line that
 * is no JSON is refused and nothing else; no line reaches into another.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "codec/envelope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

/* LINE alone in a batch. The verdict on it, or that the batch is broken. */
static enum envelope_code judge_alone(struct span line, struct arena *arena)
{
	_cleanup_(buf_release) struct buf body = BUF_INIT;
	struct envelope_request request = {
		.kind = ENVELOPE_KIND_BATCH, .limits = ENVELOPE_LIMITS_DEFAULT, &IDENTITY_DEFAULT};
	struct envelope_fault fault;
	struct envelope e;

	buf_add_str(&body, "{\"batch\":[");
	buf_add_span(&body, line);
	buf_add_str(&body, "]}");
	require(buf_failed(&body) == 0, "memory");
	request.body = buf_span(&body);
	if (envelope_read(&request, arena, &e, &fault) != 0 || e.n_items != 1)
		return ENVELOPE_MALFORMED;
	return e.items[0].fault.code;
}

static void check_line(const struct envelope_item *item, struct span line, struct arena *arena)
{
	enum envelope_code alone = judge_alone(line, arena), here = item->fault.code;
	int64_t until;
	struct span source;

	require(item->raw.ptr >= line.ptr && item->raw.ptr + item->raw.len <= line.ptr + line.len,
		"an item outside of its line");
	if (item->is_watermark) {
		require(alone == ENVELOPE_UNKNOWN_TYPE, "a watermark that is an event");
		require(envelope_watermark(item->raw, arena, &until, &source), "no watermark");
		return;
	}
	if (here != ENVELOPE_ACCEPTED)
		require(item->fault.offset > 0 || line.len > 0, "no place");
	/* A bracket too many ends the batch, but not a line: there it is broken in another way. */
	require(here == alone || here == ENVELOPE_MALFORMED || alone == ENVELOPE_MALFORMED,
		"another verdict than alone");
	require(here != ENVELOPE_ACCEPTED || alone == ENVELOPE_ACCEPTED, "accepted only as a line");
}

/* Lines before OFFSET that are not blank. */
static size_t lines_of(struct span body, size_t offset)
{
	size_t n = 0;
	size_t at = body.len >= 3 && memcmp(body.ptr, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	for (size_t end; at < offset; at = end + 1) {
		for (end = at; end < body.len && body.ptr[end] != '\n'; end++)
			;
		n += span_trim(span_of(body.ptr + at, end - at)).len > 0;
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_release) struct arena arena;
	_cleanup_free_ char *copy = malloc(size + 1);
	struct envelope_request request = {
		.limits = {32768, 40, 16}, .identity = &IDENTITY_DEFAULT};
	struct envelope_fault fault;
	struct envelope e;
	struct span rest;
	size_t refused = 0, marks = 0, i = 0;

	arena_init(&arena);
	require(copy != NULL, "memory");
	memcpy(copy, data, size);
	request.body = span_of(copy, size);
	if (envelope_read_lines(&request, &arena, &e, &fault) != 0) {
		require(fault.code == ENVELOPE_TOO_MANY, "refused as a whole");
		require(lines_of(request.body, fault.offset) == request.limits.items, "too early");
		return 0;
	}
	rest = request.body;
	if (size >= 3 && memcmp(copy, "\xef\xbb\xbf", 3) == 0)
		rest = span_of(copy + 3, size - 3);
	while (rest.len > 0) {
		const char *end = memchr(rest.ptr, '\n', rest.len);
		struct span line = span_of(rest.ptr, end ? (size_t)(end - rest.ptr) : rest.len);

		rest = span_of(line.ptr + line.len, rest.len - line.len);
		if (rest.len > 0)
			rest = span_of(rest.ptr + 1, rest.len - 1);
		if (span_trim(line).len == 0)
			continue;
		require(i < e.n_items, "a line without an item");
		refused += e.items[i].fault.code != ENVELOPE_ACCEPTED;
		marks += e.items[i].is_watermark;
		check_line(&e.items[i++], line, &arena);
	}
	require(i == e.n_items, "an item without a line");
	require(refused == e.n_refused && marks == e.n_watermarks, "the counts");
	return 0;
}
