/* SPDX-License-Identifier: MIT */
/*
 * What is kept of all others, one key after the other as Redis lists them: first the values under
 * customers' keys, which only their owners change, so that they are told to (SCRUB), and looked at
 * again when they have; then sealed chunks and the records of before a merge. Nobody changes those
 * any more but to remove them, so they are put in the place of what was read, if it is still there.
 */
#include "eraser_impl.h"

#include "codec/link.h"
#include "codec/message_json.h"
#include "core/news.h"

#define SCAN_COUNT  "128"
#define PAGE_CHUNKS 32
/* More would mean that what is told comes faster than it is taken out. */
#define ROUNDS_MAX 20

/* KEYS: list. ARGV: index, what stands there, what shall. */
static const char chunk_script[] =
	"if redis.call('LINDEX', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end\n"
	"redis.call('LSET', KEYS[1], ARGV[1], ARGV[3])\n"
	"return 1\n";

/* KEYS: hash. ARGV: field, what stands there, what shall. */
static const char field_script[] =
	"if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end\n"
	"redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])\n"
	"return 1\n";

static int scan(struct eraser *e, const struct redis_value *reply);
static int next_key(struct eraser *e, const struct redis_value *reply);

/* ---- keys -------------------------------------------------------------------------------- */

/* Is it of the kind that E goes through now? */
static bool is_wanted(const struct eraser *e, struct span text)
{
	struct key_parts key;

	if (!key_parse(text, &key) || key.partition >= e->options.partitions)
		return false;
	return e->sealed ? key.letter == 't' || key.letter == 'm' : key.letter == 'c';
}

/* ---- customers --------------------------------------------------------------------------- */

static int say_scrub(struct eraser *e, uint32_t partition, struct span to)
{
	const struct message m = {.from = MESSAGE_FROM_STAFF,
		.seq = 1,
		.kind = MESSAGE_SCRUB,
		.to = to,
		.reason = span_str(e->receipt)};

	e->others++;
	e->partitions[partition] = true;
	return eraser_say(e, partition, &m, SPAN_EMPTY);
}

/* ID, whose value is VALUE, stands in for one of them (apply_passed.c). */
static bool is_stand_in(struct eraser *e, struct span id, struct span value)
{
	struct link link;

	return span_starts(id, NEWS_LEFT) && link_decode(value, &link) == 0 &&
	       map_get(&e->match.names, link.to);
}

static int on_value(struct eraser *e, const struct redis_value *reply)
{
	_cleanup_(buf_release) struct buf clean = BUF_INIT;
	struct entry_match *m = &e->match.entries;
	struct key_parts key;
	int r;

	if (!key_parse(e->page[e->page_at++], &key) || reply->type != REDIS_STRING)
		return 0;
	if (span_starts(key.id, NEWS_LEFT))
		return is_stand_in(e, key.id, reply->text) ? say_scrub(e, key.partition, key.id)
							   : 0;
	r = scrub_value(m->scrubber, m->packer, reply->text, &clean);
	return r == 0 ? say_scrub(e, key.partition, key.id) : r < 0 ? r : 0;
}

/* All of a page at once. */
static int get_values(struct eraser *e)
{
	int r = 0;

	for (size_t i = 0; i < e->n_page && r == 0; i++) {
		const struct span args[] = {SPAN_LIT("GET"), e->page[i]};

		r = eraser_ask(e, on_value, args, ARRAY_SIZE(args));
	}
	return r ? r : eraser_then(e, scan);
}

/* ---- chunks and snapshots ---------------------------------------------------------------- */

static int on_put(struct eraser *e, const struct redis_value *reply)
{
	e->scrubbed[SCRUBBED_CHUNKS] += reply->integer == 1;
	return 0;
}

static int put(
	struct eraser *e, struct span script, struct span at, struct span old, struct span new)
{
	const struct span args[] = {
		SPAN_LIT("EVAL"), script, SPAN_LIT("1"), e->page[e->page_at], at, old, new};

	return eraser_ask(e, on_put, args, ARRAY_SIZE(args));
}

static int scrub_item(struct eraser *e, const struct redis_value *item, uint64_t index)
{
	_cleanup_(buf_release) struct buf clean = BUF_INIT;
	struct entry_match *m = &e->match.entries;
	char at[24];
	int r = scrub_chunk(m->scrubber, m->packer, item->text, &clean);

	(void)snprintf(at, sizeof(at), "%llu", (unsigned long long)index);
	return r == 0  ? put(e, SPAN_LIT(chunk_script), span_str(at), item->text, buf_span(&clean))
	       : r < 0 ? r
		       : 0;
}

static int get_chunks(struct eraser *e, const struct redis_value *reply);

static int on_chunks(struct eraser *e, const struct redis_value *reply)
{
	int r = 0;

	for (size_t i = 0; i < reply->n_items && r == 0; i++)
		r = scrub_item(e, &reply->items[i], e->page_from + i);
	e->page_from += reply->n_items;
	if (reply->n_items < PAGE_CHUNKS) {
		e->page_at++;
		e->page_from = 0;
		return r ? r : eraser_then(e, next_key);
	}
	return r ? r : eraser_then(e, get_chunks);
}

