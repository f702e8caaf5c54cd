/* SPDX-License-Identifier: MIT */
/*
 * The head of a message between partitions (core/message.h) as JSON, one object on one line:
 *
 *	{"from":3,"seq":17,"kind":"forward","to":"u1","at":"1700000000000-0",
 *	 "path":[["anon:a",1699999999000,"1700000000000-0"]]}
 *	{"from":3,"seq":18,"kind":"claim","to":"anon:b","of":"user:1","rights":1,
 *	 "linked_at":1700000000000,"said_at":1699999999000}
 *
 * Instants are ms, as everywhere in the log. Only ourselves write it, so there is no leniency:
 * unknown, repeated, missing and surplus members are refused, and every text has a bound.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "core/message.h"

/* Bytes of a head that is read. What is written is shorter: all its texts at their bounds, each
 * byte escaped to six. */
#define MESSAGE_HEAD_MAX ((size_t)192 * 1024)

/* Appends M's head. buf_failed(OUT) is the caller's to ask. M must be within bounds. */
void message_json(const struct message *m, struct buf *out);

/* Is HEAD, which message_json() wrote, that of NEWS? Bytes of others are none, or are found to be
 * no message when they are read. */
bool message_is_news(struct span head);
/* The same of LINE, and of WANT. */
bool message_is_line(struct span head);
bool message_is_want(struct span head);

enum { MESSAGE_BAD = 1 };

/* Reads all of HEAD. Texts borrow from HEAD or lie in A. 0, MESSAGE_BAD or -ENOMEM. */
int message_parse(struct span head, struct arena *a, struct message *ret_m);
