/* SPDX-License-Identifier: MIT */
/*
 * All that Waymark asks of jansson when it reads rules: is a text JSON without a key that stands
 * twice, and what is its one normal form. jansson and its trees stay behind this header; what has
 * been checked is then read with the scanner (json_scan.h), which knows where everything stands.
 */
#pragma once

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

struct json_tree_fault {
	unsigned line; /* 1-based, 0 unknown */
	char text[192];
};

enum { JSON_TREE_BAD = 1 };

/*
 * Appends TEXT to OUT with sorted keys and without blanks: equal values, equal bytes. A number
 * with a fraction or an exponent passes through a double. 0, JSON_TREE_BAD (OUT unchanged, the
 * reason in *ret_fault) or -ENOMEM.
 */
int json_tree_normal(struct span text, struct buf *out, struct json_tree_fault *ret_fault);
