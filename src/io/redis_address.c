/* SPDX-License-Identifier: MIT */
#include "io/redis_address.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Fixed arrays, so that an address has no owner. */
static int copy_text(struct span s, char *out, size_t size)
{
	if (s.len >= size || (s.len > 0 && memchr(s.ptr, '\0', s.len)))
		return REDIS_ADDRESS_INVALID;
	for (size_t i = 0; i < s.len; i++)
		out[i] = s.ptr[i];
	out[s.len] = '\0';
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Copies S with %XX undone. */
static int copy_unescaped(struct span s, char *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		if (c == '%') {
			int high = i + 2 < s.len ? hex_digit(s.ptr[i + 1]) : -1;
			int low = i + 2 < s.len ? hex_digit(s.ptr[i + 2]) : -1;

			if (high < 0 || low < 0)
				return REDIS_ADDRESS_INVALID;
			c = (char)(high * 16 + low);
			i += 2;
		}
		if (c == '\0' || n + 1 >= size)
			return REDIS_ADDRESS_INVALID;
		out[n++] = c;
	}
	out[n] = '\0';
	return 0;
}

/* Cuts S at the first C: what is before it, and the rest behind it. False if there is no C. */
static bool cut(struct span s, char c, struct span *ret_before, struct span *ret_behind)
{
	const char *at = s.len > 0 ? memchr(s.ptr, c, s.len) : NULL;
	size_t n;

	if (!at)
		return false;
	n = (size_t)(at - s.ptr);
	*ret_before = span_of(s.ptr, n);
	*ret_behind = span_of(at + 1, s.len - n - 1);
	return true;
}

/* HOST, HOST:PORT or [V6]:PORT. */
static int parse_host(struct span s, struct redis_address *a)
{
	struct span host = s, rest = SPAN_EMPTY;
	uint64_t port = REDIS_PORT;
	bool has_port;

	if (s.len > 0 && s.ptr[0] == '[') {
		if (!cut(span_of(s.ptr + 1, s.len - 1), ']', &host, &rest))
			return REDIS_ADDRESS_INVALID;
		has_port = rest.len > 0;
		if (has_port && rest.ptr[0] != ':')
			return REDIS_ADDRESS_INVALID;
		if (has_port)
			rest = span_of(rest.ptr + 1, rest.len - 1);
	} else {
		has_port = cut(s, ':', &host, &rest);
	}
	if (has_port && (span_to_u64(rest, UINT16_MAX, &port) != 0 || port == 0))
		return REDIS_ADDRESS_INVALID;
	if (host.len == 0 || memchr(host.ptr, '/', host.len))
		return REDIS_ADDRESS_INVALID;
	a->port = (uint16_t)port;
	return copy_text(host, a->host, sizeof(a->host));
}

static int parse_url(struct span s, struct redis_address *a)
{
	struct span login, user, password, host;
	int r;

	if (cut(s, '@', &login, &host)) {
		if (!cut(login, ':', &user, &password))
			return REDIS_ADDRESS_INVALID;
		r = copy_unescaped(user, a->user, sizeof(a->user));
		if (r != 0)
			return r;
		r = copy_unescaped(password, a->password, sizeof(a->password));
		if (r != 0)
			return r;
		s = host;
	}
	if (s.len > 0 && s.ptr[s.len - 1] == '/')
		s.len--;
	return parse_host(s, a);
}

int redis_address_parse(struct span text, struct redis_address *ret_address)
{
	struct redis_address a = {.port = 0};
	struct span url = SPAN_LIT("redis://"), unix_ = SPAN_LIT("unix:");
	int r;

	if (span_starts(text, unix_)) {
		text = span_of(text.ptr + unix_.len, text.len - unix_.len);
		if (text.len == 0 || text.ptr[0] != '/')
			return REDIS_ADDRESS_INVALID;
	}
	if (text.len > 0 && text.ptr[0] == '/')
		r = copy_text(text, a.path, sizeof(a.path));
	else if (span_starts(text, url))
		r = parse_url(span_of(text.ptr + url.len, text.len - url.len), &a);
	else
		r = parse_host(text, &a);
	if (r != 0)
		return r;
	*ret_address = a;
	return 0;
}

void redis_address_format(const struct redis_address *address, char out[REDIS_ADDRESS_TEXT])
{
	bool v6 = strchr(address->host, ':') != NULL;

	if (address->path[0])
		(void)snprintf(out, REDIS_ADDRESS_TEXT, "%s", address->path);
	else
		(void)snprintf(out, REDIS_ADDRESS_TEXT, v6 ? "[%s]:%u" : "%s:%u", address->host,
			(unsigned)address->port);
}

static int connect_to(int family, const struct sockaddr *where, socklen_t len, int *ret_fd)
{
	const int on = 1;
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int r;

	if (fd < 0)
		return -errno;
	/* Both are wishes: a connection without them is slower, not wrong. */
	if (family != AF_UNIX) {
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	}
	if (connect(fd, where, len) == 0) {
		*ret_fd = fd;
		return 0;
	}
	if (errno == EINPROGRESS || errno == EINTR) {
		*ret_fd = fd;
		return REDIS_CONNECT_WAIT;
	}
	r = -errno;
	close(fd);
	return r;
}

static int connect_host(const struct redis_address *address, int *ret_fd)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	char port[8];
	int r;

	(void)snprintf(port, sizeof(port), "%u", (unsigned)address->port);
	r = getaddrinfo(address->host, port, &hints, &found);
	if (r != 0)
		return r == EAI_SYSTEM ? -errno : -ENOENT;
	r = -ENOENT;
	for (struct addrinfo *i = found; i && r < 0; i = i->ai_next)
		r = connect_to(i->ai_family, i->ai_addr, i->ai_addrlen, ret_fd);
	freeaddrinfo(found);
	return r;
}

int redis_address_connect(const struct redis_address *address, int *ret_fd)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};

	if (!address->path[0])
		return connect_host(address, ret_fd);
	memcpy(un.sun_path, address->path, strlen(address->path) + 1);
	return connect_to(AF_UNIX, (const struct sockaddr *)&un, sizeof(un), ret_fd);
}
