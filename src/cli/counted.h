/* SPDX-License-Identifier: MIT */
/* How many of something, for people: "1 rule", "2 rules". */
#pragma once

#include "base/base.h"

/* For "%llu rule%s". */
#define COUNT(N) (unsigned long long)(N), (N) == 1 ? "" : "s"
/* For "%llu %s", where more changes than an s. */
#define COUNT_AS(N, ONE, MANY) (unsigned long long)(N), (N) == 1 ? (ONE) : (MANY)
