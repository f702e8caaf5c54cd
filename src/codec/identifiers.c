/* SPDX-License-Identifier: MIT */
#include "codec/identifiers.h"

static const struct span names[] = {
#define X(ID, NAME) [IDENTIFIER_##ID] = {NAME, sizeof(NAME) - 1},
	IDENTIFIERS(X)
#undef X
};

struct span identifier_name(enum identifier id)
{
	return names[id];
}

/* The kind that KEY names in the object; IDENTIFIER_COUNT if it is none. */
static enum identifier find_kind(const struct json_value *key)
{
	for (size_t i = 0; i < IDENTIFIER_COUNT; i++)
		if (i != IDENTIFIER_USER && i != IDENTIFIER_ANONYMOUS && json_is(key, names[i]))
			return (enum identifier)i;
	return IDENTIFIER_COUNT;
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

int identifiers_read(
	struct span raw, struct arena *arena, struct identifiers *ids, const char **ret_at)
{
	struct json_value key, value;
	struct json_cursor c;
	unsigned seen = 0;

	json_cursor_init(&c, raw);
	if (json_object_open(&c) != 0)
		return IDENTIFIERS_WRONG_TYPE;
	while (json_object_key(&c, &key) == 0 && json_value(&c, &value) == 0) {
		enum identifier kind = find_kind(&key);
		int r = 0;

		if (kind == IDENTIFIER_COUNT)
			continue;
		if (seen & 1U << kind)
			r = IDENTIFIERS_TWICE;
		seen |= 1U << kind;
		r = r ? r : read_one(&value, arena, &ids->text[kind]);
		if (kind == IDENTIFIER_EMAIL)
			ids->text[kind] = span_trim(ids->text[kind]);
		if (r != 0) {
			*ret_at = value.raw.ptr;
			return r;
		}
	}
	return 0;
}

static void lower(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] >= 'A' && text[i] <= 'Z')
			text[i] = (char)(text[i] - 'A' + 'a');
}

static struct span prefixed(enum identifier kind, struct span text, struct arena *arena)
{
	size_t n = names[kind].len + 1;
	char *key = arena_alloc(arena, n + text.len);

	if (!key)
		return SPAN_EMPTY;
	memcpy(key, names[kind].ptr, n - 1);
	key[n - 1] = ':';
	memcpy(key + n, text.ptr, text.len);
	if (kind == IDENTIFIER_EMAIL)
		lower(key + n, text.len);
	return span_of(key, n + text.len);
}

struct span identifiers_key(const struct identifiers *ids, struct arena *arena)
{
	for (size_t i = 0; i < IDENTIFIER_COUNT; i++) {
		if (ids->text[i].len == 0)
			continue;
		return i == IDENTIFIER_USER ? ids->text[i]
					    : prefixed((enum identifier)i, ids->text[i], arena);
	}
	return SPAN_LIT("");
}
