/* SPDX-License-Identifier: MIT */
/*
 * Conditions of the profile `compat` that nothing makes true: something and not that, a number
 * above 5 and below 3, one word that is two. JavaScript converts what it compares, but what is
 * compared with a number is one number whatever it was before (ECMA-262, 7.2.13 and 7.2.15), so
 * that two bounds can be looked at together. An error makes a condition false and so helps nobody.
 */
#include <math.h>

#include "rule_logic.h"

/* What must be true, or must not. */
struct part {
	const struct logic_node *node;
	enum logic_op op; /* the node's, but that `!=` is `==` that must not be */
	uint16_t at;	  /* of a comparison of three the left one of two */
	bool holds;
};

struct parts {
	const struct logic *program;
	struct part list[COND_NODES_MAX];
	size_t n;
};

/* The numbers with which a comparison is true. */
struct range {
	const struct logic_node *leaf;
	double low, high;
	bool low_open, high_open; /* the bound itself is not in */
};

static const struct logic_node *operand(
	const struct logic *p, const struct logic_node *node, uint16_t i)
{
	return &p->nodes[p->children[node->first + i]];
}

/* ---- what is the same ---------------------------------------------------------------------- */

static bool same_value(const struct logic_value *a, const struct logic_value *b)
{
	if (a->type != b->type)
		return false;
	if (a->type == LOGIC_NUMBER)
		return a->number >= b->number && a->number <= b->number;
	if (a->type == LOGIC_STRING)
		return span_equal(a->text, b->text);
	if (a->type != LOGIC_ARRAY)
		return a->type != LOGIC_OBJECT;
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!same_value(&a->items[i], &b->items[i]))
			return false;
	return true;
}

static bool same(const struct logic *p, const struct logic_node *a, const struct logic_node *b)
{
	if (a->op != b->op || a->count != b->count || a->listed != b->listed)
		return false;
	if (a->op == LOGIC_OP_VALUE)
		return same_value(&a->value, &b->value);
	for (uint16_t i = 0; i < a->count; i++)
		if (!same(p, operand(p, a, i), operand(p, b, i)))
			return false;
	return true;
}

static bool same_operands(const struct logic *p, const struct part *a, const struct part *b)
{
	if (a->op != b->op || a->node->count != b->node->count)
		return false;
	for (uint16_t i = 0; i < a->node->count; i++)
		if (!same(p, operand(p, a->node, i), operand(p, b->node, i)))
			return false;
	return a->op != LOGIC_OP_VALUE || same_value(&a->node->value, &b->node->value);
}

/* ---- what is said of a number -------------------------------------------------------------- */

/* `a OP b` is `b FLIPPED a`; and what is a number and not OP is OPPOSITE. */
static const struct inequality {
	enum logic_op op, flipped, opposite;
} inequalities[] = {
	{LOGIC_OP_LESS, LOGIC_OP_GREATER, LOGIC_OP_GREATER_EQUAL},
	{LOGIC_OP_LESS_EQUAL, LOGIC_OP_GREATER_EQUAL, LOGIC_OP_GREATER},
	{LOGIC_OP_GREATER, LOGIC_OP_LESS, LOGIC_OP_LESS_EQUAL},
	{LOGIC_OP_GREATER_EQUAL, LOGIC_OP_LESS_EQUAL, LOGIC_OP_LESS},
};

/* NULL: OP asks for no order. */
static const struct inequality *inequality_of(enum logic_op op)
{
	for (size_t i = 0; i < ARRAY_SIZE(inequalities); i++)
		if (inequalities[i].op == op)
			return &inequalities[i];
	return NULL;
}

/* The constant that PART compares with, and what; NULL: it compares with none. */
static const struct logic_value *constant(const struct logic *p, const struct part *part,
	const struct logic_node **ret_leaf, bool *ret_turned)
{
	const struct logic_node *left, *right;

	*ret_leaf = NULL;
	*ret_turned = false;
	if (part->op < LOGIC_OP_EQUAL || part->op > LOGIC_OP_GREATER_EQUAL ||
		part->node->count < 2 || (part->node->count > 2 && !inequality_of(part->op)))
		return NULL;
	left = operand(p, part->node, part->at);
	right = operand(p, part->node, part->at + 1);
	*ret_turned = left->op == LOGIC_OP_VALUE;
	*ret_leaf = *ret_turned ? right : left;
	if ((*ret_leaf)->op == LOGIC_OP_VALUE)
		return NULL;
	if (*ret_turned)
		return &left->value;
	return right->op == LOGIC_OP_VALUE ? &right->value : NULL;
}

