/* SPDX-License-Identifier: MIT */
/*
 * `waymark backtest`: what would these rules have done? The same engine over files, an archive or
 * the live data set's own log, in virtual time, sending nothing.
 */
#include "backtest.h"

#include "archive_dir.h"
#include "backtest_study.h"
#include "base/instant.h"
#include "cli.h"
#include "program/program.h"
#include "program/rule_set.h"
#include "store/keys.h"

struct backtest_settings {
	const char *rules, *events, *store_zone, *from, *to, *until, *against, *curve, *customer;
	int64_t lateness, forecast;
	bool log, log_rules, decisions, states, list, gaps;
};

#define ROW(MEMBER) offsetof(struct backtest_settings, MEMBER)
#define PATHS_MAX   4096

static const struct setting settings[] = {
	{"worker", "rules", "rules", SETTING_TEXT, ROW(rules), NULL, 0, 0, "PATH",
		"rule file or directory of rule files"},
	{"worker", "store_zone", "store-zone", SETTING_TEXT, ROW(store_zone), "UTC", 0, 64, "ZONE",
		"the shop's time zone (IANA name)"},
	{NULL, "events", "events", SETTING_TEXT, ROW(events), NULL, 0, 0, "PATH",
		"NDJSON file (.gz too), directory of them, archive (dt=YYYY-MM-DD/), or - for "
		"standard input; more PATHs may follow; with --log the data set's own archive"},
	{NULL, "log", "log", SETTING_BOOL, ROW(log), "no", 0, 0, NULL,
		"take the events from the live data set's own log instead"},
	{NULL, "log_rules", "log-rules", SETTING_BOOL, ROW(log_rules), "no", 0, 0, NULL,
		"with --log or the own archive: the rules that were in force, where they were"},
	{NULL, "decisions", "decisions", SETTING_BOOL, ROW(decisions), "no", 0, 0, NULL,
		"print all that was decided, as on the timelines, instead of the report"},
	{NULL, "states", "states", SETTING_BOOL, ROW(states), "no", 0, 0, NULL,
		"print where each customer stands in the end, instead of the report"},
	{NULL, "lateness", "lateness", SETTING_DURATION, ROW(lateness), "0", 0, 30 * MS_DAY, "SPAN",
		"sort lines by event time first, for files that are late by up to this"},
	{NULL, "from", "from", SETTING_TEXT, ROW(from), NULL, 0, 0, "INSTANT",
		"report from here on; what is before only makes the state"},
	{NULL, "to", "to", SETTING_TEXT, ROW(to), NULL, 0, 0, "INSTANT",
		"stop here: leave out what came in then or later"},
	{NULL, "until", "until", SETTING_TEXT, ROW(until), NULL, 0, 0, "INSTANT",
		"let time run to this instant (default: the last event's)"},
	{NULL, "against", "against", SETTING_TEXT, ROW(against), NULL, 0, 0, "PATH",
		"other rules: show which jobs are added, removed, moved and the same"},
	{NULL, "curve", "curve", SETTING_TEXT, ROW(curve), NULL, 0, 64, "RULE",
		"show in full what other waits would do to this rule"},
	{NULL, "forecast", "forecast", SETTING_DURATION, ROW(forecast), "90d", MS_DAY, 730 * MS_DAY,
		"SPAN", "who was said to stay away was so if they bought nothing for so long"},
	{NULL, "gaps", "gaps", SETTING_BOOL, ROW(gaps), "no", 0, 0, NULL,
		"without rules: print how long customers let pass between two purchases, as the "
		"policy's models take it"},
	{NULL, "list", "list", SETTING_BOOL, ROW(list), "no", 0, 0, NULL,
		"list the jobs, customer by customer, with why each exists"},
	{NULL, "customer", "customer", SETTING_TEXT, ROW(customer), NULL, 0, CUSTOMER_MAX,
		"CUSTOMER", "tell what happened to this one, step by step"},
};

static const struct program_spec spec = {
	.name = "backtest",
	.operands = "[PATH...]",
	.max_operands = PATHS_MAX,
	.about = "Runs rules over recorded events in virtual time and tells what would have been "
		 "sent,\n"
		 "and what other waits would have done. Nothing is sent and nothing is changed.",
	.settings = settings,
	.n_settings = ARRAY_SIZE(settings),
	.tool = true,
};

/* The runs, and what bounds them. */
struct runs {
	struct program *program;
	const struct backtest_settings *settings;
	struct rules *rules, *against;
	struct study study, other;
	int64_t from, to, until;
	struct backtest_account account;
};

