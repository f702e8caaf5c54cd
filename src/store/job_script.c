/* SPDX-License-Identifier: MIT */
#include "job_script.h"

#include "redis_store_impl.h"

/*
 * What all scripts begin with. KEYS: jobs, later, expiry, jobn, chans, in, day. ARGV: the prefix of
 * the partition's keys, now.
 *
 * Whoever has become part of another customer is judged as that one: their record is held under the
 * key at the end of the links (codec/link.h), which may lie in another partition; a link that leads
 * nowhere yet stands for itself. `cp` is where the customer of a job lives whom an unmerge took out
 * of the one who had it; others live where their jobs lie. On a cluster that is another question to
 * another node, which one script cannot ask.
 */
static const char prelude[] =
	"#!lua flags=allow-oom\n"
	"local call, P, now = redis.call, ARGV[1], tonumber(ARGV[2])\n"
	"local jobs, later, expiry, jobn, chans, log, day = unpack(KEYS)\n"
	"if now == 0 then\n"
	"  local t = call('TIME')\n"
	"  now = t[1] * 1000 + math.floor(t[2] / 1000)\n"
	"end\n"
	"local function ms(n) return string.format('%.0f', n) end\n"
	"local function get(id, ...) return call('HMGET', P .. 'job:' .. id, ...) end\n"
	"local function set(id, ...) call('HSET', P .. 'job:' .. id, ...) end\n"
	"local function moved(class, from, to)\n"
	"  call('HINCRBY', jobn, class .. '/' .. from, -1)\n"
	"  call('HINCRBY', jobn, class .. '/' .. to, 1)\n"
	"end\n"
	"local function offer(o, ch)\n"
	"  call('ZADD', P .. 'ready:' .. ch, 0, o)\n"
	"  call('SADD', chans, ch)\n"
	"end\n"
	"local function withdraw(o, ch)\n"
	"  call('ZREM', P .. 'ready:' .. ch, o)\n"
	"  call('ZREM', later, o)\n"
	"  call('ZREM', expiry, o)\n"
	"end\n"
	"local function tell(event, meta) call('XADD', log, '*', 'e', event, 'm', meta) end\n"
	"local function tally(what, n) call('HINCRBY', day, what, n or 1) end\n"
	"local function held(id)\n"
	"  local j = get(id, 'c', 'cp')\n"
	"  if not j[1] then return '' end\n"
	"  local v = call('GET', (j[2] and 'wm:{p' .. j[2] .. '}:' or P) .. 'c:' .. j[1]) or ''\n"
	"  for hop = 1, 64 do\n"
	"    local p, n, at = string.match(v, '^L1 %x+ (%d+) %-?%d+ %-?%d+ (%d+):()')\n"
	"    if not p then break end\n"
	"    local to = call('GET', 'wm:{p' .. p .. '}:c:' .. string.sub(v, at, at + n - 1))\n"
	"    if not to then break end\n"
	"    v = to\n"
	"  end\n"
	"  return v\n"
	"end\n";

/* A new job into its place. P: prefix of the keys; AT: its place in the stream; FA: when it fired.
 */
const char job_script_place[] =
	"local function place(p, id, at, rank, ch, cl, ru, vu, nb, fa, now)\n"
	"  local key, ms, seq = p .. 'job:' .. id, string.match(at, '(%d+)-(%d+)')\n"
	"  local o = rank .. string.format('%015.0f-%010.0f:', ms, seq) .. id\n"
	"  redis.call('HSET', key, 'o', o, 'ch', ch, 'cl', cl, 'ru', ru, 'vu', vu, 'fa', fa)\n"
	"  redis.call('HINCRBY', p .. 'jobn', cl .. '/ready', 1)\n"
	"  if vu ~= '' then redis.call('ZADD', p .. 'expiry', vu, o) end\n"
	"  if nb ~= '' and tonumber(nb) > tonumber(now) then\n"
	"    redis.call('ZADD', p .. 'later', nb, o)\n"
	"  else\n"
	"    redis.call('ZADD', p .. 'ready:' .. ch, 0, o)\n"
	"    redis.call('SADD', p .. 'chans', ch)\n"
	"  end\n"
	"end\n";

