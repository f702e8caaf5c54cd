/* SPDX-License-Identifier: MIT */
/*
 * The parser against a table of requests, each of which must have the same outcome whole, cut in
 * two at every byte, and byte by byte; and its limits, exactly and one past.
 * Expected outcomes follow from RFC 9112 and the policy in io/http_parser.h, by hand.
 */
#include "check.h"
#include "http_drive.h"

static const struct drive whole = {
	.limits = {.head_size = 16384,
		.fields = 64,
		.target_size = 8192,
		.trailer_size = 4096,
		.host = "shop.example"},
	.body_max = 64,
	.piece = piece_all,
};

struct example {
	const char *bytes;
	size_t len;
	const char *want; /* the account, or its beginning if it ends with `*` */
};

#define ROW(BYTES, WANT)                                                                           \
	{                                                                                          \
		BYTES, sizeof(BYTES) - 1, WANT                                                     \
	}
#define H	 " HTTP/1.1\r\nHost: h\r\n"
#define P	 "POST /" H
#define SMUGGLED "GET /evil" H "\r\n"

static const struct example examples[] = {
	/* what must be understood */
	ROW("GET / HTTP/1.1\r\nHost: h\r\n\r\n", "GET / ? HTTP/1.1 keep [Host=h] body=\n"),
	ROW("GET /a?b=c&d?#e HTTP/1.1\r\nHost:h:80\r\n\r\n",
		"GET /a ?b=c&d? HTTP/1.1 keep [Host=h:80] body=\n"),
	ROW("GET /a#e?f HTTP/1.1\r\nHost:\r\n\r\n", "GET /a ? HTTP/1.1 keep [Host=] body=\n"),
	ROW("GET /? HTTP/1.0\r\n\r\n", "GET / ? HTTP/1.0 close body=\n"),
	ROW("POST /hooks HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc",
		"POST /hooks ? HTTP/1.0 close [Content-Length=3] body=abc\n"),
	ROW("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
		"GET / ? HTTP/1.0 keep [Connection=Keep-Alive] body=\n"),
	ROW("GET / HTTP/1.0\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n",
		"GET / ? HTTP/1.0 close *"),
	ROW("GET /" H "Connection: te , ,Close\r\n\r\n" SMUGGLED, "GET / ? HTTP/1.1 close *"),
	ROW(P "Content-Length: 003\r\n\r\nabc", "POST / ? HTTP/1.1 keep [Host=h] "
						"[Content-Length=003] body=abc\n"),
	ROW(P "content-LENGTH: \t 3 \t\r\n\r\nabc\r\nGET /x" H "\r\n",
		"POST / ? HTTP/1.1 keep [Host=h] [content-LENGTH=3] body=abc\n"
		"GET /x ? HTTP/1.1 keep [Host=h] body=\n"),
	ROW(P "Content-Length: 3\r\n\r\nab", "…\n"),
	ROW(P "Transfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n00A\r\n0123456789\r\n000\r\n\r\n"
	      "GET /x" H "\r\n",
		"POST / ? HTTP/1.1 keep [Host=h] [Transfer-Encoding=Chunked] body=abc0123456789\n"
		"GET /x ? HTTP/1.1 keep [Host=h] body=\n"),
	ROW(P "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nHost: evil\r\n"
	      "Content-Length: 9\r\n\r\nGET /x" H "\r\n",
		"POST / ? HTTP/1.1 keep [Host=h] [Transfer-Encoding=chunked] body=abc\n"
		"GET /x ? HTTP/1.1 keep [Host=h] body=\n"),
	ROW(P "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\na",
		"POST / ? HTTP/1.1 keep expect *"),
	ROW("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\na",
		"POST / ? HTTP/1.0 close [Expect=*"),
	ROW("BREW /pot" H "\r\n", "BREW /pot ? HTTP/1.1 keep [Host=h] body=\n"),
	ROW("OPTIONS *" H "\r\n", "OPTIONS * ? HTTP/1.1 keep [Host=h] body=\n"),
	ROW("\r\nGET /" H "\r\n", "GET / ? HTTP/1.1 keep [Host=h] body=\n"),
	ROW("GET /" H "X: D\xc3\xbcsseldorf \xff\r\nY:\r\n\r\n",
		"GET / ? HTTP/1.1 keep [Host=h] [X=D\xc3\xbcsseldorf \xff] [Y=] body=\n"),
	ROW("GET http://SHOP.example/a?b HTTP/1.1\r\nHost: shop.EXAMPLE\r\n\r\n",
		"GET /a ?b HTTP/1.1 keep *"),
	ROW("GET http://shop.example?b HTTP/1.1\r\nHost: shop.example\r\n\r\n",
		"GET / ?b HTTP/1.1 keep *"),
	ROW("GET /" H "Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n", "GET / ? HTTP/1.1 keep *"),
	ROW("", ""),
	ROW("GET / HT", "…\n"),

	/* where a body ends must be beyond doubt */
	ROW(P "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SMUGGLED,
		"!400 *"),
	ROW(P "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n" SMUGGLED,
		"!400 *"),
	ROW(P "Transfer-Encoding: gzip, chunked\r\nContent-Length: 3\r\n\r\nabc" SMUGGLED,
		"!400 *"),
	ROW(P "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" SMUGGLED, "!400 *"),
	ROW(P "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n" SMUGGLED, "!400 *"),
	ROW(P "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n" SMUGGLED, "!400 *"),
	ROW(P "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" SMUGGLED, "!400 *"),
	ROW(P "Transfer-Encoding: chunked;a=b\r\n\r\n0\r\n\r\n" SMUGGLED, "!400 *"),
	ROW(P "Transfer-Encoding:\r\n\r\n0\r\n\r\n" SMUGGLED, "!400 *"),
	ROW(P "Transfer-Encoding: identity\r\n\r\n" SMUGGLED, "!400 *"),
	ROW(P "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SMUGGLED,
		"!400 *"),
	ROW("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SMUGGLED, "!400 *"),
	ROW(P "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc" SMUGGLED, "!400 *"),
	ROW(P "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc" SMUGGLED, "!400 *"),
	ROW(P "Content-Length: +3\r\n\r\nabc" SMUGGLED, "!400 *"),
	ROW(P "Content-Length: 0x3\r\n\r\nabc" SMUGGLED, "!400 *"),
	ROW(P "Content-Length: -1\r\n\r\nabc" SMUGGLED, "!400 *"),
	ROW(P "Content-Length: 3, 3\r\n\r\nabc" SMUGGLED, "!400 *"),
	ROW(P "Content-Length: 1 3\r\n\r\nabc" SMUGGLED, "!400 *"),
	ROW(P "Content-Length:\r\n\r\nabc" SMUGGLED, "!400 *"),
	ROW(P "Content-Length: 00000000003\r\n\r\nabc" SMUGGLED, "!400 *"),
	ROW(P "Content-Length: 9999999999\r\n\r\nabc" SMUGGLED, "!413 *"),
	ROW(P "Content-Length : 3\r\n\r\nabc" SMUGGLED, "!400 *"),
	ROW(P "Transfer-Encoding: chunked\r\n\r\n3 zz\r\nabc\r\n0\r\n\r\n" SMUGGLED, "!400 *"),
	ROW(P "Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n" SMUGGLED, "!400 *"),
	ROW(P "Transfer-Encoding: chunked\r\n\r\n+3\r\nabc\r\n0\r\n\r\n" SMUGGLED, "!400 *"),
	ROW(P "Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\n\r\n" SMUGGLED, "!400 *"),
	ROW(P "Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n" SMUGGLED, "!400 *"),
	ROW(P "Transfer-Encoding: chunked\r\n\r\n\r\nabc\r\n0\r\n\r\n" SMUGGLED, "!400 *"),
	ROW(P "Transfer-Encoding: chunked\r\n\r\n3\r\nabc0\r\n\r\n" SMUGGLED, "!400 *"),
	ROW(P "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\n0\r\n\r\n" SMUGGLED, "!400 *"),
	ROW(P "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r0\r\n\r\n" SMUGGLED, "!400 *"),
	ROW(P "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc\r\n0\r\n\r\n", "!413 *"),
	ROW(P "Transfer-Encoding: chunked\r\n\r\n10000000000000003\r\nabc\r\n0\r\n\r\n", "!400 *"),
	ROW(P "Transfer-Encoding: chunked\r\n\r\n0\r\nBad Name: x\r\n\r\n" SMUGGLED, "!400 *"),
	ROW(P "Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\n\r\n" SMUGGLED, "!400 *"),
	ROW(P "Transfer-Encoding: chunked\r\n\r\n0\r\n fold\r\n\r\n" SMUGGLED, "!400 *"),

	/* lines and fields */
	ROW("GET / HTTP/1.1\nHost: h\n\n", "!400 *"),
	ROW("GET /" H "X: y\n\r\n", "!400 *"),
	ROW("GET /" H "X: y\r\n\n", "!400 *"),
	ROW("GET /" H "X: a\r\n b\r\n\r\n", "!400 A field is folded*"),
	ROW("GET /" H "X: a\r\n\tb\r\n\r\n", "!400 A field is folded*"),
	ROW("GET / HTTP/1.1\r\n Host: h\r\n\r\n", "!400 *"),
	ROW("GET /" H "X: a\rb\r\n\r\n", "!400 *"),
	ROW("GET /" H "X: ab\0cd\r\n\r\n", "!400 *"),
	ROW("GET /" H "X: ab\x7f\r\n\r\n", "!400 *"),
	ROW("GET /" H "X: ab\x01\r\n\r\n", "!400 *"),
	ROW("GET /" H "X\0: ab\r\n\r\n", "!400 *"),
	ROW("GET /" H "X\xc3: ab\r\n\r\n", "!400 *"),
	ROW("GET /" H "no colon\r\n\r\n", "!400 *"),
	ROW("GET /" H ": ab\r\n\r\n", "!400 *"),
	ROW("GET /" H "\r\r\n\r\n", "!400 *"),
	ROW("GET /" H "Authorization: a\r\nauthorization: b\r\n\r\n", "!400 *"),
	ROW("GET /" H "Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n\r\n", "!400 *"),
	ROW("GET /" H "Expect: foo\r\n\r\n", "!417 *"),

	/* host */
	ROW("GET / HTTP/1.1\r\n\r\n", "!400 Host is missing.\n"),
	ROW("GET /" H "Host: h\r\n\r\n", "!400 *"),
	ROW("GET / HTTP/1.0\r\nHost: h\r\nHost: i\r\n\r\n", "!400 *"),
	ROW("GET / HTTP/1.1\r\nHost: h/x\r\n\r\n", "!400 *"),
	ROW("GET / HTTP/1.1\r\nHost: u@h\r\n\r\n", "!400 *"),
	ROW("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "!400 *"),
	ROW("GET http://evil/ HTTP/1.1\r\nHost: evil\r\n\r\n", "!400 *"),
	ROW("GET http://evil/ HTTP/1.1\r\nHost: shop.example\r\n\r\n", "!400 *"),
	ROW("GET http://shop.example/ HTTP/1.1\r\nHost: evil\r\n\r\n", "!400 *"),
	ROW("GET http://u@shop.example/ HTTP/1.1\r\nHost: shop.example\r\n\r\n", "!400 *"),
	ROW("GET https://shop.example/ HTTP/1.1\r\nHost: shop.example\r\n\r\n", "!400 *"),
	ROW("GET http://shop.example/ HTTP/1.1\r\n\r\n", "!400 *"),

	/* request lines */
	ROW("GET /\r\n\r\n", "!400 *"),
	ROW("GET / HTTP/1.1 \r\nHost: h\r\n\r\n", "!400 *"),
	ROW("GET  / HTTP/1.1\r\nHost: h\r\n\r\n", "!400 *"),
	ROW("GET /  HTTP/1.1\r\nHost: h\r\n\r\n", "!400 *"),
	ROW("GET\t/\tHTTP/1.1\r\nHost: h\r\n\r\n", "!400 *"),
	ROW(" GET /" H "\r\n", "!400 *"),
	ROW("GE(T /" H "\r\n", "!400 *"),
	ROW("GET /a\0b" H "\r\n", "!400 *"),
	ROW("GET /a\rb" H "\r\n", "!400 *"),
	ROW("GET /a\xc3\xa9" H "\r\n", "!400 *"),
	ROW("GET a" H "\r\n", "!400 *"),
	ROW("GET *" H "\r\n", "!400 *"),
	ROW("CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n", "!400 *"),
	ROW("GET / HTTP/1.2\r\nHost: h\r\n\r\n", "!400 *"),
	ROW("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "!400 *"),
	ROW("GET / http/1.1\r\nHost: h\r\n\r\n", "!400 *"),
	ROW("GET / HTTP/1.10\r\nHost: h\r\n\r\n", "!400 *"),
	ROW("GET / ICE/1.0\r\nHost: h\r\n\r\n", "!400 *"),
	ROW("\r\n\r\nGET /" H "\r\n", "!400 *"),
	ROW("\nGET /" H "\r\n", "!400 *"),
	ROW("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n", "!400 *"),
};

static bool as_wanted(struct span got, const char *want)
{
	size_t n = strlen(want);

	if (n > 0 && want[n - 1] == '*')
		return span_starts(got, span_of(want, n - 1)) &&
		       (want[0] == '!' || got.ptr[got.len - 1] == '\n');
	return span_is(got, want);
}

static void check_drive(struct drive drive, const struct example *row, struct span first)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;

	drive_run(&drive, span_of(row->bytes, row->len), &out);
	CHECK(span_equal(buf_span(&out), first));
	if (!span_equal(buf_span(&out), first))
		CHECK_SPAN(buf_span(&out), first);
}

/* Whole, split at every byte, and byte by byte. */
static void check_example(const struct drive *drive, const struct example *row)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	struct drive pieces = *drive;

	drive_run(drive, span_of(row->bytes, row->len), &out);
	if (!as_wanted(buf_span(&out), row->want))
		CHECK_STR(buf_span(&out), row->want);
	pieces.piece = piece_single;
	check_drive(pieces, row, buf_span(&out));
	for (size_t at = 1; at < row->len; at++) {
		size_t first = at;

		pieces.piece = piece_split;
		pieces.arg = &first;
		check_drive(pieces, row, buf_span(&out));
	}
}

static void test_examples(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++)
		check_example(&whole, &examples[i]);
}

