/* SPDX-License-Identifier: MIT */
/*
 * What a rule hands over to another when an event ends it (`to`). Whether it waited when that event
 * came is known for good only later: what armed it may still be on the way, and so may something
 * that had ended it before. Hence the giver remembers when it was armed and when ended, and the
 * taker, among its other arming events, what may be handed over to it; and behind every event of
 * the giver all of these are asked again. What stands now arms the taker, and what stands no more
 * is let go. So it does not matter in which order they came in.
 */
#include "absence_parts.h"

/* ---- the giver's memory ---------------------------------------------------------------- */

bool absence_hands_over(const struct rule *rule)
{
	for (size_t n = 0; n < rule->n_cancel; n++)
		if (rule->cancel[n].to.len > 0)
			return true;
	return false;
}

static bool is_arming(const struct moment *m)
{
	return m->what < MOMENT_ENDS;
}

static void remove_moments(struct instance *i, size_t first, uint32_t n)
{
	i->n_moments -= n;
	memmove(i->moments + first, i->moments + first + n,
		(i->n_moments - first) * sizeof(*i->moments));
	if (i->n_moments == 0) {
		free(i->moments);
		i->moments = NULL;
	}
}

static bool moment_before(const struct moment *a, const struct moment *b)
{
	return a->at != b->at ? a->at < b->at : a->what < b->what;
}

static int insert_moment(struct instance *i, const struct moment *m)
{
	size_t place = i->n_moments;
	struct moment *more;

	while (place > 0 && moment_before(m, &i->moments[place - 1]))
		place--;
	/* Twice the same says no more, but where it is counted. */
	if (place > 0 && !moment_before(&i->moments[place - 1], m) &&
		(m->what == MOMENT_ARMS || !is_arming(m)))
		return 0;
	more = realloc(i->moments, (i->n_moments + 1) * sizeof(*i->moments));
	if (!more)
		return -ENOMEM;
	i->moments = more;
	memmove(more + place + 1, more + place, (i->n_moments - place) * sizeof(*more));
	more[place] = *m;
	i->n_moments++;
	return 0;
}

/* Is I, which has no key of its own, ended by what ends any key of RULE? */
static bool is_keyless(const struct rule *rule, const struct instance *i)
{
	return rule->key == RULE_KEY_FIELD && span_equal(text_span(i->key), WHOLE);
}

int64_t absence_ended_at(const struct turn *t, const struct rule *rule, const struct instance *i)
{
	const struct journey *j = t->journey;
	int64_t at = absence_cancelled_at(t, rule, text_span(i->key));

	for (size_t n = 0; is_keyless(rule, i) && n < j->n_instances; n++)
		if (span_equal(text_span(j->instances[n].rule), rule->id))
			at = int64_max(at, j->instances[n].cancelled_at);
	return at;
}

void absence_moments_cut(struct instance *i, int64_t after, int64_t until)
{
	for (size_t n = i->n_moments; n-- > 0;) {
		const struct moment *m = &i->moments[n];

		if (is_arming(m) && m->at > after && m->at <= until)
			remove_moments(i, n, 1);
	}
}

int absence_moments_join(struct instance *into, const struct instance *from)
{
	int r = 0;

	for (size_t n = 0; n < from->n_moments && r == 0; n++) {
		if (into->n_moments == INSTANCE_MOMENTS_MAX)
			remove_moments(into, 0, 1);
		r = insert_moment(into, &from->moments[n]);
	}
	return r;
}

/* ---- did it wait? ---------------------------------------------------------------------- */

/* Until when nothing is armed behind M, which ended something of RULE. */
static int64_t ends_until(const struct rule *rule, const struct moment *m, bool keyless)
{
	if (m->what != MOMENT_CLOSES || keyless)
		return m->at;
	return m->at < INT64_MAX - rule->tombstone_ms ? m->at + rule->tombstone_ms : INT64_MAX;
}

int64_t absence_ended_before(
	const struct journey *j, const struct rule *rule, const struct instance *i, int64_t b)
{
	bool keyless = is_keyless(rule, i);
	int64_t at = INT64_MIN;

	for (size_t n = 0; n < j->n_instances; n++) {
		const struct instance *other = &j->instances[n];

		if (other->n_moments == 0 || !span_equal(text_span(other->rule), rule->id) ||
			!(keyless || absence_covers(rule, other, text_span(i->key))))
			continue;
		for (size_t k = 0; k < other->n_moments && other->moments[k].at < b; k++)
			if (!is_arming(&other->moments[k]) &&
				(other == i || other->moments[k].what != MOMENT_ENDED))
				at = int64_max(at, ends_until(rule, &other->moments[k], keyless));
	}
	return at;
}

