/* SPDX-License-Identifier: MIT */
/* The one door: due timers first, each at its own instant, then the event, then the wake-up. */
#include "core/step.h"

#include "absence.h"

/* Timers of one instant fire in order of rule and key, so that every run agrees. */
static bool fires_before(
	const struct rules *rules, const struct instance *a, const struct instance *b)
{
	const struct rule *ra, *rb;

	if (a->fire_at != b->fire_at)
		return a->fire_at < b->fire_at;
	ra = rules_find(rules, text_span(a->rule));
	rb = rules_find(rules, text_span(b->rule));
	if (ra != rb)
		return (ra ? ra->order : UINT32_MAX) < (rb ? rb->order : UINT32_MAX);
	return span_compare(text_span(a->key), text_span(b->key)) < 0;
}

static struct instance *first_due(const struct rules *rules, const struct journey *j, int64_t until)
{
	struct instance *first = NULL;

	for (size_t n = 0; n < j->n_instances; n++) {
		struct instance *i = &j->instances[n];

		if (i->state == INSTANCE_ARMED && i->fire_at <= until &&
			(!first || fires_before(rules, i, first)))
			first = i;
	}
	return first;
}

/* Fires all that is due at or before UNTIL. Ends, since each firing uses up a step. */
static int fire_due(
	const struct rules *rules, struct journey *j, int64_t until, struct effects *effects)
{
	struct turn t = {.rules = rules, .journey = j, .effects = effects};
	struct instance *i;
	int r = 0;

	while (r == 0 && (i = first_due(rules, j, until))) {
		t.now = i->fire_at;
		r = absence_fire(&t, i);
	}
	return r;
}

static int apply(const struct rules *rules, struct journey *j, const struct event *event,
	int64_t now, struct effects *effects)
{
	struct turn t = {rules, j, event, now, j->last_at, effects};
	struct effect *e = effects_add(effects, EFFECT_TIMELINE);
	int r;

	if (!e)
		return -ENOMEM;
	e->event = event;
	r = journey_fold(j, event);
	if (r == 0 && (event->flags & EVENT_FLAG_FUTURE)) {
		e = effects_add(effects, EFFECT_COUNT);
		if (!e)
			return -ENOMEM;
		e->counter = COUNTER_FUTURE;
	}
	for (size_t n = 0; n < rules->n && r == 0; n++)
		if (rules->list[n].mode != RULE_OFF)
			r = absence_event(&t, &rules->list[n]);
	return r;
}

/* The due set holds one time per customer, moved only when it is too late or has passed. */
static int rewake(struct journey *j, int64_t now, struct effects *effects)
{
	int64_t next = journey_next_due(j);
	struct effect *e;

	if (next == j->due_at || (next > j->due_at && j->due_at > now))
		return 0;
	e = effects_add(effects, EFFECT_WAKE);
	if (!e)
		return -ENOMEM;
	e->wake_at = j->due_at = next;
	return 0;
}

int step(const struct rules *rules, struct journey *j, const struct input *input, int64_t now,
	struct effects *effects)
{
	bool tick = input->kind == INPUT_TICK;
	int r;

	assert(tick || now > INT64_MIN);
	/* A tick says that everything up to NOW was seen; an event of NOW comes before its timers.
	 */
	r = fire_due(rules, j, tick ? now : now - 1, effects);
	if (r == 0 && !tick)
		r = apply(rules, j, input->event, now, effects);
	if (r < 0)
		return r;
	journey_prune(j, now);
	j->received_at = int64_max(j->received_at, now);
	r = rewake(j, now, effects);
	if (r < 0)
		return r;
	return effects_add(effects, EFFECT_STATE) ? 0 : -ENOMEM;
}
