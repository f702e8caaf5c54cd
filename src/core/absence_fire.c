/* SPDX-License-Identifier: MIT */
/*
 * An instance is due. What could still disprove it is waited for, the step's own condition is
 * asked, then the gates; and what they say becomes a job, a later timer, or the end.
 */
#include "core/gate.h"
#include "core/news.h"

#include "absence_parts.h"

enum outcome absence_outcome_of(const struct gate_verdict *v)
{
	if (v->reason == REASON_EXPIRED)
		return OUTCOME_EXPIRED;
	return v->reason == REASON_SUPERSEDED ? OUTCOME_SUPERSEDED : OUTCOME_SUPPRESSED;
}

enum counter absence_counter_of(enum outcome outcome)
{
	if (outcome == OUTCOME_EXPIRED)
		return COUNTER_EXPIRED;
	return outcome == OUTCOME_SUPERSEDED ? COUNTER_SUPERSEDED : COUNTER_SUPPRESSED;
}

/* It ends without a job. */
static int give_up(const struct turn *t, const struct rule *rule, struct instance *i,
	enum outcome outcome, const struct gate_verdict *v)
{
	struct decision *d = absence_decide(t, rule, i, i->step, outcome);

	if (!d)
		return -ENOMEM;
	if (v) {
		d->gate = v->gate;
		d->reason = v->reason;
		d->words = absence_keep(t, v->by.len ? v->by : span_str(v->words));
	}
	absence_disarm(i, absence_after(i), outcome);
	if (rule)
		absence_moments_rest(t, rule, i);
	if (i->state == INSTANCE_IDLE)
		i->until_at = t->now + ABSENCE_MEMORY_MS;
	i->touched_at = t->now;
	return absence_count(t, absence_counter_of(outcome));
}

/* The last step is done with. What was captured stays where a cancel asks for it: it may yet take
 * the job back. */
static void rest(const struct rule *rule, struct instance *i)
{
	struct text data = {.ptr = NULL};

	if (rule->keeps_data && absence_made(i)) {
		data = i->data;
		i->data = (struct text){.ptr = NULL};
	}
	absence_disarm(i, absence_after(i), i->outcome);
	i->data = data;
}

/* The step is done with, in one way or another: the next one counts from now. */
static int next_step(const struct turn *t, const struct rule *rule, struct instance *i)
{
	struct cond_scope scope = absence_scope(t, i, SPAN_EMPTY);

	absence_undefer(i);
	i->step++;
	i->floor_at = INT64_MIN;
	i->touched_at = t->now;
	if (i->step < rule->n_steps &&
		rule_step_deadline(rule, i->step, &scope, t->now, &i->deadline_at)) {
		absence_set_timer(t, rule, i);
		return 0;
	}
	rest(rule, i);
	absence_moments_rest(t, rule, i);
	if (i->state == INSTANCE_IDLE)
		i->until_at = t->now + ABSENCE_MEMORY_MS;
	return 0;
}

static int skip(const struct turn *t, const struct rule *rule, struct instance *i)
{
	if (!absence_decide(t, rule, i, i->step, OUTCOME_STEP_SKIPPED))
		return -ENOMEM;
	i->skipped_steps |= UINT32_C(1) << i->step;
	if (!absence_made(i))
		i->outcome = OUTCOME_STEP_SKIPPED;
	if (next_step(t, rule, i) < 0)
		return -ENOMEM;
	return absence_count(t, COUNTER_SKIPPED);
}

static int defer(const struct turn *t, const struct rule *rule, struct instance *i,
	const struct gate_verdict *v)
{
	int64_t until = int64_max(v->until, t->now + 1);
	struct decision *d = absence_decide(t, rule, i, i->step, OUTCOME_DEFERRED);

	if (!d)
		return -ENOMEM;
	d->gate = v->gate;
	d->reason = v->reason;
	d->until = until;
	d->words = absence_keep(t, v->by.len ? v->by : span_str(v->words));
	if (i->due_at == 0)
		i->due_at = t->now;
	i->gate = v->gate;
	i->reason = v->reason;
	i->deferred_until = i->fire_at = until;
	i->touched_at = t->now;
	return absence_count(t, COUNTER_DEFERRED);
}

