/* SPDX-License-Identifier: MIT */
/*
 * The collector's reference: an HTTP server that only scans and writes the same bytes. Of the
 * request it finds the length and the body; the body must be JSON, checked by the same scanner; a
 * batch is cut into its items; each item goes to a stream as the collector would write it, the
 * commands of one turn of the loop in one write, and the answer leaves on Redis's replies. No
 * keys, no limits, no deadlines, no verdicts, nobody's customer.
 *
 * usage: bare_server PORT REDIS_SOCKET      (listens on 127.0.0.1, ends with SIGTERM)
 */
#include "bare.h"
#include "codec/json_scan.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#define STREAMS	     16
#define REQUEST_MAX  ((size_t)64 * 1024)
#define REPLIES_MAX  ((size_t)1 << 20) /* under way; a power of two */
#define REDIS_BUFFER ((size_t)256 * 1024)

struct conn {
	struct event *event;
	struct server *server;
	int fd;
	bool gone;
	size_t waiting; /* replies to come before the answer */
	size_t len;
	char in[REQUEST_MAX];
};

struct server {
	struct event_base *base;
	struct event *redis_read, *redis_write;
	int redis;
	struct bytes out;
	struct conn **asked; /* whose reply comes next: a ring */
	size_t asked_from, asked_to;
	char names[STREAMS][16];
	struct span streams[STREAMS];
	unsigned next_stream;
	size_t in_len;
	char in[REDIS_BUFFER];
};

static const char answer_ok[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
				"Content-Length: 40\r\n\r\n"
				"{\"success\":true,\"accepted\":1,\"refused\":0}";
static const char answer_bad[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";

static void conn_end(struct conn *c)
{
	c->gone = true;
	if (c->waiting > 0)
		return;
	event_free(c->event);
	close(c->fd);
	free(c);
}

static void conn_answer(struct conn *c, const char *text, size_t len)
{
	if (c->gone || write(c->fd, text, len) != (ssize_t)len)
		conn_end(c);
}

/* ---- Redis ------------------------------------------------------------------------------ */

static void redis_flush(struct server *s)
{
	while (s->out.sent < s->out.len) {
		ssize_t n = write(s->redis, s->out.ptr + s->out.sent, s->out.len - s->out.sent);

		if (n < 0 && errno == EAGAIN) {
			event_add(s->redis_write, NULL);
			return;
		}
		if (n < 0)
			bare_die("cannot write to Redis");
		s->out.sent += (size_t)n;
	}
	s->out.len = s->out.sent = 0;
}

static void on_redis_write(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	redis_flush(arg);
}

static void on_redis_read(int fd, short what, void *arg)
{
	struct server *s = arg;
	ssize_t n = read(fd, s->in + s->in_len, sizeof(s->in) - s->in_len);
	struct span rest;
	size_t len;

	(void)what;
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0)
		bare_die("Redis hung up");
	rest = span_of(s->in, s->in_len + (size_t)n);
	while (rest.len > 0 && (len = resp_reply(rest)) > 0) {
		struct conn *c = s->asked[s->asked_from++ & (REPLIES_MAX - 1)];

		rest = span_of(rest.ptr + len, rest.len - len);
		if (--c->waiting == 0)
			conn_answer(c, answer_ok, sizeof(answer_ok) - 1);
	}
	memmove(s->in, rest.ptr, rest.len);
	s->in_len = rest.len;
}

/* The collector's two fields; the second as long as its: source, channel, when it came and left. */
static void add_item(struct conn *c, struct span item)
{
	struct server *s = c->server;

	if (s->asked_to - s->asked_from == REPLIES_MAX)
		bare_die("too many replies under way");
	resp_head(&s->out, 7);
	resp_arg(&s->out, SPAN_LIT("XADD"));
	resp_arg(&s->out, s->streams[s->next_stream++ % STREAMS]);
	resp_arg(&s->out, SPAN_LIT("*"));
	resp_arg(&s->out, SPAN_LIT("e"));
	resp_arg(&s->out, item);
	resp_arg(&s->out, SPAN_LIT("m"));
	resp_arg(&s->out, SPAN_LIT("shop/web 1763755555555 -"));
	s->asked[s->asked_to++ & (REPLIES_MAX - 1)] = c;
	c->waiting++;
}

/* ---- requests --------------------------------------------------------------------------- */

static bool add_single(struct conn *c, struct span body)
{
	struct json_fault fault;

	if (!json_valid(body, &fault))
		return false;
	add_item(c, body);
	return true;
}

static bool add_batch(struct conn *c, struct span body)
{
	struct json_value key, value;
	struct json_cursor j;
	int r;

	json_cursor_init(&j, body);
	r = json_object_open(&j);
	while (r == 0 && (r = json_object_key(&j, &key)) == 0) {
		if (!json_is(&key, SPAN_LIT("batch"))) {
			r = json_value(&j, &value);
			continue;
		}
		r = json_array_open(&j);
		while (r == 0 && (r = json_array_next(&j)) == 0) {
			r = json_value(&j, &value);
			if (r == 0)
				add_item(c, value.raw);
		}
		r = r == JSON_END ? 0 : r;
	}
	return r == JSON_END && json_finish(&j) == 0 && j.text.code == JSON_SOUND;
}

/* True if what is there begins with a whole request, which is then of *ret_len bytes. */
static bool find_request(const struct conn *c, struct span *ret_body, size_t *ret_len)
{
	static const char length[] = "\r\nContent-Length: ";
	const char *end = memmem(c->in, c->len, "\r\n\r\n", 4), *at;
	size_t n = 0;

	if (!end)
		return false;
	at = memmem(c->in, (size_t)(end - c->in), length, sizeof(length) - 1);
	for (at = at ? at + sizeof(length) - 1 : end; *at >= '0' && *at <= '9'; at++)
		n = n * 10 + (size_t)(*at - '0');
	end += 4;
	if (c->len - (size_t)(end - c->in) < n)
		return false;
	*ret_body = span_of(end, n);
	*ret_len = (size_t)(end - c->in) + n;
	return true;
}

static void on_conn_read(int fd, short what, void *arg)
{
	static const char batch[] = "POST /v1/batch ";
	struct conn *c = arg;
	struct server *s = c->server;
	ssize_t n = read(fd, c->in + c->len, sizeof(c->in) - c->len);
	size_t len, out_len = s->out.len, asked_to = s->asked_to;
	struct span body;
	bool good;

	(void)what;
	if (n <= 0) {
		if (n == 0 || errno != EAGAIN)
			conn_end(c);
		return;
	}
	c->len += (size_t)n;
	if (!find_request(c, &body, &len)) {
		if (c->len == sizeof(c->in))
			conn_end(c);
		return;
	}
	good = memcmp(c->in, batch, sizeof(batch) - 1) == 0 ? add_batch(c, body)
							    : add_single(c, body);
	memmove(c->in, c->in + len, c->len - len);
	c->len -= len;
	if (good && c->waiting > 0)
		return;
	c->waiting -= s->asked_to - asked_to;
	s->asked_to = asked_to;
	s->out.len = out_len;
	conn_answer(c, answer_bad, sizeof(answer_bad) - 1);
}

static void on_accept(int fd, short what, void *arg)
{
	struct server *s = arg;
	int one = 1, conn_fd = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct conn *c = malloc(sizeof(*c));

	(void)what;
	if (conn_fd < 0 || !c)
		bare_die("cannot accept");
	(void)setsockopt(conn_fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	c->server = s;
	c->fd = conn_fd;
	c->gone = false;
	c->waiting = c->len = 0;
	c->event = event_new(s->base, conn_fd, EV_READ | EV_PERSIST, on_conn_read, c);
	event_add(c->event, NULL);
}

static int listen_on(const char *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	address.sin_port = htons((uint16_t)bare_number(port));
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 1024) < 0)
		bare_die("cannot listen");
	return fd;
}

