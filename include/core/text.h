/* SPDX-License-Identifier: MIT */
/*
 * Text that a journey owns. Empty text has a NULL pointer. A journey that was read has most of its
 * texts where it was read from, in one piece of memory that is its own and never changes: such a
 * text is shared, which nobody sees who sets and releases it by these functions.
 */
#pragma once

#include "base/base.h"
#include "base/span.h"

struct text {
	char *ptr;
	uint32_t len;
	uint32_t shared; /* 1: the bytes are not to be changed and not to be freed */
};

static inline struct span text_span(struct text t)
{
	return (struct span){t.ptr, t.len};
}

/* Replaces T by a copy of S. 0 or -ENOMEM (T unchanged). */
int text_set(struct text *t, struct span s);
/* Replaces T by S itself, which must live as long as T: in the journey's room, or for ever. */
void text_share(struct text *t, struct span s);
void text_release(struct text *t);
