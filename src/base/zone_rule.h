/* SPDX-License-Identifier: MIT */
/*
 * What holds after the last transition that a TZif file lists: its footer, a POSIX TZ string such
 * as `CET-1CEST,M3.5.0,M10.5.0/3` (POSIX.1-2017 section 8.3, with the wider hours of RFC 8536
 * section 3.3.1).
 */
#pragma once

#include "base/base.h"
#include "base/span.h"

enum zone_day_form {
	ZONE_DAY_MONTH,	 /* Mm.w.d: d-th weekday (0 Sunday) of week w, 5 the last */
	ZONE_DAY_JULIAN, /* Jn: 1 to 365, 29 February is never counted */
	ZONE_DAY_PLAIN,	 /* n: 0 to 365, 29 February is counted */
};

struct zone_day {
	enum zone_day_form form;
	int32_t month, week, day; /* month and week for ZONE_DAY_MONTH only */
	int32_t second;		  /* of the local day; may lie outside it by a week */
};

struct zone_rule {
	int32_t standard; /* seconds east of UTC */
	int32_t summer;
	bool has_summer;
	struct zone_day start, end; /* of summer time, each by the clock that it ends */
};

/* 0 or ZONE_INVALID. */
int zone_rule_parse(struct span s, struct zone_rule *ret_rule);

/*
 * The offset at SECOND, which counts from 1970: by UTC, or with LOCAL by the local clock (then gaps
 * and overlaps as in zone.h).
 */
int32_t zone_rule_offset(const struct zone_rule *rule, int64_t second, bool local);
