/* SPDX-License-Identifier: MIT */
/*
 * `waymark identity check`: is a file of settings good, and what does it come to? It is asked
 * before roles are started with it, since keys follow from it.
 */
#include "cli.h"
#include "program/identity_file.h"
#include "program/rule_set.h"
#include "tool.h"

struct identity_options {
	const char *data;
};

static const struct setting settings[] = {TOOL_DATA_ROW(struct identity_options)};

static const struct program_spec spec = {
	.name = "identity",
	.operands = "check [FILE]",
	.min_operands = 1,
	.max_operands = 2,
	.about = "Checks a file of what names a customer (identity.json), and shows the kinds, the "
		 "strongest first.\n"
		 "Without FILE: the settings that this configuration names, or the built-in ones.",
	.settings = settings,
	.n_settings = ARRAY_SIZE(settings),
	.tool = true,
};

static const char *yes_no(bool yes)
{
	return yes ? "yes" : "no";
}

static void print_json(const struct identity *id)
{
	for (size_t i = 0; i < id->n_kinds; i++) {
		const struct identity_kind *k = &id->kinds[i];

		printf("{\"kind\":\"%.*s\",\"limit\":%u,\"links\":%s,\"once\":%s,\"personal\":%s,"
		       "\"browser\":%s}\n",
			(int)k->name.len, k->name.ptr, k->limit, k->links ? "true" : "false",
			k->once ? "true" : "false", k->personal ? "true" : "false",
			id->browser_from >> i & 1 ? "true" : "false");
	}
}

static void print_table(const struct identity *id)
{
	printf("%-24s %6s  %-5s  %-4s  %-8s  %s\n", "KIND", "LIMIT", "LINKS", "ONCE", "PERSONAL",
		"BY PAGES");
	for (size_t i = 0; i < id->n_kinds; i++) {
		const struct identity_kind *k = &id->kinds[i];

		printf("%-24.*s %6u  %-5s  %-4s  %-8s  %s\n", (int)k->name.len, k->name.ptr,
			k->limit, yes_no(k->links), yes_no(k->once), yes_no(k->personal),
			id->browser_from >> i & 1 ? "yes"
			: id->browser_to >> i & 1 ? "to it"
						  : "no");
	}
	printf("\n%zu blocked values, %zu shared ones; telephone numbers of %s; settings %016llx\n",
		id->n_blocked, id->n_shared, id->country[0] ? id->country : "no country",
		(unsigned long long)identity_digest(id));
}

static int check_file(struct program *p, const char *path, struct identity_settings **ret_settings)
{
	_cleanup_free_ struct rule_problems *problems = malloc(sizeof(*problems));
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	int r = problems ? identity_file_load(path, problems, ret_settings) : -ENOMEM;

	if (r < 0)
		return tool_say(p, STATUS_FOUND, "out of memory.");
	if (r == 0)
		return STATUS_DONE;
	rule_problems_text(problems, &text);
	(void)fwrite(text.ptr, 1, text.len, stdout);
	return STATUS_FOUND;
}

int identity_main(int argc, char **argv)
{
	_cleanup_(identity_settings_freep) struct identity_settings *own = NULL;
	struct identity_options options = {.data = NULL};
	_cleanup_(tool_release) struct tool t;
	struct program *p = &t.program;
	const struct identity *id;
	int status = STATUS_DONE;

	(void)argc;
	if (tool_init(&t, &spec, &options, argv))
		return p->status;
	if (strcmp(p->operands[0], "check") != 0)
		return tool_say(p, STATUS_USAGE,
			"`%s` is nothing it can do; it can `check [FILE]`.", p->operands[0]);
	if (p->n_operands > 1)
		status = check_file(p, p->operands[1], &own);
	if (status != STATUS_DONE)
		return status;
	id = own ? &own->identity : p->identity;
	if (p->common.json)
		print_json(id);
	else
		print_table(id);
	return STATUS_DONE;
}
