/* SPDX-License-Identifier: MIT */
/*
 * Amazon SNS signs some members of the body, one line each, by a certificate that the body says
 * where to find. That is a request for us to fetch what a stranger names, so the place is held to
 * one host, exactly; and since anybody can have Amazon sign messages of their own topic, the topic
 * is held to ours before anything is fetched.
 *
 * A line end inside a member would let the lines be cut differently, so only Message, which stands
 * first, may have some.
 */
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/base64.h"
#include "base/instant.h"
#include "signature_crypto.h"
#include "signature_plan.h"

#define RSA_SIZE_MAX	 1024 /* bytes of a signature */
#define RSA_BITS_MIN	 2048
#define CERT_SIZE_MAX	 65536
#define AMAZON_HOST_SIZE 128

enum sns_member {
	SNS_MESSAGE,
	SNS_MESSAGE_ID,
	SNS_SUBJECT,
	SNS_SUBSCRIBE_URL,
	SNS_TIMESTAMP,
	SNS_TOKEN,
	SNS_TOPIC,
	SNS_TYPE,
	SNS_SIGNATURE,
	SNS_VERSION,
	SNS_CERT_URL,
	SNS_MEMBERS,
};

static const char *const names[SNS_MEMBERS] = {
	[SNS_MESSAGE] = "Message",
	[SNS_MESSAGE_ID] = "MessageId",
	[SNS_SUBJECT] = "Subject",
	[SNS_SUBSCRIBE_URL] = "SubscribeURL",
	[SNS_TIMESTAMP] = "Timestamp",
	[SNS_TOKEN] = "Token",
	[SNS_TOPIC] = "TopicArn",
	[SNS_TYPE] = "Type",
	[SNS_SIGNATURE] = "Signature",
	[SNS_VERSION] = "SignatureVersion",
	[SNS_CERT_URL] = "SigningCertURL",
};

struct sns_message {
	struct span texts[SNS_MEMBERS]; /* ptr NULL: not there */
	bool confirmation;
	bool sha1;
};

/* The members that are signed, in their order, name and text by turns. */
struct sns_lines {
	struct span parts[4 * SNS_MEMBERS];
	size_t n;
};

static void x509_freep(X509 **x)
{
	X509_free(*x);
}

static void pkey_freep(EVP_PKEY **k)
{
	EVP_PKEY_free(*k);
}

static void bio_freep(BIO **b)
{
	BIO_free(*b);
}

static bool is_line(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] < 0x20)
			return false;
	return true;
}

static int sns_read(struct signature_check *c, struct sns_message *m)
{
	struct json_value found[SNS_MEMBERS];
	int r = signature_members(c->request->body, names, SNS_MEMBERS, found);

	*m = (struct sns_message){.confirmation = false};
	for (size_t i = 0; r == 0 && i < SNS_MEMBERS; i++) {
		if (found[i].type == JSON_TYPE_ABSENT ||
			(i == SNS_SUBJECT && found[i].type == JSON_TYPE_NULL))
			continue;
		if (found[i].type != JSON_TYPE_STRING)
			return SIGNATURE_BAD_BODY;
		m->texts[i] = json_text(&found[i], c->arena);
		if (!m->texts[i].ptr)
			return -ENOMEM;
		if (i != SNS_MESSAGE && !is_line(m->texts[i]))
			return SIGNATURE_BAD_BODY;
	}
	if (r != 0)
		return r;
	m->confirmation = span_is(m->texts[SNS_TYPE], "SubscriptionConfirmation") ||
			  span_is(m->texts[SNS_TYPE], "UnsubscribeConfirmation");
	if (!m->confirmation && !span_is(m->texts[SNS_TYPE], "Notification"))
		return SIGNATURE_BAD_BODY;
	m->sha1 = span_is(m->texts[SNS_VERSION], "1");
	if (m->texts[SNS_SIGNATURE].len == 0)
		return SIGNATURE_MISSING_HEADER;
	return m->sha1 || span_is(m->texts[SNS_VERSION], "2") ? 0 : SIGNATURE_BAD_FORMAT;
}

