/* SPDX-License-Identifier: MIT */
/* Things, and what is known of how a customer may be written to, of two who are one. Consent is in
 * merge_consent.c, the profile in merge_profile.c. */
#include "core/merge.h"

#include "list.h"
#include "merge_parts.h"
#include "thing_before.h"

/* ---- things ------------------------------------------------------------------------------ */

int merge_things(struct journey *into, const struct journey *from)
{
	for (size_t i = 0; i < from->n_things; i++)
		if (thing_join(into, &from->things[i]) < 0)
			return -ENOMEM;
	while (journey_count_things(into, THING_WISH) > WISHES_MAX)
		journey_drop_thing(into, THING_WISH);
	while (journey_count_things(into, THING_VIEW) > VIEWS_MAX)
		journey_drop_thing(into, THING_VIEW);
	while (into->n_things > JOURNEY_THINGS_MAX)
		journey_drop_thing(into, THING_KIND_COUNT);
	return 0;
}

/* ---- addresses --------------------------------------------------------------------------- */

/* The latest of both, the latest first. */
static void join_soft(struct address *into, const struct address *from)
{
	int64_t both[ADDRESS_SOFT_MAX];
	size_t a = 0, b = 0;

	for (size_t n = 0; n < ADDRESS_SOFT_MAX; n++)
		both[n] = into->soft[a] >= from->soft[b] ? into->soft[a++] : from->soft[b++];
	memcpy(into->soft, both, sizeof(both));
}

static void join_address(struct address *into, const struct address *from)
{
	into->delivered_at = int64_max(into->delivered_at, from->delivered_at);
	into->complained_at = int64_max(into->complained_at, from->complained_at);
	into->hard_at = int64_max(into->hard_at, from->hard_at);
	join_soft(into, from);
}

/* ---- dates ------------------------------------------------------------------------------- */

/* Of two words at one instant that of a day that was taken back counts, then the later day. */
static bool date_after(const struct date *a, const struct date *b)
{
	if (a->said_at != b->said_at)
		return a->said_at > b->said_at;
	if (a->removed != b->removed)
		return a->removed > b->removed;
	if (a->year != b->year)
		return a->year > b->year;
	return a->month != b->month ? a->month > b->month : a->day > b->day;
}

static int merge_dates(struct journey *into, const struct journey *from)
{
	for (size_t i = 0; i < from->n_dates; i++) {
		struct date word = from->dates[i];
		struct date *d = journey_date(into, text_span(word.name));

		if (!d)
			d = journey_insert_date(into, text_span(word.name));
		if (!d)
			return -ENOMEM;
		if (!date_after(&word, d))
			continue;
		word.name = d->name;
		*d = word;
	}
	while (into->n_dates > JOURNEY_DATES_MAX)
		journey_drop_date(into);
	return 0;
}

/* ---- sends ------------------------------------------------------------------------------- */

/* What was sent stays so; then what was released is it. */
static int state_rank(enum send_state s)
{
	return s == SEND_SENT ? 2 : s == SEND_RELEASED;
}

static int merge_sends(struct journey *into, const struct journey *from)
{
	for (size_t i = 0; i < from->n_sends; i++) {
		const struct send *other = &from->sends[i];
		struct send *s = journey_send(into, other->job_id);

		if (s) {
			if (state_rank(other->state) > state_rank(s->state))
				s->state = other->state;
			continue;
		}
		if (!journey_add_send(into, other))
			return -ENOMEM;
	}
	return 0;
}

int merge_contact(struct journey *into, const struct journey *from)
{
	for (size_t i = 0; i < from->n_addresses; i++) {
		const struct address *other = &from->addresses[i];
		struct address *a = journey_address(into, other->channel, text_span(other->which));

		if (!a)
			a = journey_insert_address(into, other->channel, text_span(other->which));
		if (!a)
			return -ENOMEM;
		join_address(a, other);
	}
	while (into->n_addresses > JOURNEY_ADDRESSES_MAX)
		journey_drop_address(into);
	if (merge_dates(into, from) < 0)
		return -ENOMEM;
	return merge_sends(into, from);
}
