/* SPDX-License-Identifier: MIT */
/*
 * The script of the commit, as Redis gets it; what it is given is redis_commit_script.c's. Keys
 * beyond KEYS lie in the same hash slot, since all bear the partition's tag.
 */
#include "redis_store_impl.h"

/*
 * KEYS: pos, jobs, day. ARGV: epoch, seq, new seq, id, clock, rules, then two lists of commands,
 * each command with its length in front, each list with 0 behind; then jobs as key, id, customer,
 * JSON, rank, channel, class, rule, valid until, not before and when it fired, with an empty one
 * behind; then retractions as key, id, reason, late, likewise; then one more list of commands, to
 * be run last. Between the head and this goes the piece that puts a job into its place.
 */
const char commit_head[] = "#!lua flags=allow-oom\n";

const char commit_script[] =
	"local held = redis.call('HMGET', KEYS[1], 'epoch', 'seq')\n"
	"if not held[1] or not held[2] then\n"
	"  return redis.error_reply('FOREIGN no position')\n"
	"end\n"
	"if held[1] ~= ARGV[1] then\n"
	"  return redis.error_reply('FENCED ' .. held[1])\n"
	"end\n"
	"if held[2] ~= ARGV[2] then\n"
	"  return redis.error_reply('POS ' .. held[2])\n"
	"end\n"
	"local i = 7\n"
	"local function run()\n"
	"  local n = tonumber(ARGV[i])\n"
	"  while n > 0 do\n"
	"    redis.call(unpack(ARGV, i + 1, i + n))\n"
	"    i = i + n + 1\n"
	"    n = tonumber(ARGV[i])\n"
	"  end\n"
	"  i = i + 1\n"
	"end\n"
	"run()\n"
	"run()\n"
	"local P = string.sub(KEYS[2], 1, -5)\n"
	"while ARGV[i] ~= '' do\n"
	"  if redis.call('HSETNX', ARGV[i], 's', 'ready') == 1 then\n"
	"    local at = redis.call('XADD', KEYS[2], '*', 'id', ARGV[i + 1], 'j', ARGV[i + 3])\n"
	"    redis.call('HSET', ARGV[i], 'at', at, 'c', ARGV[i + 2])\n"
	"    place(P, ARGV[i + 1], at, ARGV[i + 4], ARGV[i + 5], ARGV[i + 6], ARGV[i + 7],\n"
	"      ARGV[i + 8], ARGV[i + 9], ARGV[i + 10], ARGV[5])\n"
	"  end\n"
	"  i = i + 11\n"
	"end\n"
	"i = i + 1\n"
	"while ARGV[i] ~= '' do\n"
	"  local j = redis.call('HMGET', ARGV[i], 's', 'o', 'ch', 'cl', 'ru')\n"
	"  local s = j[1]\n"
	"  if s == 'ready' or s == 'leased' then\n"
	"    local to = s == 'ready' and 'retracted' or 'retracting'\n"
	"    redis.call('HSET', ARGV[i], 's', to, 'r', ARGV[i + 2], 'lt', ARGV[i + 3])\n"
	"    redis.call('XADD', KEYS[2], '*', 'id', ARGV[i + 1], 'r', ARGV[i + 2])\n"
	"    if j[2] then\n"
	"      redis.call('HINCRBY', P .. 'jobn', j[4] .. '/' .. s, -1)\n"
	"      redis.call('HINCRBY', P .. 'jobn', j[4] .. '/' .. to, 1)\n"
	"      redis.call('ZREM', P .. 'ready:' .. j[3], j[2])\n"
	"      redis.call('ZREM', P .. 'expiry', j[2])\n"
	"      if s == 'ready' then redis.call('ZREM', P .. 'later', j[2]) end\n"
	"    end\n"
	"  elseif (s == 'taken' or s == 'done') and ARGV[i + 3] == '1' then\n"
	"    redis.call('HINCRBY', KEYS[3], 'late_cancel_after_send', 1)\n"
	"    if j[5] and j[5] ~= '-' then redis.call('HINCRBY', KEYS[3], 'late_cancel_after_send/' "
	".. j[5], 1) "
	"end\n"
	"  end\n"
	"  i = i + 4\n"
	"end\n"
	"i = i + 1\n"
	"redis.call('HSET', KEYS[1], 'seq', ARGV[3], 'id', ARGV[4], 'clock', ARGV[5],\n"
	"  'rules', ARGV[6])\n"
	"run()\n"
	"return redis.status_reply('OK')\n";
