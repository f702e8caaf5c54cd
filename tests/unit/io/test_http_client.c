/* SPDX-License-Identifier: MIT */
/* The client against our own server in the same loop, over TCP and over a unix socket. */
#include "io/http_client.h"

#include <unistd.h>

#include "base/buf.h"
#include "check.h"
#include "io/http_server.h"

#define BODY_MAX 1000

struct world {
	struct loop *loop;
	struct http_server *server;
	struct http_client *client;
	struct arena arena;
	struct http_request *held; /* a request that is not answered */
	int answered;
	int last_status;
	char url[64];
};

/* What the paths do: /echo, /auth, /later (429), /large-N, /hold. */
static void on_request(void *arg, struct http_request *request)
{
	struct world *w = arg;
	struct span path = http_request_path(request);
	_cleanup_(buf_release) struct buf out = BUF_INIT;

	if (span_is(path, "/echo")) {
		buf_add_span(&out, http_request_method_text(request));
		buf_add_char(&out, ' ');
		buf_add_span(&out, http_request_header(request, "X-Mine"));
		buf_add_char(&out, ' ');
		buf_add_span(&out, http_request_body(request));
		http_respond(request, 200, "text/plain", SPAN_EMPTY, buf_span(&out));
	} else if (span_is(path, "/auth")) {
		http_respond(request, 200, "text/plain", SPAN_EMPTY,
			http_request_header(request, "Authorization"));
	} else if (span_is(path, "/later")) {
		http_respond(request, 429, NULL, SPAN_LIT("Retry-After: 7\r\n"), SPAN_EMPTY);
	} else if (span_is(path, "/moved")) {
		http_respond(request, 302, NULL, SPAN_LIT("Location: /echo\r\n"), SPAN_EMPTY);
	} else if (span_is(path, "/most") || span_is(path, "/more")) {
		size_t n = BODY_MAX + (span_is(path, "/more") ? 1 : 0);

		memset(buf_reserve(&out, n), 'x', n);
		buf_commit(&out, n);
		http_respond(request, 200, "text/plain", SPAN_EMPTY, buf_span(&out));
	} else {
		w->held = request;
	}
}

static bool open_world(struct world *w, const char *address)
{
	struct http_server_config config;
	struct http_client_options options;

	*w = (struct world){0};
	http_server_config_init(&config);
	config.arg = w;
	config.handle = on_request;
	http_client_options_init(&options);
	options.max_body = BODY_MAX;
	arena_init(&w->arena);
	if (loop_new(&w->loop) < 0 || http_server_new(w->loop, &config, &w->server) < 0 ||
		http_server_listen(w->server, address, 0) < 0 ||
		http_client_new(w->loop, &options, &w->client) < 0)
		return false;
	snprintf(w->url, sizeof(w->url), "http://127.0.0.1:%u", http_server_port(w->server));
	return true;
}

static void close_world(struct world *w)
{
	http_client_free(w->client);
	if (w->held)
		http_respond(w->held, 200, NULL, SPAN_EMPTY, SPAN_EMPTY);
	http_server_free(w->server);
	loop_free(w->loop);
	arena_release(&w->arena);
}

static struct http_answer ask(struct world *w, struct http_call call, const char *path)
{
	struct http_answer a = {.status = -1, .error = ""};
	char url[96];

	snprintf(url, sizeof(url), "%s%s", call.url ? call.url : w->url, path);
	call.url = url;
	if (!call.method)
		call.method = "GET";
	CHECK_INT(http_client_call(w->client, &call, &w->arena, &a), 0);
	return a;
}

