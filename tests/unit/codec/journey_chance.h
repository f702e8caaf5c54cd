/* SPDX-License-Identifier: MIT */
/* Journeys, entries and decisions by chance: any value that the structs can hold, the strange ones
 * (absent, zero, the ends of the range) more often than a fair draw would give. */
#pragma once

#include "codec/timeline.h"
#include "core/journey.h"

#include "../chance.h"

int64_t chance_instant(struct chance *c);
/* Text of at most MAX bytes, often one of a few words; sometimes exactly MAX. Lives until the next
 * 64 calls. */
struct span chance_text(struct chance *c, size_t max);

/* A journey with up to SIZE carts, orders and instances each. To be freed. */
struct journey *chance_journey(struct chance *c, size_t size);
struct timeline_entry chance_entry(struct chance *c);

/* The name of the first part in which they differ, or NULL. */
const char *journey_differs(const struct journey *a, const struct journey *b);
const char *entry_differs(const struct timeline_entry *a, const struct timeline_entry *b);
