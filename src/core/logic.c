/* SPDX-License-Identifier: MIT */
/* The evaluator of the profile `compat`: nodes, operands, errors, and operators of control. */
#include "core/logic.h"

#include "logic_run.h"

const struct logic_value logic_null = {.type = LOGIC_NULL};

struct logic_value logic_bool(bool b)
{
	return (struct logic_value){.type = b ? LOGIC_TRUE : LOGIC_FALSE};
}

struct logic_value logic_of_number(double d)
{
	return (struct logic_value){.type = LOGIC_NUMBER, .number = d};
}

struct logic_value logic_of_text(struct span text)
{
	return (struct logic_value){.type = LOGIC_STRING, .text = text};
}

/* ---- errors ---------------------------------------------------------------------------- */

struct logic_value logic_throw(struct logic_state *s, struct logic_value error)
{
	if (!s->failed) {
		s->failed = true;
		s->error = error;
	}
	return logic_null;
}

struct logic_value logic_fail(struct logic_state *s, const char *type)
{
	struct logic_value text = logic_of_text(span_str(type));
	struct logic_value error = {.type = LOGIC_OBJECT, .n = 1};
	struct logic_value *item = arena_alloc(s->arena, sizeof(*item));
	struct span *name = arena_alloc(s->arena, sizeof(*name));

	if (!item || !name) {
		s->oom = s->fatal = s->failed = true;
		return logic_null;
	}
	*item = text;
	*name = SPAN_LIT("type");
	error.items = item;
	error.names = name;
	return logic_throw(s, error);
}

static void fail_for_good(struct logic_state *s, const char *type)
{
	s->failed = false;
	(void)logic_fail(s, type);
	s->fatal = true;
}

static bool has_room(struct logic_state *s)
{
	if (s->arena->used - s->start <= LOGIC_BYTES_MAX)
		return true;
	fail_for_good(s, "Too Large");
	return false;
}

struct logic_value *logic_room(struct logic_state *s, size_t n)
{
	struct logic_value *room;

	if (n > LOGIC_ITEMS_MAX) {
		fail_for_good(s, "Too Large");
		return NULL;
	}
	room = arena_calloc(s->arena, n ? n : 1, sizeof(*room));
	if (!room)
		s->oom = s->fatal = s->failed = true;
	return room && has_room(s) ? room : NULL;
}

char *logic_bytes(struct logic_state *s, size_t n)
{
	char *room = n <= LOGIC_BYTES_MAX ? arena_alloc(s->arena, n ? n : 1) : NULL;

	if (!room && n <= LOGIC_BYTES_MAX)
		s->oom = s->fatal = s->failed = true;
	else if (!room)
		fail_for_good(s, "Too Large");
	return room && has_room(s) ? room : NULL;
}

/* ---- operands -------------------------------------------------------------------------- */

struct logic_value logic_child(struct logic_state *s, const struct logic_node *node, uint16_t n)
{
	return n < node->count ? logic_eval(s, s->program->children[node->first + n]) : logic_null;
}

/* The array that all children of NODE come to. */
static struct logic_value list(struct logic_state *s, const struct logic_node *node)
{
	struct logic_value *items = logic_room(s, node->count);

	for (uint16_t i = 0; items && i < node->count && !s->failed; i++)
		items[i] = logic_child(s, node, i);
	if (s->failed)
		return logic_null;
	return (struct logic_value){.type = LOGIC_ARRAY, .n = node->count, .items = items};
}

struct logic_value logic_operands(struct logic_state *s, const struct logic_node *node)
{
	struct logic_value value, *one;

	if (node->listed)
		return list(s, node);
	value = logic_child(s, node, 0);
	if (value.type == LOGIC_ARRAY || s->failed)
		return value;
	one = logic_room(s, 1);
	if (!one)
		return logic_null;
	*one = value;
	return (struct logic_value){.type = LOGIC_ARRAY, .n = 1, .items = one};
}

/* ---- control --------------------------------------------------------------------------- */