static int usage(const char *words)
{
	(void)fprintf(stderr, "waymark backtest: %s\nTry 'waymark backtest --help'.\n", words);
	return STATUS_USAGE;
}

static int trouble(const char *words)
{
	(void)fprintf(stderr, "waymark backtest: %s\n", words);
	return STATUS_FOUND;
}

/* ---- rules --------------------------------------------------------------------------------- */

static int bad_rules(const struct file_problems *problems)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;

	file_problems_text(problems, &text);
	if (buf_failed(&text) == 0)
		(void)fwrite(text.ptr, 1, text.len, stderr);
	return STATUS_FOUND;
}

static int load(const char *path, const char *zone, struct rules **ret_rules)
{
	struct file_problems *problems = malloc(sizeof(*problems));
	int r;

	if (!problems)
		return trouble("out of memory");
	r = rule_set_load(path, zone, problems, ret_rules);
	r = r > 0 ? bad_rules(problems) : r < 0 ? trouble(strerror(-r)) : STATUS_DONE;
	free(problems);
	return r;
}

/* ---- running ------------------------------------------------------------------------------- */

static int complain(const struct runs *x, int r)
{
	const struct backtest *b =
		x->study.backtest.failed ? &x->study.backtest : &x->other.backtest;

	if (r > 0)
		return trouble(x->account.first_refusal);
	if (b->failed == 0)
		return trouble(strerror(-r));
	(void)fprintf(stderr, "waymark backtest: the engine stopped at customer %.*s (%d)\n",
		(int)b->failed_at.len, b->failed_at.ptr ? b->failed_at.ptr : "", b->failed);
	return STATUS_FOUND;
}

/* What deserves a word although the run is good. */
static void remark(const struct runs *x)
{
	const struct backtest_account *account = &x->account;
	char late[DURATION_SIZE];

	if (account->refused > 0)
		(void)fprintf(stderr,
			"waymark backtest: %llu of %llu lines are no events; the first is %s\n",
			(unsigned long long)account->refused, (unsigned long long)account->lines,
			account->first_refusal);
	if (account->latest_ms <= x->settings->lateness || account->has_received_at)
		return;
	duration_format(account->latest_ms - account->latest_ms % MS_SECOND + MS_SECOND, late);
	(void)fprintf(stderr,
		"waymark backtest: the lines are not in order of time; some are up to %s late.\n"
		"They were taken as delivered so. To sort them first: --lateness %s\n",
		late, late);
}

/* Time runs to --until, else to the last event, and never as far as --to. */
static int64_t horizon_of(const struct runs *x)
{
	int64_t until = x->until != TIME_NEVER ? x->until : x->account.horizon;

	if (x->to != TIME_NEVER)
		until = x->until != TIME_NEVER ? int64_min(until, x->to - 1) : x->to - 1;
	return until;
}

static int feed_files(struct runs *x)
{
	struct backtest *targets[] = {&x->study.backtest, &x->other.backtest};
	const struct backtest_files options = {.lateness_ms = x->settings->lateness,
		.to = x->to,
		.quiet = x->program->common.json,
		.identity = x->program->identity};
	size_t n = x->against ? 2 : 1, n_paths = 0;
	const char **paths = calloc(x->program->n_operands + 2, sizeof(*paths));
	int r = paths ? 0 : -ENOMEM;

	if (paths && x->settings->events[0])
		paths[n_paths++] = x->settings->events;
	for (size_t i = 0; paths && i < x->program->n_operands; i++)
		paths[n_paths++] = x->program->operands[i];
	if (r == 0)
		r = backtest_feed_paths(targets, n, paths, &options, &x->account);
	for (size_t i = 0; i < n && r == 0; i++)
		r = backtest_finish(targets[i], horizon_of(x));
	free(paths);
	if (r != 0)
		return complain(x, r);
	remark(x);
	return STATUS_DONE;
}

/* The events are the data set's own: its log, its archive, or both. */
static bool is_own(const struct backtest_settings *s)
{
	return s->log || (s->events[0] && archive_dir_is(s->events));
}

static int feed(struct runs *x)
{
	const struct backtest_settings *s = x->settings;
	struct backtest_source source = {
		.archive = s->events[0] ? s->events : NULL,
		.log = s->log,
		.own_rules = s->log_rules,
	};
	int status;

	if (!is_own(s))
		return feed_files(x);
	status = backtest_feed_log(&x->study.backtest, x->program, &source, &x->account.horizon);
	source.own_rules = false;
	if (status == STATUS_DONE && x->against)
		status = backtest_feed_log(
			&x->other.backtest, x->program, &source, &x->account.horizon);
	return status;
}

