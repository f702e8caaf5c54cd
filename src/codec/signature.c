/* SPDX-License-Identifier: MIT */
/*
 * The table of schemes, and the walk over those of a plan. A time is judged after the signature,
 * though that costs more: `too_old` then means that it is the sender's, and late, which is another
 * fault than a forgery, and another thing to repair.
 */
#include "codec/signature.h"

#include "base/instant.h"
#include "signature_crypto.h"
#include "signature_plan.h"

static const struct {
	const char *name, *text;
} outcomes[] = {
#define X(ID, NAME, TEXT) [ID] = {NAME, TEXT},
	SIGNATURE_OUTCOMES(X)
#undef X
};

const char *signature_outcome_name(enum signature_outcome o)
{
	return outcomes[o].name;
}

const char *signature_outcome_text(enum signature_outcome o)
{
	return outcomes[o].text;
}

static const char *any_why(const struct signature_scheme *s, struct span secret)
{
	(void)s;
	(void)secret;
	return NULL;
}

static const char *hmac_why(const struct signature_scheme *s, struct span secret)
{
	if (s->key == KEY_BASE64)
		return signature_standard_why(s, secret);
	for (size_t i = 0; s->key == KEY_NFKD && i < secret.len; i++)
		if ((unsigned char)secret.ptr[i] >= 0x80)
			return "this sender normalises its secret (Unicode NFKD), which is only "
			       "certain for ASCII: set one of letters and digits there, such as "
			       "`openssl rand -hex 32` gives";
	return NULL;
}

static const char *topic_why(const struct signature_scheme *s, struct span secret)
{
	static const struct span arn = {"arn:aws", 7};
	size_t colons = 0;

	(void)s;
	for (size_t i = 0; i < secret.len; i++) {
		if ((unsigned char)secret.ptr[i] <= ' ' || secret.ptr[i] == 0x7f)
			colons = 6;
		colons += secret.ptr[i] == ':';
	}
	return span_starts(secret, arn) && colons == 5
		       ? NULL
		       : "the secret of this scheme is the ARN of the topic: "
			 "arn:aws:sns:REGION:ACCOUNT:NAME";
}

static const char *basic_why(const struct signature_scheme *s, struct span secret)
{
	const char *colon = memchr(secret.ptr, ':', secret.len);
	size_t name = colon ? (size_t)(colon - secret.ptr) : secret.len;

	(void)s;
	return secret.len >= name + 1 + 8
		       ? NULL
		       : "it has to be name:password, and the password has at least 8 characters";
}

static const char *token_why(const struct signature_scheme *s, struct span secret)
{
	(void)s;
	return secret.len >= 16 ? NULL
				: "a token has at least 16 characters, such as `openssl rand "
				  "-hex 16` gives";
}

static int verify_none(struct signature_check *c)
{
	(void)c;
	return SIGNATURE_OK;
}

const struct signature_scheme_kind signature_kinds[] = {
	[SCHEME_HMAC] = {"hmac", signature_hmac, hmac_why},
	[SCHEME_STRIPE] = {"stripe", signature_stripe, any_why},
	[SCHEME_STANDARD] = {"standard", signature_standard, signature_standard_why},
	[SCHEME_MAILGUN] = {"mailgun", signature_mailgun, any_why},
	[SCHEME_SENDGRID] = {"sendgrid", signature_sendgrid, signature_sendgrid_why},
	[SCHEME_SNS] = {"sns", signature_sns, topic_why},
	[SCHEME_TWILIO] = {"twilio", signature_twilio, any_why},
	[SCHEME_BASIC] = {"basic", signature_basic, basic_why},
	[SCHEME_TOKEN] = {"token", signature_token, token_why},
	[SCHEME_NONE] = {"none", verify_none, NULL},
};

const char *signature_secret_why(const struct signature_scheme *s, struct span secret)
{
	if (secret.len == 0)
		return "it is empty";
	if (secret.len > SIGNATURE_SECRET_MAX)
		return "it is longer than 1024 bytes";
	return signature_kinds[s->id].secret_why ? signature_kinds[s->id].secret_why(s, secret)
						 : NULL;
}

bool signature_scheme_needs_secret(const struct signature_scheme *s)
{
	return signature_kinds[s->id].secret_why && !(s->id == SCHEME_SNS && s->n_topics > 0);
}

bool signature_plan_open(const struct signature_plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->list[i].id == SCHEME_NONE)
			return true;
	return false;
}

bool signature_plan_needs_secret(const struct signature_plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (!signature_scheme_needs_secret(&p->list[i]))
			return false;
	return true;
}

bool signature_plan_needs_url(const struct signature_plan *p)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct signature_scheme *s = &p->list[i];

		if (s->id == SCHEME_TWILIO)
			return true;
		for (size_t k = 0; k < s->n_pieces; k++)
			if (s->pieces[k].type == PIECE_URL)
				return true;
	}
	return false;
}

