/* SPDX-License-Identifier: MIT */
/* A job's JSON, and the sentence that says why it exists. */
#include "codec/job_json.h"

#include "base/instant.h"
#include "core/gate.h"

#include "json_out.h"

static void add_duration(struct buf *b, int64_t ms)
{
	char text[DURATION_SIZE];

	duration_format(ms, text);
	buf_add_str(b, text);
}

/* The id of D's step, without the way that a job of its own was made for: `m1` of `m1@sms`. */
static struct span step_id(const struct decision *d)
{
	const char *at = d->step.len ? memchr(d->step.ptr, '@', d->step.len) : NULL;

	return at ? span_of(d->step.ptr, (size_t)(at - d->step.ptr)) : d->step;
}

static bool is_first_step(const struct decision *d)
{
	return d->rule_now->n_steps == 0 || span_equal(step_id(d), d->rule_now->steps[0].id);
}

/* What the deadline counts from: D's anchor, which touches and arms have moved or not. */
static void add_anchor(const struct decision *d, struct buf *out)
{
	bool first = d->rule_now && d->rule_now->anchor_first && d->rule_now->n_touch == 0;

	buf_add_str(out, first ? "the first activity at " : "the last activity at ");
	buf_add_instant(out, d->anchor_at);
}

static void add_span_wait(const struct decision *d, struct buf *out)
{
	buf_add_str(out, " within ");
	add_duration(out, d->deadline_at - d->anchor_at);
	buf_add_str(out, " of ");
	add_anchor(d, out);
}

/* The instant that the event named, and what the rule made of it. */
static void add_field_wait(const struct decision *d, struct buf *out)
{
	const struct rule_wait *w = &d->rule_now->wait;
	int64_t shift_ms = w->span_ms + d->rule_now->steps[0].after_ms;

	buf_add_str(out, " by ");
	buf_add_instant(out, d->deadline_at);
	buf_add_str(out, ", ");
	if (shift_ms != 0) {
		add_duration(out, shift_ms < 0 ? -shift_ms : shift_ms);
		buf_add_str(out, shift_ms < 0 ? " before " : " after ");
	}
	if (w->local == WAIT_DAY_END)
		buf_add_str(out, "the end of the day that it named");
	else if (w->local == WAIT_DAY_TIME)
		buf_printf(out, "%02d:%02d of the day that it named", w->local_minute / 60,
			w->local_minute % 60);
	else
		buf_add_str(out, "the instant that it named");
}

void job_reason(const struct decision *d, struct buf *out)
{
	const struct rule *rule = d->rule_now;

	buf_add_str(out, "Armed");
	if (d->by.len) {
		buf_add_str(out, " by ");
		buf_add_span(out, d->by);
	}
	buf_add_str(out, " for ");
	buf_add_span(out, d->key);
	buf_add_str(out, "; nothing cancelled it");
	if (rule && is_first_step(d) && rule->wait.kind == WAIT_SPAN) {
		add_span_wait(d, out);
	} else if (rule && is_first_step(d)) {
		add_field_wait(d, out);
	} else {
		/* A later step counts from the one before it; a rule that is gone says nothing. */
		buf_add_str(out, " by ");
		buf_add_instant(out, d->deadline_at);
		buf_add_str(out, "; ");
		add_anchor(d, out);
	}
	buf_add_char(out, '.');
}

static int64_t valid_until(const struct decision *d)
{
	int64_t until;

	if (d->rule_now->expire_ms == TIME_NEVER ||
		__builtin_add_overflow(
			d->due_at ? d->due_at : d->fire_at, d->rule_now->expire_ms, &until))
		return TIME_NEVER;
	return until;
}

/* The number of the step that D is of. */
static uint32_t step_of(const struct decision *d)
{
	const struct rule *rule = d->rule_now;
	uint32_t n = 0;

	while (n < rule->n_steps && !span_equal(rule->steps[n].id, step_id(d)))
		n++;
	return n;
}

static void out_class(struct json_out *o, const struct decision *d)
{
	uint32_t step = step_of(d);
	bool task = step < d->rule_now->n_steps && d->rule_now->steps[step].task;

	json_out_text(o, "class", rule_class_name(task ? RULE_TASK : d->rule_now->class));
}