static void start(struct server *s, const char *port, const char *socket_path)
{
	s->base = event_base_new();
	s->asked = calloc(REPLIES_MAX, sizeof(struct conn *));
	if (!s->base || !s->asked)
		bare_die("out of memory");
	for (unsigned i = 0; i < STREAMS; i++) {
		int n = snprintf(s->names[i], sizeof(s->names[i]), "wm:{p%u}:in", i);

		s->streams[i] = span_of(s->names[i], (size_t)n);
	}
	s->redis = bare_connect_unix(socket_path);
	(void)fcntl(s->redis, F_SETFL, O_NONBLOCK);
	s->redis_read = event_new(s->base, s->redis, EV_READ | EV_PERSIST, on_redis_read, s);
	s->redis_write = event_new(s->base, s->redis, EV_WRITE, on_redis_write, s);
	event_add(s->redis_read, NULL);
	event_add(event_new(s->base, listen_on(port), EV_READ | EV_PERSIST, on_accept, s), NULL);
}

int main(int argc, char **argv)
{
	struct server *s = calloc(1, sizeof(*s));

	if (argc != 3)
		bare_die("usage: bare_server PORT REDIS_SOCKET");
	if (!s)
		bare_die("out of memory");
	start(s, argv[1], argv[2]);
	while (event_base_loop(s->base, EVLOOP_ONCE) == 0)
		if (!event_pending(s->redis_write, EV_WRITE, NULL))
			redis_flush(s);
	return 1;
}
