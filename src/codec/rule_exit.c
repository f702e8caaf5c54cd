/* SPDX-License-Identifier: MIT */
/* How often a rule may begin, what ends it besides its cancels, and which rules it ends itself. */
#include "rule_draft.h"

#include "base/instant.h"

static const struct rule_duration_limits any_length = {0, DURATION_MAX_MS, false};

void rule_read_goal(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct draft *d = target;

	rule_read_matches(r, p, &d->rule, &d->goal);
	if (!d->has_exit)
		d->rule.exit_policy = EXIT_GOAL;
}

void rule_read_exit_policy(struct rule_reader *r, const struct file_place *p, void *target)
{
	static const char *const words[] = {[EXIT_CANCEL_ONLY] = "cancel_only",
		[EXIT_NOT_MATCHING] = "not_matching",
		[EXIT_GOAL] = "goal",
		NULL};
	struct draft *d = target;
	size_t choice;

	if (!rule_read_choice(r, p, words, &choice))
		return;
	d->has_exit = true;
	d->rule.exit_policy = (enum rule_exit)choice;
}

/* A list of texts in a rule. */
struct names {
	struct span *list;
	size_t *n, max;
};

/* One text of a list: copied, and in the list only once. */
static bool add_name(struct rule_reader *r, const struct file_place *p, const struct names *names,
	struct span name)
{
	for (size_t i = 0; i < *names->n; i++)
		if (span_equal(names->list[i], name)) {
			rule_problem_add(r, p, "this stands in the list before");
			return false;
		}
	if (*names->n == names->max) {
		rule_problem_add(r, p, "at most %zu can be named", names->max);
		return false;
	}
	names->list[(*names->n)++] = name;
	return true;
}

void rule_read_supersedes(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct rule *rule = &((struct draft *)target)->rule;
	const struct names names = {rule->supersedes, &rule->n_supersedes, RULE_SUPERSEDES_MAX};
	struct file_walk walk;
	struct file_place item;
	struct span id;

	file_walk_init(&walk, p);
	while (p->value.type == JSON_TYPE_ARRAY && rule_walk_next(r, &walk, &item))
		if (rule_read_id(r, &item, RULE_ID_MAX, &id) && add_name(r, &item, &names, id))
			rule_refer(r, &item, RULE_REF_SUPERSEDES, rule->id, id);
	if (p->value.type != JSON_TYPE_ARRAY || walk.index == 0)
		rule_problem_add(r, p, "name the rules in a list, such as [\"browse_abandoned\"]");
}

/* `P1`, `C12`: a letter or two and a number, as the requirements are numbered. */
static bool requirement_ok(struct span s)
{
	size_t letters = 0, digits = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] >= 'A' && s.ptr[i] <= 'Z' && digits == 0)
			letters++;
		else if (s.ptr[i] >= '0' && s.ptr[i] <= '9')
			digits++;
		else
			return false;
	}
	return letters >= 1 && letters <= 2 && digits >= 1 && digits <= 3;
}

void rule_read_requires(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct rule *rule = &((struct draft *)target)->rule;
	const struct names names = {
		rule->requirements, &rule->n_requirements, RULE_REQUIREMENTS_MAX};
	struct file_walk walk;
	struct file_place item;
	struct span name;

	file_walk_init(&walk, p);
	while (p->value.type == JSON_TYPE_ARRAY && rule_walk_next(r, &walk, &item)) {
		if (!rule_read_text(r, &item, 8, &name))
			continue;
		if (!requirement_ok(name))
			rule_problem_add(r, &item,
				"a requirement is written as its letter and number, such as "
				"\"P1\"");
		else
			(void)add_name(r, &item, &names, name);
	}
	if (p->value.type != JSON_TYPE_ARRAY || walk.index == 0)
		rule_problem_add(r, p, "name the requirements in a list, such as [\"P1\"]");
}

/* ---- episodes --------------------------------------------------------------------------- */

static void read_max_per_key(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)rule_read_count(r, p, 0, &((struct rule *)target)->max_per_key);
}

static void read_cooldown(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)rule_read_duration(r, p, &any_length, &((struct rule *)target)->cooldown_ms);
}

static void read_scope(struct rule_reader *r, const struct file_place *p, void *target)
{
	static const char *const words[] = {"key", "customer", NULL};
	size_t choice;

	if (rule_read_choice(r, p, words, &choice))
		((struct rule *)target)->cooldown_customer = choice == 1;
}

static void read_replace(struct rule_reader *r, const struct file_place *p, void *target)
{
	static const char greatest[] = "greatest:e.";
	struct rule *rule = target;
	struct span text;

	if (!rule_read_text(r, p, FIELD_PATH_MAX + sizeof(greatest), &text))
		return;
	if (!rule->cooldown_customer && rule->n_key_fields < 2) {
		rule_problem_add(r, p,
			"only what is counted for the whole customer can replace one another; add "
			"\"scope\": \"customer\", or give the rule a key of several properties");
		return;
	}
	if (span_is(text, "latest")) {
		rule->replace = REPLACE_LATEST;
		return;
	}
	if (!span_starts(text, span_str(greatest))) {
		rule_problem_add(r, p,
			"this must be \"latest\", or \"greatest:\" and a value of the event, such "
			"as \"greatest:e.total\"");
		return;
	}
	text = span_of(text.ptr + sizeof(greatest) - 1, text.len - sizeof(greatest) + 1);
	if (rule_field_of(r, p, text, &rule->replace_field))
		rule->replace = REPLACE_GREATEST;
}

static const struct rule_member episode_members[] = {
	{"max_per_key", read_max_per_key, false},
	{"cooldown", read_cooldown, false},
	{"scope", read_scope, false},
	{"replace", read_replace, false},
};
static const struct rule_members episode_spec = {
	"an episode", episode_members, ARRAY_SIZE(episode_members)};

void rule_read_episode(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct file_place found[RULE_MEMBERS_MAX];

	if (rule_members_find(r, p, &episode_spec, found))
		rule_members_read(r, &episode_spec, found, &((struct draft *)target)->rule);
}
