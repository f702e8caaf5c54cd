/* SPDX-License-Identifier: MIT */
/*
 * A small server for the scripts that attack ours over sockets, and for measuring it alone.
 *
 *	echo_server ADDRESS [name=value]…      settings: see `settings` below
 *
 * Prints `port N` when it listens, one line `trouble KIND ERROR TIMES` for each trouble, and
 * `stopped` when SIGTERM has made it stop in good order. The end of its standard input, which is
 * the end of the script, ends it at once, whatever is unanswered.
 *
 *	/echo      the body back                /later   the same, from a timer
 *	/hold      answered by /release         /held    how many are held, and how many of those
 *gone /describe  what was understood          /stats   the counters /head401   refused before the
 *body      /small   bodies up to 10 bytes /big/N     N bytes
 */
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "base/buf.h"
#include "io/http_server.h"
#include "io/problem.h"
#include "io/router.h"

enum { HELD_MAX = 4096 };

struct echo {
	struct loop *loop;
	struct http_server *server;
	struct watch *input;
	struct http_request *held[HELD_MAX];
	size_t n_held;
};

struct late {
	struct timer timer;
	struct http_request *request;
};

static void on_echo(void *arg, struct http_request *req, const struct route_params *params)
{
	(void)arg;
	(void)params;
	http_respond(req, 200, "application/octet-stream", SPAN_EMPTY, http_request_body(req));
}

static void on_late(void *arg)
{
	struct late *late = arg;

	on_echo(NULL, late->request, NULL);
	free(late);
}

static void on_later(void *arg, struct http_request *req, const struct route_params *params)
{
	struct echo *echo = arg;
	struct late *late = calloc(1, sizeof(*late));

	(void)params;
	assert(late);
	late->request = req;
	timer_init(&late->timer, echo->loop, on_late, late);
	timer_set_in(&late->timer, 0);
}

static void on_hold(void *arg, struct http_request *req, const struct route_params *params)
{
	struct echo *echo = arg;

	(void)params;
	assert(echo->n_held < HELD_MAX);
	echo->held[echo->n_held++] = req;
}

static void release_held(struct echo *echo)
{
	/* The last first: answers must come in the order of the requests all the same. */
	while (echo->n_held > 0)
		on_echo(NULL, echo->held[--echo->n_held], NULL);
}

static void on_release(void *arg, struct http_request *req, const struct route_params *params)
{
	(void)params;
	release_held(arg);
	http_respond(req, 204, NULL, SPAN_EMPTY, SPAN_EMPTY);
}

static void respond_text(struct http_request *req, struct buf *text)
{
	http_respond(req, 200, "text/plain", SPAN_EMPTY, buf_span(text));
}

static void on_held(void *arg, struct http_request *req, const struct route_params *params)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	struct echo *echo = arg;
	size_t gone = 0;

	(void)params;
	for (size_t i = 0; i < echo->n_held; i++)
		gone += !http_request_is_alive(echo->held[i]);
	buf_printf(&text, "%zu %zu", echo->n_held, gone);
	respond_text(req, &text);
}

static void on_describe(void *arg, struct http_request *req, const struct route_params *params)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	const struct http_head *head = http_request_head(req);
	char peer[HTTP_PEER_SIZE];

	(void)arg;
	(void)params;
	http_request_peer(req, peer);
	buf_add_span(&text, http_request_method_text(req));
	buf_add_str(&text, "\n");
	buf_add_span(&text, http_request_path(req));
	buf_add_str(&text, "\n");
	buf_add_span(&text, http_request_query(req));
	buf_printf(&text, "\n%u fields\npeer %s\nX-Test: ", head->n_fields, peer);
	buf_add_span(&text, http_request_header(req, "X-Test"));
	buf_add_str(&text, "\n");
	buf_add_span(&text, http_request_body(req));
	respond_text(req, &text);
}

static void on_stats(void *arg, struct http_request *req, const struct route_params *params)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	const struct echo *echo = arg;
	const struct http_stats *s = http_server_stats(echo->server);

	(void)params;
	buf_printf(&text,
		"{\"connections\":%llu,\"requests\":%llu,\"refused\":%llu,\"timeouts\":%llu,"
		"\"evicted\":%llu,\"accept_fails\":%llu,\"open\":%zu,\"unanswered\":%zu,"
		"\"shed\":%llu,\"answers\":%zu}",
		(unsigned long long)s->connections, (unsigned long long)s->requests,
		(unsigned long long)s->refused, (unsigned long long)s->timeouts,
		(unsigned long long)s->evicted, (unsigned long long)s->accept_fails, s->open,
		s->unanswered, (unsigned long long)s->shed, s->answers_held);
	respond_text(req, &text);
}

static void on_big(void *arg, struct http_request *req, const struct route_params *params)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	uint64_t n;

	(void)arg;
	if (span_to_u64(params->values[0], INT64_C(64) * 1024 * 1024, &n) != 0)
		n = 0;
	for (uint64_t i = 0; i < n; i++)
		buf_add_char(&text, (char)('a' + i % 26));
	respond_text(req, &text);
}

