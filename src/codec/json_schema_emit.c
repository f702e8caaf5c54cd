/* SPDX-License-Identifier: MIT */
/*
 * Compiling the keywords that look into arrays and objects, and those that put schemas together.
 * Keywords that must know of each other (properties, patternProperties and additionalProperties)
 * become one op, so that the members of a value are passed once.
 */
#include "json_schema_impl.h"
#include "uri_resolve.h"

#define NAMES_MAX 256 /* in one required: they are compared each with each */

/* The number of a schema to be applied, by keyword. SCHEMA_NONE: not there, or not good. */
static uint32_t operand(struct schema_compiler *c, enum keyword k)
{
	return c->found[k] == SCHEMA_NONE ? SCHEMA_NONE : schema_child(c, c->found[k]);
}

static void emit_sizes(struct schema_compiler *c, enum keyword most, enum keyword least)
{
	const enum keyword sizes[] = {most, least};

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct schema_op op = {.n = 1};

		if (schema_count(c, sizes[i], &op.count))
			schema_emit(c, sizes[i], op);
	}
}

/* The schemas of a list become refs; the number of the first, and in *ret_n how many. */
static uint32_t operands(struct schema_compiler *c, enum keyword k, uint32_t *ret_n)
{
	const struct json_doc *d = schema_doc(c);
	struct buf *refs = &c->program->refs;
	uint32_t first = (uint32_t)(refs->len / sizeof(uint32_t)), value = c->found[k];

	*ret_n = 0;
	if (!schema_expect(c, k, JSON_TYPE_ARRAY))
		return first;
	for (uint32_t i = json_doc_first(d, value); i != JSON_NODE_NONE;
		i = json_doc_next(d, value, i)) {
		uint32_t schema = schema_child(c, i);

		buf_add(refs, &schema, sizeof(schema));
		++*ret_n;
	}
	if (*ret_n == 0)
		schema_bad(c, value, "%s needs at least one schema", keyword_rows[k].name);
	if (buf_failed(refs) < 0)
		c->oom = true;
	return first;
}

/* ---- arrays -------------------------------------------------------------------------------- */

static void emit_contains(struct schema_compiler *c)
{
	struct schema_op op = {
		.schema = operand(c, KEYWORD_CONTAINS), .count = UINT64_MAX, .least = 1};

	/* Without contains they say nothing, but what they hold is checked. */
	(void)schema_count(c, KEYWORD_MAX_CONTAINS, &op.count);
	(void)schema_count(c, KEYWORD_MIN_CONTAINS, &op.least);
	if (op.schema != SCHEMA_NONE)
		schema_emit(c, KEYWORD_CONTAINS, op);
}

static void emit_unique(struct schema_compiler *c)
{
	uint32_t value = c->found[KEYWORD_UNIQUE_ITEMS];

	if (value == SCHEMA_NONE)
		return;
	if (schema_node(c, value)->type == JSON_TYPE_TRUE)
		schema_emit(c, KEYWORD_UNIQUE_ITEMS, (struct schema_op){.n = 1});
	else if (schema_node(c, value)->type != JSON_TYPE_FALSE)
		schema_bad(c, value, "uniqueItems must be true or false");
}

void schema_emit_arrays(struct schema_compiler *c)
{
	struct schema_op op = {.schema = operand(c, KEYWORD_ITEMS)};

	emit_sizes(c, KEYWORD_MAX_ITEMS, KEYWORD_MIN_ITEMS);
	op.first = operands(c, KEYWORD_PREFIX_ITEMS, &op.n);
	if (op.n > 0 || op.schema != SCHEMA_NONE)
		schema_emit(c, KEYWORD_ITEMS, op);
	emit_contains(c);
	emit_unique(c);
}

/* ---- objects ------------------------------------------------------------------------------- */

static uint32_t name_count(const struct schema_compiler *c)
{
	return (uint32_t)(c->program->names.len / sizeof(struct schema_name));
}

static void add_name(struct schema_compiler *c, struct schema_name name)
{
	buf_add(&c->program->names, &name, sizeof(name));
	if (buf_failed(&c->program->names) < 0)
		c->oom = true;
}

