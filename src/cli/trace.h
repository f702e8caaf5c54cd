/* SPDX-License-Identifier: MIT */
/* What happened to a customer, line by line, for people: events, decisions, what waits now. */
#pragma once

#include "base/buf.h"
#include "core/effect.h"

/* Appends the lines of one input, as a witness (store/apply.h) sees it. */
void trace_input(struct buf *out, const struct journey *j, const struct event *event, int64_t now,
	const struct effects *effects);
