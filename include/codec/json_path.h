/* SPDX-License-Identifier: MIT */
/*
 * Many fields of an object in one pass. Rules name some dozens of places in an event
 * (`address.city`); looking them up one by one would walk the event dozens of times. A prepared set
 * of paths walks it once, steps into the containers that some path leads through, and passes the
 * rest.
 *
 * A path is one or more names with dots between; a name with a dot in it cannot be addressed. In an
 * array a name counts as an index, `products.0.price`. Where a key repeats, the last one counts,
 * with all that is in it, as with the common parsers.
 */
#pragma once

#include "base/base.h"
#include "base/span.h"
#include "codec/json_scan.h"

#define JSON_PATH_DEPTH_MAX 16	/* names in a path */
#define JSON_PATHS_MAX	    512 /* paths in a set */

struct json_path {
	struct span path; /* borrowed: must outlive the set */
	size_t slot;	  /* where its value goes */
};

struct json_paths;

/* Is PATH one that a set takes: no empty name, not too many? */
bool json_path_valid(struct span path);

/* A path that is not valid, or more paths than allowed. */
enum { JSON_PATH_INVALID = 1 };

/* 0, -ENOMEM or JSON_PATH_INVALID. No paths at all are fine. */
int json_paths_new(const struct json_path *paths, size_t n, struct json_paths **ret_paths);
struct json_paths *json_paths_free(struct json_paths *p);
void json_paths_freep(struct json_paths **p);

/*
 * Passes the value that comes next in C and sets VALUES[slot] for every path of the set: what
 * stands there, or JSON_TYPE_ABSENT. 0 or JSON_MALFORMED (then VALUES is of no use).
 */
int json_paths_read(const struct json_paths *p, struct json_cursor *c, struct json_value *values);
