/* SPDX-License-Identifier: MIT */
/* What a backtest found, for people. */
#include "backtest_study.h"
#include "base/instant.h"
#include "cells.h"
#include "codec/json_scan.h"
#include "counted.h"
#include "json_match.h"

#define DAYS_SHOWN  31
#define PAIRS_SHOWN 20
#define STEPS_SHOWN 20 /* of a curve in full */

static struct span number(uint64_t n, char out[24])
{
	int len = snprintf(out, 24, "%llu", (unsigned long long)n);

	return span_of(out, (size_t)len);
}

static void head(const struct cells *c, const char *text)
{
	(void)fputc('\n', c->out);
	cell(c, span_str(text), 0, BOLD);
	cells_end(c);
}

/* ---- rules --------------------------------------------------------------------------------- */

/* `3 cancelled, 1 quiet_hours` */
static void add_words(struct buf *out, uint64_t n, struct span name)
{
	if (n == 0)
		return;
	buf_printf(out, "%s%llu ", out->len ? ", " : "", (unsigned long long)n);
	buf_add_span(out, name);
}

static void print_rule(const struct cells *c, const struct study *s, size_t i)
{
	_cleanup_(buf_release) struct buf words = BUF_INIT;
	const struct study_rule *r = &s->rules[i];

	for (unsigned o = 0; o < OUTCOME_COUNT; o++)
		if (o != OUTCOME_FIRED && o != OUTCOME_WOULD_SEND)
			add_words(&words, r->outcomes[o], outcome_name((enum outcome)o));
	for (unsigned g = 1; g < GATE_REASON_COUNT; g++)
		add_words(&words, r->reasons[g], gate_reason_name((enum gate_reason)g));
	cell(c, s->curve.rules->list[i].id, 24, CYAN);
	cell_number(c, s->curve.rule[i].armed, 9);
	cell_number(c, r->jobs, 9);
	cell_number(c, r->would_send, 9);
	cell_number(c, r->retracted, 10);
	cell(c, buf_span(&words), 0, PLAIN);
	cells_end(c);
}

static void print_rules(const struct cells *c, const struct study *s)
{
	static const struct {
		const char *name;
		unsigned width;
	} heads[] = {{"RULE", 24}, {"    ARMED", 9}, {"     JOBS", 9}, {"   SHADOW", 9},
		{"TAKEN BACK", 10}, {"WHAT ELSE WAS DECIDED", 0}};

	for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
		cell(c, span_str(heads[i].name), heads[i].width, BOLD);
	cells_end(c);
	for (size_t i = 0; i < s->curve.rules->n; i++)
		print_rule(c, s, i);
}

static void print_spread(const struct cells *c, const struct study *s)
{
	_cleanup_(buf_release) struct buf words = BUF_INIT;
	uint64_t priorities[3] = {0}, classes[3] = {0};
	struct study_spread x;
	char day[INSTANT_SIZE];

	if (s->n_jobs == 0 || study_spread(s, SPAN_EMPTY, &x) < 0)
		return;
	for (size_t i = 0; i < s->curve.rules->n; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(priorities); k++)
			priorities[k] += s->rules[i].priorities[k];
		classes[s->curve.rules->list[i].class] += s->rules[i].jobs + s->rules[i].would_send;
	}
	for (size_t i = x.n_channels; i-- > 0;)
		add_words(&words, x.channels[i].n, x.channels[i].name);
	for (size_t i = ARRAY_SIZE(priorities); i-- > 0;)
		add_words(&words, priorities[i], priority_name((enum priority_class)i));
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
		add_words(&words, classes[i], rule_class_name((enum rule_class)i));
	head(c, "BY CHANNEL, PRIORITY, CLASS");
	cell(c, buf_span(&words), 0, PLAIN);
	cells_end(c);
	head(c, "BY DAY (UTC)");
	for (size_t i = 0; i < x.n_days && i < DAYS_SHOWN; i++) {
		instant_format(x.days[i].day * MS_DAY, day);
		cell(c, span_of(day, 10), 10, PLAIN);
		cell_number(c, x.days[i].n, 9);
		cells_end(c);
	}
	if (x.n_days > DAYS_SHOWN)
		(void)fprintf(
			c->out, "and %zu more days; --json has them all\n", x.n_days - DAYS_SHOWN);
	study_spread_release(&x);
}

