/* SPDX-License-Identifier: MIT */
/*
 * Gets a page whose place a stranger named, and reaches nothing by it that the stranger could not
 * reach himself: https alone, hosts that the caller knows, public addresses (io/public_address.h),
 * one port, a certificate that the system believes. What an answer may cost is bounded: in time,
 * in bytes, in number. Neither redirects nor cookies nor a proxy of the environment are followed,
 * and nothing that is ours is sent along. Whatever is in doubt is refused.
 *
 * An address is looked at as it is connected to. Of a name with several addresses those that may
 * not be connected to are passed over.
 */
#pragma once

#include "base/span.h"
#include "io/http_client.h"

struct fetcher;

#define FETCH_URL_MAX 2048

struct fetch_options {
	size_t max;	     /* fetches under way; 8 */
	int64_t deadline_ms; /* from asking to the last byte; 5 s */
	size_t max_body;     /* bytes, beyond which it counts as no answer; 64 KiB */
	unsigned port;	     /* that URLs may name, 1 to 65535; without one they mean 443; 443 */
	const char *ca_file; /* PEM; believed in place of the system's authorities; NULL */
	/*
	 * HOST:PORT of a relay that leads to all the places, chosen by who runs us: connected to in
	 * place of what the URL says, at any address. The certificate must name the URL's host
	 * still. NULL: none.
	 */
	const char *connect_to;
	bool any_address; /* for tests: not public ones too */
	/* Which hosts? HOST is as the URL has it. NULL: all. */
	bool (*host_ok)(void *arg, struct span host);
	void *arg; /* of host_ok */
};

/* The values named above. */
void fetch_options_init(struct fetch_options *options);

/* The texts must outlive it. 0 or -ENOMEM. */
int fetcher_new(
	struct loop *loop, const struct fetch_options *options, struct fetcher **ret_fetcher);
/* Ends all fetches without answering them. Allowed anywhere. */
struct fetcher *fetcher_free(struct fetcher *f);
void fetcher_freep(struct fetcher **f);

enum {
	FETCH_BAD_URL = 1, /* not https://HOST[:PORT][/PATH] of printable ASCII, or another port */
	FETCH_BAD_HOST,	   /* host_ok says no */
	FETCH_BUSY,	   /* as many as may be are under way */
};

/* 0: FN is called once, not from within, with a status or the reason why there is none; or one of
 * the above, or -ENOMEM, and it is not. */
int fetcher_get(struct fetcher *f, struct span url, http_answer_fn fn, void *user);
