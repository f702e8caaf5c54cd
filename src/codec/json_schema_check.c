/* SPDX-License-Identifier: MIT */
/*
 * The interpreter: applies a schema to a value by running its ops. A schema that fails inside
 * something whose failing is no fault (an alternative, an `if`) runs quietly and stops at once;
 * elsewhere it goes on for as long as somebody wants to hear of more.
 */
#include "json_schema_impl.h"

/* ---- which op, on which values ------------------------------------------------------------- */

#define ON(TYPE) (1u << JSON_TYPE_##TYPE)
#define ON_ANY	 UINT32_MAX

struct op_row {
	schema_op_fn *run;
	uint32_t on;
};

static const struct op_row op_rows[KEYWORD_COUNT] = {
	[KEYWORD_TYPE] = {schema_check_type, ON_ANY},
	[KEYWORD_ENUM] = {schema_check_enum, ON_ANY},
	[KEYWORD_CONST] = {schema_check_const, ON_ANY},
	[KEYWORD_MULTIPLE_OF] = {schema_check_multiple, ON(NUMBER)},
	[KEYWORD_MAXIMUM] = {schema_check_limit, ON(NUMBER)},
	[KEYWORD_EXCLUSIVE_MAXIMUM] = {schema_check_limit, ON(NUMBER)},
	[KEYWORD_MINIMUM] = {schema_check_limit, ON(NUMBER)},
	[KEYWORD_EXCLUSIVE_MINIMUM] = {schema_check_limit, ON(NUMBER)},
	[KEYWORD_MAX_LENGTH] = {schema_check_length, ON(STRING)},
	[KEYWORD_MIN_LENGTH] = {schema_check_length, ON(STRING)},
	[KEYWORD_PATTERN] = {schema_check_pattern, ON(STRING)},
	[KEYWORD_FORMAT] = {schema_check_format, ON(STRING)},
	[KEYWORD_MAX_ITEMS] = {schema_check_size, ON(ARRAY)},
	[KEYWORD_MIN_ITEMS] = {schema_check_size, ON(ARRAY)},
	[KEYWORD_UNIQUE_ITEMS] = {schema_check_unique, ON(ARRAY)},
	[KEYWORD_CONTAINS] = {schema_check_contains, ON(ARRAY)},
	[KEYWORD_ITEMS] = {schema_check_items, ON(ARRAY)},
	[KEYWORD_UNEVALUATED_ITEMS] = {schema_check_rest, ON(ARRAY)},
	[KEYWORD_MAX_PROPERTIES] = {schema_check_size, ON(OBJECT)},
	[KEYWORD_MIN_PROPERTIES] = {schema_check_size, ON(OBJECT)},
	[KEYWORD_REQUIRED] = {schema_check_required, ON(OBJECT)},
	[KEYWORD_DEPENDENT_REQUIRED] = {schema_check_dependent_required, ON(OBJECT)},
	[KEYWORD_DEPENDENT_SCHEMAS] = {schema_check_dependent_schemas, ON(OBJECT)},
	[KEYWORD_PROPERTIES] = {schema_check_members, ON(OBJECT)},
	[KEYWORD_PROPERTY_NAMES] = {schema_check_names, ON(OBJECT)},
	[KEYWORD_UNEVALUATED_PROPERTIES] = {schema_check_rest, ON(OBJECT)},
	[KEYWORD_REF] = {schema_check_ref, ON_ANY},
	[KEYWORD_DYNAMIC_REF] = {schema_check_dynamic_ref, ON_ANY},
	[KEYWORD_ALL_OF] = {schema_check_all_of, ON_ANY},
	[KEYWORD_ANY_OF] = {schema_check_any_of, ON_ANY},
	[KEYWORD_ONE_OF] = {schema_check_one_of, ON_ANY},
	[KEYWORD_NOT] = {schema_check_not, ON_ANY},
	[KEYWORD_IF] = {schema_check_if, ON_ANY},
};

/* ---- sets of what was looked at ------------------------------------------------------------ */

bool schema_seen_new(struct schema_run *run, uint32_t value, struct schema_seen *ret_seen)
{
	/* No more children than values in it. */
	size_t words = (run->doc->nodes[value].end - value) / 64 + 1;
	uint64_t *bits;

	if (!schema_spend(run, words))
		return false;
	bits = arena_calloc(&run->work->arena, words, sizeof(*bits));
	if (!bits) {
		run->error = -ENOMEM;
		return false;
	}
	*ret_seen = (struct schema_seen){bits, words};
	return true;
}

void schema_seen_join(struct schema_seen *into, const struct schema_seen *from)
{
	for (size_t i = 0; into && i < into->words; i++)
		into->bits[i] |= from->bits[i];
}

/* ---- applying ------------------------------------------------------------------------------ */

bool schema_spend(struct schema_run *run, uint64_t n)
{
	if (run->error)
		return false;
	if (run->steps < n) {
		run->error = JSON_SCHEMA_TOO_MUCH;
		return false;
	}
	run->steps -= n;
	return true;
}

bool schema_goes_on(const struct schema_run *run)
{
	return !run->error && run->quiet == 0 && run->faults && run->faults->n < run->faults->want;
}

