/* SPDX-License-Identifier: MIT */
/*
 * Counts by source and reason, for what happens seldom and has many reasons: events in quarantine,
 * signatures that were wrong, events that broke the plan.
 */
#pragma once

#include "base/buf.h"
#include "codec/write_keys.h"

struct reason_count {
	char source[WRITE_KEY_NAME_MAX + 1];
	const char *reason; /* constant text */
	uint64_t n;
};

struct reasons {
	struct {
		struct reason_count *list;
		size_t n, cap;
	} tables[4];
};

enum reason_table {
	REASONS_QUARANTINED,
	REASONS_SIGNATURES,
	REASONS_PLAN,
	REASONS_LINKS,
	REASON_TABLES,
};

/* One more. Out of memory loses the count and nothing else. */
void reasons_count(
	struct reasons *r, enum reason_table table, const char *source, const char *reason);
void reasons_release(struct reasons *r);

/* All of them in Prometheus's text format. */
void reasons_metrics(const struct reasons *r, struct buf *out);
