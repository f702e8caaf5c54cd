/* SPDX-License-Identifier: MIT */
/*
 * Numbers as people write them. Money must not be compared as doubles (19.99 has none), so a JSON
 * number is read as mantissa × 10^exponent, exactly, and compared exactly.
 */
#pragma once

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

struct decimal {
	int64_t mantissa; /* without trailing zeros, 0 for zero */
	int32_t exponent; /* of ten; 0 for zero */
};

enum {
	DECIMAL_INVALID = 1, /* not a JSON number (RFC 8259 section 6) */
	DECIMAL_RANGE = 2,   /* more than 18 significant digits, or |exponent| > 400 */
};

/* Reads all of S as a JSON number. 0 or an outcome above. */
int decimal_parse(struct span s, struct decimal *ret_d);
/* <0, 0, >0 */
int decimal_compare(struct decimal a, struct decimal b);
struct decimal decimal_from_int(int64_t n);
/* Exact sum, difference and product. 0, or DECIMAL_RANGE when it has more than 18 digits or
 * leaves the range of exponents. */
int decimal_add(struct decimal a, struct decimal b, struct decimal *ret_d);
int decimal_subtract(struct decimal a, struct decimal b, struct decimal *ret_d);
int decimal_multiply(struct decimal a, struct decimal b, struct decimal *ret_d);
/* The whole number D stands for; 1 (DECIMAL_INVALID) if it has a fraction, 2 if out of range. */
int decimal_to_int(struct decimal d, int64_t *ret_n);
/* Appends D as a JSON number: 19.99, 1200; with an exponent where more than 18 zeros would stand.
 */
void buf_add_decimal(struct buf *b, struct decimal d);
