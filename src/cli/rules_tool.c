/* SPDX-License-Identifier: MIT */
/* `waymark rules`: are these rules good, which ones are they, and do they do what they should? */
#include "base/instant.h"
#include "cells.h"
#include "cli.h"
#include "codec/json_scan.h"
#include "counted.h"
#include "program/rule_set.h"
#include "rules_test.h"
#include "tool.h"

struct rules_settings {
	const char *data, *rules, *store_zone;
	bool explain;
};

static const struct setting settings[] = {
	{"worker", "rules", "rules", SETTING_TEXT, offsetof(struct rules_settings, rules), NULL, 0,
		DATA_PATH_MAX, "PATH", "directory of rule files, or one file"},
	{"worker", "store_zone", "store-zone", SETTING_TEXT,
		offsetof(struct rules_settings, store_zone), "UTC", 0, 64, "ZONE",
		"the shop's time zone (IANA name)"},
	{NULL, "explain", "explain", SETTING_BOOL, offsetof(struct rules_settings, explain), NULL,
		0, 0, NULL, "test: print what happened in each scenario, step by step"},
	TOOL_DATA_ROW(struct rules_settings),
};

#define OPERANDS_MAX 1000

static const struct program_spec spec = {
	.name = "rules",
	.operands = "check|list [PATH], or test PATH...",
	.min_operands = 1,
	.max_operands = OPERANDS_MAX,
	.about = "check: says what is wrong with rules, and ends with 1 if something is.\n"
		 "list: shows what each of them waits for.\n"
		 "test: runs scenarios on a virtual clock, and ends with 1 if something else "
		 "comes of\n"
		 "them than they say.",
	.settings = settings,
	.n_settings = ARRAY_SIZE(settings),
	.tool = true,
};

/* ---- check --------------------------------------------------------------------------------- */

static void print_problems_json(const struct file_problems *problems)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;

	for (size_t i = 0; i < problems->n; i++) {
		const struct file_problem *p = &problems->list[i];

		buf_add_str(&out, "{\"file\":");
		json_escape(span_str(p->file), &out);
		buf_add_str(&out, ",\"pointer\":");
		json_escape(span_str(p->pointer), &out);
		buf_printf(&out, ",\"line\":%u,\"message\":", p->line);
		json_escape(span_str(p->message), &out);
		buf_add_str(&out, "}\n");
	}
	if (buf_failed(&out) == 0 && out.len)
		(void)fwrite(out.ptr, 1, out.len, stdout);
}

static void print_problems(const struct file_problems *problems)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;

	file_problems_text(problems, &out);
	if (buf_failed(&out) == 0)
		(void)fwrite(out.ptr, 1, out.len, stdout);
}

static int check(const struct program *p, const char *path, const struct rules *rules)
{
	if (!p->common.json)
		printf("%llu rule%s in %s %s good.\n", COUNT(rules->n), path,
			rules->n == 1 ? "is" : "are");
	return STATUS_DONE;
}

/* ---- list ---------------------------------------------------------------------------------- */

static const char *mode_name(enum rule_mode mode)
{
	static const char *const names[] = {
		[RULE_OFF] = "off", [RULE_SHADOW] = "shadow", [RULE_LIVE] = "live"};

	return names[mode];
}

/* `4h`, or the field whose instant is waited for. */
static const char *wait_text(const struct rule *rule, char out[DURATION_SIZE])
{
	duration_format(rule->wait.span_ms, out);
	if (rule->wait.kind == WAIT_FIELD)
		return "an instant";
	return out;
}

static void print_rule_json(const struct rule *rule)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	char wait[DURATION_SIZE];

	buf_add_str(&out, "{\"id\":");
	json_escape(rule->id, &out);
	buf_printf(&out, ",\"mode\":\"%s\",\"class\":", mode_name(rule->mode));
	json_escape(rule_class_name(rule->class), &out);
	buf_add_str(&out, ",\"wait\":");
	if (rule->wait.kind == WAIT_FIELD)
		buf_add_str(&out, "null");
	else
		json_escape(span_str(wait_text(rule, wait)), &out);
	buf_add_str(&out, ",\"file\":");
	json_escape(rule->file, &out);
	buf_add_str(&out, ",\"description\":");
	json_escape(rule->description, &out);
	buf_add_str(&out, "}\n");
	if (buf_failed(&out) == 0)
		(void)fwrite(out.ptr, 1, out.len, stdout);
}

