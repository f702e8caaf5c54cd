/* SPDX-License-Identifier: MIT */
/*
 * How many jobs there are in each state, by class, and how many were sent too late today, by rule,
 * as Prometheus reads them. As day_metrics: who asks gets the answers to the last question, and has
 * the next one asked.
 */
#pragma once

#include "base/buf.h"
#include "io/redis.h"

struct job_metrics;

/* 0 or -ENOMEM. */
int job_metrics_new(struct job_metrics **ret_metrics);
/* After the connection is gone. */
struct job_metrics *job_metrics_free(struct job_metrics *m);
void job_metrics_freep(struct job_metrics **m);

void job_metrics_refresh(
	struct job_metrics *m, struct redis *redis, uint32_t partitions, int64_t now);
void job_metrics_add(const struct job_metrics *m, struct buf *out);
