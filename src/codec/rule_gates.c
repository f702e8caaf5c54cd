/* SPDX-License-Identifier: MIT */
/*
 * What a rule says of the gates it goes through (core/gate.h). These readers are rows of the table
 * in rule_members.c; their target begins with the rule.
 */
#include "policy_reader.h"

/* Sends are remembered for so long. */
const struct rule_duration_limits rule_cap_within = {1, 365 * MS_DAY, false};

static const char *const habits[] = {
	[HABIT_DEFER] = "defer", [HABIT_DROP] = "drop", [HABIT_IGNORE] = "ignore", NULL};

static struct rule_gates *gates_of(void *target)
{
	return &((struct rule *)target)->gates;
}

void rule_read_gates(struct rule_reader *r, const struct file_place *p, void *target)
{
	static const char *const words[] = {"on", "off", NULL};
	size_t choice;

	if (rule_read_choice(r, p, words, &choice))
		gates_of(target)->on = choice == 0;
}

void rule_read_quiet(struct rule_reader *r, const struct file_place *p, void *target)
{
	size_t choice;

	if (rule_read_choice(r, p, habits, &choice))
		gates_of(target)->quiet = (enum gate_habit)choice;
}

void rule_read_on_cap(struct rule_reader *r, const struct file_place *p, void *target)
{
	size_t choice;

	if (rule_read_choice(r, p, habits, &choice))
		gates_of(target)->on_cap = (enum gate_habit)choice;
}

static void read_local(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)policy_read_hours(r, p, &gates_of(target)->send_at);
}

static const struct rule_member send_at_members[] = {{"local", read_local, true}};
static const struct rule_members send_at_spec = {"a time to send", send_at_members, 1};

void rule_read_send_at(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct file_place found[RULE_MEMBERS_MAX];

	if (rule_members_find(r, p, &send_at_spec, found))
		rule_members_read(r, &send_at_spec, found, target);
}

static void read_count(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)rule_read_count(r, p, 1, &gates_of(target)->cap_count);
}

static void read_within(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)rule_read_duration(r, p, &rule_cap_within, &gates_of(target)->cap_within_ms);
}

static void read_cap_topic(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)rule_read_bool(r, p, &gates_of(target)->cap_topic);
}

static const struct rule_member cap_members[] = {
	{"count", read_count, true},
	{"within", read_within, true},
	{"topic", read_cap_topic, false},
};
static const struct rule_members cap_spec = {"a cap", cap_members, ARRAY_SIZE(cap_members)};

void rule_read_cap(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct file_place found[RULE_MEMBERS_MAX];

	if (rule_members_find(r, p, &cap_spec, found))
		rule_members_read(r, &cap_spec, found, target);
	if (gates_of(target)->on_cap == HABIT_IGNORE)
		rule_problem_add(r, p,
			"a rule that ignores caps cannot have one of its own; leave one of "
			"\"on_cap\" and \"cap\" out");
}

void rule_read_holdout(struct rule_reader *r, const struct file_place *p, void *target)
{
	const struct rule *rule = target;

	if (rule->class != RULE_MARKETING)
		rule_problem_add(r, p,
			"only marketing is held out: what is owed to a customer is not withheld "
			"from them to measure something; leave this out");
	else
		(void)policy_read_share(r, p, &gates_of(target)->holdout);
}

void rule_read_topic(struct rule_reader *r, const struct file_place *p, void *target)
{
	const struct rule *rule = target;

	if (rule->class == RULE_TASK)
		rule_problem_add(r, p, "work for staff needs no consent; leave this out");
	else
		(void)rule_read_id(r, p, CONSENT_TOPIC_MAX, &gates_of(target)->topic);
}

static void read_one_mute(struct rule_reader *r, const struct file_place *p, void *target)
{
	const struct policy *policy = &r->rules->policy;
	struct rule_gates *g = gates_of(target);
	struct file_words known = {.used = 0};
	struct span name = SPAN_EMPTY;
	size_t n;

	if (!rule_read_text(r, p, POLICY_NAME_MAX, &name))
		return;
	n = policy_mute(policy, name);
	if (n == policy->n_mutes) {
		for (size_t i = 0; i < policy->n_mutes; i++)
			file_words_add(&known, "", policy->mutes[i].name);
		rule_problem_add(r, p, "the policy has no such mute; it has %s", known.text);
	} else if (g->mutes & 1U << n) {
		rule_problem_add(r, p, "this stands in the list before");
	} else {
		g->mutes |= 1U << n;
	}
}

