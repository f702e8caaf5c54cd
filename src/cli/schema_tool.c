/* SPDX-License-Identifier: MIT */
/*
 * `waymark schema`: the contracts that events are held to, and whether events hold them, before a
 * plan is switched on.
 */
#include "cells.h"
#include "cli.h"
#include "codec/event_schema.h"
#include "codec/json_scan.h"
#include "schema_test.h"
#include "tool.h"

struct schema_settings {
	const char *data;
	bool formats;
};

static const struct setting settings[] = {
	{NULL, "formats", "formats", SETTING_BOOL, offsetof(struct schema_settings, formats), "no",
		0, 0, NULL, "check, test: assert `format` (date-time, email, uri, ...), too"},
	TOOL_DATA_ROW(struct schema_settings),
};

static const struct program_spec spec = {
	.name = "schema",
	.operands = "list | show NAME | check FILE|PLAN | test NAME|FILE|PLAN EVENTS",
	.min_operands = 1,
	.max_operands = 3,
	.about = "list: the canonical events, each of which has a schema.\n"
		 "show: prints the schema of one of them (\"Order Completed\"), to be copied and "
		 "changed.\n"
		 "check: says what is wrong with a JSON Schema (2020-12) or with a tracking plan "
		 "(a\n"
		 "directory with plan.json).\n"
		 "test: judges events (NDJSON, gzipped or not, or - for standard input) or one "
		 "JSON\n"
		 "value by a canonical schema, a schema file or a tracking plan; ends with 1 if\n"
		 "something is wrong with them.",
	.settings = settings,
	.n_settings = ARRAY_SIZE(settings),
	.tool = true,
};

/* ---- list, show ---------------------------------------------------------------------------- */

/* A document of the table by its title, or by its file name with or without the suffix. */
static const struct event_schema *find_schema(const char *name)
{
	struct span wanted = span_str(name), known = vocab_name(vocab_kind(wanted));
	size_t n;
	const struct event_schema *all = event_schemas(&n);

	for (size_t i = 0; i < n; i++) {
		struct span slug =
			span_of(all[i].file.ptr, all[i].file.len - strlen(".schema.json"));

		if (span_equal(all[i].file, wanted) || span_equal(slug, wanted) ||
			span_equal(all[i].title, wanted) ||
			(known.len && span_equal(all[i].title, known)))
			return &all[i];
	}
	return NULL;
}

static void list_json(const struct event_schema *schema)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;

	buf_add_str(&out, "{\"event\":");
	json_escape(schema->title, &out);
	buf_add_str(&out, ",\"file\":");
	json_escape(schema->file, &out);
	buf_add_str(&out, ",\"id\":");
	json_escape(schema->uri, &out);
	buf_add_str(&out, "}\n");
	if (buf_failed(&out) == 0)
		(void)fwrite(out.ptr, 1, out.len, stdout);
}

static int list(const struct tool *t, const struct schema_settings *s)
{
	size_t n;
	const struct event_schema *all = event_schemas(&n);
	struct cells c;

	(void)s;
	cells_init(&c, stdout);
	if (!t->program.common.json) {
		cell(&c, SPAN_LIT("EVENT"), 32, BOLD);
		cell(&c, SPAN_LIT("SCHEMA"), 0, BOLD);
		cells_end(&c);
	}
	for (size_t i = 0; i < n; i++) {
		/* Shared definitions are no event's. */
		if (vocab_kind(all[i].title) == EVENT_CUSTOM)
			continue;
		if (t->program.common.json) {
			list_json(&all[i]);
			continue;
		}
		cell(&c, all[i].title, 32, CYAN);
		cell(&c, all[i].file, 0, PLAIN);
		cells_end(&c);
	}
	return STATUS_DONE;
}

static int show(const struct tool *t, const struct schema_settings *s)
{
	const char *name = t->program.operands[1];
	const struct event_schema *schema = find_schema(name);

	(void)s;
	if (!schema)
		return tool_say(&t->program, STATUS_FOUND,
			"\"%s\" is no canonical event; `waymark schema list` lists them.", name);
	(void)fwrite(schema->text.ptr, 1, schema->text.len, stdout);
	return STATUS_DONE;
}

/* ---- check, test --------------------------------------------------------------------------- */

static int check(const struct tool *t, const struct schema_settings *s)
{
	const char *path = t->program.operands[1];
	_cleanup_(schema_test_release) struct schema_test test = {.program = &t->program};
	int r = schema_test_load(&test, path, s->formats);

	if (r != 0)
		return r;
	if (!t->program.common.json)
		printf("%s is good.\n", path);
	return STATUS_DONE;
}

static int test_events(const struct tool *t, const struct schema_settings *s)
{
	const char *name = t->program.operands[1];
	const struct event_schema *schema = find_schema(name);
	_cleanup_(schema_test_release) struct schema_test test = {.program = &t->program};
	int r = schema ? schema_test_canonical(&test, schema, s->formats)
		       : schema_test_load(&test, name, s->formats);

	return r ? r : schema_test_run(&test, t->program.operands[2]);
}

/* ------------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	size_t operands;
	int (*run)(const struct tool *t, const struct schema_settings *s);
} actions[] = {{"list", 1, list}, {"show", 2, show}, {"check", 2, check}, {"test", 3, test_events}};

int schema_main(int argc, char **argv)
{
	_cleanup_(tool_release) struct tool t;
	struct schema_settings s;

	(void)argc;
	if (tool_init(&t, &spec, &s, argv))
		return t.program.status;
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		if (strcmp(t.program.operands[0], actions[i].name) != 0)
			continue;
		if (t.program.n_operands != actions[i].operands)
			return tool_say(&t.program, STATUS_USAGE, "%s takes %zu operand%s: %s.",
				actions[i].name, actions[i].operands - 1,
				actions[i].operands == 2 ? "" : "s", spec.operands);
		return actions[i].run(&t, &s);
	}
	return tool_say(&t.program, STATUS_USAGE,
		"\"%s\" is nothing that schema can do: list, show, check or test.",
		t.program.operands[0]);
}