/*
 * Jobs of before there were places, a page a call: each is put behind all of its class. The key
 * `taken` is how far this has come; `all` once the first job with a place was met.
 */
static const char adopt[] =
	"local ranks = {high = '0', medium = '1', low = '2'}\n"
	"local function adopt(e)\n"
	"  local ok, v = pcall(cjson.decode, e[2][4])\n"
	"  if not ok or type(v) ~= 'table' then v = {} end\n"
	"  local function word(x) return type(x) == 'string' and x or '-' end\n"
	"  local class = type(v.priority) == 'table' and ranks[v.priority.class] or '2'\n"
	"  place(P, e[2][2], e[1], class .. '1000000000000000', word(v.channel), word(v.class),\n"
	"    word(v.rule), '', '', '', now)\n"
	"end\n"
	"local from = call('GET', P .. 'taken')\n"
	"if from ~= 'all' then\n"
	"  local page = call('XRANGE', jobs, from and '(' .. from or '-', '+', 'COUNT', 200)\n"
	"  local last = #page < 200 and 'all' or page[200][1]\n"
	"  for _, e in ipairs(page) do\n"
	"    local j = e[2][3] == 'j' and get(e[2][2], 's', 'o') or {}\n"
	"    if j[2] then\n"
	"      last = 'all'\n"
	"      break\n"
	"    end\n"
	"    if j[1] == 'ready' then adopt(e) end\n"
	"  end\n"
	"  call('SET', P .. 'taken', last)\n"
	"end\n";

/*
 * What is next. ARGV: how many, how many of the due to look at, channels (none: all).
 * The reply: members of jobs that may be leased, in order within each channel, and members of those
 * that nobody has leased while they were worth something.
 */
static const char pick[] =
	"local most, due = tonumber(ARGV[3]), tonumber(ARGV[4])\n"
	"for _, o in ipairs(call('ZRANGEBYSCORE', later, '-inf', ms(now), 'LIMIT', 0, due)) do\n"
	"  local id = string.sub(o, 45)\n"
	"  local j = get(id, 's', 'ch', 'cl', 'vu')\n"
	"  call('ZREM', later, o)\n"
	"  if j[1] == 'leased' then\n"
	"    set(id, 's', 'ready')\n"
	"    moved(j[3], 'leased', 'ready')\n"
	"    if j[4] ~= '' then call('ZADD', expiry, j[4], o) end\n"
	"    offer(o, j[2])\n"
	"    tally('leases_ended')\n"
	"  elseif j[1] == 'retracting' then\n"
	"    set(id, 's', 'retracted')\n"
	"    moved(j[3], 'retracting', 'retracted')\n"
	"  elseif j[1] == 'ready' then\n"
	"    offer(o, j[2])\n"
	"  end\n"
	"end\n"
	"local channels, found = {}, {}\n"
	"for i = 5, #ARGV do channels[#channels + 1] = ARGV[i] end\n"
	"if #channels == 0 then channels = call('SMEMBERS', chans) end\n"
	"for _, ch in ipairs(channels) do\n"
	"  for _, o in ipairs(call('ZRANGEBYLEX', P .. 'ready:' .. ch, '-', '+', 'LIMIT', 0, "
	"most)) do\n"
	"    found[#found + 1] = o\n"
	"  end\n"
	"end\n"
	"return {found, call('ZRANGEBYSCORE', expiry, '-inf', ms(now), 'LIMIT', 0, most)}\n";

/*
 * A job whole. ARGV: id. The reply: nothing if there is none; else all of its hash, its JSON, the
 * customer's record if it is asked for ('1'), the server's clock, the name of the rules in force,
 * and something while an incident lasts (core/news.h).
 */
