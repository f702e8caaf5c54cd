/* SPDX-License-Identifier: MIT */
/* Parts of journey_fold(). Inside core only. */
#pragma once

#include "core/journey.h"

/* What E says of an order. 0 or -ENOMEM. */
int fold_order(struct journey *j, const struct event *e);