void absence_moments_rest(const struct turn *t, const struct rule *rule, struct instance *i)
{
	int64_t ended;

	if (i->n_moments == 0)
		return;
	ended = absence_cancelled_at(t, rule, text_span(i->key));
	/* What has no key is ended by cancels of any key, which their own entries remember. */
	if (is_keyless(rule, i))
		ended = int64_max(ended, absence_ended_before(t->journey, rule, i, INT64_MAX));
	absence_moments_cut(i, ended, INT64_MAX);
}

bool absence_leaves_then(const struct rule *rule)
{
	return rule->exit_policy == EXIT_NOT_MATCHING && rule->fire_if &&
	       absence_hands_over(rule) && cond_has_past(rule->fire_if);
}

/*
 * Was the condition by which RULE ends false of I at some instant from A on and before B? What
 * happened at that instant counts, whatever was known when.
 */
static bool left(const struct turn *t, const struct rule *rule, const struct instance *i, int64_t a,
	int64_t b)
{
	struct cond_scope scope = absence_scope(t, i, SPAN_EMPTY);
	bool held = true;

	if (!absence_leaves_then(rule))
		return false;
	scope.event = NULL;
	scope.then = &a;
	for (; held && a < b; a = fact_next_change(t->journey, a))
		held = cond_holds(rule->fire_if, &scope);
	return !held;
}

/* Are there, with the N-th of I, as many as M counts in its window behind AFTER? */
static bool is_full(const struct instance *i, size_t n, const struct rule_match *m, int64_t after)
{
	int64_t end = i->moments[n].at;
	uint32_t found = 0;

	if (i->moments[n].what != MOMENT_COUNTS + m->entry)
		return false;
	for (size_t k = 0; k < i->n_moments; k++) {
		const struct moment *one = &i->moments[k];

		found += (one->what == MOMENT_COUNTS + m->entry ||
				 one->what == MOMENT_HELPS + m->entry) &&
			 one->at > after && one->at <= end && end - one->at <= m->within_ms;
	}
	return found >= m->count;
}

static bool arms(const struct rule *rule, const struct instance *i, size_t n, int64_t after)
{
	if (i->moments[n].what == MOMENT_ARMS)
		return true;
	for (size_t k = 0; k < rule->n_arm; k++)
		if (rule->arm[k].count > 1 && is_full(i, n, &rule->arm[k], after))
			return true;
	return false;
}

/* Of the first N of I the last that armed it, if none of them ended it since; N: none. */
static uint32_t last_arming(
	const struct turn *t, const struct rule *rule, const struct instance *i, uint32_t n)
{
	for (uint32_t k = n; k-- > 0 && is_arming(&i->moments[k]);)
		if (arms(rule, i, k, absence_ended_before(t->journey, rule, i, i->moments[k].at)))
			return k;
	return n;
}

static uint32_t last_closing(const struct instance *i, uint32_t n)
{
	for (uint32_t k = n; k-- > 0;)
		if (i->moments[k].what == MOMENT_CLOSES)
			return k;
	return n;
}

/* What is older than anything that comes in late, and than all that a window with that may hold,
 * says by now what it ever will: the last of it, what armed last, and what closed it, are left. */
static void forget_moments(const struct turn *t, const struct rule *rule, struct instance *i)
{
	/* That two are one by then may be heard of a day later. */
	int64_t now = t->known_at > 0 ? t->known_at : t->now - ABSENCE_MEMORY_MS;
	int64_t until = now - ABSENCE_MEMORY_MS;
	uint32_t armed, closed, n = 0;

	for (size_t k = 0; k < rule->n_arm; k++)
		until = int64_min(until, now - ABSENCE_MEMORY_MS - rule->arm[k].within_ms);
	while (n < i->n_moments && i->moments[n].at < until)
		n++;
	armed = last_arming(t, rule, i, n);
	closed = last_closing(i, n);
	/* Of those that were counted the others go. */
	if (armed < n)
		i->moments[armed].what = MOMENT_ARMS;
	for (uint32_t k = n; k-- > 0;)
		if (k + 1 != n && k != armed && k != closed)
			remove_moments(i, k, 1);
	if (i->n_moments == INSTANCE_MOMENTS_MAX)
		remove_moments(i, 0, 1);
}

int absence_moment(
	const struct turn *t, const struct rule *rule, struct instance *i, const struct moment *m)
{
	struct moment ended = {.what = MOMENT_ENDED};

	if (!absence_hands_over(rule))
		return 0;
	forget_moments(t, rule, i);
	if (insert_moment(i, m) < 0)
		return -ENOMEM;
	/* What ended it already may be remembered elsewhere alone, and not for as long as this. */
	ended.at = is_arming(m) ? absence_ended_at(t, rule, i) : INT64_MIN;
	if (ended.at < m->at)
		return 0;
	forget_moments(t, rule, i);
	return insert_moment(i, &ended);
}

