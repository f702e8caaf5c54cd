/* SPDX-License-Identifier: MIT */
#include "program/metrics.h"

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

void metrics_head(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void metrics_line(
	struct buf *out, const char *name, const char *label, const char *value, uint64_t n)
{
	if (label)
		buf_printf(out, "%s{%s=\"%s\"} ", name, label, value);
	else
		buf_printf(out, "%s ", name);
	buf_add_u64(out, n);
	buf_add_char(out, '\n');
}

void metrics_add(struct buf *out, const struct metric *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		metrics_head(out, list[i].name, list[i].type, list[i].help);
		metrics_line(out, list[i].name, NULL, NULL, list[i].n);
	}
}

void metrics_build(struct buf *out)
{
	static const char name[] = "waymark_build_info";

	metrics_head(out, name, "gauge", "Which version runs.");
	metrics_line(out, name, "version", WAYMARK_VERSION, 1);
}

void metrics_http(struct buf *out, const struct http_stats *stats)
{
	static const char classes[] = "waymark_http_responses_total";
	const struct metric list[] = {
		{"waymark_http_connections", "gauge", "Open connections.", stats->open},
		{"waymark_http_unanswered", "gauge", "Requests not yet answered.",
			stats->unanswered},
		{"waymark_http_bodies_bytes", "gauge", "Memory promised to bodies under way.",
			stats->bodies},
		{"waymark_http_answers_bytes", "gauge", "Answers that were not taken yet.",
			stats->answers_held},
		{"waymark_http_connections_total", "counter", "Connections accepted.",
			stats->connections},
		{"waymark_http_requests_total", "counter", "Whole requests.", stats->requests},
		{"waymark_http_refused_total", "counter",
			"Requests refused before they were whole.", stats->refused},
		{"waymark_http_timeouts_total", "counter", "Connections closed by a deadline.",
			stats->timeouts},
		{"waymark_http_shed_total", "counter",
			"Connections closed that took no answers while too many were held.",
			stats->shed},
		{"waymark_http_received_bytes_total", "counter", "Bytes received.",
			stats->bytes_in},
		{"waymark_http_sent_bytes_total", "counter", "Bytes sent.", stats->bytes_out},
	};

	metrics_add(out, list, ARRAY_SIZE(list));
	metrics_head(out, classes, "counter", "All answers over HTTP, by class of status.");
	for (size_t i = 2; i < ARRAY_SIZE(stats->answers); i++) {
		char class[] = "0xx";

		class[0] = (char)('0' + i);
		metrics_line(out, classes, "class", class, stats->answers[i]);
	}
}

void metrics_respond(struct http_request *request, const struct buf *out)
{
	if (buf_failed(out) < 0)
		http_respond(request, 503, NULL, SPAN_EMPTY, SPAN_EMPTY);
	else
		http_respond(request, 200, METRICS_TYPE, SPAN_EMPTY, buf_span(out));
}
