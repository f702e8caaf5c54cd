/* SPDX-License-Identifier: MIT */
/*
 * The end of an erasure: what it knew is forgotten, and Redis writes its files anew, since those
 * hold every command of the past; only then is it over. The log of slow commands holds arguments
 * too, so it is emptied.
 */
#include "eraser_impl.h"

#include "codec/gone_name.h"

#define FILES_POLL_MS 50

static int rewritten(struct eraser *e, const struct redis_value *reply);

/* ---- forgetting --------------------------------------------------------------------------- */

static int remove_key(struct eraser *e, const char *key)
{
	const struct span args[] = {SPAN_LIT("UNLINK"), span_str(key)};

	return eraser_ask(e, eraser_ignore, args, ARRAY_SIZE(args));
}

/* What was done to others, and `by`, which is what somebody typed. */
static int note_others(struct eraser *e, const char *key)
{
	_cleanup_(buf_release) struct buf by = BUF_INIT;
	int r = scrub_text(e->match.entries.scrubber, e->by, &by);

	if (r == 0) {
		const struct span args[] = {
			SPAN_LIT("HSET"), span_str(key), SPAN_LIT("by"), buf_span(&by)};

		r = eraser_ask(e, eraser_ignore, args, ARRAY_SIZE(args));
	} else if (r == SCRUB_CLEAN) {
		r = 0;
	}
	for (size_t i = 0; i < SCRUBBED_COUNT && r == 0; i++) {
		char field[32], n[24];
		const struct span args[] = {SPAN_LIT("HINCRBY"), span_str(key),
			span_of(field,
				(size_t)snprintf(field, sizeof(field), "o:%s", scrubbed_words[i])),
			span_of(n, (size_t)snprintf(n, sizeof(n), "%llu",
					   (unsigned long long)e->scrubbed[i]))};

		r = eraser_ask(e, eraser_ignore, args, ARRAY_SIZE(args));
	}
	return r;
}

int eraser_close(struct eraser *e, const struct redis_value *reply)
{
	char key[64], n[24];
	struct span args[] = {SPAN_LIT("HSET"), SPAN_EMPTY, SPAN_LIT("n:identifiers"), SPAN_EMPTY};
	size_t theirs = 0;
	int r = 0;

	(void)reply;
	for (size_t i = 0; i < e->n_names; i++)
		theirs += e->names[i].in;
	(void)snprintf(key, sizeof(key), "wm:erasure:%s", e->receipt);
	(void)snprintf(n, sizeof(n), "%zu", theirs);
	args[1] = span_str(key);
	args[3] = span_str(n);
	r = eraser_ask(e, eraser_ignore, args, ARRAY_SIZE(args));
	r = r ? r : note_others(e, key);
	for (uint32_t p = 0; p < e->options.partitions && r == 0; p++) {
		(void)snprintf(key, sizeof(key), "wm:{p%u}:erased:%s", p, e->receipt);
		r = remove_key(e, key);
		(void)snprintf(key, sizeof(key), "wm:{p%u}:kin:%s", p, e->receipt);
		r = r ? r : remove_key(e, key);
		(void)snprintf(key, sizeof(key), "wm:{p%u}:linkkin:%s", p, e->receipt);
		r = r ? r : remove_key(e, key);
	}
	(void)snprintf(key, sizeof(key), "wm:erasing:%s", e->receipt);
	r = r ? r : remove_key(e, key);
	return r ? r : eraser_then(e, eraser_rewrite);
}

/* ---- files -------------------------------------------------------------------------------- */

/* The number behind NAME and a colon at the beginning of a line of INFO; -1: none. */
static int64_t info_number(struct span info, const char *name)
{
	size_t n = strlen(name);

	for (const char *line = info.ptr; line; line = strchr(line, '\n')) {
		uint64_t value = 0;
		size_t len;

		line += *line == '\n';
		if (strncmp(line, name, n) != 0 || line[n] != ':')
			continue;
		len = strcspn(line + n + 1, "\r\n");
		return span_to_u64(span_of(line + n + 1, len), INT64_MAX, &value) == 0
			       ? (int64_t)value
			       : -1;
	}
	return -1;
}

static bool info_is(struct span info, const char *line)
{
	return info.ptr && strstr(info.ptr, line) != NULL;
}

/* KEYS: none. ARGV: receipt, which files. */
static const char over_script[] =
	"local t = redis.call('TIME')\n"
	"redis.call('HSET', 'wm:erasure:' .. ARGV[1], 'files', ARGV[2],\n"
	"  'finished_at', string.format('%.0f', t[1] * 1000 + math.floor(t[2] / 1000)))\n"
	"redis.call('SREM', 'wm:erasing', ARGV[1])\n"
	"return 1\n";

static int on_over(struct eraser *e, const struct redis_value *reply)
{
	(void)e;
	(void)reply;
	return ERASER_OVER;
}

static int over(struct eraser *e, const char *files)
{
	const struct span args[] = {SPAN_LIT("EVAL"), SPAN_LIT(over_script), SPAN_LIT("0"),
		span_of(e->receipt, RECEIPT_LEN), span_str(files)};

	return eraser_ask(e, on_over, args, ARRAY_SIZE(args));
}

