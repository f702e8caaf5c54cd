/* SPDX-License-Identifier: MIT */
/*
 * What a journey knows of its customer having been two: the identifiers that lead to it, and the
 * customers who have become part of it.
 */
#include "core/journey.h"

#include "consent_sides.h"
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
	consent_forget_id(j, index);
	text_release(&j->ids[index].key);
	text_release(&j->ids[index].under);
	j->n_ids--;
	list_remove(j->ids, j->n_ids, sizeof(*j->ids), index);
}

/* How many of each kind are in STATE, and of the kind that has the most the oldest. */
struct tally_of_kinds {
	struct span kinds[JOURNEY_IDS_MAX + 1];
	size_t n[JOURNEY_IDS_MAX + 1];
	size_t len;
};

static size_t kind_index(struct tally_of_kinds *t, struct span kind)
{
	/* They stand in order of keys, so that it mostly is that of the one before. */
	for (size_t i = t->len; i-- > 0;)
		if (span_equal(t->kinds[i], kind))
			return i;
	t->kinds[t->len] = kind;
	t->n[t->len] = 0;
	return t->len++;
}

/* Which of those in STATE goes first; n_ids: none, or no kind has MORE_THAN so many. */
static size_t find_victim(const struct journey *j, enum id_state state, size_t more_than)
{
	struct tally_of_kinds t = {.len = 0};
	size_t victim = j->n_ids, most = more_than;

	for (size_t i = 0; i < j->n_ids; i++)
		if (j->ids[i].state == state)
			t.n[kind_index(&t, journey_id_kind(text_span(j->ids[i].key)))]++;
	for (size_t i = 0; i < j->n_ids; i++) {
		size_t n;

		if (j->ids[i].state != state)
			continue;
		n = t.n[kind_index(&t, journey_id_kind(text_span(j->ids[i].key)))];
		if (n > most || (victim < j->n_ids && n == most &&
					j->ids[i].first_at < j->ids[victim].first_at)) {
			victim = i;
			most = n;
		}
	}
	return victim;
}

int journey_drop_id(struct journey *j)
{
	size_t victim = find_victim(j, ID_REFUSED, 1);
	int r = 0;

	if (victim == j->n_ids)
		victim = find_victim(j, ID_LINKED, 0);
	if (victim == j->n_ids)
		victim = find_victim(j, ID_REFUSED, 0);
	if (victim == j->n_ids)
		return -ENOSPC;
	if (j->ids[victim].state == ID_LINKED)
		r = journey_mark_id(j, text_span(j->ids[victim].key), ID_LINKED);
	if (r == 0)
		journey_remove_id(j, victim);
	return r;
}

struct customer_id *journey_add_id(struct journey *j, struct span key)
{
	struct customer_id *id = journey_id(j, key);
	int r = 0;

	if (id)
		return id;
	if (j->n_ids >= JOURNEY_IDS_MAX)
		r = journey_drop_id(j);
	errno = r < 0 ? -r : ENOMEM;
	return r < 0 ? NULL : journey_insert_id(j, key);
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

int64_t part_reach_at(const struct customer_part *p)
{
	return int64_max(p->reach_at, p->more_at);
}

void journey_clear_shed(struct journey *j)
{
	for (size_t i = 0; i < j->n_shed; i++)
		text_release(&j->shed[i].key);
	j->n_shed = 0;
}

int journey_drop_part(struct journey *j)
{
	size_t victim = 0;
	struct customer_part *place;

	for (size_t i = 1; i < j->n_parts; i++)
		if (part_reach_at(&j->parts[i]) < part_reach_at(&j->parts[victim]))
			victim = i;
	place = list_insert((void **)&j->shed, j->n_shed, &j->cap_shed, sizeof(*place), j->n_shed);
	if (!place)
		return -ENOMEM;
	*place = j->parts[victim];
	j->n_shed++;
	j->n_more++;
	j->more_at = int64_max(j->more_at, part_reach_at(place));
	j->n_parts--;
	list_remove(j->parts, j->n_parts, sizeof(*j->parts), victim);
	return 0;
}

struct customer_part *journey_add_part(struct journey *j, struct span key)
{
	struct customer_part *part = journey_part_of(j, key);

	if (part)
		return part;
	if (j->n_parts >= JOURNEY_PARTS_MAX && journey_drop_part(j) < 0)
		return NULL;
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
	part->reach_at = part->from_at = part->more_at = INT64_MIN;
	j->n_parts++;
	return part;
}
