/* SPDX-License-Identifier: MIT */
/*
 * The schemes that share a secret and carry an HMAC in a header field. The signature is compared as
 * the text that the sender writes, so each has one form only.
 */
#include "base/base64.h"
#include "base/instant.h"
#include "signature_crypto.h"
#include "signature_plan.h"

#define STANDARD_KEY_MIN 16 /* bytes; the standard says 24, its libraries take fewer */
#define ED25519_KEY_SIZE 32
#define ED25519_SIZE	 64
#define ED25519_TEXT_MAX ((size_t)88)

/* The bytes of a secret; ptr NULL: it is none for this scheme. */
static struct span key_of(
	const struct signature_check *c, struct span secret, struct signature_key_room *room)
{
	static const struct span prefix = {"whsec_", 6};

	if (signature_secret_why(c->scheme, secret))
		return SPAN_EMPTY;
	if (c->scheme->key != KEY_BASE64)
		return secret;
	if (span_starts(secret, prefix))
		secret = span_of(secret.ptr + prefix.len, secret.len - prefix.len);
	return signature_key_bytes(secret, room);
}

struct signed_parts {
	struct span list[SIGNATURE_PIECES_MAX];
	size_t n;
};

/* Is any of N texts the HMAC of PARTS under one of the secrets? */
static int match(struct signature_check *c, const struct signed_parts *parts,
	const struct span *texts, size_t n)
{
	struct signature_mac how = {c->scheme->algorithm, c->scheme->encoding};
	char want[SIGNATURE_TEXT_SIZE];
	bool found = false;

	for (size_t i = 0; i < c->n_secrets && !found; i++) {
		struct signature_key_room room;
		struct span key = key_of(c, c->secrets[i], &room);

		if (!key.ptr)
			continue;
		if (signature_mac_text(how, key, parts->list, parts->n, want) < 0)
			return -ENOMEM;
		for (size_t k = 0; k < n; k++)
			found |= signature_same(texts[k], span_of(want, signature_mac_length(how)));
		c->proof->secret = i;
	}
	if (!found)
		return SIGNATURE_WRONG;
	c->proof->covers_body = true;
	return SIGNATURE_OK;
}

/* The first item of a body that is a list, else the body; is it all of it? */
static struct span item_of(struct span body, bool *ret_all)
{
	struct json_cursor cursor;
	struct json_value item;

	*ret_all = true;
	json_cursor_init(&cursor, body);
	if (json_peek(&cursor) != JSON_TYPE_ARRAY || json_array_open(&cursor) != 0 ||
		json_array_next(&cursor) != 0 || json_value(&cursor, &item) != 0)
		return body;
	*ret_all = json_array_next(&cursor) == JSON_END;
	return item.raw;
}

static int part_of(struct signature_check *c, const struct signature_piece *piece,
	struct span *ret_part, bool *all)
{
	switch (piece->type) {
	case PIECE_TEXT:
		*ret_part = piece->text;
		return 0;
	case PIECE_BODY:
		*ret_part = c->request->body;
		return 0;
	case PIECE_ITEM:
		*ret_part = item_of(c->request->body, all);
		return 0;
	case PIECE_URL:
		*ret_part = c->request->url;
		return 0;
	case PIECE_HEADER:
		return signature_header(c, piece->text, ret_part);
	}
	return SIGNATURE_BAD_FORMAT;
}

/* The signatures in those of the scheme's fields that are there. */
static int hmac_received(struct signature_check *c, struct span *ret_texts, size_t *ret_n)
{
	const struct signature_scheme *s = c->scheme;
	size_t length = signature_mac_length((struct signature_mac){s->algorithm, s->encoding});
	int worst = SIGNATURE_MISSING_HEADER;
	size_t n = 0;

	for (size_t i = 0; i < s->n_headers; i++) {
		struct span value;
		int r = signature_header(c, s->headers[i], &value);

		if (r == 0 && span_starts(value, s->prefix) && value.len == s->prefix.len + length)
			ret_texts[n++] = span_of(value.ptr + s->prefix.len, length);
		else if (r != SIGNATURE_MISSING_HEADER)
			worst = SIGNATURE_BAD_FORMAT;
	}
	*ret_n = n;
	return n > 0 ? 0 : worst;
}

