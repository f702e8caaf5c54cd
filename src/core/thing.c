/* SPDX-License-Identifier: MIT */
/* The tables of things, and what follows from a thing's marks. */
#include "core/thing.h"

static const char *const kinds[THING_KIND_COUNT] = {
#define X(ID, NAME) [THING_##ID] = (NAME),
	THING_KINDS(X)
#undef X
};

/* Of each kind without a gap: the first without a name is behind the last. */
static const struct {
	const char *name;
	unsigned flags;
} marks[THING_KIND_COUNT][THING_MARKS_MAX] = {
#define X(KIND, MARK, N, NAME, FLAGS) [THING_##KIND][N] = {NAME, FLAGS},
	THING_MARKS(X)
#undef X
};

struct span thing_kind_name(enum thing_kind kind)
{
	return span_str(kinds[kind]);
}

enum thing_kind thing_kind_of(struct span name)
{
	for (unsigned i = 0; i < THING_KIND_COUNT; i++)
		if (span_is(name, kinds[i]))
			return (enum thing_kind)i;
	if (span_is(name, "review") || span_is(name, "survey"))
		return THING_FEEDBACK;
	if (span_is(name, "conversation"))
		return THING_INQUIRY;
	return THING_KIND_COUNT;
}

struct span thing_mark_name(enum thing_kind kind, unsigned mark)
{
	return marks[kind][mark].name ? span_str(marks[kind][mark].name) : SPAN_EMPTY;
}

unsigned thing_mark_flags(enum thing_kind kind, unsigned mark)
{
	return marks[kind][mark].flags;
}

int64_t thing_opened_at(const struct thing *t)
{
	int64_t opened = INT64_MIN;

	for (unsigned i = 0; i < THING_MARKS_MAX && marks[t->kind][i].name; i++)
		if ((marks[t->kind][i].flags & THING_OPENS) && t->at[i] != TIME_NEVER)
			opened = int64_max(opened, t->at[i]);
	return opened;
}

bool thing_is_open(const struct thing *t)
{
	int64_t opened = thing_opened_at(t);

	if (opened == INT64_MIN)
		return false;
	for (unsigned i = 0; i < THING_MARKS_MAX && marks[t->kind][i].name; i++) {
		unsigned flags = marks[t->kind][i].flags;

		if (t->at[i] == TIME_NEVER)
			continue;
		if ((flags & THING_ENDS) || ((flags & THING_CLOSES) && t->at[i] >= opened))
			return false;
	}
	return true;
}
