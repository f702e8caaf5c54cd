/* SPDX-License-Identifier: MIT */
/*
 * libcurl's multi interface between our watches and one timer. It says which descriptors it wants
 * to hear of and when it wants to be called; we call it then, and look who is done. Calls that are
 * done are handed out at the end of the turn, so that their functions may free the client.
 */
#include "io/http_client.h"

#include <curl/curl.h>
#include <sys/socket.h>

#include "base/buf.h"

#define HEAD_MAX ((size_t)64 * 1024) /* bytes of all header fields of an answer */

struct call {
	struct call *next; /* of its list */
	struct call *prev;
	struct http_client *client;
	CURL *easy;
	struct curl_slist *headers;
	struct curl_slist *connect_to;
	struct buf body;
	size_t head;  /* bytes of it so far */
	bool refused; /* an address was, by may_connect */
	CURLcode result;
	char error[CURL_ERROR_SIZE];
	http_answer_fn fn;
	void *user;
};

struct http_client {
	struct loop *loop;
	struct http_client_options options;
	CURLM *multi;
	struct timer timer;
	struct deferred answers;
	struct call *calls; /* under way */
	struct call *done;  /* to be answered, oldest first */
	struct call **done_end;
	bool answering; /* a function runs … */
	bool freed;	/* … and has freed us: go when it returns */
};

/* A descriptor that curl looks at. */
struct ear {
	struct watch *watch;
	struct http_client *client;
	curl_socket_t fd;
};

void http_client_options_init(struct http_client_options *options)
{
	*options = (struct http_client_options){
		.max_connections = 4, .connect_timeout_ms = 2 * MS_SECOND, .max_body = 1 << 20};
}

/* From those under way to those to be answered. */
static void finish(struct http_client *client, struct call *call, CURLcode result)
{
	call->result = result;
	curl_multi_remove_handle(client->multi, call->easy);
	if (call->prev)
		call->prev->next = call->next;
	else
		client->calls = call->next;
	if (call->next)
		call->next->prev = call->prev;
	call->next = NULL;
	*client->done_end = call;
	client->done_end = &call->next;
	deferred_ask(&client->answers);
}

static void collect(struct http_client *client)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(client->multi, &left))) {
		struct call *call;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&call);
		finish(client, call, message->data.result);
	}
}

static void act(struct http_client *client, curl_socket_t fd, int events)
{
	int running;

	curl_multi_socket_action(client->multi, fd, events, &running);
	collect(client);
}

static void on_ready(void *arg, unsigned ready)
{
	struct ear *ear = arg;
	int events = 0;

	if (ready & WATCH_READ)
		events |= CURL_CSELECT_IN;
	if (ready & WATCH_WRITE)
		events |= CURL_CSELECT_OUT;
	act(ear->client, ear->fd, events);
}

static void on_time(void *arg)
{
	act(arg, CURL_SOCKET_TIMEOUT, 0);
}

static struct ear *ear_free(struct ear *ear)
{
	if (ear)
		watch_free(ear->watch);
	free(ear);
	return NULL;
}

