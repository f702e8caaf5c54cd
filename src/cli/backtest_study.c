/* SPDX-License-Identifier: MIT */
#include "backtest_study.h"

#include "base/instant.h"
#include "base/sha256.h"
#include "codec/job_json.h"
#include "codec/json_scan.h"
#include "decision_line.h"
#include "json_match.h"
#include "trace.h"

static bool reported(const struct study *s, int64_t at)
{
	return at >= s->from && at < s->to;
}

static struct study_rule *rule_of(const struct study *s, struct span id)
{
	const struct rules *rules = s->curve.rules;
	const struct rule *rule = rules_find(rules, id);

	return rule ? &s->rules[rule - rules->list] : NULL;
}

/* A decision that would be a job if its rule were live and nobody were held out. */
static int keep_would(struct study *s, const struct decision *d, struct span customer)
{
	_cleanup_(buf_release) struct buf json = BUF_INIT;
	struct commit_job job = {.customer = customer, .decision = *d};
	char id[JOB_ID_SIZE];
	int r = job_id(d, customer, id);

	if (r == 0 && d->rule_now)
		r = job_json(d, customer, id, &json);
	job.id = span_str(id);
	job.json = buf_span(&json);
	return r < 0 ? r : backtest_keep_job(&s->backtest, &job, true);
}

static void count_decision(struct study *s, const struct effect *e, const struct journey *j)
{
	struct span customer = text_span(j->customer);
	const struct decision *d = &e->decision;
	struct study_rule *rule = rule_of(s, d->rule);
	bool would = d->outcome == OUTCOME_WOULD_SEND;

	if (e->kind == EFFECT_JOB && d->rule_now && d->rule_now->mode == RULE_SHADOW)
		would = true;
	if (would && keep_would(s, d, customer) < 0)
		s->failed = true;
	if (!rule || !reported(s, d->at))
		return;
	rule->outcomes[d->outcome]++;
	if ((would || d->outcome == OUTCOME_FIRED) && reported(s, d->fire_at))
		forecasts_fired(&s->forecasts, j, d);
	if (d->reason < GATE_REASON_COUNT)
		rule->reasons[d->reason]++;
}

static void witness(void *user, const struct journey *j, const struct event *event, int64_t now,
	const struct effects *effects)
{
	struct study *s = user;
	struct span customer = text_span(j->customer);

	for (size_t i = 0; i < effects->n; i++)
		if (is_decision(&effects->list[i]))
			count_decision(s, &effects->list[i], j);
	curve_see(&s->curve, j, event, now);
	forecasts_see(&s->forecasts, j, event, now);
	if (s->measures)
		gaps_see(&s->gaps, j, now);
	if (s->backtest.tells_states && backtest_note_customer(&s->backtest, customer) < 0)
		s->failed = true;
	if (s->decisions)
		decisions_print(effects, customer, s->json);
	if (s->customer.len > 0 && span_equal(s->customer, customer))
		trace_input(&s->story, j, event, now, effects);
}

int study_init(struct study *s, const struct rules *rules, const struct identity *identity,
	int64_t from, int64_t to)
{
	const struct backtest_setup setup = {
		.rules = rules, .identity = identity, .witness = witness, .witness_user = s};
	int r;

	memset(s, 0, sizeof(*s));
	s->from = from;
	s->to = to;
	buf_init(&s->story);
	gaps_init(&s->gaps);
	r = curve_init(&s->curve, rules);
	if (r == 0)
		r = forecasts_init(&s->forecasts, rules, from);
	s->rules = calloc(rules->n + 1, sizeof(*s->rules));
	if (backtest_init(&s->backtest, &setup) < 0 || r < 0 || !s->rules)
		return -ENOMEM;
	return 0;
}

void study_release(struct study *s)
{
	curve_release(&s->curve);
	forecasts_release(&s->forecasts);
	gaps_release(&s->gaps);
	backtest_release(&s->backtest);
	buf_release(&s->story);
	free(s->rules);
	free(s->jobs);
}

/* ---- jobs ---------------------------------------------------------------------------------- */

static void add_text(struct buf *out, const char *name, struct span text)
{
	buf_printf(out, ",\"%s\":", name);
	json_escape(text, out);
}

static void add_instant(struct buf *out, const char *name, int64_t at)
{
	buf_printf(out, ",\"%s\":", name);
	if (at == TIME_NEVER) {
		buf_add_str(out, "null");
		return;
	}
	buf_add_char(out, '"');
	buf_add_instant(out, at);
	buf_add_char(out, '"');
}

static void add_raw(struct buf *out, const char *name, struct span job)
{
	struct json_value v = json_member(job, name);

	buf_printf(out, ",\"%s\":", name);
	if (v.type == JSON_TYPE_ABSENT)
		buf_add_str(out, "null");
	else
		buf_add_span(out, v.raw);
}

