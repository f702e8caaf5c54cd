/* SPDX-License-Identifier: MIT */
/* What the readers of identity.json share. TARGET of a member is the struct identity_draft. */
#pragma once

#include "codec/identity_json.h"
#include "policy_reader.h"

struct identity_draft {
	struct identity *id;
	struct identity_blocked blocked[IDENTITY_BLOCKED_MAX];
	size_t n_blocked;
	struct identity_shared_value shared[IDENTITY_SHARED_MAX];
	size_t n_shared;
	uint32_t kinds;		    /* that the values being read count for */
	enum identity_shared class; /* that they are of */
	struct identity_kind *kind; /* being read */
	unsigned mask;		    /* being read */
	bool ordered[IDENTITY_KINDS_MAX];
	size_t n_ordered;
	struct identity_kind order[IDENTITY_KINDS_MAX];
};

/* The members `kinds` and `order`. */
rule_member_fn identity_read_kinds, identity_read_order;
/* Both have been read, or are not there: what hangs on the places of kinds. */
void identity_settle_kinds(struct identity_draft *d);

/* MASK, a bit for each place of the default settings, for the places of ID. */
uint32_t identity_moved(const struct identity *id, uint32_t mask);

/* The kind that the text P says; n_kinds after a problem. */
size_t identity_read_kind_name(
	struct rule_reader *r, const struct file_place *p, const struct identity *id);
void identity_add_known(const struct identity *id, struct file_words *known);
