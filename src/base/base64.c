/* SPDX-License-Identifier: MIT */
/* Base 64: four characters of six bits are three bytes of eight. */
#include "base/base64.h"

/* The six bits of C, or -1. */
static int sextet(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* Cuts the padding off. False if there is some, but not the right amount. */
static bool cut_padding(struct span *text)
{
	size_t n = text->len;

	while (n > 0 && text->len - n < 2 && text->ptr[n - 1] == '=')
		n--;
	if (n < text->len && text->len % 4 != 0)
		return false;
	text->len = n;
	return true;
}

int base64_decode(struct span text, void *out, size_t *ret_len)
{
	uint8_t *to = out;
	uint32_t bits = 0;
	unsigned n_bits = 0;
	size_t len = 0;

	if (!cut_padding(&text) || text.len % 4 == 1)
		return BASE64_INVALID;
	for (size_t i = 0; i < text.len; i++) {
		int value = sextet(text.ptr[i]);

		if (value < 0)
			return BASE64_INVALID;
		bits = (bits << 6 | (uint32_t)value) & 0xfff;
		n_bits += 6;
		if (n_bits >= 8) {
			n_bits -= 8;
			to[len++] = (uint8_t)(bits >> n_bits);
		}
	}
	if (bits & ((1U << n_bits) - 1))
		return BASE64_INVALID;
	*ret_len = len;
	return 0;
}

void base64_encode(struct span bytes, struct buf *out)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t len = (bytes.len + 2) / 3 * 4;
	char *to = buf_reserve(out, len);

	for (size_t i = 0; to && i < bytes.len; i += 3, to += 4) {
		size_t rest = bytes.len - i;
		const unsigned char *from = (const unsigned char *)bytes.ptr + i;
		uint32_t bits = (uint32_t)from[0] << 16;

		bits |= rest > 1 ? (uint32_t)from[1] << 8 : 0;
		bits |= rest > 2 ? from[2] : 0;
		to[0] = alphabet[bits >> 18];
		to[1] = alphabet[bits >> 12 & 63];
		to[2] = (char)(rest > 1 ? alphabet[bits >> 6 & 63] : '=');
		to[3] = (char)(rest > 2 ? alphabet[bits & 63] : '=');
	}
	if (buf_failed(out) == 0)
		buf_commit(out, len);
}
