/* SPDX-License-Identifier: MIT */
/*
 * A strict parser of HTTP/1.1 and 1.0 requests (RFC 9110, 9112). Pure: it reads bytes in the
 * caller's buffer and says what they are; it does no I/O and allocates nothing.
 *
 * Strict, because two readers that disagree about where a request ends are how one client's bytes
 * become another client's request. Where the RFCs let a server repair or guess, we refuse, and a
 * refused connection is closed. Refused by policy, beyond what the grammar forbids:
 *   - line ends other than CRLF; whitespace around a field name; folded fields
 *   - HTTP/1.1 without exactly one Host, 1.0 with more than one
 *   - Content-Length twice, with Transfer-Encoding, or other than 1 to 10 digits
 *   - Transfer-Encoding in HTTP/1.0, twice, or other than `chunked`; chunk extensions; chunk sizes
 *     of more than 16 digits; versions other than 1.1 and 1.0 (all 400: senders' libraries take 501
 *     and 505 for a reason to drop what they hold)
 *   - Authorization or Content-Encoding twice
 *   - a target that neither begins with `/` nor is `*` for OPTIONS, nor absolute with our own host
 *     (so no CONNECT); request lines without a version; more than one empty line before it
 * Accepted although rare: any method that is a token (a router answers 405), any visible ASCII in
 * the target, a fragment (cut off), an Upgrade field (ignored, as RFC 9110 section 7.8 allows).
 *
 *	init -> step … PARSE_HEAD -> body(max) -> step … PARSE_DONE
 *	            \_ PARSE_MORE: call again with more bytes     any step: PARSE_BAD
 *
 * The caller keeps the bytes of one request in one piece, from its first byte on, and may move
 * them between steps: the parser remembers offsets. A chunked body is unchunked in place, so that
 * after PARSE_DONE head and body are spans of the buffer and nothing was copied elsewhere.
 * How the bytes were cut into pieces never changes the outcome.
 */
#pragma once

#include "base/base.h"
#include "base/span.h"

enum http_method {
	HTTP_OTHER, /* a token that is none of the others */
	HTTP_GET,
	HTTP_HEAD,
	HTTP_POST,
	HTTP_PUT,
	HTTP_PATCH,
	HTTP_DELETE,
	HTTP_OPTIONS,
};

/* `GET`…, `OTHER`. */
const char *http_method_name(enum http_method method);

enum {
	HTTP_FIELDS_MAX = 128,
	HTTP_HEAD_SIZE_MAX = 65535,
	HTTP_METHOD_SIZE_MAX = 24,
	HTTP_CHUNK_DIGITS_MAX = 16,
};

struct http_limits {
	size_t head_size;    /* bytes of request line and fields, with all line ends; else 431 */
	size_t fields;	     /* lines of fields, and again of trailers; else 431 */
	size_t target_size;  /* bytes of the request target; else 414 */
	size_t trailer_size; /* bytes of a chunked body's trailers; else 431 */
	const char *host;    /* our `name[:port]` for absolute targets; NULL: refuse all of them */
};

/* 16 KiB, 64 fields, 8 KiB, 4 KiB, NULL. */
extern const struct http_limits http_limits_default;

/* Offsets count from the first byte of the request. */
struct http_field {
	uint16_t name_at, name_len;
	uint16_t value_at, value_len;
};

struct http_head {
	enum http_method method;
	uint16_t method_at, method_len;
	uint16_t path_at, path_len; /* as sent, not decoded; length 0 stands for `/` */
	uint16_t query_at, query_len;
	uint8_t minor;	      /* 0 or 1 */
	bool keep_alive;      /* the client's wish, by version and Connection */
	bool expect_continue; /* never with HTTP/1.0 */
	bool has_body;	      /* chunked, or a length above 0 */
	bool chunked;
	uint64_t content_length; /* 0 when absent or chunked */
	uint16_t n_fields;
	struct http_field fields[HTTP_FIELDS_MAX];
};

/* The fields of HEAD, whose first byte is at BASE. A name is compared without case. */
struct span http_head_path(const struct http_head *head, const char *base);
struct span http_head_query(const struct http_head *head, const char *base);
struct span http_head_method_text(const struct http_head *head, const char *base);
/* The first field of that name. False (and *ret_value untouched) if there is none. */
bool http_head_field(
	const struct http_head *head, const char *base, struct span name, struct span *ret_value);

enum {
	PARSE_MORE, /* all bytes were looked at; call again when there are more */
	PARSE_HEAD, /* the head is complete; call http_parser_body before the next step */
	PARSE_DONE, /* the request is complete; `at` bytes of the buffer belong to it */
	PARSE_BAD,  /* refuse with `status` and `reason`, and close */
};

struct http_parser {
	const struct http_limits *limits;
	struct http_head *head;
	int state;
	int status;	    /* of PARSE_BAD: 400, 413, 414, 417, 431 */
	const char *reason; /* of PARSE_BAD: a sentence for the sender, a literal */
	size_t at;	    /* what lies before is dealt with */
	size_t scanned;	    /* no line ends between `at` and here */
	size_t head_len;
	size_t body_len; /* of the body, unchunked, from head_len on; all of it after PARSE_DONE */
	size_t body_max;
	size_t chunk_left;
	size_t trailer_left; /* bytes that trailers may still have */
	size_t n_trailers;
	unsigned seen;	 /* fields that may come only once */
	bool empty_line; /* one was skipped before the request line */
	bool absolute;	 /* the target names our host */
};

/* LIMITS and HEAD are borrowed until the request is done. */
void http_parser_init(
	struct http_parser *parser, const struct http_limits *limits, struct http_head *head);

/*
 * Looks at the request in BYTES, of which *LEN have arrived: all those it looked at before
 * followed by new ones. May shorten *LEN by removing the framing of chunks. Returns PARSE_….
 */
int http_parser_step(struct http_parser *parser, char *bytes, size_t *len);

/* After PARSE_HEAD: the body may have up to MAX bytes (else 413 follows). */
void http_parser_body(struct http_parser *parser, size_t max);

/* How long the whole request will be, once its length is known from the head; else 0. */
size_t http_parser_expected(const struct http_parser *parser);
