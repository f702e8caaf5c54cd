/* SPDX-License-Identifier: MIT */
/* When two parts of conditions are one: what is equal of them, and what only looks different. */
#include "rule_cond_never.h"

struct cond_term cond_term_child(const struct cond_term *t, uint16_t n)
{
	struct cond_term child = *t;

	child.node = &t->nodes[t->children[t->node->first + n]];
	return child;
}

enum cond_op cond_op_flipped(enum cond_op op)
{
	static const enum cond_op flipped[] = {
		[COND_LESS] = COND_GREATER,
		[COND_LESS_EQUAL] = COND_GREATER_EQUAL,
		[COND_GREATER] = COND_LESS,
		[COND_GREATER_EQUAL] = COND_LESS_EQUAL,
		[COND_BEFORE] = COND_AFTER,
		[COND_NOT_AFTER] = COND_NOT_BEFORE,
		[COND_AFTER] = COND_BEFORE,
		[COND_NOT_BEFORE] = COND_NOT_AFTER,
	};

	return (size_t)op < ARRAY_SIZE(flipped) && flipped[op] ? flipped[op] : op;
}

bool cond_op_ordered(enum cond_op op, int order)
{
	if (order == -2)
		return false;
	if (op == COND_LESS || op == COND_BEFORE)
		return order < 0;
	if (op == COND_LESS_EQUAL || op == COND_NOT_AFTER)
		return order <= 0;
	return op == COND_GREATER || op == COND_AFTER ? order > 0 : order >= 0;
}

static bool same_constant(const struct value *a, const struct value *b)
{
	if (a->type != b->type)
		return false;
	if (a->type == VALUE_NUMBER)
		return decimal_compare(a->number, b->number) == 0;
	if (a->type == VALUE_INSTANT)
		return a->at == b->at;
	return a->type != VALUE_STRING || span_equal(a->text, b->text);
}

static bool is_tally(enum cond_op op)
{
	return op == COND_COUNT || op == COND_SUM || op == COND_LAST;
}

static bool is_timed(enum cond_op op)
{
	return op == COND_SCARCE || op == COND_PLUS_TIME || op == COND_PLUS_CALENDAR ||
	       op == COND_WITHIN;
}

static bool is_named(enum cond_op op)
{
	return op == COND_SNAPSHOT || op == COND_ELEMENT || op == COND_SEGMENT;
}

/* What the nodes themselves say, their operands left aside. */
static bool same_node(const struct cond_node *a, const struct cond_node *b)
{
	if (a->op == COND_VALUE)
		return same_constant(&a->value, &b->value);
	if (a->op == COND_FIELD)
		return a->field == b->field;
	if (a->op == COND_STATE)
		return a->fact == b->fact;
	if (is_tally(a->op))
		return a->tally == b->tally;
	if (is_named(a->op))
		return span_equal(a->name, b->name);
	if (a->op == COND_CONSENT)
		return a->channel == b->channel && span_equal(a->name, b->name);
	if (a->op == COND_LOCAL_HOUR)
		return a->zone == b->zone;
	return !is_timed(a->op) || a->ms == b->ms;
}

static bool in_order(const struct cond_term *a, const struct cond_term *b, bool turned)
{
	uint16_t n = a->node->count;

	for (uint16_t i = 0; i < n; i++) {
		struct cond_term x = cond_term_child(a, i);
		struct cond_term y = cond_term_child(b, turned ? (uint16_t)(n - 1 - i) : i);

		if (!cond_term_same(&x, &y))
			return false;
	}
	return true;
}

/* Each operand of A is one of B, and no two of them the same one. */
static bool in_any_order(const struct cond_term *a, const struct cond_term *b)
{
	bool used[COND_NODES_MAX] = {false};

	for (uint16_t i = 0; i < a->node->count; i++) {
		struct cond_term x = cond_term_child(a, i);
		bool found = false;

		for (uint16_t k = 0; k < b->node->count && !found; k++) {
			struct cond_term y = cond_term_child(b, k);

			found = !used[k] && cond_term_same(&x, &y);
			used[k] = used[k] || found;
		}
		if (!found)
			return false;
	}
	return true;
}

/* Sums and products are left in their order: what does not fit on the way is missing. */
static bool any_order(enum cond_op op)
{
	return op == COND_AND || op == COND_OR || op == COND_EQUAL || op == COND_NOT_EQUAL ||
	       op == COND_MISSING || op == COND_SCARCE || op == COND_LIST;
}

bool cond_term_same(const struct cond_term *a, const struct cond_term *b)
{
	if (a->node == b->node)
		return true;
	if (a->node->count != b->node->count)
		return false;
	if (a->node->op != b->node->op)
		return cond_op_flipped(a->node->op) == b->node->op && in_order(a, b, true);
	if (!same_node(a->node, b->node))
		return false;
	return any_order(a->node->op) ? in_any_order(a, b) : in_order(a, b, false);
}
