/* SPDX-License-Identifier: MIT */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h> /* before ours: it has parameters of names that we ban */

#include "base/base64.h"
#include "codec/mail_token.h"

#define VERSION	    1
#define HEAD_SIZE   3 /* version, kind, key id */
#define TAG_SIZE    16
#define DIGEST_SIZE 32
/* The longest rest: five varints of at most 10 bytes, four lengths of at most 2, the texts. */
#define REST_MAX                                                                                   \
	(5 * 10 + CUSTOMER_MAX + MAIL_TOKEN_MESSAGE_MAX + MAIL_TOKEN_LIST_MAX + MAIL_TOKEN_URL_MAX)
#define BYTES_MAX (HEAD_SIZE + TAG_SIZE + REST_MAX)

_Static_assert((BYTES_MAX + 2) / 3 * 4 <= MAIL_TOKEN_MAX, "the longest token fits");
_Static_assert(sizeof(((struct mail_token_key *)NULL)->seal) == DIGEST_SIZE, "keys are digests");

static void cipher_ctx_freep(EVP_CIPHER_CTX **c)
{
	EVP_CIPHER_CTX_free(*c);
}

static void mac_freep(EVP_MAC **m)
{
	EVP_MAC_free(*m);
}

static void mac_ctx_freep(EVP_MAC_CTX **c)
{
	EVP_MAC_CTX_free(*c);
}

/* HMAC-SHA256 of A and then B. 0 or -ENOMEM. */
static int hmac(struct span key, struct span a, struct span b, unsigned char out[DIGEST_SIZE])
{
	_cleanup_(mac_freep) EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	_cleanup_(mac_ctx_freep) EVP_MAC_CTX *ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;
	char name[] = "SHA256";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
		OSSL_PARAM_construct_end(),
	};
	size_t len = 0;

	if (!ctx || !EVP_MAC_init(ctx, (const unsigned char *)key.ptr, key.len, params) ||
		!EVP_MAC_update(ctx, (const unsigned char *)a.ptr, a.len) ||
		(b.len > 0 && !EVP_MAC_update(ctx, (const unsigned char *)b.ptr, b.len)) ||
		!EVP_MAC_final(ctx, out, &len, DIGEST_SIZE) || len != DIGEST_SIZE)
		return -ENOMEM;
	return 0;
}

/* AES-256-CTR from TAG on, which is its own inverse. 0 or -ENOMEM. */
static int veil(const struct mail_token_key *k, const char *tag, struct span in, char *out)
{
	_cleanup_(cipher_ctx_freep) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	unsigned char iv[TAG_SIZE];
	int n = 0;

	memcpy(iv, tag, sizeof(iv));
	if (!ctx || !EVP_EncryptInit_ex2(ctx, EVP_aes_256_ctr(), k->veil, iv, NULL) ||
		!EVP_EncryptUpdate(ctx, (unsigned char *)out, &n, (const unsigned char *)in.ptr,
			(int)in.len) ||
		n != (int)in.len)
		return -ENOMEM;
	return 0;
}

static struct span seal_of(const struct mail_token_key *k)
{
	return span_of((const char *)k->seal, sizeof(k->seal));
}

/* Three labels, so that no key tells anything of another. */
static int key_init(struct mail_token_key *k, struct span secret)
{
	unsigned char id[DIGEST_SIZE];

	if (hmac(secret, SPAN_LIT("waymark mail token: seal"), SPAN_EMPTY, k->seal) < 0 ||
		hmac(secret, SPAN_LIT("waymark mail token: veil"), SPAN_EMPTY, k->veil) < 0 ||
		hmac(secret, SPAN_LIT("waymark mail token: id"), SPAN_EMPTY, id) < 0)
		return -ENOMEM;
	k->id = id[0];
	return 0;
}

