/* SPDX-License-Identifier: MIT */
/* Instances that are due, and held for a source that could still disprove them. */
#include "absence_parts.h"

struct span absence_missing(const struct turn *t, const struct rule *rule, const struct instance *i)
{
	for (size_t n = 0; n < rule->n_wait_for; n++)
		if (marks_at(t->marks, rule->wait_for[n]) < i->deadline_at)
			return rule->wait_for[n];
	return SPAN_EMPTY;
}

int absence_hold(
	const struct turn *t, const struct rule *rule, struct instance *i, struct span missing)
{
	if (text_set(&i->missing, missing) < 0)
		return -ENOMEM;
	i->held_at = i->touched_at = t->now;
	/* Its worth counts from there, however long it is held. */
	i->due_at = t->now;
	i->fire_at = t->now + rule->max_hold_ms;
	return absence_count(t, COUNTER_HELD);
}

int absence_release(const struct turn *t)
{
	struct journey *j = t->journey;

	for (size_t n = 0; n < j->n_instances; n++) {
		struct instance *i = &j->instances[n];
		const struct rule *rule = rules_of(t->rules, i);
		struct span missing;

		/* Of a rule that is gone the end of the hold disposes. */
		if (i->missing.len == 0 || !rule)
			continue;
		missing = absence_missing(t, rule, i);
		if (missing.len > 0) {
			if (text_set(&i->missing, missing) < 0)
				return -ENOMEM;
			continue;
		}
		absence_unhold(i);
		i->fire_at = i->touched_at = t->now;
	}
	return 0;
}
