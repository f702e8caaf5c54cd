/* SPDX-License-Identifier: MIT */
/*
 * The two mail providers with ways of their own. Mailgun signs a time and a token in the body, and
 * nothing else of it; SendGrid signs time and body with a private key of its own.
 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/base64.h"
#include "signature_crypto.h"
#include "signature_plan.h"

#define ECDSA_SIZE_MAX 80 /* bytes of a DER signature over P-256: at most 72 */

static void pkey_freep(EVP_PKEY **k)
{
	EVP_PKEY_free(*k);
}

/* What one object of Mailgun's says. */
struct mailgun {
	struct span time, token, signature;
};

/* A string, or the digits of a number. 0, SIGNATURE_BAD_BODY or -ENOMEM. */
static int text_member(struct signature_check *c, const struct json_value *v, struct span *ret_text)
{
	if (v->type == JSON_TYPE_NUMBER) {
		*ret_text = v->raw;
		return 0;
	}
	if (v->type != JSON_TYPE_STRING)
		return SIGNATURE_BAD_BODY;
	*ret_text = json_text(v, c->arena);
	return ret_text->ptr ? 0 : -ENOMEM;
}

static int mailgun_read(
	struct signature_check *c, const struct json_value *object, struct mailgun *m)
{
	static const char *const names[] = {"timestamp", "token", "signature"};
	struct span *const to[] = {&m->time, &m->token, &m->signature};
	struct json_value found[ARRAY_SIZE(names)];
	int r = signature_members(object->raw, names, ARRAY_SIZE(names), found);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(names); i++)
		r = text_member(c, &found[i], to[i]);
	if (r != 0)
		return r;
	for (size_t i = 0; i < m->token.len; i++)
		if (m->token.ptr[i] <= ' ' || m->token.ptr[i] > '~')
			return SIGNATURE_BAD_FORMAT;
	if (m->token.len == 0 || m->token.len > SIGNATURE_ONCE_MAX)
		return SIGNATURE_BAD_FORMAT;
	return 0;
}

static int mailgun_judge(struct signature_check *c, const struct mailgun *m)
{
	static const struct signature_mac how = {HMAC_SHA256, ENCODING_HEX};
	const struct span parts[] = {m->time, m->token};
	bool found = false;
	int64_t at;

	if (signature_seconds(m->time, &at) != 0 || m->signature.len != signature_mac_length(how))
		return SIGNATURE_BAD_FORMAT;
	for (size_t i = 0; i < c->n_secrets && !found; i++) {
		char want[SIGNATURE_TEXT_SIZE];

		if (signature_secret_why(c->scheme, c->secrets[i]))
			continue;
		if (signature_mac_text(how, c->secrets[i], parts, ARRAY_SIZE(parts), want) < 0)
			return -ENOMEM;
		found = signature_same(m->signature, span_of(want, signature_mac_length(how)));
		c->proof->secret = i;
	}
	if (!found)
		return SIGNATURE_WRONG;
	signature_note(c->proof->once, sizeof(c->proof->once), m->token);
	return signature_judge_time(c, at);
}

/* A subaccount's mail is signed twice, the second time by the key of the account above it. */
int signature_mailgun(struct signature_check *c)
{
	static const char *const names[] = {"signature", "parent-signature"};
	struct json_value found[ARRAY_SIZE(names)];
	int best = SIGNATURE_MISSING_HEADER;
	int r = signature_members(c->request->body, names, ARRAY_SIZE(names), found);

	if (r != 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct mailgun m;

		if (found[i].type == JSON_TYPE_ABSENT)
			continue;
		r = found[i].type == JSON_TYPE_OBJECT ? mailgun_read(c, &found[i], &m)
						      : SIGNATURE_BAD_BODY;
		if (r == 0)
			r = mailgun_judge(c, &m);
		if (r <= 0)
			return r;
		best = r > best ? r : best;
	}
	return best;
}

/* NULL if it is no key of that kind. */
static EVP_PKEY *sendgrid_key(struct span secret)
{
	_cleanup_(pkey_freep) EVP_PKEY *key = NULL;
	struct signature_key_room room;
	const unsigned char *der;
	EVP_PKEY *taken;
	char group[32] = "";
	struct span bytes;
	size_t len = 0;

	bytes = signature_key_bytes(secret, &room);
	der = (const unsigned char *)bytes.ptr;
	if (der)
		key = d2i_PUBKEY(NULL, &der, (long)bytes.len);
	if (!key || der != (const unsigned char *)bytes.ptr + bytes.len ||
		!EVP_PKEY_get_group_name(key, group, sizeof(group), &len) ||
		strcmp(group, "prime256v1") != 0) {
		ERR_clear_error();
		return NULL;
	}
	taken = key;
	key = NULL;
	return taken;
}

const char *signature_sendgrid_why(const struct signature_scheme *s, struct span secret)
{
	_cleanup_(pkey_freep) EVP_PKEY *key = sendgrid_key(secret);

	(void)s;
	return key ? NULL
		   : "it has to be the verification key that SendGrid shows: one line of base 64 "
		     "that begins with MFkw, without BEGIN and END";
}

int signature_sendgrid(struct signature_check *c)
{
	struct span text, time;
	char signature[BASE64_DECODED_SIZE(2 * ECDSA_SIZE_MAX)];
	size_t len = 0;
	int64_t at;
	int r = signature_header(c, SPAN_LIT("x-twilio-email-event-webhook-signature"), &text);

	if (r == 0)
		r = signature_header(c, SPAN_LIT("x-twilio-email-event-webhook-timestamp"), &time);
	if (r != 0)
		return r;
	if (signature_seconds(time, &at) != 0 || text.len > 2 * (size_t)ECDSA_SIZE_MAX ||
		base64_decode(text, signature, &len) != 0 || len == 0)
		return SIGNATURE_BAD_FORMAT;
	r = SIGNATURE_WRONG;
	for (size_t i = 0; i < c->n_secrets && r == SIGNATURE_WRONG; i++) {
		_cleanup_(pkey_freep) EVP_PKEY *key = sendgrid_key(c->secrets[i]);
		const struct span parts[] = {time, c->request->body};

		if (key)
			r = signature_digest_verify((struct signature_digest_key){key, false},
				span_of(signature, len), parts, ARRAY_SIZE(parts));
		c->proof->secret = i;
	}
	if (r != 0)
		return r;
	c->proof->covers_body = true;
	return signature_judge_time(c, at);
}
