/* SPDX-License-Identifier: MIT */
/*
 * Children of the supervisor: started, watched, started again when they end by themselves, stopped
 * in order. None outlives us: the kernel signals them when we are gone, however that came about.
 * Each is in a process group of its own, so that Ctrl-C on the terminal reaches only us, and the
 * order of stopping is ours.
 */
#pragma once

#include <sys/types.h>

#include "io/log.h"
#include "io/loop.h"

#define CHILDREN_MAX	  72
#define CHILD_BACKOFF_MIN 100 /* ms before it is started again; doubles … */
#define CHILD_BACKOFF_MAX (5 * MS_SECOND)
#define CHILD_STEADY_MS	  (10 * MS_SECOND) /* … unless it ran for so long */

struct children;

struct child {
	/* Set by the owner before child_start; all borrowed. */
	const char *name;    /* in the log */
	char **argv;	     /* argv[0] is looked up in PATH, unless it has a slash */
	int stage;	     /* those with the lowest are stopped first */
	int64_t patience_ms; /* from SIGTERM to SIGKILL */
	int orphan_signal;   /* what the kernel sends when we are gone */
	const char *output;  /* file that its output is added to; NULL: ours */
	const char *lock;    /* file that it holds a write lock of (fcntl) as long as it lives;
				NULL: none */

	/* Read by the owner. */
	pid_t pid; /* 0: not running */

	struct children *set;
	int64_t started_at, backoff_ms;
	struct timer again; /* starts it anew */
	bool asked;	    /* was sent SIGTERM */
};

struct children {
	struct loop *loop;
	const struct log *log;
	struct child *list[CHILDREN_MAX];
	size_t n;
	bool stopping;
	struct timer patience;

	void *user;
	/* A child ended by itself, with this wait status; false: it is not to be started again.
	 * NULL: always. */
	bool (*on_end)(void *user, struct child *c, int status);
	void (*on_stopped)(void *user); /* after children_stop: all are gone */
};

/* 0 or -errno: SIGCHLD is ours from now on. */
int children_init(struct children *set, struct loop *loop, const struct log *log);
/* Kills what still runs, without waiting for it to finish its work. */
void children_release(struct children *set);

/* Adds C and starts it. 0 or -errno (-ENOENT: there is no such program). */
int child_start(struct children *set, struct child *c);
void child_signal(const struct child *c, int signo);

/* Stops all, stage by stage. Nothing is started again from now on. */
void children_stop(struct children *set);

/* How it ended, for people: `status 1`, `signal 9 (Killed)`. */
#define CHILD_END_SIZE 64
void child_end_text(int status, char out[CHILD_END_SIZE]);
