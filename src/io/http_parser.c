/* SPDX-License-Identifier: MIT */
/*
 * Everything but a body is lines, so the parser waits for whole lines and judges each at once. A
 * line that ends beyond its limit is too long whatever is in it, and one that ends before is
 * judged by what is in it: so the outcome cannot depend on how the bytes arrived, and finding
 * line ends is left to memchr.
 */
#include "http_lines.h"

const struct http_limits http_limits_default = {
	.head_size = (size_t)16 * 1024,
	.fields = 64,
	.target_size = (size_t)8 * 1024,
	.trailer_size = (size_t)4 * 1024,
	.host = NULL,
};

int parser_bad(struct http_parser *p, int status, const char *reason)
{
	p->state = BAD;
	p->status = status;
	p->reason = reason;
	return PARSE_BAD;
}

/* What has arrived of a request. */
struct input {
	char *bytes;
	size_t len;
};

/*
 * Takes the line at p->at, without its CRLF, if it ends within MOST bytes. LINE_OPEN: it may yet
 * end there; LINE_LONG: it cannot any more; LINE_BARE: it ends with LF alone.
 */
enum { LINE_TAKEN, LINE_OPEN, LINE_LONG, LINE_BARE };
static int take_line(
	struct http_parser *p, const struct input *in, size_t most, struct span *ret_line)
{
	size_t limit = p->at + most;
	size_t end = in->len < limit ? in->len : limit;
	const char *newline = NULL;
	size_t line_end;

	if (p->scanned < end)
		newline = memchr(in->bytes + p->scanned, '\n', end - p->scanned);
	if (!newline) {
		p->scanned = end;
		return in->len < limit ? LINE_OPEN : LINE_LONG;
	}
	line_end = (size_t)(newline - in->bytes);
	if (line_end == p->at || in->bytes[line_end - 1] != '\r')
		return LINE_BARE;
	*ret_line = span_of(in->bytes + p->at, line_end - 1 - p->at);
	p->at = line_end + 1;
	p->scanned = p->at;
	return LINE_TAKEN;
}

static int step_start(struct http_parser *p, struct input *in)
{
	size_t frame = HTTP_METHOD_SIZE_MAX + sizeof("  HTTP/1.1\r\n") - 1;
	size_t most = p->limits->target_size + frame;
	struct span line;
	int r;

	if (most > p->limits->head_size - p->at)
		most = p->limits->head_size - p->at;
	switch (take_line(p, in, most, &line)) {
	case LINE_OPEN:
		return PARSE_MORE;
	case LINE_LONG:
		return parser_bad(p, 414, "The request line is too long.");
	case LINE_BARE:
		return parser_bad(p, 400, "A line ends with LF instead of CRLF.");
	}
	if (line.len == 0) {
		if (p->empty_line)
			return parser_bad(p, 400, "Empty lines stand where a request should.");
		p->empty_line = true; /* RFC 9112 section 2.2 */
		return AGAIN;
	}
	r = parse_request_line(p, in->bytes, line);
	if (r)
		return r;
	p->state = FIELDS;
	return AGAIN;
}

static int finish_head(struct http_parser *p)
{
	struct http_head *head = p->head;

	if (head->minor > 0 && !(p->seen & SEEN_HOST))
		return parser_bad(p, 400, "Host is missing.");
	if (head->chunked && (p->seen & SEEN_LENGTH))
		return parser_bad(p, 400, "Content-Length and Transfer-Encoding stand together.");
	if (head->chunked && head->minor == 0)
		return parser_bad(p, 400, "HTTP/1.0 has no Transfer-Encoding.");
	head->has_body = head->chunked || head->content_length > 0;
	head->keep_alive =
		!(p->seen & SEEN_CLOSE) && (head->minor > 0 || (p->seen & SEEN_KEEP_ALIVE));
	p->head_len = p->at;
	p->state = AWAIT_BODY;
	return PARSE_HEAD;
}

static int step_fields(struct http_parser *p, struct input *in)
{
	struct http_head *head = p->head;
	struct span line, name, value;
	int r;

	switch (take_line(p, in, p->limits->head_size - p->at, &line)) {
	case LINE_OPEN:
		return PARSE_MORE;
	case LINE_LONG:
		return parser_bad(p, 431, "The head of the request is too long.");
	case LINE_BARE:
		return parser_bad(p, 400, "A line ends with LF instead of CRLF.");
	}
	if (line.len == 0)
		return finish_head(p);
	r = split_field(p, line, &name, &value);
	if (r)
		return r;
	if (head->n_fields == p->limits->fields)
		return parser_bad(p, 431, "The head of the request has too many fields.");
	head->fields[head->n_fields++] = (struct http_field){
		.name_at = (uint16_t)(name.ptr - in->bytes),
		.name_len = (uint16_t)name.len,
		.value_at = (uint16_t)(value.ptr - in->bytes),
		.value_len = (uint16_t)value.len,
	};
	r = look_at_field(p, name, value);
	return r ? r : AGAIN;
}

