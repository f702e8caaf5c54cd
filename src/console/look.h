/* SPDX-License-Identifier: MIT */
/*
 * Looking at a customer: the three questions of the API, from a request to its answer. Nothing is
 * ever changed by them.
 */
#pragma once

#include "io/http_server.h"
#include "io/router.h"
#include "program/rule_shelf.h"
#include "store/why_query.h"
#include "telling.h"

struct looks {
	struct query_source *source;
	struct telling *telling;
	size_t max_pending;	  /* questions under way; above, askers are told to come back */
	uint64_t busy;		  /* how often they were */
	struct rule_shelf *shelf; /* the rules in force, for "why" */
};

/* GET /v1/customers/{id} */
void look_at_customer(
	struct looks *looks, struct http_request *request, const struct route_params *params);
/* GET /v1/customers/{id}/why */
void look_why(struct looks *looks, struct http_request *request, const struct route_params *params);
/* GET /v1/customers/{id}/timeline */
void look_at_timeline(
	struct looks *looks, struct http_request *request, const struct route_params *params);
