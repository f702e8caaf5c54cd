/* SPDX-License-Identifier: MIT */
/*
 * The script trusts the head of a link, for it could not check more; so it brings back every value
 * it went by, and here each has its checksum and its target's partition looked at. That costs the
 * bytes of what a link keeps, on the way from Redis to us, and saves a trip for each link.
 *
 * The number of an order that came as no identifier is a term of the index by which staff find
 * customers. The index of a partition is written in the commit of its records, and the script sees
 * one state of both, so what stands there is so. A term that leads to nine keys of one partition,
 * or to two customers, is nobody's.
 */
#include "query_find.h"

#include "codec/find_terms.h"
#include "codec/identifiers.h"
#include "codec/link.h"
#include "store/keys.h"
#include "store/query.h"

_Static_assert(PARTITIONS_MAX - 1 == LINK_PARTITION_MAX, "a link can name every partition");
_Static_assert(QUERY_LINKS_MAX == 8, "the script's loop");

/*
 * KEYS: records or links, the first that is there counts. ARGV: partitions, the place of a key
 * before which the index of terms is asked, the term, or none of these. Answers seconds,
 * microseconds, which key it was (0: none, -1: one of the index, -2: several), the rules in force,
 * the key's name in the index, and the values from there on, the last of which is a record or leads
 * nowhere or on.
 */
static const char script[] =
	"#!lua flags=no-writes\n"
	"local t = redis.call('TIME')\n"
	"local out = {t[1], t[2], 0, '', ''}\n"
	"local function walk(key)\n"
	"  local v = redis.call('GET', key)\n"
	"  if not v then return nil end\n"
	"  local values = {v}\n"
	"  for hop = 1, 8 do\n"
	"    local p, n, at = string.match(v, '^L1 %x+ (%d+) %-?%d+ %-?%d+ (%d+):()')\n"
	"    if not p then break end\n"
	"    key = 'wm:{p' .. p .. '}:c:' .. string.sub(v, at, at + n - 1)\n"
	"    v = redis.call('GET', key)\n"
	"    if not v then break end\n"
	"    values[1 + hop] = v\n"
	"  end\n"
	"  return values, key\n"
	"end\n"
	"local function answer(which, name, values, key)\n"
	"  out[3] = which\n"
	"  out[4] = redis.call('HGET', string.match(key, '^wm:{p%d+}:') .. 'pos', 'rules') or ''\n"
	"  out[5] = name\n"
	"  for i, v in ipairs(values) do out[5 + i] = v end\n"
	"  return true\n"
	"end\n"
	"local function by_term()\n"
	"  local found, key, name\n"
	"  for p = 0, ARGV[1] - 1 do\n"
	"    local tag = 'wm:{p' .. p .. '}:'\n"
	"    local list = redis.call('ZRANGEBYLEX', tag .. 'find', '[' .. ARGV[3] .. '\\0',\n"
	"      '(' .. ARGV[3] .. '\\1', 'LIMIT', 0, 9)\n"
	"    for i, member in ipairs(list) do\n"
	"      local id = string.sub(member, #ARGV[3] + 2)\n"
	"      local values, last = walk(tag .. 'c:' .. id)\n"
	"      if i == 9 or (values and found and last ~= key) then\n"
	"        out[3] = -2\n"
	"        return true\n"
	"      end\n"
	"      if values and not found then found, key, name = values, last, id end\n"
	"    end\n"
	"  end\n"
	"  return found and answer(-1, name, found, key)\n"
	"end\n"
	"local place = tonumber(ARGV[2])\n"
	"for i, key in ipairs(KEYS) do\n"
	"  if i == place and by_term() then return out end\n"
	"  local values, last = walk(key)\n"
	"  if values and answer(i, '', values, last) then return out end\n"
	"end\n"
	"if place and place > #KEYS then by_term() end\n"
	"return out\n";

enum { SECONDS, MICROSECONDS, WHICH, RULES, NAME, VALUES };
enum { WHICH_SEVERAL = -2, WHICH_TERM = -1, WHICH_NONE = 0 };

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
	f->order_place = 0;
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

/* The text of ID that may be an order's number; empty: it is a key of another kind. */
static struct span number_in(const struct identity *identity, struct span id)
{
	size_t kind = identity_kind_of(identity, id);

	if (kind == identity->at[IDENTIFIER_ORDER])
		return identity_value(identity, id);
	return kind == identity->at[IDENTIFIER_USER] ? id : SPAN_EMPTY;
}

/* Behind the last key of F that is of an order or of a stronger kind. */
static size_t place_of_orders(const struct query_find *f, const struct identity *identity)
{
	size_t place = f->n_keys;

	while (place > 1 &&
		identity_kind_of(identity, f->keys[place - 1]) > identity->at[IDENTIFIER_ORDER])
		place--;
	return place + 1;
}

int query_find_orders(struct query_find *f, const struct identity *identity, struct arena *arena)
{
	size_t kind = identity->at[IDENTIFIER_ORDER];
	struct span number = SPAN_EMPTY, key = SPAN_EMPTY;
	int r = identifier_normal(identity, kind, number_in(identity, f->keys[0]), arena, &number);

	r = r ? r : find_order_term(number, arena, &f->order_term);
	if (r < 0 || f->order_term.len == 0)
		return r;
	r = identifier_key(identity, kind, number, arena, &key);
	if (r < 0)
		return r;
	f->order = key.len > 0 && key.len <= CUSTOMER_MAX ? key : f->keys[0];
	f->order_place = place_of_orders(f, identity);
	return 0;
}

void query_find_begin(const struct query_find *f, uint32_t partitions, struct redis *redis)
{
	redis_begin(redis, 3 + f->n_keys + (f->order_place ? 3 : 0));
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
	if (f->order_place) {
		redis_arg_u64(redis, partitions);
		redis_arg_u64(redis, f->order_place);
		redis_arg(redis, f->order_term);
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
	for (size_t i = NAME; i < reply->n_items; i++)
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
static int walk(struct query_find *f, uint32_t partitions, const struct redis_value *reply,
	struct arena *arena, struct span *ret_record)
{
	const struct redis_value *values = reply->items + VALUES;
	size_t n = reply->n_items - VALUES;

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
			f->order_place = 0;
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

/* Which of the keys it was, or what the index calls it. 0, -ENOMEM or an outcome. */
static int take_which(struct query_find *f, const struct redis_value *reply, struct arena *arena)
{
	int64_t which = reply->items[WHICH].integer;
	struct span name = reply->items[NAME].text;

	if (which == WHICH_NONE)
		return QUERY_FIND_NOTHING;
	if (which == WHICH_SEVERAL && f->order_place)
		return QUERY_FIND_SEVERAL;
	if (which == WHICH_TERM && f->order_place && name.len > 0 && name.len <= CUSTOMER_MAX) {
		f->customer = arena_copy(arena, name);
		f->matched = f->order;
		return f->customer.ptr ? 0 : -ENOMEM;
	}
	if (which < 0 || (uint64_t)which > f->n_keys)
		return QUERY_FIND_CORRUPT;
	f->customer = f->keys[which - 1];
	if (f->links == 0)
		f->matched = f->customer;
	return 0;
}

int query_find_take(struct query_find *f, uint32_t partitions, const struct redis_value *reply,
	struct arena *arena, struct span *ret_record)
{
	int r = read_head(f, reply) ? take_which(f, reply, arena) : QUERY_FIND_CORRUPT;

	return r ? r : walk(f, partitions, reply, arena, ret_record);
}
