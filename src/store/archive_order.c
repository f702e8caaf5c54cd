/* SPDX-License-Identifier: MIT */
#include "store/archive_order.h"

#include "archive_command.h"
#include "codec/gone_name.h"
#include "store/keys.h"

/* ARGV: receipt, partition, what is about to be done. */
static const char intend_script[] =
	"#!lua flags=allow-oom\n"
	"local o = 'wm:order:' .. ARGV[1]\n"
	"if redis.call('HEXISTS', o, 'u:' .. ARGV[2]) == 0 then return 0 end\n"
	"return redis.call('HSET', o, 'i:' .. ARGV[2], ARGV[3])\n";

/* ARGV: receipt, partition, what was gone through, lines scrubbed, lines sealed, files written
 * anew. An order that another process has settled meanwhile is not begun again. */
static const char note_script[] =
	"#!lua flags=allow-oom\n"
	"local o, r = 'wm:order:' .. ARGV[1], 'wm:erasure:' .. ARGV[1]\n"
	"if redis.call('HEXISTS', o, 'u:' .. ARGV[2]) == 0 then return 0 end\n"
	"redis.call('HSET', o, 'c:' .. ARGV[2], ARGV[3])\n"
	"redis.call('HDEL', o, 'i:' .. ARGV[2])\n"
	"redis.call('HINCRBY', r, 'a:looked', 1)\n"
	"redis.call('HINCRBY', r, 'a:lines', ARGV[4])\n"
	"redis.call('HINCRBY', r, 'a:sealed', ARGV[5])\n"
	"redis.call('HINCRBY', r, 'a:files', ARGV[6])\n"
	"return 1\n";

/* ARGV: receipt, partition, `done`, `waits` or `elsewhere`. */
static const char settle_script[] =
	"#!lua flags=allow-oom\n"
	"local o, r = 'wm:order:' .. ARGV[1], 'wm:erasure:' .. ARGV[1]\n"
	"if redis.call('HEXISTS', o, 'u:' .. ARGV[2]) == 0 then return 0 end\n"
	"redis.call('HDEL', o, 'x:' .. ARGV[2])\n"
	"if ARGV[3] == 'elsewhere' then redis.call('HSET', o, 'x:' .. ARGV[2], 1) end\n"
	"if ARGV[3] == 'done' then\n"
	"  redis.call('HDEL', o, 'u:' .. ARGV[2], 'c:' .. ARGV[2], 'i:' .. ARGV[2])\n"
	"end\n"
	"local left, elsewhere = 0, 0\n"
	"for _, k in ipairs(redis.call('HKEYS', o)) do\n"
	"  if string.sub(k, 1, 2) == 'u:' then left = left + 1 end\n"
	"  if string.sub(k, 1, 2) == 'x:' then elsewhere = elsewhere + 1 end\n"
	"end\n"
	"redis.call('HSET', r, 'a:left', left, 'a:elsewhere', elsewhere)\n"
	"if left > 0 then return 1 end\n"
	"local t = redis.call('TIME')\n"
	"redis.call('UNLINK', o)\n"
	"redis.call('SREM', 'wm:orders', ARGV[1])\n"
	"redis.call('HSET', r, 'archive', 'done',\n"
	"  'archive_at', string.format('%.0f', t[1] * 1000 + math.floor(t[2] / 1000)))\n"
	"return 1\n";

/* KEYS: arch, pos, in. ARGV: the last id. Answers 1 if all that came up to there is archived. */
static const char reached_script[] =
	"#!lua flags=no-writes\n"
	"local function parts(id)\n"
	"  local ms, seq = string.match(id or '0-0', '(%d+)-(%d+)')\n"
	"  return tonumber(ms), tonumber(seq)\n"
	"end\n"
	"local id = redis.call('HGET', KEYS[1], 'id') or '0-0'\n"
	"local ms, seq = parts(ARGV[1])\n"
	"local pms, pseq = parts(redis.call('HGET', KEYS[2], 'id'))\n"
	"if pms < ms or (pms == ms and pseq < seq) then return 0 end\n"
	"return #redis.call('XRANGE', KEYS[3], '(' .. id, ARGV[1], 'COUNT', 1) == 0 and 1 or 0\n";

