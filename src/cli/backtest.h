/* SPDX-License-Identifier: MIT */
/*
 * The backtest's parts: a log in memory that the engine runs over (backtest_run.c), where its
 * entries come from (backtest_file.c, backtest_log.c), and what is said of the result
 * (backtest_print.c).
 */
#pragma once

#include "base/arena.h"
#include "codec/event_json.h"
#include "store/memory_store.h"
#include "store/pump.h"

struct backtest_job {
	char id[33];
	struct span customer, json;
	struct decision decision; /* its texts are kept in the backtest's arena */
	int64_t retracted_at;	  /* TIME_NEVER: not */
	struct span retracted_by;
	bool retracted_late;
	bool would; /* not sent: its rule is in shadow, or the customer is held out */
};

/* A set of rules by its name in a log. */
struct backtest_set {
	uint64_t digest;
	struct rules *rules;
	struct event_decoder *decoder;
};

struct backtest {
	const struct rules *rules; /* in force */
	const struct identity *identity;
	struct event_decoder *decoder;
	struct memory_store *store;
	struct pump *pump;
	uint32_t partition, partitions; /* whose log it is; 0 of 0: the log has all customers */
	struct arena arena;
	struct backtest_job **jobs;
	size_t n_jobs, cap_jobs;
	struct map by_id;
	size_t waiting;	    /* entries appended since the last run */
	struct log_id last; /* of the last entry */
	uint64_t entries;   /* appended in all */
	uint64_t counters[COUNTER_COUNT];
	applier_witness_fn *witness; /* set before the first entry; NULL: nobody looks */
	void *witness_user;
	bool state;		   /* records are kept in the store */
	bool tells_states;	   /* and printed in the end */
	struct map customers;	   /* then: all who had an input, to themselves */
	struct backtest_set *sets; /* that the log may name; NULL: the rules stay as they are */
	size_t n_sets;
	int failed;	       /* why the pump stopped, 0: it did not */
	struct span failed_at; /* the customer concerned */
};

/* What it is given; borrowed. */
struct backtest_setup {
	const struct rules *rules;
	const struct identity *identity;
	applier_witness_fn *witness; /* is told of every input that was applied; NULL: nobody is */
	void *witness_user;
	bool state; /* the customers' records are wanted afterwards */
};

/* A run over one partition's log. 0 or -ENOMEM. */
int backtest_init(struct backtest *b, const struct backtest_setup *setup);
void backtest_release(struct backtest *b);

/*
 * Appends an entry received at AT (a later one never comes before an earlier one: AT is raised to
 * the last one's time if it is less). 0 or -errno.
 */
int backtest_append(struct backtest *b, int64_t at, struct span event, struct span meta);
/* SOURCE is complete until UNTIL, said at AT. 0 or -errno. */
int backtest_append_mark(struct backtest *b, int64_t at, struct span source, int64_t until);
/* The same with a log id of its own, which must be greater than the last. */
int backtest_append_id(struct backtest *b, const struct log_entry *e);
/* The set of this DIGEST among B's, for the applier (applier_rules_fn). */
bool backtest_find_rules(void *b, uint64_t digest, const struct rules **ret_rules,
	const struct event_decoder **ret_decoder);
/* From AT on RULES are in force, as after a restart of the worker. Borrowed. 0 or -errno. */
int backtest_change_rules(struct backtest *b, int64_t at, const struct rules *rules);
/* Runs to the end: timers due at or before HORIZON fire. 0 or -errno. */
int backtest_finish(struct backtest *b, int64_t horizon);
/* Each customer's state is printed when a log has come to its end, as the console shows it, one
 * JSON object a line, in order of their keys. Before the first entry. 0 or -ENOMEM. */
int backtest_tell_states(struct backtest *b);
/* CUSTOMER had an input. 0 or -ENOMEM. */
int backtest_note_customer(struct backtest *b, struct span customer);
/* Prints them as they are at NOW. 0 or -errno. */
int backtest_print_states(const struct backtest *b, int64_t now);
/* A fresh log for the next partition, keeping the jobs and counts. 0 or -errno. */
int backtest_next_log(struct backtest *b);
/* The same for the log of one partition of many: what others say to it stands in it. */
int backtest_partition_log(struct backtest *b, uint32_t partition, uint32_t partitions);

struct backtest_files {
	int64_t lateness_ms; /* sort by event time within this; 0: as delivered */
	int64_t to;	     /* what was received then or later is left out; TIME_NEVER: nothing */
	bool quiet;
	const struct identity *identity;
};

struct backtest_account {
	uint64_t lines, refused, too_long;
	int64_t latest_ms;	 /* how far a line's time lay behind an earlier line's, at most */
	bool has_received_at;	 /* some lines say when they were received */
	uint64_t left_out;	 /* lines received too late for this run */
	int64_t horizon;	 /* the greatest time in the events; INT64_MIN: there are none */
	char first_refusal[256]; /* empty: none */
};

/*
 * Feeds PATHS, one after the other, to each of the N TARGETS: files, `-`, or directories. The
 * *.ndjson and *.ndjson.gz of a directory are merged in order of receipt; those of an archive
 * (directories dt=YYYY-MM-DD) day by day. 0, -errno with the path in *account's first_refusal, or 1
 * with a sentence there.
 */
int backtest_feed_paths(struct backtest *const *targets, size_t n, const char *const *paths,
	const struct backtest_files *options, struct backtest_account *account);

/* The live data set's own entries. */
struct backtest_source {
	const char *archive; /* directory of its archive; NULL: without */
	bool log;	     /* its log, behind what the archive has */
	bool own_rules;	     /* the rules that were in force, changing where they changed */
};

struct program;
/* Feeds the partitions' entries, each to its own clock; *ret_horizon is the latest of those. Status
 * as main's. */
int backtest_feed_log(struct backtest *b, struct program *p, const struct backtest_source *source,
	int64_t *ret_horizon);

/* Notes a job, which WOULD have been one if nothing had kept it back. 0 or -ENOMEM. */
int backtest_keep_job(struct backtest *b, const struct commit_job *job, bool would);
/* Of all logs so far. */
uint64_t backtest_counter(const struct backtest *b, enum counter c);
/* In order of fire_at, rule, customer and key. */
void backtest_sort(struct backtest *b);
