/* SPDX-License-Identifier: MIT */
/* Whose pages may send: which origins the list takes, and which of a request's they match. */
#include "base/buf.h"
#include "check.h"
#include "codec/write_keys.h"

static int parse(const char *member, struct span value, struct write_keys **ret_keys,
	struct config_fault *ret_fault)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;

	buf_printf(&text, "[web]\nkey = wk_12345678\nkind = browser\n%s = ", member);
	buf_add_span(&text, value);
	buf_add_char(&text, '\n');
	return write_keys_parse(buf_span(&text), ret_keys, ret_fault);
}

static const struct {
	const char *listed, *asked;
	bool granted;
} pairs[] = {
	{"https://shop.example", "https://shop.example", true},
	{"https://shop.example", "http://shop.example", false},
	{"https://shop.example", "https://shop.example:8443", false},
	{"https://shop.example", "https://shop.example/", false},
	{"https://shop.example", "https://www.shop.example", false},
	{"https://shop.example", "https://shop.example.evil.example", false},
	{"https://shop.example", "https://shop.exampl", false},
	{"https://shop.example", "https://SHOP.example", false},
	{"https://shop.example", "https://shop.example ", false},
	{"https://shop.example", "null", false},
	{"https://shop.example", "*", false},
	{"https://shop.example", "", false},
	{"https://shop.example:8443", "https://shop.example:8443", true},
	{"https://shop.example:8443", "https://shop.example", false},
	{"https://*.shop.example", "https://www.shop.example", true},
	{"https://*.shop.example", "https://a-b_c.shop.example", true},
	{"https://*.shop.example", "https://shop.example", false},
	{"https://*.shop.example", "https://.shop.example", false},
	{"https://*.shop.example", "https://a.b.shop.example", false},
	{"https://*.shop.example", "http://www.shop.example", false},
	{"https://*.shop.example", "https://www.shop.example:81", false},
	{"https://*.shop.example", "https://wwwshop.example", false},
	{"https://*.shop.example", "https://*.shop.example", false},
	{"https://*.shop.example", "https://evil.example/.shop.example", false},
	{"https://*.shop.example", "https://evil.example#.shop.example", false},
	{"https://*.shop.example", "https://u@w.shop.example", false},
	{"https://*.shop.example", "https://-w.shop.example", false},
	{"https://*.shop.example", "https://W.shop.example", false},
	{"https://*.shop.example:81", "https://www.shop.example:81", true},
	{"https://*.shop.example:81", "https://www.shop.example", false},
	{"http://localhost:3000", "http://localhost:3000", true},
	{"http://192.0.2.7", "http://192.0.2.7", true},
	{"https://xn--grsse-kva.example", "https://xn--grsse-kva.example", true},
	{"https://a.example\thttps://b.example", "https://b.example", true},
	{"  https://a.example   https://b.example ", "https://a.example", true},
	{"https://a.example https://b.example", "https://c.example", false},
};

static void test_pairs(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		_cleanup_(write_keys_freep) struct write_keys *keys = NULL;
		struct span asked = span_str(pairs[i].asked);
		struct config_fault fault = {0};

		REQUIRE(parse("origins", span_str(pairs[i].listed), &keys, &fault) == 0);
		check_int(pairs[i].asked, (int)i, pairs[i].listed,
			write_key_origin(&keys->list[0], asked),
			pairs[i].granted ? ORIGIN_ALLOWED : ORIGIN_REFUSED);
		CHECK(write_keys_origin(keys, asked) == write_key_origin(&keys->list[0], asked));
	}
}

