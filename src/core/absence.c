/* SPDX-License-Identifier: MIT */
/*
 * "A, then not B within T", exactly. The deadline counts from the event's own time, so that late
 * delivery does not move it; the timer runs on the log's time, so that nothing fires before what
 * could disprove it was seen. The last activity sets the deadline and a late one never moves it
 * back; a cancel wins a tie; a terminal fact closes its key whatever arrives after it.
 *
 *              arm                       fire, no step left
 *   idle ----------------> armed --------------------------> cooling
 *    ^                     |  ^ \ arm again, touch: deadline    |
 *    |   cancel            |  |  ---'                           | arm after the cooldown:
 *    '---------------------'  '---------------------------------' next episode
 *
 *   any state -- terminal fact --> closed, until the tombstone ends
 *
 * What waits for sources and comes due before they have said all up to its deadline is held, and
 * what a gate does not let through yet is put off: both are still armed, with another timer.
 *
 * An instance lives under the text of the rule that it was armed with. The text in force sees
 * events first and leaves such instances alone; then the earlier texts see them, and nothing else.
 */
#include "absence_parts.h"

#include <stdarg.h>

static int64_t round_up(int64_t at, int64_t unit)
{
	return at + ((-at % unit) + unit) % unit;
}

int absence_count(const struct turn *t, enum counter counter)
{
	struct effect *e = effects_add(t->effects, EFFECT_COUNT);

	if (!e)
		return -ENOMEM;
	e->counter = counter;
	return 0;
}

struct cond_scope absence_scope(const struct turn *t, const struct instance *i, struct span key)
{
	return (struct cond_scope){
		.rules = t->rules,
		.journey = t->journey,
		.event = t->event,
		.instance = i,
		.key = i ? text_span(i->key) : key,
		.now = t->now,
	};
}

struct span absence_by(const struct turn *t)
{
	struct span name = t->event->name;

	if (name.len <= INSTANCE_BY_MAX)
		return name;
	name.len = INSTANCE_BY_MAX;
	/* Not in the middle of a character. */
	while (name.len > 0 && ((unsigned char)name.ptr[name.len] & 0xc0) == 0x80)
		name.len--;
	return name;
}

struct span absence_keep(const struct turn *t, struct span s)
{
	return s.len > 0 ? arena_copy(&t->effects->arena, s) : SPAN_EMPTY;
}

static enum effect_kind kind_of(enum outcome outcome)
{
	if (outcome == OUTCOME_FIRED)
		return EFFECT_JOB;
	return outcome == OUTCOME_RETRACTED ? EFFECT_RETRACT : EFFECT_DECISION;
}

struct decision *absence_decide(const struct turn *t, const struct rule *rule,
	const struct instance *i, uint32_t step, enum outcome outcome)
{
	struct effect *e = effects_add(t->effects, kind_of(outcome));
	const struct rule *in_force = rules_find(t->rules, text_span(i->rule));
	struct decision *d;

	if (!e)
		return NULL;
	d = &e->decision;
	d->outcome = outcome;
	d->rule = absence_keep(t, text_span(i->rule));
	d->key = absence_keep(t, text_span(i->key));
	d->data = absence_keep(t, text_span(i->data));
	d->subject = absence_keep(t, text_span(i->subject));
	d->by = absence_keep(t, t->event ? absence_by(t) : text_span(i->by));
	if (!d->rule.ptr || !d->key.ptr || (d->by.len && !d->by.ptr) ||
		(i->data.len && !d->data.ptr) || (i->subject.len && !d->subject.ptr))
		return NULL;
	d->by_at = t->event ? t->event->occurred_at : i->anchor_at;
	d->step = rule && step < rule->n_steps ? rule->steps[step].id : SPAN_EMPTY;
	d->epoch = i->epoch;
	d->episode = spent_number(rule, i);
	d->at = t->now;
	d->anchor_at = i->anchor_at;
	d->armed_at = i->armed_at;
	d->deadline_at = i->deadline_at;
	d->fire_at = i->fire_at;
	d->rule_now = rule;
	d->version = in_force && i->version != in_force->version ? i->version : 0;
	return d;
}

bool absence_owns(const struct turn *t, const struct rule *rule, const struct instance *i)
{
	if (!span_equal(text_span(i->rule), rule->id))
		return false;
	if (i->state != INSTANCE_ARMED)
		return !rule->retired;
	return rules_of(t->rules, i) == rule;
}

