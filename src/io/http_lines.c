/* SPDX-License-Identifier: MIT */
/*
 * What a line of a request's head means. Bytes are judged by one table; the few fields that decide
 * about framing are rows of another.
 */
#include "http_lines.h"

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

static int parse_version(struct http_parser *p, struct span version)
{
	if (version.len != 8 || memcmp(version.ptr, "HTTP/", 5) != 0 || version.ptr[6] != '.' ||
		version.ptr[5] < '0' || version.ptr[5] > '9' || version.ptr[7] < '0' ||
		version.ptr[7] > '9')
		return parser_bad(p, 400, "The request line does not end with an HTTP version.");
	if (version.ptr[5] != '1' || version.ptr[7] > '1')
		return parser_bad(p, 400, "Only HTTP/1.1 and HTTP/1.0 are spoken here.");
	p->head->minor = (uint8_t)(version.ptr[7] - '0');
	return 0;
}

static bool span_starts_nocase(struct span s, struct span prefix)
{
	return s.len >= prefix.len && span_equal_nocase(span_of(s.ptr, prefix.len), prefix);
}

static bool ends_authority(char c)
{
	return c == '/' || c == '?' || c == '#';
}

/* Takes `http://authority` off the front of an absolute target. */
static int parse_authority(struct http_parser *p, struct span *target)
{
	struct span scheme = SPAN_LIT("http://");
	size_t n = 0;

	if (!span_starts_nocase(*target, scheme))
		return parser_bad(p, 400, "The request target does not begin with a slash.");
	target->ptr += scheme.len;
	target->len -= scheme.len;
	while (n < target->len && !ends_authority(target->ptr[n]))
		n++;
	p->absolute = true;
	target->ptr += n;
	target->len -= n;
	if (!p->limits->host ||
		!span_equal_nocase(span_of(target->ptr - n, n), span_str(p->limits->host)))
		return parser_bad(p, 400, "The request target names another host.");
	return 0;
}

static int parse_target(struct http_parser *p, const char *bytes, struct span target)
{
	struct http_head *head = p->head;
	struct span part;
	int r;

	if (target.len == 0 || !all_of(target, TARGET))
		return parser_bad(
			p, 400, "The request target has a byte that is not visible ASCII.");
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
		return parser_bad(p, 400, "The request does not begin with a method.");
	p->head->method_at = (uint16_t)(text.ptr - bytes);
	p->head->method_len = (uint16_t)text.len;
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
		if (span_is(text, methods[i].name))
			p->head->method = methods[i].method;
	return 0;
}

int parse_request_line(struct http_parser *p, const char *bytes, struct span line)
{
	struct span method, target;
	int r;

	if (!cut(&line, ' ', &method))
		return parser_bad(p, 400, "The request line is not `METHOD target HTTP/1.1`.");
	r = parse_method(p, bytes, method);
	if (r)
		return r;
	if (!cut(&line, ' ', &target))
		return parser_bad(p, 400, "The request line is not `METHOD target HTTP/1.1`.");
	if (target.len > p->limits->target_size)
		return parser_bad(p, 414, "The request target is too long.");
	r = parse_version(p, line);
	return r ? r : parse_target(p, bytes, target);
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
		return parser_bad(p, 400, "Host is not a host name with an optional port.");
	if (p->absolute && !span_equal_nocase(value, span_str(p->limits->host)))
		return parser_bad(p, 400, "Host is not the host of the request target.");
	return 0;
}

static int on_content_length(struct http_parser *p, struct span value)
{
	if (value.len > 10 || span_to_u64(value, UINT64_MAX, &p->head->content_length) != 0)
		return parser_bad(p, 400, "Content-Length is not a number of 1 to 10 digits.");
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
			return parser_bad(p, 400, "Transfer-Encoding has a coding after chunked.");
	if (!span_equal_nocase(last, SPAN_LIT("chunked")))
		return parser_bad(p, 400, "Transfer-Encoding is not chunked.");
	return parser_bad(p, 400, "No Transfer-Encoding but chunked is understood.");
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
		return parser_bad(p, 417, "Only `Expect: 100-continue` is understood.");
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

int look_at_field(struct http_parser *p, struct span name, struct span value)
{
	for (size_t i = 0; i < ARRAY_SIZE(known_fields); i++) {
		if (name.len != known_fields[i].name.len ||
			!span_equal_nocase(name, known_fields[i].name))
			continue;
		if (p->seen & known_fields[i].once)
			return parser_bad(p, 400, "A field that may stand only once stands twice.");
		p->seen |= known_fields[i].once;
		return known_fields[i].fn ? known_fields[i].fn(p, value) : 0;
	}
	return 0;
}

/* The syntax of fields and trailers. */
int split_field(
	struct http_parser *p, struct span line, struct span *ret_name, struct span *ret_value)
{
	struct span name;

	if (line.ptr[0] == ' ' || line.ptr[0] == '\t')
		return parser_bad(p, 400, "A field is folded onto a second line.");
	if (!cut(&line, ':', &name) || name.len == 0 || !all_of(name, TOKEN))
		return parser_bad(p, 400, "A line of the head is not `Name: value`.");
	if (!all_of(line, VALUE))
		return parser_bad(p, 400, "The value of a field has a control character.");
	*ret_name = name;
	*ret_value = span_trim(line);
	return 0;
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