static int most_first(const void *a, const void *b)
{
	const struct study_overlap *x = a, *y = b;

	if (x->customers != y->customers)
		return x->customers > y->customers ? -1 : 1;
	return x->a != y->a ? (x->a > y->a) - (x->a < y->a) : (x->b > y->b) - (x->b < y->b);
}

static void print_overlaps(const struct cells *c, const struct study *s)
{
	size_t n;
	struct study_overlap *list = study_overlaps(s, &n);

	if (n > 0) {
		head(c, "THE SAME CUSTOMERS");
		qsort(list, n, sizeof(*list), most_first);
	}
	if (n > PAIRS_SHOWN)
		(void)fprintf(c->out, "of %zu pairs; --json has them all\n", n);
	for (size_t i = 0; i < n && i < PAIRS_SHOWN; i++) {
		cell(c, s->curve.rules->list[list[i].a].id, 24, CYAN);
		cell(c, s->curve.rules->list[list[i].b].id, 24, CYAN);
		cell_number(c, list[i].customers, 9);
		(void)fprintf(c->out, "customers, %llu times within a day\n",
			(unsigned long long)list[i].within_day);
	}
	free(list);
}

/* ---- money and forecasts ------------------------------------------------------------------- */

static void print_at_risk(const struct cells *c, const struct study *s)
{
	bool any = false;

	for (size_t i = 0; i < s->curve.rules->n; i++) {
		const struct study_rule *r = &s->rules[i];

		for (size_t k = 0; k < r->n_at_risk; k++) {
			char whole[24];
			int64_t n = r->at_risk[k].hundredths;

			if (!any)
				head(c, "MONEY AT RISK (of several rules it is often the same)");
			any = true;
			(void)snprintf(whole, sizeof(whole), "%15lld.%02lld", (long long)(n / 100),
				(long long)(n % 100));
			cell(c, k == 0 ? s->curve.rules->list[i].id : SPAN_EMPTY, 24, CYAN);
			cell(c, span_str(whole), 18, PLAIN);
			cell(c, r->at_risk[k].currency, 0, PLAIN);
			cells_end(c);
		}
	}
}

/* `  66.7 %` */
static void print_share(const struct cells *c, uint64_t n, uint64_t all)
{
	uint64_t permille = all ? (n * 1000 + all / 2) / all : 0;
	char share[24];

	(void)snprintf(share, sizeof(share), "%5u.%u %%", (unsigned)(permille / 10),
		(unsigned)(permille % 10));
	cell(c, all ? span_str(share) : SPAN_LIT("        -"), 9, PLAIN);
}

static void print_forecasts(const struct cells *c, const struct study *s)
{
	bool any = false;

	for (size_t i = 0; i < s->curve.rules->n; i++) {
		const struct rule *rule = &s->curve.rules->list[i];
		const struct forecast_count *x = &s->forecasts.counts[i];
		uint64_t judged = x->right + x->wrong, all = x->caught + x->missed;

		if (judged + x->open + x->void_ + all == 0)
			continue;
		if (!any)
			head(c, "DID IT COME TRUE?            RIGHT      WRONG       OPEN       "
				"VOID  "
				"PRECISION     MISSED  RECALL");
		any = true;
		cell(c, rule->id, 24, CYAN);
		cell_number(c, x->right, 9);
		cell_number(c, x->wrong, 9);
		cell_number(c, x->open, 9);
		cell_number(c, x->void_, 9);
		print_share(c, x->right, judged);
		cell_number(c, x->missed, 9);
		print_share(c, x->caught, all);
		cells_end(c);
	}
}

/* ---- waits --------------------------------------------------------------------------------- */

static void print_waits(const struct cells *c, const struct study *s)
{
	bool any = false;

	for (size_t i = 0; i < s->curve.rules->n; i++) {
		const struct rule *rule = &s->curve.rules->list[i];

		if (rule->wait.kind != WAIT_SPAN || s->curve.rule[i].n == 0)
			continue;
		if (!any) {
			head(c, "HOW OFTEN IT WOULD HAVE COME DUE WITH ANOTHER WAIT");
			cell(c, SPAN_LIT("RULE"), 24, BOLD);
			for (size_t k = 2; k < CURVE_LADDER; k++) {
				char wait[DURATION_SIZE], right[16];

				duration_format(curve_ladder[k], wait);
				(void)snprintf(right, sizeof(right), "%7.7s", wait);
				cell(c, span_str(right), 7, BOLD);
			}
			cells_end(c);
		}
		any = true;
		cell(c, rule->id, 24, CYAN);
		for (size_t k = 2; k < CURVE_LADDER; k++)
			cell_number(
				c, curve_at(&s->curve.rule[i], curve_ladder[k], s->from).due, 7);
		cells_end(c);
	}
}

