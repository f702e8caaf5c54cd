/* SPDX-License-Identifier: MIT */
/*
 * What a misspelt name is probably meant to be. Candidates are offered one after the other; the one
 * with the fewest slips wins, of several the first. Case, spaces and `_ - . :` do not count.
 */
#pragma once

#include "base/span.h"

#define NEAR_NAME_MAX  256 /* bytes that are compared; what is behind them is not */
#define NEAR_SLIPS_MAX 2   /* that a name may have and still be meant */

/* Letters and digits in small letters: what is left when spelling habits are taken away. */
struct near_bare {
	char text[NEAR_NAME_MAX];
	size_t len;
};

struct near_name {
	struct near_bare wanted;
	unsigned least; /* slips of the best so far; NEAR_SLIPS_MAX + 1: none is near */
	size_t shortest;
};

/* For WANTED. Names shorter than SHORTEST bytes are only meant when they have no slips at all. */
void near_name_init(struct near_name *n, struct span wanted, size_t shortest);
/* True if NAME is nearer than all that were offered before. */
bool near_name_offer(struct near_name *n, struct span name);
