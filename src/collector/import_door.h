/* SPDX-License-Identifier: MIT */
/*
 * POST /v1/import: what tills, nightly exports and historical imports send. Lines of events
 * (NDJSON, perhaps gzip), or Segment's batch: a body that is one JSON object with a member `batch`
 * is that, anything else is lines.
 *
 * The source may say that it has now told everything up to an instant, so that rules which wait for
 * it can go on (triggers, section 5): as the parameter `complete_until`, or as a line
 * {"type":"watermark","completeUntil":"2026-11-21T18:00:00Z"}. It speaks for itself alone, and is
 * believed once all events of the request are in the log.
 */
#pragma once

#include "intake.h"

/* How large its body may be, by its head. */
size_t import_body_max(const struct intake *in, const struct http_request *request);

void import_take(struct intake *in, struct http_request *request);
