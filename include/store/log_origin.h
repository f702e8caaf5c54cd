/* SPDX-License-Identifier: MIT */
/*
 * An entry of the log as its event is read: what its head says, put where the decoder wants it.
 * Whoever looks at what workers have applied must read it as they did, or would take it for another
 * customer's.
 */
#pragma once

#include "codec/event_json.h"
#include "store/keys.h"

/* META's spans are borrowed. */
struct event_origin log_origin(const struct log_meta *meta, struct log_id id);