static const char look[] =
	"local h = call('HGETALL', P .. 'job:' .. ARGV[3])\n"
	"if #h == 0 then return false end\n"
	"local f = {}\n"
	"for i = 1, #h, 2 do f[h[i]] = h[i + 1] end\n"
	"local json, record = '', ''\n"
	"if f.at then\n"
	"  local e = call('XRANGE', jobs, f.at, f.at)[1]\n"
	"  json = e and e[2][4] or ''\n"
	"end\n"
	"if ARGV[4] == '1' then record = held(ARGV[3]) end\n"
	"local m = call('HMGET', P .. 'marks', '@incident', '@incident-over')\n"
	"local lasts = m[1] and (not m[2] or tonumber(m[1]) > tonumber(m[2]))\n"
	"return {h, json, record, ms(now), call('HGET', P .. 'pos', 'rules') or '',\n"
	"  lasts and '1' or ''}\n";

/* Is the customer's record still the one that was judged, and by the rules in force? A record's
 * first bytes are version and checksum. */
#define SAME_RECORD                                                                                \
	"local function same(id, head, len, rules)\n"                                              \
	"  if (call('HGET', P .. 'pos', 'rules') or '') ~= rules then return false end\n"          \
	"  local v = held(id)\n"                                                                   \
	"  return string.sub(v, 1, 5) == head and tostring(#v) == len\n"                           \
	"end\n"

/*
 * Gives a job to a consumer. ARGV: id, token, for how long, consumer, head and length of the
 * record, name of the rules. The reply: 'leased', until when, which try it is, channel; 'changed':
 * the record is another, or the rules are; 'gone' and the state: it is not ready.
 */
static const char lease[] = SAME_RECORD
	"local id = ARGV[3]\n"
	"local j = get(id, 's', 'o', 'ch', 'cl', 'c', 'n', 'fa')\n"
	"local waits = j[2] and call('ZSCORE', later, j[2])\n"
	"if j[1] ~= 'ready' or not j[2] or (waits and tonumber(waits) > now) then\n"
	"  return {'gone', j[1] or ''}\n"
	"end\n"
	"if not same(id, ARGV[7], ARGV[8], ARGV[9]) then return {'changed'} end\n"
	"local ends, tries = ms(now + ARGV[5]), call('HINCRBY', P .. 'job:' .. id, 'n', 1)\n"
	"set(id, 's', 'leased', 'tok', ARGV[4], 'lu', ends, 'by', ARGV[6], 'la', ms(now))\n"
	"withdraw(j[2], j[3])\n"
	"call('ZADD', later, ends, j[2])\n"
	"moved(j[4], 'ready', 'leased')\n"
	"tally('leased')\n"
	"if tries == 1 and j[7] ~= '' then\n"
	"  tally('lease_wait_ms', ms(math.max(0, now - j[7])))\n"
	"  tally('leased_first')\n"
	"end\n"
	"return {'leased', ends, tostring(tries), j[3], ms(now)}\n";

/*
 * What the gates said of a job that is ready. ARGV: id, head and length of the record (empty: any),
 * the new state (`ready`: it is put off), channel (empty: as before), until when, reason, event,
 * meta (empty: none), name of the rules.
 * The reply: 'settled', 'changed' or 'gone' and the state.
 */
static const char settle[] =
	SAME_RECORD "local id, to, ch = ARGV[3], ARGV[6], ARGV[7]\n"
		    "local j = get(id, 's', 'o', 'ch', 'cl', 'c', 'vu')\n"
		    "if j[1] ~= 'ready' or not j[2] then return {'gone', j[1] or ''} end\n"
		    "if not same(id, ARGV[4], ARGV[5], ARGV[12]) then return {'changed'} end\n"
		    "withdraw(j[2], j[3])\n"
		    "if ch == '' then ch = j[3] end\n"
		    "set(id, 's', to, 'r', ARGV[9], 'ch', ch)\n"
		    "if to == 'ready' then\n"
		    "  if j[6] ~= '' then call('ZADD', expiry, j[6], j[2]) end\n"
		    "  if tonumber(ARGV[8]) > now then\n"
		    "    set(id, 'nb', ARGV[8])\n"
		    "    call('ZADD', later, ARGV[8], j[2])\n"
		    "    tally('jobs_deferred')\n"
		    "  else\n"
		    "    offer(j[2], ch)\n"
		    "    tally('jobs_rerouted')\n"
		    "  end\n"
		    "else\n"
		    "  moved(j[4], 'ready', to)\n"
		    "  tally('jobs_' .. to)\n"
		    "end\n"
		    "if ARGV[10] ~= '' then tell(ARGV[10], ARGV[11]) end\n"
		    "return {'settled'}\n";

