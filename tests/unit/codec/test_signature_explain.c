/* SPDX-License-Identifier: MIT */
/*
 * The likely cause is found, for the mistakes that everybody makes; and no secret is ever printed.
 * Signatures are those of tests/data/signatures/vectors.json, or as repeated beside the case.
 */
#include "check.h"
#include "signature_case.h"

#define BODY  "{\"id\":820982911946154508,\"email\":\"jon@example.com\"}"
#define KEY   "test_secret"
#define SHOP  "oP+WUOeW/bj0Rfyjlbw7Odl0jaHsZZryiuyPvq93VNM="
#define WHSEC "whsec_dGVzdF9zZWNyZXRfdGVzdF9zZWNyZXRf"
#define TIME  "1614265330"
#define URL   "https://shop.example/hooks/square"

struct explain_case {
	const char *verify, *header, *value, *secret, *body, *url;
	const char *says; /* somewhere in it */
};

static const struct explain_case cases[] = {
	{"{\"scheme\":\"hmac\",\"header\":\"x-sig\"}", "x-sig", SHOP, KEY, BODY, "",
		"scheme hmac: ok: "},
	{"{\"scheme\":\"hmac\",\"header\":\"x-sig\"}", "x-sig", SHOP, KEY "\n", BODY, "",
		"the secret has blanks or a line end"},
	{"{\"scheme\":\"hmac\",\"header\":\"x-sig\"}", "x-sig", SHOP, " " KEY, BODY, "",
		"the secret has blanks or a line end"},
	{"{\"scheme\":\"hmac\",\"header\":\"x-sig\"}", "x-sig", SHOP, "whsec_" KEY, BODY, "",
		"given with whsec_"},
	{"{\"scheme\":\"hmac\",\"header\":\"x-sig\"}", "x-sig", SHOP, "dGVzdF9zZWNyZXQ=", BODY, "",
		"write \"key\": \"base64\""},
	{"{\"scheme\":\"hmac\",\"header\":\"x-sig\",\"key\":\"base64\"}", "x-sig", SHOP, KEY, BODY,
		"", "write \"key\": \"text\""},
	{"{\"scheme\":\"hmac\",\"header\":\"x-sig\"}", "x-sig", SHOP, KEY, BODY "\r\n", "",
		"the body has a line end that was not signed"},
	{"{\"scheme\":\"hmac\",\"header\":\"x-sig\"}", "x-sig", SHOP, KEY,
		"{ \"id\": 820982911946154508,\n\t\"email\": \"jon@example.com\" }", "",
		"the JSON was written anew"},
	/* HMAC-SHA256 of BODY and a line end */
	{"{\"scheme\":\"hmac\",\"header\":\"x-sig\"}", "x-sig",
		"2AA4w2aIITglXGcdGtmdC7vaTsHoE5WKY7Xi/4spbtg=", KEY, BODY, "",
		"the line end of the body that was signed is lost"},
	{"{\"scheme\":\"hmac\",\"header\":\"x-sig\",\"signed\":\"{url}{body}\"}", "x-sig",
		"yYHVJrlUTU8Cm5XHx+h/lNiaG+0ZYRwWREmtfR7qkxo=", KEY, BODY, URL "/",
		"differs in the slash"},
	{"{\"scheme\":\"hmac\",\"header\":\"x-sig\",\"signed\":\"{url}{body}\"}", "x-sig",
		"yYHVJrlUTU8Cm5XHx+h/lNiaG+0ZYRwWREmtfR7qkxo=", KEY, BODY,
		"http://shop.example/hooks/square", "http and https"},
	{"{\"scheme\":\"hmac\",\"header\":\"x-sig\",\"signed\":\"{url}{body}\"}", "x-sig",
		"yYHVJrlUTU8Cm5XHx+h/lNiaG+0ZYRwWREmtfR7qkxo=", KEY, BODY, URL "?a=b",
		"without what stands behind `?`"},
	{"{\"scheme\":\"hmac\",\"header\":\"x-sig\"}", "x-sig", SHOP, "quite another", BODY, "",
		"it was signed with another secret"},
	{"{\"scheme\":\"hmac\",\"header\":\"x-sig\",\"encoding\":\"hex\"}", "x-sig", SHOP, KEY,
		BODY, "", "as long as SHA-256 in base64"},
	{"{\"scheme\":\"hmac\",\"header\":\"x-sig\",\"prefix\":\"sha256=\",\"encoding\":\"hex\"}",
		"x-sig", "sha256=7ed51f7362ee973c0ca3b528f8d35011682d8b66", KEY, BODY, "",
		"as long as SHA-1 in hex"},
	{"{\"scheme\":\"hmac\",\"header\":\"x-sig\",\"prefix\":\"sha256=\",\"encoding\":\"hex\"}",
		"x-sig", "", KEY, BODY, "",
		"expected: x-sig: sha256=HEX of HMAC-SHA256, 64 characters\n  received: x-sig: is "
		"not there"},
	{"{\"scheme\":\"stripe\"}", "stripe-signature",
		"t=" TIME ",v1=185d8fc40b6bfdce125562d52840a95a0781ed1807236b05a0bd553ad16f87cf",
		KEY, BODY, "", "signed at 2021-02-25T15:02:10.000Z, 10m ago; 5m is allowed"},
	{"{\"scheme\":\"stripe\"}", "stripe-signature",
		"t=" TIME ",v1=185d8fc40b6bfdce125562d52840a95a0781ed1807236b05a0bd553ad16f87cf",
		"whsec_" KEY, BODY, "", "given with whsec_"},
	{"{\"scheme\":\"standard\"}", "x", "x", "whsec_short", BODY, "",
		"secret 1 cannot be used: it has to be base 64"},
	{"{\"scheme\":\"token\",\"in\":\"header.x-token\"}", "x-token", "0123456789abcdeg",
		"0123456789abcdef", BODY, "", "received: x-token: 16 characters\n"},
	{"{\"scheme\":\"basic\"}", "authorization", "Basic YTpiYmJiYmJiYg==", "a:bbbbbbbb\n", BODY,
		"", "the secret has blanks"},
	{"{\"scheme\":\"hmac\",\"header\":\"x-sig\"}", "x-sig", "a\x1b[31m\xc3\xa4`", KEY, BODY, "",
		"received: x-sig: `a?[31m??`` (9 characters)"},
	{"[{\"scheme\":\"none\"},{\"scheme\":\"basic\"}]", "x", "x", KEY, BODY, "",
		"scheme none: ok: the signature is right\nscheme basic: bad_secret: "},
};

