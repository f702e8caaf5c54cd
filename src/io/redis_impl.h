/* SPDX-License-Identifier: MIT */
/*
 * What the two halves of the client share: redis.c holds the connection, redis_command.c the
 * commands. Only these two include it.
 */
#pragma once

#include "base/buf.h"
#include "io/redis.h"

enum redis_state {
	REDIS_DOWN,	  /* no socket; the timer is the next attempt */
	REDIS_CONNECTING, /* the timer is the connect timeout */
	REDIS_GREETING,	  /* AUTH, PING and on_check; the timer is the reply watchdog */
	REDIS_UP,	  /* the same */
};

/* A command that is not answered yet. */
struct redis_pending {
	redis_reply_fn fn;
	void *user;
	size_t bytes;
	int64_t allowance_ms; /* of silence while it is the oldest */
};

struct redis {
	struct loop *loop;
	struct redis_options options;
	enum redis_state state;
	int fd; /* -1: none */
	struct watch *watch;
	struct timer timer;
	struct deferred flush;
	struct redis_reader *reader;
	int64_t backoff_ms;

	struct buf out;
	size_t sent; /* bytes of out that are gone */

	/* A ring of the unanswered, oldest first; n_slots is a power of two. */
	struct redis_pending *slots;
	size_t n_slots;
	size_t first;
	size_t n_pending;
	size_t n_flushed; /* of them handed to the kernel, at least in part */
	size_t pending_bytes;

	/* The command under construction. */
	bool building;
	int build_error;
	size_t build_at; /* where it begins in out */
	size_t args_left;

	unsigned depth;	   /* of entries from the loop and the owner; freed only at 0 */
	bool freed;	   /* redis_free was called */
	bool owner_greets; /* within on_check or the answer to one of its commands */
	char reason[160];
};

/* The oldest unanswered command, removed. n_pending must not be 0. */
struct redis_pending redis_pop(struct redis *redis);
