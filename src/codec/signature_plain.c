/* SPDX-License-Identifier: MIT */
/*
 * The schemes that sign nothing and show the secret itself: name and password (RFC 7617), or a
 * token in a field or in the URL. They prove who sends, and nothing about the bytes.
 */
#include "base/base64.h"
#include "signature_crypto.h"
#include "signature_plan.h"

static int match(struct signature_check *c, struct span shown)
{
	for (size_t i = 0; i < c->n_secrets; i++) {
		if (signature_secret_why(c->scheme, c->secrets[i]) ||
			!signature_same_secret(shown, c->secrets[i]))
			continue;
		c->proof->secret = i;
		return SIGNATURE_OK;
	}
	return SIGNATURE_WRONG;
}

int signature_basic(struct signature_check *c)
{
	static const struct span word = {"Basic ", 6};
	struct span value;
	size_t len = 0;
	char *pair;
	int r = signature_header(c, c->scheme->headers[0], &value);

	if (r != 0)
		return r;
	if (value.len <= word.len || !span_equal_nocase(span_of(value.ptr, word.len), word))
		return SIGNATURE_BAD_FORMAT;
	value = span_trim(span_of(value.ptr + word.len, value.len - word.len));
	pair = arena_alloc(c->arena, BASE64_DECODED_SIZE(value.len));
	if (!pair)
		return -ENOMEM;
	if (base64_decode(value, pair, &len) != 0)
		return SIGNATURE_BAD_FORMAT;
	return match(c, span_of(pair, len));
}

int signature_token(struct signature_check *c)
{
	const struct signature_scheme *s = c->scheme;
	struct span value = SPAN_EMPTY;
	int r = 0;

	if (!s->in_query)
		r = signature_header(c, s->headers[0], &value);
	else if (!c->request->query ||
		 !c->request->query(c->request->user, s->headers[0], &value) || value.len == 0)
		r = SIGNATURE_MISSING_HEADER;
	else if (value.len > SIGNATURE_FIELD_MAX)
		r = SIGNATURE_BAD_FORMAT;
	if (r != 0)
		return r;
	if (!span_starts(value, s->prefix))
		return SIGNATURE_BAD_FORMAT;
	return match(c, span_of(value.ptr + s->prefix.len, value.len - s->prefix.len));
}
