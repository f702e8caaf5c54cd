/* SPDX-License-Identifier: MIT */
/*
 * Who sends: the write key of a request, from its Authorization field (Basic, the key as user and
 * no password, as the SDKs of Segment send it; the colon may be missing) or from `writeKey` in the
 * body. Where both are given they must agree: two answers to "who" are none.
 */
#pragma once

#include "codec/write_keys.h"
#include "io/http_server.h"

enum sender_outcome {
	SENDER_UNNAMED = 1,   /* no key was given */
	SENDER_MALFORMED = 2, /* the field is not `Basic` and base 64, or has a password */
	SENDER_UNKNOWN = 3,   /* there is no such key */
	SENDER_DISABLED = 4,  /* its source is switched off */
	SENDER_AMBIGUOUS = 5, /* field and body name different sources */
	SENDER_ELSEWHERE = 6, /* the page that sends is not one of the key's */
	SENDER_OUTCOMES,
};

/* By the field alone. Schemes other than Basic count as no key. NOW is the wall clock: keys that
 * were replaced end. 0 or an outcome. */
int sender_of_field(const struct write_keys *keys, const struct http_request *request, int64_t now,
	const struct write_key **ret_key);

/*
 * By the body's KEY (empty: none) and what the field said (BY_FIELD NULL: nothing). 0 or an
 * outcome.
 */
int sender_of_body(const struct write_keys *keys, struct span key, const struct write_key *by_field,
	int64_t now, const struct write_key **ret_key);

/* How an outcome is answered. */
struct sender_refusal {
	int status;
	const char *code, *message;
};
extern const struct sender_refusal sender_refusals[SENDER_OUTCOMES];
