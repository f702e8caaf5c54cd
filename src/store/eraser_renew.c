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

static const char *const streams[] = {"in", "bad", "jobs", "shadow"};

/* KEYS: the stream, the new one. ARGV: from where, how many. Answers `more` and the last id copied,
 * `again`, or `done`. */
static const char renew_script[] =
	"local page = redis.call('XRANGE', KEYS[1], ARGV[1], '+', 'COUNT', ARGV[2])\n"
	"for _, e in ipairs(page) do redis.call('XADD', KEYS[2], e[1], unpack(e[2])) end\n"
	"if #page == tonumber(ARGV[2]) then return {'more', page[#page][1]} end\n"
	"local n = redis.call('XLEN', KEYS[1])\n"
	"if n ~= redis.call('XLEN', KEYS[2]) then\n"
	"  redis.call('UNLINK', KEYS[2])\n"
	"  return {'again', ''}\n"
	"end\n"
	"if n == 0 then return {'done', ''} end\n"
	"local info, last = redis.call('XINFO', 'STREAM', KEYS[1]), nil\n"
	"for i = 1, #info, 2 do\n"
	"  if info[i] == 'last-generated-id' then last = info[i + 1] end\n"
	"end\n"
	"redis.call('XSETID', KEYS[2], last)\n"
	"redis.call('RENAME', KEYS[2], KEYS[1])\n"
	"return {'done', ''}\n";

static int copy_page(struct eraser *e, const struct redis_value *reply);
static int begin_stream(struct eraser *e);

static void keys_of(const struct eraser *e, char old[64], char new[64])
{
	(void)snprintf(old, 64, "wm:{p%u}:%s", e->part, streams[e->stream]);
	(void)snprintf(new, 64, "wm:{p%u}:renew:%s", e->part, streams[e->stream]);
}

/* Had the stream something of theirs? What was put aside may stand anywhere. */
static bool is_wanted(const struct eraser *e)
{
	if (strcmp(streams[e->stream], "bad") == 0 || e->partitions[e->part])
		return true;
	for (size_t i = 0; i < e->n_names; i++)
		if (e->names[i].in && eraser_partition(e, e->names[i].key) == e->part)
			return true;
	return false;
}

static int next_stream(struct eraser *e)
{
	do {
		if (++e->stream < ARRAY_SIZE(streams))
			continue;
		e->stream = 0;
		if (++e->part == e->options.partitions)
			return eraser_close(e, NULL);
	} while (!is_wanted(e));
	return begin_stream(e);
}

static int on_copied(struct eraser *e, const struct redis_value *reply)
{
	struct span last;

	if (reply->n_items != 2 || reply->items[1].text.len + 2 > sizeof(e->cursor))
		return eraser_stuck(e, "a copy was answered in another form");
	if (redis_value_is(&reply->items[0], "done"))
		return next_stream(e);
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
	char old[64], new[64];
	struct span args[] = {SPAN_LIT("EVAL"), SPAN_LIT(renew_script), SPAN_LIT("2"), SPAN_EMPTY,
		SPAN_EMPTY, span_str(e->cursor), SPAN_LIT("100")};

	(void)reply;
	keys_of(e, old, new);
	args[3] = span_str(old);
	args[4] = span_str(new);
	return eraser_ask(e, on_copied, args, ARRAY_SIZE(args));
}

/* What an interrupted copy has left goes first. */
static int begin_stream(struct eraser *e)
{
	char old[64], new[64];
	struct span args[] = {SPAN_LIT("UNLINK"), SPAN_EMPTY};
	int r;

	keys_of(e, old, new);
	args[1] = span_str(new);
	memcpy(e->cursor, "-", 2);
	r = eraser_ask(e, eraser_ignore, args, ARRAY_SIZE(args));
	return r ? r : eraser_then(e, copy_page);
}

int eraser_renew(struct eraser *e, const struct redis_value *reply)
{
	(void)reply;
	e->part = 0;
	e->stream = 0;
	e->tries = 0;
	return is_wanted(e) ? begin_stream(e) : next_stream(e);
}
