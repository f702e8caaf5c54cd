/* SPDX-License-Identifier: MIT */
/* Expected values are written down from the RESP2 specification (redis.io/docs/reference/protocol).
 */
#include "base/buf.h"
#include "check.h"
#include "io/redis_address.h"
#include "io/redis_reply.h"

/* A value in a notation of the test's own: nil, 7, "text", !error, [a b]. */
static void show(struct buf *b, const struct redis_value *v)
{
	switch (v->type) {
	case REDIS_NIL:
		buf_add_str(b, "nil");
		break;
	case REDIS_INTEGER:
		buf_add_i64(b, v->integer);
		break;
	case REDIS_STRING:
		buf_printf(b, "\"%.*s\"", (int)v->text.len, v->text.ptr);
		break;
	case REDIS_ERROR:
		buf_printf(b, "!%.*s", (int)v->text.len, v->text.ptr);
		break;
	case REDIS_ARRAY:
		buf_add_char(b, '[');
		for (size_t i = 0; i < v->n_items; i++) {
			if (i > 0)
				buf_add_char(b, ' ');
			show(b, &v->items[i]);
		}
		buf_add_char(b, ']');
		break;
	}
}

/* Feeds BYTES in pieces of at most STEP; shows each reply with a semicolon, then the outcome. */
static void read_all(struct buf *b, struct span bytes, size_t step, size_t max)
{
	_cleanup_(redis_reader_freep) struct redis_reader *reader = NULL;
	int r = 0;

	REQUIRE(redis_reader_new(max, &reader) == 0);
	for (size_t at = 0; r == 0 && at < bytes.len; at += step) {
		size_t n = bytes.len - at < step ? bytes.len - at : step;
		const struct redis_value *v;

		r = redis_reader_feed(reader, span_of(bytes.ptr + at, n));
		while (r == 0 && (r = redis_reader_next(reader, &v)) == 0) {
			show(b, v);
			buf_add_char(b, ';');
		}
		if (r == REDIS_READER_MORE)
			r = 0;
	}
	buf_add_str(b, r == 0 ? "more" : r == REDIS_READER_INVALID ? "invalid" : "broken");
}

static void check_read(const char *bytes, size_t len, const char *want)
{
	for (size_t step = 1; step <= len; step++) {
		_cleanup_(buf_release) struct buf b = BUF_INIT;

		read_all(&b, span_of(bytes, len), step, 4096);
		CHECK_STR(buf_span(&b), want);
	}
}
#define CHECK_READ(BYTES, WANT) check_read(BYTES, sizeof(BYTES) - 1, WANT)

static void values(void)
{
	CHECK_READ("+OK\r\n", "\"OK\";more");
	CHECK_READ("-ERR no\r\n", "!ERR no;more");
	CHECK_READ(":1\r\n:-1\r\n:0\r\n", "1;-1;0;more");
	CHECK_READ(":9223372036854775807\r\n:-9223372036854775808\r\n",
		"9223372036854775807;-9223372036854775808;more");
	CHECK_READ("$5\r\nhello\r\n$0\r\n\r\n$-1\r\n", "\"hello\";\"\";nil;more");
	CHECK_READ("$4\r\n\r\n\r\n\r\n", "\"\r\n\r\n\";more");
	CHECK_READ("*0\r\n*-1\r\n", "[];nil;more");
	CHECK_READ("*3\r\n:1\r\n*2\r\n$1\r\na\r\n$-1\r\n-E x\r\n+P\r\n",
		"[1 [\"a\" nil] !E x];\"P\";more");
	CHECK_READ("*2\r\n:1\r\n", "more");
}

static void a_nul_is_a_byte(void)
{
	_cleanup_(redis_reader_freep) struct redis_reader *reader = NULL;
	const struct redis_value *v;

	REQUIRE(redis_reader_new(4096, &reader) == 0);
	REQUIRE(redis_reader_feed(reader, SPAN_LIT("$3\r\na\0b\r\n")) == 0);
	REQUIRE(redis_reader_next(reader, &v) == 0);
	CHECK_SPAN(v->text, SPAN_LIT("a\0b"));
	CHECK(v->text.ptr[3] == '\0');
}

