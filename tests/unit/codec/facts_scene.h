/* SPDX-License-Identifier: MIT */
/* Scenes for facts: each row is an event, or a question that is asked at that point. */
#pragma once

#include "core/rule.h"

struct facts_row {
	const char *day;	/* of November 2026 and a time, `03T10:00`; of questions: now */
	const char *event;	/* its name; NULL: a question, and the event stays the last one */
	const char *properties; /* of a question: the instance's key */
	const char *path, *answer; /* `-`: missing */
};

#define EVENT(DAY, NAME, PROPERTIES)                                                               \
	{                                                                                          \
		DAY, NAME, PROPERTIES, NULL, NULL                                                  \
	}
#define ASK(DAY, KEY, PATH, ANSWER)                                                                \
	{                                                                                          \
		DAY, NULL, KEY, PATH, ANSWER                                                       \
	}

/* Lets the N rows happen to one customer, and checks each answer. */
void facts_play(const struct facts_row *rows, size_t n);
/* The same under RULES, with their policy. */
void facts_play_by(const struct rules *rules, const struct facts_row *rows, size_t n);
