/* SPDX-License-Identifier: MIT */
/* A scenario through the engine, and what came of it, as JSON. */
#include "base/hash.h"
#include "base/instant.h"
#include "codec/job_json.h"
#include "core/step.h"
#include "decision_line.h"
#include "scenario.h"
#include "store/keys.h"
#include "trace.h"

/* ---- what is seen on the way --------------------------------------------------------------- */

static int keep_decision(struct scenario_outcome *o, const struct decision *d, struct span customer)
{
	_cleanup_(buf_release) struct buf json = BUF_INIT;
	struct span *slot;
	int r = decision_json(d, customer, &json);

	if (r < 0)
		return r;
	if (o->n_decisions == o->cap_decisions) {
		size_t cap = o->cap_decisions ? 2 * o->cap_decisions : 64;
		struct span *grown = realloc(o->decisions, cap * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		o->decisions = grown;
		o->cap_decisions = cap;
	}
	slot = &o->decisions[o->n_decisions];
	*slot = arena_copy(&o->arena, buf_span(&json));
	if (!slot->ptr)
		return -ENOMEM;
	o->n_decisions++;
	return 0;
}

static void witness(void *user, const struct journey *j, const struct event *event, int64_t now,
	const struct effects *effects)
{
	struct scenario_outcome *o = user;

	if (o->tracing)
		trace_input(&o->trace, j, event, now, effects);
	for (size_t i = 0; i < effects->n; i++) {
		const struct effect *e = &effects->list[i];

		if (is_decision(e) && keep_decision(o, &e->decision, text_span(j->customer)) < 0)
			o->failed = true;
	}
}

/* ---- the run ------------------------------------------------------------------------------- */

static uint64_t chance(const struct scenario *s, uint32_t run, size_t input, const char *what)
{
	const uint64_t key[2] = {s->seed, run};
	char text[48];
	int n = snprintf(text, sizeof(text), "%zu %s", input, what);

	return siphash24(key, span_of(text, (size_t)n));
}

/* The inputs as they come in this time: each as much later as lateness allows, some twice. */
static size_t shuffled(const struct scenario *s, uint32_t run, struct scenario_input *inputs)
{
	uint64_t span = (uint64_t)s->lateness_ms + 1;
	size_t n = 0;

	for (size_t i = 0; i < s->n_inputs; i++) {
		struct scenario_input *input = &inputs[n++];

		*input = s->inputs[i];
		if (run == 0 || !input->moves)
			continue;
		input->received_at += (int64_t)(chance(s, run, i, "late") % span);
		if (chance(s, run, i, "twice") % 4 != 0)
			continue;
		inputs[n] = s->inputs[i];
		inputs[n++].received_at += (int64_t)(chance(s, run, i, "again") % span);
	}
	scenario_sort(inputs, n);
	return n;
}

static int feed(struct backtest *b, const struct scenario_input *input)
{
	_cleanup_(buf_release) struct buf meta = BUF_INIT;
	struct log_meta m = {.source = input->source,
		.link_rights = LINK_TRUSTED | LINK_EXPLICIT,
		.recv_at = input->received_at,
		.sent_at = TIME_NEVER,
		.machine = input->machine};

	if (input->rules)
		return backtest_change_rules(b, input->received_at, input->rules);
	if (input->is_mark)
		return backtest_append_mark(b, input->received_at, input->source, input->until);
	log_meta_add(&meta, &m);
	if (buf_failed(&meta) < 0)
		return -ENOMEM;
	return backtest_append(b, input->received_at, input->event, buf_span(&meta));
}

/* The job as consumers see it, with what became of it. */
static int job_text(const struct backtest_job *job, struct buf *out)
{
	buf_add(out, job->json.ptr, job->json.len - 1);
	buf_add_str(out, ",\"anchor\":\"");
	buf_add_instant(out, job->decision.anchor_at);
	buf_add_str(out, "\",\"retracted\":");
	if (job->retracted_at == TIME_NEVER) {
		buf_add_str(out, "null}");
		return buf_failed(out);
	}
	buf_printf(out, "{\"late\":%s,\"at\":\"", job->retracted_late ? "true" : "false");
	buf_add_instant(out, job->retracted_at);
	buf_add_str(out, "\",\"by\":");
	json_escape(job->retracted_by, out);
	buf_add_str(out, "}}");
	return buf_failed(out);
}

static int list_jobs(struct scenario_outcome *o)
{
	struct backtest *b = &o->backtest;

	backtest_sort(b);
	o->jobs = calloc(b->n_jobs + 1, sizeof(*o->jobs));
	if (!o->jobs)
		return -ENOMEM;
	for (; o->n_jobs < b->n_jobs; o->n_jobs++) {
		_cleanup_(buf_release) struct buf json = BUF_INIT;
		int r = job_text(b->jobs[o->n_jobs], &json);

		o->jobs[o->n_jobs] = r < 0 ? SPAN_EMPTY : arena_copy(&o->arena, buf_span(&json));
		if (!o->jobs[o->n_jobs].ptr)
			return -ENOMEM;
	}
	return 0;
}

int scenario_run(
	const struct scenario *s, uint32_t run, bool tracing, struct scenario_outcome *ret_o)
{
	struct scenario_outcome *o = ret_o;
	struct scenario_input *inputs = calloc(2 * s->n_inputs + 1, sizeof(*inputs));
	size_t n;
	int r;

	memset(o, 0, sizeof(*o));
	arena_init(&o->arena);
	buf_init(&o->trace);
	o->tracing = tracing;
	r = backtest_init(&o->backtest, &(const struct backtest_setup){.rules = s->sets[0],
						.identity = &IDENTITY_DEFAULT,
						.witness = witness,
						.witness_user = o,
						.state = true});
	if (!inputs || r < 0) {
		free(inputs);
		return -ENOMEM;
	}
	n = shuffled(s, run, inputs);
	for (size_t i = 0; i < n && r == 0; i++)
		r = feed(&o->backtest, &inputs[i]);
	if (r == 0)
		r = backtest_finish(&o->backtest, s->until_at);
	free(inputs);
	if (r == 0)
		r = list_jobs(o);
	return r < 0 ? r : o->failed ? -ENOMEM : 0;
}

void scenario_outcome_release(struct scenario_outcome *o)
{
	backtest_release(&o->backtest);
	free(o->jobs);
	free(o->decisions);
	buf_release(&o->trace);
	arena_release(&o->arena);
}
