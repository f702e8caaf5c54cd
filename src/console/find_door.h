/* SPDX-License-Identifier: MIT */
/*
 * GET /v1/customers?prefix=…: staff look for somebody of whom they know how a name, an address or a
 * number begins (store/find_query.h). What they are shown is masked, until they say why they need
 * it whole. Each search is noted in the audit and in the log, without what was asked for; and they
 * come in a rate that serves a desk and not a copy of the shop's customers.
 *
 * The cursor of the next page would have personal text in it, and stand in URLs; so it is sealed
 * (codec/seal.h) with a key that this process has made for itself and good until it ends.
 */
#pragma once

#include "base/rate_limit.h"
#include "codec/seal.h"
#include "io/http_server.h"
#include "io/router.h"
#include "store/audit.h"
#include "store/find_query.h"
#include "telling.h"

struct find_door {
	struct telling *telling;
	struct query_source *source; /* both borrowed, set when there are any */
	const struct identity *identity;
	size_t max_pending;
	int64_t rate, burst; /* searches a minute for each token, and at once */
	struct audit audit;
	struct rate_limit limit; /* of the staff token */
	struct sealer *sealer;
	struct seal_key key;
	uint64_t searches, refused;
};

/* 0, -ENOMEM or -EIO: there are no random numbers. */
int find_door_init(struct find_door *d, struct telling *telling);
void find_door_release(struct find_door *d);
/* A connection has come up. */
void find_door_up(struct find_door *d, struct redis *redis, const struct identity *identity);

void find_door_search(
	struct find_door *d, struct http_request *request, const struct route_params *params);
/* Searches, and those refused for their rate, as Prometheus reads them. */
void find_door_metrics(const struct find_door *d, struct buf *out);
