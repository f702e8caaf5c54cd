/* SPDX-License-Identifier: MIT */
/*
 * What happens to a mail after it was sent, as far as its links tell: GET /e/o/TOKEN.gif (it was
 * opened), GET /e/c/TOKEN (a link was followed: 302 to the place that the token holds, and to no
 * other), POST /e/u/TOKEN (one-click unsubscribe, RFC 8058) and GET /e/u/TOKEN (a page with a
 * button for it: a GET must not unsubscribe, since scanners follow every link).
 *
 * The reader comes first: a click is answered with its redirect and an open with its picture even
 * when the log is away. An unsubscription is answered when it is kept.
 *
 * Machines open mails too. Marked as such is what comes within 10 s of the mail's being made, from
 * a known scanner or proxy, or as another link of the same mail within a second; HEAD counts as
 * nothing.
 */
#pragma once

#include "codec/mail_token.h"
#include "intake.h"

#define MAIL_RECENT 1024

struct mail_door {
	struct intake *in;
	struct mail_token_keys keys; /* none: all tokens are refused */
	struct write_key source;     /* what the events are said to come from */
	struct {
		uint64_t message; /* hash */
		uint32_t link;
		int64_t at;
	} recent[MAIL_RECENT]; /* clicks, by hash of the message */
};

enum { MAIL_DOOR_BAD = 1 };

/* SECRETS as of mail_token_keys_init; none is fine. 0, MAIL_DOOR_BAD for a secret that cannot be
 * one, or -ENOMEM. */
int mail_door_init(
	struct mail_door *d, struct intake *in, const struct span *secrets, size_t n_secrets);
void mail_door_release(struct mail_door *d);

/* TOKEN as it stands in the path. */
void mail_opened(struct mail_door *d, struct http_request *request, struct span token);
void mail_clicked(struct mail_door *d, struct http_request *request, struct span token);
void mail_unsubscribed(struct mail_door *d, struct http_request *request, struct span token);
void mail_page(struct mail_door *d, struct http_request *request, struct span token);
