/* SPDX-License-Identifier: MIT */
/* What a backtest found: one line per job, for pipes or for people. */
#include "backtest.h"

#include "base/instant.h"
#include "codec/json_scan.h"
#include "codec/timeline_json.h"
#include "decision_line.h"

static int compare_jobs(const void *a, const void *b)
{
	const struct backtest_job *x = *(const struct backtest_job *const *)a;
	const struct backtest_job *y = *(const struct backtest_job *const *)b;
	int c;

	if (x->decision.fire_at != y->decision.fire_at)
		return x->decision.fire_at < y->decision.fire_at ? -1 : 1;
	c = span_compare(x->decision.rule, y->decision.rule);
	if (c == 0)
		c = span_compare(x->customer, y->customer);
	if (c == 0)
		c = span_compare(x->decision.key, y->decision.key);
	return c != 0 ? c : strcmp(x->id, y->id);
}

void backtest_sort(struct backtest *b)
{
	if (b->n_jobs > 1)
		qsort(b->jobs, b->n_jobs, sizeof(struct backtest_job *), compare_jobs);
}

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

static void job_line(const struct backtest_job *job, struct buf *out)
{
	const struct decision *d = &job->decision;

	buf_printf(out, "{\"id\":\"%s\"", job->id);
	add_text(out, "rule", d->rule);
	buf_printf(out, ",\"epoch\":%u", d->epoch);
	add_text(out, "customer", job->customer);
	add_text(out, "key", d->key);
	buf_printf(out, ",\"episode\":%u", d->episode);
	add_text(out, "step", d->step);
	add_instant(out, "anchor", d->anchor_at);
	add_instant(out, "armed_at", d->armed_at);
	add_instant(out, "deadline", d->deadline_at);
	add_instant(out, "fire_at", d->fire_at);
	buf_add_str(out, ",\"retracted\":");
	if (job->retracted_at == TIME_NEVER) {
		buf_add_str(out, "null");
	} else {
		buf_printf(out, "{\"late\":%s", job->retracted_late ? "true" : "false");
		add_instant(out, "at", job->retracted_at);
		add_text(out, "by", job->retracted_by);
		buf_add_char(out, '}');
	}
	buf_add_str(out, "}\n");
}

void backtest_print_json(const struct backtest *b)
{
	_cleanup_(buf_release) struct buf line = BUF_INIT;

	for (size_t i = 0; i < b->n_jobs; i++) {
		buf_reset(&line);
		job_line(b->jobs[i], &line);
		if (buf_failed(&line) == 0)
			(void)fwrite(line.ptr, 1, line.len, stdout);
	}
}

/* Text of strangers on a terminal: nothing but printable ASCII. JSON has escaped the rest. */
static void print_line(struct span text, bool json)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		putchar(json || (c >= 0x20 && c < 0x7f) ? c : '?');
	}
	putchar('\n');
}

/* No arena and no order of its own: there may be more of them than memory holds. */
void backtest_print_decisions(void *user, const struct journey *journey, const struct event *event,
	int64_t now, const struct effects *effects)
{
	_cleanup_(buf_release) struct buf line = BUF_INIT;
	const bool *json = user;

	(void)event;
	(void)now;
	for (size_t i = 0; i < effects->n; i++) {
		const struct decision *d = &effects->list[i].decision;

		if (!is_decision(&effects->list[i]))
			continue;
		buf_reset(&line);
		if (*json) {
			if (decision_json(d, text_span(journey->customer), &line) < 0)
				return;
		} else {
			buf_add_instant(&line, d->at);
			buf_add_str(&line, "  ");
			buf_add_span(&line, text_span(journey->customer));
			buf_add_str(&line, "  ");
			decision_text(d, &line);
		}
		if (buf_failed(&line) == 0)
			print_line(buf_span(&line), *json);
	}
}

static void print_cell(struct span text, int width)
{
	int n = 0;

	for (size_t i = 0; i < text.len && n < width; i++, n++) {
		unsigned char c = (unsigned char)text.ptr[i];

		putchar(c >= 0x20 && c < 0x7f ? c : '?');
	}
	printf("%*s", width - n + 2, "");
}

static void print_job(const struct backtest_job *job)
{
	char anchor[INSTANT_SIZE], deadline[INSTANT_SIZE], fire[INSTANT_SIZE];
	const struct decision *d = &job->decision;

	instant_format(d->anchor_at, anchor);
	instant_format(d->deadline_at, deadline);
	instant_format(d->fire_at, fire);
	print_cell(d->rule, 22);
	print_cell(job->customer, 24);
	print_cell(d->key, 28);
	printf("%s  %s  %s%s\n", anchor, deadline, fire,
		job->retracted_at == TIME_NEVER ? "" : "  retracted later");
}

static void print_totals(const struct backtest *b)
{
	for (size_t i = 0; i < b->rules->n; i++) {
		const struct rule *rule = &b->rules->list[i];
		size_t n = 0, retracted = 0;

		for (size_t k = 0; k < b->n_jobs; k++) {
			if (!span_equal(b->jobs[k]->decision.rule, rule->id))
				continue;
			n++;
			retracted += b->jobs[k]->retracted_at != TIME_NEVER;
		}
		printf("%-24.*s %8zu jobs, %zu of them disproved afterwards\n", (int)rule->id.len,
			rule->id.ptr, n, retracted);
	}
}

void backtest_print_table(const struct backtest *b, const struct backtest_account *account)
{
	printf("%-24s%-26s%-30s%-26s%-26s%s\n", "RULE", "CUSTOMER", "KEY", "ANCHOR", "DEADLINE",
		"FIRES AT");
	for (size_t i = 0; i < b->n_jobs; i++)
		print_job(b->jobs[i]);
	printf("\n");
	print_totals(b);
	printf("\n%llu events: %llu applied, %llu duplicates, %llu quarantined; %llu lines "
	       "refused\n",
		(unsigned long long)b->entries, (unsigned long long)b->counters[COUNTER_APPLIED],
		(unsigned long long)b->counters[COUNTER_DUPLICATE],
		(unsigned long long)b->counters[COUNTER_QUARANTINED],
		(unsigned long long)account->refused + account->too_long);
	printf("%llu times armed, %llu cancelled, %llu fired, %llu suppressed, %llu too old to "
	       "arm\n",
		(unsigned long long)b->counters[COUNTER_ARMED],
		(unsigned long long)b->counters[COUNTER_CANCELLED],
		(unsigned long long)b->counters[COUNTER_FIRED],
		(unsigned long long)b->counters[COUNTER_SUPPRESSED],
		(unsigned long long)b->counters[COUNTER_STALE]);
}
