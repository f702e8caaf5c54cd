/* SPDX-License-Identifier: MIT */
/*
 * `waymark backtest`: what would these rules have done? The same engine over a file, a directory or
 * the live data set's own log, in virtual time, sending nothing.
 */
#include "backtest.h"

#include "base/instant.h"
#include "cli.h"
#include "program/program.h"
#include "program/rule_set.h"
#include "store/keys.h"

struct backtest_settings {
	const char *rules, *events, *store_zone, *until;
	int64_t lateness;
	bool log, log_rules, decisions;
};

#define ROW(MEMBER) offsetof(struct backtest_settings, MEMBER)

static const struct setting settings[] = {
	{"worker", "rules", "rules", SETTING_TEXT, ROW(rules), NULL, 0, 0, "PATH",
		"rule file or directory of rule files"},
	{"worker", "store_zone", "store-zone", SETTING_TEXT, ROW(store_zone), "UTC", 0, 64, "ZONE",
		"the shop's time zone (IANA name)"},
	{NULL, "events", "events", SETTING_TEXT, ROW(events), NULL, 0, 0, "PATH",
		"NDJSON file (.gz too), directory of them, or - for standard input"},
	{NULL, "log", "log", SETTING_BOOL, ROW(log), "no", 0, 0, NULL,
		"take the events from the live data set's own log instead"},
	{NULL, "log_rules", "log-rules", SETTING_BOOL, ROW(log_rules), "no", 0, 0, NULL,
		"with --log: the rules that were in force, changing where they changed"},
	{NULL, "decisions", "decisions", SETTING_BOOL, ROW(decisions), "no", 0, 0, NULL,
		"print all that was decided, as on the timelines, instead of the jobs"},
	{NULL, "lateness", "lateness", SETTING_DURATION, ROW(lateness), "0", 0, 30 * MS_DAY, "SPAN",
		"sort lines by event time first, for files that are late by up to this"},
	{NULL, "until", "until", SETTING_TEXT, ROW(until), NULL, 0, 0, "INSTANT",
		"let time run to this instant (default: the last event's)"},
};

static const struct program_spec spec = {
	.name = "backtest",
	.about = "Runs rules over recorded events in virtual time and prints one line per job.\n"
		 "Nothing is sent and nothing is changed.",
	.settings = settings,
	.n_settings = ARRAY_SIZE(settings),
	.tool = true,
};

static int usage(const char *words)
{
	(void)fprintf(stderr, "waymark backtest: %s\nTry 'waymark backtest --help'.\n", words);
	return STATUS_USAGE;
}

static int bad_rules(const struct rule_problems *problems)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;

	rule_problems_text(problems, &text);
	if (buf_failed(&text) == 0)
		(void)fwrite(text.ptr, 1, text.len, stderr);
	return STATUS_FOUND;
}

static int complain(
	const struct backtest *b, const char *path, int r, const struct backtest_account *account)
{
	if (r > 0)
		(void)fprintf(stderr, "waymark backtest: %s\n", account->first_refusal);
	else if (b->failed != 0)
		(void)fprintf(stderr,
			"waymark backtest: the engine stopped at customer %.*s (%d)\n",
			(int)b->failed_at.len, b->failed_at.ptr ? b->failed_at.ptr : "", b->failed);
	else
		(void)fprintf(stderr, "waymark backtest: %s: %s\n", path, strerror(-r));
	return STATUS_FOUND;
}

/* What deserves a word although the run is good. */
static void remark(const struct backtest_settings *s, const struct backtest_account *account)
{
	char late[DURATION_SIZE];

	if (account->refused > 0)
		(void)fprintf(stderr,
			"waymark backtest: %llu of %llu lines are no events; the first is %s\n",
			(unsigned long long)account->refused, (unsigned long long)account->lines,
			account->first_refusal);
	if (account->latest_ms <= s->lateness || account->has_received_at)
		return;
	duration_format(account->latest_ms - account->latest_ms % MS_SECOND + MS_SECOND, late);
	(void)fprintf(stderr,
		"waymark backtest: the lines are not in order of time; some are up to %s late.\n"
		"They were taken as delivered so. To sort them first: --lateness %s\n",
		late, late);
}

static int feed(struct backtest *b, struct program *p, const struct backtest_settings *s,
	struct backtest_account *account)
{
	struct backtest_files options = {.lateness_ms = s->lateness, .until = TIME_NEVER};
	int r;

	if (s->log)
		return backtest_feed_log(b, p, s->log_rules);
	options.quiet = p->common.json;
	if (s->until[0] && instant_parse(span_str(s->until), &options.until) != 0)
		return usage("--until is not an instant such as 2026-11-21T18:00:00Z");
	r = backtest_feed_path(b, s->events, &options, account);
	if (r != 0)
		return complain(b, s->events, r, account);
	remark(s, account);
	return STATUS_DONE;
}

static int run(struct program *p, const struct backtest_settings *s, const struct rules *rules)
{
	struct backtest_account account = {0};
	struct backtest b;
	int status = STATUS_FOUND;

	if (backtest_init(&b, rules, s->decisions ? backtest_print_decisions : NULL,
		    &p->common.json) < 0) {
		(void)fprintf(stderr, "waymark backtest: out of memory\n");
		backtest_release(&b);
		return STATUS_FOUND;
	}
	status = feed(&b, p, s, &account);
	if (status == STATUS_DONE) {
		backtest_sort(&b);
		if (!s->decisions && p->common.json)
			backtest_print_json(&b);
		else if (!s->decisions)
			backtest_print_table(&b, &account);
	}
	backtest_release(&b);
	return status;
}

int backtest_main(int argc, char **argv)
{
	_cleanup_(program_release) struct program p;
	_cleanup_(rules_freep) struct rules *rules = NULL;
	struct rule_problems *problems;
	struct backtest_settings s;
	int r;

	(void)argc;
	if (program_init(&p, &spec, &s, argv))
		return p.status;
	if (!s.events[0] == !s.log)
		return usage("say where the events are: --events PATH, or --log for the live log");
	if (s.log_rules && !s.log)
		return usage("--log-rules is for --log");
	if (!s.rules[0] && !s.log_rules)
		return usage("say which rules: --rules DIR");
	problems = malloc(sizeof(*problems));
	if (!problems)
		return STATUS_FOUND;
	r = s.log_rules ? rules_new(&rules)
			: rule_set_load(s.rules, s.store_zone, problems, &rules);
	r = r > 0 ? bad_rules(problems) : r < 0 ? STATUS_FOUND : STATUS_DONE;
	free(problems);
	return r ? r : run(&p, &s, rules);
}
