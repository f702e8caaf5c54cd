/* SPDX-License-Identifier: MIT */
/* What a backtest found, as one JSON document. */
#include "backtest_study.h"
#include "base/instant.h"
#include "codec/json_scan.h"

static void add_text(struct buf *out, struct span text)
{
	json_escape(text, out);
}

static void add_instant(struct buf *out, int64_t at)
{
	if (at == TIME_NEVER || at == INT64_MIN) {
		buf_add_str(out, "null");
		return;
	}
	buf_add_char(out, '"');
	buf_add_instant(out, at);
	buf_add_char(out, '"');
}

static void add_count(struct buf *out, const char *name, uint64_t n)
{
	buf_printf(out, ",\"%s\":%llu", name, (unsigned long long)n);
}

/* {"a":1,"b":2} of those that are not nought. */
struct tally {
	struct buf *out;
	bool more;
};

static void add_tally(struct tally *t, struct span name, uint64_t n)
{
	if (n == 0)
		return;
	buf_add_str(t->out, t->more ? "," : "");
	add_text(t->out, name);
	buf_printf(t->out, ":%llu", (unsigned long long)n);
	t->more = true;
}

static void add_decided(struct buf *out, const struct study_rule *r)
{
	struct tally t = {out, false};

	buf_add_str(out, ",\"outcomes\":{");
	for (unsigned i = 0; i < OUTCOME_COUNT; i++)
		add_tally(&t, outcome_name((enum outcome)i), r->outcomes[i]);
	buf_add_str(out, "},\"gates\":{");
	t.more = false;
	for (unsigned i = 1; i < GATE_REASON_COUNT; i++)
		add_tally(&t, gate_reason_name((enum gate_reason)i), r->reasons[i]);
	buf_add_str(out, "},\"priorities\":{");
	t.more = false;
	for (unsigned i = 0; i < ARRAY_SIZE(r->priorities); i++)
		add_tally(&t, priority_name((enum priority_class)i), r->priorities[i]);
	buf_add_char(out, '}');
}

/* Jobs of RULE (empty: of all) by channel and by day (UTC), in order. */
static void add_spread(struct buf *out, const struct study *s, struct span rule)
{
	struct study_spread spread;

	if (study_spread(s, rule, &spread) < 0)
		return;
	buf_add_str(out, ",\"channels\":{");
	for (struct tally t = {out, false}; spread.n_channels-- > 0;)
		add_tally(&t, spread.channels[spread.n_channels].name,
			spread.channels[spread.n_channels].n);
	buf_add_str(out, "},\"days\":{");
	for (size_t i = 0; i < spread.n_days; i++) {
		char day[INSTANT_SIZE];

		instant_format(spread.days[i].day * MS_DAY, day);
		buf_printf(out, "%s\"%.10s\":%llu", i ? "," : "", day,
			(unsigned long long)spread.days[i].n);
	}
	buf_add_char(out, '}');
	study_spread_release(&spread);
}

static void add_curve(struct buf *out, const struct study *s, const struct rule *rule)
{
	const struct stretches *x = &s->curve.rule[rule - s->curve.rules->list];

	buf_add_str(out, ",\"curve\":");
	if (rule->wait.kind != WAIT_SPAN) {
		buf_add_str(out, "null");
		return;
	}
	buf_add_char(out, '[');
	for (size_t i = 0; i < CURVE_LADDER; i++) {
		struct curve_point p = curve_at(x, curve_ladder[i], s->from);
		char wait[DURATION_SIZE];

		duration_format(curve_ladder[i], wait);
		buf_printf(out, "%s{\"wait\":\"%s\"", i ? "," : "", wait);
		add_count(out, "due", p.due);
		add_count(out, "cancelled", p.cancelled);
		add_count(out, "moved", p.moved);
		buf_add_char(out, '}');
	}
	buf_add_char(out, ']');
}

/* Hundredths as an amount. */
static void add_amount(struct buf *out, struct span currency, int64_t n, bool more)
{
	buf_add_str(out, more ? "," : "");
	add_text(out, currency);
	buf_printf(out, ":%lld.%02lld", (long long)(n / 100), (long long)(n % 100));
}

static void add_at_risk(struct buf *out, const struct study_rule *r)
{
	buf_add_str(out, ",\"at_risk\":{");
	for (size_t i = 0; i < r->n_at_risk; i++)
		add_amount(out, r->at_risk[i].currency, r->at_risk[i].hundredths, i > 0);
	buf_add_char(out, '}');
}

/* N of ALL, in ten-thousandths. */
static void add_share(struct buf *out, const char *name, uint64_t n, uint64_t all)
{
	uint64_t share = all ? (n * 10000 + all / 2) / all : 0;

	buf_printf(out, ",\"%s\":", name);
	if (all)
		buf_printf(out, "%llu.%04llu", (unsigned long long)(share / 10000),
			(unsigned long long)(share % 10000));
	else
		buf_add_str(out, "null");
}

/* Of what could be judged how much was right, and of what came true how much was foretold. */
static void add_forecast(struct buf *out, const struct study *s, size_t rule)
{
	enum forecast_kind kind = forecast_kind(&s->curve.rules->list[rule]);
	const struct forecast_count *c = &s->forecasts.counts[rule];
	uint64_t judged = c->right + c->wrong;

	buf_add_str(out, ",\"forecast\":");
	if (kind == FORECAST_NONE) {
		buf_add_str(out, "null");
		return;
	}
	buf_printf(out, "{\"of\":\"%s\"", forecast_name(kind));
	add_count(out, "right", c->right);
	add_count(out, "wrong", c->wrong);
	add_count(out, "open", c->open);
	add_count(out, "void", c->void_);
	add_share(out, "precision", c->right, judged);
	add_count(out, "caught", c->caught);
	add_count(out, "missed", c->missed);
	add_share(out, "recall", c->caught, c->caught + c->missed);
	buf_add_char(out, '}');
}

