/* SPDX-License-Identifier: MIT */
/*
 * What staff did with customers' data that leaves no trace in the data, or none with a name:
 * searched, looked at what is masked, exported, erased, let come back. It goes into a stream of the
 * data set, wm:audit, before it is done; what cannot be noted is not done. The stream keeps the
 * latest AUDIT_MAX entries or somewhat more; fields:
 *
 *	who	`console PEER` or `tool UID`
 *	what	`search`, `reveal`, `export`, `erase`, `unsuppress`
 *	shape	what was asked, without it: `email of 5 characters`
 *	of	HMAC-SHA256 of what was asked for under the data set's salt (wm:meta), 16 hex
 *digits: the same for the same, and nothing for who has only this reason	as given, if one was
 *
 * The time is that of the entry.
 */
#pragma once

#include "base/base.h"
#include "base/span.h"
#include "io/redis.h"

#define AUDIT_MAX	 100000
#define AUDIT_SALT_LEN	 64  /* hex digits */
#define AUDIT_REASON_MAX 200 /* bytes */
#define AUDIT_OF_LEN	 16

struct audit {
	struct redis *redis;
	char salt[AUDIT_SALT_LEN + 1]; /* empty: not known yet */
};

struct audit_entry {
	const char *who, *what, *shape;
	struct span of; /* as asked; only its HMAC leaves this process */
	struct span reason;
};

/*
 * Asks REDIS for the salt, which is made if there is none; to be called whenever a connection has
 * come up. A must live as long as REDIS. 0 or what redis_end returns, or -EIO: there are no random
 * numbers.
 */
int audit_open(struct audit *a, struct redis *redis);
bool audit_is_open(const struct audit *a);

/* `of` of TEXT. 0 or -ENOMEM. */
int audit_of(const struct audit *a, struct span text, char out[AUDIT_OF_LEN + 1]);

/*
 * Notes E; audit_is_open(A). FN is called as redis_end says; the entry is there if the reply is
 * one that audit_was_noted. 0, -ENOMEM, or what redis_end returns.
 */
int audit_add(const struct audit *a, const struct audit_entry *e, redis_reply_fn fn, void *user);
bool audit_was_noted(const struct redis_value *reply);