int signature_secret_check(
	const struct signature_plan *p, struct span secret, char ret_why[SIGNATURE_WHY_SIZE])
{
	const char *why = NULL;

	for (size_t i = 0; i < p->n; i++) {
		const char *here = signature_secret_why(&p->list[i], secret);

		if (!here)
			return 0;
		why = why ? why : here;
	}
	(void)snprintf(ret_why, SIGNATURE_WHY_SIZE, "%s", why);
	return SIGNATURE_BAD_SECRET;
}

int signature_header(struct signature_check *c, struct span name, struct span *ret_value)
{
	struct span value;

	if (!c->request->header || !c->request->header(c->request->user, name, &value))
		return SIGNATURE_MISSING_HEADER;
	value = span_trim(value);
	if (value.len == 0)
		return SIGNATURE_MISSING_HEADER;
	if (value.len > SIGNATURE_FIELD_MAX)
		return SIGNATURE_BAD_FORMAT;
	*ret_value = value;
	return 0;
}

int signature_judge_time(struct signature_check *c, int64_t at)
{
	int64_t tolerance = c->scheme->tolerance_ms;

	c->proof->has_time = true;
	c->proof->signed_at = at;
	if (tolerance == TIME_NEVER)
		return SIGNATURE_OK;
	if (at > c->now && at - c->now > int64_min(tolerance, SIGNATURE_AHEAD_MAX_MS))
		return SIGNATURE_IN_THE_FUTURE;
	if (at < c->now && c->now - at > tolerance)
		return SIGNATURE_TOO_OLD;
	return SIGNATURE_OK;
}

int signature_seconds(struct span digits, int64_t *ret_at)
{
	uint64_t seconds;

	if (span_to_u64(digits, INT64_C(253402300799), &seconds) != 0)
		return SIGNATURE_BAD_FORMAT;
	*ret_at = (int64_t)seconds * MS_SECOND;
	return 0;
}

void signature_note(char *field, size_t size, struct span s)
{
	assert(s.len < size);
	if (s.len > 0)
		memcpy(field, s.ptr, s.len);
	field[s.len] = '\0';
}

int signature_members(
	struct span text, const char *const *names, size_t n, struct json_value *ret_values)
{
	struct json_cursor cursor;
	struct json_value key, value;
	int r;

	for (size_t i = 0; i < n; i++)
		ret_values[i] = (struct json_value){.type = JSON_TYPE_ABSENT};
	json_cursor_init(&cursor, text);
	r = json_object_open(&cursor);
	while (r == 0 && (r = json_object_key(&cursor, &key)) == 0) {
		r = json_value(&cursor, &value);
		for (size_t i = 0; r == 0 && i < n; i++) {
			if (!json_is(&key, span_str(names[i])))
				continue;
			if (ret_values[i].type != JSON_TYPE_ABSENT)
				return SIGNATURE_BAD_BODY;
			ret_values[i] = value;
		}
	}
	if (r != JSON_END || json_finish(&cursor) != 0 || cursor.text.code != JSON_SOUND)
		return SIGNATURE_BAD_BODY;
	return 0;
}

/* How many of the secrets are there for this scheme at all. */
static int secrets_usable(const struct signature_check *c)
{
	if (!signature_scheme_needs_secret(c->scheme))
		return 0;
	for (size_t i = 0; i < c->n_secrets; i++)
		if (!signature_secret_why(c->scheme, c->secrets[i]))
			return 0;
	return c->n_secrets == 0 ? SIGNATURE_NO_SECRET : SIGNATURE_BAD_SECRET;
}

struct signature_check signature_check_of(
	struct signature_secrets secrets, const struct signature_request *request, int64_t now)
{
	return (struct signature_check){.secrets = secrets.list,
		.n_secrets = secrets.n < SIGNATURE_SECRETS_MAX ? secrets.n : SIGNATURE_SECRETS_MAX,
		.request = request,
		.now = now};
}

int signature_scheme_verify(struct signature_check *c)
{
	int r = secrets_usable(c);

	*c->proof = (struct signature_proof){.scheme = signature_kinds[c->scheme->id].name};
	return r ? r : signature_kinds[c->scheme->id].verify(c);
}

int signature_verify(const struct signature_plan *p, struct signature_secrets secrets,
	const struct signature_request *request, int64_t now, struct signature_proof *ret_proof)
{
	_cleanup_(arena_release) struct arena arena;
	struct signature_proof proof;
	struct signature_check c;
	int best = SIGNATURE_OK;

	assert(now >= 0 && p->n > 0);
	arena_init(&arena);
	c = signature_check_of(secrets, request, now);
	c.arena = &arena;
	c.proof = &proof;
	for (size_t i = 0; i < p->n; i++) {
		int r;

		c.scheme = &p->list[i];
		r = signature_scheme_verify(&c);

		if (i == 0 || r <= 0 || r > best) {
			*ret_proof = proof;
			best = r;
		}
		if (r <= 0)
			break;
		arena_reset(&arena);
	}
	return best;
}
