/* SPDX-License-Identifier: MIT */
/*
 * Signatures by private keys that are made here, anew each time: ECDSA for SendGrid, RSA for SNS
 * with certificates of all kinds, Ed25519 for Standard Webhooks. Keys that are of another kind, too
 * small or another's do not pass.
 */
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "check.h"
#include "signature_case.h"

#define NOW   INT64_C(1790856000000)
#define BODY  "[{\"event\":\"open\",\"sg_event_id\":\"1\"}]\n"
#define TOPIC "arn:aws:sns:eu-central-1:123456789012:shop"
#define URL   "https://sns.eu-central-1.amazonaws.com/a.pem"

static void pkey_freep(EVP_PKEY **k)
{
	EVP_PKEY_free(*k);
}

static void x509_freep(X509 **x)
{
	X509_free(*x);
}

/* Appends base 64. */
static void add_base64(struct buf *out, const void *bytes, size_t n)
{
	char *room = buf_reserve(out, n / 3 * 4 + 8);

	assert(room);
	buf_commit(out, (size_t)EVP_EncodeBlock((unsigned char *)room, bytes, (int)n));
}

/* Appends the signature of TEXT in base 64; MD NULL: the key's own way. */
static void add_signature(struct buf *out, EVP_PKEY *key, const EVP_MD *md, struct span text)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char bytes[1024];
	size_t n = sizeof(bytes);

	assert(ctx && EVP_DigestSignInit(ctx, NULL, md, NULL, key) == 1);
	assert(EVP_DigestSign(ctx, bytes, &n, (const unsigned char *)text.ptr, text.len) == 1);
	EVP_MD_CTX_free(ctx);
	add_base64(out, bytes, n);
}

static void add_public(struct buf *out, EVP_PKEY *key)
{
	unsigned char *der = NULL;
	int n = i2d_PUBKEY(key, &der);

	assert(n > 0);
	add_base64(out, der, (size_t)n);
	OPENSSL_free(der);
}

static void test_sendgrid(void)
{
	static const struct {
		const char *group;
		int outcome;
	} cases[] = {
		{"P-256", SIGNATURE_OK},
		{"P-384", SIGNATURE_BAD_SECRET},
		{"secp256k1", SIGNATURE_BAD_SECRET},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(signature_case_release) struct signature_case c;
		_cleanup_(pkey_freep) EVP_PKEY *key = EVP_EC_gen(cases[i].group);
		_cleanup_(buf_release) struct buf text = BUF_INIT;
		struct signature_proof proof;

		signature_case_init(&c);
		REQUIRE(key && signature_case_plan(&c, SPAN_LIT("{\"scheme\":\"sendgrid\"}")));
		add_signature(&text, key, EVP_sha256(), SPAN_LIT("1790856000" BODY));
		signature_case_header(
			&c, "x-twilio-email-event-webhook-signature", buf_span(&text));
		signature_case_header(
			&c, "x-twilio-email-event-webhook-timestamp", SPAN_LIT("1790856000"));
		buf_add_str(&c.body, BODY);
		signature_case_secret(&c, SPAN_EMPTY);
		add_public(&c.secrets[0], key);
		c.now = NOW;
		CHECK_INT(signature_case_verify(&c, &proof), cases[i].outcome);
	}
}

static void test_ed25519(void)
{
	_cleanup_(signature_case_release) struct signature_case c;
	_cleanup_(pkey_freep) EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	_cleanup_(pkey_freep) EVP_PKEY *other = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	struct signature_proof proof;
	unsigned char raw[32];
	size_t n = sizeof(raw);

	signature_case_init(&c);
	REQUIRE(key && other && signature_case_plan(&c, SPAN_LIT("{\"scheme\":\"standard\"}")));
	buf_add_str(&text, "v1a,");
	add_signature(&text, other, NULL, SPAN_LIT("m.1790856000." BODY));
	buf_add_str(&text, " v1a,");
	add_signature(&text, key, NULL, SPAN_LIT("m.1790856000." BODY));
	signature_case_header(&c, "webhook-id", SPAN_LIT("m"));
	signature_case_header(&c, "webhook-timestamp", SPAN_LIT("1790856000"));
	signature_case_header(&c, "webhook-signature", buf_span(&text));
	buf_add_str(&c.body, BODY);
	signature_case_secret(&c, SPAN_LIT("whpk_"));
	REQUIRE(EVP_PKEY_get_raw_public_key(key, raw, &n) == 1);
	add_base64(&c.secrets[0], raw, n);
	c.now = NOW;
	CHECK_INT(signature_case_verify(&c, &proof), SIGNATURE_OK);
	CHECK(proof.covers_body && proof.has_time && proof.signed_at == NOW);
	c.body.ptr[0] = '(';
	CHECK_INT(signature_case_verify(&c, &proof), SIGNATURE_WRONG);
}

/* A certificate of KEY, valid from FROM to TO seconds; names may be NULL. */
struct cert {
	const char *cn, *san;
	int64_t from, to;
};

static X509 *cert_new(const struct cert *spec, EVP_PKEY *key)
{
	X509 *x = X509_new();

	assert(x && X509_set_version(x, 2) && ASN1_INTEGER_set(X509_get_serialNumber(x), 1));
	assert(X509_time_adj_ex(X509_getm_notBefore(x), 0, 0, &(time_t){spec->from}));
	assert(X509_time_adj_ex(X509_getm_notAfter(x), 0, 0, &(time_t){spec->to}));
	if (spec->cn)
		assert(X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
			(const unsigned char *)spec->cn, -1, -1, 0));
	if (spec->san) {
		X509_EXTENSION *e =
			X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, spec->san);

		assert(e && X509_add_ext(x, e, -1));
		X509_EXTENSION_free(e);
	}
	assert(X509_set_pubkey(x, key) && X509_sign(x, key, EVP_sha256()) > 0);
	return x;
}

