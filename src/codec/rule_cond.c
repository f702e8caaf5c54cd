/* SPDX-License-Identifier: MIT */
/*
 * Conditions: JsonLogic's strict profile, from its tree to the flat form of core/cond.h. What
 * JavaScript would coerce is refused here, with its place, because a rule that compares a word
 * with a number is never what its author meant: each operand has a set of types it can have, and an
 * operator whose operands can never agree is a problem. So is a condition that is the same for
 * every event.
 *
 * Children are written before their parents. While an operator's operands are read their numbers
 * wait on `pending`; then they move to `children`, next to each other.
 */
#include "rule_reader.h"

#include "core/journey.h"

enum {
	KIND_BOOL = 1 << 0,
	KIND_NUMBER = 1 << 1,
	KIND_TEXT = 1 << 2,
	KIND_ANY = KIND_BOOL | KIND_NUMBER | KIND_TEXT,
};

struct operand {
	unsigned kinds; /* types its value can have */
	bool constant;
	bool stage; /* the journey stage: a word of a list */
	uint16_t node;
	struct rule_place place; /* whose parents outlive the operator that asks */
};

struct cond_reader {
	struct rule_reader *r;
	struct cond_builder *b;
	enum rule_cond_scope scope;
};

/* The operators; arity MAX 0: as many as there is room for. */
static const struct cond_operator {
	const char *name;
	enum cond_op op;
	size_t min, max;
	const char *form;
} operators[] = {
	{"==", COND_EQUAL, 2, 2, "{\"==\": [a, b]}"},
	{"!=", COND_NOT_EQUAL, 2, 2, "{\"!=\": [a, b]}"},
	{"<", COND_LESS, 2, 3, "{\"<\": [a, b]} or {\"<\": [a, b, c]}"},
	{"<=", COND_LESS_EQUAL, 2, 3, "{\"<=\": [a, b]} or {\"<=\": [a, b, c]}"},
	{">", COND_GREATER, 2, 2, "{\">\": [a, b]}"},
	{">=", COND_GREATER_EQUAL, 2, 2, "{\">=\": [a, b]}"},
	{"and", COND_AND, 1, 0, "{\"and\": [a, b, ...]}"},
	{"or", COND_OR, 1, 0, "{\"or\": [a, b, ...]}"},
	{"!", COND_NOT, 1, 1, "{\"!\": [a]}"},
	{"in", COND_IN, 2, 2, "{\"in\": [a, [\"x\", \"y\"]]}"},
};

static const char *const fact_names[STATE_FACT_COUNT] = {
#define X(ID, NAME) [STATE_##ID] = (NAME),
	STATE_FACTS(X)
#undef X
};

static const unsigned fact_kinds[STATE_FACT_COUNT] = {
	[STATE_ORDERS] = KIND_NUMBER,
	[STATE_OPEN_ORDERS] = KIND_NUMBER,
	[STATE_OPEN_CARTS] = KIND_NUMBER,
	[STATE_EVENTS] = KIND_NUMBER,
	[STATE_IDENTIFIED] = KIND_BOOL,
	[STATE_HAS_EMAIL] = KIND_BOOL,
	[STATE_HAS_PHONE] = KIND_BOOL,
	[STATE_STAGE] = KIND_TEXT,
	[STATE_ORDER_DELIVERED] = KIND_BOOL,
};

static bool read_node(struct cond_reader *c, const struct rule_place *p, size_t depth,
	struct operand *ret_operand);

static bool add_node(struct cond_reader *c, const struct rule_place *p,
	const struct cond_node *node, uint16_t *ret_index)
{
	if (c->b->n_nodes == COND_NODES_MAX) {
		rule_problem_add(c->r, p,
			"a condition may have at most %d operators and values; split the rule or "
			"use "
			"\"in\"",
			COND_NODES_MAX);
		return false;
	}
	*ret_index = (uint16_t)c->b->n_nodes;
	c->b->nodes[c->b->n_nodes++] = *node;
	return true;
}

