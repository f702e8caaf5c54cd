/* SPDX-License-Identifier: MIT */
/*
 * Redis marks an entry of a stream as removed and keeps its bytes until all entries of its block
 * are, some hundred; they would stand in the files as well. So a stream from which something was
 * removed is copied, page by page, to a new one with the same ids, which takes its place if by then
 * it has as many entries; entries that are added meanwhile are copied last, by the script that also
 * swaps the two. If entries were removed meanwhile, it is done again.
 *
 * It costs the room of one stream for a while, and one copy of each that had something of theirs.
 */
#include "eraser_impl.h"

/* More tries mean that somebody removes entries faster than they are copied. */
#define TRIES_MAX 100

/* KEYS: the stream, the new one, what is to stand in place of some. ARGV: from where, how many.
 * Answers `more` and the last id copied, `again`, or `done` and how many were changed. */
static const char renew_script[] =
	"local page = redis.call('XRANGE', KEYS[1], ARGV[1], '+', 'COUNT', ARGV[2])\n"
	"local some = redis.call('EXISTS', KEYS[3]) == 1\n"
	"for _, e in ipairs(page) do\n"
	"  local as = some and redis.call('HGET', KEYS[3], e[1])\n"
	"  redis.call('XADD', KEYS[2], e[1], unpack(as and cmsgpack.unpack(as) or e[2]))\n"
	"end\n"
	"if #page == tonumber(ARGV[2]) then return {'more', page[#page][1]} end\n"
	"local n, as = redis.call('XLEN', KEYS[1]), redis.call('HLEN', KEYS[3])\n"
	"if n ~= redis.call('XLEN', KEYS[2]) then\n"
	"  redis.call('UNLINK', KEYS[2])\n"
	"  return {'again', ''}\n"
	"end\n"
	"redis.call('UNLINK', KEYS[3])\n"
	"if n == 0 then return {'done', tostring(as)} end\n"
	"local info, last = redis.call('XINFO', 'STREAM', KEYS[1]), nil\n"
	"for i = 1, #info, 2 do\n"
	"  if info[i] == 'last-generated-id' then last = info[i + 1] end\n"
	"end\n"
	"redis.call('XSETID', KEYS[2], last)\n"
	"redis.call('RENAME', KEYS[2], KEYS[1])\n"
	"return {'done', tostring(as)}\n";

static int copy_page(struct eraser *e, const struct redis_value *reply);
static int begin_stream(struct eraser *e);

/* The stream at hand, and where it is written anew. */
static void keys_of(const struct eraser *e, char old[64], char new[64], char as[64])
{
	eraser_stream_key(e, old);
	eraser_stage_key(e, as);
	if (e->stream == STREAM_AUDIT)
		(void)snprintf(new, 64, "wm:renew:audit");
	else
		(void)snprintf(new, 64, "wm:{p%u}:renew:%s", e->part, strrchr(old, ':') + 1);
}

/* Had the stream something of theirs? What was put aside may stand anywhere. */
static bool is_wanted(const struct eraser *e)
{
	uint32_t part = e->stream == STREAM_AUDIT ? e->options.partitions : e->part;

	if (e->staged[part] >> e->stream & 1)
		return true;
	if (e->stream == STREAM_OUT || e->stream == STREAM_AUDIT)
		return false;
	if (e->stream == STREAM_BAD || e->partitions[e->part])
		return true;
	for (size_t i = 0; i < e->n_names; i++)
		if (e->names[i].in && eraser_partition(e, e->names[i].key) == e->part)
			return true;
	return false;
}

static int next_stream(struct eraser *e)
{
	do {
		if (e->stream == STREAM_AUDIT)
			return eraser_order(e, NULL);
		if (++e->stream < STREAM_AUDIT)
			continue;
		if (++e->part < e->options.partitions)
			e->stream = STREAM_IN;
	} while (!is_wanted(e));
	return begin_stream(e);
}

static int on_copied(struct eraser *e, const struct redis_value *reply)
{
	uint64_t changed = 0;
	struct span last;

	if (reply->n_items != 2 || reply->items[1].text.len + 2 > sizeof(e->cursor))
		return eraser_stuck(e, "a copy was answered in another form");
	if (redis_value_is(&reply->items[0], "done")) {
		(void)span_to_u64(reply->items[1].text, UINT64_MAX, &changed);
		e->scrubbed[SCRUBBED_ENTRIES] += changed;
		return next_stream(e);
	}
	if (redis_value_is(&reply->items[0], "again") && ++e->tries > TRIES_MAX)
		return eraser_stuck(e, "a stream changes faster than it can be copied");
	if (redis_value_is(&reply->items[0], "again"))
		return begin_stream(e);
	last = reply->items[1].text;
	e->cursor[0] = '(';
	memcpy(e->cursor + 1, last.ptr, last.len);
	e->cursor[last.len + 1] = '\0';
	return copy_page(e, NULL);
}

static int copy_page(struct eraser *e, const struct redis_value *reply)
{
	char old[64], new[64], as[64];
	struct span args[] = {SPAN_LIT("EVAL"), SPAN_LIT(renew_script), SPAN_LIT("3"), SPAN_EMPTY,
		SPAN_EMPTY, SPAN_EMPTY, span_str(e->cursor), SPAN_LIT("100")};

	(void)reply;
	keys_of(e, old, new, as);
	args[3] = span_str(old);
	args[4] = span_str(new);
	args[5] = span_str(as);
	return eraser_ask(e, on_copied, args, ARRAY_SIZE(args));
}

/* What an interrupted copy has left goes first. */
static int begin_stream(struct eraser *e)
{
	char old[64], new[64], as[64];
	struct span args[] = {SPAN_LIT("UNLINK"), SPAN_EMPTY};
	int r;

	keys_of(e, old, new, as);
	args[1] = span_str(new);
	memcpy(e->cursor, "-", 2);
	r = eraser_ask(e, eraser_ignore, args, ARRAY_SIZE(args));
	return r ? r : eraser_then(e, copy_page);
}

int eraser_renew(struct eraser *e, const struct redis_value *reply)
{
	(void)reply;
	e->part = 0;
	e->stream = STREAM_IN;
	e->tries = 0;
	return is_wanted(e) ? begin_stream(e) : next_stream(e);
}
