/* SPDX-License-Identifier: MIT */
/*
 * The numbers of jobs of who has more than one name (core/spent.h).
 *
 *   numbers:  number, then (index · number · last_number · those of the earlier jobs ·
 *             n, then (name · epoch · number))
 *
 * Indices rise.
 */
#include "journey_parts.h"

static bool has_any(const struct instance *i)
{
	for (size_t k = 0; k < i->n_earlier; k++)
		if (i->earlier[k].number)
			return true;
	return i->number > 0 || i->last_number > 0 || i->n_spent > 0;
}

static size_t spent_bound(const struct journey *j)
{
	size_t n = 0;

	for (size_t k = 0; k < j->n_instances; k++) {
		const struct instance *i = &j->instances[k];

		if (!has_any(i))
			continue;
		n += (4 + (size_t)i->n_earlier + 3 * (size_t)i->n_spent) * PACK_NUMBER;
		for (size_t m = 0; m < i->n_spent; m++)
			n += i->spent[m].name.len;
	}
	return n ? n + PACK_NUMBER : 0;
}

static bool pack_one(struct pack *p, const struct instance *i)
{
	bool ok = i->n_spent <= INSTANCE_NAMES_MAX;

	pack_number(p, i->number);
	pack_number(p, i->last_number);
	for (size_t k = 0; k < i->n_earlier; k++)
		pack_number(p, i->earlier[k].number);
	pack_number(p, i->n_spent);
	for (size_t k = 0; k < i->n_spent; k++) {
		pack_block(p, text_span(i->spent[k].name));
		pack_number(p, i->spent[k].epoch);
		pack_number(p, i->spent[k].number);
		ok = ok && i->spent[k].name.len <= CUSTOMER_MAX;
	}
	return ok;
}

static bool spent_pack(struct pack *p, const struct journey *j)
{
	return journey_listed_pack(p, j, has_any, pack_one);
}

static int unpack_list(struct unpack *u, struct instance *i)
{
	uint32_t n = (uint32_t)unpack_bounded(u, INSTANCE_NAMES_MAX);

	if (u->bad || n == 0)
		return 0;
	i->spent = calloc(n, sizeof(*i->spent));
	if (!i->spent)
		return -ENOMEM;
	i->n_spent = n;
	for (size_t k = 0; k < n; k++) {
		struct spent *s = &i->spent[k];

		journey_unpack_text(u, &s->name, CUSTOMER_MAX);
		s->epoch = (uint32_t)unpack_bounded(u, UINT32_MAX);
		s->number = (uint32_t)unpack_bounded(u, UINT32_MAX);
		if (s->number == 0 || (k > 0 && spent_compare(s - 1, s) >= 0))
			u->bad = true;
	}
	return 0;
}

static int unpack_one(struct unpack *u, struct instance *i)
{
	int r;

	i->number = (uint32_t)unpack_bounded(u, UINT32_MAX);
	i->last_number = (uint32_t)unpack_bounded(u, UINT32_MAX);
	for (size_t k = 0; k < i->n_earlier; k++)
		i->earlier[k].number = (uint32_t)unpack_bounded(u, UINT32_MAX);
	r = unpack_list(u, i);
	/* Nothing is written where there is nothing. */
	if (r == 0 && !has_any(i))
		u->bad = true;
	return r;
}

static int spent_unpack(struct unpack *u, struct journey *j)
{
	struct journey_listed list = journey_listed(u, j);
	int r = 0;

	for (struct instance *i = journey_listed_next(&list); i && r == 0;
		i = journey_listed_next(&list))
		r = unpack_one(u, i);
	return r;
}

const struct journey_part journey_part_spent = {spent_bound, spent_pack, spent_unpack};