/* The first sentence is what fits in a table. */
static struct span first_sentence(struct span s)
{
	for (size_t i = 0; i + 1 < s.len; i++)
		if (s.ptr[i] == '.' && s.ptr[i + 1] == ' ')
			return span_of(s.ptr, i + 1);
	return s;
}

static void print_rule(const struct cells *c, const struct rule *rule)
{
	char wait[DURATION_SIZE];

	cell(c, rule->id, 24, CYAN);
	cell(c, span_str(mode_name(rule->mode)), 6, rule->mode == RULE_LIVE ? GREEN : YELLOW);
	cell(c, rule_class_name(rule->class), 9, PLAIN);
	cell(c, span_str(wait_text(rule, wait)), 10, PLAIN);
	cell(c, rule->n_channels ? rule->channels[0] : SPAN_LIT("-"), 8, PLAIN);
	cell(c, first_sentence(rule->description), 0, PLAIN);
	cells_end(c);
}

static int list(const struct program *p, const char *path, const struct rules *rules)
{
	struct cells c;

	(void)path;
	cells_init(&c, stdout);
	if (!p->common.json) {
		cell(&c, SPAN_LIT("RULE"), 24, BOLD);
		cell(&c, SPAN_LIT("MODE"), 6, BOLD);
		cell(&c, SPAN_LIT("CLASS"), 9, BOLD);
		cell(&c, SPAN_LIT("WAITS"), 10, BOLD);
		cell(&c, SPAN_LIT("CHANNEL"), 8, BOLD);
		cell(&c, SPAN_LIT("WHAT FOR"), 0, BOLD);
		cells_end(&c);
	}
	for (size_t i = 0; i < rules->n; i++) {
		if (p->common.json)
			print_rule_json(&rules->list[i]);
		else
			print_rule(&c, &rules->list[i]);
	}
	return STATUS_DONE;
}

/* ------------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	int (*run)(const struct program *p, const char *path, const struct rules *rules);
} actions[] = {{"check", check}, {"list", list}};

static int load_and_run(struct tool *t, const char *path, const char *zone, size_t action)
{
	_cleanup_free_ struct file_problems *problems = malloc(sizeof(*problems));
	_cleanup_(rules_freep) struct rules *rules = NULL;
	int r = problems ? rule_set_load(path, zone, problems, &rules) : -ENOMEM;

	if (r == 0)
		return actions[action].run(&t->program, path, rules);
	if (r < 0)
		return tool_say(&t->program, STATUS_FOUND, "%s: %s", path, strerror(-r));
	if (t->program.common.json)
		print_problems_json(problems);
	else
		print_problems(problems);
	return STATUS_FOUND;
}

/* The operand, else the setting, else rules/ of the data directory. */
static const char *choose_path(struct tool *t, const struct rules_settings *s)
{
	if (t->program.n_operands == 2)
		return t->program.operands[1];
	return s->rules[0] ? s->rules : tool_rules(t);
}

/* The scenarios that come with the rules are tested when none are named. */
static int test(struct tool *t, const struct rules_settings *s, const char *rules)
{
	const char *own = tool_shared(&t->program, "rules/scenarios");
	struct rules_test options = {
		.program = &t->program,
		.rules = rules,
		.explain = s->explain,
		.paths = (const char *const *)t->program.operands + 1,
		.n_paths = t->program.n_operands - 1,
	};

	if (options.n_paths == 0 && own) {
		options.paths = &own;
		options.n_paths = 1;
	}
	if (options.n_paths == 0)
		return tool_say(&t->program, STATUS_USAGE,
			"say which scenarios: files, or directories of them.");
	return rules_test(&options);
}

int rules_main(int argc, char **argv)
{
	const char *rules = settings_peek(argv, "rules"); /* said, not configured */
	_cleanup_(tool_release) struct tool t;
	struct rules_settings s;
	const char *path;

	(void)argc;
	if (tool_init(&t, &spec, &s, argv))
		return t.program.status;
	if (strcmp(t.program.operands[0], "test") == 0)
		return test(&t, &s, rules);
	if (t.program.n_operands > 2)
		return tool_say(&t.program, STATUS_USAGE, "one PATH is enough.");
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		if (strcmp(t.program.operands[0], actions[i].name) != 0)
			continue;
		path = choose_path(&t, &s);
		if (!path)
			return tool_say(&t.program, STATUS_USAGE, "say which rules: a PATH.");
		return load_and_run(&t, path, s.store_zone, i);
	}
	return tool_say(&t.program, STATUS_USAGE,
		"\"%s\" is nothing that rules can do: check, list or test.", t.program.operands[0]);
}
