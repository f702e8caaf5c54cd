/* SPDX-License-Identifier: MIT */
/* Both directions side by side, so that they cannot drift apart unseen. */
#include "journey_more.h"

#include "journey_parts.h"

static const uint16_t parcel_at[] = {
	offsetof(struct parcel, at[PARCEL_SHIPPED]),
	offsetof(struct parcel, at[PARCEL_OUT_FOR_DELIVERY]),
	offsetof(struct parcel, at[PARCEL_READY]),
	offsetof(struct parcel, at[PARCEL_DELIVERED]),
};
static const struct pack_times parcel_times = {parcel_at, ARRAY_SIZE(parcel_at), PACK_INSTANT};

_Static_assert(sizeof(struct parcel) == sizeof(struct text) + PARCEL_STAGE_COUNT * sizeof(int64_t) +
						2 * sizeof(uint32_t),
	"a new member?");

/* Beside twice the number of parcels. */
#define DISPATCH_PROMISED 128

static_assert(2 * ORDER_PARCELS_MAX + 1 < DISPATCH_PROMISED, "bits of one number");

static bool has_parcels(const struct order *o)
{
	return o->n_parcels > 0 || o->parcels_lost || o->dispatch_promised;
}

static bool is_held(const struct instance *i)
{
	return i->missing.len > 0;
}

size_t journey_more_bound(const struct journey *j)
{
	size_t n = 2 * PACK_NUMBER;

	for (size_t i = 0; i < j->n_orders_kept; i++) {
		const struct order *o = &j->orders[i];

		if (!has_parcels(o))
			continue;
		n += 2 * PACK_NUMBER;
		for (size_t k = 0; k < o->n_parcels; k++)
			n += o->parcels[k].id.len + (3 + ARRAY_SIZE(parcel_at)) * PACK_NUMBER;
	}
	for (size_t i = 0; i < j->n_instances; i++)
		if (is_held(&j->instances[i]))
			n += j->instances[i].missing.len + 3 * PACK_NUMBER;
	return n + journey_parts_bound(j);
}

/* ---- parcels --------------------------------------------------------------------------- */

static bool id_ok(struct span id)
{
	return id.len > 2 && id.len <= PARCEL_ID_MAX && (id.ptr[0] == 'f' || id.ptr[0] == 't');
}

/* Bits for N parcels. */
static bool links_ok(uint32_t links, size_t n)
{
	return (uint64_t)links >> n == 0;
}

static bool pack_parcels(struct pack *p, const struct order *o)
{
	bool ok = o->n_parcels <= ORDER_PARCELS_MAX;

	pack_number(p, (uint64_t)o->n_parcels << 1 | (o->parcels_lost ? 1 : 0) |
			       (o->dispatch_promised ? DISPATCH_PROMISED : 0));
	for (size_t i = 0; i < o->n_parcels; i++) {
		const struct parcel *one = &o->parcels[i];

		ok = ok && id_ok(text_span(one->id)) && links_ok(one->links, o->n_parcels);
		pack_block(p, text_span(one->id));
		pack_number(p, one->links);
		pack_times(p, &parcel_times, one, o->touched_at);
	}
	return ok;
}

static int unpack_parcels(struct unpack *u, struct order *o)
{
	uint64_t head = unpack_bounded(u, DISPATCH_PROMISED * 2 - 1);
	uint32_t n = (uint32_t)(head % DISPATCH_PROMISED >> 1);

	if (head == 0 || n > ORDER_PARCELS_MAX)
		u->bad = true;
	if (u->bad)
		return 0;
	o->parcels_lost = (uint16_t)(head & 1);
	o->dispatch_promised = head >= DISPATCH_PROMISED;
	o->parcels = n ? calloc(n, sizeof(*o->parcels)) : NULL;
	if (n && !o->parcels)
		return -ENOMEM;
	o->n_parcels = n;
	for (size_t i = 0; i < n && !u->bad; i++) {
		struct parcel *one = &o->parcels[i];
		struct span id = unpack_block(u);

		if (!id_ok(id))
			u->bad = true;
		else
			text_share(&one->id, id);
		one->links = (uint32_t)unpack_bounded(u, UINT32_MAX);
		if (!links_ok(one->links, n))
			u->bad = true;
		unpack_times(u, &parcel_times, one, o->touched_at);
	}
	return 0;
}

/* ---- held instances -------------------------------------------------------------------- */

static bool pack_held(struct pack *p, const struct instance *i, int64_t base)
{
	pack_block(p, text_span(i->missing));
	pack_since(p, i->held_at, base);
	return i->missing.len <= MARK_SOURCE_MAX;
}

static int unpack_held(struct unpack *u, struct instance *i, int64_t base)
{
	struct span missing = unpack_block(u);

	i->held_at = unpack_since(u, base);
	if (missing.len == 0 || missing.len > MARK_SOURCE_MAX)
		u->bad = true;
	if (!u->bad)
		text_share(&i->missing, missing);
	return 0;
}

/* ---- parts ----------------------------------------------------------------------------- */

