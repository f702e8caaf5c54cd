/* SPDX-License-Identifier: MIT */
/*
 * What is kept so that since when a customer is at a stage can be told (core/journey.h): the state
 * says what holds now, and of what held before it only the latest word. Here stand the words before
 * that, the stretches of time in which the customer did anything, their latest visits to the shop's
 * screens, and when what was dropped from the state had been open. Every part is a union or "the
 * latest so many", so that the order of arrival does not matter.
 */
#pragma once

#include "base/base.h"

/* Of whom a word speaks. Numbers are stored: append. */
enum past_about {
	PAST_NPS,
	PAST_CSAT,
	PAST_RECOMMEND,
	PAST_STARS,
	PAST_TEXT, /* the sentiment of a text */
	PAST_REFERRED,
	PAST_BLOCKED,
	PAST_ERASED,
	PAST_ABOUT_COUNT
};

#define PAST_RATED 4 /* those before PAST_TEXT */

/* Of two at one instant the lower one counts. Blocked and erased are bad. Stored: append. */
enum past_verdict { PAST_BAD, PAST_FINE, PAST_GOOD, PAST_VERDICT_COUNT };

struct past_word {
	int64_t at; /* event time */
	uint32_t about, verdict;
};

/* From the first instant, not with the last; FROM behind TO: there is none. */
struct period {
	int64_t from, to;
};

/* What makes a stage by being open, the most urgent first. Stored: append. */
enum past_open { PAST_RISK, PAST_AWAITED, PAST_SHOPPED, PAST_OPEN_COUNT };

#define PAST_WORDS_MAX 12
#define PAST_RUNS_MAX  12
/* Silence for so long ends a run; no stage is made by less (LAPSE_MIN_MS). */
#define PAST_RUN_GAP_MS (30 * MS_DAY)
#define PAST_VISITS_MAX 4 /* the latest */
/* Silence for so long ends a visit, as the beacon's session_id has it. */
#define PAST_VISIT_GAP_MS (30 * MS_MINUTE)

struct past {
	int64_t named_at; /* the earliest event with a user id; TIME_NEVER: none */
	uint32_t n_words, n_runs, n_visits;
	struct past_word words[PAST_WORDS_MAX]; /* in order of time, then the rest */
	struct period runs[PAST_RUNS_MAX];	/* of engagement, both ends in it; in order */
	struct period visits[PAST_VISITS_MAX];	/* to screens of the shop; the same */
	struct period dropped[PAST_OPEN_COUNT]; /* the latest of what the state has let go of */
};

void past_init(struct past *p);

void past_say(struct past *p, enum past_about about, enum past_verdict verdict, int64_t at);
void past_engage(struct past *p, int64_t at);
void past_visit(struct past *p, int64_t at);
/* Something that was open in ONE is dropped. */
void past_drop(struct past *p, enum past_open open, struct period one);
/* FROM's into INTO. */
void past_join(struct past *into, const struct past *from);
