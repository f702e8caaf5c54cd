/* SPDX-License-Identifier: MIT */
/* A condition under test, in a rule that needs nothing else. Conditions are written with ' for ".
 */
#pragma once

#include "base/buf.h"
#include "codec/rule_json.h"

/* TEXT with " for ', appended to B. */
void cond_case_json(struct buf *b, const char *text);
/* A rule whose cancel has this CONDITION, in a shop in Berlin; what rules_compile says. */
int cond_case(const char *condition, struct file_problems *problems, struct rules **ret_rules);
