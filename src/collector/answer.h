/* SPDX-License-Identifier: MIT */
/*
 * The answers of the collector. The SDKs of Segment drop an event for good on any 4xx but 408, 410
 * and 429, and on 501, 505 and 511; so whatever may pass is 503 or 429 with Retry-After, and the
 * others are only for what will never be right.
 *
 * Doors differ in what their senders want to hear: a style is how one of them speaks.
 */
#pragma once

#include "base/buf.h"
#include "door_tally.h"

/* application/problem+json; FIELDS are further header fields. PLACE may be NULL. */
struct problem {
	int status;
	const char *code, *message, *place;
	struct span fields;
};

/* What became of the events of a request. */
struct verdict {
	size_t n_accepted, n_refused;
	struct span errors; /* what answer_add_error wrote, or empty */
	int status;	    /* that the door asked for; 0: the style's own */
};

struct answer_style {
	void (*problem)(
		struct tally *tally, struct http_request *request, const struct problem *problem);
	void (*verdict)(
		struct tally *tally, struct http_request *request, const struct verdict *verdict);
};

/* Segment's, and ours: problems as they are, verdicts as JSON with the errors item by item. */
extern const struct answer_style answer_json;
/* Pixels: a transparent GIF whatever happened, since a broken image in a mail helps nobody. */
extern const struct answer_style answer_gif;
/* RudderStack's beacon and Snowplow: 200 `ok`. */
extern const struct answer_style answer_ok;
/* PostHog: 200 {"status":1}. */
extern const struct answer_style answer_status;

/* The first style's way to tell a problem. */
void answer_problem(
	struct tally *tally, struct http_request *request, const struct problem *problem);

/* 503; the time to come back is spread over 1 to 5 s, so that all do not come back at once. */
void answer_unavailable(const struct answer_style *style, struct tally *tally,
	struct http_request *request, const char *message);

/* Adds why item INDEX was refused. */
void answer_add_error(struct buf *errors, size_t index, const struct envelope_fault *fault,
	const struct envelope_limits *limits);

/* 400, 403 or 413 for a body, or its only item, that was refused. */
void answer_fault(const struct answer_style *style, struct tally *tally,
	struct http_request *request, const struct envelope_fault *fault,
	const struct envelope_limits *limits);