/*
 * It was sent. ARGV: id, token, event, meta. The reply: 'done'; 'retracted': recorded as sent, but
 * it had been taken back; 'lost' and the state: somebody else's affair now; nothing: no such job.
 */
static const char ack[] = "local id = ARGV[3]\n"
			  "local j = get(id, 's', 'tok', 'o', 'ch', 'cl', 'lt', 'ru', 'late')\n"
			  "local s = j[1]\n"
			  "if not s then return false end\n"
			  "if j[2] ~= ARGV[4] or s == 'failed' then return {'lost', s} end\n"
			  "if s == 'done' then return {j[8] and 'retracted' or 'done', s} end\n"
			  "local back = s == 'retracting' or s == 'retracted'\n"
			  "withdraw(j[3], j[4])\n"
			  "set(id, 's', 'done', 'da', ms(now))\n"
			  "moved(j[5], s, 'done')\n"
			  "tell(ARGV[5], ARGV[6])\n"
			  "tally('jobs_done')\n"
			  "if not back then return {'done', 'done'} end\n"
			  "set(id, 'late', '1')\n"
			  "if j[6] == '1' then\n"
			  "  tally('late_cancel_after_send')\n"
			  "  if j[7] ~= '-' then tally('late_cancel_after_send/' .. j[7]) end\n"
			  "end\n"
			  "return {'retracted', 'done'}\n";

/*
 * It was not sent. ARGV: id, token, in how many ms it may be tried again, after how many tries it
 * is given up, reason, event, meta (of the giving up). The reply: 'ready' and not before when;
 * 'failed'; 'retracted'; 'lost' and the state; nothing.
 */
static const char fail[] =
	"local id = ARGV[3]\n"
	"local j = get(id, 's', 'tok', 'o', 'ch', 'cl', 'n', 'vu', 'ft', 'nb')\n"
	"local s = j[1]\n"
	"if not s then return false end\n"
	"if j[2] ~= ARGV[4] then return {'lost', s} end\n"
	"if s == 'failed' then return {'failed'} end\n"
	"if s == 'ready' and j[8] == ARGV[4] then return {'ready', j[9]} end\n"
	"if s == 'retracted' then return {'retracted'} end\n"
	"if s ~= 'leased' and s ~= 'ready' and s ~= 'retracting' then return {'lost', s} end\n"
	"withdraw(j[3], j[4])\n"
	"if s == 'retracting' then\n"
	"  set(id, 's', 'retracted')\n"
	"  moved(j[5], s, 'retracted')\n"
	"  return {'retracted'}\n"
	"end\n"
	"if tonumber(j[6]) >= tonumber(ARGV[6]) then\n"
	"  set(id, 's', 'failed', 'r', ARGV[7])\n"
	"  moved(j[5], s, 'failed')\n"
	"  tell(ARGV[8], ARGV[9])\n"
	"  tally('jobs_failed')\n"
	"  return {'failed'}\n"
	"end\n"
	"local nb = ms(now + ARGV[5])\n"
	"set(id, 's', 'ready', 'r', ARGV[7], 'nb', nb, 'ft', ARGV[4])\n"
	"if j[7] ~= '' then call('ZADD', expiry, j[7], j[3]) end\n"
	"call('ZADD', later, nb, j[3])\n"
	"if s ~= 'ready' then moved(j[5], s, 'ready') end\n"
	"tally('jobs_retried')\n"
	"return {'ready', nb}\n";

/* More time. ARGV: id, token, for how long from now. The reply: 'leased' and until when;
 * 'retracted'; 'lost' and the state; nothing. */
static const char extend[] =
	"local id = ARGV[3]\n"
	"local j = get(id, 's', 'tok', 'o')\n"
	"local s = j[1]\n"
	"if not s then return false end\n"
	"if j[2] ~= ARGV[4] then return {'lost', s} end\n"
	"if s == 'retracting' or s == 'retracted' then return {'retracted'} end\n"
	"if s ~= 'leased' then return {'lost', s} end\n"
	"local ends = ms(now + ARGV[5])\n"
	"set(id, 'lu', ends)\n"
	"call('ZADD', later, ends, j[3])\n"
	"return {'leased', ends}\n";