int signature_hmac(struct signature_check *c)
{
	const struct signature_scheme *s = c->scheme;
	struct span texts[SIGNATURE_HEADERS_MAX];
	struct signed_parts parts = {.n = s->n_pieces};
	struct span time = SPAN_EMPTY;
	bool all = true;
	int64_t at = 0;
	size_t n = 0;
	int r = hmac_received(c, texts, &n);

	for (size_t i = 0; r == 0 && i < s->n_pieces; i++)
		r = part_of(c, &s->pieces[i], &parts.list[i], &all);
	if (r == 0 && s->time.ptr)
		r = signature_header(c, s->time, &time);
	if (r == 0 && s->time.ptr && instant_parse(time, &at) != 0)
		r = SIGNATURE_BAD_FORMAT;
	if (r == 0)
		r = match(c, &parts, texts, n);
	if (r != 0)
		return r;
	c->proof->covers_body = all;
	return s->time.ptr ? signature_judge_time(c, at) : SIGNATURE_OK;
}

/* Takes what stands before the next MARK off *rest. False at the end. */
static bool next_part(struct span *rest, char mark, struct span *ret_part)
{
	const char *end;

	if (rest->len == 0)
		return false;
	end = memchr(rest->ptr, mark, rest->len);
	size_t n = end ? (size_t)(end - rest->ptr) : rest->len;

	*ret_part = span_trim(span_of(rest->ptr, n));
	n += end != NULL;
	*rest = span_of(rest->ptr + n, rest->len - n);
	return true;
}

static bool take_prefix(struct span *s, struct span prefix)
{
	if (!span_starts(*s, prefix))
		return false;
	*s = span_of(s->ptr + prefix.len, s->len - prefix.len);
	return true;
}

/* Stripe-Signature: t=1492774577,v1=5257a8…,v1=…,v0=6ffbb5… */
int signature_stripe(struct signature_check *c)
{
	struct span texts[SIGNATURE_VALUES_MAX], rest, part;
	struct span time = SPAN_EMPTY;
	struct signature_scheme scheme = *c->scheme;
	int64_t at;
	size_t n = 0;
	int r = signature_header(c, c->scheme->headers[0], &rest);

	if (r != 0)
		return r;
	while (next_part(&rest, ',', &part)) {
		if (take_prefix(&part, SPAN_LIT("t="))) {
			if (time.ptr)
				return SIGNATURE_BAD_FORMAT;
			time = part;
		} else if (take_prefix(&part, SPAN_LIT("v1="))) {
			if (n == ARRAY_SIZE(texts))
				return SIGNATURE_BAD_FORMAT;
			texts[n++] = part;
		}
	}
	if (n == 0 || !time.ptr || signature_seconds(time, &at) != 0)
		return SIGNATURE_BAD_FORMAT;
	scheme.algorithm = HMAC_SHA256;
	scheme.encoding = ENCODING_HEX;
	struct signature_check hex = *c;

	hex.scheme = &scheme;
	r = match(
		&hex, &(struct signed_parts){{time, SPAN_LIT("."), c->request->body}, 3}, texts, n);
	return r != 0 ? r : signature_judge_time(c, at);
}

/* How many bytes the base 64 text of a secret stands for. */
static size_t key_length(struct span text)
{
	struct signature_key_room room;

	return signature_key_bytes(text, &room).len;
}

const char *signature_standard_why(const struct signature_scheme *s, struct span secret)
{
	bool standard = s->id == SCHEME_STANDARD;

	if (standard && take_prefix(&secret, SPAN_LIT("whsk_")))
		return "this is a private key, which stays with the sender; give the public one, "
		       "whpk_...";
	if (standard && take_prefix(&secret, SPAN_LIT("whpk_")))
		return key_length(secret) == ED25519_KEY_SIZE
			       ? NULL
			       : "behind whpk_ stands base 64 of 32 bytes";
	if (s->key != KEY_BASE64)
		return NULL;
	(void)take_prefix(&secret, SPAN_LIT("whsec_"));
	return key_length(secret) >= (standard ? STANDARD_KEY_MIN : 1) ? NULL
	       : standard ? "it has to be base 64 of at least 16 bytes, with or without "
			    "whsec_ before it"
			  : "it has to be base 64";
}