/* No request of a stranger's may follow one that was refused. */
static void test_nothing_after_refusal(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		_cleanup_(buf_release) struct buf out = BUF_INIT;

		drive_run(&whole, span_of(examples[i].bytes, examples[i].len), &out);
		buf_add_char(&out, '\0');
		CHECK(strstr(out.ptr, "/evil") == NULL);
	}
}

static void add_run(struct buf *b, char c, size_t n)
{
	while (n-- > 0)
		buf_add_char(b, c);
}

/* BYTES must give WANT (a beginning), whole and byte by byte. */
static void check_limit(const struct drive *drive, const struct buf *bytes, const char *want)
{
	struct drive single = *drive;
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	_cleanup_(buf_release) struct buf again = BUF_INIT;

	drive_run(drive, buf_span(bytes), &out);
	if (!span_starts(buf_span(&out), span_str(want)))
		CHECK_STR(buf_span(&out), want);
	single.piece = piece_single;
	drive_run(&single, buf_span(bytes), &again);
	CHECK(span_equal(buf_span(&out), buf_span(&again)));
}

static void test_target_limit(void)
{
	for (size_t over = 0; over <= 1; over++) {
		_cleanup_(buf_release) struct buf bytes = BUF_INIT;
		struct drive drive = whole;

		drive.limits.target_size = 100;
		buf_add_str(&bytes, "GET /");
		add_run(&bytes, 'a', 99 + over);
		buf_add_str(&bytes, H "\r\n");
		check_limit(&drive, &bytes, over ? "!414" : "GET /aaa");
	}
}

