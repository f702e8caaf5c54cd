/* SPDX-License-Identifier: MIT */
/*
 * Who owns a partition. The lease decides who tries, the epoch who succeeds: it grows with every
 * taking, and a commit under an older one is refused, however late it comes. So no clock needs to
 * be trusted, and a lease that ends too early costs a take-over, not a customer.
 */
#include "redis_store_impl.h"

/*
 * KEYS: lease, pos, in. ARGV: worker, ttl, name of the worker's rules (empty: none). The log must
 * reach as far as the position. Rules that are not the log's last become its next entry, so that
 * they are in force from a place in it; the first of all are in force from its beginning.
 */
static const char acquire_script[] =
	"#!lua flags=allow-oom\n"
	"local holder = redis.call('GET', KEYS[1])\n"
	"if holder and holder ~= ARGV[1] then\n"
	"  return redis.error_reply('TAKEN by ' .. holder)\n"
	"end\n"
	"local pos = redis.call('HMGET', KEYS[2], 'epoch', 'seq', 'id', 'clock')\n"
	"for i = 1, 4 do\n"
	"  if not pos[i] then return redis.error_reply('FOREIGN no position') end\n"
	"end\n"
	"if pos[3] ~= '0-0' then\n"
	"  if redis.call('EXISTS', KEYS[3]) == 0 then\n"
	"    return redis.error_reply('FOREIGN the log is gone')\n"
	"  end\n"
	"  local info = redis.call('XINFO', 'STREAM', KEYS[3])\n"
	"  local last = '0-0'\n"
	"  for i = 1, #info, 2 do\n"
	"    if info[i] == 'last-generated-id' then last = info[i + 1] end\n"
	"  end\n"
	"  local ms, seq = string.match(last, '(%d+)-(%d+)')\n"
	"  local pms, pseq = string.match(pos[3], '(%d+)-(%d+)')\n"
	"  ms, seq, pms, pseq = tonumber(ms), tonumber(seq), tonumber(pms), tonumber(pseq)\n"
	"  if not pms or ms < pms or (ms == pms and seq < pseq) then\n"
	"    return redis.error_reply('FOREIGN the log ends at ' .. last\n"
	"      .. ', before the position ' .. pos[3])\n"
	"  end\n"
	"end\n"
	"local rules = redis.call('HMGET', KEYS[2], 'rules', 'rules_last')\n"
	"if ARGV[3] ~= '' and (not rules[1] or rules[1] == '') then\n"
	"  redis.call('HSET', KEYS[2], 'rules', ARGV[3], 'rules_first', ARGV[3],\n"
	"    'rules_last', ARGV[3])\n"
	"elseif ARGV[3] ~= '' and rules[2] ~= ARGV[3] then\n"
	"  redis.call('XADD', KEYS[3], '*', 'r', ARGV[3])\n"
	"  redis.call('HSET', KEYS[2], 'rules_last', ARGV[3])\n"
	"end\n"
	"redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])\n"
	"redis.call('HINCRBY', KEYS[2], 'epoch', 1)\n"
	"return redis.call('HMGET', KEYS[2], 'epoch', 'seq', 'id', 'clock', 'rules', 'out')\n";

/* KEYS: lease. ARGV: worker, ttl. */
static const char renew_script[] = "#!lua flags=allow-oom\n"
				   "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end\n"
				   "return redis.call('PEXPIRE', KEYS[1], ARGV[2])\n";

/* KEYS: lease. ARGV: worker. */
static const char release_script[] = "#!lua flags=allow-oom\n"
				     "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end\n"
				     "return redis.call('DEL', KEYS[1])\n";

/* KEYS: workers. ARGV: worker, ttl (empty: it leaves). The server's clock judges all alike. */
static const char workers_script[] = "#!lua flags=allow-oom\n"
				     "local t = redis.call('TIME')\n"
				     "local now = t[1] * 1000 + math.floor(t[2] / 1000)\n"
				     "redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)\n"
				     "if ARGV[2] == '' then\n"
				     "  redis.call('ZREM', KEYS[1], ARGV[1])\n"
				     "else\n"
				     "  redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])\n"
				     "end\n"
				     "return redis.call('ZCARD', KEYS[1])\n";

/* A question under way. They are asked every few seconds, so each may have its own memory. */
struct lease_ask {
	struct redis_store *store;
	uint64_t rules; /* acquire: digest of the worker's; 0: none */
	lease_fn *lease;
	workers_fn *workers;
	void *user;
};

struct lease_script {
	const char *body;
	const char *const *keys; /* names, the partition's prefix in front; ends with NULL */
	redis_reply_fn fn;
};

/* Sends SCRIPT with a copy of ASK; TTL_MS -1: the script takes none. */
static int ask(const struct lease_ask *question, const struct lease_script *script, uint32_t p,
	struct span worker, int64_t ttl_ms)
{
	struct redis *redis = question->store->redis;
	struct lease_ask *copy = malloc(sizeof(*copy));
	char rules[RULES_DIGEST_SIZE] = "";
	size_t n_keys = 0;
	char key[KEY_SIZE];
	int r;

