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
 * What waits for sources and comes due before they have said all up to its deadline is held: still
 * armed, but its timer is the end of the hold, until a mark lets it go (absence_release).
 */
#include "absence.h"

#define WHOLE SPAN_LIT("customer")

static int64_t round_up(int64_t at, int64_t unit)
{
	return at + ((-at % unit) + unit) % unit;
}

static int count(const struct turn *t, enum counter counter)
{
	struct effect *e = effects_add(t->effects, EFFECT_COUNT);

	if (!e)
		return -ENOMEM;
	e->counter = counter;
	return 0;
}

/* What the conditions of a rule see this turn, of instance I or, with NULL, of none. */
static struct cond_scope scope_of(const struct turn *t, const struct instance *i)
{
	return (struct cond_scope){
		.rules = t->rules,
		.journey = t->journey,
		.event = t->event,
		.instance = i,
		.key = i ? text_span(i->key) : SPAN_EMPTY,
		.now = t->now,
	};
}

/* Enough of an event's name to explain a decision by; names come from strangers. */
static struct span by_name(const struct turn *t)
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

/* Copies S so that the effect outlives changes to the instance. */
static struct span keep(const struct turn *t, struct span s)
{
	return s.len > 0 ? arena_copy(&t->effects->arena, s) : SPAN_EMPTY;
}

static int decide(const struct turn *t, enum effect_kind kind, const struct rule *rule,
	const struct instance *i, uint32_t step, enum outcome outcome)
{
	struct effect *e = effects_add(t->effects, kind);
	struct decision *d;

	if (!e)
		return -ENOMEM;
	d = &e->decision;
	d->outcome = outcome;
	d->rule = keep(t, text_span(i->rule));
	d->key = keep(t, text_span(i->key));
	d->data = keep(t, text_span(i->data));
	d->by = keep(t, t->event ? by_name(t) : text_span(i->by));
	if (!d->rule.ptr || !d->key.ptr || (d->by.len && !d->by.ptr) ||
		(i->data.len && !d->data.ptr))
		return -ENOMEM;
	d->by_at = t->event ? t->event->occurred_at : i->anchor_at;
	d->step = rule && step < rule->n_steps ? rule->steps[step].id : SPAN_EMPTY;
	d->epoch = i->epoch;
	d->episode = i->episode;
	d->at = t->now;
	d->anchor_at = i->anchor_at;
	d->armed_at = i->armed_at;
	d->deadline_at = i->deadline_at;
	d->fire_at = i->fire_at;
	d->rule_now = rule;
	return 0;
}

static void unhold(struct instance *i)
{
	text_release(&i->missing);
	i->held_at = 0;
}

/* Nothing is waited for any more, and what was captured for the job is of no further use. */
static void disarm(struct instance *i, enum instance_state state, enum outcome outcome)
{
	i->state = state;
	i->outcome = outcome;
	i->fire_at = TIME_NEVER;
	text_release(&i->data);
	unhold(i);
}

/* What is left of an episode that ends before its last step: the job that it made cools all the
 * same (absence_fire has said until when). */
static enum instance_state after_episode(const struct instance *i)
{
	return i->emitted > 0 ? INSTANCE_COOLING : INSTANCE_IDLE;
}

/* ---- cancel ---------------------------------------------------------------------------- */

/* The job of a fired instance is disproved: take it back if nobody has it yet. */
static int retract(const struct turn *t, const struct rule *rule, struct instance *i)
{
	struct instance then = *i; /* as it fired; what it points to stays I's */
	struct effect *e;
	int r;

	then.episode = i->last_episode;
	then.anchor_at = i->last_anchor_at;
	then.deadline_at = i->last_deadline_at;
	r = decide(t, EFFECT_RETRACT, rule, &then, i->last_step, OUTCOME_RETRACTED);
	if (r < 0)
		return r;
	e = &t->effects->list[t->effects->n - 1];
	e->decision.late = t->event->occurred_at <= i->last_deadline_at;
	i->last_deadline_at = i->last_anchor_at = INT64_MIN;
	if (i->state != INSTANCE_ARMED)
		i->outcome = OUTCOME_RETRACTED;
	return count(t, COUNTER_RETRACTED);
}

