/* SPDX-License-Identifier: MIT */
/*
 * The store in Redis on a server of the test's own, with every question asked as if it blocked,
 * and a look at what really lies in Redis through its own commands.
 */
#pragma once

#include "check.h"
#include "redis_fixture.h"
#include "store/keys.h"
#include "store/redis_store.h"

#define DATASET "0123456789abcdef0123456789abcdef"

struct redis_stage {
	struct redis_fixture server;
	struct loop *loop;
	struct redis *redis;
	struct redis_store *redis_store;
	struct store *store;
	uint64_t rules;	    /* that the worker brings when it asks for a lease; 0: none */
	struct arena arena; /* what the answers point to; as long as the stage */
};

/* Starts a server, with a data set of four partitions if DATASET_TOO. As redis_fixture_start. */
int stage_open(struct redis_stage *s, const char *const *extra, bool dataset_too);
void stage_close(struct redis_stage *s);
/* Kills the server and starts it again; waits for the connection. */
int stage_restart(struct redis_stage *s);
void stage_wait_up(struct redis_stage *s);

/*
 * What Redis says to a command of blank-separated words, in a notation of the test's own:
 * nil, 7, "text", !error, [a b]. Lives as long as the stage.
 */
const char *stage_say(struct redis_stage *s, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#define STAGE(S, EXTRA)                                                                            \
	_cleanup_(stage_close) struct redis_stage S = {.loop = NULL};                              \
	do {                                                                                       \
		int opened_ = stage_open(&(S), (EXTRA), true);                                     \
		if (opened_ == REDIS_FIXTURE_MISSING)                                              \
			SKIP("no redis-server");                                                   \
		REQUIRE(opened_ == 0);                                                             \
	} while (0)

#define CHECK_SAY(S, WANT, ...) CHECK_STR(span_str(stage_say((S), __VA_ARGS__)), WANT)

/* The questions. Outcomes as the callbacks get them, or what the call returned if negative. */
int stage_acquire(
	struct redis_stage *s, uint32_t p, const char *worker, struct position *ret_position);
int stage_renew(struct redis_stage *s, uint32_t p, const char *worker, int64_t ttl_ms);
int stage_release(struct redis_stage *s, uint32_t p, const char *worker);
int stage_commit(struct redis_stage *s, uint32_t p, const struct commit *c);
int stage_fetch(struct redis_stage *s, uint32_t p, const struct fetch_request *request,
	struct fetched *ret_f);
int stage_load(struct redis_stage *s, uint32_t p, const struct span *customers, size_t n,
	struct span *ret_values);

/* Turns the loop until *DONE, for 20 s at most. */
void stage_turn(struct redis_stage *s, const bool *done);
