/* SPDX-License-Identifier: MIT */
/* The file of write keys: its sections, and whether what each says goes together. */
#include "write_key_file.h"

int reader_fault(struct reader *r, unsigned line, const char *text)
{
	r->fault->line = line;
	(void)snprintf(r->fault->text, sizeof(r->fault->text), "%s", text);
	return CONFIG_BAD;
}

bool write_key_name_ok(struct span name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'))
			return false;
	}
	return name.len >= 1 && name.len <= WRITE_KEY_NAME_MAX;
}

static int grow(struct reader *r)
{
	size_t cap = r->cap ? 2 * r->cap : 8;
	struct write_key *list = realloc(r->keys->list, cap * sizeof(*list));
	struct section *sections;

	if (!list)
		return -ENOMEM;
	r->keys->list = list;
	sections = realloc(r->sections, cap * sizeof(*sections));
	if (!sections)
		return -ENOMEM;
	r->sections = sections;
	r->cap = cap;
	return 0;
}

/* The place of the section that E stands in, a new one if need be. */
static int section_of(struct reader *r, const struct config_entry *e, size_t *ret_i)
{
	for (size_t i = r->keys->n; i-- > 0;) {
		if (span_is(e->section, r->keys->list[i].name)) {
			*ret_i = i;
			return 0;
		}
	}
	if (!write_key_name_ok(e->section))
		return reader_fault(r, e->line,
			"the name of a source has 1 to 32 small letters, digits, _ and -, in "
			"brackets before its entries: [web]");
	if (r->keys->n == WRITE_KEYS_MAX)
		return reader_fault(r, e->line, "there may be at most 1000 sources");
	if (r->keys->n == r->cap && grow(r) < 0)
		return -ENOMEM;
	struct write_key *key = &r->keys->list[r->keys->n];

	*key = (struct write_key){.enabled = true, .old_until = TIME_NEVER};
	memcpy(key->name, e->section.ptr, e->section.len);
	r->sections[r->keys->n] = (struct section){.line = e->line};
	*ret_i = r->keys->n++;
	return 0;
}

static int take_entry(void *user, const struct config_entry *e)
{
	struct reader *r = user;
	size_t i = 0;
	int result = section_of(r, e, &i);

	return result ? result : member_take(r, i, e);
}

/* ---- what goes together -------------------------------------------------------------------- */

#define KIND(K) (1U << WRITE_KEY_##K)
#define PAGES	(KIND(BROWSER) | KIND(TILL) | KIND(KIOSK))

/* Members that not every kind of source has. */
static int judge_kinds(struct reader *r, const struct section *s, enum write_key_kind kind)
{
	static const char pages[] = "origins, credentials and api_host are for pages: sources of "
				    "kind browser, till or kiosk; leave them out";
	static const char hooks[] = "preset, mapping, url, secret_file and old_secret_file are for "
				    "sources of `kind = hook`; leave them out";
	static const struct {
		enum member member;
		unsigned kinds;
		const char *why;
	} rows[] = {
		{MEMBER_ORIGINS, PAGES, pages},
		{MEMBER_CREDENTIALS, PAGES, pages},
		{MEMBER_API_HOST, PAGES, pages},
		{MEMBER_PRESET, KIND(HOOK), hooks},
		{MEMBER_MAPPING, KIND(HOOK), hooks},
		{MEMBER_SECRET_FILE, KIND(HOOK), hooks},
		{MEMBER_OLD_SECRET_FILE, KIND(HOOK), hooks},
		{MEMBER_URL, KIND(HOOK), hooks},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (s->lines[rows[i].member] && !(rows[i].kinds & 1U << kind))
			return reader_fault(r, s->lines[rows[i].member], rows[i].why);
	return 0;
}

/* Members that mean something beside others only, or never beside them. */
static int judge_pairs(struct reader *r, const struct section *s)
{
	static const struct {
		enum member member, other, or_other;
		bool needs; /* one of the others; else it excludes OTHER */
		const char *why;
	} rows[] = {
		{MEMBER_KEY_SHA256, MEMBER_KEY, MEMBER_KEY, false,
			"write `key` or `key_sha256`, not both"},
		{MEMBER_OLD_KEY_SHA256, MEMBER_OLD_KEY, MEMBER_OLD_KEY, false,
			"write `old_key` or `old_key_sha256`, not both"},
		{MEMBER_OLD_KEY, MEMBER_KEY, MEMBER_KEY_SHA256, true,
			"there is an old key and no new one; write `key = wk_...` too"},
		{MEMBER_OLD_KEY_SHA256, MEMBER_KEY, MEMBER_KEY_SHA256, true,
			"there is an old key and no new one; write `key = wk_...` too"},
		{MEMBER_BURST, MEMBER_RATE, MEMBER_RATE, true,
			"burst limits nothing without a rate; write `rate = 200` too"},
		{MEMBER_CREDENTIALS, MEMBER_ORIGINS, MEMBER_ORIGINS, true,
			"credentials are for the pages in `origins = https://shop.example`; write "
			"that too or leave this out"},
		{MEMBER_MAPPING, MEMBER_PRESET, MEMBER_PRESET, false,
			"write `preset` (one that comes with Waymark) or `mapping` (a file of your "
			"own), not both"},
		{MEMBER_OLD_SECRET_FILE, MEMBER_SECRET_FILE, MEMBER_SECRET_FILE, true,
			"there is an old secret and no new one; write `secret_file = FILE` too"},
	};
	bool old = s->lines[MEMBER_OLD_KEY] || s->lines[MEMBER_OLD_KEY_SHA256] ||
		   s->lines[MEMBER_OLD_SECRET_FILE];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool there = s->lines[rows[i].other] || s->lines[rows[i].or_other];

		if (s->lines[rows[i].member] && there != rows[i].needs)
			return reader_fault(r, s->lines[rows[i].member], rows[i].why);
	}
	if (s->lines[MEMBER_OLD_UNTIL] && !old)
		return reader_fault(r, s->lines[MEMBER_OLD_UNTIL],
			"there is no old key or secret that could end; leave old_until out");
	return 0;
}

