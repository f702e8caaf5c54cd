/* SPDX-License-Identifier: MIT */
/*
 * What can never be true: a value above 5 and below 3, a word that is two words, something and not
 * that. A condition is taken apart into what must be true and what must not be; then all that is
 * said of one and the same thing is looked at together (rule_cond_witness.c). Of an `or` each
 * branch is tried beside the rest, but no two of them together.
 */
#include "rule_cond_never.h"

#include "rule_cond.h"

static bool is_order(enum cond_op op)
{
	return (op >= COND_EQUAL && op <= COND_GREATER_EQUAL) ||
	       (op >= COND_BEFORE && op <= COND_NOT_BEFORE);
}

/* All operands of NODE must be as NODE must be. */
static bool comes_apart(const struct cond_node *node, bool holds)
{
	if (node->op != COND_AND && node->op != COND_OR)
		return false;
	return node->count == 1 || (node->op == COND_AND) == holds;
}

void cond_parts_add(struct cond_parts *parts, struct cond_term term, bool holds)
{
	while (term.node->op == COND_NOT) {
		term = cond_term_child(&term, 0);
		holds = !holds;
	}
	if (!comes_apart(term.node, holds)) {
		if (parts->n < ARRAY_SIZE(parts->list))
			parts->list[parts->n++] = (struct cond_part){term, holds};
		return;
	}
	for (uint16_t i = 0; i < term.node->count; i++)
		cond_parts_add(parts, cond_term_child(&term, i), holds);
}

/* With all that is said of what PART speaks of. */
static bool part_never(const struct cond_parts *parts, const struct cond_part *part)
{
	const struct cond_term *term = &part->term;

	if (cond_value_never(parts, term))
		return true;
	if (is_order(term->node->op) && term->node->count == 2 && cond_pair_never(parts, term))
		return true;
	if (!is_order(term->node->op) && term->node->op != COND_IN &&
		term->node->op != COND_MISSING && term->node->op != COND_SCARCE)
		return false;
	for (uint16_t i = 0; i < term->node->count; i++) {
		struct cond_term operand = cond_term_child(term, i);

		if (operand.node->op == COND_VALUE || operand.node->op == COND_LIST)
			continue;
		if (cond_value_never(parts, &operand) || cond_instant_never(parts, &operand))
			return true;
	}
	return false;
}

/* Those from FIRST on, with all. */
static bool any_never(const struct cond_parts *parts, size_t first)
{
	for (size_t i = first; i < parts->n; i++)
		if (part_never(parts, &parts->list[i]))
			return true;
	return false;
}

/* None of the branches of PART can be beside the rest. */
static bool branches_never(struct cond_parts *parts, const struct cond_part *part)
{
	size_t n = parts->n;
	bool never = true;

	if (part->term.node->op != (part->holds ? COND_OR : COND_AND))
		return false;
	for (uint16_t i = 0; i < part->term.node->count && never; i++) {
		cond_parts_add(parts, cond_term_child(&part->term, i), part->holds);
		never = any_never(parts, n);
		parts->n = n;
	}
	return never;
}

bool cond_parts_never(struct cond_parts *parts)
{
	if (any_never(parts, 0))
		return true;
	for (size_t i = 0; i < parts->n; i++) {
		const struct cond_part part = parts->list[i];

		if (branches_never(parts, &part))
			return true;
	}
	return false;
}

/* ---- while it is read --------------------------------------------------------------------- */

static struct cond_term pending_term(const struct cond_reader *c, size_t i)
{
	const struct cond_builder *b = c->b;

	return (struct cond_term){
		b->nodes, b->children, &c->r->rules->fields, &b->nodes[b->pending[i]]};
}

/* Two operands of ALL that never are HOLDS together. */
static bool find_two(const struct cond_reader *c, const struct cond_operands *all, bool holds,
	size_t *ret_one, size_t *ret_other)
{
	struct cond_parts parts;

	for (size_t i = all->base; i < c->b->n_pending; i++)
		for (size_t k = all->base; k < i; k++) {
			parts.n = 0;
			cond_parts_add(&parts, pending_term(c, k), holds);
			cond_parts_add(&parts, pending_term(c, i), holds);
			if (!cond_parts_never(&parts))
				continue;
			*ret_one = k - all->base + 1;
			*ret_other = i - all->base + 1;
			return true;
		}
	return false;
}

bool cond_check_joined(struct cond_reader *c, enum cond_op op, const struct cond_operands *all,
	const struct file_place *args)
{
	struct cond_parts parts = {.n = 0};
	bool holds = op == COND_AND;
	size_t one, other;

	for (size_t i = all->base; i < c->b->n_pending; i++)
		cond_parts_add(&parts, pending_term(c, i), holds);
	if (op == COND_NOT || !cond_parts_never(&parts))
		return true;
	if (!find_two(c, all, holds, &one, &other))
		rule_problem_add(c->r, args, "%s",
			holds ? "these are never all true together, so this never is; leave out "
				"what contradicts the others, or write \"or\""
			      : "one of these is always true, so this is the same for every "
				"event; leave it out, or write \"and\"");
	else if (holds)
		rule_problem_add(c->r, args,
			"arguments %zu and %zu are never true together, so this never is; "
			"did you mean \"or\"?",
			one, other);
	else
		rule_problem_add(c->r, args,
			"one of arguments %zu and %zu is always true, so this is the same for "
			"every event; did you mean \"and\"?",
			one, other);
	return false;
}

/* ---- when it has been --------------------------------------------------------------------- */

static void add_cond(
	struct cond_parts *parts, const struct field_table *fields, const struct cond *c)
{
	const struct cond_term root = {c->nodes, c->children, fields, &c->nodes[c->n_nodes - 1]};

	cond_parts_add(parts, root, true);
}

bool rule_conds_exclude(
	const struct field_table *fields, const struct cond *a, const struct cond *b)
{
	struct cond_parts parts = {.n = 0};

	if (!a || !b || a->logic || b->logic)
		return false;
	add_cond(&parts, fields, a);
	add_cond(&parts, fields, b);
	return cond_parts_never(&parts);
}

bool rule_cond_implies(const struct field_table *fields, const struct cond *a, const struct cond *b)
{
	struct cond_parts wanted = {.n = 0}, parts;

	if (!a || !b || a->logic || b->logic)
		return false;
	add_cond(&wanted, fields, b);
	for (size_t i = 0; i < wanted.n; i++) {
		parts.n = 0;
		add_cond(&parts, fields, a);
		cond_parts_add(&parts, wanted.list[i].term, !wanted.list[i].holds);
		if (!cond_parts_never(&parts))
			return false;
	}
	return true;
}