static int cancel_fired(
	const struct turn *t, const struct rule *rule, struct instance *i, bool terminal)
{
	int64_t b = t->event->occurred_at;
	/* After the deadline only the period that fired is concerned, not one armed since. */
	bool concerned = b <= i->last_deadline_at || i->last_episode == i->episode;

	if (i->last_deadline_at == INT64_MIN || !concerned)
		return 0;
	if (!terminal && b < i->last_anchor_at - rule->slack_ms)
		return 0;
	return retract(t, rule, i);
}

static int cancel_armed(
	const struct turn *t, const struct rule *rule, struct instance *i, bool terminal)
{
	int r;

	if (i->state != INSTANCE_ARMED)
		return 0;
	if (!terminal && t->event->occurred_at < i->anchor_at - rule->slack_ms)
		return 0;
	r = decide(t, EFFECT_DECISION, rule, i, i->step, OUTCOME_CANCELLED);
	if (r == 0)
		r = count(t, COUNTER_CANCELLED);
	disarm(i, after_episode(i), OUTCOME_CANCELLED);
	return r;
}

static int end_instance(
	const struct turn *t, const struct rule *rule, struct instance *i, bool terminal)
{
	int r = cancel_fired(t, rule, i, terminal);

	if (r == 0)
		r = cancel_armed(t, rule, i, terminal);
	i->touched_at = t->now;
	return r == 0 ? text_set(&i->by, by_name(t)) : r;
}

static int cancel_instance(
	const struct turn *t, const struct rule *rule, struct instance *i, bool terminal)
{
	int r = end_instance(t, rule, i, terminal);

	i->cancelled_at = int64_max(i->cancelled_at, t->event->occurred_at);
	if (terminal && rule->tombstone_ms > 0) {
		/* A job that still cools, or an earlier fact, may keep it closed for longer. */
		if (i->state == INSTANCE_IDLE)
			i->until_at = INT64_MIN;
		i->until_at = int64_max(i->until_at, t->now + rule->tombstone_ms);
		i->state = INSTANCE_CLOSED;
	} else if (i->state == INSTANCE_IDLE) {
		i->until_at = int64_max(
			i->until_at, t->now + int64_max(rule->tombstone_ms, ABSENCE_MEMORY_MS));
	}
	return r;
}

/* The instance to remember a cancel in, created if need be. NULL: no memory, or no room. */
static struct instance *memory_of(const struct turn *t, const struct rule *rule, struct span key)
{
	struct instance *i = journey_instance(t->journey, rule->id, key);

	if (i)
		return i;
	i = journey_add_instance(t->journey, rule->id, key);
	if (i)
		i->epoch = rule->epoch;
	return i;
}

static int cancel_key(const struct turn *t, const struct rule *rule, struct span key, bool terminal)
{
	struct instance *i = memory_of(t, rule, key);

	if (!i)
		return errno == ENOSPC ? count(t, COUNTER_LIMIT) : -ENOMEM;
	return cancel_instance(t, rule, i, terminal);
}

static int cancel_all(const struct turn *t, const struct rule *rule)
{
	struct journey *j = t->journey;
	int r = 0;

	for (size_t n = 0; n < j->n_instances && r == 0; n++)
		if (span_equal(text_span(j->instances[n].rule), rule->id) &&
			!span_equal(text_span(j->instances[n].key), WHOLE))
			r = cancel_instance(t, rule, &j->instances[n], false);
	/* The whole customer's entry remembers it for keys that are not known yet. */
	return r < 0 ? r : cancel_key(t, rule, WHOLE, false);
}

static int cancel(
	const struct turn *t, const struct rule *rule, const struct rule_match *m, struct span key)
{
	bool whole = rule->key == RULE_KEY_FIELD && span_equal(key, WHOLE);
	struct instance *i;
	int r;

	if (m->customer || whole)
		return cancel_all(t, rule);
	if (key.len == 0)
		return 0;
	r = cancel_key(t, rule, key, m->terminal);
	if (r < 0 || !rule->key_else_customer)
		return r;
	/* What was armed without a key may be this very cart: do not write to them about it. It is
	 * the key that remembers it: what the whole customer's entry remembers holds for all keys.
	 */
	i = journey_instance(t->journey, rule->id, WHOLE);
	return i ? end_instance(t, rule, i, false) : 0;
}

