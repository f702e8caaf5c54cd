/* SPDX-License-Identifier: MIT */
/*
 * What rules on trial would have sent, and those who are held out would have got: shown one by one,
 * or counted by rule and day (UTC) as a backtest counts them, by when they were due.
 */
#pragma once

#include "base/map.h"
#include "cells.h"
#include "codec/job_view.h"
#include "store/job_query.h"
#include "tool.h"

struct shadow_list {
	const struct cells *cells;
	bool json, counts;
	int64_t day; /* of these alone: days since 1970; INT64_MIN: of all */
	struct arena arena;
	struct map by_name;
	struct shadow_count **list; /* as they came */
	size_t n, cap;
	bool failed; /* out of memory */
};

/* DAY is `2026-11-22`, or empty. False if it is none. */
bool shadow_list_init(struct shadow_list *l, const char *day);
/* Also of one that is all zeros. */
void shadow_list_release(struct shadow_list *l);

void shadow_list_head(const struct shadow_list *l);
void shadow_list_show(struct shadow_list *l, const struct job_entry *e, const struct job_view *v);
/* The counts, and how many entries the list holds of those that were ever put into it. A status. */
int shadow_list_end(struct shadow_list *l, struct tool *t, struct redis *redis);
