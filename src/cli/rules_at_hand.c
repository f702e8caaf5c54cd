/* SPDX-License-Identifier: MIT */
#include "rules_at_hand.h"

/* The set that the workers brought last; empty: there is none, or it cannot be asked for. */
static struct span active_rules(struct tool *t, struct redis *redis, struct arena *a)
{
	struct span args[] = {SPAN_LIT("HGET"), SPAN_LIT("wm:rules"), SPAN_LIT("active")};
	const struct redis_value *name = tool_ask(t, redis, args, ARRAY_SIZE(args), a);
	const struct redis_value *text = NULL;

	if (name && name->type == REDIS_STRING) {
		args[2] = name->text;
		text = tool_ask(t, redis, args, ARRAY_SIZE(args), a);
	}
	return text && text->type == REDIS_STRING ? text->text : SPAN_EMPTY;
}

struct question {
	struct tool *tool;
	struct redis *redis;
	const char *path, *store_zone;
};

static int bring(struct question *q, struct file_problems *problems, struct rules **ret_rules)
{
	_cleanup_(arena_release) struct arena arena;
	struct span text;
	int r = -ENOENT;

	arena_init(&arena);
	text = q->path[0] ? SPAN_EMPTY : active_rules(q->tool, q->redis, &arena);
	if (text.len)
		r = rule_set_of_text(text, problems, ret_rules);
	if (r == 0)
		return 0;
	q->path = q->path[0] ? q->path : tool_rules(q->tool);
	return q->path ? rule_set_load(q->path, q->store_zone, problems, ret_rules) : 0;
}

/* 0 with a set, or with NULL where there is none; -ENOMEM, or RULES_BAD: those of Q's path. */
static int some_rules(struct question *q, struct rules **ret_rules)
{
	struct file_problems *problems = malloc(sizeof(*problems));
	int r;

	*ret_rules = NULL;
	r = problems ? bring(q, problems, ret_rules) : -ENOMEM;
	free(problems);
	return r;
}

int rules_at_hand(struct tool *t, struct redis *redis, const char *path, const char *store_zone,
	struct rules **ret_rules)
{
	struct question q = {t, redis, path, store_zone};

	if (some_rules(&q, ret_rules) == 0)
		return 0;
	return tool_say(&t->program, STATUS_FOUND,
		"the rules in %s cannot be used; `waymark rules check` says why.", q.path);
}

struct lapse lapse_at_hand(struct tool *t, struct redis *redis)
{
	_cleanup_(rules_freep) struct rules *rules = NULL;
	struct question q = {t, redis, "", ""};

	if (some_rules(&q, &rules) != 0 || !rules)
		return lapse_default;
	return rules->policy.lapse;
}