const struct instance *absence_above(const struct turn *t, const struct rule *rule, struct span key,
	const struct instance *after)
{
	const struct journey *j = t->journey;
	size_t n = after ? (size_t)(after - j->instances) + 1 : 0;

	for (; rule->n_key_fields > 1 && n < j->n_instances; n++) {
		const struct instance *i = &j->instances[n];
		struct span own = text_span(i->key);

		if (span_equal(text_span(i->rule), rule->id) && rule_key_is_partial(rule, own) &&
			rule_key_in(rule, own, key))
			return i;
	}
	return NULL;
}

bool absence_covers(const struct rule *rule, const struct instance *i, struct span key)
{
	struct span own = text_span(i->key);

	return span_equal(own, WHOLE) || rule_key_in(rule, own, key);
}

int64_t absence_cancelled_at(const struct turn *t, const struct rule *rule, struct span key)
{
	const struct journey *j = t->journey;
	int64_t at = INT64_MIN;

	for (size_t n = 0; n < j->n_instances; n++) {
		const struct instance *i = &j->instances[n];

		if (i->cancelled_at > at && span_equal(text_span(i->rule), rule->id) &&
			absence_covers(rule, i, key))
			at = i->cancelled_at;
	}
	return at;
}

void absence_unhold(struct instance *i)
{
	text_release(&i->missing);
	i->held_at = 0;
}

void absence_undefer(struct instance *i)
{
	i->deferred_until = i->due_at = 0;
	i->gate = i->reason = 0;
}

int absence_take_timer(struct instance *i, const struct instance *other)
{
	i->fire_at = other->fire_at;
	i->held_at = other->held_at;
	i->deferred_until = other->deferred_until;
	i->due_at = other->due_at;
	i->gate = other->gate;
	i->reason = other->reason;
	return text_set(&i->missing, text_span(other->missing));
}

bool absence_made(const struct instance *i)
{
	return i->emitted > 0;
}

enum instance_state absence_after(const struct instance *i)
{
	return absence_made(i) ? INSTANCE_COOLING : INSTANCE_IDLE;
}

void absence_stop(struct instance *i, enum instance_state state, enum outcome outcome)
{
	i->state = state;
	i->outcome = outcome;
	i->fire_at = TIME_NEVER;
	i->version = 0;
	i->skipped_steps = 0;
	i->worth = decimal_from_int(0);
	i->arming_at = i->anchor_at;
	i->floor_at = INT64_MIN;
	i->counted = 0;
	text_release(&i->data);
	text_release(&i->subject);
	absence_unhold(i);
	absence_undefer(i);
}

void absence_disarm(struct instance *i, enum instance_state state, enum outcome outcome)
{
	absence_stop(i, state, outcome);
	absence_list_settle(i, INT64_MAX);
	absence_list_use(i);
}

int absence_end(const struct turn *t, struct instance *i, enum outcome outcome, struct span words)
{
	const struct rule *rule = rules_of(t->rules, i);
	struct decision *d = absence_decide(t, rule, i, i->step, outcome);

	if (!d)
		return -ENOMEM;
	d->words = absence_keep(t, words);
	if (words.len && !d->words.ptr)
		return -ENOMEM;
	absence_disarm(i, absence_after(i), outcome);
	/* When a condition was false is asked where it matters: what has to do with an instant
	 * before that may still come in. */
	if (rule && !(outcome == OUTCOME_NOT_MATCHING && absence_leaves_then(rule)))
		absence_moments_rest(t, rule, i);
	if (i->state == INSTANCE_IDLE)
		i->until_at = t->now + ABSENCE_MEMORY_MS;
	i->touched_at = t->now;
	return t->event ? text_set(&i->by, absence_by(t)) : 0;
}

int absence_supersede(const struct turn *t, struct instance *i, struct span by)
{
	int r = absence_end(t, i, OUTCOME_SUPERSEDED, by);

	if (r == 0)
		r = text_set(&i->superseded_by, by);
	return r < 0 ? r : absence_count(t, COUNTER_SUPERSEDED);
}

int64_t absence_timer(const struct turn *t, const struct rule *rule, int64_t at)
{
	return round_up(int64_max(at, t->now) + rule->grace_ms, rule->round_ms);
}

void absence_set_timer(const struct turn *t, const struct rule *rule, struct instance *i)
{
	i->fire_at = absence_timer(t, rule, i->deadline_at);
}

