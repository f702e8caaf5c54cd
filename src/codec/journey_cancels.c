/* SPDX-License-Identifier: MIT */
/*
 * When instances were cancelled before their latest cancel (core/cancels.h).
 *
 *   cancels:  number, then (index · n · by how much each is before the one behind it, the latest
 *             first)
 *
 * Indices rise.
 */
#include "journey_parts.h"

static size_t cancels_bound(const struct journey *j)
{
	size_t n = 0;

	for (size_t k = 0; k < j->n_instances; k++)
		if (j->instances[k].n_cancels > 0)
			n += (2 + (size_t)j->instances[k].n_cancels) * PACK_NUMBER;
	return n ? n + PACK_NUMBER : 0;
}

static bool pack_one(struct pack *p, const struct instance *i)
{
	bool ok = i->n_cancels <= INSTANCE_CANCELS_MAX;
	int64_t next = i->cancelled_at;

	pack_number(p, i->n_cancels);
	for (size_t k = i->n_cancels; k-- > 0;) {
		int64_t at = i->cancels[k];

		ok = ok && at < next && at != INT64_MIN;
		pack_number(p, (uint64_t)next - (uint64_t)at);
		next = at;
	}
	return ok;
}

static bool has_any(const struct instance *i)
{
	return i->n_cancels > 0;
}

static bool cancels_pack(struct pack *p, const struct journey *j)
{
	return journey_listed_pack(p, j, has_any, pack_one);
}

static int unpack_one(struct unpack *u, struct instance *i)
{
	uint32_t n = (uint32_t)unpack_bounded(u, INSTANCE_CANCELS_MAX);
	int64_t next = i->cancelled_at;

	if (n == 0)
		u->bad = true;
	if (u->bad)
		return 0;
	i->cancels = calloc(n, sizeof(*i->cancels));
	if (!i->cancels)
		return -ENOMEM;
	i->n_cancels = n;
	for (size_t k = n; k-- > 0;) {
		uint64_t before = unpack_number(u);

		/* INT64_MIN would be none. */
		if (before == 0 || before >= (uint64_t)next - (uint64_t)INT64_MIN)
			u->bad = true;
		else
			next = (int64_t)((uint64_t)next - before);
		i->cancels[k] = next;
	}
	return 0;
}

static int cancels_unpack(struct unpack *u, struct journey *j)
{
	struct journey_listed list = journey_listed(u, j);
	int r = 0;

	for (struct instance *i = journey_listed_next(&list); i && r == 0;
		i = journey_listed_next(&list))
		r = unpack_one(u, i);
	return r;
}

const struct journey_part journey_part_cancels = {cancels_bound, cancels_pack, cancels_unpack};
