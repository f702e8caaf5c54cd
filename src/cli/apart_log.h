/* SPDX-License-Identifier: MIT */
/*
 * What a division needs of a partition's log (store/divide.h): the log, and before it what has left
 * it and stands in the archive. Of the archive only lines are opened that are sealed with the key
 * of the customer, and those about nobody (watermarks, changes of rules); all files must be there,
 * from the first to where the log begins.
 *
 * A page of the log and a line of the archive are in memory at a time; what is kept are the
 * customer's own entries (divide_feed).
 */
#pragma once

#include "store/divide.h"
#include "tool.h"

struct apart_log {
	struct tool *tool;
	struct redis *redis;
	const char *archive; /* a directory; "": none is read */
	uint32_t partition;
	uint32_t key_partition; /* of who is taken out: its log has the news that they would have
				   heard */
	struct span customer;	/* key */
	struct log_id until;	/* the last entry that is fed */
	struct log_id first;	/* the log's own first; 0-0: there is none */
	struct log_id trimmed;	/* what was before it has left the log; 0-0: nothing has */
	bool archived;		/* it came from the archive */
	uint64_t entries;	/* that were looked at */
};

/* Feeds D with all of it up to L->until, with progress on a terminal. L up to `until` is set. 0 or
 * a status, with the reason said. */
int apart_log_feed(struct apart_log *l, struct divide *d);

/* Looks at what came behind *AT, which is where D was fed up to or later, and moves it there:
 * *ret_missed if DIVIDED does not hold for a word that is said there (divide_missed). 0 or a
 * status. */
int apart_log_missed(struct apart_log *l, struct divide *d, const struct divided *divided,
	struct log_id *at, bool *ret_missed);