/* A constant. Null is none: nothing compares with it. */
static bool read_value(struct cond_reader *c, const struct rule_place *p, struct operand *ret)
{
	struct cond_node node = {.op = COND_VALUE};
	unsigned kind = KIND_BOOL;

	if (p->value.type == JSON_TYPE_TRUE || p->value.type == JSON_TYPE_FALSE) {
		node.value.type = p->value.type == JSON_TYPE_TRUE ? VALUE_TRUE : VALUE_FALSE;
	} else if (p->value.type == JSON_TYPE_NUMBER) {
		kind = KIND_NUMBER;
		node.value.type = VALUE_NUMBER;
		if (decimal_parse(p->value.raw, &node.value.number) != 0) {
			rule_problem_add(c->r, p,
				"this number has more than 18 digits that count; write a shorter "
				"one");
			return false;
		}
	} else if (p->value.type == JSON_TYPE_STRING) {
		struct span text = json_text(&p->value, &c->r->rules->arena);

		kind = KIND_TEXT;
		node.value.type = VALUE_STRING;
		c->r->oom = c->r->oom || !text.ptr;
		node.value.text = rule_copy(c->r, text);
	} else {
		rule_problem_add(c->r, p,
			"%s cannot stand here; write a number, a text, true or false, or "
			"{\"var\": \"e.NAME\"}",
			p->value.type == JSON_TYPE_NULL ? "null compares with nothing and"
							: "a list");
		return false;
	}
	node.value.raw = rule_copy(c->r, p->value.raw);
	*ret = (struct operand){.kinds = kind, .constant = true};
	return !c->r->oom && add_node(c, p, &node, &ret->node);
}

static bool read_fact(
	struct cond_reader *c, const struct rule_place *p, struct span name, struct operand *ret)
{
	struct rule_words known = {.used = 0};
	char quote[RULE_QUOTE_SIZE];

	for (size_t i = 0; i < STATE_FACT_COUNT; i++) {
		if (span_is(name, fact_names[i])) {
			struct cond_node node = {.op = COND_STATE, .fact = (enum state_fact)i};

			if (i == STATE_ORDER_DELIVERED && c->scope == RULE_COND_FIRE) {
				rule_problem_add(c->r, p,
					"s.order_delivered is about the order that an event names, "
					"and when the rule fires there is no event; ask it in "
					"`when`");
				return false;
			}
			*ret = (struct operand){.kinds = fact_kinds[i], .stage = i == STATE_STAGE};
			return add_node(c, p, &node, &ret->node);
		}
		rule_words_add(&known, "s.", span_str(fact_names[i]));
	}
	rule_problem_add(c->r, p,
		"nothing is known about a customer by the name %s; write one of %s",
		rule_quote(name, quote), known.text);
	return false;
}

static bool read_var(struct cond_reader *c, const struct rule_place *p, struct operand *ret)
{
	struct cond_node node = {.op = COND_FIELD};
	struct span text;

	if (p->value.type != JSON_TYPE_STRING) {
		rule_problem_add(c->r, p,
			"write {\"var\": \"e.NAME\"}: one text, without a list and without a "
			"default");
		return false;
	}
	if (!rule_read_text(c->r, p, FIELD_PATH_MAX + sizeof("e.context."), &text))
		return false;
	if (span_starts(text, SPAN_LIT("s.")))
		return read_fact(c, p, span_of(text.ptr + 2, text.len - 2), ret);
	if (!span_starts(text, SPAN_LIT("e."))) {
		char quote[RULE_QUOTE_SIZE];

		rule_problem_add(c->r, p,
			"%s names nothing; write e.NAME for a value of the event or s.NAME for a "
			"fact "
			"about the customer",
			rule_quote(text, quote));
		return false;
	}
	if (c->scope == RULE_COND_FIRE) {
		rule_problem_add(c->r, p,
			"when the rule fires there is no event; use facts about the customer "
			"(s.NAME) "
			"here, or ask the event in `when`");
		return false;
	}
	*ret = (struct operand){.kinds = KIND_ANY};
	return rule_field_of(c->r, p, span_of(text.ptr + 2, text.len - 2), &node.field) &&
	       add_node(c, p, &node, &ret->node);
}

/* Takes the operands from BASE on off `pending` and gives them to NODE. */
static void take_pending(struct cond_reader *c, size_t base, struct cond_node *node)
{
	node->first = (uint16_t)c->b->n_children;
	node->count = (uint16_t)(c->b->n_pending - base);
	memcpy(c->b->children + c->b->n_children, c->b->pending + base,
		node->count * sizeof(*c->b->pending));
	c->b->n_children += node->count;
	c->b->n_pending = base;
}