bool logic_truth(const struct logic_value *v)
{
	switch (v->type) {
	case LOGIC_NULL:
	case LOGIC_FALSE:
		return false;
	case LOGIC_NUMBER:
		return v->number < 0 || v->number > 0;
	case LOGIC_STRING:
		return v->text.len > 0;
	case LOGIC_ARRAY:
		return v->n > 0;
	case LOGIC_TRUE:
	case LOGIC_OBJECT:
	case LOGIC_ROOT:
		break;
	}
	return true;
}

/* Without an else there is null, and without a branch the condition itself. */
struct logic_value logic_if(struct logic_state *s, const struct logic_node *node)
{
	uint16_t i = 0;

	if (!node->listed)
		return logic_fail(s, "Invalid Arguments");
	for (; i + 1 < node->count; i = (uint16_t)(i + 2)) {
		struct logic_value test = logic_child(s, node, i);

		if (s->failed || logic_truth(&test))
			return logic_child(s, node, (uint16_t)(i + 1));
	}
	return logic_child(s, node, i);
}

/* The operand that decides, or the last. */
struct logic_value logic_join(struct logic_state *s, const struct logic_node *node)
{
	struct logic_value value = logic_bool(false);

	if (!node->listed)
		return logic_fail(s, "Invalid Arguments");
	for (uint16_t i = 0; i < node->count; i++) {
		value = logic_child(s, node, i);
		if (s->failed || logic_truth(&value) == (node->op == LOGIC_OP_OR))
			break;
	}
	return value;
}

struct logic_value logic_not(struct logic_state *s, const struct logic_node *node)
{
	struct logic_value value = logic_child(s, node, 0);

	return logic_bool(logic_truth(&value) == (node->op == LOGIC_OP_TRUTH));
}

struct logic_value logic_coalesce(struct logic_state *s, const struct logic_node *node)
{
	for (uint16_t i = 0; i < node->count && !s->failed; i++) {
		struct logic_value value = logic_child(s, node, i);

		if (value.type != LOGIC_NULL)
			return value;
	}
	return logic_null;
}

struct logic_value logic_log(struct logic_state *s, const struct logic_node *node)
{
	return logic_child(s, node, 0);
}

struct logic_value logic_raise(struct logic_state *s, const struct logic_node *node)
{
	struct logic_value value = logic_child(s, node, 0), *type;
	struct span *name;

	if (s->failed || value.type == LOGIC_OBJECT)
		return logic_throw(s, value);
	type = arena_alloc(s->arena, sizeof(*type));
	name = arena_alloc(s->arena, sizeof(*name));
	if (!type || !name) {
		s->oom = s->fatal = s->failed = true;
		return logic_null;
	}
	*type = value;
	*name = SPAN_LIT("type");
	return logic_throw(s,
		(struct logic_value){.type = LOGIC_OBJECT, .n = 1, .items = type, .names = name});
}

/* The first operand without an error; the later ones see the error before. */
struct logic_value logic_try(struct logic_state *s, const struct logic_node *node)
{
	const struct logic_frame *outer = s->frame;
	struct logic_frame about = {logic_null, outer}, error = {logic_null, &about};
	struct logic_value value = logic_child(s, node, 0);
	unsigned depth = s->depth;

	for (uint16_t i = 1; i < node->count && s->failed && !s->fatal; i++) {
		error.data = s->error;
		s->failed = false;
		s->frame = &error;
		s->depth = depth;
		value = logic_child(s, node, i);
		s->frame = outer;
	}
	return value;
}

/* ---- nodes ----------------------------------------------------------------------------- */

static struct logic_value constant(struct logic_state *s, const struct logic_node *node)
{
	(void)s;
	return node->value;
}

