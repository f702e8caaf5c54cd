/* SPDX-License-Identifier: MIT */
/*
 * The pump drives one partition: fetch, load, apply, commit, again, until the log's end; then it
 * rests until poked. The worker has one per partition it owns, the backtest one over its memory
 * store.
 *
 * Nothing is retried in place. Whatever goes wrong (an unknown outcome, a newer owner, a lost
 * connection) stops the pump with the reason; whoever owns it takes the lease again, which raises
 * the epoch, and starts anew from the committed position. Recovery and start are one path.
 */
#pragma once

#include "store/apply.h"
#include "store/store.h"

struct pump;

/* At rest: NEXT_DUE is when anything of the partition is due next (TIME_NEVER: nothing). */
typedef void pump_idle_fn(void *user, int64_t next_due);
/* Stopped: WHY is a store_outcome, -errno, PUMP_CORRUPT with the customer concerned, or PUMP_RULES:
 * the log changes the rules to pump_wanted_rules(), which the applier's find_rules does not have.
 */
enum { PUMP_CORRUPT = 100, PUMP_RULES = 101 };
typedef void pump_stop_fn(void *user, int why, struct span customer);
/* After each commit, for metrics; may be NULL. */
typedef void pump_commit_fn(void *user, const struct commit *c);

struct pump_options {
	struct store *store;
	uint32_t partition;
	size_t batch; /* entries per commit, at most PUMP_BATCH_MAX */
	struct applier_options applier;
	pump_idle_fn *idle;
	pump_stop_fn *stop;
	pump_commit_fn *committed;
	void *user;
};

#define PUMP_BATCH_MAX 512

/* 0 or -ENOMEM. */
int pump_new(const struct pump_options *options, struct pump **ret_pump);
/* Frees it at once; answers still under way are ignored. */
struct pump *pump_free(struct pump *p);

/* Begins from FROM. 0 or -errno. */
int pump_start(struct pump *p, const struct position *from);

/*
 * There may be news: entries, or a time that has come. NOW is the caller's estimate of the store's
 * clock; customers due up to then are looked at, if the log has been read that far. Cheap when
 * busy.
 */
void pump_poke(struct pump *p, int64_t now);

bool pump_running(const struct pump *p);
bool pump_idle(const struct pump *p);
/* The store's clock, as of the last fetch that read the log to its end; INT64_MIN before. */
int64_t pump_store_clock(const struct pump *p);
uint64_t pump_wanted_rules(const struct pump *p);
/* The last committed position. */
const struct position *pump_position(const struct pump *p);
