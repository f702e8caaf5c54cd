/* SPDX-License-Identifier: MIT */
/*
 * What the files have for each other that look for conditions which are never true. They say so of
 * fewer than there are, and of none that some event or customer could make true.
 */
#pragma once

#include "core/cond.h"

/* A node of a condition, and where its children are; all borrowed. */
struct cond_term {
	const struct cond_node *nodes;
	const uint16_t *children;
	const struct field_table *fields; /* what the numbers of fields stand for */
	const struct cond_node *node;
};

/* What must be true, or must not be: missing is not true either. */
struct cond_part {
	struct cond_term term;
	bool holds;
};

/* Parts that are wanted together. What there is no room for is not looked at. */
struct cond_parts {
	struct cond_part list[COND_NODES_MAX];
	size_t n;
};

struct cond_term cond_term_child(const struct cond_term *t, uint16_t n);

/* Do A and B always come to the same? The order of operands does not matter where it does not to
 * the operator, nor does the side on which one of two stands. */
bool cond_term_same(const struct cond_term *a, const struct cond_term *b);

/* `a OP b` is `b FLIPPED a`. */
enum cond_op cond_op_flipped(enum cond_op op);

/* Is `a OP b` so, where A is before B (ORDER below 0), at it, or behind it? -2: they have none. */
bool cond_op_ordered(enum cond_op op, int order);

/* Adds TERM, taken apart where that loses nothing. */
void cond_parts_add(struct cond_parts *parts, struct cond_term term, bool holds);

/* Are they never all so? */
bool cond_parts_never(struct cond_parts *parts);

/* Is there no value of SUBJECT with which all of PARTS that speak of it alone are so? */
bool cond_value_never(const struct cond_parts *parts, const struct cond_term *subject);
/* The same of an instant, and of what says before or after which constants it is. */
bool cond_instant_never(const struct cond_parts *parts, const struct cond_term *subject);
/* The same of how the two operands of PAIR, a comparison, stand to each other. */
bool cond_pair_never(const struct cond_parts *parts, const struct cond_term *pair);
