/* SPDX-License-Identifier: MIT */
/* Operators of time. A constant text that stands for an instant is read here, once. */
#include "rule_cond.h"

#include "base/instant.h"

/* Lengths of time in conditions: up to ten years, as everywhere. */
static const struct rule_duration_limits spans = {0, DURATION_MAX_MS, false};

/* An operand that is, or may be, an instant. */
static bool read_instant(struct cond_reader *c, const struct cond_operator *o,
	const struct file_place *p, struct cond_operands *all)
{
	struct cond_operand one = {.kinds = 0};
	struct cond_node *node;
	int64_t at;

	if (!cond_read_node(c, p, &one))
		return false;
	node = &c->b->nodes[one.node];
	if (one.constant &&
		(node->value.type != VALUE_STRING || instant_parse(node->value.text, &at) != 0)) {
		rule_problem_add(c->r, p,
			"this is no instant; write a text such as \"2026-12-24\" or "
			"\"2026-12-24T18:00:00Z\", a value of the event, or {\"now\": []}");
		return false;
	}
	if (one.constant) {
		node->value =
			(struct value){.type = VALUE_INSTANT, .raw = node->value.raw, .at = at};
	} else if (!(one.kinds & o->takes)) {
		rule_problem_add(c->r, p, "what stands in \"%s\" must be an instant", o->name);
		return false;
	}
	cond_operands_add(c, all, &one);
	return true;
}

/* Reads the first N of PLACES as instants. */
static bool read_instants(struct cond_reader *c, const struct cond_operator *o,
	const struct file_place *places, size_t n, struct cond_operands *ret_all)
{
	struct cond_operands all = {.base = c->b->n_pending};
	bool ok = true;

	for (size_t i = 0; i < n; i++)
		ok = read_instant(c, o, &places[i], &all) && ok;
	if (!ok)
		c->b->n_pending = all.base;
	*ret_all = all;
	return ok;
}

/* Of constants alone comes a constant, but for what moves with time. */
static bool moves(struct cond_reader *c, const struct cond_operator *o,
	const struct file_place *args, const struct cond_operands *all)
{
	if (!all->constant || o->op == COND_SINCE || o->op == COND_WITHIN)
		return true;
	rule_problem_add(c->r, args,
		"this has only constants, so it is the same for every event; name a value with "
		"{\"var\": ...}, or {\"now\": []}");
	c->b->n_pending = all->base;
	return false;
}

static bool finish(struct cond_reader *c, const struct file_place *args, struct cond_node *node,
	const struct cond_operands *all, struct cond_operand *ret)
{
	bool truth = node->op >= COND_BEFORE && node->op <= COND_NOT_BEFORE;

	*ret = (struct cond_operand){.kinds = KIND_INSTANT};
	if (truth || node->op == COND_WITHIN)
		ret->kinds = KIND_BOOL;
	else if (node->op == COND_SINCE || node->op == COND_LOCAL_HOUR)
		ret->kinds = KIND_NUMBER;
	return cond_finish_leaf(c, args, node, all, ret);
}

bool cond_read_now(struct cond_reader *c, const struct cond_operator *o,
	const struct file_place *args, struct cond_operand *ret)
{
	struct cond_operands none = {.base = c->b->n_pending};
	struct cond_node node = {.op = COND_NOW};
	struct file_place place;

	return cond_check_arity(c, o, args, cond_places(c, args, &place, 1)) &&
	       finish(c, args, &node, &none, ret);
}

bool cond_read_time_order(struct cond_reader *c, const struct cond_operator *o,
	const struct file_place *args, struct cond_operand *ret)
{
	struct cond_node node = {.op = o->op};
	struct cond_operands all;
	struct file_place places[3];
	size_t n = cond_places(c, args, places, 3);

	return cond_check_arity(c, o, args, n) && read_instants(c, o, places, n, &all) &&
	       moves(c, o, args, &all) && finish(c, args, &node, &all, ret);
}

