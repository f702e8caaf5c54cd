/* SPDX-License-Identifier: MIT */
/* Tallies as bytes: id, last value and its time, then the points, each seen from the one before. */
#include "journey_parts.h"
#include "pack_text.h"

#include "core/tally.h"

static size_t tallies_bound(const struct journey *j)
{
	size_t n = 0;

	for (size_t i = 0; i < j->n_tallies; i++)
		n += (4 + 3 * (size_t)j->tallies[i].n) * PACK_NUMBER + j->tallies[i].last.len;
	return n ? n + PACK_NUMBER : 0;
}

static bool tallies_pack(struct pack *p, const struct journey *j)
{
	bool ok = j->n_tallies <= TALLIES_MAX;

	pack_number(p, j->n_tallies);
	for (size_t i = 0; i < j->n_tallies; i++) {
		const struct tally *t = &j->tallies[i];
		int64_t base = j->last_at;

		pack_number(p, t->id);
		pack_block(p, text_span(t->last));
		if (t->last.len > 0)
			pack_since(p, t->last_at, base);
		pack_number(p, t->n);
		for (uint32_t k = 0; k < t->n; base = t->points[k++].at) {
			pack_since(p, t->points[k].at, base);
			pack_decimal(p, t->points[k].amount);
			ok = ok && decimal_packs(t->points[k].amount);
		}
		ok = ok && t->n <= TALLY_MAX && t->last.len <= TALLY_LAST_MAX + 1 &&
		     (t->last.len > 0) == (t->last_at != INT64_MIN);
	}
	return ok;
}

static int points_unpack(struct unpack *u, struct tally *t, int64_t base)
{
	uint32_t n = (uint32_t)unpack_bounded(u, TALLY_MAX);

	if (u->bad || n == 0)
		return 0;
	t->points = calloc(n, sizeof(*t->points));
	if (!t->points)
		return -ENOMEM;
	t->n = n;
	for (uint32_t k = 0; k < n; base = t->points[k++].at) {
		struct tally_point *point = &t->points[k];

		point->at = unpack_since(u, base);
		point->amount = unpack_decimal(u);
		if (k > 0 && point->at < base)
			u->bad = true;
	}
	return 0;
}

static int tallies_unpack(struct unpack *u, struct journey *j)
{
	size_t n = (size_t)unpack_bounded(u, TALLIES_MAX);
	int r = 0;

	if (u->bad || n == 0)
		return 0;
	j->tallies = calloc(n, sizeof(*j->tallies));
	if (!j->tallies)
		return -ENOMEM;
	j->n_tallies = n;
	for (size_t i = 0; i < n; i++)
		j->tallies[i].last_at = INT64_MIN;
	for (size_t i = 0; i < n && r == 0 && !u->bad; i++) {
		struct tally *t = &j->tallies[i];

		t->id = unpack_number(u);
		r = unpack_text(u, &t->last, TALLY_LAST_MAX + 1);
		if (t->last.len > 0)
			t->last_at = unpack_since(u, j->last_at);
		r = r ? r : points_unpack(u, t, j->last_at);
		if (i > 0 && t->id <= j->tallies[i - 1].id)
			u->bad = true;
	}
	return r;
}

const struct journey_part journey_part_tallies = {tallies_bound, tallies_pack, tallies_unpack};