static void add_pem(struct buf *out, X509 *x)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long n;

	assert(bio && PEM_write_bio_X509(bio, x));
	n = BIO_get_mem_data(bio, &text);
	buf_add(out, text, (size_t)n);
	BIO_free(bio);
}

static void add_message(struct buf *body, EVP_PKEY *key, const char *version)
{
	static const char lines[] =
		"Message\nm\nMessageId\n1\nTimestamp\n"
		"2026-10-01T12:00:00.000Z\nTopicArn\n" TOPIC "\nType\nNotification\n";

	buf_printf(body,
		"{\"Type\":\"Notification\",\"Message\":\"m\",\"MessageId\":\"1\",\"Timestamp\":"
		"\"2026-10-01T12:00:00.000Z\",\"TopicArn\":\"" TOPIC
		"\",\"SignatureVersion\":\"%s\",\"SigningCertURL\":\"" URL "\",\"Signature\":\"",
		version);
	add_signature(body, key, *version == '1' ? EVP_sha1() : EVP_sha256(), span_str(lines));
	buf_add_str(body, "\"}");
}

static int verify_sns(EVP_PKEY *key, const struct cert *spec, const char *version)
{
	_cleanup_(signature_case_release) struct signature_case c;
	_cleanup_(x509_freep) X509 *x = cert_new(spec, key);
	struct signature_proof proof;

	signature_case_init(&c);
	assert(signature_case_plan(&c, SPAN_LIT("{\"scheme\":\"sns\"}")));
	signature_case_secret(&c, SPAN_LIT(TOPIC));
	add_message(&c.body, key, version);
	add_pem(&c.certificate, x);
	c.now = NOW;
	return signature_case_verify(&c, &proof);
}

static void test_certificates(void)
{
	const int64_t now = NOW / MS_SECOND;
	const struct {
		struct cert cert;
		int outcome;
	} cases[] = {
		{{"sns.amazonaws.com", NULL, now - 1, now + 1}, SIGNATURE_OK},
		{{NULL, "DNS:sns.amazonaws.com", now - 1, now + 1}, SIGNATURE_OK},
		{{"other", "DNS:x.example,DNS:sns.amazonaws.com", now - 1, now + 1}, SIGNATURE_OK},
		{{"sns.eu-central-1.amazonaws.com", NULL, now - 1, now + 1}, SIGNATURE_OK},
		{{NULL, NULL, now - 1, now + 1}, SIGNATURE_OK},
		{{"sns.eu-west-1.amazonaws.com", NULL, now - 1, now + 1}, SIGNATURE_BAD_CERT},
		{{"*.amazonaws.com", NULL, now - 1, now + 1}, SIGNATURE_BAD_CERT},
		{{"s3.amazonaws.com", NULL, now - 1, now + 1}, SIGNATURE_BAD_CERT},
		{{"sns.amazonaws.com", "DNS:s3.amazonaws.com", now - 1, now + 1},
			SIGNATURE_BAD_CERT},
		{{"sns.amazonaws.com", NULL, now + 1, now + 2}, SIGNATURE_BAD_CERT},
		{{"sns.amazonaws.com", NULL, now - 2, now - 1}, SIGNATURE_BAD_CERT},
	};
	_cleanup_(pkey_freep) EVP_PKEY *key = EVP_RSA_gen(2048);

	REQUIRE(key);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int r = verify_sns(key, &cases[i].cert, i % 2 ? "1" : "2");

		if (r != cases[i].outcome)
			CHECK_STR(span_str(cases[i].cert.cn), cases[i].cert.san);
		CHECK_INT(r, cases[i].outcome);
	}
}

static void test_other_keys(void)
{
	const int64_t now = NOW / MS_SECOND;
	const struct cert cert = {"sns.amazonaws.com", NULL, now - 1, now + 1};
	_cleanup_(pkey_freep) EVP_PKEY *small = EVP_RSA_gen(1024);
	_cleanup_(pkey_freep) EVP_PKEY *curve = EVP_EC_gen("P-256");
	_cleanup_(pkey_freep) EVP_PKEY *key = EVP_RSA_gen(2048);
	_cleanup_(pkey_freep) EVP_PKEY *another = EVP_RSA_gen(2048);
	_cleanup_(x509_freep) X509 *x = another ? cert_new(&cert, another) : NULL;
	_cleanup_(signature_case_release) struct signature_case c;
	struct signature_proof proof;

	signature_case_init(&c);
	REQUIRE(small && curve && key && x);
	CHECK_INT(verify_sns(small, &cert, "2"), SIGNATURE_BAD_CERT);
	CHECK_INT(verify_sns(curve, &cert, "2"), SIGNATURE_BAD_CERT);
	REQUIRE(signature_case_plan(&c, SPAN_LIT("{\"scheme\":\"sns\",\"topic\":\"" TOPIC "\"}")));
	add_message(&c.body, key, "2");
	add_pem(&c.certificate, x);
	c.now = NOW;
	CHECK_INT(signature_case_verify(&c, &proof), SIGNATURE_WRONG);
}

int main(void)
{
	static const struct check_case cases[] = {
		{"SendGrid", test_sendgrid},
		{"Ed25519", test_ed25519},
		{"certificates", test_certificates},
		{"other keys", test_other_keys},
	};

	return check_run(cases, ARRAY_SIZE(cases));
}
