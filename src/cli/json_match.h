/* SPDX-License-Identifier: MIT */
/*
 * Is this JSON what was expected? What is expected is a part: members that it does not name may be
 * anything. So a test says what it is about and nothing else.
 *
 *   - objects: each member that is wanted is there and matches; null wants it null or absent
 *   - arrays of objects: for each wanted item there is one that matches, in the same order
 *   - other arrays: item by item
 *   - numbers: equal as decimals, whatever their spelling
 *   - strings: the same text, or the same instant, where `+4h2m` and `-1d` count from START
 */
#pragma once

#include "base/base.h"
#include "codec/json_scan.h"

/* The value of the last member NAME of the object OBJECT; JSON_TYPE_ABSENT: there is none. */
struct json_value json_member(struct span object, const char *name);

/* The first thing that differs. */
struct json_difference {
	char path[256];	    /* `/data/price`; empty: the value itself */
	struct span wanted; /* raw JSON */
	struct span got;    /* raw JSON; empty: there is nothing */
};

/* An instant as tests write it: `+1h30m`, `-2d` from START, or RFC 3339. 0 or INSTANT_INVALID. */
int json_match_instant(struct span text, int64_t start, int64_t *ret_at);

/* Both are JSON. True if GOT is what is WANTED; else the difference in *ret_difference. */
bool json_match(
	struct span wanted, struct span got, int64_t start, struct json_difference *ret_difference);
