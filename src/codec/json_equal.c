/* SPDX-License-Identifier: MIT */
/*
 * Equality of values. Two objects usually have their members in the same order, so the search for
 * the next member begins where the last one was found.
 */
#include "base/hash.h"
#include "json_doc.h"
#include "json_number.h"

static bool spend(uint64_t *steps)
{
	if (*steps == 0)
		return false;
	--*steps;
	return true;
}

static bool numbers_equal(struct span a, struct span b)
{
	struct json_number left, right;

	if (span_equal(a, b))
		return true;
	return json_number_read(a, INT32_MAX, &left) && json_number_read(b, INT32_MAX, &right) &&
	       json_number_compare(&left, &right) == 0;
}

struct pair {
	const struct json_doc *a, *b;
	uint64_t *steps;
};

static bool equal(const struct pair *p, uint32_t i, uint32_t k);

static bool arrays_equal(const struct pair *p, uint32_t i, uint32_t k)
{
	uint32_t x = json_doc_first(p->a, i), y = json_doc_first(p->b, k);

	while (x != JSON_NODE_NONE) {
		if (!equal(p, x, y))
			return false;
		x = json_doc_next(p->a, i, x);
		y = json_doc_next(p->b, k, y);
	}
	return true;
}

/* The member KEY of the object K, searched from FROM on and round. */
static uint32_t member_from(const struct pair *p, uint32_t k, uint32_t from, struct span key)
{
	uint32_t i = from;

	do {
		if (!spend(p->steps))
			return JSON_NODE_NONE;
		if (span_equal(p->b->nodes[i].key, key))
			return i;
		i = json_doc_next(p->b, k, i);
		if (i == JSON_NODE_NONE)
			i = json_doc_first(p->b, k);
	} while (i != from);
	return JSON_NODE_NONE;
}

static bool objects_equal(const struct pair *p, uint32_t i, uint32_t k)
{
	uint32_t y = json_doc_first(p->b, k);

	for (uint32_t x = json_doc_first(p->a, i); x != JSON_NODE_NONE;
		x = json_doc_next(p->a, i, x)) {
		y = member_from(p, k, y, p->a->nodes[x].key);
		if (y == JSON_NODE_NONE || !equal(p, x, y))
			return false;
		y = json_doc_next(p->b, k, y);
		if (y == JSON_NODE_NONE)
			y = json_doc_first(p->b, k);
	}
	return true;
}

static bool equal(const struct pair *p, uint32_t i, uint32_t k)
{
	const struct json_node *a = &p->a->nodes[i], *b = &p->b->nodes[k];

	if (!spend(p->steps) || a->type != b->type)
		return false;
	switch (a->type) {
	case JSON_TYPE_STRING:
		return span_equal(a->text, b->text);
	case JSON_TYPE_NUMBER:
		return numbers_equal(a->raw, b->raw);
	case JSON_TYPE_ARRAY:
		return a->n == b->n && arrays_equal(p, i, k);
	case JSON_TYPE_OBJECT:
		return a->n == b->n && objects_equal(p, i, k);
	case JSON_TYPE_NULL:
	case JSON_TYPE_TRUE:
	case JSON_TYPE_FALSE:
		return true;
	case JSON_TYPE_ABSENT:
		break;
	}
	return false;
}

bool json_doc_equal(
	const struct json_doc *a, uint32_t i, const struct json_doc *b, uint32_t k, uint64_t *steps)
{
	struct pair p = {.a = a, .b = b};

	p.steps = steps;
	return equal(&p, i, k);
}

static uint64_t hash_text(struct span s)
{
	static const uint64_t seed[2] = {0x7761796d61726b20, 0x657175616c206f6e};

	return siphash24(seed, s);
}

static uint64_t mix(uint64_t h)
{
	h = (h ^ (h >> 32)) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ (h >> 29);
}

uint64_t json_doc_hash(const struct json_doc *d, uint32_t i)
{
	const struct json_node *node = &d->nodes[i];
	struct json_number number;
	uint64_t h = (uint64_t)node->type;

	if (node->type == JSON_TYPE_STRING)
		return hash_text(node->text);
	if (node->type == JSON_TYPE_NUMBER) {
		(void)json_number_read(node->raw, INT32_MAX, &number);
		return mix(json_number_hash(&number));
	}
	if (node->type != JSON_TYPE_ARRAY && node->type != JSON_TYPE_OBJECT)
		return h;
	for (uint32_t k = json_doc_first(d, i); k != JSON_NODE_NONE; k = json_doc_next(d, i, k)) {
		uint64_t item = json_doc_hash(d, k);

		/* The order of members means nothing, that of items does. */
		if (node->type == JSON_TYPE_OBJECT)
			h += mix(item ^ hash_text(d->nodes[k].key));
		else
			h = mix(h ^ item);
	}
	return mix(h);
}