/* curl says what it wants to hear of FD. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *socket_user)
{
	struct http_client *client = user;
	struct ear *ear = socket_user;
	unsigned interest = 0;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		ear_free(ear);
		return 0;
	}
	if (!ear) {
		ear = calloc(1, sizeof(*ear));
		if (!ear || watch_new(client->loop, fd, on_ready, ear, &ear->watch) < 0) {
			free(ear);
			return -1;
		}
		ear->client = client;
		ear->fd = fd;
		curl_multi_assign(client->multi, fd, ear);
	}
	if (what & CURL_POLL_IN)
		interest |= WATCH_READ;
	if (what & CURL_POLL_OUT)
		interest |= WATCH_WRITE;
	return watch_set(ear->watch, interest) < 0 ? -1 : 0;
}

static int on_timeout_wanted(CURLM *multi, long ms, void *user)
{
	struct http_client *client = user;

	(void)multi;
	if (ms >= 0)
		return timer_set_in(&client->timer, ms) < 0 ? -1 : 0;
	timer_stop(&client->timer);
	return 0;
}

static struct call *call_free(struct call *call)
{
	if (!call)
		return NULL;
	if (call->easy)
		curl_easy_cleanup(call->easy);
	curl_slist_free_all(call->headers);
	curl_slist_free_all(call->connect_to);
	buf_release(&call->body);
	free(call);
	return NULL;
}

static void call_freep(struct call **call)
{
	*call = call_free(*call);
}

static const char *reason(const struct call *call)
{
	if (call->refused && call->result == CURLE_COULDNT_CONNECT)
		return "its address is none that may be connected to";
	return call->error[0] ? call->error : curl_easy_strerror(call->result);
}

static void answer(struct call *call)
{
	struct http_answer a = {.error = "", .retry_after_ms = -1, .body = buf_span(&call->body)};
	curl_off_t seconds = 0;
	long status = 0;

	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(call->easy, CURLINFO_RETRY_AFTER, &seconds);
	if (call->result == CURLE_OK) {
		a.status = (int)status;
		if (seconds > 0)
			a.retry_after_ms = (int64_t)seconds * MS_SECOND;
	} else {
		a.error = reason(call);
		a.body = SPAN_EMPTY;
	}
	call->fn(call->user, &a);
}

static void on_answers(void *arg)
{
	struct http_client *client = arg;
	struct call *call;

	client->answering = true;
	while (!client->freed && (call = client->done)) {
		client->done = call->next;
		if (!client->done)
			client->done_end = &client->done;
		answer(call);
		call_free(call);
	}
	client->answering = false;
	if (client->freed)
		free(client);
}

int http_client_new(struct loop *loop, const struct http_client_options *options,
	struct http_client **ret_client)
{
	struct http_client *client = calloc(1, sizeof(*client));

	if (!client)
		return -ENOMEM;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(client);
		return -ENOMEM;
	}
	client->loop = loop;
	client->options = *options;
	client->done_end = &client->done;
	timer_init(&client->timer, loop, on_time, client);
	deferred_init(&client->answers, loop, on_answers, client);
	client->multi = curl_multi_init();
	if (!client->multi) {
		http_client_free(client);
		return -ENOMEM;
	}
	curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
	curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_timeout_wanted);
	curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
	curl_multi_setopt(client->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, options->max_connections);
	*ret_client = client;
	return 0;
}

static void free_calls(struct http_client *client, struct call *call)
{
	while (call) {
		struct call *next = call->next;

		curl_multi_remove_handle(client->multi, call->easy);
		call_free(call);
		call = next;
	}
}

struct http_client *http_client_free(struct http_client *client)
{
	if (!client)
		return NULL;
	free_calls(client, client->calls);
	free_calls(client, client->done);
	if (client->multi)
		curl_multi_cleanup(client->multi);
	timer_stop(&client->timer);
	deferred_stop(&client->answers);
	curl_global_cleanup();
	if (client->answering)
		client->freed = true;
	else
		free(client);
	return NULL;
}

void http_client_freep(struct http_client **client)
{
	*client = http_client_free(*client);
}

static size_t on_body(char *ptr, size_t size, size_t n, void *user)
{
	struct call *call = user;

	if (call->body.len + size * n > call->client->options.max_body)
		return 0;
	buf_add(&call->body, ptr, size * n);
	return buf_failed(&call->body) ? 0 : size * n;
}

/* The type is curl's. NOLINTNEXTLINE(readability-non-const-parameter) */
static size_t on_head(char *ptr, size_t size, size_t n, void *user)
{
	struct call *call = user;

	(void)ptr;
	call->head += size * n;
	return call->head > HEAD_MAX ? 0 : size * n;
}

