/* SPDX-License-Identifier: MIT */
/*
 * Instances that end because their condition does not hold any more (exit_policy). Mostly it is
 * asked behind every event of what is known then. Where it may come to hold again, and it can be
 * told of any instant whether it did, that would make the end depend on what was heard first; so
 * there it is asked of the instants themselves, and as when something fires, not before the grace
 * is over in which news of such an instant may still come in. What armed before that instant, or at
 * it, is over; what arms behind the last such instant waits.
 */
#include "absence_parts.h"

/* As when it fires: of the customer, not of the event. AT NULL: of what is known now. */
static struct cond_scope scope_at(const struct turn *t, const struct instance *i, const int64_t *at)
{
	struct cond_scope scope = absence_scope(t, i, SPAN_EMPTY);

	scope.event = NULL;
	scope.then = at;
	return scope;
}

static bool holds_at(
	const struct turn *t, const struct rule *rule, const struct instance *i, int64_t at)
{
	struct cond_scope scope = scope_at(t, i, &at);

	return cond_holds(rule->fire_if, &scope);
}

/* Which part of it was false, with the values, for a decision. 0 or -ENOMEM. */
static int explain(const struct turn *t, const struct rule *rule, const struct instance *i,
	const int64_t *at, struct span *ret_words)
{
	_cleanup_(buf_release) struct buf words = BUF_INIT;
	struct cond_scope scope = scope_at(t, i, at);
	char text[NOTE_WORDS_MAX + 1];
	int needed;

	if (cond_explain(rule->fire_if, &scope, &words) < 0)
		return -ENOMEM;
	needed = snprintf(text, sizeof(text), "%.*s", (int)words.len, words.ptr ? words.ptr : "");
	*ret_words = absence_keep(t, absence_cut(text, needed));
	return words.len > 0 && !ret_words->ptr ? -ENOMEM : 0;
}

/* The first instant from what armed I on at which it was not so; TIME_NEVER: none. */
static int64_t left_at(const struct turn *t, const struct rule *rule, const struct instance *i)
{
	int64_t at = i->arming_at;

	while (at != TIME_NEVER && holds_at(t, rule, i, at))
		at = fact_next_change(t->journey, at);
	return at;
}

/* Up to when it was not, and not behind UNTIL; what armed I is out in any case. */
static int64_t out_until(
	const struct turn *t, const struct rule *rule, const struct instance *i, int64_t until)
{
	int64_t found = i->arming_at, next;

	for (int64_t at = i->arming_at; at <= until; at = next) {
		next = fact_next_change(t->journey, at);
		if (!holds_at(t, rule, i, at))
			found = int64_min(until, next - 1);
	}
	return found;
}

bool absence_is_leaving(const struct turn *t, const struct instance *i)
{
	const struct rule *rule = rules_of(t->rules, i);

	return rule && rule->exit_waits && left_at(t, rule, i) <= t->now;
}

/* As a cancel ends it that happened when it was not so last. */
static int leave_then(const struct turn *t, const struct rule *rule, struct instance *i)
{
	int64_t over = out_until(t, rule, i, t->now - rule->grace_ms);
	int64_t left = left_at(t, rule, i);
	struct decision *d = absence_decide(t, rule, i, i->step, OUTCOME_NOT_MATCHING);

	if (!d || explain(t, rule, i, &left, &d->words) < 0)
		return -ENOMEM;
	/* It was no event that ended it, but that instant. */
	d->by = SPAN_EMPTY;
	d->by_at = left;
	absence_list_settle(i, over);
	absence_stop(i, absence_after(i), OUTCOME_NOT_MATCHING);
	i->touched_at = t->now;
	if (absence_count(t, COUNTER_NOT_MATCHING) < 0 || absence_arm_next(t, rule, i, over) < 0)
		return -ENOMEM;
	if (i->state == INSTANCE_IDLE)
		i->until_at = int64_max(i->until_at, t->now + ABSENCE_MEMORY_MS);
	/* What arms in its place may be over, too. */
	if (i->state == INSTANCE_ARMED)
		absence_leave_watch(t, rule, i);
	return 0;
}

/* When I is due if it does not leave before. */
static int64_t own_timer(const struct rule *rule, const struct instance *i)
{
	const struct turn any = {.now = INT64_MIN};

	if (i->deferred_until)
		return i->deferred_until;
	return i->missing.len > 0 ? i->held_at + rule->max_hold_ms
				  : absence_timer(&any, rule, i->deadline_at);
}

/* When it is known for good that I is to leave; TIME_NEVER: it is not. What happens at an instant
 * comes before its timers. */
static int64_t out_at(const struct turn *t, const struct rule *rule, const struct instance *i)
{
	const struct turn any = {.now = INT64_MIN};
	int64_t left = left_at(t, rule, i);

	return left < TIME_NEVER - rule->grace_ms - rule->round_ms ? absence_timer(&any, rule, left)
								   : TIME_NEVER;
}

void absence_leave_watch(const struct turn *t, const struct rule *rule, struct instance *i)
{
	int64_t own;

	if (!rule->exit_waits)
		return;
	own = own_timer(rule, i);
	/* What was armed behind its deadline has a grace of its own, that is not longer. */
	if (i->fire_at <= own)
		i->fire_at = int64_min(own, int64_max(out_at(t, rule, i), t->now));
}

int absence_leave_early(const struct turn *t, const struct rule *rule, struct instance *i)
{
	int r;

	if (!rule->exit_waits)
		return 0;
	if (out_at(t, rule, i) <= t->now) {
		r = leave_then(t, rule, i);
		return r < 0 ? r : ABSENCE_NOT_DUE;
	}
	absence_leave_watch(t, rule, i);
	return i->fire_at <= t->now ? 0 : ABSENCE_NOT_DUE;
}

int absence_leave_due(const struct turn *t, const struct rule *rule, struct instance *i)
{
	int r;

	if (!absence_is_leaving(t, i))
		return 0;
	r = leave_then(t, rule, i);
	return r < 0 ? r : ABSENCE_NOT_DUE;
}

/* What is known now says it all, or all that there is. */
static int leave_now(const struct turn *t, const struct rule *rule, struct instance *i)
{
	struct cond_scope scope = scope_at(t, i, NULL);
	struct span words;
	int r;

	if (cond_holds(rule->fire_if, &scope))
		return 0;
	r = explain(t, rule, i, NULL, &words);
	if (r == 0)
		r = absence_end(t, i, OUTCOME_NOT_MATCHING, words);
	return r < 0 ? r : absence_count(t, COUNTER_NOT_MATCHING);
}

int absence_leave(const struct turn *t)
{
	struct journey *j = t->journey;
	int r = 0;

	for (size_t n = 0; t->rules->n_leaving > 0 && n < j->n_instances && r == 0; n++) {
		struct instance *i = &j->instances[n];
		const struct rule *rule = i->state == INSTANCE_ARMED ? rules_of(t->rules, i) : NULL;

		if (!rule || rule->exit_policy != EXIT_NOT_MATCHING || !rule->fire_if)
			continue;
		if (rule->exit_waits)
			absence_leave_watch(t, rule, i);
		else
			r = leave_now(t, rule, i);
	}
	return r < 0 ? r : absence_settle_left(t);
}