static const struct route routes[] = {
	{HTTP_POST, "/echo", on_echo},
	{HTTP_GET, "/echo", on_echo},
	{HTTP_PUT, "/echo", on_echo},
	{HTTP_POST, "/later", on_later},
	{HTTP_GET, "/later", on_later},
	{HTTP_POST, "/hold", on_hold},
	{HTTP_GET, "/hold", on_hold},
	{HTTP_POST, "/release", on_release},
	{HTTP_GET, "/held", on_held},
	{HTTP_GET, "/describe", on_describe},
	{HTTP_POST, "/describe", on_describe},
	{HTTP_OPTIONS, "/describe", on_describe},
	{HTTP_GET, "/stats", on_stats},
	{HTTP_GET, "/big/{n}", on_big},
	{HTTP_POST, "/small", on_echo},
	{HTTP_POST, "/head401", on_echo},
};

static void on_request(void *arg, struct http_request *req)
{
	const struct router router = {routes, ARRAY_SIZE(routes), arg};

	router_dispatch(&router, req);
}

static void on_head(void *arg, struct http_request *req, size_t *body_max)
{
	(void)arg;
	if (span_is(http_request_path(req), "/head401"))
		http_respond_problem(req, 401, "unknown_key", "The write key is unknown.", NULL);
	else if (span_is(http_request_path(req), "/small"))
		*body_max = 10;
}

static void on_trouble(void *arg, enum http_trouble trouble, int error, uint64_t times)
{
	(void)arg;
	printf("trouble %d %d %llu\n", (int)trouble, error, (unsigned long long)times);
	fflush(stdout);
}

static const struct setting {
	const char *name;
	size_t offset;
	size_t size;
} settings[] = {
#define SETTING(NAME)                                                                              \
	{                                                                                          \
#NAME, offsetof(struct http_server_config, NAME),                                  \
			sizeof(((struct http_server_config *)NULL)->NAME)                          \
	}
	SETTING(body_max),
	SETTING(max_connections),
	SETTING(max_pipeline),
	SETTING(max_pinned),
	SETTING(max_unsent),
	SETTING(max_bodies),
	SETTING(max_answers),
	SETTING(header_ms),
	SETTING(body_ms),
	SETTING(idle_ms),
	SETTING(write_ms),
	SETTING(linger_ms),
	SETTING(pause_ms),
	SETTING(limits.head_size),
	SETTING(limits.fields),
	SETTING(limits.target_size),
	SETTING(limits.trailer_size),
#undef SETTING
};

static bool set(struct http_server_config *config, const char *text)
{
	const char *equals = strchr(text, '=');
	uint64_t value;

	if (!equals)
		return false;
	if (strncmp(text, "host=", 5) == 0) {
		config->limits.host = equals + 1;
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		unsigned narrow;

		if (!span_is(span_of(text, (size_t)(equals - text)), settings[i].name) ||
			span_to_u64(span_str(equals + 1), INT64_MAX, &value) != 0)
			continue;
		narrow = (unsigned)value;
		memcpy((char *)config + settings[i].offset,
			settings[i].size == sizeof(narrow) ? (const void *)&narrow
							   : (const void *)&value,
			settings[i].size);
		return true;
	}
	return false;
}

static void on_stopped(void *arg)
{
	struct echo *echo = arg;

	printf("stopped\n");
	loop_stop(echo->loop);
}

static void on_signal(void *arg, int signo)
{
	struct echo *echo = arg;

	(void)signo;
	http_server_stop(echo->server, on_stopped, echo);
}

static void on_input(void *arg, unsigned ready)
{
	struct echo *echo = arg;
	char byte;

	(void)ready;
	if (read(STDIN_FILENO, &byte, 1) == 0)
		loop_stop(echo->loop);
}

static int run(const char *address, const struct http_server_config *config, struct echo *echo)
{
	_cleanup_(loop_freep) struct loop *loop = NULL;
	_cleanup_(http_server_freep) struct http_server *server = NULL;
	int r = loop_new(&loop);

	if (r < 0)
		return r;
	echo->loop = loop;
	r = http_server_new(loop, config, &server);
	if (r < 0)
		return r;
	echo->server = server;
	r = http_server_listen(server, address, 0);
	if (r == 0)
		r = watch_new(loop, STDIN_FILENO, on_input, echo, &echo->input);
	if (r == 0)
		r = loop_on_signal(loop, SIGTERM, on_signal, echo);
	if (r < 0)
		return r;
	/* Standard input may be a file or /dev/null, which cannot be waited for. */
	(void)watch_set(echo->input, WATCH_READ);
	printf("port %u\n", http_server_port(server));
	fflush(stdout);
	r = loop_run(loop);
	echo->input = watch_free(echo->input);
	server = http_server_free(server);
	release_held(echo);
	return r;
}

int main(int argc, char **argv)
{
	struct echo echo = {.n_held = 0};
	struct http_server_config config;
	int r;

	http_server_config_init(&config);
	config.arg = &echo;
	config.handle = on_request;
	config.head = on_head;
	config.trouble = on_trouble;
	for (int i = 2; i < argc; i++)
		if (!set(&config, argv[i]))
			return 2;
	if (argc < 2)
		return 2;
	r = run(argv[1], &config, &echo);
	if (r < 0)
		fprintf(stderr, "%s\n", strerror(-r));
	return r < 0 ? 1 : 0;
}
