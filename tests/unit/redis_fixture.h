/* SPDX-License-Identifier: MIT */
/*
 * A redis-server of the test's own: on a unix socket in a new directory, with every write synced,
 * as Waymark runs it. It dies with the test, however that ends.
 *
 *	static const char *const extra[] = {"--maxmemory", "3mb", NULL};
 *	_cleanup_(redis_fixture_stop) struct redis_fixture server = REDIS_FIXTURE_NONE;
 *
 *	if (redis_fixture_start(&server, extra) == REDIS_FIXTURE_MISSING)
 *		SKIP("no redis-server");
 */
#pragma once

#include <sys/types.h>

#include "base/base.h"

struct redis_fixture {
	char dir[64];	 /* where it keeps its files; empty: none */
	char socket[96]; /* its address */
	char log[96];	 /* what it says */
	pid_t pid;	 /* 0: not running */
	const char *const *extra;
};

#define REDIS_FIXTURE_NONE ((struct redis_fixture){.pid = 0})

enum { REDIS_FIXTURE_MISSING = 1 };

/*
 * Starts a server and waits until it answers PING, or until it exits or 20 s are over. EXTRA is a
 * NULL-ended list of arguments that lives as long as the fixture, or NULL.
 * 0, REDIS_FIXTURE_MISSING (not installed), or -errno.
 */
int redis_fixture_start(struct redis_fixture *f, const char *const *extra);
/* Starts it again on the same directory, after a kill. */
int redis_fixture_restart(struct redis_fixture *f);
/* SIGKILL, and waits for the end. Nothing if it does not run. */
void redis_fixture_kill(struct redis_fixture *f);
/* SIGSTOP and SIGCONT. */
void redis_fixture_pause(struct redis_fixture *f);
void redis_fixture_resume(struct redis_fixture *f);
/* Kills it and removes the directory. */
void redis_fixture_stop(struct redis_fixture *f);
