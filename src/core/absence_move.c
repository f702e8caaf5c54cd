/* SPDX-License-Identifier: MIT */
/*
 * What moves a wait that runs. Two things are told apart: which arming event is in force, by which
 * cancels are judged, and the latest activity, from which the wait counts. Activity is remembered
 * where nothing is armed yet, since the arming event may have been overtaken by it.
 */
#include "absence_parts.h"

/* The latest touch of KEY, of what it is part of, and of all keys; INT64_MIN: none. */
static int64_t touch_at(const struct turn *t, const struct rule *rule, struct span key)
{
	const struct journey *j = t->journey;
	int64_t at = INT64_MIN;

	for (size_t n = 0; rule->n_touch > 0 && n < j->n_instances; n++) {
		const struct instance *i = &j->instances[n];

		if (i->touch_at > at && span_equal(text_span(i->rule), rule->id) &&
			absence_covers(rule, i, key))
			at = i->touch_at;
	}
	return at;
}

/* What a prediction follows from has changed by a touch, and not what it counts from. */
static bool follows_touch(const struct rule *rule)
{
	return rule->wait.kind != WAIT_LATE;
}

static bool deadline_from(const struct turn *t, const struct rule *rule, struct span key,
	const struct arming *a, struct wait_of *wait)
{
	const struct instance *i = journey_instance(t->journey, rule->id, key);
	struct cond_scope scope = absence_scope(t, i, key);

	if (absence_gives(rule)) {
		wait->deadline_at = a->deadline_at;
		return a->deadline_at != TIME_NEVER;
	}
	if (t->ending)
		scope.event = NULL;
	return rule_deadline(rule, &scope, wait->anchor_at, &wait->deadline_at);
}

bool absence_deadline(const struct turn *t, const struct rule *rule, struct span key,
	const struct arming *a, struct wait_of *ret_wait)
{
	int64_t touched = touch_at(t, rule, key);
	struct wait_of wait = {.anchor_at = a->at};

	if (!deadline_from(t, rule, key, a, &wait))
		return false;
	*ret_wait = wait;
	if (!follows_touch(rule) || touched <= a->at || touched > wait.deadline_at)
		return true;
	ret_wait->anchor_at = touched;
	return deadline_from(t, rule, key, a, ret_wait);
}

static void put_deadline(
	const struct turn *t, const struct rule *rule, struct instance *i, int64_t deadline_at)
{
	if (deadline_at == i->deadline_at)
		return;
	i->deadline_at = deadline_at;
	absence_unhold(i);
	absence_undefer(i);
	absence_set_timer(t, rule, i);
}

/* GIVEN: it follows from what is handed over, which may yet turn out not to be. */
static void set_deadline(const struct turn *t, const struct rule *rule, struct instance *i,
	int64_t deadline_at, bool given)
{
	/* Between steps the next one is due after the step before, and not before the wait. */
	if (i->step > 0) {
		if (given && i->floor_at == INT64_MIN)
			i->floor_at = i->deadline_at;
		else if (!given && i->floor_at != INT64_MIN)
			i->floor_at = int64_max(i->floor_at, deadline_at);
		deadline_at = int64_max(deadline_at, i->deadline_at);
	}
	put_deadline(t, rule, i, deadline_at);
}

int absence_keep_arming(
	const struct turn *t, const struct rule *rule, struct instance *i, struct arming *a)
{
	bool named;

	i->arming_at = a->at;
	i->worth = a->worth;
	i->counted = a->by.len == 0;
	/* The steps of an episode are of one name, whoever it goes on for: its number was counted
	 * among the jobs of that name, and may be spent among those of another who is one with it
	 * by now. */
	named = i->step > 0;
	if (i->counted && !named && text_set(&i->subject, text_span(a->subject)) < 0)
		return -ENOMEM;
	/* Of several events the last is known by what it says, whichever came in last. */
	if (i->counted)
		return text_set(&i->by, absence_list_by(t, rule, a)) < 0 ||
				       text_set(&i->data, text_span(a->data)) < 0
			       ? -ENOMEM
			       : 0;
	text_release(&i->by);
	text_release(&i->data);
	i->by = a->by;
	i->data = a->data;
	text_release(named ? &a->subject : &i->subject);
	if (!named)
		i->subject = a->subject;
	*a = (struct arming){.at = a->at};
	return 0;
}

