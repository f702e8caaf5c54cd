/* SPDX-License-Identifier: MIT */
/* The ops on objects. */
#include "json_schema_impl.h"

/* Has the object a member called NAME? */
static bool has(const struct schema_at *at, struct span name)
{
	if (!schema_spend(at->run, 1 + value_of(at)->n / 8))
		return false;
	return json_doc_member(at->run->doc, at->value, name) != JSON_NODE_NONE;
}

bool schema_check_required(const struct schema_at *at, const struct schema_op *op)
{
	char quoted[SCHEMA_QUOTE_SIZE];
	bool good = true;

	for (uint32_t i = 0; i < op->n; i++) {
		struct span name = name_at(at->run->s, op->first + i)->text;

		if (has(at, name))
			continue;
		if (at->run->error)
			return false;
		good = schema_fault(
			at, op, at->value, "lacks the member %s", schema_quote(name, quoted));
		if (!schema_goes_on(at->run))
			return false;
	}
	return good;
}

bool schema_check_dependent_required(const struct schema_at *at, const struct schema_op *op)
{
	struct span cause = name_at(at->run->s, op->more)->text;
	char quoted[SCHEMA_QUOTE_SIZE], with[SCHEMA_QUOTE_SIZE];

	if (!has(at, cause))
		return !at->run->error;
	for (uint32_t i = 0; i < op->n; i++) {
		struct span name = name_at(at->run->s, op->first + i)->text;

		if (has(at, name))
			continue;
		if (at->run->error)
			return false;
		return schema_fault(at, op, at->value, "has %s and so needs %s, too",
			schema_quote(cause, with), schema_quote(name, quoted));
	}
	return true;
}

bool schema_check_dependent_schemas(const struct schema_at *at, const struct schema_op *op)
{
	bool good = true;

	for (uint32_t i = 0; i < op->n; i++) {
		const struct schema_name *name = name_at(at->run->s, op->first + i);

		if (!has(at, name->text) || schema_apply(at, name->schema, at->value, at->seen))
			continue;
		good = false;
		if (!schema_goes_on(at->run))
			return false;
	}
	return good && !at->run->error;
}

/* The schemas that patternProperties has for a member; *ret_any: there is one. */
static bool apply_patterns(
	const struct schema_at *at, const struct schema_op *op, uint32_t member, bool *ret_any)
{
	struct span key = at->run->doc->nodes[member].key;
	bool good = true;

	for (uint32_t i = 0; i < op->count; i++) {
		uint32_t pattern = (uint32_t)op->least + i;
		int r = schema_match(at->run, pattern, key);

		if (at->run->error)
			return false;
		if (r != 0)
			continue;
		*ret_any = true;
		if (!schema_apply(at, pattern_at(at->run->s, pattern)->schema, member, NULL))
			good = false;
	}
	return good;
}

static bool check_member(
	const struct schema_at *at, const struct schema_op *op, uint32_t member, uint32_t index)
{
	const struct schema_name *name =
		schema_find_name(at->run->s, op, at->run->doc->nodes[member].key);
	bool any = name != NULL;
	bool good = !name || schema_apply(at, name->schema, member, NULL);

	if (!good && !schema_goes_on(at->run))
		return false;
	if (op->count > 0 && !apply_patterns(at, op, member, &any))
		good = false;
	if (!any && op->schema != SCHEMA_NONE) {
		any = true;
		good = schema_apply(at, op->schema, member, NULL);
	}
	if (any)
		schema_seen_mark(at->seen, index);
	return good;
}

/* properties, patternProperties and additionalProperties. */
bool schema_check_members(const struct schema_at *at, const struct schema_op *op)
{
	const struct json_doc *d = at->run->doc;
	uint32_t index = 0;
	bool good = true;

	for (uint32_t i = json_doc_first(d, at->value); i != JSON_NODE_NONE;
		i = json_doc_next(d, at->value, i), index++) {
		if (!schema_spend(at->run, 1))
			return false;
		if (check_member(at, op, i, index))
			continue;
		good = false;
		if (!schema_goes_on(at->run))
			return false;
	}
	return good;
}

bool schema_check_names(const struct schema_at *at, const struct schema_op *op)
{
	struct json_doc *d = at->run->doc;
	bool good = true;

	for (uint32_t i = json_doc_first(d, at->value); i != JSON_NODE_NONE;
		i = json_doc_next(d, at->value, i)) {
		/* A name is a string, in which there are no names: one spare place is enough. */
		if (schema_apply(at, op->schema, json_doc_spare(d, i), NULL))
			continue;
		good = false;
		if (!schema_goes_on(at->run))
			return false;
	}
	return good;
}
