/* SPDX-License-Identifier: MIT */
/*
 * `waymark up`: everything on this machine, supervised.
 *
 *	up.c           settings, the order of starting and stopping, the banner
 *	up_place.c     the data directory and its files
 *	up_redis.c     the private redis-server and the data set in it
 *	up_roles.c     collector, workers, console, archive: how they are called, when they are
 *	               ready
 *	up_keys.c      the files of keys, secrets and mappings, and whether they changed
 *	child.c        starting, watching and stopping processes
 *	up_demo.c      --demo: a shop day (demo_day.c) through the real door
 */
#pragma once

#include "child.h"
#include "codec/write_keys.h"
#include "tool.h"
#include "up_place.h"

#define UP_WORKERS_MAX 64

struct up_settings {
	const char *data, *collector_listen, *keys, *console_listen, *rules, *store_zone, *archive;
	int64_t workers, partitions;
	bool demo;
};

/* A role's words, NULL at the end. */
#define UP_ARGS_MAX 24

struct up_role {
	struct child child;
	char *args[UP_ARGS_MAX];
	size_t n_args;
	char name[24];
};

struct up {
	struct tool tool;
	struct up_settings settings;
	struct up_place place;
	struct children children;
	const char *self;     /* path of this binary */
	const char *rules;    /* where the workers read rules */
	const char *dataset;  /* its id */
	const char *config;   /* the roles read it */
	bool given_config;    /* --config or WAYMARK_CONFIG was */
	bool given_data;      /* --data was said */
	char *temporary;      /* a directory to be removed at the end; NULL: none */
	const char *keys;     /* the file of write keys */
	bool failed, gone;    /* it cannot go on; no child runs any more */
	bool created;	      /* the data set is new */
	bool set_up;	      /* children may be started again */
	bool redis_ended;     /* while it was being started */
	off_t redis_log_from; /* what it said before this start */
	struct up_role redis, collector, console, archive, workers[UP_WORKERS_MAX];
	struct timer keys_timer;
	struct write_keys *watched; /* name the files that are looked at; NULL: none yet */
	uint64_t keys_own,
		keys_all; /* tell the file of keys, and all of them, from what they were */
	int status;
	bool terminal; /* standard error was one */
};

/* up_redis.c. 0, or PROGRAM_EXIT when all was said (u->status). */
int up_redis_start(struct up *u);
/* Before it is started again: nothing half written may stay where more is added (io/aof.h). */
void up_redis_mend(struct up *u);
/* Says why it ended, as far as its log tells. */
void up_redis_explain(const struct up *u);

/* up_roles.c */
int up_roles_start(struct up *u);
/* Waits until collector and console answer. 0, or PROGRAM_EXIT when a signal or a failure came. */
int up_roles_await(struct up *u);
void up_forward_hangup(struct up *u);
/* up_keys.c: the collector reads its keys again when they, or files that they name, change. */
void up_watch_keys(struct up *u);
/* up_demo.c: the shop day; the status. */
int up_demo_run(struct up *u);
/* Removes what the demo has made, when everything has stopped. */
void up_demo_clean(struct up *u);
/* The settings of a demo: a data directory of its own, its rules. 0 or PROGRAM_EXIT. */
int up_demo_prepare(struct up *u);

/* Notes that it cannot go on: stops everything, status FOUND. */
void up_fail(struct up *u, int status);
/* Turns the loop once, for at most MS. 0, or PROGRAM_EXIT when a signal or a failure came. */
int up_turn(struct up *u, int64_t ms);
