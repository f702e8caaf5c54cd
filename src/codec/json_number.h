/* SPDX-License-Identifier: MIT */
/*
 * The number that a JSON text stands for, of any size and exactly: significant digits, left where
 * they are, and the power of ten of the last of them. base/decimal.h does this for money, in 18
 * digits; a schema must be able to judge whatever a sender writes.
 */
#pragma once

#include "base/base.h"
#include "base/decimal.h"
#include "base/span.h"

struct json_number {
	struct span digits; /* from the first to the last that is not 0, perhaps with a point among
			       them; borrowed */
	size_t n;	    /* digits, the point not counted; 0: zero */
	int64_t exponent;   /* of ten, of the last digit; 0 for zero */
	bool negative;	    /* never for zero */
};

/* RAW must be a number as a cursor passed it. False: its exponent is beyond ±MAX. */
bool json_number_read(struct span raw, int64_t max, struct json_number *ret_number);

/* <0, 0, >0 */
int json_number_compare(const struct json_number *a, const struct json_number *b);

/* No fraction: 1.0 and 1e3 are whole. */
static inline bool json_number_whole(const struct json_number *a)
{
	return a->exponent >= 0;
}

/* A divided by DIVISOR, which is positive, leaves nothing. */
bool json_number_multiple(const struct json_number *a, struct decimal divisor);

/* A whole number that is not negative, as one; UINT64_MAX if it is larger. False: it is no such. */
bool json_number_count(const struct json_number *a, uint64_t *ret_count);

/* Equal numbers have equal hashes. */
uint64_t json_number_hash(const struct json_number *a);