static void explain(const struct explain_case *e, struct buf *out)
{
	_cleanup_(signature_case_release) struct signature_case c;

	signature_case_init(&c);
	REQUIRE(signature_case_plan(&c, span_str(e->verify)));
	signature_case_header(&c, e->header, span_str(e->value));
	if (!e->value[0])
		c.headers[0].name[0] = '\0';
	signature_case_secret(&c, span_str(e->secret));
	buf_add_str(&c.body, e->body);
	buf_add_str(&c.url, e->url);
	c.now = (INT64_C(1614265330) + 600) * MS_SECOND;
	signature_case_explain(&c, out);
}

static bool holds(const struct buf *b, const char *text)
{
	size_t n = strlen(text);

	for (size_t i = 0; i + n <= b->len; i++)
		if (memcmp(b->ptr + i, text, n) == 0)
			return true;
	return false;
}

static void test_causes(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(buf_release) struct buf out = BUF_INIT;

		explain(&cases[i], &out);
		CHECK_INT(buf_failed(&out), 0);
		if (!holds(&out, cases[i].says))
			CHECK_STR(buf_span(&out), cases[i].says);
	}
}

static void test_silence(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(buf_release) struct buf out = BUF_INIT;

		explain(&cases[i], &out);
		CHECK(!holds(&out, cases[i].secret));
		CHECK(!holds(&out, KEY));
		for (size_t k = 0; k < out.len; k++)
			CHECK(out.ptr[k] == '\n' || (out.ptr[k] >= ' ' && out.ptr[k] <= '~'));
	}
}

/* What would be right is not told to whom has not been given it. */
static void test_no_oracle(void)
{
	static const struct explain_case e = {"{\"scheme\":\"hmac\",\"header\":\"x-sig\"}", "x-sig",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", KEY, BODY, "", ""};
	_cleanup_(buf_release) struct buf out = BUF_INIT;

	explain(&e, &out);
	CHECK(holds(&out, "wrong_signature") && !holds(&out, SHOP));
}

int main(void)
{
	static const struct check_case all[] = {
		{"causes", test_causes},
		{"no secret is printed", test_silence},
		{"no signature is made", test_no_oracle},
	};

	return check_run(all, ARRAY_SIZE(all));
}
