/* SPDX-License-Identifier: MIT */
/*
 * Every case of tests/data/signatures/vectors.json, whose digests come from the senders' documents,
 * from Python and from the openssl command (member "how"). Of each that passes it is also tried
 * whether it still does with one byte altered, another secret, or a time one past the limit.
 */
#include <jansson.h>

#include "case_files.h"
#include "check.h"
#include "signature_case.h"

struct vector {
	json_t *json;
	struct signature_case c;
	enum signature_outcome outcome;
};

static void vector_release(struct vector *v)
{
	signature_case_release(&v->c);
}

static struct span text_of(const json_t *value)
{
	return json_is_string(value) ? span_of(json_string_value(value), json_string_length(value))
				     : SPAN_EMPTY;
}

static bool flag_of(const json_t *object, const char *name, bool otherwise)
{
	const json_t *value = json_object_get(object, name);

	return value ? json_is_true(value) : otherwise;
}

static enum signature_outcome outcome_of(struct span name)
{
	for (int i = 0; i < SIGNATURE_N_OUTCOMES; i++)
		if (span_is(name, signature_outcome_name((enum signature_outcome)i)))
			return (enum signature_outcome)i;
	return SIGNATURE_N_OUTCOMES;
}

static void read_certificate(struct signature_case *c, const char *name)
{
	char path[512];

	(void)snprintf(
		path, sizeof(path), "%s/tests/data/signatures/%s", check_source_root(), name);
	assert(case_read(path, &c->certificate) == 0);
}

static bool vector_read(json_t *json, struct vector *v)
{
	char *verify = json_dumps(json_object_get(json, "verify"), JSON_COMPACT);
	const char *name;
	json_t *value;
	size_t i;
	bool ok;

	*v = (struct vector){
		.json = json, .outcome = outcome_of(text_of(json_object_get(json, "outcome")))};
	signature_case_init(&v->c);
	(void)snprintf(v->c.name, sizeof(v->c.name), "%s",
		json_string_value(json_object_get(json, "name")));
	buf_add_span(&v->c.body, text_of(json_object_get(json, "body")));
	buf_add_span(&v->c.url, text_of(json_object_get(json, "url")));
	if (json_object_get(json, "certificate"))
		read_certificate(&v->c, json_string_value(json_object_get(json, "certificate")));
	json_object_foreach(json_object_get(json, "headers"), name, value)
		signature_case_header(&v->c, name, text_of(value));
	json_object_foreach(json_object_get(json, "query"), name, value)
	{
		(void)snprintf(v->c.query[0].name, sizeof(v->c.query[0].name), "%s", name);
		v->c.query[0].value = BUF_INIT;
		buf_add_span(&v->c.query[0].value, text_of(value));
		v->c.n_query = 1;
	}
	json_array_foreach(json_object_get(json, "secrets"), i, value)
		signature_case_secret(&v->c, text_of(value));
	v->c.now = json_integer_value(json_object_get(json, "now"));
	ok = signature_case_plan(&v->c, span_str(verify));
	free(verify);
	return ok;
}

static json_t *vectors(void)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	char path[512];
	json_t *json;

	(void)snprintf(
		path, sizeof(path), "%s/tests/data/signatures/vectors.json", check_source_root());
	assert(case_read(path, &text) == 0);
	json = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL);
	assert(json && json_array_size(json) > 200);
	return json;
}

static void want(const struct vector *v, const char *what, int got, int outcome)
{
	if (got == outcome)
		return;
	fprintf(stderr, "# %s: %s: %s, not %s\n", v->c.name, what,
		got < 0 ? strerror(-got) : signature_outcome_name((enum signature_outcome)got),
		signature_outcome_name((enum signature_outcome)outcome));
	check_failures++;
}

static void for_each(void (*run)(struct vector *v))
{
	json_t *all = vectors(), *json;
	size_t i;

	json_array_foreach(all, i, json)
	{
		_cleanup_(vector_release) struct vector v;

		CHECK(vector_read(json, &v));
		if (v.c.plan)
			run(&v);
	}
	json_decref(all);
}