static void garbage(void)
{
	CHECK_READ("?\r\n", "invalid");
	CHECK_READ("+OK\r\nHTTP/1.1 400\r\n", "\"OK\";invalid");
	CHECK_READ(":12a\r\n", "invalid");
	CHECK_READ(":9223372036854775808\r\n", "invalid");
	CHECK_READ("$-2\r\n", "invalid");
	CHECK_READ("*-2\r\n", "invalid");
	CHECK_READ("*2147483648\r\n", "invalid");
	CHECK_READ("*9223372036854775807\r\n", "invalid");
	CHECK_READ("$9223372036854775807\r\n", "more");
}

static void depth(void)
{
	CHECK_READ(
		"*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:7\r\n", "[[[[[[[[7]]]]]]]];more");
	CHECK_READ("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:7\r\n", "invalid");
}

/* The largest string: its node and a NUL are counted with it. */
static void size_limit(void)
{
	const size_t max = 4096, fits = max - sizeof(struct redis_value) - 1;

	for (size_t step = 1; step < 6000; step = step * 7 + 1) {
		for (size_t past = 0; past <= 1; past++) {
			_cleanup_(buf_release) struct buf in = BUF_INIT, out = BUF_INIT;
			size_t len = fits + past;

			buf_printf(&in, "$%zu\r\n", len);
			memset(buf_reserve(&in, len), 'x', len);
			buf_commit(&in, len);
			buf_add_str(&in, "\r\n");
			read_all(&out, buf_span(&in), step, max);
			CHECK_INT(out.len, past ? strlen("invalid") : len + strlen("\"\";more"));
		}
	}
}

/* An array announces its length before its elements: it must not be believed. */
static void array_limit(void)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	size_t fits = 4096 / sizeof(struct redis_value) - 1;
	char text[32];

	(void)snprintf(text, sizeof(text), "*%zu\r\n", fits);
	read_all(&b, span_str(text), 64, 4096);
	CHECK_STR(buf_span(&b), "more");
	buf_reset(&b);
	(void)snprintf(text, sizeof(text), "*%zu\r\n", fits + 1);
	read_all(&b, span_str(text), 64, 4096);
	CHECK_STR(buf_span(&b), "invalid");
	buf_reset(&b);
	read_all(&b, SPAN_LIT("*2147483647\r\n"), 64, 4096);
	CHECK_STR(buf_span(&b), "invalid");
}

static void a_line_without_end(void)
{
	_cleanup_(buf_release) struct buf in = BUF_INIT, out = BUF_INIT;

	buf_add_char(&in, '+');
	memset(buf_reserve(&in, 5000), 'x', 5000);
	buf_commit(&in, 5000);
	read_all(&out, buf_span(&in), 100, 4096);
	CHECK_STR(buf_span(&out), "invalid");
}

/* Many replies in one piece are not one large reply. */
static void many_at_once(void)
{
	_cleanup_(redis_reader_freep) struct redis_reader *reader = NULL;
	_cleanup_(buf_release) struct buf in = BUF_INIT;
	const struct redis_value *v;
	int n = 0;

	REQUIRE(redis_reader_new(4096, &reader) == 0);
	for (int i = 0; i < 10000; i++)
		buf_printf(&in, ":%d\r\n", i);
	REQUIRE(redis_reader_feed(reader, buf_span(&in)) == 0);
	while (redis_reader_next(reader, &v) == 0)
		CHECK_INT(v->integer, n++);
	CHECK_INT(n, 10000);
}

static void copies_outlive_the_reader(void)
{
	struct redis_reader *reader = NULL;
	_cleanup_(arena_release) struct arena a = {.head = NULL};
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	const struct redis_value *v = NULL, *copy;

	REQUIRE(redis_reader_new(4096, &reader) == 0);
	CHECK(redis_reader_feed(reader, SPAN_LIT("*3\r\n:1\r\n*2\r\n$1\r\na\r\n*0\r\n-E x\r\n")) ==
		0);
	CHECK(redis_reader_next(reader, &v) == 0);
	copy = v ? redis_value_copy(&a, v) : NULL;
	redis_reader_free(reader);
	REQUIRE(copy);
	show(&b, copy);
	CHECK_STR(buf_span(&b), "[1 [\"a\" []] !E x]");
}

