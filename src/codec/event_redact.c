/* SPDX-License-Identifier: MIT */
/* The bytes are walked once, without a stack: a text is a member's name if a colon follows it. */
#include "codec/event_redact.h"

#include "codec/identifiers.h"
#include "codec/json_scan.h"

struct redaction {
	const struct identity *identity;
	const struct event_id *ids;
	size_t n;
	struct arena *arena;
};

/* 0 or -ENOMEM. */
static int is_theirs(const struct redaction *r, struct span text, bool *ret_theirs)
{
	*ret_theirs = false;
	if (text.len == 0 || text.len > IDENTIFIER_MAX)
		return 0;
	for (size_t i = 0; i < r->n && !*ret_theirs; i++) {
		struct span key = SPAN_EMPTY;

		if (identifier_key(r->identity, r->ids[i].kind, text, r->arena, &key) < 0)
			return -ENOMEM;
		*ret_theirs = span_equal(key, r->ids[i].key);
	}
	return 0;
}

static int judge(const struct redaction *r, struct span scalar, bool *ret_theirs)
{
	struct json_value v = {.raw = scalar, .type = JSON_TYPE_STRING};
	struct span text = scalar;

	if (scalar.ptr[0] == '"') {
		v.escaped = memchr(scalar.ptr, '\\', scalar.len) != NULL;
		text = json_text(&v, r->arena);
		if (!text.ptr)
			return -ENOMEM;
	}
	return is_theirs(r, text, ret_theirs);
}

int event_redact(const struct identity *identity, struct span json, const struct event_id *ids,
	size_t n, struct arena *a, struct buf *out)
{
	const struct redaction redaction = {identity, ids, n, a};

	while (json.len > 0) {
		size_t len = json_scalar_len(json);
		struct span scalar = span_of(json.ptr, len);
		bool theirs = false;
		int r = 0;

		if (len > 0 && !json_is_key(json, len))
			r = judge(&redaction, scalar, &theirs);
		if (r < 0)
			return r;
		if (len == 0)
			len = 1;
		if (theirs)
			buf_add_str(out, "null");
		else
			buf_add(out, json.ptr, len);
		json = span_of(json.ptr + len, json.len - len);
	}
	return buf_failed(out);
}
