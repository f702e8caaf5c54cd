/* SPDX-License-Identifier: MIT */
#include "base/rate_limit.h"

#define THOUSANDTHS 1000

static int64_t divide_up(int64_t n, int64_t by)
{
	return (n + by - 1) / by;
}

static void recover(struct rate_limit *limit, int64_t rate, int64_t now)
{
	/* The differences of clocks that a caller has confused must not overflow either. */
	uint64_t passed = now > limit->at ? (uint64_t)now - (uint64_t)limit->at : 0;

	if (passed >= (uint64_t)divide_up(limit->spent, rate))
		limit->spent = 0;
	else
		limit->spent -= (int64_t)passed * rate;
	limit->at = now;
}

int64_t rate_limit_take(
	struct rate_limit *limit, int64_t rate, int64_t burst, int64_t now, int64_t n)
{
	int64_t over;

	if (rate == 0)
		return 0;
	assert(rate > 0 && rate <= RATE_LIMIT_RATE_MAX);
	assert(burst > 0 && burst <= RATE_LIMIT_BURST_MAX);
	assert(n >= 0 && n <= RATE_LIMIT_TAKE_MAX);
	recover(limit, rate, now);
	over = limit->spent + (int64_min(n, burst) - burst) * THOUSANDTHS;
	if (over > 0)
		return divide_up(over, rate);
	limit->spent += n * THOUSANDTHS;
	return 0;
}