void rule_read_mute(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct file_walk walk;
	struct file_place item;

	gates_of(target)->mutes = 0;
	if (p->value.type != JSON_TYPE_ARRAY) {
		rule_problem_add(r, p,
			"this is a list such as [\"order_late\", \"case_open\"], or [] for none");
		return;
	}
	file_walk_init(&walk, p);
	while (rule_walk_next(r, &walk, &item))
		read_one_mute(r, &item, target);
}

void rule_read_rank(struct rule_reader *r, const struct file_place *p, void *target)
{
	const struct policy *policy = &r->rules->policy;
	struct file_words known = {.used = 0};
	struct span name;
	uint8_t place;

	if (!rule_read_id(r, p, POLICY_NAME_MAX, &name))
		return;
	place = policy_rank(policy, name);
	if (place == RANK_NONE && !span_is(name, "none")) {
		for (size_t i = 0; i < policy->n_ranks; i++)
			file_words_add(&known, "", policy->ranks[i].name);
		rule_problem_add(r, p,
			"the policy's order has no such name; it has %s; \"none\" takes no part",
			known.text);
		return;
	}
	gates_of(target)->rank = place;
	gates_of(target)->has_rank = true;
}

/* A number, or an operator that gives one; WORD is what else the place may hold, for the message.
 */
static void read_measure(struct rule_reader *r, const struct file_place *p, struct decimal *number,
	const struct cond **cond, bool *has, const char *word)
{
	struct decimal d;

	*has = true;
	if (p->value.type == JSON_TYPE_OBJECT) {
		*cond = rule_read_number(r, p, RULE_COND_FIRE);
		return;
	}
	if (p->value.type == JSON_TYPE_NUMBER && decimal_parse(p->value.raw, &d) == 0 &&
		decimal_compare(d, decimal_from_int(0)) >= 0 &&
		decimal_compare(d, decimal_from_int(1)) <= 0) {
		*number = d;
		return;
	}
	rule_problem_add(r, p,
		"this must be a number from 0 to 1, such as 0.5, %sor a condition that gives one",
		word);
}

static void read_likelihood(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct rule_gates *g = gates_of(target);

	if (p->value.type == JSON_TYPE_STRING && json_is(&p->value, SPAN_LIT("quantile"))) {
		g->likelihood_quantile = true; /* and 1 where there is none */
		return;
	}
	read_measure(r, p, &((struct rule *)target)->likelihood, &g->likelihood, &g->has_likelihood,
		"\"quantile\", ");
}

static void read_impact(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct rule_gates *g = gates_of(target);

	read_measure(r, p, &((struct rule *)target)->impact, &g->impact, &g->has_impact, "");
}

static const struct rule_member priority_members[] = {
	{"likelihood", read_likelihood, false},
	{"impact", read_impact, false},
};
static const struct rule_members priority_spec = {
	"a priority", priority_members, ARRAY_SIZE(priority_members)};

void rule_read_priority(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct file_place found[RULE_MEMBERS_MAX];

	if (rule_members_find(r, p, &priority_spec, found))
		rule_members_read(r, &priority_spec, found, target);
}

void rule_gates_init(struct rule_gates *g)
{
	*g = (struct rule_gates){.on = true, .holdout = HOLDOUT_POLICY, .mutes = UINT32_MAX};
}

void rule_gates_default(const struct policy *policy, struct rule *rule)
{
	struct rule_gates *g = &rule->gates;

	if (rule->class != RULE_MARKETING && g->mutes == UINT32_MAX)
		g->mutes = 0;
	if (!g->has_rank && rule->class != RULE_TASK) {
		g->rank = policy_rank_of_rule(policy, rule->id);
		if (g->rank == RANK_NONE && rule->class == RULE_MARKETING)
			g->rank = RANK_LAST;
	} else if (!g->has_rank) {
		g->rank = RANK_NONE;
	}
}
