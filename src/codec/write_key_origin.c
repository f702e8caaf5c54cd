/* SPDX-License-Identifier: MIT */
/*
 * Origins of pages (RFC 6454): scheme, host and port, as browsers write them. The list holds them
 * in that very form, so that a request's is compared byte for byte and a doubtful one, in whatever
 * way it is odd, matches nothing.
 */
#include "write_key_file.h"

#define LABEL_MAX 63 /* RFC 1035 section 2.3.4 */
#define PORT_MAX  65535

static bool is_label_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* Takes a label off the front of *s: its length, 0 if there is none. */
static size_t take_label(struct span *s)
{
	size_t n = 0;

	while (n < s->len && is_label_char(s->ptr[n]))
		n++;
	if (n > LABEL_MAX || (n > 0 && (s->ptr[0] == '-' || s->ptr[n - 1] == '-')))
		return 0;
	*s = span_of(s->ptr + n, s->len - n);
	return n;
}

/* Takes labels with points between them: how many, 0 if they are none. */
static size_t take_host(struct span *s)
{
	size_t labels = 0;

	for (;;) {
		if (take_label(s) == 0)
			return 0;
		labels++;
		if (s->len == 0 || s->ptr[0] != '.')
			return labels;
		*s = span_of(s->ptr + 1, s->len - 1);
	}
}

/* Takes `:PORT` if it is there; false if it is wrong. *port stays 0 without one. */
static bool take_port(struct span *s, uint64_t *port)
{
	size_t n = 1;

	if (s->len == 0 || s->ptr[0] != ':')
		return true;
	while (n < s->len && s->ptr[n] >= '0' && s->ptr[n] <= '9')
		n++;
	if (span_to_u64(span_of(s->ptr + 1, n - 1), PORT_MAX, port) || *port == 0 ||
		s->ptr[1] == '0')
		return false;
	*s = span_of(s->ptr + n, s->len - n);
	return true;
}

/* Cuts the scheme off; the port that goes without saying, 0 if it is another scheme. */
static uint64_t take_scheme(struct span *s)
{
	static const struct {
		struct span text;
		uint64_t port;
	} schemes[] = {{{"https://", 8}, 443}, {{"http://", 7}, 80}};

	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
		if (!span_starts(*s, schemes[i].text))
			continue;
		*s = span_of(s->ptr + schemes[i].text.len, s->len - schemes[i].text.len);
		return schemes[i].port;
	}
	return 0;
}

static bool has_capital(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] >= 'A' && s.ptr[i] <= 'Z')
			return true;
	return false;
}

static const char *judge_host(struct span rest, uint64_t usual_port)
{
	bool wild = span_starts(rest, SPAN_LIT("*."));
	uint64_t port = 0;
	size_t labels;

	if (wild)
		rest = span_of(rest.ptr + 2, rest.len - 2);
	if (memchr(rest.ptr, '*', rest.len))
		return "a * stands for the whole first name of the host and nothing else: "
		       "https://*.shop.example";
	labels = take_host(&rest);
	if (labels == 0)
		return "an origin has a host name behind its scheme: https://shop.example (of a "
		       "name with other letters its xn-- form)";
	if (wild && labels < 2)
		return "this would let in the pages of everyone whose name ends so; at least two "
		       "names stand behind the *: https://*.shop.example";
	if (!take_port(&rest, &port))
		return "the port of an origin is 1 to 65535, without zeros before it: "
		       "http://localhost:3000";
	if (rest.len > 0)
		return "an origin ends behind its host or port, without a slash or path: "
		       "https://shop.example";
	if (port == usual_port)
		return "browsers leave the port out that goes with the scheme; do so too: "
		       "https://shop.example";
	return NULL;
}

const char *origin_judge(struct span origin)
{
	struct span rest = origin;
	uint64_t usual_port;

	if (span_is(origin, "*"))
		return "* would let the pages of everyone send; name the shop's own: "
		       "https://shop.example https://*.shop.example";
	if (span_is(origin, "null"))
		return "null is what local files and sandboxed pages of anyone call themselves; "
		       "name the shop's own origins: https://shop.example";
	if (origin.len > WRITE_KEY_TEXT_MAX)
		return "an origin has at most 160 bytes";
	if (has_capital(origin))
		return "browsers write origins in small letters; do so too: https://shop.example";
	usual_port = take_scheme(&rest);
	if (usual_port == 0)
		return "an origin begins with https:// or http://, and blanks stand between "
		       "several: https://shop.example https://*.shop.example";
	return judge_host(rest, usual_port);
}

/* The bytes of a path that need no escape, in JSON as in a URL. */
static bool is_path(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		if (!is_label_char(c) && !(c >= 'A' && c <= 'Z') && c != '/' && c != '.' &&
			c != '~')
			return false;
	}
	return s.len == 0 || (s.ptr[0] == '/' && s.ptr[s.len - 1] != '/');
}

const char *api_host_judge(struct span host)
{
	uint64_t port = 0;

	if (host.len > WRITE_KEY_TEXT_MAX)
		return "api_host has at most 160 bytes";
	if (take_host(&host) == 0 || !take_port(&host, &port) || !is_path(host))
		return "api_host is host and path in small letters, without a scheme before or a "
		       "slash behind: track.shop.example/v1";
	return NULL;
}

/* Is ORIGIN what PATTERN of the list means? */
static bool origin_matches(struct span pattern, struct span origin)
{
	const char *star = memchr(pattern.ptr, '*', pattern.len);
	size_t head = star ? (size_t)(star - pattern.ptr) : 0;
	struct span rest;

	if (!star)
		return span_equal(pattern, origin);
	if (!span_starts(origin, span_of(pattern.ptr, head)))
		return false;
	rest = span_of(origin.ptr + head, origin.len - head);
	return take_label(&rest) > 0 && span_equal(rest, span_of(star + 1, pattern.len - head - 1));
}

enum origin_grant write_key_origin(const struct write_key *key, struct span origin)
{
	for (size_t i = 0; i < key->n_origins; i++)
		if (origin_matches(key->origins[i], origin))
			return key->credentials ? ORIGIN_WITH_CREDENTIALS : ORIGIN_ALLOWED;
	return ORIGIN_REFUSED;
}

enum origin_grant write_keys_origin(const struct write_keys *k, struct span origin)
{
	enum origin_grant most = ORIGIN_REFUSED;

	for (size_t i = 0; i < k->n && most != ORIGIN_WITH_CREDENTIALS; i++) {
		enum origin_grant grant = write_key_origin(&k->list[i], origin);

		if (grant > most)
			most = grant;
	}
	return most;
}
