/* SPDX-License-Identifier: MIT */
/* What the files of `waymark jobs` share. */
#pragma once

#include "cells.h"
#include "tool.h"

struct jobs_settings {
	const char *data, *rule, *customer, *state, *day;
	const char *consumer, *channels, *token, *reason, *bounce, *rules, *store_zone;
	int64_t count, lease_ms, retry_ms;
	bool follow, final, shadow, counts;
};

/*
 * What is done at the desk (store/job_desk.h): `take`, `lease`, `ack`, `fail`, `extend`, `outcome`
 * and `show`. The exit status; -1 if WORD is none of them.
 */
int jobs_at_desk(struct tool *t, struct redis *redis, struct jobs_settings *s, const char *word);
