/* SPDX-License-Identifier: MIT */
/*
 * The token that staff show to the console: one secret in a file, sent as `Authorization: Bearer
 * TOKEN` (RFC 6750). Only its digest is kept, and digests are what is compared, in constant time,
 * so that neither a core dump nor the time of an answer tells it.
 */
#pragma once

#include "base/base.h"
#include "base/span.h"

#define STAFF_TOKEN_MIN	   16 /* characters; `waymark up` makes 32 hex digits: 128 bits */
#define STAFF_TOKEN_MAX	   256
#define STAFF_TOKEN_DIGEST 32 /* SHA-256 */

struct staff_token {
	unsigned char digest[STAFF_TOKEN_DIGEST];
};

enum { STAFF_TOKEN_BAD = 1 };

/*
 * Reads the text of the file: STAFF_TOKEN_MIN to STAFF_TOKEN_MAX letters, digits and - . _ ~ + /,
 * with = at the end only; one line end behind it does not count. 0; STAFF_TOKEN_BAD with *ret_why,
 * a literal that says what it ought to be; or -ENOMEM.
 */
int staff_token_parse(struct span text, struct staff_token *ret_token, const char **ret_why);

/* Does AUTHORIZATION, the value of that field, bear the token? */
bool staff_token_admits(const struct staff_token *t, struct span authorization);