	if (!copy)
		return -ENOMEM;
	*copy = *question;
	while (script->keys[n_keys])
		n_keys++;
	if (question->rules)
		rules_digest_format(question->rules, rules);
	redis_begin(redis, 3 + n_keys + 3);
	redis_arg_str(redis, "EVAL");
	redis_arg_str(redis, script->body);
	redis_arg_u64(redis, n_keys);
	for (size_t i = 0; i < n_keys; i++)
		redis_arg(redis, p == UINT32_MAX ? span_str(script->keys[i])
						 : key_text(key, p, script->keys[i]));
	redis_arg(redis, worker);
	if (ttl_ms < 0)
		redis_arg(redis, SPAN_EMPTY);
	else
		redis_arg_i64(redis, ttl_ms);
	redis_arg_str(redis, rules);
	r = store_send(question->store, script->fn, copy);
	if (r < 0)
		free(copy);
	return r;
}

static void landed(struct lease_ask *a)
{
	store_landed(a->store);
	free(a);
}

static void answer_lease(const struct lease_ask *a, int r, const struct position *p)
{
	if (a->lease)
		a->lease(a->user, r, p);
}

/* Epoch, seq, id, clock, rules, out; the last two may not be there yet. */
static bool position_of(const struct redis_value *v, struct position *ret_p)
{
	struct position p;

	if (v->type != REDIS_ARRAY || v->n_items != 6 ||
		span_to_u64(v->items[0].text, UINT64_MAX, &p.epoch) != 0 ||
		span_to_u64(v->items[1].text, UINT64_MAX, &p.seq) != 0 ||
		log_id_parse(v->items[2].text, &p.id) != 0 ||
		!number_of(v->items[3].text, &p.clock))
		return false;
	p.rules = p.out = 0;
	if (v->items[5].text.len > 0 && span_to_u64(v->items[5].text, INT64_MAX, &p.out) != 0)
		return false;
	if (v->items[4].text.len > 0 && !rules_digest_parse(v->items[4].text, &p.rules))
		return false;
	*ret_p = p;
	return true;
}

static int acquire_outcome(
	struct redis_store *s, const struct redis_value *reply, struct position *ret_p)
{
	if (!reply)
		return LEASE_UNKNOWN;
	if (position_of(reply, ret_p))
		return 0;
	store_refused(s,
		reply->type == REDIS_ERROR ? reply->text : SPAN_LIT("the position cannot be read"));
	if (redis_value_is_error(reply, "TAKEN"))
		return LEASE_TAKEN;
	if (reply->type != REDIS_ERROR || redis_value_is_error(reply, "FOREIGN"))
		return LEASE_FOREIGN;
	return LEASE_UNKNOWN;
}

static void on_acquired(void *user, const struct redis_value *reply)
{
	struct lease_ask *a = user;
	struct position p;
	int r = acquire_outcome(a->store, reply, &p);

	answer_lease(a, r, r == 0 ? &p : NULL);
	landed(a);
}

/* 1: it was ours. */
static void on_held(void *user, const struct redis_value *reply)
{
	struct lease_ask *a = user;
	int r = LEASE_UNKNOWN;

	if (reply && reply->type == REDIS_INTEGER)
		r = reply->integer == 1 ? 0 : LEASE_LOST;
	else if (reply)
		store_refused(a->store, reply->text);
	answer_lease(a, r, NULL);
	landed(a);
}

static void on_workers(void *user, const struct redis_value *reply)
{
	struct lease_ask *a = user;
	bool ok = reply && reply->type == REDIS_INTEGER && reply->integer >= 0 &&
		  reply->integer <= UINT32_MAX;

	if (reply && !ok)
		store_refused(a->store, reply->text);
	if (a->workers)
		a->workers(a->user, ok ? 0 : LEASE_UNKNOWN, ok ? (uint32_t)reply->integer : 0);
	landed(a);
}

static const char *const acquire_keys[] = {"lease", "pos", "in", NULL};
static const char *const lease_keys[] = {"lease", NULL};
static const char *const workers_keys[] = {"wm:workers", NULL};

int lease_acquire(struct redis_store *s, uint32_t p, const struct lease_claim *claim, lease_fn *fn,
	void *user)
{
	const struct lease_script script = {acquire_script, acquire_keys, on_acquired};

	return ask(
		&(struct lease_ask){.store = s, .rules = claim->rules, .lease = fn, .user = user},
		&script, p, claim->worker, claim->ttl_ms);
}

int lease_renew(struct redis_store *s, uint32_t p, struct span worker, int64_t ttl_ms, lease_fn *fn,
	void *user)
{
	const struct lease_script script = {renew_script, lease_keys, on_held};

	return ask(&(struct lease_ask){.store = s, .lease = fn, .user = user}, &script, p, worker,
		ttl_ms);
}

int lease_release(struct redis_store *s, uint32_t p, struct span worker, lease_fn *fn, void *user)
{
	const struct lease_script script = {release_script, lease_keys, on_held};

	return ask(
		&(struct lease_ask){.store = s, .lease = fn, .user = user}, &script, p, worker, -1);
}

int workers_announce(
	struct redis_store *s, struct span worker, int64_t ttl_ms, workers_fn *fn, void *user)
{
	const struct lease_script script = {workers_script, workers_keys, on_workers};

	return ask(&(struct lease_ask){.store = s, .workers = fn, .user = user}, &script,
		UINT32_MAX, worker, ttl_ms);
}

int workers_leave(struct redis_store *s, struct span worker, workers_fn *fn, void *user)
{
	const struct lease_script script = {workers_script, workers_keys, on_workers};

	return ask(&(struct lease_ask){.store = s, .workers = fn, .user = user}, &script,
		UINT32_MAX, worker, -1);
}
