/* SPDX-License-Identifier: MIT */
#include "sender.h"

#include "base/base64.h"

/* More cannot be a key, and need not be decoded. */
#define CREDENTIALS_MAX 256

const struct sender_refusal sender_refusals[SENDER_OUTCOMES] = {
	[SENDER_UNNAMED] = {401, "missing_key",
		"A write key is required: as the user of Basic authorization, or as writeKey in "
		"the body."},
	[SENDER_MALFORMED] = {401, "bad_authorization",
		"Authorization must be Basic with the write key as user and no password."},
	[SENDER_UNKNOWN] = {401, "unknown_key", "There is no such write key."},
	[SENDER_DISABLED] = {403, "source_disabled", "The source of this write key is disabled."},
	[SENDER_AMBIGUOUS] = {401, "key_mismatch",
		"writeKey in the body is another than the one of Authorization."},
	[SENDER_ELSEWHERE] = {403, "origin_not_allowed",
		"Pages of this origin may not send with this write key; its source's `origins` "
		"names those that may."},
};

/* Cuts the scheme and the blanks behind it off. False if it is not Basic. */
static bool take_basic(struct span *field)
{
	const struct span scheme = SPAN_LIT("basic ");

	if (field->len < scheme.len || !span_equal_nocase(span_of(field->ptr, scheme.len), scheme))
		return false;
	*field = span_trim(span_of(field->ptr + scheme.len, field->len - scheme.len));
	return true;
}

static int find_key(const struct write_keys *keys, struct span text, int64_t now,
	const struct write_key **ret_key)
{
	const struct write_key *key = write_keys_find(keys, text, now);

	if (!key)
		return SENDER_UNKNOWN;
	if (!key->enabled)
		return SENDER_DISABLED;
	*ret_key = key;
	return 0;
}

int sender_of_field(const struct write_keys *keys, const struct http_request *request, int64_t now,
	const struct write_key **ret_key)
{
	struct span field = http_request_header(request, "authorization");
	char text[BASE64_DECODED_SIZE(CREDENTIALS_MAX)];
	const char *colon;
	size_t len;

	if (!take_basic(&field))
		return SENDER_UNNAMED;
	if (field.len > CREDENTIALS_MAX || base64_decode(field, text, &len))
		return SENDER_MALFORMED;
	colon = memchr(text, ':', len);
	if (colon && colon + 1 != text + len)
		return SENDER_MALFORMED;
	return find_key(keys, span_of(text, colon ? len - 1 : len), now, ret_key);
}

int sender_of_body(const struct write_keys *keys, struct span key, const struct write_key *by_field,
	int64_t now, const struct write_key **ret_key)
{
	const struct write_key *found;
	int r;

	if (key.len == 0 && !by_field)
		return SENDER_UNNAMED;
	if (key.len == 0) {
		*ret_key = by_field;
		return 0;
	}
	r = find_key(keys, key, now, &found);
	if (r != 0)
		return by_field ? SENDER_AMBIGUOUS : r;
	if (by_field && by_field != found)
		return SENDER_AMBIGUOUS;
	*ret_key = found;
	return 0;
}