/* What became of it. ARGV: id, the word for it, when, event, meta. The reply: 'recorded'; 'again'
 * and when it was; 'unsent': nobody was ever given it; nothing. */
static const char outcome[] = "local id = ARGV[3]\n"
			      "local j = get(id, 's', 'n', 'x:' .. ARGV[4])\n"
			      "if not j[1] then return false end\n"
			      "if j[1] ~= 'taken' and not j[2] then return {'unsent', j[1]} end\n"
			      "if j[3] then return {'again', j[3]} end\n"
			      "set(id, 'x:' .. ARGV[4], ARGV[5])\n"
			      "tell(ARGV[6], ARGV[7])\n"
			      "tally('outcome/' .. ARGV[4])\n"
			      "return {'recorded', ARGV[5]}\n";

/*
 * Staff do not want it sent. ARGV: id, reason, event, meta. The reply: 'cancelled'; 'retracting':
 * whoever has it learns so with the next word; 'over' and the state: it is too late; nothing.
 */
static const char cancel[] = "local id = ARGV[3]\n"
			     "local j = get(id, 's', 'o', 'ch', 'cl')\n"
			     "local s = j[1]\n"
			     "if not s then return false end\n"
			     "if s == 'cancelled' or s == 'retracting' then return {s} end\n"
			     "if not j[2] or s ~= 'ready' and s ~= 'leased' then\n"
			     "  return {'over', s}\n"
			     "end\n"
			     "local to = s == 'ready' and 'cancelled' or 'retracting'\n"
			     "if s == 'ready' then withdraw(j[2], j[3]) end\n"
			     "set(id, 's', to, 'r', ARGV[4])\n"
			     "moved(j[4], s, to)\n"
			     "tell(ARGV[5], ARGV[6])\n"
			     "tally('jobs_cancelled_by_staff')\n"
			     "return {to}\n";

/* The pieces of each, in their order. */
static const char *const bodies[JOB_SCRIPT_COUNT][3] = {
	[JOB_SCRIPT_PICK] = {job_script_place, adopt, pick},
	[JOB_SCRIPT_LOOK] = {look, "", ""},
	[JOB_SCRIPT_LEASE] = {lease, "", ""},
	[JOB_SCRIPT_SETTLE] = {settle, "", ""},
	[JOB_SCRIPT_ACK] = {ack, "", ""},
	[JOB_SCRIPT_FAIL] = {fail, "", ""},
	[JOB_SCRIPT_EXTEND] = {extend, "", ""},
	[JOB_SCRIPT_OUTCOME] = {outcome, "", ""},
	[JOB_SCRIPT_CANCEL] = {cancel, "", ""},
};

int job_script_send(struct redis *redis, const struct job_call *call)
{
	static const char *const names[] = {"jobs", "later", "expiry", "jobn", "chans", "in"};
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	const size_t n_keys = ARRAY_SIZE(names) + 1;
	char key[KEY_SIZE];

	buf_add_str(&text, prelude);
	for (size_t i = 0; i < ARRAY_SIZE(bodies[0]); i++)
		buf_add_str(&text, bodies[call->script][i]);
	if (buf_failed(&text) < 0)
		return -ENOMEM;
	redis_begin(redis, 3 + n_keys + 2 + call->n_args);
	redis_arg_str(redis, "EVAL");
	redis_arg(redis, buf_span(&text));
	redis_arg_u64(redis, n_keys);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		redis_arg(redis, key_text(key, call->partition, names[i]));
	buf_reset(&text);
	key_add_day(&text, call->partition, call->day);
	redis_arg(redis, buf_span(&text));
	buf_reset(&text);
	key_add(&text, call->partition, "");
	redis_arg(redis, buf_span(&text));
	redis_arg_i64(redis, call->now);
	for (size_t i = 0; i < call->n_args; i++)
		redis_arg(redis, call->args[i]);
	return redis_end(redis, call->fn, call->user);
}
