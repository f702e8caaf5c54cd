/* SPDX-License-Identifier: MIT */
/* `waymark why`: for a customer, what each rule did or did not do, and because of what. */
#include "cells.h"
#include "cli.h"
#include "rules_at_hand.h"
#include "store/why_query.h"
#include "timeline_print.h"
#include "tool.h"

struct why_settings {
	const char *data, *rules, *store_zone;
	bool all;
};

#define ROW(MEMBER) offsetof(struct why_settings, MEMBER)

static const struct setting settings[] = {
	{NULL, "all", "all", SETTING_BOOL, ROW(all), "no", 0, 0, NULL,
		"also rules that no event of the customer has ever concerned"},
	{"worker", "rules", "rules", SETTING_TEXT, ROW(rules), NULL, 0, DATA_PATH_MAX, "PATH",
		"other rules than those in force"},
	{"worker", "store_zone", "store-zone", SETTING_TEXT, ROW(store_zone), "UTC", 0, 64, "ZONE",
		"the shop's time zone (IANA name)"},
	TOOL_DATA_ROW(struct why_settings),
};

static const struct program_spec spec = {
	.name = "why",
	.operands = "CUSTOMER [RULE]",
	.min_operands = 1,
	.max_operands = 2,
	.about = "Says why a customer got a message, or why not: one sentence for each rule, and\n"
		 "with RULE everything that was recorded about it.",
	.settings = settings,
	.n_settings = ARRAY_SIZE(settings),
	.tool = true,
};

struct why_tool {
	struct tool tool;
	struct why_settings settings;
	struct rules *rules;
	struct query_source *source;
	struct cells cells;
	int r; /* what the question came to */
	size_t told;
};

static void print_json(const struct why_ask *ask)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;

	if (why_json(ask, &out) < 0)
		return;
	buf_add_char(&out, '\n');
	if (buf_failed(&out) == 0)
		(void)fwrite(out.ptr, 1, out.len, stdout);
}

static void print_line(const struct cells *c, struct span head, struct span words)
{
	cell(c, head, 28, BOLD);
	cell(c, words, 0, PLAIN);
	cells_end(c);
}

static void print_rule(const struct why_tool *t, const struct why_ask *ask, const struct why *w)
{
	_cleanup_(buf_release) struct buf words = BUF_INIT;

	why_text(ask, w, &words);
	if (buf_failed(&words) == 0)
		print_line(&t->cells, w->id, buf_span(&words));
}

/* Everything about one rule: each instance, the note, the decisions. */
static void print_details(const struct why_tool *t, const struct why_ask *ask, const struct why *w)
{
	_cleanup_(buf_release) struct buf words = BUF_INIT;
	const struct journey *j = ask->journey;

	for (size_t i = 0; i < j->n_instances; i++) {
		const struct instance *instance = &j->instances[i];

		if (!span_equal(text_span(instance->rule), w->id) || instance == w->instance)
			continue;
		buf_reset(&words);
		why_instance_text(ask, instance, &words);
		print_line(&t->cells, SPAN_EMPTY, buf_span(&words));
	}
	if (w->note && !w->note_speaks) {
		buf_reset(&words);
		why_note_text(w->note, &words);
		print_line(&t->cells, SPAN_EMPTY, buf_span(&words));
	}
	if (w->entry)
		(void)fputs("\nDecisions, newest first:\n", stdout);
	for (size_t i = 0; i < ask->n_entries; i++)
		if (span_equal(ask->entries[i].decision.rule, w->id))
			timeline_print(&t->cells, &ask->entries[i]);
}

static bool is_silent(const struct why *w)
{
	return !w->instance && !w->note && !w->entry;
}

static void print_table(struct why_tool *t, const struct why_ask *ask)
{
	size_t silent = 0;
	struct why w;

	customer_print(&t->cells, ask->journey, t->rules ? &t->rules->policy.lapse : &lapse_default,
		ask->now);
	for (size_t n = 0; why_of(ask, n, &w); n++) {
		t->told++;
		if (ask->rule.len == 0 && !t->settings.all && is_silent(&w)) {
			silent++;
			continue;
		}
		print_rule(t, ask, &w);
		if (ask->rule.len > 0)
			print_details(t, ask, &w);
	}
	if (silent > 0)
		(void)printf(
			"\n%zu more %s had nothing to do with this customer; --all shows %s.\n",
			silent, silent == 1 ? "rule has" : "rules have",
			silent == 1 ? "it" : "them");
	if (ask->cut)
		(void)printf("\nOnly the latest %d decisions were looked at; `waymark timeline` "
			     "has them all.\n",
			WHY_DECISIONS);
}

static void on_answer(void *user, int r, const struct why_ask *answer)
{
	struct why_tool *t = user;
	const struct program *p = &t->tool.program;
	struct why_ask ask;
	struct why w;

	t->r = r;
	if (r != 0)
		return;
	ask = *answer;
	ask.rules = t->rules;
	ask.rule = p->n_operands > 1 ? span_str(p->operands[1]) : SPAN_EMPTY;
	if (!p->common.json) {
		print_table(t, &ask);
		return;
	}
	t->told = why_of(&ask, 0, &w);
	print_json(&ask);
}

static void why_release(struct why_tool *t)
{
	query_source_free(t->source);
	tool_release(&t->tool);
	rules_free(t->rules);
}

static int ask(struct why_tool *t)
{
	const struct program *p = &t->tool.program;
	struct query_ask question = {.id = span_str(p->operands[0]), .orders = true};
	int r = query_why(t->source, &question, on_answer, t);

	if (r == 0)
		r = query_wait(t->source, p->loop);
	if (r != 0)
		t->r = r;
	if (t->r != 0)
		return query_explain(&t->tool.program, t->r, p->operands[0]);
	if (t->told == 0 && p->n_operands > 1)
		return tool_say(p, STATUS_FOUND,
			"there is no rule %s, and none of that name ever concerned this customer; "
			"`waymark rules list` names those in force.",
			p->operands[1]);
	return STATUS_DONE;
}

int why_main(int argc, char **argv)
{
	_cleanup_(why_release) struct why_tool t = {.r = 0};
	struct program *p = &t.tool.program;
	struct redis *redis;
	int r;

	(void)argc;
	if (tool_init(&t.tool, &spec, &t.settings, argv))
		return p->status;
	cells_init(&t.cells, stdout);
	if (tool_connect(&t.tool, &redis))
		return p->status;
	r = rules_at_hand(&t.tool, redis, t.settings.rules, t.settings.store_zone, &t.rules);
	if (r != 0)
		return r;
	if (tool_query(&t.tool, redis, &t.source) < 0)
		return tool_say(p, STATUS_FOUND, "out of memory.");
	return ask(&t);
}
