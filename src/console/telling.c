/* SPDX-License-Identifier: MIT */
#include "telling.h"

#include "io/problem.h"
#include "program/metrics.h"

#define TELL_EVERY_MS MS_SECOND

static const int statuses[] = {
#define X(STATUS) STATUS,
	TELLING_STATUSES(X)
#undef X
};

void telling_init(struct telling *t, struct loop *loop, const struct log *log)
{
	*t = (struct telling){.loop = loop, .log = log};
	for (size_t i = 0; i < TELL_KIND_COUNT; i++)
		t->told_at[i] = INT64_MIN / 2;
}

static void count(struct telling *t, int status)
{
	for (size_t i = 0; i < TELLING_STATUS_COUNT; i++) {
		if (statuses[i] != status)
			continue;
		t->answers[i]++;
		return;
	}
	assert(false && "a status that is not counted");
}

void tell_state(struct telling *t, struct http_request *request, int status, struct span json)
{
	count(t, status);
	http_respond(request, status, JSON_TYPE, SPAN_EMPTY, json);
}

void tell_json(struct telling *t, struct http_request *request, const struct buf *body)
{
	if (buf_failed(body) < 0)
		tell_unavailable(t, request, "Out of memory.");
	else
		tell_state(t, request, 200, buf_span(body));
}

void tell_refusal(struct telling *t, struct http_request *request, const struct refusal *refusal)
{
	_cleanup_(buf_release) struct buf body = BUF_INIT;

	count(t, refusal->status);
	problem_add(&body, refusal->status, refusal->code, refusal->message, refusal->place);
	if (buf_failed(&body) < 0)
		buf_reset(&body);
	http_respond(request, refusal->status, PROBLEM_CONTENT_TYPE, span_str(refusal->fields),
		buf_span(&body));
}

void tell_unavailable(struct telling *t, struct http_request *request, const char *message)
{
	const struct refusal refusal = {503, "unavailable", message, NULL, "Retry-After: 1\r\n"};

	tell_refusal(t, request, &refusal);
}

void tell_log(struct telling *t, enum telling_kind kind, const char *what, struct log_field field)
{
	int64_t now = loop_now_mono(t->loop);

	t->untold[kind]++;
	if (now - t->told_at[kind] < TELL_EVERY_MS)
		return;
	log_warn(t->log, what, LOG_FIELDS(field, log_int("times", (int64_t)t->untold[kind])));
	t->told_at[kind] = now;
	t->untold[kind] = 0;
}

void telling_metrics(const struct telling *t, struct buf *out)
{
	static const char name[] = "waymark_console_answers_total";

	metrics_head(out, name, "counter", "Answers of the console by status.");
	for (size_t i = 0; i < TELLING_STATUS_COUNT; i++) {
		char status[12];

		(void)snprintf(status, sizeof(status), "%d", statuses[i]);
		metrics_line(out, name, "status", status, t->answers[i]);
	}
}
