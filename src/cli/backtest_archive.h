/* SPDX-License-Identifier: MIT */
/*
 * The live data set's own archive through the backtest: a partition's entries in their order, as
 * they stood in its log. They are sealed; the keys are asked of Redis, and entries of customers who
 * were erased are passed over.
 */
#pragma once

#include "archive_dir.h"
#include "backtest_gone.h"
#include "codec/archive_line.h"
#include "io/redis.h"

struct backtest_archive {
	struct program *program;
	struct redis *redis;
	struct archive_dir dir;
	struct archive_coder *coder;
	struct backtest_gone *gone; /* said between its lines; borrowed */
	uint64_t unreadable;	    /* entries whose key is gone */
	char words[512];	    /* what is wrong; empty: nothing */
};

/* How far a partition's archive comes, and the virtual time that goes with it. */
struct backtest_reach {
	struct log_id through;
	int64_t clock;
};

/* Opens the archive in PATH. 0, -errno, or 1 with words; release A as after success. */
int backtest_archive_open(struct backtest_archive *a, const char *path);
void backtest_archive_release(struct backtest_archive *a);

/* Appends all that A has of PARTITION to B's log. The same. */
int backtest_archive_feed(struct backtest_archive *a, struct backtest *b, uint32_t partition,
	struct backtest_reach *ret_reach);
