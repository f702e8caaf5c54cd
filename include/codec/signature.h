/* SPDX-License-Identifier: MIT */
/*
 * Who sent this webhook? Each sender signs in its own way; a preset says which, in a "verify" value
 * that is compiled once into a plan and then asked about requests. Pure: the time, the secrets, the
 * request and a certificate, where one is needed, are handed in.
 *
 * A "verify" value is a scheme or a list of at most 8 of which one must pass:
 *
 *	{"scheme":"hmac", "header":"x-a" or ["x-a","x-b"], "algorithm":"sha256" (sha1, sha512),
 *	 "encoding":"base64" (hex), "prefix":"", "signed":"{body}", "key":"text" (base64, nfkd),
 *	 "time":"header.x-time", "tolerance":"5m"}
 *		A member's default stands first; only header is required. `signed` is text with the
 *		places {body}, {item} (the first item of a body that is a list, else the body),
 *		{url} and {header.NAME}; "{{" is a brace. It must cover the body, and the time if
 *		there is one.
 *	{"scheme":"stripe", "header":"stripe-signature", "tolerance":"5m"}
 *		t=…,v1=…; others, such as v0, are passed over.
 *	{"scheme":"standard", "key":"base64" (text), "tolerance":"5m"}
 *		Standard Webhooks 1.0.0, with webhook-* or svix-* fields. A secret is base 64 with
 *		or without whsec_, or a public key whpk_… for signatures v1a.
 *	{"scheme":"mailgun", "tolerance":"24h"}
 *		`signature` or `parent-signature` in the body, which it does not cover.
 *	{"scheme":"sendgrid", "tolerance":"24h"}
 *		The secret is the public key, base 64 as SendGrid shows it.
 *	{"scheme":"sns", "topic":ARN or [ARN,…], "tolerance":"24h"}
 *		Without a topic the secrets are the topics: anybody can have Amazon sign messages,
 *		of their own topic. Without a tolerance any age will do.
 *	{"scheme":"twilio"}
 *		Over URL and form, or URL with bodySHA256.
 *	{"scheme":"basic"}
 *		The secret is name:password.
 *	{"scheme":"token", "in":"query.NAME" or "header.NAME", "prefix":""}
 *	{"scheme":"none"}
 *		Everybody passes.
 *
 * The rules that hold for all: the bytes are taken raw, as they came; values are compared in
 * constant time; any of the secrets may match, so that one can be changed without loss; the times
 * of the future are refused like those of the past. A tolerance reaches back as far as it says and
 * ahead as far, but never more than 5 minutes ahead. It is longer than the usual 5 minutes where a
 * sender repeats a delivery without, as far as known, signing it anew; what comes twice within it
 * is recognised by its id.
 *
 * "key":"nfkd" (EasyPost) takes keys of ASCII alone, whose NFKD form is the key itself. Others are
 * refused when the secret is loaded: such a secret can be changed at the sender's in a minute, and
 * tables of Unicode for it would be with us for ever.
 */
#pragma once

#include "base/base.h"
#include "base/buf.h"
#include "base/span.h"

#define SIGNATURE_SECRETS_MAX  8    /* of one hook; more than two are seldom of use */
#define SIGNATURE_SECRET_MAX   1024 /* bytes */
#define SIGNATURE_FIELD_MAX    4096 /* bytes of a header field or parameter that is looked at */
#define SIGNATURE_AHEAD_MAX_MS (5 * MS_MINUTE)
#define SIGNATURE_ONCE_MAX     128
#define SIGNATURE_URL_MAX      2048

/*
 * The outcomes: enum, name for metrics, what it means for people. Where a plan has several schemes
 * and none passes, the outcome is that of the scheme that came furthest: the last in this list.
 */
#define SIGNATURE_OUTCOMES(X)                                                                      \
	X(SIGNATURE_OK, "ok", "the signature is right")                                            \
	X(SIGNATURE_NO_SECRET, "no_secret", "no secret is set, so nothing can be verified")        \
	X(SIGNATURE_BAD_SECRET, "bad_secret", "no secret has the form that the scheme needs")      \
	X(SIGNATURE_MISSING_HEADER, "missing_header", "the request does not bear what is needed")  \
	X(SIGNATURE_BAD_FORMAT, "bad_format", "the signature does not have the form expected")     \
	X(SIGNATURE_BAD_BODY, "bad_body", "what is signed cannot be read from the body")           \
	X(SIGNATURE_WRONG_TOPIC, "wrong_topic", "it speaks for a topic that is not ours")          \
	X(SIGNATURE_BAD_CERT_URL, "bad_cert_url", "the certificate's place is not Amazon's")       \
	X(SIGNATURE_BAD_CERT, "bad_cert", "the certificate cannot be trusted now")                 \
	X(SIGNATURE_WRONG, "wrong_signature", "it belongs to other bytes or to another secret")    \
	X(SIGNATURE_TOO_OLD, "too_old", "rightly signed, but too long ago")                        \
	X(SIGNATURE_IN_THE_FUTURE, "in_the_future", "rightly signed, at a time yet to come")       \
	X(SIGNATURE_NEEDS_CERT, "needs_cert", "the certificate has to be fetched first")

