/* SPDX-License-Identifier: MIT */
/*
 * How the data set is doing: counters of days, and where each partition stands. Read with plain
 * commands, one partition after the other; nothing is written.
 */
#pragma once

#include "core/effect.h"
#include "store/keys.h"
#include "tool.h"

/* What of a source was put into quarantine for one reason. */
struct bad_figure {
	char source[SOURCE_MAX + 1], reason[65];
	uint64_t n;
};

/* Jobs of one class in one state, now. */
struct job_figure {
	char class[32], state[32];
	uint64_t n;
};

#define BAD_FIGURES_MAX 512
#define JOB_FIGURES_MAX 64

struct job_figures {
	struct job_figure list[JOB_FIGURES_MAX]; /* in order of class and state; none is 0 */
	size_t n;
};

struct figures {
	uint64_t counters[COUNTER_COUNT];
	uint64_t late;				/* late_cancel_after_send */
	struct bad_figure bad[BAD_FIGURES_MAX]; /* in the order in which they were met */
	size_t n_bad;
};

struct partition_figures {
	struct log_id applied; /* position */
	struct log_id last;    /* of the log; 0-0: it is empty */
	uint64_t epoch, length, bad;
	int64_t clock;
	int64_t oldest_at; /* the oldest entry that is not applied; TIME_NEVER: none */
	bool leased;
	/* The archive (store/archive_log.h). */
	bool has_archive;	/* somebody writes it */
	struct log_id archived; /* up to here */
	uint64_t archived_lines, archived_bytes;
	int64_t unarchived_at; /* the oldest entry that is applied and not archived; TIME_NEVER */
	char archive_trouble[256]; /* why it stands still; empty: it does not */
};

/* Adds up N_DAYS days from FIRST_DAY (days since 1970) over all partitions. 0, or -1 when a
 * sentence was said. */
int figures_read(struct tool *t, struct redis *redis, int64_t first_day, int64_t n_days,
	struct figures *ret_figures);

/* Adds up the jobs of all partitions. The same. */
int jobs_read(struct tool *t, struct redis *redis, struct job_figures *ret_jobs);

/* Where partition P stands. The same. */
int partition_read(
	struct tool *t, struct redis *redis, uint32_t p, struct partition_figures *ret_figures);

/* The server's clock. The same. */
int server_time(struct tool *t, struct redis *redis, int64_t *ret_now);
