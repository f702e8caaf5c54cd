/* SPDX-License-Identifier: MIT */
/*
 * The counters that workers and collectors keep in Redis, a day at a time, as Prometheus reads
 * them: what was applied, emitted and held today, and what was put into quarantine by source and
 * reason. They begin anew at midnight UTC, as a counter does whose process was started again.
 *
 * Who asks for figures gets them at once even when Redis is slow: they are those of the last
 * question, and each question has the next ones fetched.
 */
#pragma once

#include "base/buf.h"
#include "io/redis.h"

struct day_metrics;

/* 0 or -ENOMEM. */
int day_metrics_new(struct day_metrics **ret_metrics);
/* After the connection is gone. */
struct day_metrics *day_metrics_free(struct day_metrics *m);
void day_metrics_freep(struct day_metrics **m);

/* Has the counters of the day of NOW fetched, unless they are being fetched. */
void day_metrics_refresh(
	struct day_metrics *m, struct redis *redis, uint32_t partitions, int64_t now);
/* Adds what was fetched last; nothing if nothing was yet. */
void day_metrics_add(const struct day_metrics *m, struct buf *out);
