/* SPDX-License-Identifier: MIT */
/*
 * Everything but a body is lines, so the parser waits for whole lines and judges each at once. A
 * line that ends beyond its limit is too long whatever is in it, and one that ends before is
 * judged by what is in it: so the outcome cannot depend on how the bytes arrived, and finding
 * line ends is left to memchr.
 */
#include "io/http_parser.h"

enum {
	TOKEN = 1,  /* RFC 9110 section 5.6.2 */
	TARGET = 2, /* visible ASCII */
	VALUE = 4,  /* field content: visible ASCII, blank, tab, 0x80 to 0xff */
	HOST = 8,   /* RFC 3986 section 3.2.2, with the port and without user information */
};

#define T (TOKEN | TARGET | VALUE)	  /* token characters that no host has */
#define A (TOKEN | TARGET | VALUE | HOST) /* letters, digits, and what a host may have too */
#define H (TARGET | VALUE | HOST)	  /* other host characters */
#define V (TARGET | VALUE)		  /* other visible characters */
#define B VALUE				  /* blank, tab, and bytes beyond ASCII */

static const uint8_t classes[256] = {
	/* clang-format off */
	0, 0, 0, 0, 0, 0, 0, 0, 0, B, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	/*   !  "  #  $  %  &  '  (  )  *  +  ,  -  .  / */
	B, A, V, T, A, A, A, A, H, H, A, A, H, A, A, V,
	/* 0 … 9 :  ;  <  =  >  ? */
	A, A, A, A, A, A, A, A, A, A, H, H, V, H, V, V,
	/* @ A … */
	V, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A,
	/* … Z [  \  ]  ^  _ */
	A, A, A, A, A, A, A, A, A, A, A, H, V, H, T, A,
	/* ` a … */
	T, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A,
	/* … z {  |  }  ~  DEL */
	A, A, A, A, A, A, A, A, A, A, A, V, T, V, A, 0,
	B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B,
	B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B,
	B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B,
	B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B,
	B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B,
	B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B,
	B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B,
	B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B,
	/* clang-format on */
};

#undef T
#undef A
#undef H
#undef V
#undef B

const struct http_limits http_limits_default = {
	.head_size = 16 * 1024,
	.fields = 64,
	.target_size = 8 * 1024,
	.trailer_size = 4 * 1024,
	.host = NULL,
};

static const struct {
	enum http_method method;
	const char *name;
} methods[] = {
	{HTTP_POST, "POST"},
	{HTTP_GET, "GET"},
	{HTTP_HEAD, "HEAD"},
	{HTTP_PUT, "PUT"},
	{HTTP_PATCH, "PATCH"},
	{HTTP_DELETE, "DELETE"},
	{HTTP_OPTIONS, "OPTIONS"},
};

const char *http_method_name(enum http_method method)
{
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
		if (methods[i].method == method)
			return methods[i].name;
	return "OTHER";
}

enum state {
	START,
	FIELDS,
	AWAIT_BODY,
	LENGTH,
	CHUNK_SIZE,
	CHUNK_DATA,
	CHUNK_END,
	TRAILERS,
	DONE,
	BAD
};

/* Only inside this file: the state changed, look again. */
enum { AGAIN = -1 };

enum {
	SEEN_HOST = 1,
	SEEN_LENGTH = 2,
	SEEN_TRANSFER = 4,
	SEEN_AUTHORIZATION = 8,
	SEEN_CONTENT_ENCODING = 16,
	SEEN_CLOSE = 32,
	SEEN_KEEP_ALIVE = 64,
};

static int bad(struct http_parser *p, int status, const char *reason)
{
	p->state = BAD;
	p->status = status;
	p->reason = reason;
	return PARSE_BAD;
}

static bool all_of(struct span s, uint8_t class)
{
	for (size_t i = 0; i < s.len; i++)
		if (!(classes[(uint8_t)s.ptr[i]] & class))
			return false;
	return true;
}

