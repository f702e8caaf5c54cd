/* SPDX-License-Identifier: MIT */
/*
 * Rules from JSON files (schemas/rule.schema.json, the format of the rule pack). A bad rule fails
 * at load, never at run time, and the message names the file, the JSON pointer, what is wrong and
 * what to write instead.
 */
#pragma once

#include "base/buf.h"
#include "codec/file_problem.h"
#include "core/rule.h"

#define RULE_FILE_MAX ((size_t)256 * 1024) /* bytes of a file of rules */

/* How zone files are found: returns the TZif bytes of an IANA NAME in BUF. 0 or an error. */
typedef int rule_zone_fn(void *user, struct span name, struct buf *out);

struct rule_source {
	const char *file;
	struct span text;
};

enum { RULES_BAD = 1 };

struct rule_options {
	struct span store_zone; /* the shop's zone, IANA name; `"tz": "store"` and the default */
	rule_zone_fn *zone;
	void *zone_user;
	/* Earlier texts of rules, for the instances that were armed with them; the latest last. */
	const struct rule_source *retired;
	size_t n_retired;
};

/*
 * Compiles N files (each holds one rule object or an array of them) into a set, in the order
 * given. 0; RULES_BAD with the problems listed; -ENOMEM.
 */
int rules_compile(const struct rule_source *sources, size_t n, const struct rule_options *options,
	struct file_problems *problems, struct rules **ret_rules);

/* Adds to the policy of RULES all zones that customers may live in and OPTIONS can find, some 600.
 * Without them a customer's own zone is not known, and the shop's counts. 0 or -ENOMEM. */
int rules_add_zones(struct rules *rules, const struct rule_options *options);
