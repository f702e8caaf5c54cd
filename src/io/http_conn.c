/* SPDX-License-Identifier: MIT */
/*
 * One connection: bytes in, requests out to the handler, answers back, each step with a deadline.
 * Plain readiness and our own buffers: one read and one write per request (or per sixteen, when
 * they are pipelined), where a ready-made buffered stream costs more than our whole parser.
 *
 * A connection is destroyed only in the functions that the loop calls (conn_ready, conn_flush,
 * conn_deadline) and by the server, never inside a handler's http_respond.
 */
#include "http_conn.h"

#include <sys/socket.h>
#include <unistd.h>

#include "io/problem.h"

enum { DISCARD_SIZE = 16 * 1024 };

void ring_init(struct conn *head)
{
	head->next = head;
	head->prev = head;
}

bool ring_is_empty(const struct conn *head)
{
	return head->next == head;
}

static void ring_append(struct conn *head, struct conn *c)
{
	c->prev = head->prev;
	c->next = head;
	head->prev->next = c;
	head->prev = c;
}

static void ring_remove(struct conn *c)
{
	c->prev->next = c->next;
	c->next->prev = c->prev;
}

static size_t conn_unsent(const struct conn *c)
{
	return c->out.len - c->sent;
}

void conn_hold(struct conn *c, size_t n)
{
	c->held += n;
	c->server->stats.answers_held += n;
}

static void conn_drop(struct conn *c, size_t n)
{
	c->held -= n;
	c->server->stats.answers_held -= n;
}

/* Whether a further request may be begun. */
static bool conn_has_capacity(const struct conn *c)
{
	const struct http_server_config *config = &c->server->config;

	return c->n_unanswered < config->max_pipeline && c->pinned < config->max_pinned &&
	       c->held < config->max_unsent;
}

void conn_close(struct conn *c)
{
	struct http_server *server = c->server;
	struct http_request *next;

	if (c->req && !c->req->queued)
		request_free(c->req, server);
	server->stats.bodies -= c->promised;
	conn_drop(c, c->held);
	for (struct http_request *r = c->first; r; r = next) {
		next = r->next;
		server->stats.unanswered--;
		r->conn = NULL;
		if (r->answered || r == c->req)
			request_free(r, server);
	}
	server_give_block(server, c->block);
	server_give_out(server, &c->out);
	deferred_stop(&c->flush);
	timer_stop(&c->timer);
	watch_free(c->watch);
	close(c->fd);
	ring_remove(c);
	free(c);
	server->stats.open--;
	server_conn_closed(server);
}

static void conn_out_of_memory(struct conn *c)
{
	server_trouble(c->server, HTTP_TROUBLE_MEMORY, ENOMEM);
	conn_close(c);
}

static void conn_enqueue(struct conn *c, struct http_request *req)
{
	req->queued = true;
	if (c->last)
		c->last->next = req;
	else
		c->first = req;
	c->last = req;
	c->n_unanswered++;
	c->server->stats.unanswered++;
}

void conn_leave_request(struct conn *c)
{
	c->req = NULL;
	c->server->stats.bodies -= c->promised;
	c->promised = 0;
}

/* Gives up the request being read and all that follows it; the request is to be answered. */
static struct http_request *conn_give_up(struct conn *c)
{
	struct http_request *req = c->req;

	if (!req->queued)
		conn_enqueue(c, req);
	conn_leave_request(c);
	c->closing = true;
	c->refused = true;
	c->server->stats.refused++;
	return req;
}

static void conn_refuse(struct conn *c, int status, const char *code, const char *reason)
{
	http_respond_problem(conn_give_up(c), status, code, reason, NULL);
}

static void conn_refuse_for_now(struct conn *c)
{
	_cleanup_(buf_release) struct buf body = BUF_INIT;
	struct http_request *req = conn_give_up(c);

	problem_add(&body, 503, "unavailable", "Too many large requests are under way.", NULL);
	if (buf_failed(&body) < 0)
		buf_reset(&body);
	http_respond(
		req, 503, PROBLEM_CONTENT_TYPE, SPAN_LIT("Retry-After: 2\r\n"), buf_span(&body));
}