static int by_delay(const void *a, const void *b)
{
	const struct stretch *x = a, *y = b;

	return (x->delay_ms > y->delay_ms) - (x->delay_ms < y->delay_ms);
}

static void print_step(const struct cells *c, const struct stretches *x, int64_t wait_ms,
	int64_t from, uint64_t all)
{
	struct curve_point p = curve_at(x, wait_ms, from);
	char wait[DURATION_SIZE], share[24];
	unsigned permille;

	duration_format(wait_ms, wait);
	permille = (unsigned)(all ? p.cancelled * 1000 / all : 0) % 1001;
	(void)snprintf(share, sizeof(share), "%3u.%u %%", permille / 10, permille % 10);
	cell(c, span_str(wait), 16, PLAIN);
	cell_number(c, p.due, 9);
	cell_number(c, p.cancelled, 9);
	cell(c, span_str(share), 8, PLAIN);
	cell_number(c, p.moved, 9);
	cells_end(c);
}

/* The waits of the ladder, the rule's own, and those at which the cancels come. */
static void print_curve(const struct cells *c, const struct study *s, const char *id)
{
	const struct rule *rule = rules_find(s->curve.rules, span_str(id));
	const struct stretches *x = &s->curve.rule[rule - s->curve.rules->list];
	uint64_t all = curve_at(x, DURATION_MAX_MS, s->from).cancelled;

	head(c, "WAIT                  DUE  CANCELLED      SHARE       MOVED");
	for (size_t i = 0; i < CURVE_LADDER; i++)
		print_step(c, x, curve_ladder[i], s->from, all);
	if (rule->wait.kind == WAIT_SPAN) {
		(void)fputs("as it is:\n", c->out);
		print_step(c, x, rule->wait.span_ms, s->from, all);
	}
	if (all > 0) {
		struct stretch *sorted = calloc(x->n, sizeof(*sorted));
		size_t n = 0;

		for (size_t i = 0; sorted && i < x->n; i++)
			if (x->list[i].end == STRETCH_CANCELLED && x->list[i].anchor_at >= s->from)
				sorted[n++] = x->list[i];
		if (n > 0)
			qsort(sorted, n, sizeof(*sorted), by_delay);
		(void)fputs("until so much of what cancels has come:\n", c->out);
		for (size_t i = 1, last = n; n > 0 && i <= STEPS_SHOWN; i++) {
			size_t k = (n * i - 1) / STEPS_SHOWN;
			int64_t rest = sorted[k].delay_ms % MS_SECOND;

			if (k == last)
				continue;
			last = k;
			print_step(c, x, sorted[k].delay_ms + (rest ? MS_SECOND - rest : 0),
				s->from, all);
		}
		free(sorted);
	}
}

/* ---- jobs ---------------------------------------------------------------------------------- */

static void print_job(const struct cells *c, const struct backtest_job *job)
{
	const struct decision *d = &job->decision;
	struct json_value reason = json_member(job->json, "reason");
	char fire[INSTANT_SIZE];

	instant_format(d->fire_at, fire);
	(void)fputs("    ", c->out);
	cell(c, span_str(fire), 24, PLAIN);
	cell(c, d->rule, 22, CYAN);
	cell(c, d->key, 26, PLAIN);
	cell(c, d->step, 8, DIM);
	if (job->would)
		cell(c, SPAN_LIT("not sent"), 8, YELLOW);
	if (job->retracted_at != TIME_NEVER)
		cell(c, SPAN_LIT("taken back"), 10, YELLOW);
	cell(c, reason.type == JSON_TYPE_STRING ? json_content(&reason) : SPAN_EMPTY, 0, DIM);
	cells_end(c);
}

static void print_list(const struct cells *c, const struct study *s)
{
	struct backtest_job **jobs = study_by_customer(s);

	if (!jobs)
		return;
	head(c, "CUSTOMER BY CUSTOMER");
	for (size_t i = 0; i < s->n_jobs; i++) {
		if (i == 0 || !span_equal(jobs[i]->customer, jobs[i - 1]->customer)) {
			cell(c, jobs[i]->customer, 0, BOLD);
			cells_end(c);
		}
		print_job(c, jobs[i]);
	}
	free(jobs);
}

