/* SPDX-License-Identifier: MIT */
/*
 * How long customers let pass between two purchases, from the history itself: the table that the
 * policy takes as `models.store_gap`, and what follows from it. A gap is between two days (UTC) on
 * which somebody bought, on any channel, as s.purchase_days counts them; of each customer those
 * between the latest PROFILE_DAYS_MAX of them. Who became another customer's counts with them, but
 * for those of more than JOURNEY_IDS_MAX identifiers.
 */
#pragma once

#include "base/map.h"
#include "core/policy.h"

struct gaps {
	struct map days; /* customer -> what they bought on */
	bool failed;	 /* out of memory */
};

void gaps_init(struct gaps *g);
void gaps_release(struct gaps *g);
/* J as it is NOW. */
void gaps_see(struct gaps *g, const struct journey *j, int64_t now);

/*
 * Onto standard output: the policy's member as JSON and, unless JSON alone is wanted, what it means
 * for stages and win_back. 0 or -ENOMEM.
 */
int gaps_print(const struct gaps *g, bool json);
