/* SPDX-License-Identifier: MIT */
/* A line on the terminal that says how far long work is; nothing where there is no terminal. */
#pragma once

#include "base/base.h"

struct progress {
	bool shown;	    /* standard error is a terminal, and progress is wanted */
	uint64_t total;	    /* 0: unknown */
	int64_t started_at; /* by the caller's clock, ms */
	int64_t drawn_at;
	const char *unit; /* "events" */
};

void progress_init(struct progress *p, bool wanted, uint64_t total, const char *unit, int64_t now);
/* DONE of the total (bytes, say) and COUNT units so far. Draws ten times a second at most. */
void progress_update(struct progress *p, uint64_t done, uint64_t count, int64_t now);
/* Takes the line away. */
void progress_end(struct progress *p);
