/* SPDX-License-Identifier: MIT */
/*
 * What a role says of itself in figures, in Prometheus's text format, version 0.0.4. Names, help
 * and labels are our own text and need no escape.
 */
#pragma once

#include "base/buf.h"
#include "io/http_server.h"

/* A figure without labels. */
struct metric {
	const char *name;
	const char *type; /* "counter" or "gauge" */
	const char *help; /* one line */
	uint64_t n;
};

void metrics_add(struct buf *out, const struct metric *list, size_t n);

/* For figures with a label: the head once, then a line for each value of it. LABEL may be NULL. */
void metrics_head(struct buf *out, const char *name, const char *type, const char *help);
void metrics_line(
	struct buf *out, const char *name, const char *label, const char *value, uint64_t n);

/* waymark_build_info, which says the version. */
void metrics_build(struct buf *out);
/* waymark_http_…, of a server. */
void metrics_http(struct buf *out, const struct http_stats *stats);

/* Answers REQUEST with what was written; 503 if OUT failed. */
void metrics_respond(struct http_request *request, const struct buf *out);
