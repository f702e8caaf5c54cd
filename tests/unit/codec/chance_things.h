/* SPDX-License-Identifier: MIT */
/* Part of journey_chance.h: things, baskets, consents and the rest that few customers have. */
#pragma once

#include "core/journey.h"

#include "../chance.h"

/* Up to SIZE of each, and baskets for some of the carts and orders that J has. */
void chance_things(struct chance *c, struct journey *j, size_t size);

/* That the latest job of I, which has its earlier ones, may go another way, and that its jobs were
 * in several names and epochs. */
void chance_jobs(struct chance *c, struct instance *i);
const char *fallback_differs(const struct instance *a, const struct instance *b);
const char *spent_differs(const struct instance *a, const struct instance *b);

/* The name of the first part in which they differ, or NULL. */
const char *things_differ(const struct journey *a, const struct journey *b);
const char *basket_differs(const struct basket *a, const struct basket *b);