static void error_codes(void)
{
	const struct redis_value e = {.type = REDIS_ERROR, .text = SPAN_LIT("FENCED by 7")};
	const struct redis_value bare = {.type = REDIS_ERROR, .text = SPAN_LIT("FENCED")};
	const struct redis_value s = {.type = REDIS_STRING, .text = SPAN_LIT("FENCED")};

	CHECK(redis_value_is_error(&e, "FENCED"));
	CHECK(redis_value_is_error(&bare, "FENCED"));
	CHECK(!redis_value_is_error(&e, "FENCE"));
	CHECK(!redis_value_is_error(&e, "FENCED by 70"));
	CHECK(!redis_value_is_error(&s, "FENCED"));
	CHECK(redis_value_is(&s, "FENCED"));
	CHECK(!redis_value_is(&e, "FENCED by 7"));
}

static void addresses(void)
{
	static const struct {
		const char *text, *path, *host, *user, *password;
		uint16_t port;
	} good[] = {
		{"/run/r.sock", "/run/r.sock", "", "", "", 0},
		{"unix:/run/r.sock", "/run/r.sock", "", "", "", 0},
		{"localhost", "", "localhost", "", "", 6379},
		{"10.0.0.1:65535", "", "10.0.0.1", "", "", 65535},
		{"[::1]:7000", "", "::1", "", "", 7000},
		{"[::1]", "", "::1", "", "", 6379},
		{"redis://h", "", "h", "", "", 6379},
		{"redis://h:1/", "", "h", "", "", 1},
		{"redis://:p%40ss@h", "", "h", "", "p@ss", 6379},
		{"redis://u%3a:p:q@[fe80::1]:5/", "", "fe80::1", "u:", "p:q", 5},
	};
	static const char *const bad[] = {"", "unix:", "unix:run", "h:", "h:0", "h:65536", "h:1x",
		":1", "[::1", "[::1]x", "[]", "redis://", "redis://u@h", "redis://:%4@h",
		"redis://:%00@h", "redis://h/1", "h/0"};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct redis_address a;

		REQUIRE(redis_address_parse(span_str(good[i].text), &a) == 0);
		CHECK_STR(span_str(a.path), good[i].path);
		CHECK_STR(span_str(a.host), good[i].host);
		CHECK_STR(span_str(a.user), good[i].user);
		CHECK_STR(span_str(a.password), good[i].password);
		CHECK_INT(a.port, good[i].port);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct redis_address a = {.port = 4};

		CHECK_INT(redis_address_parse(span_str(bad[i]), &a), REDIS_ADDRESS_INVALID);
		CHECK_INT(a.port, 4);
	}
}

static void check_address_length(const char *head, size_t max, const char *tail)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	struct redis_address a;

	for (size_t past = 0; past <= 1; past++) {
		buf_reset(&b);
		buf_add_str(&b, head);
		for (size_t i = 0; i < max + past; i++)
			buf_add_char(&b, 'a');
		buf_add_str(&b, tail);
		CHECK_INT(redis_address_parse(buf_span(&b), &a), past ? REDIS_ADDRESS_INVALID : 0);
	}
}

static void address_limits(void)
{
	check_address_length("/", REDIS_PATH_MAX - 1, "");
	check_address_length("", REDIS_HOST_MAX, ":1");
	check_address_length("redis://", REDIS_USER_MAX, ":@h");
	check_address_length("redis://:", REDIS_PASSWORD_MAX, "@h");
}

static void address_texts(void)
{
	static const char *const texts[] = {"/run/r.sock", "h:1", "[::1]:6379"};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct redis_address a;
		char text[REDIS_ADDRESS_TEXT];

		REQUIRE(redis_address_parse(span_str(texts[i]), &a) == 0);
		memcpy(a.password, "secret", 7);
		redis_address_format(&a, text);
		CHECK_STR(span_str(text), texts[i]);
	}
}

int main(void)
{
	static const struct check_case cases[] = {
		{"values, split at every byte", values},
		{"a NUL is a byte", a_nul_is_a_byte},
		{"garbage", garbage},
		{"eight levels, not nine", depth},
		{"size limit of a string", size_limit},
		{"size limit of an array", array_limit},
		{"a line without end", a_line_without_end},
		{"many replies in one piece", many_at_once},
		{"copies outlive the reader", copies_outlive_the_reader},
		{"error codes", error_codes},
		{"addresses", addresses},
		{"address limits", address_limits},
		{"address texts", address_texts},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