/* Sets memory aside for a body that may become BODY_MAX long. False if there is none. */
static bool conn_promise(struct conn *c, const struct http_head *head, size_t body_max)
{
	struct http_server *server = c->server;
	size_t need = head->chunked ? body_max : (size_t)head->content_length;

	/* What is too long will not be read at all. */
	if (head->content_length > body_max)
		return true;
	if (need > server->config.max_bodies - server->stats.bodies)
		return false;
	c->promised = need;
	server->stats.bodies += need;
	return true;
}

/* The parser's outcomes; true: there may be more to parse. */
static bool on_more(struct conn *c, struct http_request *req)
{
	(void)c;
	(void)req;
	return false;
}

static bool on_head(struct conn *c, struct http_request *req)
{
	const struct http_server_config *config = &c->server->config;
	size_t body_max = config->body_max;

	req->base = c->block->data + c->start;
	conn_enqueue(c, req);
	if (req->head.has_body && config->head) {
		config->head(config->arg, req, &body_max);
		if (c->req != req) /* it was answered */
			return false;
	}
	if (!conn_promise(c, &req->head, body_max)) {
		conn_refuse_for_now(c);
		return false;
	}
	req->want_continue = req->head.has_body && req->head.expect_continue;
	c->phase = PHASE_NONE; /* a new deadline for the body */
	http_parser_body(&req->parser, body_max);
	return true;
}

static bool on_done(struct conn *c, struct http_request *req)
{
	const struct http_server_config *config = &c->server->config;

	req->base = c->block->data + c->start;
	req->size = req->parser.at;
	req->block = c->block;
	req->block->refs++;
	req->want_continue = false;
	c->pinned += req->size;
	c->start += req->size;
	conn_leave_request(c);
	c->phase = PHASE_NONE;
	if (!req->head.keep_alive || c->server->draining)
		c->closing = true;
	c->server->stats.requests++;
	config->handle(config->arg, req);
	return true;
}

static bool on_bad(struct conn *c, struct http_request *req)
{
	conn_refuse(c, req->parser.status, "http_request", req->parser.reason);
	return false;
}

static bool (*const on_step[])(struct conn *c, struct http_request *req) = {
	[PARSE_MORE] = on_more,
	[PARSE_HEAD] = on_head,
	[PARSE_DONE] = on_done,
	[PARSE_BAD] = on_bad,
};

/* Parses and hands out as much as has arrived and may be begun. 0 or -ENOMEM. */
static int conn_parse(struct conn *c)
{
	bool more = true;

	c->stalled = false;
	while (more && !c->closing && conn_unparsed(c) > 0) {
		size_t len = conn_unparsed(c);
		int step;

		if (!c->req) {
			if (conn_leave_block(c) < 0)
				return -ENOMEM;
			if (!conn_has_capacity(c)) {
				c->stalled = true;
				return 0;
			}
			if (server_holds_too_much(c->server)) {
				c->stalled = true;
				deferred_ask(&c->flush);
				return 0;
			}
			c->req = server_take_request(c->server);
			if (!c->req)
				return -ENOMEM;
			c->req->conn = c;
			http_parser_init(&c->req->parser, &c->server->config.limits, &c->req->head);
		}
		step = http_parser_step(&c->req->parser, c->block->data + c->start, &len);
		c->block->len = c->start + len;
		more = on_step[step](c, c->req);
	}
	return 0;
}

/* What we wait for, and until when. */
static void conn_set_phase(struct conn *c)
{
	const struct http_server_config *config = &c->server->config;
	enum phase phase = PHASE_NONE;
	int64_t ms[] = {
		[PHASE_HEAD] = config->header_ms,
		[PHASE_BODY] = config->body_ms,
		[PHASE_IDLE] = config->idle_ms,
	};

	if (c->phase == PHASE_LINGER)
		return;
	if (c->req)
		phase = c->req->queued ? PHASE_BODY : PHASE_HEAD;
	else if (c->n_unanswered == 0 && !c->closing && !c->stalled)
		phase = PHASE_IDLE;
	if (c->phase == PHASE_FIRST && phase == PHASE_IDLE)
		return;
	if (phase == PHASE_NONE)
		c->read_due = TIME_NEVER;
	else if (phase != c->phase && c->phase != PHASE_FIRST)
		c->read_due = loop_now_mono(c->server->loop) + ms[phase];
	c->phase = phase;
}