/* ---- arm ------------------------------------------------------------------------------- */

static int snapshot(const struct turn *t, const struct rule *rule, struct instance *i)
{
	char bytes[INSTANCE_DATA_MAX];
	size_t len = 0;

	for (size_t n = 0; n < rule->n_data; n++) {
		const struct value *v = event_field(t->event, rule->data[n].field);
		struct span name = rule->data[n].name;
		size_t need = name.len + v->raw.len + 4;

		if (v->type == VALUE_MISSING || len + need > sizeof(bytes))
			continue;
		if (len > 0)
			bytes[len++] = ',';
		bytes[len++] = '"';
		memcpy(bytes + len, name.ptr, name.len);
		len += name.len;
		bytes[len++] = '"';
		bytes[len++] = ':';
		memcpy(bytes + len, v->raw.ptr, v->raw.len);
		len += v->raw.len;
	}
	if (text_set(&i->by, by_name(t)) < 0)
		return -ENOMEM;
	return text_set(&i->data, span_of(bytes, len));
}

static void set_timer(const struct turn *t, const struct rule *rule, struct instance *i)
{
	int64_t from = int64_max(i->deadline_at, t->now);

	i->fire_at = round_up(from + rule->grace_ms, rule->round_ms);
}

/* The activity at A moves an armed instance's deadline, forward only. */
static int move(const struct turn *t, const struct rule *rule, struct instance *i, bool arming)
{
	int64_t a = t->event->occurred_at, deadline_at = 0;
	int r = 0;

	/* Of the arming events the last counts, or the first, in whatever order they come in. */
	if (rule->anchor_first && arming) {
		if (a >= i->anchor_at || rule->n_touch > 0)
			return 0;
	} else if (a < i->anchor_at) {
		return 0;
	}
	if (rule->wait.kind == WAIT_SPAN)
		deadline_at = a + rule->wait.span_ms + rule->steps[0].after_ms;
	else if (!arming)
		deadline_at = i->deadline_at; /* a given instant does not move with activity */
	else if (rule_deadline(rule, t->event, &deadline_at))
		deadline_at += rule->steps[0].after_ms;
	else
		return count(t, COUNTER_NO_DEADLINE);
	if (arming)
		r = snapshot(t, rule, i);
	i->anchor_at = a;
	/* Between steps the next one is due after the step before, and not before the wait. */
	if (i->step > 0)
		deadline_at = int64_max(deadline_at, i->deadline_at);
	if (deadline_at != i->deadline_at) {
		i->deadline_at = deadline_at;
		unhold(i);
		set_timer(t, rule, i);
	}
	i->touched_at = t->now;
	return r;
}

/* Do other instances of RULE keep the one of KEY from being armed: by a cooldown that they share,
 * or by a cancel of what, without a key, it may have been about? */
static bool hindered(const struct turn *t, const struct rule *rule, struct span key)
{
	const struct journey *j = t->journey;
	bool any_key = rule->key == RULE_KEY_FIELD && span_equal(key, WHOLE);

	for (size_t n = 0; n < j->n_instances; n++) {
		const struct instance *i = &j->instances[n];

		if (!span_equal(text_span(i->rule), rule->id))
			continue;
		if (rule->cooldown_customer && i->cools_until > t->now)
			return true;
		if (any_key && t->event->occurred_at <= i->cancelled_at)
			return true;
	}
	return false;
}

/* May INSTANCE (NULL: there is none yet) begin an episode at event time A? */
static bool may_arm(const struct turn *t, const struct rule *rule, const struct instance *i,
	int64_t deadline_at)
{
	const struct instance *whole = journey_instance(t->journey, rule->id, WHOLE);
	int64_t a = t->event->occurred_at;
	bool allowed_again = i && i->episode > 0 && rule->epoch > i->epoch;

	if (whole && a <= whole->cancelled_at)
		return false;
	if (!i)
		return true;
	if (i->state == INSTANCE_CLOSED && i->until_at > t->now)
		return false;
	if (i->state == INSTANCE_COOLING && i->until_at > t->now && !allowed_again)
		return false;
	if (a <= i->cancelled_at)
		return false;
	if (rule->max_per_key > 0 && i->episode >= rule->max_per_key && i->emitted > 0 &&
		!allowed_again)
		return false;
	/* An addition from within the period that has fired came late: it belongs to that one. */
	return rule->wait.kind == WAIT_SPAN ? a > i->last_deadline_at
					    : deadline_at > i->last_deadline_at;
}

