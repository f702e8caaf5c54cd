/* SPDX-License-Identifier: MIT */
/*
 * Evaluation of compiled conditions. A node yields a value; what cannot be had is missing, and so
 * most of what these files say is about when the answer is false.
 */
#include "core/cond.h"

#include "cond_run.h"
#include "core/logic.h"

const struct value cond_missing = {.type = VALUE_MISSING};

struct value cond_bool(bool b)
{
	return (struct value){.type = b ? VALUE_TRUE : VALUE_FALSE};
}

/* What is not there compares with nothing: it is neither equal nor unequal. */
bool cond_is_there(const struct value *v)
{
	return v->type != VALUE_NULL && v->type != VALUE_MISSING;
}

bool cond_equal(const struct value *a, const struct value *b)
{
	struct decimal x, y;

	if (value_amount(a, &x) && value_amount(b, &y))
		return decimal_compare(x, y) == 0;
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case VALUE_FALSE:
	case VALUE_TRUE:
		return true;
	case VALUE_STRING:
		return span_equal(a->text, b->text);
	case VALUE_INSTANT:
		return a->at == b->at;
	case VALUE_NUMBER:
	case VALUE_NULL:
	case VALUE_MISSING:
	case VALUE_OTHER:
	case VALUE_ARRAY:
	case VALUE_OBJECT:
		break;
	}
	return false;
}

int cond_order(const struct value *a, const struct value *b)
{
	struct decimal x, y;
	int c;

	if (value_amount(a, &x) && value_amount(b, &y))
		c = decimal_compare(x, y);
	else if (a->type == VALUE_STRING && b->type == VALUE_STRING)
		c = span_compare(a->text, b->text);
	else if (a->type == VALUE_INSTANT && b->type == VALUE_INSTANT)
		c = (a->at > b->at) - (a->at < b->at);
	else
		return -2;
	return (c > 0) - (c < 0);
}

struct value cond_child_value(struct cond_run *run, const struct cond_node *node, uint16_t n)
{
	return cond_node_value(run, run->cond->children[node->first + n]);
}

bool cond_child_true(struct cond_run *run, const struct cond_node *node, uint16_t n)
{
	return cond_child_value(run, node, n).type == VALUE_TRUE;
}

