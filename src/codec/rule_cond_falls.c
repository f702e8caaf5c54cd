/* SPDX-License-Identifier: MIT */
/*
 * Conditions that stay false once they are: then it does not matter when that came to be known, or
 * in which order. Of all facts only the number of orders never becomes less, whatever else comes to
 * be known; and of what is said of it only what is plain is seen.
 */
#include "rule_cond_never.h"
#include "rule_reader.h"

static bool is_orders(const struct cond_term *t)
{
	return t->node->op == COND_STATE && t->node->fact == FACT_ORDERS;
}

static bool is_number(const struct cond_term *t)
{
	return t->node->op == COND_VALUE && t->node->value.type == VALUE_NUMBER;
}

/* T compares the orders with a number: in which direction does it go as they become more? */
static bool compares(const struct cond_term *t, bool falls)
{
	struct cond_term a, b;
	enum cond_op op;

	if (t->node->count != 2)
		return false;
	a = cond_term_child(t, 0);
	b = cond_term_child(t, 1);
	op = is_orders(&a) ? t->node->op : cond_op_flipped(t->node->op);
	if (!(is_orders(&a) ? is_number(&b) : is_number(&a) && is_orders(&b)))
		return false;
	/* There are none, or not none any more. */
	if (op == COND_EQUAL || op == COND_NOT_EQUAL)
		return (is_orders(&a) ? b : a).node->value.number.mantissa == 0 &&
		       (op == COND_EQUAL) == falls;
	return falls ? op == COND_LESS || op == COND_LESS_EQUAL
		     : op == COND_GREATER || op == COND_GREATER_EQUAL;
}

/* Never from false to true; not FALLS: never from true to false. */
static bool goes(const struct cond_term *t, bool falls)
{
	enum cond_op op = t->node->op;
	bool all = op == COND_AND || op == COND_OR || op == COND_NOT;

	for (uint16_t n = 0; all && n < t->node->count; n++) {
		struct cond_term child = cond_term_child(t, n);

		all = goes(&child, op == COND_NOT ? !falls : falls);
	}
	return all || compares(t, falls);
}

bool rule_cond_falls(const struct cond *c)
{
	struct cond_term root = {.nodes = c->nodes, .children = c->children};

	if (c->logic || c->n_nodes == 0)
		return false;
	root.node = &c->nodes[c->n_nodes - 1];
	return goes(&root, true);
}
