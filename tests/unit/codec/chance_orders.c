/* SPDX-License-Identifier: MIT */
#include "chance_orders.h"

#include "differs.h"
#include "journey_chance.h"

static void set(struct chance *c, struct text *t, size_t max)
{
	int r = text_set(t, chance_text(c, max));

	assert(r == 0);
}

/* One more, or one that is there already. */
static void fill_parcel(struct chance *c, struct order *o)
{
	size_t len = 3 + chance_below(c, PARCEL_ID_MAX - 2), at = 0;
	char id[PARCEL_ID_MAX];
	int r;

	memset(id, 'a' + (int)chance_below(c, 26), sizeof(id));
	id[0] = chance_below(c, 2) ? 'f' : 't';
	r = order_parcel(o, span_of(id, len), &at);
	assert(r == 0);
	for (unsigned i = 0; i < PARCEL_STAGE_COUNT; i++)
		o->parcels[at].at[i] = chance_instant(c);
	order_link(o, at, chance_below(c, o->n_parcels));
}

static void fill_more(struct chance *c, struct order *o)
{
	for (unsigned i = MILESTONE_IN_PRODUCTION; i < MILESTONE_COUNT; i++)
		o->at[i] = chance_instant(c);
	for (unsigned i = 0; i < MILESTONE_COUNT; i++)
		o->last[i] = chance_instant(c);
	for (unsigned i = 0; i < ORDER_SIDE_COUNT; i++)
		o->side_at[i] = chance_instant(c);
	o->parcel_said_at = chance_instant(c);
	o->corrected_at = chance_instant(c);
	if (o->corrected_at != INT64_MIN)
		o->corrected_to = (uint32_t)chance_below(c, MILESTONE_COUNT);
}

void chance_order(struct chance *c, struct order *o)
{
	set(c, &o->id, ENTITY_MAX);
	set(c, &o->total, ENTITY_MAX);
	set(c, &o->currency, ENTITY_MAX);
	for (unsigned i = 0; i < MILESTONE_IN_PRODUCTION; i++)
		o->at[i] = chance_instant(c);
	o->promised_at = chance_instant(c);
	o->promise_said_at = chance_instant(c);
	o->touched_at = chance_instant(c);
	if (chance_below(c, 2))
		fill_more(c, o);
	o->total_said_at = chance_instant(c);
	o->parcels_lost = chance_below(c, 20) == 0;
	o->dispatch_promised = chance_below(c, 8) == 0;
	for (size_t n = chance_below(c, 3) ? 0 : chance_below(c, ORDER_PARCELS_MAX + 1); n > 0; n--)
		fill_parcel(c, o);
}

static const char *parcels_differ(const struct order *a, const struct order *b)
{
	const struct order *x = a, *y = b;

	DIFFERS(n_parcels);
	DIFFERS(parcels_lost);
	DIFFERS(dispatch_promised);
	for (size_t n = 0; n < x->n_parcels; n++) {
		if (!span_equal(text_span(x->parcels[n].id), text_span(y->parcels[n].id)))
			return "parcel";
		if (memcmp(x->parcels[n].at, y->parcels[n].at, sizeof(x->parcels[n].at)) != 0)
			return "parcel at";
		if (x->parcels[n].links != y->parcels[n].links)
			return "links";
	}
	return NULL;
}

const char *order_differs(const struct order *a, const struct order *b)
{
	TEXT_DIFFERS(id);
	for (unsigned i = 0; i < MILESTONE_COUNT; i++) {
		DIFFERS(at[i]);
		DIFFERS(last[i]);
	}
	for (unsigned i = 0; i < ORDER_SIDE_COUNT; i++)
		DIFFERS(side_at[i]);
	DIFFERS(promised_at);
	DIFFERS(promise_said_at);
	DIFFERS(touched_at);
	DIFFERS(total_said_at);
	DIFFERS(parcel_said_at);
	DIFFERS(corrected_at);
	DIFFERS(corrected_to);
	TEXT_DIFFERS(total);
	TEXT_DIFFERS(currency);
	return parcels_differ(a, b);
}
