/* SPDX-License-Identifier: MIT */
/*
 * From method and path to a handler, by a table that can be read from top to bottom.
 *
 * A pattern is a path whose segments are literal, or `{name}` for any one segment that is not
 * empty, or `*` as the last one for the rest of the path (perhaps empty). The first row that fits
 * wins. GET rows answer HEAD too. A path that fits only rows of other methods is 405 with Allow;
 * one that fits none is 404.
 */
#pragma once

#include "base/base.h"
#include "io/http_server.h"

enum { ROUTE_PARAMS_MAX = 4 };

struct route_params {
	/* What stood for each `{name}` and `*`, in order, as sent (io/url.h decodes). */
	struct span values[ROUTE_PARAMS_MAX];
	size_t n;
};

typedef void (*route_fn)(
	void *arg, struct http_request *request, const struct route_params *params);

struct route {
	enum http_method method;
	const char *pattern;
	route_fn fn;
};

struct router {
	const struct route *routes;
	size_t n;
	void *arg; /* of all handlers */
};

struct route_match {
	const struct route *route;
	struct route_params params;
	unsigned allowed; /* sum of 1 << enum http_method; set when the outcome is NOT_ALLOWED */
};

enum { ROUTE_NOT_FOUND = 1, ROUTE_NOT_ALLOWED = 2 };

/* 0, or an outcome above. *ret_match is untouched by NOT_FOUND. */
int router_find(const struct router *router, enum http_method method, struct span path,
	struct route_match *ret_match);

/* Calls the handler, or answers 404 or 405. */
void router_dispatch(const struct router *router, struct http_request *request);
