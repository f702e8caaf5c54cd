/* SPDX-License-Identifier: MIT */
/*
 * What a browser and a cache get when they ask for the beacon; and that it is as small as promised.
 */
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <zlib.h>

#include "base/buf.h"
#include "check.h"
#include "collector/beacon.h"
#include "io/http_server.h"

/* What the beacon may weigh on the wire. */
enum { GZIP_MAX = 3072 };

struct bench {
	struct loop *loop;
	struct http_server *server;
	char directory[64];
	char path[80];
	char bytes[32768]; /* the last answer */
	size_t n;
};

static void on_request(void *arg, struct http_request *request)
{
	(void)arg;
	beacon_serve(request);
}

static void bench_init(struct bench *b)
{
	const char *tmp = getenv("TMPDIR");
	struct http_server_config config;

	*b = (struct bench){.n = 0};
	(void)snprintf(
		b->directory, sizeof(b->directory), "%s/waymark-beacon-XXXXXX", tmp ? tmp : "/tmp");
	assert(mkdtemp(b->directory));
	(void)snprintf(b->path, sizeof(b->path), "%s/socket", b->directory);
	http_server_config_init(&config);
	config.arg = b;
	config.handle = on_request;
	assert(loop_new(&b->loop) == 0);
	assert(http_server_new(b->loop, &config, &b->server) == 0);
	assert(http_server_listen(b->server, b->path, 0) == 0);
}

static void bench_release(struct bench *b)
{
	http_server_free(b->server);
	loop_free(b->loop);
	unlink(b->path);
	rmdir(b->directory);
}

/* Reads until the server has closed. */
static void hear(struct bench *b, int fd)
{
	ssize_t n;

	b->n = 0;
	do {
		CHECK_INT(loop_turn(b->loop, false), 0);
		n = recv(fd, b->bytes + b->n, sizeof(b->bytes) - b->n, MSG_DONTWAIT);
		if (n > 0)
			b->n += (size_t)n;
	} while (n > 0 || (n < 0 && errno == EAGAIN));
}

/* FIELDS: further lines of the request, each ended by CRLF. */
static void ask(struct bench *b, const char *method, const char *fields)
{
	_cleanup_(buf_release) struct buf request = BUF_INIT;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	buf_add_str(&request, method);
	buf_add_str(&request, " /waymark.js HTTP/1.1\r\nHost: h\r\nConnection: close\r\n");
	buf_add_str(&request, fields);
	buf_add_str(&request, "\r\n");
	assert(fd >= 0 && buf_failed(&request) == 0);
	memcpy(address.sun_path, b->path, strlen(b->path) + 1);
	assert(connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0);
	CHECK_INT(write(fd, request.ptr, request.len), (int64_t)request.len);
	hear(b, fd);
	close(fd);
}

static struct span head_of(const struct bench *b)
{
	for (size_t i = 0; i + 4 <= b->n; i++)
		if (memcmp(b->bytes + i, "\r\n\r\n", 4) == 0)
			return span_of(b->bytes, i + 2);
	return SPAN_EMPTY;
}

static struct span body_of(const struct bench *b)
{
	size_t at = head_of(b).len + 2;

	return at <= b->n ? span_of(b->bytes + at, b->n - at) : SPAN_EMPTY;
}

static int status_of(const struct bench *b)
{
	return b->n > 12 ? (int)strtol(b->bytes + 9, NULL, 10) : 0;
}

/* The value of a field of the answer, empty if there is none. */
static struct span field(const struct bench *b, const char *name)
{
	struct span head = head_of(b);
	size_t len = strlen(name);

	for (size_t i = 0; i + len + 4 < head.len; i++) {
		struct span rest = span_of(head.ptr + i, head.len - i);
		const char *end;

		if (memcmp(rest.ptr, "\r\n", 2) != 0 ||
			!span_equal_nocase(span_of(rest.ptr + 2, len), span_str(name)) ||
			rest.ptr[2 + len] != ':')
			continue;
		end = memchr(rest.ptr + 2, '\r', rest.len - 2);
		return span_trim(span_of(rest.ptr + len + 3,
			(size_t)(end ? end - rest.ptr - (ptrdiff_t)len - 3 : 0)));
	}
	return SPAN_EMPTY;
}

static void test_plain(void)
{
	_cleanup_(bench_release) struct bench b;

	bench_init(&b);
	ask(&b, "GET", "");
	CHECK_INT(status_of(&b), 200);
	CHECK_STR(field(&b, "content-type"), "text/javascript; charset=utf-8");
	CHECK_STR(field(&b, "cache-control"), "public, max-age=3600");
	CHECK_STR(field(&b, "vary"), "Accept-Encoding");
	CHECK_STR(field(&b, "access-control-allow-origin"), "*");
	CHECK_STR(field(&b, "content-encoding"), "");
	/* 16 digits in quotes. */
	CHECK_INT(field(&b, "etag").len, 18);
	CHECK(span_starts(body_of(&b), SPAN_LIT("(function(){'use strict';")));
}