/* The strings of the array VALUE as names; how many. */
static uint32_t add_strings(struct schema_compiler *c, uint32_t value)
{
	const struct json_doc *d = schema_doc(c);
	uint32_t first = name_count(c);

	if (d->nodes[value].type != JSON_TYPE_ARRAY || d->nodes[value].n > NAMES_MAX) {
		schema_bad(c, value, "an array of at most %d member names is needed", NAMES_MAX);
		return 0;
	}
	for (uint32_t i = json_doc_first(d, value); i != JSON_NODE_NONE;
		i = json_doc_next(d, value, i)) {
		if (d->nodes[i].type != JSON_TYPE_STRING)
			schema_bad(c, i, "a member's name is a string");
		else
			add_name(c, (struct schema_name){.text = d->nodes[i].text});
	}
	for (uint32_t i = first; i + 1 < name_count(c) && !c->oom; i++)
		for (uint32_t k = i + 1; k < name_count(c); k++)
			if (span_equal(
				    name_at(c->program, i)->text, name_at(c->program, k)->text)) {
				schema_bad(c, value, "a name stands twice here");
				return 0;
			}
	return name_count(c) - first;
}

static void emit_required(struct schema_compiler *c)
{
	struct schema_op op = {.first = name_count(c)};

	if (c->found[KEYWORD_REQUIRED] == SCHEMA_NONE)
		return;
	op.n = add_strings(c, c->found[KEYWORD_REQUIRED]);
	if (op.n > 0)
		schema_emit(c, KEYWORD_REQUIRED, op);
}

static void emit_dependent_required(struct schema_compiler *c)
{
	const struct json_doc *d = schema_doc(c);
	uint32_t value = c->found[KEYWORD_DEPENDENT_REQUIRED];

	if (!schema_expect(c, KEYWORD_DEPENDENT_REQUIRED, JSON_TYPE_OBJECT))
		return;
	for (uint32_t i = json_doc_first(d, value); i != JSON_NODE_NONE;
		i = json_doc_next(d, value, i)) {
		struct schema_op op = {.first = name_count(c)};

		op.n = add_strings(c, i);
		op.more = name_count(c);
		add_name(c, (struct schema_name){.text = d->nodes[i].key});
		if (op.n > 0 && !c->oom)
			schema_emit(c, KEYWORD_DEPENDENT_REQUIRED, op);
	}
}

/* The schemas of an object as names, in order; the number of the first. */
static uint32_t named(struct schema_compiler *c, enum keyword k, uint32_t *ret_n)
{
	const struct json_doc *d = schema_doc(c);
	uint32_t first = name_count(c), value = c->found[k];

	*ret_n = 0;
	if (!schema_expect(c, k, JSON_TYPE_OBJECT))
		return first;
	for (uint32_t i = json_doc_first(d, value); i != JSON_NODE_NONE;
		i = json_doc_next(d, value, i))
		add_name(c, (struct schema_name){
				    .text = d->nodes[i].key, .schema = schema_child(c, i)});
	*ret_n = name_count(c) - first;
	schema_sort_names(c, first, *ret_n);
	return first;
}

/* patternProperties: a range of patterns, by op.least and op.count. */
static void add_patterns(struct schema_compiler *c, struct schema_op *op)
{
	const struct json_doc *d = schema_doc(c);
	uint32_t value = c->found[KEYWORD_PATTERN_PROPERTIES];

	op->least = c->program->patterns.len / sizeof(struct schema_pattern);
	if (!schema_expect(c, KEYWORD_PATTERN_PROPERTIES, JSON_TYPE_OBJECT))
		return;
	for (uint32_t i = json_doc_first(d, value); i != JSON_NODE_NONE;
		i = json_doc_next(d, value, i)) {
		uint32_t schema = schema_child(c, i);
		uint32_t pattern = schema_pattern_of(c, i, d->nodes[i].key);

		if (pattern == SCHEMA_NONE)
			continue;
		pattern_at(c->program, pattern)->schema = schema;
		op->count++;
	}
}

static void emit_members(struct schema_compiler *c)
{
	struct schema_op op = {.schema = operand(c, KEYWORD_ADDITIONAL_PROPERTIES)};

	op.first = named(c, KEYWORD_PROPERTIES, &op.n);
	add_patterns(c, &op);
	if (op.n > 0 || op.count > 0 || op.schema != SCHEMA_NONE)
		schema_emit(c, KEYWORD_PROPERTIES, op);
}