#define X(ID, NAME, TEXT) ID,
enum signature_outcome { SIGNATURE_OUTCOMES(X) SIGNATURE_N_OUTCOMES };
#undef X

struct signature_plan;
struct json_t; /* jansson's; nothing of it is needed to pass one on */

enum { SIGNATURE_PLAN_BAD = 1 };

struct signature_fault {
	char pointer[128]; /* RFC 6901, from the "verify" value on; empty: the value itself */
	char text[384];	   /* what is wrong, and what to write instead */
};

/* 0; SIGNATURE_PLAN_BAD with *ret_fault; -ENOMEM. Nothing of VERIFY is kept. */
int signature_compile(
	struct json_t *verify, struct signature_plan **ret_plan, struct signature_fault *ret_fault);
/* The same of JSON text. */
int signature_compile_text(
	struct span verify, struct signature_plan **ret_plan, struct signature_fault *ret_fault);
struct signature_plan *signature_plan_free(struct signature_plan *p);
void signature_plan_freep(struct signature_plan **p);

/* Does the plan let everybody pass ("none")? */
bool signature_plan_open(const struct signature_plan *p);
/* Must a secret be given? Not for "none", nor for "sns" with its topics. */
bool signature_plan_needs_secret(const struct signature_plan *p);
/* Must the hook's URL be known? */
bool signature_plan_needs_url(const struct signature_plan *p);

/*
 * Says whether SECRET, without the line end of its file, is one that the plan can use. 0; or
 * SIGNATURE_BAD_SECRET with *ret_why, which says what it ought to be and nothing of the secret.
 * For the loading of a hook; signature_verify passes over those that it cannot use.
 */
#define SIGNATURE_WHY_SIZE 256
int signature_secret_check(
	const struct signature_plan *p, struct span secret, char ret_why[SIGNATURE_WHY_SIZE]);

/* The first value of NAME (lower case; of a parameter: decoded). False if there is none. */
typedef bool signature_lookup_fn(void *user, struct span name, struct span *ret_value);

struct signature_request {
	struct span body; /* raw, after the decoding of Content-Encoding and chunks alone */
	/* As the sender knows it: https://shop.example/hooks/NAME, and `?` and the raw query if
	 * there is one. From the settings of the hook, not from the Host field. */
	struct span url;
	signature_lookup_fn *header;
	signature_lookup_fn *query;
	void *user; /* of both */
	/* The PEM text that SIGNATURE_NEEDS_CERT asked for; empty: not there yet. It is trusted
	 * because it came from the asked URL over TLS that was checked. */
	struct span certificate;
};

/* Without the line ends of their files. At most SIGNATURE_SECRETS_MAX; more are not looked at. */
struct signature_secrets {
	const struct span *list;
	size_t n;
};

/* What is known after a verification; strings end with NUL and are empty if there is nothing. */
struct signature_proof {
	const char *scheme; /* that passed, or that the outcome is of */
	size_t secret;	    /* number of the one that matched */
	bool covers_body;   /* false: mailgun, basic, token, none and {item} of a longer list */
	bool has_time;	    /* signed_at is known */
	int64_t signed_at;
	/* Mailgun's token, empty elsewhere. The sender may repeat a request, with the same bytes;
	 * the same token with other bytes is a forgery. Remember it for twice the tolerance. */
	char once[SIGNATURE_ONCE_MAX + 1];
	char cert_url[SIGNATURE_URL_MAX + 1];	 /* SIGNATURE_NEEDS_CERT: get this */
	char confirm_url[SIGNATURE_URL_MAX + 1]; /* of an sns confirmation that is SIGNATURE_OK: get
						  * this, following no redirects */
};

/*
 * Does REQUEST come from who knows one of SECRETS? NOW is not before 1970. SIGNATURE_OK (0),
 * another outcome, or -ENOMEM. *ret_proof is set whatever the outcome.
 */
int signature_verify(const struct signature_plan *p, struct signature_secrets secrets,
	const struct signature_request *request, int64_t now, struct signature_proof *ret_proof);

/* `wrong_signature`, and a sentence's worth of what it means. */
const char *signature_outcome_name(enum signature_outcome o);
const char *signature_outcome_text(enum signature_outcome o);

/*
 * For `waymark hook verify`: appends lines that say what was expected, what was received and what
 * the likely cause is, found by trying the usual mistakes (a line end behind the secret or the
 * body, a secret decoded that should not be, another form of the URL). Neither a secret nor a
 * signature that would be right is in it. Out of memory shows in the buffer.
 */
void signature_explain(const struct signature_plan *p, struct signature_secrets secrets,
	const struct signature_request *request, int64_t now, struct buf *out);
