/* SPDX-License-Identifier: MIT */
/*
 * What the archive asks of Redis: which entries of a partition are applied and not archived, with
 * whose key each is sealed, how far the files have come, and what of the log may go.
 *
 * Who archives has an epoch of its own beside the worker's. It grows whenever somebody begins, and
 * whoever has an older one can move nothing any more; what they write meanwhile is a file that
 * nobody counts. Keys are made here and nowhere else, and not for somebody who was erased: an
 * erasure writes down who it was before it takes the key away, so that whatever was read of them
 * before is sealed with a key that nobody keeps.
 *
 * These functions wait for the answer (redis_call): a program of its own calls them.
 */
#pragma once

#include "base/arena.h"
#include "codec/seal.h"
#include "core/event.h"
#include "io/redis.h"

enum {
	ARCHIVE_UNKNOWN = 1, /* no answer */
	ARCHIVE_FENCED = 2,  /* somebody else archives this partition now */
	ARCHIVE_REFUSED = 3, /* an error of the server; see words */
};

#define ARCHIVE_NAME_MAX 96 /* bytes of `dt=YYYY-MM-DD/pNN-ID.ndjson.gz` */

struct archive_log {
	struct redis *redis;
	uint32_t partition;
	char words[256]; /* of the last ARCHIVE_REFUSED */
};

/* Where a partition's archive stands. */
struct archive_place {
	uint64_t epoch;
	struct log_id done;	     /* archived up to here */
	char file[ARCHIVE_NAME_MAX]; /* the last one; empty: there is none yet */
	struct log_id applied;	     /* the worker's position … */
	int64_t clock;		     /* … and the virtual time that goes with it */
	struct log_id trimmed;	     /* the log begins here or later; 0-0: nothing has gone yet */
};

/* Takes up the partition: a new epoch, and where it stands. 0, an outcome or -errno; so all. */
int archive_begin(struct archive_log *l, struct archive_place *ret_place);
/* The same without taking it up. */
int archive_look(struct archive_log *l, struct archive_place *ret_place);

/* Entries behind AFTER, up to UNTIL; they lie in A: [[id, [name, value, …]], …]. There are no more
 * if fewer than ARCHIVE_PAGE come. */
#define ARCHIVE_PAGE 256
int archive_entries(struct archive_log *l, struct log_id after, struct log_id until,
	struct arena *a, const struct redis_value **ret_entries);

/*
 * The keys of N CUSTOMERS, which are made where there are none, as text in A; empty for one who was
 * erased.
 */
int archive_keys(struct archive_log *l, const struct span *customers, size_t n, struct arena *a,
	struct span *ret_keys);

/* Whose key an entry has that is about no customer: `?` and its id, so that each can go by itself.
 */
#define ARCHIVE_NOBODY_SIZE 44
void archive_nobody(struct log_id id, char out[ARCHIVE_NOBODY_SIZE]);

/* A file is on the disk under its name. */
struct archive_step {
	const char *file;
	struct log_id through;
	int64_t clock;
	uint64_t lines, bytes;
};

/* Moves on from FROM, whose epoch must still be the last. */
int archive_advance(
	struct archive_log *l, const struct archive_place *from, const struct archive_step *step);

/* Notes why the archive stands still, for whoever looks; NULL: it does not. */
int archive_trouble(struct archive_log *l, uint64_t epoch, const char *why);

/* The last file lies elsewhere from now on. */
int archive_move(struct archive_log *l, uint64_t epoch);

/* Takes off the log what is archived, applied, and older than KEEP_MS by the server's clock. */
int archive_trim(struct archive_log *l, uint64_t epoch, int64_t keep_ms);
