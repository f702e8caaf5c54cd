/* SPDX-License-Identifier: MIT */
/*
 * The worker: owns partitions, pumps their logs through the core, wakes when something is due.
 *
 *   ownership.c  which partitions are ours: the lease of each, a fair share among live workers
 *   watch.c      when to look: news in the log, a time that has come
 *   worker.c     settings, rules, start and stop
 */
#pragma once

#include "program/program.h"
#include "program/rule_set.h"
#include "store/keys.h"
#include "store/pump.h"
#include "store/redis_store.h"

enum owned_state {
	OWNED_NOT,    /* somebody else's, or nobody's */
	OWNED_ASKING, /* the lease is being asked for */
	OWNED_RUNNING,
	OWNED_BROKEN, /* ours, but a record in it cannot be read: it stands still */
};

/* One partition, from this worker's side. */
struct owned {
	struct worker *worker;
	uint32_t partition;
	enum owned_state state;
	struct pump *pump;
	bool pump_dead; /* stopped by itself; to be freed outside its own call */
	int64_t next_due;
};

struct worker_settings {
	const char *rules, *store_zone;
	int64_t batch, lease_ms, cache_customers;
};

struct worker {
	struct program program;
	struct worker_settings settings;
	struct redis *redis, *blocking;
	struct redis_store *store;
	struct rules *rules;
	struct event_decoder *decoder;
	char id[64];
	struct owned *owned;
	uint32_t n_partitions;
	uint32_t n_target;  /* our fair share */
	uint32_t ask_at;    /* the partition to be asked for next */
	uint32_t asks_left; /* in this beat */
	struct timer beat;  /* leases and the registry */
	struct timer poll;  /* idle partitions while others are busy */
	bool waiting;	    /* a blocking wait is under way */
	int64_t skew_ms;    /* the store's clock minus ours */
	uint32_t leaving;   /* answers awaited before the end */
	bool stopping;
};

/* ownership.c */
void ownership_beat(void *worker);
/* Stops pumping without a word to the store: the connection is gone. */
void ownership_forget(struct worker *w);
/* Gives everything back, then finishes the program. */
void ownership_leave(struct worker *w);
/* Starts every pump anew, under a new epoch: the rules have changed. */
void ownership_restart(struct worker *w);

/* watch.c */
void watch_idle(struct owned *o, int64_t next_due);
void watch_look(void *worker);