/* The caller forgot http_parser_body: say again what it has to answer. */
static int step_await_body(struct http_parser *p, struct input *in)
{
	(void)p;
	(void)in;
	return PARSE_HEAD;
}

static int step_length(struct http_parser *p, struct input *in)
{
	if (p->head->content_length > p->body_max)
		return parser_bad(p, 413, "The body is too large.");
	if (in->len - p->head_len < p->head->content_length)
		return PARSE_MORE;
	p->body_len = (size_t)p->head->content_length;
	p->at = p->head_len + p->body_len;
	p->state = DONE;
	return AGAIN;
}

/* Nothing but framing lies between the body so far and what is still to be looked at: drop it, so
 * that a body in tiny chunks needs no more room than its own bytes. */
static int more_chunks(struct http_parser *p, struct input *in)
{
	size_t end = p->head_len + p->body_len;
	size_t gap = p->at - end;

	if (gap > 0) {
		memmove(in->bytes + end, in->bytes + p->at, in->len - p->at);
		in->len -= gap;
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

static int step_chunk_size(struct http_parser *p, struct input *in)
{
	struct span line;
	uint64_t size = 0;

	switch (take_line(p, in, HTTP_CHUNK_DIGITS_MAX + 2, &line)) {
	case LINE_OPEN:
		return more_chunks(p, in);
	case LINE_LONG:
	case LINE_BARE:
		return parser_bad(p, 400, "A chunk does not begin with its size.");
	}
	if (line.len == 0)
		return parser_bad(p, 400, "A chunk does not begin with its size.");
	for (size_t i = 0; i < line.len; i++) {
		int digit = hex_digit(line.ptr[i]);

		if (digit < 0)
			return parser_bad(p, 400, "A chunk does not begin with its size.");
		size = size << 4 | (uint64_t)digit; /* 16 digits fit */
	}
	if (size > p->body_max - p->body_len)
		return parser_bad(p, 413, "The body is too large.");
	p->chunk_left = (size_t)size;
	p->state = size > 0 ? CHUNK_DATA : TRAILERS;
	return AGAIN;
}

static int step_chunk_data(struct http_parser *p, struct input *in)
{
	size_t n = in->len - p->at < p->chunk_left ? in->len - p->at : p->chunk_left;

	memmove(in->bytes + p->head_len + p->body_len, in->bytes + p->at, n);
	p->body_len += n;
	p->at += n;
	p->scanned = p->at;
	p->chunk_left -= n;
	if (p->chunk_left > 0)
		return more_chunks(p, in);
	p->state = CHUNK_END;
	return AGAIN;
}

static int step_chunk_end(struct http_parser *p, struct input *in)
{
	size_t n = in->len - p->at < 2 ? in->len - p->at : 2;

	if (memcmp(in->bytes + p->at, "\r\n", n) != 0)
		return parser_bad(p, 400, "A chunk does not end where its size says.");
	if (n < 2)
		return more_chunks(p, in);
	p->at += 2;
	p->scanned = p->at;
	p->state = CHUNK_SIZE;
	return AGAIN;
}

static int step_trailers(struct http_parser *p, struct input *in)
{
	size_t before = p->at;
	struct span line, name, value;
	int r;

	switch (take_line(p, in, p->trailer_left, &line)) {
	case LINE_OPEN:
		return more_chunks(p, in);
	case LINE_LONG:
		return parser_bad(p, 431, "The trailers of the request are too long.");
	case LINE_BARE:
		return parser_bad(p, 400, "A line ends with LF instead of CRLF.");
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
		return parser_bad(p, 431, "The request has too many trailers.");
	return AGAIN;
}

static int step_done(struct http_parser *p, struct input *in)
{
	(void)p;
	(void)in;
	return PARSE_DONE;
}

static int step_bad(struct http_parser *p, struct input *in)
{
	(void)p;
	(void)in;
	return PARSE_BAD;
}

static int (*const steps[])(struct http_parser *p, struct input *in) = {
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
	struct input in;
	int r;

	in.bytes = bytes;
	in.len = *len;
	do {
		r = steps[p->state](p, &in);
	} while (r == AGAIN);
	*len = in.len;
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
