/* SPDX-License-Identifier: MIT */
/* The file of write keys, and the search that takes as long for a wrong key as for a right one. */
#include <openssl/crypto.h>
#include <openssl/evp.h> /* before ours: it has parameters of names that we ban */

#include "codec/write_keys.h"

/*
 * SHA-256, looked up once: every request asks for the digest of a key, and to find the algorithm
 * by its name takes libcrypto four times as long as to use it.
 */
struct write_key_hash {
	EVP_MD *algorithm;
	EVP_MD_CTX *context;
};

static const struct {
	const char *name;
	enum channel channel; /* where its events happen unless the file says otherwise */
} kinds[] = {
	[WRITE_KEY_BROWSER] = {"browser", CHANNEL_WEB},
	[WRITE_KEY_SERVER] = {"server", CHANNEL_SERVER},
	[WRITE_KEY_TILL] = {"till", CHANNEL_STORE},
	[WRITE_KEY_HOOK] = {"hook", CHANNEL_ORDERS},
};

/* What a section has said. */
struct section {
	unsigned line; /* of its first entry */
	bool has_key, has_kind;
};

struct reader {
	struct write_keys *keys;
	struct section *sections; /* one for each key */
	size_t cap;
	struct config_fault *fault;
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

/* False when out of memory. */
static bool hash_key(
	const struct write_keys *k, struct span key, unsigned char digest[WRITE_KEY_DIGEST])
{
	unsigned len = 0;

	return EVP_DigestInit_ex2(k->hash->context, k->hash->algorithm, NULL) &&
	       EVP_DigestUpdate(k->hash->context, key.ptr, key.len) &&
	       EVP_DigestFinal_ex(k->hash->context, digest, &len) && len == WRITE_KEY_DIGEST;
}

static int fault(struct reader *r, unsigned line, const char *text)
{
	r->fault->line = line;
	(void)snprintf(r->fault->text, sizeof(r->fault->text), "%s", text);
	return CONFIG_BAD;
}

static bool name_ok(struct span name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'))
			return false;
	}
	return name.len >= 1 && name.len <= WRITE_KEY_NAME_MAX;
}

static bool key_ok(struct span key)
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

static int grow(struct reader *r)
{
	size_t cap = r->cap ? 2 * r->cap : 8;
	struct write_key *list = realloc(r->keys->list, cap * sizeof(*list));
	struct section *sections;

	if (!list)
		return -ENOMEM;
	r->keys->list = list;
	sections = realloc(r->sections, cap * sizeof(*sections));
	if (!sections)
		return -ENOMEM;
	r->sections = sections;
	r->cap = cap;
	return 0;
}

/* The place of the section that E stands in, a new one if need be. */
static int section_of(struct reader *r, const struct config_entry *e, size_t *ret_i)
{
	for (size_t i = 0; i < r->keys->n; i++) {
		if (span_is(e->section, r->keys->list[i].name)) {
			*ret_i = i;
			return 0;
		}
	}
	if (!name_ok(e->section))
		return fault(r, e->line,
			"the name of a source has 1 to 32 small letters, digits, _ and -, in "
			"brackets "
			"before its entries: [web]");
	if (r->keys->n == WRITE_KEYS_MAX)
		return fault(r, e->line, "there may be at most 1000 write keys");
	if (r->keys->n == r->cap && grow(r) < 0)
		return -ENOMEM;
	struct write_key *key = &r->keys->list[r->keys->n];

	*key = (struct write_key){.enabled = true};
	memcpy(key->name, e->section.ptr, e->section.len);
	r->sections[r->keys->n] = (struct section){.line = e->line};
	*ret_i = r->keys->n++;
	return 0;
}

static int set_key(struct reader *r, const struct config_entry *e, size_t i)
{
	struct write_key *key = &r->keys->list[i];

	if (!key_ok(e->value))
		return fault(r, e->line,
			"a write key has 8 to 128 letters, digits and . _ ~ -, such as wk_ and the "
			"output of `openssl rand -hex 16`");
	if (write_keys_find(r->keys, e->value))
		return fault(r, e->line,
			"another source has the same key; give each its own, so that one can be "
			"withdrawn");
	if (!hash_key(r->keys, e->value, key->digest))
		return -ENOMEM;
	r->sections[i].has_key = true;
	return 0;
}

