/* SPDX-License-Identifier: MIT */
/* What the members of a source may be, each by itself. */
#include "base/instant.h"
#include "write_key_file.h"

static int bad(struct place *p, const char *text)
{
	return reader_fault(p->reader, p->line, text);
}

/* Keeps the value as *text. */
static int keep(struct place *p, struct span *text)
{
	struct span copy = arena_copy(&p->reader->keys->texts, p->value);

	if (!copy.ptr)
		return -ENOMEM;
	*text = copy;
	return 0;
}

/* The next word of *s, without the blanks around it; empty at its end. */
static struct span take_word(struct span *s)
{
	struct span rest = span_trim(*s), word;
	size_t n = 0;

	while (n < rest.len && rest.ptr[n] != ' ' && rest.ptr[n] != '\t')
		n++;
	word = span_of(rest.ptr, n);
	*s = span_of(rest.ptr + n, rest.len - n);
	return word;
}

/* ---- keys ---------------------------------------------------------------------------------- */

/* Is DIGEST that of a key that stood before? */
static bool key_taken(const struct write_keys *k, const unsigned char digest[WRITE_KEY_DIGEST])
{
	for (size_t i = 0; i < k->n; i++) {
		const struct write_key *w = &k->list[i];

		if ((w->has_key && memcmp(w->digest, digest, WRITE_KEY_DIGEST) == 0) ||
			(w->has_old_key && memcmp(w->old_digest, digest, WRITE_KEY_DIGEST) == 0))
			return true;
	}
	return false;
}

static int put_digest(struct place *p, const unsigned char digest[WRITE_KEY_DIGEST], bool old)
{
	if (key_taken(p->reader->keys, digest))
		return bad(p,
			"another source, or the same, has the same key; give each its own, so that "
			"one can be withdrawn");
	memcpy(old ? p->key->old_digest : p->key->digest, digest, WRITE_KEY_DIGEST);
	*(old ? &p->key->has_old_key : &p->key->has_key) = true;
	return 0;
}

static int set_clear(struct place *p, bool old)
{
	unsigned char digest[WRITE_KEY_DIGEST];

	if (!write_key_text_ok(p->value))
		return bad(p,
			"a write key has 8 to 128 letters, digits and . _ ~ -, such as wk_ and the "
			"output of `openssl rand -hex 16`");
	if (!write_key_digest(p->reader->keys, p->value, digest))
		return -ENOMEM;
	return put_digest(p, digest, old);
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	const char *at = c ? strchr(digits, c) : NULL;
	int n = at ? (int)(at - digits) : -1;

	return n >= 16 ? n - 6 : n;
}

static int set_hash(struct place *p, bool old)
{
	unsigned char digest[WRITE_KEY_DIGEST];

	for (size_t i = 0; i < sizeof(digest); i++) {
		int high = 2 * i + 1 < p->value.len ? hex_digit(p->value.ptr[2 * i]) : -1;
		int low = high >= 0 ? hex_digit(p->value.ptr[2 * i + 1]) : -1;

		if (low < 0 || p->value.len != 2 * sizeof(digest))
			return bad(p,
				"this is the SHA-256 of a write key in 64 hex digits, the output "
				"of `printf %s wk_... | sha256sum`");
		digest[i] = (unsigned char)(high * 16 + low);
	}
	return put_digest(p, digest, old);
}

static int set_key(struct place *p)
{
	return set_clear(p, false);
}

static int set_key_sha256(struct place *p)
{
	return set_hash(p, false);
}

static int set_old_key(struct place *p)
{
	return set_clear(p, true);
}

static int set_old_key_sha256(struct place *p)
{
	return set_hash(p, true);
}

static int set_old_until(struct place *p)
{
	if (instant_parse(p->value, &p->key->old_until) == 0)
		return 0;
	return bad(p, "old_until is an instant: 2026-12-01T00:00:00Z");
}

/* ---- what it is ---------------------------------------------------------------------------- */

static int set_kind(struct place *p)
{
	for (unsigned k = 0; k < WRITE_KEY_KINDS; k++) {
		if (!span_is(p->value, write_key_kinds[k].name))
			continue;
		p->key->kind = (enum write_key_kind)k;
		return 0;
	}
	return bad(p, "the kind is browser, server, till, kiosk or hook");
}