static void test_method_limit(void)
{
	for (size_t over = 0; over <= 1; over++) {
		_cleanup_(buf_release) struct buf bytes = BUF_INIT;

		add_run(&bytes, 'M', HTTP_METHOD_SIZE_MAX + over);
		buf_add_str(&bytes, " /" H "\r\n");
		check_limit(&whole, &bytes, over ? "!400" : "MMM");
	}
}

static void test_request_line_without_end(void)
{
	_cleanup_(buf_release) struct buf bytes = BUF_INIT;
	struct drive drive = whole;

	drive.limits.target_size = 100;
	/* The longest line of a request: method, blank, target, ` HTTP/1.1`, CRLF. */
	add_run(&bytes, 'a', HTTP_METHOD_SIZE_MAX + 1 + 100 + 9 + 2 - 1);
	check_limit(&drive, &bytes, "…");
	buf_add_char(&bytes, 'a');
	check_limit(&drive, &bytes, "!414");
}

static void test_head_limit(void)
{
	for (size_t over = 0; over <= 1; over++) {
		_cleanup_(buf_release) struct buf bytes = BUF_INIT;
		struct drive drive = whole;
		size_t frame;

		drive.limits.head_size = 500;
		buf_add_str(&bytes, "GET /" H "X: ");
		frame = bytes.len + 4;
		add_run(&bytes, 'a', 500 - frame + over);
		buf_add_str(&bytes, "\r\n\r\n");
		CHECK_INT(bytes.len, 500 + over);
		check_limit(&drive, &bytes, over ? "!431" : "GET / ");
	}
}

