/* SPDX-License-Identifier: MIT */
/* What the readers of a policy share. TARGET of a member is the struct policy unless said. */
#pragma once

#include "rule_reader.h"

/* The whole file {"policy": {...}}. */
void policy_read(struct rule_reader *r, const struct file_place *file);
/* Is it such a file? */
bool policy_is(struct rule_reader *r, const struct file_place *file);

/* Values, for the rules' own members too. Each notes a problem and returns false if it is none. */

/* `21:00-08:00`. */
bool policy_read_hours(struct rule_reader *r, const struct file_place *p, struct day_hours *ret);
/* 0 to 1 with at most four places, in SHARE_WHOLE parts. */
bool policy_read_share(struct rule_reader *r, const struct file_place *p, uint32_t *ret_share);
/* A number not below 0. */
bool policy_read_money(struct rule_reader *r, const struct file_place *p, struct decimal *ret);
/* Lists of words as bits. */
bool policy_read_channels(struct rule_reader *r, const struct file_place *p, unsigned *ret_mask);
bool policy_read_classes(struct rule_reader *r, const struct file_place *p, unsigned *ret_mask);
bool policy_read_holidays(struct rule_reader *r, const struct file_place *p, struct holidays *ret);

/* A list or an object of 1 to MAX elements; READ is called for each. WHAT is for the message. */
struct policy_form {
	enum json_type type;
	size_t max;
	const char *what;
	rule_member_fn *read;
};
bool policy_each(struct rule_reader *r, const struct file_place *p, const struct policy_form *form,
	void *target);

/* `[]` or `{}`. */
bool policy_is_empty(struct rule_reader *r, const struct file_place *p, enum json_type type);

/* Text for people, read and forgotten. */
rule_member_fn policy_read_description;

/* Members that have files of their own. */
rule_member_fn policy_read_countries, policy_read_opening, policy_read_caps,
	policy_read_arbitration, policy_read_models, policy_read_percentiles, policy_read_tiers,
	policy_read_currency, policy_read_severities, policy_read_lapse;