static logic_fn *const functions[LOGIC_OP_COUNT] = {
	[LOGIC_OP_VAR] = logic_var,
	[LOGIC_OP_VAL] = logic_val,
	[LOGIC_OP_EXISTS] = logic_exists,
	[LOGIC_OP_MISSING] = logic_missing,
	[LOGIC_OP_MISSING_SOME] = logic_missing_some,
	[LOGIC_OP_IF] = logic_if,
	[LOGIC_OP_CHOICE] = logic_if,
	[LOGIC_OP_AND] = logic_join,
	[LOGIC_OP_OR] = logic_join,
	[LOGIC_OP_NOT] = logic_not,
	[LOGIC_OP_TRUTH] = logic_not,
	[LOGIC_OP_COALESCE] = logic_coalesce,
	[LOGIC_OP_EQUAL] = logic_compare,
	[LOGIC_OP_NOT_EQUAL] = logic_compare,
	[LOGIC_OP_SAME] = logic_compare,
	[LOGIC_OP_NOT_SAME] = logic_compare,
	[LOGIC_OP_LESS] = logic_compare,
	[LOGIC_OP_LESS_EQUAL] = logic_compare,
	[LOGIC_OP_GREATER] = logic_compare,
	[LOGIC_OP_GREATER_EQUAL] = logic_compare,
	[LOGIC_OP_ADD] = logic_arithmetic,
	[LOGIC_OP_SUBTRACT] = logic_arithmetic,
	[LOGIC_OP_MULTIPLY] = logic_arithmetic,
	[LOGIC_OP_DIVIDE] = logic_arithmetic,
	[LOGIC_OP_REMAINDER] = logic_arithmetic,
	[LOGIC_OP_LEAST] = logic_extreme,
	[LOGIC_OP_GREATEST] = logic_extreme,
	[LOGIC_OP_MAP] = logic_map,
	[LOGIC_OP_FILTER] = logic_filter,
	[LOGIC_OP_REDUCE] = logic_reduce,
	[LOGIC_OP_ALL] = logic_test_all,
	[LOGIC_OP_SOME] = logic_test_all,
	[LOGIC_OP_NONE] = logic_test_all,
	[LOGIC_OP_MERGE] = logic_merge,
	[LOGIC_OP_IN] = logic_in,
	[LOGIC_OP_CAT] = logic_cat,
	[LOGIC_OP_SUBSTR] = logic_substr,
	[LOGIC_OP_LOG] = logic_log,
	[LOGIC_OP_THROW] = logic_raise,
	[LOGIC_OP_TRY] = logic_try,
	[LOGIC_OP_PRESERVE] = constant, /* the compiler leaves a constant in its place */
	[LOGIC_OP_VALUE] = constant,
	[LOGIC_OP_LIST] = list,
};

struct logic_value logic_eval(struct logic_state *s, uint16_t index)
{
	const struct logic_node *node = &s->program->nodes[index];
	struct logic_value value;

	/* The compiler refuses deeper ones; a wrong program must not become a crash. */
	assert(s->depth < COND_DEPTH_MAX);
	if (s->failed)
		return logic_null;
	if (++s->steps > COND_STEPS_MAX) {
		fail_for_good(s, "Too Many Steps");
		return logic_null;
	}
	s->depth++;
	value = functions[node->op](s, node);
	s->depth--;
	return s->failed ? logic_null : value;
}

static int run(struct logic_state *s, const struct logic_value *data, struct logic_value *ret)
{
	struct logic_frame frame = {*data, NULL};
	struct logic_value value;

	s->frame = &frame;
	s->start = s->arena->used;
	value = logic_eval(s, (uint16_t)(s->program->n_nodes - 1));
	if (s->oom)
		return -ENOMEM;
	*ret = s->failed ? s->error : value;
	return s->failed ? LOGIC_ERROR : 0;
}

int logic_run(const struct logic *program, const struct logic_value *data, struct arena *arena,
	struct logic_value *ret_value)
{
	struct logic_state s = {.program = program, .arena = arena};

	return run(&s, data, ret_value);
}

int logic_ask(const struct logic *program, const struct cond_scope *scope, struct arena *arena,
	struct logic_value *ret_value)
{
	struct logic_state s = {.program = program, .arena = arena, .scope = scope};

	return run(&s, &(struct logic_value){.type = LOGIC_ROOT}, ret_value);
}
