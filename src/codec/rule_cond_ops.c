/* SPDX-License-Identifier: MIT */
/* The table of operators, and those that compare, join and compute. */
#include "rule_cond.h"

#include "core/tally.h"

#define PAIR  " [a, b]}"
#define ANY   (KIND_PLAIN | KIND_INSTANT)
#define TIMES (KIND_INSTANT | KIND_TEXT | KIND_NUMBER)

static const struct cond_operator operators[] = {
	{"var", cond_read_var, COND_FIELD, 1, 1, 0, 0, "{\"var\": \"e.NAME\"}"},
	{"==", cond_read_compare, COND_EQUAL, 2, 2, ANY, KIND_BOOL, "{\"==\":" PAIR},
	{"!=", cond_read_compare, COND_NOT_EQUAL, 2, 2, ANY, KIND_BOOL, "{\"!=\":" PAIR},
	{"<", cond_read_compare, COND_LESS, 2, 3, ANY, KIND_BOOL,
		"{\"<\": [a, b]} or {\"<\": [a, b, c]}"},
	{"<=", cond_read_compare, COND_LESS_EQUAL, 2, 3, ANY, KIND_BOOL,
		"{\"<=\": [a, b]} or {\"<=\": [a, b, c]}"},
	{">", cond_read_compare, COND_GREATER, 2, 2, ANY, KIND_BOOL, "{\">\":" PAIR},
	{">=", cond_read_compare, COND_GREATER_EQUAL, 2, 2, ANY, KIND_BOOL, "{\">=\":" PAIR},
	{"and", cond_read_truths, COND_AND, 1, 0, KIND_BOOL, KIND_BOOL, "{\"and\": [a, b, ...]}"},
	{"or", cond_read_truths, COND_OR, 1, 0, KIND_BOOL, KIND_BOOL, "{\"or\": [a, b, ...]}"},
	{"!", cond_read_truths, COND_NOT, 1, 1, KIND_BOOL, KIND_BOOL, "{\"!\": [a]}"},
	{"if", cond_read_if, COND_IF, 3, 0, 0, 0,
		"{\"if\": [CONDITION, a, b]}, with an else at the end"},
	{"in", cond_read_in, COND_IN, 2, 2, KIND_PLAIN, KIND_BOOL, "{\"in\": [a, [\"x\", \"y\"]]}"},
	{"+", cond_read_numbers, COND_ADD, 2, 0, KIND_NUMBER, KIND_NUMBER, "{\"+\": [a, b, ...]}"},
	{"-", cond_read_numbers, COND_SUBTRACT, 2, 2, KIND_NUMBER, KIND_NUMBER, "{\"-\":" PAIR},
	{"*", cond_read_numbers, COND_MULTIPLY, 2, 0, KIND_NUMBER, KIND_NUMBER,
		"{\"*\": [a, b, ...]}"},
	{"%", cond_read_numbers, COND_REMAINDER, 2, 2, KIND_NUMBER, KIND_NUMBER, "{\"%\":" PAIR},
	{"min", cond_read_numbers, COND_LEAST, 2, 0, KIND_NUMBER, KIND_NUMBER,
		"{\"min\": [a, b, ...]}"},
	{"max", cond_read_numbers, COND_GREATEST, 2, 0, KIND_NUMBER, KIND_NUMBER,
		"{\"max\": [a, b, ...]}"},
	{"some", cond_read_look_through, COND_SOME, 2, 2, 0, KIND_BOOL,
		"{\"some\": [{\"var\": \"e.ARRAY\"}, CONDITION]}"},
	{"all", cond_read_look_through, COND_ALL, 2, 2, 0, KIND_BOOL,
		"{\"all\": [{\"var\": \"e.ARRAY\"}, CONDITION]}"},
	{"none", cond_read_look_through, COND_NONE, 2, 2, 0, KIND_BOOL,
		"{\"none\": [{\"var\": \"e.ARRAY\"}, CONDITION]}"},
	{"missing", cond_read_missing, COND_MISSING, 1, 0, 0, KIND_BOOL,
		"{\"missing\": [\"e.NAME\", ...]}"},
	{"missing_some", cond_read_missing_some, COND_SCARCE, 2, 2, 0, KIND_BOOL,
		"{\"missing_some\": [1, [\"e.NAME\", ...]]}"},
	{"now", cond_read_now, COND_NOW, 0, 0, 0, KIND_INSTANT, "{\"now\": []}"},
	{"plusTime", cond_read_plus_time, COND_PLUS_TIME, 2, 3, TIMES, KIND_INSTANT,
		"{\"plusTime\": [INSTANT, \"7d\"]} or {\"plusTime\": [INSTANT, 1, \"month\"]}"},
	{"before", cond_read_time_order, COND_BEFORE, 2, 3, TIMES, KIND_BOOL,
		"{\"before\": [a, b]} or {\"before\": [a, b, c]}"},
	{"after", cond_read_time_order, COND_AFTER, 2, 3, TIMES, KIND_BOOL,
		"{\"after\": [a, b]} or {\"after\": [a, b, c]}"},
	{"not-before", cond_read_time_order, COND_NOT_BEFORE, 2, 3, TIMES, KIND_BOOL,
		"{\"not-before\": [a, b]} or {\"not-before\": [a, b, c]}"},
	{"not-after", cond_read_time_order, COND_NOT_AFTER, 2, 3, TIMES, KIND_BOOL,
		"{\"not-after\": [a, b]} or {\"not-after\": [a, b, c]}"},
	{"since", cond_read_since, COND_SINCE, 1, 1, TIMES, KIND_NUMBER, "{\"since\": INSTANT}"},
	{"within", cond_read_within, COND_WITHIN, 2, 2, TIMES, KIND_BOOL,
		"{\"within\": [INSTANT, \"7d\"]}"},
	{"localHour", cond_read_local_hour, COND_LOCAL_HOUR, 1, 1, 0, KIND_NUMBER,
		"{\"localHour\": \"store\"}"},
	{"count", cond_read_tally, COND_COUNT, 2, 2, 0, KIND_NUMBER,
		"{\"count\": [\"Payment Failed\", \"10m\"]}"},
	{"sum", cond_read_tally, COND_SUM, 3, 3, 0, KIND_NUMBER,
		"{\"sum\": [\"Order Completed\", \"e.total\", \"365d\"]}"},
	{"last", cond_read_tally, COND_LAST, 2, 2, 0, KIND_PLAIN,
		"{\"last\": [\"Order Completed\", \"e.total\"]}"},
	{"hasConsent", cond_read_consent, COND_CONSENT, 2, 2, 0, KIND_BOOL,
		"{\"hasConsent\": [\"marketing\", \"email\"]}"},
	{"inSegment", cond_read_segment, COND_SEGMENT, 1, 1, 0, KIND_BOOL,
		"{\"inSegment\": \"NAME\"}"},
	{"pctile", cond_read_percentile, COND_PERCENTILE, 1, 1, 0, KIND_NUMBER,
		"{\"pctile\": \"value\"}"},
};

