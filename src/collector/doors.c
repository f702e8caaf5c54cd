/* SPDX-License-Identifier: MIT */
/* Which path is whose: a table that can be read from top to bottom. */
#include "answer.h"
#include "collector/beacon.h"
#include "collector_parts.h"
#include "cors.h"
#include "import_door.h"
#include "io/router.h"
#include "pages.h"
#include "segment_door.h"

/* The paths below /v1/ that take events: the documented one, and the one that browser and mobile
 * SDKs use. */
#define EVENT_PATHS(X)                                                                             \
	X(track, t, TRACK)                                                                         \
	X(batch, b, BATCH)                                                                         \
	X(page, p, PAGE)                                                                           \
	X(identify, i, IDENTIFY)                                                                   \
	X(screen, s, SCREEN)                                                                       \
	X(group, g, GROUP)                                                                         \
	X(alias, a, ALIAS)

#define X(NAME, SHORT, KIND)                                                                       \
	static void on_##NAME(                                                                     \
		void *arg, struct http_request *request, const struct route_params *params)        \
	{                                                                                          \
		struct collector *c = arg;                                                         \
                                                                                                   \
		(void)params;                                                                      \
		intake_take(&c->intake, request, ENVELOPE_KIND_##KIND);                            \
	}
EVENT_PATHS(X)
#undef X

static struct pages pages_of(const struct collector *c)
{
	return (struct pages){&c->journal, &c->tally, &c->intake.reasons, c->server};
}

static void on_health(void *arg, struct http_request *request, const struct route_params *params)
{
	(void)arg;
	(void)params;
	page_health(request);
}

static void on_ready(void *arg, struct http_request *request, const struct route_params *params)
{
	struct pages pages = pages_of(arg);

	(void)params;
	page_ready(&pages, request);
}

static void on_metrics(void *arg, struct http_request *request, const struct route_params *params)
{
	struct pages pages = pages_of(arg);

	(void)params;
	page_metrics(&pages, request);
}

static void on_import(void *arg, struct http_request *request, const struct route_params *params)
{
	struct collector *c = arg;

	(void)params;
	import_take(&c->intake, request);
}

static void on_settings(void *arg, struct http_request *request, const struct route_params *params)
{
	struct collector *c = arg;

	segment_settings(&c->intake, request, params->values[0]);
}

static void on_sdk_metrics(
	void *arg, struct http_request *request, const struct route_params *params)
{
	struct collector *c = arg;

	(void)params;
	segment_metrics(&c->intake, request);
}

static void on_pixel(void *arg, struct http_request *request, const struct route_params *params)
{
	struct collector *c = arg;

	segment_pixel(&c->intake, request, params->n > 0 ? params->values[0] : SPAN_EMPTY);
}

static void on_beacon_batch(
	void *arg, struct http_request *request, const struct route_params *params)
{
	struct collector *c = arg;

	(void)params;
	segment_beacon(&c->intake, request);
}

static void on_waymark_js(
	void *arg, struct http_request *request, const struct route_params *params)
{
	(void)arg;
	(void)params;
	beacon_serve(request);
}

static void on_posthog(void *arg, struct http_request *request, const struct route_params *params)
{
	struct collector *c = arg;

	(void)params;
	foreign_take(&c->foreign, FOREIGN_POSTHOG, &c->intake, request);
}

static void on_snowplow(void *arg, struct http_request *request, const struct route_params *params)
{
	struct collector *c = arg;

	(void)params;
	foreign_take(&c->foreign, FOREIGN_SNOWPLOW, &c->intake, request);
}

static void on_hook(void *arg, struct http_request *request, const struct route_params *params)
{
	struct collector *c = arg;

	hook_take(&c->hook_door, request, params->values[0]);
}

static void on_hook_probe(
	void *arg, struct http_request *request, const struct route_params *params)
{
	struct collector *c = arg;

	hook_probe(&c->hook_door, request, params->values[0]);
}

static void on_hook_options(
	void *arg, struct http_request *request, const struct route_params *params)
{
	struct collector *c = arg;

	hook_options(&c->hook_door, request, params->values[0]);
}

#define X(NAME, FN)                                                                                \
	static void on_mail_##NAME(                                                                \
		void *arg, struct http_request *request, const struct route_params *params)        \
	{                                                                                          \
		struct collector *c = arg;                                                         \
                                                                                                   \
		FN(&c->mail, request, params->values[0]);                                          \
	}
