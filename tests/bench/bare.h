/* SPDX-License-Identifier: MIT */
/*
 * What the bare references share: bytes for Redis built by hand, and replies passed by hand. They
 * do as little as can be done for the same bytes, so that a ratio to them says what Waymark's
 * checks, limits and books cost. They trust their callers and give up at the first surprise.
 */
#pragma once

#include "base/span.h"

/* A growing array of bytes without an end. */
struct bytes {
	char *ptr;
	size_t len, cap, sent;
};

/* Ends the program. */
_Noreturn void bare_die(const char *what);

/* Room for N more bytes behind those there are. */
char *bytes_room(struct bytes *b, size_t n);

static inline void bytes_add(struct bytes *b, const void *ptr, size_t n)
{
	memcpy(bytes_room(b, n), ptr, n);
	b->len += n;
}

/* The head of a command of N arguments, and an argument. */
void resp_head(struct bytes *b, size_t n);
void resp_arg(struct bytes *b, struct span s);
void resp_arg_u64(struct bytes *b, uint64_t n);

/* The length of the whole reply at the front of S, 0 if it is not all there. Dies of an error. */
size_t resp_reply(struct span s);
/* Takes the head of an array (its length; 0 of a nil) or a string from the front of a reply that
 * is all there. */
size_t resp_take_array(struct span *s);
struct span resp_take_string(struct span *s);

/* A connected socket, blocking. */
int bare_connect_unix(const char *path);
int64_t bare_cpu_ns(void);	    /* of this process */
int64_t bare_wall_ns(void);	    /* of a clock that never jumps */
uint64_t bare_number(const char *); /* of an argument */
