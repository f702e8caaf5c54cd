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
 * Recall asks the other way round: of what did come true, how much had been foretold? It is
 * caught / (caught + missed), of
 *
 *	late		promises: each instant that an order (or parcel) was promised for, of those
 *			that an event of the rule's `arm` named, and that was missed. It is caught
 *			if a forecast for that instant is right
 *	no_purchase	silences: after each purchase of anybody, if nothing was bought for that
 *			stretch of time. It is caught if a forecast that is right was made in it;
 *			while one is open, or the events end before, nobody knows
 *
 * What began before FROM is not asked for. What counts is the time of the events themselves, but
 * what was heard of a promise behind its end still tells whether it was kept.
 *
 * Who became another customer's is asked for with them; where the logs of partitions are read one
 * after the other, what came of a promise behind that may stay unknown.
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
	uint64_t caught, missed; /* of what came true */
};

/* What tells the fate of a promise: it was kept, or there is none any more; and of a parcel. */
enum forecast_fact {
	TELLS_ORDER_DELIVERED,
	TELLS_ORDER_READY,
	TELLS_ORDER_CANCELLED,
	TELLS_ORDER_REFUNDED,
	TELLS_ORDER_RETURNED,
	TELLS_PARCEL_DELIVERED,
	TELLS_PARCEL_READY,
	FORECAST_FACTS
};

struct forecasts {
	const struct rules *rules;
	struct arena arena;
	struct map customers; /* of whom something was foretold, or could have been */
	struct map about;     /* what was foretold, by what it is about (backtest_foretold.h) */
	bool late, silences;  /* some rule foretells it */
	int64_t from;	      /* what began before counts in no recall */
	int64_t within_ms;    /* how long somebody has to stay away */
	size_t facts[FORECAST_FACTS];  /* their numbers */
	int64_t seen_at;	       /* when the latest event came in; INT64_MIN: none */
	struct forecast_count *counts; /* rules->n; filled by forecasts_end */
	bool failed;		       /* out of memory */
};

/* RULES are borrowed. 0 or -ENOMEM. */
int forecasts_init(struct forecasts *f, const struct rules *rules, int64_t from);
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
/* No more events: counts. 0 or -ENOMEM. */
int forecasts_end(struct forecasts *f);