/* ---- what was gone through --------------------------------------------------------------- */

static bool reaches(struct log_id through, struct log_id after)
{
	return log_id_compare(through, after) >= 0;
}

/* Joins what touches. */
static void join(struct archive_order *o)
{
	size_t n = 0;

	for (size_t i = 0; i < o->n_ranges; i++) {
		struct order_range *last = n > 0 ? &o->ranges[n - 1] : NULL;

		if (!last || !reaches(last->through, o->ranges[i].after))
			o->ranges[n++] = o->ranges[i];
		else if (log_id_compare(last->through, o->ranges[i].through) < 0)
			last->through = o->ranges[i].through;
	}
	o->n_ranges = n;
}

static void add_range(struct archive_order *o, const struct order_range *range)
{
	size_t at = 0;

	while (at < o->n_ranges && log_id_compare(o->ranges[at].after, range->after) <= 0)
		at++;
	/* As part of the one before it finds room. */
	if (at > 0 && reaches(o->ranges[at - 1].through, range->after)) {
		if (log_id_compare(o->ranges[at - 1].through, range->through) < 0)
			o->ranges[at - 1].through = range->through;
	} else if (o->n_ranges < ORDER_RANGES_MAX) {
		memmove(&o->ranges[at + 1], &o->ranges[at],
			(o->n_ranges - at) * sizeof(*o->ranges));
		o->ranges[at] = *range;
		o->n_ranges++;
	}
	join(o);
}

bool archive_order_has(const struct archive_order *o, struct log_id first)
{
	/* The first file behind it is read for how far the one before came. */
	if (log_id_compare(first, o->until) > 0 && o->n_ranges > 0 &&
		reaches(o->ranges[o->n_ranges - 1].through, o->until))
		return true;
	for (size_t i = 0; i < o->n_ranges; i++)
		if (log_id_compare(o->ranges[i].after, first) < 0 &&
			reaches(o->ranges[i].through, first))
			return true;
	return false;
}

enum order_state archive_order_state(
	const struct archive_order *o, struct log_id until, bool all_here)
{
	const struct order_range *last = o->n_ranges ? &o->ranges[o->n_ranges - 1] : NULL;
	bool gap = o->n_ranges > 1 || (last && last->after.ms > 0);

	if (until.ms == 0)
		return ORDER_DONE; /* nothing was archived */
	if (last && reaches(last->through, until) && (all_here || !gap))
		return ORDER_DONE;
	return gap ? ORDER_ELSEWHERE : ORDER_WAITS;
}

int archive_order_reach(
	struct archive_log *l, const struct archive_order *o, struct log_id *ret_until)
{
	static const char *const keys[] = {"arch", "pos", "in"};
	_cleanup_(arena_release) struct arena arena;
	const struct redis_value *v;
	struct archive_command c;
	struct archive_place place;
	int r = archive_look(l, &place);

	if (r != 0)
		return r;
	arena_init(&arena);
	c = archive_command_of(l, &arena, ARCHIVE_ARGS_MAX);
	archive_add_script(&c, reached_script, keys, ARRAY_SIZE(keys));
	archive_add_id(&c, o->until);
	r = archive_send(&c, &v);
	if (r == 0)
		*ret_until = v->integer == 1 && log_id_compare(place.done, o->until) < 0
				     ? place.done
				     : o->until;
	return r;
}

/* ---- reading ----------------------------------------------------------------------------- */

/* The part of *TEXT up to C, which goes from it. */
static struct span cut(struct span *text, char c)
{
	const char *end = text->len ? memchr(text->ptr, c, text->len) : NULL;
	size_t n = end ? (size_t)(end - text->ptr) : text->len;
	struct span part = span_of(text->ptr, n);

