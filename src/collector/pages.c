/* SPDX-License-Identifier: MIT */
#include "pages.h"

#define JSON_TYPE    "application/json"
#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

void page_health(struct http_request *request)
{
	http_respond(request, 200, JSON_TYPE, SPAN_EMPTY, SPAN_LIT("{\"alive\":true}"));
}

void page_ready(const struct pages *pages, struct http_request *request)
{
	_cleanup_(buf_release) struct buf body = BUF_INIT;
	int state = journal_state(pages->journal);

	if (state == 0) {
		http_respond(request, 200, JSON_TYPE, SPAN_EMPTY, SPAN_LIT("{\"ready\":true}"));
		return;
	}
	buf_add_str(&body, "{\"ready\":false,\"reason\":");
	json_escape(span_str(journal_why(pages->journal, state)), &body);
	buf_add_char(&body, '}');
	if (buf_failed(&body) < 0)
		buf_reset(&body);
	http_respond(request, 503, JSON_TYPE, SPAN_EMPTY, buf_span(&body));
}

static void add_head(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void add_line(
	struct buf *out, const char *name, const char *label, const char *value, uint64_t n)
{
	if (label)
		buf_printf(out, "%s{%s=\"%s\"} ", name, label, value);
	else
		buf_printf(out, "%s ", name);
	buf_add_u64(out, n);
	buf_add_char(out, '\n');
}

static void add_counts(struct buf *out, const struct tally *t)
{
	static const char answers[] = "waymark_collector_answers_total";
	static const char refused[] = "waymark_events_refused_total";
	static const char bodies[] = "waymark_bodies_refused_total";

	add_head(out, answers, "counter", "Answers of the collector by status.");
	for (size_t i = 0; i < TALLY_STATUS_COUNT; i++) {
		char status[12];

		snprintf(status, sizeof(status), "%d", tally_status(i));
		add_line(out, answers, "status", status, t->answers[i]);
	}
	add_head(out, refused, "counter", "Events refused, by reason.");
	for (int c = ENVELOPE_ACCEPTED + 1; c < ENVELOPE_CODE_COUNT; c++)
		add_line(out, refused, "code", envelope_code_name((enum envelope_code)c),
			t->refused[c]);
	add_head(out, bodies, "counter", "Bodies refused as a whole, by reason.");
	for (int c = ENVELOPE_ACCEPTED + 1; c < ENVELOPE_CODE_COUNT; c++)
		add_line(out, bodies, "code", envelope_code_name((enum envelope_code)c),
			t->bodies[c]);
}

static void add_classes(struct buf *out, const struct http_stats *stats)
{
	static const char name[] = "waymark_http_responses_total";

	add_head(out, name, "counter", "All answers over HTTP, by class of status.");
	for (size_t i = 2; i < ARRAY_SIZE(stats->answers); i++) {
		char class[] = "0xx";

		class[0] = (char)('0' + i);
		add_line(out, name, "class", class, stats->answers[i]);
	}
}

struct figure {
	const char *name, *type, *help;
	uint64_t n;
};

static void add_figures(struct buf *out, const struct pages *p)
{
	const struct http_stats *http = http_server_stats(p->server);
	const struct journal *j = p->journal;
	const struct figure figures[] = {
		{"waymark_events_accepted_total", "counter", "Events stored and acknowledged.",
			p->tally->accepted},
		{"waymark_events_deferred_total", "counter",
			"Events whose senders were told to come back.", p->tally->deferred},
		{"waymark_log_entries_total", "counter", "Entries acknowledged by Redis.",
			j->stats.kept},
		{"waymark_log_errors_total", "counter", "Entries refused by Redis.",
			j->stats.errors},
		{"waymark_log_unknown_total", "counter", "Entries whose answer never came.",
			j->stats.unknown},
		{"waymark_log_waiting_bytes", "gauge", "Bytes of requests not yet stored.",
			j->waiting},
		{"waymark_redis_up", "gauge", "Whether Redis is connected.",
			j->redis && redis_is_up(j->redis)},
		{"waymark_redis_pending_bytes", "gauge", "Bytes of commands not yet answered.",
			j->redis ? redis_pending_bytes(j->redis) : 0},
		{"waymark_http_connections", "gauge", "Open connections.", http->open},
		{"waymark_http_unanswered", "gauge", "Requests not yet answered.",
			http->unanswered},
		{"waymark_http_connections_total", "counter", "Connections accepted.",
			http->connections},
		{"waymark_http_requests_total", "counter", "Whole requests.", http->requests},
		{"waymark_http_refused_total", "counter",
			"Requests refused before they were whole.", http->refused},
		{"waymark_http_timeouts_total", "counter", "Connections closed by a deadline.",
			http->timeouts},
		{"waymark_http_received_bytes_total", "counter", "Bytes received.", http->bytes_in},
		{"waymark_http_sent_bytes_total", "counter", "Bytes sent.", http->bytes_out},
	};

	for (size_t i = 0; i < ARRAY_SIZE(figures); i++) {
		add_head(out, figures[i].name, figures[i].type, figures[i].help);
		add_line(out, figures[i].name, NULL, NULL, figures[i].n);
	}
}

void page_metrics(const struct pages *pages, struct http_request *request)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;

	add_head(&out, "waymark_build_info", "gauge", "Which version runs.");
	add_line(&out, "waymark_build_info", "version", WAYMARK_VERSION, 1);
	add_figures(&out, pages);
	add_classes(&out, http_server_stats(pages->server));
	add_counts(&out, pages->tally);
	if (buf_failed(&out) < 0)
		http_respond(request, 503, NULL, SPAN_EMPTY, SPAN_EMPTY);
	else
		http_respond(request, 200, METRICS_TYPE, SPAN_EMPTY, buf_span(&out));
}
