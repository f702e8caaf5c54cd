/* SPDX-License-Identifier: MIT */
/*
 * What a plan is, and what the schemes share. A scheme is a set of members (signature_compile.c)
 * and two functions in a table (signature.c): is a secret of the form it needs, and does a request
 * pass. It says by its outcome how far it came.
 */
#pragma once

#include "base/arena.h"
#include "codec/json_scan.h"
#include "codec/signature.h"

#define SIGNATURE_SCHEMES_MAX 8
#define SIGNATURE_HEADERS_MAX 4
#define SIGNATURE_TOPICS_MAX  8
#define SIGNATURE_PIECES_MAX  16
#define SIGNATURE_NAME_MAX    64  /* bytes of a header's or parameter's name */
#define SIGNATURE_TEXT_MAX    256 /* bytes of a prefix, a template, a topic */
#define SIGNATURE_VALUES_MAX  16  /* signatures in one field that are looked at */

enum signature_scheme_id {
	SCHEME_HMAC,
	SCHEME_STRIPE,
	SCHEME_STANDARD,
	SCHEME_MAILGUN,
	SCHEME_SENDGRID,
	SCHEME_SNS,
	SCHEME_TWILIO,
	SCHEME_BASIC,
	SCHEME_TOKEN,
	SCHEME_NONE,
};

enum signature_algorithm { HMAC_SHA256, HMAC_SHA1, HMAC_SHA512 };
enum signature_encoding { ENCODING_BASE64, ENCODING_HEX };
enum signature_key { KEY_TEXT, KEY_BASE64, KEY_NFKD };

enum signature_piece_type { PIECE_TEXT, PIECE_BODY, PIECE_ITEM, PIECE_URL, PIECE_HEADER };

struct signature_piece {
	enum signature_piece_type type;
	struct span text; /* the text itself, or the header's name */
};

struct signature_scheme {
	enum signature_scheme_id id;
	struct span headers[SIGNATURE_HEADERS_MAX]; /* of a token: the name of its place */
	size_t n_headers;
	bool in_query;
	enum signature_algorithm algorithm;
	enum signature_encoding encoding;
	enum signature_key key;
	struct span prefix;
	struct signature_piece pieces[SIGNATURE_PIECES_MAX];
	size_t n_pieces;
	struct span time;     /* name of a header; ptr NULL: none */
	int64_t tolerance_ms; /* TIME_NEVER: any age */
	struct span topics[SIGNATURE_TOPICS_MAX];
	size_t n_topics;
};

struct signature_plan {
	struct arena arena; /* of all spans */
	struct signature_scheme list[SIGNATURE_SCHEMES_MAX];
	size_t n;
};

/* One scheme at work on one request. */
struct signature_check {
	const struct signature_scheme *scheme;
	const struct span *secrets;
	size_t n_secrets;
	const struct signature_request *request;
	int64_t now;
	struct arena *arena; /* for the length of the call */
	struct signature_proof *proof;
};

/* An outcome, or -ENOMEM. There is at least one secret that fits, if the scheme needs any. */
typedef int signature_scheme_fn(struct signature_check *c);
/* What SECRET, which is not empty, ought to be; NULL if it is. */
typedef const char *signature_secret_fn(const struct signature_scheme *s, struct span secret);

struct signature_scheme_kind {
	const char *name;
	signature_scheme_fn *verify;
	signature_secret_fn *secret_why; /* NULL: no secret is needed */
};
extern const struct signature_scheme_kind signature_kinds[];

/* NULL if SECRET can be used by S. */
const char *signature_secret_why(const struct signature_scheme *s, struct span secret);
bool signature_scheme_needs_secret(const struct signature_scheme *s);

/* A check of REQUEST at NOW with the first SIGNATURE_SECRETS_MAX of the secrets, which are not
 * copied; scheme, arena and proof are the caller's to set. */
struct signature_check signature_check_of(
	struct signature_secrets secrets, const struct signature_request *request, int64_t now);

/* One scheme; C's proof is set anew. */
int signature_scheme_verify(struct signature_check *c);

/* A header field, trimmed. 0, SIGNATURE_MISSING_HEADER (also when empty) or SIGNATURE_BAD_FORMAT
 * (longer than SIGNATURE_FIELD_MAX). */
int signature_header(struct signature_check *c, struct span name, struct span *ret_value);

/* Notes the time of a signature that is right and holds it against the tolerance. */
int signature_judge_time(struct signature_check *c, int64_t at);
/* The same of digits that count seconds. Outcomes as above, and SIGNATURE_BAD_FORMAT. */
int signature_seconds(struct span digits, int64_t *ret_at);

/* S and a NUL to a field of the proof, which has room: its length was checked. */
void signature_note(char *field, size_t size, struct span s);

/* Some members of the JSON object TEXT, by name; absent ones have the type JSON_TYPE_ABSENT. A
 * member that stands twice would be read by others otherwise than by us. 0 or SIGNATURE_BAD_BODY.
 */
int signature_members(
	struct span text, const char *const *names, size_t n, struct json_value *ret_values);

signature_scheme_fn signature_hmac, signature_stripe, signature_standard, signature_mailgun,
	signature_sendgrid, signature_sns, signature_twilio, signature_basic, signature_token;
signature_secret_fn signature_standard_why, signature_sendgrid_why;
