/* SPDX-License-Identifier: MIT */
/*
 * Tables have some twenty rows, the busiest first, so a walk from the top is as quick as anything
 * cleverer.
 */
#include "io/router.h"

#include "base/buf.h"
#include "io/problem.h"

/* A path being walked, slash by slash; one that ends with a slash has an empty last segment. */
struct walk {
	struct span left;
	bool more;
};

static bool next_segment(struct walk *walk, struct span *ret_segment)
{
	struct span left = walk->left;
	const char *slash = left.len ? memchr(left.ptr, '/', left.len) : NULL;
	size_t n = slash ? (size_t)(slash - left.ptr) : left.len;

	if (!walk->more)
		return false;
	*ret_segment = span_of(left.ptr, n);
	walk->more = slash != NULL;
	walk->left = slash ? span_of(slash + 1, left.len - n - 1) : SPAN_EMPTY;
	return true;
}

static void add_param(struct route_params *params, struct span value)
{
	assert(params->n < ROUTE_PARAMS_MAX);
	params->values[params->n++] = value;
}

/* Whether PATH fits PATTERN; both begin with a slash. */
static bool route_fits(const char *pattern, struct span path, struct route_params *params)
{
	struct walk wants = {span_str(pattern), true};
	struct walk gots = {path, true};
	struct span want, got;

	params->n = 0;
	if (path.len == 0 || path.ptr[0] != '/')
		return false;
	while (next_segment(&wants, &want)) {
		if (span_is(want, "*")) {
			add_param(params, gots.left);
			return gots.more;
		}
		if (!next_segment(&gots, &got))
			return false;
		if (want.len > 0 && want.ptr[0] == '{') {
			if (got.len == 0)
				return false;
			add_param(params, got);
		} else if (!span_equal(want, got)) {
			return false;
		}
	}
	return !gots.more;
}

int router_find(const struct router *router, enum http_method method, struct span path,
	struct route_match *ret_match)
{
	struct route_match match = {.allowed = 0};

	for (size_t i = 0; i < router->n; i++) {
		const struct route *route = &router->routes[i];

		if (!route_fits(route->pattern, path, &match.params))
			continue;
		if (route->method == method || (route->method == HTTP_GET && method == HTTP_HEAD)) {
			match.route = route;
			*ret_match = match;
			return 0;
		}
		match.allowed |= 1U << route->method;
		if (route->method == HTTP_GET)
			match.allowed |= 1U << HTTP_HEAD;
	}
	if (!match.allowed)
		return ROUTE_NOT_FOUND;
	*ret_match = match;
	return ROUTE_NOT_ALLOWED;
}

static void respond_not_allowed(struct http_request *request, unsigned allowed)
{
	_cleanup_(buf_release) struct buf headers = BUF_INIT;
	_cleanup_(buf_release) struct buf body = BUF_INIT;
	const char *separator = "";

	buf_add_str(&headers, "Allow: ");
	for (unsigned method = HTTP_GET; method <= HTTP_OPTIONS; method++) {
		if (!(allowed & 1U << method))
			continue;
		buf_add_str(&headers, separator);
		buf_add_str(&headers, http_method_name((enum http_method)method));
		separator = ", ";
	}
	buf_add_str(&headers, "\r\n");
	if (buf_failed(&headers) < 0)
		buf_reset(&headers);
	problem_add(&body, 405, "method_not_allowed", "This path has no such method.", NULL);
	if (buf_failed(&body) < 0)
		buf_reset(&body);
	http_respond(request, 405, PROBLEM_CONTENT_TYPE, buf_span(&headers), buf_span(&body));
}

void router_dispatch(const struct router *router, struct http_request *request)
{
	struct route_match match;

	switch (router_find(
		router, http_request_method(request), http_request_path(request), &match)) {
	case 0:
		match.route->fn(router->arg, request, &match.params);
		break;
	case ROUTE_NOT_ALLOWED:
		respond_not_allowed(request, match.allowed);
		break;
	default:
		http_respond_problem(request, 404, "not_found", "There is nothing here.", NULL);
	}
}
