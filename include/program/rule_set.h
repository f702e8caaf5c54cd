/* SPDX-License-Identifier: MIT */
/*
 * Rules as programs load them: the *.json files of a directory (or one file), in order of their
 * names, with time zones from the system's database.
 */
#pragma once

#include "base/buf.h"
#include "codec/rule_json.h"

#define RULE_FILES_MAX 256 /* of a directory */

enum { RULE_SET_UNREADABLE = 2 };

/*
 * Loads PATH. STORE_ZONE is the shop's zone (IANA name). 0, -ENOMEM, RULES_BAD with *problems, or
 * RULE_SET_UNREADABLE, with a sentence in *problems as well.
 */
int rule_set_load(const char *path, const char *store_zone, struct rule_problems *problems,
	struct rules **ret_rules);

/* Where rules come from: a file or a directory, or a text. */
struct rule_place {
	const char *path; /* of a text: what it is called in messages */
	struct span text; /* empty: PATH is read */
	bool no_policy;	  /* of a directory: its policy.json is left out */
};

#define RULE_POLICY_FILE "policy.json"

/* The same from N PLACES, in their order, as one set. */
int rule_set_load_places(const struct rule_place *places, size_t n, const char *store_zone,
	struct rule_problems *problems, struct rules **ret_rules);

/* The problems as people read them, a line or two each: file, place, what is wrong, what to do. */
void rule_problems_text(const struct rule_problems *problems, struct buf *out);
