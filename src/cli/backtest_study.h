/* SPDX-License-Identifier: MIT */
/*
 * One run of a backtest and what is counted on its way: for each rule what was decided and why, for
 * each job what consumers would see, and the curve of waits.
 */
#pragma once

#include "backtest.h"
#include "backtest_curve.h"
#include "backtest_forecast.h"
#include "backtest_gaps.h"
#include "core/gate.h"

#define STUDY_CURRENCIES 4 /* of one rule; what is in others counts nowhere */

/* Of the time that is reported about. */
struct study_rule {
	uint64_t outcomes[OUTCOME_COUNT];
	uint64_t reasons[GATE_REASON_COUNT]; /* of gates that deferred or suppressed */
	uint64_t jobs, would_send, retracted;
	uint64_t priorities[3]; /* enum priority_class */
	/* What its jobs are about and worth, added up: the order or cart concerned, else all that
	 * the customer bought. Each once, however many messages it is about; what was taken back
	 * is at risk no more. Of different rules it is often the same money. */
	struct {
		struct span currency;
		int64_t hundredths;
	} at_risk[STUDY_CURRENCIES];
	size_t n_at_risk;
};

struct study {
	struct backtest backtest;
	struct curve curve;
	struct forecasts forecasts;
	struct gaps gaps;
	bool measures;		  /* the gaps between purchases are wanted */
	struct study_rule *rules; /* one for each of the set, in its order */
	int64_t from, to;	  /* reported: from inclusive, to exclusive */
	struct span customer;	  /* whose story is told; empty: nobody's */
	struct buf story;
	bool decisions, json; /* all that is decided is printed at once, as JSON or for people */
	struct backtest_job **jobs; /* reported, in order; within backtest.jobs */
	size_t n_jobs;
	char digest[65]; /* SHA-256 of the list of jobs */
	bool failed;
};

/* Begins. RULES and IDENTITY are borrowed; FROM and TO bound what is reported (INT64_MIN,
 * TIME_NEVER: all). 0 or -ENOMEM. */
int study_init(struct study *s, const struct rules *rules, const struct identity *identity,
	int64_t from, int64_t to);
void study_release(struct study *s);
/* Everything was fed until HORIZON: sorts and counts. 0 or -ENOMEM. */
int study_end(struct study *s, int64_t horizon);

/* Fills at_risk of the rules from the reported jobs; study_end does it. 0 or -ENOMEM. */
int study_count_risks(struct study *s);

/* The job's line, as --json lists it. */
void study_job_line(const struct backtest_job *job, struct buf *out);

/* How jobs spread over channels and days (UTC). */
struct study_spread {
	struct {
		struct span name; /* `-`: the rule names none */
		uint64_t n;
	} channels[16];
	size_t n_channels; /* the least used first */
	struct {
		int64_t day; /* since 1970 */
		uint64_t n;
	} * days; /* in order */
	size_t n_days;
};
/* Of RULE; empty: of all. 0 or -ENOMEM. */
int study_spread(const struct study *s, struct span rule, struct study_spread *ret_spread);
void study_spread_release(struct study_spread *spread);

/* The reported jobs customer by customer, each in order of time; to be freed. NULL: out of memory.
 */
struct backtest_job **study_by_customer(const struct study *s);

/* Two rules that write to the same people. */
struct study_overlap {
	size_t a, b;	     /* rules by their place */
	uint64_t customers;  /* who have jobs of both */
	uint64_t within_day; /* pairs of jobs that are less than a day apart */
};
/* In order of the rules; to be freed. NULL with *ret_n 0: there are none, or out of memory. */
struct study_overlap *study_overlaps(const struct study *s, size_t *ret_n);

/* What came of jobs that both runs, or only one of them, have. */
enum study_change { STUDY_SAME, STUDY_MOVED, STUDY_ADDED, STUDY_REMOVED };
struct study_difference {
	enum study_change change;
	const struct backtest_job *now, *before; /* NULL: not there */
};
/* NOW against BEFORE, in order of instants; to be freed. NULL: out of memory. */
struct study_difference *study_compare(
	const struct study *now, const struct study *before, size_t *ret_n);

struct study_report {
	const struct study *study, *against; /* AGAINST may be NULL */
	const struct backtest_account *account;
	const char *curve; /* a rule whose curve is wanted in full; NULL: none */
	bool list;
};
/* The whole as one JSON document. */
void study_print_json(const struct study_report *r);
void study_print_table(const struct study_report *r);
