/* SPDX-License-Identifier: MIT */
/*
 * Rules as programs load them: the *.json files of a directory (or one file), in order of their
 * names, with time zones from the system's database.
 */
#pragma once

#include "base/buf.h"
#include "codec/rule_set_json.h"

#define RULE_FILES_MAX 256 /* of a directory */

enum { RULE_SET_UNREADABLE = 2 };

/*
 * Loads PATH. STORE_ZONE is the shop's zone (IANA name). 0, -ENOMEM, RULES_BAD with *problems, or
 * RULE_SET_UNREADABLE, with a sentence in *problems as well.
 */
int rule_set_load(const char *path, const char *store_zone, struct file_problems *problems,
	struct rules **ret_rules);

/* Where rules come from: a file or a directory, or a text. */
struct rule_set_place {
	const char *path; /* of a text: what it is called in messages */
	struct span text; /* empty: PATH is read */
	bool no_policy;	  /* of a directory: its policy.json is left out */
};

#define RULE_POLICY_FILE "policy.json"

struct rule_set_places {
	const struct rule_set_place *list;
	size_t n;
};

/* The same from the places NOW, in their order, as one set. Texts from EARLIER, the sets before it
 * from the first on (NULL: none), stay in it for what they have armed. */
int rule_set_load_places(const struct rule_set_places *now, const struct rule_set_places *earlier,
	const char *store_zone, struct file_problems *problems, struct rules **ret_rules);

/* What a set that is put into the log is made of. */
struct rule_set_plan {
	const char *path, *store_zone; /* as rule_set_load */
	/* The text of the set before it, or empty: earlier versions of rules that have changed
	 * since stay in the new set, for what they have armed. One that cannot be read any more is
	 * left out. */
	struct span last;
};

/* The same, and the set's text (codec/rule_set_json.h) appended to OUT. Same results. */
int rule_set_compose(const struct rule_set_plan *plan, struct file_problems *problems,
	struct buf *out, struct rules **ret_rules);

/* The set of a text that rule_set_compose wrote. 0, -ENOMEM or RULES_BAD, also where TEXT is none.
 */
int rule_set_of_text(struct span text, struct file_problems *problems, struct rules **ret_rules);
