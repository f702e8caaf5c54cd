/* SPDX-License-Identifier: MIT */
/* How far an order has got, by what was said of it. (Its parcels: parcel.c.) */
#include "core/order.h"

static const char *const milestones[MILESTONE_COUNT] = {
#define X(ID, NAME) [MILESTONE_##ID] = (NAME),
	MILESTONES(X)
#undef X
};

static const char *const sides[ORDER_SIDE_COUNT] = {
#define X(ID, NAME) [ORDER_##ID] = (NAME),
	ORDER_SIDES(X)
#undef X
};

/* Lowest first. What is ready to be fetched may have come to the place by carrier. */
static const enum milestone ranks[] = {MILESTONE_PLACED, MILESTONE_PAID, MILESTONE_IN_PRODUCTION,
	MILESTONE_QUALITY_CHECK, MILESTONE_PACKED, MILESTONE_SHIPPED, MILESTONE_OUT_FOR_DELIVERY,
	MILESTONE_READY, MILESTONE_DELIVERED, MILESTONE_RETURN_REQUESTED, MILESTONE_RETURNED,
	MILESTONE_REFUNDED, MILESTONE_CANCELLED};

_Static_assert(ARRAY_SIZE(ranks) == MILESTONE_COUNT, "one for each");

struct span milestone_name(enum milestone m)
{
	return span_str(milestones[m]);
}

unsigned milestone_rank(enum milestone m)
{
	unsigned rank = 0;

	while (ranks[rank] != m)
		rank++;
	return rank;
}

enum milestone milestone_of_rank(unsigned rank)
{
	return ranks[rank];
}

void order_init(struct order *o)
{
	for (unsigned i = 0; i < MILESTONE_COUNT; i++) {
		o->at[i] = TIME_NEVER;
		o->last[i] = INT64_MIN;
	}
	for (unsigned i = 0; i < ORDER_SIDE_COUNT; i++)
		o->side_at[i] = INT64_MIN;
	o->promised_at = TIME_NEVER;
	o->promise_said_at = o->touched_at = o->total_said_at = INT64_MIN;
	o->parcel_said_at = o->corrected_at = INT64_MIN;
}

int64_t order_over_at(const struct order *o)
{
	static const enum milestone ends[] = {
		MILESTONE_DELIVERED, MILESTONE_RETURNED, MILESTONE_REFUNDED, MILESTONE_CANCELLED};
	int64_t at = TIME_NEVER;

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		at = int64_min(at, order_reached_at(o, ends[i]));
	if (o->n_parcels == 0 && !o->parcels_lost)
		at = int64_min(at, order_reached_at(o, MILESTONE_RETURN_REQUESTED));
	return at;
}

bool order_is_open(const struct order *o)
{
	return o->at[MILESTONE_PLACED] != TIME_NEVER && order_over_at(o) == TIME_NEVER;
}

enum milestone order_rank(const struct order *o)
{
	for (unsigned i = MILESTONE_COUNT; i-- > 0;)
		if (order_reached_at(o, ranks[i]) != TIME_NEVER)
			return ranks[i];
	return MILESTONE_PLACED;
}

/* What only had to be sent by then, and was, has kept it. */
bool order_is_late(const struct order *o, int64_t now)
{
	return o->promised_at != TIME_NEVER && o->promised_at < now && order_is_open(o) &&
	       !(o->dispatch_promised &&
		       milestone_rank(order_rank(o)) >= milestone_rank(MILESTONE_SHIPPED));
}

/* ---- words ------------------------------------------------------------------------------- */

static int64_t last_word(const struct order *o, enum milestone m)
{
	return o->last[m] == INT64_MIN && o->at[m] != TIME_NEVER ? o->at[m] : o->last[m];
}

void order_reach(struct order *o, enum milestone m, int64_t at)
{
	int64_t last = int64_max(last_word(o, m), at);

	o->at[m] = int64_min(o->at[m], at);
	o->last[m] = m != MILESTONE_PLACED && last > o->at[m] ? last : INT64_MIN;
}

