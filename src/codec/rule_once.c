/* SPDX-License-Identifier: MIT */
/* Rules that say one thing for different reasons: who shares it, and what it is said of. */
#include "rule_draft.h"

static void read_group(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct rule *rule = target;

	if (rule_read_id(r, p, RULE_ID_MAX, &rule->once))
		rule_refer(r, p, RULE_REF_ONCE, rule->id, rule->once);
}

/* Its values are short, and two of them are the same or not. */
static void read_per(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct rule *rule = target;
	struct span text;
	size_t fact;

	if (!rule_read_text(r, p, FIELD_PATH_MAX, &text))
		return;
	fact = span_starts(text, SPAN_LIT("s.")) ? fact_find(span_of(text.ptr + 2, text.len - 2))
						 : FACT_COUNT;
	if (fact == FACT_COUNT ||
		(fact_type(fact) != FACT_INSTANT && fact_type(fact) != FACT_NUMBER)) {
		rule_problem_add(r, p,
			"this must be a fact that is an instant or a number, such as "
			"\"s.order.promised_at\" (facts.md lists them all)");
		return;
	}
	rule->once_per = fact;
}

static void read_number(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)rule_read_id(r, p, RULE_ID_MAX, &((struct rule *)target)->once_number);
}

static const struct rule_member members[] = {
	{"group", read_group, true},
	{"per", read_per, false},
	{"number", read_number, false},
};
static const struct rule_members spec = {"once", members, ARRAY_SIZE(members)};

void rule_read_once(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct rule *rule = &((struct draft *)target)->rule;
	struct file_place found[RULE_MEMBERS_MAX];

	rule->once_per = FACT_COUNT;
	if (rule_members_find(r, p, &spec, found))
		rule_members_read(r, &spec, found, rule);
}

void rule_once_check(struct rule_reader *r, const struct file_place *p, const struct rule *rule)
{
	for (size_t i = 0; rule->once_number.len > 0 && i < rule->n_data; i++)
		if (span_equal(rule->data[i].name, rule->once_number))
			rule_problem_add(r, p,
				"`data` has a `%.*s` already; choose another name for the number",
				(int)rule->once_number.len, rule->once_number.ptr);
}
