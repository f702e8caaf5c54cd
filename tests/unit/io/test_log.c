/* SPDX-License-Identifier: MIT */
#include <unistd.h>

#include "base/buf.h"
#include "check.h"
#include "io/log.h"

/* A log into a pipe. */
struct probe {
	struct log log;
	int read_fd;
	char line[65536];
	size_t len;
};

static void probe_init(struct probe *p, bool text)
{
	int fds[2];
	int r = pipe(fds);

	assert(r == 0);
	p->log = (struct log){.fd = fds[1], .level = LEVEL_INFO, .text = text, .role = "test"};
	p->read_fd = fds[0];
	p->len = 0;
}

static void probe_release(struct probe *p)
{
	close(p->read_fd);
	close(p->log.fd);
}

/* Everything that was written, without the time at TIME_AT (24 bytes). */
static struct span probe_take(struct probe *p, size_t time_at)
{
	ssize_t n = read(p->read_fd, p->line, sizeof(p->line));

	assert(n > 0 && (size_t)n > time_at + 24);
	p->len = (size_t)n - 24;
	memmove(p->line + time_at, p->line + time_at + 24, p->len - time_at);
	return span_of(p->line, p->len);
}

enum { JSON_TIME_AT = sizeof("{\"at\":\"") - 1 };

static void test_json(void)
{
	_cleanup_(probe_release) struct probe p;

	probe_init(&p, false);
	log_warn(&p.log, "Redis is away.",
		LOG_FIELDS(log_str("address", "/run/a"), log_int("tries", -3),
			log_errno("error", -ECONNREFUSED)));
	CHECK_STR(probe_take(&p, JSON_TIME_AT),
		"{\"at\":\"\",\"level\":\"warn\",\"role\":\"test\",\"message\":\"Redis is away.\","
		"\"address\":\"/run/a\",\"tries\":-3,\"error\":\"Connection refused\"}\n");
	log_error(&p.log, "Stopped.", NULL);
	CHECK_STR(probe_take(&p, JSON_TIME_AT),
		"{\"at\":\"\",\"level\":\"error\",\"role\":\"test\",\"message\":\"Stopped.\"}\n");
}

static void test_text(void)
{
	_cleanup_(probe_release) struct probe p;

	probe_init(&p, true);
	log_info(&p.log, "Ready.", LOG_FIELDS(log_int("port", 8480), log_str("url", "a\x1b[31m")));
	CHECK_STR(probe_take(&p, 0), " info  test: Ready. port=8480 url=\"a\\u001b[31m\"\n");
}

static void test_levels(void)
{
	_cleanup_(probe_release) struct probe p;
	enum log_level level = LEVEL_WARN;

	probe_init(&p, true);
	log_debug(&p.log, "Not said.", NULL);
	log_info(&p.log, "Said.", NULL);
	CHECK_STR(probe_take(&p, 0), " info  test: Said.\n");
	CHECK(log_level_parse(SPAN_LIT("debug"), &level));
	CHECK_INT(level, LEVEL_DEBUG);
	CHECK(!log_level_parse(SPAN_LIT("Debug"), &level));
	CHECK_INT(level, LEVEL_DEBUG);
}

static const struct {
	const char *in;
	size_t len;
	const char *out;
} escapes[] = {
#define ROW(IN, OUT)                                                                               \
	{                                                                                          \
		IN, sizeof(IN) - 1, OUT                                                            \
	}
	ROW("plain \xc3\xbc \xe2\x82\xac \xf0\x9f\x92\x8d",
		"plain \xc3\xbc \xe2\x82\xac \xf0\x9f\x92\x8d"),
	ROW("\"\\/", "\\\"\\\\/"),
	ROW("a\r\n\t\0b\x1f", "a\\u000d\\u000a\\u0009\\u0000b\\u001f"),
	ROW("\x7f\xc2\x9b\xc2\xa0", "\\u007f\\u009b\xc2\xa0"),
	ROW("\xe2\x80\xa7\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa",
		"\xe2\x80\xa7\\u2028\\u2029\xe2\x80\xaa"),
	ROW("\xff\xc0\xaf", "\\ufffd\\ufffd\\ufffd"),
	ROW("\xe2\x82", "\\ufffd\\ufffd"),
	ROW("\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd"),		 /* a surrogate */
	ROW("\xe0\x9f\xbf", "\\ufffd\\ufffd\\ufffd"),		 /* too long a form */
	ROW("\xf4\x90\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd"), /* beyond U+10FFFF */
	ROW("\xf4\x8f\xbf\xbf\xef\xbf\xbf", "\xf4\x8f\xbf\xbf\xef\xbf\xbf"),
#undef ROW
};

static void test_escapes(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(escapes); i++) {
		_cleanup_(probe_release) struct probe p;
		_cleanup_(buf_release) struct buf want = BUF_INIT;

		probe_init(&p, false);
		log_info(&p.log, "x",
			LOG_FIELDS(log_text("f", span_of(escapes[i].in, escapes[i].len))));
		buf_printf(&want,
			"{\"at\":\"\",\"level\":\"info\",\"role\":\"test\",\"message\":\"x\","
			"\"f\":\"%s\"}\n",
			escapes[i].out);
		CHECK_SPAN(probe_take(&p, JSON_TIME_AT), buf_span(&want));
	}
}

/* At the limit all of it, one past it cut, never in the middle of a character. */
static void test_field_limit(void)
{
	static const char *const endings[] = {"\xe2\x82\xac", "\xe2\x82\xac"
							      "a"};
	static const char *const want[] = {"\xe2\x82\xac\"}\n", "\xe2\x80\xa6\"}\n"};

	for (size_t i = 0; i < 2; i++) {
		_cleanup_(probe_release) struct probe p;
		_cleanup_(buf_release) struct buf text = BUF_INIT;
		struct span line;

		for (size_t k = 0; k < LOG_FIELD_SIZE - 3 + i; k++)
			buf_add_char(&text, 'a');
		buf_add_str(&text, i ? "\xe2\x82\xac" : endings[0]);
		probe_init(&p, false);
		log_info(&p.log, "x", LOG_FIELDS(log_text("f", buf_span(&text))));
		line = probe_take(&p, JSON_TIME_AT);
		CHECK_STR(span_of(line.ptr + line.len - strlen(want[i]), strlen(want[i])), want[i]);
		CHECK_INT(line.ptr[line.len - strlen(want[i]) - 1], 'a');
	}
}

static void test_line_limit(void)
{
	_cleanup_(probe_release) struct probe p;
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	struct span line;

	for (size_t k = 0; k < LOG_FIELD_SIZE; k++)
		buf_add_char(&text, '\n');
	probe_init(&p, false);
	log_info(&p.log, "x",
		LOG_FIELDS(log_text("f", buf_span(&text)), log_text("g", buf_span(&text)),
			log_int("h", 1)));
	line = probe_take(&p, JSON_TIME_AT);
	CHECK(line.len <= LOG_LINE_SIZE);
	CHECK_STR(span_of(line.ptr + line.len - 14, 14), "\",\"cut\":true}\n");
}

int main(void)
{
	static const struct check_case cases[] = {
		{"JSON", test_json},
		{"text", test_text},
		{"levels", test_levels},
		{"escapes", test_escapes},
		{"limit of a field", test_field_limit},
		{"limit of a line", test_line_limit},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
