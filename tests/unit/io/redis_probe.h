/* SPDX-License-Identifier: MIT */
/*
 * A client under test with its loop and a count of everything it says. Tests turn the loop until a
 * count is reached, never for a time alone unless it is the time that they test.
 */
#pragma once

#include "check.h"
#include "io/redis.h"
#include "redis_fixture.h"

/* What became of the commands of a test, in the order of their answers. */
struct probe {
	struct redis *redis;
	struct loop *loop;
	size_t n_replies, n_unknown, n_errors, n_up, n_down, n_checks;
	uint64_t next; /* the number that the next answer should bear */
	bool in_order;
	bool up_at_answer; /* the connection counted as up while an unknown was told */
	char last[128];	   /* text of the last answer */
	char reason[160];  /* of the last on_down */
	bool refuse;	   /* for tests with a check of their own */
	bool free_in_reply, free_in_up, free_in_down, free_in_check;
};

/* ADDRESS as redis_address_parse takes it; OPTIONS may be NULL. 0 or -errno. */
int probe_start(struct probe *p, const char *address, struct redis_options *options);
void probe_stop(struct probe *p);

/* Turns the loop until *COUNT is at least N, or MS are over. */
void probe_turn_until(struct probe *p, const size_t *count, size_t n, int64_t ms);
void probe_turn_for(struct probe *p, int64_t ms);

/* A command of blank-separated words; what redis_command returns. FN gets the probe. */
int probe_command(struct probe *p, redis_reply_fn fn, const char *words);
/* Counts an answer. */
void probe_reply(void *user, const struct redis_value *reply);
/* For ECHO of a running number: the answers must come in the order of the commands. */
void probe_number(void *user, const struct redis_value *reply);

#define SERVER(F, EXTRA)                                                                           \
	_cleanup_(redis_fixture_stop) struct redis_fixture F = REDIS_FIXTURE_NONE;                 \
	do {                                                                                       \
		int started_ = redis_fixture_start(&(F), (EXTRA));                                 \
		if (started_ == REDIS_FIXTURE_MISSING)                                             \
			SKIP("no redis-server");                                                   \
		REQUIRE(started_ == 0);                                                            \
	} while (0)

#define PROBE(P, ADDRESS, OPTIONS)                                                                 \
	_cleanup_(probe_stop) struct probe P = {.redis = NULL};                                    \
	REQUIRE(probe_start(&(P), (ADDRESS), (OPTIONS)) == 0)

#define PROBE_UP(P, ADDRESS, OPTIONS)                                                              \
	PROBE(P, ADDRESS, OPTIONS);                                                                \
	probe_turn_until(&(P), &(P).n_up, 1, 10000);                                               \
	REQUIRE(redis_is_up((P).redis))
