/* SPDX-License-Identifier: MIT */
/* One that cannot be read any more is as if it were not there. */
#include "rule_sets.h"

#include "program/rule_set.h"
#include "store/keys.h"

struct one {
	uint64_t digest;
	struct rules *rules;
	struct event_decoder *decoder;
};

struct rule_sets {
	struct one *list;
	size_t n;
};

struct rule_sets *rule_sets_free(struct rule_sets *s)
{
	for (size_t i = 0; s && i < s->n; i++) {
		event_decoder_free(s->list[i].decoder);
		rules_free(s->list[i].rules);
	}
	if (s)
		free(s->list);
	free(s);
	return NULL;
}

/* 0 or -ENOMEM. */
static int add(struct rule_sets *s, const struct tool *t, struct span name, struct span text)
{
	_cleanup_free_ struct file_problems *problems = NULL;
	struct one *one = &s->list[s->n];
	int r;

	if (!rules_digest_parse(name, &one->digest))
		return 0;
	problems = malloc(sizeof(*problems));
	if (!problems)
		return -ENOMEM;
	r = rule_set_of_text(text, problems, &one->rules);
	if (r != 0)
		return r < 0 ? r : 0;
	s->n++;
	return event_decoder_new(&one->rules->fields, t->program.identity, &one->decoder);
}

int rule_sets_read(struct tool *t, struct redis *redis, struct rule_sets **ret_sets)
{
	_cleanup_(arena_release) struct arena a;
	struct rule_sets *s = calloc(1, sizeof(*s));
	const struct redis_value *v;
	int r = s ? 0 : -ENOMEM;

	arena_init(&a);
	v = s ? tool_ask(
			t, redis, (struct span[]){SPAN_LIT("HGETALL"), SPAN_LIT("wm:rules")}, 2, &a)
	      : NULL;
	if (s && !v) {
		rule_sets_free(s);
		return STATUS_FOUND;
	}
	if (s)
		s->list = calloc(v->n_items / 2 + 1, sizeof(*s->list));
	if (r == 0 && !s->list)
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && i + 1 < v->n_items; i += 2)
		r = add(s, t, v->items[i].text, v->items[i + 1].text);
	if (r < 0) {
		rule_sets_free(s);
		return tool_say(&t->program, STATUS_FOUND, "out of memory.");
	}
	*ret_sets = s;
	return 0;
}

bool rule_sets_find(void *sets, uint64_t digest, const struct rules **ret_rules,
	const struct event_decoder **ret_decoder)
{
	const struct rule_sets *s = sets;

	for (size_t i = 0; i < s->n; i++) {
		if (s->list[i].digest != digest)
			continue;
		*ret_rules = s->list[i].rules;
		*ret_decoder = s->list[i].decoder;
		return true;
	}
	return false;
}
