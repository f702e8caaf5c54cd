/* SPDX-License-Identifier: MIT */
/*
 * One request while it is judged: what every door asks before it looks at events. Whose is it, may
 * that page send, can anything be kept now, what are the plain bytes of its body. Each step either
 * goes on (0) or has answered (CALL_ANSWERED), in the words that the door's senders understand.
 */
#pragma once

#include "answer.h"
#include "intake.h"

struct call {
	struct intake *in;
	struct http_request *request;
	const struct answer_style *style;
	const struct write_key *by_field; /* NULL: no Authorization */
	const struct write_key *key;	  /* once call_sender has found it */
	struct span body;		  /* plain, once call_body has read it */
	int64_t recv_at;
};

enum { CALL_ANSWERED = 1 };

struct call call_of(
	struct intake *in, struct http_request *request, const struct answer_style *style);

/* Answers. CALL_ANSWERED. */
int call_refuse(struct call *c, const struct problem *problem);
int call_unavailable(struct call *c, const char *message);

/* The key in the Authorization field, if there is one; and whether the log is there: judging
 * costs, and what cannot be kept need not be judged. */
int call_begin(struct call *c);

/* Sets c->body: inflated where Content-Encoding says so, up to MAX bytes. */
int call_body(struct call *c, size_t max);
/* Inflates the body as it is, whatever the fields say (some clients say it in the query). */
int call_inflate(struct call *c, struct span packed, size_t max);
/* How large a body this sender may send, as far as the field says who it is. */
size_t call_body_max(const struct call *c);

/*
 * Settles who sends, by KEY from the body, path or query (empty: none) and by the field; and that
 * the page it stands in may send with that key.
 */
int call_sender(struct call *c, struct span key);

/* Takes N events off the sender's rate. */
int call_rate(struct call *c, size_t n);
