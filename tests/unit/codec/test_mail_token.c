/* SPDX-License-Identifier: MIT */
/*
 * Tokens of mails: what goes in comes out, nothing of it can be read, and nothing altered passes.
 * The fixed token was put together with Python's hmac and the openssl command:
 *
 *	seal, veil, id = (hmac(SECRET, b"waymark mail token: " + x) for x in (b"seal", b"veil",
 *b"id")) head = bytes([1, kind, id[0]]) tag = hmac(seal, head + rest)[:16] openssl enc -aes-256-ctr
 *-K hex(veil) -iv hex(tag) <rest base64.urlsafe_b64encode(head + tag + encrypted).rstrip(b"=")
 *
 * where rest is varint link, varint issued_at, and each text behind its length as a varint.
 */
#include "codec/mail_token.h"

#include "check.h"

#define SECRET "0123456789abcdef0123456789abcdef"
#define OTHER  "fedcba9876543210fedcba9876543210"
#define T64    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct mail_token sample = {.kind = MAIL_TOKEN_CLICK,
	.link = 3,
	.issued_at = 1790856000123,
	.customer = {"email:jon@example.com", 21},
	.message = {"0123456789abcdef0123456789abcdef", 32},
	.list = {"news", 4},
	.url = {"https://shop.example/rings?utm_source=mail#top", 46}};

static struct mail_token_keys keys_of(const char *first, const char *second)
{
	const struct span secrets[] = {span_str(first), span_str(second)};
	struct mail_token_keys k = {.n = 0};

	CHECK_INT(mail_token_keys_init(&k, secrets, second ? 2 : 1), 0);
	return k;
}

static void check_same(const struct mail_token *a, const struct mail_token *b)
{
	CHECK_INT(a->kind, b->kind);
	CHECK_INT(a->link, b->link);
	CHECK_INT(a->issued_at, b->issued_at);
	CHECK_SPAN(a->customer, b->customer);
	CHECK_SPAN(a->message, b->message);
	CHECK_SPAN(a->list, b->list);
	CHECK_SPAN(a->url, b->url);
}

static void test_fixed(void)
{
	static const char want[] = "AQKaMskQczfN20-U-"
				   "pBkt4HAuJfyCk53O8GDkhXC3NvRQFPdf7K1YNMeTRabPEw83tfJCcAOoa3MjS9n"
				   "u4zs_dpbAUr7ZeToNMmVtWnePiuXr2vcgP3ujvHvTRW3ZwUumFig_"
				   "QXtjRQMJMXRC7qQxrKBULy4kVJJAUZWSFjluA34jCksDA";
	struct mail_token_keys k = keys_of(SECRET, NULL);
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	_cleanup_(buf_release) struct buf room = BUF_INIT;
	struct mail_token t;

	CHECK_INT(mail_token_make(&k, &sample, &out), 0);
	CHECK_STR(buf_span(&out), want);
	REQUIRE(mail_token_parse(&k, MAIL_TOKEN_CLICK, span_str(want), &room, &t) == 0);
	check_same(&t, &sample);
	CHECK_INT(mail_token_make(&k, &sample, &out), 0);
	CHECK_INT(out.len, 2 * strlen(want));
}

static char long_url[MAIL_TOKEN_URL_MAX + 2], long_text[CUSTOMER_MAX + 2];

static void fill(void)
{
	memset(long_url, 'a', sizeof(long_url) - 1);
	memcpy(long_url, SPAN_LIT("https://").ptr, SPAN_LIT("https://").len);
	memset(long_text, 'x', sizeof(long_text) - 1);
}

