/* SPDX-License-Identifier: MIT */
/* Which entity a fact is about (core/fact.h says how it is chosen). Inside core only. */
#pragma once

#include "core/cond.h"

/* NULL: none. */
const struct cart *fact_cart(const struct cond_scope *s);
/* The same, but the cart of the checkout that the key names goes before the event's: an order for
 * another cart may be of what is in this one. NULL if nobody said which cart the checkout is of. */
const struct cart *fact_cart_held(const struct cond_scope *s);
const struct order *fact_order(const struct cond_scope *s);
/* KIND may be THING_KIND_COUNT: the kind that the key names. */
const struct thing *fact_thing(const struct cond_scope *s, enum thing_kind kind);
/* Are two instances' keys of the same first thing: `order:O1` and `order+tracking_number:O1/T1`? */
bool fact_keys_begin_alike(struct span a, struct span b);
