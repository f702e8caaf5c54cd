/* SPDX-License-Identifier: MIT */
/*
 * What a customer's events come to in a window of time: `count`, `sum` and `last` of conditions.
 * Counting in stored history when a rule asks would cost a read of that history for every
 * question; so each distinct question of the loaded rules is a plan, and a journey keeps for each
 * plan the latest points in time that answer it.
 *
 * Points are judged by the events' own times and kept sorted, the latest TALLY_MAX of them, so that
 * any order of arrival comes to the same. A count therefore stops at TALLY_MAX: comparing it with
 * more is refused where rules are read. What an event said before a rule asked is not known: a new
 * question begins to count when it is loaded.
 */
#pragma once

#include "base/base.h"
#include "base/decimal.h"
#include "core/rule.h"
#include "core/text.h"

#define TALLY_MAX      64  /* points kept of one plan */
#define TALLY_LAST_MAX 256 /* bytes of a value kept; longer ones count as not said */
#define TALLIES_MAX    128 /* plans of a set of rules */

enum tally_kind { TALLY_COUNT, TALLY_SUM, TALLY_LAST };

struct tally_plan {
	uint64_t id; /* of the definition: the same in every set of rules that asks this */
	enum tally_kind kind;
	struct rule_match match;
	size_t field;	   /* TALLY_SUM, TALLY_LAST */
	int64_t window_ms; /* TALLY_COUNT, TALLY_SUM */
};

struct tally_point {
	int64_t at;
	struct decimal amount; /* TALLY_SUM; else 0 */
};

struct tally {
	uint64_t id;
	uint32_t n;
	struct tally_point *points; /* in order of time, then amount */
	/* TALLY_LAST: `n` and a number as it was written, `t` and a text, `+` true, `-` false. */
	struct text last;
	int64_t last_at; /* INT64_MIN: nothing was said */
};

struct journey;

/*
 * Folds EVENT into the tallies of JOURNEY that RULES ask for, and drops those that nobody asks for
 * any more and the points that no window reaches at the event's received_at. 0, or -ENOMEM (then
 * the journey is half done).
 */
int tally_fold(const struct rules *rules, struct journey *j, const struct event *event);

/* What PLAN amounts to for J at NOW: a number, or the last value; missing if nothing was said or
 * the sum does not fit. A text is borrowed from the journey. */
struct value tally_value(const struct tally_plan *plan, const struct journey *j, int64_t now);

/* Frees all tallies of J. */
void tally_release(struct journey *j);
