/* SPDX-License-Identifier: MIT */
/*
 * What few orders have (core/order.h), as bytes: stages of the workshop, a return, a hold, a
 * correction, a milestone that was said again.
 *
 *   orders:    number · (index · corrected to · times) each
 */
#include "journey_parts.h"

_Static_assert(MILESTONE_IN_PRODUCTION == 9 && MILESTONE_RETURN_REQUESTED == 12, "moved");
_Static_assert(ORDER_PAYMENT_PENDING == 0 && ORDER_EXCEPTION == 3, "moved");

#define X(ID, NAME) offsetof(struct order, at[MILESTONE_##ID]),
static const uint16_t more_at[] = {MILESTONES_MORE(X)
#undef X
#define X(ID, NAME) offsetof(struct order, side_at[ORDER_##ID]),
					   ORDER_SIDES(X)
#undef X
						   offsetof(struct order, corrected_at),
	offsetof(struct order, parcel_said_at),
#define X(ID, NAME) offsetof(struct order, last[MILESTONE_##ID]),
	MILESTONES(X)
#undef X
};

enum { N_MORE = MILESTONE_COUNT - MILESTONE_IN_PRODUCTION };

/* The first four are usually not there yet, the others were never said. */
static const struct pack_times more_times = {
	more_at, ARRAY_SIZE(more_at), UINT64_C(0x2aaaaaaaaa00)};

_Static_assert(N_MORE == 4 && ARRAY_SIZE(more_at) == 23 && PACK_NEVER == 0 && PACK_MIN == 2,
	"0x2aaaaaaaaa00");

static bool has_more(const struct order *o)
{
	bool more = o->corrected_at != INT64_MIN || o->parcel_said_at != INT64_MIN;

	for (unsigned i = 0; i < MILESTONE_COUNT; i++)
		more |= o->last[i] != INT64_MIN ||
			(i >= MILESTONE_IN_PRODUCTION && o->at[i] != TIME_NEVER);
	for (unsigned i = 0; i < ORDER_SIDE_COUNT; i++)
		more |= o->side_at[i] != INT64_MIN;
	return more;
}

static size_t orders_bound(const struct journey *j)
{
	size_t n = 0;

	for (size_t i = 0; i < j->n_orders_kept; i++)
		n += has_more(&j->orders[i]) ? 3 + ARRAY_SIZE(more_at) : 0;
	return n ? (n + 1) * PACK_NUMBER : 0;
}

static bool order_ok(const struct order *o)
{
	return o->corrected_to < MILESTONE_COUNT &&
	       (o->corrected_at != INT64_MIN || o->corrected_to == 0);
}

static bool orders_pack(struct pack *p, const struct journey *j)
{
	size_t n = 0;
	bool ok = true;

	for (size_t i = 0; i < j->n_orders_kept; i++)
		n += has_more(&j->orders[i]);
	pack_number(p, n);
	for (size_t i = 0; i < j->n_orders_kept; i++) {
		const struct order *o = &j->orders[i];

		if (!has_more(o))
			continue;
		ok = ok && order_ok(o);
		pack_number(p, i);
		pack_number(p, o->corrected_to);
		pack_times(p, &more_times, o, o->touched_at);
	}
	return ok;
}

static int orders_unpack(struct unpack *u, struct journey *j)
{
	uint64_t n = unpack_bounded(u, j->n_orders_kept);
	size_t next = 0;

	for (uint64_t k = 0; k < n && !u->bad; k++) {
		size_t i = journey_next_index(u, j->n_orders_kept, &next);
		uint32_t to = (uint32_t)unpack_bounded(u, MILESTONE_COUNT - 1);
		struct order *o;

		if (u->bad)
			break;
		o = &j->orders[i];
		o->corrected_to = to;
		unpack_times(u, &more_times, o, o->touched_at);
		if (!order_ok(o) || !has_more(o))
			u->bad = true;
	}
	if (n == 0)
		u->bad = true;
	return 0;
}

const struct journey_part journey_part_orders = {orders_bound, orders_pack, orders_unpack};