int absence_name_way(const struct turn *t, struct decision *d, uint32_t way)
{
	struct span name, step = d->step;
	char *text;

	if (way == 0)
		return 0;
	name = way <= JOB_CHANNEL_COUNT ? job_channel_name((enum job_channel)(way - 1))
					: SPAN_LIT("next");
	text = arena_alloc(&t->effects->arena, step.len + 1 + name.len);
	if (!text)
		return -ENOMEM;
	memcpy(text, step.ptr, step.len);
	text[step.len] = '@';
	memcpy(text + step.len + 1, name.ptr, name.len);
	d->step = span_of(text, step.len + 1 + name.len);
	return 0;
}

struct span absence_cut(char text[NOTE_WORDS_MAX + 1], int needed)
{
	size_t len = NOTE_WORDS_MAX - strlen(NOTE_CUT);

	if (needed <= NOTE_WORDS_MAX)
		return span_str(text);
	while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	memcpy(text + len, NOTE_CUT, sizeof(NOTE_CUT));
	return span_str(text);
}

int absence_note(const struct turn *t, const struct rule *rule, enum note_reason reason,
	const char *format, ...)
{
	char words[NOTE_WORDS_MAX + 1];
	struct note *n;
	va_list args;
	int len;

	/* Without an event it is a merge that asks (merge_instances.c). */
	if (rule->retired || !t->event)
		return 0;
	n = journey_add_note(t->journey, rule->id);
	if (!n)
		return -ENOMEM;
	va_start(args, format);
	len = vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	n->reason = reason;
	n->at = t->now;
	n->by_at = t->event->occurred_at;
	if (text_set(&n->by, absence_by(t)) < 0 || text_set(&n->words, absence_cut(words, len)) < 0)
		return -ENOMEM;
	return 0;
}

enum touched { TOUCHES_NOTHING, TOUCHES_KEY, TOUCHES_ALL };

/* What of RULE the turn's event touches: the instances of its KEY, or all of the customer's. */
static enum touched touched(const struct turn *t, const struct rule *rule, struct span key)
{
	struct cond_scope scope = absence_scope(t, NULL, key);
	enum touched reach = TOUCHES_NOTHING;

	for (size_t i = 0; i < rule->n_touch; i++) {
		if (!rule_matches(&rule->touch[i], &scope))
			continue;
		if (rule->touch[i].customer)
			return TOUCHES_ALL;
		reach = TOUCHES_KEY;
	}
	return reach;
}

int absence_event(const struct turn *t, const struct rule *rule)
{
	char buf[RULE_KEY_MAX];
	bool machine = t->event->flags & EVENT_FLAG_MACHINE;
	bool hit = false;
	enum touched reach;
	struct span key;
	int r;

	/* Where nobody was there nothing was done. A fact is one whoever reports it: an order that
	 * a robot's browser tells of is better believed than mailed about. */
	if (machine && !(vocab_flags(t->event->kind) & VOCAB_TERMINAL))
		return 0;
	r = absence_cancel(t, rule, &hit);
	if (r == 0 && !hit && !machine)
		r = absence_arm(t, rule, &hit);
	else if (r == 0 && !machine)
		r = absence_arm_not(t, rule);
	if (r == 0 && hit)
		r = absence_settle_over(t, rule);
	if (r < 0 || rule->n_touch == 0)
		return r;
	key = rule_event_reach(rule, t->event, buf);
	reach = touched(t, rule, key);
	/* What begins or ends the wait for one key may still be activity for all of them. */
	if (reach == TOUCHES_ALL)
		return absence_touch(t, rule, WHOLE);
	return reach == TOUCHES_KEY && !hit && key.len > 0 ? absence_touch(t, rule, key) : 0;
}

int absence_event_retired(const struct turn *t)
{
	const struct journey *j = t->journey;
	int r = 0;

	for (size_t n = 0; n < t->rules->n_retired && r == 0; n++) {
		const struct rule *rule = &t->rules->retired[n];
		const struct rule *in_force = rules_find(t->rules, rule->id);
		bool used = false;

		for (size_t i = 0; i < j->n_instances && !used; i++)
			used = j->instances[i].state == INSTANCE_ARMED &&
			       absence_owns(t, rule, &j->instances[i]);
		if (used && in_force && in_force->mode != RULE_OFF)
			r = absence_event(t, rule);
	}
	return r;
}
