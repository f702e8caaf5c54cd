/* SPDX-License-Identifier: MIT */
/*
 * The jobs of instances that were made and taken back (core/journey.h: struct taken).
 *
 *   taken:  number, then (index · n · (episode · step · epoch, as by how much it is before the
 *           instance's, twice, and one more if what took it back happened · deadline · arming ·
 *           when that happened · name))
 *
 * Indices rise, and so do deadlines.
 */
#include "journey_parts.h"

#define EPOCH_MAX ((UINT64_C(1) << 33) - 1)

static bool has_any(const struct instance *i)
{
	return i->n_taken > 0;
}

static size_t taken_bound(const struct journey *j)
{
	size_t n = 0;

	for (size_t k = 0; k < j->n_instances; k++) {
		const struct instance *i = &j->instances[k];

		if (!has_any(i))
			continue;
		n += (2 + 7 * (size_t)i->n_taken) * PACK_NUMBER;
		for (size_t m = 0; m < i->n_taken; m++)
			n += i->taken[m].subject.len;
	}
	return n ? n + PACK_NUMBER : 0;
}

static bool pack_one(struct pack *p, const struct instance *i)
{
	bool ok = i->n_taken <= INSTANCE_TAKEN_MAX;

	pack_number(p, i->n_taken);
	for (size_t k = 0; k < i->n_taken; k++) {
		const struct taken *t = &i->taken[k];
		int64_t base = k > 0 ? i->taken[k - 1].deadline_at : i->touched_at;
		bool happened = t->taken_at != INT64_MAX;

		pack_number(p, t->episode);
		pack_number(p, t->step);
		pack_number(p, (uint64_t)(uint32_t)(i->epoch - t->epoch) << 1 | (happened ? 1 : 0));
		pack_since(p, t->deadline_at, base);
		pack_since(p, t->arming_at, t->deadline_at);
		if (happened)
			pack_since(p, t->taken_at, t->deadline_at);
		pack_block(p, text_span(t->subject));
		ok = ok && t->subject.len <= CUSTOMER_MAX && (k == 0 || t->deadline_at >= base);
	}
	return ok;
}

static bool taken_pack(struct pack *p, const struct journey *j)
{
	return journey_listed_pack(p, j, has_any, pack_one);
}

static void unpack_taken(struct unpack *u, const struct instance *i, struct taken *t, int64_t base)
{
	uint64_t epoch;

	t->episode = (uint32_t)unpack_bounded(u, UINT32_MAX);
	t->step = (uint32_t)unpack_bounded(u, UINT32_MAX);
	epoch = unpack_bounded(u, EPOCH_MAX);
	t->epoch = i->epoch - (uint32_t)(epoch >> 1);
	t->deadline_at = unpack_since(u, base);
	t->arming_at = unpack_since(u, t->deadline_at);
	t->taken_at = epoch & 1 ? unpack_since(u, t->deadline_at) : INT64_MAX;
	journey_unpack_text(u, &t->subject, CUSTOMER_MAX);
	if ((epoch & 1) && t->taken_at == INT64_MAX)
		u->bad = true;
}

static int unpack_one(struct unpack *u, struct instance *i)
{
	uint32_t n = (uint32_t)unpack_bounded(u, INSTANCE_TAKEN_MAX);

	if (n == 0)
		u->bad = true;
	if (u->bad)
		return 0;
	i->taken = calloc(n, sizeof(*i->taken));
	if (!i->taken)
		return -ENOMEM;
	i->n_taken = n;
	for (size_t k = 0; k < n; k++) {
		unpack_taken(
			u, i, &i->taken[k], k > 0 ? i->taken[k - 1].deadline_at : i->touched_at);
		if (k > 0 && i->taken[k].deadline_at < i->taken[k - 1].deadline_at)
			u->bad = true;
	}
	return 0;
}

static int taken_unpack(struct unpack *u, struct journey *j)
{
	struct journey_listed list = journey_listed(u, j);
	int r = 0;

	for (struct instance *i = journey_listed_next(&list); i && r == 0;
		i = journey_listed_next(&list))
		r = unpack_one(u, i);
	return r;
}

const struct journey_part journey_part_taken = {taken_bound, taken_pack, taken_unpack};