static int begin_episode(const struct turn *t, const struct rule *rule, struct instance *i,
	int64_t anchor_at, int64_t deadline_at)
{
	if (rule->epoch > i->epoch) {
		i->epoch = rule->epoch;
		i->episode = 0;
	}
	i->state = INSTANCE_ARMED;
	i->outcome = OUTCOME_ARMED;
	/* What made no job has used up no episode, in whatever order cancels come in. */
	if (i->episode == 0 || i->emitted > 0)
		i->episode++;
	i->step = 0;
	i->emitted = 0;
	i->anchor_at = anchor_at;
	i->armed_at = t->now;
	i->deadline_at = deadline_at;
	i->until_at = INT64_MIN;
	i->touched_at = t->now;
	set_timer(t, rule, i);
	if (snapshot(t, rule, i) < 0)
		return -ENOMEM;
	return count(t, COUNTER_ARMED);
}

static bool touches_anything(const struct rule *rule)
{
	for (size_t n = 0; n < rule->n_touch; n++)
		if (rule->touch[n].by == MATCH_ANY && !rule->touch[n].when)
			return rule->key == RULE_KEY_CUSTOMER;
	return false;
}

static int arm(const struct turn *t, const struct rule *rule, struct span key)
{
	struct instance *i = journey_instance(t->journey, rule->id, key);
	int64_t anchor_at = t->event->occurred_at, deadline_at;

	if (i && i->state == INSTANCE_ARMED)
		return move(t, rule, i, true);
	if (!rule_deadline(rule, t->event, &deadline_at))
		return count(t, COUNTER_NO_DEADLINE);
	/* Where any event moves the anchor, one that overtook this one has moved it already. */
	if (touches_anything(rule) && t->last_before > anchor_at && t->last_before <= deadline_at &&
		rule->wait.kind == WAIT_SPAN) {
		deadline_at += t->last_before - anchor_at;
		anchor_at = t->last_before;
	}
	deadline_at += rule->steps[0].after_ms;
	if (hindered(t, rule, key) || !may_arm(t, rule, i, deadline_at))
		return 0;
	if (rule->stale_ms != TIME_NEVER && deadline_at + rule->stale_ms < t->now)
		return count(t, COUNTER_STALE);
	if (!i) {
		i = journey_add_instance(t->journey, rule->id, key);
		if (!i)
			return errno == ENOSPC ? count(t, COUNTER_LIMIT) : -ENOMEM;
		i->epoch = rule->epoch;
	}
	return begin_episode(t, rule, i, anchor_at, deadline_at);
}

/* ---- touch ----------------------------------------------------------------------------- */

static int touch(const struct turn *t, const struct rule *rule, struct span key)
{
	struct journey *j = t->journey;
	bool whole = span_equal(key, WHOLE);
	int r = 0;

	for (size_t n = 0; n < j->n_instances && r == 0; n++) {
		struct instance *i = &j->instances[n];

		if (i->state != INSTANCE_ARMED || !span_equal(text_span(i->rule), rule->id))
			continue;
		if (whole || span_equal(text_span(i->key), key))
			r = move(t, rule, i, false);
	}
	return r;
}

static const struct rule_match *find_match(
	const struct turn *t, const struct rule_match *list, size_t n)
{
	struct cond_scope scope = scope_of(t, NULL);

	for (size_t i = 0; i < n; i++)
		if (rule_matches(&list[i], &scope))
			return &list[i];
	return NULL;
}

int absence_event(const struct turn *t, const struct rule *rule)
{
	char buf[RULE_KEY_MAX];
	bool machine = t->event->flags & EVENT_FLAG_MACHINE;
	const struct rule_match *m;
	struct span key;

	/* Where nobody was there nothing was done. A fact is one whoever reports it: an order that
	 * a robot's browser tells of is better believed than mailed about. */
	if (machine && !(vocab_flags(t->event->kind) & VOCAB_TERMINAL))
		return 0;
	m = find_match(t, rule->cancel, rule->n_cancel);
	if (m)
		return cancel(t, rule, m, rule_event_key(rule, t->event, buf));
	m = machine ? NULL : find_match(t, rule->arm, rule->n_arm);
	if (m) {
		key = rule_event_key(rule, t->event, buf);
		return key.len > 0 ? arm(t, rule, key) : 0;
	}
	m = find_match(t, rule->touch, rule->n_touch);
	if (!m)
		return 0;
	key = rule_event_key(rule, t->event, buf);
	return key.len > 0 ? touch(t, rule, key) : 0;
}

