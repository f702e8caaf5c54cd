/* SPDX-License-Identifier: MIT */
/* Write keys: the file, its mistakes with their lines, and the search. */
#include "base/buf.h"
#include "check.h"
#include "codec/write_keys.h"

static const char shop[] = "; sources of the shop\n"
			   "[web]\n"
			   "key = wk_web_0123456789\n"
			   "kind = browser\n"
			   "\n"
			   "[orders-1]\n"
			   "kind = server\n"
			   "key = wk_orders.~-_AZ\n"
			   "channel = order-system\n"
			   "enabled = no\n"
			   "[till_2]\n"
			   "key = 12345678\n"
			   "kind = till\n"
			   "enabled = yes\n"
			   "[hook]\n"
			   "key = wk_hook_0123456789\n"
			   "kind = hook\n"
			   "[backend]\n"
			   "key = wk_backend_0123456789\n"
			   "kind = server\n";

static void test_parse(void)
{
	static const struct {
		const char *name;
		enum write_key_kind kind;
		enum channel channel;
		bool enabled;
	} want[] = {
		{"web", WRITE_KEY_BROWSER, CHANNEL_WEB, true},
		{"orders-1", WRITE_KEY_SERVER, CHANNEL_ORDERS, false},
		{"till_2", WRITE_KEY_TILL, CHANNEL_STORE, true},
		{"hook", WRITE_KEY_HOOK, CHANNEL_ORDERS, true},
		{"backend", WRITE_KEY_SERVER, CHANNEL_SERVER, true},
	};
	_cleanup_(write_keys_freep) struct write_keys *keys = NULL;
	struct config_fault fault = {0};

	REQUIRE(write_keys_parse(span_str(shop), &keys, &fault) == 0);
	REQUIRE(keys->n == ARRAY_SIZE(want));
	for (size_t i = 0; i < keys->n; i++) {
		CHECK_STR(span_str(keys->list[i].name), want[i].name);
		CHECK_INT(keys->list[i].kind, want[i].kind);
		CHECK_INT(keys->list[i].channel, want[i].channel);
		CHECK_INT(keys->list[i].enabled, want[i].enabled);
	}
	CHECK_STR(write_key_kind_name(WRITE_KEY_TILL), "till");
	CHECK(write_keys_named(keys, SPAN_LIT("till_2")) == &keys->list[2]);
	CHECK(write_keys_named(keys, SPAN_LIT("till_3")) == NULL);
}

static void test_find(void)
{
	_cleanup_(write_keys_freep) struct write_keys *keys = NULL;
	struct config_fault fault = {0};
	/* sha256sum of 12345678 */
	static const unsigned char digest[WRITE_KEY_DIGEST] = {0xef, 0x79, 0x7c, 0x81, 0x18, 0xf0,
		0x2d, 0xfb, 0x64, 0x96, 0x07, 0xdd, 0x5d, 0x3f, 0x8c, 0x76, 0x23, 0x04, 0x8c, 0x9c,
		0x06, 0x3d, 0x53, 0x2c, 0xc9, 0x5c, 0x5e, 0xd7, 0xa8, 0x98, 0xa6, 0x4f};

	REQUIRE(write_keys_parse(span_str(shop), &keys, &fault) == 0);
	CHECK(write_keys_find(keys, SPAN_LIT("wk_web_0123456789"), 0) == &keys->list[0]);
	CHECK(write_keys_find(keys, SPAN_LIT("wk_orders.~-_AZ"), 0) == &keys->list[1]);
	CHECK(write_keys_find(keys, SPAN_LIT("12345678"), 0) == &keys->list[2]);
	CHECK(write_keys_find(keys, SPAN_LIT("wk_backend_0123456789"), 0) == &keys->list[4]);
	CHECK(write_keys_find(keys, SPAN_LIT("12345679"), 0) == NULL);
	CHECK(write_keys_find(keys, SPAN_LIT("123456789"), 0) == NULL);
	CHECK(write_keys_find(keys, SPAN_LIT("1234567"), 0) == NULL);
	CHECK(write_keys_find(keys, SPAN_LIT("WK_WEB_0123456789"), 0) == NULL);
	CHECK(write_keys_find(keys, SPAN_EMPTY, 0) == NULL);
	CHECK(memcmp(keys->list[2].digest, digest, sizeof(digest)) == 0);
}

struct bad_case {
	const char *text;
	unsigned line;
	const char *part;
};

