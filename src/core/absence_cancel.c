/* SPDX-License-Identifier: MIT */
/*
 * Goals and cancels: an event ends what a rule waits for, and takes back what it sent too early.
 * Each entry asks its condition of each instance by itself, so that one event ends the order whose
 * total it names and not the other. What is not known yet is remembered, since its addition may
 * still be on the way.
 */
#include "absence_parts.h"
#include "calendar_rule.h"
#include "cancels.h"

/* One entry of a rule, and what it means. */
struct ending {
	const struct rule *rule;
	const struct rule_match *match;
	enum outcome outcome; /* OUTCOME_CANCELLED or OUTCOME_GOAL */
	bool terminal;	      /* it closes for good; never what it does not name */
	bool hit;	      /* its condition held for something */
};

/* Does B come too early to end what armed I? */
static bool is_before(const struct turn *t, const struct ending *e, const struct instance *i)
{
	int64_t after;

	/* A year's wait begins where the one before was due. */
	if (e->rule->calendar && t->event->occurred_at <= calendar_before(t, e->rule, i))
		return true;
	if (e->terminal || t->event->occurred_at >= i->arming_at - e->rule->slack_ms)
		return false;
	/* What it ends would not have begun again. */
	if (absence_only_moved(t, e->rule, i, t->event->occurred_at))
		return false;
	/* Of several events some may be gone. */
	after = absence_cancelled_at(t, e->rule, text_span(i->key));
	return !i->counted || absence_list_stands(e->rule, i, after);
}

static int end_armed(const struct turn *t, struct ending *e, struct instance *i)
{
	struct text data = i->data; /* which may yet be of use for what takes over */
	const struct moment armed = {int64_min(i->arming_at, t->event->occurred_at), MOMENT_ARMS};
	struct span to = e->match->to;
	struct decision *d;
	int r;

	if (i->state != INSTANCE_ARMED)
		return 0;
	d = absence_decide(t, e->rule, i, i->step, e->outcome);
	if (!d)
		return -ENOMEM;
	absence_moments_cut(i, t->event->occurred_at, t->event->occurred_at + e->rule->slack_ms);
	if (to.len > 0) {
		d->words = to;
		if (text_set(&i->superseded_by, to) < 0)
			return -ENOMEM;
		/* A fact that ends what it came before does not end what waited then. */
		if (i->arming_at - e->rule->slack_ms <= t->event->occurred_at &&
			absence_moment(t, e->rule, i, &armed) < 0)
			return -ENOMEM;
	}
	i->data = (struct text){.ptr = NULL};
	absence_stop(i, absence_after(i), e->outcome);
	i->data = data;
	r = absence_count(t, e->outcome == OUTCOME_GOAL ? COUNTER_GOAL : COUNTER_CANCELLED);
	if (r == 0 && !e->terminal)
		r = absence_arm_next(t, e->rule, i, t->event->occurred_at + e->rule->slack_ms);
	if (i->state != INSTANCE_ARMED) {
		text_release(&i->data);
		/* What joined it between its steps would have begun another episode, and may not.
		 */
		if (absence_made(i))
			absence_moments_cut(i, t->event->occurred_at, INT64_MAX);
	}
	return r;
}

/* What I waits for and what it sent; what is remembered is another matter. */
static int end_now(const struct turn *t, struct ending *e, struct instance *i)
{
	int64_t reach = t->event->occurred_at + e->rule->slack_ms;
	int r = absence_disprove(t, e->rule, i, t->event->occurred_at, e->terminal);

	absence_list_settle(i, e->terminal ? INT64_MAX : reach);
	i->touched_at = t->now;
	if (r < 0 || (i->state == INSTANCE_ARMED && is_before(t, e, i)))
		return r;
	r = text_set(&i->by, absence_by(t));
	return r == 0 ? end_armed(t, e, i) : r;
}