static void test_head_without_end(void)
{
	_cleanup_(buf_release) struct buf bytes = BUF_INIT;
	struct drive drive = whole;

	drive.limits.head_size = 500;
	buf_add_str(&bytes, "GET /" H "X: ");
	add_run(&bytes, 'a', 499 - bytes.len);
	check_limit(&drive, &bytes, "…");
	buf_add_char(&bytes, 'a');
	check_limit(&drive, &bytes, "!431");
}

static void test_field_limit(void)
{
	for (size_t over = 0; over <= 1; over++) {
		_cleanup_(buf_release) struct buf bytes = BUF_INIT;

		buf_add_str(&bytes, "GET /" H);
		for (size_t i = 1; i < 64 + over; i++)
			buf_add_str(&bytes, "a:b\r\n");
		buf_add_str(&bytes, "\r\n");
		check_limit(&whole, &bytes, over ? "!431" : "GET / ");
	}
}

static void test_body_limit(void)
{
	for (size_t over = 0; over <= 1; over++) {
		_cleanup_(buf_release) struct buf bytes = BUF_INIT;

		buf_printf(&bytes, P "Content-Length: %zu\r\n\r\n", 64 + over);
		if (over) /* refused before a byte of the body has come */
			check_limit(&whole, &bytes, "!413");
		add_run(&bytes, 'b', 64 + over);
		check_limit(&whole, &bytes, over ? "!413" : "POST / ");
	}
}