static int run(struct runs *x)
{
	const struct study_report report = {
		.study = &x->study,
		.against = x->against ? &x->other : NULL,
		.account = &x->account,
		.curve = x->settings->curve[0] ? x->settings->curve : NULL,
		.list = x->settings->list,
	};
	int64_t horizon;
	int status;

	x->study.customer = span_str(x->settings->customer);
	x->study.decisions = x->settings->decisions;
	x->study.json = x->program->common.json;
	x->study.measures = x->settings->gaps;
	if (x->settings->states && backtest_tell_states(&x->study.backtest) < 0)
		return trouble("out of memory");
	status = feed(x);
	if (status != STATUS_DONE)
		return status;
	if (x->settings->gaps)
		return gaps_print(&x->study.gaps, x->study.json) < 0 ? trouble("out of memory")
								     : STATUS_DONE;
	horizon = is_own(x->settings) ? x->account.horizon : horizon_of(x);
	if (study_end(&x->study, horizon) < 0 || (x->against && study_end(&x->other, horizon) < 0))
		return trouble("out of memory");
	if (x->settings->decisions || x->settings->states)
		return STATUS_DONE;
	(x->program->common.json ? study_print_json : study_print_table)(&report);
	return STATUS_DONE;
}

/* ---- beginning ----------------------------------------------------------------------------- */

static int read_instant(const char *text, const char *option, int64_t *ret_at)
{
	if (!text[0] || instant_parse(span_str(text), ret_at) == 0)
		return 0;
	(void)fprintf(stderr,
		"waymark backtest: %s is not an instant such as 2026-11-21T18:00:00Z\n", option);
	return STATUS_USAGE;
}

static int begin(struct runs *x)
{
	const struct backtest_settings *s = x->settings;
	int status;

	x->from = INT64_MIN;
	x->to = x->until = TIME_NEVER;
	if (s->log_rules && !is_own(s))
		return usage("--log-rules is for --log, and for an archive of ours");
	if (s->gaps && (s->rules[0] || s->against[0] || s->log_rules))
		return usage("--gaps is about purchases alone; leave the rules out");
	if (!s->rules[0] && !s->log_rules && !s->gaps)
		return usage("say which rules: --rules DIR");
	if (!s->log && !s->events[0] && x->program->n_operands == 0)
		return usage("say where the events are: --events PATH, or --log for the live log");
	if (is_own(s) && x->program->n_operands > 0)
		return usage("the data set's own log and archive are not mixed with other files");
	if (s->log && s->events[0] && !archive_dir_is(s->events))
		return usage("with --log, --events is the directory of the archive");
	if (s->decisions && s->states)
		return usage("--decisions and --states each take the place of the report");
	if (read_instant(s->from, "--from", &x->from) || read_instant(s->to, "--to", &x->to) ||
		read_instant(s->until, "--until", &x->until))
		return STATUS_USAGE;
	if (s->log_rules || s->gaps)
		status = rules_new(&x->rules) == 0 ? STATUS_DONE : trouble("out of memory");
	else
		status = load(s->rules, s->store_zone, &x->rules);
	if (status == STATUS_DONE && s->against[0])
		status = load(s->against, s->store_zone, &x->against);
	if (status != STATUS_DONE)
		return status;
	if (s->curve[0] && !rules_find(x->rules, span_str(s->curve)))
		return usage("--curve names none of the rules");
	if (study_init(&x->study, x->rules, x->program->identity, x->from, x->to) < 0 ||
		(x->against && study_init(&x->other, x->against, x->program->identity, x->from,
				       x->to) < 0))
		return trouble("out of memory");
	x->study.forecasts.within_ms = x->other.forecasts.within_ms = s->forecast;
	return STATUS_DONE;
}

static void runs_release(struct runs *x)
{
	if (x->study.backtest.rules)
		study_release(&x->study);
	if (x->other.backtest.rules)
		study_release(&x->other);
	rules_free(x->rules);
	rules_free(x->against);
}

int backtest_main(int argc, char **argv)
{
	_cleanup_(program_release) struct program p;
	_cleanup_(runs_release) struct runs x = {.program = &p};
	struct backtest_settings s;
	int status;

	(void)argc;
	if (program_init(&p, &spec, &s, argv))
		return p.status;
	x.settings = &s;
	status = begin(&x);
	return status == STATUS_DONE ? run(&x) : status;
}
