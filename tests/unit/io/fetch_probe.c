/* SPDX-License-Identifier: MIT */
/*
 * Fetches one URL, or several at once, and says what came of each: `200 5` (status and bytes), a
 * reason in words, or the name of a refusal. Names in .test have the addresses that the environment
 * gives them (NAMES, `a.test=10.0.0.1,::1 b.test=…`; `slow` is a name server that never answers).
 *
 * usage: fetch_probe [--ca FILE] [--port N] [--connect HOST:PORT] [--host NAME] [--any]
 *                    [--deadline MS] [--max N] URL…
 */
#include <dlfcn.h>
#include <netdb.h>
#include <unistd.h>

#include "base/base.h"
#include "io/fetch.h"

/* ---- names --------------------------------------------------------------------------------- */

typedef int (*getaddrinfo_fn)(
	const char *, const char *, const struct addrinfo *, struct addrinfo **);

static getaddrinfo_fn libc_getaddrinfo(void)
{
	getaddrinfo_fn fn;
	void *symbol = dlsym(RTLD_NEXT, "getaddrinfo");

	memcpy(&fn, &symbol, sizeof(fn));
	return fn;
}

/* The value of NAME in the environment; false if it has none. */
static bool addresses_of(const char *name, char *out, size_t size)
{
	const char *names = getenv("NAMES");
	const char *at = names ? strstr(names, name) : NULL;
	size_t len = strlen(name), n;

	if (!at || at[len] != '=')
		return false;
	at += len + 1;
	n = strcspn(at, " ");
	if (n >= size)
		return false;
	memcpy(out, at, n);
	out[n] = '\0';
	return true;
}

__attribute__((visibility("default"))) int getaddrinfo(const char *name, const char *service,
	const struct addrinfo *hints, struct addrinfo **ret_list)
{
	struct addrinfo numeric = *hints, *list = NULL, **end = &list;
	char text[256], *rest = text, *one;

	if (!name || !addresses_of(name, text, sizeof(text)))
		return libc_getaddrinfo()(name, service, hints, ret_list);
	if (strcmp(text, "slow") == 0)
		(void)sleep(60);
	numeric.ai_flags |= AI_NUMERICHOST;
	while ((one = strsep(&rest, ","))) {
		if (libc_getaddrinfo()(one, service, &numeric, end) != 0)
			return EAI_NONAME;
		while (*end)
			end = &(*end)->ai_next;
	}
	*ret_list = list;
	return 0;
}

/* ---- fetches ------------------------------------------------------------------------------- */

static int left;

static void on_answer(void *user, const struct http_answer *a)
{
	const char *url = user;

	left--;
	if (a->status)
		printf("%s %d %zu\n", url, a->status, a->body.len);
	else
		printf("%s %s\n", url, a->error);
	(void)fflush(stdout);
}

static bool host_ok(void *arg, struct span host)
{
	return span_is(host, arg);
}

static void ask(struct fetcher *f, char *url)
{
	static const char *const refusals[] = {
		[FETCH_BAD_URL] = "bad_url", [FETCH_BAD_HOST] = "bad_host", [FETCH_BUSY] = "busy"};
	int r = fetcher_get(f, span_str(url), on_answer, url);

	if (r == 0)
		left++;
	else
		printf("%s %s\n", url, r > 0 ? refusals[r] : strerror(-r));
}

static bool option(struct fetch_options *o, const char *name, char *value)
{
	if (strcmp(name, "--ca") == 0) {
		o->ca_file = value;
	} else if (strcmp(name, "--connect") == 0) {
		o->connect_to = value;
	} else if (strcmp(name, "--port") == 0) {
		o->port = (unsigned)strtoul(value, NULL, 10);
	} else if (strcmp(name, "--deadline") == 0) {
		o->deadline_ms = strtol(value, NULL, 10);
	} else if (strcmp(name, "--max") == 0) {
		o->max = strtoul(value, NULL, 10);
	} else if (strcmp(name, "--host") == 0) {
		o->host_ok = host_ok;
		o->arg = value;
	} else {
		return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct fetch_options options;
	struct fetcher *f;
	struct loop *loop;
	int i = 1, r;

	fetch_options_init(&options);
	for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
		if (strcmp(argv[i], "--any") == 0)
			options.any_address = true;
		else if (i + 1 == argc || !option(&options, argv[i], argv[i + 1]))
			return 2;
		else
			i++;
	}
	if (loop_new(&loop) < 0 || fetcher_new(loop, &options, &f) < 0)
		return 2;
	for (; i < argc; i++)
		ask(f, argv[i]);
	r = 0;
	while (left > 0 && r == 0)
		r = loop_turn(loop, true);
	fetcher_free(f);
	loop_free(loop);
	return r == 0 ? 0 : 2;
}