/* Cuts the front of *S off up to the byte C, which is dropped. False if C is not in it. */
static bool cut(struct span *s, char c, struct span *ret_front)
{
	const char *end = s->len ? memchr(s->ptr, c, s->len) : NULL;

	if (!end)
		return false;
	*ret_front = span_of(s->ptr, (size_t)(end - s->ptr));
	*s = span_of(end + 1, s->len - ret_front->len - 1);
	return true;
}

/*
 * Takes the line at p->at, without its CRLF, if it ends within MOST bytes. 0 with the line,
 * PARSE_MORE as LINE_OPEN, or LINE_LONG, or LINE_BARE for an LF without CR.
 */
enum { LINE_TAKEN, LINE_OPEN, LINE_LONG, LINE_BARE };
static int take_line(
	struct http_parser *p, const char *bytes, size_t len, size_t most, struct span *ret_line)
{
	size_t limit = p->at + most;
	size_t end = len < limit ? len : limit;
	const char *newline =
		p->scanned < end ? memchr(bytes + p->scanned, '\n', end - p->scanned) : NULL;
	size_t line_end;

	if (!newline) {
		p->scanned = end;
		return len < limit ? LINE_OPEN : LINE_LONG;
	}
	line_end = (size_t)(newline - bytes);
	if (line_end == p->at || bytes[line_end - 1] != '\r')
		return LINE_BARE;
	*ret_line = span_of(bytes + p->at, line_end - 1 - p->at);
	p->at = line_end + 1;
	p->scanned = p->at;
	return LINE_TAKEN;
}

static int parse_version(struct http_parser *p, struct span version)
{
	if (version.len != 8 || memcmp(version.ptr, "HTTP/", 5) != 0 || version.ptr[6] != '.' ||
		version.ptr[5] < '0' || version.ptr[5] > '9' || version.ptr[7] < '0' ||
		version.ptr[7] > '9')
		return bad(p, 400, "The request line does not end with an HTTP version.");
	if (version.ptr[5] != '1' || version.ptr[7] > '1')
		return bad(p, 505, "Only HTTP/1.1 and HTTP/1.0 are spoken here.");
	p->head->minor = (uint8_t)(version.ptr[7] - '0');
	return 0;
}

static bool span_starts_nocase(struct span s, struct span prefix)
{
	return s.len >= prefix.len && span_equal_nocase(span_of(s.ptr, prefix.len), prefix);
}

/* Takes `http://authority` off the front of an absolute target. */
static int parse_authority(struct http_parser *p, struct span *target)
{
	struct span scheme = SPAN_LIT("http://");
	size_t n = 0;

	if (!span_starts_nocase(*target, scheme))
		return bad(p, 400, "The request target does not begin with a slash.");
	target->ptr += scheme.len;
	target->len -= scheme.len;
	while (n < target->len && !memchr("/?#", target->ptr[n], 3))
		n++;
	p->absolute = true;
	target->ptr += n;
	target->len -= n;
	if (!p->limits->host ||
		!span_equal_nocase(span_of(target->ptr - n, n), span_str(p->limits->host)))
		return bad(p, 400, "The request target names another host.");
	return 0;
}

static int parse_target(struct http_parser *p, const char *bytes, struct span target)
{
	struct http_head *head = p->head;
	struct span part;
	int r;

	if (target.len == 0 || !all_of(target, TARGET))
		return bad(p, 400, "The request target has a byte that is not visible ASCII.");
	if (target.ptr[0] != '/' && !(span_is(target, "*") && head->method == HTTP_OPTIONS)) {
		r = parse_authority(p, &target);
		if (r)
			return r;
	}
	if (cut(&target, '#', &part))
		target = part;
	if (!cut(&target, '?', &part)) {
		part = target;
		target.len = 0;
	}
	head->path_at = (uint16_t)(part.ptr - bytes);
	head->path_len = (uint16_t)part.len;
	head->query_at = (uint16_t)(target.ptr - bytes);
	head->query_len = (uint16_t)target.len;
	return 0;
}

