/* SPDX-License-Identifier: MIT */
/*
 * How much somebody may do in a time: a bucket that holds BURST events and is filled again at RATE
 * events a second. It counts thousandths of events, of which RATE come back each millisecond, so
 * that all of it is exact in whole numbers.
 *
 * What is taken at once may be more than the bucket holds, as a batch of events can be: it passes
 * when the bucket is full and leaves a debt that is waited for afterwards. So nobody is refused for
 * ever, and in the long run nothing is faster than RATE.
 */
#pragma once

#include "base/base.h"

#define RATE_LIMIT_RATE_MAX  INT64_C(1000000)	 /* events a second */
#define RATE_LIMIT_BURST_MAX INT64_C(10000000)	 /* events */
#define RATE_LIMIT_TAKE_MAX  INT64_C(1000000000) /* events at once */

/* All zero: a full bucket. */
struct rate_limit {
	int64_t spent; /* thousandths of events that have not come back yet */
	int64_t at;    /* when that was so */
};

/*
 * Takes N events (0 to RATE_LIMIT_TAKE_MAX) at NOW: 0, or, having taken none, the milliseconds
 * after which N will pass if nobody else takes any (0 events: after which nothing is owed). RATE 0
 * is no limit; BURST is 1 or more with one. Both may change between calls. A clock that goes back
 * gives nothing and takes nothing.
 */
int64_t rate_limit_take(
	struct rate_limit *limit, int64_t rate, int64_t burst, int64_t now, int64_t n);
