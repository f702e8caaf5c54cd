/* SPDX-License-Identifier: MIT */
/*
 * What a handler sees of a request, and the writing of answers. Answers go out in the order of
 * the requests, so one that is ready too early waits in its request.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "http_conn.h"

static const struct {
	int status;
	const char *text;
} statuses[] = {
	{200, "OK"},
	{201, "Created"},
	{202, "Accepted"},
	{204, "No Content"},
	{302, "Found"},
	{303, "See Other"},
	{304, "Not Modified"},
	{400, "Bad Request"},
	{401, "Unauthorized"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{406, "Not Acceptable"},
	{408, "Request Timeout"},
	{409, "Conflict"},
	{410, "Gone"},
	{413, "Content Too Large"},
	{414, "URI Too Long"},
	{415, "Unsupported Media Type"},
	{417, "Expectation Failed"},
	{421, "Misdirected Request"},
	{422, "Unprocessable Content"},
	{429, "Too Many Requests"},
	{431, "Request Header Fields Too Large"},
	{500, "Internal Server Error"},
	{503, "Service Unavailable"},
};

const char *http_status_text(int status)
{
	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++)
		if (statuses[i].status == status)
			return statuses[i].text;
	return "Unknown";
}

enum http_method http_request_method(const struct http_request *req)
{
	return req->head.method;
}

struct span http_request_method_text(const struct http_request *req)
{
	return http_head_method_text(&req->head, req->base);
}

struct span http_request_path(const struct http_request *req)
{
	return http_head_path(&req->head, req->base);
}

struct span http_request_query(const struct http_request *req)
{
	return http_head_query(&req->head, req->base);
}

struct span http_request_header(const struct http_request *req, const char *name)
{
	struct span value = SPAN_EMPTY;

	(void)http_head_field(&req->head, req->base, span_str(name), &value);
	return value;
}

size_t http_request_size(const struct http_request *req)
{
	return sizeof(*req) + req->size;
}

struct span http_request_body(const struct http_request *req)
{
	return span_of(req->base + req->parser.head_len, req->parser.body_len);
}

const struct http_head *http_request_head(const struct http_request *req)
{
	return &req->head;
}

bool http_request_is_alive(const struct http_request *req)
{
	return req->conn != NULL;
}

void http_request_peer(const struct http_request *req, char out[HTTP_PEER_SIZE])
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_storage room;
	} peer;
	socklen_t len = sizeof(peer);

	out[0] = '\0';
	if (!req->conn || getpeername(req->conn->fd, &peer.any, &len) < 0)
		return;
	if (peer.any.sa_family == AF_INET)
		inet_ntop(AF_INET, &peer.v4.sin_addr, out, HTTP_PEER_SIZE);
	else if (peer.any.sa_family == AF_INET6)
		inet_ntop(AF_INET6, &peer.v6.sin6_addr, out, HTTP_PEER_SIZE);
	else
		(void)snprintf(out, HTTP_PEER_SIZE, "unix");
}

struct http_request *request_free(struct http_request *req, struct http_server *server)
{
	server_give_block(server, req->block);
	req->block = NULL;
	server_give_out(server, &req->answer);
	buf_release(&req->fields);
	server_give_request(server, req);
	return NULL;
}

static struct http_request *conn_pop(struct conn *c)
{
	struct http_request *req = c->first;

	c->first = req->next;
	if (!c->first)
		c->last = NULL;
	c->n_unanswered--;
	c->pinned -= req->size;
	c->server->stats.unanswered--;
	return request_free(req, c->server);
}

void conn_advance(struct conn *c)
{
	while (c->first && c->first->answered) {
		if (c->out.len == 0 && c->first->answer.len > OUT_KEPT) {
			struct buf empty = c->out;

			c->out = c->first->answer;
			c->first->answer = empty;
		} else {
			buf_add_span(&c->out, buf_span(&c->first->answer));
			if (buf_failed(&c->first->answer) < 0)
				c->out.failed = true;
		}
		conn_pop(c);
	}
}

/* RFC 9110 section 6.4.1 */
static bool status_has_body(int status)
{
	return status >= 200 && status != 204 && status != 304;
}

struct answer {
	int status;
	const char *content_type;
	struct span headers;
	struct span body;
	const char *connection; /* NULL: as the version has it */
	const char *fields;	/* of every answer; NULL: none */
	struct span request_fields;
};

static void answer_add(struct buf *out, const struct answer *a, bool is_head)
{
	buf_add_str(out, "HTTP/1.1 ");
	buf_add_u64(out, (uint64_t)a->status);
	buf_add_char(out, ' ');
	buf_add_str(out, http_status_text(a->status));
	buf_add_str(out, "\r\n");
	if (a->content_type) {
		buf_add_str(out, "Content-Type: ");
		buf_add_str(out, a->content_type);
		buf_add_str(out, "\r\n");
	}
	if (status_has_body(a->status)) {
		buf_add_str(out, "Content-Length: ");
		buf_add_u64(out, a->body.len);
		buf_add_str(out, "\r\n");
	}
	if (a->connection) {
		buf_add_str(out, "Connection: ");
		buf_add_str(out, a->connection);
		buf_add_str(out, "\r\n");
	}
	if (a->fields)
		buf_add_str(out, a->fields);
	buf_add_span(out, a->request_fields);
	buf_add_span(out, a->headers);
	buf_add_str(out, "\r\n");
	if (status_has_body(a->status) && !is_head)
		buf_add_span(out, a->body);
}

/* An answer to a request whose body is not all there means that the rest is not read: its end
 * could be found only by reading it. */
static void conn_stop_reading(struct conn *c)
{
	conn_leave_request(c);
	c->closing = true;
	c->refused = true;
}

void http_respond(struct http_request *req, int status, const char *content_type,
	struct span headers, struct span body)
{
	struct answer answer = {
		status, content_type, headers, body, NULL, NULL, buf_span(&req->fields)};
	bool is_head = req->head.method == HTTP_HEAD;
	struct conn *c = req->conn;
	size_t before;

	assert(!req->answered && status >= 200 && status <= 599);
	if (!c) {
		request_free(req, NULL);
		return;
	}
	answer.fields = c->server->config.fields;
	if (c->req == req)
		conn_stop_reading(c);
	else if (c->server->draining && !c->req && !c->stalled)
		c->closing = true;
	if (c->closing && req == c->last)
		answer.connection = "close";
	else if (req->head.minor == 0)
		answer.connection = "keep-alive";
	c->server->stats.answers[status / 100]++;
	deferred_ask(&c->flush);
	if (req == c->first) {
		if (!c->out.ptr)
			c->out = server_take_out(c->server);
		before = c->out.len;
		answer_add(&c->out, &answer, is_head);
		conn_hold(c, c->out.len - before);
		conn_pop(c);
		conn_advance(c);
		return;
	}
	req->answer = server_take_out(c->server);
	answer_add(&req->answer, &answer, is_head);
	conn_hold(c, req->answer.len);
	req->answered = true;
}

int http_request_add_field(struct http_request *req, const char *name, struct span value)
{
	int r = http_add_header(&req->fields, name, value);

	return r < 0 ? r : buf_failed(&req->fields);
}

int http_add_header(struct buf *headers, const char *name, struct span value)
{
	for (size_t i = 0; i < value.len; i++) {
		uint8_t c = (uint8_t)value.ptr[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return -EINVAL;
	}
	buf_add_str(headers, name);
	buf_add_str(headers, ": ");
	buf_add_span(headers, value);
	buf_add_str(headers, "\r\n");
	return 0;
}
