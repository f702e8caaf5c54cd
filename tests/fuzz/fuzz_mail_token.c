/* SPDX-License-Identifier: MIT */
/*
 * Tokens of mails: whatever the text, it is either one that our keys make, letter by letter the
 * same when made again, or nothing. The first byte is the kind.
 */
#include "codec/mail_token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void keys_of(const char *secret, struct mail_token_keys *k)
{
	const struct span list[] = {span_str(secret)};

	assert(mail_token_keys_init(k, list, 1) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(buf_release) struct buf room = BUF_INIT;
	_cleanup_(buf_release) struct buf again = BUF_INIT;
	struct mail_token_keys keys, others;
	struct mail_token token;
	struct span text;
	int r;

	if (size == 0)
		return 0;
	text = span_of((const char *)data + 1, size - 1);
	keys_of("0123456789abcdef0123456789abcdef", &keys);
	keys_of("8d1f0e7c36a94b5208d1f0e7c36a94b5", &others);
	r = mail_token_parse(&keys, (enum mail_token_kind)(data[0] - '0'), text, &room, &token);
	assert(r == 0 || r == MAIL_TOKEN_BAD);
	if (r == 0) {
		assert(token.kind != MAIL_TOKEN_CLICK || mail_token_url_ok(token.url));
		assert(mail_token_make(&keys, &token, &again) == 0);
		assert(span_equal(buf_span(&again), text));
	}
	r = mail_token_parse(&others, (enum mail_token_kind)(data[0] - '0'), text, &room, &token);
	assert(r == MAIL_TOKEN_BAD);
	(void)mail_token_url_ok(text);
	return 0;
}
