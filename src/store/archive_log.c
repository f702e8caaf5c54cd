/* SPDX-License-Identifier: MIT */
/*
 * wm:{p}:arch, wm:{p}:seal, and what of wm:{p}:in is no longer needed. The scripts run at the
 * memory limit: what they add is little, and archiving is what lets the log become shorter.
 */
#include "archive_command.h"
#include "store/keys.h"

/* KEYS: arch, pos. */
static const char look_script[] =
	"#!lua flags=allow-oom\n"
	"local pos = redis.call('HMGET', KEYS[2], 'id', 'clock')\n"
	"if not pos[1] then return redis.error_reply('FOREIGN no position') end\n"
	"local a = redis.call('HMGET', KEYS[1], 'epoch', 'id', 'file', 'trimmed')\n"
	"local e = a[1]\n"
	"if ARGV[1] == '1' then e = redis.call('HINCRBY', KEYS[1], 'epoch', 1) end\n"
	"return {tostring(e or 0), a[2] or '0-0', a[3] or '', pos[1], pos[2], a[4] or '0-0'}\n";

/*
 * KEYS: seal, gone. ARGV: 1 if the names of those who are gone can be told, then of each customer
 * the key's field, the name among the gone (empty: nobody looks), and a key if there is none.
 */
static const char keys_script[] =
	"#!lua flags=allow-oom\n"
	"if ARGV[1] ~= '1' and redis.call('EXISTS', KEYS[2]) == 1 then\n"
	"  return redis.error_reply('SALT there are some who were erased')\n"
	"end\n"
	"local keys = {}\n"
	"for i = 2, #ARGV, 3 do\n"
	"  local key = redis.call('HGET', KEYS[1], ARGV[i])\n"
	"  if not key and ARGV[i + 1] ~= ''\n"
	"      and redis.call('HEXISTS', KEYS[2], ARGV[i + 1]) == 1 then\n"
	"    key = ''\n"
	"  elseif not key then\n"
	"    key = ARGV[i + 2]\n"
	"    redis.call('HSET', KEYS[1], ARGV[i], key)\n"
	"  end\n"
	"  keys[#keys + 1] = key\n"
	"end\n"
	"return keys\n";

/* KEYS: arch. ARGV: epoch, from, through, file, clock, lines, bytes. */
static const char advance_script[] =
	"#!lua flags=allow-oom\n"
	"local a = redis.call('HMGET', KEYS[1], 'epoch', 'id')\n"
	"if a[1] ~= ARGV[1] or (a[2] or '0-0') ~= ARGV[2] then\n"
	"  return redis.error_reply('FENCED ' .. tostring(a[1]))\n"
	"end\n"
	"local t = redis.call('TIME')\n"
	"redis.call('HSET', KEYS[1], 'id', ARGV[3], 'file', ARGV[4], 'clock', ARGV[5],\n"
	"  'at', t[1] * 1000 + math.floor(t[2] / 1000))\n"
	"redis.call('HINCRBY', KEYS[1], 'lines', ARGV[6])\n"
	"redis.call('HINCRBY', KEYS[1], 'bytes', ARGV[7])\n"
	"return redis.status_reply('OK')\n";

/* KEYS: arch. ARGV: epoch, field, its value (empty: it goes). */
static const char note_script[] = "#!lua flags=allow-oom\n"
				  "if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then\n"
				  "  return redis.error_reply('FENCED')\n"
				  "end\n"
				  "if ARGV[3] == '' then redis.call('HDEL', KEYS[1], ARGV[2])\n"
				  "else redis.call('HSET', KEYS[1], ARGV[2], ARGV[3]) end\n"
				  "return redis.status_reply('OK')\n";

/*
 * KEYS: arch, pos, in. ARGV: epoch, how long the log is kept (ms). Whole nodes of the stream first
 * and not too many at a time, so that Redis does not stand still; the answer is how many went. When
 * there are no whole ones left, what remains is part of one node.
 */
static const char trim_script[] =
	"#!lua flags=allow-oom\n"
	"local a = redis.call('HMGET', KEYS[1], 'epoch', 'id')\n"
	"if a[1] ~= ARGV[1] then return redis.error_reply('FENCED') end\n"
	"local function parts(id)\n"
	"  local ms, seq = string.match(id or '0-0', '(%d+)-(%d+)')\n"
	"  return tonumber(ms), tonumber(seq)\n"
	"end\n"
	"local ms, seq = parts(a[2])\n"
	"local pms, pseq = parts(redis.call('HGET', KEYS[2], 'id'))\n"
	"if pms < ms or (pms == ms and pseq < seq) then ms, seq = pms, pseq end\n"
	"local t = redis.call('TIME')\n"
	"local old = t[1] * 1000 + math.floor(t[2] / 1000) - ARGV[2]\n"
	"local cut = string.format('%.0f-%.0f', ms, seq + 1)\n"
	"if old <= ms then cut = string.format('%.0f-0', math.max(old, 0)) end\n"
	"local n = redis.call('XTRIM', KEYS[3], 'MINID', '~', cut, 'LIMIT', 10000)\n"
	"if n == 0 then\n"
	"  n = redis.call('XTRIM', KEYS[3], 'MINID', '=', cut)\n"
	"  if n > 0 then redis.call('HSET', KEYS[1], 'trimmed', cut) end\n"
	"  return 0\n"
	"end\n"
	"redis.call('HSET', KEYS[1], 'trimmed', cut)\n"
	"return n\n";

