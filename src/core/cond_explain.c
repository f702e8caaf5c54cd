/* SPDX-License-Identifier: MIT */
/*
 * Why a condition does not hold, for people: the part that made it false, and the values it had.
 * Of `and` that is the first part that is not true, of `or` each of them.
 */
#include "cond_run.h"

#include "core/logic.h"
#include "core/tally.h"

/* Of a text that strangers wrote no more than this is repeated. */
#define QUOTE_MAX 48
/* Parts of an `or` that are told. */
#define PARTS_MAX 4

static const char *const symbols[] = {
	[COND_EQUAL] = "==",
	[COND_NOT_EQUAL] = "!=",
	[COND_LESS] = "<",
	[COND_LESS_EQUAL] = "<=",
	[COND_GREATER] = ">",
	[COND_GREATER_EQUAL] = ">=",
	[COND_AND] = "and",
	[COND_OR] = "or",
	[COND_IN] = "in",
	[COND_ADD] = "+",
	[COND_SUBTRACT] = "-",
	[COND_MULTIPLY] = "*",
	[COND_REMAINDER] = "%",
	[COND_BEFORE] = "before",
	[COND_NOT_AFTER] = "not-after",
	[COND_AFTER] = "after",
	[COND_NOT_BEFORE] = "not-before",
};

static const char *const words[] = {
	[COND_NOT] = "not",
	[COND_IF] = "if",
	[COND_LEAST] = "min",
	[COND_GREATEST] = "max",
	[COND_SOME] = "some",
	[COND_ALL] = "all",
	[COND_NONE] = "none",
	[COND_MISSING] = "missing",
	[COND_SCARCE] = "missing_some",
	[COND_NOW] = "now",
	[COND_PLUS_TIME] = "plusTime",
	[COND_PLUS_CALENDAR] = "plusTime",
	[COND_SINCE] = "since",
	[COND_WITHIN] = "within",
	[COND_LOCAL_HOUR] = "localHour",
	[COND_COUNT] = "count",
	[COND_SUM] = "sum",
	[COND_LAST] = "last",
	[COND_CONSENT] = "hasConsent",
	[COND_SEGMENT] = "inSegment",
	[COND_PERCENTILE] = "pctile",
};

static const char *name_of(const char *const *names, size_t n, enum cond_op op)
{
	return (size_t)op < n ? names[op] : NULL;
}

/* ---- values ---------------------------------------------------------------------------- */

static void put_text(struct buf *out, struct span s)
{
	size_t n = s.len < QUOTE_MAX ? s.len : QUOTE_MAX;

	/* Not in the middle of a character. */
	while (n < s.len && n > 0 && ((unsigned char)s.ptr[n] & 0xc0) == 0x80)
		n--;
	buf_add_char(out, '"');
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s.ptr[i];

		buf_add_char(out, (char)(c < 0x20 || c == 0x7f ? '?' : c));
	}
	buf_add_str(out, n < s.len ? "...\"" : "\"");
}

static void put_value(struct buf *out, const struct value *v)
{
	switch (v->type) {
	case VALUE_MISSING:
		buf_add_str(out, "not there");
		return;
	case VALUE_NULL:
		buf_add_str(out, "null");
		return;
	case VALUE_FALSE:
	case VALUE_TRUE:
		buf_add_str(out, v->type == VALUE_TRUE ? "true" : "false");
		return;
	case VALUE_NUMBER:
		buf_add_decimal(out, v->number);
		return;
	case VALUE_STRING:
		put_text(out, v->text);
		return;
	case VALUE_INSTANT:
		buf_add_instant(out, v->at);
		return;
	case VALUE_ARRAY:
		buf_printf(out, "an array of %zu", v->inner->n);
		return;
	case VALUE_OBJECT:
	case VALUE_OTHER:
		buf_add_str(out, "something else");
		return;
	}
}

/* ---- the condition as text ------------------------------------------------------------- */

static void put_node(struct cond_run *run, uint16_t index, struct buf *out);

static void put_children(
	struct cond_run *run, const struct cond_node *node, const char *between, struct buf *out)
{
	for (uint16_t i = 0; i < node->count; i++) {
		if (i > 0)
			buf_add_str(out, between);
		put_node(run, run->cond->children[node->first + i], out);
	}
}

static void put_field(struct cond_run *run, size_t field, struct buf *out)
{
	static const char *const roots[] = {
		[FIELD_ROOT_PROPERTIES] = "e.",
		[FIELD_ROOT_TRAITS] = "e.traits.",
		[FIELD_ROOT_CONTEXT] = "e.context.",
	};
	const struct field_path *path = &run->scope->rules->fields.paths[field];

	buf_add_str(out, roots[path->root]);
	buf_add_span(out, path->path);
}

