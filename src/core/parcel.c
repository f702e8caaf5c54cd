/* SPDX-License-Identifier: MIT */
/*
 * The parcels of an order. Carriers and shop systems each speak of them by their own name, in any
 * order, and a second parcel must not take the place of the first.
 */
#include "core/journey.h"

_Static_assert(ORDER_PARCELS_MAX <= 32, "links are 32 bits");

static bool is_fulfilment(const struct parcel *p)
{
	return p->id.ptr[0] == 'f';
}

/* Of one name, by its own news and that of what it is part of. */
static int64_t piece_delivered_at(const struct order *o, const struct parcel *p)
{
	int64_t at = p->at[PARCEL_DELIVERED];

	for (size_t i = 0; i < o->n_parcels; i++)
		if ((p->links >> i & 1) && is_fulfilment(&o->parcels[i]))
			at = int64_min(at, o->parcels[i].at[PARCEL_DELIVERED]);
	return at;
}

int64_t parcel_delivered_at(const struct order *o, size_t n)
{
	const struct parcel *p = &o->parcels[n];
	int64_t last = INT64_MIN;

	if (!is_fulfilment(p))
		return piece_delivered_at(o, p);
	if (p->at[PARCEL_DELIVERED] != TIME_NEVER || p->links == 0)
		return p->at[PARCEL_DELIVERED];
	for (size_t i = 0; i < o->n_parcels; i++)
		if (p->links >> i & 1)
			last = int64_max(last, piece_delivered_at(o, &o->parcels[i]));
	return last;
}

/* Room at N in a set of bits. */
static uint32_t open_bit(uint32_t bits, size_t n)
{
	uint32_t below = ((uint32_t)1 << n) - 1;

	return (bits & below) | (bits & ~below) << 1;
}

static int insert(struct order *o, size_t n, struct span id)
{
	struct text copy = {.ptr = NULL};
	struct parcel *list;

	if (text_set(&copy, id) < 0)
		return -ENOMEM;
	list = realloc(o->parcels, (o->n_parcels + 1) * sizeof(*list));
	if (!list) {
		text_release(&copy);
		return -ENOMEM;
	}
	o->parcels = list;
	memmove(list + n + 1, list + n, (o->n_parcels - n) * sizeof(*list));
	list[n] = (struct parcel){.id = copy};
	for (size_t i = 0; i < PARCEL_STAGE_COUNT; i++)
		list[n].at[i] = TIME_NEVER;
	o->n_parcels++;
	for (size_t i = 0; i < o->n_parcels; i++)
		list[i].links = open_bit(list[i].links, n);
	return 0;
}

int order_parcel(struct order *o, struct span id, size_t *ret_n)
{
	size_t n = 0;
	int c = 1, r;

	while (n < o->n_parcels && (c = span_compare(text_span(o->parcels[n].id), id)) < 0)
		n++;
	if (n == o->n_parcels || c != 0) {
		if (o->n_parcels == ORDER_PARCELS_MAX) {
			o->parcels_lost = 1;
			return PARCEL_NO_ROOM;
		}
		r = insert(o, n, id);
		if (r < 0)
			return r;
	}
	*ret_n = n;
	return 0;
}

void order_link(struct order *o, size_t a, size_t b)
{
	o->parcels[a].links |= (uint32_t)1 << b;
	o->parcels[b].links |= (uint32_t)1 << a;
}