const struct cond_operator *cond_operator_find(struct span name)
{
	for (size_t i = 0; i < ARRAY_SIZE(operators); i++)
		if (span_is(name, operators[i].name))
			return &operators[i];
	return NULL;
}

/* ---- operands -------------------------------------------------------------------------- */

size_t cond_places(
	struct cond_reader *c, const struct file_place *args, struct file_place *places, size_t max)
{
	struct file_walk walk;
	struct file_place p;
	size_t n = 0;

	if (args->value.type != JSON_TYPE_ARRAY) {
		if (max > 0)
			places[0] = *args;
		return 1;
	}
	file_walk_init(&walk, args);
	while (rule_walk_next(c->r, &walk, &p)) {
		if (n < max)
			places[n] = p;
		n++;
	}
	return n;
}

void cond_operands_add(
	struct cond_reader *c, struct cond_operands *all, const struct cond_operand *one)
{
	if (all->n == 0) {
		all->common = ~0U;
		all->constant = true;
	}
	all->common &= one->kinds;
	all->constant = all->constant && one->constant;
	all->stage = all->stage || one->stage;
	if (all->n < ARRAY_SIZE(all->first))
		all->first[all->n] = *one;
	all->n++;
	c->b->pending[c->b->n_pending++] = one->node;
}

bool cond_finish(struct cond_reader *c, const struct file_place *p, struct cond_node *node,
	const struct cond_operands *all)
{
	uint16_t index;

	node->first = (uint16_t)c->b->n_children;
	node->count = (uint16_t)(c->b->n_pending - all->base);
	memcpy(c->b->children + c->b->n_children, c->b->pending + all->base,
		node->count * sizeof(*c->b->pending));
	c->b->n_children += node->count;
	c->b->n_pending = all->base;
	return cond_add_node(c, p, node, &index);
}

