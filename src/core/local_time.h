/* SPDX-License-Identifier: MIT */
/*
 * Hours of local days as instants. A span of hours begins and ends at the instants that its two
 * local times are on their dates, so that a night in which the clock goes forward is an hour
 * shorter and one in which it goes back an hour longer, and what a gap skips begins with its end.
 * A zone of NULL is UTC.
 */
#pragma once

#include "base/zone.h"
#include "core/policy.h"

void local_civil(const struct zone *zone, int64_t at, struct civil *ret_c);
/* MINUTES after midnight of C's date, moved by DAYS. */
int64_t local_instant(const struct zone *zone, const struct civil *c, int32_t days, int minutes);
/* The first instant of the local day after that of AT. */
int64_t local_day_end(const struct zone *zone, int64_t at);
/* 0 Monday … 6 Sunday. */
int local_weekday(const struct civil *c);

/* The end of the span of H that holds AT; AT itself if none does. */
int64_t day_hours_end(struct day_hours h, const struct zone *zone, int64_t at);
/* The first instant from AT on that H holds; AT itself if H is no time at all. */
int64_t day_hours_next(struct day_hours h, const struct zone *zone, int64_t at);
