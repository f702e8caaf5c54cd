/* SPDX-License-Identifier: MIT */
/*
 * What every file of the house may assume: fixed-size integers, bool, spans of borrowed bytes,
 * cleanup attributes. Includes the system headers whose functions banned.h then forbids.
 */
#pragma once

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/banned.h"

/* Runs FN on a pointer to the variable when it goes out of scope. */
#define _cleanup_(FN) __attribute__((cleanup(FN)))

#define ARRAY_SIZE(A) (sizeof(A) / sizeof((A)[0]))

/* The instant that does not come. */
#define TIME_NEVER INT64_MAX

#define MS_SECOND INT64_C(1000)
#define MS_MINUTE (60 * MS_SECOND)
#define MS_HOUR	  (60 * MS_MINUTE)
#define MS_DAY	  (24 * MS_HOUR)

static inline void base_freep(void *p)
{
	free(*(void **)p);
}
#define _cleanup_free_ _cleanup_(base_freep)

static inline int64_t int64_min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static inline int64_t int64_max(int64_t a, int64_t b)
{
	return a > b ? a : b;
}
