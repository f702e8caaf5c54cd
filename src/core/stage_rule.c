/* SPDX-License-Identifier: MIT */
/*
 * A change of stage is worked out and not recorded (stage_view.c), so it is no event that could
 * come late or twice: after everything that happens, the rule's one instance is what follows from
 * the stages as they are known now. The wait counts from the change, as long as the stage lasts; a
 * change that time alone brings is waited for beforehand, like a birthday.
 *
 * A change at or before the deadline of a job that was made belongs to the time that job was for.
 */
#include "stage_rule.h"

#include "absence_parts.h"
#include "stage_view.h"

/* Does RULE speak of TURN? */
static bool concerns(const struct rule *rule, const struct stage_turn *turn)
{
	if (turn->at == INT64_MIN || !(rule->stages_to >> turn->stage & 1))
		return false;
	return rule->stages_from == 0 ||
	       (turn->before < STAGE_COUNT && rule->stages_from >> turn->before & 1);
}

static bool deadline_of(
	const struct turn *t, const struct rule *rule, int64_t at, int64_t *ret_deadline_at)
{
	struct cond_scope scope = absence_scope(t, NULL, WHOLE);

	scope.event = NULL;
	return rule_deadline(rule, &scope, at, ret_deadline_at);
}

/* May I, which may be NULL, begin for a change at AT? */
static bool is_free(
	const struct turn *t, const struct rule *rule, const struct instance *i, int64_t at)
{
	bool again = i && i->episode > 0 && rule->epoch > i->epoch;
	int64_t deadline_at;

	if (!deadline_of(t, rule, at, &deadline_at))
		return false;
	if (i && i->state == INSTANCE_ARMED && i->anchor_at == at)
		return true;
	if (rule->stale_ms != TIME_NEVER && deadline_at + rule->stale_ms < t->now)
		return false;
	if (!i || again)
		return true;
	if (at <= i->cancelled_at || at <= absence_fired_until(i, i->epoch))
		return false;
	/* Also where it waits for another change by now: that may turn out to be this one. */
	if (deadline_at < i->cools_until ||
		(i->state == INSTANCE_COOLING && deadline_at < i->until_at))
		return false;
	if (rule->max_per_key > 0 && i->episode >= rule->max_per_key && absence_made(i))
		return false;
	/* It ended without a job, for a reason that lies elsewhere. */
	return i->state == INSTANCE_ARMED || i->episode == 0 || i->anchor_at != at;
}

/* The change that RULE is to wait from: that to the stage of now, or the first one ahead. */
static bool find_turn(const struct turn *t, const struct rule *rule, const struct instance *i,
	const struct stage_view *v, struct stage_turn *ret_turn)
{
	struct stage_turn turn = stage_view_turn(v, t->now);

	if (concerns(rule, &turn) && is_free(t, rule, i, turn.at)) {
		*ret_turn = turn;
		return true;
	}
	for (int64_t after = t->now; stage_view_next(v, after, &turn); after = turn.at)
		if (concerns(rule, &turn) && is_free(t, rule, i, turn.at)) {
			*ret_turn = turn;
			return true;
		}
	return false;
}

static int set_data(struct instance *i, const struct stage_turn *turn)
{
	_cleanup_(buf_release) struct buf data = BUF_INIT;

	buf_add_str(&data, "\"stage\":\"");
	buf_add_span(&data, stage_name(turn->stage));
	buf_add_str(&data, "\",\"stage_before\":");
	if (turn->before == STAGE_COUNT) {
		buf_add_str(&data, "null");
	} else {
		buf_add_char(&data, '"');
		buf_add_span(&data, stage_name(turn->before));
		buf_add_char(&data, '"');
	}
	buf_add_str(&data, ",\"stage_since\":\"");
	buf_add_instant(&data, turn->at);
	buf_add_char(&data, '"');
	return buf_failed(&data) ? -ENOMEM : text_set(&i->data, buf_span(&data));
}

static void begin_episode(const struct turn *t, const struct rule *rule, struct instance *i)
{
	spent_begin(rule, i);
	i->state = INSTANCE_ARMED;
	i->step = i->emitted = 0;
	i->armed_at = t->now;
	i->until_at = INT64_MIN;
	i->version = rule->version;
}

static int arm_for(const struct turn *t, const struct rule *rule, struct instance *i,
	const struct stage_turn *turn)
{
	bool fresh = i->state != INSTANCE_ARMED;

	if (fresh)
		begin_episode(t, rule, i);
	i->outcome = OUTCOME_ARMED;
	i->anchor_at = i->arming_at = turn->at;
	(void)deadline_of(t, rule, turn->at, &i->deadline_at);
	i->touched_at = t->now;
	absence_unhold(i);
	absence_undefer(i);
	absence_set_timer(t, rule, i);
	if (set_data(i, turn) < 0 || text_set(&i->by, SPAN_LIT("stage_changed")) < 0 ||
		text_set(&i->subject, t->event ? t->event->subject : SPAN_EMPTY) < 0)
		return -ENOMEM;
	if (!fresh)
		return 0;
	return absence_count(t, COUNTER_ARMED) < 0 ? -ENOMEM : absence_end_inferiors(t, rule);
}

/* News of what was before a job's deadline: was the customer at that stage then? */
static int disprove(const struct turn *t, const struct rule *rule, struct instance *i,
	const struct stage_view *v)
{
	int64_t b = t->event ? t->event->occurred_at : INT64_MAX;

	if (i->last_deadline_at == INT64_MIN || b > i->last_deadline_at ||
		rule->stages_to >> stage_view_at(v, i->last_deadline_at) & 1)
		return 0;
	return absence_retract(t, rule, i, b);
}

/* As far as is known now: if it turns out that the stage lasted, it is waited for once more. */
static int end(const struct turn *t, struct instance *i)
{
	int r = absence_end(t, i, OUTCOME_CANCELLED, SPAN_EMPTY);

	i->anchor_at = i->arming_at = INT64_MIN;
	return r < 0 ? r : absence_count(t, COUNTER_CANCELLED);
}

static int update(const struct turn *t, const struct rule *rule, const struct stage_view *v)
{
	struct instance *i = journey_instance(t->journey, rule->id, WHOLE);
	bool armed = i && i->state == INSTANCE_ARMED;
	struct stage_turn turn;
	int r = i ? disprove(t, rule, i, v) : 0;

	if (r < 0)
		return r;
	if (!find_turn(t, rule, i, v, &turn))
		return armed ? end(t, i) : 0;
	if (armed && i->anchor_at == turn.at)
		return 0;
	/* Between its steps: that stage is over, and another one is the next episode's. */
	if (armed && i->step > 0) {
		r = end(t, i);
		if (r < 0 || !is_free(t, rule, i, turn.at))
			return r;
	}
	i = absence_instance(t, rule, WHOLE, &r);
	return i ? arm_for(t, rule, i, &turn) : r;
}

int stage_update(const struct turn *t)
{
	struct stage_view v;
	bool known = false;
	int r = 0;

	for (size_t n = 0; t->rules->n_staged > 0 && n < t->rules->n && r == 0; n++) {
		const struct rule *rule = &t->rules->list[n];

		if (rule->stages_to == 0 || rule->mode == RULE_OFF)
			continue;
		if (!known)
			stage_view_init(&v, t->journey, &t->rules->policy.lapse, t->now);
		known = true;
		r = update(t, rule, &v);
	}
	return r;
}
