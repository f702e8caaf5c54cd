/* SPDX-License-Identifier: MIT */
/*
 * What is put down for the archive to do (store/archive_order.h), when the log has been written
 * anew and before the names are forgotten. Where nothing was ever archived there is nothing to do.
 */
#include "eraser_impl.h"

#include "codec/gone_name.h"

/* KEYS: arch, in. Answers 1 if the partition was ever archived, and the last id of its log. */
static const char ask_script[] =
	"#!lua flags=no-writes\n"
	"local last = '0-0'\n"
	"if redis.call('EXISTS', KEYS[2]) == 1 then\n"
	"  local info = redis.call('XINFO', 'STREAM', KEYS[2])\n"
	"  for i = 1, #info, 2 do\n"
	"    if info[i] == 'last-generated-id' then last = info[i + 1] end\n"
	"  end\n"
	"end\n"
	"return {redis.call('EXISTS', KEYS[1]), last}\n";

/* ARGV: receipt, salt, names, then partition and id of each log. */
static const char put_script[] =
	"#!lua flags=allow-oom\n"
	"local o, r = 'wm:order:' .. ARGV[1], 'wm:erasure:' .. ARGV[1]\n"
	"redis.call('HSET', o, 'salt', ARGV[2], 'names', ARGV[3])\n"
	"for i = 4, #ARGV, 2 do redis.call('HSET', o, 'u:' .. ARGV[i], ARGV[i + 1]) end\n"
	"redis.call('SADD', 'wm:orders', ARGV[1])\n"
	"redis.call('HDEL', r, 'archive_at')\n"
	"redis.call('HSET', r, 'archive', 'pending', 'a:left', (#ARGV - 3) / 2)\n"
	"return 1\n";

static int note_none(struct eraser *e)
{
	char key[64];
	const struct span args[] = {SPAN_LIT("HSET"),
		span_of(key, (size_t)snprintf(key, sizeof(key), "wm:erasure:%s", e->receipt)),
		SPAN_LIT("archive"), SPAN_LIT("none")};
	int r = eraser_ask(e, eraser_ignore, args, ARRAY_SIZE(args));

	return r ? r : eraser_then(e, eraser_close);
}

/* 0 or -ENOMEM. */
static int add_names(struct eraser *e, struct buf *names)
{
	struct eraser_list list = {span_of(e->salt, GONE_SALT_LEN), names};
	int r = 0;

	for (size_t i = 0; i < e->n_names && r == 0; i++)
		if (e->names[i].in)
			r = eraser_each_alias(e, e->names[i].key, eraser_list_name, &list);
	return r ? r : buf_failed(names);
}

static int put(struct eraser *e, const struct redis_value *reply)
{
	_cleanup_(buf_release) struct buf names = BUF_INIT;
	struct redis *redis = e->options.redis;
	size_t n = 0;
	int r;

	(void)reply;
	for (uint32_t p = 0; p < e->options.partitions; p++)
		n += e->targets[p].ms > 0;
	if (!e->archived || n == 0)
		return note_none(e);
	r = add_names(e, &names);
	if (r < 0)
		return r;
	redis_begin(redis, 6 + 2 * n);
	redis_arg_str(redis, "EVAL");
	redis_arg_str(redis, put_script);
	redis_arg_str(redis, "0");
	redis_arg(redis, span_of(e->receipt, RECEIPT_LEN));
	redis_arg(redis, span_of(e->salt, GONE_SALT_LEN));
	redis_arg(redis, buf_span(&names));
	for (uint32_t p = 0; p < e->options.partitions; p++) {
		char id[LOG_ID_SIZE];

		if (e->targets[p].ms == 0)
			continue;
		log_id_format(e->targets[p], id);
		redis_arg_u64(redis, p);
		redis_arg_str(redis, id);
	}
	r = eraser_asked(e, eraser_ignore);
	return r ? r : eraser_then(e, eraser_close);
}

/* Replies come in the order of the partitions. */
static int on_log(struct eraser *e, const struct redis_value *reply)
{
	if (reply->n_items != 2 || log_id_parse(reply->items[1].text, &e->targets[e->part]) != 0)
		return eraser_stuck(e, "a log was answered in another form");
	e->archived = e->archived || reply->items[0].integer == 1;
	e->part++;
	return 0;
}

int eraser_order(struct eraser *e, const struct redis_value *reply)
{
	static const char *const keys[] = {"arch", "in"};
	struct redis *redis = e->options.redis;
	int r = 0;

	(void)reply;
	e->part = 0;
	e->archived = false;
	for (uint32_t p = 0; p < e->options.partitions && r == 0; p++) {
		redis_begin(redis, 3 + ARRAY_SIZE(keys));
		redis_arg_str(redis, "EVAL");
		redis_arg_str(redis, ask_script);
		redis_arg_u64(redis, ARRAY_SIZE(keys));
		for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
			char key[32];

			(void)snprintf(key, sizeof(key), "wm:{p%u}:%s", p, keys[i]);
			redis_arg_str(redis, key);
		}
		r = eraser_asked(e, on_log);
	}
	return r ? r : eraser_then(e, put);
}