int mail_token_keys_init(struct mail_token_keys *k, const struct span *secrets, size_t n)
{
	struct mail_token_keys keys = {.n = n};
	int r = 0;

	if (n == 0 || n > MAIL_TOKEN_KEYS_MAX)
		return MAIL_TOKEN_BAD_SECRET;
	for (size_t i = 0; i < n; i++)
		if (secrets[i].len < MAIL_TOKEN_SECRET_MIN ||
			secrets[i].len > MAIL_TOKEN_SECRET_MAX ||
			(i > 0 && span_equal(secrets[i], secrets[0])))
			return MAIL_TOKEN_BAD_SECRET;
	for (size_t i = 0; i < n && r == 0; i++)
		r = key_init(&keys.list[i], secrets[i]);
	if (r == 0)
		*k = keys;
	OPENSSL_cleanse(&keys, sizeof(keys));
	return r;
}

void mail_token_keys_release(struct mail_token_keys *k)
{
	OPENSSL_cleanse(k, sizeof(*k));
}

bool mail_token_url_ok(struct span url)
{
	static const struct span schemes[] = {{"https://", 8}, {"http://", 7}};
	size_t host = 0;

	for (size_t i = 0; i < url.len; i++)
		if (url.ptr[i] <= ' ' || url.ptr[i] > '~' || strchr("\\\"<>^`{|}", url.ptr[i]))
			return false;
	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
		if (url.len > schemes[i].len &&
			span_equal_nocase(span_of(url.ptr, schemes[i].len), schemes[i]))
			host = schemes[i].len;
	if (host == 0 || url.len > MAIL_TOKEN_URL_MAX || strchr("/?#:", url.ptr[host]))
		return false;
	for (size_t i = host; i < url.len && !strchr("/?#", url.ptr[i]); i++)
		if (url.ptr[i] == '@')
			return false;
	return true;
}

static bool token_fits(const struct mail_token *t)
{
	bool click = t->kind == MAIL_TOKEN_CLICK;

	return (t->kind == MAIL_TOKEN_OPEN || click || t->kind == MAIL_TOKEN_UNSUBSCRIBE) &&
	       t->issued_at >= 0 && t->customer.len >= 1 && t->customer.len <= CUSTOMER_MAX &&
	       t->message.len >= 1 && t->message.len <= MAIL_TOKEN_MESSAGE_MAX &&
	       t->list.len <= MAIL_TOKEN_LIST_MAX &&
	       (click ? mail_token_url_ok(t->url) : t->url.len == 0);
}

static void add_rest(struct buf *b, const struct mail_token *t)
{
	buf_add_varint(b, t->link);
	buf_add_varint(b, (uint64_t)t->issued_at);
	buf_add_block(b, t->customer);
	buf_add_block(b, t->message);
	buf_add_block(b, t->list);
	buf_add_block(b, t->url);
}

static bool take_rest(struct span s, struct mail_token *t)
{
	uint64_t link, at;

	if (span_take_varint(&s, &link) != 0 || span_take_varint(&s, &at) != 0 ||
		span_take_block(&s, &t->customer) != 0 || span_take_block(&s, &t->message) != 0 ||
		span_take_block(&s, &t->list) != 0 || span_take_block(&s, &t->url) != 0 ||
		s.len > 0 || link > UINT32_MAX || at > INT64_MAX)
		return false;
	t->link = (uint32_t)link;
	t->issued_at = (int64_t)at;
	return token_fits(t);
}

/* Base64url without padding of N bytes, at most BYTES_MAX. */
static void add_text(struct buf *out, const char *bytes, size_t n)
{
	char *room = buf_reserve(out, (n + 2) / 3 * 4 + 1);
	size_t len;

	if (!room)
		return;
	len = (size_t)EVP_EncodeBlock((unsigned char *)room, (const unsigned char *)bytes, (int)n);
	while (len > 0 && room[len - 1] == '=')
		len--;
	for (size_t i = 0; i < len; i++)
		room[i] = (char)(room[i] == '+' ? '-' : room[i] == '/' ? '_' : room[i]);
	buf_commit(out, len);
}