static int parse_method(struct http_parser *p, const char *bytes, struct span text)
{
	if (text.len == 0 || text.len > HTTP_METHOD_SIZE_MAX || !all_of(text, TOKEN))
		return bad(p, 400, "The request does not begin with a method.");
	p->head->method_at = (uint16_t)(text.ptr - bytes);
	p->head->method_len = (uint16_t)text.len;
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
		if (span_is(text, methods[i].name))
			p->head->method = methods[i].method;
	return 0;
}

static int parse_request_line(struct http_parser *p, const char *bytes, struct span line)
{
	struct span method, target;
	int r;

	if (!cut(&line, ' ', &method))
		return bad(p, 400, "The request line is not `METHOD target HTTP/1.1`.");
	r = parse_method(p, bytes, method);
	if (r)
		return r;
	if (!cut(&line, ' ', &target))
		return bad(p, 400, "The request line is not `METHOD target HTTP/1.1`.");
	if (target.len > p->limits->target_size)
		return bad(p, 414, "The request target is too long.");
	r = parse_version(p, line);
	return r ? r : parse_target(p, bytes, target);
}

static int step_start(struct http_parser *p, char *bytes, size_t *len)
{
	size_t frame = HTTP_METHOD_SIZE_MAX + sizeof("  HTTP/1.1\r\n") - 1;
	size_t most = p->limits->target_size + frame;
	struct span line;
	int r;

	if (most > p->limits->head_size - p->at)
		most = p->limits->head_size - p->at;
	switch (take_line(p, bytes, *len, most, &line)) {
	case LINE_OPEN:
		return PARSE_MORE;
	case LINE_LONG:
		return bad(p, 414, "The request line is too long.");
	case LINE_BARE:
		return bad(p, 400, "A line ends with LF instead of CRLF.");
	}
	if (line.len == 0) {
		if (p->empty_line)
			return bad(p, 400, "Empty lines stand where a request should.");
		p->empty_line = true; /* RFC 9112 section 2.2 */
		return AGAIN;
	}
	r = parse_request_line(p, bytes, line);
	if (r)
		return r;
	p->state = FIELDS;
	return AGAIN;
}

/* Takes the next element of a comma list. False at the end. */
static bool next_element(struct span *list, struct span *ret_element)
{
	while (list->len > 0) {
		struct span element;

		if (!cut(list, ',', &element)) {
			element = *list;
			list->len = 0;
		}
		element = span_trim(element);
		if (element.len > 0) {
			*ret_element = element;
			return true;
		}
	}
	return false;
}

static int on_host(struct http_parser *p, struct span value)
{
	if (!all_of(value, HOST))
		return bad(p, 400, "Host is not a host name with an optional port.");
	if (p->absolute && !span_equal_nocase(value, span_str(p->limits->host)))
		return bad(p, 400, "Host is not the host of the request target.");
	return 0;
}

static int on_content_length(struct http_parser *p, struct span value)
{
	if (value.len > 10 || span_to_u64(value, UINT64_MAX, &p->head->content_length) != 0)
		return bad(p, 400, "Content-Length is not a number of 1 to 10 digits.");
	return 0;
}

static int on_transfer_encoding(struct http_parser *p, struct span value)
{
	struct span last = SPAN_EMPTY;
	bool sole = span_equal_nocase(value, SPAN_LIT("chunked"));

	p->head->chunked = true;
	if (sole)
		return 0;
	while (next_element(&value, &last))
		if (value.len > 0 && span_equal_nocase(last, SPAN_LIT("chunked")))
			return bad(p, 400, "Transfer-Encoding has a coding after chunked.");
	if (!span_equal_nocase(last, SPAN_LIT("chunked")))
		return bad(p, 400, "Transfer-Encoding is not chunked.");
	return bad(p, 501, "No Transfer-Encoding but chunked is understood.");
}

