/* SPDX-License-Identifier: MIT */
/* The bytes are walked once, without a stack: a text is a member's name if a colon follows it. All
 * but the texts and numbers stays as it is, byte for byte. */
#include "codec/json_scan.h"

#include "scrub_impl.h"

/* Appends what SCALAR becomes. 0, SCRUB_CLEAN or -ENOMEM. */
static int scrub_scalar(
	struct scrubber *s, struct span scalar, bool member, struct arena *a, struct buf *out)
{
	struct json_value v = {.raw = scalar, .type = JSON_TYPE_STRING};
	struct span text = scalar;
	bool whole = false;
	int r;

	if (scalar.ptr[0] == '"') {
		if (scalar.len < 2 || scalar.ptr[scalar.len - 1] != '"')
			return SCRUB_CLEAN;
		v.escaped = memchr(scalar.ptr, '\\', scalar.len) != NULL;
		text = json_text(&v, a);
		if (!text.ptr)
			return -ENOMEM;
	}
	r = member ? 0 : scrub_is_name(s, text, &whole);
	if (r < 0)
		return r;
	if (whole) {
		buf_add_str(out, "null");
		return buf_failed(out);
	}
	if (scalar.ptr[0] != '"')
		return SCRUB_CLEAN;
	buf_reset(&s->scratch);
	r = scrub_text(s, text, &s->scratch);
	if (r == 0)
		json_escape(buf_span(&s->scratch), out);
	return r == 0 ? buf_failed(out) : r;
}

static int walk(struct scrubber *s, struct span json, struct arena *a, struct buf *out)
{
	bool found = false;

	while (json.len > 0) {
		size_t len = json_scalar_len(json);
		int r = SCRUB_CLEAN;

		if (len > 0) {
			struct span scalar = span_of(json.ptr, len);

			arena_reset(a);
			r = scrub_scalar(s, scalar, json_is_key(json, len), a, out);
		}
		if (r < 0)
			return r;
		found = found || r == 0;
		len = len > 0 ? len : 1;
		if (r == SCRUB_CLEAN)
			buf_add(out, json.ptr, len);
		json = span_of(json.ptr + len, json.len - len);
	}
	return found ? buf_failed(out) : SCRUB_CLEAN;
}

int scrub_json(struct scrubber *s, struct span json, struct buf *out)
{
	size_t start = out->len;
	struct arena a;
	int r;

	arena_init(&a);
	r = walk(s, json, &a, out);
	arena_release(&a);
	if (r != 0)
		out->len = start;
	return r == SCRUB_CLEAN && buf_failed(out) < 0 ? -ENOMEM : r;
}

int scrub_bytes(struct scrubber *s, struct span bytes, struct buf *out)
{
	size_t n = 0;

	while (n < bytes.len && strchr(" \t\r\n", bytes.ptr[n]) && bytes.ptr[n])
		n++;
	return n < bytes.len && (bytes.ptr[n] == '{' || bytes.ptr[n] == '[')
		       ? scrub_json(s, bytes, out)
		       : scrub_text(s, bytes, out);
}
