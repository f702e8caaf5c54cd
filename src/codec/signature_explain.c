/* SPDX-License-Identifier: MIT */
/*
 * Why a signature does not pass, for the person who sets the hook up. "Wrong" alone leaves them to
 * guess among a dozen mistakes that everybody makes, so these are tried: if the signature passes
 * once the secret is trimmed or the body has no line end, that was it.
 */
#include "base/instant.h"
#include "signature_crypto.h"
#include "signature_plan.h"

#define SHOWN_MAX 120 /* bytes of what was received */

/* One way of being wrong: changes the copies to what would be right. False if it cannot be. */
struct trial {
	struct signature_check check;
	struct signature_scheme scheme;
	struct signature_request request;
	struct span secrets[SIGNATURE_SECRETS_MAX];
	struct buf room;
};
typedef bool trial_fn(struct trial *t);

static bool trim_secret(struct trial *t)
{
	bool changed = false;

	for (size_t i = 0; i < t->check.n_secrets; i++) {
		struct span s = t->secrets[i];

		while (s.len > 0 && (unsigned char)s.ptr[s.len - 1] <= ' ')
			s.len--;
		while (s.len > 0 && (unsigned char)s.ptr[0] <= ' ')
			s = span_of(s.ptr + 1, s.len - 1);
		changed |= s.len != t->secrets[i].len;
		t->secrets[i] = s;
	}
	return changed;
}

static bool strip_whsec(struct trial *t)
{
	static const struct span prefix = {"whsec_", 6};
	bool changed = false;

	for (size_t i = 0; i < t->check.n_secrets; i++) {
		struct span s = t->secrets[i];

		if (!span_starts(s, prefix))
			continue;
		t->secrets[i] = span_of(s.ptr + prefix.len, s.len - prefix.len);
		changed = true;
	}
	return changed && t->scheme.key != KEY_BASE64;
}

static bool decode_key(struct trial *t)
{
	bool decoded = t->scheme.key == KEY_BASE64;

	t->scheme.key = KEY_BASE64;
	return !decoded;
}

static bool plain_key(struct trial *t)
{
	bool decoded = t->scheme.key == KEY_BASE64;

	t->scheme.key = KEY_TEXT;
	return decoded;
}

static bool cut_line_end(struct trial *t)
{
	struct span *b = &t->request.body;
	size_t before = b->len;

	while (b->len > 0 && (b->ptr[b->len - 1] == '\n' || b->ptr[b->len - 1] == '\r'))
		b->len--;
	return b->len < before;
}

static bool add_line_end(struct trial *t)
{
	buf_add_span(&t->room, t->request.body);
	buf_add_char(&t->room, '\n');
	t->request.body = buf_span(&t->room);
	return buf_failed(&t->room) == 0;
}

/* Without the blanks between the tokens of JSON. */
static bool without_blanks(struct trial *t)
{
	struct span body = t->request.body;
	bool quoted = false;

	for (size_t i = 0; i < body.len; i++) {
		char c = body.ptr[i];

		if (quoted && c == '\\' && i + 1 < body.len) {
			buf_add_char(&t->room, c);
			c = body.ptr[++i];
		} else if (c == '"') {
			quoted = !quoted;
		}
		if (quoted || c == '\0' || !strchr(" \t\r\n", c))
			buf_add_char(&t->room, c);
	}
	t->request.body = buf_span(&t->room);
	return buf_failed(&t->room) == 0 && t->room.len < body.len;
}

static bool other_slash(struct trial *t)
{
	struct span url = t->request.url;
	const char *query = url.len ? memchr(url.ptr, '?', url.len) : NULL;
	size_t end = query ? (size_t)(query - url.ptr) : url.len;

	if (end == 0)
		return false;
	if (url.ptr[end - 1] == '/') {
		buf_add(&t->room, url.ptr, end - 1);
	} else {
		buf_add(&t->room, url.ptr, end);
		buf_add_char(&t->room, '/');
	}
	buf_add(&t->room, url.ptr + end, url.len - end);
	t->request.url = buf_span(&t->room);
	return buf_failed(&t->room) == 0;
}

