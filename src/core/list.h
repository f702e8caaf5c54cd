/* SPDX-License-Identifier: MIT */
/*
 * The lists of a journey, which are kept in order of their keys, so that a journey's bytes do not
 * tell in which order its events came. Inside core only.
 */
#pragma once

#include "core/journey.h"

/* A cleared element of SIZE at place AT of *list; NULL when out of memory. */
static inline void *list_insert(void **list, size_t n, size_t *cap, size_t size, size_t at)
{
	char *place;

	if (n == *cap) {
		size_t more = *cap ? *cap * 2 : 2;
		void *p = realloc(*list, more * size);

		if (!p)
			return NULL;
		*list = p;
		*cap = more;
	}
	place = (char *)*list + at * size;
	memmove(place + size, place, (n - at) * size);
	memset(place, 0, size);
	return place;
}

/* Takes the element of SIZE at place AT, whose memory is released, out of LIST; N is how many are
 * left. */
static inline void list_remove(void *list, size_t n, size_t size, size_t at)
{
	char *place = (char *)list + at * size;

	memmove(place, place + size, (n - at) * size);
}

/* All lists that journey_lists.c knows. */
void journey_lists_release(struct journey *j);
void journey_aparts_release(struct journey *j);
/* From whom FROM was taken apart, INTO, who is one with them now, is too. After the ids of both are
 * together. 0 or -ENOMEM. */
int journey_merge_aparts(struct journey *into, const struct journey *from);

/*
 * What journey_add_…() is made of, for whoever puts two lists together: a new element whatever the
 * bound, and then what is dropped until the list is within it again, so that what stays does not
 * depend on the order in which the elements came. NULL: no memory. False: nothing may be dropped.
 */
struct cart *journey_insert_cart(struct journey *j, struct span key);
void journey_drop_cart(struct journey *j);
struct order *journey_insert_order(struct journey *j, struct span id);
void journey_drop_order(struct journey *j);
/* Holds I, at NOW, nothing that is still to be remembered? */
bool instance_forgettable(const struct rules *rules, const struct instance *i, int64_t now);
struct instance *journey_insert_instance(struct journey *j, struct span rule, struct span key);
bool journey_drop_instance(struct journey *j);
struct note *journey_insert_note(struct journey *j, struct span rule);
void journey_drop_note(struct journey *j);
void thing_init(struct thing *t, enum thing_kind kind);
void thing_release(struct thing *t);
/* T is about to be forgotten: what is kept of how long it was at a stage. */
void journey_leave_thing(struct journey *j, const struct thing *t);
struct thing *journey_insert_thing(struct journey *j, enum thing_kind kind, struct span id);
/* Of KIND, or of all: THING_KIND_COUNT. */
void journey_drop_thing(struct journey *j, enum thing_kind kind);
size_t journey_count_things(const struct journey *j, enum thing_kind kind);
/* Those of whom: consent_sides.h. */
bool journey_drop_consent(struct journey *j);
struct address *journey_insert_address(
	struct journey *j, enum job_channel channel, struct span which);
void journey_drop_address(struct journey *j);
struct date *journey_insert_date(struct journey *j, struct span name);
void journey_drop_date(struct journey *j);
struct customer_id *journey_insert_id(struct journey *j, struct span key);
/* 0, -ENOMEM, or -ENOSPC: all are claimed. */
int journey_drop_id(struct journey *j);
/* Those of FROM too. After the ids of both are together. 0 or -ENOMEM. */
int journey_merge_marks(struct journey *into, const struct journey *from);
struct customer_part *journey_insert_part(struct journey *j, struct span key);
/* 0 or -ENOMEM. */
int journey_drop_part(struct journey *j);

#define WISHES_MAX 64 /* of the things */
#define VIEWS_MAX  8
