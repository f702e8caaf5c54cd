/* SPDX-License-Identifier: MIT */
/*
 * Of which epochs jobs are whose instance has begun another one since (struct emission). Records
 * from before this was kept say nothing: all are of the instance's.
 *
 *   epochs:  number, then (index · that of the latest job · those of the earlier jobs)
 *
 * Indices rise. An epoch is by how many it is before the instance's, twice, and one more if the job
 * is settled.
 */
#include "journey_parts.h"

#define EPOCH_MAX ((UINT64_C(1) << 33) - 1)

static uint64_t behind(const struct instance *i, uint32_t epoch, bool settled)
{
	return (uint64_t)(uint32_t)(i->epoch - epoch) << 1 | (settled ? 1 : 0);
}

static uint64_t behind_last(const struct instance *i)
{
	return i->last_deadline_at == INT64_MIN ? 0 : behind(i, i->last_epoch, i->last_settled);
}

static bool has_any(const struct instance *i)
{
	for (size_t k = 0; k < i->n_earlier; k++)
		if (behind(i, i->earlier[k].epoch, i->earlier[k].settled) > 0)
			return true;
	return behind_last(i) > 0;
}

static size_t epochs_bound(const struct journey *j)
{
	size_t n = 0;

	for (size_t k = 0; k < j->n_instances; k++)
		if (has_any(&j->instances[k]))
			n += (2 + (size_t)j->instances[k].n_earlier) * PACK_NUMBER;
	return n ? n + PACK_NUMBER : 0;
}

static bool pack_one(struct pack *p, const struct instance *i)
{
	pack_number(p, behind_last(i));
	for (size_t m = 0; m < i->n_earlier; m++)
		pack_number(p, behind(i, i->earlier[m].epoch, i->earlier[m].settled));
	return true;
}

static bool epochs_pack(struct pack *p, const struct journey *j)
{
	return journey_listed_pack(p, j, has_any, pack_one);
}

static bool unpack_epoch(struct unpack *u, const struct instance *i, uint32_t *ret_epoch)
{
	uint64_t coded = unpack_bounded(u, EPOCH_MAX);

	*ret_epoch = i->epoch - (uint32_t)(coded >> 1);
	return coded & 1;
}

static void unpack_one(struct unpack *u, struct instance *i)
{
	if (i->last_deadline_at != INT64_MIN)
		i->last_settled = unpack_epoch(u, i, &i->last_epoch);
	else if (unpack_number(u) > 0)
		u->bad = true;
	for (size_t m = 0; m < i->n_earlier; m++)
		i->earlier[m].settled = unpack_epoch(u, i, &i->earlier[m].epoch);
}

static int epochs_unpack(struct unpack *u, struct journey *j)
{
	struct journey_listed list = journey_listed(u, j);

	for (struct instance *i = journey_listed_next(&list); i; i = journey_listed_next(&list)) {
		unpack_one(u, i);
		/* Nothing is written where there is nothing. */
		if (!has_any(i))
			u->bad = true;
	}
	return 0;
}

const struct journey_part journey_part_epochs = {epochs_bound, epochs_pack, epochs_unpack};
