/* SPDX-License-Identifier: MIT */
/*
 * Watermarks in the log. A mark lets go of whoever is held for its source, so it must be applied at
 * its very place: not before a timer of an earlier instant was judged by the marks of its time. It
 * therefore is a batch of its own (apply_turn.c), and the batch before ends with all that is older.
 *
 * Those held are many perhaps, so they are looked at piece by piece. Each piece is committed at the
 * position before the mark; who was let go is no longer held, so that the next piece, or the next
 * owner after a crash, goes on where this one ended.
 */
#include "apply_impl.h"

#include "core/news.h"

int applier_mark(struct applier *a, struct span source, int64_t at)
{
	int r = 0;

	if (source.len > 0 && source.len <= MARK_SOURCE_MAX)
		r = marks_move(&a->marks, source, at);
	return r < 0 ? r : 0;
}

/* Moves the mark that E is about; *ret_fault says what is wrong with it, NULL: nothing. 0 or
 * -ENOMEM. */
static int move_mark(struct applier *a, const struct log_entry *e, const char **ret_fault)
{
	uint64_t until;
	int r = 0;

	*ret_fault = NULL;
	if (e->mark_source.len > MARK_SOURCE_MAX) {
		*ret_fault = "the name of its source is too long";
	} else if (span_equal(e->mark_source, MARK_RULES)) {
		*ret_fault = "its source has the name that stands for the rules";
	} else if (span_starts(e->mark_source, MARK_INCIDENT)) {
		*ret_fault = "its source has the name that stands for incidents";
	} else if (span_to_u64(e->mark_until, INT64_MAX, &until) != 0) {
		*ret_fault = "it does not say until when its source is complete";
	} else {
		/* Nobody is complete for times to come. */
		a->mark_until = int64_min((int64_t)until, (int64_t)e->id.ms + EVENT_FUTURE_MS);
		r = marks_move(&a->marks, e->mark_source, a->mark_until);
		if (r == MARKS_FULL)
			*ret_fault = "too many sources give watermarks";
		a->mark_until = marks_at(&a->marks, e->mark_source);
	}
	return r < 0 ? r : 0;
}

static int copy_entry(struct applier *a, const struct log_entry *e, struct log_entry *ret_e)
{
	struct log_entry copy = {.id = e->id};

	copy.event = arena_copy(&a->arena, e->event.len ? e->event : e->mark_source);
	copy.meta = arena_copy(&a->arena, e->meta);
	copy.mark_source = arena_copy(&a->arena, e->mark_source);
	if (!copy.event.ptr || !copy.meta.ptr || !copy.mark_source.ptr)
		return -ENOMEM;
	*ret_e = copy;
	return 0;
}

static void pass(struct applier *a)
{
	a->to.id = a->mark.id;
	a->to.clock = int64_max(a->to.clock, (int64_t)a->mark.id.ms - 1);
	if (span_equal(a->mark.mark_source, MARK_RULES))
		applier_turn_rules(a);
}

int applier_begin_mark(struct applier *a, const struct position *from, const struct log_entry *e)
{
	const char *fault = NULL;
	struct work *w;
	int r;

	applier_batch(a, from);
	r = copy_entry(a, e, &a->mark);
	if (r == 0)
		r = move_mark(a, e, &fault);
	if (r < 0)
		return r;
	if (!fault)
		return APPLIER_HELD;
	w = list_add(&a->work);
	if (!w)
		return -ENOMEM;
	w->kind = WORK_BAD;
	w->entry = a->mark;
	w->code = "bad_watermark";
	w->words = fault;
	pass(a);
	a->mark.mark_source = SPAN_EMPTY;
	return 0;
}

struct held_request applier_held_request(const struct applier *a)
{
	if (a->line)
		return (struct held_request){a->mark.mark_source, a->mark_until, NEWS_LINE_MAX,
			(int64_t)a->mark.id.ms - NEWS_LINE_MS};
	return (struct held_request){
		a->mark.mark_source, a->mark_until, APPLIER_HELD_MAX, INT64_MIN};
}

int applier_held(struct applier *a, const struct span *customers, size_t n,
	const struct span **ret_missing, size_t *ret_n_missing)
{
	*ret_missing = NULL;
	*ret_n_missing = 0;
	if (a->line)
		return applier_lined_up(a, customers, n);
	for (size_t i = 0; i < n; i++) {
		struct work *w = list_add(&a->work);

		if (!w)
			return -ENOMEM;
		if (a->news)
			*w = *a->news;
		w->kind = a->news ? WORK_NEWS : WORK_MARK;
		w->due_at = (int64_t)a->mark.id.ms;
		w->cached = applier_want(a, customers[i]);
		if (!w->cached)
			return -ENOMEM;
		if (a->news)
			w->event.customer = w->cached->customer;
	}
	if (a->news && applier_told(a, n) < 0)
		return -ENOMEM;
	if (!a->news && n < APPLIER_HELD_MAX)
		pass(a);
	*ret_missing = a->missing.items;
	*ret_n_missing = a->missing.n;
	return 0;
}

int applier_pass_mark(struct applier *a)
{
	struct commit_mark *mark;

	if (log_id_compare(a->to.id, a->mark.id) != 0)
		return 0; /* there are more to be looked at */
	if (span_equal(a->mark.mark_source, MARK_RULES))
		return 0;
	mark = list_add(&a->passed);
	if (!mark)
		return -ENOMEM;
	*mark = (struct commit_mark){a->mark.mark_source, a->mark_until};
	a->commit.counters[COUNTER_MARKS]++;
	return 0;
}

/* ---- what was due here before ------------------------------------------------------------ */

int applier_idle_link(struct applier *a, const struct work *w)
{
	struct commit_due *due;
	struct commit_hold *hold;

	if (w->kind == WORK_DUE) {
		due = list_add(&a->dues);
		if (!due)
			return -ENOMEM;
		*due = (struct commit_due){w->cached->customer, TIME_NEVER};
		return 0;
	}
	hold = list_add(&a->holds);
	if (!hold)
		return -ENOMEM;
	*hold = (struct commit_hold){w->cached->customer, a->mark.mark_source, TIME_NEVER};
	return 0;
}
