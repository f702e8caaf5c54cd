/* SPDX-License-Identifier: MIT */
/*
 * The two halves of the request parser: http_parser.c finds lines and bodies in what has arrived,
 * http_lines.c says what a line means.
 */
#pragma once

#include "io/http_parser.h"

enum state {
	START,
	FIELDS,
	AWAIT_BODY,
	LENGTH,
	CHUNK_SIZE,
	CHUNK_DATA,
	CHUNK_END,
	TRAILERS,
	DONE,
	BAD
};

/* Only inside the parser: the state changed, look again. */
enum { AGAIN = -1 };

enum {
	SEEN_HOST = 1,
	SEEN_LENGTH = 2,
	SEEN_TRANSFER = 4,
	SEEN_AUTHORIZATION = 8,
	SEEN_CONTENT_ENCODING = 16,
	SEEN_CLOSE = 32,
	SEEN_KEEP_ALIVE = 64,
};

/* Puts the parser into its last state; returns PARSE_BAD. */
int parser_bad(struct http_parser *p, int status, const char *reason);

/* 0, or PARSE_BAD. BYTES is where the request begins, LINE a line of it without its CRLF. */
int parse_request_line(struct http_parser *p, const char *bytes, struct span line);
/* The syntax of a line of fields or trailers, which is not empty. */
int split_field(
	struct http_parser *p, struct span line, struct span *ret_name, struct span *ret_value);
/* What a field says about framing and connection. */
int look_at_field(struct http_parser *p, struct span name, struct span value);
