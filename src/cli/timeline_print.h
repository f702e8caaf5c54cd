/* SPDX-License-Identifier: MIT */
/* A customer and the entries of their timeline, as lines for people; or why there are none. */
#pragma once

#include "cells.h"
#include "codec/timeline.h"
#include "core/journey.h"
#include "program/program.h"

/* Who it is and where they stand at NOW. LAPSE: of the policy in force. */
void customer_print(
	const struct cells *c, const struct journey *j, const struct lapse *lapse, int64_t now);
void timeline_print(const struct cells *c, const struct timeline_entry *e);

/* Of QUERY_SEVERAL, wherever it is told. */
#define QUERY_SEVERAL_WORDS                                                                        \
	"several customers have an order of that number (`waymark customer find` lists them)"

/* Says why a question about CUSTOMER failed: R is an outcome of store/query.h, or -errno.
 * STATUS_FOUND. */
int query_explain(const struct program *p, int r, const char *customer);
