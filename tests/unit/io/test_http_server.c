/* SPDX-License-Identifier: MIT */
/*
 * The server from the inside, with its client on the same loop: addresses, the life of requests,
 * and what goes out in one write. What strangers do to it is in the http_….py scripts.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "check.h"
#include "io/http_server.h"
#include "io/problem.h"

enum { KEPT_MAX = 64 };

struct bench {
	struct loop *loop;
	struct http_server *server;
	struct http_request *kept[KEPT_MAX];
	size_t n_kept;
	struct buf log;
	char directory[64];
	char path[80];
};

static void on_request(void *arg, struct http_request *req)
{
	struct bench *b = arg;

	assert(b->n_kept < KEPT_MAX);
	b->kept[b->n_kept++] = req;
}

static void on_trouble(void *arg, enum http_trouble trouble, int error, uint64_t times)
{
	struct bench *b = arg;

	buf_printf(&b->log, "%d %d %d\n", (int)trouble, error, (int)times);
}

static void bench_config(struct bench *b, struct http_server_config *config)
{
	http_server_config_init(config);
	config->arg = b;
	config->handle = on_request;
	config->trouble = on_trouble;
}

static void bench_init_with(struct bench *b, const struct http_server_config *config)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(b->directory, sizeof(b->directory), "%s/waymark-http-XXXXXX", tmp ? tmp : "/tmp");
	assert(mkdtemp(b->directory));
	snprintf(b->path, sizeof(b->path), "%s/socket", b->directory);
	assert(loop_new(&b->loop) == 0);
	assert(http_server_new(b->loop, config, &b->server) == 0);
}

static void bench_init(struct bench *b)
{
	struct http_server_config config;

	*b = (struct bench){.n_kept = 0};
	bench_config(b, &config);
	bench_init_with(b, &config);
	assert(http_server_listen(b->server, b->path, 0) == 0);
}

static void bench_release(struct bench *b)
{
	http_server_free(b->server);
	for (size_t i = 0; i < b->n_kept; i++)
		http_respond(b->kept[i], 200, NULL, SPAN_EMPTY, SPAN_EMPTY);
	loop_free(b->loop);
	buf_release(&b->log);
	unlink(b->path);
	rmdir(b->directory);
}

static int bench_connect(struct bench *b)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(address.sun_path, b->path, strlen(b->path) + 1);
	assert(fd >= 0);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);
		return -errno;
	}
	assert(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
	return fd;
}

static void turns(struct bench *b, size_t n)
{
	while (n-- > 0)
		CHECK_INT(loop_turn(b->loop, false), 0);
}

static void say(struct bench *b, int fd, const char *text)
{
	CHECK_INT(write(fd, text, strlen(text)), (int64_t)strlen(text));
	turns(b, 3);
}

/* What one read finds. */
static struct span hear(int fd)
{
	static char bytes[65536];
	ssize_t n = read(fd, bytes, sizeof(bytes));

	return n > 0 ? span_of(bytes, (size_t)n) : SPAN_EMPTY;
}

static bool holds(struct span s, const char *part)
{
	size_t len = strlen(part);

	for (size_t i = 0; i + len <= s.len; i++)
		if (memcmp(s.ptr + i, part, len) == 0)
			return true;
	return false;
}

static struct http_request *take(struct bench *b)
{
	struct http_request *req = b->kept[0];

	assert(b->n_kept > 0);
	memmove(b->kept, b->kept + 1, --b->n_kept * sizeof(struct http_request *));
	return req;
}

static void answer(struct bench *b, int status, const char *body)
{
	http_respond(take(b), status, body[0] ? "text/plain" : NULL, SPAN_EMPTY, span_str(body));
}

#define GET(PATH) "GET " PATH " HTTP/1.1\r\nHost: h\r\n\r\n"

