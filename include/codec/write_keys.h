/* SPDX-License-Identifier: MIT */
/*
 * Sources: who may send events, as what. A file of sections, one for each source:
 *
 *	[web]
 *	kind = browser        browser: a page, where anyone can read the key, so it proves nothing
 *	                      server: a program of the shop
 *	                      till: a cash desk, with staff before it
 *	                      kiosk: a device in the store that strangers share
 *	                      hook: a service that calls us (Shopify, Stripe, …): POST /hooks/NAME
 *	channel = web         where its events happen (core/vocab.h)
 *	enabled = yes         yes or no; yes if left out
 *	rights = traits       any of the words below, or `none`
 *	class = household     whose device it is, and so what may be linked (below)
 *	rate = 200            events a second, to 1000000; 0, or left out: no limit
 *	burst = 2000          events at once, 1 to 10000000; ten seconds' worth if left out
 *
 *	key = wk_8f2c…        8 to 128 letters, digits and . _ ~ -
 *	key_sha256 = 9f86…    or its SHA-256, 64 hex digits: the file need not hold the key
 *	old_key = wk_11d0…    likewise (or old_key_sha256): the key of before, while it is replaced
 *	old_until = 2026-12-01T00:00:00Z   and until when it counts; for ever if left out
 *
 * Pages (browser, till and kiosk) may say:
 *
 *	origins = https://shop.example https://www.shop.example
 *	                      whose pages may send (CORS), written as browsers do. A * in place
 *	                      of the first name of the host stands for any one name. More in
 *	                      origins_2 … origins_9. Left out: pages of no other origin
 *	credentials = no      yes: such requests may carry cookies
 *	api_host = track.shop.example/v1
 *	                      where pages reach us, for the settings that they fetch
 *
 * A hook is found by its name and needs no key (it may have one). It has
 *
 *	preset = shopify      one that comes with Waymark; or
 *	mapping = FILE        one of the shop's own
 *	secret_file = FILE    what its sender signs with; for Basic authorization `user:password`
 *	old_secret_file = FILE   the secret of before, valid until old_until
 *	url = https://…       the address that its sender calls, where that is part of what it signs
 *
 * What is left out follows from the kind:
 *
 *	kind     channel       rights                     may be given
 *	browser  web           traits                     traits
 *	server   server        traits merge privileged    all
 *	till     store         traits privileged          traits privileged
 *	kiosk    store         none                       traits
 *	hook     order-system  traits privileged          all
 *
 * What a source says of who somebody is makes one customer of what was two (core/identity.h) as far
 * as its class lets it:
 *
 *	class      of           may link
 *	trusted    server hook  whatever an event names; with the right `merge` an alias makes one
 *	                        of two customers who are both known
 *	browser    browser      an anonymous id or a device to the user who is logged in, once
 *	household  -            nothing: a family's tablet
 *	till       till         nothing
 *	kiosk      kiosk        nothing
 *
 * A source may be given a class that links less than its kind's, never one that links more.
 *
 * A kiosk sets no traits unless told, since people type in what they like where others were
 * before. Neither it nor a till ever makes one customer of two: it sees strangers one after
 * another.
 *
 * The name of the section is the source's name in events and timelines: 1 to 32 small letters,
 * digits, _ and -. Only digests of the keys are kept, and a search compares with all of them, so
 * that neither a core dump nor the time of an answer tells a key. Files that are named here are
 * read by the program; a relative path begins where the file of keys lies.
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "codec/config.h"
#include "core/vocab.h"

#define WRITE_KEYS_MAX	      1000
#define WRITE_KEY_NAME_MAX    32
#define WRITE_KEY_MIN	      8 /* bytes */
#define WRITE_KEY_MAX	      128
#define WRITE_KEY_DIGEST      32  /* SHA-256 */
#define WRITE_KEY_TEXT_MAX    160 /* bytes of an origin, api_host, path or url */
#define WRITE_KEY_PRESET_MAX  48
#define WRITE_KEY_ORIGINS_MAX 32 /* of one source */
#define WRITE_KEY_RATE_MAX    1000000
#define WRITE_KEY_BURST_MAX   10000000
#define WRITE_KEY_BURST_S     10 /* the burst is the rate of so many seconds if left out */

