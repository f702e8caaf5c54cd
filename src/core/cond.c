/* SPDX-License-Identifier: MIT */
/*
 * Evaluation of compiled conditions. A node yields a value; the operators yield true or false.
 * Strict: nothing is coerced, so most of this file is about when the answer is false.
 */
#include "core/cond.h"

/* One evaluation. */
struct run {
	const struct cond *cond;
	const struct cond_scope *scope;
};

static struct value value_bool(bool b)
{
	return (struct value){.type = b ? VALUE_TRUE : VALUE_FALSE};
}

static struct value value_count(uint64_t n)
{
	int64_t capped = n > INT32_MAX ? INT32_MAX : (int64_t)n;

	return (struct value){.type = VALUE_NUMBER, .number = decimal_from_int(capped)};
}

static uint64_t open_carts(const struct journey *j)
{
	uint64_t n = 0;

	for (size_t i = 0; i < j->n_carts; i++)
		n += cart_is_open(&j->carts[i]);
	return n;
}

static uint64_t open_orders(const struct journey *j)
{
	uint64_t n = 0;

	for (size_t i = 0; i < j->n_orders_kept; i++)
		n += order_is_open(&j->orders[i]);
	return n;
}

/* Of an event that names no order, and at fire time, nothing can be said. */
static struct value order_delivered(const struct journey *j, const struct event *e)
{
	struct span id = e ? value_id(event_field(e, FIELD_ORDER_ID), ENTITY_MAX) : SPAN_EMPTY;
	const struct order *o = id.len ? journey_order(j, id) : NULL;

	if (!o)
		return (struct value){.type = VALUE_MISSING};
	return value_bool(order_reached_at(o, MILESTONE_DELIVERED) != TIME_NEVER);
}

static struct value fact_value(enum state_fact fact, const struct cond_scope *s)
{
	const struct journey *j = s->journey;

	switch (fact) {
	case STATE_ORDERS:
		return value_count(j->n_orders);
	case STATE_OPEN_ORDERS:
		return value_count(open_orders(j));
	case STATE_OPEN_CARTS:
		return value_count(open_carts(j));
	case STATE_EVENTS:
		return value_count(j->n_events);
	case STATE_IDENTIFIED:
		return value_bool(j->user_id.len > 0);
	case STATE_HAS_EMAIL:
		return value_bool(j->traits[TRAIT_EMAIL].len > 0);
	case STATE_HAS_PHONE:
		return value_bool(j->traits[TRAIT_PHONE].len > 0);
	case STATE_STAGE:
		return (struct value){
			.type = VALUE_STRING, .text = stage_name(journey_stage(j, s->now))};
	case STATE_ORDER_DELIVERED:
		return order_delivered(j, s->event);
	case STATE_FACT_COUNT:
		break;
	}
	return (struct value){.type = VALUE_MISSING};
}

static bool values_equal(const struct value *a, const struct value *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case VALUE_FALSE:
	case VALUE_TRUE:
		return true;
	case VALUE_NUMBER:
		return decimal_compare(a->number, b->number) == 0;
	case VALUE_STRING:
		return span_equal(a->text, b->text);
	case VALUE_NULL:
	case VALUE_MISSING:
	case VALUE_OTHER:
		break;
	}
	return false;
}

/* What is not there compares with nothing: it is neither equal nor unequal. */
static bool is_there(const struct value *v)
{
	return v->type != VALUE_NULL && v->type != VALUE_MISSING;
}

/* -2 when the two have no order. */
static int values_order(const struct value *a, const struct value *b)
{
	int c;

	if (a->type != b->type)
		return -2;
	if (a->type == VALUE_NUMBER)
		c = decimal_compare(a->number, b->number);
	else if (a->type == VALUE_STRING)
		c = span_compare(a->text, b->text);
	else
		return -2;
	return (c > 0) - (c < 0);
}

static struct value node_value(const struct run *run, uint16_t index, unsigned depth);

static bool node_true(const struct run *run, uint16_t index, unsigned depth)
{
	return node_value(run, index, depth).type == VALUE_TRUE;
}

/* a OP b (OP c): every neighbouring pair must be in order. */
static bool ordered(const struct run *run, const struct cond_node *node, unsigned depth)
{
	const uint16_t *child = run->cond->children + node->first;
	struct value left = node_value(run, child[0], depth);

	for (uint16_t i = 1; i < node->count; i++) {
		struct value right = node_value(run, child[i], depth);
		int c = values_order(&left, &right);
		bool ok = false;

		if (c == -2)
			return false;
		if (node->op == COND_LESS)
			ok = c < 0;
		else if (node->op == COND_LESS_EQUAL)
			ok = c <= 0;
		else if (node->op == COND_GREATER)
			ok = c > 0;
		else
			ok = c >= 0;
		if (!ok)
			return false;
		left = right;
	}
	return true;
}

static bool equal(const struct run *run, const struct cond_node *node, unsigned depth)
{
	const uint16_t *child = run->cond->children + node->first;
	struct value left = node_value(run, child[0], depth);
	struct value right = node_value(run, child[1], depth);

	if (!is_there(&left) || !is_there(&right))
		return false;
	return values_equal(&left, &right) == (node->op == COND_EQUAL);
}

static bool in_list(const struct run *run, const struct cond_node *node, unsigned depth)
{
	const uint16_t *child = run->cond->children + node->first;
	const struct cond_node *list = &run->cond->nodes[child[1]];
	struct value wanted = node_value(run, child[0], depth);

	for (uint16_t i = 0; i < list->count; i++) {
		struct value one = node_value(run, run->cond->children[list->first + i], depth);

		if (values_equal(&wanted, &one))
			return true;
	}
	return false;
}

static bool all_true(const struct run *run, const struct cond_node *node, unsigned depth)
{
	for (uint16_t i = 0; i < node->count; i++)
		if (!node_true(run, run->cond->children[node->first + i], depth))
			return false;
	return true;
}

static bool any_true(const struct run *run, const struct cond_node *node, unsigned depth)
{
	for (uint16_t i = 0; i < node->count; i++)
		if (node_true(run, run->cond->children[node->first + i], depth))
			return true;
	return false;
}

static struct value node_value(const struct run *run, uint16_t index, unsigned depth)
{
	const struct cond_node *node = &run->cond->nodes[index];

	/* The compiler refuses deeper ones; a wrong program must not become a crash. */
	assert(depth <= COND_DEPTH_MAX);
	switch (node->op) {
	case COND_VALUE:
		return node->value;
	case COND_FIELD:
		return run->scope->event ? *event_field(run->scope->event, node->field)
					 : (struct value){.type = VALUE_MISSING};
	case COND_STATE:
		return fact_value(node->fact, run->scope);
	case COND_EQUAL:
	case COND_NOT_EQUAL:
		return value_bool(equal(run, node, depth + 1));
	case COND_LESS:
	case COND_LESS_EQUAL:
	case COND_GREATER:
	case COND_GREATER_EQUAL:
		return value_bool(ordered(run, node, depth + 1));
	case COND_AND:
		return value_bool(all_true(run, node, depth + 1));
	case COND_OR:
		return value_bool(any_true(run, node, depth + 1));
	case COND_NOT:
		return value_bool(!node_true(run, run->cond->children[node->first], depth + 1));
	case COND_IN:
		return value_bool(in_list(run, node, depth + 1));
	case COND_LIST:
		break;
	}
	return (struct value){.type = VALUE_OTHER};
}

bool cond_holds(const struct cond *c, const struct cond_scope *s)
{
	struct run run = {c, s};

	return node_true(&run, (uint16_t)(c->n_nodes - 1), 0);
}