static int end_instance(const struct turn *t, struct ending *e, struct instance *i)
{
	const struct rule *rule = e->rule;
	bool closes = e->terminal && rule->tombstone_ms > 0;
	const struct moment m = {t->event->occurred_at, closes ? MOMENT_CLOSES : MOMENT_ENDS};
	int r;

	if (cancels_add(rule, i, t->event->occurred_at, t->now) < 0)
		return -ENOMEM;
	/* What counted or armed before it does so no more. */
	absence_list_forget(i, i->cancelled_at);
	r = end_now(t, e, i);
	if (r == 0)
		r = absence_moment(t, rule, i, &m);
	if (closes) {
		absence_moments_cut(i, m.at, INT64_MAX);
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

/* Does the entry's condition hold for I (NULL: there is none) with KEY? */
static bool holds_for(
	const struct turn *t, struct ending *e, const struct instance *i, struct span key)
{
	struct cond_scope scope = absence_scope(t, i, key);
	bool holds = !e->match->when || cond_holds(e->match->when, &scope);

	e->hit = e->hit || holds;
	return holds;
}

static int end_key(const struct turn *t, struct ending *e, struct span key)
{
	const struct rule *rule = e->rule;
	struct instance *i = journey_instance(t->journey, rule->id, key);

	if (i ? !absence_owns(t, rule, i) : rule->retired)
		return 0;
	if (!holds_for(t, e, i, key))
		return 0;
	if (!i) {
		i = journey_add_instance(t->journey, rule->id, key);
		if (!i)
			return errno == ENOSPC ? absence_count(t, COUNTER_LIMIT) : -ENOMEM;
		i->epoch = rule->epoch;
	}
	return end_instance(t, e, i);
}

static int end_all(const struct turn *t, struct ending *e)
{
	struct journey *j = t->journey;
	int r = 0;

	for (size_t n = 0; n < j->n_instances && r == 0; n++) {
		struct instance *i = &j->instances[n];

		if (absence_owns(t, e->rule, i) && !span_equal(text_span(i->key), WHOLE) &&
			!spent_only(i) && holds_for(t, e, i, SPAN_EMPTY))
			r = end_instance(t, e, i);
	}
	/* The whole customer's entry remembers it for keys that are not known yet. */
	return r < 0 ? r : end_key(t, e, WHOLE);
}

/* All that the values it carries are the beginning of; and their own entry remembers it for keys
 * that are not known yet. */
static int end_reach(const struct turn *t, struct ending *e, struct span reach)
{
	struct journey *j = t->journey;
	int r = 0;

	for (size_t n = 0; n < j->n_instances && r == 0; n++) {
		struct instance *i = &j->instances[n];

		if (absence_owns(t, e->rule, i) && rule_key_in(e->rule, reach, text_span(i->key)) &&
			holds_for(t, e, i, SPAN_EMPTY))
			r = end_instance(t, e, i);
	}
	return r < 0 ? r : end_key(t, e, reach);
}

/* What was armed without a key may be this very cart: do not write to them about it. It is the key
 * that remembers it: what the whole customer's entry remembers holds for all keys. */
static int end_keyless(const struct turn *t, struct ending *e)
{
	struct instance *i = journey_instance(t->journey, e->rule->id, WHOLE);
	struct ending other = {.rule = e->rule, .match = e->match, .outcome = e->outcome};

	const struct moment m = {t->event->occurred_at, MOMENT_ENDED};
	int r;

	if (!i || !absence_owns(t, e->rule, i) || !holds_for(t, e, i, WHOLE))
		return 0;
	/* What counted before it does so no more. */
	absence_list_forget(i, t->event->occurred_at);
	r = end_now(t, &other, i);
	return r < 0 || i->n_moments == 0 ? r : absence_moment(t, e->rule, i, &m);
}

static int end_by(const struct turn *t, struct ending *e, struct span key)
{
	const struct rule *rule = e->rule;
	bool whole = rule->key == RULE_KEY_FIELD && span_equal(key, WHOLE);
	int r;

	if (e->match->customer || whole)
		return end_all(t, e);
	if (key.len == 0) {
		(void)holds_for(t, e, NULL, key);
		return 0;
	}
	e->terminal = e->match->terminal;
	r = rule_key_is_partial(rule, key) ? end_reach(t, e, key) : end_key(t, e, key);
	return r < 0 || !rule->key_else_customer ? r : end_keyless(t, e);
}

/* The goals of RULE, or its cancels. */
static int end_list(const struct turn *t, const struct rule *rule, enum outcome outcome, bool *hit)
{
	const struct rule_match *list = outcome == OUTCOME_GOAL ? rule->goal : rule->cancel;
	size_t n = outcome == OUTCOME_GOAL ? rule->n_goal : rule->n_cancel;
	char buf[RULE_KEY_MAX];
	struct span reach;
	int r = 0;

	for (size_t k = 0; k < n && r == 0; k++) {
		struct ending e = {.rule = rule, .match = &list[k], .outcome = outcome};

		if (!rule_match_named(&list[k], t->event))
			continue;
		reach = rule_match_reach(rule, &list[k], t->event, buf);
		r = end_by(t, &e, reach);
		if (r == 0 && e.hit && list[k].to.len > 0)
			r = absence_hand_over(
				t, rule, list[k].to, list[k].customer ? WHOLE : reach);
		*hit = *hit || e.hit;
	}
	return r;
}

int absence_cancel(const struct turn *t, const struct rule *rule, bool *ret_hit)
{
	bool hit = false;
	int r = end_list(t, rule, OUTCOME_GOAL, &hit);

	if (r == 0)
		r = end_list(t, rule, OUTCOME_CANCELLED, &hit);
	*ret_hit = hit;
	return r;
}
