/* SPDX-License-Identifier: MIT */
/* The message ids of the last hours, for the store in memory. */
#pragma once

#include "base/buf.h"
#include "store/store.h"

struct memory_seen_hour {
	int64_t hour;
	struct buf bytes;
};

struct memory_seen {
	struct memory_seen_hour hours[SEEN_HOURS + 2];
	size_t n;
};

void memory_seen_release(struct memory_seen *m);
/* 0 or -ENOMEM. */
int memory_seen_commit(struct memory_seen *m, const struct commit *c);
