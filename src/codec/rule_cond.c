/* SPDX-License-Identifier: MIT */
/*
 * Conditions: JsonLogic's strict profile, from its tree to the flat form of core/cond.h. What
 * JavaScript would coerce is refused here, with its place, because a rule that compares a word
 * with a number is never what its author meant: each operand has a set of types it can have, and an
 * operator whose operands can never agree is a problem. So is a condition that is the same for
 * every event.
 */
#include "rule_cond.h"

#include "near_name.h"
#include "rule_draft.h"
#include "rule_logic.h"

static void reader_init(struct cond_reader *c, struct rule_reader *r, enum rule_cond_scope scope)
{
	*c = (struct cond_reader){.r = r, .b = &r->builder, .scope = scope};
	r->builder.n_nodes = 0;
	r->builder.n_children = 0;
	r->builder.n_pending = 0;
}

bool cond_add_node(struct cond_reader *c, const struct file_place *p, const struct cond_node *node,
	uint16_t *ret_index)
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
bool cond_read_constant(struct cond_reader *c, const struct file_place *p, struct cond_operand *ret)
{
	struct cond_node node = {.op = COND_VALUE, .value = {.type = VALUE_MISSING}};
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
	*ret = (struct cond_operand){.kinds = kind, .constant = true};
	return !c->r->oom && cond_add_node(c, p, &node, &ret->node);
}

/* ---- var ------------------------------------------------------------------------------- */

static const unsigned fact_kinds[] = {
	[FACT_BOOL] = KIND_BOOL,
	[FACT_NUMBER] = KIND_NUMBER,
	[FACT_TEXT] = KIND_TEXT,
	[FACT_INSTANT] = KIND_INSTANT,
};

/* Is PATH one that NAME may have meant: of the same entity, or of the customer and with the same
 * first letter? */
static bool fact_resembles(struct span path, struct span name)
{
	const char *dot = name.len ? memchr(name.ptr, '.', name.len) : NULL;
	size_t head = dot ? (size_t)(dot - name.ptr) + 1 : 0;

	if (head)
		return path.len > head && memcmp(path.ptr, name.ptr, head) == 0;
	return name.len > 0 && path.ptr[0] == name.ptr[0] && !memchr(path.ptr, '.', path.len);
}

/* The shortest path that is looked for with slips. */
#define FACT_MIN 4

static void refuse_fact(struct cond_reader *c, const struct file_place *p, struct span name)
{
	struct file_words known = {.used = 0};
	char quote[FILE_QUOTE_SIZE];
	size_t meant = FACT_COUNT;
	struct near_name near;

	near_name_init(&near, name, FACT_MIN);
	for (size_t i = 0; i < FACT_SPENT; i++) {
		_cleanup_(buf_release) struct buf path = BUF_INIT;

		if (!fact_is(i))
			continue;
		fact_path(i, &path);
		if (near_name_offer(&near, buf_span(&path)))
			meant = i;
		if (known.used + path.len + 6 < sizeof(known.text) &&
			fact_resembles(buf_span(&path), name))
			file_words_add(&known, "s.", buf_span(&path));
	}
	if (meant != FACT_COUNT) {
		_cleanup_(buf_release) struct buf path = BUF_INIT;

		fact_path(meant, &path);
		rule_problem_add(c->r, p,
			"nothing is known about a customer by the name %s; did you mean s.%.*s?",
			file_quote(name, quote), (int)path.len, path.ptr);
		return;
	}
	rule_problem_add(c->r, p,
		"nothing is known about a customer by the name %s; write one of %s (facts.md lists "
		"them all)",
		file_quote(name, quote), known.used ? known.text : "s.orders, s.stage, …");
}

static bool read_fact(struct cond_reader *c, const struct file_place *p, struct span name,
	struct cond_operand *ret)
{
	struct cond_node node = {.op = COND_STATE, .fact = fact_find(name)};

