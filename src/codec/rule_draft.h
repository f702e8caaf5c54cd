/* SPDX-License-Identifier: MIT */
/* A rule while it is read, for the files that read its members. */
#pragma once

#include "rule_reader.h"

/* The rule stands first, for readers that know nothing of drafts. */
struct draft {
	struct rule rule;
	struct rule_match_list arm, touch, cancel, goal;
	struct file_place found[RULE_MEMBERS_MAX];
	bool has_exit;
};

/* Members of a rule, each for its row of the table; the target is the draft. */

/* rule_steps.c */
rule_member_fn rule_read_steps, rule_read_channels;
/* rule_exit.c */
rule_member_fn rule_read_goal, rule_read_exit_policy, rule_read_supersedes, rule_read_episode,
	rule_read_requires;
/* rule_key.c */
rule_member_fn rule_read_key;
rule_member_fn rule_read_key_else;
/* rule_data.c */
rule_member_fn rule_read_data;
/* Is what `data` takes from SOURCE there from arming on, so that `ctx.` can ask it? */
bool rule_data_kept(const struct json_value *source);
/* Does a job of RULE say how many events there were? */
bool rule_data_counts(const struct rule *rule);
/* What the data of a rule may be that no event arms; P: where it stands. */
void rule_check_eventless_data(
	struct rule_reader *r, const struct file_place *p, const struct rule *rule);
/* rule_once.c */
rule_member_fn rule_read_once;
/* What the job carries by itself must not stand in the data. */
void rule_once_check(struct rule_reader *r, const struct file_place *p, const struct rule *rule);
/* rule_calendar.c */
rule_member_fn rule_read_calendar;
/* rule_stage.c */
rule_member_fn rule_read_stage_changed;

/* Where the member NAME of a rule stands in `found`. */
size_t rule_member_index(const char *name);

/* rule_check.c: what must hold between the members of one rule. */
void rule_check(struct rule_reader *r, const struct file_place *p, struct draft *d);
