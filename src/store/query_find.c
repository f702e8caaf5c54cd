/* SPDX-License-Identifier: MIT */
/*
 * The script trusts the head of a link, for it could not check more; so it brings back every value
 * it went by, and here each has its checksum and its target's partition looked at. That costs the
 * bytes of what a link keeps, on the way from Redis to us, and saves a trip for each link.
 */
#include "query_find.h"

#include "codec/identifiers.h"
#include "codec/link.h"
#include "store/keys.h"
#include "store/query.h"

_Static_assert(PARTITIONS_MAX - 1 == LINK_PARTITION_MAX, "a link can name every partition");
_Static_assert(QUERY_LINKS_MAX == 8, "the script's loop");

/*
 * KEYS: records or links, the first that is there counts. Answers seconds, microseconds, which it
 * was (0: none), the rules in force, and the values from there on, the last of which is a record or
 * leads nowhere or on.
 */
static const char script[] =
	"#!lua flags=no-writes\n"
	"local t = redis.call('TIME')\n"
	"local out = {t[1], t[2], 0, ''}\n"
	"for i, key in ipairs(KEYS) do\n"
	"  local v = redis.call('GET', key)\n"
	"  if v then\n"
	"    out[3] = i\n"
	"    out[5] = v\n"
	"    for hop = 1, 8 do\n"
	"      local p, n, at = string.match(v, '^L1 %x+ (%d+) %-?%d+ %-?%d+ (%d+):()')\n"
	"      if not p then break end\n"
	"      key = 'wm:{p' .. p .. '}:c:' .. string.sub(v, at, at + n - 1)\n"
	"      v = redis.call('GET', key)\n"
	"      if not v then break end\n"
	"      out[5 + hop] = v\n"
	"    end\n"
	"    out[4] = redis.call('HGET', string.match(key, '^wm:{p%d+}:') .. 'pos', 'rules') or "
	"''\n"
	"    break\n"
	"  end\n"
	"end\n"
	"return out\n";

enum { SECONDS, MICROSECONDS, WHICH, RULES, VALUES };

/* ---- asking ------------------------------------------------------------------------------ */

static void add_key(struct query_find *f, struct span key)
{
	if (key.len == 0 || key.len > CUSTOMER_MAX || f->n_keys == ARRAY_SIZE(f->keys))
		return;
	for (size_t i = 0; i < f->n_keys; i++)
		if (span_equal(f->keys[i], key))
			return;
	f->keys[f->n_keys++] = key;
}

int query_find_keys(
	struct query_find *f, const struct identity *identity, struct span id, struct arena *arena)
{
	struct span own = arena_copy(arena, id);
	int r = own.ptr ? 0 : -ENOMEM;

	f->n_keys = 0;
	f->links = 0;
	if (r == 0)
		add_key(f, own);
	for (size_t kind = 0; kind < identity->n_kinds && r == 0; kind++) {
		struct span key = SPAN_EMPTY;

		r = identifier_key(identity, kind, own, arena, &key);
		if (r == 0)
			add_key(f, key);
	}
	return r;
}

void query_find_begin(const struct query_find *f, uint32_t partitions, struct redis *redis)
{
	redis_begin(redis, 3 + f->n_keys);
	redis_arg_str(redis, "EVAL");
	redis_arg_str(redis, script);
	redis_arg_u64(redis, f->n_keys);
	for (size_t i = 0; i < f->n_keys; i++) {
		char prefix[32];
		int len = snprintf(prefix, sizeof(prefix),
			"wm:{p%u}:c:", partition_of(f->keys[i], partitions));

		assert(len > 0 && (size_t)len < sizeof(prefix));
		redis_arg2(redis, span_of(prefix, (size_t)len), f->keys[i]);
	}
}

/* ---- what came back ---------------------------------------------------------------------- */

static bool number_of(const struct redis_value *v, uint64_t max, uint64_t *ret_n)
{
	return v->type == REDIS_STRING && span_to_u64(v->text, max, ret_n) == 0;
}

static bool read_head(struct query_find *f, const struct redis_value *reply)
{
	uint64_t s, us;

	if (reply->type != REDIS_ARRAY || reply->n_items < VALUES ||
		reply->n_items > VALUES + QUERY_LINKS_MAX + 1 ||
		!number_of(&reply->items[SECONDS], INT64_MAX / (2 * MS_SECOND), &s) ||
		!number_of(&reply->items[MICROSECONDS], 999999, &us) ||
		reply->items[RULES].type != REDIS_STRING)
		return false;
	for (size_t i = VALUES; i < reply->n_items; i++)
		if (reply->items[i].type != REDIS_STRING)
			return false;
	f->now = (int64_t)s * MS_SECOND + (int64_t)us / 1000;
	f->rules = 0;
	(void)rules_digest_parse(reply->items[RULES].text, &f->rules);
	return true;
}

static int follow(struct query_find *f, uint32_t partitions, struct span value, struct arena *arena,
	struct link *ret_link)
{
	struct link link;
	struct span to;

	if (link_decode(value, &link) != 0 || link.partition != partition_of(link.to, partitions) ||
		f->links == QUERY_LINKS_MAX_EVER)
		return QUERY_FIND_CORRUPT;
	to = arena_copy(arena, link.to);
	if (!to.ptr)
		return -ENOMEM;
	f->links++;
	link.to = to;
	*ret_link = link;
	return 0;
}

/* The walk from f->customer along the N values. */
static int walk(struct query_find *f, uint32_t partitions, const struct redis_value *values,
	size_t n, struct arena *arena, struct span *ret_record)
{
	for (size_t i = 0; i < n; i++) {
		struct link link;
		int r;

		if (!link_is(values[i].text)) {
			*ret_record = values[i].text;
			return i + 1 == n ? 0 : QUERY_FIND_CORRUPT;
		}
		r = follow(f, partitions, values[i].text, arena, &link);
		if (r != 0)
			return r;
		if (i + 1 == n && n == QUERY_LINKS_MAX + 1) {
			f->keys[0] = link.to;
			f->n_keys = 1;
			return QUERY_FIND_MORE;
		}
		if (i + 1 == n) {
			*ret_record = link.frozen;
			return link.frozen.len ? 0 : QUERY_FIND_NOTHING;
		}
		f->customer = link.to;
	}
	return QUERY_FIND_CORRUPT;
}

int query_find_take(struct query_find *f, uint32_t partitions, const struct redis_value *reply,
	struct arena *arena, struct span *ret_record)
{
	int64_t which;

	if (!read_head(f, reply))
		return QUERY_FIND_CORRUPT;
	which = reply->items[WHICH].integer;
	if (which < 0 || (uint64_t)which > f->n_keys)
		return QUERY_FIND_CORRUPT;
	if (which == 0)
		return QUERY_FIND_NOTHING;
	f->customer = f->keys[which - 1];
	if (f->links == 0)
		f->matched = f->customer;
	return walk(
		f, partitions, reply->items + VALUES, reply->n_items - VALUES, arena, ret_record);
}
