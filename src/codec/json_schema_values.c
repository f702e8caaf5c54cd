/* SPDX-License-Identifier: MIT */
/* The ops that look at one value alone. */
#include "json_schema_impl.h"
#include "utf8.h"

/* ---- any value ----------------------------------------------------------------------------- */

static unsigned type_bits(const struct json_node *node)
{
	struct json_number number;

	switch (node->type) {
	case JSON_TYPE_NULL:
		return 1u << SCHEMA_BIT_NULL;
	case JSON_TYPE_TRUE:
	case JSON_TYPE_FALSE:
		return 1u << SCHEMA_BIT_BOOLEAN;
	case JSON_TYPE_STRING:
		return 1u << SCHEMA_BIT_STRING;
	case JSON_TYPE_ARRAY:
		return 1u << SCHEMA_BIT_ARRAY;
	case JSON_TYPE_OBJECT:
		return 1u << SCHEMA_BIT_OBJECT;
	case JSON_TYPE_NUMBER:
		(void)json_number_read(node->raw, JSON_SCHEMA_EXPONENT_MAX, &number);
		return 1u << SCHEMA_BIT_NUMBER |
		       (json_number_whole(&number) ? 1u << SCHEMA_BIT_INTEGER : 0);
	case JSON_TYPE_ABSENT:
		break;
	}
	return 0;
}

/* `a string, a number or null` */
static void type_words(unsigned bits, char *out, size_t size)
{
#define X(ID, NAME, WORDS) WORDS,
	static const char *const words[SCHEMA_BIT_COUNT] = {SCHEMA_TYPES(X)};
#undef X
	size_t used = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < SCHEMA_BIT_COUNT; i++) {
		unsigned later = bits >> (i + 1);
		int n;

		if (!(bits >> i & 1))
			continue;
		n = snprintf(out + used, size - used, "%s%s", words[i],
			later == 0		     ? ""
			: (later & (later - 1)) == 0 ? " or "
						     : ", ");
		assert(n > 0 && (size_t)n < size - used);
		used += (size_t)n;
	}
}

bool schema_check_type(const struct schema_at *at, const struct schema_op *op)
{
	char is[SCHEMA_WORDS_SIZE], must[128];

	if (type_bits(value_of(at)) & op->count)
		return true;
	type_words((unsigned)op->count, must, sizeof(must));
	return schema_fault(
		at, op, at->value, "is %s; must be %s", schema_describe(value_of(at), is), must);
}

static const struct json_doc *own_doc(const struct schema_at *at)
{
	return &at->run->s->docs[at->schema->doc]->doc;
}

/* Is the value one of the schema's own? */
static bool is_constant(const struct schema_at *at, uint32_t constant)
{
	bool same = json_doc_equal(own_doc(at), constant, at->run->doc, at->value, &at->run->steps);

	return schema_spend(at->run, 1) && same;
}

bool schema_check_const(const struct schema_at *at, const struct schema_op *op)
{
	char shown[SCHEMA_WORDS_SIZE];

	if (is_constant(at, op->value))
		return true;
	return schema_fault(at, op, at->value, "must be %s",
		schema_show(own_doc(at)->nodes[op->value].raw, shown));
}

bool schema_check_enum(const struct schema_at *at, const struct schema_op *op)
{
	const struct json_doc *d = own_doc(at);
	char is[SCHEMA_WORDS_SIZE], shown[SCHEMA_WORDS_SIZE];

	for (uint32_t i = json_doc_first(d, op->value); i != JSON_NODE_NONE;
		i = json_doc_next(d, op->value, i)) {
		if (is_constant(at, i))
			return true;
		if (at->run->error)
			return false;
	}
	return schema_fault(at, op, at->value, "is %s; must be one of %s",
		schema_describe(value_of(at), is), schema_show(d->nodes[op->value].raw, shown));
}

/* ---- numbers ------------------------------------------------------------------------------- */

