/* SPDX-License-Identifier: MIT */
/*
 * The store in memory: one partition whose log is what the caller appends and whose clock the
 * caller moves. It keeps bytes exactly as Redis would, so a backtest exercises the same encodings
 * as a worker.
 */
#pragma once

#include "store/store.h"

struct memory_store;

/* Called for every job and retraction, in the order of the commits. */
typedef void memory_job_fn(
	void *user, const struct commit_job *job, const struct commit_retract *r);

/* 0 or -ENOMEM. */
int memory_store_new(memory_job_fn *fn, void *user, struct memory_store **ret_store);
struct memory_store *memory_store_free(struct memory_store *s);
struct store *memory_store_store(struct memory_store *s);

/* Appends an entry; its id must be greater than the last one's. Copies. 0 or -ENOMEM. */
int memory_store_append(struct memory_store *s, const struct log_entry *e);

/* The id of the last entry, which delivered messages may have moved. */
struct log_id memory_store_newest(const struct memory_store *s);

/*
 * Messages of a commit go into this very log, for it has all customers: right behind the commit's
 * place and at its instant. Without this they are thrown away: in a log of one partition of many,
 * those that are for it stand already.
 */
void memory_store_deliver(struct memory_store *s, bool deliver);

/* Everything up to AT has been appended: timers due at or before AT may fire. Never goes back. */
void memory_store_clock(struct memory_store *s, int64_t at);

/*
 * Answers what was asked, and what is asked in answer to that, until nothing is under way.
 */
void memory_store_run(struct memory_store *s);

/* A customer's record; empty if there is none. Valid until the next commit. */
struct span memory_store_record(const struct memory_store *s, struct span customer);
/* The I-th sealed chunk of a customer, oldest first; empty when there is no such. */
struct span memory_store_chunk(const struct memory_store *s, struct span customer, size_t i);
uint64_t memory_store_counter(const struct memory_store *s, enum counter c);
/* Quarantined entries so far. */
size_t memory_store_bad(const struct memory_store *s);
