/* SPDX-License-Identifier: MIT */
/* AES-256-GCM and HMAC of libcrypto. Its errors are cleared: they are outcomes here. */
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "codec/seal.h"

#define NONCE_SIZE 12
#define TAG_SIZE   16
#define MAC_SIZE   32

_Static_assert(NONCE_SIZE + TAG_SIZE == SEAL_EXTRA, "what sealing adds");

struct sealer {
	EVP_CIPHER_CTX *cipher;
	EVP_CIPHER *aes;
	struct buf room; /* what the nonce is made of */
};

static const char digits[] = "0123456789abcdef";

static void to_hex(const unsigned char *bytes, size_t n, char *out)
{
	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[2 * n] = '\0';
}

static bool from_hex(const char *text, size_t n, unsigned char *out)
{
	for (size_t i = 0; i < 2 * n; i++) {
		const char *digit = memchr(digits, text[i], sizeof(digits) - 1);

		if (!digit)
			return false;
		out[i / 2] = (unsigned char)(out[i / 2] << 4 | (digit - digits));
	}
	return true;
}

static int mac(struct span key, struct span text, unsigned char out[MAC_SIZE])
{
	unsigned int len = 0;

	if (HMAC(EVP_sha256(), key.ptr, (int)key.len, (const unsigned char *)text.ptr, text.len,
		    out, &len) &&
		len == MAC_SIZE)
		return 0;
	ERR_clear_error();
	return -ENOMEM;
}

int seal_mac(struct span key, struct span text, char out[SEAL_MAC_TEXT + 1])
{
	unsigned char bytes[MAC_SIZE];
	int r = mac(key, text, bytes);

	if (r == 0)
		to_hex(bytes, sizeof(bytes), out);
	return r;
}

/* ---- keys ------------------------------------------------------------------------------- */

int seal_key_make(char out[SEAL_KEY_TEXT + 1])
{
	unsigned char bytes[SEAL_KEY_TEXT / 2];

	if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
		ERR_clear_error();
		return -EIO;
	}
	to_hex(bytes, sizeof(bytes), out);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return 0;
}

int seal_key_read(struct span text, struct seal_key *ret_key)
{
	unsigned char bytes[SEAL_KEY_TEXT / 2] = {0};
	struct span secret = {(const char *)bytes + SEAL_ID_TEXT / 2, 32};
	struct seal_key key;
	int r;

	if (text.len != SEAL_KEY_TEXT || !from_hex(text.ptr, sizeof(bytes), bytes))
		return SEAL_BAD;
	memcpy(key.id, text.ptr, SEAL_ID_TEXT);
	key.id[SEAL_ID_TEXT] = '\0';
	r = mac(secret, SPAN_LIT("waymark seal"), key.enc);
	if (r == 0)
		r = mac(secret, SPAN_LIT("waymark nonce"), key.nonce);
	if (r == 0)
		*ret_key = key;
	OPENSSL_cleanse(bytes, sizeof(bytes));
	seal_key_clear(&key);
	return r;
}

void seal_key_clear(struct seal_key *key)
{
	OPENSSL_cleanse(key, sizeof(*key));
}

/* ---- sealing ---------------------------------------------------------------------------- */

int sealer_new(struct sealer **ret_sealer)
{
	struct sealer *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->cipher = EVP_CIPHER_CTX_new();
	s->aes = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	if (!s->cipher || !s->aes) {
		ERR_clear_error();
		sealer_free(s);
		return -ENOMEM;
	}
	*ret_sealer = s;
	return 0;
}

struct sealer *sealer_free(struct sealer *s)
{
	if (s) {
		EVP_CIPHER_CTX_free(s->cipher);
		EVP_CIPHER_free(s->aes);
		buf_release(&s->room);
		free(s);
	}
	return NULL;
}

void sealer_freep(struct sealer **s)
{
	*s = sealer_free(*s);
}

static int make_nonce(struct sealer *s, const struct seal_key *key, struct span head,
	struct span text, unsigned char out[NONCE_SIZE])
{
	unsigned char whole[MAC_SIZE];
	int r;

	buf_reset(&s->room);
	for (unsigned i = 0; i < 8; i++)
		buf_add_char(&s->room, (char)((uint64_t)head.len >> (8 * i) & 0xff));
	buf_add_span(&s->room, head);
	buf_add_span(&s->room, text);
	r = buf_failed(&s->room);
	if (r == 0)
		r = mac(span_of((const char *)key->nonce, sizeof(key->nonce)), buf_span(&s->room),
			whole);
	if (r == 0)
		memcpy(out, whole, NONCE_SIZE);
	return r;
}

static bool encrypt(struct sealer *s, const struct seal_key *key, struct span head,
	struct span text, unsigned char *at)
{
	unsigned char *body = at + NONCE_SIZE;
	int n = 0;

	return EVP_EncryptInit_ex2(s->cipher, s->aes, key->enc, at, NULL) &&
	       EVP_EncryptUpdate(
		       s->cipher, NULL, &n, (const unsigned char *)head.ptr, (int)head.len) &&
	       EVP_EncryptUpdate(
		       s->cipher, body, &n, (const unsigned char *)text.ptr, (int)text.len) &&
	       n == (int)text.len && EVP_EncryptFinal_ex(s->cipher, body + n, &n) &&
	       EVP_CIPHER_CTX_ctrl(s->cipher, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, body + text.len);
}

/* Lengths are ints in libcrypto. */
static bool too_long(struct span s)
{
	return s.len > INT32_MAX / 2;
}

int seal(struct sealer *s, const struct seal_key *key, struct span head, struct span text,
	struct buf *out)
{
	char *at =
		too_long(head) || too_long(text) ? NULL : buf_reserve(out, text.len + SEAL_EXTRA);

	if (!at || make_nonce(s, key, head, text, (unsigned char *)at) < 0 ||
		!encrypt(s, key, head, text, (unsigned char *)at)) {
		ERR_clear_error();
		out->failed = true;
		return -ENOMEM;
	}
	buf_commit(out, text.len + SEAL_EXTRA);
	return 0;
}

static bool decrypt(struct sealer *s, const struct seal_key *key, struct span head,
	struct span sealed, unsigned char *to)
{
	const unsigned char *from = (const unsigned char *)sealed.ptr;
	size_t len = sealed.len - SEAL_EXTRA;
	unsigned char tag[TAG_SIZE];
	int n = 0;

	memcpy(tag, from + NONCE_SIZE + len, TAG_SIZE);
	return EVP_DecryptInit_ex2(s->cipher, s->aes, key->enc, from, NULL) &&
	       EVP_DecryptUpdate(
		       s->cipher, NULL, &n, (const unsigned char *)head.ptr, (int)head.len) &&
	       EVP_DecryptUpdate(s->cipher, to, &n, from + NONCE_SIZE, (int)len) && n == (int)len &&
	       EVP_CIPHER_CTX_ctrl(s->cipher, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, tag) &&
	       EVP_DecryptFinal_ex(s->cipher, to + n, &n) > 0;
}

int seal_open(struct sealer *s, const struct seal_key *key, struct span head, struct span sealed,
	struct buf *out)
{
	char *to;

	if (sealed.len < SEAL_EXTRA || too_long(sealed) || too_long(head))
		return SEAL_BAD;
	to = buf_reserve(out, sealed.len - SEAL_EXTRA + 1);
	if (!to)
		return -ENOMEM;
	if (!decrypt(s, key, head, sealed, (unsigned char *)to)) {
		ERR_clear_error();
		return SEAL_BAD;
	}
	buf_commit(out, sealed.len - SEAL_EXTRA);
	return 0;
}
