/* SPDX-License-Identifier: MIT */
/*
 * What Amazon SNS has a receiver fetch: the certificate that a message is signed with, and the
 * address that confirms a subscription. Nothing but https://sns.REGION.amazonaws.com is fetched
 * (and the same in China), as io/fetch.h does it. A request whose answer hangs on it waits; it is
 * handed back when the page is there, or when it is known not to come within 5 seconds.
 *
 * All is bounded: 64 pages are kept, each for a day, the one not asked for longest goes first; each
 * is fetched once at a time, 8 at a time together, 10 a second in the long run, since anybody can
 * name pages that do not exist; 64 requests wait, of 16 MiB together.
 */
#pragma once

#include "codec/write_keys.h"
#include "io/http_server.h"
#include "io/log.h"
#include "io/loop.h"

struct sns;

struct sns_options {
	const char *connect_to; /* a relay, HOST:PORT; empty: none */
	const char *ca_file;	/* whom to believe in place of the system's; empty: the system's */
	const struct log *log;
	/* REQUEST of the hook NAME goes on: what it waited for is THERE or cannot be had. */
	void (*go_on)(void *arg, struct http_request *request, const char *name, bool there);
	void *arg;
};

/* The options' texts must outlive it. 0 or -ENOMEM. */
int sns_new(struct loop *loop, const struct sns_options *options, struct sns **ret_sns);
/* Hands back all that wait: nothing is there. */
struct sns *sns_free(struct sns *s);

enum {
	SNS_WAIT = 1, /* the request was taken and will be handed back, not from within */
	SNS_AWAY,     /* not now: too many fetch or wait; or never: not a place of Amazon's */
};

/* The page at URL; its text lives until the loop turns on. 0, SNS_WAIT, SNS_AWAY or -ENOMEM. */
struct sns_ask {
	struct span url;
	struct http_request *request;
	const char *name; /* of the hook */
};
int sns_get(struct sns *s, const struct sns_ask *ask, struct span *ret_text);

/* The page at URL turned out to be of no use: it will be fetched anew. */
void sns_forget(struct sns *s, struct span url);