/* As the earliest word of each parcel has it. */
static int64_t parcels_said(const struct order *o)
{
	int64_t last = INT64_MIN;

	for (size_t i = 0; i < o->n_parcels; i++)
		if (o->parcels[i].at[PARCEL_DELIVERED] != TIME_NEVER)
			last = int64_max(last, o->parcels[i].at[PARCEL_DELIVERED]);
	return last;
}

int64_t order_parcel_said(const struct order *o)
{
	return int64_max(o->parcel_said_at, parcels_said(o));
}

void order_set_parcel_said(struct order *o, int64_t at)
{
	o->parcel_said_at = at > parcels_said(o) ? at : INT64_MIN;
}

/* ---- beside its way ---------------------------------------------------------------------- */

/* When it was last known to wait for its payment; INT64_MIN: never, or it does no more. */
static int64_t pending_at(const struct order *o, int64_t unpaid_at)
{
	if (order_reached_at(o, MILESTONE_PAID) != TIME_NEVER)
		return INT64_MIN;
	return unpaid_at >= o->at[MILESTONE_PLACED]
		       ? int64_max(unpaid_at, o->side_at[ORDER_PAYMENT_PENDING])
		       : o->side_at[ORDER_PAYMENT_PENDING];
}

enum order_side order_side(const struct order *o, int64_t unpaid_at)
{
	int64_t said = order_parcel_said(o), at = INT64_MIN;
	enum order_side side = ORDER_SIDE_COUNT;

	for (unsigned i = 0; i < ORDER_SIDE_COUNT; i++) {
		int64_t side_at =
			i == ORDER_PAYMENT_PENDING ? pending_at(o, unpaid_at) : o->side_at[i];

		if (side_at != INT64_MIN && side_at >= at) {
			at = side_at;
			side = (enum order_side)i;
		}
	}
	if (side == ORDER_SIDE_COUNT || !order_is_open(o))
		return ORDER_SIDE_COUNT;
	for (unsigned i = 0; i < MILESTONE_COUNT; i++)
		if (i != MILESTONE_PLACED)
			said = int64_max(said, last_word(o, (enum milestone)i));
	return said >= at ? ORDER_SIDE_COUNT : side;
}

struct span order_side_name(enum order_side side)
{
	return side == ORDER_SIDE_COUNT ? SPAN_EMPTY : span_str(sides[side]);
}

/* ---- corrections ------------------------------------------------------------------------- */

void order_correct(struct order *o, enum milestone to, int64_t at)
{
	if (at < o->corrected_at || at == INT64_MIN)
		return;
	if (at == o->corrected_at &&
		milestone_rank(to) >= milestone_rank((enum milestone)o->corrected_to))
		return;
	o->corrected_at = at;
	o->corrected_to = (uint32_t)to;
}

/* Of M the words at FIRST and, the latest, at LAST are known: the earlier that counts. */
static int64_t standing(const struct order *o, enum milestone m, int64_t first, int64_t last)
{
	if (first > o->corrected_at ||
		milestone_rank(m) <= milestone_rank((enum milestone)o->corrected_to))
		return first;
	return last > o->corrected_at ? last : TIME_NEVER;
}

/* When every parcel was delivered, by the earliest words. */
static int64_t parcels_delivered_at(const struct order *o)
{
	int64_t last = INT64_MIN;

	for (size_t i = 0; i < o->n_parcels; i++)
		last = int64_max(last, parcel_delivered_at(o, i));
	return o->n_parcels == 0 || o->parcels_lost ? TIME_NEVER : last;
}

int64_t order_reached_at(const struct order *o, enum milestone m)
{
	int64_t at = standing(o, m, o->at[m], last_word(o, m));

	if (m != MILESTONE_DELIVERED)
		return at;
	return int64_min(at, standing(o, m, parcels_delivered_at(o), order_parcel_said(o)));
}
