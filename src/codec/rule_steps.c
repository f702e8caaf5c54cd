/* SPDX-License-Identifier: MIT */
/* The jobs of an episode, one after the other, and the ways that they may go. */
#include "rule_draft.h"

#include "base/instant.h"

static const struct rule_duration_limits any_length = {0, DURATION_MAX_MS, false};

struct channels {
	struct span list[RULE_CHANNELS_MAX];
	size_t n;
};

static void add_channel(struct rule_reader *r, const struct file_place *p, struct channels *c)
{
	static const char *const words[] = {
		"email", "sms", "inapp", "push", "call", "mail", "webhook", "task", NULL};
	struct span channel;
	size_t choice;

	if (!rule_read_choice(r, p, words, &choice))
		return;
	channel = span_str(words[choice]);
	for (size_t i = 0; i < c->n; i++)
		if (span_equal(c->list[i], channel)) {
			rule_problem_add(r, p, "this channel stands in the list before");
			return;
		}
	/* There are not more words than room. */
	static_assert(ARRAY_SIZE(words) - 1 <= RULE_CHANNELS_MAX, "channels");
	c->list[c->n++] = channel;
}

static void read_channels(struct rule_reader *r, const struct file_place *p, struct channels *c)
{
	struct file_walk walk;
	struct file_place item;

	file_walk_init(&walk, p);
	while (p->value.type == JSON_TYPE_ARRAY && rule_walk_next(r, &walk, &item))
		add_channel(r, &item, c);
	if (p->value.type != JSON_TYPE_ARRAY || walk.index == 0)
		rule_problem_add(r, p, "channels are a list of at least one, such as [\"email\"]");
}

void rule_read_channels(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct rule *rule = &((struct draft *)target)->rule;
	struct channels channels = {.n = 0};

	read_channels(r, p, &channels);
	memcpy(rule->channels, channels.list, sizeof(channels.list));
	rule->n_channels = channels.n;
}

/* ---- steps ------------------------------------------------------------------------------ */

static void read_id(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)rule_read_id(r, p, RULE_ID_MAX, &((struct rule_step *)target)->id);
}

static void read_after(struct rule_reader *r, const struct file_place *p, void *target)
{
	(void)rule_read_duration(r, p, &any_length, &((struct rule_step *)target)->after_ms);
}

static void read_wait(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct rule_wait wait = {.kind = WAIT_SPAN};

	rule_read_step_wait(r, p, &wait);
	((struct rule_step *)target)->wait = rule_copy_array(r, &wait, 1, sizeof(wait));
}

static void read_if(struct rule_reader *r, const struct file_place *p, void *target)
{
	((struct rule_step *)target)->only_if = rule_read_cond(r, p, RULE_COND_FIRE);
}

static void read_own_channels(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct rule_step *step = target;
	struct channels channels = {.n = 0};

	read_channels(r, p, &channels);
	step->channels = rule_copy_array(r, channels.list, channels.n, sizeof(channels.list[0]));
	step->n_channels = channels.n;
}

static void read_class(struct rule_reader *r, const struct file_place *p, void *target)
{
	static const char *const words[] = {"task", NULL};
	size_t choice;

	if (rule_read_choice(r, p, words, &choice))
		((struct rule_step *)target)->task = true;
}

enum { STEP_ID, STEP_AFTER, STEP_WAIT };

static const struct rule_member step_members[] = {
	[STEP_ID] = {"id", read_id, true},
	[STEP_AFTER] = {"after", read_after, false},
	[STEP_WAIT] = {"wait", read_wait, false},
	{"if", read_if, false},
	{"channels", read_own_channels, false},
	{"class", read_class, false},
};
static const struct rule_members step_spec = {"a step", step_members, ARRAY_SIZE(step_members)};

static void check_step(struct rule_reader *r, const struct file_place *p,
	const struct file_place *found, const struct rule *rule, const struct rule_step *step)
{
	bool after = found[STEP_AFTER].value.type != JSON_TYPE_ABSENT;
	bool wait = found[STEP_WAIT].value.type != JSON_TYPE_ABSENT;

	if (after == wait)
		rule_problem_add(r, p,
			after ? "a step has `after` or `wait`, not both"
			      : "a step waits for a length of time, `after`, or for a `wait`; add "
				"one");
	if (rule->n_steps > 0 && after && step->after_ms == 0)
		rule_problem_add(r, &found[STEP_AFTER],
			"a step right after the one before would be a second message at once; wait "
			"longer or leave it out");
	for (size_t i = 0; i < rule->n_steps; i++)
		if (step->id.len > 0 && span_equal(rule->steps[i].id, step->id))
			rule_problem_add(
				r, &found[STEP_ID], "another step of the rule has this id");
}

static void add_step(struct rule_reader *r, const struct file_place *p, struct rule *rule)
{
	struct file_place found[RULE_MEMBERS_MAX];
	struct rule_step step = {.after_ms = 0};

	if (!rule_members_find(r, p, &step_spec, found))
		return;
	rule_members_read(r, &step_spec, found, &step);
	if (rule->n_steps == RULE_STEPS_MAX) {
		rule_problem_add(r, p, "a rule may have at most %d steps", RULE_STEPS_MAX);
		return;
	}
	check_step(r, p, found, rule, &step);
	rule->steps[rule->n_steps++] = step;
}

void rule_read_steps(struct rule_reader *r, const struct file_place *p, void *target)
{
	struct rule *rule = &((struct draft *)target)->rule;
	struct file_walk walk;
	struct file_place item;

	file_walk_init(&walk, p);
	while (p->value.type == JSON_TYPE_ARRAY && rule_walk_next(r, &walk, &item))
		add_step(r, &item, rule);
	if (p->value.type != JSON_TYPE_ARRAY || walk.index == 0)
		rule_problem_add(r, p,
			"steps are a list such as [{\"id\": \"main\", \"after\": \"0s\"}], the "
			"default "
			"when left out");
}
