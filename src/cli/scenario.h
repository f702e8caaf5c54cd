/* SPDX-License-Identifier: MIT */
/*
 * A scenario: rules, what happens, and what must come of it, in one file
 * (schemas/scenario.schema.json; deploy/rules/README.md tells how to write one). It is run on a
 * virtual clock over a store in memory, by the applier of the worker.
 */
#pragma once

#include "backtest.h"
#include "codec/rule_json.h"
#include "json_match.h"

#define SCENARIO_FILE_MAX   ((size_t)1024 * 1024) /* bytes */
#define SCENARIO_INPUTS_MAX 10000
#define SCENARIO_RUNS_MAX   1000
#define SCENARIO_SETS_MAX   16 /* of rules, one after the other */

/* An event, a watermark, or rules that are in force from now on. */
struct scenario_input {
	int64_t received_at;
	const struct rules *rules;
	bool moves; /* a shuffle may deliver it later: the file does not say when it came */
	bool machine;
	bool is_mark;
	int64_t until;	    /* of a mark */
	struct span source; /* whose mark; of an event, the name of its write key */
	struct span event;  /* JSON */
};

struct scenario {
	struct arena arena; /* all that is below */
	const char *file;
	struct span text;
	struct span about;
	struct rules *sets[SCENARIO_SETS_MAX]; /* the first ones are in force at the start */
	size_t n_sets;
	struct rule_set_place *earlier; /* that the sets so far were read from, in the arena */
	size_t n_earlier;
	const char *fallback; /* rules where none are named; may be NULL */
	const char *refused;  /* words with which the rules must be refused; NULL: they are good */
	bool was_refused;     /* so there is nothing to run */
	const char *zone;
	int64_t start_at, until_at;
	struct scenario_input *inputs; /* in order of receipt */
	size_t n_inputs;
	/* What is expected, raw JSON arrays; empty: nothing is said about it. */
	struct span jobs, decisions, never, state;
	uint32_t runs; /* shuffled ones; 0: none */
	int64_t lateness_ms;
	uint64_t seed;
	char trouble[1024]; /* why it cannot be run; empty: it can */
};

/* Reads FILE. RULES names the rules of scenarios that name none; NULL: those of the directory's
 * name. 0, or -ENOMEM; *s may have trouble. */
int scenario_read(const char *file, const char *rules, struct scenario *s);
void scenario_release(struct scenario *s);
/* By receipt; those of one instant stay as they are. */
void scenario_sort(struct scenario_input *inputs, size_t n);

/* What one run of it came to. Lists are JSON, in order. */
struct scenario_outcome {
	struct backtest backtest;
	struct arena arena;
	struct span *jobs;
	size_t n_jobs;
	struct span *decisions;
	size_t n_decisions, cap_decisions;
	struct buf trace; /* what happened, for people, if wanted */
	bool tracing, failed;
};

/* RUN 0: as it is written; others: shuffled. 0 or -errno. */
int scenario_run(
	const struct scenario *s, uint32_t run, bool tracing, struct scenario_outcome *ret_o);
void scenario_outcome_release(struct scenario_outcome *o);

/* Appends one line for each thing that is not as expected; none: all is well. WHOLE: decisions
 * too, which depend on when events came in. 0 or -ENOMEM. */
int scenario_check(
	const struct scenario *s, struct scenario_outcome *o, bool whole, struct buf *problems);