/* The job, or, where nobody is to get it, what would have been the job. */
static int emit(const struct turn *t, const struct rule *rule, struct instance *i,
	const struct gate_verdict *v, bool sends)
{
	enum outcome outcome = sends ? OUTCOME_FIRED : OUTCOME_WOULD_SEND;
	struct decision *d = absence_decide(t, rule, i, i->step, outcome);

	if (!d)
		return -ENOMEM;
	/* Put off or not, it came due then: its worth is counted from there. */
	if (i->deferred_until)
		d->fire_at = i->due_at;
	else
		d->due_at = i->due_at;
	d->channel = absence_keep(t, v->channel);
	d->gate = v->reason ? v->gate : 0;
	d->reason = v->reason;
	d->words = absence_keep(t, span_str(v->words));
	if (absence_payload(t, rule, i, d) < 0)
		return -ENOMEM;
	d->likelihood = v->likelihood;
	d->impact = v->impact;
	d->priority = v->priority;
	d->worth = v->worth;
	d->worth.currency = absence_keep(t, v->worth.currency);
	i->outcome = outcome;
	if (spent_give(rule, i) < 0 || absence_remember(i, sends) < 0 ||
		absence_tell(t, rule, i) < 0)
		return -ENOMEM;
	if (sends && fallback_begin(t, rule, i, v->channel, d->due_at ? d->due_at : d->fire_at) < 0)
		return -ENOMEM;
	if (sends && rule->wait.in_line)
		news_told(t->journey, text_span(i->key), t->now);
	i->emitted++;
	i->until_at = t->now + rule->cooldown_ms;
	if ((rule->cooldown_customer || rule->stages_to) && rule->cooldown_ms > 0)
		i->cools_until = i->until_at;
	if (absence_count(t, sends ? COUNTER_FIRED : COUNTER_WOULD_SEND) < 0 ||
		absence_end_inferiors(t, rule) < 0 || absence_replace(t, rule, i) < 0)
		return -ENOMEM;
	return next_step(t, rule, i);
}

static int judge(const struct turn *t, const struct rule *rule, struct instance *i, bool live)
{
	struct gate_ask ask = {
		.rules = t->rules,
		.rule = rule,
		.journey = t->journey,
		.instance = i,
		.step = i->step,
		.now = t->now,
		.due_at = i->due_at ? i->due_at : t->now,
		.incident = incident_lasts(t->marks),
	};
	struct gate_verdict verdict;

	gates_judge(&ask, &verdict);
	switch (verdict.answer) {
	case GATE_ALLOW:
	case GATE_REROUTE:
		live = live && !verdict.held_out;
		/* From here on it counts in every window. */
		if (live && rule->gates.on && gates_reserve(t->journey, &ask, &verdict) < 0)
			return -ENOMEM;
		return emit(t, rule, i, &verdict, live);
	case GATE_DEFER:
		return defer(t, rule, i, &verdict);
	case GATE_CANCEL:
		break;
	}
	return give_up(t, rule, i, absence_outcome_of(&verdict), &verdict);
}

static int replaced(const struct turn *t, struct instance *i, const struct instance *by)
{
	int r = absence_end(t, i, OUTCOME_REPLACED, text_span(by->key));

	return r < 0 ? r : absence_count(t, COUNTER_REPLACED);
}

static int hold(
	const struct turn *t, const struct rule *rule, struct instance *i, struct span missing)
{
	int r = absence_hold(t, rule, i, missing);

	if (r == 0)
		absence_leave_watch(t, rule, i);
	return r;
}

int absence_fire(const struct turn *t, struct instance *i)
{
	const struct rule *in_force = rules_find(t->rules, text_span(i->rule));
	const struct rule *rule = rules_of(t->rules, i);
	const struct instance *greater;
	const struct rule *superior;
	const struct cond *only_if;
	struct cond_scope scope;
	struct span missing;
	int r;

	if (!rule || in_force->mode == RULE_OFF || i->step >= rule->n_steps)
		return give_up(t, rule, i, OUTCOME_RULE_REMOVED, NULL);
	r = absence_leave_early(t, rule, i);
	if (r != 0)
		return r < 0 ? r : 0;
	missing = i->deferred_until ? SPAN_EMPTY : absence_missing(t, rule, i);
	if (missing.len > 0 && i->missing.len == 0)
		return hold(t, rule, i, missing);
	if (missing.len > 0 && rule->hold_drops)
		return give_up(t, rule, i, OUTCOME_SOURCE_LATE, NULL);
	absence_unhold(i);
	r = absence_leave_due(t, rule, i);
	if (r == 0)
		r = absence_once(t, rule, i);
	if (r != 0)
		return r < 0 ? r : 0;
	superior = rules_superior(t->rules, t->journey, rule);
	if (superior)
		return absence_supersede(t, i, superior->id);
	greater = absence_greater(t, rule, i);
	if (greater)
		return replaced(t, i, greater);
	only_if = rule->steps[i->step].only_if;
	scope = absence_scope(t, i, SPAN_EMPTY);
	if (only_if && !cond_holds(only_if, &scope))
		return skip(t, rule, i);
	return judge(t, rule, i, in_force->mode == RULE_LIVE);
}
