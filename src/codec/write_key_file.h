/* SPDX-License-Identifier: MIT */
/*
 * Inside the reader of write keys: what a section has said so far, and the members it may have.
 * Members come in any order, so each is judged alone when it is met, and what depends on the kind
 * when all have been.
 */
#pragma once

#include "codec/write_keys.h"

enum member {
	MEMBER_KEY,
	MEMBER_KEY_SHA256,
	MEMBER_OLD_KEY,
	MEMBER_OLD_KEY_SHA256,
	MEMBER_OLD_UNTIL,
	MEMBER_KIND,
	MEMBER_CHANNEL,
	MEMBER_ENABLED,
	MEMBER_RIGHTS,
	MEMBER_CLASS,
	MEMBER_RATE,
	MEMBER_BURST,
	MEMBER_ORIGINS,
	MEMBER_CREDENTIALS,
	MEMBER_API_HOST,
	MEMBER_PRESET,
	MEMBER_MAPPING,
	MEMBER_SECRET_FILE,
	MEMBER_OLD_SECRET_FILE,
	MEMBER_URL,
	MEMBERS,
};

struct section {
	unsigned line;		 /* of its first entry */
	unsigned lines[MEMBERS]; /* 0: not said */
};

struct reader {
	struct write_keys *keys;
	struct section *sections; /* one for each key */
	size_t cap;
	struct config_fault *fault;
};

/* One entry of a source, and what it is about. */
struct place {
	struct reader *reader;
	struct write_key *key;
	unsigned line;
	struct span value;
};

/* CONFIG_BAD, with TEXT and LINE in the fault. */
int reader_fault(struct reader *r, unsigned line, const char *text);

/* Takes VALUE of the member called NAME. 0, CONFIG_BAD with the fault, or -ENOMEM. */
int member_take(struct reader *r, size_t i, const struct config_entry *e);

/* Whether the members of source I go together, and what follows from those left out. The same. */
int section_complete(struct reader *r, size_t i);

/* What is wrong with an origin of the list; NULL if nothing. */
const char *origin_judge(struct span origin);
/* Likewise of host[:port][/path]. */
const char *api_host_judge(struct span host);

/* ---- what write_keys.c does for them ------------------------------------------------------- */

/* Without sources. NULL when out of memory. */
struct write_keys *write_keys_new(void);
bool write_key_text_ok(struct span key);
/* False when out of memory. */
bool write_key_digest(
	const struct write_keys *k, struct span key, unsigned char digest[WRITE_KEY_DIGEST]);

struct kind_row {
	const char *name;
	enum write_key_class class;
	enum channel channel; /* where its events happen unless the file says otherwise */
	unsigned rights;      /* unless the file says otherwise */
	unsigned rights_max;
	const char *too_much; /* why it may not have more */
};
extern const struct kind_row write_key_kinds[WRITE_KEY_KINDS];
