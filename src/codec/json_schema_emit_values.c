/* SPDX-License-Identifier: MIT */
/* Compiling the keywords that look at one value alone, and those that only say something. */
#include "json_schema_impl.h"

#define X(ID, NAME, WORDS) [SCHEMA_BIT_##ID] = (NAME),
static const char *const type_names[SCHEMA_BIT_COUNT] = {SCHEMA_TYPES(X)};
#undef X

/* The bit of a type's name; 0 after a problem. */
static unsigned type_bit(struct schema_compiler *c, uint32_t value)
{
	const struct json_node *node = schema_node(c, value);

	for (unsigned i = 0; node->type == JSON_TYPE_STRING && i < SCHEMA_BIT_COUNT; i++)
		if (span_is(node->text, type_names[i]))
			return 1u << i;
	schema_bad(c, value,
		"a type is one of null, boolean, integer, number, string, array and object");
	return 0;
}

static void emit_type(struct schema_compiler *c)
{
	uint32_t value = c->found[KEYWORD_TYPE];
	unsigned bits = 0;

	if (value == SCHEMA_NONE)
		return;
	if (schema_node(c, value)->type != JSON_TYPE_ARRAY) {
		bits = type_bit(c, value);
	} else {
		const struct json_doc *d = schema_doc(c);

		for (uint32_t i = json_doc_first(d, value); i != JSON_NODE_NONE;
			i = json_doc_next(d, value, i)) {
			unsigned bit = type_bit(c, i);

			if (bits & bit)
				schema_bad(c, i, "this type stands twice");
			bits |= bit;
		}
		if (d->nodes[value].n == 0)
			schema_bad(c, value, "a list of types needs at least one");
	}
	schema_emit(c, KEYWORD_TYPE, (struct schema_op){.count = bits});
}

static void emit_constants(struct schema_compiler *c)
{
	if (c->found[KEYWORD_CONST] != SCHEMA_NONE)
		schema_emit(c, KEYWORD_CONST, (struct schema_op){.n = 1});
	if (schema_expect(c, KEYWORD_ENUM, JSON_TYPE_ARRAY))
		schema_emit(c, KEYWORD_ENUM, (struct schema_op){.n = 1});
}

static void emit_limits(struct schema_compiler *c)
{
	static const enum keyword limits[] = {KEYWORD_MAXIMUM, KEYWORD_EXCLUSIVE_MAXIMUM,
		KEYWORD_MINIMUM, KEYWORD_EXCLUSIVE_MINIMUM};

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		struct schema_op op = {.n = 1};

		if (!schema_expect(c, limits[i], JSON_TYPE_NUMBER))
			continue;
		/* The document was read with the same limit: it cannot fail. */
		(void)json_number_read(schema_node(c, c->found[limits[i]])->raw,
			JSON_SCHEMA_EXPONENT_MAX, &op.number);
		schema_emit(c, limits[i], op);
	}
}

static void emit_multiple(struct schema_compiler *c)
{
	struct schema_op op = {.n = 1};
	uint32_t value = c->found[KEYWORD_MULTIPLE_OF];

	if (!schema_expect(c, KEYWORD_MULTIPLE_OF, JSON_TYPE_NUMBER))
		return;
	if (decimal_parse(schema_node(c, value)->raw, &op.divisor) != 0)
		schema_bad(c, value, "multipleOf has at most %d significant digits",
			JSON_SCHEMA_DIVISOR_MAX);
	else if (op.divisor.mantissa <= 0)
		schema_bad(c, value, "multipleOf must be greater than 0");
	else
		schema_emit(c, KEYWORD_MULTIPLE_OF, op);
}

static void emit_texts(struct schema_compiler *c)
{
	static const enum keyword counts[] = {KEYWORD_MAX_LENGTH, KEYWORD_MIN_LENGTH};
	uint32_t value = c->found[KEYWORD_PATTERN];

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		struct schema_op op = {.n = 1};

		if (schema_count(c, counts[i], &op.count))
			schema_emit(c, counts[i], op);
	}
	if (schema_expect(c, KEYWORD_PATTERN, JSON_TYPE_STRING)) {
		struct schema_op op = {
			.more = schema_pattern_of(c, value, schema_node(c, value)->text)};

		if (op.more != SCHEMA_NONE)
			schema_emit(c, KEYWORD_PATTERN, op);
	}
}

static void emit_format(struct schema_compiler *c)
{
	uint32_t value = c->found[KEYWORD_FORMAT];
	struct schema_op op = {.n = 1};
	char quoted[SCHEMA_QUOTE_SIZE];

	if (!schema_expect(c, KEYWORD_FORMAT, JSON_TYPE_STRING) || !c->options->formats)
		return;
	op.more = schema_format_of(schema_node(c, value)->text);
	if (op.more != SCHEMA_NONE)
		schema_emit(c, KEYWORD_FORMAT, op);
	else
		schema_bad(c, value,
			"the format %s cannot be asserted: date-time, date, time, duration, email,"
			" hostname, ipv4, ipv6, uri, uri-reference, uuid, json-pointer and regex "
			"can",
			schema_quote(schema_node(c, value)->text, quoted));
}

void schema_emit_values(struct schema_compiler *c)
{
	emit_type(c);
	emit_constants(c);
	emit_multiple(c);
	emit_limits(c);
	emit_texts(c);
	emit_format(c);
}

/* ---- annotations --------------------------------------------------------------------------- */

#define DIALECT "https://json-schema.org/draft/2020-12/schema"

static void check_bool(struct schema_compiler *c, enum keyword k)
{
	uint32_t value = c->found[k];

	if (value != SCHEMA_NONE && schema_node(c, value)->type != JSON_TYPE_TRUE &&
		schema_node(c, value)->type != JSON_TYPE_FALSE)
		schema_bad(c, value, "%s must be true or false", keyword_rows[k].name);
}

void schema_emit_notes(struct schema_compiler *c)
{
	static const enum keyword texts[] = {KEYWORD_COMMENT, KEYWORD_TITLE, KEYWORD_DESCRIPTION,
		KEYWORD_CONTENT_ENCODING, KEYWORD_CONTENT_MEDIA_TYPE};
	static const enum keyword flags[] = {
		KEYWORD_DEPRECATED, KEYWORD_READ_ONLY, KEYWORD_WRITE_ONLY};
	uint32_t dialect = c->found[KEYWORD_SCHEMA];

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		(void)schema_expect(c, texts[i], JSON_TYPE_STRING);
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		check_bool(c, flags[i]);
	(void)schema_expect(c, KEYWORD_EXAMPLES, JSON_TYPE_ARRAY);
	if (c->found[KEYWORD_CONTENT_SCHEMA] != SCHEMA_NONE)
		(void)schema_child(c, c->found[KEYWORD_CONTENT_SCHEMA]);
	if (dialect == SCHEMA_NONE)
		return;
	if (!span_is(schema_node(c, dialect)->text, DIALECT) &&
		!span_is(schema_node(c, dialect)->text, DIALECT "#"))
		schema_bad(c, dialect, "only the dialect " DIALECT " is known here");
}
