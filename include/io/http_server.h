/* SPDX-License-Identifier: MIT */
/*
 * An HTTP server on a loop: it reads and parses requests, hands each to one function, and writes
 * the answers in the order of the requests, all those of a loop turn in one write a connection.
 * An answer may come at once or later; what a request borrowed from the connection stays valid
 * until then, even when the client has gone.
 *
 * All a stranger can cost us is bounded: connections, bytes of head and body, unanswered requests
 * and unsent bytes per connection, and the time for each step, by deadlines that start with the
 * step and are not moved by a byte now and then. What the parser refuses (io/http_parser.h) is
 * answered with problem+json, and the connection is closed.
 */
#pragma once

#include "base/base.h"
#include "base/span.h"
#include "io/http_parser.h"
#include "io/loop.h"

struct http_server;
struct http_request;

/* What the program may want to log; at most one call a second of each kind. */
enum http_trouble {
	HTTP_TROUBLE_ACCEPT, /* accept failed: ERROR says why (EMFILE…); paused for pause_ms */
	HTTP_TROUBLE_CONNECTIONS, /* max_connections are open and none is idle; paused */
	HTTP_TROUBLE_MEMORY,	  /* a connection was closed for lack of memory */
	HTTP_TROUBLES,
};

struct http_server_config {
	struct http_limits limits; /* 16 KiB, 64 fields, 8 KiB target, 4 KiB trailers */
	size_t body_max;	   /* bytes, unless `head` says another; 512 KiB */
	size_t max_connections;	   /* 4096; above, the longest idle makes room */
	unsigned max_pipeline;	   /* unanswered requests of one connection before it waits; 16 */
	size_t max_pinned;	   /* bytes of unanswered requests before it waits; 1 MiB */
	size_t max_unsent;	   /* bytes of unsent answers before it waits; 256 KiB */
	size_t max_bodies;	   /* bytes of all bodies under way, by their announced length, or,
				      when chunked, as long as they may become; above, 503; 256 MiB */
	size_t max_answers;	   /* bytes of all answers that were not taken yet; above, the
				      connection that takes none and holds most is closed, so it
				      should be some times the largest answer; 64 MiB */
	int64_t header_ms;	   /* from accept or the first byte to the end of the head; 10 s */
	int64_t body_ms;	   /* from there to the end of the body; 30 s */
	int64_t idle_ms;	   /* from an answer to the next request; 60 s */
	int64_t write_ms;	   /* for what is unsent now to be sent; 30 s */
	int64_t linger_ms;	   /* reading on after a refusal, so that it arrives; 2 s */
	int64_t pause_ms; /* between attempts to accept, and the least time an idle one has; 100 ms
			   */
	const char *fields; /* of every answer, the server's own refusals too, each ended by CRLF;
			       must outlive the server; NULL: none */

	void *arg; /* of the functions below */
	/* A whole request. It is the callee's until it calls http_respond on it, now or later. */
	void (*handle)(void *arg, struct http_request *request);
	/*
	 * Optional: the head of a request that has a body is there, the body not yet (or not looked
	 * at). May change *BODY_MAX, or answer, but now: then the body is not read and the
	 * connection is closed after. Spans of the request are good for this call only.
	 */
	void (*head)(void *arg, struct http_request *request, size_t *body_max);
	/* Optional. TIMES: how often since the last call for this kind. */
	void (*trouble)(void *arg, enum http_trouble trouble, int error, uint64_t times);
};

/* The defaults named above, without functions. */
void http_server_config_init(struct http_server_config *config);

