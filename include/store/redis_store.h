/* SPDX-License-Identifier: MIT */
/*
 * The store in Redis, and what belongs to owning it: the data set's identity, leases, the
 * registry of workers. Uses one connection; commands of one loop turn leave in one write.
 */
#pragma once

#include "io/loop.h"
#include "io/redis.h"
#include "store/store.h"

#define DATASET_ID_SIZE 33 /* 32 hex digits and a NUL */

struct dataset {
	char id[DATASET_ID_SIZE];
	uint32_t partitions;
};

enum dataset_outcome {
	DATASET_MISSING = 1,  /* no wm:meta, and the database is empty */
	DATASET_FOREIGN = 2,  /* another id than expected, or keys of somebody else's */
	DATASET_FORMAT = 3,   /* a format that this version does not read */
	DATASET_UNKNOWN = 4,  /* no answer */
	DATASET_IDENTITY = 5, /* made with other settings of identity */
};

/* R: 0 with D, or an outcome with WORDS for the log. */
typedef void dataset_fn(void *user, int r, const struct dataset *d, const char *words);

/*
 * Checks wm:meta. EXPECTED (32 hex digits) may be NULL: then any data set of our format will do.
 * 0 or -ENOTCONN.
 */
int dataset_check(struct redis *redis, const char *expected, dataset_fn *fn, void *user);

/*
 * Whether the data set D was made with the settings of identity whose digest is DIGEST (not 0).
 * Where it does not say yet, these will do, and with CLAIM it says them from now on. Answers like
 * dataset_check, with D.
 */
int dataset_agree(struct redis *redis, const struct dataset *d, uint64_t digest, bool claim,
	dataset_fn *fn, void *user);

/* Creates wm:meta with id ID and N partitions in an empty database, atomically; answers like
 * dataset_check (DATASET_FOREIGN if the database is not empty). */
int dataset_create(
	struct redis *redis, const char *id, uint32_t partitions, dataset_fn *fn, void *user);

struct redis_store;

/* Borrows REDIS. 0 or -ENOMEM. */
int redis_store_new(struct redis *redis, struct redis_store **ret_store);
/*
 * No new questions. Those under way are still answered (at the latest when the connection is
 * freed), for somebody waits for that.
 */
struct redis_store *redis_store_free(struct redis_store *s);
void redis_store_freep(struct redis_store **s);
struct store *redis_store_store(struct redis_store *s);
/* What the server said at the last STORE_REFUSED, FENCED, MOVED or FOREIGN; "" if it never did. */
const char *redis_store_refusal(const struct redis_store *s);

enum lease_outcome {
	LEASE_TAKEN = 1,   /* somebody else holds it */
	LEASE_LOST = 2,	   /* renewing: it is no longer ours */
	LEASE_UNKNOWN = 3, /* no answer, or an error of the server (redis_store_refusal) */
	LEASE_FOREIGN = 4, /* not our data set any more: the position is gone, or the log is or has
			      not come as far as the position says */
};
/* R: 0 with the position to start from (its epoch is the caller's now), or an outcome. */
typedef void lease_fn(void *user, int r, const struct position *p);

struct lease_claim {
	struct span worker;
	int64_t ttl_ms;
	uint64_t rules; /* digest of the rules that the worker brings; 0: none */
};

/*
 * Takes partition P's lease if it is free (or already the worker's), raises the epoch and reads the
 * position, in one script. The worker's rules become the next entry of the log, if they are not its
 * latest already; what the position says is in force now. 0 or -ENOTCONN.
 */
int lease_acquire(struct redis_store *s, uint32_t p, const struct lease_claim *claim, lease_fn *fn,
	void *user);
/* Prolongs it. R: 0 (P is NULL), LEASE_LOST, LEASE_UNKNOWN. */
int lease_renew(struct redis_store *s, uint32_t p, struct span worker, int64_t ttl_ms, lease_fn *fn,
	void *user);
/* Gives it up if it is ours, so that another worker need not wait for its end. */
int lease_release(struct redis_store *s, uint32_t p, struct span worker, lease_fn *fn, void *user);

/* R: 0 with the number of live workers (this one included), or LEASE_UNKNOWN. */
typedef void workers_fn(void *user, int r, uint32_t n_workers);
/* Announces WORKER for TTL_MS, drops the expired, counts the living. */
int workers_announce(
	struct redis_store *s, struct span worker, int64_t ttl_ms, workers_fn *fn, void *user);
int workers_leave(struct redis_store *s, struct span worker, workers_fn *fn, void *user);

/*
 * Waits, on a connection of its own that may block, until any of N partitions has an entry after
 * its AFTER, or BLOCK_MS have passed. Answers once. Several waits may not overlap.
 */
struct log_wait {
	uint32_t partition;
	struct log_id after;
};
/* R: 0, or STORE_UNKNOWN; PARTITION: one that has news, UINT32_MAX on a timeout. */
typedef void log_wait_fn(void *user, int r, uint32_t partition);
int log_wait_start(struct redis *blocking, const struct log_wait *waits, size_t n, int64_t block_ms,
	log_wait_fn *fn, void *user);
