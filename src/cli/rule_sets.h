/* SPDX-License-Identifier: MIT */
/* All sets of rules that a data set has ever had, by the names that the log has for them. */
#pragma once

#include "codec/event_json.h"
#include "core/rule.h"
#include "tool.h"

struct rule_sets;

/* 0, or a status for main, with the reason said. */
int rule_sets_read(struct tool *t, struct redis *redis, struct rule_sets **ret_sets);
struct rule_sets *rule_sets_free(struct rule_sets *s);
/* An applier_rules_fn; SETS is a struct rule_sets. */
bool rule_sets_find(void *sets, uint64_t digest, const struct rules **ret_rules,
	const struct event_decoder **ret_decoder);