static bool other_scheme(struct trial *t)
{
	static const struct span secure = {"https://", 8}, plain = {"http://", 7};
	struct span url = t->request.url;
	bool is_secure = span_starts(url, secure);
	size_t skip = is_secure ? secure.len : plain.len;

	if (!is_secure && !span_starts(url, plain))
		return false;
	buf_add_span(&t->room, is_secure ? plain : secure);
	buf_add(&t->room, url.ptr + skip, url.len - skip);
	t->request.url = buf_span(&t->room);
	return buf_failed(&t->room) == 0;
}

static bool without_query(struct trial *t)
{
	struct span *url = &t->request.url;
	const char *query = url->len ? memchr(url->ptr, '?', url->len) : NULL;

	if (query)
		url->len = (size_t)(query - url->ptr);
	return query != NULL;
}

static const struct {
	trial_fn *change;
	const char *cause;
} trials[] = {
	{trim_secret, "the secret has blanks or a line end around it; write it without"},
	{strip_whsec, "the secret was given with whsec_, which does not belong to it here"},
	{decode_key, "the sender decodes its secret from base 64; write \"key\": \"base64\""},
	{plain_key, "the sender takes its secret as text; write \"key\": \"text\""},
	{cut_line_end, "the body has a line end that was not signed: it was changed, or added when "
		       "it was saved to a file"},
	{add_line_end, "the line end of the body that was signed is lost"},
	{without_blanks, "the JSON was written anew with other blanks; what was signed are the "
			 "bytes as they were sent"},
	{other_slash, "the URL that the sender knows differs in the slash at its end; set the "
		      "hook's url to exactly that of the sender's settings"},
	{other_scheme, "the URL that the sender knows begins with the other of http and https; set "
		       "the hook's url to exactly that of the sender's settings"},
	{without_query, "the sender signs the URL without what stands behind `?`"},
};

/* The cause that, once removed, lets the signature pass; NULL if none does. */
static const char *find_cause(const struct signature_check *c)
{
	const char *cause = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(trials) && !cause; i++) {
		struct signature_proof proof;
		struct trial t = {.check = *c,
			.scheme = *c->scheme,
			.request = *c->request,
			.room = BUF_INIT};
		int r;

		for (size_t k = 0; k < c->n_secrets; k++)
			t.secrets[k] = c->secrets[k];
		t.check.scheme = &t.scheme;
		t.check.request = &t.request;
		t.check.secrets = t.secrets;
		t.check.proof = &proof;
		if (trials[i].change(&t)) {
			r = signature_scheme_verify(&t.check);
			/* The times are judged when the signature is right. */
			if (r == SIGNATURE_OK || r == SIGNATURE_TOO_OLD ||
				r == SIGNATURE_IN_THE_FUTURE)
				cause = trials[i].cause;
		}
		buf_release(&t.room);
	}
	return cause;
}

/* Between backquotes, cut, and nothing but visible ASCII. */
static void add_shown(struct buf *out, struct span s)
{
	size_t n = s.len < SHOWN_MAX ? s.len : SHOWN_MAX;

	buf_add_char(out, '`');
	for (size_t i = 0; i < n; i++)
		buf_add_char(out, (char)(s.ptr[i] < ' ' || s.ptr[i] > '~' ? '?' : s.ptr[i]));
	buf_printf(out, "%s` (%zu characters)", s.len > n ? "..." : "", s.len);
}