/* a OP b (OP c): every neighbouring pair must be in order. */
static bool ordered(struct cond_run *run, const struct cond_node *node)
{
	struct value left = cond_child_value(run, node, 0);

	for (uint16_t i = 1; i < node->count; i++) {
		struct value right = cond_child_value(run, node, i);
		int c = cond_order(&left, &right);
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

static bool equal(struct cond_run *run, const struct cond_node *node)
{
	struct value left = cond_child_value(run, node, 0);
	struct value right = cond_child_value(run, node, 1);

	if (!cond_is_there(&left) || !cond_is_there(&right))
		return false;
	return cond_equal(&left, &right) == (node->op == COND_EQUAL);
}

/* `and` of all, `or` of any: goes on only until the answer is known. */
static bool joined(struct cond_run *run, const struct cond_node *node)
{
	bool any = node->op == COND_OR;

	for (uint16_t i = 0; i < node->count; i++)
		if (cond_child_true(run, node, i) == any)
			return any;
	return !any;
}

/* A condition that is not there is none that holds. */
static struct value branch(struct cond_run *run, const struct cond_node *node)
{
	uint16_t i = 0;

	while (i + 1 < node->count && !cond_child_true(run, node, i))
		i = (uint16_t)(i + 2);
	return cond_child_value(run, node, i + 1 < node->count ? (uint16_t)(i + 1) : i);
}

/* Values that depend on nothing else. */

static struct value constant(struct cond_run *run, const struct cond_node *node)
{
	(void)run;
	return node->value;
}

static struct value field(struct cond_run *run, const struct cond_node *node)
{
	return run->scope->event ? *event_field(run->scope->event, node->field) : cond_missing;
}

static struct value fact(struct cond_run *run, const struct cond_node *node)
{
	return fact_value(node->fact, run->scope);
}

static struct value element(struct cond_run *run, const struct cond_node *node)
{
	return value_below(&run->element, node->name);
}

static struct value compare(struct cond_run *run, const struct cond_node *node)
{
	return cond_bool(node->op == COND_EQUAL || node->op == COND_NOT_EQUAL ? equal(run, node)
									      : ordered(run, node));
}

static struct value join(struct cond_run *run, const struct cond_node *node)
{
	return cond_bool(joined(run, node));
}

static struct value negate(struct cond_run *run, const struct cond_node *node)
{
	return cond_bool(!cond_child_true(run, node, 0));
}

static cond_operator_fn *const functions[] = {
	[COND_VALUE] = constant,
	[COND_FIELD] = field,
	[COND_STATE] = fact,
	[COND_SNAPSHOT] = cond_snapshot,
	[COND_ELEMENT] = element,
	[COND_EQUAL] = compare,
	[COND_NOT_EQUAL] = compare,
	[COND_LESS] = compare,
	[COND_LESS_EQUAL] = compare,
	[COND_GREATER] = compare,
	[COND_GREATER_EQUAL] = compare,
	[COND_AND] = join,
	[COND_OR] = join,
	[COND_NOT] = negate,
	[COND_IF] = branch,
	[COND_IN] = cond_in,
	[COND_LIST] = NULL, /* looked through by cond_in */
	[COND_ADD] = cond_arithmetic,
	[COND_SUBTRACT] = cond_arithmetic,
	[COND_MULTIPLY] = cond_arithmetic,
	[COND_REMAINDER] = cond_arithmetic,
	[COND_LEAST] = cond_arithmetic,
	[COND_GREATEST] = cond_arithmetic,
	[COND_SOME] = cond_look_through,
	[COND_ALL] = cond_look_through,
	[COND_NONE] = cond_look_through,
	[COND_MISSING] = cond_count_missing,
	[COND_SCARCE] = cond_count_missing,
	[COND_NOW] = cond_now,
	[COND_PLUS_TIME] = cond_plus_time,
	[COND_PLUS_CALENDAR] = cond_plus_calendar,
	[COND_BEFORE] = cond_in_time_order,
	[COND_NOT_AFTER] = cond_in_time_order,
	[COND_AFTER] = cond_in_time_order,
	[COND_NOT_BEFORE] = cond_in_time_order,
	[COND_SINCE] = cond_since,
	[COND_WITHIN] = cond_within,
	[COND_LOCAL_HOUR] = cond_local_hour,
	[COND_COUNT] = cond_tally,
	[COND_SUM] = cond_tally,
	[COND_LAST] = cond_tally,
	[COND_CONSENT] = cond_consent,
	[COND_SEGMENT] = cond_segment,
	[COND_PERCENTILE] = cond_percentile,
};

struct value cond_node_value(struct cond_run *run, uint16_t index)
{
	const struct cond_node *node = &run->cond->nodes[index];
	struct value value;

	/* The compiler refuses deeper ones; a wrong program must not become a crash. */
	assert(run->depth < COND_DEPTH_MAX && functions[node->op]);
	if (run->steps == COND_STEPS_MAX + 1 || ++run->steps > COND_STEPS_MAX)
		return cond_missing;
	run->depth++;
	value = functions[node->op](run, node);
	run->depth--;
	return value;
}

struct value cond_leaf(struct cond_run *run, const struct cond_node *node)
{
	return functions[node->op](run, node);
}

/* Not the texts: those are written before they are read. */
void cond_run_init(struct cond_run *run, const struct cond *c, const struct cond_scope *s)
{
	run->cond = c;
	run->scope = s;
	run->steps = run->depth = 0;
	run->element = cond_missing;
}

/* In JavaScript everything is true or false. An error is neither. */
static struct value ask_logic(const struct cond *c, const struct cond_scope *s)
{
	_cleanup_(arena_release) struct arena arena;
	struct logic_value value;
	char text[LOGIC_NUMBER_SIZE];
	struct value number = {.type = VALUE_NUMBER};

	arena_init(&arena);
	if (logic_ask(c->logic, s, &arena, &value) != 0)
		return cond_missing;
	if (value.type == LOGIC_NUMBER &&
		decimal_parse(span_of(text, logic_format_number(value.number, text)),
			&number.number) == 0)
		return number;
	return cond_bool(logic_truth(&value));
}

static struct value evaluate(const struct cond *c, const struct cond_scope *s)
{
	struct cond_run run;
	struct value value;

	if (c->logic)
		return ask_logic(c, s);

	cond_run_init(&run, c, s);
	value = cond_node_value(&run, (uint16_t)(c->n_nodes - 1));
	return run.steps > COND_STEPS_MAX ? cond_missing : value;
}

bool cond_asks_snapshot(const struct cond *c)
{
	for (size_t i = 0; i < c->n_nodes; i++)
		if (c->nodes[i].op == COND_SNAPSHOT)
			return true;
	return c->logic != NULL; /* it may */
}

/* What says the same at all times, if its children do. */
static bool is_timeless(enum cond_op op)
{
	return op == COND_VALUE || op == COND_LIST || (op >= COND_EQUAL && op <= COND_GREATEST);
}

bool cond_has_past(const struct cond *c)
{
	for (size_t i = 0; i < c->n_nodes; i++) {
		const struct cond_node *node = &c->nodes[i];

		if (node->op == COND_STATE ? !fact_has_past(node->fact) : !is_timeless(node->op))
			return false;
	}
	return !c->logic;
}

bool cond_holds(const struct cond *c, const struct cond_scope *s)
{
	struct value value = evaluate(c, s);

	return value.type == VALUE_TRUE ||
	       (c->logic && value.type == VALUE_NUMBER && value.number.mantissa != 0);
}

int cond_value(const struct cond *c, const struct cond_scope *s, struct value *ret_value)
{
	struct value value = evaluate(c, s);

	if (value.amount)
		value = (struct value){.type = VALUE_NUMBER, .number = value.number};
	switch (value.type) {
	case VALUE_FALSE:
	case VALUE_TRUE:
	case VALUE_NUMBER:
	case VALUE_STRING:
	case VALUE_INSTANT:
		*ret_value = value;
		return 0;
	case VALUE_MISSING:
	case VALUE_NULL:
	case VALUE_OTHER:
	case VALUE_ARRAY:
	case VALUE_OBJECT:
		break;
	}
	return COND_NOTHING;
}