struct http_stats {
	uint64_t connections;  /* accepted */
	uint64_t requests;     /* handed to `handle` */
	uint64_t refused;      /* answered by the parser or a limit with 4xx or 5xx */
	uint64_t timeouts;     /* connections closed by header_ms, body_ms or write_ms */
	uint64_t evicted;      /* idle ones closed to make room */
	uint64_t shed;	       /* closed since they took no answers and held too many */
	uint64_t accept_fails; /* EMFILE and the like */
	uint64_t bytes_in;
	uint64_t bytes_out;
	uint64_t answers[6]; /* by first digit of the status */
	size_t open;	     /* connections now */
	size_t bodies;	     /* bytes promised to bodies under way, as max_bodies counts them */
	size_t unanswered;   /* requests now, of open connections */
	size_t answers_held; /* bytes, as max_answers counts them */
};

/* CONFIG is copied; its functions and limits.host must outlive the server. 0 or -errno. */
int http_server_new(struct loop *loop, const struct http_server_config *config,
	struct http_server **ret_server);
/* Closes everything at once. Requests still unanswered stay valid and must still be answered, or
 * never be looked at again (then their memory is lost). Not from inside a callback of the server.
 */
struct http_server *http_server_free(struct http_server *server);
void http_server_freep(struct http_server **server);

/*
 * Listens on ADDRESS: `host:port`, `[v6]:port`, `:port` (all interfaces), or the path of a unix
 * socket, which begins with `/` or `unix:` and is removed if nobody listens on it. May be called
 * again for more addresses. 0 or -errno (-EINVAL also for an address that cannot be read or found).
 */
enum { HTTP_LISTEN_REUSEPORT = 1 }; /* share the port with other processes */
int http_server_listen(struct http_server *server, const char *address, unsigned flags);
/* The port of the first address that has one, for port 0; 0 if there is none. */
unsigned http_server_port(const struct http_server *server);

/*
 * Stops listening, closes idle connections, lets the others finish their requests, and then calls
 * DONE (from the loop, once; may free the server).
 */
void http_server_stop(struct http_server *server, void (*done)(void *arg), void *arg);

const struct http_stats *http_server_stats(const struct http_server *server);

/* The request. Spans live until it is answered. */
enum http_method http_request_method(const struct http_request *request);
struct span http_request_method_text(const struct http_request *request);
/* As sent, without decoding; io/url.h decodes. */
struct span http_request_path(const struct http_request *request);
struct span http_request_query(const struct http_request *request);
/* The first field of that name, compared without case; empty with NULL ptr if there is none. */
struct span http_request_header(const struct http_request *request, const char *name);
/* The body as sent: not chunked any more, but perhaps compressed. */
struct span http_request_body(const struct http_request *request);
const struct http_head *http_request_head(const struct http_request *request);
/* Bytes of memory that a request takes until it is answered, whatever is used of it. */
size_t http_request_size(const struct http_request *request);
/* False once the client has gone: an answer would reach nobody. */
bool http_request_is_alive(const struct http_request *request);
/* The address of the other end, without port, or `unix`; empty if it is gone. */
#define HTTP_PEER_SIZE 46
void http_request_peer(const struct http_request *request, char out[HTTP_PEER_SIZE]);

/*
 * Answers and gives the request up: exactly once for each. CONTENT_TYPE may be NULL if BODY is
 * empty. HEADERS are further fields, each ended by CRLF, built by http_add_header if anything in
 * them comes from outside. Content-Length and Connection are added; the body is left out where
 * HTTP has none (HEAD, 204, 304). Everything is copied.
 */
void http_respond(struct http_request *request, int status, const char *content_type,
	struct span headers, struct span body);

/*
 * A field that the answer to REQUEST will have besides those given to http_respond, whoever answers
 * it: for what follows from the request alone, such as the fields of CORS. NAME and VALUE as for
 * http_add_header. 0, -EINVAL or -ENOMEM.
 */
int http_request_add_field(struct http_request *request, const char *name, struct span value);

struct buf;
/* Adds `NAME: VALUE` CRLF. -EINVAL, adding nothing, if VALUE has a control character. */
int http_add_header(struct buf *headers, const char *name, struct span value);

/* `Not Found`; "Unknown" for a status we do not use. */
const char *http_status_text(int status);
