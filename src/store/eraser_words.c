/* SPDX-License-Identifier: MIT */
/*
 * What is said to the owners, and how it is known that they have heard. A fence: all entries that
 * stand in the logs are applied, then all messages that stand in the outboxes are brought; so what
 * was on its way before it has arrived behind it, and two of them also see it applied.
 */
#include "eraser_impl.h"

#include "codec/gone_name.h"
#include "codec/message_json.h"

#define POLL_MS 10
/* Keys that are told before it is waited until they have heard, over all partitions: events of
 * others stand behind the words in the logs. */
#define KEYS_AT_ONCE 512
/* Of one message, and before it is waited until all have heard it: its owner writes them all at
 * once, and events of others stand behind it. */
#define NAMES_MAX ((size_t)500 * GONE_NAME_SIZE)

/* ---- words -------------------------------------------------------------------------------- */

int eraser_say(struct eraser *e, uint32_t partition, const struct message *m, struct span cargo)
{
	_cleanup_(buf_release) struct buf head = BUF_INIT;
	char key[32];
	struct span args[] = {SPAN_LIT("XADD"), SPAN_EMPTY, SPAN_LIT("*"), SPAN_LIT("x"),
		SPAN_EMPTY, SPAN_LIT("b"), cargo};

	message_json(m, &head);
	if (buf_failed(&head) < 0)
		return -ENOMEM;
	(void)snprintf(key, sizeof(key), "wm:{p%u}:in", partition);
	args[1] = span_str(key);
	args[4] = buf_span(&head);
	return eraser_ask(e, eraser_ignore, args, ARRAY_SIZE(args) - (cargo.len ? 0 : 2));
}

static int after_keys(struct eraser *e, const struct redis_value *reply)
{
	(void)reply;
	return eraser_fence(e, eraser_collect);
}

static int say_keys(struct eraser *e, const struct redis_value *reply);

static int wait_for_keys(struct eraser *e, const struct redis_value *reply)
{
	(void)reply;
	return eraser_fence(e, say_keys);
}

static int say_keys(struct eraser *e, const struct redis_value *reply)
{
	size_t n = 0;
	int r = 0;

	(void)reply;
	for (size_t i = 0; i < e->n_names && r == 0; i++) {
		struct erasing_name *name = &e->names[i];
		const struct message m = {.from = MESSAGE_FROM_STAFF,
			.seq = 1,
			.kind = MESSAGE_ERASE,
			.to = name->key,
			.of = name->to.len ? name->to : name->key,
			.reason = span_str(e->receipt)};

		if (!name->in || name->told)
			continue;
		if (n == KEYS_AT_ONCE)
			return eraser_then(e, wait_for_keys);
		name->told = true;
		if (!name->customer && !name->to.len)
			continue;
		n++;
		r = eraser_say(e, eraser_partition(e, name->key), &m, SPAN_EMPTY);
	}
	return r ? r : eraser_then(e, after_keys);
}

/* What is theirs is noted first: an erasure that goes on must know it. */
static int note_name(struct eraser *e, struct span key)
{
	char set[64];
	struct span args[] = {SPAN_LIT("SADD"), SPAN_EMPTY, key};

	(void)snprintf(set, sizeof(set), "wm:erasing:%s", e->receipt);
	args[1] = span_str(set);
	return eraser_ask(e, eraser_ignore, args, ARRAY_SIZE(args));
}

static int match_alias(void *user, struct span key)
{
	return eraser_match_add(user, key);
}

/* A slice of the list to all owners, each of whom keeps the names of all; the next when they have
 * heard it, and after the last what comes then. */
static int say_slice(struct eraser *e, const struct redis_value *reply)
{
	const struct message m = {.from = MESSAGE_FROM_STAFF,
		.seq = 1,
		.kind = e->options.lift ? MESSAGE_LIFT : MESSAGE_SUPPRESS,
		.reason = span_str(e->receipt),
		.salt = e->options.lift ? SPAN_EMPTY : span_str(e->salt)};
	size_t left = e->list.len - e->list_at, n = left < NAMES_MAX ? left : NAMES_MAX;
	int r = 0;

	(void)reply;
	for (uint32_t p = 0; p < e->options.partitions && n > 0 && r == 0; p++)
		r = eraser_say(e, p, &m, span_of(e->list.ptr + e->list_at, n));
	e->list_at += n;
	return r ? r : eraser_fence(e, n < left ? say_slice : e->listed);
}

static int say_list(struct eraser *e, step_fn *listed)
{
	e->list_at = 0;
	e->listed = listed;
	return buf_failed(&e->list) < 0 ? -ENOMEM : eraser_then(e, say_slice);
}

