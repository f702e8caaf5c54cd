/* SPDX-License-Identifier: MIT */
/*
 * What a journey knows of its customer having been two: the identifiers that lead to it, and the
 * customers who have become part of it.
 */
#include "core/journey.h"

#include "list.h"

/* ---- identifiers ------------------------------------------------------------------------- */

/* The first that is not before KEY. */
static size_t id_place(const struct journey *j, struct span key)
{
	size_t low = 0, high = j->n_ids;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (span_compare(text_span(j->ids[middle].key), key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct customer_id *journey_id(const struct journey *j, struct span key)
{
	size_t at = id_place(j, key);

	if (at == j->n_ids || !span_equal(text_span(j->ids[at].key), key))
		return NULL;
	return &j->ids[at];
}

void journey_remove_id(struct journey *j, size_t index)
{
	text_release(&j->ids[index].key);
	j->n_ids--;
	list_remove(j->ids, j->n_ids, sizeof(*j->ids), index);
}

/* What stands before the colon: of those of one kind the same. */
static struct span kind_of(const struct customer_id *id)
{
	struct span key = text_span(id->key);
	const char *colon = memchr(key.ptr, ':', key.len);

	return span_of(key.ptr, colon ? (size_t)(colon - key.ptr) : 0);
}

/* How many of I's kind are linked. */
static size_t count_kind(const struct journey *j, size_t i)
{
	struct span kind = kind_of(&j->ids[i]);
	size_t n = 0;

	for (size_t k = 0; k < j->n_ids; k++)
		n += j->ids[k].state == ID_LINKED && span_equal(kind_of(&j->ids[k]), kind);
	return n;
}

/* Makes room among full ids. False if all are claimed. */
bool journey_drop_id(struct journey *j)
{
	size_t victim = j->n_ids, most = 0;

	for (size_t i = 0; i < j->n_ids; i++)
		if (j->ids[i].state == ID_REFUSED &&
			(victim == j->n_ids || j->ids[i].first_at < j->ids[victim].first_at))
			victim = i;
	for (size_t i = 0, n; i < j->n_ids && (victim == j->n_ids || most > 0); i++) {
		if (j->ids[i].state != ID_LINKED)
			continue;
		n = count_kind(j, i);
		if (n > most || (n == most && j->ids[i].first_at < j->ids[victim].first_at)) {
			victim = i;
			most = n;
		}
	}
	if (victim == j->n_ids)
		return false;
	journey_remove_id(j, victim);
	return true;
}

struct customer_id *journey_add_id(struct journey *j, struct span key)
{
	struct customer_id *id = journey_id(j, key);

	if (id)
		return id;
	errno = ENOSPC;
	if (j->n_ids >= JOURNEY_IDS_MAX && !journey_drop_id(j))
		return NULL;
	errno = ENOMEM;
	return journey_insert_id(j, key);
}

struct customer_id *journey_insert_id(struct journey *j, struct span key)
{
	struct text copy = {.ptr = NULL};
	struct customer_id *id;

	if (text_set(&copy, key) < 0)
		return NULL;
	id = list_insert((void **)&j->ids, j->n_ids, &j->cap_ids, sizeof(*id), id_place(j, key));
	if (!id) {
		text_release(&copy);
		return NULL;
	}
	id->key = copy;
	id->first_at = TIME_NEVER;
	j->n_ids++;
	return id;
}

/* ---- parts ------------------------------------------------------------------------------- */

static size_t part_place(const struct journey *j, struct span key)
{
	size_t at = j->n_parts;

	while (at > 0 && span_compare(text_span(j->parts[at - 1].key), key) >= 0)
		at--;
	return at;
}

struct customer_part *journey_part_of(const struct journey *j, struct span key)
{
	size_t at = part_place(j, key);

	if (at == j->n_parts || !span_equal(text_span(j->parts[at].key), key))
		return NULL;
	return &j->parts[at];
}

void journey_remove_part(struct journey *j, size_t index)
{
	text_release(&j->parts[index].key);
	j->n_parts--;
	list_remove(j->parts, j->n_parts, sizeof(*j->parts), index);
}

void journey_drop_part(struct journey *j)
{
	size_t victim = 0;

	for (size_t i = 1; i < j->n_parts; i++)
		if (j->parts[i].reach_at < j->parts[victim].reach_at)
			victim = i;
	journey_remove_part(j, victim);
}

struct customer_part *journey_add_part(struct journey *j, struct span key)
{
	struct customer_part *part = journey_part_of(j, key);

	if (part)
		return part;
	if (j->n_parts >= JOURNEY_PARTS_MAX)
		journey_drop_part(j);
	return journey_insert_part(j, key);
}

struct customer_part *journey_insert_part(struct journey *j, struct span key)
{
	struct text copy = {.ptr = NULL};
	struct customer_part *part;

	if (text_set(&copy, key) < 0)
		return NULL;
	part = list_insert(
		(void **)&j->parts, j->n_parts, &j->cap_parts, sizeof(*part), part_place(j, key));
	if (!part) {
		text_release(&copy);
		return NULL;
	}
	part->key = copy;
	part->reach_at = INT64_MIN;
	j->n_parts++;
	return part;
}