static void conn_set_ring(struct conn *c)
{
	bool idle = (c->phase == PHASE_IDLE || c->phase == PHASE_FIRST) && conn_unsent(c) == 0;

	if (idle == c->idle && !idle)
		return;
	ring_remove(c);
	ring_append(idle ? &c->server->idle : &c->server->busy, c);
	c->idle = idle;
	c->idle_at = loop_now_mono(c->server->loop);
}

static unsigned conn_interest(const struct conn *c)
{
	unsigned interest = conn_unsent(c) > 0 && c->write_due != TIME_NEVER ? WATCH_WRITE : 0;

	if (!c->eof && !c->stalled && (!c->closing || c->phase == PHASE_LINGER))
		interest |= WATCH_READ;
	return interest;
}

/* Our answers are sent, but closing now would answer bytes that are under way with a reset, which
 * can overtake the answer. Say that we are done, and read on for a while. */
static void conn_linger(struct conn *c)
{
	if (shutdown(c->fd, SHUT_WR) < 0) {
		conn_close(c);
		return;
	}
	server_give_block(c->server, c->block);
	c->block = NULL;
	c->phase = PHASE_LINGER;
	c->read_due = loop_now_mono(c->server->loop) + c->server->config.linger_ms;
	if (timer_set_at(&c->timer, c->read_due) < 0 || watch_set(c->watch, WATCH_READ) < 0)
		conn_close(c);
}

/* After every step: wait for the right thing for the right time, or close. */
static void conn_settle(struct conn *c)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct block *block = c->block;

	if (c->closing && !c->first && conn_unsent(c) == 0 && c->phase != PHASE_LINGER) {
		if (!c->eof && (c->refused || conn_unparsed(c) > 0))
			conn_linger(c);
		else
			conn_close(c);
		return;
	}
	if (c->req && c->req->want_continue && c->first == c->req) {
		c->req->want_continue = false;
		buf_add_str(&c->out, go_on);
		conn_hold(c, sizeof(go_on) - 1);
		deferred_ask(&c->flush);
	}
	if (block && block->refs == 1 && conn_unparsed(c) == 0) {
		server_give_block(c->server, block);
		c->block = NULL;
		c->start = 0;
	}
	conn_set_phase(c);
	conn_set_ring(c);
	if (timer_set_at(&c->timer, int64_min(c->read_due, c->write_due)) < 0 ||
		watch_set(c->watch, conn_interest(c)) < 0)
		conn_out_of_memory(c);
}

/* The client sends no more. A request that is not whole will never be; the others are answered. */
static void conn_end_of_input(struct conn *c)
{
	struct http_request *req = c->req;

	c->eof = true;
	c->closing = true;
	conn_leave_request(c);
	if (!req)
		return;
	if (req->queued) {
		struct http_request **link = &c->first;

		c->last = NULL;
		while (*link != req) {
			c->last = *link;
			link = &(*link)->next;
		}
		*link = NULL;
		c->n_unanswered--;
		c->server->stats.unanswered--;
	}
	request_free(req, c->server);
}

static void conn_discard(struct conn *c)
{
	char scratch[DISCARD_SIZE];
	ssize_t n = read(c->fd, scratch, sizeof(scratch));

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		conn_close(c);
}

static void conn_read(struct conn *c)
{
	ssize_t n;

	if (conn_make_room(c) < 0) {
		conn_out_of_memory(c);
		return;
	}
	n = read(c->fd, c->block->data + c->block->len, conn_read_max(c));
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		conn_settle(c);
		return;
	}
	if (n < 0) {
		conn_close(c);
		return;
	}
	if (n == 0)
		conn_end_of_input(c);
	c->block->len += (size_t)n;
	c->server->stats.bytes_in += (uint64_t)n;
	if (conn_parse(c) < 0)
		conn_out_of_memory(c);
	else
		conn_settle(c);
}

