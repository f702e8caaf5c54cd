/* SPDX-License-Identifier: MIT */
/*
 * Listening sockets, TCP or unix, from one line of text.
 */
#pragma once

#include "base/base.h"

/*
 * A listening, non-blocking socket for ADDRESS, forms and flags as in http_server_listen.
 * *ret_path is the path of a unix socket, to be removed and freed after, or NULL. 0 or -errno.
 */
int listen_open(const char *address, bool reuseport, int *ret_fd, char **ret_path);
/* The port that FD is bound to; 0 if it has none. */
unsigned listen_port(int fd);
/* Non-blocking and closed on exec. 0 or -errno. */
int fd_prepare(int fd);
