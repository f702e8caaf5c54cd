/* SPDX-License-Identifier: MIT */
/*
 * What stands behind the lists of a journey and journey_more.h: parts, each with its number, those
 * that are empty left out. Most journeys have none.
 *
 *   parts:   (number varint · part)*, numbers rising
 *
 * A part is written and read by the file that knows its structs. Its number stands on disk: add at
 * the end, never move.
 */
#pragma once

#include "core/journey.h"

#include "pack.h"

struct journey_part {
	/* Never less than what `pack` writes; 0: there is nothing to write. */
	size_t (*bound)(const struct journey *j);
	/* False: J has what could not be read again. */
	bool (*pack)(struct pack *p, const struct journey *j);
	/* Into J, whose lists are complete. Says in U if it is bad. 0 or -ENOMEM. */
	int (*unpack)(struct unpack *u, struct journey *j);
};

/* journey_instance.c */
extern const struct journey_part journey_part_instances;
extern const struct journey_part journey_part_notes;
/* journey_things.c */
extern const struct journey_part journey_part_things;
extern const struct journey_part journey_part_befores;
extern const struct journey_part journey_part_baskets;
/* journey_known.c */
extern const struct journey_part journey_part_consents;
extern const struct journey_part journey_part_addresses;
extern const struct journey_part journey_part_dates;
extern const struct journey_part journey_part_sends;
extern const struct journey_part journey_part_web;
extern const struct journey_part journey_part_visitor;
/* journey_tally.c */
extern const struct journey_part journey_part_tallies;
/* journey_ids.c */
extern const struct journey_part journey_part_ids;
extern const struct journey_part journey_part_under;
extern const struct journey_part journey_part_places;
extern const struct journey_part journey_part_parts;
extern const struct journey_part journey_part_marks;
extern const struct journey_part journey_part_beside;
/* journey_apart_bytes.c */
extern const struct journey_part journey_part_apart;
extern const struct journey_part journey_part_passed;
/* journey_named_bytes.c */
extern const struct journey_part journey_part_named;
/* journey_past.c */
extern const struct journey_part journey_part_past;
extern const struct journey_part journey_part_visits;
/* journey_spent.c */
extern const struct journey_part journey_part_spent;
/* journey_epochs.c */
extern const struct journey_part journey_part_epochs;
/* journey_cancels.c */
extern const struct journey_part journey_part_cancels;
/* journey_taken.c */
extern const struct journey_part journey_part_taken;
/* journey_arming.c */
extern const struct journey_part journey_part_paused;
/* journey_orders.c */
extern const struct journey_part journey_part_orders;
/* journey_profile.c */
extern const struct journey_part journey_part_profile;

/* Some of the instances of J, as a part has them: number, then (index · what is said of it),
 * indices rising. There is at least one, or U is bad. */
struct journey_listed {
	struct unpack *u;
	struct journey *j;
	uint64_t left;
	size_t next;
};

/* journey_arming.c: what an arming event says but for its time and its entry. 0: nothing. */
unsigned journey_arming_says(const struct arming *a);
size_t journey_arming_bound(const struct arming *a);
bool journey_arming_pack(struct pack *p, const struct arming *a);
/* Into A, whose time is known, and which else says nothing yet. */
void journey_arming_unpack(struct unpack *u, struct arming *a);
/* One that is not 0. */
void journey_worth_pack(struct pack *p, struct decimal d);
struct decimal journey_worth_unpack(struct unpack *u);

/* journey_more.c */
bool journey_listed_pack(struct pack *p, const struct journey *j,
	bool (*has)(const struct instance *i),
	bool (*one)(struct pack *p, const struct instance *i));
struct journey_listed journey_listed(struct unpack *u, struct journey *j);
/* NULL: that was the last, or U is bad. */
struct instance *journey_listed_next(struct journey_listed *list);
size_t journey_parts_bound(const struct journey *j);
bool journey_parts_pack(struct pack *p, const struct journey *j);
int journey_parts_unpack(struct unpack *u, struct journey *j);

/* Into T, whose bytes stay those of the record. */
static inline void journey_unpack_text(struct unpack *u, struct text *t, size_t max)
{
	struct span s = unpack_block(u);

	if (s.len > max)
		u->bad = true;
	if (!u->bad)
		text_share(t, s);
}

/* The next index below N: not before *NEXT, which moves behind it. */
static inline size_t journey_next_index(struct unpack *u, size_t n, size_t *next)
{
	uint64_t index = unpack_number(u);

	if (index < *next || index >= n)
		u->bad = true;
	if (u->bad)
		return 0;
	*next = (size_t)index + 1;
	return (size_t)index;
}
