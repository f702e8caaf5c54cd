/* SPDX-License-Identifier: MIT */
/* Operators that look through arrays, and those that ask what is there. */
#include "rule_cond.h"

bool cond_read_array(struct cond_reader *c, const struct file_place *p, struct cond_operand *ret)
{
	if (!cond_read_node(c, p, ret))
		return false;
	if (!(ret->kinds & KIND_ARRAY)) {
		rule_problem_add(c->r, p,
			"an array of the event must stand here: {\"var\": \"e.products\"}");
		return false;
	}
	if (c->b->nodes[ret->node].op == COND_FIELD)
		field_table_want_tree(&c->r->rules->fields, c->b->nodes[ret->node].field);
	return true;
}

/* In the condition the names are those of the element. */
bool cond_read_look_through(struct cond_reader *c, const struct cond_operator *o,
	const struct file_place *args, struct cond_operand *ret)
{
	struct cond_operands all = {.base = c->b->n_pending};
	struct cond_operand array = {.kinds = 0}, test = {.kinds = 0};
	struct cond_node node = {.op = o->op};
	struct file_place places[2];
	bool ok;

	if (!cond_check_arity(c, o, args, cond_places(c, args, places, 2)))
		return false;
	ok = cond_read_array(c, &places[0], &array);
	if (ok)
		cond_operands_add(c, &all, &array);
	c->arrays++;
	ok = cond_read_node(c, &places[1], &test) &&
	     cond_check_truth(c, "the condition on an element", &test) && ok;
	c->arrays--;
	if (!ok) {
		c->b->n_pending = all.base;
		return false;
	}
	cond_operands_add(c, &all, &test);
	*ret = (struct cond_operand){.kinds = KIND_BOOL};
	if (!cond_finish(c, args, &node, &all))
		return false;
	ret->node = (uint16_t)(c->b->n_nodes - 1);
	return true;
}

/* Names, as `var` has them. */
static bool read_names(struct cond_reader *c, const struct cond_operator *o,
	const struct file_place *args, struct cond_operands *ret_all)
{
	struct cond_operands all = {.base = c->b->n_pending};
	bool list = args->value.type == JSON_TYPE_ARRAY;
	struct file_place p = *args;
	struct file_walk walk;
	bool ok = true;

	file_walk_init(&walk, args);
	while (ok && (list ? rule_walk_next(c->r, &walk, &p) : all.n == 0)) {
		struct cond_operand one = {.kinds = 0};

		ok = cond_read_var(c, o, &p, &one);
		if (ok)
			cond_operands_add(c, &all, &one);
	}
	if (ok && all.n == 0)
		ok = cond_check_arity(c, o, args, 0);
	if (!ok)
		c->b->n_pending = all.base;
	*ret_all = all;
	return ok;
}

static bool finish_count(struct cond_reader *c, const struct file_place *args,
	struct cond_node *node, const struct cond_operands *all, struct cond_operand *ret)
{
	*ret = (struct cond_operand){.kinds = KIND_BOOL};
	if (!cond_finish(c, args, node, all))
		return false;
	ret->node = (uint16_t)(c->b->n_nodes - 1);
	return true;
}

bool cond_read_missing(struct cond_reader *c, const struct cond_operator *o,
	const struct file_place *args, struct cond_operand *ret)
{
	struct cond_node node = {.op = COND_MISSING};
	struct cond_operands all;

	return read_names(c, o, args, &all) && finish_count(c, args, &node, &all, ret);
}

/* {"missing_some": [N, [names]]}: fewer than N of them are there. */
bool cond_read_missing_some(struct cond_reader *c, const struct cond_operator *o,
	const struct file_place *args, struct cond_operand *ret)
{
	struct cond_node node = {.op = COND_SCARCE};
	struct cond_operands all;
	struct file_place places[2];
	uint32_t least = 0;

	if (!cond_check_arity(c, o, args, cond_places(c, args, places, 2)))
		return false;
	if (!rule_read_count(c->r, &places[0], 1, &least) || !read_names(c, o, &places[1], &all))
		return false;
	if (least > all.n) {
		rule_problem_add(c->r, &places[0],
			"there are only %zu names, so it is the same for every event", all.n);
		c->b->n_pending = all.base;
		return false;
	}
	node.ms = least;
	return finish_count(c, args, &node, &all, ret);
}