/* A takes the place of what armed I, and would by itself come to WAIT. */
static int rearm(const struct turn *t, const struct rule *rule, struct instance *i,
	struct arming *a, struct wait_of wait)
{
	bool given = absence_list_given(i, a);
	int64_t touched = i->anchor_at > i->arming_at ? i->anchor_at : INT64_MIN;

	if (touched > wait.anchor_at) {
		wait.anchor_at = touched;
		if (!deadline_from(t, rule, text_span(i->key), a, &wait))
			wait.deadline_at = i->deadline_at;
	}
	i->anchor_at = wait.anchor_at;
	set_deadline(t, rule, i, wait.deadline_at, given);
	i->touched_at = t->now;
	return absence_keep_arming(t, rule, i, a);
}

/* Might LOSER be in force again when WINNER is found to be cancelled, or not to be handed over? */
static bool may_return(const struct rule *rule, const struct instance *i,
	const struct arming *loser, const struct arming *winner)
{
	if (loser->by.len == 0 || absence_list_given(i, loser))
		return false;
	if (absence_list_given(i, winner))
		return true;
	if (rule->n_cancel + rule->n_goal == 0 && !rule->exit_waits)
		return false;
	return rule->anchor_first || winner->by.len == 0;
}

/* Is ONE, which is on the list, as late as A? What may be handed over, and is not, does not count;
 * what is handed over is on the list itself while it is taken up. */
static bool goes_before(const struct arming *one, const struct arming *a)
{
	int c = absence_compare(a, one);

	if (one->by.len == 0)
		return false;
	return one->giver.len == 0 ? c <= 0 : one->stands && c < 0;
}

static bool is_own(const struct arming *a)
{
	return a->by.len > 0 && a->giver.len == 0;
}

/* A copy of A onto the list. */
static int add_copy(struct instance *i, const struct arming *a)
{
	struct arming copy;
	int r;

	if (absence_copy(a, &copy) < 0)
		return -ENOMEM;
	r = absence_list_add(i, &copy);
	arming_release(&copy);
	return r;
}

/* What armed I is kept, since what is handed over between its steps may yet turn out not to be. */
static int keep_first(struct instance *i)
{
	const struct arming first = {
		.at = i->arming_at,
		.deadline_at = i->deadline_at,
		.worth = i->worth,
		.by = i->by,
		.data = i->data,
		.subject = i->subject,
	};

	for (size_t n = 0; n < i->n_armings; n++)
		if (is_own(&i->armings[n]) && i->armings[n].at >= i->arming_at)
			return 0;
	return i->by.len == 0 || absence_list_given(i, &first) ? 0 : add_copy(i, &first);
}

/* Of what may be in force between the steps of I the last; NULL: nothing. */
static const struct arming *latest_of(const struct instance *i)
{
	const struct arming *latest = NULL;

	for (size_t n = 0; n < i->n_armings; n++) {
		const struct arming *a = &i->armings[n];

		if (a->at >= i->arming_at && (is_own(a) || (a->giver.len > 0 && a->stands)) &&
			(!latest || absence_compare(a, latest) > 0))
			latest = a;
	}
	return latest;
}

static int say(struct instance *i, const struct arming *a)
{
	i->worth = a->worth;
	return text_set(&i->by, text_span(a->by)) < 0 || text_set(&i->data, text_span(a->data)) < 0
		       ? -ENOMEM
		       : 0;
}

int absence_join_words(struct instance *into, const struct instance *from)
{
	const struct arming *mine = latest_of(into), *theirs = latest_of(from);

	if (!theirs || theirs->at < into->arming_at || (mine && absence_compare(mine, theirs) >= 0))
		return 0;
	return say(into, theirs);
}

