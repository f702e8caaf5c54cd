/* SPDX-License-Identifier: MIT */
/* A wait that runs is moved by what comes while a pause does, and none begins: so it is asked of
 * each whether it had begun before the pause, by when that was heard of. */
#include "paused.h"

#include "absence_parts.h"

/* Since when a pause over all keys of RULE runs; INT64_MAX: none does. */
static int64_t runs_since(const struct turn *t, const struct rule *rule)
{
	const struct journey *j = t->journey;
	int64_t since_at = INT64_MAX;

	for (size_t n = 0; rule->cooldown_customer && n < j->n_instances; n++) {
		const struct instance *i = &j->instances[n];

		if (i->cools_until > t->now && span_equal(text_span(i->rule), rule->id))
			since_at = int64_min(since_at, i->cools_until - rule->cooldown_ms);
	}
	return since_at;
}

int paused_note(
	const struct turn *t, const struct rule *rule, struct span key, const struct arming *a)
{
	int64_t since_at = runs_since(t, rule);
	struct instance *i;

	if (since_at == INT64_MAX || a->by.len == 0 || a->at <= absence_cancelled_at(t, rule, key))
		return 0;
	i = journey_instance(t->journey, rule->id, key);
	if (i && absence_list_given(i, a))
		return 0;
	if (!i) {
		i = journey_add_instance(t->journey, rule->id, key);
		if (!i)
			return errno == ENOSPC ? 0 : -ENOMEM;
		i->epoch = rule->epoch;
		i->touched_at = t->now;
	}
	return paused_set(i, a, since_at);
}

/* Is A behind what I remembers? Of two that say the same the name decides. */
static bool is_later(const struct instance *i, const struct arming *a)
{
	int c = i->paused ? absence_compare(a, &i->paused->what) : 1;

	if (c == 0)
		c = span_compare(text_span(a->subject), text_span(i->paused->what.subject));
	return c > 0;
}

int paused_set(struct instance *i, const struct arming *a, int64_t since_at)
{
	struct paused *p;

	if (!is_later(i, a))
		return 0;
	p = calloc(1, sizeof(*p));
	if (!p || absence_copy(a, &p->what) < 0) {
		free(p);
		return -ENOMEM;
	}
	p->since_at = since_at;
	i->paused = paused_free(i->paused);
	i->paused = p;
	return 0;
}

void paused_join(struct instance *into, struct instance *from)
{
	struct paused *other = from->paused;

	if (!other || !is_later(into, &other->what))
		return;
	from->paused = into->paused;
	into->paused = other;
}

int paused_offer(const struct turn *t, const struct rule *rule, struct instance *i)
{
	const struct paused *p = i->paused;
	struct turn then = *t;
	struct instance was;
	struct arming a;
	int r;

	if (!p || i->state != INSTANCE_ARMED || i->armed_at >= p->since_at)
		return 0;
	if (absence_gives(rule) && p->what.at <= t->known_at - ABSENCE_MEMORY_MS)
		return 0;
	/* What a step has said by then it has said. */
	if (i->step > 0 && p->what.at <= absence_fired_until(i, i->epoch))
		return 0;
	if (absence_copy(&p->what, &a) < 0)
		return -ENOMEM;
	then.ending = true;
	was = *i;
	i->missing = (struct text){.ptr = NULL};
	r = absence_again(&then, rule, i, &a);
	arming_release(&a);
	return absence_moved_joined(t, rule, i, &was, r);
}
