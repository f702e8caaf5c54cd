/* SPDX-License-Identifier: MIT */
/*
 * An event written as the parameters of an address, as mails and pages without scripts must:
 * `userId=7&event=Email Opened&properties.subject=Hello`. A dot leads into an object; all values
 * are texts.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/span.h"

#define QUERY_EVENT_FIELDS_MAX 64
#define QUERY_EVENT_DEPTH_MAX  8

enum { QUERY_EVENT_BAD = 1 };

/*
 * Adds QUERY as a JSON object; parameters called as one of SKIP (ends with NULL) are left out. Of a
 * name that is given twice, and of `a` and `a.b`, the first in order of names and place counts. 0;
 * QUERY_EVENT_BAD: more fields or dots than allowed, or an escape that is none; -ENOMEM.
 */
int query_event(struct span query, const char *const *skip, struct arena *arena, struct buf *out);