X(open, mail_opened)
X(click, mail_clicked)
X(unsubscribe, mail_unsubscribed)
X(page, mail_page)
#undef X

static const struct route routes[] = {
#define X(NAME, SHORT, KIND)                                                                       \
	{HTTP_POST, "/v1/" #NAME, on_##NAME}, {HTTP_POST, "/v1/" #SHORT, on_##NAME},
	EVENT_PATHS(X)
#undef X
		{HTTP_POST, "/v1/import", on_import},
	{HTTP_POST, "/v1/m", on_sdk_metrics},
	{HTTP_GET, "/v1/projects/{key}/settings", on_settings},
	{HTTP_GET, "/projects/{key}/settings", on_settings},
	{HTTP_GET, "/v1/pixel.gif", on_pixel},
	{HTTP_GET, "/v1/pixel/{type}", on_pixel},
	{HTTP_GET, "/pixel/v1/{type}", on_pixel},
	{HTTP_POST, "/beacon/v1/batch", on_beacon_batch},
	{HTTP_GET, "/waymark.js", on_waymark_js},
	{HTTP_GET, "/e/o/{token}", on_mail_open},
	{HTTP_GET, "/e/c/{token}", on_mail_click},
	{HTTP_POST, "/e/u/{token}", on_mail_unsubscribe},
	{HTTP_GET, "/e/u/{token}", on_mail_page},
	{HTTP_POST, "/hooks/{name}", on_hook},
	{HTTP_GET, "/hooks/{name}", on_hook_probe},
	{HTTP_OPTIONS, "/hooks/{name}", on_hook_options},
	{HTTP_POST, "/batch", on_posthog},
	{HTTP_POST, "/batch/", on_posthog},
	{HTTP_POST, "/e", on_posthog},
	{HTTP_POST, "/e/", on_posthog},
	{HTTP_POST, "/i/v0/e", on_posthog},
	{HTTP_POST, "/i/v0/e/", on_posthog},
	{HTTP_POST, "/capture", on_posthog},
	{HTTP_POST, "/capture/", on_posthog},
	{HTTP_POST, "/com.snowplowanalytics.snowplow/tp2", on_snowplow},
	{HTTP_GET, "/healthz", on_health},
	{HTTP_GET, "/health", on_health},
	{HTTP_GET, "/livez", on_health},
	{HTTP_GET, "/readyz", on_ready},
	{HTTP_GET, "/metrics", on_metrics},
};

/* The path without the prefix that hides it, if there is one. */
static struct span plain_path(const struct collector *c, const struct http_request *request)
{
	struct span path = http_request_path(request), prefix = span_str(c->settings->prefix);

	if (prefix.len == 0 || path.len <= prefix.len || path.ptr[prefix.len] != '/' ||
		memcmp(path.ptr, prefix.ptr, prefix.len) != 0)
		return path;
	return span_of(path.ptr + prefix.len, path.len - prefix.len);
}

void doors_handle(struct collector *c, struct http_request *request)
{
	const struct router router = {routes, ARRAY_SIZE(routes), c};
	enum http_method method = http_request_method(request);
	struct route_match match;
	int r = router_find(&router, method, plain_path(c, request), &match);

	if (r == ROUTE_NOT_ALLOWED && method == HTTP_OPTIONS) {
		cors_preflight(c->intake.keys, &c->tally, request);
		return;
	}
	if (r == 0) {
		match.route->fn(c, request, &match.params);
		return;
	}
	tally_answer(&c->tally, r == ROUTE_NOT_FOUND ? 404 : 405);
	router_dispatch(&router, request);
}

static size_t body_max(const struct collector *c, const struct http_request *request)
{
	struct span path = plain_path(c, request);

	if (span_is(path, "/v1/import"))
		return import_body_max(&c->intake, request);
	/* What a hook may send is not known by its head. */
	if (path.len > 7 && memcmp(path.ptr, "/hooks/", 7) == 0)
		return c->intake.limits.body_server;
	return intake_body_max(&c->intake, request);
}

size_t doors_body_max(const struct collector *c, struct http_request *request)
{
	const struct http_head *head = http_request_head(request);
	size_t max = body_max(c, request);

	/* The server refuses it: the page must be able to read so, or it would try for ever. */
	if (!head->chunked && head->content_length > max)
		cors_allow(c->intake.keys, request);
	return max;
}
