/* SPDX-License-Identifier: MIT */
/* The parts of a merge, each in a file of its own. Inside core only. 0 or -ENOMEM. */
#pragma once

#include "core/merge.h"

int merge_carts(struct journey *into, const struct journey *from);
int merge_orders(struct journey *into, const struct journey *from);
int merge_things(struct journey *into, const struct journey *from);
/* After the ids of both are together. */
int merge_consents(struct journey *into, const struct journey *from);
int merge_contact(struct journey *into, const struct journey *from);
int merge_profile(struct journey *into, const struct journey *from);
int merge_notes(struct journey *into, const struct journey *from);
/* Identifiers, consents, parts. */
int merge_links(struct journey *into, const struct journey *from, const struct merge_terms *terms);
/* *SLOT may be NULL, and is then a copy. */
int merge_basket(struct basket **slot, const struct basket *from);
/* In tally.c. */
int tally_merge(
	const struct rules *rules, struct journey *into, const struct journey *from, int64_t now);

/* The later word; of two at one instant the greater text. */
int merge_said(struct said *into, const struct said *from);
/* The later; of two at one instant the lower or the greater one. */
void merge_amount(struct amount *into, const struct amount *from, bool lower);
/* The greater text. */
int merge_greatest(struct text *into, struct text from);
