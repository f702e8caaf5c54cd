/* SPDX-License-Identifier: MIT */
/*
 * Streams from which something was removed, or in which something is to be changed, are written
 * anew (store/renewal.h). It costs the room of one stream for a while, and one copy of each that
 * had something of theirs.
 */
#include "eraser_impl.h"

#include "store/renewal.h"

#define PAGE   "100"
#define PAGE_N 100

/* More tries mean that somebody removes entries faster than they are copied. */
#define TRIES_MAX 100

static int copy_page(struct eraser *e, const struct redis_value *reply);
static int begin_stream(struct eraser *e);

/* The stream at hand, the new one, what is to be changed, the mark, who copies, what is applied. */
enum { KEY_OLD, KEY_NEW, KEY_AS, KEY_STALE, KEY_BY, KEY_APPLIED, KEY_COUNT };

struct keys {
	char names[KEY_COUNT][64];
};

static void keys_of(const struct eraser *e, struct keys *k)
{
	char head[32] = "wm:";
	bool in = e->stream == STREAM_IN;

	if (e->stream != STREAM_AUDIT)
		(void)snprintf(head, sizeof(head), "wm:{p%u}:", e->part);
	eraser_stream_key(e, k->names[KEY_OLD]);
	eraser_stage_key(e, k->names[KEY_AS]);
	(void)snprintf(k->names[KEY_NEW], sizeof(k->names[0]), "%srenew:%s", head,
		strrchr(k->names[KEY_OLD], ':') + 1);
	(void)snprintf(k->names[KEY_BY], sizeof(k->names[0]), "%srenew:by", head);
	/* Only the log has a mark and a position; no other hash has a member `id`. */
	(void)snprintf(
		k->names[KEY_STALE], sizeof(k->names[0]), "%s%s", head, in ? "stale" : "renew:as");
	(void)snprintf(
		k->names[KEY_APPLIED], sizeof(k->names[0]), "%s%s", head, in ? "pos" : "renew:as");
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
	if (!redis_value_is(&reply->items[0], "more"))
		return ++e->tries > TRIES_MAX
			       ? eraser_stuck(e, "a stream changes faster than it can be copied")
			       : begin_stream(e);
	eraser_advance(e, PAGE_N);
	last = reply->items[1].text;
	e->cursor[0] = '(';
	memcpy(e->cursor + 1, last.ptr, last.len);
	e->cursor[last.len + 1] = '\0';
	return copy_page(e, NULL);
}

static int copy_page(struct eraser *e, const struct redis_value *reply)
{
	struct redis *redis = e->options.redis;
	struct keys keys;

	(void)reply;
	keys_of(e, &keys);
	redis_begin(redis, 3 + KEY_COUNT + 4);
	redis_arg_str(redis, "EVAL");
	redis_arg_str(redis, renewal_script);
	redis_arg_u64(redis, KEY_COUNT);
	for (size_t i = 0; i < KEY_COUNT; i++)
		redis_arg_str(redis, keys.names[i]);
	redis_arg_str(redis, e->cursor);
	redis_arg_str(redis, PAGE);
	redis_arg_str(redis, e->receipt);
	redis_arg_str(redis, RENEWAL_HOLD_MS);
	return eraser_asked(e, on_copied);
}

/* Whoever else copies it has to stop, and what an interrupted copy has left goes. */
static int take_over(struct eraser *e)
{
	struct span set[] = {SPAN_LIT("SET"), SPAN_EMPTY, span_of(e->receipt, RECEIPT_LEN),
		SPAN_LIT("PX"), SPAN_LIT(RENEWAL_HOLD_MS)};
	struct span clear[] = {SPAN_LIT("UNLINK"), SPAN_EMPTY};
	struct keys keys;
	int r;

	keys_of(e, &keys);
	set[1] = span_str(keys.names[KEY_BY]);
	clear[1] = span_str(keys.names[KEY_NEW]);
	r = eraser_ask(e, eraser_ignore, set, ARRAY_SIZE(set));
	return r ? r : eraser_ask(e, eraser_ignore, clear, ARRAY_SIZE(clear));
}

static int begin_stream(struct eraser *e)
{
	int r = take_over(e);

	memcpy(e->cursor, "-", 2);
	return r ? r : eraser_then(e, copy_page);
}

int eraser_renew(struct eraser *e, const struct redis_value *reply)
{
	(void)reply;
	e->part = 0;
	e->stream = STREAM_IN;
	e->tries = 0;
	eraser_begin_part(e, "entries copied", 0);
	return is_wanted(e) ? begin_stream(e) : next_stream(e);
}
