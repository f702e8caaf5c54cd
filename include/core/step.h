/* SPDX-License-Identifier: MIT */
/*
 * The one door. Everything that ever happens to a journey happens here: the worker, the backtest,
 * rebuild, "why", the simulator and the tests all call step() and nothing else.
 *
 * Same arguments, same effects, for ever: no clock, no chance, no I/O.
 *
 * Virtual time is stream time. NOW is the received_at of the event, or the instant up to which the
 * partition is known to have seen everything (a tick). The caller makes sure that it never goes
 * back for one customer. Timers that came due before NOW fire first, each at its own instant, so
 * that it does not matter how often or how late a customer is looked at: a timer due at F fires
 * after every event received at or before F and before every later one.
 */
#pragma once

#include "core/effect.h"
#include "core/event.h"
#include "core/journey.h"
#include "core/mark.h"
#include "core/merge.h"
#include "core/rule.h"

enum input_kind { INPUT_EVENT, INPUT_TICK, INPUT_MARK, INPUT_MERGE };

/*
 * What rules wait for (wait_for) is judged by MARKS, so they must be those of the timers' instant:
 * before a mark moves, whoever is due before the entry that moves it is looked at, and then, with
 * the new marks, everybody whom the index (EFFECT_HOLD) has for that source up to its new mark, by
 * INPUT_MARK at the entry's time. That lets go of the instances that now have all they wait for:
 * they are due at once, which is at the earliest behind the other entries of that millisecond.
 *
 * A change of rules is such a mark too, of MARK_RULES: whoever the index has for it up to before
 * the entry is shown the new rules, and is in the index at NOW from then on.
 */
struct input {
	enum input_kind kind;
	const struct event *event; /* INPUT_EVENT; decoded with the rules' field table */
	const struct marks *marks; /* in force at NOW; NULL: none */
	struct span source;	   /* INPUT_MARK: whose mark moved, or MARK_RULES */
	/* INPUT_MERGE: the journey that becomes part of this one, and on what terms. It forgets
	 * the things that it would have forgotten by NOW, looked at since or not. */
	struct journey *other;
	struct merge_terms terms;
};

/*
 * Applies INPUT to JOURNEY at NOW and appends what follows to EFFECTS.
 * 0, or -ENOMEM: then JOURNEY and EFFECTS are half done and must be thrown away.
 */
int step(const struct rules *rules, struct journey *journey, const struct input *input, int64_t now,
	struct effects *effects);
