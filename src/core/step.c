/* SPDX-License-Identifier: MIT */
/* The one door: due timers first, each at its own instant, then the event, then the wake-up. */
#include "core/step.h"

#include "core/news.h"
#include "core/tally.h"

#include "absence.h"
#include "calendar_rule.h"
#include "hold.h"
#include "merge_instances.h"
#include "stage_rule.h"

/* Timers of one instant fire in order of rule and key, so that every run agrees. */
static bool fires_before(
	const struct rules *rules, const struct instance *a, const struct instance *b)
{
	const struct rule *ra, *rb;

	if (instance_due(a) != instance_due(b))
		return instance_due(a) < instance_due(b);
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

		if (instance_due(i) <= until && (!first || fires_before(rules, i, first)))
			first = i;
	}
	return first;
}

/* What no event arms follows from all that is known. */
static int follow(const struct turn *t)
{
	int r = calendar_update(t);

	return r < 0 ? r : stage_update(t);
}

/* What is over at AT is not asked from there on, whether anything came in since it was or not. */
static void reach(struct turn *t, int64_t at)
{
	t->now = at;
	journey_prune(t->journey, t->rules, at);
}

/* Fires all that is due at or before UNTIL. Ends, since each firing uses up a step. */
static int fire_due(struct turn *t, int64_t until)
{
	struct instance *i;
	int r = 0;

	while (r == 0 && (i = first_due(t->rules, t->journey, until))) {
		reach(t, instance_due(i));
		i = first_due(t->rules, t->journey, until);
		/* The next step's message ends the wait for that of the one before. */
		if (i->state == INSTANCE_ARMED && i->fire_at == t->now)
			r = absence_fire(t, i);
		else
			r = fallback_fall(t, i);
		if (r == 0)
			r = follow(t);
	}
	return r;
}

static int apply(struct turn *t, const struct event *event)
{
	struct effect *e = effects_add(t->effects, EFFECT_TIMELINE);
	struct rule_bits concerned;
	const struct rule *rule;
	int r;

	if (!e)
		return -ENOMEM;
	e->event = t->event = event;
	r = journey_fold(t->journey, event);
	if (r == 0)
		r = tally_fold(t->rules, t->journey, event);
	if (r == 0 && (event->flags & EVENT_FLAG_FUTURE)) {
		e = effects_add(t->effects, EFFECT_COUNT);
		if (!e)
			return -ENOMEM;
		e->counter = COUNTER_FUTURE;
	}
	concerned = rules_concerned(t->rules, event);
	while (r == 0 && (rule = rules_next(t->rules, &concerned)))
		r = absence_event(t, rule);
	if (r == 0)
		r = absence_event_retired(t);
	if (r == 0)
		r = fallback_event(t);
	if (r == 0)
		r = absence_leave(t);
	return r < 0 ? r : follow(t);
}

/* The other journey becomes part of this one. Nothing fires because of it; but conditions that end
 * what waits are asked again, and dates that became known are waited for. */
static int merge(struct turn *t, const struct input *input)
{
	int r;

	/* Carts, orders and instances are asked about the instant at which the two were one. */
	journey_prune_things(input->other, t->now);
	r = merge_journeys(t->rules, t->journey, input->other, &input->terms, t->now);
	t->known_at = merge_known_at(&input->terms, t->now);
	if (r == 0)
		r = merge_instances(t, input->other);
	if (r == 0)
		r = absence_leave(t);
	return r < 0 ? r : follow(t);
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

/* A tick says that everything up to NOW was seen; an event of NOW comes before its timers, and so
 * does a mark. */
static int take(struct turn *t, const struct input *input, int64_t now)
{
	int r;

	if (input->kind == INPUT_TICK)
		return fire_due(t, now);
	r = fire_due(t, now - 1);
	if (r < 0)
		return r;
	reach(t, now);
	if (input->kind == INPUT_EVENT)
		return apply(t, input->event);
	if (input->kind == INPUT_MERGE)
		return merge(t, input);
	return span_equal(input->source, MARK_RULES) ? follow(t) : absence_release(t);
}

/* What the customer's place in the indexes of those held was before an input. */
struct places {
	struct holds holds;
	struct followed followed;
	int64_t error_at, active_at;
	bool dated;
};

static int places_of(const struct journey *j, struct arena *a, struct places *ret_places)
{
	int r = holds_of(j, a, &ret_places->holds);

	ret_places->dated = calendar_knows(j);
	ret_places->error_at = news_error_at(j);
	ret_places->active_at = j->web_active_at;
	return r < 0 ? r : followed_of(j, a, &ret_places->followed);
}

static int places_update(const struct journey *j, const struct places *before,
	const struct input *input, int64_t now, struct effects *effects)
{
	bool by_rules = span_equal(input->source, MARK_RULES);
	int r = 0;

	if (by_rules || calendar_knows(j) != before->dated)
		r = holds_rules(calendar_knows(j), by_rules ? now : 0, effects);
	if (r == 0)
		r = holds_update(j, &before->holds, by_rules ? SPAN_EMPTY : input->source, effects);
	if (r == 0)
		r = followed_update(j, &before->followed, effects);
	if (r == 0)
		r = followed_site(j, input->marks, before->error_at, before->active_at, effects);
	return r;
}

int step(const struct rules *rules, struct journey *j, const struct input *input, int64_t now,
	struct effects *effects)
{
	struct turn t = {.rules = rules, .journey = j, .effects = effects, .marks = input->marks};
	struct places before;
	int r = places_of(j, &effects->arena, &before);

	assert(input->kind == INPUT_TICK || now > INT64_MIN);
	if (r == 0)
		r = take(&t, input, now);
	if (r < 0)
		return r;
	journey_prune(j, rules, now);
	j->received_at = int64_max(j->received_at, now);
	r = rewake(j, now, effects);
	if (r == 0)
		r = places_update(j, &before, input, now, effects);
	if (r < 0)
		return r;
	return effects_add(effects, EFFECT_STATE) ? 0 : -ENOMEM;
}
