/* SPDX-License-Identifier: MIT */
/* Write keys: the file, its mistakes with their lines, and the search. */
#include "base/buf.h"
#include "check.h"
#include "codec/write_keys.h"
#include "core/event.h"

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
			   "kind = server\n"
			   "[kiosk]\n"
			   "key = wk_kiosk_0123456789\n"
			   "kind = kiosk\n";

static void check_rights(unsigned rights, const char *want)
{
	_cleanup_(buf_release) struct buf words = BUF_INIT;

	write_key_add_rights(&words, rights);
	CHECK_STR(buf_span(&words), want);
}

static void test_parse(void)
{
	static const struct {
		const char *name;
		enum write_key_kind kind;
		enum channel channel;
		bool enabled;
		const char *rights;
	} want[] = {
		{"web", WRITE_KEY_BROWSER, CHANNEL_WEB, true, "traits"},
		{"orders-1", WRITE_KEY_SERVER, CHANNEL_ORDERS, false, "traits merge privileged"},
		{"till_2", WRITE_KEY_TILL, CHANNEL_STORE, true, "traits privileged"},
		{"hook", WRITE_KEY_HOOK, CHANNEL_ORDERS, true, "traits privileged"},
		{"backend", WRITE_KEY_SERVER, CHANNEL_SERVER, true, "traits merge privileged"},
		{"kiosk", WRITE_KEY_KIOSK, CHANNEL_STORE, true, "none"},
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
		check_rights(keys->list[i].rights, want[i].rights);
		CHECK_INT(keys->list[i].rate, 0);
		CHECK_INT(keys->list[i].burst, 0);
		CHECK_INT(keys->list[i].n_origins, 0);
		CHECK(!write_key_old_counts(&keys->list[i], 0));
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

/* of wk_12345678 and wk_12345679, by sha256sum */
#define SHA_8 "621c012b60bd4c2b5cb1abf38a274482151516bbf27cd472ddc675c58cc04fdb"
#define SHA_9 "52663eb1c3a750b7080bcc26534aed9558db665916d66b982cacabfc329608d7"

static void test_hashed(void)
{
	static const char text[] =
		"[a]\nkind = server\nkey_sha256 = " SHA_8 "\n"
		"[b]\nkind = till\nkey_sha256 = "
		"52663EB1C3A750B7080BCC26534AED9558DB665916D66B982CACABFC329608D7\n";
	_cleanup_(write_keys_freep) struct write_keys *keys = NULL;
	struct config_fault fault = {0};
	char hex[WRITE_KEY_HEX_SIZE];

	REQUIRE(write_keys_parse(span_str(text), &keys, &fault) == 0);
	CHECK(write_keys_find(keys, SPAN_LIT("wk_12345678"), 0) == &keys->list[0]);
	CHECK(write_keys_find(keys, SPAN_LIT("wk_12345679"), 0) == &keys->list[1]);
	CHECK(write_keys_find(keys, SPAN_LIT("wk_12345670"), 0) == NULL);
	CHECK(write_keys_find(keys, SPAN_LIT(SHA_8), 0) == NULL);
	REQUIRE(write_key_hex(SPAN_LIT("wk_12345678"), hex) == 0);
	CHECK_STR(span_str(hex), SHA_8);
}

/* 2026-12-01T00:00:00Z, by `date -d`. */
#define DECEMBER INT64_C(1796083200000)

static void test_rotation(void)
{
	static const char text[] = "[a]\nkind = server\nkey = wk_new_a_1\nold_key = wk_12345678\n"
				   "old_until = 2026-12-01T00:00:00Z\n"
				   "[b]\nkind = server\nkey = wk_new_b_1\n"
				   "old_key_sha256 = " SHA_9 "\n"
				   "[c]\nkind = hook\npreset = shopify\nsecret_file = new\n"
				   "old_secret_file = old\nold_until = 2026-12-01\n"
				   "[d]\nkind = server\nkey = wk_new_d_1\nenabled = no\n"
				   "old_key = wk_old_d_1\n";
	_cleanup_(write_keys_freep) struct write_keys *keys = NULL;
	struct config_fault fault = {0};

	REQUIRE(write_keys_parse(span_str(text), &keys, &fault) == 0);
	for (int late = 0; late <= 1; late++) {
		int64_t now = DECEMBER - 1 + late;

		CHECK(write_keys_find(keys, SPAN_LIT("wk_new_a_1"), now) == &keys->list[0]);
		CHECK(write_keys_find(keys, SPAN_LIT("wk_12345678"), now) ==
			(late ? NULL : &keys->list[0]));
		CHECK(write_keys_find(keys, SPAN_LIT("wk_12345679"), now) == &keys->list[1]);
		CHECK_INT(write_key_old_counts(&keys->list[0], now), !late);
		CHECK_INT(write_key_old_counts(&keys->list[1], now), true);
		CHECK_INT(write_key_old_counts(&keys->list[2], now), !late);
	}
	CHECK(keys->list[0].old_until == DECEMBER);
	CHECK(keys->list[1].old_until == TIME_NEVER);
	CHECK(write_keys_find(keys, SPAN_LIT("wk_old_d_1"), 0) == &keys->list[3]);
	CHECK_STR(keys->list[2].secret_file, "new");
	CHECK_STR(keys->list[2].old_secret_file, "old");
	/* A digest of nothing is no key, though a hook has one. */
	CHECK(!keys->list[2].has_key && !keys->list[2].has_old_key);
}

static void test_limits_of_sources(void)
{
	static const char text[] = "[a]\nkind = server\nkey = wk_12345671\nrate = 200\n"
				   "[b]\nkind = server\nkey = wk_12345672\nrate = 200\nburst = 1\n"
				   "[c]\nkind = server\nkey = wk_12345673\nburst = 10000000\n"
				   "rate = 1000000\n"
				   "[d]\nkind = server\nkey = wk_12345674\nrate = 0\n";
	static const struct {
		int64_t rate, burst;
	} want[] = {{200, 2000}, {200, 1}, {1000000, 10000000}, {0, 0}};
	_cleanup_(write_keys_freep) struct write_keys *keys = NULL;
	struct config_fault fault = {0};

	REQUIRE(write_keys_parse(span_str(text), &keys, &fault) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		CHECK_INT(keys->list[i].rate, want[i].rate);
		CHECK_INT(keys->list[i].burst, want[i].burst);
	}
}

static void test_rights(void)
{
	static const struct {
		const char *kind, *rights, *want; /* NULL: refused */
	} rows[] = {
		{"server", "none", "none"},
		{"server", "traits", "traits"},
		{"server", "privileged  merge\ttraits", "traits merge privileged"},
		{"server", "merge merge", "merge"},
		{"hook", "merge", "merge"},
		{"browser", "none", "none"},
		{"browser", "merge", NULL},
		{"browser", "traits privileged", NULL},
		{"kiosk", "traits", "traits"},
		{"kiosk", "privileged", NULL},
		{"kiosk", "merge", NULL},
		{"till", "privileged", "privileged"},
		{"till", "traits merge privileged", NULL},
		{"server", "", NULL},
		{"server", "all", NULL},
		{"server", "none traits", NULL},
		{"server", "traits, merge", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(write_keys_freep) struct write_keys *keys = NULL;
		_cleanup_(buf_release) struct buf text = BUF_INIT;
		struct config_fault fault = {0};

		/* The kind comes last: members are judged when all have been read. */
		buf_printf(&text, "[a]\nrights = %s\nkey = wk_12345678\nkind = %s\n",
			rows[i].rights, rows[i].kind);
		check_int(rows[i].kind, (int)i, rows[i].rights,
			write_keys_parse(buf_span(&text), &keys, &fault),
			rows[i].want ? 0 : CONFIG_BAD);
		if (keys && rows[i].want)
			check_rights(keys->list[0].rights, rows[i].want);
		else
			CHECK_INT(fault.line, 2);
	}
}

/* A class links no more than its kind's own, and with it goes what events may make of customers. */
static void test_classes(void)
{
	enum { NO = 99 };
	static const struct {
		const char *more;
		unsigned links; /* NO: refused */
	} rows[] = {
		{"kind = server", LINK_TRUSTED | LINK_EXPLICIT},
		{"kind = server\nrights = traits", LINK_TRUSTED},
		{"kind = server\nclass = trusted", LINK_TRUSTED | LINK_EXPLICIT},
		{"kind = server\nclass = browser", LINK_BROWSER},
		{"kind = server\nclass = household", 0},
		{"kind = hook\nclass = till", 0},
		{"kind = hook", LINK_TRUSTED},
		{"kind = hook\nrights = merge", LINK_TRUSTED | LINK_EXPLICIT},
		{"kind = browser", LINK_BROWSER},
		{"kind = browser\nrights = none", LINK_BROWSER},
		{"kind = browser\nclass = household", 0},
		{"kind = browser\nclass = kiosk", 0},
		{"kind = browser\nclass = trusted", NO},
		{"kind = till", 0},
		{"kind = till\nclass = household", 0},
		{"kind = till\nclass = browser", NO},
		{"kind = till\nclass = trusted", NO},
		{"kind = kiosk", 0},
		{"kind = kiosk\nclass = till", 0},
		{"kind = kiosk\nclass = browser", NO},
		{"kind = server\nclass = family", NO},
		{"kind = server\nclass =", NO},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(write_keys_freep) struct write_keys *keys = NULL;
		_cleanup_(buf_release) struct buf text = BUF_INIT;
		struct config_fault fault = {0};

		buf_printf(&text, "[a]\nkey = wk_12345678\npreset = x\n%s\n", rows[i].more);
		if (!strstr(rows[i].more, "hook")) {
			buf_reset(&text);
			buf_printf(&text, "[a]\nkey = wk_12345678\n%s\n", rows[i].more);
		}
		check_int(rows[i].more, (int)i, "parse",
			write_keys_parse(buf_span(&text), &keys, &fault),
			rows[i].links == NO ? CONFIG_BAD : 0);
		if (keys && rows[i].links != NO)
			check_int(rows[i].more, (int)i, "links",
				write_key_link_rights(&keys->list[0]), rows[i].links);
	}
}

static void test_hook(void)
{
	static const char text[] = "[shopify]\nkind = hook\npreset = shopify\n"
				   "secret_file = secrets/shopify\n"
				   "url = https://t.example/hooks/shopify\n"
				   "[erp]\nkind = hook\nmapping = /etc/waymark/erp.json\n";
	_cleanup_(write_keys_freep) struct write_keys *keys = NULL;
	struct config_fault fault = {0};

	REQUIRE(write_keys_parse(span_str(text), &keys, &fault) == 0);
	CHECK_STR(keys->list[0].preset, "shopify");
	CHECK_STR(keys->list[0].secret_file, "secrets/shopify");
	CHECK_STR(keys->list[0].url, "https://t.example/hooks/shopify");
	CHECK_INT(keys->list[0].mapping.len, 0);
	CHECK_INT(keys->list[0].old_secret_file.len, 0);
	CHECK_STR(keys->list[1].mapping, "/etc/waymark/erp.json");
	CHECK_INT(keys->list[1].mapping.ptr[keys->list[1].mapping.len], 0);
	CHECK(!keys->list[1].has_key);
}

struct bad_case {
	const char *text;
	unsigned line;
	const char *part;
};

#define S      "[a]\nkind = server\nkey = wk_12345678\n"
#define B      "[a]\nkind = browser\nkey = wk_12345678\n"
#define H      "[a]\nkind = hook\npreset = shopify\n"
#define SHA_63 "52663eb1c3a750b7080bcc26534aed9558db665916d66b982cacabfc329608d"

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
	{"[a]\nkind = hook\n", 2, "lacks `preset"},
	{"[a]\nkind = kiosk\n", 2, "lacks `key"},
	{"[a]\nkind = server\npreset = shopify\n", 3, "`kind = hook`"},
	{S "mapping = f\n", 4, "`kind = hook`"},
	{S "secret_file = f\n", 4, "`kind = hook`"},
	{S "url = https://a.example\n", 4, "`kind = hook`"},
	{S "origins = https://a.example\n", 4, "are for pages"},
	{S "api_host = a.example\n", 4, "are for pages"},
	{H "origins = https://a.example\n", 4, "are for pages"},
	{B "preset = shopify\n", 4, "`kind = hook`"},
	{"[a]\nkind = till\nkey = wk_12345678\nurl = https://a.example\n", 4, "`kind = hook`"},
	{"[a]\nkind = kiosk\nkey = wk_12345678\nmapping = f\n", 4, "`kind = hook`"},
	{S "credentials = no\n", 4, "are for pages"},
	{B "credentials = yes\n", 4, "write that too"},
	{B "origins = https://a.example\ncredentials = maybe\n", 5, "yes or no"},
	{B "rights = merge\n", 4, "kind server"},
	{S "rate = many\n", 4, "0 (no limit) to 1000000"},
	{S "rate = -1\n", 4, "0 (no limit) to 1000000"},
	{S "rate = 1.5\n", 4, "0 (no limit) to 1000000"},
	{S "rate = 1000001\n", 4, "0 (no limit) to 1000000"},
	{S "rate = 1\nburst = 10000001\n", 5, "1 to 10000000"},
	{S "rate = 1\nburst = 0\n", 5, "`rate = 0`"},
	{S "burst = 10\n", 4, "`rate = 200` too"},
	{S "key_sha256 = " SHA_9 "\n", 4, "not both"},
	{S "key_sha256 = " SHA_8 "\n", 4, "the same key"},
	{S "old_key = wk_12345678\n", 4, "the same key"},
	{S "old_key = wk_123\n", 4, "8 to 128"},
	{S "old_key = wk_old_1234\nold_key_sha256 = " SHA_9 "\n", 5, "not both"},
	{S "old_until = 2026-12-01\n", 4, "leave old_until out"},
	{S "old_key = wk_old_1234\nold_until = soon\n", 5, "2026-12-01T00:00:00Z"},
	{H "old_key = wk_old_1234\n", 4, "no new one"},
	{H "old_key_sha256 = " SHA_9 "\n", 4, "no new one"},
	{H "old_secret_file = f\n", 4, "`secret_file = FILE` too"},
	{H "mapping = f\n", 4, "not both"},
	{H "secret_file =\n", 4, "path of a file"},
	{H "url = http://a.example\n", 4, "https://"},
	{H "url = https://\n", 4, "https://"},
	{H "url = https:///hooks\n", 4, "https://"},
	{H "url = https://a.example/h h\n", 4, "https://"},
	{H "url = https://a.example/\xc3\xa4\n", 4, "https://"},
	{"[a]\nkind = hook\npreset = My.json\n", 3, "`mapping = FILE`"},
	{"[a]\nkind = hook\npreset = ../x\n", 3, "`mapping = FILE`"},
	{"[a]\nkind = server\nkey_sha256 = 12\n", 3, "64 hex digits"},
	{"[a]\nkind = server\nkey_sha256 = \n", 3, "64 hex digits"},
	{"[a]\nkind = server\nkey_sha256 = g" SHA_63 "\n", 3, "64 hex digits"},
	{"[a]\nkind = server\nkey_sha256 = " SHA_63 "\n", 3, "64 hex digits"},
	{"[a]\nkind = server\nkey_sha256 = " SHA_9 "0\n", 3, "64 hex digits"},
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

/* MEMBER of LEN bytes, beginning with START and going on with letters, in a hook without more. */
static int parse_text(const char *member, const char *start, size_t len)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	_cleanup_(write_keys_freep) struct write_keys *keys = NULL;
	struct config_fault fault = {0};

	buf_printf(&text, "[a]\nkind = hook\nkey = wk_12345678\n%s = %s", member, start);
	for (size_t i = strlen(start); i < len; i++)
		buf_add_char(&text, 'a');
	if (strcmp(member, "old_secret_file") == 0)
		buf_add_str(&text, "\nsecret_file = f");
	buf_add_char(&text, '\n');
	return write_keys_parse(buf_span(&text), &keys, &fault);
}

static void test_limits_of_texts(void)
{
	static const struct {
		const char *member, *start;
		size_t max;
	} rows[] = {
		{"preset", "", 48},
		{"mapping", "", 160},
		{"secret_file", "/", 160},
		{"old_secret_file", "", 160},
		{"url", "https://", 160},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (size_t more = 0; more <= 1; more++)
			check_int(rows[i].member, (int)i, "one more",
				parse_text(rows[i].member, rows[i].start, rows[i].max + more),
				more ? CONFIG_BAD : 0);
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
		{"keys as digests", test_hashed},
		{"old keys", test_rotation},
		{"rates", test_limits_of_sources},
		{"rights", test_rights},
		{"classes and what they link", test_classes},
		{"hooks", test_hook},
		{"mistakes", test_bad},
		{"limits", test_limits},
		{"limits of texts", test_limits_of_texts},
		{"number of keys", test_number},
		{"no keys", test_none},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
