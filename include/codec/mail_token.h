/* SPDX-License-Identifier: MIT */
/*
 * What stands behind /e/o/ (open, before `.gif`), /e/c/ (click) and /e/u/ (unsubscribe) in a mail:
 * whom it was sent to, by which job, which link it is and where that leads. Nobody else can make
 * such a token, so a click is never an open redirect; and nobody else can read it, since a
 * customer's key may be a mail address and URLs end in the logs of others.
 *
 * The form (before base64url without padding, RFC 4648 section 5):
 *
 *	version 1 (1 byte) | kind (1) | key id (1) | tag (16) | the rest, encrypted
 *
 * The tag is the start of HMAC-SHA256 over all that stands before it and the plain rest; the rest
 * is encrypted by AES-256-CTR that starts at the tag. That is SIV (Rogaway and Shrimpton, 2006;
 * RFC 5297 has it with CMAC): no random nonce is needed, so none can come twice, and making a mail
 * again makes the same links. All that equal tokens tell is that they are equal.
 *
 * The two keys of it, and the id, are derived from a secret, so that the file of a secret is all
 * there is to keep. Of two secrets the first makes tokens and both are understood: mails are read
 * for months, so the older one has to stay for as long as their links should work.
 */
#pragma once

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"
#include "core/event.h"

#define MAIL_TOKEN_MAX	       4096 /* characters; what is made is never longer */
#define MAIL_TOKEN_URL_MAX     2048 /* bytes of a destination */
#define MAIL_TOKEN_MESSAGE_MAX 128  /* of a message or job id */
#define MAIL_TOKEN_LIST_MAX    128  /* of a list's id */
#define MAIL_TOKEN_KEYS_MAX    2
#define MAIL_TOKEN_SECRET_MIN  32 /* bytes, such as `openssl rand -hex 32` gives */
#define MAIL_TOKEN_SECRET_MAX  1024

enum mail_token_kind {
	MAIL_TOKEN_OPEN = 1,
	MAIL_TOKEN_CLICK = 2,
	MAIL_TOKEN_UNSUBSCRIBE = 3,
};

/* Not to be printed, and wiped by mail_token_keys_release. */
struct mail_token_key {
	uint8_t id;
	unsigned char seal[32]; /* of the tag */
	unsigned char veil[32]; /* of the encryption */
};

struct mail_token_keys {
	struct mail_token_key list[MAIL_TOKEN_KEYS_MAX]; /* the first makes tokens */
	size_t n;
};

struct mail_token {
	enum mail_token_kind kind;
	uint32_t link;	      /* its number in the mail; 0 where there is none */
	int64_t issued_at;    /* not before 1970 */
	struct span customer; /* key, 1..CUSTOMER_MAX bytes */
	struct span message;  /* of the job or message, 1..MAIL_TOKEN_MESSAGE_MAX bytes */
	struct span list;     /* may be empty */
	struct span url;      /* of a click, and of no other: see mail_token_url_ok */
};

enum {
	MAIL_TOKEN_BAD = 1,	   /* no token of ours, for whatever reason */
	MAIL_TOKEN_UNFIT = 2,	   /* a member is outside of what is said above */
	MAIL_TOKEN_BAD_SECRET = 3, /* shorter or longer than allowed, or the same twice */
};

/* Keys from 1 or 2 secrets (without the line ends of their files). 0, MAIL_TOKEN_BAD_SECRET or
 * -ENOMEM. */
int mail_token_keys_init(struct mail_token_keys *k, const struct span *secrets, size_t n);
void mail_token_keys_release(struct mail_token_keys *k);

/*
 * A place that a click may lead to: http:// or https:// and a host without user name, all of it
 * visible ASCII without backslash and quotes (RFC 3986 knows no others; encode them), at most
 * MAIL_TOKEN_URL_MAX bytes. Never for mailto:, tel: and the unsubscribe link.
 */
bool mail_token_url_ok(struct span url);

/* Appends the token. 0, MAIL_TOKEN_UNFIT or -ENOMEM; OUT is unchanged then. */
int mail_token_make(const struct mail_token_keys *k, const struct mail_token *t, struct buf *out);

/*
 * Reads TEXT, which is in the place of KIND. *ret_token borrows from ROOM, which is emptied first.
 * 0, MAIL_TOKEN_BAD (any altered character, a token of another kind, an unknown key) or -ENOMEM.
 */
int mail_token_parse(const struct mail_token_keys *k, enum mail_token_kind kind, struct span text,
	struct buf *room, struct mail_token *ret_token);
