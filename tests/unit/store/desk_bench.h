/* SPDX-License-Identifier: MIT */
/*
 * A desk on a server of the test's own, at an instant that the test sets, with jobs that a worker's
 * commit emits and takes back.
 */
#pragma once

#include "chance.h"
#include "redis_stage.h"
#include "store/job_desk.h"

#define START	 INT64_C(1795289176000) /* 2026-11-21T19:26:16Z */
#define LEASE_MS 30000
#define RETRY_MS 5000

struct lease {
	char id[40], token[JOB_TOKEN_SIZE], channel[32];
	int64_t until;
	uint64_t tries;
};

struct answer_said {
	char state[32];
	int64_t at;
	bool again;
};

struct bench {
	struct redis_stage s;
	struct job_desk desk;
	struct position at[4]; /* of the worker in each partition */
	const struct span *channels;
	size_t n_channels;
	struct lease leased[JOB_LEASE_MAX];
	size_t n_leased;
	bool more;

	bool done;
	int r;
	struct answer_said said;
	bool final; /* fail */

	/* The judge: `no` has no consent, `later` and `hush` are deferred to `until` while that is
	 * not 0, `way` goes by sms; `moving` changes its customer's record so many times. */
	bool no_judge;
	int64_t until;
	int changes, judged;
	/* The rules: asked for and to come so many times, or always what `no_rules` is; `ruled` is
	 * the digest that was judged by last. Once they have come, the set becomes `switch_to`. */
	int coming, no_rules;
	uint64_t ruled;
	const char *switch_to;
	char judged_as[64]; /* by whose record it was judged last; empty: by none */
	job_rules_ready_fn *ready;
	void *ready_arg;
	struct timer soon;
};

int bench_open(struct bench *b);
void bench_close(struct bench *b);

#define BENCH(B)                                                                                   \
	_cleanup_(bench_close) struct bench B = {.r = 0};                                          \
	do {                                                                                       \
		int opened_ = bench_open(&(B));                                                    \
		if (opened_ == REDIS_FIXTURE_MISSING)                                              \
			SKIP("no redis-server");                                                   \
		REQUIRE(opened_ == 0);                                                             \
	} while (0)

/* A job; what is left out is a cart's, by email, of medium priority, worth 1. */
struct spec {
	const char *id, *customer, *channel, *class, *odds, *impact, *total;
	int64_t not_before, valid_until; /* 0: START, and never */
};
void emit(struct bench *b, uint32_t partition, struct spec spec);
void take_back(struct bench *b, uint32_t partition, const char *id, bool late);

/* b->r and b->leased are the answer. */
void ask_lease(struct bench *b, const char *consumer, size_t max);
/* How many came. */
size_t lease(struct bench *b, const char *consumer, size_t max);
struct lease lease_one(struct bench *b, const char *consumer);

typedef int report_fn(struct job_desk *desk, const struct job_report_ask *ask);
/* b->r and b->said are the answer. */
void start_report(struct bench *b, report_fn *fn, const struct lease *l);
void report_on(struct bench *b, report_fn *fn, const struct lease *l);
void cancel(struct bench *b, const char *id);
void outcome_of(struct bench *b, const char *id, enum job_fate fate);
void find(struct bench *b, const char *id);

/* Message ids in the log of PARTITION, a semicolon behind each. As long as the stage. */
const char *events(struct bench *b, uint32_t partition);
const char *last_event(struct bench *b, uint32_t partition);
/* Of job `jI`. */
unsigned count_sent(struct bench *b, uint32_t partition, size_t i);
bool state_is(struct bench *b, uint32_t partition, size_t i, const char *state);
/* The counts of states are those of jobs j0 … jN-1. */
void check_counts(struct bench *b, uint32_t partition, size_t n);
size_t atoi_of(const char *digits);

#define CHECK_LEASE(B, CONSUMER, MAX, WANT, MORE)                                                  \
	do {                                                                                       \
		CHECK_STR(span_str(leased_ids((B), (CONSUMER), (MAX))), WANT);                     \
		CHECK_INT((B)->more, MORE);                                                        \
	} while (0)
#define CHECK_NO_LEASE(B, R)                                                                       \
	do {                                                                                       \
		ask_lease((B), "me", 1);                                                           \
		CHECK_INT((B)->r, R);                                                              \
	} while (0)
const char *leased_ids(struct bench *b, const char *consumer, size_t max);

#define CHECK_REPORT(B, FN, LEASE, R, STATE)                                                       \
	do {                                                                                       \
		report_on((B), (FN), (LEASE));                                                     \
		CHECK_INT((B)->r, R);                                                              \
		CHECK_STR(span_str((B)->said.state), STATE);                                       \
	} while (0)

#define CHECK_OUTCOME(B, ID, FATE, R)                                                              \
	do {                                                                                       \
		outcome_of((B), (ID), (FATE));                                                     \
		CHECK_INT((B)->r, R);                                                              \
	} while (0)

#define CHECK_CANCEL(B, ID, R, STATE)                                                              \
	do {                                                                                       \
		cancel((B), (ID));                                                                 \
		CHECK_INT((B)->r, R);                                                              \
		CHECK_STR(span_str((B)->said.state), STATE);                                       \
	} while (0)

#define CHECK_EVENTS(B, P, WANT) CHECK_STR(span_str(events((B), (P))), WANT)
