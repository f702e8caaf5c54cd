/* SPDX-License-Identifier: MIT */
/*
 * The set of connections: who may come in, who must go when there are too many, and the stocks of
 * memory that connections share.
 *
 * When descriptors run out, accept fails but the connection stays in the queue, so a loop that
 * just goes on asking spins. We keep one descriptor in reserve: it is given up to accept and
 * close one (who then knows, instead of hanging), and accepting pauses.
 */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http_conn.h"
#include "listen.h"

enum { ACCEPTS_PER_TURN = 64 };

void http_server_config_init(struct http_server_config *config)
{
	*config = (struct http_server_config){
		.limits = http_limits_default,
		.body_max = (size_t)512 * 1024,
		.max_connections = 4096,
		.max_pipeline = 16,
		.max_pinned = (size_t)1024 * 1024,
		.max_unsent = (size_t)256 * 1024,
		.max_bodies = (size_t)256 * 1024 * 1024,
		.max_answers = (size_t)64 * 1024 * 1024,
		.header_ms = 10 * MS_SECOND,
		.body_ms = 30 * MS_SECOND,
		.idle_ms = 60 * MS_SECOND,
		.write_ms = 30 * MS_SECOND,
		.linger_ms = 2 * MS_SECOND,
		.pause_ms = 100,
	};
}

void server_trouble(struct http_server *server, enum http_trouble trouble, int error)
{
	const struct http_server_config *config = &server->config;
	int64_t now = loop_now_mono(server->loop);

	server->trouble_times[trouble]++;
	if (!config->trouble || now - server->trouble_at[trouble] < MS_SECOND)
		return;
	server->trouble_at[trouble] = now;
	config->trouble(config->arg, trouble, error, server->trouble_times[trouble]);
	server->trouble_times[trouble] = 0;
}

static void server_set_accepting(struct http_server *server, bool accepting)
{
	server->paused = !accepting;
	for (struct listener *l = server->listeners; l; l = l->next)
		(void)watch_set(l->watch, accepting ? WATCH_READ : 0);
}

/* Until the timer fires or a connection closes. */
static void server_pause(struct http_server *server)
{
	if (timer_set_in(&server->resume, server->config.pause_ms) == 0)
		server_set_accepting(server, false);
}

static void server_resume(void *arg)
{
	struct http_server *server = arg;

	if (server->paused)
		server_set_accepting(server, true);
}

void server_conn_closed(struct http_server *server)
{
	server_resume(server);
	if (server->draining && server->stats.open == 0 && server->done)
		deferred_ask(&server->call_done);
}

/* The longest idle one, if it has been so for long enough that a request of it would have been
 * read. */
static bool server_can_evict(const struct http_server *server)
{
	const struct conn *c = server->idle.next;

	return !ring_is_empty(&server->idle) &&
	       loop_now_mono(server->loop) - c->idle_at >= server->config.pause_ms;
}

static void server_evict(struct http_server *server)
{
	server->stats.evicted++;
	conn_close(server->idle.next);
}

bool server_holds_too_much(const struct http_server *server)
{
	return server->stats.answers_held >= server->config.max_answers;
}

bool server_shed(struct http_server *server, const struct conn *self)
{
	bool was_self = false;

	while (server_holds_too_much(server) && !ring_is_empty(&server->busy)) {
		struct conn *most = server->busy.next;

		for (struct conn *c = most->next; c != &server->busy; c = c->next)
			if (c->held > most->held)
				most = c;
		if (most->held == 0)
			break;
		if (!conn_is_stuck(most))
			continue;
		was_self = was_self || most == self;
		server->stats.shed++;
		conn_close(most);
	}
	return was_self;
}