static void print_difference(const struct cells *c, const struct study_difference *d)
{
	static const struct {
		const char *sign;
		enum colour colour;
	} signs[] = {[STUDY_SAME] = {"=", PLAIN},
		[STUDY_MOVED] = {"~", YELLOW},
		[STUDY_ADDED] = {"+", GREEN},
		[STUDY_REMOVED] = {"-", RED}};
	const struct backtest_job *job = d->now ? d->now : d->before;
	char at[INSTANT_SIZE];

	instant_format(job->decision.fire_at, at);
	cell(c, span_str(signs[d->change].sign), 1, signs[d->change].colour);
	cell(c, span_str(at), 24, PLAIN);
	cell(c, job->decision.rule, 22, CYAN);
	cell(c, job->customer, 24, PLAIN);
	cell(c, job->decision.key, d->change == STUDY_MOVED ? 26 : 0, PLAIN);
	if (d->change == STUDY_MOVED) {
		instant_format(d->before->decision.fire_at, at);
		cell(c, SPAN_LIT("was"), 3, DIM);
		cell(c, span_str(at), 0, PLAIN);
	}
	cells_end(c);
}

static void print_against(const struct cells *c, const struct study_report *r)
{
	uint64_t counts[4] = {0};
	size_t n = 0;
	struct study_difference *list = study_compare(r->study, r->against, &n);

	head(c, "AGAINST THE OTHER RULES");
	for (size_t i = 0; list && i < n; i++) {
		counts[list[i].change]++;
		if (r->list && list[i].change != STUDY_SAME)
			print_difference(c, &list[i]);
	}
	(void)fprintf(c->out, "+ %llu added, - %llu removed, ~ %llu moved, = %llu the same\n",
		(unsigned long long)counts[STUDY_ADDED], (unsigned long long)counts[STUDY_REMOVED],
		(unsigned long long)counts[STUDY_MOVED], (unsigned long long)counts[STUDY_SAME]);
	free(list);
}

/* ---- all ----------------------------------------------------------------------------------- */

/* The story is text of ours with names of strangers in it: line by line. */
static void print_story(const struct cells *c, const struct study *s)
{
	struct span rest = buf_span(&s->story);

	head(c, "WHAT HAPPENED");
	while (rest.len > 0) {
		const char *end = memchr(rest.ptr, '\n', rest.len);
		size_t len = end ? (size_t)(end - rest.ptr) : rest.len;

		cell(c, span_of(rest.ptr, len), 0, PLAIN);
		cells_end(c);
		len += end ? 1 : 0;
		rest = span_of(rest.ptr + len, rest.len - len);
	}
}

static void print_totals(const struct cells *c, const struct study_report *r)
{
	const struct backtest *b = &r->study->backtest;
	const struct {
		const char *name;
		uint64_t n;
	} counts[] = {
		{"events", b->entries},
		{"applied", backtest_counter(b, COUNTER_APPLIED)},
		{"duplicates", backtest_counter(b, COUNTER_DUPLICATE)},
		{"of no use to the engine", backtest_counter(b, COUNTER_QUARANTINED)},
		{"lines refused", r->account->refused + r->account->too_long},
		{"lines left out", r->account->left_out},
		{"too old to arm", backtest_counter(b, COUNTER_STALE)},
	};
	char text[24];

	head(c, "EVENTS");
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		(void)fprintf(c->out, "%s%.*s %s", i ? ", " : "",
			(int)number(counts[i].n, text).len, text, counts[i].name);
	(void)fprintf(
		c->out, "\n%llu job%s, digest %s\n", COUNT(r->study->n_jobs), r->study->digest);
}

void study_print_table(const struct study_report *r)
{
	struct cells c;

	cells_init(&c, stdout);
	print_rules(&c, r->study);
	print_spread(&c, r->study);
	print_overlaps(&c, r->study);
	print_at_risk(&c, r->study);
	print_forecasts(&c, r->study);
	if (r->curve)
		print_curve(&c, r->study, r->curve);
	else
		print_waits(&c, r->study);
	if (r->list)
		print_list(&c, r->study);
	if (r->study->customer.len > 0)
		print_story(&c, r->study);
	if (r->against)
		print_against(&c, r);
	print_totals(&c, r);
}
