/* SPDX-License-Identifier: MIT */
/* Part of a customer's JSON: things, baskets, and what is known of the customer. */
#pragma once

#include "core/journey.h"

#include "json_out.h"

/* `products` and `value` of a cart or an order; emptied or bought at EMPTIED_AT. */
void json_out_basket(struct json_out *o, const struct basket *b, int64_t emptied_at);
/* `things`, `profile`, `dates`, `consents`, `addresses`. */
void json_out_known(struct json_out *o, const struct journey *j, int64_t now);
