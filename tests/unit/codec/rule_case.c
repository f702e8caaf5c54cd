/* SPDX-License-Identifier: MIT */
#include "rule_case.h"

#include "case_files.h"

const struct rule_options berlin = {.store_zone = {"Europe/Berlin", 13}, .zone = case_zone};
struct file_problems problems;

int compile(struct span text, struct rules **ret_rules)
{
	const struct rule_source source = {"rules.json", text};

	return rules_compile(&source, 1, &berlin, &problems, ret_rules);
}

int compile_with(const char *members, struct rules **ret_rules)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;

	buf_printf(&text,
		"{\"id\":\"a\",\"class\":\"task\",\"wait\":\"1h\",\"channels\":[\"task\"]%s%s}",
		members[0] ? "," : "", members);
	return compile(buf_span(&text), ret_rules);
}
