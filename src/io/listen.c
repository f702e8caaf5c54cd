/* SPDX-License-Identifier: MIT */
/*
 * A socket file outlives the process that made it, so before binding we ask whether anybody
 * answers there, and remove it only if nobody does.
 */
#include "listen.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/span.h"

enum { BACKLOG = 1024 };

static void closep(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static void freeaddrinfop(struct addrinfo **list)
{
	if (*list)
		freeaddrinfo(*list);
}

int fd_prepare(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
		fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return -errno;
	return 0;
}

/* 0 if PATH is free now; -EADDRINUSE if somebody listens there or it is no socket. */
static int clear_path(const struct sockaddr_un *address)
{
	_cleanup_(closep) int fd = -1;
	struct stat st;

	if (lstat(address->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EADDRINUSE;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0)
		return -EADDRINUSE;
	if (errno != ECONNREFUSED)
		return -errno;
	return unlink(address->sun_path) < 0 ? -errno : 0;
}

static int open_unix(const char *path, int *ret_fd, char **ret_path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	_cleanup_(closep) int fd = -1;
	_cleanup_free_ char *copy = span_dup(span_str(path));
	int r;

	if (!copy)
		return -ENOMEM;
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	r = clear_path(&address);
	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0)
		return -errno;
	r = fd_prepare(fd);
	if (r < 0)
		return r;
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
		listen(fd, BACKLOG) < 0)
		return -errno;
	*ret_fd = fd;
	fd = -1;
	*ret_path = copy;
	copy = NULL;
	return 0;
}

/* Accepted sockets inherit TCP_NODELAY: an answer is one write, and waits for nothing. */
static int open_tcp(const struct addrinfo *at, bool reuseport, int *ret_fd)
{
	_cleanup_(closep) int fd = socket(at->ai_family, at->ai_socktype, at->ai_protocol);
	int on = 1;
	int r;

	if (fd < 0)
		return -errno;
	r = fd_prepare(fd);
	if (r < 0)
		return r;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0)
		return -errno;
	if (reuseport && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) < 0)
		return -errno;
	if (bind(fd, at->ai_addr, at->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0)
		return -errno;
	*ret_fd = fd;
	fd = -1;
	return 0;
}

/* Cuts `host:port` or `[v6]:port`. */
static int split_address(const char *address, char **ret_host, char **ret_port)
{
	const char *colon = strrchr(address, ':');
	struct span host = SPAN_EMPTY;
	_cleanup_free_ char *host_copy = NULL;
	_cleanup_free_ char *port_copy = NULL;
	uint64_t port;

	if (!colon || span_to_u64(span_str(colon + 1), 65535, &port) != 0)
		return -EINVAL;
	host = span_of(address, (size_t)(colon - address));
	if (host.len >= 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
		host = span_of(host.ptr + 1, host.len - 2);
	else if (host.len > 0 && memchr(host.ptr, ':', host.len))
		return -EINVAL;
	host_copy = span_dup(host);
	port_copy = span_dup(span_str(colon + 1));
	if (!host_copy || !port_copy)
		return -ENOMEM;
	*ret_host = host_copy;
	host_copy = NULL;
	*ret_port = port_copy;
	port_copy = NULL;
	return 0;
}

int listen_open(const char *address, bool reuseport, int *ret_fd, char **ret_path)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	_cleanup_(freeaddrinfop) struct addrinfo *list = NULL;
	_cleanup_free_ char *host = NULL;
	_cleanup_free_ char *port = NULL;
	int r;

	if (strncmp(address, "unix:", 5) == 0)
		return open_unix(address + 5, ret_fd, ret_path);
	if (address[0] == '/')
		return open_unix(address, ret_fd, ret_path);
	r = split_address(address, &host, &port);
	if (r < 0)
		return r;
	if (getaddrinfo(host[0] ? host : NULL, port, &hints, &list) != 0)
		return -EINVAL;
	r = -EINVAL;
	for (const struct addrinfo *at = list; at; at = at->ai_next) {
		r = open_tcp(at, reuseport, ret_fd);
		if (r == 0)
			break;
	}
	if (r == 0)
		*ret_path = NULL;
	return r;
}

unsigned listen_port(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_storage room;
	} name;
	socklen_t len = sizeof(name);

	if (getsockname(fd, &name.any, &len) < 0)
		return 0;
	if (name.any.sa_family == AF_INET)
		return ntohs(name.v4.sin_port);
	return name.any.sa_family == AF_INET6 ? ntohs(name.v6.sin6_port) : 0;
}