/* SIGNATURE_BAD_BODY if one of those that must be signed is not there. */
static int sns_lines(const struct sns_message *m, struct sns_lines *lines)
{
	static const unsigned char notification[] = {
		SNS_MESSAGE, SNS_MESSAGE_ID, SNS_SUBJECT, SNS_TIMESTAMP, SNS_TOPIC, SNS_TYPE};
	static const unsigned char confirmation[] = {SNS_MESSAGE, SNS_MESSAGE_ID, SNS_SUBSCRIBE_URL,
		SNS_TIMESTAMP, SNS_TOKEN, SNS_TOPIC, SNS_TYPE};
	const unsigned char *order = m->confirmation ? confirmation : notification;
	size_t n = m->confirmation ? sizeof(confirmation) : sizeof(notification);

	lines->n = 0;
	for (size_t i = 0; i < n; i++) {
		if (!m->texts[order[i]].ptr && order[i] == SNS_SUBJECT)
			continue;
		if (!m->texts[order[i]].ptr)
			return SIGNATURE_BAD_BODY;
		lines->parts[lines->n++] = span_str(names[order[i]]);
		lines->parts[lines->n++] = SPAN_LIT("\n");
		lines->parts[lines->n++] = m->texts[order[i]];
		lines->parts[lines->n++] = SPAN_LIT("\n");
	}
	return 0;
}

/* https://sns.REGION.amazonaws.com[.cn]/ and then the path: its length before the path; 0 if it is
 * another place. Host gets its name. */
static size_t amazon_prefix(struct span url, char host[AMAZON_HOST_SIZE])
{
	static const struct span https = {"https://", 8}, sns = {"sns.", 4};
	static const struct span ends[] = {{".amazonaws.com", 14}, {".amazonaws.com.cn", 17}};
	struct span name = url;
	const char *slash;

	if (!span_starts(url, https))
		return 0;
	slash = memchr(url.ptr + https.len, '/', url.len - https.len);
	if (!slash)
		return 0;
	name = span_of(url.ptr + https.len, (size_t)(slash - url.ptr) - https.len);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		size_t fixed = sns.len + ends[i].len;
		size_t k = sns.len;

		if (name.len <= fixed || name.len >= AMAZON_HOST_SIZE || !span_starts(name, sns) ||
			!span_equal(
				ends[i], span_of(name.ptr + name.len - ends[i].len, ends[i].len)))
			continue;
		while (k < name.len - ends[i].len &&
			((name.ptr[k] >= 'a' && name.ptr[k] <= 'z') ||
				(name.ptr[k] >= '0' && name.ptr[k] <= '9') || name.ptr[k] == '-'))
			k++;
		if (k < name.len - ends[i].len)
			continue;
		signature_note(host, AMAZON_HOST_SIZE, name);
		return https.len + name.len;
	}
	return 0;
}

/* The path is one file that ends in .pem; there is neither a query nor a fragment. */
static bool cert_url_ok(struct span url, char host[AMAZON_HOST_SIZE])
{
	static const struct span end = {".pem", 4};
	size_t prefix = url.len <= SIGNATURE_URL_MAX ? amazon_prefix(url, host) : 0;

	if (prefix == 0 || url.len <= prefix + 1 + end.len ||
		!span_equal(end, span_of(url.ptr + url.len - end.len, end.len)))
		return false;
	for (size_t i = prefix + 1; i < url.len; i++) {
		char c = url.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			    c == '-' || c == '_' || c == '.'))
			return false;
	}
	return true;
}

static bool subscribe_url_ok(struct span url)
{
	char host[AMAZON_HOST_SIZE];
	size_t prefix = url.len <= SIGNATURE_URL_MAX ? amazon_prefix(url, host) : 0;

	for (size_t i = 0; i < url.len; i++)
		if (url.ptr[i] <= ' ' || url.ptr[i] > '~' || url.ptr[i] == '#')
			return false;
	return prefix > 0;
}

static bool topic_ok(struct signature_check *c, struct span topic)
{
	const struct span *list = c->scheme->n_topics ? c->scheme->topics : c->secrets;
	size_t n = c->scheme->n_topics ? c->scheme->n_topics : c->n_secrets;

	for (size_t i = 0; i < n; i++) {
		if (!span_equal(list[i], topic))
			continue;
		c->proof->secret = c->scheme->n_topics ? 0 : i;
		return true;
	}
	return false;
}

