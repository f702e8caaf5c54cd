/* SPDX-License-Identifier: MIT */
/*
 * Which message goes where two would go at once, and when there is no time for offers at all
 * (triggers, section 8).
 *
 * A message competes with what the customer gets within the policy's window (an hour) before or
 * after it: with what was sent, and with what is due and as far as can be seen will be sent. The
 * better place wins; what was sent already wins a tie. A greeting on its very day wins over all
 * marketing of that day. The loser is not put off: a message that was outdone once is stale.
 */
#include "gate_turn.h"
#include "local_time.h"

static bool loses(struct gate_turn *t, struct span winner, const char *how)
{
	t->verdict->by = winner;
	return gate_answer(t, GATE_CANCEL, REASON_SUPERSEDED, "%.*s goes first: it %s.",
		(int)winner.len, winner.ptr, how);
}

static const struct rule *rule_of_send(const struct rules *rules, const struct send *s)
{
	for (size_t i = 0; i < rules->n; i++)
		if (gates_rule_hash(rules->list[i].id) == s->rule)
			return &rules->list[i];
	return NULL;
}

static bool gate_sent(struct gate_turn *t)
{
	const struct journey *j = t->ask->journey;
	const struct rule *rule = t->ask->rule, *other;

	for (size_t i = j->n_sends; i-- > 0;) {
		const struct send *s = &j->sends[i];

		if (s->state == SEND_RELEASED || gate_is_own(t->ask, s) ||
			s->at <= t->ask->now - t->policy->arbitration_ms)
			continue;
		other = rule_of_send(t->ask->rules, s);
		/* Of one rule it is the next step, or another cart: caps see to that. */
		if (other && !span_equal(other->id, rule->id) &&
			other->gates.rank <= rule->gates.rank)
			return loses(t, other->id, "was sent a short while ago");
	}
	return true;
}

/* A greeting on its very day: its date is today, and tomorrow nobody wants it. */
static bool is_greeting(const struct rule *rule)
{
	return rule->calendar && rule->calendar->lead_days == 0;
}

/* Does what is due of OTHER, in RIVAL, go before the message asked about? */
static bool is_before(
	const struct gate_turn *t, const struct rule *other, const struct instance *rival)
{
	const struct gate_ask *ask = t->ask;
	bool greets = is_greeting(other) && t->class == RULE_MARKETING && !is_greeting(ask->rule);

	if (greets && rival->fire_at < local_day_end(t->where.zone, ask->now))
		return true;
	if (is_greeting(ask->rule))
		return false;
	return rival->fire_at < ask->now + t->policy->arbitration_ms &&
	       other->gates.rank < ask->rule->gates.rank;
}

static bool gate_pending(struct gate_turn *t)
{
	const struct journey *j = t->ask->journey;

	for (size_t i = 0; i < j->n_instances; i++) {
		const struct instance *rival = &j->instances[i];
		struct gate_ask ask = *t->ask;

		if (rival->state != INSTANCE_ARMED || rival->fire_at == TIME_NEVER)
			continue;
		ask.rule = rules_find(ask.rules, text_span(rival->rule));
		if (!ask.rule || span_equal(ask.rule->id, t->ask->rule->id) ||
			ask.rule->mode != RULE_LIVE || !ask.rule->gates.on ||
			ask.rule->gates.rank == RANK_NONE || !is_before(t, ask.rule, rival) ||
			rules_superior(ask.rules, j, ask.rule))
			continue;
		ask.instance = rival;
		ask.step = rival->step;
		ask.due_at = rival->fire_at;
		ask.at_lease = false;
		ask.channel = SPAN_EMPTY;
		ask.job = NULL;
		ask.tried = 0;
		if (gate_would_go(&ask))
			return loses(t, ask.rule->id, "is due at the same time");
	}
	return true;
}

/* ---- mutes ----------------------------------------------------------------------------- */

static bool some_order_is_late(const struct journey *j, int64_t now)
{
	for (size_t i = 0; i < j->n_orders_kept; i++)
		if (order_is_late(&j->orders[i], now))
			return true;
	return false;
}

static bool case_is_open(const struct journey *j)
{
	for (size_t i = 0; i < j->n_things; i++)
		if (j->things[i].kind == THING_CASE && thing_is_open(&j->things[i]))
			return true;
	return false;
}

static bool is_mute(const struct gate_turn *t, const struct policy_mute *mute)
{
	struct cond_scope scope = gate_scope(t->ask);

	switch (mute->kind) {
	case MUTE_ORDER_LATE:
		return some_order_is_late(t->ask->journey, t->ask->now);
	case MUTE_CASE_OPEN:
		return case_is_open(t->ask->journey);
	case MUTE_INCIDENT:
		return t->policy->incident || t->ask->incident;
	case MUTE_CONDITION:
		return cond_holds(mute->cond, &scope);
	}
	return false;
}

static bool gate_mutes(struct gate_turn *t)
{
	static const struct {
		enum gate_reason reason;
		const char *words;
	} said[] = {
		[MUTE_ORDER_LATE] = {REASON_MUTED_ORDER_LATE, "an order of theirs is late"},
		[MUTE_CASE_OPEN] = {REASON_MUTED_CASE_OPEN, "a case of theirs is open"},
		[MUTE_INCIDENT] = {REASON_MUTED_INCIDENT, "the shop has an incident"},
		[MUTE_CONDITION] = {REASON_MUTED, "the policy says so:"},
	};

	for (size_t i = 0; i < t->policy->n_mutes; i++) {
		const struct policy_mute *mute = &t->policy->mutes[i];
		struct span name = mute->kind == MUTE_CONDITION ? mute->name : SPAN_EMPTY;

		if (!(t->ask->rule->gates.mutes & 1U << i) || !is_mute(t, mute))
			continue;
		return gate_answer(t, GATE_CANCEL, said[mute->kind].reason,
			"This is no time for it: %s%s%.*s.", said[mute->kind].words,
			name.len ? " " : "", (int)name.len, name.ptr ? name.ptr : "");
	}
	return true;
}

bool gate_arbitration(struct gate_turn *t)
{
	if (!gate_mutes(t))
		return false;
	if (t->ask->rule->gates.rank == RANK_NONE)
		return true;
	return (is_greeting(t->ask->rule) || gate_sent(t)) && gate_pending(t);
}