void schema_emit_objects(struct schema_compiler *c)
{
	struct schema_op names = {.schema = operand(c, KEYWORD_PROPERTY_NAMES)};
	struct schema_op dependent = {.schema = SCHEMA_NONE};

	emit_sizes(c, KEYWORD_MAX_PROPERTIES, KEYWORD_MIN_PROPERTIES);
	emit_required(c);
	emit_dependent_required(c);
	if (names.schema != SCHEMA_NONE)
		schema_emit(c, KEYWORD_PROPERTY_NAMES, names);
	emit_members(c);
	dependent.first = named(c, KEYWORD_DEPENDENT_SCHEMAS, &dependent.n);
	if (dependent.n > 0)
		schema_emit(c, KEYWORD_DEPENDENT_SCHEMAS, dependent);
}

/* ---- schemas put together ------------------------------------------------------------------ */

/* The dynamic anchor that SCHEMA is by the name in the fragment of REFERENCE; SCHEMA_NONE: none. */
static uint32_t dynamic_anchor(struct schema_compiler *c, uint32_t schema, struct span reference)
{
	struct span fragment = uri_split(reference).fragment;

	for (uint32_t i = 0; i < dynamic_count(c->program); i++)
		if (dynamic_at(c->program, i)->schema == schema &&
			span_equal(dynamic_at(c->program, i)->name, fragment))
			return i;
	return SCHEMA_NONE;
}

static void emit_refs(struct schema_compiler *c)
{
	static const enum keyword refs[] = {KEYWORD_REF, KEYWORD_DYNAMIC_REF};

	for (size_t i = 0; i < ARRAY_SIZE(refs); i++) {
		struct schema_op op = {.n = 1};
		uint32_t value = c->found[refs[i]];

		if (value == SCHEMA_NONE)
			continue;
		op.schema = schema_resolve(c, c->schema, value);
		if (op.schema == SCHEMA_NONE)
			continue;
		op.more = dynamic_anchor(c, op.schema, schema_node(c, value)->text);
		schema_emit(c, refs[i], op);
	}
}

static void emit_lists(struct schema_compiler *c)
{
	static const enum keyword lists[] = {KEYWORD_ALL_OF, KEYWORD_ANY_OF, KEYWORD_ONE_OF};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		struct schema_op op = {.n = 0};

		op.first = operands(c, lists[i], &op.n);
		if (op.n > 0)
			schema_emit(c, lists[i], op);
	}
}

static void emit_if(struct schema_compiler *c)
{
	struct schema_op op = {.schema = operand(c, KEYWORD_IF)};

	op.first = operand(c, KEYWORD_THEN);
	op.more = operand(c, KEYWORD_ELSE);
	if (op.schema != SCHEMA_NONE)
		schema_emit(c, KEYWORD_IF, op);
}

/* $defs does nothing by itself, but what stands there must be schemas. */
static void look_at_defs(struct schema_compiler *c)
{
	const struct json_doc *d = schema_doc(c);
	uint32_t value = c->found[KEYWORD_DEFS];

	if (!schema_expect(c, KEYWORD_DEFS, JSON_TYPE_OBJECT))
		return;
	for (uint32_t i = json_doc_first(d, value); i != JSON_NODE_NONE;
		i = json_doc_next(d, value, i))
		if (d->nodes[i].type != JSON_TYPE_OBJECT && d->nodes[i].type != JSON_TYPE_TRUE &&
			d->nodes[i].type != JSON_TYPE_FALSE)
			schema_bad(c, i, "a schema is an object, true or false");
}

/* What may say something about members or items that nothing else has looked at comes last. */
void schema_emit_logic(struct schema_compiler *c)
{
	static const enum keyword rest[] = {
		KEYWORD_UNEVALUATED_ITEMS, KEYWORD_UNEVALUATED_PROPERTIES};
	struct schema_op not = {.schema = operand(c, KEYWORD_NOT)};

	look_at_defs(c);
	emit_refs(c);
	emit_lists(c);
	if (not .schema != SCHEMA_NONE)
		schema_emit(c, KEYWORD_NOT, not );
	emit_if(c);
	for (size_t i = 0; i < ARRAY_SIZE(rest); i++) {
		struct schema_op op = {.schema = operand(c, rest[i])};

		if (op.schema == SCHEMA_NONE)
			continue;
		schema_emit(c, rest[i], op);
		schema_at(c->program, c->schema)->gathers = true;
	}
}
