/* SPDX-License-Identifier: MIT */
/* Operators that make numbers of numbers, and those that look through lists and arrays. */
#include "cond_run.h"

static int remainder_of(struct decimal a, struct decimal b, struct decimal *ret_d)
{
	int64_t x, y;

	if (decimal_to_int(a, &x) != 0 || decimal_to_int(b, &y) != 0 || y == 0)
		return DECIMAL_RANGE;
	/* The least number divided by -1 does not fit, although its remainder would. */
	*ret_d = decimal_from_int(y == -1 ? 0 : x % y);
	return 0;
}

static int least(struct decimal a, struct decimal b, struct decimal *ret_d)
{
	*ret_d = decimal_compare(a, b) <= 0 ? a : b;
	return 0;
}

static int greatest(struct decimal a, struct decimal b, struct decimal *ret_d)
{
	*ret_d = decimal_compare(a, b) >= 0 ? a : b;
	return 0;
}

typedef int combine_fn(struct decimal a, struct decimal b, struct decimal *ret_d);

static combine_fn *const combine[] = {
	[COND_ADD] = decimal_add,
	[COND_SUBTRACT] = decimal_subtract,
	[COND_MULTIPLY] = decimal_multiply,
	[COND_REMAINDER] = remainder_of,
	[COND_LEAST] = least,
	[COND_GREATEST] = greatest,
};

struct value cond_arithmetic(struct cond_run *run, const struct cond_node *node)
{
	struct value total = {.type = VALUE_NUMBER};

	for (uint16_t i = 0; i < node->count; i++) {
		struct value one = cond_child_value(run, node, i);
		struct decimal next;

		if (!value_amount(&one, &next))
			return cond_missing;
		if (i == 0)
			total.number = next;
		else if (combine[node->op](total.number, next, &total.number) != 0)
			return cond_missing;
	}
	return total;
}

/* What is no array has no elements: none of them does anything, and `all` wants at least one. */
struct value cond_look_through(struct cond_run *run, const struct cond_node *node)
{
	struct value array = cond_child_value(run, node, 0);
	struct value outer = run->element;
	bool want = node->op != COND_ALL; /* what decides it when found */
	bool found = false;

	if (array.type != VALUE_ARRAY || array.inner->n == 0)
		return cond_bool(node->op == COND_NONE && array.type == VALUE_ARRAY);
	for (size_t i = 0; i < array.inner->n && !found; i++) {
		run->element = array.inner->items[i];
		found = cond_child_true(run, node, 1) == want;
	}
	run->element = outer;
	return cond_bool(node->op == COND_SOME ? found : !found);
}

struct value cond_in(struct cond_run *run, const struct cond_node *node)
{
	const struct cond_node *list = &run->cond->nodes[run->cond->children[node->first + 1]];
	struct value wanted = cond_child_value(run, node, 0);

	if (list->op == COND_LIST) {
		for (uint16_t i = 0; i < list->count; i++) {
			uint16_t one = run->cond->children[list->first + i];

			if (cond_equal(&wanted, &run->cond->nodes[one].value))
				return cond_bool(true);
		}
		return cond_bool(false);
	}
	struct value array = cond_child_value(run, node, 1);

	for (size_t i = 0; array.type == VALUE_ARRAY && i < array.inner->n; i++)
		if (cond_equal(&wanted, &array.inner->items[i]))
			return cond_bool(true);
	return cond_bool(false);
}

/* An empty text is there: it was said. */
struct value cond_count_missing(struct cond_run *run, const struct cond_node *node)
{
	int64_t there = 0;

	for (uint16_t i = 0; i < node->count; i++) {
		struct value value = cond_child_value(run, node, i);

		there += cond_is_there(&value);
	}
	return cond_bool(there < (node->op == COND_MISSING ? node->count : node->ms));
}
