/* SPDX-License-Identifier: MIT */
/*
 * The insides of the HTTP server, shared by its files: http_server.c owns listeners and the set
 * of connections, http_conn.c moves bytes and time, http_request.c is what a handler sees,
 * http_room.c where the bytes lie.
 *
 *	bytes in                                     bytes out
 *	block [ answered | unanswered … | being read ]    out [ sent | unsent ]
 *	         ^ pinned by requests     ^ start             ^ answers, in order of requests
 *
 * A request whose answer is pending pins the block that its bytes lie in, so that no byte of a
 * body is copied on its way to the handler. An idle connection has no block, no request and no
 * output memory; all three come from the server's small stocks.
 */
#pragma once

#include "base/buf.h"
#include "io/http_server.h"

struct block {
	struct block *next; /* in the stock */
	unsigned refs;	    /* the connection, and each request in it */
	size_t cap;
	size_t len;
	char data[];
};

/* What of the client's a connection is waiting for. */
enum phase {
	PHASE_NONE,  /* nothing: it is our turn */
	PHASE_FIRST, /* the first byte ever */
	PHASE_HEAD,
	PHASE_BODY,
	PHASE_IDLE, /* another request */
	PHASE_LINGER,
};

struct conn {
	struct conn *next; /* in the server's ring of idle or of busy ones */
	struct conn *prev;
	struct http_server *server;
	struct watch *watch;
	struct timer timer;
	struct deferred flush;

	struct block *block;
	size_t start;		    /* of the request being read, in block */
	struct http_request *req;   /* being read */
	struct http_request *first; /* unanswered, in order; `last` may be the one being read */
	struct http_request *last;
	size_t pinned;	 /* bytes of whole requests not answered */
	size_t promised; /* bytes that the body being read may take */

	struct buf out;
	size_t sent;	   /* of out */
	size_t held;	   /* bytes of answers: out, and those that wait for others */
	size_t write_mark; /* this much of out must be sent at write_due */
	int64_t read_due;
	int64_t write_due;
	int64_t idle_at; /* when it became idle */

	int fd;
	unsigned n_unanswered;
	enum phase phase;
	bool idle;    /* in the ring of idle ones */
	bool stalled; /* bytes are left unparsed until answers have gone out */
	bool closing; /* nothing more is parsed; closed after the last answer */
	bool refused; /* bytes may be on their way to us that nobody will read */
	bool eof;     /* the client will send no more */
};

struct http_request {
	struct http_request *next;
	struct conn *conn;   /* NULL once it is gone */
	struct block *block; /* pinned, once the request is whole */
	const char *base;    /* its first byte */
	size_t size;
	struct buf answer; /* waits for those before it */
	struct buf fields; /* that its answer will have whoever gives it */
	bool queued;
	bool answered;
	bool want_continue;
	struct http_parser parser;
	struct http_head head;
};

struct listener {
	struct listener *next;
	struct http_server *server;
	struct watch *watch;
	char *path; /* of a unix socket, to be removed */
	int fd;
};

struct http_server {
	struct loop *loop;
	struct http_server_config config;
	struct http_stats stats;
	struct listener *listeners;
	struct conn idle; /* heads of rings; the longest idle is first */
	struct conn busy;
	struct timer resume;	   /* of accepting */
	struct deferred call_done; /* of http_server_stop */
	void (*done)(void *arg);
	void *done_arg;
	struct block *blocks; /* stocks */
	struct http_request *requests;
	struct buf outs[64];
	size_t n_blocks, n_requests, n_outs;
	int64_t trouble_at[HTTP_TROUBLES]; /* when last told */
	uint64_t trouble_times[HTTP_TROUBLES];
	int reserve_fd; /* given up to accept and close one when descriptors run out */
	bool paused;
	bool draining;
};

enum {
	BLOCK_SIZE = 8 * 1024,	  /* a beacon with its head fits ten times */
	BLOCK_SHARED = 64 * 1024, /* up to this size, several requests may lie in one */
	BLOCKS_KEPT = 256,
	REQUESTS_KEPT = 256,
	OUT_KEPT = 8 * 1024, /* capacity up to which an output buffer is kept */
};

/* http_server.c */
void server_trouble(struct http_server *server, enum http_trouble trouble, int error);
/* Whether so many answers are held that no further request may be begun. */
bool server_holds_too_much(const struct http_server *server);
/* Closes those that hold most of them and take no more, until it is so no longer. Whether SELF was
 * one. */
bool server_shed(struct http_server *server, const struct conn *self);
/* A connection has closed: room for another, perhaps the last of a stop. */
void server_conn_closed(struct http_server *server);
struct block *server_take_block(struct http_server *server, size_t cap);
struct http_request *server_take_request(struct http_server *server);
struct buf server_take_out(struct http_server *server);
/* SERVER may be NULL: then the memory is freed. */
void server_give_block(struct http_server *server, struct block *block);
void server_give_request(struct http_server *server, struct http_request *request);
void server_give_out(struct http_server *server, struct buf *out);

/* http_room.c */
/* Sees to it that the next read has room, moving the bytes of the unfinished request only when
 * there is not enough behind them. 0 or -ENOMEM. */
int conn_make_room(struct conn *conn);
/* How much the next read may take, which may be less than there is room for. */
size_t conn_read_max(const struct conn *conn);
/* Between two requests. 0 or -ENOMEM. */
int conn_leave_block(struct conn *conn);
static inline size_t conn_unparsed(const struct conn *c)
{
	return c->block ? c->block->len - c->start : 0;
}

/* http_conn.c */
/* Takes FD. 0 or -errno (then FD is closed). */
int conn_open(struct http_server *server, int fd);
void conn_close(struct conn *conn);
void ring_init(struct conn *head);
bool ring_is_empty(const struct conn *head);
/* Nothing more will be asked of it; what is unanswered is still answered. */
void conn_drain(struct conn *conn);
/* Sends what can be sent. Whether answers are left, or the connection is broken. */
bool conn_is_stuck(struct conn *conn);
/* N more bytes of answers are held for it. */
void conn_hold(struct conn *conn, size_t n);
/* The request being read is whole, or no longer read. */
void conn_leave_request(struct conn *conn);

/* http_request.c */
struct http_request *request_free(struct http_request *request, struct http_server *server);
/* Writes the answers that are ready, up to the first request that has none. */
void conn_advance(struct conn *conn);
