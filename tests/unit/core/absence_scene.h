/* SPDX-License-Identifier: MIT */
/* A customer under rules made by hand: events go in through the one door, and what was decided
 * comes out as text, so that a test says in one line what it expects. */
#pragma once

#include "check.h"

#include "core/step.h"

#define H MS_HOUR
#define M MS_MINUTE

struct scene {
	struct rules *rules;
	struct journey *journey;
	struct effects effects;
	struct marks marks;
	int64_t start; /* instants of scene_* and of the text count from here */
	char log[4096];
	size_t used;
	int counts[COUNTER_COUNT];
	struct decision last; /* of the log; what it points to lives until the next input */
};

/* What an event carries. */
struct carried {
	const char *cart, *order, *total; /* total: a number as text; NULL: none */
	const char *subject;		  /* the name that it came under; NULL: the customer's */
};

/* A rule of key cart that Product Added arms, wait 4 h, and nothing else. */
struct rule scene_cart(const char *id);

void scene_init(struct scene *s, const struct rule *rules, size_t n);
void scene_release(struct scene *s);
/* KIND happened at AT and came in at RECEIVED. */
void scene_event(struct scene *s, enum event_kind kind, struct carried carried, int64_t at,
	int64_t received);
void scene_tick(struct scene *s, int64_t now);
/* OTHER becomes part of it at NOW; the link was LINKED. */
void scene_merge(struct scene *s, struct journey *other, int64_t linked, int64_t now);
/*
 * What was decided since the last call: `OUTCOME RULE KEY [EPISODE/STEP] @WHEN;` each, in order;
 * WHEN is the fire_at of a job and of what would have been one, else the time of the decision.
 */
const char *scene_take(struct scene *s);
/* The reason of RULE's note, empty without one. */
struct span scene_note(const struct scene *s, const char *rule);

/* Anna, and the visitor that she turns out to be. */
struct two {
	struct scene anna, visitor;
};

void two_init(struct two *t, const struct rule *rules, size_t n);
void two_release(struct two *t);