/* Amazon's own name, the region's, or China's; a certificate that names nobody is known by the
 * place that it came from. */
static bool cert_names_sns(X509 *x, const char *host)
{
	const char *const allowed[] = {"sns.amazonaws.com", "sns.amazonaws.com.cn", host};

	if (X509_get_ext_by_NID(x, NID_subject_alt_name, -1) < 0 &&
		X509_NAME_get_index_by_NID(X509_get_subject_name(x), NID_commonName, -1) < 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++)
		if (X509_check_host(x, allowed[i], 0, X509_CHECK_FLAG_NO_WILDCARDS, NULL) == 1)
			return true;
	return false;
}

/* The key of the certificate, if it can be trusted; NULL if not. */
static EVP_PKEY *cert_key(struct signature_check *c, const char *host)
{
	struct span pem = c->request->certificate;
	time_t now = (time_t)(c->now / MS_SECOND);
	_cleanup_(bio_freep) BIO *bio =
		pem.len <= CERT_SIZE_MAX ? BIO_new_mem_buf(pem.ptr, (int)pem.len) : NULL;
	_cleanup_(x509_freep) X509 *x = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	_cleanup_(pkey_freep) EVP_PKEY *key = x ? X509_get_pubkey(x) : NULL;
	EVP_PKEY *taken = NULL;

	/* 0 is an error of X509_cmp_time, an unreadable date. */
	if (key && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA &&
		EVP_PKEY_get_bits(key) >= RSA_BITS_MIN &&
		X509_cmp_time(X509_get0_notBefore(x), &now) < 0 &&
		X509_cmp_time(X509_get0_notAfter(x), &now) > 0 && cert_names_sns(x, host)) {
		taken = key;
		key = NULL;
	}
	ERR_clear_error();
	return taken;
}

static int sns_judge(
	struct signature_check *c, const struct sns_message *m, const char *host, int64_t at)
{
	_cleanup_(pkey_freep) EVP_PKEY *key = cert_key(c, host);
	char signature[BASE64_DECODED_SIZE(2 * RSA_SIZE_MAX)];
	struct sns_lines lines;
	size_t len = 0;
	int r = sns_lines(m, &lines);

	if (r != 0)
		return r;
	if (!key)
		return SIGNATURE_BAD_CERT;
	if (m->texts[SNS_SIGNATURE].len > 2 * (size_t)RSA_SIZE_MAX ||
		base64_decode(m->texts[SNS_SIGNATURE], signature, &len) != 0)
		return SIGNATURE_BAD_FORMAT;
	r = signature_digest_verify((struct signature_digest_key){key, m->sha1},
		span_of(signature, len), lines.parts, lines.n);
	if (r != 0)
		return r;
	c->proof->covers_body = true;
	r = signature_judge_time(c, at);
	if (r != 0 || !span_is(m->texts[SNS_TYPE], "SubscriptionConfirmation"))
		return r;
	if (!subscribe_url_ok(m->texts[SNS_SUBSCRIBE_URL]))
		return SIGNATURE_BAD_BODY;
	signature_note(
		c->proof->confirm_url, sizeof(c->proof->confirm_url), m->texts[SNS_SUBSCRIBE_URL]);
	return SIGNATURE_OK;
}

int signature_sns(struct signature_check *c)
{
	char host[AMAZON_HOST_SIZE];
	struct sns_message m;
	struct sns_lines lines;
	int64_t at;
	int r = sns_read(c, &m);

	if (r == 0)
		r = sns_lines(&m, &lines);
	if (r != 0)
		return r;
	if (instant_parse(m.texts[SNS_TIMESTAMP], &at) != 0)
		return SIGNATURE_BAD_FORMAT;
	if (!topic_ok(c, m.texts[SNS_TOPIC]))
		return SIGNATURE_WRONG_TOPIC;
	if (!m.texts[SNS_CERT_URL].ptr || !cert_url_ok(m.texts[SNS_CERT_URL], host))
		return SIGNATURE_BAD_CERT_URL;
	signature_note(c->proof->cert_url, sizeof(c->proof->cert_url), m.texts[SNS_CERT_URL]);
	if (c->request->certificate.len == 0)
		return SIGNATURE_NEEDS_CERT;
	return sns_judge(c, &m, host, at);
}
