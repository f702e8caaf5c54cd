/* SPDX-License-Identifier: MIT */
#include "pages.h"

#include "program/metrics.h"

#define JSON_TYPE "application/json"

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

static void add_counts(struct buf *out, const struct tally *t)
{
	static const char answers[] = "waymark_collector_answers_total";
	static const char refused[] = "waymark_events_refused_total";
	static const char bodies[] = "waymark_bodies_refused_total";

	metrics_head(out, answers, "counter", "Answers of the collector by status.");
	for (size_t i = 0; i < TALLY_STATUS_COUNT; i++) {
		char status[12];

		(void)snprintf(status, sizeof(status), "%d", tally_status(i));
		metrics_line(out, answers, "status", status, t->answers[i]);
	}
	metrics_head(out, refused, "counter", "Events refused, by reason.");
	for (int c = ENVELOPE_ACCEPTED + 1; c < ENVELOPE_CODE_COUNT; c++)
		metrics_line(out, refused, "code", envelope_code_name((enum envelope_code)c),
			t->refused[c]);
	metrics_head(out, bodies, "counter", "Bodies refused as a whole, by reason.");
	for (int c = ENVELOPE_ACCEPTED + 1; c < ENVELOPE_CODE_COUNT; c++)
		metrics_line(out, bodies, "code", envelope_code_name((enum envelope_code)c),
			t->bodies[c]);
}

static void add_figures(struct buf *out, const struct pages *p)
{
	const struct journal *j = p->journal;
	const struct metric list[] = {
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
	};

	metrics_add(out, list, ARRAY_SIZE(list));
}

void page_metrics(const struct pages *pages, struct http_request *request)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;

	metrics_build(&out);
	add_figures(&out, pages);
	metrics_http(&out, http_server_stats(pages->server));
	add_counts(&out, pages->tally);
	reasons_metrics(pages->reasons, &out);
	metrics_respond(request, &out);
}