static bool put_leaf(struct cond_run *run, const struct cond_node *node, struct buf *out)
{
	if (node->op == COND_VALUE) {
		put_value(out, &node->value);
	} else if (node->op == COND_FIELD) {
		put_field(run, node->field, out);
	} else if (node->op == COND_STATE) {
		buf_add_str(out, "s.");
		fact_path(node->fact, out);
	} else if (node->op == COND_SNAPSHOT || node->op == COND_ELEMENT) {
		buf_add_str(out, node->op == COND_SNAPSHOT ? "ctx." : "");
		buf_add_span(out, node->name.len ? node->name : SPAN_LIT("it"));
	} else {
		return false;
	}
	return true;
}

static void put_plan(struct cond_run *run, const struct tally_plan *plan, struct buf *out)
{
	char span[DURATION_SIZE];

	buf_add_span(out, plan->match.name);
	if (plan->kind != TALLY_COUNT) {
		buf_add_str(out, ", ");
		put_field(run, plan->field, out);
	}
	if (plan->kind != TALLY_LAST) {
		duration_format(plan->window_ms, span);
		buf_printf(out, ", %s", span);
	}
}

/* How an operator is written that is neither a leaf nor between its operands. */
static void put_call(struct cond_run *run, const struct cond_node *node, struct buf *out)
{
	char span[DURATION_SIZE];

	buf_add_str(out, name_of(words, ARRAY_SIZE(words), node->op));
	buf_add_char(out, '(');
	put_children(run, node, ", ", out);
	if (node->op == COND_COUNT || node->op == COND_SUM || node->op == COND_LAST)
		put_plan(run, &run->scope->rules->tallies[node->tally], out);
	else if (node->op == COND_CONSENT || node->op == COND_SEGMENT)
		buf_add_span(out, node->name);
	else if (node->op == COND_PERCENTILE)
		buf_add_str(out, "value"); /* the only one there is */
	if (node->op == COND_CONSENT) {
		buf_add_str(out, ", ");
		buf_add_span(out, job_channel_name(node->channel));
	}
	if (node->op == COND_WITHIN || node->op == COND_PLUS_TIME) {
		duration_format(node->ms, span);
		buf_printf(out, ", %s", span);
	} else if (node->op == COND_PLUS_CALENDAR) {
		buf_printf(out, ", %lld months", (long long)node->ms);
	} else if (node->op == COND_SCARCE) {
		buf_printf(out, "; %lld", (long long)node->ms);
	}
	buf_add_char(out, ')');
}

static struct value ask(struct cond_run *run, uint16_t index)
{
	unsigned depth = run->depth;
	struct value value;

	run->depth = 0;
	run->steps = 0;
	value = cond_node_value(run, index);
	run->depth = depth;
	return value;
}

/* Of an `if` what it came to: all of it would hide the values. */
static void put_branch(struct cond_run *run, const struct cond_node *node, struct buf *out)
{
	uint16_t i = 0;

	while (i + 1 < node->count &&
		ask(run, run->cond->children[node->first + i]).type != VALUE_TRUE)
		i = (uint16_t)(i + 2);
	i = (uint16_t)(i + 1 < node->count ? i + 1 : node->count - 1);
	put_node(run, run->cond->children[node->first + i], out);
}

static void put_node(struct cond_run *run, uint16_t index, struct buf *out)
{
	const struct cond_node *node = &run->cond->nodes[index];
	const char *symbol = name_of(symbols, ARRAY_SIZE(symbols), node->op);
	char between[16];

	if (put_leaf(run, node, out))
		return;
	if (node->op == COND_LIST) {
		buf_add_char(out, '[');
		put_children(run, node, ", ", out);
		buf_add_char(out, ']');
	} else if (symbol && node->count > 1) {
		(void)snprintf(between, sizeof(between), " %s ", symbol);
		if (run->depth++ > 0)
			buf_add_char(out, '(');
		put_children(run, node, between, out);
		if (--run->depth > 0)
			buf_add_char(out, ')');
	} else if (symbol) {
		put_children(run, node, "", out);
	} else if (node->op == COND_IF && node->count % 2 == 1) {
		put_branch(run, node, out);
	} else {
		put_call(run, node, out);
	}
}

/* ---- why ------------------------------------------------------------------------------- */

/* "a is 1" behind *BEFORE, which is what stands between it and the next then. */
static void put_is(struct cond_run *run, uint16_t index, const char **before, struct buf *out)
{
	struct value value = ask(run, index);

	buf_add_str(out, *before);
	put_node(run, index, out);
	buf_add_str(out, " is ");
	put_value(out, &value);
	*before = ", ";
}

