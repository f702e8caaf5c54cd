/* SPDX-License-Identifier: MIT */
/* "verify" values: what is refused, with the place and the advice; secrets, and what is needed. */
#include "codec/signature.h"

#include "check.h"

#define T16  "0123456789abcdef"
#define T64  T16 T16 T16 T16
#define T256 T64 T64 T64 T64

static void test_refused(void)
{
	static const struct {
		const char *verify, *pointer, *text; /* how the text begins */
	} cases[] = {
		{"", "", "this is not JSON"},
		{"{", "", "this is not JSON"},
		{"{\"scheme\":\"none\",\"scheme\":\"none\"}", "", "this is not JSON"},
		{"7", "", "write an object here"},
		{"\"hmac\"", "", "write an object here"},
		{"[]", "", "write one scheme, or a list of 1 to 8"},
		{"[1]", "/0", "write an object here"},
		{"{}", "", "write {\"scheme\""},
		{"{\"scheme\":7}", "/scheme", "write {\"scheme\""},
		{"{\"scheme\":\"HMAC\"}", "/scheme", "write {\"scheme\""},
		{"[{\"scheme\":\"none\"},{\"scheme\":\"hmac\"}]", "/1",
			"scheme hmac needs a member"},
		{"{\"scheme\":\"none\",\"key\":\"text\"}", "/key",
			"scheme none has no such member; beside \"scheme\" it may have nothing"},
		{"{\"scheme\":\"stripe\",\"tolerence\":\"5m\"}", "/tolerence",
			"scheme stripe has no such member; beside \"scheme\" it may have header, "
			"tolerance"},
		{"{\"scheme\":\"hmac\",\"header\":7}", "/header", "write a text"},
		{"{\"scheme\":\"hmac\",\"header\":\"\"}", "/header", "a text of 1 to 64 bytes"},
		{"{\"scheme\":\"hmac\",\"header\":\"" T64 "x\"}", "/header",
			"a text of 1 to 64 bytes"},
		{"{\"scheme\":\"hmac\",\"header\":\"X-Sig\"}", "/header",
			"write the name of a header field in small letters"},
		{"{\"scheme\":\"hmac\",\"header\":[\"a\",\"b c\"]}", "/header/1",
			"write the name of a header field in small letters"},
		{"{\"scheme\":\"hmac\",\"header\":[]}", "/header", "write one text, or a list"},
		{"{\"scheme\":\"hmac\",\"header\":[\"a\",\"b\",\"c\",\"d\",\"e\"]}", "/header",
			"write one text, or a list of 1 to 4"},
		{"{\"scheme\":\"hmac\",\"header\":\"a\",\"algorithm\":\"md5\"}", "/algorithm",
			"write sha256 or sha1 or sha512 here"},
		{"{\"scheme\":\"hmac\",\"header\":\"a\",\"encoding\":\"base32\"}", "/encoding",
			"write base64 or hex here"},
		{"{\"scheme\":\"hmac\",\"header\":\"a\",\"key\":\"hex\"}", "/key",
			"write text or base64 or nfkd here"},
		{"{\"scheme\":\"standard\",\"key\":\"nfkd\"}", "/key", "write text or base64 here"},
		{"{\"scheme\":\"hmac\",\"header\":\"a\",\"prefix\":\"" T256 "x\"}", "/prefix",
			"a text of 0 to 256 bytes"},
		{"{\"scheme\":\"hmac\",\"header\":\"a\",\"prefix\":\"a\\n\"}", "/prefix",
			"a control character"},
		{"{\"scheme\":\"hmac\",\"header\":\"a\",\"signed\":\"{url}\"}", "/signed",
			"what is signed must have {body}"},
		{"{\"scheme\":\"hmac\",\"header\":\"a\",\"signed\":\"{{body}\"}", "/signed",
			"what is signed must have {body}"},
		{"{\"scheme\":\"hmac\",\"header\":\"a\",\"signed\":\"{body\"}", "/signed",
			"a brace is not closed"},
		{"{\"scheme\":\"hmac\",\"header\":\"a\",\"signed\":\"{body}{\"}", "/signed",
			"a brace is not closed"},
		{"{\"scheme\":\"hmac\",\"header\":\"a\",\"signed\":\"{bodi}\"}", "/signed",
			"between braces can stand"},
		{"{\"scheme\":\"hmac\",\"header\":\"a\",\"signed\":\"{body}{header.}\"}", "/signed",
			"the name of a header field has 1 to 64"},
		{"{\"scheme\":\"hmac\",\"header\":\"a\",\"signed\":\"{body}{header.A}\"}",
			"/signed", "write the name of a header field in small letters"},
		{"{\"scheme\":\"hmac\",\"header\":\"a\",\"signed\":\"{body}1{url}2{url}3{url}4{url}"
		 "5{url}6{url}7{url}8{url}\"}",
			"/signed", "at most 16 pieces"},
		{"{\"scheme\":\"hmac\",\"header\":\"a\",\"time\":\"header.t\"}", "/time",
			"this time is not signed"},
		{"{\"scheme\":\"hmac\",\"header\":\"a\",\"time\":\"query.t\"}", "/time",
			"write where it stands: header.NAME"},
		{"{\"scheme\":\"hmac\",\"header\":\"a\",\"tolerance\":\"5m\"}", "/tolerance",
			"a tolerance needs \"time\""},
		{"{\"scheme\":\"stripe\",\"tolerance\":300}", "/tolerance", "write a text"},
		{"{\"scheme\":\"stripe\",\"tolerance\":\"0\"}", "/tolerance",
			"write a length of time from 1s to 7d"},
		{"{\"scheme\":\"stripe\",\"tolerance\":\"999ms\"}", "/tolerance",
			"write a length of time from 1s to 7d"},
		{"{\"scheme\":\"stripe\",\"tolerance\":\"7d1ms\"}", "/tolerance",
			"write a length of time from 1s to 7d"},
		{"{\"scheme\":\"stripe\",\"tolerance\":\"soon\"}", "/tolerance",
			"write a length of time from 1s to 7d"},
		{"{\"scheme\":\"sns\",\"topic\":\"shop\"}", "/topic", "write the ARN of a topic"},
		{"{\"scheme\":\"sns\",\"topic\":[\"arn:aws:sns:eu:1:a\",\"arn:aws:sns:eu:1:a b\"]}",
			"/topic/1", "write the ARN of a topic"},
		{"{\"scheme\":\"token\"}", "", "scheme token needs a member \"in\""},
		{"{\"scheme\":\"token\",\"in\":\"body.token\"}", "/in",
			"write where it stands: header.NAME or query.NAME"},
		{"{\"scheme\":\"token\",\"in\":\"query.\"}", "/in",
			"write where it stands: header.NAME or query.NAME"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct signature_plan *plan = NULL;
		struct signature_fault fault = {.pointer = "untouched"};

		CHECK_INT(signature_compile_text(span_str(cases[i].verify), &plan, &fault),
			SIGNATURE_PLAN_BAD);
		CHECK(!plan);
		CHECK_STR(span_str(fault.pointer), cases[i].pointer);
		if (!span_starts(span_str(fault.text), span_str(cases[i].text)))
			CHECK_STR(span_str(fault.text), cases[i].text);
	}
}

/* At their limits, and what of the hook they need. */
static void test_taken(void)
{
#define N "{\"scheme\":\"none\"}"
	static const struct {
		const char *verify;
		bool open, secret, url;
	} cases[] = {
		{N, true, false, false},
		{"[" N "," N "," N "," N "," N "," N "," N "," N "]", true, false, false},
		{"[{\"scheme\":\"basic\"}," N "]", true, false, false},
		{"{\"scheme\":\"hmac\",\"header\":\"" T64 "\"}", false, true, false},
		{"{\"scheme\":\"hmac\",\"header\":[\"a\",\"b\",\"c\",\"d\"],\"prefix\":\"" T256
		 "\"}",
			false, true, false},
		{"{\"scheme\":\"hmac\",\"header\":\"a\",\"signed\":\"{body}1{url}2{url}3{url}4{url}"
		 "5{url}6{url}7{url}8\"}",
			false, true, true},
		{"{\"scheme\":\"hmac\",\"header\":\"a\",\"signed\":\"{item}}\"}", false, true,
			false},
		{"{\"scheme\":\"stripe\",\"tolerance\":\"1s\"}", false, true, false},
		{"{\"scheme\":\"standard\",\"tolerance\":\"7d\"}", false, true, false},
		{"{\"scheme\":\"mailgun\"}", false, true, false},
		{"{\"scheme\":\"sendgrid\"}", false, true, false},
		{"{\"scheme\":\"sns\"}", false, true, false},
		{"{\"scheme\":\"sns\",\"topic\":\"arn:aws:sns:eu:1:a\"}", false, false, false},
		{"{\"scheme\":\"sns\",\"topic\":[\"arn:aws-cn:sns:cn:1:a\"]}", false, false, false},
		{"{\"scheme\":\"twilio\"}", false, true, true},
		{"{\"scheme\":\"token\",\"in\":\"query.Token\"}", false, true, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(signature_plan_freep) struct signature_plan *plan = NULL;
		struct signature_fault fault;

		if (signature_compile_text(span_str(cases[i].verify), &plan, &fault) != 0) {
			CHECK_STR(span_str(fault.text), cases[i].verify);
			continue;
		}
		CHECK_INT(signature_plan_open(plan), cases[i].open);
		CHECK_INT(signature_plan_needs_secret(plan), cases[i].secret);
		CHECK_INT(signature_plan_needs_url(plan), cases[i].url);
	}
	struct signature_plan *plan = NULL;
	struct signature_fault fault;

	CHECK_INT(signature_compile_text(
			  SPAN_LIT("[" N "," N "," N "," N "," N "," N "," N "," N "," N "]"),
			  &plan, &fault),
		SIGNATURE_PLAN_BAD);
}

static void test_secrets(void)
{
	static const struct {
		const char *verify, *secret, *why; /* NULL: fine */
	} cases[] = {
		{"{\"scheme\":\"stripe\"}", "x", NULL},
		{"{\"scheme\":\"stripe\"}", "", "it is empty"},
		{"{\"scheme\":\"stripe\"}", T256 T256 T256 T256, NULL},
		{"{\"scheme\":\"stripe\"}", T256 T256 T256 T256 "x", "it is longer than 1024"},
		{"{\"scheme\":\"hmac\",\"header\":\"a\",\"key\":\"nfkd\"}", "easy", NULL},
		{"{\"scheme\":\"hmac\",\"header\":\"a\",\"key\":\"nfkd\"}", "\xc3\xa9",
			"this sender normalises its secret"},
		{"{\"scheme\":\"hmac\",\"header\":\"a\",\"key\":\"text\"}", "\xc3\xa9", NULL},
		{"{\"scheme\":\"hmac\",\"header\":\"a\",\"key\":\"base64\"}", "YQ==", NULL},
		{"{\"scheme\":\"hmac\",\"header\":\"a\",\"key\":\"base64\"}", "Y%",
			"it has to be base 64"},
		{"{\"scheme\":\"standard\"}", "whsec_" T16 "0123", "it has to be base 64"},
		{"{\"scheme\":\"standard\"}", "MDEyMzQ1Njc4OWFiY2RlZg", NULL},
		{"{\"scheme\":\"standard\"}", "MDEyMzQ1Njc4OWFiY2Rl", "it has to be base 64"},
		{"{\"scheme\":\"standard\"}", "whpk_YQ==", "behind whpk_ stands"},
		{"{\"scheme\":\"standard\"}", "whsk_YQ==", "this is a private key"},
		{"{\"scheme\":\"sendgrid\"}", "MFkw", "it has to be the verification key"},
		{"{\"scheme\":\"sns\"}", "arn:aws:sns:eu-west-1:123456789012:a", NULL},
		{"{\"scheme\":\"sns\"}", "arn:aws:sns:eu-west-1:a", "the secret of this scheme"},
		{"{\"scheme\":\"basic\"}", "a:12345678", NULL},
		{"{\"scheme\":\"basic\"}", "a:1234567", "it has to be name:password"},
		{"{\"scheme\":\"token\",\"in\":\"query.t\"}", T16, NULL},
		{"{\"scheme\":\"token\",\"in\":\"query.t\"}", "0123456789abcde",
			"a token has at least 16"},
		{"[{\"scheme\":\"basic\"},{\"scheme\":\"stripe\"}]", "x", NULL},
		{"[{\"scheme\":\"basic\"},{\"scheme\":\"standard\"}]", "x",
			"it has to be name:password"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(signature_plan_freep) struct signature_plan *plan = NULL;
		struct signature_fault fault;
		char why[SIGNATURE_WHY_SIZE] = "";

		REQUIRE(signature_compile_text(span_str(cases[i].verify), &plan, &fault) == 0);
		CHECK_INT(signature_secret_check(plan, span_str(cases[i].secret), why),
			cases[i].why ? SIGNATURE_BAD_SECRET : 0);
		if (cases[i].why && !span_starts(span_str(why), span_str(cases[i].why)))
			CHECK_STR(span_str(why), cases[i].why);
	}
}

/* Names of metrics do not change. */
static void test_names(void)
{
	static const char *const names[SIGNATURE_N_OUTCOMES] = {"ok", "no_secret", "bad_secret",
		"missing_header", "bad_format", "bad_body", "wrong_topic", "bad_cert_url",
		"bad_cert", "wrong_signature", "too_old", "in_the_future", "needs_cert"};

	for (int i = 0; i < SIGNATURE_N_OUTCOMES; i++) {
		CHECK_STR(span_str(signature_outcome_name((enum signature_outcome)i)), names[i]);
		CHECK(strlen(signature_outcome_text((enum signature_outcome)i)) > 10);
	}
}

int main(void)
{
	static const struct check_case cases[] = {
		{"refused", test_refused},
		{"taken", test_taken},
		{"secrets", test_secrets},
		{"names", test_names},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
