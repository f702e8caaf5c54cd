/* SPDX-License-Identifier: MIT */
/* The other side of a merge, copied: what is decided of it changes neither what it was nor who it
 * belonged to until all has been judged. */
#include "list.h"
#include "merge_instances.h"
#include "paused.h"

/* Who FROM is named after, as one of INTO's: itself, unless it is INTO's own by then. */
static int set_customer(struct text *to, struct text from, struct span loser, struct span winner)
{
	struct span name = from.len ? text_span(from) : loser;

	return text_set(to, span_equal(name, winner) ? SPAN_EMPTY : name);
}

static int copy_texts(struct instance *to, const struct instance *from)
{
	const struct {
		struct text *to;
		struct text from;
	} texts[] = {
		{&to->by, from->by},
		{&to->data, from->data},
		{&to->missing, from->missing},
		{&to->superseded_by, from->superseded_by},
		{&to->told, from->told},
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (text_set(texts[i].to, text_span(texts[i].from)) < 0)
			return -ENOMEM;
	return 0;
}

/* All of FROM but what it points to, which is TO's own. */
static void copy_values(struct instance *to, const struct instance *from)
{
	struct instance own = *to;

	*to = *from;
	to->rule = own.rule;
	to->key = own.key;
	to->by = own.by;
	to->data = own.data;
	to->missing = own.missing;
	to->superseded_by = own.superseded_by;
	to->told = own.told;
	to->subject = own.subject;
	to->last_subject = own.last_subject;
	to->home = own.home;
	to->armings = own.armings;
	to->n_armings = own.n_armings;
	to->earlier = own.earlier;
	to->n_earlier = own.n_earlier;
	to->cancels = own.cancels;
	to->n_cancels = own.n_cancels;
	to->taken = own.taken;
	to->n_taken = own.n_taken;
	to->moments = own.moments;
	to->n_moments = own.n_moments;
	to->spent = own.spent;
	to->n_spent = own.n_spent;
	to->fallback = own.fallback;
	to->paused = own.paused;
}

static int copy_armings(
	struct instance *to, const struct instance *from, struct span loser, struct span winner)
{
	to->armings = from->n_armings ? calloc(from->n_armings, sizeof(*to->armings)) : NULL;
	if (from->n_armings && !to->armings)
		return -ENOMEM;
	for (; to->n_armings < from->n_armings; to->n_armings++) {
		const struct arming *a = &from->armings[to->n_armings];
		struct arming *copy = &to->armings[to->n_armings];

		if (absence_copy(a, copy) < 0)
			return -ENOMEM;
		if (set_customer(&copy->subject, a->subject, loser, winner) < 0) {
			arming_release(copy);
			return -ENOMEM;
		}
	}
	return 0;
}

static int copy_earlier(
	struct instance *to, const struct instance *from, struct span loser, struct span winner)
{
	to->earlier = from->n_earlier ? calloc(from->n_earlier, sizeof(*to->earlier)) : NULL;
	if (from->n_earlier && !to->earlier)
		return -ENOMEM;
	for (; to->n_earlier < from->n_earlier; to->n_earlier++) {
		const struct emission *m = &from->earlier[to->n_earlier];
		struct emission *copy = &to->earlier[to->n_earlier];

		*copy = *m;
		copy->subject = copy->home = copy->told = (struct text){.ptr = NULL};
		if (set_customer(&copy->subject, m->subject, loser, winner) < 0 ||
			set_customer(&copy->home, m->home, loser, winner) < 0 ||
			text_set(&copy->told, text_span(m->told)) < 0) {
			emission_release(copy);
			return -ENOMEM;
		}
	}
	return 0;
}

static int copy_cancels(struct instance *to, const struct instance *from)
{
	if (from->n_cancels == 0)
		return 0;
	to->cancels = calloc(from->n_cancels, sizeof(*to->cancels));
	if (!to->cancels)
		return -ENOMEM;
	to->n_cancels = from->n_cancels;
	memcpy(to->cancels, from->cancels, from->n_cancels * sizeof(*to->cancels));
	return 0;
}

static int copy_taken(
	struct instance *to, const struct instance *from, struct span loser, struct span winner)
{
	to->taken = from->n_taken ? calloc(from->n_taken, sizeof(*to->taken)) : NULL;
	if (from->n_taken && !to->taken)
		return -ENOMEM;
	for (; to->n_taken < from->n_taken; to->n_taken++) {
		struct taken *copy = &to->taken[to->n_taken];

		*copy = from->taken[to->n_taken];
		copy->subject = (struct text){.ptr = NULL};
		if (set_customer(&copy->subject, from->taken[to->n_taken].subject, loser, winner) <
			0)
			return -ENOMEM;
	}
	return 0;
}

static int copy_paused(
	struct instance *to, const struct instance *from, struct span loser, struct span winner)
{
	if (!from->paused)
		return 0;
	if (paused_set(to, &from->paused->what, from->paused->since_at) < 0)
		return -ENOMEM;
	return set_customer(&to->paused->what.subject, from->paused->what.subject, loser, winner);
}

static int copy_instance(
	struct instance *to, const struct instance *from, struct span loser, struct span winner)
{
	copy_values(to, from);
	if (copy_armings(to, from, loser, winner) < 0 || absence_moments_join(to, from) < 0 ||
		copy_earlier(to, from, loser, winner) < 0 || copy_cancels(to, from) < 0 ||
		copy_taken(to, from, loser, winner) < 0 || copy_paused(to, from, loser, winner) < 0)
		return -ENOMEM;
	if (from->state == INSTANCE_ARMED &&
		set_customer(&to->subject, from->subject, loser, winner) < 0)
		return -ENOMEM;
	if (from->last_deadline_at != INT64_MIN &&
		(set_customer(&to->last_subject, from->last_subject, loser, winner) < 0 ||
			set_customer(&to->home, from->home, loser, winner) < 0))
		return -ENOMEM;
	if (from->fallback) {
		to->fallback = fallback_copy(from->fallback);
		if (!to->fallback)
			return -ENOMEM;
	}
	return copy_texts(to, from);
}

int merge_copy_side(const struct turn *t, const struct journey *other, struct journey **ret_side)
{
	_cleanup_(journey_freep) struct journey *side = NULL;
	struct span loser = text_span(other->customer), winner = text_span(t->journey->customer);

	if (journey_new(loser, &side) < 0)
		return -ENOMEM;
	for (size_t n = 0; n < other->n_instances; n++) {
		const struct instance *from = &other->instances[n];
		const struct rule *rule = rules_of(t->rules, from);
		struct instance *to;

		if (instance_forgettable(t->rules, from, t->now))
			continue;
		to = journey_insert_instance(side, text_span(from->rule), text_span(from->key));
		if (!to || copy_instance(to, from, loser, winner) < 0)
			return -ENOMEM;
		if (!(rule && rule->calendar) && spent_copy(to, from, loser, winner) < 0)
			return -ENOMEM;
	}
	*ret_side = side;
	side = NULL;
	return 0;
}
