/* SPDX-License-Identifier: MIT */
/* Rules as text, of a shop in Berlin. */
#pragma once

#include "check.h"
#include "codec/rule_json.h"

extern const struct rule_options berlin;
extern struct file_problems problems; /* of the last compile */

/* As rules_compile() of one file. */
int compile(struct span text, struct rules **ret_rules);
/* A rule with what is always needed, and MEMBERS. */
int compile_with(const char *members, struct rules **ret_rules);
