/* SPDX-License-Identifier: MIT */
/* How far the archive has come, for /metrics: asked of Redis every few seconds, like the counters
 * of the day (day_metrics.h). */
#pragma once

#include "base/buf.h"
#include "io/redis.h"

struct archive_metrics;

/* 0 or -ENOMEM. */
int archive_metrics_new(struct archive_metrics **ret_metrics);
/* Only when no answer can come any more. */
struct archive_metrics *archive_metrics_free(struct archive_metrics *m);
void archive_metrics_freep(struct archive_metrics **m);

/* Asks anew, unless answers are still awaited. */
void archive_metrics_refresh(struct archive_metrics *m, struct redis *redis, uint32_t partitions);

/* Nothing while there is no archive. */
void archive_metrics_add(const struct archive_metrics *m, struct buf *out);
