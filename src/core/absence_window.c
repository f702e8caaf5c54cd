/* SPDX-License-Identifier: MIT */
/*
 * Several events that arm together (`at_least`). Which of them belong to one window is asked anew
 * whenever there is one more, and when two customers are found to be one, whose events count
 * together from then on as if they had always been of one name.
 */
#include "absence_parts.h"

int64_t absence_settled_until(
	const struct turn *t, const struct rule *rule, const struct instance *i)
{
	return int64_max(absence_ended_at(t, rule, i), absence_fired_until(i, 0));
}

/* A, which is on the list of I, arms. */
static int arm_by(const struct turn *t, const struct rule *rule, struct instance *i, size_t n)
{
	struct arming a = i->armings[n];

	if (i->state == INSTANCE_ARMED)
		return absence_again(t, rule, i, &a);
	return rule->retired ? 0 : absence_begin(t, rule, text_span(i->key), &a);
}

int absence_recount(const struct turn *t, const struct rule *rule, struct instance *i,
	const struct rule_match *m, int64_t at)
{
	struct arming_ask ask = {
		.after = absence_settled_until(t, rule, i),
		.until = at + m->within_ms, /* a window that it is in */
		.entry = &m->entry,
	};
	size_t n, most;

	ask.over = int64_max(ask.after, at - 1);
	if (absence_list_find(t->journey, rule, i, &ask, &n))
		return arm_by(t, rule, i, n);
	most = absence_list_most(i, m, &ask);
	return most < m->count ? absence_note(t, rule, NOTE_COUNT, "%zu of %u", most, m->count)
			       : absence_no_deadline(t, rule);
}

int absence_recount_joined(const struct turn *t, const struct rule *rule, struct instance *i,
	const struct journey *other)
{
	struct arming_ask ask = {.until = INT64_MAX};
	struct turn then = *t;
	struct wait_of wait;
	int r = 0;

	then.ending = true;
	for (size_t k = 0; k < rule->n_arm && r == 0; k++) {
		const struct rule_match *m = &rule->arm[k];
		size_t n;

		if (m->count <= 1)
			continue;
		ask.entry = &m->entry;
		/* Known for a day more than the window, by their own instants. */
		ask.after = ask.over = int64_max(absence_settled_until(t, rule, i),
			t->known_at - m->within_ms - ABSENCE_MEMORY_MS);
		if (!absence_list_find(t->journey, rule, i, &ask, &n) ||
			!absence_list_is_joint(t->journey, i, n, m, other))
			continue;
		/* What they would have waited for was over, and nobody has waited. */
		if (!absence_deadline(&then, rule, text_span(i->key), &i->armings[n], &wait) ||
			wait.deadline_at <= t->known_at)
			continue;
		r = arm_by(&then, rule, i, n);
	}
	return r;
}
