/* SPDX-License-Identifier: MIT */
/*
 * What stands in one `and` and can never be true together: a value above 5 and below 3, a word that
 * is two words. Only comparisons of one and the same value with constants are looked at.
 */
#include "rule_cond.h"

/* The numbers for which a comparison is true; or the one text. */
struct range {
	const struct cond_node *leaf;
	const struct value *text; /* equal to this one */
	struct decimal low, high;
	bool has_low, has_high;
	bool low_open, high_open; /* the bound itself is not in */
};

static bool same_leaf(const struct cond_node *a, const struct cond_node *b)
{
	if (a->op != b->op)
		return false;
	if (a->op == COND_FIELD)
		return a->field == b->field;
	if (a->op == COND_STATE)
		return a->fact == b->fact;
	if (a->op == COND_COUNT || a->op == COND_SUM || a->op == COND_LAST)
		return a->tally == b->tally;
	return a->op == COND_SNAPSHOT && span_equal(a->name, b->name);
}

/* a OP b is b FLIPPED a. */
static enum cond_op flipped(enum cond_op op)
{
	if (op == COND_LESS)
		return COND_GREATER;
	if (op == COND_LESS_EQUAL)
		return COND_GREATER_EQUAL;
	if (op == COND_GREATER)
		return COND_LESS;
	return op == COND_GREATER_EQUAL ? COND_LESS_EQUAL : op;
}

/* False if NODE, one of NODES, is no such comparison. */
static bool range_of(const struct cond_node *nodes, const uint16_t *children,
	const struct cond_node *node, struct range *ret)
{
	const struct cond_node *left, *right;
	enum cond_op op = node->op;

	if (op < COND_EQUAL || op > COND_GREATER_EQUAL || op == COND_NOT_EQUAL || node->count != 2)
		return false;
	left = &nodes[children[node->first]];
	right = &nodes[children[node->first + 1]];
	if (left->op == COND_VALUE) {
		const struct cond_node *swap = left;

		left = right;
		right = swap;
		op = flipped(op);
	}
	if (right->op != COND_VALUE || !same_leaf(left, left))
		return false;
	*ret = (struct range){.leaf = left};
	if (right->value.type == VALUE_STRING && op == COND_EQUAL) {
		ret->text = &right->value;
		return true;
	}
	if (right->value.type != VALUE_NUMBER)
		return false;
	ret->low = ret->high = right->value.number;
	ret->has_low = op != COND_LESS && op != COND_LESS_EQUAL;
	ret->has_high = op != COND_GREATER && op != COND_GREATER_EQUAL;
	ret->low_open = op == COND_GREATER;
	ret->high_open = op == COND_LESS;
	return true;
}

/* Does all of A lie above all of B? */
static bool above(const struct range *a, const struct range *b)
{
	int c;

	if (!a->has_low || !b->has_high)
		return false;
	c = decimal_compare(a->low, b->high);
	return c > 0 || (c == 0 && (a->low_open || b->high_open));
}

static bool exclude(const struct range *a, const struct range *b)
{
	if (!same_leaf(a->leaf, b->leaf))
		return false;
	if (a->text || b->text)
		/* A text is no number either. */
		return !a->text || !b->text || !span_equal(a->text->text, b->text->text);
	return above(a, b) || above(b, a);
}

bool cond_check_together(
	struct cond_reader *c, const struct cond_operands *all, const struct file_place *args)
{
	const struct cond_builder *b = c->b;

	for (size_t i = all->base; i < b->n_pending; i++) {
		struct range one, other;

		if (!range_of(b->nodes, b->children, &b->nodes[b->pending[i]], &one))
			continue;
		for (size_t k = all->base; k < i; k++) {
			if (!range_of(b->nodes, b->children, &b->nodes[b->pending[k]], &other) ||
				!exclude(&one, &other))
				continue;
			rule_problem_add(c->r, args,
				"arguments %zu and %zu are never true together, so this never is; "
				"did you mean \"or\"?",
				k - all->base + 1, i - all->base + 1);
			return false;
		}
	}
	return true;
}

/* What must hold for C to hold: the N-th operand of its `and`, or C itself. NULL: there are no
 * more. */
static const struct cond_node *conjunct(const struct cond *c, size_t n)
{
	const struct cond_node *root = &c->nodes[c->n_nodes - 1];

	if (root->op != COND_AND)
		return n == 0 ? root : NULL;
	return n < root->count ? &c->nodes[c->children[root->first + n]] : NULL;
}

bool rule_conds_exclude(const struct cond *a, const struct cond *b)
{
	const struct cond_node *x, *y;
	struct range one, other;

	if (!a || !b || a->logic || b->logic)
		return false;
	for (size_t i = 0; (x = conjunct(a, i)) != NULL; i++) {
		if (!range_of(a->nodes, a->children, x, &one))
			continue;
		for (size_t k = 0; (y = conjunct(b, k)) != NULL; k++)
			if (range_of(b->nodes, b->children, y, &other) && exclude(&one, &other))
				return true;
	}
	return false;
}
