/* SPDX-License-Identifier: MIT */
/*
 * Who was erased, as a partition's owner knows it: the names (codec/gone_name.h) of all erased
 * keys, of whatever partition, since an event of anybody may carry one of them. All are kept in
 * memory, some 100 bytes each. A name costs a microsecond to make, so the answers of late are
 * remembered; where nobody was erased nothing is asked.
 */
#pragma once

#include "base/base.h"
#include "base/span.h"
#include "store/store.h"

/* Bytes of a receipt's name: hex digits. */
#define RECEIPT_LEN 16

struct gone_entry {
	unsigned char name[GONE_NAME_BYTES];
	char by[RECEIPT_LEN + 1]; /* "": lifted */
	bool used;
};

struct gone_answer;

struct gone {
	struct gone_entry *slots;
	size_t n_slots; /* a power of two, or 0 */
	size_t len;	/* used, lifted ones too */
	size_t live;
	char salt[65];
	struct gone_answer *answers;
};

/* A name as Redis keeps it, `MS RECEIPT` under its hex digits; BY borrows from VALUE. False: it is
 * none. */
bool gone_parse(struct span field, struct span value, struct commit_gone *ret_name);

void gone_init(struct gone *g);
void gone_release(struct gone *g);

/* Takes up the salt; one that is none is passed over. */
void gone_set_salt(struct gone *g, struct span salt);
/* Takes up or, if its BY is empty, lets go of a name. 0 or -ENOMEM. */
int gone_take(struct gone *g, const struct commit_gone *name);
/* Is KEY one of them? *ret_by, which may be NULL: the receipt's name, empty if not; it lives until
 * the next change. 0 or -ENOMEM. */
int gone_knows(struct gone *g, struct span key, bool *ret_gone, struct span *ret_by);