int mail_token_make(const struct mail_token_keys *k, const struct mail_token *t, struct buf *out)
{
	const struct mail_token_key *key = &k->list[0];
	_cleanup_(buf_release) struct buf rest = BUF_INIT;
	unsigned char digest[DIGEST_SIZE];
	char bytes[BYTES_MAX];
	size_t before = out->len;

	assert(k->n > 0);
	if (!token_fits(t))
		return MAIL_TOKEN_UNFIT;
	add_rest(&rest, t);
	if (buf_failed(&rest) < 0)
		return -ENOMEM;
	assert(rest.len <= REST_MAX);
	bytes[0] = VERSION;
	bytes[1] = (char)t->kind;
	bytes[2] = (char)key->id;
	if (hmac(seal_of(key), span_of(bytes, HEAD_SIZE), buf_span(&rest), digest) < 0)
		return -ENOMEM;
	memcpy(bytes + HEAD_SIZE, digest, TAG_SIZE);
	if (veil(key, bytes + HEAD_SIZE, buf_span(&rest), bytes + HEAD_SIZE + TAG_SIZE) < 0)
		return -ENOMEM;
	add_text(out, bytes, HEAD_SIZE + TAG_SIZE + rest.len);
	if (buf_failed(out) == 0)
		return 0;
	out->len = before;
	return -ENOMEM;
}

/* The bytes of TEXT. 0, MAIL_TOKEN_BAD or -ENOMEM. */
static int bytes_of(struct span text, struct buf *out)
{
	char standard[MAIL_TOKEN_MAX];
	char *room;
	size_t len = 0;

	if (text.len == 0 || text.len > MAIL_TOKEN_MAX)
		return MAIL_TOKEN_BAD;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (c == '+' || c == '/' || c == '=')
			return MAIL_TOKEN_BAD;
		standard[i] = (char)(c == '-' ? '+' : c == '_' ? '/' : c);
	}
	room = buf_reserve(out, BASE64_DECODED_SIZE(text.len));
	if (!room)
		return -ENOMEM;
	if (base64_decode(span_of(standard, text.len), room, &len) != 0)
		return MAIL_TOKEN_BAD;
	buf_commit(out, len);
	return 0;
}

/* BYTES under one key; the plain rest is appended to ROOM, which already has the room. */
static int open_with(const struct mail_token_key *key, struct span bytes, struct buf *room)
{
	struct span sealed =
		span_of(bytes.ptr + HEAD_SIZE + TAG_SIZE, bytes.len - HEAD_SIZE - TAG_SIZE);
	unsigned char digest[DIGEST_SIZE];
	char *rest = buf_reserve(room, sealed.len);

	if (!rest || veil(key, bytes.ptr + HEAD_SIZE, sealed, rest) < 0 ||
		hmac(seal_of(key), span_of(bytes.ptr, HEAD_SIZE), span_of(rest, sealed.len),
			digest) < 0)
		return -ENOMEM;
	if (CRYPTO_memcmp(digest, bytes.ptr + HEAD_SIZE, TAG_SIZE) != 0)
		return MAIL_TOKEN_BAD;
	buf_commit(room, sealed.len);
	return 0;
}

int mail_token_parse(const struct mail_token_keys *k, enum mail_token_kind kind, struct span text,
	struct buf *room, struct mail_token *ret_token)
{
	_cleanup_(buf_release) struct buf sealed = BUF_INIT;
	struct mail_token token = {.kind = kind};
	struct span bytes;
	int r;

	buf_reset(room);
	r = bytes_of(text, &sealed);
	if (r != 0)
		return r;
	bytes = buf_span(&sealed);
	if (bytes.len <= HEAD_SIZE + TAG_SIZE || bytes.ptr[0] != VERSION ||
		(unsigned char)bytes.ptr[1] != (unsigned)kind)
		return MAIL_TOKEN_BAD;
	r = MAIL_TOKEN_BAD;
	/* Ids are a byte of a digest: two keys may have the same. */
	for (size_t i = 0; i < k->n && r == MAIL_TOKEN_BAD; i++)
		if ((char)k->list[i].id == bytes.ptr[2])
			r = open_with(&k->list[i], bytes, room);
	if (r != 0)
		return r;
	if (!take_rest(buf_span(room), &token))
		return MAIL_TOKEN_BAD;
	*ret_token = token;
	return 0;
}
