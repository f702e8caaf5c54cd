/* SPDX-License-Identifier: MIT */
/* Jobs beside jobs: of two rules of one run, and of two runs. */
#include "backtest_study.h"

/* ---- two rules ----------------------------------------------------------------------------- */

static int by_customer(const void *a, const void *b)
{
	const struct backtest_job *x = *(const struct backtest_job *const *)a;
	const struct backtest_job *y = *(const struct backtest_job *const *)b;
	int c = span_compare(x->customer, y->customer);

	if (c != 0)
		return c;
	return (x->decision.fire_at > y->decision.fire_at) -
	       (x->decision.fire_at < y->decision.fire_at);
}

struct backtest_job **study_by_customer(const struct study *s)
{
	size_t size = sizeof(struct backtest_job *);
	struct backtest_job **jobs = calloc(s->n_jobs + 1, size);

	if (!jobs)
		return NULL;
	memcpy(jobs, s->jobs, s->n_jobs * size);
	qsort(jobs, s->n_jobs, size, by_customer);
	return jobs;
}

static size_t rule_index(const struct study *s, const struct backtest_job *job)
{
	const struct rules *rules = s->curve.rules;
	const struct rule *rule = rules_find(rules, job->decision.rule);

	return rule ? (size_t)(rule - rules->list) : rules->n;
}

/* All pairs of rules; a pair stands at [a][b] with a < b. */
struct pairs {
	struct study_overlap *table;
	size_t n; /* rules, those that are gone as one more */
};

static struct study_overlap *pair_of(struct pairs *p, size_t a, size_t b)
{
	return &p->table[a < b ? a * p->n + b : b * p->n + a];
}

/* The N jobs at JOBS are one customer's, in order of time. */
static void overlap_customer(const struct study *s, struct pairs *p,
	struct backtest_job *const *jobs, size_t n, bool *present)
{
	memset(present, 0, p->n);
	for (size_t i = 0; i < n; i++) {
		size_t a = rule_index(s, jobs[i]);
		int64_t day_end = jobs[i]->decision.fire_at + MS_DAY;

		for (size_t k = i + 1; k < n && jobs[k]->decision.fire_at < day_end; k++) {
			size_t b = rule_index(s, jobs[k]);

			if (a != b)
				pair_of(p, a, b)->within_day++;
		}
		for (size_t b = 0; b < p->n && !present[a]; b++)
			if (present[b])
				pair_of(p, a, b)->customers++;
		present[a] = true;
	}
}

static void overlap_all(
	const struct study *s, struct pairs *p, struct backtest_job *const *jobs, bool *present)
{
	size_t from = 0;

	for (size_t i = 1; i <= s->n_jobs; i++) {
		if (i < s->n_jobs && span_equal(jobs[i]->customer, jobs[from]->customer))
			continue;
		overlap_customer(s, p, jobs + from, i - from, present);
		from = i;
	}
}

struct study_overlap *study_overlaps(const struct study *s, size_t *ret_n)
{
	struct pairs p = {.n = s->curve.rules->n + 1};
	struct backtest_job **jobs = study_by_customer(s);
	bool *present = calloc(p.n, sizeof(*present));
	size_t n = 0;

	*ret_n = 0;
	p.table = calloc(p.n * p.n, sizeof(*p.table));
	if (jobs && present && p.table)
		overlap_all(s, &p, jobs, present);
	free(jobs);
	free(present);
	if (!p.table)
		return NULL;
	/* Those that there are, at the front; rules that are gone are nobody's concern. */
	for (size_t a = 0; a + 1 < p.n; a++)
		for (size_t b = a + 1; b + 1 < p.n; b++)
			if (p.table[a * p.n + b].customers > 0) {
				struct study_overlap found = p.table[a * p.n + b];

				found.a = a;
				found.b = b;
				p.table[n++] = found;
			}
	*ret_n = n;
	return p.table;
}

/* ---- two runs ------------------------------------------------------------------------------ */

static int by_instant(const void *a, const void *b)
{
	const struct study_difference *x = a, *y = b;
	const struct backtest_job *p = x->now ? x->now : x->before;
	const struct backtest_job *q = y->now ? y->now : y->before;

	if (p->decision.fire_at != q->decision.fire_at)
		return p->decision.fire_at < q->decision.fire_at ? -1 : 1;
	return strcmp(p->id, q->id);
}

static bool is_reported(const struct study *s, const struct backtest_job *job)
{
	return job->decision.fire_at >= s->from && job->decision.fire_at < s->to;
}

struct study_difference *study_compare(
	const struct study *now, const struct study *before, size_t *ret_n)
{
	struct study_difference *list = calloc(now->n_jobs + before->n_jobs + 1, sizeof(*list));
	size_t n = 0;

	if (!list)
		return NULL;
	for (size_t i = 0; i < now->n_jobs; i++) {
		struct backtest_job *job = now->jobs[i];
		const struct backtest_job *was =
			map_get(&before->backtest.by_id, span_str(job->id));
		enum study_change change = STUDY_SAME;

		if (was && !is_reported(before, was))
			was = NULL;
		if (!was)
			change = STUDY_ADDED;
		else if (was->decision.fire_at != job->decision.fire_at)
			change = STUDY_MOVED;
		list[n++] = (struct study_difference){change, job, was};
	}
	for (size_t i = 0; i < before->n_jobs; i++) {
		struct backtest_job *was = before->jobs[i];
		const struct backtest_job *job = map_get(&now->backtest.by_id, span_str(was->id));

		if (!job || !is_reported(now, job))
			list[n++] = (struct study_difference){STUDY_REMOVED, NULL, was};
	}
	qsort(list, n, sizeof(*list), by_instant);
	*ret_n = n;
	return list;
}
