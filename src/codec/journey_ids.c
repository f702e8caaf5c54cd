/* SPDX-License-Identifier: MIT */
/*
 * What a journey knows of its customer having been two, as bytes. Both lists begin with their
 * number and stand in order of keys.
 *
 *   id:     state · key · when it was first said
 *   under:  how many · of each: its place · the key that it hangs under
 *   places: of each id: when the log took what made it theirs; none, if nothing is known
 *   part:   key · chunks · entries in them · up to when they reach
 *   beside: parts kept beside the record, up to when they reach; then of parts, by their place,
 * from when they are, and the same of theirs marks:  of each kind: what keys begin with · how many
 * · the numbers, 8 bytes LE each
 */
#include <endian.h>

#include "journey_parts.h"
#include "pack_text.h"

/* What stands on disk as a number may not move: append. */
_Static_assert(ID_REFUSED == 0 && ID_CLAIMED == 1 && ID_LINKED == 2, "moved");
/* Whoever adds a member to one of these must have it written and read here too. */
_Static_assert(sizeof(struct customer_id) == 2 * sizeof(struct text) + 3 * sizeof(int64_t),
	"a new member?");
_Static_assert(
	sizeof(struct customer_part) == sizeof(struct text) + 6 * sizeof(int64_t), "a new member?");
_Static_assert(
	sizeof(struct id_group) == sizeof(struct text) + 3 * sizeof(int64_t), "a new member?");

/* Elements of SIZE, as many as the number says, which is one at least. 0 or -ENOMEM. */
static int unpack_elements(
	struct unpack *u, size_t max, size_t size, void **ret_list, size_t *ret_n)
{
	size_t n = (size_t)unpack_bounded(u, max);
	void *list;

	if (n == 0)
		u->bad = true;
	if (u->bad)
		return 0;
	list = calloc(n, size);
	if (!list)
		return -ENOMEM;
	*ret_list = list;
	*ret_n = n;
	return 0;
}

/* A key that stands behind BEFORE. */
static int unpack_key(struct unpack *u, struct text *key, struct text before)
{
	int r = unpack_text(u, key, CUSTOMER_MAX);

	if (key->len == 0 || span_compare(text_span(before), text_span(*key)) >= 0)
		u->bad = true;
	return r;
}

/* ---- identifiers ------------------------------------------------------------------------- */

static size_t ids_bound(const struct journey *j)
{
	size_t n = 0;

	for (size_t i = 0; i < j->n_ids; i++)
		n += j->ids[i].key.len + 4 * PACK_NUMBER;
	return n ? n + PACK_NUMBER : 0;
}

static bool ids_pack(struct pack *p, const struct journey *j)
{
	bool ok = j->n_ids <= JOURNEY_IDS_MAX;

	pack_number(p, j->n_ids);
	for (size_t i = 0; i < j->n_ids; i++) {
		const struct customer_id *id = &j->ids[i];

		pack_number(p, id->state);
		pack_block(p, text_span(id->key));
		pack_time(p, id->first_at, j->last_at);
		ok = ok && id->state <= ID_LINKED && id->key.len > 0 && id->key.len <= CUSTOMER_MAX;
	}
	return ok;
}

static int ids_unpack(struct unpack *u, struct journey *j)
{
	int r = unpack_elements(u, JOURNEY_IDS_MAX, sizeof(*j->ids), (void **)&j->ids, &j->n_ids);

	j->cap_ids = j->n_ids;
	for (size_t i = 0; i < j->n_ids && r == 0 && !u->bad; i++) {
		struct customer_id *id = &j->ids[i];

		id->state = (enum id_state)unpack_bounded(u, ID_LINKED);
		r = unpack_key(u, &id->key, i ? id[-1].key : (struct text){.ptr = NULL});
		id->first_at = unpack_time(u, j->last_at);
	}
	return r;
}

const struct journey_part journey_part_ids = {ids_bound, ids_pack, ids_unpack};

/* ---- what they hang under ---------------------------------------------------------------- */

static size_t under_bound(const struct journey *j)
{
	size_t n = 0;

	for (size_t i = 0; i < j->n_ids; i++)
		if (j->ids[i].under.len > 0)
			n += j->ids[i].under.len + 2 * PACK_NUMBER;
	return n ? n + PACK_NUMBER : 0;
}