	if (node.fact == FACT_COUNT) {
		refuse_fact(c, p, name);
		return false;
	}
	if (node.fact == FACT_ORDER_DELIVERED && c->scope == RULE_COND_FIRE) {
		rule_problem_add(c->r, p,
			"s.order_delivered is about the order that an event names, and when the "
			"rule fires there is no event; ask it in `when`, or s.order.delivered of a "
			"rule whose key is the order");
		return false;
	}
	*ret = (struct cond_operand){
		.kinds = fact_kinds[fact_type(node.fact)], .stage = node.fact == FACT_STAGE};
	return cond_add_node(c, p, &node, &ret->node);
}

static bool read_field(struct cond_reader *c, const struct file_place *p, struct span path,
	struct cond_operand *ret)
{
	struct cond_node node = {.op = COND_FIELD};

	if (c->scope == RULE_COND_FIRE) {
		rule_problem_add(c->r, p,
			"when the rule fires there is no event; use facts about the customer "
			"(s.NAME) "
			"here, or ask the event in `when`");
		return false;
	}
	*ret = (struct cond_operand){.kinds = KIND_PLAIN | KIND_ARRAY};
	return rule_field_of(c->r, p, path, &node.field) && cond_add_node(c, p, &node, &ret->node);
}

/* The rule that P stands in: the outermost object of the file, or of the file's list. And its
 * member that leads to P. */
static void rule_around(const struct file_place *p, const struct file_place **ret_rule,
	const struct file_place **ret_member)
{
	const struct file_place *member = p;

	while (p->parent && (p->parent->parent || p->parent->value.type == JSON_TYPE_OBJECT)) {
		member = p;
		p = p->parent;
	}
	*ret_rule = p;
	*ret_member = member;
}

/* A member that the rule's `data` keeps. */
static bool read_snapshot(struct cond_reader *c, const struct file_place *p, struct span name,
	struct cond_operand *ret)
{
	struct cond_node node = {.op = COND_SNAPSHOT, .name = rule_copy(c->r, name)};
	const struct file_place *rule, *member;
	struct file_words known = {.used = 0};
	struct file_place top, one;
	struct file_walk walk, inner;
	bool unkept = false;

	*ret = (struct cond_operand){.kinds = KIND_PLAIN};
	rule_around(p, &rule, &member);
	if (span_is(member->name, "arm") || span_is(member->name, "touch")) {
		rule_problem_add(c->r, p,
			"ctx is what was kept when the rule was armed, and here it is not yet; "
			"write e.NAME for a value of the event");
		return false;
	}
	file_walk_init(&walk, rule);
	while (rule_walk_next(c->r, &walk, &top)) {
		/* A calendar keeps these of its own accord. */
		if (span_is(top.name, "calendar") &&
			(span_is(name, "years") || span_is(name, "date")))
			return cond_add_node(c, p, &node, &ret->node);
		if (!span_is(top.name, "data"))
			continue;
		file_walk_init(&inner, &top);
		while (rule_walk_next(c->r, &inner, &one)) {
			bool kept = rule_data_kept(&one.value);

			if (span_equal(one.name, name) && kept)
				return cond_add_node(c, p, &node, &ret->node);
			if (kept)
				file_words_add(&known, "ctx.", one.name);
			else if (span_equal(one.name, name))
				unkept = true;
		}
	}
	if (unkept) {
		rule_problem_add(c->r, p,
			"`data` reads this value when the job is made, so that nothing is kept of "
			"it; ask s.NAME here, or keep it: \"ctx.s.NAME\"");
		return false;
	}
	rule_problem_add(c->r, p, "the rule's `data` keeps no such value; %s%s",
		known.used ? "it has " : "name it there: \"data\": {\"NAME\": \"e.NAME\"}",
		known.text);
	return false;
}