static int set_kind(struct reader *r, const struct config_entry *e, size_t i)
{
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		if (!span_is(e->value, kinds[k].name))
			continue;
		r->keys->list[i].kind = (enum write_key_kind)k;
		r->sections[i].has_kind = true;
		return 0;
	}
	return fault(r, e->line, "the kind is browser, server, till or hook");
}

static int set_channel(struct reader *r, const struct config_entry *e, size_t i)
{
	struct write_key *key = &r->keys->list[i];

	key->channel = channel_of(e->value);
	if (key->channel != CHANNEL_UNKNOWN)
		return 0;
	return fault(r, e->line,
		"the channel is web, app, email, store, phone, sms, order-system, staff or server");
}

static int set_enabled(struct reader *r, const struct config_entry *e, size_t i)
{
	bool yes = span_is(e->value, "yes");

	if (!yes && !span_is(e->value, "no"))
		return fault(r, e->line, "enabled is yes or no");
	r->keys->list[i].enabled = yes;
	return 0;
}

static int take_entry(void *user, const struct config_entry *e)
{
	static const struct {
		const char *key;
		int (*set)(struct reader *r, const struct config_entry *e, size_t i);
	} members[] = {
		{"key", set_key},
		{"kind", set_kind},
		{"channel", set_channel},
		{"enabled", set_enabled},
	};
	struct reader *r = user;
	size_t i = 0;
	int result = section_of(r, e, &i);

	for (size_t m = 0; result == 0 && m < ARRAY_SIZE(members); m++)
		if (span_is(e->key, members[m].key))
			return members[m].set(r, e, i);
	return result ? result
		      : fault(r, e->line,
				"a source has key, kind, channel and enabled, nothing else");
}

/* What every source must have said, and what follows from it. */
static int complete(struct reader *r)
{
	for (size_t i = 0; i < r->keys->n; i++) {
		struct write_key *key = &r->keys->list[i];

		if (!r->sections[i].has_key)
			return fault(r, r->sections[i].line, "this source lacks `key = wk_...`");
		if (!r->sections[i].has_kind)
			return fault(r, r->sections[i].line,
				"this source lacks `kind = browser`, server, till or hook");
		if (key->channel == CHANNEL_UNKNOWN)
			key->channel = kinds[key->kind].channel;
	}
	return 0;
}

int write_keys_parse(struct span text, struct write_keys **ret_keys, struct config_fault *ret_fault)
{
	_cleanup_(write_keys_freep) struct write_keys *keys = calloc(1, sizeof(*keys));
	struct reader r = {.keys = keys, .fault = ret_fault};
	int result;

	if (!keys)
		return -ENOMEM;
	keys->hash = hash_new();
	if (!keys->hash)
		return -ENOMEM;
	result = config_read(text, take_entry, &r, ret_fault);
	if (result == 0)
		result = complete(&r);
	free(r.sections);
	if (result != 0)
		return result;
	*ret_keys = keys;
	keys = NULL;
	return 0;
}

struct write_keys *write_keys_free(struct write_keys *k)
{
	if (!k)
		return NULL;
	hash_free(k->hash);
	free(k->list);
	free(k);
	return NULL;
}

void write_keys_freep(struct write_keys **k)
{
	*k = write_keys_free(*k);
}

const struct write_key *write_keys_find(const struct write_keys *k, struct span key)
{
	unsigned char digest[WRITE_KEY_DIGEST];
	const struct write_key *found = NULL;

	if (!key_ok(key) || !hash_key(k, key, digest))
		return NULL;
	for (size_t i = 0; i < k->n; i++)
		if (CRYPTO_memcmp(k->list[i].digest, digest, sizeof(digest)) == 0)
			found = &k->list[i];
	return found;
}

const struct write_key *write_keys_named(const struct write_keys *k, struct span name)
{
	for (size_t i = 0; i < k->n; i++)
		if (span_is(name, k->list[i].name))
			return &k->list[i];
	return NULL;
}

struct span write_key_kind_name(enum write_key_kind kind)
{
	return span_str(kinds[kind].name);
}