static void test_request(void)
{
	_cleanup_(bench_release) struct bench b;
	const char *body = "a body";
	struct http_request *req;
	char peer[HTTP_PEER_SIZE];
	int fd;

	bench_init(&b);
	fd = bench_connect(&b);
	say(&b, fd,
		"POST /p%20q?r=s HTTP/1.1\r\nHost: h\r\nX-a: 1\r\nContent-Length: 6\r\n\r\na body");
	REQUIRE(b.n_kept == 1);
	req = b.kept[0];
	CHECK_INT(http_request_method(req), HTTP_POST);
	CHECK_STR(http_request_method_text(req), "POST");
	CHECK_STR(http_request_path(req), "/p%20q");
	CHECK_STR(http_request_query(req), "r=s");
	CHECK_STR(http_request_header(req, "x-A"), "1");
	CHECK(!http_request_header(req, "X-B").ptr);
	CHECK_STR(http_request_body(req), body);
	CHECK_INT(http_request_head(req)->n_fields, 3);
	CHECK(http_request_is_alive(req));
	http_request_peer(req, peer);
	CHECK_STR(span_str(peer), "unix");
	CHECK_INT(http_server_stats(b.server)->unanswered, 1);
	answer(&b, 200, "x");
	turns(&b, 1);
	CHECK_STR(hear(fd), "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
			    "Content-Length: 1\r\n\r\nx");
	CHECK_INT(http_server_stats(b.server)->unanswered, 0);
	CHECK_INT(http_server_stats(b.server)->answers[2], 1);
	close(fd);
}

/* Answers of one turn leave in one write, in the order of the requests. */
static void test_one_write(void)
{
	_cleanup_(bench_release) struct bench b;
	struct http_request *first;
	int fd;

	bench_init(&b);
	fd = bench_connect(&b);
	say(&b, fd, GET("/1") GET("/2") GET("/3"));
	REQUIRE(b.n_kept == 3);
	first = take(&b);
	answer(&b, 204, "");
	turns(&b, 2);
	CHECK_INT(hear(fd).len, 0);
	http_respond(first, 404, NULL, SPAN_LIT("X: y\r\n"), SPAN_EMPTY);
	answer(&b, 304, "");
	turns(&b, 1);
	CHECK_STR(hear(fd), "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nX: y\r\n\r\n"
			    "HTTP/1.1 204 No Content\r\n\r\n"
			    "HTTP/1.1 304 Not Modified\r\n\r\n");
	close(fd);
}

/* What a request borrows stays, however much comes after it. */
static void test_request_stays(void)
{
	_cleanup_(bench_release) struct bench b;
	_cleanup_(buf_release) struct buf more = BUF_INIT;
	int fd;

	bench_init(&b);
	fd = bench_connect(&b);
	for (int i = 0; i < 16; i++) {
		buf_reset(&more);
		buf_printf(
			&more, "POST /%02d HTTP/1.1\r\nHost: h\r\nContent-Length: 3000\r\n\r\n", i);
		for (int k = 0; k < 3000; k++)
			buf_add_char(&more, (char)('a' + i));
		buf_add_char(&more, '\0');
		say(&b, fd, more.ptr);
	}
	REQUIRE(b.n_kept == 16);
	for (int i = 0; i < 16; i++) {
		struct span body = http_request_body(b.kept[i]);

		CHECK_INT(http_request_path(b.kept[i]).ptr[2], '0' + i % 10);
		CHECK_INT(body.len, 3000);
		CHECK_INT(body.ptr[0], 'a' + i);
		CHECK_INT(body.ptr[2999], 'a' + i);
	}
	while (b.n_kept)
		answer(&b, 200, "x");
	turns(&b, 2);
	close(fd);
}

static void test_orphan(void)
{
	_cleanup_(bench_release) struct bench b;
	char peer[HTTP_PEER_SIZE];
	int fd;

	bench_init(&b);
	fd = bench_connect(&b);
	say(&b, fd, GET("/1") GET("/2"));
	b.server = http_server_free(b.server);
	REQUIRE(b.n_kept == 2);
	CHECK(!http_request_is_alive(b.kept[0]));
	CHECK_STR(http_request_path(b.kept[1]), "/2");
	http_request_peer(b.kept[0], peer);
	CHECK_STR(span_str(peer), "");
	answer(&b, 200, "x");
	CHECK_INT(hear(fd).len, 0);
	close(fd);
}