/* ---- hold ------------------------------------------------------------------------------ */

/* The first source that RULE waits for and that has not said all up to I's deadline; empty: none.
 */
static struct span missing_source(
	const struct turn *t, const struct rule *rule, const struct instance *i)
{
	for (size_t n = 0; n < rule->n_wait_for; n++)
		if (marks_at(t->marks, rule->wait_for[n]) < i->deadline_at)
			return rule->wait_for[n];
	return SPAN_EMPTY;
}

/* It is due, and held: its timer is now the end of the hold. */
static int hold(
	const struct turn *t, const struct rule *rule, struct instance *i, struct span missing)
{
	if (text_set(&i->missing, missing) < 0)
		return -ENOMEM;
	i->held_at = i->touched_at = t->now;
	i->fire_at = t->now + rule->max_hold_ms;
	return count(t, COUNTER_HELD);
}

int absence_release(const struct turn *t)
{
	struct journey *j = t->journey;

	for (size_t n = 0; n < j->n_instances; n++) {
		struct instance *i = &j->instances[n];
		const struct rule *rule = rules_find(t->rules, text_span(i->rule));
		struct span missing;

		/* Of a rule that is gone the end of the hold disposes. */
		if (i->missing.len == 0 || !rule)
			continue;
		missing = missing_source(t, rule, i);
		if (missing.len > 0) {
			if (text_set(&i->missing, missing) < 0)
				return -ENOMEM;
			continue;
		}
		unhold(i);
		i->fire_at = i->touched_at = t->now;
	}
	return 0;
}

/* ---- fire ------------------------------------------------------------------------------ */

static int suppress(
	const struct turn *t, const struct rule *rule, struct instance *i, enum outcome outcome)
{
	int r = decide(t, EFFECT_DECISION, rule, i, i->step, outcome);

	disarm(i, after_episode(i), outcome);
	if (i->state == INSTANCE_IDLE)
		i->until_at = t->now + ABSENCE_MEMORY_MS;
	i->touched_at = t->now;
	return r < 0 ? r : count(t, COUNTER_SUPPRESSED);
}

int absence_fire(const struct turn *t, struct instance *i)
{
	const struct rule *rule = rules_find(t->rules, text_span(i->rule));
	struct span missing;
	int r;

	if (!rule || rule->mode == RULE_OFF || i->step >= rule->n_steps)
		return suppress(t, rule, i, OUTCOME_RULE_REMOVED);
	missing = missing_source(t, rule, i);
	if (missing.len > 0 && i->missing.len == 0)
		return hold(t, rule, i, missing);
	if (missing.len > 0 && rule->hold_drops)
		return suppress(t, rule, i, OUTCOME_SOURCE_LATE);
	unhold(i);
	struct cond_scope scope = scope_of(t, i);

	if (rule->fire_if && !cond_holds(rule->fire_if, &scope))
		return suppress(t, rule, i, OUTCOME_SUPPRESSED);
	r = decide(t, EFFECT_JOB, rule, i, i->step, OUTCOME_FIRED);
	if (r == 0)
		r = count(t, COUNTER_FIRED);
	i->outcome = OUTCOME_FIRED;
	i->last_deadline_at = i->deadline_at;
	i->last_anchor_at = i->anchor_at;
	i->last_episode = i->episode;
	i->last_step = i->step;
	i->emitted++;
	i->step++;
	i->touched_at = t->now;
	i->until_at = t->now + rule->cooldown_ms;
	if (rule->cooldown_customer && rule->cooldown_ms > 0)
		i->cools_until = i->until_at;
	if (i->step < rule->n_steps) {
		i->deadline_at = t->now + rule->steps[i->step].after_ms;
		set_timer(t, rule, i);
		return r;
	}
	disarm(i, INSTANCE_COOLING, OUTCOME_FIRED);
	return r;
}
