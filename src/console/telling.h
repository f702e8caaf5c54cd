/* SPDX-License-Identifier: MIT */
/*
 * What the console says: answers, counted by status, and lines of the log, of each kind at most
 * one a second, since whoever asks can make it speak.
 */
#pragma once

#include "base/buf.h"
#include "io/http_server.h"
#include "io/log.h"
#include "io/loop.h"

#define JSON_TYPE "application/json"

/* The statuses that the console itself answers with; the HTTP server counts its own refusals. */
#define TELLING_STATUSES(X)                                                                        \
	X(200) X(400) X(401) X(403) X(404) X(405) X(409) X(421) X(429) X(500) X(503)

#define X(STATUS) TELLING_##STATUS,
enum { TELLING_STATUSES(X) TELLING_STATUS_COUNT };
#undef X

enum telling_kind {
	TELL_TOKEN,   /* somebody has no token or a wrong one */
	TELL_HOST,    /* somebody came under a name that is not ours */
	TELL_REFUSED, /* Redis refused a question */
	TELL_CORRUPT, /* what is stored cannot be read */
	TELL_KIND_COUNT,
};

struct telling {
	struct loop *loop;
	const struct log *log;
	uint64_t answers[TELLING_STATUS_COUNT];
	int64_t told_at[TELL_KIND_COUNT];
	uint64_t untold[TELL_KIND_COUNT];
};

void telling_init(struct telling *t, struct loop *loop, const struct log *log);

/* A body of JSON. */
void tell_state(struct telling *t, struct http_request *request, int status, struct span json);
/* 200 and a body of JSON; 503 if BODY failed. */
void tell_json(struct telling *t, struct http_request *request, const struct buf *body);

/* application/problem+json; PLACE (a parameter) and FIELDS (further header fields, each ended by
 * CRLF) may be NULL. */
struct refusal {
	int status;
	const char *code, *message, *place, *fields;
};
void tell_refusal(struct telling *t, struct http_request *request, const struct refusal *refusal);
/* 503 with Retry-After. */
void tell_unavailable(struct telling *t, struct http_request *request, const char *message);

/* A line of the log that WHAT happened, with a field NAME: VALUE. */
void tell_log(struct telling *t, enum telling_kind kind, const char *what, struct log_field field);

/* waymark_console_answers_total. */
void telling_metrics(const struct telling *t, struct buf *out);
