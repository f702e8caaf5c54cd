/* SPDX-License-Identifier: MIT */
/* Orders by chance, and how two of them differ. */
#pragma once

#include "core/journey.h"

#include "../chance.h"

/* O was just added. */
void chance_order(struct chance *c, struct order *o);
/* NULL if they are the same, else what is not; not what was ordered. */
const char *order_differs(const struct order *a, const struct order *b);
