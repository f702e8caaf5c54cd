/* SPDX-License-Identifier: MIT */
#include "http_drive.h"

size_t piece_all(void *arg, size_t left)
{
	(void)arg;
	return left;
}

size_t piece_split(void *arg, size_t left)
{
	size_t *first = arg;
	size_t n = *first > 0 && *first < left ? *first : left;

	*first = 0;
	return n;
}

size_t piece_single(void *arg, size_t left)
{
	(void)arg;
	(void)left;
	return 1;
}

static void add_request(const struct http_parser *p, const char *base, struct buf *out)
{
	const struct http_head *head = p->head;

	buf_add_span(out, http_head_method_text(head, base));
	buf_add_char(out, ' ');
	buf_add_span(out, http_head_path(head, base));
	buf_add_str(out, " ?");
	buf_add_span(out, http_head_query(head, base));
	buf_printf(out, " HTTP/1.%u %s%s", head->minor, head->keep_alive ? "keep" : "close",
		head->expect_continue ? " expect" : "");
	for (size_t i = 0; i < head->n_fields; i++) {
		const struct http_field *f = &head->fields[i];

		buf_add_str(out, " [");
		buf_add(out, base + f->name_at, f->name_len);
		buf_add_char(out, '=');
		buf_add(out, base + f->value_at, f->value_len);
		buf_add_char(out, ']');
	}
	buf_add_str(out, " body=");
	buf_add(out, base + p->head_len, p->body_len);
	buf_add_char(out, '\n');
}

struct feed {
	const struct drive *drive;
	struct span left;
	char *bytes; /* of the request being parsed */
	size_t len;
	struct http_parser parser;
	struct http_head head;
};

/* A copy of exactly the right size, so that a look beyond its end is seen. */
static void feed_resize(struct feed *f, const char *from, size_t len, struct span more)
{
	char *bytes = malloc(len + more.len + 1);

	assert(bytes);
	if (len)
		memcpy(bytes, from, len);
	if (more.len)
		memcpy(bytes + len, more.ptr, more.len);
	free(f->bytes);
	f->bytes = realloc(bytes, len + more.len ? len + more.len : 1);
	assert(f->bytes);
	f->len = len + more.len;
}

static bool feed_piece(struct feed *f)
{
	size_t n;

	if (f->left.len == 0)
		return false;
	n = f->drive->piece(f->drive->arg, f->left.len);
	assert(n >= 1 && n <= f->left.len);
	feed_resize(f, f->bytes, f->len, span_of(f->left.ptr, n));
	f->left = span_of(f->left.ptr + n, f->left.len - n);
	return true;
}

/* One request. Whether another may follow. */
static bool feed_request(struct feed *f, struct buf *out)
{
	int r;

	http_parser_init(&f->parser, &f->drive->limits, &f->head);
	for (;;) {
		r = http_parser_step(&f->parser, f->bytes, &f->len);
		if (r == PARSE_HEAD)
			http_parser_body(&f->parser, f->drive->body_max);
		else if (r != PARSE_MORE || !feed_piece(f))
			break;
	}
	if (r == PARSE_BAD)
		buf_printf(out, "!%d %s\n", f->parser.status, f->parser.reason);
	else if (r == PARSE_MORE && f->len > 0)
		buf_add_str(out, "…\n");
	else if (r == PARSE_DONE)
		add_request(&f->parser, f->bytes, out);
	if (r != PARSE_DONE)
		return false;
	feed_resize(f, f->bytes + f->parser.at, f->len - f->parser.at, SPAN_EMPTY);
	return f->head.keep_alive;
}

void drive_run(const struct drive *drive, struct span bytes, struct buf *out)
{
	struct feed *f = calloc(1, sizeof(*f));

	assert(f);
	f->drive = drive;
	f->left = bytes;
	feed_resize(f, NULL, 0, SPAN_EMPTY);
	while (feed_request(f, out))
		;
	free(f->bytes);
	free(f);
}