static const struct bad_case bad[] = {
	{"key = wk_12345678\n", 1, "in brackets before its entries: [web]"},
	{"[Web]\nkey = wk_12345678\n", 2, "small letters"},
	{"[a b]\nkey = wk_12345678\n", 2, "small letters"},
	{"[a12345678901234567890123456789012]\nkey = wk_12345678\n", 2, "1 to 32"},
	{"[web]\nkey = wk_123\n", 2, "8 to 128"},
	{"[web]\nkey = wk_1234 5678\n", 2, "8 to 128"},
	{"[web]\nkey = wk_1234\xc3\xa4xyz\n", 2, "8 to 128"},
	{"[web]\nkey =\n", 2, "8 to 128"},
	{"[web]\nkind = shop\n", 2, "browser, server, till, kiosk or hook"},
	{"[web]\nkind = Browser\n", 2, "browser, server, till, kiosk or hook"},
	{"[web]\nchannel = radio\n", 2, "order-system"},
	{"[web]\nenabled = true\n", 2, "yes or no"},
	{"[web]\nright = all\n", 2, "nothing else"},
	{"[web]\nkey = wk_12345678\nkey = wk_12345679\n", 3, "stood before"},
	{"[web]\nkey = wk_12345678\nkind = browser\n[app]\nkey = wk_12345678\nkind = hook\n", 5,
		"the same key"},
	{"[a]\nkey = wk_12345678\nkind = hook\n[web]\nkind = browser\n", 5, "lacks `key"},
	{"\n[web]\nkey = wk_12345678\n", 3, "lacks `kind"},
	{"[web\n", 1, "write [name]"},
};

static void test_bad(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct write_keys *keys = NULL;
		struct config_fault fault = {0};

		check_int(bad[i].text, (int)i, "result",
			write_keys_parse(span_str(bad[i].text), &keys, &fault), CONFIG_BAD);
		check_int(bad[i].text, (int)i, "line", fault.line, bad[i].line);
		CHECK(keys == NULL);
		if (!strstr(fault.text, bad[i].part))
			CHECK_STR(span_str(fault.text), bad[i].part);
	}
}

static int parse_sized(size_t name, size_t key)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	_cleanup_(write_keys_freep) struct write_keys *keys = NULL;
	struct config_fault fault = {0};

	buf_printf(&text, "[%0*d]\nkey = %0*d\nkind = hook\n", (int)name, 0, (int)key, 0);
	return write_keys_parse(buf_span(&text), &keys, &fault);
}

static void test_limits(void)
{
	CHECK_INT(parse_sized(1, 8), 0);
	CHECK_INT(parse_sized(1, 7), CONFIG_BAD);
	CHECK_INT(parse_sized(32, 128), 0);
	CHECK_INT(parse_sized(33, 128), CONFIG_BAD);
	CHECK_INT(parse_sized(32, 129), CONFIG_BAD);
}

static int parse_many(int n, struct write_keys **ret_keys, struct config_fault *ret_fault)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;

	for (int i = 0; i < n; i++)
		buf_printf(&text, "[s%d]\nkey = wk_%08d\nkind = hook\n", i, i);
	return write_keys_parse(buf_span(&text), ret_keys, ret_fault);
}

static void test_number(void)
{
	_cleanup_(write_keys_freep) struct write_keys *keys = NULL;
	struct write_keys *more = NULL;
	struct config_fault fault = {0};

	REQUIRE(parse_many(1000, &keys, &fault) == 0);
	CHECK_INT(keys->n, 1000);
	CHECK(write_keys_find(keys, SPAN_LIT("wk_00000999"), 0) == &keys->list[999]);
	CHECK_INT(parse_many(1001, &more, &fault), CONFIG_BAD);
	CHECK_INT(fault.line, 3002);
}

static void test_none(void)
{
	_cleanup_(write_keys_freep) struct write_keys *keys = NULL;
	struct config_fault fault = {0};

	REQUIRE(write_keys_parse(SPAN_EMPTY, &keys, &fault) == 0);
	CHECK_INT(keys->n, 0);
	CHECK(write_keys_find(keys, SPAN_LIT("wk_12345678"), 0) == NULL);
}

int main(void)
{
	static const struct check_case cases[] = {
		{"a file", test_parse},
		{"search", test_find},
		{"mistakes", test_bad},
		{"limits", test_limits},
		{"number of keys", test_number},
		{"no keys", test_none},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
