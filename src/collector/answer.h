/* SPDX-License-Identifier: MIT */
/*
 * The answers of the collector. The SDKs of Segment drop an event for good on any 4xx but 408, 410
 * and 429, and on 501, 505 and 511; so whatever may pass is 503 with Retry-After, and the others
 * are only for what will never be right.
 */
#pragma once

#include "base/buf.h"
#include "tally.h"

/* application/problem+json; FIELDS are further header fields. PLACE may be NULL. */
struct problem {
	int status;
	const char *code, *message, *place;
	struct span fields;
};
void answer_problem(
	struct tally *tally, struct http_request *request, const struct problem *problem);

/* 503; the time to come back is spread over 1 to 5 s, so that all do not come back at once. */
void answer_unavailable(struct tally *tally, struct http_request *request, const char *message);

/* 200 and how many events were accepted and refused; ERRORS holds what was written by
 * answer_add_error, or is empty. */
void answer_verdict(struct tally *tally, struct http_request *request, size_t n_accepted,
	size_t n_refused, struct span errors);

/* Adds why item INDEX was refused. */
void answer_add_error(struct buf *errors, size_t index, const struct envelope_fault *fault,
	const struct envelope_limits *limits);

/* 400 or 413 for a body, or its only item, that was refused. */
void answer_fault(struct tally *tally, struct http_request *request,
	const struct envelope_fault *fault, const struct envelope_limits *limits);
