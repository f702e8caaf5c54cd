/* SPDX-License-Identifier: MIT */
/* The rules in force, for a tool that looks at a running system. */
#pragma once

#include "program/rule_set.h"
#include "tool.h"

/*
 * The rules that PATH names, else (PATH "") those that the workers brought last, else those on the
 * disk. 0 with a set, or with NULL where there are none at all; STATUS_FOUND after it was said that
 * they cannot be used.
 */
int rules_at_hand(struct tool *t, struct redis *redis, const char *path, const char *store_zone,
	struct rules **ret_rules);
/* What the policy in force says of silence; the default where there are no such rules. */
struct lapse lapse_at_hand(struct tool *t, struct redis *redis);
