/* SPDX-License-Identifier: MIT */
#include "store/renewal.h"

#define PAGE	 "100"
#define PAUSE_MS 2
/* Entries are removed faster than they are copied: later. */
#define TRIES_MAX 3

const char renewal_script[] =
	"if redis.call('GET', KEYS[5]) ~= ARGV[3] then return {'lost', ''} end\n"
	"redis.call('PEXPIRE', KEYS[5], ARGV[4])\n"
	"local some = redis.call('EXISTS', KEYS[3]) == 1\n"
	"local function copy(from, to, count)\n"
	"  local page = redis.call('XRANGE', KEYS[1], from, to, 'COUNT', count)\n"
	"  for _, e in ipairs(page) do\n"
	"    local as = some and redis.call('HGET', KEYS[3], e[1])\n"
	"    redis.call('XADD', KEYS[2], e[1], unpack(as and cmsgpack.unpack(as) or e[2]))\n"
	"  end\n"
	"  return #page, #page > 0 and page[#page][1]\n"
	"end\n"
	"local max = tonumber(ARGV[2])\n"
	"local n, last = copy(ARGV[1], redis.call('HGET', KEYS[6], 'id') or '+', max)\n"
	"if n == max then return {'more', last} end\n"
	"n, last = copy(last and '(' .. last or ARGV[1], '+', max)\n"
	"if n == max then return {'more', last} end\n"
	"n = redis.call('XLEN', KEYS[1])\n"
	"local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]\n"
	"if first and n ~= redis.call('XLEN', KEYS[2]) then\n"
	"  redis.call('XTRIM', KEYS[2], 'MINID', '=', first[1])\n"
	"end\n"
	"if n ~= redis.call('XLEN', KEYS[2]) then\n"
	"  redis.call('UNLINK', KEYS[2])\n"
	"  return {'again', ''}\n"
	"end\n"
	"local as = redis.call('HLEN', KEYS[3])\n"
	"redis.call('UNLINK', KEYS[3], KEYS[4], KEYS[5])\n"
	"if n == 0 then return {'done', tostring(as)} end\n"
	"local info, last = redis.call('XINFO', 'STREAM', KEYS[1]), nil\n"
	"for i = 1, #info, 2 do\n"
	"  if info[i] == 'last-generated-id' then last = info[i + 1] end\n"
	"end\n"
	"redis.call('XSETID', KEYS[2], last)\n"
	"redis.call('UNLINK', KEYS[1])\n" /* its memory is given back by another thread */
	"redis.call('RENAME', KEYS[2], KEYS[1])\n"
	"return {'done', tostring(as)}\n";

/* KEYS: the mark, who copies, the new stream. ARGV: how old the mark must be (ms), who, for how
 * long. */
static const char begin_script[] =
	"local t = redis.call('TIME')\n"
	"local since = redis.call('GET', KEYS[1])\n"
	"local now = t[1] * 1000 + math.floor(t[2] / 1000)\n"
	"if not since or now - tonumber(since) < tonumber(ARGV[1]) then return 0 end\n"
	"if not redis.call('SET', KEYS[2], ARGV[2], 'NX', 'PX', ARGV[3]) then return 0 end\n"
	"redis.call('UNLINK', KEYS[3])\n"
	"return 1\n";

static void copy_page(void *user);

void renewal_init(struct renewal *r, struct loop *loop, const char *by, renewal_fn *fn, void *user)
{
	*r = (struct renewal){.fn = fn, .user = user};
	(void)snprintf(r->by, sizeof(r->by), "%s", by);
	timer_init(&r->pause, loop, copy_page, r);
}

void renewal_stop(struct renewal *r)
{
	timer_stop(&r->pause);
	r->busy = false;
}

static void finish(struct renewal *r, int result)
{
	r->busy = false;
	r->fn(r->user, result);
}

static void add_key(struct renewal *r, const char *name)
{
	char key[64];

	(void)snprintf(key, sizeof(key), "wm:{p%u}:%s", r->partition, name);
	redis_arg_str(r->redis, key);
}

/* EVAL SCRIPT with keys of the partition, and so many arguments more. */
static void begin(
	struct renewal *r, const char *script, const char *const *keys, size_t n, size_t n_args)
{
	redis_begin(r->redis, 3 + n + n_args);
	redis_arg_str(r->redis, "EVAL");
	redis_arg_str(r->redis, script);
	redis_arg_u64(r->redis, n);
	for (size_t i = 0; i < n; i++)
		add_key(r, keys[i]);
}

static void on_page(void *user, const struct redis_value *reply)
{
	struct renewal *r = user;
	struct span last;

	if (!r->busy)
		return;
	if (!reply || reply->type != REDIS_ARRAY || reply->n_items != 2 ||
		reply->items[1].text.len + 2 > sizeof(r->cursor)) {
		finish(r, reply ? RENEWAL_NONE : RENEWAL_UNKNOWN);
		return;
	}
	last = reply->items[1].text;
	if (redis_value_is(&reply->items[0], "done")) {
		finish(r, 0);
		return;
	}
	if (redis_value_is(&reply->items[0], "lost") ||
		(redis_value_is(&reply->items[0], "again") && ++r->tries == TRIES_MAX)) {
		finish(r, RENEWAL_NONE);
		return;
	}
	if (redis_value_is(&reply->items[0], "again"))
		last = SPAN_EMPTY;
	r->cursor[0] = last.len ? '(' : '-';
	if (last.len)
		memcpy(r->cursor + 1, last.ptr, last.len);
	r->cursor[last.len + 1] = '\0';
	if (timer_set_in(&r->pause, PAUSE_MS) < 0)
		finish(r, RENEWAL_UNKNOWN);
}

static void copy_page(void *user)
{
	/* What an erasure wants to stand in place of some is its own business. */
	static const char *const keys[] = {
		"in", "renew:in", "renew:as", "stale", "renew:by", "pos"};
	struct renewal *r = user;

	begin(r, renewal_script, keys, ARRAY_SIZE(keys), 4);
	redis_arg_str(r->redis, r->cursor);
	redis_arg_str(r->redis, PAGE);
	redis_arg_str(r->redis, r->by);
	redis_arg_str(r->redis, RENEWAL_HOLD_MS);
	if (redis_end(r->redis, on_page, r) < 0)
		finish(r, RENEWAL_UNKNOWN);
}

static void on_begun(void *user, const struct redis_value *reply)
{
	struct renewal *r = user;

	if (!r->busy)
		return;
	if (!reply || reply->integer != 1)
		finish(r, reply ? RENEWAL_NONE : RENEWAL_UNKNOWN);
	else
		copy_page(r);
}

int renewal_start(struct renewal *r, struct redis *redis, uint32_t partition, int64_t age_ms)
{
	static const char *const keys[] = {"stale", "renew:by", "renew:in"};
	int result;

	assert(!r->busy);
	r->redis = redis;
	r->partition = partition;
	r->tries = 0;
	memcpy(r->cursor, "-", 2);
	begin(r, begin_script, keys, ARRAY_SIZE(keys), 3);
	redis_arg_i64(redis, age_ms);
	redis_arg_str(redis, r->by);
	redis_arg_str(redis, RENEWAL_HOLD_MS);
	result = redis_end(redis, on_begun, r);
	r->busy = result == 0;
	return result;
}
