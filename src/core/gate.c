/* SPDX-License-Identifier: MIT */
/* The gates in their order, and the shorter ones of them. */
#include "core/gate.h"

#include <stdarg.h>

#include "base/hash.h"
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

/* Ends the sentence where it does not fit, shows that, and not in the middle of a character. */
static void cut(char *words, size_t len)
{
	size_t end = GATE_WORDS_SIZE - sizeof(NOTE_CUT);

	if (len < GATE_WORDS_SIZE)
		return;
	while (end > 0 && ((unsigned char)words[end] & 0xc0) == 0x80)
		end--;
	memcpy(words + end, NOTE_CUT, sizeof(NOTE_CUT));
}

bool gate_answer(struct gate_turn *t, enum gate_answer answer, enum gate_reason reason,
	const char *format, ...)
{
	struct gate_verdict *v = t->verdict;
	va_list args;
	int len;

	v->answer = answer;
	v->reason = reason;
	v->gate = reasons[reason].gate;
	va_start(args, format);
	len = vsnprintf(v->words, GATE_WORDS_SIZE, format, args);
	va_end(args);
	cut(v->words, (size_t)len);
	return false;
}

bool gate_defer(struct gate_turn *t, enum gate_habit habit, enum gate_reason reason, int64_t until,
	const char *format, ...)
{
	struct gate_verdict *v = t->verdict;
	bool waits = habit == HABIT_DEFER && until < t->expires_at;
	char time[GATE_TIME_SIZE];
	va_list args;
	size_t len;

	v->answer = waits ? GATE_DEFER : GATE_CANCEL;
	v->until = waits ? until : 0;
	v->gate = reasons[reason].gate;
	/* When it may go, it is worth nothing; where it never may, that is why. */
	if (habit == HABIT_DEFER && !waits && until != TIME_NEVER)
		reason = REASON_EXPIRED;
	v->reason = reason;
	va_start(args, format);
	len = (size_t)vsnprintf(v->words, GATE_WORDS_SIZE, format, args);
	va_end(args);
	cut(v->words, len);
	if (len >= GATE_WORDS_SIZE)
		return false;
	len += (size_t)snprintf(v->words + len, GATE_WORDS_SIZE - len,
		waits		       ? "; again from %s on."
		: habit == HABIT_DEFER ? ", and by %s it is worth nothing."
				       : "; the rule does not wait until %s.",
		gate_time(t, until, time));
	cut(v->words, len);
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
static bool gate_job(struct gate_turn *t)
{
	char ms[DURATION_SIZE];

	if (t->ask->now < t->expires_at)
		return true;
	duration_format(t->ask->rule->expire_ms, ms);
	return gate_answer(t, GATE_CANCEL, REASON_EXPIRED,
		"It was worth sending for %s after it came due, and that is over.", ms);
}

/* NULL: none. */
static const struct cond *step_condition(const struct gate_ask *ask)
{
	return ask->step < ask->rule->n_steps ? ask->rule->steps[ask->step].only_if : NULL;
}

/* When it is due the engine asks for the step's own condition, which skips the step and not the
 * rest; what was emitted is asked here. */
static bool gate_condition(struct gate_turn *t)
{
	const struct gate_ask *ask = t->ask;
	bool again = ask->at_lease || ask->tried;
	const struct cond *step = again ? step_condition(ask) : NULL;
	_cleanup_(buf_release) struct buf words = BUF_INIT;
	struct cond_scope scope = gate_scope(ask);
	const struct cond *bad = NULL;

	if (ask->rule->fire_if && !cond_holds(ask->rule->fire_if, &scope))
		bad = ask->rule->fire_if;
	else if (step && !cond_holds(step, &scope))
		bad = step;
	if (!bad)
		return true;
	if (cond_explain(bad, &scope, &words) != 0 || words.len == 0)
		return gate_answer(t, GATE_CANCEL, REASON_FIRE_IF,
			"The rule's own condition does not hold any more.");
	return gate_answer(t, GATE_CANCEL, REASON_FIRE_IF,
		"The rule's own condition does not hold: %.*s.", (int)words.len, words.ptr);
}

bool gate_customer(struct gate_turn *t)
{
	static const struct {
		enum profile_flag flag;
		enum gate_reason reason;
		const char *words;
	} flags[] = {
		{PROFILE_ERASED, REASON_ERASED, "asked to be forgotten"},
		{PROFILE_BLOCKED, REASON_BLOCKED, "is blocked"},
		{PROFILE_MINOR, REASON_MINOR, "is a minor"},
		{PROFILE_DECEASED, REASON_DECEASED, "has died"},
	};
	const struct profile *p = t->ask->journey->profile;

	for (size_t i = 0; p && i < ARRAY_SIZE(flags); i++)
		if (p->flags & 1U << flags[i].flag)
			return gate_answer(t, GATE_CANCEL, flags[i].reason, "The customer %s.",
				flags[i].words);
	return true;
}

/* Stable: the same customers for all rules and all times, so that a greater share holds those of a
 * smaller one. */
bool gate_holdout(struct gate_turn *t)
{
	static const uint64_t key[2] = {0x7761796d61726b20, 0x686f6c64206f7574};
	struct span salt = t->policy->salt, customer = text_span(t->ask->journey->customer);
	uint32_t share = t->ask->rule->gates.holdout;
	char bytes[POLICY_NAME_MAX + 1 + CUSTOMER_MAX];

	if (share == HOLDOUT_POLICY)
		share = t->policy->holdout;
	if (t->class != RULE_MARKETING || share == 0)
		return true;
	assert(salt.len <= POLICY_NAME_MAX && customer.len <= CUSTOMER_MAX);
	memcpy(bytes, salt.ptr, salt.len);
	bytes[salt.len] = '\0';
	memcpy(bytes + salt.len + 1, customer.ptr, customer.len);
	t->verdict->held_out =
		siphash24(key, span_of(bytes, salt.len + 1 + customer.len)) % SHARE_WHOLE < share;
	return true;
}

static void add_way(struct gate_turn *t, enum job_channel way)
{
	if (way < JOB_CHANNEL_COUNT && t->ask->tried & 1U << way)
		return;
	for (size_t i = 0; i < t->n_ways; i++)
		if (t->ways[i] == way)
			return;
	if (way < JOB_CHANNEL_COUNT && t->n_ways < ARRAY_SIZE(t->ways))
		t->ways[t->n_ways++] = way;
}

enum rule_class gate_class(const struct gate_ask *ask)
{
	const struct rule *rule = ask->rule;

	return ask->step < rule->n_steps && rule->steps[ask->step].task ? RULE_TASK : rule->class;
}

/* The channels of the step, or else of the rule. */
struct ways {
	const struct span *list;
	size_t n;
};

static struct ways ways_of(const struct gate_ask *ask)
{
	const struct rule *rule = ask->rule;

	if (ask->step < rule->n_steps && rule->steps[ask->step].channels)
		return (struct ways){
			rule->steps[ask->step].channels, rule->steps[ask->step].n_channels};
	return (struct ways){rule->channels, rule->n_channels};
}

static bool has_way(struct ways ways, enum job_channel way)
{
	for (size_t i = 0; i < ways.n; i++)
		if (job_channel_of(ways.list[i]) == way)
			return true;
	return false;
}

/* What the job goes by already, then what the customer ranks, then what the rule says. */
static void order_ways(struct gate_turn *t)
{
	const struct gate_ask *ask = t->ask;
	const struct profile *p = ask->journey->profile;
	struct ways ways = ways_of(ask);

	add_way(t, job_channel_of(ask->channel));
	/* A job is led elsewhere only where it must arrive. */
	if (ask->channel.len == 0 || t->class == RULE_SERVICE) {
		for (size_t i = 0; p && ask->rule->gates.on && i < p->n_ranked; i++)
			if (has_way(ways, (enum job_channel)p->ranked[i]))
				add_way(t, (enum job_channel)p->ranked[i]);
		for (size_t i = 0; i < ways.n; i++)
			add_way(t, job_channel_of(ways.list[i]));
	}
	t->first = t->channel = t->n_ways > 0 ? t->ways[0] : JOB_CHANNEL_COUNT;
}

static void turn_init(
	struct gate_turn *t, const struct gate_ask *ask, struct gate_verdict *ret_verdict)
{
	const struct rule *rule = ask->rule;

	*ret_verdict = (struct gate_verdict){.answer = GATE_ALLOW};
	*t = (struct gate_turn){
		.ask = ask,
		.policy = &ask->rules->policy,
		.class = gate_class(ask),
		.expires_at =
			rule->expire_ms == TIME_NEVER ? TIME_NEVER : ask->due_at + rule->expire_ms,
		.verdict = ret_verdict,
	};
	order_ways(t);
	if (rule->gates.on)
		whereabouts_of(t->policy, ask->journey, &t->where);
}

static void add_priority(const struct gate_ask *ask, struct gate_verdict *v)
{
	struct cond_scope scope = gate_scope(ask);
	struct priority p;

	priority_of(&scope, ask->rule, &p);
	v->likelihood = p.likelihood;
	v->impact = p.impact;
	v->priority = p.class;
	v->worth = p.worth;
	v->loss = p.loss;
}

/* In the order of triggers.md, section 8. */
static const struct {
	gate_fn *ask;
	bool always; /* of rules too that are asked nothing */
} gates[] = {
	{gate_job, true},
	{gate_customer, false},
	{gate_consent, false},
	{gate_reachable, false},
	{gate_condition, true},
	{gate_holdout, false},
	{gate_quiet, false},
	{gate_cap, false},
	{gate_arbitration, false},
};
#define GATES_AT_SIGHT 5 /* up to the condition: those that are not about when */

/* Asks the first N gates; true: all let it through. */
static bool ask_gates(
	const struct gate_ask *ask, size_t n, struct gate_turn *t, struct gate_verdict *v)
{
	turn_init(t, ask, v);
	add_priority(ask, v);
	for (size_t i = 0; i < n; i++)
		if ((gates[i].always || ask->rule->gates.on) && !gates[i].ask(t))
			return false;
	return true;
}

bool gate_would_go(const struct gate_ask *ask)
{
	const struct cond *step = step_condition(ask);
	struct cond_scope scope = gate_scope(ask);
	struct gate_verdict v;
	struct gate_turn t;

	/* A step that is going to be skipped goes nowhere. */
	if (step && !cond_holds(step, &scope))
		return false;
	return ask_gates(ask, GATES_AT_SIGHT, &t, &v);
}

/* Why it goes another way than the first. */
static void say_undelivered(struct gate_turn *t)
{
	const struct gate_ask *ask = t->ask;
	_cleanup_(buf_release) struct buf ways = BUF_INIT;
	char within[DURATION_SIZE];

	for (unsigned way = 0; way < JOB_CHANNEL_COUNT; way++) {
		if (!(ask->tried & 1U << way))
			continue;
		buf_add_str(&ways, ways.len ? ", " : "");
		buf_add_span(&ways, job_channel_name((enum job_channel)way));
	}
	duration_format(ask->rule->fallback_ms, within);
	if (ask->lost)
		(void)gate_answer(t, GATE_REROUTE, REASON_NOT_DELIVERED,
			"It went by %.*s and did not arrive.", (int)ways.len, ways.ptr);
	else
		(void)gate_answer(t, GATE_REROUTE, REASON_NOT_DELIVERED,
			"It went by %.*s, and nobody said within %s that it was delivered.",
			(int)ways.len, ways.ptr, within);
}

void gates_judge(const struct gate_ask *ask, struct gate_verdict *ret_verdict)
{
	struct gate_verdict *v = ret_verdict;
	struct gate_turn t;

	if (!ask_gates(ask, ARRAY_SIZE(gates), &t, v)) {
		v->held_out = false;
		return;
	}
	if (ask->tried && !ask->at_lease)
		say_undelivered(&t);
	v->channel = job_channel_name(t.channel);
	if (v->held_out)
		(void)gate_answer(&t, v->answer, REASON_HOLDOUT,
			"The customer is held out: nothing is sent, to compare with.");
}
