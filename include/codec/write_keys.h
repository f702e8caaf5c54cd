/* SPDX-License-Identifier: MIT */
/*
 * Write keys: who may send events, as what. A file of sections, one for each source:
 *
 *	[web]
 *	key = wk_8f2c…        8 to 128 letters, digits and . _ ~ -
 *	kind = browser        browser: anyone can read the key in the page, so it proves nothing
 *	                      server: a program of the shop; till: a cash desk; hook: a webhook
 *	channel = web         where its events happen (core/vocab.h)
 *	enabled = yes         yes or no; yes if left out
 *
 * A channel that is left out follows from the kind: browser web, server server, till store, hook
 * order-system.
 *
 * The name of the section is the source's name in events and timelines: 1 to 32 small letters,
 * digits, _ and -. Only digests of the keys are kept, and a search compares with all of them, so
 * that neither a core dump nor the time of an answer tells a key.
 */
#pragma once

#include "base/base.h"
#include "base/span.h"
#include "codec/config.h"
#include "core/vocab.h"

#define WRITE_KEYS_MAX	   1000
#define WRITE_KEY_NAME_MAX 32
#define WRITE_KEY_MIN	   8 /* bytes */
#define WRITE_KEY_MAX	   128
#define WRITE_KEY_DIGEST   32 /* SHA-256 */

enum write_key_kind {
	WRITE_KEY_BROWSER,
	WRITE_KEY_SERVER,
	WRITE_KEY_TILL,
	WRITE_KEY_HOOK,
};

struct write_key {
	char name[WRITE_KEY_NAME_MAX + 1];
	enum write_key_kind kind;
	enum channel channel;
	bool enabled; /* a disabled source is known, and refused by its name */
	unsigned char digest[WRITE_KEY_DIGEST];
};

struct write_keys {
	struct write_key *list; /* in the order of the file */
	size_t n;
	struct write_key_hash *hash; /* what finds them */
};

/* 0; CONFIG_BAD with *ret_fault (line, what is wrong and what to write); -ENOMEM. */
int write_keys_parse(
	struct span text, struct write_keys **ret_keys, struct config_fault *ret_fault);
struct write_keys *write_keys_free(struct write_keys *k);
void write_keys_freep(struct write_keys **k);

/* The source whose key is KEY, enabled or not; NULL if there is none. */
const struct write_key *write_keys_find(const struct write_keys *k, struct span key);

/* The source of that name; NULL if there is none. */
const struct write_key *write_keys_named(const struct write_keys *k, struct span name);

struct span write_key_kind_name(enum write_key_kind kind);