/* The constants that `in` looks through. */
static bool read_list(struct cond_reader *c, const struct rule_place *p, struct operand *ret)
{
	struct cond_node node = {.op = COND_LIST};
	size_t base = c->b->n_pending;
	struct rule_walk walk;
	struct rule_place item;

	*ret = (struct operand){.constant = true};
	if (p->value.type == JSON_TYPE_ARRAY) {
		rule_walk_init(&walk, p);
		while (rule_walk_next(c->r, &walk, &item)) {
			struct operand one;

			if (item.value.type == JSON_TYPE_OBJECT) {
				rule_problem_add(c->r, &item,
					"a list for \"in\" holds numbers and texts only; use "
					"\"or\" to "
					"compare with other values");
				return false;
			}
			if (!read_value(c, &item, &one))
				return false;
			ret->kinds |= one.kinds;
			c->b->pending[c->b->n_pending++] = one.node;
		}
	}
	if (c->b->n_pending == base) {
		rule_problem_add(c->r, p,
			"the second argument of \"in\" is a list that is not empty: "
			"{\"in\": [a, [\"x\", \"y\"]]}");
		return false;
	}
	take_pending(c, base, &node);
	return add_node(c, p, &node, &ret->node);
}

/* A word that is compared with the stage must be one. */
static bool stage_ok(struct cond_reader *c, const struct operand *word)
{
	const struct cond_node *node = &c->b->nodes[word->node];
	struct rule_words known = {.used = 0};
	char quote[RULE_QUOTE_SIZE];

	if (node->op == COND_LIST) {
		for (uint16_t i = 0; i < node->count; i++) {
			struct operand one = {
				.node = c->b->children[node->first + i], .place = word->place};

			if (!stage_ok(c, &one))
				return false;
		}
		return true;
	}
	if (node->op != COND_VALUE || node->value.type != VALUE_STRING)
		return true;
	for (size_t i = 0; i < STAGE_COUNT; i++) {
		struct span name = stage_name((enum stage)i);

		if (span_equal(node->value.text, name))
			return true;
		rule_words_add(&known, "", name);
	}
	rule_problem_add(c->r, &word->place, "%s is not a stage of the journey; write one of %s",
		rule_quote(node->value.text, quote), known.text);
	return false;
}

static bool check_compare(struct cond_reader *c, const struct cond_operator *o,
	const struct operand *list, size_t n, const struct rule_place *p)
{
	bool ordered = o->op != COND_EQUAL && o->op != COND_NOT_EQUAL && o->op != COND_IN;
	unsigned common = ordered ? KIND_NUMBER | KIND_TEXT : KIND_ANY;
	bool constant = true, stage = false;

	for (size_t i = 0; i < n; i++) {
		common &= list[i].kinds;
		constant = constant && list[i].constant;
		stage = stage || list[i].stage;
	}
	if (constant) {
		rule_problem_add(c->r, p,
			"this compares constants, so it is the same for every event; name a value "
			"with "
			"{\"var\": ...}");
		return false;
	}
	if (common == 0 || (ordered && stage)) {
		rule_problem_add(c->r, p,
			ordered ? "\"%s\" has an order for two numbers or two texts only (stages "
				  "have "
				  "none)"
				: "the arguments of \"%s\" are of different types, so they never "
				  "are "
				  "equal; nothing is converted",
			o->name);
		return false;
	}
	for (size_t i = 0; stage && i < n; i++)
		if (!stage_ok(c, &list[i]))
			return false;
	return true;
}

static bool check_truth(struct cond_reader *c, const char *what, const struct operand *operand)
{
	if (operand->constant) {
		rule_problem_add(c->r, &operand->place,
			"this is the same for every event; leave it out or compare something");
		return false;
	}
	if (!(operand->kinds & KIND_BOOL)) {
		rule_problem_add(c->r, &operand->place,
			"%s must be true or false; compare this with something, such as "
			"{\">\": [..., 0]}",
			what);
		return false;
	}
	return true;
}

static bool check_arity(struct cond_reader *c, const struct cond_operator *o,
	const struct rule_place *args, size_t n)
{
	if (n >= o->min && (o->max == 0 || n <= o->max))
		return true;
	rule_problem_add(c->r, args, "\"%s\" cannot have %zu argument%s; write %s", o->name, n,
		n == 1 ? "" : "s", o->form);
	return false;
}

