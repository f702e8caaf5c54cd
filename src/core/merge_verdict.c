/* SPDX-License-Identifier: MIT */
/*
 * What one side of a merge knows that ends what the other side waits for, or takes back what it
 * sent: the contract of absence (absence.c) once more, but between states instead of an event and a
 * state. Each condition here is that of absence_cancel.c or absence_arm.c; what an event's arrival
 * decides there is decided by the instants that the states keep.
 */
#include "merge_instances.h"

static bool same_key(const struct instance *a, const struct instance *b)
{
	return span_equal(text_span(a->key), text_span(b->key));
}

static bool is_whole(const struct instance *i)
{
	return span_equal(text_span(i->key), WHOLE);
}

/* Is X what Y is about, or a part of it? */
static bool is_within(const struct rule *rule, const struct instance *y, const struct instance *x)
{
	return same_key(y, x) || (rule_key_is_partial(rule, text_span(y->key)) &&
					 rule_key_in(rule, text_span(y->key), text_span(x->key)));
}

/* Does a cancel that Y remembers concern X? That of the whole customer concerns every key; that of
 * a key what was armed without one. */
static bool reaches(const struct rule *rule, const struct instance *y, const struct instance *x)
{
	if (is_within(rule, y, x) || is_whole(y))
		return true;
	return is_whole(x) && rule->key_else_customer;
}

/* Had Y's key been closed for good when X was armed, or was it since? */
static bool closes(const struct rule *rule, const struct instance *y, const struct instance *x)
{
	return y->state == INSTANCE_CLOSED && is_within(rule, y, x) && y->until_at > x->armed_at;
}

/* A cancel from before what armed X counts within the slack, if it came when X waited already. */
static bool cancels(const struct rule *rule, const struct instance *y, const struct instance *x)
{
	if (y->cancelled_at == INT64_MIN)
		return false;
	if (y->cancelled_at >= x->arming_at)
		return true;
	return y->touched_at >= x->armed_at && y->cancelled_at >= x->arming_at - rule->slack_ms;
}

/* ---- sent already -------------------------------------------------------------------------- */

static bool has_sent(const struct instance *i)
{
	return i->last_deadline_at != INT64_MIN;
}

/* Did Y's job keep X from being armed: by the cooldown, by the number of episodes, or since what
 * armed X belongs to the time that Y's job was for? */
static bool precludes(const struct rule *rule, const struct instance *y, const struct instance *x)
{
	if (y->state == INSTANCE_ARMED || x->epoch > y->epoch)
		return false;
	if (rule->calendar)
		return has_sent(y) && y->last_episode >= x->episode;
	if (y->state == INSTANCE_COOLING && y->until_at > x->armed_at)
		return true;
	if (absence_fired(rule, y, x->arming_at, x->deadline_at))
		return true;
	return rule->max_per_key > 0 && y->episode >= rule->max_per_key && absence_made(y);
}

/* A cooldown over all keys that began before X was armed and was not over then. */
static bool cools(const struct rule *rule, const struct instance *y, const struct instance *x)
{
	return rule->cooldown_customer && y->cools_until > x->armed_at &&
	       y->cools_until - rule->cooldown_ms <= x->armed_at;
}

/* ---- other rules --------------------------------------------------------------------------- */

/* Does Y's rule go before X's, and did it fire while X waited? Of one that waits it is decided when
 * X is due, as ever. */
static bool supersedes(
	const struct rules *rules, const struct instance *y, const struct instance *x)
{
	const struct rule *rule = rules_of(rules, y), *other = rules_of(rules, x);

	if (!rule || !other || !rules_supersedes(rules, rule, other))
		return false;
	return absence_made(y) && y->until_at != INT64_MIN &&
	       y->until_at - rule->cooldown_ms >= x->armed_at;
}

/* ---- verdicts ------------------------------------------------------------------------------ */