bool schema_check_multiple(const struct schema_at *at, const struct schema_op *op)
{
	struct span raw = value_of(at)->raw;
	char is[SCHEMA_WORDS_SIZE], shown[SCHEMA_WORDS_SIZE];
	struct json_number number;

	(void)json_number_read(raw, JSON_SCHEMA_EXPONENT_MAX, &number);
	if (!schema_spend(at->run, raw.len / 4) || json_number_multiple(&number, op->divisor))
		return !at->run->error;
	return schema_fault(at, op, at->value, "is %s; must be a multiple of %s",
		schema_describe(value_of(at), is),
		schema_show(own_doc(at)->nodes[op->value].raw, shown));
}

static bool within(enum keyword k, int compared)
{
	switch ((int)k) {
	case KEYWORD_MAXIMUM:
		return compared <= 0;
	case KEYWORD_EXCLUSIVE_MAXIMUM:
		return compared < 0;
	case KEYWORD_MINIMUM:
		return compared >= 0;
	default:
		return compared > 0;
	}
}

bool schema_check_limit(const struct schema_at *at, const struct schema_op *op)
{
	static const char *const words[KEYWORD_COUNT] = {
		[KEYWORD_MAXIMUM] = "at most",
		[KEYWORD_EXCLUSIVE_MAXIMUM] = "less than",
		[KEYWORD_MINIMUM] = "at least",
		[KEYWORD_EXCLUSIVE_MINIMUM] = "more than",
	};
	struct span raw = value_of(at)->raw;
	char is[SCHEMA_WORDS_SIZE], shown[SCHEMA_WORDS_SIZE];
	struct json_number number;

	(void)json_number_read(raw, JSON_SCHEMA_EXPONENT_MAX, &number);
	if (!schema_spend(at->run, raw.len / 16) ||
		within(op->keyword, json_number_compare(&number, &op->number)))
		return !at->run->error;
	return schema_fault(at, op, at->value, "is %s; must be %s %s",
		schema_describe(value_of(at), is), words[op->keyword],
		schema_show(own_doc(at)->nodes[op->value].raw, shown));
}

/* ---- strings ------------------------------------------------------------------------------- */

size_t schema_length(struct span text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++)
		n += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
	return n;
}

bool schema_check_length(const struct schema_at *at, const struct schema_op *op)
{
	struct span text = value_of(at)->text;
	bool most = op->keyword == KEYWORD_MAX_LENGTH;
	size_t n;

	if (!schema_spend(at->run, text.len / 64))
		return false;
	n = schema_length(text);
	if (most ? n <= op->count : n >= op->count)
		return true;
	return schema_fault(at, op, at->value, "has %zu character%s; at %s %" PRIu64 " %s %s", n,
		n == 1 ? "" : "s", most ? "most" : "least", op->count,
		op->count == 1 ? "is" : "are", most ? "allowed" : "required");
}

bool schema_check_pattern(const struct schema_at *at, const struct schema_op *op)
{
	const struct schema_pattern *pattern = pattern_at(at->run->s, op->more);
	char shown[SCHEMA_QUOTE_SIZE];

	switch (schema_match(at->run, op->more, value_of(at)->text)) {
	case 0:
		return true;
	case ECMA_PATTERN_NO_MATCH:
		return schema_fault(at, op, at->value, "does not match the pattern %s",
			schema_quote(pattern->source, shown));
	default:
		return false;
	}
}

bool schema_check_format(const struct schema_at *at, const struct schema_op *op)
{
	struct span text = value_of(at)->text;

	if (!schema_spend(at->run, text.len / 16) || schema_format_fits(op->more, text))
		return !at->run->error;
	return schema_fault(
		at, op, at->value, "does not have the format %s", schema_format_name(op->more));
}

/* A regular expression may take long: it is counted as at least one step a few bytes. */
int schema_match(struct schema_run *run, uint32_t pattern, struct span text)
{
	int r;

	if (!schema_spend(run, 4 + text.len / 8))
		return ECMA_PATTERN_TOO_MUCH;
	r = ecma_pattern_match(pattern_at(run->s, pattern)->code, text);
	if (r == ECMA_PATTERN_TOO_MUCH)
		run->error = JSON_SCHEMA_TOO_MUCH;
	else if (r < 0)
		run->error = r;
	return r;
}