enum write_key_kind {
	WRITE_KEY_BROWSER,
	WRITE_KEY_SERVER,
	WRITE_KEY_TILL,
	WRITE_KEY_KIOSK,
	WRITE_KEY_HOOK,
	WRITE_KEY_KINDS,
};

/* In order of what it may link. */
enum write_key_class {
	WRITE_KEY_CLASS_HOUSEHOLD,
	WRITE_KEY_CLASS_TILL,
	WRITE_KEY_CLASS_KIOSK,
	WRITE_KEY_CLASS_BROWSER,
	WRITE_KEY_CLASS_TRUSTED,
	WRITE_KEY_CLASSES,
};

/* What a source may do besides telling what happened. */
enum {
	WRITE_KEY_TRAITS = 1 << 0,     /* say who a customer is: name, e-mail, … */
	WRITE_KEY_MERGE = 1 << 1,      /* make one customer of two known ones */
	WRITE_KEY_PRIVILEGED = 1 << 2, /* events that only the shop's own systems can know */
};

struct write_key {
	char name[WRITE_KEY_NAME_MAX + 1];
	enum write_key_kind kind;
	enum write_key_class class;
	enum channel channel;
	bool enabled;	 /* a disabled source is known, and refused by its name */
	unsigned rights; /* WRITE_KEY_TRAITS | … */
	int64_t rate;	 /* events a second; 0: no limit */
	int64_t burst;	 /* events; 0 without a limit (base/rate_limit.h takes both) */

	bool has_key, has_old_key;
	unsigned char digest[WRITE_KEY_DIGEST], old_digest[WRITE_KEY_DIGEST];
	int64_t old_until; /* of old key and old secret; TIME_NEVER if not said */

	/* Texts live as long as the keys and have a NUL behind them; empty: not given. */
	struct span *origins;
	size_t n_origins;
	bool credentials;
	struct span api_host;
	struct span preset, mapping, secret_file, old_secret_file, url;
};

/* Does it stand where strangers can read or use it? Nothing that it says is proof. */
static inline bool write_key_is_page(const struct write_key *key)
{
	return key->kind == WRITE_KEY_BROWSER || key->kind == WRITE_KEY_KIOSK;
}

/* What its events may make of customers: LINK_TRUSTED | … of core/event.h. */
unsigned write_key_link_rights(const struct write_key *key);
struct span write_key_class_name(enum write_key_class class);

struct write_keys {
	struct write_key *list; /* in the order of the file */
	size_t n;
	struct write_key_hash *hash; /* what finds them */
	struct arena texts;
};

/* 0; CONFIG_BAD with *ret_fault (line, what is wrong and what to write); -ENOMEM. */
int write_keys_parse(
	struct span text, struct write_keys **ret_keys, struct config_fault *ret_fault);
struct write_keys *write_keys_free(struct write_keys *k);
void write_keys_freep(struct write_keys **k);

/* The source whose key is KEY at NOW (wall clock), enabled or not; NULL if there is none. */
const struct write_key *write_keys_find(const struct write_keys *k, struct span key, int64_t now);

/* The source of that name; NULL if there is none. */
const struct write_key *write_keys_named(const struct write_keys *k, struct span name);

/* Has KEY an older key or secret that still counts at NOW? */
bool write_key_old_counts(const struct write_key *key, int64_t now);

/* What a page of ORIGIN (the header field, as it came) may do. */
enum origin_grant {
	ORIGIN_REFUSED,
	ORIGIN_ALLOWED,
	ORIGIN_WITH_CREDENTIALS,
};
enum origin_grant write_key_origin(const struct write_key *key, struct span origin);
/*
 * A preflight carries no key: the most that any source grants ORIGIN. Sources that are disabled
 * count too, so that their pages come to read the refusal and stop, and do not try for ever.
 */
enum origin_grant write_keys_origin(const struct write_keys *k, struct span origin);

/* May a source be called so? */
bool write_key_name_ok(struct span name);

struct span write_key_kind_name(enum write_key_kind kind);
/* Adds the words of RIGHTS with blanks between them, or `none`. */
void write_key_add_rights(struct buf *out, unsigned rights);

/* The SHA-256 of KEY as 64 hex digits and a NUL, as key_sha256 has it. 0 or -ENOMEM. */
#define WRITE_KEY_HEX_SIZE (2 * WRITE_KEY_DIGEST + 1)
int write_key_hex(struct span key, char out[WRITE_KEY_HEX_SIZE]);