/* What a text of that length usually is, for who wrote the wrong algorithm or encoding. */
static const char *form_of_length(size_t length)
{
	static const struct {
		size_t length;
		const char *form;
	} forms[] = {
		{28, "SHA-1 in base64"},
		{40, "SHA-1 in hex"},
		{44, "SHA-256 in base64"},
		{64, "SHA-256 in hex"},
		{88, "SHA-512 in base64"},
		{128, "SHA-512 in hex"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		if (forms[i].length == length)
			return forms[i].form;
	return NULL;
}

static void add_expected(struct buf *out, const struct signature_scheme *s)
{
	static const char *const algorithms[] = {[HMAC_SHA256] = "HMAC-SHA256",
		[HMAC_SHA1] = "HMAC-SHA1",
		[HMAC_SHA512] = "HMAC-SHA512"};
	static const char *const forms[] = {
		[SCHEME_STRIPE] = "t=SECONDS,v1=HEX of 64 characters",
		[SCHEME_STANDARD] = "webhook-id, webhook-timestamp (seconds) and webhook-signature "
				    "(v1,BASE64 of 44 characters or v1a,BASE64 of 88), or the same "
				    "with svix-",
		[SCHEME_MAILGUN] =
			"in the body \"signature\" or \"parent-signature\": {\"timestamp\", "
			"\"token\", \"signature\": HEX of 64 characters}",
		[SCHEME_SENDGRID] = "x-twilio-email-event-webhook-signature (base 64) and "
				    "x-twilio-email-event-webhook-timestamp (seconds)",
		[SCHEME_SNS] = "in the body Type, TopicArn, SignatureVersion (1 or 2), Signature "
			       "and SigningCertURL",
		[SCHEME_TWILIO] = "BASE64 of 28 characters",
		[SCHEME_BASIC] = "Basic and base 64 of name:password",
		[SCHEME_TOKEN] = "the token",
		[SCHEME_NONE] = "nothing",
	};
	struct signature_mac how = {s->algorithm, s->encoding};

	buf_add_str(out, "  expected: ");
	for (size_t i = 0; i < s->n_headers; i++)
		buf_printf(out, "%s%.*s",
			i	      ? " or "
			: s->in_query ? "parameter "
				      : "",
			(int)s->headers[i].len, s->headers[i].ptr);
	buf_add_str(out, s->n_headers ? ": " : "");
	buf_add_span(out, s->prefix);
	if (s->id == SCHEME_HMAC)
		buf_printf(out, "%s of %s, %zu characters",
			s->encoding == ENCODING_HEX ? "HEX" : "BASE64", algorithms[s->algorithm],
			signature_mac_length(how));
	else
		buf_add_str(out, forms[s->id]);
	buf_add_char(out, '\n');
}

static void add_field(struct signature_check *c, struct buf *out, struct span name)
{
	bool secret = c->scheme->id == SCHEME_BASIC || c->scheme->id == SCHEME_TOKEN;
	bool query = c->scheme->in_query;
	signature_lookup_fn *lookup = query ? c->request->query : c->request->header;
	struct span value = SPAN_EMPTY;
	const char *form;

	buf_printf(out, "  received: %.*s: ", (int)name.len, name.ptr);
	if (!lookup || !lookup(c->request->user, name, &value)) {
		buf_add_str(out, "is not there\n");
		return;
	}
	if (secret)
		buf_printf(out, "%zu characters", value.len);
	else
		add_shown(out, value);
	form = value.len >= c->scheme->prefix.len && c->scheme->id == SCHEME_HMAC
		       ? form_of_length(value.len - (span_starts(value, c->scheme->prefix)
								    ? c->scheme->prefix.len
								    : 0))
		       : NULL;
	buf_printf(out, "%s%s%s\n", form ? ", as long as " : "", form ? form : "", "");
}

static void add_received(struct signature_check *c, struct buf *out)
{
	static const char *const fields[][6] = {
		[SCHEME_STANDARD] = {"webhook-id", "webhook-timestamp", "webhook-signature",
			"svix-id", "svix-timestamp", "svix-signature"},
		[SCHEME_SENDGRID] = {"x-twilio-email-event-webhook-signature",
			"x-twilio-email-event-webhook-timestamp"},
		[SCHEME_NONE] = {NULL},
	};

	for (size_t i = 0; i < c->scheme->n_headers; i++)
		add_field(c, out, c->scheme->headers[i]);
	for (size_t i = 0; i < ARRAY_SIZE(fields[0]) && fields[c->scheme->id][i]; i++)
		add_field(c, out, span_str(fields[c->scheme->id][i]));
	for (size_t i = 0; i < c->scheme->n_pieces; i++)
		if (c->scheme->pieces[i].type == PIECE_HEADER)
			add_field(c, out, c->scheme->pieces[i].text);
	buf_printf(out, "  received: a body of %zu bytes\n", c->request->body.len);
	if (c->scheme->id == SCHEME_TWILIO) {
		buf_add_str(out, "  received: at the URL ");
		add_shown(out, c->request->url);
		buf_add_char(out, '\n');
	}
}

static void add_secrets(struct signature_check *c, struct buf *out)
{
	if (!signature_scheme_needs_secret(c->scheme))
		return;
	buf_printf(out, "  secrets:  %zu set\n", c->n_secrets);
	for (size_t i = 0; i < c->n_secrets; i++) {
		const char *why = signature_secret_why(c->scheme, c->secrets[i]);

		if (why)
			buf_printf(out, "  secret %zu cannot be used: %s\n", i + 1, why);
	}
}

static void add_time(struct signature_check *c, struct buf *out)
{
	char at[INSTANT_SIZE], age[DURATION_SIZE], tolerance[DURATION_SIZE];
	int64_t distance = c->now - c->proof->signed_at;

	instant_format(c->proof->signed_at, at);
	duration_format(distance < 0 ? -distance : distance, age);
	duration_format(distance < 0 ? int64_min(c->scheme->tolerance_ms, SIGNATURE_AHEAD_MAX_MS)
				     : c->scheme->tolerance_ms,
		tolerance);
	buf_printf(out,
		"  likely:   it was signed at %s, %s %s; %s is allowed. Is it an old request, or "
		"is a clock wrong?\n",
		at, age, distance < 0 ? "from now" : "ago", tolerance);
}

static void add_cause(struct signature_check *c, struct buf *out, int outcome)
{
	static const char *const causes[SIGNATURE_N_OUTCOMES] = {
		[SIGNATURE_NO_SECRET] = "set the secret of the hook",
		[SIGNATURE_BAD_SECRET] = "the secret belongs to something else, or was cut when it "
					 "was copied",
		[SIGNATURE_MISSING_HEADER] =
			"the sender has no secret set for this hook, a proxy takes the field away, "
			"or it comes from somebody else",
		[SIGNATURE_BAD_FORMAT] = "the hook has the preset of another sender, or another "
					 "algorithm or encoding",
		[SIGNATURE_BAD_BODY] = "the hook has the preset of another sender, or the body was "
				       "changed on its way",
		[SIGNATURE_WRONG_TOPIC] = "the topic is not the one that is set for this hook",
		[SIGNATURE_BAD_CERT_URL] = "it does not come from Amazon",
		[SIGNATURE_BAD_CERT] = "the certificate has run out, is not yet valid or is not "
				       "Amazon's; or it is another file",
		[SIGNATURE_WRONG] = "it was signed with another secret (has it been changed at the "
				    "sender's? set both for a while), or the body is not the bytes "
				    "that were sent",
	};
	const char *cause = outcome == SIGNATURE_WRONG || outcome == SIGNATURE_BAD_SECRET
				    ? find_cause(c)
				    : NULL;

	if (outcome == SIGNATURE_TOO_OLD || outcome == SIGNATURE_IN_THE_FUTURE)
		add_time(c, out);
	else if (outcome == SIGNATURE_NEEDS_CERT)
		buf_printf(out, "  needed:   the certificate from %s\n", c->proof->cert_url);
	else if (cause || causes[outcome])
		buf_printf(out, "  likely:   %s\n", cause ? cause : causes[outcome]);
}

void signature_explain(const struct signature_plan *p, struct signature_secrets secrets,
	const struct signature_request *request, int64_t now, struct buf *out)
{
	_cleanup_(arena_release) struct arena arena;
	struct signature_proof proof;
	struct signature_check c;

	assert(now >= 0);
	arena_init(&arena);
	c = signature_check_of(secrets, request, now);
	c.arena = &arena;
	c.proof = &proof;
	for (size_t i = 0; i < p->n; i++) {
		int r;

		c.scheme = &p->list[i];
		r = signature_scheme_verify(&c);

		if (r < 0) {
			out->failed = true;
			return;
		}
		buf_printf(out, "scheme %s: %s: %s\n", proof.scheme,
			signature_outcome_name((enum signature_outcome)r),
			signature_outcome_text((enum signature_outcome)r));
		if (r == SIGNATURE_OK)
			continue;
		add_expected(out, c.scheme);
		add_received(&c, out);
		add_secrets(&c, out);
		add_cause(&c, out, r);
		arena_reset(&arena);
	}
}