	n = end ? n + 1 : n;
	*text = span_of(text->ptr + n, text->len - n);
	return part;
}

/* What cannot be read was not gone through. */
static void read_ranges(struct archive_order *o, struct span text)
{
	while (text.len > 0) {
		struct span one = cut(&text, ' '), after = cut(&one, '>');
		struct order_range range;

		if (log_id_parse(after, &range.after) == 0 &&
			log_id_parse(one, &range.through) == 0)
			add_range(o, &range);
	}
}

/* `FIRST SCRUBBED SEALED` */
static void read_intent(struct archive_order *o, struct span text)
{
	struct span first = cut(&text, ' '), scrubbed = cut(&text, ' ');
	struct order_count count;

	if (first.len > 0 && log_id_parse(first, &o->file) == 0 &&
		span_to_u64(scrubbed, UINT64_MAX, &count.scrubbed) == 0 &&
		span_to_u64(text, UINT64_MAX, &count.sealed) == 0)
		o->intent = count;
}

static int take_names(struct archive_orders *o, struct span receipt, struct span names)
{
	int r = 0;

	for (; names.len >= GONE_NAME_SIZE && r == 0;
		names = span_of(names.ptr + GONE_NAME_SIZE, names.len - GONE_NAME_SIZE)) {
		struct commit_gone gone = {.by = receipt};

		memcpy(gone.name, names.ptr, GONE_NAME_SIZE);
		r = gone_take(&o->gone, &gone);
	}
	return r;
}

/* [salt, names, u, c, i]. 0 or -ENOMEM. */
static int take_order(struct archive_orders *o, struct span receipt, const struct redis_value *v)
{
	struct archive_order *order = &o->items[o->n];
	struct span salt = v->items[0].text;

	if (v->items[2].text.len == 0 || salt.len != GONE_SALT_LEN ||
		log_id_parse(v->items[2].text, &order->until) != 0)
		return 0; /* this partition is done */
	/* There is one salt in a data set. */
	if (o->n == 0)
		gone_set_salt(&o->gone, salt);
	else if (memcmp(o->gone.salt, salt.ptr, salt.len) != 0)
		return 0;
	memcpy(order->receipt, receipt.ptr, receipt.len);
	read_ranges(order, v->items[3].text);
	read_intent(order, v->items[4].text);
	o->n++;
	return take_names(o, receipt, v->items[1].text);
}

static int load_order(struct archive_log *l, struct archive_orders *o, struct span receipt)
{
	_cleanup_(arena_release) struct arena arena;
	const struct redis_value *v;
	struct archive_command c;
	char field[3][16], key[64];
	int r;

	if (receipt.len != RECEIPT_LEN)
		return 0;
	arena_init(&arena);
	c = archive_command_of(l, &arena, ARCHIVE_ARGS_MAX);
	(void)snprintf(key, sizeof(key), "wm:order:%.*s", RECEIPT_LEN, receipt.ptr);
	archive_add(&c, SPAN_LIT("HMGET"));
	archive_add(&c, span_str(key));
	archive_add(&c, SPAN_LIT("salt"));
	archive_add(&c, SPAN_LIT("names"));
	for (size_t i = 0; i < ARRAY_SIZE(field); i++) {
		(void)snprintf(field[i], sizeof(field[i]), "%c:%u", "uci"[i], l -> partition);
		archive_add(&c, span_str(field[i]));
	}
	r = archive_send(&c, &v);
	if (r == 0 && (v->type != REDIS_ARRAY || v->n_items != 5))
		return archive_refuse(l, SPAN_LIT("an order was answered in another form"));
	return r == 0 ? take_order(o, receipt, v) : r;
}