/* Each member at its limit, and one past it. */
static void test_members(void)
{
	struct mail_token_keys k = keys_of(SECRET, NULL);
	struct mail_token t;
	struct {
		struct mail_token token;
		int result;
	} cases[] = {
		{{.kind = MAIL_TOKEN_OPEN, .customer = {"c", 1}, .message = {"m", 1}}, 0},
		{{.kind = MAIL_TOKEN_UNSUBSCRIBE, .customer = {"c", 1}, .message = {"m", 1}}, 0},
		{{.kind = MAIL_TOKEN_CLICK,
			 .link = UINT32_MAX,
			 .issued_at = INT64_MAX,
			 .customer = {long_text, CUSTOMER_MAX},
			 .message = {long_text, MAIL_TOKEN_MESSAGE_MAX},
			 .list = {long_text, MAIL_TOKEN_LIST_MAX},
			 .url = {long_url, MAIL_TOKEN_URL_MAX}},
			0},
		{{.kind = MAIL_TOKEN_OPEN, .message = {"m", 1}}, MAIL_TOKEN_UNFIT},
		{{.kind = MAIL_TOKEN_OPEN, .customer = {"c", 1}}, MAIL_TOKEN_UNFIT},
		{{.kind = MAIL_TOKEN_OPEN,
			 .issued_at = -1,
			 .customer = {"c", 1},
			 .message = {"m", 1}},
			MAIL_TOKEN_UNFIT},
		{{.kind = MAIL_TOKEN_OPEN,
			 .customer = {long_text, CUSTOMER_MAX + 1},
			 .message = {"m", 1}},
			MAIL_TOKEN_UNFIT},
		{{.kind = MAIL_TOKEN_OPEN,
			 .customer = {"c", 1},
			 .message = {long_text, MAIL_TOKEN_MESSAGE_MAX + 1}},
			MAIL_TOKEN_UNFIT},
		{{.kind = MAIL_TOKEN_OPEN,
			 .customer = {"c", 1},
			 .message = {"m", 1},
			 .list = {long_text, MAIL_TOKEN_LIST_MAX + 1}},
			MAIL_TOKEN_UNFIT},
		{{.kind = MAIL_TOKEN_CLICK, .customer = {"c", 1}, .message = {"m", 1}},
			MAIL_TOKEN_UNFIT},
		{{.kind = MAIL_TOKEN_CLICK,
			 .customer = {"c", 1},
			 .message = {"m", 1},
			 .url = {long_url, MAIL_TOKEN_URL_MAX + 1}},
			MAIL_TOKEN_UNFIT},
		{{.kind = MAIL_TOKEN_OPEN,
			 .customer = {"c", 1},
			 .message = {"m", 1},
			 .url = {"https://a", 9}},
			MAIL_TOKEN_UNFIT},
		{{.kind = (enum mail_token_kind)0, .customer = {"c", 1}, .message = {"m", 1}},
			MAIL_TOKEN_UNFIT},
		{{.kind = (enum mail_token_kind)4, .customer = {"c", 1}, .message = {"m", 1}},
			MAIL_TOKEN_UNFIT},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(buf_release) struct buf out = BUF_INIT;
		_cleanup_(buf_release) struct buf room = BUF_INIT;

		buf_add_char(&out, '/');
		CHECK_INT(mail_token_make(&k, &cases[i].token, &out), cases[i].result);
		CHECK(out.len <= 1 + MAIL_TOKEN_MAX);
		if (cases[i].result) {
			CHECK_INT(out.len, 1);
			continue;
		}
		CHECK_INT(mail_token_parse(&k, cases[i].token.kind,
				  span_of(out.ptr + 1, out.len - 1), &room, &t),
			0);
		check_same(&t, &cases[i].token);
	}
}