static void test_chunked_body_limit(void)
{
	for (size_t over = 0; over <= 1; over++) {
		_cleanup_(buf_release) struct buf bytes = BUF_INIT;

		buf_add_str(&bytes, P "Transfer-Encoding: chunked\r\n\r\n");
		for (size_t i = 0; i < 64 + over; i++)
			buf_add_str(&bytes, "1\r\nb\r\n");
		buf_add_str(&bytes, "0\r\n\r\n");
		check_limit(&whole, &bytes, over ? "!413" : "POST / ");
	}
}

static void test_chunk_size_limit(void)
{
	for (size_t over = 0; over <= 1; over++) {
		_cleanup_(buf_release) struct buf bytes = BUF_INIT;

		buf_add_str(&bytes, P "Transfer-Encoding: chunked\r\n\r\n");
		add_run(&bytes, '0', HTTP_CHUNK_DIGITS_MAX - 1 + over);
		buf_add_str(&bytes, "1\r\nb\r\n0\r\n\r\n");
		check_limit(&whole, &bytes, over ? "!400" : "POST / ");
	}
}

static void test_trailer_limits(void)
{
	for (size_t over = 0; over <= 1; over++) {
		_cleanup_(buf_release) struct buf many = BUF_INIT;
		_cleanup_(buf_release) struct buf large = BUF_INIT;
		const char *head = P "Transfer-Encoding: chunked\r\n\r\n1\r\nb\r\n0\r\n";

		buf_add_str(&many, head);
		for (size_t i = 0; i < 64 + over; i++)
			buf_add_str(&many, "a:b\r\n");
		buf_add_str(&many, "\r\n");
		check_limit(&whole, &many, over ? "!431" : "POST / ");

		buf_add_str(&large, head);
		buf_add_str(&large, "a:");
		add_run(&large, 'b', 4096 - 2 - 4 + over);
		buf_add_str(&large, "\r\n\r\n");
		check_limit(&whole, &large, over ? "!431" : "POST / ");
	}
}