static int on_connection(struct http_parser *p, struct span value)
{
	struct span option;

	while (next_element(&value, &option)) {
		if (span_equal_nocase(option, SPAN_LIT("close")))
			p->seen |= SEEN_CLOSE;
		else if (span_equal_nocase(option, SPAN_LIT("keep-alive")))
			p->seen |= SEEN_KEEP_ALIVE;
	}
	return 0;
}

static int on_expect(struct http_parser *p, struct span value)
{
	if (!span_equal_nocase(value, SPAN_LIT("100-continue")))
		return bad(p, 417, "Only `Expect: 100-continue` is understood.");
	p->head->expect_continue = p->head->minor > 0; /* RFC 9110 section 10.1.1 */
	return 0;
}

/* The fields that decide about framing and connection, and those that an attacker would repeat
 * to be read differently by two readers. */
static const struct {
	struct span name;
	unsigned once; /* SEEN_… if it may stand only once */
	int (*fn)(struct http_parser *p, struct span value);
} known_fields[] = {
	{{"Host", 4}, SEEN_HOST, on_host},
	{{"Content-Length", 14}, SEEN_LENGTH, on_content_length},
	{{"Transfer-Encoding", 17}, SEEN_TRANSFER, on_transfer_encoding},
	{{"Connection", 10}, 0, on_connection},
	{{"Expect", 6}, 0, on_expect},
	{{"Authorization", 13}, SEEN_AUTHORIZATION, NULL},
	{{"Content-Encoding", 16}, SEEN_CONTENT_ENCODING, NULL},
};

static int look_at_field(struct http_parser *p, struct span name, struct span value)
{
	for (size_t i = 0; i < ARRAY_SIZE(known_fields); i++) {
		if (name.len != known_fields[i].name.len ||
			!span_equal_nocase(name, known_fields[i].name))
			continue;
		if (p->seen & known_fields[i].once)
			return bad(p, 400, "A field that may stand only once stands twice.");
		p->seen |= known_fields[i].once;
		return known_fields[i].fn ? known_fields[i].fn(p, value) : 0;
	}
	return 0;
}

/* The syntax of fields and trailers. */
static int split_field(
	struct http_parser *p, struct span line, struct span *ret_name, struct span *ret_value)
{
	struct span name;

	if (line.ptr[0] == ' ' || line.ptr[0] == '\t')
		return bad(p, 400, "A field is folded onto a second line.");
	if (!cut(&line, ':', &name) || name.len == 0 || !all_of(name, TOKEN))
		return bad(p, 400, "A line of the head is not `Name: value`.");
	if (!all_of(line, VALUE))
		return bad(p, 400, "The value of a field has a control character.");
	*ret_name = name;
	*ret_value = span_trim(line);
	return 0;
}

static int finish_head(struct http_parser *p)
{
	struct http_head *head = p->head;

	if (head->minor > 0 && !(p->seen & SEEN_HOST))
		return bad(p, 400, "Host is missing.");
	if (head->chunked && (p->seen & SEEN_LENGTH))
		return bad(p, 400, "Content-Length and Transfer-Encoding stand together.");
	if (head->chunked && head->minor == 0)
		return bad(p, 400, "HTTP/1.0 has no Transfer-Encoding.");
	head->has_body = head->chunked || head->content_length > 0;
	head->keep_alive =
		!(p->seen & SEEN_CLOSE) && (head->minor > 0 || (p->seen & SEEN_KEEP_ALIVE));
	p->head_len = p->at;
	p->state = AWAIT_BODY;
	return PARSE_HEAD;
}

