/* SPDX-License-Identifier: MIT */
/*
 * Memory runs out at every place in turn: nothing passes that has not been verified, nothing is
 * said of a signature that could not be looked at, and nothing leaks (the sanitizer looks).
 * libcrypto has its memory from elsewhere, so that these are our own allocations.
 */
#include "../base/scarce_memory.h"
#include "check.h"
#include "codec/mail_token.h"
#include "codec/signature.h"

/* More allocations than any of these makes. */
#define MANY 1000

struct request_case {
	const char *verify, *header, *value, *secret, *body, *url;
	int outcome;
};

static bool find(void *user, struct span name, struct span *ret_value)
{
	const struct request_case *c = user;

	if (!span_is(name, c->header))
		return false;
	*ret_value = span_str(c->value);
	return true;
}

/* Signatures from tests/data/signatures/vectors.json. */
static const struct request_case cases[] = {
	{"[{\"scheme\":\"hmac\",\"header\":[\"a\"],\"signed\":\"x{{{body}{url}\"},"
	 "{\"scheme\":\"hmac\",\"header\":\"x-sig\"}]",
		"x-sig", "oP+WUOeW/bj0Rfyjlbw7Odl0jaHsZZryiuyPvq93VNM=", "test_secret",
		"{\"id\":820982911946154508,\"email\":\"jon@example.com\"}", "", SIGNATURE_OK},
	{"{\"scheme\":\"mailgun\"}", "x", "x", "test_secret",
		"{\"signature\":{\"timestamp\":\"1529006854\",\"t\\u006fken\":"
		"\"a8ce0edb2dd8301dee6c24"
		"05235584e45aa91d1e9f979f3de0\",\"signature\":\"5e47d0a289dbec15160dcc1f407fe5dd8d"
		"caeb267d0ce2022f382d43764ea56\\u0064\"}}",
		"", SIGNATURE_TOO_OLD},
	{"{\"scheme\":\"twilio\"}", "x-twilio-signature", "RSOYDt4T1cUTdK1PDd93/VVr8B8=", "12345",
		"CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309"
		"&To=%2B18005551212",
		"https://mycompany.com/myapp.php?foo=1&bar=2", SIGNATURE_OK},
	{"{\"scheme\":\"basic\"}", "authorization", "Basic YTpiYmJiYmJiYg==", "a:bbbbbbbb", "", "",
		SIGNATURE_OK},
	{"{\"scheme\":\"sns\",\"topic\":[\"arn:aws:sns:eu-west-1:1:a\"]}", "x", "x", "", "{}", "",
		SIGNATURE_BAD_BODY},
};

static struct signature_plan *plan_of(const char *verify)
{
	struct signature_plan *plan = NULL;
	struct signature_fault fault;
	int n, r = -ENOMEM;

	for (n = 0; n < MANY && r == -ENOMEM; n++) {
		scarce_memory(n);
		r = signature_compile_text(span_str(verify), &plan, &fault);
		scarce_memory(-1);
		CHECK(!plan == (r != 0));
	}
	CHECK_INT(r, 0);
	CHECK(n > 1);
	return plan;
}

static void test_verify(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(signature_plan_freep) struct signature_plan *plan =
			plan_of(cases[i].verify);
		struct request_case copy = cases[i];
		const struct span secret = span_str(cases[i].secret);
		const struct signature_request request = {.body = span_str(cases[i].body),
			.url = span_str(cases[i].url),
			.header = find,
			.user = &copy};
		struct signature_proof proof;
		int r = -ENOMEM;

		REQUIRE(plan);
		for (int n = 0; n < MANY && r == -ENOMEM; n++) {
			scarce_memory(n);
			r = signature_verify(plan, (struct signature_secrets){&secret, 1}, &request,
				INT64_C(1790856000000), &proof);
			scarce_memory(-1);
		}
		CHECK_INT(r, cases[i].outcome);
	}
}

static void test_tokens(void)
{
	static const struct span secret = {"0123456789abcdef0123456789abcdef", 32};
	const struct mail_token want = {
		.kind = MAIL_TOKEN_OPEN, .customer = SPAN_LIT("c"), .message = SPAN_LIT("m")};
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	struct mail_token_keys keys;
	int r = -ENOMEM;

	REQUIRE(mail_token_keys_init(&keys, &secret, 1) == 0);
	for (int n = 0; n < MANY && r == -ENOMEM; n++) {
		buf_reset(&text);
		scarce_memory(n);
		r = mail_token_make(&keys, &want, &text);
		scarce_memory(-1);
		CHECK(r == 0 || text.len == 0);
	}
	REQUIRE(r == 0);
	r = -ENOMEM;
	for (int n = 0; n < MANY && r == -ENOMEM; n++) {
		_cleanup_(buf_release) struct buf room = BUF_INIT;
		struct mail_token t;

		scarce_memory(n);
		r = mail_token_parse(&keys, MAIL_TOKEN_OPEN, buf_span(&text), &room, &t);
		scarce_memory(-1);
		CHECK(r == -ENOMEM || span_is(t.customer, "c"));
	}
	CHECK_INT(r, 0);
}

int main(void)
{
	static const struct check_case all[] = {
		{"signatures", test_verify},
		{"tokens of mails", test_tokens},
	};

	return check_run(all, ARRAY_SIZE(all));
}