bool cond_finish_leaf(struct cond_reader *c, const struct file_place *p, struct cond_node *node,
	const struct cond_operands *none, struct cond_operand *ret)
{
	if (!cond_finish(c, p, node, none))
		return false;
	ret->node = (uint16_t)(c->b->n_nodes - 1);
	return true;
}

static const char *kind_words(unsigned kinds)
{
	if (kinds == KIND_NUMBER)
		return "a number";
	if (kinds & KIND_INSTANT && !(kinds & KIND_BOOL))
		return "an instant: a value of the event that is one, a text such as "
		       "\"2026-12-24T18:00:00Z\", or {\"now\": []}";
	return "a number, a text, or true or false";
}

bool cond_check_truth(struct cond_reader *c, const char *what, const struct cond_operand *operand)
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

static bool check_takes(
	struct cond_reader *c, const struct cond_operator *o, const struct cond_operand *one)
{
	if (o->takes == KIND_BOOL)
		return cond_check_truth(c, "what stands in and, or and !", one);
	if (one->kinds & o->takes)
		return true;
	rule_problem_add(c->r, &one->place, "what stands in \"%s\" must be %s", o->name,
		kind_words(o->takes));
	return false;
}

bool cond_check_arity(struct cond_reader *c, const struct cond_operator *o,
	const struct file_place *args, size_t n)
{
	bool many = o->min > 0 && o->max == 0;

	if (n >= o->min && (many || n <= o->max))
		return true;
	rule_problem_add(c->r, args, "\"%s\" cannot have %zu argument%s; write %s", o->name, n,
		n == 1 ? "" : "s", o->form);
	return false;
}

bool cond_read_operands(struct cond_reader *c, const struct cond_operator *o,
	const struct file_place *args, struct cond_operands *ret_all)
{
	struct cond_operands all = {.base = c->b->n_pending};
	bool list = args->value.type == JSON_TYPE_ARRAY;
	struct file_place p = *args;
	struct file_walk walk;
	bool ok = true;
	size_t n = 0;

	file_walk_init(&walk, args);
	/* {"!": a} is short for {"!": [a]}. */
	for (; list ? rule_walk_next(c->r, &walk, &p) : n == 0; n++) {
		struct cond_operand one = {.kinds = 0};
		bool read = cond_read_node(c, &p, &one) && check_takes(c, o, &one);

		ok = ok && read;
		if (ok)
			cond_operands_add(c, &all, &one);
		else
			c->b->n_pending = all.base;
		if (c->b->n_nodes == COND_NODES_MAX && !ok)
			return false;
	}
	if (!cond_check_arity(c, o, args, n) || !ok || c->r->oom)
		return false;
	*ret_all = all;
	return true;
}

static bool finish_as(struct cond_reader *c, const struct cond_operator *o,
	const struct file_place *args, const struct cond_operands *all, struct cond_operand *ret)
{
	struct cond_node node = {.op = o->op};

	*ret = (struct cond_operand){.kinds = o->gives};
	if (!cond_finish(c, args, &node, all))
		return false;
	ret->node = (uint16_t)(c->b->n_nodes - 1);
	return true;
}

bool cond_read_truths(struct cond_reader *c, const struct cond_operator *o,
	const struct file_place *args, struct cond_operand *ret)
{
	struct cond_operands all;

	return cond_read_operands(c, o, args, &all) && cond_check_joined(c, o->op, &all, args) &&
	       finish_as(c, o, args, &all, ret);
}

/* ---- comparison ------------------------------------------------------------------------ */

