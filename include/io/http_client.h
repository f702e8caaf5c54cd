/* SPDX-License-Identifier: MIT */
/*
 * An HTTP client on a loop. A call is begun here and answered later by one call of a function,
 * whatever happens: with a status, or with the reason why there is none. Then it is unknown
 * whether the server carried the request out. Connections are kept and used again; a request that
 * finds such a connection closed by the other end is sent once more on a new one.
 *
 * Nothing is followed or added behind the caller's back: no redirects, no proxies of the
 * environment, no cookies.
 */
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "base/span.h"
#include "io/loop.h"

struct http_client;
struct sockaddr;

struct http_client_options {
	long max_connections;	    /* to all servers together; more calls wait; 4 */
	int64_t connect_timeout_ms; /* 2 s */
	size_t max_body;	    /* bytes of an answer, beyond which it counts as none; 1 MiB */
	/*
	 * For places that strangers name (io/fetch.h): only https, HTTP/1.1 over TLS 1.2 or later,
	 * each call over a connection of its own. no: none of that.
	 */
	bool guarded;
	const char *ca_file;	/* PEM; whom to believe in place of the system's; NULL */
	const char *connect_to; /* HOST:PORT in place of what a URL says; TLS and the Host field go
				   by the URL still; NULL */
	/* May it connect to ADDRESS of LEN bytes? Asked of each address, as it is connected to, so
	 * that no second answer of a name server comes between. NULL: to all. */
	bool (*may_connect)(void *arg, const struct sockaddr *address, size_t len);
	void *arg; /* of may_connect */
};

/* The values named above; nothing guarded. The texts must outlive the client. */
void http_client_options_init(struct http_client_options *options);

/* 0 or -ENOMEM. */
int http_client_new(struct loop *loop, const struct http_client_options *options,
	struct http_client **ret_client);
/* Ends all calls without answering them. Allowed anywhere. */
struct http_client *http_client_free(struct http_client *client);
void http_client_freep(struct http_client **client);

struct http_call {
	const char *method; /* "GET", "POST" */
	const char *url;    /* http:// or https:// */
	const char *socket; /* path of a unix socket to connect to instead of the URL's host; or
			       NULL */
	const char *user;   /* Basic authentication with an empty password; NULL: none */
	const char *const *headers; /* `Name: value`, ended by NULL; NULL: none */
	struct span body;	    /* borrowed until the call is answered */
	int64_t timeout_ms;	    /* from beginning to end; 0: none */
};

struct http_answer {
	int status;		/* 0: no answer */
	const char *error;	/* then why; "" otherwise */
	int64_t retry_after_ms; /* what the server asked for; -1: nothing */
	struct span body;
};

/* ANSWER lives until the function returns, which may do anything to the client. */
typedef void (*http_answer_fn)(void *user, const struct http_answer *answer);

/* All but the body is copied. FN is called once, never from within, and only if this returns 0.
 * 0, -EINVAL (no such URL) or -ENOMEM. */
int http_client_send(
	struct http_client *client, const struct http_call *call, http_answer_fn fn, void *user);

/* For command-line tools and tests, never from within a callback: turns the loop until the answer
 * is there, copied into A. 0 or what http_client_send returns. */
int http_client_call(struct http_client *client, const struct http_call *call, struct arena *a,
	struct http_answer *ret_answer);
