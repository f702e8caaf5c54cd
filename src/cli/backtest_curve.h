/* SPDX-License-Identifier: MIT */
/*
 * What if the wait were longer? Each activity that a rule waits from is followed until something
 * disproves it, until the next activity, or to the end of the events. A rule with a wait of W comes
 * due once for each that nothing followed within W, so that one pass over the events, with whatever
 * wait, answers for all of them.
 *
 * Conditions at firing and gates are not asked again, and what a cooldown kept from being armed in
 * this pass is missing in all answers.
 */
#pragma once

#include "base/arena.h"
#include "base/map.h"
#include "core/event.h"
#include "core/journey.h"
#include "core/rule.h"

enum stretch_end {
	STRETCH_CANCELLED,
	STRETCH_MOVED, /* the same customer went on: the wait began anew */
	STRETCH_OPEN,  /* nothing more of it until the end of the events */
};

struct stretch {
	int64_t anchor_at;
	int64_t delay_ms; /* to the end; of an open one to the end of the events */
	uint32_t watch;	  /* those of one instance that follow each other */
	bool by_touch;	  /* began with an activity that goes on with a wait and begins none */
	enum stretch_end end;
};

/* Those of one rule. */
struct stretches {
	struct stretch *list;
	size_t n, cap;
	uint64_t armed; /* episodes */
};

struct curve {
	const struct rules *rules;
	struct arena arena;
	struct map customers;	/* whom something is waited for of */
	struct stretches *rule; /* rules->n */
	uint32_t watches;
	bool failed; /* out of memory */
};

/* 0 or -ENOMEM. */
int curve_init(struct curve *c, const struct rules *rules);
void curve_release(struct curve *c);
/* After each input, as a witness (store/apply.h). */
void curve_see(struct curve *c, const struct journey *j, const struct event *event, int64_t now);
/* No event is later than HORIZON: what is still open ends there. */
void curve_end(struct curve *c, int64_t horizon);

/* With a wait of WAIT_MS, of the stretches that begin at FROM or later: */
struct curve_point {
	uint64_t due;	    /* times that the rule would have come due */
	uint64_t cancelled; /* ended by a cancel by then */
	uint64_t moved;	    /* gone on by then */
};
struct curve_point curve_at(const struct stretches *s, int64_t wait_ms, int64_t from);

/* Waits to ask about, rising. */
extern const int64_t curve_ladder[];
#define CURVE_LADDER 16
