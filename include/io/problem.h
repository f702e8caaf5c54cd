/* SPDX-License-Identifier: MIT */
/*
 * Refusals, told in one form: application/problem+json (RFC 9457).
 *
 *	{"type":"about:blank","status":400,"title":"Bad Request","code":"bad_json",
 *	 "message":"Expected a comma.","detail":"Expected a comma.","pointer":"/batch/3"}
 *
 * `code` is for programs, and stable; `detail` is for people, and repeated as `message`, because
 * clients of the Segment interface read `code` and `message`.
 */
#pragma once

#include "base/buf.h"
#include "io/http_server.h"

/* CODE and MESSAGE are our own text; POINTER says where (a JSON pointer, a field, an offset), may
 * come from outside, and may be NULL. */
void http_respond_problem(struct http_request *request, int status, const char *code,
	const char *message, const char *pointer);

/* The body of such an answer, for those who answer with more headers. */
void problem_add(
	struct buf *out, int status, const char *code, const char *message, const char *pointer);

#define PROBLEM_CONTENT_TYPE "application/problem+json"
