/* SPDX-License-Identifier: MIT */
/*
 * Whose word of consent it is, of a customer who was several. Inside core only.
 *
 * Keys that are one form a tree: each of the ids hangs under the key that it was linked to, or
 * under the customer's own, since its first_at; so any two are one since the latest link between
 * them. A side is a key for as long as it was by itself. A word belongs to whoever the key that
 * said it was at its time: to the key, as long as that was by itself, else to the one that it had
 * become part of, and so on. What belongs to the customer as they are now has no side.
 *
 * Each side speaks for itself, but has heard what any other said after the two were one. So within
 * a side the latest word counts, between sides the stricter (contact.c), and what all sides have
 * heard is the customer's.
 *
 * Kept is a word of a side as long as that side has heard no later one on the same. All of this
 * follows from which key said what when, and since when which are one, in whatever order that
 * came in.
 */
#pragma once

#include "core/journey.h"

/* What a word of consent is about, and whose it is; SIDE is empty for the customer's. */
struct consent_name {
	struct span topic, side;
	uint32_t channel;
};

/* When the sides A and B became one. INT64_MIN: they are the same. */
int64_t consent_one_since(const struct journey *j, struct span a, struct span b);
/* Whose word it is that KEY said AT. Borrowed from J. */
struct span consent_side(const struct journey *j, struct span key, int64_t at);
/* Has SIDE heard C? */
bool consent_heard(const struct journey *j, const struct consent *c, struct span side);

/* Borrowed; NULL: nothing was said. */
struct consent *consent_find(const struct journey *j, struct consent_name name);
/* Cleared and added, if there is none; NULL with errno ENOMEM, or ENOSPC: there are withdrawals
 * only. */
struct consent *consent_add(struct journey *j, struct consent_name name);
/* Whatever the bound; none is there yet. NULL: no memory. */
struct consent *consent_insert(struct journey *j, struct consent_name name);

/* The later word; of two at one instant the stricter, then that of the greater source. WORD's
 * source may be taken. 0 or -ENOMEM. */
int consent_join(struct consent *into, const struct consent *word);

/* After anything was said or linked. 0 or -ENOMEM. */
int consent_settle(struct journey *j);
/* Of whoever is among the ids at INDEX it will no longer be known since when they are one of the
 * customer: what they withdrew is taken to be said when they became it, and what they gave counts
 * where nothing else was said. */
void consent_forget_id(struct journey *j, size_t index);
/* Was KEY, one of the ids, one with anybody by AT? What was refused makes nobody one. */
bool consent_is_linked(const struct journey *j, struct span key, int64_t at);
/* KEY, one of the ids or the customer's own, and UNDER are one since AT, unless they are known to
 * be for longer. In whatever order links come in, the tree is the same. 0 or -ENOMEM. */
int consent_link(struct journey *j, struct span key, struct span under, int64_t at);