/* Whether all is sent, some is left, or the connection is broken. */
enum { WRITE_ALL, WRITE_SOME, WRITE_FAILED };
static int conn_write(struct conn *c)
{
	struct http_server *server = c->server;
	ssize_t n;

	if (buf_failed(&c->out) < 0) {
		server_trouble(server, HTTP_TROUBLE_MEMORY, ENOMEM);
		return WRITE_FAILED;
	}
	if (conn_unsent(c) == 0)
		return WRITE_ALL;
	n = send(c->fd, c->out.ptr + c->sent, conn_unsent(c), MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return WRITE_FAILED;
	if (n > 0) {
		c->sent += (size_t)n;
		server->stats.bytes_out += (uint64_t)n;
	}
	if (conn_unsent(c) == 0) {
		conn_drop(c, c->out.len);
		server_give_out(server, &c->out);
		c->sent = 0;
		c->write_due = TIME_NEVER;
		return WRITE_ALL;
	}
	if (c->sent >= server->config.max_unsent) {
		buf_consume(&c->out, c->sent);
		conn_drop(c, c->sent);
		c->write_mark -= c->sent < c->write_mark ? c->sent : c->write_mark;
		c->sent = 0;
	}
	if (c->write_due == TIME_NEVER || c->sent >= c->write_mark) {
		c->write_mark = c->out.len;
		c->write_due = loop_now_mono(server->loop) + server->config.write_ms;
	}
	return WRITE_SOME;
}

bool conn_is_stuck(struct conn *c)
{
	if (c->write_due == TIME_NEVER && conn_write(c) == WRITE_FAILED)
		return true;
	return c->held > 0;
}

static void conn_flush(void *arg)
{
	struct conn *c = arg;
	struct http_server *server = c->server;

	if (conn_write(c) == WRITE_FAILED) {
		conn_close(c);
		return;
	}
	if (server_shed(server, c))
		return;
	if (c->stalled && conn_parse(c) < 0)
		conn_out_of_memory(c);
	else
		conn_settle(c);
}

static void conn_ready(void *arg, unsigned ready)
{
	struct conn *c = arg;

	if (ready & WATCH_WRITE)
		conn_flush(c);
	else if (c->phase == PHASE_LINGER)
		conn_discard(c);
	else
		conn_read(c);
}

static void conn_deadline(void *arg)
{
	struct conn *c = arg;
	int64_t now = loop_now_mono(c->server->loop);
	bool answer = c->phase == PHASE_HEAD || c->phase == PHASE_BODY;

	if (now >= c->write_due || (now >= c->read_due && !answer)) {
		if (now >= c->write_due || c->phase == PHASE_FIRST)
			c->server->stats.timeouts++;
		conn_close(c);
		return;
	}
	if (now >= c->read_due) {
		c->server->stats.timeouts++;
		if (c->req)
			conn_refuse(c, 408, "timeout", "The request took too long to arrive.");
	}
	conn_settle(c);
}

int conn_open(struct http_server *server, int fd)
{
	struct conn *c = calloc(1, sizeof(*c));
	int r = -ENOMEM;

	if (!c) {
		close(fd);
		return r;
	}
	c->server = server;
	c->fd = fd;
	c->phase = PHASE_FIRST;
	c->read_due = loop_now_mono(server->loop) + server->config.header_ms;
	c->write_due = TIME_NEVER;
	timer_init(&c->timer, server->loop, conn_deadline, c);
	deferred_init(&c->flush, server->loop, conn_flush, c);
	buf_init(&c->out);
	ring_append(&server->busy, c);
	server->stats.open++;
	r = watch_new(server->loop, fd, conn_ready, c, &c->watch);
	if (r == 0)
		r = watch_set(c->watch, WATCH_READ);
	if (r == 0)
		r = timer_set_at(&c->timer, c->read_due);
	if (r < 0) {
		conn_close(c);
		return r;
	}
	conn_set_ring(c);
	server->stats.connections++;
	return 0;
}

void conn_drain(struct conn *c)
{
	if (c->req || c->stalled)
		return; /* the request under way is the last */
	c->closing = true;
	deferred_ask(&c->flush);
}
