/* SPDX-License-Identifier: MIT */
/*
 * The question "why?" of one customer: their record and the latest decisions of their timeline,
 * brought together for codec/why_json.h.
 */
#pragma once

#include "codec/why_json.h"
#include "store/query.h"

/* R: 0 with ASK, which has all but the rules and the rule that is asked about and lives until the
 * function returns; or an outcome of query.h or -ENOMEM, with NULL. */
typedef void why_fn(void *user, int r, const struct why_ask *ask);

/* Decisions looked at; the newest. */
#define WHY_DECISIONS TIMELINE_PAGE_MAX

/*
 * ASK's id and wanted count, its fn and user do not. 0: FN will be called once, with USER; anything
 * else, as in query.h, is the answer.
 */
int query_why(struct query_source *s, const struct query_ask *ask, why_fn *fn, void *user);
