/* SPDX-License-Identifier: MIT */
/*
 * Did it come true? Rules whose wait follows from a model foretell something, and a backtest knows
 * what came of it:
 *
 *	late		wait.model delivery: the order (or parcel) that the key names has not
 *			arrived at the end of what was promised when the rule fired. It is wrong
 *			if by then it was delivered or ready to be fetched, void if it was called
 *			off before
 *	no_purchase	the models of gaps: the customer buys nothing, on any channel, for a
 *			stretch of time after the rule fired
 *
 * One episode is one forecast, whatever number of messages, and counts whether or not its message
 * was held back or taken back. What the events do not reach is open: it is neither. Precision is
 * right / (right + wrong).
 *
 * Who became another customer's afterwards counts as somebody who did nothing more.
 */
#pragma once

#include "base/arena.h"
#include "base/map.h"
#include "core/effect.h"
#include "core/event.h"
#include "core/journey.h"
#include "core/rule.h"

enum forecast_kind { FORECAST_NONE, FORECAST_LATE, FORECAST_NO_PURCHASE };

struct forecast_count {
	uint64_t right, wrong, open, void_;
};

struct forecasts {
	const struct rules *rules;
	struct arena arena;
	struct map customers;	       /* of whom something was foretold */
	int64_t within_ms;	       /* how long somebody has to stay away */
	int64_t seen_at;	       /* when the latest event came in; INT64_MIN: none */
	struct forecast_count *counts; /* rules->n; filled by forecasts_end */
	bool failed;		       /* out of memory */
};

/* RULES are borrowed. 0 or -ENOMEM. */
int forecasts_init(struct forecasts *f, const struct rules *rules);
void forecasts_release(struct forecasts *f);
/* What RULE foretells; FORECAST_NONE: nothing, it waits for what did not happen. */
enum forecast_kind forecast_kind(const struct rule *rule);
/* `late`, `no_purchase`. */
const char *forecast_name(enum forecast_kind kind);
/* J's rule fired, as D says; D is of the time that is reported. */
void forecasts_fired(struct forecasts *f, const struct journey *j, const struct decision *d);
/* After each input, as a witness (store/apply.h). */
void forecasts_see(
	struct forecasts *f, const struct journey *j, const struct event *event, int64_t now);
/* No more events: counts. */
void forecasts_end(struct forecasts *f);
