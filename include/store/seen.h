/* SPDX-License-Identifier: MIT */
/*
 * The message ids of a partition's last hours: how a duplicate is recognised. An id is seen within
 * its source (write key); it is remembered in the same commit as its effect, never before it, so
 * that a crash between the two cannot lose an event. 12 bytes an id, here and in Redis.
 *
 * The window: an entry received in hour h counts for SEEN_HOURS hours after it, so for 24 to 25
 * hours. Time is the log's, so a backtest forgets exactly when the live run did.
 * A false duplicate needs two ids of a window to agree in 64 bits of SipHash and their contents in
 * 32 more; a false conflict in the 64 bits alone (10 million ids: 3 in a million).
 */
#pragma once

#include "base/base.h"
#include "core/event.h"
#include "store/store.h"

struct seen {
	struct seen_slot *slots;
	size_t n_slots; /* a power of two, or 0 */
	size_t len;	/* filled slots, expired ones included */
};

enum seen_answer { SEEN_NEW, SEEN_DUPLICATE, SEEN_CONFLICT };

void seen_init(struct seen *s);
void seen_release(struct seen *s);

/* What is remembered of E, in the form that Redis keeps. */
void seen_mark(const struct event *e, char ret_mark[SEEN_BYTES]);

/* That CUSTOMER has heard the news of the log's entry AT, whose content is CONTENT; ids of entries
 * are those of one partition's log, so that it takes both to tell two news apart. */
void seen_news_mark(
	struct span customer, struct log_id at, uint32_t content, char ret_mark[SEEN_BYTES]);

/* Hours since 1970 of an instant. */
int64_t seen_hour(int64_t at);

/* Is MARK known at HOUR? */
/* Asks memory for the place of MARK, which will be checked soon. */
void seen_expect(const struct seen *s, const char mark[SEEN_BYTES]);
enum seen_answer seen_check(const struct seen *s, const char mark[SEEN_BYTES], int64_t hour);

/* Remembers MARK, received in HOUR. 0 or -ENOMEM. */
int seen_add(struct seen *s, const char mark[SEEN_BYTES], int64_t hour);
