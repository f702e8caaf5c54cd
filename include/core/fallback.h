/* SPDX-License-Identifier: MIT */
/*
 * "Not delivered in N" (triggers, section 8, last line): a service message that was sent by one way
 * and of which nobody says within the rule's `fallback_after` that it arrived goes by the next of
 * its channels, as a job of its own. What is said of it are events of the log, those that the desk
 * of jobs writes and those of providers; so a replay comes to the same. (src/core/fallback.c)
 */
#pragma once

#include "base/base.h"
#include "core/text.h"

/*
 * The latest job of an instance whose rule has `fallback_after`: by which way it went, and when it
 * goes by another because nobody says that it arrived (core/fallback.c).
 */
struct fallback {
	uint32_t tried; /* 1 << enum job_channel, the present way's too */
	uint32_t way;	/* the present one */
	bool over;	/* it arrived, or there is nothing more to be done for it */
	bool lost;	/* it is known that it does not arrive */
	int64_t due_at; /* when its step came due: its worth counts from there */
	int64_t armed_at;
	int64_t made_at; /* when the present job was made (virtual time) */
	int64_t sent_at; /* earliest event time of word that it was sent; TIME_NEVER: none yet */
	int64_t fall_at; /* the timer; TIME_NEVER: none */
	uint32_t number; /* that its further jobs bear (core/spent.h); 0: the first one's */
	uint32_t gate, reason; /* why it was put off (core/gate.h); 0: it was not */
	struct text by, data;  /* what the instance kept of its arming event */
};

struct fallback *fallback_free(struct fallback *f);
/* NULL: no memory. */
struct fallback *fallback_copy(const struct fallback *f);
