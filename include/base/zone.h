/* SPDX-License-Identifier: MIT */
/*
 * Time zones from TZif files (RFC 8536), read by our own code because TZ and localtime are one
 * setting for the whole process and the customer's zone is not the server's.
 * A local time that does not exist (spring) is read with the offset before the gap; one that
 * exists twice (autumn) is its first occurrence (RFC 5545 section 3.3.5).
 */
#pragma once

#include "base/base.h"
#include "base/instant.h"
#include "base/span.h"

struct zone;

enum { ZONE_INVALID = 1 };

/* Parses the bytes of a TZif file, version 1 to 4, including the footer. 0, ZONE_INVALID, -ENOMEM.
 */
int zone_parse(struct span tzif, struct zone **ret_zone);
/* UTC, for those who name no zone. 0 or -ENOMEM. */
int zone_utc(struct zone **ret_zone);
struct zone *zone_free(struct zone *z);
void zone_freep(struct zone **z);

/* Seconds east of UTC that are in force at AT. */
int32_t zone_offset(const struct zone *z, int64_t at);
/* Civil fields of AT in this zone. */
void zone_civil(const struct zone *z, int64_t at, struct civil *ret_c);
/* The instant of local civil time C (see the head of this file for gaps and overlaps). */
int64_t zone_instant(const struct zone *z, const struct civil *c);
/* The first instant after the local day that holds AT: the next local midnight, or where the clock
 * skips it, the first instant of the new day. */
int64_t zone_day_end(const struct zone *z, int64_t at);