static void server_open_reserve(struct http_server *server)
{
	if (server->reserve_fd < 0)
		server->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* Descriptors have run out. accept says so before it looks whether anybody waits; so look, and
 * close who does. */
static bool server_turn_one_away(struct listener *l)
{
	struct http_server *server = l->server;
	bool waits;
	int fd;

	if (server->reserve_fd < 0)
		return true;
	close(server->reserve_fd);
	server->reserve_fd = -1;
	fd = accept(l->fd, NULL, NULL);
	waits = fd >= 0 || errno != EAGAIN;
	if (fd >= 0)
		close(fd);
	server_open_reserve(server);
	return waits;
}

/* ERROR came from accept. Whether to go on accepting in this turn. */
static bool server_accept_failed(struct listener *l, int error)
{
	struct http_server *server = l->server;

	if (error == EAGAIN)
		return false;
	if (error == EINTR || error == ECONNABORTED || error == EPROTO)
		return true;
	if ((error == EMFILE || error == ENFILE) && !server_turn_one_away(l))
		return false;
	server->stats.accept_fails++;
	server_pause(server);
	if (server_can_evict(server))
		server_evict(server); /* and so resumes */
	server_trouble(server, HTTP_TROUBLE_ACCEPT, error);
	return false;
}

static bool server_is_full(const struct http_server *server)
{
	return server->stats.open >= server->config.max_connections;
}

/* Takes the next in the queue of L. Whether to go on in this turn. */
static bool server_accept_one(struct listener *l)
{
	struct http_server *server = l->server;
	int fd = accept(l->fd, NULL, NULL);

	if (fd < 0)
		return server_accept_failed(l, errno);
	if (server_is_full(server))
		server_evict(server);
	if (fd_prepare(fd) < 0)
		close(fd);
	else if (conn_open(server, fd) < 0)
		server_trouble(server, HTTP_TROUBLE_MEMORY, ENOMEM);
	return true;
}

static void server_accept(void *arg, unsigned ready)
{
	struct listener *l = arg;
	struct http_server *server = l->server;

	(void)ready;
	server_open_reserve(server);
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		if (server_is_full(server) && !server_can_evict(server)) {
			if (i > 0)
				return; /* perhaps nobody waits */
			server_pause(server);
			if (ring_is_empty(&server->idle))
				server_trouble(server, HTTP_TROUBLE_CONNECTIONS, 0);
			return;
		}
		if (!server_accept_one(l))
			return;
	}
}

static void server_call_done(void *arg)
{
	struct http_server *server = arg;

	server->done(server->done_arg);
}

int http_server_new(
	struct loop *loop, const struct http_server_config *config, struct http_server **ret_server)
{
	struct http_server *server = calloc(1, sizeof(*server));

	assert(config->handle);
	if (!server)
		return -ENOMEM;
	server->loop = loop;
	server->config = *config;
	server->reserve_fd = -1;
	server_open_reserve(server);
	ring_init(&server->idle);
	ring_init(&server->busy);
	timer_init(&server->resume, loop, server_resume, server);
	deferred_init(&server->call_done, loop, server_call_done, server);
	for (size_t i = 0; i < HTTP_TROUBLES; i++)
		server->trouble_at[i] = INT64_MIN / 2;
	*ret_server = server;
	return 0;
}

static struct listener *listener_free(struct listener *l)
{
	if (!l)
		return NULL;
	watch_free(l->watch);
	if (l->fd >= 0)
		close(l->fd);
	if (l->path)
		unlink(l->path);
	free(l->path);
	free(l);
	return NULL;
}

static void listener_freep(struct listener **l)
{
	*l = listener_free(*l);
}

int http_server_listen(struct http_server *server, const char *address, unsigned flags)
{
	_cleanup_(listener_freep) struct listener *l = calloc(1, sizeof(*l));
	int r;

	if (!l)
		return -ENOMEM;
	l->fd = -1;
	l->server = server;
	r = listen_open(address, flags & HTTP_LISTEN_REUSEPORT, &l->fd, &l->path);
	if (r == 0)
		r = watch_new(server->loop, l->fd, server_accept, l, &l->watch);
	if (r == 0)
		r = watch_set(l->watch, WATCH_READ);
	if (r < 0)
		return r;
	/* At the end, so that the first is the first. */
	for (struct listener **link = &server->listeners;; link = &(*link)->next) {
		if (!*link) {
			*link = l;
			break;
		}
	}
	l = NULL;
	return 0;
}

