/* SPDX-License-Identifier: MIT */
/*
 * Turning points of the log: a watermark, a change of rules, news of a thing. Everything older is
 * applied as things stood before, timers too, and everything newer as they stand after; so such an
 * entry is a batch of its own, and the batch before it ends with all that is older.
 *
 * That rules change at a place in the log, and not when a worker happened to read its files, is
 * what makes a replay come to the same decisions as the live run.
 *
 * A new rule that follows the calendar concerns customers to whom nothing may happen for a year. So
 * with it, everybody who has dates is shown the new rules, at the entry's time and before anything
 * newer is applied. They may be many, and are looked at as those are whom a mark lets go of
 * (apply_mark.c): piece by piece, each committed at the position before the entry, and the index
 * says who was looked at, so that the next owner after a crash goes on where this one ended.
 */
#include "apply_impl.h"

#include "codec/message_json.h"
#include "store/keys.h"

static bool is_turn(const struct log_entry *e)
{
	return e->mark_source.len > 0 || e->rules.len > 0 || message_is_news(e->message) ||
	       message_is_line(e->message);
}

int applier_begin_turn(struct applier *a, const struct position *from, const struct log_entry *e)
{
	if (e->rules.len > 0)
		return applier_begin_rules(a, from, e);
	if (message_is_line(e->message))
		return applier_begin_line(a, from, e);
	return e->message.len > 0 ? applier_begin_news(a, from, e) : applier_begin_mark(a, from, e);
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

/* Is there a rule among NOW's that follows the calendar or the customer's stage and did not in
 * BEFORE, or otherwise? */
static bool has_new_follower(const struct rules *before, const struct rules *now)
{
	for (size_t i = 0; now->n_calendar + now->n_staged > 0 && i < now->n; i++) {
		const struct rule *rule = &now->list[i];
		const struct rule *known = rules_find(before, rule->id);

		if ((rule->calendar || rule->stages_to) && rule->mode != RULE_OFF &&
			(!known || known->mode == RULE_OFF || known->version != rule->version))
			return true;
	}
	return false;
}

void applier_turn_rules(struct applier *a)
{
	a->to.rules = a->wanted_rules;
	a->in_force = a->options.rules;
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
	} else {
		a->wanted_rules = digest;
		if (o->find_rules && !o->find_rules(o->rules_user, digest, &rules, &decoder))
			return APPLIER_RULES;
		a->options.rules = rules;
		a->options.decoder = decoder;
		if (has_new_follower(a->in_force, rules)) {
			a->mark = (struct log_entry){.id = e->id, .mark_source = MARK_RULES};
			a->mark_until = (int64_t)e->id.ms - 1;
			return APPLIER_HELD;
		}
		applier_turn_rules(a);
	}
	a->to.id = e->id;
	a->to.clock = int64_max(a->to.clock, (int64_t)e->id.ms - 1);
	return r;
}

uint64_t applier_wanted_rules(const struct applier *a)
{
	return a->wanted_rules;
}
