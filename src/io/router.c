/* SPDX-License-Identifier: MIT */
/*
 * Tables have some twenty rows, the busiest first, so a walk from the top is as quick as anything
 * cleverer.
 */
#include "io/router.h"

#include "base/buf.h"
#include "io/problem.h"

/* Takes the text up to the next slash; what remains begins behind it. */
static struct span take_segment(struct span *path)
{
	const char *slash = path->len ? memchr(path->ptr, '/', path->len) : NULL;
	size_t n = slash ? (size_t)(slash - path->ptr) : path->len;
	struct span segment = span_of(path->ptr, n);

	n += slash ? 1 : 0;
	*path = span_of(path->ptr ? path->ptr + n : NULL, path->len - n);
	return segment;
}

static void add_param(struct route_params *params, struct span value)
{
	assert(params->n < ROUTE_PARAMS_MAX);
	params->values[params->n++] = value;
}

static bool segments_left(struct span path, const char *start)
{
	/* A trailing slash is an empty last segment. */
	return path.len > 0 || (path.ptr > start && path.ptr[-1] == '/');
}

/* Whether PATH fits PATTERN; both begin with a slash. */
static bool route_fits(const char *pattern_text, struct span path, struct route_params *params)
{
	struct span pattern = span_str(pattern_text);
	const char *path_start = path.ptr;

	params->n = 0;
	if (path.len == 0 || path.ptr[0] != '/')
		return false;
	(void)take_segment(&pattern);
	(void)take_segment(&path);
	while (segments_left(pattern, pattern_text)) {
		struct span want, got;

		want = take_segment(&pattern);
		if (span_is(want, "*")) {
			add_param(params, path);
			return true;
		}
		if (!segments_left(path, path_start))
			return false;
		got = take_segment(&path);
		if (want.len > 0 && want.ptr[0] == '{') {
			if (got.len == 0)
				return false;
			add_param(params, got);
		} else if (!span_equal(want, got)) {
			return false;
		}
	}
	return !segments_left(path, path_start);
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
