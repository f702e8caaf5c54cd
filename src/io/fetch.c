/* SPDX-License-Identifier: MIT */
/*
 * The URL is held to a form that all parsers read alike, before anything else looks at it: a host
 * of letters, digits, dots and dashes, so that no name, password, bracket, backslash or escape can
 * make two readers see two hosts.
 */
#include "io/fetch.h"

#include "base/buf.h"
#include "io/public_address.h"

#define HTTPS_PORT 443

struct fetcher {
	struct fetch_options options;
	struct http_client *client;
	struct errand *errands; /* under way */
	size_t n;
};

struct errand {
	struct errand *next, *prev;
	struct fetcher *fetcher;
	http_answer_fn fn;
	void *user;
};

void fetch_options_init(struct fetch_options *options)
{
	*options = (struct fetch_options){.max = 8,
		.deadline_ms = 5 * MS_SECOND,
		.max_body = (size_t)64 * 1024,
		.port = HTTPS_PORT};
}

static bool may_connect(void *arg, const struct sockaddr *address, size_t len)
{
	(void)arg;
	return address_is_public(address, len);
}

int fetcher_new(
	struct loop *loop, const struct fetch_options *options, struct fetcher **ret_fetcher)
{
	_cleanup_(fetcher_freep) struct fetcher *f = calloc(1, sizeof(*f));
	struct http_client_options client;
	int r;

	if (!f)
		return -ENOMEM;
	f->options = *options;
	http_client_options_init(&client);
	client.max_connections = (long)options->max;
	client.connect_timeout_ms = options->deadline_ms;
	client.max_body = options->max_body;
	client.guarded = true;
	client.ca_file = options->ca_file;
	client.connect_to = options->connect_to;
	if (!options->any_address && !options->connect_to)
		client.may_connect = may_connect;
	r = http_client_new(loop, &client, &f->client);
	if (r < 0)
		return r;
	*ret_fetcher = f;
	f = NULL;
	return 0;
}

struct fetcher *fetcher_free(struct fetcher *f)
{
	if (!f)
		return NULL;
	http_client_free(f->client);
	while (f->errands) {
		struct errand *next = f->errands->next;

		free(f->errands);
		f->errands = next;
	}
	free(f);
	return NULL;
}

void fetcher_freep(struct fetcher **f)
{
	*f = fetcher_free(*f);
}

/* ---- URLs ---------------------------------------------------------------------------------- */

static bool is_host_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.';
}

/* Takes the host off the front of *s. */
static struct span take_host(struct span *s)
{
	struct span host = span_of(s->ptr, 0);

	while (host.len < s->len && is_host_char(s->ptr[host.len]))
		host.len++;
	*s = span_of(s->ptr + host.len, s->len - host.len);
	return host;
}

/* Takes `:PORT` off the front of *s, if it is there. */
static bool take_port(struct span *s, uint64_t *ret_port)
{
	size_t n = 1;

	*ret_port = HTTPS_PORT;
	if (s->len == 0 || s->ptr[0] != ':')
		return true;
	while (n < s->len && s->ptr[n] >= '0' && s->ptr[n] <= '9')
		n++;
	if (span_to_u64(span_of(s->ptr + 1, n - 1), UINT16_MAX, ret_port) != 0)
		return false;
	*s = span_of(s->ptr + n, s->len - n);
	return true;
}

static bool is_path(struct span s)
{
	if (s.len > 0 && s.ptr[0] != '/')
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] <= ' ' || s.ptr[i] > '~' || s.ptr[i] == '#' || s.ptr[i] == '\\')
			return false;
	return true;
}

static int check_url(const struct fetch_options *options, struct span url)
{
	static const struct span https = {"https://", 8};
	struct span rest, host;
	uint64_t port;

	if (url.len > FETCH_URL_MAX || !span_starts(url, https))
		return FETCH_BAD_URL;
	rest = span_of(url.ptr + https.len, url.len - https.len);
	host = take_host(&rest);
	if (host.len == 0 || !take_port(&rest, &port) || port != options->port || !is_path(rest))
		return FETCH_BAD_URL;
	return options->host_ok && !options->host_ok(options->arg, host) ? FETCH_BAD_HOST : 0;
}

/* ---- fetches ------------------------------------------------------------------------------- */

static void on_answer(void *user, const struct http_answer *answer)
{
	struct errand *e = user;
	struct fetcher *f = e->fetcher;
	http_answer_fn fn = e->fn;

	if (e->prev)
		e->prev->next = e->next;
	else
		f->errands = e->next;
	if (e->next)
		e->next->prev = e->prev;
	f->n--;
	user = e->user;
	free(e);
	fn(user, answer);
}

static int begin(struct fetcher *f, struct errand *e, struct span url)
{
	_cleanup_free_ char *text = span_dup(url);
	const struct http_call call = {
		.method = "GET", .url = text, .timeout_ms = f->options.deadline_ms};

	return text ? http_client_send(f->client, &call, on_answer, e) : -ENOMEM;
}

int fetcher_get(struct fetcher *f, struct span url, http_answer_fn fn, void *user)
{
	int r = check_url(&f->options, url);
	struct errand *e;

	if (r != 0)
		return r;
	if (f->n >= f->options.max)
		return FETCH_BUSY;
	e = calloc(1, sizeof(*e));
	if (!e)
		return -ENOMEM;
	*e = (struct errand){.next = f->errands, .fetcher = f, .fn = fn, .user = user};
	r = begin(f, e, url);
	if (r != 0) {
		free(e);
		return r == -EINVAL ? FETCH_BAD_URL : r;
	}
	if (e->next)
		e->next->prev = e;
	f->errands = e;
	f->n++;
	return 0;
}
