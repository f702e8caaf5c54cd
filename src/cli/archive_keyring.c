/* SPDX-License-Identifier: MIT */
#include "archive_keyring.h"

#include "store/keys.h"

#define PAGE "1000"

static int add_key(struct archive_keyring *k, struct span customer, struct span text)
{
	struct archive_key *key = arena_alloc(&k->arena, sizeof(*key));
	int r = key ? seal_key_read(text, &key->key) : -ENOMEM;

	if (r > 0)
		k->n_bad++; /* its lines are unreadable */
	if (r != 0)
		return r < 0 ? r : 0;
	key->customer = arena_copy(&k->arena, customer);
	if (!key->customer.ptr)
		return -ENOMEM;
	return map_put(&k->by_id, span_of(key->key.id, SEAL_ID_TEXT), key);
}

/* [CURSOR, [field, value, …]] */
static int take_page(struct archive_keyring *k, const struct redis_value *v, struct buf *cursor)
{
	int r = 0;

	if (v->type != REDIS_ARRAY || v->n_items != 2)
		return -EBADMSG;
	buf_reset(cursor);
	buf_add_span(cursor, v->items[0].text);
	for (size_t i = 0; r == 0 && i + 1 < v->items[1].n_items; i += 2)
		r = add_key(k, v->items[1].items[i].text, v->items[1].items[i + 1].text);
	return r;
}

int archive_keyring_load(
	struct archive_keyring *k, const struct program *p, struct redis *redis, uint32_t partition)
{
	static const uint64_t seed[2] = {0, 0};
	_cleanup_(buf_release) struct buf name = BUF_INIT, cursor = BUF_INIT;
	int r = 0;

	arena_init(&k->arena);
	map_init(&k->by_id, seed);
	k->n_bad = 0;
	key_add(&name, partition, "seal");
	buf_add_char(&cursor, '0');
	do {
		_cleanup_(arena_release) struct arena arena;
		const struct redis_value *v;
		const struct span args[] = {SPAN_LIT("HSCAN"), buf_span(&name), buf_span(&cursor),
			SPAN_LIT("COUNT"), SPAN_LIT(PAGE)};

		arena_init(&arena);
		r = redis_call(redis, args, ARRAY_SIZE(args), &arena, &v);
		r = r == 0 ? take_page(k, v, &cursor) : r < 0 ? r : -EIO;
	} while (r == 0 && !span_is(buf_span(&cursor), "0"));
	if (r == 0)
		return 0;
	(void)tool_say(p, STATUS_FOUND, "the keys of the archive cannot be read from Redis: %s.",
		strerror(-r));
	return -1;
}

void archive_keyring_release(struct archive_keyring *k)
{
	struct archive_key *key;
	size_t cursor = 0;

	while ((key = map_next(&k->by_id, &cursor)))
		seal_key_clear(&key->key);
	map_release(&k->by_id);
	arena_release(&k->arena);
}

const struct archive_key *archive_keyring_find(const struct archive_keyring *k, struct span id)
{
	return map_get(&k->by_id, id);
}
