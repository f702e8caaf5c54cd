/* SPDX-License-Identifier: MIT */
/*
 * Which key is meant. As `waymark timeline` does (store/query.h), what was typed is taken for a key
 * first, and then for an identifier of each kind; but where something is to be done about a key, it
 * must be clear which.
 */
#include "base/buf.h"
#include "codec/identifiers.h"
#include "customer_apart.h"
#include "store/keys.h"

/* 1 if something stands under KEY, 0 if nothing does, or a negative errno, with the reason said. */
static int is_there(struct tool *t, struct redis *redis, struct span key)
{
	_cleanup_(arena_release) struct arena a;
	_cleanup_(buf_release) struct buf name = BUF_INIT;
	const struct redis_value *v;

	arena_init(&a);
	key_add_id(&name, partition_of(key, t->program.dataset.partitions), "c", key);
	if (buf_failed(&name) < 0)
		return -ENOMEM;
	v = tool_ask(t, redis, (struct span[]){SPAN_LIT("EXISTS"), buf_span(&name)}, 2, &a);
	return v ? v->integer > 0 : -EIO;
}

static bool has(const struct customer_keys *keys, struct span key)
{
	for (size_t i = 0; i < keys->n; i++)
		if (span_equal(keys->list[i], key))
			return true;
	return false;
}

int customer_keys_of(struct tool *t, struct span id, struct customer_keys *ret_keys)
{
	const struct identity *identity = t->program.identity;
	struct arena *a = &t->program.arena;
	struct customer_keys keys = {.list = {id}, .n = 1};

	for (size_t kind = 0; kind < identity->n_kinds; kind++) {
		struct span key = SPAN_EMPTY;
		int r = identifier_key(identity, kind, id, a, &key);

		if (r < 0)
			return r;
		if (key.len > 0 && key.len <= CUSTOMER_MAX && !has(&keys, key))
			keys.list[keys.n++] = key;
	}
	*ret_keys = keys;
	return 0;
}

/* ID may be any of N, which are too many. */
static int explain_many(struct tool *t, struct span id, const struct span *found, size_t n)
{
	_cleanup_(buf_release) struct buf list = BUF_INIT;

	for (size_t i = 0; i < n; i++) {
		buf_add_str(&list, i == 0 ? "" : ", ");
		buf_add_span(&list, found[i]);
	}
	return tool_say(&t->program, STATUS_FOUND, "%.*s may be any of %.*s; say which.",
		(int)id.len, id.ptr, (int)list.len, list.ptr);
}

int customer_key(struct tool *t, struct redis *redis, struct span id, struct span *ret_key)
{
	struct span found[CUSTOMER_KEYS_MAX];
	struct customer_keys keys;
	size_t n = 0;

	if (customer_keys_of(t, id, &keys) < 0)
		return tool_say(&t->program, STATUS_FOUND, "out of memory.");
	for (size_t i = 0; i < keys.n; i++) {
		int r = is_there(t, redis, keys.list[i]);

		if (r < 0)
			return STATUS_FOUND;
		if (r > 0)
			found[n++] = keys.list[i];
		if (r > 0 && i == 0)
			break; /* a key as it stands */
	}
	if (n > 1)
		return explain_many(t, id, found, n);
	*ret_key = n == 1 ? found[0] : SPAN_EMPTY;
	return 0;
}
