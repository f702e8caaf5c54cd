/* SPDX-License-Identifier: MIT */
/*
 * Applying a batch: what was fetched of one partition becomes one commit. This is the half of the
 * worker that neither waits nor talks: decode, recognise duplicates, fetch states from the cache,
 * step, encode. The backtest runs the very same code.
 *
 * A batch goes through three calls: applier_begin (which says whose records are missing),
 * applier_loaded (when the store has brought them), applier_run (which hands out the commit).
 * applier_done then says whether it was committed.
 *
 * The cache keeps records of customers between batches. It is right because one owner, proved by
 * the epoch at every commit, writes a partition; when a commit fails, cache and window are thrown
 * away with the owner's claim.
 */
#pragma once

#include "codec/event_json.h"
#include "core/identity.h"
#include "core/message.h"
#include "core/rule.h"
#include "store/store.h"

struct applier;

/*
 * Told of each input as soon as it was applied to JOURNEY: what was wished because of it, and what
 * it was, an EVENT or, with NULL, time and marks. For those who explain and count; it changes
 * nothing. NOW is virtual time; of a run of timers each decision has its own.
 */
typedef void applier_witness_fn(void *user, const struct journey *journey,
	const struct event *event, int64_t now, const struct effects *effects);

/* The set of rules of this digest, with a decoder prepared for it, both alive as long as the
 * applier; false if it must be brought first. */
typedef bool applier_rules_fn(void *user, uint64_t digest, const struct rules **ret_rules,
	const struct event_decoder **ret_decoder);

struct applier_options {
	const struct rules *rules;	     /* in force at the start */
	const struct event_decoder *decoder; /* prepared for the rules' fields */
	size_t cache_customers;		     /* records kept between batches */
	applier_witness_fn *witness;	     /* NULL: nobody looks */
	void *witness_user;
	/* Records live in the cache alone, without bound, and no timeline is kept: for a run of
	 * which only the jobs and what the witness sees are wanted. */
	bool transient;

	/* Whose log it is, among how many: where messages come from and go to. PARTITIONS 0: one
	 * log has all customers, and what is said goes back into it at once; then a batch ends
	 * with the entry that says something. */
	uint32_t partition, partitions;
	const struct identity *identity; /* NULL: IDENTITY_DEFAULT */
	/* Nobody becomes a link, whatever is said: for folding again the log of somebody who is a
	 * customer still. */
	bool no_links;
	/* With no_links, what had to wait until it was judged: WANTs, or the DECIDEs of them, that
	 * are in that log or still to come. What is not among them was judged at once. */
	const struct message *const *waited;
	size_t n_waited;

	uint64_t trials_kept; /* of what was not sent because its rule is on trial; 0: none */

	/* Where the log changes the rules; NULL: the first ones stay in force whatever it says. */
	applier_rules_fn *find_rules;
	void *rules_user;
};

/* OPTIONS' pointers must outlive it. 0 or -ENOMEM. */
int applier_new(const struct applier_options *options, struct applier **ret_applier);
struct applier *applier_free(struct applier *a);
void applier_freep(struct applier **a);

/* Forgets cache and window: the owner starts again from the store. */
void applier_reset(struct applier *a);

/* Takes up one remembered hour of message ids, as the store keeps them. 0 or -ENOMEM. */
int applier_remember(struct applier *a, int64_t hour, struct span bytes);

/* Takes up the mark of a source, as the store keeps it. 0 or -ENOMEM. */
int applier_mark(struct applier *a, struct span source, int64_t at);

/* Takes up who was erased, as the store keeps it. 0 or -ENOMEM. */
int applier_remember_gone(
	struct applier *a, const struct commit_gone *gones, size_t n, struct span salt);

/* Takes up how far partition FROM was heard, as the store keeps it. */
void applier_heard(struct applier *a, uint32_t from, uint64_t seq);

enum applier_outcome {
	APPLIER_NOTHING = 1, /* neither entries nor due customers, and the clock need not be kept */
	APPLIER_CORRUPT = 2, /* a stored record does not decode: stop, do not write over it */
	APPLIER_HELD = 3,    /* a mark moves: ask applier_held_request(), then applier_held() */
	APPLIER_RULES = 4,   /* the rules change to applier_wanted_rules(), which are not here */
};

/*
 * Takes a batch: copies what it needs of F, decides how much of it can be applied in the right
 * order of time, and says in *ret_missing (valid until applier_run) whose records must be loaded.
 * 0, -ENOMEM, APPLIER_NOTHING, APPLIER_RULES or APPLIER_HELD (then nothing is in *ret_missing
 * yet).
 */
int applier_begin(struct applier *a, const struct position *from, const struct fetched *f,
	const struct span **ret_missing, size_t *ret_n_missing);

/*
 * A mark is a batch of its own: everything before its entry has been applied, timers too. Whoever
 * is held for its source up to it is looked at, APPLIER_HELD_MAX at a time, and the mark is passed
 * with the last of them.
 */
#define APPLIER_HELD_MAX 256
struct held_request applier_held_request(const struct applier *a);
/* As applier_begin, but 0 or -ENOMEM. */
int applier_held(struct applier *a, const struct span *customers, size_t n,
	const struct span **ret_missing, size_t *ret_n_missing);

uint64_t applier_wanted_rules(const struct applier *a);

/* VALUES[i] is the record of the i-th missing customer; empty: a new customer.
 * 0, -ENOMEM or APPLIER_CORRUPT. */
int applier_loaded(struct applier *a, const struct span *values, size_t n);

/* Steps through the batch. *ret_commit is valid until applier_done. 0 or -ENOMEM. */
int applier_run(struct applier *a, const struct commit **ret_commit);

/* Ends the batch. Not COMMITTED: as applier_reset. */
void applier_done(struct applier *a, bool committed);

/* The customer at whose record applier_loaded stopped, for the log. */
struct span applier_corrupt_customer(const struct applier *a);
