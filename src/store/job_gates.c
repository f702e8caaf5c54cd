/* SPDX-License-Identifier: MIT */
#include "store/job_gates.h"

#include "core/gate.h"

_Static_assert(JOB_WORDS_SIZE == GATE_WORDS_SIZE, "a gate's sentence fits");

/* A rule that is not known, though the set in force could not be had, may be newer than the set
 * that stands in: that is read again soon. One that is still unknown then is gone. */
#define UNKNOWN_RETRY_MS MS_MINUTE
#define UNKNOWN_MS	 MS_HOUR

static void say(struct job_verdict *v, enum job_answer answer, const char *reason)
{
	v->answer = answer;
	(void)snprintf(v->reason, sizeof(v->reason), "%s", reason);
}

static void judge_unknown(const struct job_look *look, struct job_verdict *v)
{
	if (look->now - look->job->fire_at < UNKNOWN_MS) {
		say(v, JOB_DEFER, "rule_unknown");
		v->until = look->now + UNKNOWN_RETRY_MS;
		v->silent = true;
	} else {
		say(v, JOB_CANCEL, "rule_removed");
	}
}

static uint32_t step_of(const struct rule *rule, struct span id)
{
	uint32_t n = 0;

	while (n < rule->n_steps && !span_equal(rule->steps[n].id, id))
		n++;
	return n < rule->n_steps ? n : 0;
}

/* The gate's word, and what it has to say about it. */
static void add_reason(const struct gate_verdict *g, struct job_verdict *v)
{
	struct span reason = gate_reason_name(g->held_out ? REASON_HOLDOUT : g->reason);

	assert(reason.len < sizeof(v->reason));
	memcpy(v->reason, reason.ptr, reason.len);
	v->reason[reason.len] = '\0';
	memcpy(v->words, g->words, sizeof(v->words));
	v->gate = gate_name(g->held_out ? GATE_HOLDOUT : g->gate);
}

static void take_verdict(const struct gate_verdict *g, struct job_verdict *v)
{
	static const enum job_answer answers[] = {
		[GATE_ALLOW] = JOB_ALLOW,
		[GATE_REROUTE] = JOB_REROUTE,
		[GATE_DEFER] = JOB_DEFER,
		[GATE_CANCEL] = JOB_CANCEL,
	};

	v->answer = g->held_out ? JOB_CANCEL : answers[g->answer];
	if (v->answer == JOB_CANCEL && g->reason == REASON_EXPIRED)
		v->answer = JOB_EXPIRE;
	v->until = g->until;
	v->channel = g->channel;
	add_reason(g, v);
}

/* What the journey has forgotten of a job that waited long, as far as the job itself tells it. 0 or
 * -ENOMEM. */
static int remember(const struct job_view *job, struct instance *i)
{
	i->state = INSTANCE_COOLING;
	i->outcome = OUTCOME_FIRED;
	i->armed_at = job->armed_at;
	i->deadline_at = job->deadline_at;
	i->fire_at = TIME_NEVER;
	return text_set(&i->rule, job->rule) < 0 ? -ENOMEM : text_set(&i->key, job->key);
}

/* The bytes that ID, 32 hex digits, stands for; NULL if it is none. */
static const unsigned char *id_bytes(struct span id, unsigned char out[16])
{
	static const char digits[] = "0123456789abcdef";

	if (id.len != 32)
		return NULL;
	for (size_t i = 0; i < id.len; i++) {
		const char *digit = id.ptr[i] ? strchr(digits, id.ptr[i]) : NULL;

		if (!digit)
			return NULL;
		out[i / 2] = (unsigned char)(out[i / 2] << 4 | (digit - digits));
	}
	return out;
}

/* Before it fired it may have been held, or have gone another way. */
static int64_t due_at(const struct rule *rule, const struct job_view *job)
{
	if (job->valid_until == TIME_NEVER || rule->expire_ms == TIME_NEVER)
		return job->fire_at;
	return int64_min(job->fire_at, job->valid_until - rule->expire_ms);
}

static void ask_gates(const struct rules *rules, const struct rule *rule,
	const struct job_look *look, struct job_verdict *ret_verdict)
{
	struct journey *journey = look->record->journey;
	struct instance forgotten = {.emitted = 1};
	struct instance *instance = journey_instance(journey, rule->id, look->job->key);
	struct gate_verdict verdict;
	unsigned char id[16] = {0};
	struct gate_ask ask = {
		.rules = rules,
		.rule = rule,
		.journey = journey,
		.instance = instance ? instance : &forgotten,
		.step = step_of(rule, look->job->step),
		.now = look->now,
		.due_at = due_at(rule, look->job),
		.incident = look->incident,
		.at_lease = true,
		.channel = look->channel,
		.job = id_bytes(look->job->id, id),
		.tried = look->job->tried,
	};

	if (!instance && remember(look->job, &forgotten) < 0) {
		say(ret_verdict, JOB_DEFER, "no_memory");
		ret_verdict->until = look->now + UNKNOWN_RETRY_MS;
		ret_verdict->silent = true;
	} else {
		gates_judge(&ask, &verdict);
		take_verdict(&verdict, ret_verdict);
	}
	text_release(&forgotten.rule);
	text_release(&forgotten.key);
}

void job_gates_judge(void *user, const struct job_look *look, struct job_verdict *ret_verdict)
{
	const struct job_gates *gates = user;
	const struct rules *rules =
		gates->find ? gates->find(gates->find_user, look->rules) : gates->rules;
	const struct rule *rule = rules ? rules_find(rules, look->job->rule) : NULL;

	if (!rules)
		return;
	if (!rule) {
		judge_unknown(look, ret_verdict);
		return;
	}
	if (rule->mode != RULE_LIVE) {
		say(ret_verdict, JOB_CANCEL, "rule_off");
		return;
	}
	/* The worker writes the record in the commit that emits the job: it was erased. */
	if (!look->record) {
		say(ret_verdict, JOB_CANCEL, "no_customer");
		return;
	}
	ask_gates(rules, rule, look, ret_verdict);
}