static int get_chunks(struct eraser *e, const struct redis_value *reply)
{
	char from[24], to[24];
	const struct span args[] = {SPAN_LIT("LRANGE"), e->page[e->page_at],
		span_of(from, (size_t)snprintf(from, sizeof(from), "%llu",
				      (unsigned long long)e->page_from)),
		span_of(to, (size_t)snprintf(to, sizeof(to), "%llu",
				    (unsigned long long)e->page_from + PAGE_CHUNKS - 1))};

	(void)reply;
	return eraser_ask(e, on_chunks, args, ARRAY_SIZE(args));
}

static int on_snapshots(struct eraser *e, const struct redis_value *reply)
{
	struct entry_match *m = &e->match.entries;
	int r = 0;

	for (size_t i = 0; i + 1 < reply->n_items && r == 0; i += 2) {
		_cleanup_(buf_release) struct buf clean = BUF_INIT;
		struct span value = reply->items[i + 1].text;

		r = scrub_value(m->scrubber, m->packer, value, &clean);
		r = r == 0	       ? put(e, SPAN_LIT(field_script), reply->items[i].text, value,
						 buf_span(&clean))
		    : r == SCRUB_CLEAN ? 0
				       : r;
	}
	e->page_at++;
	return r ? r : eraser_then(e, next_key);
}

static int next_key(struct eraser *e, const struct redis_value *reply)
{
	struct key_parts key;

	if (e->page_at == e->n_page)
		return scan(e, reply);
	if (key_parse(e->page[e->page_at], &key) && key.letter == 'm') {
		const struct span args[] = {SPAN_LIT("HGETALL"), e->page[e->page_at]};

		return eraser_ask(e, on_snapshots, args, ARRAY_SIZE(args));
	}
	return get_chunks(e, reply);
}

/* ---- the way through --------------------------------------------------------------------- */

/* The keys of a page that are wanted outlive the reply. 0 or -ENOMEM. */
static int take_page(struct eraser *e, const struct redis_value *keys)
{
	arena_reset(&e->page_arena);
	e->page = arena_calloc(&e->page_arena, keys->n_items + 1, sizeof(*e->page));
	e->n_page = e->page_at = 0;
	e->page_from = 0;
	if (!e->page)
		return -ENOMEM;
	for (size_t i = 0; i < keys->n_items; i++) {
		struct span *key = &e->page[e->n_page];

		if (!is_wanted(e, keys->items[i].text))
			continue;
		*key = arena_copy(&e->page_arena, keys->items[i].text);
		if (!key->ptr)
			return -ENOMEM;
		e->n_page++;
	}
	return 0;
}

static int on_scan(struct eraser *e, const struct redis_value *reply)
{
	int r;

	if (reply->n_items != 2 || reply->items[0].text.len >= sizeof(e->cursor))
		return eraser_stuck(e, "the list of keys was answered in another form");
	memcpy(e->cursor, reply->items[0].text.ptr, reply->items[0].text.len);
	e->cursor[reply->items[0].text.len] = '\0';
	e->scanned = true;
	eraser_advance(e, reply->items[1].n_items);
	r = take_page(e, &reply->items[1]);
	if (r < 0)
		return r;
	return e->sealed ? eraser_then(e, next_key) : get_values(e);
}

static int begin(struct eraser *e, bool sealed)
{
	e->sealed = sealed;
	e->scanned = false;
	e->others = 0;
	eraser_begin_part(e, sealed ? "customers' pasts looked at" : "customers looked at", 0);
	memcpy(e->cursor, "0", 2);
	return scan(e, NULL);
}

static int again(struct eraser *e, const struct redis_value *reply)
{
	(void)reply;
	return begin(e, false);
}

static int end_of_scan(struct eraser *e)
{
	if (e->sealed)
		return eraser_renew(e, NULL);
	e->scrubbed[SCRUBBED_CUSTOMERS] += e->others;
	if (e->others == 0)
		return begin(e, true);
	if (++e->rounds > ROUNDS_MAX)
		return eraser_stuck(e, "others are told of them faster than it can be taken out");
	return eraser_fence(e, again);
}

static int scan(struct eraser *e, const struct redis_value *reply)
{
	const struct span args[] = {SPAN_LIT("SCAN"), span_str(e->cursor), SPAN_LIT("MATCH"),
		e->sealed ? SPAN_LIT("wm:{p*}:[tm]:*") : SPAN_LIT("wm:{p*}:c:*"), SPAN_LIT("COUNT"),
		SPAN_LIT(SCAN_COUNT)};

	(void)reply;
	if (e->scanned && strcmp(e->cursor, "0") == 0)
		return end_of_scan(e);
	return eraser_ask(e, on_scan, args, ARRAY_SIZE(args));
}

int eraser_others(struct eraser *e, const struct redis_value *reply)
{
	(void)reply;
	e->rounds = 0;
	return begin(e, false);
}
