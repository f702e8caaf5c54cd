/* SPDX-License-Identifier: MIT */
#include <openssl/evp.h>
#include <openssl/hmac.h> /* before ours: it has parameters of names that we ban */

#include "codec/gone_name.h"

int gone_name(struct span salt, struct span key, unsigned char ret_name[GONE_NAME_SIZE])
{
	unsigned len = 0;

	if (!HMAC(EVP_sha256(), salt.ptr, (int)salt.len, (const unsigned char *)key.ptr, key.len,
		    ret_name, &len))
		return -ENOMEM;
	assert(len == GONE_NAME_SIZE);
	return 0;
}

static const char digits[] = "0123456789abcdef";

void gone_name_format(const unsigned char name[GONE_NAME_SIZE], char ret_text[GONE_TEXT_LEN + 1])
{
	for (size_t i = 0; i < GONE_NAME_SIZE; i++) {
		ret_text[2 * i] = digits[name[i] >> 4];
		ret_text[2 * i + 1] = digits[name[i] & 15];
	}
	ret_text[GONE_TEXT_LEN] = '\0';
}

bool gone_name_parse(struct span text, unsigned char ret_name[GONE_NAME_SIZE])
{
	unsigned char name[GONE_NAME_SIZE] = {0};

	if (text.len != GONE_TEXT_LEN)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		const char *digit = memchr(digits, text.ptr[i], sizeof(digits) - 1);

		if (!digit)
			return false;
		name[i / 2] = (unsigned char)(name[i / 2] << 4 | (digit - digits));
	}
	memcpy(ret_name, name, sizeof(name));
	return true;
}
