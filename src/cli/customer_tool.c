/* SPDX-License-Identifier: MIT */
#include "customer_tool.h"

#include "cli.h"
#include "customer_apart.h"

struct customer_settings {
	const char *data, *reason, *by, *archive;
	int64_t limit;
	bool yes;
};

static const struct setting settings[] = {
	{NULL, "reason", "reason", SETTING_TEXT, offsetof(struct customer_settings, reason), "", 0,
		AUDIT_REASON_MAX, "TEXT",
		"find: show everything whole, and keep in the audit why; export, erase, "
		"unsuppress: why, for the audit; merge, unmerge: why, for the timeline"},
	{"archive", "directory", "archive", SETTING_TEXT,
		offsetof(struct customer_settings, archive), NULL, 0, DATA_PATH_MAX, "DIR",
		"export, unmerge: what has left the log is read from the archive there"},
	{NULL, "limit", "limit", SETTING_INT, offsetof(struct customer_settings, limit), "20", 1,
		10000, "N", "find: so many customers at most"},
	{NULL, "by", "by", SETTING_TEXT, offsetof(struct customer_settings, by), "", 0, 100, "WHO",
		"erase, unsuppress: who asks for it, for the receipt; merge, unmerge: who says so"},
	{NULL, "yes", "yes", SETTING_BOOL, offsetof(struct customer_settings, yes), NULL, 0, 0,
		NULL, "erase without asking; merge, unmerge: do it, and not only show it"},
	TOOL_DATA_ROW(struct customer_settings),
};

static const struct program_spec spec = {
	.name = "customer",
	.operands =
		"export CUSTOMER | find PREFIX | reindex | erase CUSTOMER | unsuppress CUSTOMER | "
		"receipt ID | merge KEY KEY | unmerge KEY",
	.min_operands = 1,
	.max_operands = 3,
	.about = "export: writes everything that is held of a customer, under all of their names, "
		 "as\n"
		 "one JSON document (schemas/customer-export.schema.json).\n"
		 "find: whose e-mail address, name, or number of an order, a telephone or a card "
		 "begins\n"
		 "like that; masked, unless --reason says why it is to be shown whole.\n"
		 "reindex: makes what find looks in whole, in a data set of an older version.\n"
		 "erase: removes all that is held, and keeps out what still comes; prints a "
		 "receipt.\n"
		 "Interrupted, it goes on when it is asked for again. Workers must be running.\n"
		 "unsuppress: whoever was erased may come back. receipt: prints one.\n"
		 "merge: the customers known by two keys are one.\n"
		 "unmerge: what a key and the customer whom it has become a part of would each be "
		 "without\n"
		 "the other; with --yes they are two again.",
	.settings = settings,
	.n_settings = ARRAY_SIZE(settings),
	.tool = true,
};

static const struct verb {
	const char *name;
	size_t operands;
	bool changes; /* only with --yes, and then for a reason */
	int (*run)(struct tool *t, struct redis *redis, const struct customer_ask *ask);
} verbs[] = {
	{"export", 1, false, customer_export},
	{"find", 1, false, customer_find},
	{"reindex", 0, false, customer_reindex},
	{"erase", 1, false, customer_erase},
	{"unsuppress", 1, false, customer_unsuppress},
	{"receipt", 1, false, customer_receipt},
	{"merge", 2, true, customer_merge},
	{"unmerge", 1, true, customer_unmerge},
};

static const struct verb *verb_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

int customer_main(int argc, char **argv)
{
	static const char *const counts[] = {"no operand", "one operand", "two operands"};
	_cleanup_(tool_release) struct tool t = {.data = NULL};
	struct customer_settings values;
	struct program *p = &t.program;
	struct customer_ask ask;
	const struct verb *verb;
	struct redis *redis;

	(void)argc;
	if (tool_init(&t, &spec, &values, argv))
		return p->status;
	verb = verb_named(p->operands[0]);
	if (!verb)
		return tool_say(p, STATUS_USAGE,
			"\"%s\" is nothing that customer can do; there are export, find, "
			"reindex, erase, unsuppress, receipt, merge and unmerge.",
			p->operands[0]);
	if (p->n_operands != 1 + verb->operands)
		return tool_say(
			p, STATUS_USAGE, "%s takes %s.", verb->name, counts[verb->operands]);
	if (verb->changes && values.yes && !values.reason[0])
		return tool_say(
			p, STATUS_USAGE, "say why with --reason TEXT: it stands on the timeline.");
	if (tool_connect(&t, &redis))
		return p->status;
	ask = (struct customer_ask){.customer = span_str(verb->operands > 0 ? p->operands[1] : ""),
		.other = span_str(verb->operands > 1 ? p->operands[2] : ""),
		.reason = values.reason,
		.by = values.by,
		.archive = values.archive,
		.yes = values.yes,
		.limit = (size_t)values.limit};
	return verb->run(&t, redis, &ask);
}
