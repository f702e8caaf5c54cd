/* SPDX-License-Identifier: MIT */
/*
 * One connection to Redis that is always there or says that it is not. Commands are written
 * straight into the output buffer and those of one turn of the loop leave in one write, which is
 * what group commit lives on. Answers come in the order of the commands.
 *
 * No answer means unknown: a command whose connection was lost, or whose answer did not come in
 * time, may or may not have been carried out, and its function is called with NULL. A client
 * that is not connected takes no commands at all, so that a caller can say so at once instead of
 * filling memory with hope.
 *
 * The connection is remade without end. Whoever must know that the Redis behind it is still the
 * right one asks in on_check, before anybody else's command can pass.
 *
 *	redis_begin(redis, 3);
 *	redis_arg(redis, SPAN_LIT("SET"));
 *	redis_arg2(redis, prefix, id);
 *	redis_arg(redis, value);
 *	r = redis_end(redis, on_set, request);
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "base/span.h"
#include "io/loop.h"
#include "io/redis_address.h"
#include "io/redis_reply.h"

struct redis;

/*
 * REPLY lives until the function returns; NULL means that the outcome is unknown. It may do
 * anything to the client, redis_free included.
 */
typedef void (*redis_reply_fn)(void *user, const struct redis_value *reply);

struct redis_options {
	struct redis_address address;
	int64_t connect_timeout_ms; /* from socket to connected */
	int64_t reply_timeout_ms;   /* silence while something is unanswered; then reconnect */
	int64_t backoff_min_ms;	    /* wait before the first new attempt; doubles … */
	int64_t backoff_max_ms;	    /* … up to this */
	size_t max_pending_bytes;   /* of commands that are not answered yet */
	size_t max_reply_bytes;	    /* see redis_reader_new */

	/* Any of these may be NULL. None is called from within redis_new or redis_end. */
	void *user;
	/*
	 * Connected and logged in, and the server answers PING (it is not loading), but no
	 * command passes yet except those begun here and in the functions that answer them. Ends
	 * with redis_accept or redis_refuse, now or from such a function. NULL: accepted.
	 */
	void (*on_check)(void *user);
	void (*on_up)(void *user);
	/*
	 * After each loss of a connection and each failed attempt, when every unanswered command
	 * has been called with NULL. REASON lives until the function returns.
	 */
	void (*on_down)(void *user, const char *reason);
};

/* All but the address: 2 s, 2 s, 50 ms to 1 s, 64 MiB, 64 MiB, no functions. */
void redis_options_init(struct redis_options *options);

/* Copies OPTIONS; begins to connect with the next turn. 0 or -ENOMEM. */
int redis_new(struct loop *loop, const struct redis_options *options, struct redis **ret_redis);
/* Closes; calls what is unanswered with NULL first, but on_down no more. Allowed anywhere. */
struct redis *redis_free(struct redis *redis);
void redis_freep(struct redis **redis);

bool redis_is_up(const struct redis *redis);
/* Why the last attempt or connection ended; "" if none has. Valid until the next turn. */
const char *redis_reason(const struct redis *redis);
const struct redis_address *redis_get_address(const struct redis *redis);

/* The verdict of on_check; accept calls on_up. Nothing if the connection is gone already. */
void redis_accept(struct redis *redis);
/*
 * Gives this connection up, in on_check or later (a server that turned read-only): unanswered
 * commands get NULL, on_down gets REASON, then the client waits and connects again.
 */
void redis_refuse(struct redis *redis, const char *reason);

/*
 * A command: begin with the number of its arguments (the name counts), then exactly so many of
 * redis_arg…, then end. Between begin and end nothing else may be asked of the client.
 */
void redis_begin(struct redis *redis, size_t n_args);
void redis_arg(struct redis *redis, struct span s);
void redis_arg_str(struct redis *redis, const char *s);
void redis_arg_u64(struct redis *redis, uint64_t n);
void redis_arg_i64(struct redis *redis, int64_t n);
/* One argument made of two pieces, a key of its prefix and its id. */
void redis_arg2(struct redis *redis, struct span a, struct span b);
/*
 * Hands the command over; FN is called once, never from within (NULL: nobody cares), but only if
 * this returns 0. -ENOTCONN, -ENOBUFS (max_pending_bytes), -ENOMEM: nothing was sent.
 */
int redis_end(struct redis *redis, redis_reply_fn fn, void *user);
/* For a command that may block at the server for up to BLOCK_MS: that much more silence is fine. */
int redis_end_blocking(struct redis *redis, int64_t block_ms, redis_reply_fn fn, void *user);

/* All of the above at once. */
int redis_command(
	struct redis *redis, redis_reply_fn fn, void *user, const struct span *args, size_t n_args);

/* Of commands that are not answered yet: bytes (each with 64 for our books), and how many. */
size_t redis_pending_bytes(const struct redis *redis);
size_t redis_pending(const struct redis *redis);

/*
 * For command-line tools and tests, never from within a callback: waits up to connect_timeout_ms
 * until the connection is up, sends one command, and turns the loop until it is answered. The
 * reply is copied into A. 0, REDIS_CALL_UNKNOWN, or what redis_end returns.
 */
enum { REDIS_CALL_UNKNOWN = 1 };
int redis_call(struct redis *redis, const struct span *args, size_t n_args, struct arena *a,
	const struct redis_value **ret_reply);