/* One argument of O; the second of `in` is a list. */
static bool read_argument(struct cond_reader *c, const struct cond_operator *o,
	const struct rule_place *p, size_t depth, struct operand *ret)
{
	bool list = o->op == COND_IN && p->index == 1;

	if (list ? !read_list(c, p, ret) : !read_node(c, p, depth, ret))
		return false;
	ret->place = *p;
	if (o->op == COND_AND || o->op == COND_OR || o->op == COND_NOT)
		return check_truth(c, "what stands in and, or and !", ret);
	return true;
}

static bool read_operator(struct cond_reader *c, const struct cond_operator *o,
	const struct rule_place *args, size_t depth, struct operand *ret)
{
	bool logical = o->op == COND_AND || o->op == COND_OR || o->op == COND_NOT;
	struct cond_node node = {.op = o->op};
	struct operand kept[3];
	size_t n = 0, base = c->b->n_pending;
	bool ok = true;
	struct rule_walk walk;
	struct rule_place p;
	bool list = args->value.type == JSON_TYPE_ARRAY;

	rule_walk_init(&walk, args);
	/* {"!": a} is short for {"!": [a]}. */
	p = *args;
	while (list ? rule_walk_next(c->r, &walk, &p) : n == 0) {
		struct operand *one = &kept[n < 3 ? n : 2];

		if (!read_argument(c, o, &p, depth + 1, one)) {
			ok = false;
			c->b->n_pending = base;
		} else if (ok) {
			c->b->pending[c->b->n_pending++] = one->node;
		}
		n++;
		if (c->b->n_nodes == COND_NODES_MAX && !ok)
			return false;
	}
	if (!check_arity(c, o, args, n) || !ok || c->r->oom)
		return false;
	if (!logical && !check_compare(c, o, kept, n, args))
		return false;
	take_pending(c, base, &node);
	*ret = (struct operand){.kinds = KIND_BOOL};
	return add_node(c, args, &node, &ret->node);
}

static void unknown_operator(struct cond_reader *c, const struct rule_place *p)
{
	char quote[RULE_QUOTE_SIZE];

	rule_problem_add(c->r, p,
		"%s is no operator of conditions; they are var == != < <= > >= and or ! in "
		"(nothing is "
		"converted, so there is no === or !!)",
		rule_quote(p->name, quote));
}

static bool read_node(struct cond_reader *c, const struct rule_place *p, size_t depth,
	struct operand *ret_operand)
{
	struct rule_walk walk;
	struct rule_place args, second;

	if (depth > COND_DEPTH_MAX) {
		rule_problem_add(
			c->r, p, "conditions may be nested at most %d deep", COND_DEPTH_MAX);
		return false;
	}
	if (p->value.type != JSON_TYPE_OBJECT)
		return read_value(c, p, ret_operand);
	rule_walk_init(&walk, p);
	if (!rule_walk_next(c->r, &walk, &args) || rule_walk_next(c->r, &walk, &second)) {
		rule_problem_add(c->r, p,
			"an operator is an object with one member, such as {\">\": [{\"var\": "
			"\"e.total\"}, 0]}");
		return false;
	}
	if (span_is(args.name, "var"))
		return read_var(c, &args, ret_operand);
	for (size_t i = 0; i < ARRAY_SIZE(operators); i++)
		if (span_is(args.name, operators[i].name))
			return read_operator(c, &operators[i], &args, depth, ret_operand);
	unknown_operator(c, &args);
	return false;
}

const struct cond *rule_read_cond(
	struct rule_reader *r, const struct rule_place *p, enum rule_cond_scope scope)
{
	struct cond_reader c = {r, &r->builder, scope};
	struct cond cond = {0};
	struct operand root;

	r->builder.n_nodes = 0;
	r->builder.n_children = 0;
	r->builder.n_pending = 0;
	if (!read_node(&c, p, 1, &root))
		return NULL;
	root.place = *p;
	if (!check_truth(&c, "a condition", &root) || r->oom)
		return NULL;
	cond.n_nodes = r->builder.n_nodes;
	cond.nodes = rule_copy_array(r, r->builder.nodes, cond.n_nodes, sizeof(*cond.nodes));
	cond.children = rule_copy_array(
		r, r->builder.children, r->builder.n_children, sizeof(*cond.children));
	return rule_copy_array(r, &cond, 1, sizeof(cond));
}
