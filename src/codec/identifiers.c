/* SPDX-License-Identifier: MIT */
#include "codec/identifiers.h"

#include "identifier_text.h"

/* The place of the kind that KEY names in the object; n_kinds if it is none. A user id and an
 * anonymous id have members of their own. */
static size_t find_kind(const struct identity *identity, const struct json_value *key)
{
	size_t i = 0;

	while (i < identity->n_kinds && !json_is(key, identity->kinds[i].name))
		i++;
	if (i == identity->at[IDENTIFIER_USER] || i == identity->at[IDENTIFIER_ANONYMOUS])
		return identity->n_kinds;
	return i;
}

static bool is_whole(struct span number)
{
	size_t i = number.ptr[0] == '-';

	while (i < number.len && number.ptr[i] >= '0' && number.ptr[i] <= '9')
		i++;
	return i == number.len;
}

static int read_one(const struct json_value *v, struct arena *arena, struct span *ret_text)
{
	struct span text = v->raw;

	if (v->type == JSON_TYPE_NULL)
		return 0;
	if (v->type == JSON_TYPE_STRING)
		text = json_text(v, arena);
	else if (v->type != JSON_TYPE_NUMBER || !is_whole(text))
		return IDENTIFIERS_WRONG_TYPE;
	if (!text.ptr)
		return -ENOMEM;
	if (text.len > IDENTIFIER_MAX)
		return IDENTIFIERS_TOO_LONG;
	*ret_text = text;
	return 0;
}

int identifiers_read(const struct identity *identity, struct span raw, struct arena *arena,
	struct identifiers *ids, const char **ret_at, struct span *ret_kind)
{
	struct json_value key, value;
	struct json_cursor c;
	unsigned seen = 0;

	json_cursor_init(&c, raw);
	if (json_object_open(&c) != 0)
		return IDENTIFIERS_WRONG_TYPE;
	while (json_object_key(&c, &key) == 0 && json_value(&c, &value) == 0) {
		size_t kind = find_kind(identity, &key);
		int r = 0;

		if (kind == identity->n_kinds)
			continue;
		if (seen & 1U << kind)
			r = IDENTIFIERS_TWICE;
		seen |= 1U << kind;
		r = r ? r : read_one(&value, arena, &ids->text[kind]);
		if (r != 0) {
			*ret_at = value.raw.ptr;
			*ret_kind = identity->kinds[kind].name;
			return r;
		}
	}
	return 0;
}

int identifier_normal(const struct identity *identity, size_t kind, struct span value,
	struct arena *arena, struct span *ret_value)
{
	struct span text = text_trim(value);

	if (identity->kinds[kind].what == IDENTIFIER_EMAIL)
		return email_normal(identity->email_rules, text, arena, ret_value);
	if (identity->kinds[kind].what == IDENTIFIER_PHONE)
		return phone_normal(identity->country, text, arena, ret_value);
	/* Ids of the SDKs are keys of other systems too, which know nothing of blanks. */
	if (kind == identity->at[IDENTIFIER_USER] || kind == identity->at[IDENTIFIER_ANONYMOUS])
		text = value;
	*ret_value = text;
	return 0;
}

static int prefixed(struct span name, struct span text, struct arena *arena, struct span *ret_key)
{
	size_t n = name.len + 1;
	char *key = arena_alloc(arena, n + text.len);

	if (!key)
		return -ENOMEM;
	memcpy(key, name.ptr, name.len);
	key[name.len] = ':';
	memcpy(key + n, text.ptr, text.len);
	*ret_key = span_of(key, n + text.len);
	return 0;
}

int identifier_key(const struct identity *identity, size_t kind, struct span value,
	struct arena *arena, struct span *ret_key)
{
	struct span text;
	int r = identifier_normal(identity, kind, value, arena, &text);

