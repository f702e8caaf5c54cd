/* SPDX-License-Identifier: MIT */
/* The log in memory: entries in order of their ids, and messages that come in between. */
#pragma once

#include "store/store.h"

struct logged {
	struct logged *next;
	struct log_entry entry; /* bytes behind the struct */
};

struct memory_log {
	struct logged *first, **last;
	struct log_id newest;
};

/* LOG must not move after that. */
void memory_log_init(struct memory_log *log);
/* Those at or before AFTER are applied and can go. */
void memory_log_trim(struct memory_log *log, struct log_id after);
/* A copy of E, whose id must be greater than all before. 0 or -ENOMEM. */
int memory_log_append(struct memory_log *log, const struct log_entry *e);
/*
 * What C says, right behind its place and at the same millisecond, as if no time had passed: what
 * stands there in the log already moves on, for it was not fetched for good yet. 0 or -ENOMEM.
 */
int memory_log_deliver(struct memory_log *log, const struct commit *c);
