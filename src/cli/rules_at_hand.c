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

int rules_at_hand(struct tool *t, struct redis *redis, const char *path, const char *store_zone,
	struct rules **ret_rules)
{
	_cleanup_free_ struct rule_problems *problems = malloc(sizeof(*problems));
	_cleanup_(arena_release) struct arena arena;
	struct span text;
	int r = -ENOENT;

	arena_init(&arena);
	*ret_rules = NULL;
	text = path[0] ? SPAN_EMPTY : active_rules(t, redis, &arena);
	if (problems && text.len)
		r = rule_set_of_text(text, problems, ret_rules);
	if (r == 0)
		return 0;
	path = path[0] ? path : tool_rules(t);
	if (!path)
		return 0;
	if (problems)
		r = rule_set_load(path, store_zone, problems, ret_rules);
	if (r == 0)
		return 0;
	return tool_say(&t->program, STATUS_FOUND,
		"the rules in %s cannot be used; `waymark rules check` says why.", path);
}
