/* SPDX-License-Identifier: MIT */
#include "customer_tool.h"

#include "cli.h"

struct customer_settings {
	const char *data, *reason, *by;
	int64_t limit;
	bool yes;
};

static const struct setting settings[] = {
	{NULL, "reason", "reason", SETTING_TEXT, offsetof(struct customer_settings, reason), "", 0,
		AUDIT_REASON_MAX, "TEXT",
		"find: show everything whole, and keep in the audit why; export: likewise"},
	{NULL, "limit", "limit", SETTING_INT, offsetof(struct customer_settings, limit), "20", 1,
		10000, "N", "find: so many customers at most"},
	{NULL, "by", "by", SETTING_TEXT, offsetof(struct customer_settings, by), "", 0, 100, "WHO",
		"erase, unsuppress: who asks for it, for the receipt"},
	{NULL, "yes", "yes", SETTING_BOOL, offsetof(struct customer_settings, yes), NULL, 0, 0,
		NULL, "erase without asking"},
	TOOL_DATA_ROW(struct customer_settings),
};

static const struct program_spec spec = {
	.name = "customer",
	.operands =
		"export CUSTOMER | find PREFIX | reindex | erase CUSTOMER | unsuppress CUSTOMER | "
		"receipt ID",
	.min_operands = 1,
	.max_operands = 2,
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
		 "unsuppress: whoever was erased may come back. receipt: prints one.",
	.settings = settings,
	.n_settings = ARRAY_SIZE(settings),
	.tool = true,
};

static const struct verb {
	const char *name;
	bool operand;
	int (*run)(struct tool *t, struct redis *redis, const struct customer_ask *ask);
} verbs[] = {
	{"export", true, customer_export},
	{"find", true, customer_find},
	{"reindex", false, customer_reindex},
	{"erase", true, customer_erase},
	{"unsuppress", true, customer_unsuppress},
	{"receipt", true, customer_receipt},
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
			"reindex, erase, unsuppress and receipt.",
			p->operands[0]);
	if (p->n_operands != (verb->operand ? 2 : 1))
		return tool_say(p, STATUS_USAGE, "%s takes %s.", verb->name,
			verb->operand ? "one operand" : "no operand");
	if (tool_connect(&t, &redis))
		return p->status;
	ask = (struct customer_ask){span_str(verb->operand ? p->operands[1] : ""), values.reason,
		(size_t)values.limit, values.by, values.yes};
	return verb->run(&t, redis, &ask);
}