/* The way that the gates have chosen, then all that the step may go. */
static void out_channels(struct json_out *o, const struct decision *d)
{
	size_t n;
	const struct span *channels = rule_channels(d->rule_now, step_of(d), &n);

	if (d->channel.len > 0 || n > 0)
		json_out_text(o, "channel", d->channel.len > 0 ? d->channel : channels[0]);
	else
		json_out_null(o, "channel");
	json_out_open(o, "channels", '[');
	for (size_t i = 0; i < n; i++)
		json_out_text(o, NULL, channels[i]);
	json_out_close(o, ']');
}

/* By which ways the same message went before. */
static void out_fallback(struct json_out *o, const struct decision *d)
{
	if (!d->tried)
		return;
	json_out_open(o, "fallback", '{');
	json_out_open(o, "tried", '[');
	for (unsigned way = 0; way < JOB_CHANNEL_COUNT; way++)
		if (d->tried & 1U << way)
			json_out_text(o, NULL, job_channel_name((enum job_channel)way));
	json_out_close(o, ']');
	json_out_close(o, '}');
}

/* As it was judged; of a decision that was not, what the rule says. */
static void out_priority(struct json_out *o, const struct decision *d)
{
	const struct rule *rule = d->rule_now;
	bool judged = d->likelihood.mantissa || d->impact.mantissa;

	json_out_open(o, "priority", '{');
	json_out_text(o, "class", priority_name(judged ? d->priority : rule_priority(rule)));
	json_out_decimal(o, "likelihood", judged ? d->likelihood : rule->likelihood);
	json_out_decimal(o, "impact", judged ? d->impact : rule->impact);
	json_out_close(o, '}');
}

/* What it is, for whom, which way and why. 0 or -ENOMEM. */
static int out_head(
	struct json_out *o, const struct decision *d, struct span customer, const char *id)
{
	_cleanup_(buf_release) struct buf reason = BUF_INIT;

	assert(d->rule_now);
	job_reason(d, &reason);
	if (buf_failed(&reason) < 0)
		return -ENOMEM;
	json_out_open(o, NULL, '{');
	json_out_text(o, "id", span_str(id));
	json_out_text(o, "rule", d->rule);
	json_out_number(o, "epoch", d->epoch);
	json_out_text(o, "customer", d->subject.len ? d->subject : customer);
	if (d->subject.len)
		json_out_text(o, "canonical", customer);
	json_out_text(o, "key", d->key);
	json_out_number(o, "episode", d->episode);
	json_out_text(o, "step", step_id(d));
	out_class(o, d);
	out_channels(o, d);
	out_fallback(o, d);
	out_priority(o, d);
	json_out_text(o, "reason", buf_span(&reason));
	return 0;
}

int job_json(const struct decision *d, struct span customer, const char *id, struct buf *out)
{
	struct json_out o = {.buf = out};

	if (out_head(&o, d, customer, id) < 0)
		return -ENOMEM;
	json_out_instant(&o, "armed_at", d->armed_at);
	json_out_instant(&o, "deadline", d->deadline_at);
	json_out_instant(&o, "fire_at", d->fire_at);
	json_out_instant(&o, "not_before", d->fire_at);
	json_out_instant(&o, "valid_until", valid_until(d));
	json_out_open(&o, "data", '{');
	if (d->data.len)
		json_out_raw(&o, NULL, d->data);
	json_out_close(&o, '}');
	json_out_close(&o, '}');
	return buf_failed(out);
}

int job_trial_json(const struct decision *d, struct span customer, const char *id, struct buf *out)
{
	struct json_out o = {.buf = out};
	char version[9];

	if (out_head(&o, d, customer, id) < 0)
		return -ENOMEM;
	(void)snprintf(version, sizeof(version), "%08llx",
		(unsigned long long)(d->rule_now->version & UINT32_MAX));
	json_out_text(&o, "version", span_str(version));
	json_out_text(&o, "because", span_str(d->reason == REASON_HOLDOUT ? "holdout" : "shadow"));
	if (d->reason) {
		json_out_text(&o, "gate", gate_name((enum gate)d->gate));
		json_out_text(&o, "gate_reason", gate_reason_name((enum gate_reason)d->reason));
	}
	json_out_some(&o, "words", d->words);
	json_out_instant(&o, "armed_at", d->armed_at);
	json_out_instant(&o, "deadline", d->deadline_at);
	json_out_instant(&o, "fire_at", d->fire_at);
	json_out_instant(&o, "decided_at", d->at);
	json_out_instant(&o, "valid_until", valid_until(d));
	json_out_close(&o, '}');
	return buf_failed(out);
}