static void requests_arrive_as_written(void)
{
	static const char *const headers[] = {"X-Mine: here", NULL};
	_cleanup_(close_world) struct world w;
	struct http_call call = {.headers = headers};
	struct http_answer a;

	REQUIRE(open_world(&w, "127.0.0.1:0"));
	a = ask(&w, call, "/echo");
	CHECK_INT(a.status, 200);
	CHECK_STR(a.body, "GET here ");
	CHECK_INT(a.retry_after_ms, -1);
	call.method = "POST";
	call.body = SPAN_LIT("{\"a\":1}");
	CHECK_STR(ask(&w, call, "/echo").body, "POST here {\"a\":1}");
	call.body = SPAN_EMPTY;
	CHECK_STR(ask(&w, call, "/echo").body, "POST here ");
	/* RFC 7617: base64 of "wk_1:". */
	call.user = "wk_1";
	CHECK_STR(ask(&w, call, "/auth").body, "Basic d2tfMTo=");
	/* All of that over one connection. */
	CHECK_INT(http_server_stats(w.server)->connections, 1);
}

static void answers_are_told_as_they_are(void)
{
	_cleanup_(close_world) struct world w;
	struct http_answer a;

	REQUIRE(open_world(&w, "127.0.0.1:0"));
	a = ask(&w, (struct http_call){0}, "/later");
	CHECK_INT(a.status, 429);
	CHECK_INT(a.retry_after_ms, 7000);
	CHECK_INT(ask(&w, (struct http_call){0}, "/moved").status, 302);
	a = ask(&w, (struct http_call){0}, "/most");
	CHECK_INT(a.status, 200);
	CHECK_INT(a.body.len, BODY_MAX);
	a = ask(&w, (struct http_call){0}, "/more");
	CHECK_INT(a.status, 0);
	CHECK(a.error[0] != '\0');
}

static void no_answer_is_told_too(void)
{
	_cleanup_(close_world) struct world w;
	struct http_call call = {.timeout_ms = 50};
	struct http_answer a;

	REQUIRE(open_world(&w, "127.0.0.1:0"));
	a = ask(&w, call, "/hold");
	REQUIRE(w.held);
	CHECK_INT(a.status, 0);
	CHECK(strstr(a.error, "timed out") != NULL);
	http_respond(w.held, 200, NULL, SPAN_EMPTY, SPAN_EMPTY);
	w.held = NULL;
	http_server_free(w.server);
	w.server = NULL;
	a = ask(&w, (struct http_call){0}, "/echo");
	CHECK_INT(a.status, 0);
	CHECK(a.error[0] != '\0');
	/* A scheme that nobody asked for. */
	a = ask(&w, (struct http_call){.url = "file:///etc"}, "/passwd");
	CHECK_INT(a.status, 0);
}

static void a_unix_socket_will_do(void)
{
	_cleanup_(close_world) struct world w;
	char path[64];
	struct http_call call = {.url = "http://waymark", .socket = path};

	snprintf(path, sizeof(path), "/tmp/wm-client-%d", (int)getpid());
	REQUIRE(open_world(&w, path));
	CHECK_STR(ask(&w, call, "/echo").body, "GET  ");
	http_server_free(w.server);
	w.server = NULL;
	unlink(path);
}

static void on_answer(void *user, const struct http_answer *a)
{
	struct world *w = user;

	w->answered++;
	w->last_status = a->status;
	if (w->answered == 2)
		w->client = http_client_free(w->client);
}

static void a_function_may_free_the_client(void)
{
	_cleanup_(close_world) struct world w;
	struct http_call call = {.method = "GET"};
	char url[96];

	REQUIRE(open_world(&w, "127.0.0.1:0"));
	snprintf(url, sizeof(url), "%s/echo", w.url);
	call.url = url;
	for (int i = 0; i < 6; i++)
		CHECK_INT(http_client_send(w.client, &call, on_answer, &w), 0);
	CHECK_INT(w.answered, 0);
	while (w.client)
		REQUIRE(loop_turn(w.loop, true) == 0);
	CHECK_INT(w.answered, 2);
	CHECK_INT(w.last_status, 200);
	CHECK(http_server_stats(w.server)->connections <= 4);
}

static const struct check_case cases[] = {
	{"requests arrive as written", requests_arrive_as_written},
	{"answers are told as they are", answers_are_told_as_they_are},
	{"no answer is told too", no_answer_is_told_too},
	{"a unix socket will do", a_unix_socket_will_do},
	{"a function may free the client", a_function_may_free_the_client},
};

int main(void)
{
	return check_run(cases, ARRAY_SIZE(cases));
}