	if (r)
		return r;
	if (identity_is_blocked(identity, kind, text_trim(text)))
		*ret_key = SPAN_EMPTY;
	else if (kind == identity->at[IDENTIFIER_USER] &&
		 !identity_user_needs_prefix(identity, text))
		*ret_key = text;
	else
		return prefixed(identity->kinds[kind].name, text, arena, ret_key);
	return 0;
}

int identifiers_key(const struct identity *identity, const struct identifiers *ids,
	struct arena *arena, struct span *ret_key)
{
	struct span key = SPAN_EMPTY;

	for (size_t i = 0; i < identity->n_kinds && key.len == 0; i++) {
		int r = ids->text[i].len == 0
				? 0
				: identifier_key(identity, i, ids->text[i], arena, &key);

		if (r)
			return r;
	}
	*ret_key = key;
	return 0;
}

/* ---- the others ---------------------------------------------------------------------------- */

struct others {
	const struct identity *identity;
	struct arena *arena;
	struct event *e;
	struct event_id *list;
	size_t n;
};

static void heed_class(struct others *o, struct span key)
{
	enum identity_shared class = identity_shared_class(o->identity, key);

	if (class == IDENTITY_TILL || class == IDENTITY_KIOSK)
		o->e->link_rights = 0;
}

/* Puts KEY behind those that are as strong. */
static void insert(struct others *o, struct span key, size_t kind)
{
	size_t i = o->n;

	if (key.len == 0 || span_equal(key, o->e->customer))
		return;
	for (size_t k = 0; k < o->n; k++)
		if (span_equal(o->list[k].key, key))
			return;
	for (; i > 0 && o->list[i - 1].kind > kind; i--)
		o->list[i] = o->list[i - 1];
	o->list[i] = (struct event_id){key, (uint32_t)kind};
	o->n++;
	heed_class(o, key);
}

static int add(struct others *o, size_t kind, struct span text)
{
	struct span key;
	int r;

	if (text.len == 0 || text.len > IDENTIFIER_MAX)
		return 0;
	r = identifier_key(o->identity, kind, text, o->arena, &key);
	if (r == 0)
		insert(o, key, kind);
	return r;
}

int identifiers_others(const struct identity *identity, const struct identifiers_given *given,
	struct arena *arena, struct event *e)
{
	struct event_id list[IDENTITY_KINDS_MAX + IDENTIFIER_MORE_MAX];
	struct others o = {identity, arena, e, list, 0};
	struct event_id *kept;
	int r = 0;

	heed_class(&o, e->customer);
	/* Whatever is stronger than the customer's own named nobody. */
	for (size_t i = identity_kind_of(identity, e->customer) + 1;
		i < identity->n_kinds && r == 0; i++)
		r = add(&o, i, given->ids.text[i]);
	for (size_t i = 0; i < given->n_more && r == 0; i++)
		r = add(&o, identity->at[given->more[i].what], given->more[i].text);
	if (r || o.n == 0)
		return r;
	kept = arena_alloc(arena, o.n * sizeof(*kept));
	if (!kept)
		return -ENOMEM;
	memcpy(kept, list, o.n * sizeof(*kept));
	e->ids = kept;
	e->n_ids = o.n;
	return 0;
}

/* ---- back into an event -------------------------------------------------------------------- */

void identifier_write(const struct identity *identity, struct span key, struct buf *out)
{
	size_t kind = identity_kind_of(identity, key);
	struct span value = identity_value(identity, key);

	if (kind == identity->at[IDENTIFIER_USER]) {
		buf_add_str(out, "\"userId\":");
		json_escape(value, out);
	} else if (kind == identity->at[IDENTIFIER_ANONYMOUS]) {
		buf_add_str(out, "\"anonymousId\":");
		json_escape(value, out);
	} else {
		buf_add_str(out, "\"identifiers\":{");
		json_escape(identity->kinds[kind].name, out);
		buf_add_char(out, ':');
		json_escape(value, out);
		buf_add_char(out, '}');
	}
}
