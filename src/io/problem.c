/* SPDX-License-Identifier: MIT */
/*
 * One writer for all refusals, so that a client can rely on their form.
 */
#include "io/problem.h"

#include "json_escape.h"

static void add_member(struct buf *out, const char *name, const char *value)
{
	buf_add_str(out, ",\"");
	buf_add_str(out, name);
	buf_add_str(out, "\":\"");
	buf_add_json(out, span_str(value));
	buf_add_char(out, '"');
}

void problem_add(
	struct buf *out, int status, const char *code, const char *message, const char *pointer)
{
	buf_add_str(out, "{\"type\":\"about:blank\",\"status\":");
	buf_add_u64(out, (uint64_t)status);
	add_member(out, "title", http_status_text(status));
	add_member(out, "code", code);
	add_member(out, "message", message);
	add_member(out, "detail", message);
	if (pointer)
		add_member(out, "pointer", pointer);
	buf_add_str(out, "}\n");
}

void http_respond_problem(struct http_request *request, int status, const char *code,
	const char *message, const char *pointer)
{
	_cleanup_(buf_release) struct buf body = BUF_INIT;

	problem_add(&body, status, code, message, pointer);
	if (buf_failed(&body) < 0)
		buf_reset(&body);
	http_respond(request, status, PROBLEM_CONTENT_TYPE, SPAN_EMPTY, buf_span(&body));
}
