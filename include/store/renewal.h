/* SPDX-License-Identifier: MIT */
/*
 * A partition's log without the bytes of what was removed from it. Redis marks an entry of a stream
 * as removed and keeps its bytes until all entries of its block are, some hundred; they would stand
 * in its files as well. So the stream is copied, page by page, to a new one with the same ids,
 * which takes its place if by then it has as many entries; what is added meanwhile is copied last,
 * by the script that also swaps the two. What is applied is copied first, since its owner removes
 * only what it applies just then. If entries were removed meanwhile all the same, it is done again.
 *
 * An erasure does so with every stream that had something of theirs (store/eraser.h). What comes of
 * them afterwards and is kept out is removed by its partition's owner, who marks the log (`stale`)
 * and has it copied in a while: once for however many, and with pauses, so that Redis does other
 * things besides. It costs the room of one log for that time.
 *
 *   wm:{p7}:stale        string: since when (ms) bytes of what was kept out lie in the log
 *   wm:{p7}:renew:by     string: who copies, with PX; an erasure goes before an owner
 */
#pragma once

#include "io/loop.h"
#include "io/redis.h"
#include "store/keys.h"

/*
 * KEYS: the stream, the new one, what is to stand in place of some of its entries (a hash: id → the
 * fields, packed), its mark, who copies, a hash whose `id` is what is applied (or none). ARGV: from
 * where, how many, who, for how long that holds (ms). Answers `more` and the last id copied,
 * `again`, `lost` (another copies), or `done` and how many were changed.
 */
extern const char renewal_script[];
/* Who does not go on for so long has died. */
#define RENEWAL_HOLD_MS "60000"

enum renewal_outcome {
	RENEWAL_NONE = 1,    /* nothing to be done, or not now */
	RENEWAL_UNKNOWN = 2, /* Redis does not answer */
};

/* R: 0, or an outcome. It may be started anew from within. */
typedef void renewal_fn(void *user, int r);

struct renewal {
	struct redis *redis;
	struct timer pause;
	char by[80];
	uint32_t partition;
	char cursor[LOG_ID_SIZE + 1];
	unsigned tries;
	bool busy;
	renewal_fn *fn;
	void *user;
};

/* BY, of up to 79 bytes, is nobody else's. */
void renewal_init(struct renewal *r, struct loop *loop, const char *by, renewal_fn *fn, void *user);
/* No pause any more; FN may still be called once, as long as REDIS lives. */
void renewal_stop(struct renewal *r);

/* Copies PARTITION's log if it was marked AGE_MS ago. FN is called unless this fails: 0, -ENOTCONN
 * or -ENOMEM. One at a time. */
int renewal_start(struct renewal *r, struct redis *redis, uint32_t partition, int64_t age_ms);