int absence_unjoin(const struct turn *t, const struct rule *rule, struct instance *i,
	const struct arming *gone)
{
	bool spoke = span_equal(text_span(i->by), text_span(gone->by)) &&
		     span_equal(text_span(i->data), text_span(gone->data));
	const struct arming *latest = latest_of(i);
	int64_t deadline_at = i->floor_at, floor_at = INT64_MIN;
	struct span key = text_span(i->key);
	struct turn then = *t;
	struct wait_of wait;

	if (i->step == 0 || i->floor_at == INT64_MIN)
		return 0;
	then.ending = true;
	for (size_t n = 0; n < i->n_armings; n++) {
		const struct arming *a = &i->armings[n];

		if (a->giver.len == 0 || !a->stands || a->at <= i->arming_at ||
			!absence_deadline(&then, rule, key, a, &wait))
			continue;
		floor_at = i->floor_at;
		deadline_at = int64_max(deadline_at, wait.deadline_at);
	}
	i->floor_at = floor_at;
	i->touched_at = t->now;
	put_deadline(t, rule, i, deadline_at);
	if (!spoke || !latest)
		return 0;
	if (absence_deadline(&then, rule, key, latest, &wait))
		i->anchor_at = wait.anchor_at;
	return say(i, latest);
}

/*
 * A comes between the steps of I, and would by itself come to WAIT: the next step waits for it and
 * carries what it says. But the one that armed I stays in force, since a cancel between the two
 * ends the episode, and A then begins another.
 */
static int join_steps(const struct turn *t, const struct rule *rule, struct instance *i,
	struct arming *a, struct wait_of wait)
{
	int64_t arming_at = i->arming_at;
	uint32_t counted = i->counted;
	bool given = absence_list_given(i, a);
	int r = 0;

	for (size_t n = 0; n < i->n_armings; n++)
		if (goes_before(&i->armings[n], a)) {
			bool may_go = i->armings[n].giver.len > 0;

			/* It is another that the step speaks of; but the wait for this is not over
			 * sooner for that. */
			set_deadline(t, rule, i, wait.deadline_at, given);
			return may_go && !given && a->by.len > 0 ? add_copy(i, a) : 0;
		}
	if (given) {
		r = keep_first(i);
	} else if (a->by.len > 0) {
		absence_list_settle(i, INT64_MAX);
		r = add_copy(i, a);
	}
	if (r < 0)
		return r;
	r = rearm(t, rule, i, a, wait);
	i->arming_at = arming_at;
	i->counted = counted;
	return r;
}

/* A against OLD, which is in force, to wait by itself until WAIT. */
static int offer(const struct turn *t, const struct rule *rule, struct instance *i,
	struct arming *a, struct wait_of wait)
{
	struct arming old = absence_current(rule, i);
	int c = absence_compare_named(t->journey, a, &old);
	int r;

	if (rule->anchor_first ? c > 0 : c < 0)
		return may_return(rule, i, a, &old) ? absence_list_add(i, a) : 0;
	if (i->step > 0)
		return join_steps(t, rule, i, a, wait);
	if (!may_return(rule, i, &old, a))
		return rearm(t, rule, i, a, wait);
	i->by = i->data = i->subject = (struct text){.ptr = NULL};
	r = rearm(t, rule, i, a, wait);
	if (r == 0)
		r = absence_list_add(i, &old);
	arming_release(&old);
	return r;
}

/* Has A nothing to say to I, which is armed? */
static bool is_nothing_new(const struct turn *t, const struct rule *rule, const struct instance *i,
	const struct arming *a)
{
	struct arming old = absence_current(rule, i);
	int c = absence_compare_named(t->journey, a, &old);

	/* What an earlier anchor would have brought has been done by the first step. */
	return c == 0 || (i->step > 0 && (rule->anchor_first ? c < 0 : a->at == old.at));
}

int absence_offer(
	const struct turn *t, const struct rule *rule, struct instance *i, struct arming *a)
{
	struct wait_of wait;

	if (is_nothing_new(t, rule, i, a))
		return 0;
	if (!absence_deadline(t, rule, text_span(i->key), a, &wait))
		return absence_count(t, COUNTER_NO_DEADLINE);
	return offer(t, rule, i, a, wait);
}

int absence_offer_waiting(const struct turn *t, const struct rule *rule, struct instance *i,
	const struct instance *other)
{
	const struct arming theirs = absence_current(rule, other);
	const struct wait_of wait = {other->anchor_at, other->deadline_at};
	int64_t before = i->deadline_at;
	struct arming a;
	int r;

	if (is_nothing_new(t, rule, i, &theirs))
		return 0;
	if (absence_copy(&theirs, &a) < 0)
		return -ENOMEM;
	r = offer(t, rule, i, &a, wait);
	arming_release(&a);
	if (r == 0 && i->deadline_at != before && i->deadline_at == other->deadline_at)
		r = absence_take_timer(i, other);
	return r;
}