int eraser_say_names(struct eraser *e, const struct redis_value *reply)
{
	struct eraser_list names = {span_of(e->salt, GONE_SALT_LEN), &e->list};
	int r = 0;

	(void)reply;
	buf_reset(&e->list);
	for (size_t i = 0; i < e->n_names && r == 0; i++) {
		struct erasing_name *name = &e->names[i];

		if (!name->in || name->suppressed)
			continue;
		name->suppressed = true;
		r = note_name(e, name->key);
		r = r ? r : eraser_each_alias(e, name->key, eraser_list_name, &names);
		r = r ? r : eraser_each_alias(e, name->key, match_alias, &e->match);
	}
	return r ? r : say_list(e, say_keys);
}

int eraser_say_lift(struct eraser *e)
{
	return say_list(e, eraser_lifted);
}

/* ---- fences ------------------------------------------------------------------------------- */

/* KEYS: in, out, pos. Answers the last of the log, the first and the last of the outbox, and what
 * is applied. */
static const char where_script[] =
	"#!lua flags=no-writes\n"
	"local function one(how, key, a, b)\n"
	"  local e = redis.call(how, key, a, b, 'COUNT', 1)[1]\n"
	"  return e and e[1] or '0-0'\n"
	"end\n"
	"return {one('XREVRANGE', KEYS[1], '+', '-'), one('XRANGE', KEYS[2], '-', '+'),\n"
	"  one('XREVRANGE', KEYS[2], '+', '-'), redis.call('HGET', KEYS[3], 'id') or '0-0'}\n";

enum { LAST_IN, FIRST_OUT, LAST_OUT, APPLIED };

static int poll(struct eraser *e, const struct redis_value *reply);

static int after_poll(struct eraser *e, const struct redis_value *reply)
{
	int64_t now = loop_now_mono(e->options.loop);

	(void)reply;
	if (e->moved_sum != e->moved_last)
		e->moved_at = now;
	e->moved_last = e->moved_sum;
	if (e->slow != UINT32_MAX && now - e->moved_at > e->options.patience_ms)
		return eraser_stuck(e,
			"partition %u does not go on; is a worker running? It goes on when it is "
			"asked for again",
			e->slow);
	if (e->slow != UINT32_MAX)
		return eraser_later(e, POLL_MS, poll);
	if (e->outbox)
		return e->behind(e, NULL);
	/* All of the logs is applied: now what that said. */
	e->outbox = true;
	memset(e->targets, 0xff, e->options.partitions * sizeof(*e->targets));
	return poll(e, NULL);
}

/* Replies come in the order of the partitions. */
static int on_where(struct eraser *e, const struct redis_value *reply)
{
	struct log_id id[APPLIED + 1], *target = &e->targets[e->part];
	bool first;

	if (reply->n_items != ARRAY_SIZE(id))
		return eraser_stuck(e, "a log was answered in another form");
	for (size_t i = 0; i < ARRAY_SIZE(id); i++)
		if (log_id_parse(reply->items[i].text, &id[i]) != 0)
			return eraser_stuck(e, "a log was answered in another form");
	first = target->ms == UINT64_MAX;
	if (first)
		*target = id[e->outbox ? LAST_OUT : LAST_IN];
	if (e->outbox ? id[FIRST_OUT].ms > 0 && log_id_compare(id[FIRST_OUT], *target) <= 0
		      : log_id_compare(id[APPLIED], *target) < 0)
		e->slow = e->part;
	e->part++;
	e->moved_sum += id[APPLIED].ms + id[APPLIED].seq + id[FIRST_OUT].ms + id[FIRST_OUT].seq;
	return 0;
}

static int poll(struct eraser *e, const struct redis_value *reply)
{
	static const char *const keys[] = {"in", "out", "pos"};
	struct redis *redis = e->options.redis;
	int r = 0;

	(void)reply;
	e->slow = UINT32_MAX;
	e->part = 0;
	e->moved_sum = 0;
	for (uint32_t p = 0; p < e->options.partitions && r == 0; p++) {
		redis_begin(redis, 3 + ARRAY_SIZE(keys));
		redis_arg_str(redis, "EVAL");
		redis_arg_str(redis, where_script);
		redis_arg_u64(redis, ARRAY_SIZE(keys));
		for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
			char key[32];

			(void)snprintf(key, sizeof(key), "wm:{p%u}:%s", p, keys[i]);
			redis_arg_str(redis, key);
		}
		r = eraser_asked(e, on_where);
	}
	return r ? r : eraser_then(e, after_poll);
}

int eraser_fence(struct eraser *e, step_fn *behind)
{
	e->behind = behind;
	e->outbox = false;
	e->moved_at = loop_now_mono(e->options.loop);
	memset(e->targets, 0xff, e->options.partitions * sizeof(*e->targets));
	return poll(e, NULL);
}
