/* SPDX-License-Identifier: MIT */
/*
 * Requests that claim to be signed. The first character chooses a "verify" value; then come lines
 * `name: value` (`?name: value` for a parameter, `!url` and `!now` for what Waymark knows), an
 * empty line and the body. Whatever the bytes, the outcome is the same twice, what is explained can
 * be shown, and nothing passes with the secrets of another: the inputs that are rightly signed are
 * signed for the first set.
 *
 * With `=` as the first character the rest is a "verify" value itself.
 */
#include "codec/signature.h"

#define FIELDS_MAX 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* tests/data/signatures/sns.pem */
static const char certificate[] =
	"-----BEGIN CERTIFICATE-----\n"
	"MIIDUTCCAjmgAwIBAgIUJp4IjNMkwmD9Ff8f7SU7orlQ6NkwDQYJKoZIhvcNAQEL\n"
	"BQAwKTELMAkGA1UEBhMCVVMxGjAYBgNVBAMMEXNucy5hbWF6b25hd3MuY29tMB4X\n"
	"DTI2MTEyMTIyMzc1MFoXDTM2MTExODIyMzc1MFowKTELMAkGA1UEBhMCVVMxGjAY\n"
	"BgNVBAMMEXNucy5hbWF6b25hd3MuY29tMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n"
	"MIIBCgKCAQEAjcyDaw+tEwCO9gSJQHycjp9T/nfpbjYRs6F7IYTtKEaFv/0A8/hm\n"
	"YOz7/+/QiuE87BmIt/CaTeR5/lTPIQ2vn2P7qsO79Md1wp6OQ8oNIPyeJqn8HbKm\n"
	"gLFOcaTrHsT7xx5PtyRhTWeMe9LmCCUXeeiSxXVxVdMfdxRdY2NZ6Zv+VWN6cBUI\n"
	"nBXe5hNEwZVDQEPeAp+jWnv82rXaoqxa4eEOYwK2GKNBZprJtBRk2xHfosSr0Ohi\n"
	"xr5O0PA3NFD2V5nJtN9phg/rfVnym+th68fX/OgYI+c7mv5nNiSi306mJoIJbwWy\n"
	"iYhilTGReTAf7sspwZLs7aYXyvYsNYbU9QIDAQABo3EwbzAdBgNVHQ4EFgQUKxZi\n"
	"FUzV211gbY3NCd1k3oTtlmkwHwYDVR0jBBgwFoAUKxZiFUzV211gbY3NCd1k3oTt\n"
	"lmkwDwYDVR0TAQH/BAUwAwEB/zAcBgNVHREEFTATghFzbnMuYW1hem9uYXdzLmNv\n"
	"bTANBgkqhkiG9w0BAQsFAAOCAQEAUnfhG+lq+5kRPL/5zhbcp02BsK9Mn5sqBqn4\n"
	"085wPZvVabk0Fj82fzzhzeKqNBQW6UogSj1/2xZMs9wpg/6D7fo6f9r4bN66EvXt\n"
	"upVHY4YgqYXHOlCCd8e+xfVu9X7kmSrO9pnbSD+MFZPAxU8ocI5DTvi7r8FFQMcd\n"
	"qFVlkJ4P7eNTNS9LjZ5MVNvR69cTl9RcO9oZESxE6AfuP2E+YPRNjNM8b+ccWLCB\n"
	"EhTo6ah7Tmstg2dd7qe+pfz1TMnJ3mvsjysGDM+hRcWY4LiW5OhixbAJ1NH8HtPz\n"
	"rbfte+OecFiBzmt5d0xecS3lz0itK8HBBal2ZHp0OtPmHJzBHw==\n"
	"-----END CERTIFICATE-----\n";

static const struct {
	const char *verify;
	struct span secret, other;
} plans[] = {
	{"{\"scheme\":\"hmac\",\"header\":[\"a\",\"b\"]}", {"test_secret", 11},
		{"8d1f0e7c36a94b52", 16}},
	{"{\"scheme\":\"hmac\",\"header\":\"a\",\"algorithm\":\"sha1\",\"encoding\":\"hex\","
	 "\"signed\":\"{item}{url}{header.t}\",\"time\":\"header.t\"}",
		{"test_secret", 11}, {"8d1f0e7c36a94b52", 16}},
	{"{\"scheme\":\"stripe\"}", {"test_secret", 11}, {"8d1f0e7c36a94b52", 16}},
	{"{\"scheme\":\"standard\"}", {"whsec_dGVzdF9zZWNyZXRfdGVzdF9zZWNyZXRf", 38},
		{"whsec_YW5vdGhlciBzZWNyZXQgb2Ygb3Vycw==", 38}},
	{"{\"scheme\":\"standard\"}", {"whpk_4czvSt/vbtEFY2o6BOxcQInePtFOaGhsIXnhxdIU6DI=", 49},
		{"whpk_qqLIKDAv86u6YopCJFCNRho+U7kmWQZ6eMF0dG0pZxc=", 49}},
	{"{\"scheme\":\"mailgun\"}", {"test_secret", 11}, {"8d1f0e7c36a94b52", 16}},
	{"{\"scheme\":\"sendgrid\"}",
		{"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEUEm2P929ZUw4o+"
		 "yDRGZzTzgVuPNFwKnphblDmPHXfPsXDJzzHKZZsAxpY4PnSauPWCUbdhMYjVX26Hl0MwDYEg==",
			124},
		{"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE5+"
		 "xMv5kobAnNCo0PQk1rV0ic0SvPu4qcLrHvZPnQ67LbEjWe7x7VP6rJ6MbP2up915J+"
		 "LRMkT8x9hqCaiMxlbQ==",
			124}},
	{"{\"scheme\":\"sns\"}", {"arn:aws:sns:eu-central-1:123456789012:shop-mail", 47},
		{"arn:aws:sns:eu-central-1:123456789012:8d1f0e7c", 46}},
	{"{\"scheme\":\"twilio\"}", {"12345", 5}, {"8d1f0e7c36a94b52", 16}},
	{"{\"scheme\":\"basic\"}", {"waymark:correct horse", 21}, {"waymark:8d1f0e7c36a94b52", 24}},
	{"{\"scheme\":\"token\",\"in\":\"query.token\"}", {"0123456789abcdef", 16},
		{"8d1f0e7c36a94b52", 16}},
	{"[{\"scheme\":\"token\",\"in\":\"header.t\",\"prefix\":\"Bearer "
	 "\"},{\"scheme\":\"stripe\"},"
	 "{\"scheme\":\"mailgun\",\"tolerance\":\"5m\"},{\"scheme\":\"twilio\"}]",
		{"0123456789abcdef", 16}, {"8d1f0e7c36a94b52", 16}},
};