static void test_urls(void)
{
	static const struct {
		const char *url;
		bool ok;
	} cases[] = {
		{"https://shop.example/", true},
		{"http://shop.example", true},
		{"HTTPS://Shop.Example:8443/a?b=c&d=%20#e", true},
		{"https://shop.example/@name?x=a@b", true},
		{"https://[2001:db8::1]/", true},
		{"", false},
		{"https://", false},
		{"https:///path", false},
		{"https://?x", false},
		{"https://:80/", false},
		{"https:/shop.example", false},
		{"//shop.example/", false},
		{"/path", false},
		{"javascript:alert(1)", false},
		{"data:text/html,x", false},
		{"mailto:jon@example.com", false},
		{"tel:+15551234", false},
		{"ftp://shop.example/", false},
		{" https://shop.example/", false},
		{"https://shop.example/ ", false},
		{"https://shop.example/a b", false},
		{"https://shop.example/\r\nSet-Cookie: a=b", false},
		{"https://shop.example/\t", false},
		{"https://shop.example/\x7f", false},
		{"https://shop.example/\xc3\xa4", false},
		{"https://shop.example\\.evil.example/", false},
		{"https://shop.example/\"", false},
		{"https://shop.example/<", false},
		{"https://shop.example@evil.example/", false},
		{"https://a:b@evil.example", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (mail_token_url_ok(span_str(cases[i].url)) != cases[i].ok)
			CHECK_STR(span_str(cases[i].url), cases[i].ok ? "good" : "bad");
	CHECK(!mail_token_url_ok(span_of("https://a\0b", 11)));
}

/* Every bit of every character, each kind, each cut. */
static void test_altered(void)
{
	struct mail_token_keys k = keys_of(SECRET, OTHER);
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	_cleanup_(buf_release) struct buf room = BUF_INIT;
	struct mail_token t;

	REQUIRE(mail_token_make(&k, &sample, &out) == 0);
	for (size_t i = 0; i < out.len; i++) {
		for (int bit = 0; bit < 8; bit++) {
			out.ptr[i] = (char)(out.ptr[i] ^ (1 << bit));
			CHECK_INT(mail_token_parse(&k, MAIL_TOKEN_CLICK, buf_span(&out), &room, &t),
				MAIL_TOKEN_BAD);
			out.ptr[i] = (char)(out.ptr[i] ^ (1 << bit));
		}
		CHECK_INT(mail_token_parse(&k, MAIL_TOKEN_CLICK, span_of(out.ptr, i), &room, &t),
			MAIL_TOKEN_BAD);
	}
	CHECK_INT(mail_token_parse(&k, MAIL_TOKEN_OPEN, buf_span(&out), &room, &t), MAIL_TOKEN_BAD);
	CHECK_INT(mail_token_parse(&k, MAIL_TOKEN_UNSUBSCRIBE, buf_span(&out), &room, &t),
		MAIL_TOKEN_BAD);
	CHECK_INT(mail_token_parse(&k, MAIL_TOKEN_CLICK, buf_span(&out), &room, &t), 0);
	CHECK_INT(mail_token_parse(&k, (enum mail_token_kind)(MAIL_TOKEN_CLICK + 256),
			  buf_span(&out), &room, &t),
		MAIL_TOKEN_BAD);
	buf_add_char(&out, 'A');
	CHECK_INT(
		mail_token_parse(&k, MAIL_TOKEN_CLICK, buf_span(&out), &room, &t), MAIL_TOKEN_BAD);
}

/* An open and an unsubscription have the same members, and are not the same. */
static void test_kinds(void)
{
	struct mail_token_keys k = keys_of(SECRET, NULL);
	struct mail_token t = sample;
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	_cleanup_(buf_release) struct buf room = BUF_INIT;

	t.kind = MAIL_TOKEN_OPEN;
	t.url = SPAN_EMPTY;
	REQUIRE(mail_token_make(&k, &t, &out) == 0);
	CHECK_INT(mail_token_parse(&k, MAIL_TOKEN_UNSUBSCRIBE, buf_span(&out), &room, &t),
		MAIL_TOKEN_BAD);
	CHECK_INT(mail_token_parse(&k, MAIL_TOKEN_OPEN, buf_span(&out), &room, &t), 0);
}

/* 4,096 characters are looked at, 4,097 not; none of them is ours. */
static void test_long(void)
{
	struct mail_token_keys k = keys_of(SECRET, NULL);
	_cleanup_(buf_release) struct buf room = BUF_INIT;
	char text[MAIL_TOKEN_MAX + 1];
	struct mail_token t;

	memset(text, 'A', sizeof(text));
	for (size_t n = MAIL_TOKEN_MAX - 4; n <= sizeof(text); n++)
		CHECK_INT(mail_token_parse(&k, MAIL_TOKEN_OPEN, span_of(text, n), &room, &t),
			MAIL_TOKEN_BAD);
	CHECK_INT(mail_token_parse(&k, MAIL_TOKEN_OPEN, SPAN_EMPTY, &room, &t), MAIL_TOKEN_BAD);
}

static void test_rotation(void)
{
	struct mail_token_keys old = keys_of(SECRET, NULL), both = keys_of(OTHER, SECRET);
	struct mail_token_keys new = keys_of(OTHER, NULL);
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	_cleanup_(buf_release) struct buf room = BUF_INIT;
	struct mail_token t;

	REQUIRE(mail_token_make(&old, &sample, &out) == 0);
	CHECK_INT(mail_token_parse(&both, MAIL_TOKEN_CLICK, buf_span(&out), &room, &t), 0);
	check_same(&t, &sample);
	CHECK_INT(mail_token_parse(&new, MAIL_TOKEN_CLICK, buf_span(&out), &room, &t),
		MAIL_TOKEN_BAD);
	/* Two keys of one id are both tried. */
	both.list[0].id = both.list[1].id;
	CHECK_INT(mail_token_parse(&both, MAIL_TOKEN_CLICK, buf_span(&out), &room, &t), 0);
	mail_token_keys_release(&both);
	CHECK_INT(mail_token_parse(&both, MAIL_TOKEN_CLICK, buf_span(&out), &room, &t),
		MAIL_TOKEN_BAD);
	buf_reset(&out);
	REQUIRE(mail_token_make(&new, &sample, &out) == 0);
	CHECK_INT(mail_token_parse(&old, MAIL_TOKEN_CLICK, buf_span(&out), &room, &t),
		MAIL_TOKEN_BAD);
}

static void test_secrets(void)
{
	static const struct {
		struct span secrets[3];
		size_t n;
		int result;
	} cases[] = {
		{{{NULL, 0}}, 0, MAIL_TOKEN_BAD_SECRET},
		{{{T64, 32}}, 1, 0},
		{{{T64, 31}}, 1, MAIL_TOKEN_BAD_SECRET},
		{{{T64 T64 T64 T64 T64 T64 T64 T64 T64 T64 T64 T64 T64 T64 T64 T64, 1024}}, 1, 0},
		{{{T64 T64 T64 T64 T64 T64 T64 T64 T64 T64 T64 T64 T64 T64 T64 T64 "x", 1025}}, 1,
			MAIL_TOKEN_BAD_SECRET},
		{{{T64, 32}, {T64, 33}}, 2, 0},
		{{{T64, 32}, {T64, 32}}, 2, MAIL_TOKEN_BAD_SECRET},
		{{{T64, 32}, {T64, 33}, {T64, 34}}, 3, MAIL_TOKEN_BAD_SECRET},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct mail_token_keys k;

		CHECK_INT(mail_token_keys_init(&k, cases[i].secrets, cases[i].n), cases[i].result);
	}
}

/* Tokens of two customers have nothing in common but the head; equal ones are equal. */
static void test_hidden(void)
{
	struct mail_token_keys k = keys_of(SECRET, NULL);
	_cleanup_(buf_release) struct buf one = BUF_INIT;
	_cleanup_(buf_release) struct buf two = BUF_INIT;
	struct mail_token other = sample;
	size_t same = 0;

	other.customer = SPAN_LIT("email:joe@example.com");
	REQUIRE(mail_token_make(&k, &sample, &one) == 0);
	REQUIRE(mail_token_make(&k, &other, &two) == 0);
	REQUIRE(one.len == two.len);
	for (size_t i = 4; i < one.len; i++)
		same += one.ptr[i] == two.ptr[i];
	CHECK(same < one.len / 8);
	for (size_t i = 0; i < one.len; i++) {
		char c = one.ptr[i];

		CHECK((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			c == '-' || c == '_');
	}
}

int main(void)
{
	static const struct check_case cases[] = {
		{"a fixed token", test_fixed},
		{"members", test_members},
		{"destinations", test_urls},
		{"altered", test_altered},
		{"kinds", test_kinds},
		{"too long", test_long},
		{"rotation", test_rotation},
		{"secrets", test_secrets},
		{"hidden", test_hidden},
	};

	fill();
	return check_run(cases, ARRAY_SIZE(cases));
}
