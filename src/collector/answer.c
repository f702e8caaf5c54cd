/* SPDX-License-Identifier: MIT */
#include "answer.h"

#include "io/problem.h"

#define JSON_TYPE "application/json"

enum { RETRY_SPREAD = 5 };

void answer_problem(
	struct tally *tally, struct http_request *request, const struct problem *problem)
{
	_cleanup_(buf_release) struct buf body = BUF_INIT;

	tally_answer(tally, problem->status);
	problem_add(&body, problem->status, problem->code, problem->message, problem->place);
	if (buf_failed(&body) < 0)
		buf_reset(&body);
	http_respond(
		request, problem->status, PROBLEM_CONTENT_TYPE, problem->fields, buf_span(&body));
}

void answer_unavailable(const struct answer_style *style, struct tally *tally,
	struct http_request *request, const char *message)
{
	char field[] = "Retry-After: 1\r\n";
	struct problem problem = {503, "unavailable", message, NULL, SPAN_LIT(field)};

	/* The last digit is the only thing that changes. */
	field[sizeof("Retry-After: ") - 1] = (char)('1' + tally->answers[TALLY_503] % RETRY_SPREAD);
	style->problem(tally, request, &problem);
}

static void json_verdict(
	struct tally *tally, struct http_request *request, const struct verdict *verdict)
{
	_cleanup_(buf_release) struct buf body = BUF_INIT;

	tally_answer(tally, 200);
	if (verdict->n_accepted == 1 && verdict->n_refused == 0) {
		http_respond(request, 200, JSON_TYPE, SPAN_EMPTY,
			SPAN_LIT("{\"success\":true,\"accepted\":1,\"refused\":0}"));
		return;
	}
	buf_add_str(&body, "{\"success\":true,\"accepted\":");
	buf_add_u64(&body, verdict->n_accepted);
	buf_add_str(&body, ",\"refused\":");
	buf_add_u64(&body, verdict->n_refused);
	if (verdict->errors.len) {
		buf_add_str(&body, ",\"errors\":[");
		buf_add_span(&body, verdict->errors);
		buf_add_char(&body, ']');
	}
	buf_add_char(&body, '}');
	/* What is stored is stored; a verdict that finds no memory is told as the bare fact. */
	if (buf_failed(&body) < 0)
		http_respond(request, 200, JSON_TYPE, SPAN_EMPTY, SPAN_LIT("{\"success\":true}"));
	else
		http_respond(request, 200, JSON_TYPE, SPAN_EMPTY, buf_span(&body));
}

const struct answer_style answer_json = {answer_problem, json_verdict};

/* ---- other manners ------------------------------------------------------------------------- */

/* 43 bytes: one transparent point (GIF89a). */
static const char gif[] = "GIF89a\1\0\1\0\200\0\0\0\0\0\0\0\0!\371\4\1\0\0\0\0,\0\0\0\0\1\0\1"
			  "\0\0\2\2D\1\0;";

static void send_gif(struct tally *tally, struct http_request *request)
{
	tally_answer(tally, 200);
	http_respond(request, 200, "image/gif",
		SPAN_LIT("Cache-Control: no-store, private, max-age=0\r\n"), SPAN_LIT(gif));
}

static void gif_problem(
	struct tally *tally, struct http_request *request, const struct problem *problem)
{
	(void)problem;
	send_gif(tally, request);
}

static void gif_verdict(
	struct tally *tally, struct http_request *request, const struct verdict *verdict)
{
	(void)verdict;
	send_gif(tally, request);
}

const struct answer_style answer_gif = {gif_problem, gif_verdict};

static void ok_verdict(
	struct tally *tally, struct http_request *request, const struct verdict *verdict)
{
	(void)verdict;
	tally_answer(tally, 200);
	http_respond(request, 200, "text/plain; charset=utf-8", SPAN_EMPTY, SPAN_LIT("ok"));
}

const struct answer_style answer_ok = {answer_problem, ok_verdict};

static void status_verdict(
	struct tally *tally, struct http_request *request, const struct verdict *verdict)
{
	(void)verdict;
	tally_answer(tally, 200);
	http_respond(request, 200, JSON_TYPE, SPAN_EMPTY, SPAN_LIT("{\"status\":1}"));
}

const struct answer_style answer_status = {answer_problem, status_verdict};

/* ---- faults -------------------------------------------------------------------------------- */

/* The sentence and the place in the body. */
static void add_message(
	struct buf *out, const struct envelope_fault *fault, const struct envelope_limits *limits)
{
	if (fault->words.len)
		buf_add_span(out, fault->words);
	else
		envelope_explain(fault, limits, out);
	buf_printf(out, " (at byte %zu of the body).", fault->offset);
}

void answer_add_error(struct buf *errors, size_t index, const struct envelope_fault *fault,
	const struct envelope_limits *limits)
{
	_cleanup_(buf_release) struct buf message = BUF_INIT;

	if (errors->len)
		buf_add_char(errors, ',');
	buf_add_str(errors, "{\"index\":");
	buf_add_u64(errors, index);
	buf_printf(errors, ",\"code\":\"%s\",\"message\":", envelope_code_name(fault->code));
	add_message(&message, fault, limits);
	json_escape(buf_span(&message), errors);
	buf_add_str(errors, ",\"offset\":");
	buf_add_u64(errors, fault->offset);
	buf_add_char(errors, '}');
	if (buf_failed(&message) < 0)
		errors->failed = true;
}

static int status_of(enum envelope_code code)
{
	if (code == ENVELOPE_TOO_MANY)
		return 413;
	return code == ENVELOPE_NOT_ALLOWED ? 403 : 400;
}

void answer_fault(const struct answer_style *style, struct tally *tally,
	struct http_request *request, const struct envelope_fault *fault,
	const struct envelope_limits *limits)
{
	_cleanup_(buf_release) struct buf message = BUF_INIT;
	struct problem problem = {
		.status = status_of(fault->code), .code = envelope_code_name(fault->code)};
	char place[32];

	add_message(&message, fault, limits);
	buf_add_char(&message, '\0');
	if (buf_failed(&message) < 0) {
		answer_unavailable(style, tally, request, "Out of memory.");
		return;
	}
	(void)snprintf(place, sizeof(place), "offset %zu", fault->offset);
	problem.message = message.ptr;
	problem.place = place;
	style->problem(tally, request, &problem);
}
