/* SPDX-License-Identifier: MIT */
/*
 * Where a Redis is. Waymark's own listens on a unix socket; a foreign one may be a host and port,
 * in clear, since TLS is terminated in front.
 */
#pragma once

#include "base/base.h"
#include "base/span.h"

#define REDIS_PORT	   6379
#define REDIS_PATH_MAX	   107 /* what a sockaddr_un holds */
#define REDIS_HOST_MAX	   253 /* RFC 1035 in text */
#define REDIS_USER_MAX	   127
#define REDIS_PASSWORD_MAX 511

struct redis_address {
	char path[REDIS_PATH_MAX + 1]; /* empty: host and port */
	char host[REDIS_HOST_MAX + 1];
	uint16_t port;
	char user[REDIS_USER_MAX + 1];	       /* empty: Redis's default user */
	char password[REDIS_PASSWORD_MAX + 1]; /* empty: no AUTH */
};

enum { REDIS_ADDRESS_INVALID = 1 };

/*
 * Reads `/path`, `unix:/path`, `host`, `host:port`, `[v6]:port` or
 * `redis://[[user]:password@]host[:port][/]`, user and password with %XX for bytes that have a
 * meaning there. The port defaults to 6379. 0 or REDIS_ADDRESS_INVALID.
 */
int redis_address_parse(struct span text, struct redis_address *ret_address);

/* The address without user and password, for messages; cut to the size. */
#define REDIS_ADDRESS_TEXT 272
void redis_address_format(const struct redis_address *address, char out[REDIS_ADDRESS_TEXT]);

/*
 * A non-blocking, close-on-exec socket on its way to ADDRESS. A host that is a name is looked up
 * here, which blocks: write the IP where that matters. 0 when connected, REDIS_CONNECT_WAIT when
 * the socket will become writable (then ask SO_ERROR), or -errno (-ENOENT for an unknown name).
 */
enum { REDIS_CONNECT_WAIT = 1 };
int redis_address_connect(const struct redis_address *address, int *ret_fd);