static bool read_element(struct cond_reader *c, const struct file_place *p, struct span path,
	struct cond_operand *ret)
{
	struct cond_node node = {.op = COND_ELEMENT, .name = rule_copy(c->r, path)};

	if (path.len > 0 && !rule_path_ok(path, FIELD_PATH_MAX)) {
		rule_problem_add(c->r, p,
			"this is not the way to a member of an element; write \"\" for the element "
			"itself, NAME for a member, with a dot between inner names");
		return false;
	}
	*ret = (struct cond_operand){.kinds = KIND_PLAIN | KIND_ARRAY};
	return cond_add_node(c, p, &node, &ret->node);
}

/* `e.total` and its like. False with nothing said where NAME is none of these. */
static bool read_worldly(struct cond_reader *c, const struct file_place *p, struct span name,
	bool *ret_known, struct cond_operand *ret)
{
	*ret_known = true;
	if (span_starts(name, SPAN_LIT("s.")))
		return read_fact(c, p, span_of(name.ptr + 2, name.len - 2), ret);
	if (span_starts(name, SPAN_LIT("e.")))
		return read_field(c, p, span_of(name.ptr + 2, name.len - 2), ret);
	if (span_starts(name, SPAN_LIT("ctx.")))
		return read_snapshot(c, p, span_of(name.ptr + 4, name.len - 4), ret);
	*ret_known = false;
	return false;
}

bool cond_read_name(struct rule_reader *r, const struct file_place *p, enum rule_cond_scope scope,
	struct span name, struct cond_node *ret_node)
{
	struct cond_operand operand;
	struct cond_reader c;
	bool known;

	reader_init(&c, r, scope);
	if (!read_worldly(&c, p, name, &known, &operand))
		return false;
	*ret_node = r->builder.nodes[operand.node];
	if (ret_node->op == COND_FIELD)
		field_table_want_tree(&r->rules->fields, ret_node->field);
	return true;
}

bool cond_read_var(struct cond_reader *c, const struct cond_operator *o, const struct file_place *p,
	struct cond_operand *ret)
{
	char quote[FILE_QUOTE_SIZE];
	struct span text;
	bool known, ok;

	(void)o;
	if (p->value.type != JSON_TYPE_STRING) {
		rule_problem_add(c->r, p,
			"write {\"var\": \"e.NAME\"}: one text, without a list and without a "
			"default");
		return false;
	}
	if (c->arrays > 0 && json_content(&p->value).len == 0)
		return read_element(c, p, SPAN_EMPTY, ret);
	if (!rule_read_text(c->r, p, FIELD_PATH_MAX + sizeof("e.context."), &text))
		return false;
	ok = read_worldly(c, p, text, &known, ret);
	if (known)
		return ok;
	if (c->arrays > 0)
		return read_element(c, p, text, ret);
	rule_problem_add(c->r, p,
		"%s names nothing; write e.NAME for a value of the event or s.NAME for a fact "
		"about the customer",
		file_quote(text, quote));
	return false;
}

/* ---- nodes ----------------------------------------------------------------------------- */

static bool read_operator(
	struct cond_reader *c, const struct file_place *p, struct cond_operand *ret)
{
	const struct cond_operator *o;
	struct file_place args, second;
	struct file_walk walk;
	char quote[FILE_QUOTE_SIZE];

	file_walk_init(&walk, p);
	if (!rule_walk_next(c->r, &walk, &args) || rule_walk_next(c->r, &walk, &second)) {
		rule_problem_add(c->r, p,
			"an operator is an object with one member, such as {\">\": [{\"var\": "
			"\"e.total\"}, 0]}");
		return false;
	}
	o = cond_operator_find(args.name);
	if (o)
		return o->read(c, o, &args, ret);
	rule_problem_add(c->r, &args,
		"%s is no operator of conditions; they are var == != < <= > >= and or ! if in + - "
		"* %% min max some all none missing missing_some now plusTime before after "
		"not-before not-after since within localHour count sum last hasConsent inSegment "
		"pctile (nothing is converted, so there is "
		"no === or !!)",
		file_quote(args.name, quote));
	return false;
}