int absence_moments_ended(const struct turn *t, const struct rule *rule, struct instance *i)
{
	const struct moment ended = {absence_ended_at(t, rule, i), MOMENT_ENDED};

	/* What remembers it now is forgotten before what armed it. */
	if (i->n_moments == 0 || ended.at < i->moments[0].at)
		return 0;
	return absence_moment(t, rule, i, &ended);
}

/* Did I wait when something happened at B? At one instant that is known to have been armed. */
static bool waited(
	const struct turn *t, const struct rule *rule, const struct instance *i, int64_t b)
{
	int64_t after = absence_ended_before(t->journey, rule, i, b);

	for (size_t n = 0; n < i->n_moments && i->moments[n].at <= b; n++)
		if (is_arming(&i->moments[n]) && i->moments[n].at > after &&
			arms(rule, i, n, after) && !left(t, rule, i, i->moments[n].at, b))
			return true;
	return false;
}

/* Is the entry I of RULE about what concerns ABOUT? */
static bool is_concerned(const struct rule *rule, const struct instance *i, struct span about)
{
	if (i->n_moments == 0 || !span_equal(text_span(i->rule), rule->id))
		return false;
	return span_equal(about, WHOLE) || rule_key_in(rule, about, text_span(i->key)) ||
	       (rule->key_else_customer && is_keyless(rule, i));
}

/* Is it too long ago to be asked again? What was known then is not any more. */
static bool is_past(const struct turn *t, const struct rule *rule, struct span about, int64_t b)
{
	const struct journey *j = t->journey;
	/* A merge asks of the instant at which the two were said to be one. */
	int64_t now = t->known_at > 0 ? t->known_at : t->now;
	/* What comes in only now is asked once. At its last instant it may be forgotten already. */
	bool past = b <= now - ABSENCE_MEMORY_MS && !(t->event && t->event->occurred_at == b);

	for (size_t n = 0; n < j->n_instances && !past; n++) {
		const struct instance *i = &j->instances[n];

		past = i->n_moments == INSTANCE_MOMENTS_MAX && b < i->moments[0].at &&
		       is_concerned(rule, i, about);
	}
	return past;
}

static bool any_waited(const struct turn *t, const struct rule *rule, struct span about, int64_t b)
{
	const struct journey *j = t->journey;

	for (size_t n = 0; n < j->n_instances; n++)
		if (is_concerned(rule, &j->instances[n], about) &&
			waited(t, rule, &j->instances[n], b))
			return true;
	return false;
}

/* ---- the taker ------------------------------------------------------------------------- */

static bool is_armed_by(const struct turn *t, const struct rule *rule)
{
	struct cond_scope scope = absence_scope(t, NULL, SPAN_EMPTY);

	for (size_t n = 0; n < rule->n_arm; n++)
		if (rule_matches(&rule->arm[n], &scope))
			return true;
	return false;
}

/* Of two customers who are one by now each may have its own. */
static bool is_known(const struct journey *j, const struct instance *i, const struct arming *a)
{
	for (size_t n = 0; n < i->n_armings; n++)
		if (span_equal(text_span(i->armings[n].giver), text_span(a->giver)) &&
			span_equal(text_span(i->armings[n].about), text_span(a->about)) &&
			absence_compare_named(j, &i->armings[n], a) == 0)
			return true;
	return false;
}

/* The rule TO as far as GIVER may hand over to it; NULL: it may not. */
static const struct rule *taker(const struct turn *t, const struct rule *giver, struct span to)
{
	const struct rule *rule = to.len > 0 ? rules_find(t->rules, to) : NULL;

	if (!rule || rule->mode == RULE_OFF || !rules_may_affect(t->rules, giver, rule))
		return NULL;
	return rule;
}

int absence_hand_over(
	const struct turn *t, const struct rule *giver, struct span to, struct span about)
{
	const struct rule *rule = taker(t, giver, to);
	char buf[RULE_KEY_MAX];
	struct instance *i;
	struct arming a = {.at = 0};
	struct span key;
	int r = 0;

	/* Unless the rule that takes over is armed by the event itself, or off. */
	if (!rule || about.len == 0 || is_armed_by(t, rule))
		return 0;
	key = rule_event_key(rule, t->event, buf);
	i = key.len > 0 ? absence_instance(t, rule, key, &r) : NULL;
	if (!i || (i->state == INSTANCE_ARMED && !absence_owns(t, rule, i)))
		return r;
	r = absence_read_event(t, rule, key, false, &a);
	if (r == 0 && (text_set(&a.giver, giver->id) < 0 || text_set(&a.about, about) < 0))
		r = -ENOMEM;
	if (r == 0 && !is_known(t->journey, i, &a)) {
		/* Twice the day in which it is asked again, as of what is forgotten here. */
		absence_list_age(i, t->now - 2 * ABSENCE_MEMORY_MS);
		r = absence_list_add(i, &a);
		i->touched_at = t->now;
	}
	arming_release(&a);
	return r;
}