static void test_problem(void)
{
	_cleanup_(bench_release) struct bench b;
	int fd;

	bench_init(&b);
	fd = bench_connect(&b);
	say(&b, fd, GET("/1"));
	REQUIRE(b.n_kept == 1);
	http_respond_problem(take(&b), 400, "bad_json", "Expected a comma.", "/batch/3/\"\n");
	turns(&b, 1);
	CHECK_STR(hear(fd),
		"HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\n"
		"Content-Length: 165\r\n\r\n"
		"{\"type\":\"about:blank\",\"status\":400,\"title\":\"Bad Request\","
		"\"code\":\"bad_json\",\"message\":\"Expected a comma.\","
		"\"detail\":\"Expected a comma.\",\"pointer\":\"/batch/3/\\\"\\u000a\"}\n");
	close(fd);
}

static void test_headers(void)
{
	_cleanup_(buf_release) struct buf headers = BUF_INIT;

	CHECK_INT(http_add_header(&headers, "A", SPAN_LIT("b c\t\xff")), 0);
	CHECK_INT(http_add_header(&headers, "B", SPAN_LIT("x\r\nEvil: y")), -EINVAL);
	CHECK_INT(http_add_header(&headers, "B", SPAN_LIT("x\0")), -EINVAL);
	CHECK_INT(http_add_header(&headers, "B", SPAN_LIT("x\x7f")), -EINVAL);
	CHECK_INT(http_add_header(&headers, "C", SPAN_EMPTY), 0);
	CHECK_STR(buf_span(&headers), "A: b c\t\xff\r\nC: \r\n");
}

/* On every answer, also on the one that the handler never saw. */
static void test_fields_of_all(void)
{
	_cleanup_(bench_release) struct bench b = {.n_kept = 0};
	struct http_server_config config;
	int fd;

	bench_config(&b, &config);
	config.fields = "X-A: 1\r\nX-B: 2\r\n";
	bench_init_with(&b, &config);
	REQUIRE(http_server_listen(b.server, b.path, 0) == 0);
	fd = bench_connect(&b);
	say(&b, fd, GET("/1"));
	REQUIRE(b.n_kept == 1);
	http_respond(take(&b), 204, NULL, SPAN_LIT("X-C: 3\r\n"), SPAN_EMPTY);
	turns(&b, 1);
	CHECK_STR(hear(fd), "HTTP/1.1 204 No Content\r\nX-A: 1\r\nX-B: 2\r\nX-C: 3\r\n\r\n");
	say(&b, fd, "GET  HTTP/1.1\r\n\r\n");
	CHECK(holds(hear(fd), "\r\nX-A: 1\r\nX-B: 2\r\n\r\n{"));
	close(fd);
}

static int tcp_connect(unsigned port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert(fd >= 0);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);
		return -1;
	}
	assert(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
	return fd;
}

static void test_tcp(void)
{
	_cleanup_(bench_release) struct bench b;
	char text[64];
	char peer[HTTP_PEER_SIZE];
	unsigned port;
	int fd;

	bench_init(&b);
	CHECK_INT(http_server_port(b.server), 0);
	CHECK_INT(http_server_listen(b.server, "127.0.0.1:0", 0), 0);
	port = http_server_port(b.server);
	REQUIRE(port > 0);
	snprintf(text, sizeof(text), "127.0.0.1:%u", port);
	CHECK_INT(http_server_listen(b.server, text, 0), -EADDRINUSE);
	fd = tcp_connect(port);
	REQUIRE(fd >= 0);
	say(&b, fd, GET("/1"));
	REQUIRE(b.n_kept == 1);
	http_request_peer(b.kept[0], peer);
	CHECK_STR(span_str(peer), "127.0.0.1");
	close(fd);
}

static void test_reuseport(void)
{
	_cleanup_(bench_release) struct bench a;
	_cleanup_(bench_release) struct bench b;
	char text[64];

	bench_init(&a);
	bench_init(&b);
	CHECK_INT(http_server_listen(a.server, "localhost:0", HTTP_LISTEN_REUSEPORT), 0);
	snprintf(text, sizeof(text), "localhost:%u", http_server_port(a.server));
	CHECK_INT(http_server_listen(b.server, text, HTTP_LISTEN_REUSEPORT), 0);
	CHECK_INT(http_server_port(a.server), http_server_port(b.server));
}