/* ": a is 1, b is 2" for the operands that are no constants. */
static void put_operands(
	struct cond_run *run, const struct cond_node *node, const char **before, struct buf *out)
{
	for (uint16_t i = 0; i < node->count; i++) {
		uint16_t child = run->cond->children[node->first + i];
		enum cond_op op = run->cond->nodes[child].op;

		if (op == COND_VALUE || op == COND_LIST ||
			(i == 1 && (node->op == COND_SOME || node->op == COND_ALL ||
					   node->op == COND_NONE)))
			continue;
		put_is(run, child, before, out);
	}
}

/* The values by which node INDEX is what it is; of an `or` that is true, of what makes it so. No
 * deeper than conditions are. */
static void put_leaves(struct cond_run *run, uint16_t index, const char **before, struct buf *out)
{
	const struct cond_node *node = &run->cond->nodes[index];
	bool picks = node->op == COND_OR && ask(run, index).type == VALUE_TRUE;

	if (node->op != COND_AND && node->op != COND_OR && node->op != COND_NOT) {
		if (node->count > 0)
			put_operands(run, node, before, out);
		else
			put_is(run, index, before, out);
		return;
	}
	for (uint16_t i = 0; i < node->count; i++) {
		uint16_t child = run->cond->children[node->first + i];

		if (!picks || ask(run, child).type == VALUE_TRUE)
			put_leaves(run, child, before, out);
	}
}

static void explain(struct cond_run *run, uint16_t index, struct buf *out);

static void explain_or(struct cond_run *run, const struct cond_node *node, struct buf *out)
{
	for (uint16_t i = 0; i < node->count && i < PARTS_MAX; i++) {
		if (i > 0)
			buf_add_str(out, "; and ");
		explain(run, run->cond->children[node->first + i], out);
	}
	if (node->count > PARTS_MAX)
		buf_printf(out, "; and %d more", node->count - PARTS_MAX);
}

/* Node INDEX is not true. No deeper than conditions are. */
static void explain(struct cond_run *run, uint16_t index, struct buf *out)
{
	const struct cond_node *node = &run->cond->nodes[index];
	const char *before = ": ";
	struct value value;

	if (node->op == COND_AND) {
		for (uint16_t i = 0; i < node->count; i++) {
			uint16_t child = run->cond->children[node->first + i];

			value = ask(run, child);
			if (value.type != VALUE_TRUE) {
				explain(run, child, out);
				return;
			}
		}
	}
	if (node->op == COND_OR) {
		explain_or(run, node, out);
		return;
	}
	put_node(run, index, out);
	if (node->op == COND_NOT) {
		put_leaves(run, index, &before, out);
		return;
	}
	if (node->count > 0) {
		put_operands(run, node, &before, out);
		return;
	}
	value = ask(run, index);
	buf_add_str(out, " is ");
	put_value(out, &value);
}

static void put_logic(struct buf *out, const struct logic_value *v, struct arena *arena)
{
	struct span text = logic_text(v, arena);

	if (v->type == LOGIC_STRING)
		put_text(out, text);
	else if (v->type == LOGIC_ARRAY && v->n == 0)
		buf_add_str(out, "[]");
	else
		buf_add(out, text.ptr, text.len < QUOTE_MAX ? text.len : QUOTE_MAX);
}

/* Of what JavaScript makes of a condition only the end is told. */
static int explain_logic(const struct cond *c, const struct cond_scope *s, struct buf *out)
{
	_cleanup_(arena_release) struct arena arena;
	struct logic_value value, type;
	int r;

	arena_init(&arena);
	r = logic_ask(c->logic, s, &arena, &value);
	if (r < 0)
		return r;
	if (r == 0 && logic_truth(&value))
		return COND_HOLDS;
	buf_add_str(out, r == LOGIC_ERROR ? "it ends with the error " : "it comes to ");
	if (r == LOGIC_ERROR && logic_member(&value, SPAN_LIT("type"), &type))
		value = type;
	put_logic(out, &value, &arena);
	return buf_failed(out);
}

int cond_explain(const struct cond *c, const struct cond_scope *s, struct buf *out)
{
	struct cond_run run;
	struct value value;

	if (c->logic)
		return explain_logic(c, s, out);
	cond_run_init(&run, c, s);
	value = ask(&run, (uint16_t)(c->n_nodes - 1));
	if (run.steps > COND_STEPS_MAX) {
		buf_printf(out, "it takes more than %d steps", COND_STEPS_MAX);
		return 0;
	}
	if (value.type == VALUE_TRUE)
		return COND_HOLDS;
	explain(&run, (uint16_t)(c->n_nodes - 1), out);
	return buf_failed(out);
}
