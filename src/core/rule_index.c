/* SPDX-License-Identifier: MIT */
/*
 * Which rules an event may concern. A pack has dozens of rules and an event concerns a few of them:
 * those are found by its name, and the rest is never asked. What is found is a set of bits, so that
 * rules are asked in their order however they were found.
 */
#include "core/rule.h"

static void add(struct rule_bits *bits, size_t rule)
{
	bits->words[rule / 64] |= UINT64_C(1) << rule % 64;
}

static void add_all(struct rule_bits *to, const struct rule_bits *from)
{
	for (size_t i = 0; i < ARRAY_SIZE(to->words); i++)
		to->words[i] |= from->words[i];
}

static int add_named(struct rules *r, struct span name, size_t rule)
{
	struct rule_bits *bits = map_get(&r->by_name, name);

	if (!bits) {
		bits = arena_calloc(&r->arena, 1, sizeof(*bits));
		if (!bits || map_put(&r->by_name, name, bits) < 0)
			return -ENOMEM;
	}
	add(bits, rule);
	return 0;
}

static int add_match(struct rules *r, const struct rule_match *m, size_t rule)
{
	switch (m->by) {
	case MATCH_KIND:
		add(&r->by_kind[m->kind], rule);
		if (m->also != EVENT_CUSTOM)
			add(&r->by_kind[m->also], rule);
		return 0;
	case MATCH_NAME:
		return add_named(r, m->name, rule);
	case MATCH_ENGAGED:
		for (unsigned kind = 0; kind < EVENT_KIND_COUNT; kind++)
			if (vocab_flags((enum event_kind)kind) & VOCAB_ENGAGED)
				add(&r->by_kind[kind], rule);
		return 0;
	case MATCH_ANY:
		for (unsigned kind = 0; kind < EVENT_KIND_COUNT; kind++)
			add(&r->by_kind[kind], rule);
		return 0;
	}
	return 0;
}

static int add_matches(struct rules *r, const struct rule_match *list, size_t n, size_t rule)
{
	int e = 0;

	for (size_t i = 0; i < n && e == 0; i++)
		e = add_match(r, &list[i], rule);
	return e;
}

int rules_index(struct rules *r)
{
	size_t cursor = 0;
	struct rule_bits *named;
	int e = 0;

	assert(!r->by_kind && r->n <= RULES_MAX);
	r->by_kind = arena_calloc(&r->arena, EVENT_KIND_COUNT, sizeof(*r->by_kind));
	if (!r->by_kind)
		return -ENOMEM;
	for (size_t i = 0; i < r->n && e == 0; i++) {
		const struct rule *rule = &r->list[i];

		if (rule->mode == RULE_OFF)
			continue;
		e = add_matches(r, rule->arm, rule->n_arm, i);
		if (e == 0)
			e = add_matches(r, rule->touch, rule->n_touch, i);
		if (e == 0)
			e = add_matches(r, rule->cancel, rule->n_cancel, i);
		if (e == 0)
			e = add_matches(r, rule->goal, rule->n_goal, i);
	}
	while ((named = map_next(&r->by_name, &cursor)))
		add_all(named, &r->by_kind[EVENT_CUSTOM]);
	return e;
}

struct rule_bits rules_concerned(const struct rules *r, const struct event *e)
{
	const struct rule_bits *named = NULL;
	struct rule_bits all = {{0}};

	if (r->by_kind) {
		if (e->kind == EVENT_CUSTOM)
			named = map_get(&r->by_name, e->name);
		return named ? *named : r->by_kind[e->kind];
	}
	for (size_t i = 0; i < r->n; i++)
		if (r->list[i].mode != RULE_OFF)
			add(&all, i);
	return all;
}

const struct rule *rules_next(const struct rules *r, struct rule_bits *bits)
{
	for (size_t i = 0; i < ARRAY_SIZE(bits->words); i++) {
		uint64_t word = bits->words[i];

		if (word == 0)
			continue;
		bits->words[i] = word & (word - 1);
		return &r->list[i * 64 + (size_t)__builtin_ctzll(word)];
	}
	return NULL;
}