/* The turn in which A arms, which has been on the list for a while, or is what it is about. */
static struct turn turn_of(const struct turn *t, const struct arming *a)
{
	struct turn then = *t;

	then.ending = !t->event || t->event->occurred_at != a->at;
	return then;
}

/* What the N-th of I's list says, after all, arms it. */
static int take_up(const struct turn *t, const struct rule *rule, struct instance *i, size_t n)
{
	const struct rule *own = i->state == INSTANCE_ARMED ? rules_of(t->rules, i) : rule;
	struct turn then = turn_of(t, &i->armings[n]);
	struct arming a;
	int r = 0;

	i->armings[n].stands = true;
	if (absence_list_lend(i, n, &a) < 0)
		return -ENOMEM;
	if (i->state != INSTANCE_ARMED)
		r = absence_begin(&then, rule, text_span(i->key), &a);
	else if (own)
		r = absence_again(&then, own, i, &a);
	arming_release(&a);
	return r;
}

/* Is it A that I waits by? */
static bool is_in_force(const struct instance *i, const struct arming *a)
{
	return i->state == INSTANCE_ARMED && !i->counted && i->arming_at == a->at &&
	       span_equal(text_span(i->by), text_span(a->by)) &&
	       span_equal(text_span(i->data), text_span(a->data));
}

/* What the N-th of I's list says does not arm it: nothing was handed over. */
static int let_go(const struct turn *t, const struct rule *rule, struct instance *i, size_t n)
{
	bool in_force = is_in_force(i, &i->armings[n]);

	i->armings[n].stands = false;
	absence_moments_cut(i, i->armings[n].at - 1, i->armings[n].at);
	if (i->state != INSTANCE_ARMED)
		return 0;
	rule = rules_of(t->rules, i);
	if (!in_force)
		return rule ? absence_unjoin(t, rule, i, &i->armings[n]) : 0;
	if (!rule || !absence_decide(t, rule, i, i->step, OUTCOME_CANCELLED))
		return rule ? -ENOMEM : 0;
	absence_stop(i, absence_after(i), OUTCOME_CANCELLED);
	i->touched_at = t->now;
	if (t->event && text_set(&i->by, absence_by(t)) < 0)
		return -ENOMEM;
	if (absence_count(t, COUNTER_CANCELLED) < 0 || absence_arm_next(t, rule, i, INT64_MIN) < 0)
		return -ENOMEM;
	if (i->state == INSTANCE_IDLE)
		i->until_at = int64_max(i->until_at, t->now + ABSENCE_MEMORY_MS);
	return 0;
}

/* Asks again of all that GIVER hands over to I. */
static int ask_again(
	const struct turn *t, const struct rule *giver, const struct rule *rule, struct instance *i)
{
	int r = 0;

	for (size_t n = 0; n < i->n_armings && r == 0; n++) {
		const struct arming *a = &i->armings[n];
		bool stands;

		if (!span_equal(text_span(a->giver), giver->id) ||
			is_past(t, giver, text_span(a->about), a->at))
			continue;
		stands = any_waited(t, giver, text_span(a->about), a->at);
		if (stands == a->stands)
			continue;
		r = stands ? take_up(t, rule, i, n) : let_go(t, rule, i, n);
		/* The list may be another one now. */
		n = SIZE_MAX;
	}
	return r;
}

int absence_settle_over(const struct turn *t, const struct rule *giver)
{
	struct journey *j = t->journey;
	int r = 0;

	for (size_t k = 0; k < giver->n_cancel && r == 0; k++) {
		const struct rule *rule = taker(t, giver, giver->cancel[k].to);

		if (!rule)
			continue;
		for (size_t n = 0; n < j->n_instances && r == 0; n++)
			if (j->instances[n].n_armings > 0 &&
				span_equal(text_span(j->instances[n].rule), rule->id))
				r = ask_again(t, giver, rule, &j->instances[n]);
		/* Ends, since a circle of them is refused. */
		if (r == 0)
			r = absence_settle_over(t, rule);
	}
	return r;
}

int absence_settle_left(const struct turn *t)
{
	int r = 0;

	for (size_t n = 0; t->rules->n_leaving > 0 && n < t->rules->n && r == 0; n++) {
		const struct rule *rule = &t->rules->list[n];

		if (rule->mode != RULE_OFF && absence_leaves_then(rule))
			r = absence_settle_over(t, rule);
	}
	return r;
}
