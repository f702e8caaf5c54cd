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