static void judge_armed(const struct rules *rules, const struct rule *rule,
	const struct instance *y, const struct instance *x, struct verdict *v)
{
	bool same_rule = span_equal(text_span(y->rule), text_span(x->rule));
	enum outcome end = OUTCOME_NONE;
	struct span clause = SPAN_EMPTY;

	if (v->end != OUTCOME_NONE)
		return;
	if (same_rule && (closes(rule, y, x) || (reaches(rule, y, x) && cancels(rule, y, x)))) {
		end = y->outcome == OUTCOME_GOAL ? OUTCOME_GOAL : OUTCOME_CANCELLED;
	} else if (same_rule && same_key(y, x) && precludes(rule, y, x)) {
		end = OUTCOME_MERGED;
		clause = SPAN_LIT("the customer was sent it already");
	} else if (same_rule && cools(rule, y, x)) {
		end = OUTCOME_MERGED;
		clause = SPAN_LIT("the customer was sent one too recently");
	} else if (!same_rule && supersedes(rules, y, x)) {
		end = OUTCOME_SUPERSEDED;
		clause = text_span(y->rule);
	}
	v->end = end;
	v->terminal = same_rule && closes(rule, y, x);
	v->ended_by = y;
	v->clause = clause;
}

/* Was X's job the second one, of what Y had sent by then? */
static bool is_second(
	const struct rule *rule, const struct instance *y, const struct instance *x, bool loser)
{
	if (!has_sent(y) || y->last_step == STEP_UNSENT || x->last_epoch != y->last_epoch)
		return false;
	if (rule->calendar ? x->last_episode != y->last_episode : x->armed_at >= y->until_at)
		return false;
	if (x->until_at != y->until_at)
		return x->until_at > y->until_at;
	if (x->last_deadline_at != y->last_deadline_at)
		return x->last_deadline_at > y->last_deadline_at;
	return loser;
}

/* Does Y disprove a job of X: its latest, or one before it? */
static bool disproves(const struct rule *rule, const struct instance *y, const struct instance *x)
{
	bool closed = closes(rule, y, x);

	if (y->cancelled_at == INT64_MIN || !(closed || reaches(rule, y, x)))
		return false;
	return absence_disproves(rule, x, y->cancelled_at, closed);
}

static void judge_sent(const struct rule *rule, const struct instance *y, const struct instance *x,
	bool loser, struct verdict *v)
{
	if (v->retracted_by && !v->twice)
		return;
	if (disproves(rule, y, x)) {
		v->retracted_by = y;
		v->closed = closes(rule, y, x);
		v->twice = false;
	} else if (same_key(y, x) && x->state == INSTANCE_COOLING && y->state == INSTANCE_COOLING &&
		   x->last_step != STEP_UNSENT && is_second(rule, y, x, loser)) {
		v->retracted_by = y;
		v->twice = true;
	}
}

struct verdict merge_verdict(const struct rules *rules, const struct instance *x,
	const struct journey *others, bool loser)
{
	const struct rule *rule = rules_of(rules, x);
	struct verdict v = {.end = OUTCOME_NONE, .cancelled_at = INT64_MIN};

	for (size_t n = 0; rule && n < others->n_instances; n++) {
		const struct instance *y = &others->instances[n];

		if (span_equal(text_span(y->rule), text_span(x->rule)) &&
			(is_within(rule, y, x) || is_whole(y)))
			v.cancelled_at = int64_max(v.cancelled_at, y->cancelled_at);
		if (x->state == INSTANCE_ARMED)
			judge_armed(rules, rule, y, x, &v);
		if (has_sent(x) && span_equal(text_span(y->rule), text_span(x->rule)))
			judge_sent(rule, y, x, loser, &v);
	}
	return v;
}

int merge_compare_arming(const struct rule *rule, const struct journey *j, const struct instance *a,
	const struct instance *b)
{
	struct arming mine, theirs;

	if (!rule || a->counted || b->counted)
		return 0;
	mine = absence_current(rule, a);
	theirs = absence_current(rule, b);
	return absence_compare_named(j, &mine, &theirs);
}

bool merge_goes_on(const struct rule *rule, const struct journey *j, const struct instance *a,
	const struct instance *b)
{
	bool first = rule && rule->anchor_first;
	int c;

	if (a->step != b->step)
		return a->step > b->step;
	/* Where the first arms, what touched it later does not make it the later one. */
	if (first && a->arming_at != b->arming_at)
		return a->arming_at < b->arming_at;
	if (!first && a->anchor_at != b->anchor_at)
		return a->anchor_at > b->anchor_at;
	c = merge_compare_arming(rule, j, a, b);
	if (c != 0)
		return (c < 0) == first;
	if (a->armed_at != b->armed_at)
		return (a->armed_at < b->armed_at) == first;
	if (a->fire_at != b->fire_at)
		return a->fire_at > b->fire_at;
	c = span_compare(text_span(a->data), text_span(b->data));
	if (c == 0)
		c = span_compare(text_span(a->subject), text_span(b->subject));
	return c > 0;
}
