/* SPDX-License-Identifier: MIT */
/* Who was erased, for the store in memory. */
#pragma once

#include "store/store.h"

struct memory_gone {
	struct commit_gone *list; /* each has its own copy of `by` */
	size_t n;
	char salt[65];
};

void memory_gone_release(struct memory_gone *g);
/* 0 or -ENOMEM. */
int memory_gone_commit(struct memory_gone *g, const struct commit *c);
