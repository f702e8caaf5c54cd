/* SPDX-License-Identifier: MIT */
/*
 * What a backtest keeps of each customer until it knows what came of it (backtest_forecast.h): who
 * is part of whom, what was foretold, what could have been, and what was bought. Names may be ten
 * thousand, and an event is to cost no more for that: what is asked of all of them is found by what
 * it is about.
 *
 * All of it lives in the arena of the forecasts, and for as long. Out of memory: `failed` is set,
 * and the thing is left out.
 */
#pragma once

#include "backtest_forecast.h"

enum fate { FATE_OPEN, FATE_WRONG, FATE_VOID };

/* Something that was foretold; or, as a promise, could have been. */
struct forecast {
	struct forecast *next;	 /* of the same customer */
	struct forecast *alike;	 /* of foretold_said, foretold_promises */
	struct forecast *beside; /* of foretold_of_order; of the same customer's others */
	struct foretold *owner;
	const struct rule *rule;
	struct span key;
	struct span parcel;  /* `shipment:T1`, if that is what the key names; else empty */
	struct span subject; /* after whom its jobs are named */
	uint32_t epoch, episode;
	int64_t from, until; /* no purchase: after FROM, to UNTIL; late: not arrived at UNTIL */
	enum fate fate;
};

struct bought {
	struct bought *next;
	int64_t at;
};

/* All of one customer's. */
struct foretold {
	struct span customer;
	struct foretold *whole;	       /* whose part they are; NULL: nobody's */
	struct foretold *parts, *next; /* who are parts of this one; of the same whole */
	struct foretold **link;	       /* what leads to this one among its whole's parts */
	int64_t part_at;	       /* when it was heard last that they are; 0: never */
	struct forecast *first, *promises;
	struct forecast *others; /* those of both whose fate follows from more than one order */
	size_t n_others;	 /* with those of all parts */
	struct bought *bought;
};

/* CUSTOMER's; NULL: out of memory. */
struct foretold *foretold_of(struct forecasts *f, struct span customer);
/* The one of whom ALL is a part, and who is nobody's. */
const struct foretold *foretold_whole(const struct foretold *all);
/* Is PART a part of ALL, or ALL itself? */
bool foretold_is_of(const struct foretold *part, const struct foretold *all);
/* Who KEY names is ALL's, as was heard at NOW. */
void foretold_join(struct forecasts *f, struct foretold *all, struct span key, int64_t now);
/* PART is nobody's part any more. */
void foretold_leave(struct foretold *part);
/* A copy of X is what was foretold of ALL, or could have been. */
void foretold_keep(struct forecasts *f, struct foretold *all, const struct forecast *x);
void foretold_keep_promise(struct forecasts *f, struct foretold *all, const struct forecast *x);
/* The first of those that may be alike: what was foretold of SUBJECT and KEY; what could have been
 * of ALL itself and KEY. All who look see for themselves. */
struct forecast *foretold_said(const struct forecasts *f, struct span subject, struct span key);
struct forecast *foretold_promises(
	const struct forecasts *f, const struct foretold *all, struct span key);
/* The first of both kinds that are about order ID alone, whosever it is. */
struct forecast *foretold_of_order(const struct forecasts *f, struct span id);
