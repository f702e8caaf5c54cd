/* SPDX-License-Identifier: MIT */
/* A schema as text and a value as text: compiled, and judged twice, with and without words. */
#pragma once

#include "check.h"
#include "codec/json_schema.h"

extern struct file_problems problems;	 /* of the last compile() */
extern struct json_schema_faults faults; /* of the last check */

/* NULL when it is bad, which PROBLEMS explains; OPTIONS may be NULL. The caller frees it. */
struct json_schema *compile(const char *text, const struct json_schema_options *options);
/* What json_schema_check() says of INSTANCE; -1: the schema is bad. */
int check_within(const char *schema, struct span instance, const struct json_schema_limits *limits);
int check(const char *schema, const char *instance);