static int step_fields(struct http_parser *p, char *bytes, size_t *len)
{
	struct http_head *head = p->head;
	struct span line, name, value;
	int r;

	switch (take_line(p, bytes, *len, p->limits->head_size - p->at, &line)) {
	case LINE_OPEN:
		return PARSE_MORE;
	case LINE_LONG:
		return bad(p, 431, "The head of the request is too long.");
	case LINE_BARE:
		return bad(p, 400, "A line ends with LF instead of CRLF.");
	}
	if (line.len == 0)
		return finish_head(p);
	r = split_field(p, line, &name, &value);
	if (r)
		return r;
	if (head->n_fields == p->limits->fields)
		return bad(p, 431, "The head of the request has too many fields.");
	head->fields[head->n_fields++] = (struct http_field){
		.name_at = (uint16_t)(name.ptr - bytes),
		.name_len = (uint16_t)name.len,
		.value_at = (uint16_t)(value.ptr - bytes),
		.value_len = (uint16_t)value.len,
	};
	r = look_at_field(p, name, value);
	return r ? r : AGAIN;
}

/* The caller forgot http_parser_body: say again what it has to answer. */
static int step_await_body(struct http_parser *p, char *bytes, size_t *len)
{
	(void)p;
	(void)bytes;
	(void)len;
	return PARSE_HEAD;
}

static int step_length(struct http_parser *p, char *bytes, size_t *len)
{
	(void)bytes;
	if (p->head->content_length > p->body_max)
		return bad(p, 413, "The body is too large.");
	if (*len - p->head_len < p->head->content_length)
		return PARSE_MORE;
	p->body_len = (size_t)p->head->content_length;
	p->at = p->head_len + p->body_len;
	p->state = DONE;
	return AGAIN;
}

/* Nothing but framing lies between the body so far and what is still to be looked at: drop it, so
 * that a body in tiny chunks needs no more room than its own bytes. */