int archive_orders_load(struct archive_log *l, struct archive_orders *o)
{
	const struct redis_value *v;
	struct archive_command c;
	int r;

	*o = (struct archive_orders){.n = 0};
	arena_init(&o->arena);
	gone_init(&o->gone);
	c = archive_command_of(l, &o->arena, ARCHIVE_ARGS_MAX);
	archive_add(&c, SPAN_LIT("SMEMBERS"));
	archive_add(&c, SPAN_LIT("wm:orders"));
	r = archive_send(&c, &v);
	if (r != 0)
		return r;
	o->items = arena_calloc(&o->arena, v->n_items + 1, sizeof(*o->items));
	if (!o->items)
		return -ENOMEM;
	for (size_t i = 0; i < v->n_items && r == 0; i++)
		r = load_order(l, o, v->items[i].text);
	return r;
}

void archive_orders_release(struct archive_orders *o)
{
	gone_release(&o->gone);
	arena_release(&o->arena);
}

/* ---- writing ----------------------------------------------------------------------------- */

int archive_order_intend(struct archive_log *l, const struct archive_order *o, struct log_id first)
{
	_cleanup_(arena_release) struct arena arena;
	const struct redis_value *v;
	struct archive_command c;
	char id[LOG_ID_SIZE], value[128];

	arena_init(&arena);
	c = archive_command_of(l, &arena, ARCHIVE_ARGS_MAX);
	log_id_format(first, id);
	(void)snprintf(value, sizeof(value), "%s %llu %llu", id,
		(unsigned long long)o->count.scrubbed, (unsigned long long)o->count.sealed);
	archive_add_script(&c, intend_script, NULL, 0);
	archive_add(&c, span_str(o->receipt));
	archive_add_number(&c, l->partition);
	archive_add(&c, span_str(value));
	return archive_send(&c, &v);
}

static void add_ranges(const struct archive_order *o, struct buf *out)
{
	for (size_t i = 0; i < o->n_ranges; i++) {
		char after[LOG_ID_SIZE], through[LOG_ID_SIZE];

		log_id_format(o->ranges[i].after, after);
		log_id_format(o->ranges[i].through, through);
		buf_printf(out, "%s%s>%s", i ? " " : "", after, through);
	}
}

int archive_order_note(struct archive_log *l, struct archive_order *o, struct log_id first,
	const struct order_range *range)
{
	_cleanup_(arena_release) struct arena arena;
	_cleanup_(buf_release) struct buf ranges = BUF_INIT;
	struct order_count count = o->count;
	const struct redis_value *v;
	struct archive_command c;

	/* It took its place, and whoever put it there has died. */
	if (count.scrubbed + count.sealed == 0 && log_id_compare(o->file, first) == 0)
		count = o->intent;
	add_range(o, range);
	add_ranges(o, &ranges);
	if (buf_failed(&ranges) < 0)
		return -ENOMEM;
	arena_init(&arena);
	c = archive_command_of(l, &arena, ARCHIVE_ARGS_MAX);
	archive_add_script(&c, note_script, NULL, 0);
	archive_add(&c, span_str(o->receipt));
	archive_add_number(&c, l->partition);
	archive_add(&c, buf_span(&ranges));
	archive_add_number(&c, count.scrubbed);
	archive_add_number(&c, count.sealed);
	archive_add_number(&c, count.scrubbed + count.sealed > 0);
	return archive_send(&c, &v);
}

int archive_order_settle(
	struct archive_log *l, const struct archive_order *o, enum order_state state)
{
	static const char *const words[] = {
		[ORDER_DONE] = "done", [ORDER_WAITS] = "waits", [ORDER_ELSEWHERE] = "elsewhere"};
	_cleanup_(arena_release) struct arena arena;
	const struct redis_value *v;
	struct archive_command c;

	arena_init(&arena);
	c = archive_command_of(l, &arena, ARCHIVE_ARGS_MAX);
	archive_add_script(&c, settle_script, NULL, 0);
	archive_add(&c, span_str(o->receipt));
	archive_add_number(&c, l->partition);
	archive_add(&c, span_str(words[state]));
	return archive_send(&c, &v);
}
