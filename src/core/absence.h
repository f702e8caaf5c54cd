/* SPDX-License-Identifier: MIT */
/*
 * The contract of absence for one rule and one event, or one due timer (triggers, section 5).
 * Inside core only; step.c is the door.
 */
#pragma once

#include "core/effect.h"
#include "core/event.h"
#include "core/journey.h"
#include "core/mark.h"
#include "core/rule.h"

/* What is known of a key (a cancel above all) is kept at least so long, for what arrives after it
 * but happened before. */
#define ABSENCE_MEMORY_MS MS_DAY

/* What one input has in common for all rules. */
struct turn {
	const struct rules *rules;
	struct journey *journey;
	const struct event *event; /* NULL while timers fire */
	int64_t now;		   /* virtual time */
	struct effects *effects;
	const struct marks *marks; /* in force */
	int64_t known_at;	   /* of a merge: merge_known_at(); else 0 */
	bool ending; /* what arms now is not the event, but was left by what it ended */
};

/*
 * Lets RULE see the turn's event: goal or cancel, else arm or move, else touch. 0 or -ENOMEM. Of an
 * instance that was armed with an earlier text of the rule only that text may dispose: RULE is then
 * the retired one, and sees nothing else.
 */
int absence_event(const struct turn *t, const struct rule *rule);

/* Lets the earlier texts that still have instances see the turn's event. 0 or -ENOMEM. */
int absence_event_retired(const struct turn *t);

/* Behind all rules: instances whose rule ends where it does not match any more. 0 or -ENOMEM. */
int absence_leave(const struct turn *t);

/* The latest job of I, which goes by CHANNEL, has just been made, for a step that came due at
 * DUE_AT; behind absence_remember(). 0 or -ENOMEM. (core/fallback.h; so are the next two.) */
int fallback_begin(const struct turn *t, const struct rule *rule, struct instance *i,
	struct span channel, int64_t due_at);
/* The turn's event may say what became of a job. 0 or -ENOMEM. */
int fallback_event(const struct turn *t);
/* It is time for the latest message of I to go another way: its fall_at is the turn's now. 0 or
 * -ENOMEM. */
int fallback_fall(const struct turn *t, struct instance *i);

/* A mark has moved: instances held that now have all they wait for are due at once. 0 or -ENOMEM.
 */
int absence_release(const struct turn *t);

/* INSTANCE came due at its fire_at, which is the turn's now. 0 or -ENOMEM. */
int absence_fire(const struct turn *t, struct instance *instance);