/* A body in chunks needs no more room than its own bytes and one line. */
static void test_chunks_are_compacted(void)
{
	_cleanup_(buf_release) struct buf bytes = BUF_INIT;
	struct http_parser parser;
	struct http_head head;
	size_t head_len;

	buf_add_str(&bytes, P "Transfer-Encoding: chunked\r\n\r\n");
	head_len = bytes.len;
	http_parser_init(&parser, &whole.limits, &head);
	CHECK_INT(http_parser_step(&parser, bytes.ptr, &bytes.len), PARSE_HEAD);
	CHECK_INT(http_parser_step(&parser, bytes.ptr, &bytes.len), PARSE_HEAD);
	http_parser_body(&parser, 64);
	for (size_t i = 0; i < 64; i++) {
		buf_add_str(&bytes, "1\r\nb\r\n");
		CHECK_INT(http_parser_step(&parser, bytes.ptr, &bytes.len), PARSE_MORE);
		CHECK_INT(bytes.len, head_len + i + 1);
	}
	buf_add_str(&bytes, "0\r\n\r\n");
	CHECK_INT(http_parser_step(&parser, bytes.ptr, &bytes.len), PARSE_DONE);
	CHECK_INT(parser.body_len, 64);
	CHECK_INT(http_parser_step(&parser, bytes.ptr, &bytes.len), PARSE_DONE);
}

static void test_expected(void)
{
	char bytes[] = P "Content-Length: 40\r\n\r\nab";
	size_t len = sizeof(bytes) - 1;
	struct http_parser parser;
	struct http_head head;

	http_parser_init(&parser, &whole.limits, &head);
	CHECK_INT(http_parser_expected(&parser), 0);
	CHECK_INT(http_parser_step(&parser, bytes, &len), PARSE_HEAD);
	http_parser_body(&parser, 64);
	CHECK_INT(http_parser_step(&parser, bytes, &len), PARSE_MORE);
	CHECK_INT(http_parser_expected(&parser), sizeof(bytes) - 1 - 2 + 40);
}

static void test_field_lookup(void)
{
	char bytes[] = "GET /" H "x-a: 1\r\nX-A: 2\r\n\r\n";
	size_t len = sizeof(bytes) - 1;
	struct http_parser parser;
	struct http_head head;
	struct span value = SPAN_LIT("untouched");

	http_parser_init(&parser, &whole.limits, &head);
	CHECK_INT(http_parser_step(&parser, bytes, &len), PARSE_HEAD);
	CHECK(!http_head_field(&head, bytes, SPAN_LIT("X"), &value));
	CHECK_STR(value, "untouched");
	CHECK(http_head_field(&head, bytes, SPAN_LIT("X-a"), &value));
	CHECK_STR(value, "1");
}

int main(void)
{
	static const struct check_case cases[] = {
		{"requests, whole and in all pieces", test_examples},
		{"nothing is parsed after a refusal", test_nothing_after_refusal},
		{"limit of the target", test_target_limit},
		{"limit of the method", test_method_limit},
		{"a request line without end", test_request_line_without_end},
		{"limit of the head", test_head_limit},
		{"a head without end", test_head_without_end},
		{"limit of the number of fields", test_field_limit},
		{"limit of the body", test_body_limit},
		{"limit of a chunked body", test_chunked_body_limit},
		{"limit of a chunk size's digits", test_chunk_size_limit},
		{"limits of trailers", test_trailer_limits},
		{"chunks are compacted in place", test_chunks_are_compacted},
		{"expected length", test_expected},
		{"lookup of fields", test_field_lookup},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