bool cond_read_node(struct cond_reader *c, const struct file_place *p, struct cond_operand *ret)
{
	bool ok;

	if (c->depth == COND_DEPTH_MAX) {
		rule_problem_add(
			c->r, p, "conditions may be nested at most %d deep", COND_DEPTH_MAX);
		return false;
	}
	c->depth++;
	ok = p->value.type == JSON_TYPE_OBJECT ? read_operator(c, p, ret)
					       : cond_read_constant(c, p, ret);
	c->depth--;
	ret->place = *p;
	return ok;
}

/* What the builder holds, in the arena. */
static const struct cond *take_built(struct rule_reader *r)
{
	struct cond cond = {.n_nodes = r->builder.n_nodes};

	cond.nodes = rule_copy_array(r, r->builder.nodes, cond.n_nodes, sizeof(*cond.nodes));
	cond.children = rule_copy_array(
		r, r->builder.children, r->builder.n_children, sizeof(*cond.children));
	return rule_copy_array(r, &cond, 1, sizeof(cond));
}

/* Does the rule that P stands in say so? What it says is judged where its members are read. */
static bool is_compat(struct rule_reader *r, const struct file_place *p)
{
	const struct file_place *rule, *member;
	struct file_place one;
	struct file_walk walk;

	rule_around(p, &rule, &member);
	file_walk_init(&walk, rule);
	while (rule->value.type == JSON_TYPE_OBJECT && rule_walk_next(r, &walk, &one))
		if (span_is(one.name, "profile") && one.value.type == JSON_TYPE_STRING)
			return json_is(&one.value, SPAN_LIT("compat"));
	return false;
}

static const struct cond *read_compat(
	struct rule_reader *r, const struct file_place *p, enum rule_cond_scope scope)
{
	struct cond cond = {.n_nodes = 0};
	struct logic program;

	if (!logic_read(r, p, scope == RULE_COND_EVENT ? LOGIC_EVENT : LOGIC_FIRE, &r->rules->arena,
		    &program))
		return NULL;
	if (program.n_roots == 0) {
		rule_problem_add(r, p,
			"this asks nothing, so it is the same for every event; leave it out or "
			"compare something");
		return NULL;
	}
	if (logic_never(&program)) {
		rule_problem_add(r, p,
			"this is never true, since one part of it contradicts another; leave one "
			"of them out, or write \"or\"");
		return NULL;
	}
	cond.logic = rule_copy_array(r, &program, 1, sizeof(program));
	return rule_copy_array(r, &cond, 1, sizeof(cond));
}

const struct cond *rule_read_cond(
	struct rule_reader *r, const struct file_place *p, enum rule_cond_scope scope)
{
	struct cond_reader c;
	struct cond_operand root;

	if (is_compat(r, p))
		return read_compat(r, p, scope);
	reader_init(&c, r, scope);
	if (!cond_read_node(&c, p, &root) || !cond_check_truth(&c, "a condition", &root) || r->oom)
		return NULL;
	return take_built(r);
}

const struct cond *rule_read_number(
	struct rule_reader *r, const struct file_place *p, enum rule_cond_scope scope)
{
	struct cond_reader c;
	struct cond_operand root;

	if (p->value.type == JSON_TYPE_OBJECT && is_compat(r, p))
		return read_compat(r, p, scope);
	reader_init(&c, r, scope);
	if (!cond_read_node(&c, p, &root) || r->oom)
		return NULL;
	if (!(root.kinds & KIND_NUMBER)) {
		rule_problem_add(r, p,
			"this must be a number, or an operator that gives one, such as {\"if\": "
			"[CONDITION, 0.9, 0.5]}");
		return NULL;
	}
	return take_built(r);
}
