/* SPDX-License-Identifier: MIT */
/* The bucket, step by step; what is expected was worked out by hand, beside each step. */
#include "base/rate_limit.h"
#include "check.h"

struct step {
	int64_t at;   /* ms */
	int64_t n;    /* events */
	int64_t want; /* what rate_limit_take answers */
};

static void run(int64_t rate, int64_t burst, const struct step *steps, size_t n)
{
	struct rate_limit limit = {0};

	for (size_t i = 0; i < n; i++)
		check_int(__FILE__, (int)i, "wait of this step",
			rate_limit_take(&limit, rate, burst, steps[i].at, steps[i].n),
			steps[i].want);
}

static void test_steps(void)
{
	/* 10 a second is one in 100 ms; 3 at once. */
	static const struct step steps[] = {
		{1000, 1, 0},	/* 2 left */
		{1000, 2, 0},	/* 0 left */
		{1000, 1, 100}, /* one comes back in 100 ms */
		{1000, 3, 300},
		{1000, 0, 0},  /* no debt */
		{1099, 1, 1},  /* 0.99 there */
		{1100, 1, 0},  /* 0 left */
		{1350, 2, 0},  /* 2.5 came back; 0.5 left */
		{1350, 1, 50}, /* half of one is missing */
		{1400, 1, 0},  /* 0 left */
		{99000, 3, 0}, /* long ago full, and not fuller than full */
		{99000, 1, 100},
	};

	run(10, 3, steps, ARRAY_SIZE(steps));
}

static void test_uneven(void)
{
	/* 3 a second: one in 333 1/3 ms; waits are rounded up to whole ms and nothing is lost. */
	static const struct step steps[] = {
		{0, 2, 0},
		{0, 1, 334},
		{333, 1, 1},   /* 0.999 there */
		{334, 1, 0},   /* 1.002 there, 0.002 left */
		{334, 1, 333}, /* 0.998 at 0.003 a ms takes 332.67 */
		{667, 1, 0},   /* 0.002 + 0.999 there, 0.001 left */
		{1000, 1, 0},  /* 0.001 + 0.999: three in the first second after the two */
		{1000, 1, 334},
	};

	run(3, 2, steps, ARRAY_SIZE(steps));
}

static void test_larger_than_the_bucket(void)
{
	/* 100 a second, 50 at once; a batch of 250 passes when the bucket is full. */
	static const struct step steps[] = {
		{0, 250, 0},	  /* 200 in debt */
		{0, 1, 2010},	  /* 200 of debt and 1 */
		{2000, 1, 10},	  /* the debt is paid */
		{2010, 1, 0},	  /* 0 left */
		{2010, 250, 500}, /* wants a full bucket: 50 */
		{2509, 250, 1},
		{2510, 250, 0},
		{4510, 50, 500},
	};

	run(100, 50, steps, ARRAY_SIZE(steps));
}

static void test_clock(void)
{
	/* 1 a second, 2 at once. A clock that goes back gives nothing and goes on from there. */
	static const struct step steps[] = {
		{10000, 2, 0},
		{5000, 1, 1000},
		{5999, 1, 1},
		{6000, 1, 0},
		{INT64_MAX, 2, 0},
		{INT64_MIN, 1, 1000},
		{INT64_MAX, 2, 0},
	};

	run(1, 2, steps, ARRAY_SIZE(steps));
}

static void test_limits(void)
{
	/* At the limits of all of them: 10^9 events at once leave a debt of 10^9 - 10^7 events,
	 * which 10^6 a second pay in 990 s. */
	static const struct step large[] = {
		{0, RATE_LIMIT_TAKE_MAX, 0},
		{0, 0, 990000},
		{990000, 0, 0},
		{990000, 1, 1}, /* a thousandth of a ms, rounded up */
		{990001, 1000, 0},
	};
	static const struct step none[] = {
		{0, RATE_LIMIT_TAKE_MAX, 0}, {0, RATE_LIMIT_TAKE_MAX, 0}};

	run(RATE_LIMIT_RATE_MAX, RATE_LIMIT_BURST_MAX, large, ARRAY_SIZE(large));
	run(0, 0, none, ARRAY_SIZE(none));
}

static void test_changed(void)
{
	struct rate_limit limit = {0};

	/* A limit that is lowered while the bucket is nearly empty: 9 of 10 spent at 10 a second,
	 * then 1 a second and 4 at once: 5 must come back before there is nothing, 1 more for 1. */
	CHECK_INT(rate_limit_take(&limit, 10, 10, 0, 9), 0);
	CHECK_INT(rate_limit_take(&limit, 1, 4, 0, 1), 6000);
	CHECK_INT(rate_limit_take(&limit, 1, 4, 6000, 1), 0);
	CHECK_INT(rate_limit_take(&limit, 0, 0, 6000, 1000), 0);
}

int main(void)
{
	static const struct check_case cases[] = {
		{"step by step", test_steps},
		{"a rate that does not divide a second", test_uneven},
		{"more at once than the bucket holds", test_larger_than_the_bucket},
		{"odd clocks", test_clock},
		{"limits", test_limits},
		{"a changed limit", test_changed},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
