/* SPDX-License-Identifier: MIT */
/*
 * The door of consumers: jobs are leased, reported on and looked at over HTTP (store/job_desk.h is
 * what stands behind it, schemas/openapi.yaml describes it). Who finds no job may wait for one:
 * the desk is asked again from time to time until there is one, or the time is over, or nobody
 * waits any more.
 */
#pragma once

#include "io/http_server.h"
#include "io/router.h"
#include "store/job_desk.h"
#include "store/job_gates.h"
#include "telling.h"

struct waiter;

struct job_door {
	struct job_desk desk;
	struct job_gates gates;
	struct telling *telling;
	struct loop *loop;
	size_t max_pending;	/* questions under way, and consumers who wait; above, 503 */
	uint64_t busy;		/* how often that was */
	struct waiter *waiters; /* leases under way */
	size_t n_waiters;
	bool stopping; /* nobody waits any more */
};

/* 0, or -EIO: there are no random numbers to make tokens of. */
int job_door_init(struct job_door *d, const struct identity *identity, struct loop *loop,
	struct telling *telling);
/* Who waits is told to come again. */
void job_door_release(struct job_door *d);

void job_door_lease(
	struct job_door *d, struct http_request *request, const struct route_params *params);
void job_door_ack(
	struct job_door *d, struct http_request *request, const struct route_params *params);
void job_door_fail(
	struct job_door *d, struct http_request *request, const struct route_params *params);
void job_door_extend(
	struct job_door *d, struct http_request *request, const struct route_params *params);
void job_door_outcome(
	struct job_door *d, struct http_request *request, const struct route_params *params);
void job_door_cancel(
	struct job_door *d, struct http_request *request, const struct route_params *params);
void job_door_show(
	struct job_door *d, struct http_request *request, const struct route_params *params);

/* Leases, the time until the first of them, races and refusals, as Prometheus reads them. */
void job_door_metrics(const struct job_door *d, struct buf *out);
