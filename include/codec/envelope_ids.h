/* SPDX-License-Identifier: MIT */
/*
 * What else names the customer of an item that was accepted, by the rules that the worker has
 * (codec/event_json.h), without reading all of it again: for whoever has to say so before any
 * worker sees the event.
 */
#pragma once

#include "codec/envelope.h"
#include "core/event.h"

/* Is there anything that envelope_ids would read? Of most items not. RIGHTS: LINK_…, of the
 * source. */
bool envelope_has_ids(const struct envelope_item *item, unsigned rights);

/*
 * *ret_ids are e->ids of core/event.h, in ARENA: without doubles, the strongest first; none where
 * the event stands for a till. What an alias says its user was called before is both of what it
 * may be. TRAITS: an identify's say something too. 0 or -ENOMEM.
 */
int envelope_ids(const struct identity *identity, const struct envelope_item *item, bool traits,
	struct arena *arena, const struct event_id **ret_ids, size_t *ret_n);