bool cond_read_since(struct cond_reader *c, const struct cond_operator *o,
	const struct file_place *args, struct cond_operand *ret)
{
	struct cond_node node = {.op = COND_SINCE};
	struct cond_operands all;
	struct file_place place;

	return cond_check_arity(c, o, args, cond_places(c, args, &place, 1)) &&
	       read_instants(c, o, &place, 1, &all) && moves(c, o, args, &all) &&
	       finish(c, args, &node, &all, ret);
}

bool cond_read_within(struct cond_reader *c, const struct cond_operator *o,
	const struct file_place *args, struct cond_operand *ret)
{
	struct cond_node node = {.op = COND_WITHIN};
	struct cond_operands all;
	struct file_place places[2];

	return cond_check_arity(c, o, args, cond_places(c, args, places, 2)) &&
	       rule_read_duration(c->r, &places[1], &spans, &node.ms) &&
	       read_instants(c, o, places, 1, &all) && moves(c, o, args, &all) &&
	       finish(c, args, &node, &all, ret);
}

/* "7d", "-7d". */
static bool read_shift(struct cond_reader *c, const struct file_place *p, struct cond_node *node)
{
	struct span text = p->value.type == JSON_TYPE_STRING ? json_content(&p->value) : SPAN_EMPTY;
	bool back = span_starts(text, SPAN_LIT("-"));
	int64_t ms;

	if (back)
		text = span_of(text.ptr + 1, text.len - 1);
	if (duration_parse(text, &ms) != 0) {
		rule_problem_add(c->r, p,
			"this must be a length of time such as \"7d\" or \"-2h\" (units w d h m s "
			"ms, at most ten years)");
		return false;
	}
	node->op = COND_PLUS_TIME;
	node->ms = back ? -ms : ms;
	return true;
}

/* 1, "month". */
static bool read_calendar(
	struct cond_reader *c, const struct file_place *places, struct cond_node *node)
{
	static const char *const words[] = {"hour", "day", "month", "year", NULL};
	static const int64_t sizes[] = {MS_HOUR, MS_DAY, 1, 12};
	const struct file_place *p = &places[1];
	bool number = p->value.type == JSON_TYPE_NUMBER;
	bool back = number && p->value.raw.ptr[0] == '-';
	struct span digits = p->value.raw;
	uint64_t n = 0;
	size_t unit;

	if (back)
		digits = span_of(digits.ptr + 1, digits.len - 1);
	if (!number || span_to_u64(digits, 10000, &n) != 0) {
		rule_problem_add(c->r, p, "this must be a whole number from -10000 to 10000");
		return false;
	}
	if (!rule_read_choice(c->r, &places[2], words, &unit))
		return false;
	node->op = unit < 2 ? COND_PLUS_TIME : COND_PLUS_CALENDAR;
	node->ms = (int64_t)n * sizes[unit] * (back ? -1 : 1);
	return true;
}

bool cond_read_plus_time(struct cond_reader *c, const struct cond_operator *o,
	const struct file_place *args, struct cond_operand *ret)
{
	struct cond_node node = {.op = COND_PLUS_TIME};
	struct cond_operands all;
	struct file_place places[3];
	size_t n = cond_places(c, args, places, 3);

	if (!cond_check_arity(c, o, args, n))
		return false;
	if (n == 2 ? !read_shift(c, &places[1], &node) : !read_calendar(c, places, &node))
		return false;
	return read_instants(c, o, places, 1, &all) && moves(c, o, args, &all) &&
	       finish(c, args, &node, &all, ret);
}

bool cond_read_local_hour(struct cond_reader *c, const struct cond_operator *o,
	const struct file_place *args, struct cond_operand *ret)
{
	struct cond_operands none = {.base = c->b->n_pending};
	struct cond_node node = {.op = COND_LOCAL_HOUR};
	struct file_place place;
	struct span name;

	if (!cond_check_arity(c, o, args, cond_places(c, args, &place, 1)) ||
		!rule_read_text(c->r, &place, 64, &name))
		return false;
	if (!span_is(name, "customer")) {
		node.zone = rule_zone(c->r, &place, name);
		if (!node.zone)
			return false;
	}
	return finish(c, args, &node, &none, ret);
}
