/* SPDX-License-Identifier: MIT */
/* What the schemes ask of libcrypto. Its errors are cleared: they are outcomes here. */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h> /* before ours: it has parameters of names that we ban */

#include "signature_crypto.h"

static const struct {
	const char *name;
	size_t size;
} algorithms[] = {
	[HMAC_SHA256] = {"SHA256", 32},
	[HMAC_SHA1] = {"SHA1", 20},
	[HMAC_SHA512] = {"SHA512", 64},
};

static void mac_freep(EVP_MAC **m)
{
	EVP_MAC_free(*m);
}

static void mac_ctx_freep(EVP_MAC_CTX **c)
{
	EVP_MAC_CTX_free(*c);
}

static void md_ctx_freep(EVP_MD_CTX **c)
{
	EVP_MD_CTX_free(*c);
}

static void pkey_freep(EVP_PKEY **k)
{
	EVP_PKEY_free(*k);
}

size_t signature_mac_length(struct signature_mac how)
{
	size_t size = algorithms[how.algorithm].size;

	return how.encoding == ENCODING_HEX ? 2 * size : (size + 2) / 3 * 4;
}

static void text_of(struct signature_mac how, const unsigned char *digest, char *out)
{
	static const char hex[] = "0123456789abcdef";
	size_t size = algorithms[how.algorithm].size;

	if (how.encoding == ENCODING_BASE64) {
		(void)EVP_EncodeBlock((unsigned char *)out, digest, (int)size);
		return;
	}
	for (size_t i = 0; i < size; i++) {
		out[2 * i] = hex[digest[i] >> 4];
		out[2 * i + 1] = hex[digest[i] & 15];
	}
	out[2 * size] = '\0';
}

int signature_mac_text(struct signature_mac how, struct span key, const struct span *parts,
	size_t n, char out[SIGNATURE_TEXT_SIZE])
{
	_cleanup_(mac_freep) EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	_cleanup_(mac_ctx_freep) EVP_MAC_CTX *ctx = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
	unsigned char digest[SIGNATURE_DIGEST_MAX];
	char name[8];
	OSSL_PARAM params[2];
	size_t len = 0;

	(void)snprintf(name, sizeof(name), "%s", algorithms[how.algorithm].name);
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0);
	params[1] = OSSL_PARAM_construct_end();
	if (!ctx || !EVP_MAC_init(ctx, (const unsigned char *)key.ptr, key.len, params))
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		if (parts[i].len > 0 &&
			!EVP_MAC_update(ctx, (const unsigned char *)parts[i].ptr, parts[i].len))
			return -ENOMEM;
	if (!EVP_MAC_final(ctx, digest, &len, sizeof(digest)) ||
		len != algorithms[how.algorithm].size)
		return -ENOMEM;
	text_of(how, digest, out);
	OPENSSL_cleanse(digest, sizeof(digest));
	return 0;
}

bool signature_same(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool signature_same_secret(struct span a, struct span b)
{
	unsigned char x[32], y[32];
	size_t n = 0;

	return EVP_Q_digest(NULL, "SHA256", NULL, a.ptr ? a.ptr : "", a.len, x, &n) &&
	       n == sizeof(x) &&
	       EVP_Q_digest(NULL, "SHA256", NULL, b.ptr ? b.ptr : "", b.len, y, &n) &&
	       CRYPTO_memcmp(x, y, sizeof(x)) == 0;
}

/* The character of the alphabet whose low bits, those behind the last whole byte, are 0. */
static char without_low_bits(char c, size_t rest)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(alphabet, c) : NULL;
	size_t mask = rest == 2 ? 15 : rest == 3 ? 3 : 0;

	return (char)(at ? alphabet[(size_t)(at - alphabet) & ~mask] : c);
}

struct span signature_key_bytes(struct span text, struct signature_key_room *room)
{
	size_t len = 0;

	for (int i = 0; i < 2 && text.len > 0 && text.ptr[text.len - 1] == '='; i++)
		text.len--;
	if (text.len == 0 || text.len > sizeof(room->text))
		return SPAN_EMPTY;
	memcpy(room->text, text.ptr, text.len);
	room->text[text.len - 1] = without_low_bits(text.ptr[text.len - 1], text.len % 4);
	if (base64_decode(span_of(room->text, text.len), room->bytes, &len) != 0)
		return SPAN_EMPTY;
	return span_of(room->bytes, len);
}

int signature_digest_verify(
	struct signature_digest_key k, struct span signature, const struct span *parts, size_t n)
{
	_cleanup_(md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int r;

	if (!ctx)
		return -ENOMEM;
	if (!EVP_DigestVerifyInit(ctx, NULL, k.sha1 ? EVP_sha1() : EVP_sha256(), NULL, k.key)) {
		ERR_clear_error();
		return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++)
		if (parts[i].len > 0 && !EVP_DigestVerifyUpdate(ctx, parts[i].ptr, parts[i].len))
			return -ENOMEM;
	r = EVP_DigestVerifyFinal(ctx, (const unsigned char *)signature.ptr, signature.len);
	ERR_clear_error();
	return r == 1 ? 0 : SIGNATURE_WRONG;
}

int signature_ed25519_verify(struct span key, struct span signature, struct span signed_bytes)
{
	_cleanup_(pkey_freep) EVP_PKEY *k = EVP_PKEY_new_raw_public_key(
		EVP_PKEY_ED25519, NULL, (const unsigned char *)key.ptr, key.len);
	_cleanup_(md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int r = 0;

	if (!ctx)
		return -ENOMEM;
	if (k && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, k))
		r = EVP_DigestVerify(ctx, (const unsigned char *)signature.ptr, signature.len,
			(const unsigned char *)signed_bytes.ptr, signed_bytes.len);
	ERR_clear_error();
	return r == 1 ? 0 : SIGNATURE_WRONG;
}
