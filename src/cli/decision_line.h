/* SPDX-License-Identifier: MIT */
/* Decisions as the engine makes them, for tools that show them all. */
#pragma once

#include "base/buf.h"
#include "core/effect.h"

/* Is E one: a job, a retraction, or what else was decided? */
bool is_decision(const struct effect *e);

/* The decision as it stands on the timeline, with the customer whom it is about, as a JSON object.
 * 0 or -ENOMEM. */
int decision_json(const struct decision *d, struct span customer, struct buf *out);

/* Prints those among EFFECTS, a line each. Nothing is kept: there may be more of them than memory
 * holds. */
void decisions_print(const struct effects *effects, struct span customer, bool json);
