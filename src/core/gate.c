/* SPDX-License-Identifier: MIT */
/* The gates in their order, and those that need nothing but the rule and the journey. */
#include "core/gate.h"

#include <stdarg.h>

#include "core/priority.h"
#include "gate_turn.h"

static const char *const names[GATE_COUNT] = {
	[GATE_JOB] = "job",
	[GATE_CUSTOMER] = "customer",
	[GATE_CONSENT] = "consent",
	[GATE_REACHABLE] = "reachable",
	[GATE_CONDITION] = "condition",
	[GATE_HOLDOUT] = "holdout",
	[GATE_QUIET] = "quiet",
	[GATE_CAP] = "cap",
	[GATE_ARBITRATION] = "arbitration",
};

static const struct {
	enum gate gate;
	const char *name;
} reasons[GATE_REASON_COUNT] = {
#define X(ID, GATE, NAME) [REASON_##ID] = {GATE_##GATE, (NAME)},
	GATE_REASONS(X)
#undef X
};

struct span gate_name(enum gate gate)
{
	return gate < GATE_COUNT ? span_str(names[gate]) : SPAN_EMPTY;
}

struct span gate_reason_name(enum gate_reason reason)
{
	return reason < GATE_REASON_COUNT ? span_str(reasons[reason].name) : SPAN_EMPTY;
}

struct span gate_answer_name(enum gate_answer answer)
{
	static const char *const words[] = {
		[GATE_ALLOW] = "allow",
		[GATE_REROUTE] = "reroute",
		[GATE_DEFER] = "defer",
		[GATE_CANCEL] = "cancel",
	};

	return span_str(words[answer]);
}

static void say(struct gate_turn *t, const char *format, va_list args)
{
	struct gate_verdict *v = t->verdict;

	/* What does not fit is cut, and not in the middle of a character. */
	if (vsnprintf(v->words, sizeof(v->words), format, args) >= (int)sizeof(v->words)) {
		size_t end = sizeof(v->words) - 1;

		while (end > 0 && ((unsigned char)v->words[end - 1] & 0xc0) == 0x80)
			end--;
		if (end > 0 && ((unsigned char)v->words[end - 1] & 0x80))
			end--;
		v->words[end] = '\0';
	}
}

bool gate_answer(struct gate_turn *t, enum gate_answer answer, enum gate_reason reason,
	const char *format, ...)
{
	struct gate_verdict *v = t->verdict;
	va_list args;

	v->answer = answer;
	v->reason = reason;
	v->gate = reasons[reason].gate;
	va_start(args, format);
	say(t, format, args);
	va_end(args);
	return false;
}

bool gate_defer(
	struct gate_turn *t, enum gate_reason reason, int64_t until, const char *format, ...)
{
	struct gate_verdict *v = t->verdict;
	bool worth = until < t->expires_at;
	va_list args;

	v->answer = worth ? GATE_DEFER : GATE_CANCEL;
	v->until = worth ? until : 0;
	v->reason = reason;
	v->gate = reasons[reason].gate;
	va_start(args, format);
	say(t, format, args);
	va_end(args);
	return false;
}

struct cond_scope gate_scope(const struct gate_ask *ask)
{
	return (struct cond_scope){
		.rules = ask->rules,
		.journey = ask->journey,
		.instance = ask->instance,
		.key = text_span(ask->instance->key),
		.now = ask->now,
	};
}

/* Its last instant is the one before it expires. */
bool gate_job(struct gate_turn *t)
{
	char ms[DURATION_SIZE];

	if (t->ask->now < t->expires_at)
		return true;
	duration_format(t->ask->rule->expire_ms, ms);
	return gate_answer(t, GATE_CANCEL, REASON_EXPIRED,
		"It was worth sending for %s after it came due, and that is over.", ms);
}

bool gate_condition(struct gate_turn *t)
{
	struct cond_scope scope = gate_scope(t->ask);

	if (!t->ask->rule->fire_if || cond_holds(t->ask->rule->fire_if, &scope))
		return true;
	return gate_answer(
		t, GATE_CANCEL, REASON_FIRE_IF, "The rule's own condition does not hold any more.");
}

static void turn_init(
	struct gate_turn *t, const struct gate_ask *ask, struct gate_verdict *ret_verdict)
{
	const struct rule *rule = ask->rule;

	*ret_verdict = (struct gate_verdict){.answer = GATE_ALLOW};
	*t = (struct gate_turn){
		.ask = ask,
		.policy = &ask->rules->policy,
		.channel = job_channel_of(rule->n_channels > 0 ? rule->channels[0] : SPAN_EMPTY),
		.expires_at =
			rule->expire_ms == TIME_NEVER ? TIME_NEVER : ask->due_at + rule->expire_ms,
		.verdict = ret_verdict,
	};
}

static void add_priority(const struct gate_ask *ask, struct gate_verdict *v)
{
	struct priority p;

	priority_of(ask->rules, ask->rule, ask->journey, ask->instance, ask->now, &p);
	v->likelihood = p.likelihood;
	v->impact = p.impact;
	v->priority = p.class;
	v->loss = p.loss;
}

/* In the order of triggers.md, section 8. */
static const struct {
	gate_fn *ask;
	bool always; /* of rules too that are asked nothing */
} gates[] = {
	{gate_job, true},
	{gate_condition, true},
};

void gates_judge(const struct gate_ask *ask, struct gate_verdict *ret_verdict)
{
	struct gate_turn t;

	turn_init(&t, ask, ret_verdict);
	add_priority(ask, ret_verdict);
	for (size_t i = 0; i < ARRAY_SIZE(gates); i++)
		if ((gates[i].always || ask->rule->gates.on) && !gates[i].ask(&t))
			return;
	ret_verdict->channel = job_channel_name(t.channel);
}
