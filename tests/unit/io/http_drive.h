/* SPDX-License-Identifier: MIT */
/*
 * Drives the parser the way a connection does, over bytes that arrive in pieces, and writes down
 * what came out, so that two ways of cutting the same bytes can be compared as text:
 *
 *	POST /v1/track ?a=b HTTP/1.1 keep [Host=x] [Content-Length=3] body=abc
 *	!400 A line ends with LF instead of CRLF.
 *	…                                           (an unfinished request)
 */
#pragma once

#include "base/buf.h"
#include "io/http_parser.h"

struct drive {
	struct http_limits limits;
	size_t body_max;
	/* The size of the next piece, asked until all bytes are in; at least 1. */
	size_t (*piece)(void *arg, size_t left);
	void *arg;
};

/* Adds the account to OUT. */
void drive_run(const struct drive *drive, struct span bytes, struct buf *out);

/* Pieces: all at once; ARG bytes (size_t *) and then the rest; one by one. */
size_t piece_all(void *arg, size_t left);
size_t piece_split(void *arg, size_t left);
size_t piece_single(void *arg, size_t left);
