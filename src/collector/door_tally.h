/* SPDX-License-Identifier: MIT */
/*
 * What the collector counts: every event of a body that was read and whose sender is known is
 * accepted, refused or deferred (its sender was told to come back). A body that came while Redis
 * was known to be away was not read; its answer is among the 503.
 */
#pragma once

#include "codec/envelope.h"
#include "io/http_server.h"

/* The statuses that the collector itself answers with; the HTTP server counts its own refusals. */
#define TALLY_STATUSES(X)                                                                          \
	X(200)                                                                                     \
	X(201)                                                                                     \
	X(202)                                                                                     \
	X(204)                                                                                     \
	X(302)                                                                                     \
	X(304)                                                                                     \
	X(400)                                                                                     \
	X(401)                                                                                     \
	X(403)                                                                                     \
	X(404)                                                                                     \
	X(405)                                                                                     \
	X(410)                                                                                     \
	X(413)                                                                                     \
	X(415)                                                                                     \
	X(422)                                                                                     \
	X(429)                                                                                     \
	X(500)                                                                                     \
	X(503)

#define X(STATUS) TALLY_##STATUS,
enum { TALLY_STATUSES(X) TALLY_STATUS_COUNT };
#undef X

struct tally {
	uint64_t answers[TALLY_STATUS_COUNT];
	uint64_t accepted;
	uint64_t deferred;
	uint64_t refused[ENVELOPE_CODE_COUNT]; /* events, by reason */
	uint64_t bodies[ENVELOPE_CODE_COUNT];  /* bodies that were refused as a whole */
};

/* Is STATUS one that the collector may answer with? */
bool tally_knows(int status);
/* The n-th status. */
int tally_status(size_t n);
void tally_answer(struct tally *t, int status);
