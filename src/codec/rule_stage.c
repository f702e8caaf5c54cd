/* SPDX-License-Identifier: MIT */
/* A rule that follows the customer's stage: to which, and from which. */
#include "core/journey.h"

#include "rule_draft.h"

/* A stage, or a list of them, as bits. */
static void read_stages(struct rule_reader *r, const struct file_place *p, uint32_t *ret_stages)
{
	const char *words[STAGE_COUNT + 1] = {NULL};
	struct file_walk walk;
	struct file_place one;
	size_t choice;

	for (unsigned i = 0; i < STAGE_COUNT; i++)
		words[i] = stage_name((enum stage)i).ptr;
	if (p->value.type != JSON_TYPE_ARRAY) {
		if (rule_read_choice(r, p, words, &choice))
			*ret_stages = UINT32_C(1) << choice;
		return;
	}
	file_walk_init(&walk, p);
	while (rule_walk_next(r, &walk, &one)) {
		if (!rule_read_choice(r, &one, words, &choice))
			continue;
		if (*ret_stages >> choice & 1)
			rule_problem_add(r, &one, "this stands in the list before");
		*ret_stages |= UINT32_C(1) << choice;
	}
	if (*ret_stages == 0)
		rule_problem_add(r, p, "name a stage, such as \"at_risk\"");
}

static void read_to(struct rule_reader *r, const struct file_place *p, void *target)
{
	read_stages(r, p, &((struct rule *)target)->stages_to);
}

static void read_from(struct rule_reader *r, const struct file_place *p, void *target)
{
	read_stages(r, p, &((struct rule *)target)->stages_from);
}

static const struct rule_member members[] = {
	{"to", read_to, true},
	{"from", read_from, false},
};
static const struct rule_members spec = {"a change of stage", members, ARRAY_SIZE(members)};

void rule_read_stage_changed(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct file_place found[RULE_MEMBERS_MAX];

	if (rule_members_find(r, p, &spec, found))
		rule_members_read(r, &spec, found, &((struct draft *)target)->rule);
}
