/* SPDX-License-Identifier: MIT */
/*
 * Erasing a customer from beginning to end, for the console and the tools. Nothing is written here
 * that an owner has to write: names and keys are words in the logs (core/message.h), and their
 * owners carry them out. What this does is to gather who the customer is, say the words, wait until
 * they and all that was on its way before them are applied, walk through the streams and remove
 * what is left there, have what others' entries and records say of them taken out, and have Redis
 * write its files anew, for they hold the past too.
 *
 *   OPEN -> WHO -> GATHER -> NAMES -> fence -> KEYS -> rounds of fences -> SWEEP -> OTHERS
 *                    ^                                     |                |    -> RENEW -> ORDER
 * -> CLOSE
 *                    '----- more keys came to light -------'      anything found: again
 *
 * All of it may be done again from the beginning, and is, when it was interrupted: what an erasure
 * has come to know is kept in Redis until it is over.
 *
 *   wm:erasing            set: receipts that are not over
 *   wm:erasing:RECEIPT    set: keys that are known to be the customer's, until they are gone
 *   wm:erasure:RECEIPT    hash: the receipt; no personal data
 *   wm:{p7}:erased:RECEIPT, kin:RECEIPT, linkkin:RECEIPT   sets: keys that were emptied, and what
 *                         led to them, to links in the last one
 *   wm:{p7}:renew:STREAM, wm:renew:audit  streams, while they are written anew
 *   wm:{p7}:renew:as:STREAM, wm:renew:as:audit   hashes: an entry's id → what it is to be there
 *
 * Bounds: the keys of one customer in memory, and a page of a stream at a time. Every stream of
 * every partition is read once or twice, and every customer's record and chunks once; records in
 * which something is found, and so all of them, once more. So it grows with the shop and not with
 * the customer, but for the names: each is a commit of its partition's owner, and each 500 are one
 * in every partition.
 *
 * Events of others stand behind the words in the logs. So no more than 512 keys are told at a time
 * (eraser_words.c), and words to keys that follow one another in a log are one commit for each 64
 * (apply_erase.c): an event waits for the words of one such slice. Only what the customer's own
 * record says to whoever leads to them comes at once: at most as many words as they have names,
 * spread over the partitions, a commit for each 64. scripts/bench --only erase measures it.
 *
 * Redis does other things between any two commands, each of which is bounded: a page, a word to an
 * owner, 500 names. What grows: the fork for the append-only file, with its memory, as at every
 * rewrite; and where a customer has more names than the settings come with, the one commit that
 * empties the record, a message for each. Measured with 100,000 customers, 1.04 million entries and
 * 435 MB of Redis, on two cores that had other work: 34 to 50 s, 23 of them of this program's, in
 * 13 MB; others' requests took 0.7 ms meanwhile (median; 0.6 before), GET 0.06 ms as before.
 */
#pragma once

#include "core/identity.h"
#include "io/loop.h"
#include "io/redis.h"
#include "store/gone.h"

enum eraser_outcome {
	ERASER_NOBODY = 1,  /* nothing is known of such a customer */
	ERASER_ALREADY = 2, /* they were erased: the receipt says when */
	ERASER_STUCK = 3,   /* not over: it goes on when it is asked for again; words say why */
};

struct eraser;

/* R: 0, an outcome above or -ENOMEM. RECEIPT is "" where there is none. The eraser may be freed in
 * it. */
typedef void eraser_fn(void *user, int r, const char *receipt, const char *words);

/* How far the part at hand is: DONE of TOTAL (0: nobody knows), counted in UNIT ("entries looked
 * at"). A part may come again. */
typedef void eraser_progress_fn(void *user, const char *unit, uint64_t done, uint64_t total);

struct eraser_options {
	struct redis *redis;
	struct loop *loop;
	uint32_t partitions;
	const struct identity *identity;
	struct span id; /* as people give it */
	struct span by; /* who asks for it: up to 100 bytes, for the receipt */
	bool lift;	/* the other way: whoever was erased may come back, by any of their names */
	int64_t patience_ms;	  /* without any progress of a partition */
	unsigned char random[40]; /* that nobody can guess */
	eraser_fn *done;
	eraser_fn *begun; /* or NULL: the receipt is known, and the rest takes its time */
	eraser_progress_fn *progress; /* or NULL */
	void *user;
};

/* Begins. What OPTIONS point to must outlive it, but for id and by, which are copied. 0 or -ENOMEM.
 */
int eraser_new(const struct eraser_options *options, struct eraser **ret_eraser);
struct eraser *eraser_free(struct eraser *e);
