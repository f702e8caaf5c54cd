/* SPDX-License-Identifier: MIT */
/*
 * Chance for tests that compare with a model: a new seed on every run, printed, and taken from
 * WAYMARK_TEST_SEED to see a failure again. The generator is SplitMix64 (Steele, Lea and Flood,
 * 2014).
 */
#pragma once

#include "base/base.h"

struct chance {
	uint64_t state;
};

static inline struct chance chance_new(void)
{
	const char *given = getenv("WAYMARK_TEST_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);

	printf("# WAYMARK_TEST_SEED=%llu\n", (unsigned long long)seed);
	return (struct chance){seed};
}

static inline uint64_t chance_u64(struct chance *c)
{
	uint64_t z = c->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* 0 … N - 1; the bias does not matter here. */
static inline size_t chance_below(struct chance *c, size_t n)
{
	return (size_t)(chance_u64(c) % n);
}