/* A word that is compared with the stage must be one. */
static bool stage_ok(struct cond_reader *c, const struct cond_operand *word)
{
	const struct cond_node *node = &c->b->nodes[word->node];
	struct file_words known = {.used = 0};
	char quote[FILE_QUOTE_SIZE];

	if (node->op == COND_LIST) {
		for (uint16_t i = 0; i < node->count; i++) {
			struct cond_operand one = {
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
		file_words_add(&known, "", name);
	}
	rule_problem_add(c->r, &word->place, "%s is not a stage of the journey; write one of %s",
		file_quote(node->value.text, quote), known.text);
	return false;
}

/* a < b < c between constants that are not in that order holds for nothing. */
static bool bounds_ok(struct cond_reader *c, const struct cond_operator *o,
	const struct cond_operands *all, const struct file_place *args)
{
	const struct cond_node *low = &c->b->nodes[all->first[0].node];
	const struct cond_node *high = &c->b->nodes[all->first[all->n - 1].node];
	int order;

	if (all->n != 3 || !all->first[0].constant || !all->first[2].constant ||
		low->value.type != VALUE_NUMBER || high->value.type != VALUE_NUMBER)
		return true;
	order = decimal_compare(low->value.number, high->value.number);
	if (order < 0 || (order == 0 && o->op == COND_LESS_EQUAL))
		return true;
	rule_problem_add(c->r, args,
		"nothing lies between these two, so it is never true; the lower one comes first");
	return false;
}

static bool types_ok(struct cond_reader *c, const struct cond_operator *o,
	const struct cond_operands *all, const struct file_place *args)
{
	bool ordered = o->op != COND_EQUAL && o->op != COND_NOT_EQUAL && o->op != COND_IN;
	unsigned any = 0;

	for (size_t i = 0; i < all->n && i < ARRAY_SIZE(all->first); i++)
		any |= all->first[i].kinds;
	if ((all->common & (ordered ? KIND_NUMBER | KIND_TEXT | KIND_INSTANT
				    : KIND_PLAIN | KIND_INSTANT)) &&
		!(ordered && all->stage))
		return true;
	if (any & KIND_INSTANT)
		rule_problem_add(c->r, args,
			"an instant is compared with \"before\", \"after\", \"not-before\" or "
			"\"not-after\", which read a text or a number as one");
	else
		rule_problem_add(c->r, args,
			ordered ? "\"%s\" has an order for two numbers or two texts only (stages "
				  "have none)"
				: "the arguments of \"%s\" are of different types, so they never "
				  "are equal; nothing is converted",
			o->name);
	return false;
}

/* More events than are kept are never counted. */
static bool counts_ok(struct cond_reader *c, const struct cond_operands *all)
{
	static const struct decimal most = {TALLY_MAX, 0};
	bool count = false;

	for (size_t i = 0; i < all->n && i < ARRAY_SIZE(all->first); i++)
		count = count || all->first[i].count;
	for (size_t i = 0; count && i < all->n && i < ARRAY_SIZE(all->first); i++) {
		const struct cond_node *node = &c->b->nodes[all->first[i].node];

		if (node->op != COND_VALUE || node->value.type != VALUE_NUMBER ||
			decimal_compare(node->value.number, most) <= 0)
			continue;
		rule_problem_add(c->r, &all->first[i].place,
			"a count goes up to %d and stays there; compare it with less", TALLY_MAX);
		return false;
	}
	return true;
}

static bool check_compare(struct cond_reader *c, const struct cond_operator *o,
	const struct cond_operands *all, const struct file_place *args)
{
	if (all->constant) {
		rule_problem_add(c->r, args,
			"this compares constants, so it is the same for every event; name a value "
			"with {\"var\": ...}");
		return false;
	}
	if (span_equal(all->first[0].place.value.raw, all->first[1].place.value.raw)) {
		rule_problem_add(c->r, args,
			"this compares a value with itself, so it is the same for every event");
		return false;
	}
	if (!types_ok(c, o, all, args) || !bounds_ok(c, o, all, args) || !counts_ok(c, all))
		return false;
	for (size_t i = 0; all->stage && i < all->n && i < ARRAY_SIZE(all->first); i++)
		if (!stage_ok(c, &all->first[i]))
			return false;
	return true;
}

bool cond_read_compare(struct cond_reader *c, const struct cond_operator *o,
	const struct file_place *args, struct cond_operand *ret)
{
	struct cond_operands all;

	return cond_read_operands(c, o, args, &all) && check_compare(c, o, &all, args) &&
	       finish_as(c, o, args, &all, ret);
}

/* ---- in -------------------------------------------------------------------------------- */

/* The constants that `in` looks through. */
static bool read_list(struct cond_reader *c, const struct file_place *p, struct cond_operand *ret)
{
	struct cond_operands all = {.base = c->b->n_pending};
	struct cond_node node = {.op = COND_LIST};
	struct file_walk walk;
	struct file_place item;

	file_walk_init(&walk, p);
	while (p->value.type == JSON_TYPE_ARRAY && rule_walk_next(c->r, &walk, &item)) {
		struct cond_operand one;

		if (item.value.type == JSON_TYPE_OBJECT) {
			rule_problem_add(c->r, &item,
				"a list for \"in\" holds numbers and texts only; use \"or\" to "
				"compare with other values");
			return false;
		}
		if (!cond_read_constant(c, &item, &one))
			return false;
		ret->kinds |= one.kinds;
		cond_operands_add(c, &all, &one);
	}
	if (all.n == 0) {
		rule_problem_add(c->r, p,
			"the second argument of \"in\" is a list that is not empty: "
			"{\"in\": [a, [\"x\", \"y\"]]}, or an array of the event");
		return false;
	}
	ret->constant = true;
	if (!cond_finish(c, p, &node, &all))
		return false;
	ret->node = (uint16_t)(c->b->n_nodes - 1);
	return true;
}

/* The second operand of `in`: a list, or an array of the event, of whatever types. */
static bool read_heap(struct cond_reader *c, const struct file_place *p, struct cond_operand *ret)
{
	*ret = (struct cond_operand){.place = *p};
	if (p->value.type != JSON_TYPE_OBJECT)
		return read_list(c, p, ret);
	if (!cond_read_array(c, p, ret))
		return false;
	ret->kinds = KIND_PLAIN;
	return true;
}

bool cond_read_in(struct cond_reader *c, const struct cond_operator *o,
	const struct file_place *args, struct cond_operand *ret)
{
	struct cond_operands all = {.base = c->b->n_pending};
	struct cond_operand one = {.kinds = 0}, heap;
	struct file_place places[2];
	bool ok;

	if (!cond_check_arity(c, o, args, cond_places(c, args, places, 2)))
		return false;
	ok = cond_read_node(c, &places[0], &one) && check_takes(c, o, &one);
	if (ok)
		cond_operands_add(c, &all, &one);
	ok = read_heap(c, &places[1], &heap) && ok;
	if (!ok) {
		c->b->n_pending = all.base;
		return false;
	}
	cond_operands_add(c, &all, &heap);
	return check_compare(c, o, &all, args) && finish_as(c, o, args, &all, ret);
}

/* ---- numbers, if ----------------------------------------------------------------------- */

bool cond_read_numbers(struct cond_reader *c, const struct cond_operator *o,
	const struct file_place *args, struct cond_operand *ret)
{
	struct cond_operands all;

	if (!cond_read_operands(c, o, args, &all))
		return false;
	if (all.constant) {
		rule_problem_add(c->r, args,
			"this computes with constants alone; write what comes out of it");
		return false;
	}
	return finish_as(c, o, args, &all, ret);
}

/* One operand: a condition to TEST, or a value. */
static bool read_branch(struct cond_reader *c, const struct file_place *p, bool test,
	struct cond_operands *all, struct cond_operands *values)
{
	struct cond_operand one = {.kinds = 0};

	if (!cond_read_node(c, p, &one))
		return false;
	if (test) {
		if (!cond_check_truth(c, "what stands before a branch of \"if\"", &one))
			return false;
	} else {
		values->common = values->n++ == 0 ? one.kinds : values->common & one.kinds;
	}
	cond_operands_add(c, all, &one);
	return true;
}

/* Conditions at even places, but for the last, which is the else. */
bool cond_read_if(struct cond_reader *c, const struct cond_operator *o,
	const struct file_place *args, struct cond_operand *ret)
{
	struct cond_operands all = {.base = c->b->n_pending};
	struct cond_operands values = {.n = 0};
	size_t n = cond_places(c, args, NULL, 0);
	struct file_walk walk;
	struct file_place p;
	bool ok = true;

	/* Without an else, as with one argument, it does not say what it is. */
	if (!cond_check_arity(c, o, args, n % 2 ? n : 0))
		return false;
	file_walk_init(&walk, args);
	for (size_t i = 0; ok && rule_walk_next(c->r, &walk, &p); i++)
		ok = read_branch(c, &p, i % 2 == 0 && i + 1 < n, &all, &values);
	if (ok && !(values.common & ANY)) {
		rule_problem_add(c->r, args,
			"the branches of \"if\" must be of one type, all numbers, all texts or all "
			"conditions");
		ok = false;
	}
	if (!ok) {
		c->b->n_pending = all.base;
		return false;
	}
	if (!finish_as(c, o, args, &all, ret))
		return false;
	ret->kinds = values.common & ANY;
	return true;
}