static int set_channel(struct place *p)
{
	p->key->channel = channel_of(p->value);
	if (p->key->channel != CHANNEL_UNKNOWN)
		return 0;
	return bad(p,
		"the channel is web, app, email, store, phone, sms, order-system, staff or server");
}

static int set_flag(struct place *p, bool *flag, const char *why)
{
	bool yes = span_is(p->value, "yes");

	if (!yes && !span_is(p->value, "no"))
		return bad(p, why);
	*flag = yes;
	return 0;
}

static int set_enabled(struct place *p)
{
	return set_flag(p, &p->key->enabled, "enabled is yes or no");
}

static int set_credentials(struct place *p)
{
	return set_flag(p, &p->key->credentials, "credentials is yes or no");
}

static const struct {
	const char *name;
	unsigned right;
} rights[] = {
	{"traits", WRITE_KEY_TRAITS},
	{"merge", WRITE_KEY_MERGE},
	{"privileged", WRITE_KEY_PRIVILEGED},
};

void write_key_add_rights(struct buf *out, unsigned which)
{
	const char *between = "";

	for (size_t i = 0; i < ARRAY_SIZE(rights); i++) {
		if (!(which & rights[i].right))
			continue;
		buf_add_str(out, between);
		buf_add_str(out, rights[i].name);
		between = " ";
	}
	if (which == 0)
		buf_add_str(out, "none");
}

static int set_rights(struct place *p)
{
	static const char why[] = "rights are words with blanks between them, of traits, merge and "
				  "privileged; or the one word none";
	struct span rest = p->value, word;

	if (span_is(p->value, "none"))
		return 0;
	while ((word = take_word(&rest)).len > 0) {
		unsigned right = 0;

		for (size_t i = 0; i < ARRAY_SIZE(rights); i++)
			if (span_is(word, rights[i].name))
				right = rights[i].right;
		if (right == 0)
			return bad(p, why);
		p->key->rights |= right;
	}
	return p->key->rights ? 0 : bad(p, why);
}

static int set_class(struct place *p)
{
	for (unsigned c = 0; c < WRITE_KEY_CLASSES; c++) {
		if (!span_equal(p->value, write_key_class_name((enum write_key_class)c)))
			continue;
		p->key->class = (enum write_key_class)c;
		return 0;
	}
	return bad(p, "the class is trusted, browser, household, till or kiosk");
}

static int set_rate(struct place *p)
{
	uint64_t n;

	if (span_to_u64(p->value, WRITE_KEY_RATE_MAX, &n))
		return bad(p, "rate is a number of events a second, 0 (no limit) to 1000000");
	p->key->rate = (int64_t)n;
	return 0;
}

static int set_burst(struct place *p)
{
	uint64_t n;

	if (span_to_u64(p->value, WRITE_KEY_BURST_MAX, &n) || n == 0)
		return bad(p,
			"burst is a number of events, 1 to 10000000; where there is to be no limit "
			"write `rate = 0` and no burst");
	p->key->burst = (int64_t)n;
	return 0;
}

/* ---- pages --------------------------------------------------------------------------------- */

static int add_origin(struct place *p, struct span origin)
{
	struct write_key *key = p->key;
	const char *why = origin_judge(origin);

	if (why)
		return bad(p, why);
	if (key->n_origins == WRITE_KEY_ORIGINS_MAX)
		return bad(p, "a source has at most 32 origins; *. stands for any one name");
	if (!key->origins) {
		key->origins = arena_calloc(
			&p->reader->keys->texts, WRITE_KEY_ORIGINS_MAX, sizeof(*key->origins));
		if (!key->origins)
			return -ENOMEM;
	}
	origin = arena_copy(&p->reader->keys->texts, origin);
	if (!origin.ptr)
		return -ENOMEM;
	key->origins[key->n_origins++] = origin;
	return 0;
}

static int set_origins(struct place *p)
{
	struct span rest = p->value, word = take_word(&rest);
	int r = 0;

	if (word.len == 0)
		return bad(p, "origins names pages: https://shop.example; leave it out for none");
	for (; r == 0 && word.len > 0; word = take_word(&rest))
		r = add_origin(p, word);
	return r;
}

static int set_api_host(struct place *p)
{
	const char *why = api_host_judge(p->value);

	return why ? bad(p, why) : keep(p, &p->key->api_host);
}

/* ---- hooks --------------------------------------------------------------------------------- */