static bool under_pack(struct pack *p, const struct journey *j)
{
	size_t n = 0;
	bool ok = true;

	for (size_t i = 0; i < j->n_ids; i++)
		n += j->ids[i].under.len > 0;
	pack_number(p, n);
	for (size_t i = 0; i < j->n_ids; i++) {
		if (j->ids[i].under.len == 0)
			continue;
		pack_number(p, i);
		pack_block(p, text_span(j->ids[i].under));
		ok = ok && j->ids[i].under.len <= CUSTOMER_MAX;
	}
	return ok;
}

static int under_unpack(struct unpack *u, struct journey *j)
{
	uint64_t n = unpack_bounded(u, j->n_ids);
	size_t next = 0;

	if (n == 0)
		u->bad = true;
	for (uint64_t k = 0; k < n && !u->bad; k++) {
		size_t i = journey_next_index(u, j->n_ids, &next);

		if (u->bad)
			break;
		journey_unpack_text(u, &j->ids[i].under, CUSTOMER_MAX);
		u->bad = u->bad || j->ids[i].under.len == 0;
	}
	return 0;
}

const struct journey_part journey_part_under = {under_bound, under_pack, under_unpack};

/* ---- since when they are theirs ---------------------------------------------------------- */

static size_t places_bound(const struct journey *j)
{
	for (size_t i = 0; i < j->n_ids; i++)
		if (j->ids[i].place_at != 0)
			return j->n_ids * PACK_NUMBER;
	return 0;
}

static bool places_pack(struct pack *p, const struct journey *j)
{
	for (size_t i = 0; i < j->n_ids; i++)
		pack_since(p, j->ids[i].place_at, i ? j->ids[i - 1].place_at : j->last_at);
	return true;
}

static int places_unpack(struct unpack *u, struct journey *j)
{
	for (size_t i = 0; i < j->n_ids && !u->bad; i++)
		j->ids[i].place_at = unpack_since(u, i ? j->ids[i - 1].place_at : j->last_at);
	u->bad = u->bad || places_bound(j) == 0;
	return 0;
}

const struct journey_part journey_part_places = {places_bound, places_pack, places_unpack};

/* ---- parts ------------------------------------------------------------------------------- */

static size_t parts_bound(const struct journey *j)
{
	size_t n = 0;

	for (size_t i = 0; i < j->n_parts; i++)
		n += j->parts[i].key.len + 5 * PACK_NUMBER;
	return n ? n + PACK_NUMBER : 0;
}

static bool parts_pack(struct pack *p, const struct journey *j)
{
	bool ok = j->n_parts <= JOURNEY_PARTS_MAX;

	pack_number(p, j->n_parts);
	for (size_t i = 0; i < j->n_parts; i++) {
		const struct customer_part *part = &j->parts[i];

		pack_block(p, text_span(part->key));
		pack_number(p, part->n_chunks);
		pack_number(p, part->sealed_n);
		pack_time(p, part->reach_at, j->last_at);
		ok = ok && part->key.len > 0 && part->key.len <= CUSTOMER_MAX;
	}
	return ok;
}

static int parts_unpack(struct unpack *u, struct journey *j)
{
	int r = unpack_elements(
		u, JOURNEY_PARTS_MAX, sizeof(*j->parts), (void **)&j->parts, &j->n_parts);

	j->cap_parts = j->n_parts;
	for (size_t i = 0; i < j->n_parts && r == 0 && !u->bad; i++) {
		struct customer_part *part = &j->parts[i];

		r = unpack_key(u, &part->key, i ? part[-1].key : (struct text){.ptr = NULL});
		part->n_chunks = (uint32_t)unpack_bounded(u, UINT32_MAX);
		part->sealed_n = unpack_number(u);
		part->reach_at = unpack_time(u, j->last_at);
		part->from_at = part->more_at = INT64_MIN;
	}
	return r;
}

const struct journey_part journey_part_parts = {parts_bound, parts_pack, parts_unpack};

/* ---- what is known of parts besides ------------------------------------------------------- */

static bool has_beside(const struct customer_part *p)
{
	return p->from_at != INT64_MIN || p->n_more > 0;
}

static size_t beside_bound(const struct journey *j)
{
	size_t n = 0;

	for (size_t i = 0; i < j->n_parts; i++)
		n += has_beside(&j->parts[i]);
	return n + j->n_more > 0 ? (4 + 6 * n) * PACK_NUMBER : 0;
}

