/* SPDX-License-Identifier: MIT */
/*
 * The presets of deploy/hooks as they were when this binary was built: a hook needs no files beside
 * the binary, and `waymark hook show` prints one for a shop to copy and change.
 */
#pragma once

#include "base/span.h"

struct preset_file {
	struct span name; /* "shopify"; a NUL stands behind it */
	struct span text; /* JSON, for mapping_compile */
};

/* Sorted by name. */
const struct preset_file *preset_files(size_t *ret_n);
/* NULL if there is none of that NAME. */
const struct preset_file *preset_find(struct span name);