/* ---- touches --------------------------------------------------------------------------- */

/* The activity at A moves an armed instance's deadline, forward only. */
static int move(const struct turn *t, const struct rule *rule, struct instance *i, int64_t a)
{
	struct cond_scope scope = absence_scope(t, i, SPAN_EMPTY);
	int64_t deadline_at;

	if (!follows_touch(rule)) {
		scope.event = NULL;
		a = i->anchor_at;
	} else if (a <= i->anchor_at) {
		return 0;
	}
	/* A given instant does not move with activity. */
	if (absence_gives(rule))
		deadline_at = i->deadline_at;
	else if (!rule_deadline(rule, &scope, a, &deadline_at))
		return absence_count(t, COUNTER_NO_DEADLINE);
	i->anchor_at = a;
	set_deadline(t, rule, i, deadline_at, false);
	i->touched_at = t->now;
	return 0;
}

static int remember(const struct turn *t, const struct rule *rule, struct span key)
{
	struct instance *i;
	int r = 0;

	if (rule->retired)
		return 0;
	i = absence_instance(t, rule, key, &r);
	if (!i || i->touch_at >= t->event->occurred_at)
		return r;
	i->touch_at = t->event->occurred_at;
	i->touched_at = t->now;
	return 0;
}

int absence_touch(const struct turn *t, const struct rule *rule, struct span key)
{
	struct journey *j = t->journey;
	bool whole = span_equal(key, WHOLE);
	int r = 0;

	for (size_t n = 0; n < j->n_instances && r == 0; n++) {
		struct instance *i = &j->instances[n];

		if (i->state != INSTANCE_ARMED || !absence_owns(t, rule, i))
			continue;
		if (whole || rule_key_in(rule, key, text_span(i->key)))
			r = move(t, rule, i, t->event->occurred_at);
	}
	return r < 0 || !follows_touch(rule) ? r : remember(t, rule, key);
}

int absence_moved_joined(const struct turn *t, const struct rule *rule, struct instance *i,
	struct instance *was, int r)
{
	bool waits = was->missing.len > 0 || was->deferred_until != 0;
	struct turn then = *t;
	int64_t due_at;

	then.now = i->deadline_at;
	due_at = absence_timer(&then, rule, i->deadline_at);
	if (i->deadline_at != was->deadline_at && (!waits || due_at > t->now)) {
		text_release(&was->missing);
		return r;
	}
	i->missing = was->missing;
	if (r < 0 || i->deadline_at == was->deadline_at)
		return r;
	i->due_at = due_at;
	i->held_at = was->missing.len > 0 ? due_at : 0;
	i->deferred_until = was->deferred_until;
	i->gate = was->gate;
	i->reason = was->reason;
	i->fire_at = was->missing.len > 0 ? due_at + rule->max_hold_ms : was->fire_at;
	return 0;
}

/* The same under another name, however late that is heard. */
static int move_joined(const struct turn *t, const struct rule *rule, struct instance *i, int64_t a)
{
	struct instance was = *i;

	i->missing = (struct text){.ptr = NULL};
	return absence_moved_joined(t, rule, i, &was, move(t, rule, i, a));
}

int absence_touch_joined(const struct turn *t)
{
	struct journey *j = t->journey;
	int r = 0;

	for (size_t n = 0; n < j->n_instances && r == 0; n++) {
		struct instance *i = &j->instances[n];
		const struct rule *rule = i->state == INSTANCE_ARMED ? rules_of(t->rules, i) : NULL;
		int64_t touched;

		if (!rule || !follows_touch(rule))
			continue;
		touched = touch_at(t, rule, text_span(i->key));
		/* A given instant may be as far away as one likes, and what touched it is not kept
		 * until then: it is known for a day before the two were said to be one. */
		if (absence_gives(rule) && touched <= t->known_at - ABSENCE_MEMORY_MS)
			continue;
		/* What a step has said by then it has said. */
		if (i->step > 0 && touched <= absence_fired_until(i, i->epoch))
			continue;
		/* Behind its deadline only what waited on then (a grace, a hold, a gate) was moved.
		 */
		if (touched <= i->deadline_at || i->armed_at <= touched)
			r = move_joined(t, rule, i, touched);
	}
	return r;
}
