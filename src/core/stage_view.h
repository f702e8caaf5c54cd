/* SPDX-License-Identifier: MIT */
/*
 * The stages of a customer over time, as far as is known now: what they were at any instant, when
 * that changed, and when it will change if nothing more happens. Inside core only.
 */
#pragma once

#include "core/journey.h"

/* After this an untouched cart is no longer an intention (triggers, section 13). */
#define CART_EXPIRES_MS (30 * MS_DAY)

#define STAGE_PERIODS_MAX                                                                          \
	(2 * JOURNEY_CARTS_MAX + JOURNEY_ORDERS_MAX + 2 * JOURNEY_THINGS_MAX + PAST_OPEN_COUNT)
#define STAGE_WORDS_MAX (PAST_WORDS_MAX + PAST_ABOUT_COUNT)

struct open_period {
	struct period period;
	enum past_open open;
};

/* A purchase, and what became of it; TIME_NEVER: that did not. */
struct stage_bought {
	int64_t at, cancelled_at, refunded_at, delivered_at;
};

struct stage_view {
	const struct journey *journey;
	const struct lapse *lapse;
	int64_t now;
	int64_t named_at;			/* TIME_NEVER: never */
	int64_t first_order_at;			/* placed, whatever became of it */
	uint64_t n_gone;			/* orders that are not kept any more */
	int64_t kept_from;			/* when the earliest was placed that is */
	struct period runs[PAST_RUNS_MAX + 1];	/* of engagement */
	struct period doubts[PROFILE_DAYS_MAX]; /* that they buy again; the last has no end */
	size_t n_runs, n_words, n_periods, n_doubts, n_bought;
	struct stage_bought bought[JOURNEY_ORDERS_MAX];
	struct past_word words[STAGE_WORDS_MAX];
	struct open_period periods[STAGE_PERIODS_MAX];
};

void stage_view_init(
	struct stage_view *v, const struct journey *j, const struct lapse *lapse, int64_t now);
enum stage stage_view_at(const struct stage_view *v, int64_t at);
/* The change that led to the stage of AT; its `at` is INT64_MIN where nothing was before. */
struct stage_turn stage_view_turn(const struct stage_view *v, int64_t at);
/* The first change behind AFTER; false: there is none. */
bool stage_view_next(const struct stage_view *v, int64_t after, struct stage_turn *ret_turn);

/* When M said that they hardly buy again, from that instant to the next purchase, in order: their
 * number, 0 without a model. */
size_t stage_doubts(const struct purchase_model *m, const struct journey *j,
	struct period doubts[static PROFILE_DAYS_MAX]);

/* When a cart, an order, a thing of J was open; what may be open again is left out here. */
struct period stage_cart_period(const struct journey *j, const struct cart *c);
struct period stage_order_period(const struct order *o);
struct period stage_thing_period(const struct thing *t);
