/* SPDX-License-Identifier: MIT */
/*
 * What Segment's and RudderStack's browser SDKs ask for besides the paths that take events: the
 * settings they start with, a place for their own metrics, and pixels.
 */
#pragma once

#include "intake.h"

/* GET /v1/projects/KEY/settings: what analytics.js needs to start, and nothing that would make it
 * load more (integrations, section 2.4). KEY as it stands in the path. */
void segment_settings(struct intake *in, struct http_request *request, struct span key);

/* POST /v1/m: counted as an answer and thrown away. */
void segment_metrics(struct intake *in, struct http_request *request);

/*
 * GET /v1/pixel/TYPE, /v1/pixel.gif, /pixel/v1/TYPE: an event in the query, either `data` (JSON as
 * base 64 of either alphabet, with or without padding) or parameters with dotted names
 * (`properties.subject=…`). The key is `writeKey` or `key` there. TYPE may be empty: the parameter
 * `type`, else page. The answer is a picture whatever happens.
 */
void segment_pixel(struct intake *in, struct http_request *request, struct span type);

/* POST /beacon/v1/batch?writeKey=KEY: RudderStack's sendBeacon. */
void segment_beacon(struct intake *in, struct http_request *request);
