/* SPDX-License-Identifier: MIT */
/* Events by chance, as JSON: every kind there is, and properties that some fold looks at, with few
 * values and few instants, so that they meet each other. */
#pragma once

#include "codec/event_json.h"
#include "core/journey.h"

#include "../chance.h"

/* 2026-11-01T00:00:00Z */
#define NOVEMBER INT64_C(1793491200000)

#define HISTORY_KINDS ((size_t)EVENT_KIND_COUNT - 1)

/* Appends event number NUMBER, of kind N below HISTORY_KINDS, of user USER. */
void history_event(struct chance *c, size_t n, size_t number, const char *user, struct buf *out);

/* EVENT, a month after NOVEMBER began, goes into J; what decoding needs is taken from ARENA, which
 * is empty afterwards. */
void history_fold(struct event_decoder *decoder, struct arena *arena, struct journey *j,
	const struct buf *event);
