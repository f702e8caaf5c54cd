/* SPDX-License-Identifier: MIT */
/* Money at risk: what the jobs of each rule are about, each thing once. */
#include "backtest_study.h"

/* What the money of JOB is that of: an order, a cart, or all that the customer bought. */
static struct span whose(const struct backtest_job *job)
{
	return job->decision.worth.whole ? SPAN_EMPTY : job->decision.key;
}

static int same_thing(const struct backtest_job *x, const struct backtest_job *y)
{
	int c = span_compare(x->decision.rule, y->decision.rule);

	if (c == 0)
		c = span_compare(x->customer, y->customer);
	return c != 0 ? c : span_compare(whose(x), whose(y));
}

/* Of several messages about one thing the latest stands last, which knows best what it is worth. */
static int by_thing(const void *a, const void *b)
{
	const struct backtest_job *x = *(const struct backtest_job *const *)a;
	const struct backtest_job *y = *(const struct backtest_job *const *)b;
	int c = same_thing(x, y);

	if (c == 0)
		c = (x->decision.fire_at > y->decision.fire_at) -
		    (x->decision.fire_at < y->decision.fire_at);
	return c != 0 ? c : strcmp(x->id, y->id);
}

static void add(struct study_rule *rule, const struct worth *worth)
{
	size_t i = 0;

	while (i < rule->n_at_risk && !span_equal(rule->at_risk[i].currency, worth->currency))
		i++;
	if (i == ARRAY_SIZE(rule->at_risk))
		return;
	if (i == rule->n_at_risk)
		rule->at_risk[rule->n_at_risk++].currency = worth->currency;
	if (__builtin_add_overflow(
		    rule->at_risk[i].hundredths, worth->hundredths, &rule->at_risk[i].hundredths))
		rule->at_risk[i].hundredths = INT64_MAX;
}

int study_count_risks(struct study *s)
{
	struct backtest_job **jobs = calloc(s->n_jobs + 1, sizeof(struct backtest_job *));
	const struct rules *rules = s->curve.rules;
	size_t n = 0;

	if (!jobs)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_jobs; i++)
		if (s->jobs[i]->retracted_at == TIME_NEVER &&
			s->jobs[i]->decision.worth.hundredths > 0)
			jobs[n++] = s->jobs[i];
	if (n > 1)
		qsort(jobs, n, sizeof(struct backtest_job *), by_thing);
	for (size_t i = 0; i < n; i++) {
		const struct rule *rule = rules_find(rules, jobs[i]->decision.rule);

		if (rule && (i + 1 == n || same_thing(jobs[i], jobs[i + 1]) != 0))
			add(&s->rules[rule - rules->list], &jobs[i]->decision.worth);
	}
	free(jobs);
	return 0;
}
