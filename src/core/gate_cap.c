/* SPDX-License-Identifier: MIT */
/*
 * Not so often (triggers, section 8). Windows roll: at most COUNT sends within any WITHIN_MS, so
 * that 23:00 and 0:10 are one night. What was reserved counts from its emission on, before anybody
 * sent it; what was cancelled does not. A send exactly WITHIN_MS ago is out of the window.
 */
#include "gate_turn.h"

#include "base/hash.h"

uint64_t gates_rule_hash(struct span rule)
{
	static const uint64_t key[2] = {0x73656e642072756c, 0x652069642068617a};

	return siphash24(key, rule);
}

bool gate_is_own(const struct gate_ask *ask, const struct send *s)
{
	return ask->job && memcmp(ask->job, s->job_id, sizeof(s->job_id)) == 0;
}

/* What a cap is about. */
struct window {
	unsigned classes, channels;
	const uint64_t *rule; /* NULL: any */
	uint32_t count;
	int64_t within_ms;
};

static bool counts(const struct gate_turn *t, const struct window *w, const struct send *s)
{
	return s->state != SEND_RELEASED && s->at > t->ask->now - w->within_ms &&
	       (w->classes & 1U << s->class) && (w->channels & 1U << s->channel) &&
	       (!w->rule || *w->rule == s->rule) && !gate_is_own(t->ask, s);
}

/* When W has room again: at NOW, or when so many have left it that COUNT - 1 are in it. */
static int64_t window_opens(const struct gate_turn *t, const struct window *w)
{
	const struct journey *j = t->ask->journey;
	uint32_t in = 0;

	/* Sends are in order of their times: going back, the COUNT-th is the one to wait for. */
	for (size_t i = j->n_sends; i-- > 0;)
		if (counts(t, w, &j->sends[i]) && ++in == w->count)
			return j->sends[i].at + w->within_ms;
	return t->ask->now;
}

/* When what other rules of its topic have sent is so long ago that the rule may send. */
static int64_t topic_opens(const struct gate_turn *t, const struct window *own)
{
	const struct rules *rules = t->ask->rules;
	int64_t opens = t->ask->now;

	for (size_t i = 0; i < rules->n; i++) {
		const struct rule *other = &rules->list[i];
		uint64_t hash = gates_rule_hash(other->id);
		struct window w = {~0U, ~0U, &hash, 1, own->within_ms};

		if (hash != *own->rule && span_equal(other->gates.topic, t->ask->rule->gates.topic))
			opens = int64_max(opens, window_opens(t, &w));
	}
	return opens;
}

static bool gate_rule_cap(struct gate_turn *t)
{
	const struct rule_gates *g = &t->ask->rule->gates;
	uint64_t rule = gates_rule_hash(t->ask->rule->id);
	struct window w = {~0U, ~0U, &rule, g->cap_count, g->cap_within_ms};
	char within[DURATION_SIZE];
	int64_t opens;

	if (w.count == 0)
		return true;
	opens = window_opens(t, &w);
	if (g->cap_topic)
		opens = int64_max(opens, topic_opens(t, &w));
	if (opens <= t->ask->now)
		return true;
	duration_format(w.within_ms, within);
	return gate_defer(t, g->on_cap == HABIT_IGNORE ? HABIT_DROP : g->on_cap,
		REASON_RULE_CAP_FULL, opens,
		g->cap_topic ? "The rule may send %u in %s, and none beside others of its topic"
			     : "The rule sent %u in the last %s, and no more are allowed",
		w.count, within);
}

bool gate_cap(struct gate_turn *t)
{
	const struct policy_cap *full = NULL;
	char within[DURATION_SIZE];
	int64_t latest = t->ask->now;

	for (size_t i = 0; i < t->policy->n_caps; i++) {
		const struct policy_cap *cap = &t->policy->caps[i];
		struct window w = {cap->counts, cap->channels, NULL, cap->count, cap->within_ms};
		int64_t opens;

		if (!(cap->binds & 1U << t->class) || !(cap->channels & 1U << t->channel) ||
			t->ask->rule->gates.on_cap == HABIT_IGNORE)
			continue;
		opens = window_opens(t, &w);
		if (opens <= latest)
			continue;
		latest = opens;
		full = cap;
	}
	if (!full)
		return gate_rule_cap(t);
	duration_format(full->within_ms, within);
	return gate_defer(t, t->ask->rule->gates.on_cap, REASON_CAP_FULL, latest,
		"The customer got %u in the last %s, and no more are allowed", full->count, within);
}