/* By the number that stands on disk: append. */
static const struct journey_part *const parts[] = {
	NULL,
	&journey_part_instances,
	&journey_part_notes,
	&journey_part_things,
	&journey_part_baskets,
	&journey_part_consents,
	&journey_part_addresses,
	&journey_part_dates,
	&journey_part_sends,
	&journey_part_web,
	&journey_part_profile,
	&journey_part_tallies,
	&journey_part_ids,
	&journey_part_parts,
	&journey_part_marks,
	&journey_part_apart,
	&journey_part_beside,
	&journey_part_past,
	&journey_part_named,
	&journey_part_under,
	&journey_part_spent,
	&journey_part_places,
	&journey_part_visitor,
	&journey_part_epochs,
	&journey_part_orders,
	&journey_part_passed,
	&journey_part_visits,
	&journey_part_cancels,
	&journey_part_taken,
	&journey_part_befores,
	&journey_part_paused,
};

size_t journey_parts_bound(const struct journey *j)
{
	size_t n = 0;

	for (size_t i = 1; i < ARRAY_SIZE(parts); i++) {
		size_t bound = parts[i]->bound(j);

		n += bound ? bound + PACK_NUMBER : 0;
	}
	return n;
}

bool journey_parts_pack(struct pack *p, const struct journey *j)
{
	bool ok = true;

	for (size_t i = 1; i < ARRAY_SIZE(parts); i++) {
		if (parts[i]->bound(j) == 0)
			continue;
		pack_number(p, i);
		ok = parts[i]->pack(p, j) && ok;
	}
	return ok;
}

int journey_parts_unpack(struct unpack *u, struct journey *j)
{
	size_t next = 1;
	int r = 0;

	while (r == 0 && !u->bad && unpack_left(u) > 0) {
		size_t i = journey_next_index(u, ARRAY_SIZE(parts), &next);

		if (!u->bad)
			r = parts[i]->unpack(u, j);
	}
	return r;
}

/* ---- some instances -------------------------------------------------------------------- */

bool journey_listed_pack(struct pack *p, const struct journey *j,
	bool (*has)(const struct instance *i),
	bool (*one)(struct pack *p, const struct instance *i))
{
	uint64_t n = 0;
	bool ok = true;

	for (size_t k = 0; k < j->n_instances; k++)
		n += has(&j->instances[k]);
	pack_number(p, n);
	for (size_t k = 0; k < j->n_instances; k++) {
		if (!has(&j->instances[k]))
			continue;
		pack_number(p, k);
		ok = one(p, &j->instances[k]) && ok;
	}
	return ok;
}

struct journey_listed journey_listed(struct unpack *u, struct journey *j)
{
	struct journey_listed list = {.u = u, .j = j, .left = unpack_bounded(u, j->n_instances)};

	if (list.left == 0)
		u->bad = true;
	return list;
}

struct instance *journey_listed_next(struct journey_listed *list)
{
	size_t i;

	if (list->u->bad || list->left == 0)
		return NULL;
	list->left--;
	i = journey_next_index(list->u, list->j->n_instances, &list->next);
	return list->u->bad ? NULL : &list->j->instances[i];
}

/* ---- all of it ------------------------------------------------------------------------- */

bool journey_more_pack(struct pack *p, const struct journey *j)
{
	size_t n_orders = 0, n_held = 0;
	bool ok = true;

	for (size_t i = 0; i < j->n_orders_kept; i++)
		n_orders += has_parcels(&j->orders[i]);
	for (size_t i = 0; i < j->n_instances; i++)
		n_held += is_held(&j->instances[i]);
	if (n_orders + n_held == 0 && journey_parts_bound(j) == 0)
		return true;
	pack_number(p, n_orders);
	for (size_t i = 0; i < j->n_orders_kept; i++) {
		if (!has_parcels(&j->orders[i]))
			continue;
		pack_number(p, i);
		ok = pack_parcels(p, &j->orders[i]) && ok;
	}
	pack_number(p, n_held);
	for (size_t i = 0; i < j->n_instances; i++) {
		if (!is_held(&j->instances[i]))
			continue;
		pack_number(p, i);
		ok = pack_held(p, &j->instances[i], j->last_at) && ok;
	}
	return journey_parts_pack(p, j) && ok;
}

int journey_more_unpack(struct unpack *u, struct journey *j)
{
	uint64_t n_orders, n_held;
	size_t next = 0;
	int r = 0;

	if (u->bad || unpack_left(u) == 0)
		return 0;
	n_orders = unpack_bounded(u, j->n_orders_kept);
	for (uint64_t k = 0; k < n_orders && !u->bad && r == 0; k++) {
		size_t i = journey_next_index(u, j->n_orders_kept, &next);

		if (!u->bad)
			r = unpack_parcels(u, &j->orders[i]);
	}
	n_held = unpack_bounded(u, j->n_instances);
	next = 0;
	for (uint64_t k = 0; k < n_held && !u->bad && r == 0; k++) {
		size_t i = journey_next_index(u, j->n_instances, &next);

		if (!u->bad)
			r = unpack_held(u, &j->instances[i], j->last_at);
	}
	/* Nothing is written where there is nothing. */
	if (n_orders + n_held == 0 && unpack_left(u) == 0)
		u->bad = true;
	return r < 0 ? r : journey_parts_unpack(u, j);
}
