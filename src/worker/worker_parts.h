/* SPDX-License-Identifier: MIT */
/*
 * The worker: owns partitions, pumps their logs through the core, wakes when something is due.
 *
 *   ownership.c  which partitions are ours: the lease of each, a fair share among live workers
 *   watch.c      when to look: news in the log, a time that has come
 *   renew.c      what was kept out leaves the log
 *   rules.c      which rules are in force where
 *   worker.c     settings, start and stop
 */
#pragma once

#include "program/program.h"
#include "program/rule_set.h"
#include "store/courier.h"
#include "store/keys.h"
#include "store/pump.h"
#include "store/redis_store.h"
#include "store/renewal.h"

enum owned_state {
	OWNED_NOT,    /* somebody else's, or nobody's */
	OWNED_ASKING, /* the lease is being asked for */
	OWNED_RULES,  /* ours, and the rules in force there are awaited */
	OWNED_RUNNING,
	OWNED_BROKEN, /* ours, but a record in it cannot be read: it stands still */
};

/* One partition, from this worker's side. */
struct owned {
	struct worker *worker;
	uint32_t partition;
	enum owned_state state;
	struct pump *pump;
	struct courier *courier; /* as long as the pump */
	bool pump_dead;		 /* stopped by itself; to be freed outside its own call */
	int64_t next_due;
	uint64_t wanted_rules; /* awaited */
};

struct worker_settings {
	const char *rules, *store_zone;
	int64_t batch, lease_ms, cache_customers, shadow_keep, renew_ms;
};

struct worker {
	struct program program;
	struct worker_settings settings;
	struct redis *redis, *blocking;
	struct redis_store *store;
	struct rule_set *sets;
	uint64_t own_rules;  /* digest of the set that our files make */
	struct buf set_text; /* of that set */
	bool rules_kept;     /* it stands in Redis, so that partitions may be asked for */
	bool reloading;	     /* the files were read again */
	struct timer bring;  /* try that again */
	char id[64];
	struct owned *owned;
	uint32_t n_partitions;
	uint32_t n_target;  /* our fair share */
	uint32_t ask_at;    /* the partition to be asked for next */
	uint32_t asks_left; /* in this beat */
	struct timer beat;  /* leases and the registry */
	struct timer poll;  /* idle partitions while others are busy */
	bool waiting;	    /* a blocking wait is under way */
	struct timer renew; /* logs are looked at for what was kept out */
	struct renewal renewal;
	uint32_t renew_at; /* the partition at hand */
	bool unwritten;	   /* since then Redis has not written its file anew */
	int64_t skew_ms;   /* the store's clock minus ours */
	uint32_t leaving;  /* answers awaited before the end */
	bool stopping;
};

/* ownership.c */
/* Ends O's pump and courier, whatever they were at. */
void ownership_drop(struct owned *o);
void ownership_beat(void *worker);
/* Stops pumping without a word to the store: the connection is gone. */
void ownership_forget(struct worker *w);
/* Gives everything back, then finishes the program. */
void ownership_leave(struct worker *w);
/* Starts every pump anew, under a new epoch: the rules have changed. */
void ownership_restart(struct worker *w);

/* renew.c */
/* Looks now and then, from now on. */
void renew_begin(struct worker *w);
void renew_end(struct worker *w);

/* rules.c */
/* Reads the files, on top of the text of the set before. 0 or -1: said in the log, and those that
 * were there stay. */
int worker_read_rules(struct worker *w, struct span last);
/* Puts the set of the files into Redis, then asks for partitions. */
void worker_bring_rules(void *worker);
/* Asks for a set that O's log names; the next beat takes up O again. */
void worker_want_rules(struct owned *o, uint64_t digest);
/* As applier_rules_fn. */
bool worker_find_rules(void *worker, uint64_t digest, const struct rules **ret_rules,
	const struct event_decoder **ret_decoder);
void worker_rules_release(struct worker *w);

/* watch.c */
void watch_idle(struct owned *o, int64_t next_due);
void watch_look(void *worker);