/* False: PART compares nothing with a number. */
static bool range_of(const struct logic *p, const struct part *part, struct range *ret)
{
	const struct logic_node *leaf;
	bool turned;
	const struct logic_value *v = constant(p, part, &leaf, &turned);
	const struct inequality *unequal = inequality_of(part->op);
	enum logic_op op = part->op;

	/* That not all of a < b < c is so says nothing of a and b. */
	if (!v || v->type != LOGIC_NUMBER || (!part->holds && (!unequal || part->node->count > 2)))
		return false;
	if (!part->holds) {
		op = unequal->opposite;
		unequal = inequality_of(op);
	}
	if (turned && unequal)
		op = unequal->flipped;
	*ret = (struct range){leaf, v->number, v->number, false, false};
	if (op == LOGIC_OP_LESS || op == LOGIC_OP_LESS_EQUAL)
		ret->low = -(double)INFINITY;
	if (op == LOGIC_OP_GREATER || op == LOGIC_OP_GREATER_EQUAL)
		ret->high = (double)INFINITY;
	ret->low_open = op == LOGIC_OP_GREATER;
	ret->high_open = op == LOGIC_OP_LESS;
	return true;
}

/* Does all of A lie above all of B? */
static bool above(const struct range *a, const struct range *b)
{
	if (a->low > b->high)
		return true;
	return a->low >= b->high && (a->low_open || b->high_open);
}

/* ---- two that contradict each other -------------------------------------------------------- */

/* Is what is A not B, whatever it is? A number can be two texts: "1" and "1.0". */
static bool differ(const struct logic_value *a, const struct logic_value *b, bool strictly)
{
	double x, y;

	if (a->type > LOGIC_STRING || b->type > LOGIC_STRING || same_value(a, b))
		return false;
	if (strictly)
		return true;
	return a->type == LOGIC_STRING && b->type == LOGIC_STRING &&
	       !(logic_number(a, &x) && logic_number(b, &y) && x >= y && x <= y);
}

static bool contradict(const struct logic *p, const struct part *a, const struct part *b)
{
	const struct logic_node *one, *other;
	const struct logic_value *x, *y;
	struct range r, s;
	bool turned;

	if (a->holds != b->holds && same_operands(p, a, b))
		return true;
	/* Where both must not be, what is no number is neither. */
	if (!a->holds && !b->holds)
		return false;
	if (range_of(p, a, &r) && range_of(p, b, &s) && same(p, r.leaf, s.leaf) &&
		(above(&r, &s) || above(&s, &r)))
		return true;
	if (!a->holds || !b->holds || a->op != b->op ||
		(a->op != LOGIC_OP_EQUAL && a->op != LOGIC_OP_SAME))
		return false;
	x = constant(p, a, &one, &turned);
	y = constant(p, b, &other, &turned);
	return x && y && same(p, one, other) && differ(x, y, a->op == LOGIC_OP_SAME);
}

/* ---- taking apart -------------------------------------------------------------------------- */

static void put(struct parts *all, const struct logic_node *node, uint16_t at, bool holds)
{
	struct part part = {node, node->op, at, holds};

	if (node->count == 2 && (node->op == LOGIC_OP_NOT_EQUAL || node->op == LOGIC_OP_NOT_SAME)) {
		part.op = node->op == LOGIC_OP_NOT_EQUAL ? LOGIC_OP_EQUAL : LOGIC_OP_SAME;
		part.holds = !holds;
	}
	if (all->n < ARRAY_SIZE(all->list))
		all->list[all->n++] = part;
}

static void add(struct parts *all, const struct logic_node *node, bool holds)
{
	bool joins = node->op == LOGIC_OP_AND || node->op == LOGIC_OP_OR;

	while ((node->op == LOGIC_OP_NOT || node->op == LOGIC_OP_TRUTH) && node->count == 1) {
		holds = holds != (node->op == LOGIC_OP_NOT);
		node = operand(all->program, node, 0);
		joins = node->op == LOGIC_OP_AND || node->op == LOGIC_OP_OR;
	}
	if (joins && (node->count == 1 || (node->op == LOGIC_OP_AND) == holds)) {
		for (uint16_t i = 0; i < node->count; i++)
			add(all, operand(all->program, node, i), holds);
		return;
	}
	put(all, node, 0, holds);
	if (holds && node->count == 3 && inequality_of(node->op))
		put(all, node, 1, holds);
}

bool logic_never(const struct logic *program)
{
	struct parts all = {.program = program};

	add(&all, &program->nodes[program->n_nodes - 1], true);
	for (size_t i = 0; i < all.n; i++) {
		const struct part *part = &all.list[i];

		if (part->op == LOGIC_OP_VALUE && logic_truth(&part->node->value) != part->holds)
			return true;
		for (size_t k = 0; k < i; k++)
			if (contradict(program, part, &all.list[k]))
				return true;
	}
	return false;
}
