/* SPDX-License-Identifier: MIT */
/*
 * Who is held for whom: the places of a customer in the index that is asked when a mark moves. It
 * has one entry for each source that an instance of theirs is held for, with the earliest deadline
 * of those. Inside core only.
 */
#pragma once

#include "core/effect.h"
#include "core/journey.h"
#include "core/mark.h"

struct hold {
	struct span source;
	int64_t at;
};

struct holds {
	struct hold *list; /* in the effects' arena */
	size_t n;
};

/* What the index says of J as it stands. 0 or -ENOMEM. */
int holds_of(const struct journey *j, struct arena *a, struct holds *ret_holds);

/* Asks for what must change in the index, which says BEFORE, so that it says what J is now; what it
 * says of FORCED (empty: none) is written in any case. 0 or -ENOMEM. */
int holds_update(const struct journey *j, const struct holds *before, struct span forced,
	struct effects *effects);

/* Somebody with dates (DATED) is in the index for the rules, looked at last AT; others are not. 0
 * or -ENOMEM. */
int holds_rules(bool dated, int64_t at, struct effects *effects);
