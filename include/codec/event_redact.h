/* SPDX-License-Identifier: MIT */
/*
 * An event of one customer may carry an identifier of another who was erased: an address that a
 * family shared, the visitor number of a browser that somebody else uses now. What is told of the
 * one is theirs; the value of the other is taken out, wherever it stands by itself, whatever its
 * spelling. In the middle of a longer text it is not looked for.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "core/event.h"
#include "core/identity.h"

/*
 * Appends JSON, one sound value, to OUT, with null in place of each text or number that is one of
 * the N identifiers IDS; names of members stay. A is for what is made on the way. 0 or -ENOMEM.
 */
int event_redact(const struct identity *identity, struct span json, const struct event_id *ids,
	size_t n, struct arena *a, struct buf *out);