struct field {
	struct span name, value;
};

struct input {
	struct field list[FIELDS_MAX];
	size_t n;
	struct span url, body;
	int64_t now;
};

static bool find(const struct input *in, char mark, struct span name, struct span *ret_value)
{
	for (size_t i = 0; i < in->n; i++) {
		struct span have = in->list[i].name;

		if (mark && (have.len == 0 || have.ptr[0] != mark))
			continue;
		if (!span_equal(mark ? span_of(have.ptr + 1, have.len - 1) : have, name))
			continue;
		*ret_value = in->list[i].value;
		return true;
	}
	return false;
}

static bool find_header(void *user, struct span name, struct span *ret_value)
{
	return find(user, 0, name, ret_value);
}

static bool find_query(void *user, struct span name, struct span *ret_value)
{
	return find(user, '?', name, ret_value);
}

static void read_input(struct span text, struct input *in)
{
	struct span now = SPAN_EMPTY;
	uint64_t n;

	*in = (struct input){.now = INT64_C(1790856000000)};
	while (text.len > 0) {
		const char *end = memchr(text.ptr, '\n', text.len);
		struct span line = span_of(text.ptr, end ? (size_t)(end - text.ptr) : text.len);
		size_t taken = line.len + (end ? 1 : 0);
		const char *colon = line.len ? memchr(line.ptr, ':', line.len) : NULL;

		text = span_of(text.ptr + taken, text.len - taken);
		if (line.len == 0 || in->n == FIELDS_MAX)
			break;
		size_t name = colon ? (size_t)(colon - line.ptr) : line.len;
		size_t value = colon ? name + 1 : name;

		in->list[in->n++] = (struct field){
			span_of(line.ptr, name), span_of(line.ptr + value, line.len - value)};
	}
	in->body = text;
	(void)find(in, '!', SPAN_LIT("url"), &in->url);
	if (find(in, '!', SPAN_LIT("now"), &now) && span_to_u64(span_trim(now), INT64_MAX, &n) == 0)
		in->now = (int64_t)n;
	in->url = span_trim(in->url);
}

static void check_plan(const struct signature_plan *plan, const struct input *in,
	struct span secret, struct span other)
{
	const struct signature_request request = {.body = in->body,
		.url = in->url,
		.header = find_header,
		.query = find_query,
		.user = (void *)(uintptr_t)in,
		.certificate = span_str(certificate)};
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	struct signature_proof proof, again;
	int r = signature_verify(
		plan, (struct signature_secrets){&secret, 1}, &request, in->now, &proof);

	assert(r >= 0 && r < SIGNATURE_N_OUTCOMES);
	assert(signature_verify(plan, (struct signature_secrets){&secret, 1}, &request, in->now,
		       &again) == r);
	assert(proof.scheme == again.scheme && strcmp(proof.once, again.once) == 0);
	assert(r == SIGNATURE_OK || proof.confirm_url[0] == '\0');
	signature_explain(plan, (struct signature_secrets){&secret, 1}, &request, in->now, &out);
	assert(buf_failed(&out) == 0 && out.len > 0);
	for (size_t i = 0; i < out.len; i++)
		assert(out.ptr[i] == '\n' || (out.ptr[i] >= ' ' && out.ptr[i] <= '~'));
	if (other.ptr)
		assert(signature_verify(plan, (struct signature_secrets){&other, 1}, &request,
			       in->now, &again) > 0);
}

static void check_verify_value(struct span text)
{
	static const struct input in = {.now = 0};
	_cleanup_(signature_plan_freep) struct signature_plan *plan = NULL;
	struct signature_fault fault;
	int r = signature_compile_text(text, &plan, &fault);

	assert(r >= 0);
	if (r == SIGNATURE_PLAN_BAD) {
		assert(!plan && fault.text[0] && memchr(fault.text, '\0', sizeof(fault.text)));
		assert(fault.pointer[0] == '\0' || fault.pointer[0] == '/');
		return;
	}
	check_plan(plan, &in, SPAN_LIT("0123456789abcdef"), SPAN_EMPTY);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(signature_plan_freep) struct signature_plan *plan = NULL;
	struct signature_fault fault;
	struct input in;
	size_t i;

	if (size == 0)
		return 0;
	if (data[0] == '=') {
		check_verify_value(span_of((const char *)data + 1, size - 1));
		return 0;
	}
	i = (size_t)(data[0] - 'a') % ARRAY_SIZE(plans);
	assert(signature_compile_text(span_str(plans[i].verify), &plan, &fault) == 0);
	read_input(span_of((const char *)data + 1, size - 1), &in);
	check_plan(plan, &in, plans[i].secret, plans[i].other);
	return 0;
}