static void test_bad_addresses(void)
{
	static const char *const addresses[] = {"", "8480", "127.0.0.1",
		"127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "::1:8480", "127.0.0.1:+1",
		"no.such.host.invalid:1"};
	_cleanup_(bench_release) struct bench b;
	char deep[256];

	bench_init(&b);
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++)
		CHECK_INT(http_server_listen(b.server, addresses[i], 0), -EINVAL);
	memset(deep, 'a', sizeof(deep));
	deep[0] = '/';
	deep[sizeof(deep) - 1] = '\0';
	CHECK_INT(http_server_listen(b.server, deep, 0), -ENAMETOOLONG);
	CHECK_INT(http_server_listen(b.server, "unix:/no/such/directory/socket", 0), -ENOENT);
}

/* A socket file is taken over only from the dead. */
static void test_unix_path(void)
{
	_cleanup_(bench_release) struct bench b;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char other[96];
	int fd;

	bench_init(&b);
	CHECK_INT(http_server_listen(b.server, b.path, 0), -EADDRINUSE);
	snprintf(other, sizeof(other), "%s/other", b.directory);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	memcpy(address.sun_path, other, strlen(other) + 1);
	CHECK_INT(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	CHECK_INT(http_server_listen(b.server, other, 0), 0);
	b.server = http_server_free(b.server);
	CHECK_INT(access(other, F_OK), -1);
	CHECK_INT(access(b.path, F_OK), -1);
}

static void test_no_socket_there(void)
{
	_cleanup_(bench_release) struct bench b;
	char file[96];
	int fd;

	bench_init(&b);
	snprintf(file, sizeof(file), "%s/file", b.directory);
	fd = open(file, O_CREAT | O_WRONLY, 0600);
	REQUIRE(fd >= 0);
	close(fd);
	CHECK_INT(http_server_listen(b.server, file, 0), -EADDRINUSE);
	CHECK_INT(unlink(file), 0);
}

/* Trouble is told at once, and then once a second with how often it was. */
static void test_trouble_is_rare(void)
{
	_cleanup_(bench_release) struct bench b = {.n_kept = 0};
	struct http_server_config config;
	int fds[3];

	bench_config(&b, &config);
	config.max_connections = 1;
	config.pause_ms = 0;
	bench_init_with(&b, &config);
	REQUIRE(http_server_listen(b.server, b.path, 0) == 0);
	fds[0] = bench_connect(&b);
	say(&b, fds[0], GET("/"));
	fds[1] = bench_connect(&b);
	fds[2] = bench_connect(&b);
	turns(&b, 20);
	CHECK_STR(buf_span(&b.log), "1 0 1\n");
	CHECK_INT(http_server_stats(b.server)->open, 1);
	for (size_t i = 0; i < 3; i++)
		close(fds[i]);
}

static void test_status_texts(void)
{
	CHECK_STR(span_str(http_status_text(200)), "OK");
	CHECK_STR(span_str(http_status_text(299)), "Unknown");
	CHECK_STR(span_str(http_method_name(HTTP_HEAD)), "HEAD");
	CHECK_STR(span_str(http_method_name(HTTP_OTHER)), "OTHER");
}

int main(void)
{
	static const struct check_case cases[] = {
		{"a request and its answer", test_request},
		{"answers of a turn in one write", test_one_write},
		{"a request stays until it is answered", test_request_stays},
		{"requests outlive the server", test_orphan},
		{"a problem", test_problem},
		{"headers with control characters", test_headers},
		{"fields of every answer", test_fields_of_all},
		{"TCP", test_tcp},
		{"a shared port", test_reuseport},
		{"bad addresses", test_bad_addresses},
		{"a unix path", test_unix_path},
		{"a path of something else", test_no_socket_there},
		{"trouble is told rarely", test_trouble_is_rare},
		{"texts of statuses and methods", test_status_texts},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
