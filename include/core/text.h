/* SPDX-License-Identifier: MIT */
/* Text that a journey owns. Empty text has a NULL pointer. */
#pragma once

#include "base/base.h"
#include "base/span.h"

struct text {
	char *ptr;
	uint32_t len;
};

static inline struct span text_span(struct text t)
{
	return (struct span){t.ptr, t.len};
}

/* Replaces T by a copy of S. 0 or -ENOMEM (T unchanged). */
int text_set(struct text *t, struct span s);
void text_release(struct text *t);
