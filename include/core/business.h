/* SPDX-License-Identifier: MIT */
/*
 * Business time: the hours in which the shop is open, by its policy's week and holidays, in its
 * own zone. An opening begins with its first instant and ends before its last.
 */
#pragma once

#include "core/policy.h"

bool business_is_open(const struct policy *p, int64_t at);

/* The first instant from AT on at which the shop is open; TIME_NEVER where it does not open within
 * 400 days. */
int64_t business_next(const struct policy *p, int64_t at);

/*
 * AT plus so much business time: first DAYS days on which the shop opens, then SPAN_MS of open
 * time. What happens while it is closed counts as happening when it opens. So many days on is the
 * same local time on the last of them, or the nearest later moment at which it is open then, or
 * that day's closing: from Friday 17:00 with a Saturday until 16:00, one day is Saturday 16:00, and
 * two are Monday 17:00. TIME_NEVER where the shop does not open for 400 days.
 */
int64_t business_add(const struct policy *p, int64_t at, int64_t span_ms, uint32_t days);