static curl_socket_t on_open(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct call *call = user;
	const struct http_client_options *options = &call->client->options;

	(void)purpose;
	if (options->may_connect &&
		!options->may_connect(options->arg, &address->addr, address->addrlen)) {
		call->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static int add_headers(struct call *call, const char *const *headers)
{
	/* curl would wait for a 100 before it sends a large body. */
	static const char *const own[] = {"Expect:", NULL};
	const char *const *lists[] = {own, headers};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		for (const char *const *h = lists[i]; h && *h; h++) {
			struct curl_slist *longer = curl_slist_append(call->headers, *h);

			if (!longer)
				return -ENOMEM;
			call->headers = longer;
		}
	}
	return 0;
}

static void set_body(CURL *easy, const struct http_call *what)
{
	if (what->body.len == 0 && strcmp(what->method, "GET") == 0)
		return;
	curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)what->body.len);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, what->body.len ? what->body.ptr : "");
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, what->method);
}

/* The texts that curl copies; those can fail. */
static bool set_texts(CURL *easy, const struct http_call *what)
{
	return curl_easy_setopt(easy, CURLOPT_URL, what->url) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
	       (!what->socket || curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, what->socket) ==
					 CURLE_OK) &&
	       (!what->user || (curl_easy_setopt(easy, CURLOPT_USERNAME, what->user) == CURLE_OK &&
				       curl_easy_setopt(easy, CURLOPT_PASSWORD, "") == CURLE_OK));
}

/* What holds for every call of the client. */
static int set_options(struct call *call)
{
	const struct http_client_options *options = &call->client->options;
	CURL *easy = call->easy;

	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, call);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)options->connect_timeout_ms);
	/* A name server that does not answer must not hold up the loop when time is up. */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	if (options->connect_to) {
		_cleanup_(buf_release) struct buf text = BUF_INIT;

		buf_printf(&text, "::%s", options->connect_to);
		buf_add_char(&text, '\0');
		call->connect_to = buf_failed(&text) ? NULL : curl_slist_append(NULL, text.ptr);
		if (!call->connect_to)
			return -ENOMEM;
		curl_easy_setopt(easy, CURLOPT_CONNECT_TO, call->connect_to);
	}
	if (options->ca_file) {
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
		if (curl_easy_setopt(easy, CURLOPT_CAINFO, options->ca_file) != CURLE_OK)
			return -ENOMEM;
	}
	if (!options->guarded)
		return 0;
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK ? 0 : -ENOMEM;
}

static int prepare(struct call *call, const struct http_call *what)
{
	CURL *easy = call->easy = curl_easy_init();
	int r;

	if (!easy)
		return -ENOMEM;
	r = add_headers(call, what->headers);
	if (r < 0)
		return r;
	if (!set_texts(easy, what))
		return -ENOMEM;
	set_body(easy, what);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->headers);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->error);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_head);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)what->timeout_ms);
	return set_options(call);
}

int http_client_send(
	struct http_client *client, const struct http_call *what, http_answer_fn fn, void *user)
{
	_cleanup_(call_freep) struct call *call = calloc(1, sizeof(*call));
	CURLMcode code;
	int r;

	if (!call)
		return -ENOMEM;
	call->client = client;
	call->fn = fn;
	call->user = user;
	r = prepare(call, what);
	if (r < 0)
		return r;
	code = curl_multi_add_handle(client->multi, call->easy);
	if (code != CURLM_OK)
		return code == CURLM_OUT_OF_MEMORY ? -ENOMEM : -EINVAL;
	call->next = client->calls;
	if (call->next)
		call->next->prev = call;
	client->calls = call;
	call = NULL;
	return 0;
}

struct waiting {
	struct arena *arena;
	struct http_answer answer;
	bool done, failed;
};

static void on_awaited(void *user, const struct http_answer *a)
{
	struct waiting *w = user;
	struct span error = arena_copy(w->arena, span_str(a->error));
	struct span body = arena_copy(w->arena, a->body);

	w->done = true;
	w->failed = !error.ptr || !body.ptr;
	w->answer = *a;
	w->answer.error = error.ptr;
	w->answer.body = body;
}

int http_client_call(struct http_client *client, const struct http_call *what, struct arena *a,
	struct http_answer *ret_answer)
{
	struct waiting w = {.arena = a};
	int r = http_client_send(client, what, on_awaited, &w);

	while (r == 0 && !w.done)
		r = loop_turn(client->loop, true);
	if (r == 0 && w.failed)
		r = -ENOMEM;
	if (r == 0)
		*ret_answer = w.answer;
	return r;
}