/* ---- where it stands -------------------------------------------------------------------- */

static bool place_of(const struct redis_value *v, struct archive_place *ret_place)
{
	struct archive_place p = {.clock = 0};
	uint64_t clock;
	struct span file;

	if (v->type != REDIS_ARRAY || v->n_items != 6)
		return false;
	file = v->items[2].text;
	if (file.len >= sizeof(p.file) ||
		span_to_u64(v->items[0].text, UINT64_MAX, &p.epoch) != 0 ||
		log_id_parse(v->items[1].text, &p.done) != 0 ||
		log_id_parse(v->items[3].text, &p.applied) != 0 ||
		span_to_u64(v->items[4].text, INT64_MAX, &clock) != 0 ||
		log_id_parse(v->items[5].text, &p.trimmed) != 0)
		return false;
	p.clock = (int64_t)clock;
	if (file.len > 0)
		memcpy(p.file, file.ptr, file.len);
	*ret_place = p;
	return true;
}

static int look(struct archive_log *l, bool begin, struct archive_place *ret_place)
{
	static const char *const keys[] = {"arch", "pos"};
	_cleanup_(arena_release) struct arena arena;
	const struct redis_value *v;
	struct archive_command c;
	int r;

	arena_init(&arena);
	c = archive_command_of(l, &arena, ARCHIVE_ARGS_MAX);
	archive_add_script(&c, look_script, keys, 2);
	archive_add_number(&c, begin);
	r = archive_send(&c, &v);
	if (r == 0 && !place_of(v, ret_place))
		return archive_refuse(l, SPAN_LIT("where the archive stands cannot be read"));
	return r;
}

int archive_begin(struct archive_log *l, struct archive_place *ret_place)
{
	return look(l, true, ret_place);
}

int archive_look(struct archive_log *l, struct archive_place *ret_place)
{
	return look(l, false, ret_place);
}

int archive_advance(
	struct archive_log *l, const struct archive_place *from, const struct archive_step *step)
{
	static const char *const keys[] = {"arch"};
	_cleanup_(arena_release) struct arena arena;
	const struct redis_value *v;
	struct archive_command c;

	arena_init(&arena);
	c = archive_command_of(l, &arena, ARCHIVE_ARGS_MAX);
	archive_add_script(&c, advance_script, keys, 1);
	archive_add_number(&c, from->epoch);
	archive_add_id(&c, from->done);
	archive_add_id(&c, step->through);
	archive_add(&c, span_str(step->file));
	archive_add_number(&c, (uint64_t)step->clock);
	archive_add_number(&c, step->lines);
	archive_add_number(&c, step->bytes);
	return archive_send(&c, &v);
}

static int note(struct archive_log *l, uint64_t epoch, struct span field, struct span value)
{
	static const char *const keys[] = {"arch"};
	_cleanup_(arena_release) struct arena arena;
	const struct redis_value *v;
	struct archive_command c;

	arena_init(&arena);
	c = archive_command_of(l, &arena, ARCHIVE_ARGS_MAX);
	archive_add_script(&c, note_script, keys, 1);
	archive_add_number(&c, epoch);
	archive_add(&c, field);
	archive_add(&c, value);
	return archive_send(&c, &v);
}

int archive_trouble(struct archive_log *l, uint64_t epoch, const char *why)
{
	return note(l, epoch, SPAN_LIT("trouble"), span_str(why));
}

int archive_move(struct archive_log *l, uint64_t epoch)
{
	return note(l, epoch, SPAN_LIT("file"), SPAN_EMPTY);
}

int archive_trim(struct archive_log *l, uint64_t epoch, int64_t keep_ms)
{
	static const char *const keys[] = {"arch", "pos", "in"};
	int64_t n = 1;
	int r = 0;

	while (r == 0 && n > 0) {
		_cleanup_(arena_release) struct arena arena;
		const struct redis_value *v;
		struct archive_command c;

		arena_init(&arena);
		c = archive_command_of(l, &arena, ARCHIVE_ARGS_MAX);
		archive_add_script(&c, trim_script, keys, 3);
		archive_add_number(&c, epoch);
		archive_add_number(&c, (uint64_t)keep_ms);
		r = archive_send(&c, &v);
		if (r == 0)
			n = v->integer;
	}
	return r;
}

