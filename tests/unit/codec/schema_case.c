/* SPDX-License-Identifier: MIT */
#include "schema_case.h"

struct file_problems problems;
struct json_schema_faults faults;

struct json_schema *compile(const char *text, const struct json_schema_options *options)
{
	const struct json_schema_source source = {"a.json", SPAN_EMPTY, span_str(text)};
	struct json_schema *schema = NULL;
	int r = json_schema_compile(&source, options, &problems, &schema);

	CHECK(r == 0 ? schema && problems.n == 0 : r == JSON_SCHEMA_BAD && problems.n > 0);
	return schema;
}

int check_within(const char *schema, struct span instance, const struct json_schema_limits *limits)
{
	_cleanup_(json_schema_work_freep) struct json_schema_work *w = NULL;
	_cleanup_(json_schema_freep) struct json_schema *s = compile(schema, NULL);
	int r, again;

	if (!s) {
		fprintf(stderr, "# %s: %s\n", schema, problems.list[0].message);
		return -1;
	}
	assert(json_schema_work_new(limits, &w) == 0);
	faults.want = JSON_SCHEMA_FAULTS_MAX;
	r = json_schema_check(s, w, instance, &faults);
	again = json_schema_check(s, w, instance, NULL);
	CHECK_INT(again, r);
	return r;
}

int check(const char *schema, const char *instance)
{
	const struct json_schema_limits limits = JSON_SCHEMA_LIMITS_DEFAULT;

	return check_within(schema, span_str(instance), &limits);
}
