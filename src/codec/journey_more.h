/* SPDX-License-Identifier: MIT */
/*
 * What few journeys have, behind the rest of their bytes and only where there is any: the parcels
 * of orders, what instances are held for, and the parts of journey_parts.h.
 *
 *   more:    number of orders with parcels, then those · number of held instances, then those ·
 *            parts
 *   order:   index · parcels × 2 + lost + 128 × dispatch promised · (id · links · times) each
 *   held:    index · source · held_at
 *
 * Indices rise. Text is a length and the bytes.
 */
#pragma once

#include "core/journey.h"

#include "pack.h"

/* Never less than what journey_more_pack() writes. */
size_t journey_more_bound(const struct journey *j);
/* Writes nothing if there is nothing. False: J has what could not be read again. */
bool journey_more_pack(struct pack *p, const struct journey *j);
/* Reads what is left into J, whose lists are complete, and says in U if it is bad. 0 or -ENOMEM. */
int journey_more_unpack(struct unpack *u, struct journey *j);
