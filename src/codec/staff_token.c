/* SPDX-License-Identifier: MIT */
#include "codec/staff_token.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

_Static_assert(STAFF_TOKEN_DIGEST == SHA256_DIGEST_LENGTH, "the digest is SHA-256");

/* b64token of RFC 6750, section 2.1. */
static bool is_token(struct span s)
{
	static const char marks[] = "-._~+/";
	size_t i = 0;

	while (i < s.len) {
		char c = s.ptr[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!letter && !(c >= '0' && c <= '9') && !memchr(marks, c, sizeof(marks) - 1))
			break;
		i++;
	}
	while (i > 0 && i < s.len && s.ptr[i] == '=')
		i++;
	return i == s.len;
}

int staff_token_parse(struct span text, struct staff_token *ret_token, const char **ret_why)
{
	struct staff_token token;

	if (text.len > 0 && text.ptr[text.len - 1] == '\n')
		text.len--;
	if (text.len > 0 && text.ptr[text.len - 1] == '\r')
		text.len--;
	if (text.len == 0) {
		*ret_why = "it is empty";
		return STAFF_TOKEN_BAD;
	}
	if (text.len < STAFF_TOKEN_MIN || text.len > STAFF_TOKEN_MAX) {
		*ret_why = "a token has 16 to 256 characters, such as the output of `openssl rand "
			   "-hex 16`";
		return STAFF_TOKEN_BAD;
	}
	if (!is_token(text)) {
		*ret_why = "a token is one line of letters, digits and - . _ ~ + /";
		return STAFF_TOKEN_BAD;
	}
	if (!SHA256((const unsigned char *)text.ptr, text.len, token.digest))
		return -ENOMEM;
	*ret_token = token;
	return 0;
}

bool staff_token_admits(const struct staff_token *t, struct span authorization)
{
	static const char scheme[] = "Bearer ";
	const size_t n = sizeof(scheme) - 1;
	struct span token = authorization;
	struct staff_token shown;

	if (token.len <= n || !span_equal_nocase(span_of(token.ptr, n), span_str(scheme)))
		return false;
	token = span_trim(span_of(token.ptr + n, token.len - n));
	if (!SHA256((const unsigned char *)token.ptr, token.len, shown.digest))
		return false;
	return CRYPTO_memcmp(shown.digest, t->digest, sizeof(shown.digest)) == 0;
}