void study_job_line(const struct backtest_job *job, struct buf *out)
{
	const struct decision *d;

	assert(job);
	d = &job->decision;
	buf_printf(out, "{\"id\":\"%s\"", job->id);
	add_text(out, "rule", d->rule);
	buf_printf(out, ",\"epoch\":%u", d->epoch);
	/* After whom it is named, and whose it was when it was made. */
	add_raw(out, "customer", job->json);
	if (json_member(job->json, "canonical").type != JSON_TYPE_ABSENT)
		add_raw(out, "canonical", job->json);
	add_text(out, "key", d->key);
	buf_printf(out, ",\"episode\":%u", d->episode);
	add_text(out, "step", d->step);
	add_raw(out, "class", job->json);
	add_raw(out, "channel", job->json);
	add_raw(out, "priority", job->json);
	add_instant(out, "anchor", d->anchor_at);
	add_instant(out, "armed_at", d->armed_at);
	add_instant(out, "deadline", d->deadline_at);
	add_instant(out, "fire_at", d->fire_at);
	buf_printf(out, ",\"would_send\":%s", job->would ? "true" : "false");
	add_raw(out, "reason", job->json);
	buf_add_str(out, ",\"retracted\":");
	if (job->retracted_at == TIME_NEVER) {
		buf_add_str(out, "null");
	} else {
		buf_printf(out, "{\"late\":%s", job->retracted_late ? "true" : "false");
		add_instant(out, "at", job->retracted_at);
		add_text(out, "by", job->retracted_by);
		buf_add_char(out, '}');
	}
	buf_add_char(out, '}');
}

static void count_job(struct study *s, const struct backtest_job *job)
{
	struct study_rule *rule = rule_of(s, job->decision.rule);
	struct json_value priority = json_member(job->json, "priority");
	struct json_value class = json_member(priority.raw, "class");

	if (!rule)
		return;
	rule->jobs += !job->would;
	rule->would_send += job->would;
	rule->retracted += job->retracted_at != TIME_NEVER;
	for (unsigned i = 0; i < ARRAY_SIZE(rule->priorities); i++)
		if (class.type == JSON_TYPE_STRING &&
			json_is(&class, priority_name((enum priority_class)i)))
			rule->priorities[i]++;
}

static int digest_jobs(struct study *s)
{
	_cleanup_(buf_release) struct buf line = BUF_INIT;
	unsigned char digest[SHA256_SIZE];
	struct sha256 sha;

	sha256_init(&sha);
	for (size_t i = 0; i < s->n_jobs; i++) {
		buf_reset(&line);
		study_job_line(s->jobs[i], &line);
		buf_add_char(&line, '\n');
		if (buf_failed(&line) < 0)
			return -ENOMEM;
		sha256_add(&sha, buf_span(&line));
	}
	sha256_end(&sha, digest);
	for (size_t i = 0; i < SHA256_SIZE; i++)
		(void)snprintf(s->digest + 2 * i, 3, "%02x", digest[i]);
	return 0;
}

int study_end(struct study *s, int64_t horizon)
{
	struct backtest *b = &s->backtest;

	if (s->failed || s->curve.failed || s->forecasts.failed)
		return -ENOMEM;
	curve_end(&s->curve, int64_min(horizon, s->to));
	if (forecasts_end(&s->forecasts) < 0)
		return -ENOMEM;
	backtest_sort(b);
	s->jobs = calloc(b->n_jobs + 1, sizeof(struct backtest_job *));
	if (!s->jobs)
		return -ENOMEM;
	for (size_t i = 0; i < b->n_jobs; i++) {
		if (!reported(s, b->jobs[i]->decision.fire_at))
			continue;
		s->jobs[s->n_jobs++] = b->jobs[i];
		count_job(s, b->jobs[i]);
	}
	if (study_count_risks(s) < 0)
		return -ENOMEM;
	return digest_jobs(s);
}

/* ---- spread -------------------------------------------------------------------------------- */

static void count_channel(struct study_spread *x, const struct backtest_job *job)
{
	struct json_value v = json_member(job->json, "channel");
	struct span name = v.type == JSON_TYPE_STRING ? json_content(&v) : SPAN_LIT("-");
	size_t i = 0;

	while (i < x->n_channels && !span_equal(x->channels[i].name, name))
		i++;
	if (i == ARRAY_SIZE(x->channels))
		return;
	if (i == x->n_channels)
		x->channels[x->n_channels++].name = name;
	x->channels[i].n++;
	for (; i + 1 < x->n_channels && x->channels[i].n > x->channels[i + 1].n; i++) {
		struct span other = x->channels[i + 1].name;
		uint64_t n = x->channels[i + 1].n;

		x->channels[i + 1].name = x->channels[i].name;
		x->channels[i + 1].n = x->channels[i].n;
		x->channels[i].name = other;
		x->channels[i].n = n;
	}
}

int study_spread(const struct study *s, struct span rule, struct study_spread *ret_spread)
{
	struct study_spread *x = ret_spread;

	memset(x, 0, sizeof(*x));
	x->days = calloc(s->n_jobs + 1, sizeof(*x->days));
	if (!x->days)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_jobs; i++) {
		const struct backtest_job *job = s->jobs[i];
		int64_t at = job->decision.fire_at;
		int64_t day = (at - ((at % MS_DAY) + MS_DAY) % MS_DAY) / MS_DAY;

		if (rule.len > 0 && !span_equal(rule, job->decision.rule))
			continue;
		count_channel(x, job);
		/* Jobs are in order of time. */
		if (x->n_days == 0 || x->days[x->n_days - 1].day != day)
			x->days[x->n_days++].day = day;
		x->days[x->n_days - 1].n++;
	}
	return 0;
}

void study_spread_release(struct study_spread *x)
{
	free(x->days);
}