static int judge_needs(struct reader *r, const struct section *s, const struct write_key *key)
{
	if (!s->lines[MEMBER_KIND])
		return reader_fault(r, s->line,
			"this source lacks `kind = browser`, server, till, kiosk or hook");
	if (key->has_key || key->preset.len > 0 || key->mapping.len > 0)
		return 0;
	return reader_fault(r, s->line,
		key->kind == WRITE_KEY_HOOK
			? "this hook lacks `preset = shopify` (`waymark hook list` shows which "
			  "there are) or `mapping = FILE`"
			: "this source lacks `key = wk_...` or `key_sha256 = ...`; `waymark key "
			  "add` makes one");
}

int section_complete(struct reader *r, size_t i)
{
	struct write_key *key = &r->keys->list[i];
	const struct section *s = &r->sections[i];
	const struct kind_row *kind;
	int result = judge_needs(r, s, key);

	if (result == 0)
		result = judge_kinds(r, s, key->kind);
	if (result == 0)
		result = judge_pairs(r, s);
	if (result != 0)
		return result;
	kind = &write_key_kinds[key->kind];
	if (!s->lines[MEMBER_CHANNEL])
		key->channel = kind->channel;
	if (!s->lines[MEMBER_RIGHTS])
		key->rights = kind->rights;
	if (key->rights & ~kind->rights_max)
		return reader_fault(r, s->lines[MEMBER_RIGHTS], kind->too_much);
	if (!s->lines[MEMBER_CLASS])
		key->class = kind->class;
	if (key->class > kind->class)
		return reader_fault(r, s->lines[MEMBER_CLASS],
			"a source of this kind may not link that much; leave the class out, or "
			"give it `class = household`");
	if (!s->lines[MEMBER_BURST])
		key->burst = key->rate * WRITE_KEY_BURST_S;
	return 0;
}

/* ------------------------------------------------------------------------------------------- */

int write_keys_parse(struct span text, struct write_keys **ret_keys, struct config_fault *ret_fault)
{
	_cleanup_(write_keys_freep) struct write_keys *keys = write_keys_new();
	struct reader r = {.keys = keys, .fault = ret_fault};
	int result;

	if (!keys)
		return -ENOMEM;
	result = config_read(text, take_entry, &r, ret_fault);
	for (size_t i = 0; result == 0 && i < keys->n; i++)
		result = section_complete(&r, i);
	free(r.sections);
	if (result != 0)
		return result;
	*ret_keys = keys;
	keys = NULL;
	return 0;
}