/* ---- entries ---------------------------------------------------------------------------- */

int archive_entries(struct archive_log *l, struct log_id after, struct log_id until,
	struct arena *a, const struct redis_value **ret_entries)
{
	struct archive_command c = archive_command_of(l, a, ARCHIVE_ARGS_MAX);
	char from[LOG_ID_SIZE + 1] = "(";
	int r;

	log_id_format(after, from + 1);
	archive_add(&c, SPAN_LIT("XRANGE"));
	archive_add_key(&c, "in");
	archive_add(&c, span_str(from));
	archive_add_id(&c, until);
	archive_add(&c, SPAN_LIT("COUNT"));
	archive_add_number(&c, ARCHIVE_PAGE);
	r = archive_send(&c, ret_entries);
	if (r == 0 && (*ret_entries)->type != REDIS_ARRAY)
		return archive_refuse(l, SPAN_LIT("XRANGE answered in another form"));
	return r;
}

/* ---- keys ------------------------------------------------------------------------------- */

void archive_nobody(struct log_id id, char out[ARCHIVE_NOBODY_SIZE])
{
	out[0] = '?';
	log_id_format(id, out + 1);
}

/* The keys that there are; empty where there is none. */
static int ask_keys(struct archive_log *l, const struct span *customers, size_t n, struct arena *a,
	struct span *ret_keys)
{
	struct archive_command c = archive_command_of(l, a, 2 + n);
	const struct redis_value *v;
	int r;

	archive_add(&c, SPAN_LIT("HMGET"));
	archive_add_key(&c, "seal");
	for (size_t i = 0; i < n; i++)
		archive_add(&c, customers[i]);
	r = archive_send(&c, &v);
	if (r == 0 && v->n_items != n)
		return archive_refuse(l, SPAN_LIT("HMGET answered in another form"));
	for (size_t i = 0; r == 0 && i < n; i++)
		ret_keys[i] = v->items[i].text;
	return r;
}

/* What the names of the erased are made with; empty: nobody was ever erased. */
static int ask_salt(struct archive_log *l, struct arena *a, struct span *ret_salt)
{
	struct archive_command c = archive_command_of(l, a, ARCHIVE_ARGS_MAX);
	const struct redis_value *v;
	int r;

	archive_add(&c, SPAN_LIT("HGET"));
	archive_add(&c, SPAN_LIT("wm:meta"));
	archive_add(&c, SPAN_LIT("salt"));
	r = archive_send(&c, &v);
	if (r == 0)
		*ret_salt = v->text;
	return r;
}

static void add_wanted(struct archive_command *c, struct span customer, struct span salt)
{
	char made[SEAL_KEY_TEXT + 1], gone[SEAL_MAC_TEXT + 1] = "";

	archive_add(c, customer);
	if (seal_key_make(made) < 0)
		c->failed = true;
	if (salt.len > 0 && seal_mac(salt, customer, gone) < 0)
		c->failed = true;
	archive_add_copy(c, span_str(gone));
	archive_add_copy(c, span_str(made));
}

/* Makes the keys that are missing in KEYS. */
static int make_keys(struct archive_log *l, const struct span *customers, size_t n, struct arena *a,
	struct span *keys)
{
	static const char *const names[] = {"seal", "gone"};
	struct archive_command c = archive_command_of(l, a, ARCHIVE_ARGS_MAX + 3 * n);
	const struct redis_value *v;
	struct span salt;
	size_t made = 0;
	int r = ask_salt(l, a, &salt);

	if (r != 0)
		return r;
	archive_add_script(&c, keys_script, names, 2);
	archive_add_number(&c, salt.len > 0);
	for (size_t i = 0; i < n; i++)
		if (keys[i].len == 0)
			add_wanted(&c, customers[i], salt);
	r = archive_send(&c, &v);
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (keys[i].len > 0)
			continue;
		if (made == v->n_items)
			return archive_refuse(
				l, SPAN_LIT("the keys were answered in another form"));
		keys[i] = v->items[made++].text;
	}
	return r;
}

int archive_keys(struct archive_log *l, const struct span *customers, size_t n, struct arena *a,
	struct span *ret_keys)
{
	bool all = true;
	int r = n > 0 ? ask_keys(l, customers, n, a, ret_keys) : 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		all = all && ret_keys[i].len > 0;
	if (r == 0 && !all)
		r = make_keys(l, customers, n, a, ret_keys);
	/* Somebody was erased for the first time ever, just now. */
	if (r == ARCHIVE_REFUSED && strncmp(l->words, "SALT", 4) == 0)
		r = make_keys(l, customers, n, a, ret_keys);
	return r;
}
