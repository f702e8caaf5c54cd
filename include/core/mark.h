/* SPDX-License-Identifier: MIT */
/*
 * Watermarks: how far each source has told all it knows. A till that uploads at night says
 * "complete until 18:00" behind what it uploads, and a rule that waits for it (wait_for) fires no
 * earlier than it knows that no sale before its deadline is still on its way (triggers, section 5).
 *
 * A mark is an input of the log like any other and only ever moves on. A source that never gave one
 * has none, and rules wait for it as long as they may.
 */
#pragma once

#include "core/journey.h"

#define MARKS_MAX 256 /* sources that give marks */

/*
 * Not a source: who has dates is held for the next change of rules, since a new rule may follow the
 * calendar and then concerns them though nothing happens to them. No real source has this name.
 */
#define MARK_RULES SPAN_LIT("@rules")

struct mark {
	struct text source;
	int64_t at; /* everything that happened at or before it has been said */
};

struct marks {
	struct mark *list; /* in order of source */
	size_t n;
};

void marks_init(struct marks *m);
void marks_release(struct marks *m);

/* INT64_MIN: none. M may be NULL: nobody has given any. */
int64_t marks_at(const struct marks *m, struct span source);

enum { MARKS_FULL = 1 };
/* Moves the mark of SOURCE (1..MARK_SOURCE_MAX bytes) on to AT; an earlier AT changes nothing. 0,
 * -ENOMEM, or MARKS_FULL: SOURCE is new and there is no room. */
int marks_move(struct marks *m, struct span source, int64_t at);