static void check_proof(const struct vector *v, const struct signature_proof *p)
{
	static const struct {
		const char *name;
		size_t offset;
	} texts[] = {
		{"once", offsetof(struct signature_proof, once)},
		{"cert_url", offsetof(struct signature_proof, cert_url)},
		{"confirm_url", offsetof(struct signature_proof, confirm_url)},
	};
	const json_t *signed_at = json_object_get(v->json, "signed_at");
	const json_t *scheme = json_object_get(v->json, "scheme");

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const json_t *text = json_object_get(v->json, texts[i].name);

		if (text)
			CHECK_SPAN(span_str((const char *)p + texts[i].offset), text_of(text));
	}
	if (scheme)
		CHECK_SPAN(span_str(p->scheme), text_of(scheme));
	if (signed_at) {
		CHECK(p->has_time);
		CHECK_INT(p->signed_at, json_integer_value(signed_at));
	}
	if (v->outcome == SIGNATURE_OK && p->covers_body != flag_of(v->json, "covers_body", true)) {
		fprintf(stderr, "# %s: covers_body\n", v->c.name);
		check_failures++;
	}
}

static void run_outcome(struct vector *v)
{
	struct signature_proof proof;

	want(v, "as it is", signature_case_verify(&v->c, &proof), (int)v->outcome);
	check_proof(v, &proof);
}

static void test_outcomes(void)
{
	for_each(run_outcome);
}

/* Is byte I of the body in one of the texts that are not signed? */
static bool loose(const struct vector *v, size_t i)
{
	const struct buf *b = &v->c.body;
	json_t *list = json_object_get(v->json, "loose"), *value;
	size_t k;

	json_array_foreach(list, k, value)
	{
		struct span text = text_of(value);

		for (size_t at = i < text.len ? 0 : i - text.len + 1;
			at <= i && at + text.len <= b->len; at++)
			if (memcmp(b->ptr + at, text.ptr, text.len) == 0)
				return true;
	}
	return false;
}

static void alter(struct vector *v, const char *what, struct buf *b, bool body)
{
	for (size_t i = 0; i < b->len; i++) {
		struct signature_proof proof;

		if (body && loose(v, i))
			continue;
		b->ptr[i] ^= 1;
		if (signature_case_verify(&v->c, &proof) <= 0) {
			fprintf(stderr, "# %s: passes with byte %zu of the %s altered\n", v->c.name,
				i, what);
			check_failures++;
		}
		b->ptr[i] ^= 1;
	}
}

static void run_altered(struct vector *v)
{
	if (v->outcome != SIGNATURE_OK || !flag_of(v->json, "alter", true))
		return;
	if (flag_of(v->json, "covers_body", true))
		alter(v, "body", &v->c.body, true);
	if (signature_plan_needs_url(v->c.plan))
		alter(v, "url", &v->c.url, false);
	for (size_t i = 0; i < v->c.n_headers; i++)
		alter(v, v->c.headers[i].name, &v->c.headers[i].value, false);
	for (size_t i = 0; i < v->c.n_query; i++)
		alter(v, v->c.query[i].name, &v->c.query[i].value, false);
	for (size_t i = 0; i < v->c.n_secrets; i++)
		alter(v, "secret", &v->c.secrets[i], false);
}

static void test_altered(void)
{
	for_each(run_altered);
}

static void run_rotation(struct vector *v)
{
	struct span other = text_of(json_object_get(v->json, "other"));
	struct span wrong = text_of(json_object_get(v->json, "wrong"));
	struct signature_proof proof;
	struct buf right;

	if (v->outcome != SIGNATURE_OK || !flag_of(v->json, "rotate", true))
		return;
	signature_case_secret(&v->c, other);
	want(v, "the second is another", signature_case_verify(&v->c, &proof), SIGNATURE_OK);
	CHECK_INT(proof.secret, 0);
	right = v->c.secrets[0];
	v->c.secrets[0] = v->c.secrets[1];
	v->c.secrets[1] = right;
	want(v, "the first is another", signature_case_verify(&v->c, &proof), SIGNATURE_OK);
	CHECK_INT(proof.secret, 1);
	v->c.n_secrets = 1;
	want(v, "only another", signature_case_verify(&v->c, &proof),
		(int)(wrong.ptr ? outcome_of(wrong) : SIGNATURE_WRONG));
	v->c.n_secrets = 0;
	want(v, "no secret", signature_case_verify(&v->c, &proof), SIGNATURE_NO_SECRET);
	v->c.n_secrets = 2;
}