static int more_chunks(struct http_parser *p, char *bytes, size_t *len)
{
	size_t end = p->head_len + p->body_len;
	size_t gap = p->at - end;

	if (gap > 0) {
		memmove(bytes + end, bytes + p->at, *len - p->at);
		*len -= gap;
		p->at -= gap;
		p->scanned -= gap;
	}
	return PARSE_MORE;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static int step_chunk_size(struct http_parser *p, char *bytes, size_t *len)
{
	struct span line;
	uint64_t size = 0;

	switch (take_line(p, bytes, *len, HTTP_CHUNK_DIGITS_MAX + 2, &line)) {
	case LINE_OPEN:
		return more_chunks(p, bytes, len);
	case LINE_LONG:
	case LINE_BARE:
		return bad(p, 400, "A chunk does not begin with its size.");
	}
	if (line.len == 0)
		return bad(p, 400, "A chunk does not begin with its size.");
	for (size_t i = 0; i < line.len; i++) {
		int digit = hex_digit(line.ptr[i]);

		if (digit < 0)
			return bad(p, 400, "A chunk does not begin with its size.");
		size = size << 4 | (uint64_t)digit; /* 16 digits fit */
	}
	if (size > p->body_max - p->body_len)
		return bad(p, 413, "The body is too large.");
	p->chunk_left = (size_t)size;
	p->state = size > 0 ? CHUNK_DATA : TRAILERS;
	return AGAIN;
}

static int step_chunk_data(struct http_parser *p, char *bytes, size_t *len)
{
	size_t n = *len - p->at < p->chunk_left ? *len - p->at : p->chunk_left;

	memmove(bytes + p->head_len + p->body_len, bytes + p->at, n);
	p->body_len += n;
	p->at += n;
	p->scanned = p->at;
	p->chunk_left -= n;
	if (p->chunk_left > 0)
		return more_chunks(p, bytes, len);
	p->state = CHUNK_END;
	return AGAIN;
}

static int step_chunk_end(struct http_parser *p, char *bytes, size_t *len)
{
	size_t n = *len - p->at < 2 ? *len - p->at : 2;

	if (memcmp(bytes + p->at, "\r\n", n) != 0)
		return bad(p, 400, "A chunk does not end where its size says.");
	if (n < 2)
		return more_chunks(p, bytes, len);
	p->at += 2;
	p->scanned = p->at;
	p->state = CHUNK_SIZE;
	return AGAIN;
}

static int step_trailers(struct http_parser *p, char *bytes, size_t *len)
{
	size_t before = p->at;
	struct span line, name, value;
	int r;

	switch (take_line(p, bytes, *len, p->trailer_left, &line)) {
	case LINE_OPEN:
		return more_chunks(p, bytes, len);
	case LINE_LONG:
		return bad(p, 431, "The trailers of the request are too long.");
	case LINE_BARE:
		return bad(p, 400, "A line ends with LF instead of CRLF.");
	}
	p->trailer_left -= p->at - before;
	if (line.len == 0) {
		p->state = DONE;
		return AGAIN;
	}
	r = split_field(p, line, &name, &value);
	if (r)
		return r;
	if (p->n_trailers++ == p->limits->fields)
		return bad(p, 431, "The request has too many trailers.");
	return AGAIN;
}

static int step_done(struct http_parser *p, char *bytes, size_t *len)
{
	(void)p;
	(void)bytes;
	(void)len;
	return PARSE_DONE;
}

static int step_bad(struct http_parser *p, char *bytes, size_t *len)
{
	(void)p;
	(void)bytes;
	(void)len;
	return PARSE_BAD;
}

static int (*const steps[])(struct http_parser *p, char *bytes, size_t *len) = {
	[START] = step_start,
	[FIELDS] = step_fields,
	[AWAIT_BODY] = step_await_body,
	[LENGTH] = step_length,
	[CHUNK_SIZE] = step_chunk_size,
	[CHUNK_DATA] = step_chunk_data,
	[CHUNK_END] = step_chunk_end,
	[TRAILERS] = step_trailers,
	[DONE] = step_done,
	[BAD] = step_bad,
};

void http_parser_init(
	struct http_parser *p, const struct http_limits *limits, struct http_head *head)
{
	assert(limits->head_size <= HTTP_HEAD_SIZE_MAX && limits->fields <= HTTP_FIELDS_MAX);
	memset(head, 0, offsetof(struct http_head, fields));
	*p = (struct http_parser){
		.limits = limits,
		.head = head,
		.state = START,
		.trailer_left = limits->trailer_size,
	};
}

int http_parser_step(struct http_parser *p, char *bytes, size_t *len)
{
	int r;

	do {
		r = steps[p->state](p, bytes, len);
	} while (r == AGAIN);
	return r;
}

void http_parser_body(struct http_parser *p, size_t max)
{
	assert(p->state == AWAIT_BODY);
	p->body_max = max;
	p->state = p->head->chunked ? CHUNK_SIZE : LENGTH;
}

size_t http_parser_expected(const struct http_parser *p)
{
	return p->state == LENGTH ? p->head_len + (size_t)p->head->content_length : 0;
}

struct span http_head_path(const struct http_head *head, const char *base)
{
	return head->path_len ? span_of(base + head->path_at, head->path_len) : SPAN_LIT("/");
}

struct span http_head_query(const struct http_head *head, const char *base)
{
	return span_of(base + head->query_at, head->query_len);
}

struct span http_head_method_text(const struct http_head *head, const char *base)
{
	return span_of(base + head->method_at, head->method_len);
}

bool http_head_field(
	const struct http_head *head, const char *base, struct span name, struct span *ret_value)
{
	for (size_t i = 0; i < head->n_fields; i++) {
		const struct http_field *f = &head->fields[i];

		if (f->name_len == name.len &&
			span_equal_nocase(span_of(base + f->name_at, f->name_len), name)) {
			*ret_value = span_of(base + f->value_at, f->value_len);
			return true;
		}
	}
	return false;
}