static void test_head(void)
{
	_cleanup_(bench_release) struct bench b;
	char length[24];

	bench_init(&b);
	ask(&b, "GET", "");
	(void)snprintf(length, sizeof(length), "%zu", body_of(&b).len);
	ask(&b, "HEAD", "");
	CHECK_INT(status_of(&b), 200);
	CHECK_STR(field(&b, "content-length"), length);
	CHECK_INT(body_of(&b).len, 0);
}

static void test_gzip(void)
{
	_cleanup_(bench_release) struct bench b;
	z_stream stream = {.next_in = NULL};
	char out[32768];
	struct span body;

	bench_init(&b);
	ask(&b, "GET", "Accept-Encoding: gzip, deflate, br\r\n");
	body = body_of(&b);
	CHECK_STR(field(&b, "content-encoding"), "gzip");
	CHECK(body.len < GZIP_MAX);
	/* 16: expects gzip and checks its sum. */
	assert(inflateInit2(&stream, 16 + MAX_WBITS) == Z_OK);
	stream.next_in = (Bytef *)(uintptr_t)body.ptr;
	stream.avail_in = (uInt)body.len;
	stream.next_out = (Bytef *)out;
	stream.avail_out = sizeof(out);
	CHECK_INT(inflate(&stream, Z_FINISH), Z_STREAM_END);
	CHECK_INT(stream.avail_in, 0);
	inflateEnd(&stream);
	ask(&b, "GET", "");
	CHECK_SPAN(span_of(out, sizeof(out) - stream.avail_out), body_of(&b));
}

/* Asks with a field of that value, and others before it. */
static void ask_with(struct bench *b, const char *others, const char *name, const char *value)
{
	_cleanup_(buf_release) struct buf fields = BUF_INIT;

	buf_add_str(&fields, others);
	buf_add_str(&fields, name);
	buf_add_str(&fields, ": ");
	buf_add_str(&fields, value);
	buf_add(&fields, "\r\n", sizeof("\r\n"));
	assert(buf_failed(&fields) == 0);
	ask(b, "GET", fields.ptr);
}

static void test_accept_encoding(void)
{
	static const struct {
		const char *value;
		bool gzip;
	} cases[] = {
		{"gzip", true},
		{"GZIP", true},
		{"x-gzip", true},
		{"br , gzip;q=0.1", true},
		{"gzip; q=1.0", true},
		{"gzip;level=9;q=0.5", true},
		{"*", true},
		{"*;q=0", false},
		{"*, gzip;q=0", false},
		{"gzip;q=0, *", false},
		{"gzip;q=0.000", false},
		{"gzip; Q=0", false},
		{"", false},
		{",,;", false},
		{"identity", false},
		{"gzipped", false},
		{"br", false},
	};
	_cleanup_(bench_release) struct bench b;

	bench_init(&b);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ask_with(&b, "", "Accept-Encoding", cases[i].value);
		CHECK_INT(status_of(&b), 200);
		CHECK_STR(field(&b, "content-encoding"), cases[i].gzip ? "gzip" : "");
		CHECK_STR(field(&b, "vary"), "Accept-Encoding");
	}
}

static void test_not_modified(void)
{
	/* The value is BEFORE, the tag of the form that is asked for unless it is left out, AFTER.
	 */
	static const struct {
		const char *before, *after;
		bool without;
		int status;
	} cases[] = {
		{"", "", false, 304},
		{"W/", "", false, 304},
		{"\"other\", ", "", false, 304},
		{"\"other\" ,W/", " , \"more\"", false, 304},
		{"*", "", true, 304},
		{"\"other\"", "", true, 200},
		{"W/", "", true, 200},
		{"", "", true, 200},
		{"", "x", false, 200},
		{"x", "", false, 200},
	};
	_cleanup_(bench_release) struct bench b;

	bench_init(&b);
	for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		const char *accept = i % 2 ? "Accept-Encoding: gzip\r\n" : "";
		_cleanup_free_ char *tag = NULL;
		char value[128];

		ask(&b, "GET", accept);
		tag = span_dup(field(&b, "etag"));
		assert(tag);
		(void)snprintf(value, sizeof(value), "%s%s%s", cases[i / 2].before,
			cases[i / 2].without ? "" : tag, cases[i / 2].after);
		ask_with(&b, accept, "If-None-Match", value);
		CHECK_INT(status_of(&b), cases[i / 2].status);
		CHECK_STR(field(&b, "etag"), tag);
		CHECK_STR(field(&b, "vary"), "Accept-Encoding");
		CHECK((status_of(&b) == 304) == (body_of(&b).len == 0));
	}
}

/* A cache may not take one form for the other. */
static void test_tags_differ(void)
{
	_cleanup_(bench_release) struct bench b;
	_cleanup_free_ char *tag = NULL;

	bench_init(&b);
	ask(&b, "GET", "");
	tag = span_dup(field(&b, "etag"));
	assert(tag);
	ask_with(&b, "Accept-Encoding: gzip\r\n", "If-None-Match", tag);
	CHECK_INT(status_of(&b), 200);
}

static const struct check_case cases[] = {
	{"as it is", test_plain},
	{"HEAD", test_head},
	{"gzip: under 3 KiB, and the same script", test_gzip},
	{"who takes gzip", test_accept_encoding},
	{"who has it already", test_not_modified},
	{"the two forms have tags of their own", test_tags_differ},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