static int set_preset(struct place *p)
{
	bool ok = p->value.len >= 1 && p->value.len <= WRITE_KEY_PRESET_MAX;

	for (size_t i = 0; i < p->value.len; i++) {
		char c = p->value.ptr[i];

		ok = ok &&
		     ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-');
	}
	if (!ok)
		return bad(p,
			"preset is the name of one that comes with Waymark, such as shopify "
			"(`waymark hook list` shows them); a file of your own is `mapping = FILE`");
	return keep(p, &p->key->preset);
}

static int set_path(struct place *p, struct span *path)
{
	if (p->value.len < 1 || p->value.len > WRITE_KEY_TEXT_MAX)
		return bad(p,
			"this is the path of a file, 1 to 160 bytes; a relative one begins where "
			"the file of keys lies");
	return keep(p, path);
}

static int set_mapping(struct place *p)
{
	return set_path(p, &p->key->mapping);
}

static int set_secret_file(struct place *p)
{
	return set_path(p, &p->key->secret_file);
}

static int set_old_secret_file(struct place *p)
{
	return set_path(p, &p->key->old_secret_file);
}

static int set_url(struct place *p)
{
	const struct span scheme = SPAN_LIT("https://");
	bool ok = span_starts(p->value, scheme) && p->value.len > scheme.len &&
		  p->value.len <= WRITE_KEY_TEXT_MAX && p->value.ptr[scheme.len] != '/';

	for (size_t i = 0; i < p->value.len; i++)
		ok = ok && p->value.ptr[i] > ' ' && p->value.ptr[i] < 0x7f;
	if (!ok)
		return bad(p, "url is the public address that the sender calls, at most 160 bytes: "
			      "https://track.shop.example/hooks/calls");
	return keep(p, &p->key->url);
}

/* ------------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	int (*set)(struct place *p);
} members[MEMBERS] = {
	[MEMBER_KEY] = {"key", set_key},
	[MEMBER_KEY_SHA256] = {"key_sha256", set_key_sha256},
	[MEMBER_OLD_KEY] = {"old_key", set_old_key},
	[MEMBER_OLD_KEY_SHA256] = {"old_key_sha256", set_old_key_sha256},
	[MEMBER_OLD_UNTIL] = {"old_until", set_old_until},
	[MEMBER_KIND] = {"kind", set_kind},
	[MEMBER_CHANNEL] = {"channel", set_channel},
	[MEMBER_ENABLED] = {"enabled", set_enabled},
	[MEMBER_RIGHTS] = {"rights", set_rights},
	[MEMBER_CLASS] = {"class", set_class},
	[MEMBER_RATE] = {"rate", set_rate},
	[MEMBER_BURST] = {"burst", set_burst},
	[MEMBER_ORIGINS] = {"origins", set_origins},
	[MEMBER_CREDENTIALS] = {"credentials", set_credentials},
	[MEMBER_API_HOST] = {"api_host", set_api_host},
	[MEMBER_PRESET] = {"preset", set_preset},
	[MEMBER_MAPPING] = {"mapping", set_mapping},
	[MEMBER_SECRET_FILE] = {"secret_file", set_secret_file},
	[MEMBER_OLD_SECRET_FILE] = {"old_secret_file", set_old_secret_file},
	[MEMBER_URL] = {"url", set_url},
};

/* `origins_2` to `origins_9` go on where the line of `origins` was full. */
static struct span without_number(struct span name)
{
	const struct span origins = SPAN_LIT("origins");

	if (name.len == origins.len + 2 && span_starts(name, origins) &&
		name.ptr[origins.len] == '_' && name.ptr[origins.len + 1] >= '2' &&
		name.ptr[origins.len + 1] <= '9')
		return origins;
	return name;
}

int member_take(struct reader *r, size_t i, const struct config_entry *e)
{
	struct place p = {r, &r->keys->list[i], e->line, e->value};
	struct span name = without_number(e->key);

	for (size_t m = 0; m < MEMBERS; m++) {
		if (!span_is(name, members[m].name))
			continue;
		if (!r->sections[i].lines[m])
			r->sections[i].lines[m] = e->line;
		return members[m].set(&p);
	}
	return reader_fault(r, e->line,
		"a source has kind, channel, enabled, rights, class, rate, burst, key or "
		"key_sha256, old_key, old_until, origins, credentials, api_host, preset, mapping, "
		"secret_file, "
		"old_secret_file and url, nothing else");
}
