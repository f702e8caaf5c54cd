/* SPDX-License-Identifier: MIT */
/*
 * Turning points of the log: a watermark, a change of rules. Everything older is applied as things
 * stood before, timers too, and everything newer as they stand after; so such an entry is a batch
 * of its own, and the batch before it ends with all that is older.
 *
 * That rules change at a place in the log, and not when a worker happened to read its files, is
 * what makes a replay come to the same decisions as the live run.
 */
#include "apply_impl.h"

#include "store/keys.h"

static bool is_turn(const struct log_entry *e)
{
	return e->mark_source.len > 0 || e->rules.len > 0;
}

struct fetched fetched_before_turn(const struct fetched *f)
{
	struct fetched before = *f;

	for (size_t i = 0; i < f->n_entries; i++) {
		if (!is_turn(&f->entries[i]))
			continue;
		before.n_entries = i;
		before.at_end = false;
		break;
	}
	return before;
}

size_t dues_before_turn(const struct fetched *f)
{
	size_t n = 0;

	while (n < f->n_dues && f->dues[n].at < (int64_t)f->entries[0].id.ms)
		n++;
	return n;
}

static int put_aside(struct applier *a, const struct log_entry *e)
{
	struct work *w = list_add(&a->work);

	if (!w)
		return -ENOMEM;
	w->kind = WORK_BAD;
	w->entry.id = e->id;
	w->entry.event = arena_copy(&a->arena, e->rules);
	w->entry.meta = SPAN_EMPTY;
	if (!w->entry.event.ptr)
		return -ENOMEM;
	w->code = "bad_rules";
	w->words = "the name of the rules is not one";
	return 0;
}

int applier_begin_rules(struct applier *a, const struct position *from, const struct log_entry *e)
{
	const struct applier_options *o = &a->options;
	const struct event_decoder *decoder = o->decoder;
	const struct rules *rules = o->rules;
	uint64_t digest;
	int r = 0;

	applier_batch(a, from);
	if (!rules_digest_parse(e->rules, &digest)) {
		r = put_aside(a, e);
	} else if (o->find_rules && !o->find_rules(o->rules_user, digest, &rules, &decoder)) {
		a->wanted_rules = digest;
		return APPLIER_RULES;
	} else {
		a->to.rules = digest;
		a->options.rules = rules;
		a->options.decoder = decoder;
	}
	a->to.id = e->id;
	a->to.clock = int64_max(a->to.clock, (int64_t)e->id.ms - 1);
	return r;
}

uint64_t applier_wanted_rules(const struct applier *a)
{
	return a->wanted_rules;
}
