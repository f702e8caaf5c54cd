/* SPDX-License-Identifier: MIT */
#include "cond_case.h"

#include "case_files.h"

static const struct rule_options berlin = {.store_zone = {"Europe/Berlin", 13}, .zone = case_zone};

void cond_case_json(struct buf *b, const char *text)
{
	for (; *text; text++)
		buf_add_char(b, (char)(*text == '\'' ? '"' : *text));
}

int cond_case(const char *condition, struct file_problems *problems, struct rules **ret_rules)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	struct rule_source source = {"rules.json", SPAN_EMPTY};

	cond_case_json(&text,
		"{'id':'a','class':'task','wait':'1h','channels':['task'],'arm':['y'],"
		"'data':{'a':'e.a','b':'e.b','u':'e.u','t':'e.t','z':'e.z','l':'e.l',"
		"'last':'e.last','total':'e.total'},'cancel':[{'event':'x','when':");
	cond_case_json(&text, condition);
	cond_case_json(&text, "}]}");
	source.text = buf_span(&text);
	return rules_compile(&source, 1, &berlin, problems, ret_rules);
}
