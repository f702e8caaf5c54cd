/* SPDX-License-Identifier: MIT */
/* The key of an event that names no customer but a thing (core/news.h). */
#pragma once

#include "codec/envelope.h"

/* `product:SKU`, else `product:ID`, or the site's; empty if ITEM is no such news, or does not say
 * which product it is about. Lies in A. 0 or -ENOMEM. */
int news_key(const struct envelope_item *item, struct arena *a, struct span *ret_key);
