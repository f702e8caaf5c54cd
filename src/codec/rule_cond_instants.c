/* SPDX-License-Identifier: MIT */
/*
 * Is there an instant with which all is so that is said of it? As with other values
 * (rule_cond_witness.c) the constants cut time into few stretches, and each is tried: before a
 * constant, at it, behind it. What is no instant, or not there, is before and after nothing.
 */
#include "rule_cond_never.h"

/* More constants are not looked at: the loops are of the second power. */
#define CONSTANTS_MAX 64

struct trial {
	bool there;
	const struct value *at; /* NULL: it is no instant */
	int side;		/* a little before it, at it, a little behind it */
};

static bool is_instant(const struct cond_term *t)
{
	return t->node->op == COND_VALUE && t->node->value.type == VALUE_INSTANT;
}

/* All operands of PART but SUBJECT, which stands there once, are constants. */
static bool compares(const struct cond_term *part, const struct cond_term *subject)
{
	enum cond_op op = part->node->op;
	uint16_t others = 0;
	bool found = false;

	if (op < COND_BEFORE || op > COND_NOT_BEFORE)
		return false;
	for (uint16_t i = 0; i < part->node->count; i++) {
		struct cond_term operand = cond_term_child(part, i);

		if (is_instant(&operand))
			others++;
		else
			found = cond_term_same(&operand, subject);
	}
	return found && others + 1 == part->node->count;
}

static bool is_missing(const struct cond_term *part, const struct cond_term *subject)
{
	const struct cond_node *node = part->node;
	struct cond_term first;

	if (node->count != 1 ||
		(node->op != COND_MISSING && !(node->op == COND_SCARCE && node->ms == 1)))
		return false;
	first = cond_term_child(part, 0);
	return cond_term_same(&first, subject);
}

static bool compared(const struct trial *w, const struct cond_term *part)
{
	struct trial left = {.at = NULL};

	for (uint16_t i = 0; i < part->node->count; i++) {
		struct cond_term operand = cond_term_child(part, i);
		struct trial right = *w;
		int order;

		if (is_instant(&operand))
			right = (struct trial){true, &operand.node->value, 0};
		if (!right.at)
			return false;
		order = !left.at ? 0 : (left.at->at > right.at->at) - (left.at->at < right.at->at);
		order = order ? order : left.side - right.side;
		if (i > 0 && !cond_op_ordered(part->node->op, order))
			return false;
		left = right;
	}
	return true;
}

static bool fits(
	const struct cond_parts *parts, const struct cond_term *subject, const struct trial *w)
{
	for (size_t i = 0; i < parts->n; i++) {
		const struct cond_part *part = &parts->list[i];

		if (compares(&part->term, subject) && compared(w, &part->term) != part->holds)
			return false;
		if (is_missing(&part->term, subject) && w->there == part->holds)
			return false;
	}
	return true;
}

/* The constants that SUBJECT is compared with; false: too many, or none. */
static bool constants_of(const struct cond_parts *parts, const struct cond_term *subject,
	const struct value **list, size_t *ret_n)
{
	size_t n = 0;

	for (size_t i = 0; i < parts->n; i++) {
		const struct cond_term *part = &parts->list[i].term;

		for (uint16_t k = 0; compares(part, subject) && k < part->node->count; k++) {
			struct cond_term operand = cond_term_child(part, k);

			if (!is_instant(&operand))
				continue;
			if (n == CONSTANTS_MAX)
				return false;
			list[n++] = &operand.node->value;
		}
	}
	*ret_n = n;
	return n > 0;
}

bool cond_instant_never(const struct cond_parts *parts, const struct cond_term *subject)
{
	const struct value *list[CONSTANTS_MAX];
	struct trial w = {.at = NULL};
	size_t n;

	if (!constants_of(parts, subject, list, &n) || fits(parts, subject, &w))
		return false;
	w.there = true;
	if (fits(parts, subject, &w))
		return false;
	for (size_t i = 0; i < n; i++)
		for (w.at = list[i], w.side = -1; w.side <= 1; w.side++)
			if (fits(parts, subject, &w))
				return false;
	return true;
}
