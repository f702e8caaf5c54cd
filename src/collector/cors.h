/* SPDX-License-Identifier: MIT */
/*
 * Which pages may send. A browser asks first (a preflight, which carries no key), then sends with
 * its Origin, and hides our answer from a page that we do not name in it: such a page takes every
 * answer for a broken line and tries again for ever. So a page that some source knows is always
 * named, and what it may do with the key it used is said in the answer.
 *
 * A request without Origin comes from no page. One whose Origin is our own Host comes from a page
 * that we have served, and needs no permission.
 */
#pragma once

#include "codec/write_keys.h"
#include "door_tally.h"
#include "io/http_server.h"

/* Answers an OPTIONS request to a path that takes events. */
void cors_preflight(
	const struct write_keys *keys, struct tally *tally, struct http_request *request);

/* Names the origin in the answer if any source knows it. */
void cors_allow(const struct write_keys *keys, struct http_request *request);

enum { CORS_REFUSED = 1 };
/* The same if KEY may be used there; else CORS_REFUSED. */
int cors_allow_key(const struct write_key *key, struct http_request *request);