static int ask_info(struct eraser *e, step_fn *fn)
{
	const struct span args[] = {SPAN_LIT("INFO"), SPAN_LIT("persistence")};

	return eraser_ask(e, fn, args, ARRAY_SIZE(args));
}

static int ask_info_again(struct eraser *e, const struct redis_value *reply)
{
	(void)reply;
	return ask_info(e, rewritten);
}

static int on_rewriting(struct eraser *e, const struct redis_value *reply)
{
	/* One that runs already began before the last removal: then ours comes after it. */
	e->rewriting = reply->type != REDIS_ERROR;
	return eraser_later(e, FILES_POLL_MS, ask_info_again);
}

static int on_saving(struct eraser *e, const struct redis_value *reply)
{
	e->saving = reply->type != REDIS_ERROR;
	return eraser_later(e, FILES_POLL_MS, ask_info_again);
}

static int start_rewrite(struct eraser *e)
{
	redis_begin(e->options.redis, 1);
	redis_arg_str(e->options.redis, "BGREWRITEAOF");
	return eraser_asked_any(e, on_rewriting);
}

static int start_save(struct eraser *e)
{
	redis_begin(e->options.redis, 2);
	redis_arg_str(e->options.redis, "BGSAVE");
	redis_arg_str(e->options.redis, "SCHEDULE");
	return eraser_asked_any(e, on_saving);
}

static bool is_busy(struct span info)
{
	return info_number(info, "aof_rewrite_in_progress") > 0 ||
	       info_number(info, "aof_rewrite_scheduled") > 0 ||
	       info_number(info, "rdb_bgsave_in_progress") > 0;
}

static int rewritten(struct eraser *e, const struct redis_value *reply)
{
	struct span info = reply->text;
	bool aof = info_number(info, "aof_enabled") == 1;

	if (is_busy(info))
		return eraser_later(e, FILES_POLL_MS, ask_info_again);
	if (aof && !e->rewriting)
		return start_rewrite(e);
	if (aof && !info_is(info, "aof_last_bgrewrite_status:ok"))
		return eraser_stuck(e, "Redis could not write its append-only file anew");
	if (e->saves && !e->saving)
		return start_save(e);
	if (e->saves && !info_is(info, "rdb_last_bgsave_status:ok"))
		return eraser_stuck(e, "Redis could not write its snapshot anew");
	return over(e, aof ? e->saves ? "aof rdb" : "aof" : e->saves ? "rdb" : "none");
}

/* [`save`, when], or an error where it may not be asked. */
static int on_save_setting(struct eraser *e, const struct redis_value *reply)
{
	e->saves =
		reply->type != REDIS_ARRAY || reply->n_items != 2 || reply->items[1].text.len > 0;
	return ask_info(e, rewritten);
}

int eraser_rewrite(struct eraser *e, const struct redis_value *reply)
{
	int r;

	(void)reply;
	redis_begin(e->options.redis, 2);
	redis_arg_str(e->options.redis, "SLOWLOG");
	redis_arg_str(e->options.redis, "RESET");
	r = eraser_asked_any(e, eraser_ignore);
	if (r != 0)
		return r;
	redis_begin(e->options.redis, 3);
	redis_arg_str(e->options.redis, "CONFIG");
	redis_arg_str(e->options.redis, "GET");
	redis_arg_str(e->options.redis, "save");
	return eraser_asked_any(e, on_save_setting);
}

/* ---- coming back -------------------------------------------------------------------------- */

/* ARGV: receipt, by. */
static const char lifted_script[] =
	"local t = redis.call('TIME')\n"
	"redis.call('HSET', 'wm:erasure:' .. ARGV[1], 'lifted_by', ARGV[2],\n"
	"  'lifted_at', string.format('%.0f', t[1] * 1000 + math.floor(t[2] / 1000)))\n"
	"return 1\n";

int eraser_lifted(struct eraser *e, const struct redis_value *reply)
{
	const struct span args[] = {SPAN_LIT("EVAL"), SPAN_LIT(lifted_script), SPAN_LIT("0"),
		span_of(e->receipt, RECEIPT_LEN), e->by};

	(void)reply;
	return eraser_ask(e, on_over, args, ARRAY_SIZE(args));
}

/* [name, `MS RECEIPT`, …] of one partition, which has those of all. */
static int on_all_gone(struct eraser *e, const struct redis_value *reply)
{
	buf_reset(&e->list);
	for (size_t i = 0; i + 1 < reply->n_items; i += 2) {
		struct span value = reply->items[i + 1].text;
		unsigned char name[GONE_NAME_SIZE];

		if (value.len <= RECEIPT_LEN ||
			memcmp(value.ptr + value.len - RECEIPT_LEN, e->receipt, RECEIPT_LEN) != 0 ||
			!gone_name_parse(reply->items[i].text, name))
			continue;
		buf_add(&e->list, name, sizeof(name));
	}
	return eraser_say_lift(e);
}

int eraser_list_gone(struct eraser *e, const struct redis_value *reply)
{
	char key[32];
	struct span args[] = {SPAN_LIT("HGETALL"), SPAN_EMPTY};

	(void)reply;
	(void)snprintf(key, sizeof(key), "wm:{p%u}:gone", eraser_partition(e, e->find.keys[0]));
	args[1] = span_str(key);
	return eraser_ask(e, on_all_gone, args, ARRAY_SIZE(args));
}
