/* SPDX-License-Identifier: MIT */
/*
 * Twilio signs the URL that it calls and behind it each parameter of the form, name and value,
 * sorted by name; what stands twice counts once, and the values of one name are sorted, as in its
 * own libraries. Of a body that is no form, the URL has the digest. Twilio's servers disagree about
 * whether the port that every URL has belongs to it, so both ways are tried.
 */
#include <openssl/evp.h> /* before ours: it has parameters of names that we ban */

#include "signature_crypto.h"
#include "signature_plan.h"

#define PARAMS_MAX   1000
#define DIGEST_CHARS 64

static const struct signature_mac how = {HMAC_SHA1, ENCODING_BASE64};

struct param {
	struct span name, value;
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decoded as the WHATWG URL standard has it: what is no escape stands for itself. */
static struct span decode(struct span s, struct arena *a)
{
	char *out = arena_alloc(a, s.len + 1);
	size_t n = 0;

	if (!out)
		return SPAN_EMPTY;
	for (size_t i = 0; i < s.len; i++) {
		int high = s.ptr[i] == '%' && i + 2 < s.len ? hex_digit(s.ptr[i + 1]) : -1;
		int low = high >= 0 ? hex_digit(s.ptr[i + 2]) : -1;

		if (low >= 0)
			out[n++] = (char)(high * 16 + low);
		else
			out[n++] = (char)(s.ptr[i] == '+' ? ' ' : s.ptr[i]);
		i += low >= 0 ? 2 : 0;
	}
	return span_of(out, n);
}

/* Takes the text up to MARK, which is dropped, or all of it. */
static struct span take_until(struct span *s, char mark)
{
	struct span front = {s->ptr, 0};
	size_t n;

	while (front.len < s->len && s->ptr[front.len] != mark)
		front.len++;
	n = front.len + (front.len < s->len);
	*s = n ? span_of(s->ptr + n, s->len - n) : SPAN_EMPTY;
	return front;
}

/* At most PARAMS_MAX. 0, SIGNATURE_BAD_BODY or -ENOMEM. */
static int form_read(struct span body, struct arena *a, struct param *list, size_t *ret_n)
{
	size_t n = 0;

	while (body.len > 0) {
		struct span value = take_until(&body, '&');
		struct span name = take_until(&value, '=');

		if (name.len == 0 && value.len == 0)
			continue;
		if (n == PARAMS_MAX)
			return SIGNATURE_BAD_BODY;
		list[n] = (struct param){decode(name, a), decode(value, a)};
		if (!list[n].name.ptr || !list[n].value.ptr)
			return -ENOMEM;
		n++;
	}
	*ret_n = n;
	return 0;
}

static int param_compare(const void *a, const void *b)
{
	const struct param *x = a, *y = b;
	int names = span_compare(x->name, y->name);

	return names ? names : span_compare(x->value, y->value);
}

/* The parts behind the URL, from PARTS[0] on. */
static size_t form_parts(struct param *list, size_t n, struct span *parts)
{
	size_t used = 0;

	qsort(list, n, sizeof(*list), param_compare);
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && param_compare(&list[i - 1], &list[i]) == 0)
			continue;
		parts[used++] = list[i].name;
		parts[used++] = list[i].value;
	}
	return used;
}

/* The value of bodySHA256 in the query of URL; ptr NULL if there is none. */
static struct span body_digest(struct span url)
{
	struct span query = url;

	(void)take_until(&query, '?');
	while (query.len > 0) {
		struct span value = take_until(&query, '&');
		struct span name = take_until(&value, '=');

		if (span_is(name, "bodySHA256"))
			return value.ptr ? value : SPAN_LIT("");
	}
	return SPAN_EMPTY;
}

static bool body_digest_ok(struct span body, struct span hex)
{
	unsigned char digest[EVP_MAX_MD_SIZE], shown[DIGEST_CHARS / 2];
	size_t n = 0;

	if (hex.len != DIGEST_CHARS)
		return false;
	for (size_t i = 0; i < sizeof(shown); i++) {
		int high = hex_digit(hex.ptr[2 * i]), low = hex_digit(hex.ptr[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		shown[i] = (unsigned char)(high * 16 + low);
	}
	return EVP_Q_digest(NULL, "SHA256", NULL, body.ptr ? body.ptr : "", body.len, digest, &n) &&
	       n == sizeof(shown) &&
	       signature_same(span_of((const char *)digest, n),
		       span_of((const char *)shown, sizeof(shown)));
}

/*
 * The URL in pieces with the port that its scheme stands for: written out if it was left out, left
 * out if it was written. 0 pieces if it has another, or no host.
 */
static size_t other_port(struct span url, struct span pieces[3])
{
	static const struct {
		struct span scheme, port;
	} kinds[] = {{{"https://", 8}, {":443", 4}}, {{"http://", 7}, {":80", 3}}};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		size_t start = kinds[i].scheme.len, port = kinds[i].port.len, end = start;

		if (!span_starts(url, kinds[i].scheme))
			continue;
		while (end < url.len && (url.ptr[end] == '\0' || !strchr("/?#", url.ptr[end])))
			end++;
		pieces[2] = span_of(url.ptr + end, url.len - end);
		if (end > start + port &&
			span_equal(span_of(url.ptr + end - port, port), kinds[i].port)) {
			pieces[0] = span_of(url.ptr, end - port);
			pieces[1] = SPAN_EMPTY;
			return 3;
		}
		if (end == start || memchr(url.ptr + start, ':', end - start))
			return 0;
		pieces[0] = span_of(url.ptr, end);
		pieces[1] = kinds[i].port;
		return 3;
	}
	return 0;
}

/* PARTS has room for three pieces of the URL before the N of the form. */
static int match(struct signature_check *c, struct span text, struct span *parts, size_t n)
{
	struct span pieces[2][3] = {{SPAN_EMPTY, SPAN_EMPTY, c->request->url}};
	size_t ways = other_port(c->request->url, pieces[1]) ? 2 : 1;
	bool found = false;

	for (size_t i = 0; i < c->n_secrets && !found; i++) {
		for (size_t way = 0; way < ways; way++) {
			char want[SIGNATURE_TEXT_SIZE];

			if (signature_secret_why(c->scheme, c->secrets[i]))
				continue;
			memcpy(parts, pieces[way], sizeof(pieces[way]));
			if (signature_mac_text(how, c->secrets[i], parts, n + 3, want) < 0)
				return -ENOMEM;
			found |= signature_same(text, span_of(want, signature_mac_length(how)));
		}
		c->proof->secret = i;
	}
	c->proof->covers_body = found;
	return found ? SIGNATURE_OK : SIGNATURE_WRONG;
}

int signature_twilio(struct signature_check *c)
{
	struct span digest = body_digest(c->request->url);
	struct param *list = arena_alloc(c->arena, PARAMS_MAX * sizeof(*list));
	struct span *parts = arena_alloc(c->arena, (3 + 2 * PARAMS_MAX) * sizeof(*parts));
	struct span text;
	size_t n = 0;
	int r = signature_header(c, c->scheme->headers[0], &text);

	if (r != 0)
		return r;
	if (!list || !parts)
		return -ENOMEM;
	if (text.len != signature_mac_length(how))
		return SIGNATURE_BAD_FORMAT;
	if (digest.ptr) {
		if (!body_digest_ok(c->request->body, digest))
			return SIGNATURE_WRONG;
		return match(c, text, parts, 0);
	}
	r = form_read(c->request->body, c->arena, list, &n);
	if (r != 0)
		return r;
	return match(c, text, parts, form_parts(list, n, parts + 3));
}
