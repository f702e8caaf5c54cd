/* SPDX-License-Identifier: MIT */
/* All the names that one customer has had, for tools that look for them in what is kept by name. */
#pragma once

#include "base/arena.h"
#include "base/map.h"
#include "tool.h"

struct customer_names {
	struct arena arena;
	struct span *names; /* keys; the first is the one they are kept under now */
	size_t n, cap;
	struct map set; /* the same */
};

/*
 * Those of whoever ID (as people type it) stands for; ID itself if nobody is known by it. 0, or a
 * status for main, with the reason said.
 */
int customer_names_ask(
	struct customer_names *n, struct tool *tool, struct redis *redis, struct span id);
/* Also of one that is all zeros. */
void customer_names_release(struct customer_names *n);
bool customer_names_have(const struct customer_names *n, struct span key);