static const struct {
	const char *value, *part;
} bad[] = {
	{"*", "the pages of everyone"},
	{"null", "sandboxed pages"},
	{"https://a.example null", "sandboxed pages"},
	{"", "leave it out for none"},
	{"shop.example", "begins with https://"},
	{"ftp://shop.example", "begins with https://"},
	{"https:/shop.example", "begins with https://"},
	{"https://a.example,https://b.example", "ends behind its host"},
	{"https://", "has a host name"},
	{"https://.example", "has a host name"},
	{"https://shop..example", "has a host name"},
	{"https://shop.example.", "has a host name"},
	{"https://-shop.example", "has a host name"},
	{"https://shop-.example", "has a host name"},
	{"https://gr\xc3\xb6sse.example", "ends behind its host"},
	{"https://[::1]", "has a host name"},
	{"https://user@shop.example", "ends behind its host"},
	{"https://shop.example/", "ends behind its host"},
	{"https://shop.example/page", "ends behind its host"},
	{"https://shop.example?x", "ends behind its host"},
	{"https://shop.example:8443/", "ends behind its host"},
	{"https://Shop.example", "small letters"},
	{"HTTPS://shop.example", "small letters"},
	{"https://shop.example:443", "leave the port out"},
	{"http://shop.example:80", "leave the port out"},
	{"https://shop.example:", "the port"},
	{"https://shop.example:0", "the port"},
	{"https://shop.example:08443", "the port"},
	{"https://shop.example:65536", "the port"},
	{"https://shop.example:8x", "ends behind its host"},
	{"https://*", "the whole first name"},
	{"https://*.*.example", "the whole first name"},
	{"https://www.*.example", "the whole first name"},
	{"https://w*.shop.example", "the whole first name"},
	{"https://*shop.example", "the whole first name"},
	{"https://*.example", "at least two"},
	{"https://*.localhost:3000", "at least two"},
};

static void test_bad(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct write_keys *keys = NULL;
		struct config_fault fault = {0};

		check_int(bad[i].value, (int)i, "result",
			parse("origins", span_str(bad[i].value), &keys, &fault), CONFIG_BAD);
		check_int(bad[i].value, (int)i, "line", fault.line, 4);
		if (!strstr(fault.text, bad[i].part))
			check_span(bad[i].value, (int)i, "words", span_str(fault.text),
				span_str(bad[i].part));
	}
}

/* `https://` and names of at most 63 letters, LEN bytes in all. */
static int parse_long(size_t len, size_t label)
{
	_cleanup_(buf_release) struct buf value = BUF_INIT;
	_cleanup_(write_keys_freep) struct write_keys *keys = NULL;
	struct config_fault fault = {0};

	buf_add_str(&value, "https://");
	while (value.len < len)
		buf_add_char(&value, (value.len - 7) % (label + 1) ? 'a' : '.');
	return parse("origins", buf_span(&value), &keys, &fault);
}

static void test_limits(void)
{
	struct config_fault fault = {0};

	CHECK_INT(parse_long(160, 50), 0);
	CHECK_INT(parse_long(161, 50), CONFIG_BAD);
	CHECK_INT(parse_long(8 + 63, 63), 0);
	CHECK_INT(parse_long(8 + 64, 64), CONFIG_BAD);
	for (int port = 65535; port <= 65536; port++) {
		_cleanup_(write_keys_freep) struct write_keys *keys = NULL;
		char text[32];

		(void)snprintf(text, sizeof(text), "https://a:%d", port);
		CHECK_INT(parse("origins", span_str(text), &keys, &fault), port > 65535);
	}
}

/* N origins, four on a line. */
static int parse_many(int n, struct write_keys **ret_keys)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	struct config_fault fault = {0};

	buf_add_str(&text, "[web]\nkey = wk_12345678\nkind = browser");
	for (int i = 0; i < n; i++) {
		if (i == 0)
			buf_add_str(&text, "\norigins =");
		else if (i % 4 == 0)
			buf_printf(&text, "\norigins_%d =", i / 4 + 1);
		buf_printf(&text, " https://s%d.example", i);
	}
	buf_add_char(&text, '\n');
	return write_keys_parse(buf_span(&text), ret_keys, &fault);
}

static void test_number(void)
{
	_cleanup_(write_keys_freep) struct write_keys *keys = NULL;
	struct write_keys *more = NULL;
	struct config_fault fault = {0};

	REQUIRE(parse_many(32, &keys) == 0);
	CHECK_INT(keys->list[0].n_origins, 32);
	CHECK_INT(
		write_key_origin(&keys->list[0], SPAN_LIT("https://s31.example")), ORIGIN_ALLOWED);
	CHECK_INT(parse_many(33, &more), CONFIG_BAD);
	CHECK_INT(parse("origins_1", SPAN_LIT("https://a.example"), &more, &fault), CONFIG_BAD);
	CHECK_INT(parse("origins_10", SPAN_LIT("https://a.example"), &more, &fault), CONFIG_BAD);
	CHECK(more == NULL);
}