static void test_rotation(void)
{
	for_each(run_rotation);
}

static void run_limits(struct vector *v)
{
	int64_t at = json_integer_value(json_object_get(v->json, "signed_at"));
	int64_t tolerance = json_integer_value(json_object_get(v->json, "tolerance"));
	int64_t ahead = int64_min(tolerance, SIGNATURE_AHEAD_MAX_MS);
	const struct {
		int64_t now;
		int outcome;
	} cases[] = {
		{at, SIGNATURE_OK},
		{at + tolerance, SIGNATURE_OK},
		{at + tolerance + 1, SIGNATURE_TOO_OLD},
		{at - ahead, SIGNATURE_OK},
		{at - ahead - 1, SIGNATURE_IN_THE_FUTURE},
		{0, SIGNATURE_IN_THE_FUTURE},
		{INT64_MAX, SIGNATURE_TOO_OLD},
	};

	if (!tolerance)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct signature_proof proof;
		int r;

		/* A certificate has a time of its own. */
		if (v->c.certificate.len > 0 && (cases[i].now == 0 || cases[i].now == INT64_MAX))
			continue;
		v->c.now = cases[i].now;
		r = signature_case_verify(&v->c, &proof);
		want(v, "at its limits", r, cases[i].outcome);
	}
}

static void test_limits(void)
{
	for_each(run_limits);
}

/* One of the published vectors, at its time and too late. */
static void run_standard(const json_t *json)
{
	static const char *const fields[] = {
		"webhook-id", "webhook-timestamp", "webhook-signature"};
	_cleanup_(signature_case_release) struct signature_case c;
	struct signature_proof proof;

	signature_case_init(&c);
	REQUIRE(signature_case_plan(&c, SPAN_LIT("{\"scheme\":\"standard\"}")));
	buf_add_span(&c.body, text_of(json_object_get(json, "body")));
	signature_case_secret(&c, text_of(json_object_get(json, "secret")));
	for (size_t k = 0; k < ARRAY_SIZE(fields); k++)
		signature_case_header(&c, fields[k], text_of(json_object_get(json, fields[k])));
	c.now = MS_SECOND * strtoll(json_string_value(json_object_get(json, fields[1])), NULL, 10);
	CHECK_INT(signature_case_verify(&c, &proof), SIGNATURE_OK);
	c.now += 301 * MS_SECOND;
	CHECK_INT(signature_case_verify(&c, &proof), SIGNATURE_TOO_OLD);
}

/* Standard Webhooks' own, where they are at hand. */
static void test_standard(void)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	char path[512];
	json_t *all, *json;
	size_t i, n = 0;

	if (!check_shared_data())
		SKIP("no shared data");
	(void)snprintf(
		path, sizeof(path), "%s/standard-webhooks/vectors.json", check_shared_data());
	if (case_read(path, &text) != 0)
		SKIP("no vectors of Standard Webhooks");
	all = json_loadb(text.ptr, text.len, 0, NULL);
	REQUIRE(all);
	json_array_foreach(all, i, json)
	{
		if (!json_is_string(json_object_get(json, "secret")))
			continue;
		run_standard(json);
		n++;
	}
	CHECK(n >= 7);
	json_decref(all);
}

int main(void)
{
	static const struct check_case cases[] = {
		{"outcomes", test_outcomes},
		{"one byte altered", test_altered},
		{"other secrets, and two", test_rotation},
		{"limits of time", test_limits},
		{"Standard Webhooks", test_standard},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
