/* SPDX-License-Identifier: MIT */
#include "customer_tool.h"

#include "cli.h"

struct customer_settings {
	const char *data;
};

static const struct setting settings[] = {
	TOOL_DATA_ROW(struct customer_settings),
};

static const struct program_spec spec = {
	.name = "customer",
	.operands = "export CUSTOMER",
	.min_operands = 2,
	.max_operands = 2,
	.about = "export: writes everything that is held of a customer, under all of their names, "
		 "as\n"
		 "one JSON document (schemas/customer-export.schema.json).",
	.settings = settings,
	.n_settings = ARRAY_SIZE(settings),
	.tool = true,
};

int customer_main(int argc, char **argv)
{
	_cleanup_(tool_release) struct tool t = {.data = NULL};
	struct customer_settings values;
	struct program *p = &t.program;
	struct redis *redis;

	(void)argc;
	if (tool_init(&t, &spec, &values, argv))
		return p->status;
	if (strcmp(p->operands[0], "export") != 0)
		return tool_say(p, STATUS_USAGE,
			"\"%s\" is nothing that customer can do; there is export.", p->operands[0]);
	if (tool_connect(&t, &redis))
		return p->status;
	return customer_export(&t, redis, span_str(p->operands[1]), stdout);
}