static void test_all_sources(void)
{
	static const char text[] = "[web]\nkey = wk_12345678\nkind = browser\n"
				   "origins = https://a.example https://b.example\n"
				   "[gone]\nkey = wk_12345679\nkind = browser\nenabled = no\n"
				   "origins = https://c.example\n"
				   "[app]\nkey = wk_12345680\nkind = browser\n"
				   "origins = https://b.example\ncredentials = yes\n"
				   "[orders]\nkey = wk_12345681\nkind = server\n"
				   "[till]\nkey = wk_12345682\nkind = till\n"
				   "origins = https://till.example\n"
				   "[kiosk]\nkey = wk_12345683\nkind = kiosk\n"
				   "origins = http://localhost:3000\n";
	_cleanup_(write_keys_freep) struct write_keys *keys = NULL;
	struct config_fault fault = {0};

	REQUIRE(write_keys_parse(span_str(text), &keys, &fault) == 0);
	CHECK_INT(write_keys_origin(keys, SPAN_LIT("https://a.example")), ORIGIN_ALLOWED);
	CHECK_INT(write_keys_origin(keys, SPAN_LIT("https://b.example")), ORIGIN_WITH_CREDENTIALS);
	CHECK_INT(write_keys_origin(keys, SPAN_LIT("https://c.example")), ORIGIN_ALLOWED);
	CHECK_INT(write_keys_origin(keys, SPAN_LIT("https://d.example")), ORIGIN_REFUSED);
	CHECK_INT(write_keys_origin(keys, SPAN_EMPTY), ORIGIN_REFUSED);
	CHECK_INT(write_keys_origin(keys, SPAN_LIT("https://till.example")), ORIGIN_ALLOWED);
	CHECK_INT(write_keys_origin(keys, SPAN_LIT("http://localhost:3000")), ORIGIN_ALLOWED);
	CHECK_INT(write_key_origin(&keys->list[0], SPAN_LIT("https://b.example")), ORIGIN_ALLOWED);
	CHECK_INT(write_key_origin(&keys->list[3], SPAN_LIT("https://a.example")), ORIGIN_REFUSED);
}

static void test_api_host(void)
{
	static const struct {
		const char *value;
		int want;
	} rows[] = {
		{"track.shop.example/v1", 0},
		{"track.shop.example", 0},
		{"localhost:8480/v1", 0},
		{"t.example/A~b-c_d.e/v1", 0},
		{"", CONFIG_BAD},
		{"https://track.shop.example/v1", CONFIG_BAD},
		{"track.shop.example/", CONFIG_BAD},
		{"track.shop.example/v1/", CONFIG_BAD},
		{"track.shop.example/v\"1", CONFIG_BAD},
		{"track.shop.example:0/v1", CONFIG_BAD},
		{"Track.shop.example/v1", CONFIG_BAD},
		{"/v1", CONFIG_BAD},
	};
	char text[] = "t.example/"
		      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		      "a";
	struct config_fault fault = {0};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(write_keys_freep) struct write_keys *keys = NULL;

		check_int(rows[i].value, (int)i, "result",
			parse("api_host", span_str(rows[i].value), &keys, &fault), rows[i].want);
		if (keys)
			CHECK_STR(keys->list[0].api_host, rows[i].value);
	}
	REQUIRE(sizeof(text) - 1 == 161);
	for (size_t len = 160; len <= 161; len++) {
		_cleanup_(write_keys_freep) struct write_keys *keys = NULL;

		CHECK_INT(parse("api_host", span_of(text, len), &keys, &fault), len > 160);
	}
}

int main(void)
{
	static const struct check_case cases[] = {
		{"origins listed and asked for", test_pairs},
		{"mistakes", test_bad},
		{"limits", test_limits},
		{"number of origins", test_number},
		{"preflights", test_all_sources},
		{"api_host", test_api_host},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