static bool beside_pack(struct pack *p, const struct journey *j)
{
	size_t n = 0;

	for (size_t i = 0; i < j->n_parts; i++)
		n += has_beside(&j->parts[i]);
	pack_number(p, j->n_more);
	pack_time(p, j->more_at, j->last_at);
	pack_number(p, n);
	for (size_t i = 0; i < j->n_parts; i++) {
		const struct customer_part *part = &j->parts[i];

		if (!has_beside(part))
			continue;
		pack_number(p, i);
		pack_time(p, part->from_at, j->last_at);
		pack_number(p, part->n_more);
		pack_time(p, part->more_at, j->last_at);
	}
	return true;
}

static int beside_unpack(struct unpack *u, struct journey *j)
{
	size_t next = 0;
	uint64_t n;

	j->n_more = unpack_number(u);
	j->more_at = unpack_time(u, j->last_at);
	n = unpack_bounded(u, j->n_parts);
	if (n == 0 && j->n_more == 0)
		u->bad = true;
	for (uint64_t k = 0; k < n && !u->bad; k++) {
		size_t i = journey_next_index(u, j->n_parts, &next);

		if (u->bad)
			break;
		j->parts[i].from_at = unpack_time(u, j->last_at);
		j->parts[i].n_more = unpack_number(u);
		j->parts[i].more_at = unpack_time(u, j->last_at);
	}
	return 0;
}

const struct journey_part journey_part_beside = {beside_bound, beside_pack, beside_unpack};

/* ---- marks of identifiers ---------------------------------------------------------------- */

#define MARK_BYTES sizeof(uint64_t)

static size_t marks_bound(const struct journey *j)
{
	size_t n = 0;

	for (size_t i = 0; i < j->n_id_groups; i++)
		n += j->id_groups[i].kind.len + 2 * PACK_NUMBER + j->id_groups[i].n * MARK_BYTES;
	return n ? n + PACK_NUMBER : 0;
}

static bool marks_pack(struct pack *p, const struct journey *j)
{
	bool ok = j->n_id_groups <= JOURNEY_ID_GROUPS_MAX &&
		  journey_n_marks(j) <= JOURNEY_ID_MARKS_MAX;

	pack_number(p, j->n_id_groups);
	for (size_t i = 0; i < j->n_id_groups; i++) {
		const struct id_group *g = &j->id_groups[i];

		pack_block(p, text_span(g->kind));
		pack_number(p, g->n);
		ok = ok && g->kind.len <= CUSTOMER_MAX && g->n > 0;
		for (size_t k = 0; k < g->n; k++) {
			uint64_t mark = htole64(g->marks[k]);

			pack_bytes(p, span_of((const char *)&mark, sizeof(mark)));
		}
	}
	return ok;
}

/* The numbers of G, the lowest bit of which is not part of their order. */
static int numbers_unpack(struct unpack *u, struct id_group *g)
{
	struct span bytes;

	g->n = (size_t)unpack_bounded(u, JOURNEY_ID_MARKS_MAX);
	bytes = unpack_bytes(u, g->n * MARK_BYTES);
	if (u->bad || g->n == 0 || !bytes.ptr) {
		g->n = 0;
		u->bad = true;
		return 0;
	}
	g->marks = calloc(g->n, MARK_BYTES);
	if (!g->marks) {
		g->n = 0;
		return -ENOMEM;
	}
	g->cap = g->n;
	for (size_t k = 0; k < g->n; k++) {
		memcpy(&g->marks[k], bytes.ptr + k * MARK_BYTES, MARK_BYTES);
		g->marks[k] = le64toh(g->marks[k]);
		if (k > 0 && (g->marks[k] | 1) <= (g->marks[k - 1] | 1))
			u->bad = true;
	}
	return 0;
}

static int marks_unpack(struct unpack *u, struct journey *j)
{
	int r = unpack_elements(u, JOURNEY_ID_GROUPS_MAX, sizeof(*j->id_groups),
		(void **)&j->id_groups, &j->n_id_groups);

	j->cap_id_groups = j->n_id_groups;
	for (size_t i = 0; i < j->n_id_groups && r == 0 && !u->bad; i++) {
		struct id_group *g = &j->id_groups[i];

		r = unpack_text(u, &g->kind, CUSTOMER_MAX);
		if (i > 0 && span_compare(text_span(g[-1].kind), text_span(g->kind)) >= 0)
			u->bad = true;
		if (r == 0 && !u->bad)
			r = numbers_unpack(u, g);
	}
	if (journey_n_marks(j) > JOURNEY_ID_MARKS_MAX)
		u->bad = true;
	return r;
}

const struct journey_part journey_part_marks = {marks_bound, marks_pack, marks_unpack};