/* The fields of one request, all of the same family. */
struct standard_fields {
	struct span id, time, signatures;
};

static int standard_fields(struct signature_check *c, struct standard_fields *f)
{
	static const struct {
		struct span id, time, signatures;
	} families[] = {
		{{"webhook-id", 10}, {"webhook-timestamp", 17}, {"webhook-signature", 17}},
		{{"svix-id", 7}, {"svix-timestamp", 14}, {"svix-signature", 14}},
	};
	int r = SIGNATURE_MISSING_HEADER;

	for (size_t i = 0; i < ARRAY_SIZE(families) && r == SIGNATURE_MISSING_HEADER; i++) {
		r = signature_header(c, families[i].signatures, &f->signatures);
		if (r == 0)
			r = signature_header(c, families[i].id, &f->id);
		if (r == 0)
			r = signature_header(c, families[i].time, &f->time);
	}
	return r;
}

/* Ed25519 wants the bytes in one piece. */
static int match_public(struct signature_check *c, const struct signed_parts *parts,
	const struct span *texts, size_t n)
{
	_cleanup_(buf_release) struct buf whole = BUF_INIT;
	int r = SIGNATURE_WRONG;

	for (size_t i = 0; n > 0 && i < parts->n; i++)
		buf_add_span(&whole, parts->list[i]);
	for (size_t k = 0; k < n; k++) {
		char signature[BASE64_DECODED_SIZE(ED25519_TEXT_MAX)];
		size_t len = 0;

		if (texts[k].len > ED25519_TEXT_MAX ||
			base64_decode(texts[k], signature, &len) != 0 || len != ED25519_SIZE)
			continue;
		for (size_t i = 0; i < c->n_secrets && r == SIGNATURE_WRONG; i++) {
			struct span secret = c->secrets[i];
			struct signature_key_room room;

			if (!take_prefix(&secret, SPAN_LIT("whpk_")) ||
				signature_secret_why(c->scheme, c->secrets[i]))
				continue;
			r = signature_ed25519_verify(signature_key_bytes(secret, &room),
				span_of(signature, len), buf_span(&whole));
			c->proof->secret = i;
		}
	}
	c->proof->covers_body = r == SIGNATURE_OK;
	return buf_failed(&whole) < 0 ? -ENOMEM : r;
}

/* webhook-signature: v1,K5oZ… v1a,hnO3… */
int signature_standard(struct signature_check *c)
{
	struct span shared[SIGNATURE_VALUES_MAX], public[SIGNATURE_VALUES_MAX], part;
	struct standard_fields f = {.id = SPAN_EMPTY};
	size_t n_shared = 0, n_public = 0;
	int64_t at;
	int r = standard_fields(c, &f);

	if (r != 0)
		return r;
	/* With a full stop in the id, where it ends would be a matter of opinion. */
	if (signature_seconds(f.time, &at) != 0 || memchr(f.id.ptr, '.', f.id.len))
		return SIGNATURE_BAD_FORMAT;
	while (next_part(&f.signatures, ' ', &part)) {
		if (n_shared + n_public == SIGNATURE_VALUES_MAX)
			return SIGNATURE_BAD_FORMAT;
		if (take_prefix(&part, SPAN_LIT("v1,")))
			shared[n_shared++] = part;
		else if (take_prefix(&part, SPAN_LIT("v1a,")))
		public[n_public++] = part;
	}
	if (n_shared + n_public == 0)
		return SIGNATURE_BAD_FORMAT;
	const struct signed_parts parts = {
		{f.id, SPAN_LIT("."), f.time, SPAN_LIT("."), c->request->body}, 5};

	r = match(c, &parts, shared, n_shared);
	if (r == SIGNATURE_WRONG)
		r = match_public(c, &parts, public, n_public);
	return r != 0 ? r : signature_judge_time(c, at);
}