unsigned http_server_port(const struct http_server *server)
{
	unsigned port = 0;

	for (const struct listener *l = server->listeners; l && !port; l = l->next)
		port = listen_port(l->fd);
	return port;
}

static void server_close_listeners(struct http_server *server)
{
	while (server->listeners) {
		struct listener *l = server->listeners;

		server->listeners = l->next;
		listener_free(l);
	}
}

void http_server_stop(struct http_server *server, void (*done)(void *arg), void *arg)
{
	server->draining = true;
	server->done = done;
	server->done_arg = arg;
	server_close_listeners(server);
	timer_stop(&server->resume);
	for (struct conn *c = server->idle.next; c != &server->idle; c = c->next)
		conn_drain(c);
	for (struct conn *c = server->busy.next; c != &server->busy; c = c->next)
		conn_drain(c);
	if (server->stats.open == 0 && done)
		deferred_ask(&server->call_done);
}

struct http_server *http_server_free(struct http_server *server)
{
	if (!server)
		return NULL;
	server_close_listeners(server);
	timer_stop(&server->resume);
	while (!ring_is_empty(&server->idle))
		conn_close(server->idle.next);
	while (!ring_is_empty(&server->busy))
		conn_close(server->busy.next);
	deferred_stop(&server->call_done);
	while (server->blocks) {
		struct block *b = server->blocks;

		server->blocks = b->next;
		free(b);
	}
	while (server->requests) {
		struct http_request *r = server->requests;

		server->requests = r->next;
		free(r);
	}
	while (server->n_outs > 0)
		buf_release(&server->outs[--server->n_outs]);
	if (server->reserve_fd >= 0)
		close(server->reserve_fd);
	free(server);
	return NULL;
}

void http_server_freep(struct http_server **server)
{
	*server = http_server_free(*server);
}

const struct http_stats *http_server_stats(const struct http_server *server)
{
	return &server->stats;
}

struct block *server_take_block(struct http_server *server, size_t cap)
{
	struct block *b = server->blocks;

	if (b && cap <= BLOCK_SIZE) {
		server->blocks = b->next;
		server->n_blocks--;
	} else {
		cap = cap > BLOCK_SIZE ? cap : BLOCK_SIZE;
		b = malloc(sizeof(*b) + cap);
		if (!b)
			return NULL;
		b->cap = cap;
	}
	b->next = NULL;
	b->refs = 1;
	b->len = 0;
	return b;
}

void server_give_block(struct http_server *server, struct block *b)
{
	if (!b || --b->refs > 0)
		return;
	if (server && b->cap == BLOCK_SIZE && server->n_blocks < BLOCKS_KEPT) {
		b->next = server->blocks;
		server->blocks = b;
		server->n_blocks++;
	} else {
		free(b);
	}
}

struct http_request *server_take_request(struct http_server *server)
{
	struct http_request *req = server->requests;

	if (req) {
		server->requests = req->next;
		server->n_requests--;
	} else {
		req = malloc(sizeof(*req));
		if (!req)
			return NULL;
	}
	/* The parser clears what follows. */
	memset(req, 0, offsetof(struct http_request, parser));
	return req;
}

void server_give_request(struct http_server *server, struct http_request *req)
{
	if (server && server->n_requests < REQUESTS_KEPT) {
		req->next = server->requests;
		server->requests = req;
		server->n_requests++;
	} else {
		free(req);
	}
}

struct buf server_take_out(struct http_server *server)
{
	return server->n_outs > 0 ? server->outs[--server->n_outs] : BUF_INIT;
}

void server_give_out(struct http_server *server, struct buf *out)
{
	if (server && out->ptr && out->cap <= OUT_KEPT &&
		server->n_outs < ARRAY_SIZE(server->outs)) {
		buf_reset(out);
		server->outs[server->n_outs++] = *out;
	} else {
		buf_release(out);
	}
	*out = BUF_INIT;
}
