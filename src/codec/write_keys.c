/* SPDX-License-Identifier: MIT */
/* The search for a key, which takes as long for a wrong one as for a right one. */
#include <openssl/crypto.h>
#include <openssl/evp.h> /* before ours: it has parameters of names that we ban */

#include "write_key_file.h"

#include "core/event.h"

/*
 * SHA-256, looked up once: every request asks for the digest of a key, and to find the algorithm
 * by its name takes libcrypto four times as long as to use it.
 */
struct write_key_hash {
	EVP_MD *algorithm;
	EVP_MD_CTX *context;
};

const struct kind_row write_key_kinds[WRITE_KEY_KINDS] = {
	[WRITE_KEY_BROWSER] = {"browser", WRITE_KEY_CLASS_BROWSER, CHANNEL_WEB, WRITE_KEY_TRAITS,
		WRITE_KEY_TRAITS,
		"anyone can read the key of a page, so it proves nothing: a browser has `rights = "
		"traits` or none; the shop's own systems send the rest with a key of kind server"},
	[WRITE_KEY_SERVER] = {"server", WRITE_KEY_CLASS_TRUSTED, CHANNEL_SERVER,
		WRITE_KEY_TRAITS | WRITE_KEY_MERGE | WRITE_KEY_PRIVILEGED,
		WRITE_KEY_TRAITS | WRITE_KEY_MERGE | WRITE_KEY_PRIVILEGED, NULL},
	[WRITE_KEY_TILL] = {"till", WRITE_KEY_CLASS_TILL, CHANNEL_STORE,
		WRITE_KEY_TRAITS | WRITE_KEY_PRIVILEGED, WRITE_KEY_TRAITS | WRITE_KEY_PRIVILEGED,
		"a till sees strangers one after another and would make one customer of them: it "
		"has `rights = traits privileged` or fewer, never merge"},
	[WRITE_KEY_KIOSK] = {"kiosk", WRITE_KEY_CLASS_KIOSK, CHANNEL_STORE, 0, WRITE_KEY_TRAITS,
		"a kiosk is shared by strangers, who type in what they like: it has `rights = "
		"none` "
		"or traits; give a device with staff before it a key of kind till"},
	[WRITE_KEY_HOOK] = {"hook", WRITE_KEY_CLASS_TRUSTED, CHANNEL_ORDERS,
		WRITE_KEY_TRAITS | WRITE_KEY_PRIVILEGED,
		WRITE_KEY_TRAITS | WRITE_KEY_MERGE | WRITE_KEY_PRIVILEGED, NULL},
};

static struct write_key_hash *hash_free(struct write_key_hash *h)
{
	if (!h)
		return NULL;
	EVP_MD_CTX_free(h->context);
	EVP_MD_free(h->algorithm);
	free(h);
	return NULL;
}

/* NULL when out of memory. */
static struct write_key_hash *hash_new(void)
{
	struct write_key_hash *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
	h->context = EVP_MD_CTX_new();
	return h->algorithm && h->context ? h : hash_free(h);
}

bool write_key_digest(
	const struct write_keys *k, struct span key, unsigned char digest[WRITE_KEY_DIGEST])
{
	unsigned len = 0;

	return EVP_DigestInit_ex2(k->hash->context, k->hash->algorithm, NULL) &&
	       EVP_DigestUpdate(k->hash->context, key.ptr, key.len) &&
	       EVP_DigestFinal_ex(k->hash->context, digest, &len) && len == WRITE_KEY_DIGEST;
}

bool write_key_text_ok(struct span key)
{
	for (size_t i = 0; i < key.len; i++) {
		char c = key.ptr[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!letter && !(c >= '0' && c <= '9') &&
			!(c == '.' || c == '_' || c == '~' || c == '-'))
			return false;
	}
	return key.len >= WRITE_KEY_MIN && key.len <= WRITE_KEY_MAX;
}

struct write_keys *write_keys_new(void)
{
	struct write_keys *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	arena_init(&k->texts);
	k->hash = hash_new();
	return k->hash ? k : write_keys_free(k);
}

struct write_keys *write_keys_free(struct write_keys *k)
{
	if (!k)
		return NULL;
	hash_free(k->hash);
	arena_release(&k->texts);
	free(k->list);
	free(k);
	return NULL;
}

void write_keys_freep(struct write_keys **k)
{
	*k = write_keys_free(*k);
}

const struct write_key *write_keys_find(const struct write_keys *k, struct span key, int64_t now)
{
	unsigned char digest[WRITE_KEY_DIGEST];
	const struct write_key *found = NULL;

	if (!write_key_text_ok(key) || !write_key_digest(k, key, digest))
		return NULL;
	for (size_t i = 0; i < k->n; i++) {
		const struct write_key *w = &k->list[i];
		bool is_new = CRYPTO_memcmp(w->digest, digest, sizeof(digest)) == 0;
		bool is_old = CRYPTO_memcmp(w->old_digest, digest, sizeof(digest)) == 0;

		if ((is_new && w->has_key) || (is_old && w->has_old_key && now < w->old_until))
			found = w;
	}
	return found;
}

const struct write_key *write_keys_named(const struct write_keys *k, struct span name)
{
	for (size_t i = 0; i < k->n; i++)
		if (span_is(name, k->list[i].name))
			return &k->list[i];
	return NULL;
}

bool write_key_old_counts(const struct write_key *key, int64_t now)
{
	return (key->has_old_key || key->old_secret_file.len > 0) && now < key->old_until;
}

struct span write_key_kind_name(enum write_key_kind kind)
{
	return span_str(write_key_kinds[kind].name);
}

unsigned write_key_link_rights(const struct write_key *key)
{
	if (key->class == WRITE_KEY_CLASS_BROWSER)
		return LINK_BROWSER;
	if (key->class != WRITE_KEY_CLASS_TRUSTED)
		return 0;
	return LINK_TRUSTED | (key->rights & WRITE_KEY_MERGE ? (unsigned)LINK_EXPLICIT : 0);
}

struct span write_key_class_name(enum write_key_class class)
{
	static const struct span names[WRITE_KEY_CLASSES] = {
		[WRITE_KEY_CLASS_HOUSEHOLD] = {"household", 9},
		[WRITE_KEY_CLASS_TILL] = {"till", 4},
		[WRITE_KEY_CLASS_KIOSK] = {"kiosk", 5},
		[WRITE_KEY_CLASS_BROWSER] = {"browser", 7},
		[WRITE_KEY_CLASS_TRUSTED] = {"trusted", 7},
	};

	return names[class];
}

int write_key_hex(struct span key, char out[WRITE_KEY_HEX_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char digest[WRITE_KEY_DIGEST];

	if (!EVP_Digest(key.ptr, key.len, digest, NULL, EVP_sha256(), NULL))
		return -ENOMEM;
	for (size_t i = 0; i < sizeof(digest); i++) {
		out[2 * i] = digits[digest[i] >> 4];
		out[2 * i + 1] = digits[digest[i] & 15];
	}
	out[WRITE_KEY_HEX_SIZE - 1] = '\0';
	return 0;
}
