/* SPDX-License-Identifier: MIT */
/* The ops on arrays, and on the number of things in a container. */
#include "json_schema_impl.h"

bool schema_check_size(const struct schema_at *at, const struct schema_op *op)
{
	bool items = op->keyword == KEYWORD_MAX_ITEMS || op->keyword == KEYWORD_MIN_ITEMS;
	bool most = op->keyword == KEYWORD_MAX_ITEMS || op->keyword == KEYWORD_MAX_PROPERTIES;
	uint32_t n = value_of(at)->n;

	if (most ? n <= op->count : n >= op->count)
		return true;
	return schema_fault(at, op, at->value, "has %u %s%s; at %s %" PRIu64 " %s %s", n,
		items ? "item" : "member", n == 1 ? "" : "s", most ? "most" : "least", op->count,
		op->count == 1 ? "is" : "are", most ? "allowed" : "required");
}

bool schema_check_items(const struct schema_at *at, const struct schema_op *op)
{
	const struct json_doc *d = at->run->doc;
	uint32_t index = 0;
	bool good = true;

	for (uint32_t i = json_doc_first(d, at->value); i != JSON_NODE_NONE;
		i = json_doc_next(d, at->value, i), index++) {
		uint32_t schema =
			index < op->n ? ref_at(at->run->s, op->first + index) : op->schema;

		if (schema == SCHEMA_NONE)
			break;
		schema_seen_mark(at->seen, index);
		if (schema_apply(at, schema, i, NULL))
			continue;
		good = false;
		if (!schema_goes_on(at->run))
			return false;
	}
	return good;
}

bool schema_check_contains(const struct schema_at *at, const struct schema_op *op)
{
	const struct json_doc *d = at->run->doc;
	uint32_t index = 0;
	uint64_t n = 0;

	at->run->quiet++;
	for (uint32_t i = json_doc_first(d, at->value); i != JSON_NODE_NONE;
		i = json_doc_next(d, at->value, i), index++) {
		if (!schema_apply(at, op->schema, i, NULL))
			continue;
		schema_seen_mark(at->seen, index);
		n++;
		if (n >= op->least && op->count == UINT64_MAX && !at->seen)
			break;
	}
	at->run->quiet--;
	if (at->run->error)
		return false;
	if (n < op->least)
		return schema_fault(at, op, at->value,
			"has %" PRIu64 " items that fit; at least %" PRIu64 " must", n, op->least);
	if (n > op->count)
		return schema_fault(at, op, at->value,
			"has %" PRIu64 " items that fit; at most %" PRIu64 " may", n, op->count);
	return true;
}

/* ---- uniqueItems --------------------------------------------------------------------------- */

struct hashed {
	uint64_t hash;
	uint32_t value, index;
};

static int by_hash(const void *left, const void *right)
{
	const struct hashed *a = left, *b = right;

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

/* Sorted by hash, equal items stand together, and few others among them. */
static bool all_differ(const struct schema_at *at, const struct schema_op *op,
	const struct hashed *items, size_t n)
{
	struct schema_run *run = at->run;

	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1; k < n && items[k].hash == items[i].hash; k++) {
			bool same = json_doc_equal(
				run->doc, items[i].value, run->doc, items[k].value, &run->steps);

			if (!schema_spend(run, 1))
				return false;
			if (same)
				return schema_fault(at, op, items[k].value,
					"is equal to item %u; all must differ", items[i].index);
		}
	return true;
}

bool schema_check_unique(const struct schema_at *at, const struct schema_op *op)
{
	const struct json_doc *d = at->run->doc;
	const struct json_node *array = value_of(at);
	struct hashed *items;
	uint32_t n = 0;

	if (array->n < 2)
		return true;
	if (!schema_spend(at->run, array->end - at->value))
		return false;
	items = arena_alloc(&at->run->work->arena, array->n * sizeof(*items));
	if (!items) {
		at->run->error = -ENOMEM;
		return false;
	}
	for (uint32_t i = json_doc_first(d, at->value); i != JSON_NODE_NONE;
		i = json_doc_next(d, at->value, i), n++)
		items[n] = (struct hashed){json_doc_hash(d, i), i, n};
	qsort(items, n, sizeof(*items), by_hash);
	return all_differ(at, op, items, n);
}

/* ---- unevaluatedItems and unevaluatedProperties -------------------------------------------- */

/* The values of an object are walked as those of an array are. */
bool schema_check_rest(const struct schema_at *at, const struct schema_op *op)
{
	const struct json_doc *d = at->run->doc;
	uint32_t index = 0;
	bool good = true;

	for (uint32_t i = json_doc_first(d, at->value); i != JSON_NODE_NONE;
		i = json_doc_next(d, at->value, i), index++) {
		if (schema_seen_has(at->seen, index))
			continue;
		schema_seen_mark(at->seen, index);
		if (schema_apply(at, op->schema, i, NULL))
			continue;
		good = false;
		if (!schema_goes_on(at->run))
			return false;
	}
	return good;
}
