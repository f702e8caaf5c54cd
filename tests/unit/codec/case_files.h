/* SPDX-License-Identifier: MIT */
/* Cases kept as files: reading one, and finding all of a directory. */
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

/* Appends the contents of PATH. 0 or -errno. */
int case_read(const char *path, struct buf *out);

/*
 * Paths of the files below the source tree's DIR that end in SUFFIX, subdirectories included
 * (but for `scenarios`, which lie beside what they test), sorted, in the arena. 0 or -errno.
 */
int case_list(const char *dir, const char *suffix, struct arena *a, const char ***ret_paths,
	size_t *ret_n);

/* Zone files of this system, for rules_compile: a rule_zone_fn. */
int case_zone(void *user, struct span name, struct buf *out);