static void add_rules(struct buf *out, const struct study *s)
{
	const struct rules *rules = s->curve.rules;

	buf_add_str(out, ",\"rules\":[");
	for (size_t i = 0; i < rules->n; i++) {
		const struct study_rule *r = &s->rules[i];

		buf_add_str(out, i ? ",{\"rule\":" : "{\"rule\":");
		add_text(out, rules->list[i].id);
		buf_add_str(out, ",\"class\":");
		add_text(out, rule_class_name(rules->list[i].class));
		add_count(out, "armed", s->curve.rule[i].armed);
		add_count(out, "jobs", r->jobs);
		add_count(out, "would_send", r->would_send);
		add_count(out, "retracted", r->retracted);
		add_at_risk(out, r);
		add_forecast(out, s, i);
		add_decided(out, r);
		add_spread(out, s, rules->list[i].id);
		add_curve(out, s, &rules->list[i]);
		buf_add_char(out, '}');
	}
	buf_add_char(out, ']');
}

static void add_overlaps(struct buf *out, const struct study *s)
{
	size_t n;
	struct study_overlap *list = study_overlaps(s, &n);

	buf_add_str(out, ",\"overlaps\":[");
	for (size_t i = 0; i < n; i++) {
		buf_add_str(out, i ? ",{\"rules\":[" : "{\"rules\":[");
		add_text(out, s->curve.rules->list[list[i].a].id);
		buf_add_char(out, ',');
		add_text(out, s->curve.rules->list[list[i].b].id);
		buf_add_char(out, ']');
		add_count(out, "customers", list[i].customers);
		add_count(out, "within_a_day", list[i].within_day);
		buf_add_char(out, '}');
	}
	buf_add_char(out, ']');
	free(list);
}

static void add_events(struct buf *out, const struct study_report *r)
{
	const struct backtest *b = &r->study->backtest;

	buf_printf(out, ",\"events\":{\"entries\":%llu", (unsigned long long)b->entries);
	add_count(out, "applied", backtest_counter(b, COUNTER_APPLIED));
	add_count(out, "duplicates", backtest_counter(b, COUNTER_DUPLICATE));
	add_count(out, "conflicts", backtest_counter(b, COUNTER_CONFLICT));
	add_count(out, "quarantined", backtest_counter(b, COUNTER_QUARANTINED));
	add_count(out, "refused_lines", r->account->refused + r->account->too_long);
	add_count(out, "left_out", r->account->left_out);
	buf_add_char(out, '}');
}

static void add_against(struct buf *out, const struct study_report *r)
{
	static const char *const names[] = {[STUDY_SAME] = "same",
		[STUDY_MOVED] = "moved",
		[STUDY_ADDED] = "added",
		[STUDY_REMOVED] = "removed"};
	uint64_t counts[ARRAY_SIZE(names)] = {0};
	size_t n;
	struct study_difference *list;

	if (!r->against)
		return;
	list = study_compare(r->study, r->against, &n);
	buf_printf(out, ",\"against\":{\"digest\":\"%s\",\"jobs\":[", r->against->digest);
	for (size_t i = 0, more = 0; list && i < n; i++) {
		counts[list[i].change]++;
		if (list[i].change == STUDY_SAME)
			continue;
		buf_printf(out, "%s{\"change\":\"%s\",\"now\":", more++ ? "," : "",
			names[list[i].change]);
		if (list[i].now)
			study_job_line(list[i].now, out);
		else
			buf_add_str(out, "null");
		buf_add_str(out, ",\"before\":");
		if (list[i].before)
			study_job_line(list[i].before, out);
		else
			buf_add_str(out, "null");
		buf_add_char(out, '}');
	}
	buf_add_char(out, ']');
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		add_count(out, names[i], counts[i]);
	buf_add_char(out, '}');
	free(list);
}

void study_print_json(const struct study_report *r)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	const struct study *s = r->study;

	buf_add_str(&out, "{\"from\":");
	add_instant(&out, s->from);
	buf_add_str(&out, ",\"to\":");
	add_instant(&out, s->to);
	buf_printf(&out, ",\"digest\":\"%s\"", s->digest);
	add_events(&out, r);
	add_rules(&out, s);
	add_overlaps(&out, s);
	add_against(&out, r);
	if (s->customer.len > 0) {
		buf_add_str(&out, ",\"story\":");
		add_text(&out, buf_span(&s->story));
	}
	buf_add_str(&out, ",\"jobs\":[");
	for (size_t i = 0; i < s->n_jobs; i++) {
		buf_add_str(&out, i ? ",\n" : "\n");
		study_job_line(s->jobs[i], &out);
		if (buf_failed(&out) < 0)
			break;
		/* A list of millions need not stand in memory twice. */
		(void)fwrite(out.ptr, 1, out.len, stdout);
		buf_reset(&out);
	}
	buf_add_str(&out, "]}\n");
	if (buf_failed(&out) < 0)
		(void)fprintf(stderr, "waymark backtest: out of memory\n");
	else
		(void)fwrite(out.ptr, 1, out.len, stdout);
}
