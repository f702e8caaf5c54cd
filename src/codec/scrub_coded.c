/* SPDX-License-Identifier: MIT */
/*
 * Names that are written so that a program reads them and nobody else: in hex, as base 64 (RFC 4648
 * sections 4 and 5, padded or not), and as the digest that advertisers' pixels and audiences carry.
 */
#include "scrub_impl.h"

#include "base/base64.h"
#include "base/sha256.h"

#define HEX_MIN	   16 /* characters: eight bytes */
#define BASE64_MIN 11
#define CODED_MAX  ((size_t)2 * IDENTIFIER_MAX)
#define PADDING	   2 /* characters at most */

static bool in_base64(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       c == '+' || c == '-' || c == '_';
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

size_t scrub_coded_end(struct span text, size_t at, bool slashes)
{
	size_t end = at, most = at + CODED_MAX + PADDING;

	if (slashes && at > 0 && (in_base64(text.ptr[at - 1]) || text.ptr[at - 1] == '/'))
		return at;
	while (end < text.len && end < most &&
		(in_base64(text.ptr[end]) || (slashes && text.ptr[end] == '/')))
		end++;
	for (size_t i = 0; i < PADDING && end > at && end < text.len && text.ptr[end] == '='; i++)
		end++;
	return end - at > CODED_MAX ? at : end;
}

/* False if BYTES are no text. */
static bool is_text(struct span bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		if ((unsigned char)bytes.ptr[i] < ' ' || bytes.ptr[i] == 0x7f)
			return false;
	return bytes.len > 0;
}

static int ask_text(struct scrubber *s, struct span bytes, bool *ret_known)
{
	return is_text(bytes) ? scrub_is_plain(s, bytes, ret_known) : 0;
}

static int ask_digest(struct scrubber *s, struct span hex, bool *ret_known)
{
	char key[SCRUB_DIGEST_LEN];

	if (span_equal_nocase(hex, s->spared))
		return 0;
	memcpy(key, SCRUB_DIGEST, sizeof(SCRUB_DIGEST) - 1);
	for (size_t i = 0; i < (size_t)2 * SHA256_SIZE; i++)
		key[sizeof(SCRUB_DIGEST) - 1 + i] =
			(char)("0123456789abcdef"[digit_of(hex.ptr[i]) & 15]);
	return s->knows(s->user, span_of(key, sizeof(key)), ret_known);
}

static int ask_hex(struct scrubber *s, struct span text, bool *ret_known)
{
	char bytes[CODED_MAX / 2];
	int r;

	for (size_t i = 0; i < text.len; i++)
		if (digit_of(text.ptr[i]) < 0)
			return 0;
	if (text.len == (size_t)2 * SHA256_SIZE) {
		r = ask_digest(s, text, ret_known);
		if (r < 0 || *ret_known)
			return r;
	}
	for (size_t i = 0; i < text.len / 2; i++)
		bytes[i] = (char)(digit_of(text.ptr[2 * i]) << 4 | digit_of(text.ptr[2 * i + 1]));
	return ask_text(s, span_of(bytes, text.len / 2), ret_known);
}

static int ask_base64(struct scrubber *s, struct span text, bool *ret_known)
{
	char plain[CODED_MAX], bytes[BASE64_DECODED_SIZE(CODED_MAX)];
	size_t len;

	for (size_t i = 0; i < text.len; i++)
		plain[i] = (char)(text.ptr[i] == '-'   ? '+'
				  : text.ptr[i] == '_' ? '/'
						       : text.ptr[i]);
	if (base64_decode(span_of(plain, text.len), bytes, &len) != 0)
		return 0;
	return ask_text(s, span_of(bytes, len), ret_known);
}

int scrub_is_coded(struct scrubber *s, struct span text, bool *ret_is)
{
	bool known = false;
	int r = 0;

	if (text.len >= HEX_MIN && text.len <= CODED_MAX && text.len % 2 == 0)
		r = ask_hex(s, text, &known);
	if (r == 0 && !known && text.len >= BASE64_MIN && text.len <= CODED_MAX)
		r = ask_base64(s, text, &known);
	if (r == 0)
		*ret_is = known;
	return r;
}

void scrub_spare(struct scrubber *s, struct span digest)
{
	s->spared = digest;
}

void scrub_digest(struct span value, char ret_key[SCRUB_DIGEST_LEN])
{
	unsigned char digest[SHA256_SIZE];
	struct sha256 sha;

	sha256_init(&sha);
	sha256_add(&sha, value);
	sha256_end(&sha, digest);
	memcpy(ret_key, SCRUB_DIGEST, sizeof(SCRUB_DIGEST) - 1);
	for (size_t i = 0; i < sizeof(digest); i++) {
		char *to = ret_key + sizeof(SCRUB_DIGEST) - 1 + 2 * i;

		to[0] = "0123456789abcdef"[digest[i] >> 4];
		to[1] = "0123456789abcdef"[digest[i] & 15];
	}
}