static bool run_ops(const struct schema_at *at)
{
	const struct schema *schema = at->schema;
	uint32_t on = 1u << value_of(at)->type;
	bool good = true;

	for (uint32_t i = 0; i < schema->n_ops; i++) {
		const struct schema_op *op = op_at(at->run->s, schema->op + i);
		const struct op_row *row = &op_rows[op->keyword];

		if (!(row->on & on))
			continue;
		if (!schema_spend(at->run, 1))
			return false;
		if (row->run(at, op))
			continue;
		good = false;
		if (!schema_goes_on(at->run))
			return false;
	}
	return good && !at->run->error;
}

/* A schema with unevaluated… keeps a set of its own: what its cousins saw is not its affair. */
static bool run_gathering(struct schema_at *at)
{
	struct schema_seen *outer = at->seen;
	struct schema_seen own;
	bool good;

	if (!schema_seen_new(at->run, at->value, &own))
		return false;
	at->seen = &own;
	good = run_ops(at);
	if (good)
		schema_seen_join(outer, &own);
	at->seen = outer;
	return good;
}

bool schema_apply(
	const struct schema_at *from, uint32_t number, uint32_t value, struct schema_seen *seen)
{
	struct schema_run *run = from->run;
	const struct schema *schema = schema_at(run->s, number);
	struct schema_scope scope = {.up = from->scope,
		.resource = schema->resource,
		.depth = from->scope ? from->scope->depth + 1 : 0};
	struct schema_at at = {
		.run = run, .scope = &scope, .schema = schema, .value = value, .seen = seen};

	if (schema->kind == SCHEMA_TRUE)
		return true;
	if (schema->kind == SCHEMA_FALSE)
		return schema_fault(&at, NULL, value, "is not allowed here");
	run->last = value;
	if (!schema_spend(run, 1))
		return false;
	if (scope.depth == SCHEMA_NESTING) {
		run->error = JSON_SCHEMA_TOO_MUCH;
		return false;
	}
	return schema->gathers ? run_gathering(&at) : run_ops(&at);
}

/* ---- from outside -------------------------------------------------------------------------- */

int json_schema_work_new(
	const struct json_schema_limits *limits, struct json_schema_work **ret_work)
{
	struct json_schema_work *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	assert(limits->depth <= JSON_DOC_DEPTH_MAX);
	w->limits = *limits;
	json_doc_init(&w->doc);
	arena_init(&w->arena);
	buf_init(&w->text);
	*ret_work = w;
	return 0;
}

struct json_schema_work *json_schema_work_free(struct json_schema_work *w)
{
	if (!w)
		return NULL;
	json_doc_release(&w->doc);
	arena_release(&w->arena);
	buf_release(&w->text);
	free(w);
	return NULL;
}

void json_schema_work_freep(struct json_schema_work **w)
{
	*w = json_schema_work_free(*w);
}

static int read_instance(
	struct json_schema_work *w, struct span instance, struct json_schema_faults *faults)
{
	const struct json_doc_limits limits = {
		w->limits.values, w->limits.depth, false, JSON_SCHEMA_EXPONENT_MAX};
	struct json_doc_fault fault;
	int r = json_doc_read(&w->doc, instance, &limits, &fault);

	switch (r) {
	case JSON_DOC_MALFORMED:
		schema_fault_plain(
			faults, fault.offset, "is not JSON: %s", json_fault_text(fault.json));
		return JSON_SCHEMA_NO_JSON;
	case JSON_DOC_VALUES:
		schema_fault_plain(
			faults, fault.offset, "has more than %zu values", w->limits.values);
		return JSON_SCHEMA_TOO_MUCH;
	case JSON_DOC_DEPTH:
		schema_fault_plain(faults, fault.offset, "nests more than %zu objects and arrays",
			w->limits.depth);
		return JSON_SCHEMA_TOO_MUCH;
	case JSON_DOC_EXPONENT:
		schema_fault_plain(faults, fault.offset, "has a number with an exponent beyond %d",
			JSON_SCHEMA_EXPONENT_MAX);
		return JSON_SCHEMA_TOO_MUCH;
	default:
		return r;
	}
}

static int too_much(struct schema_run *run)
{
	const struct json_node *node = &run->doc->nodes[run->last];

	if (run->error < 0)
		return run->error;
	if (run->faults)
		run->faults->n = 0;
	schema_fault_plain(run->faults, (size_t)(node->raw.ptr - run->start),
		"takes more steps to judge than are allowed");
	return run->error;
}

int json_schema_check(const struct json_schema *s, struct json_schema_work *w, struct span instance,
	struct json_schema_faults *faults)
{
	struct schema_run run = {.s = s,
		.work = w,
		.doc = &w->doc,
		.faults = faults,
		.steps = w->limits.steps,
		.start = instance.ptr};
	struct schema_at outside = {.run = &run};
	bool good;
	int r;

	if (faults) {
		assert(faults->want > 0 && faults->want <= JSON_SCHEMA_FAULTS_MAX);
		faults->n = 0;
	}
	arena_reset(&w->arena);
	r = read_instance(w, instance, faults);
	if (r)
		return r;
	good = schema_apply(&outside, s->root, 0, NULL);
	if (run.error)
		return too_much(&run);
	return good ? 0 : JSON_SCHEMA_INVALID;
}
