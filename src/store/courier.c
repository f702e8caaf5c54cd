/* SPDX-License-Identifier: MIT */
/*
 * Read a page of the outbox, add it to the logs, remove it, again:
 *
 *   IDLE -> READ -> DELIVER -> IDLE, or READ behind the removal
 *
 * One script for each partition that the page is for, so that either all or none of it is added: if
 * one message were refused and the next taken, the first would be taken for heard for ever. The
 * script looks for the position first, since a log without one is not ours; and it runs at the
 * memory limit, for what is delivered makes room.
 */
#include "store/courier.h"

#include "redis_store_impl.h"

/* Messages at once: with the largest records still far from what a reply may have. */
#define PAGE 64

static const char deliver_script[] =
	"#!lua flags=allow-oom\n"
	"if redis.call('EXISTS', KEYS[2]) == 0 then\n"
	"  return redis.error_reply('FOREIGN no position')\n"
	"end\n"
	"local i = 1\n"
	"while ARGV[i] do\n"
	"  local n = tonumber(ARGV[i])\n"
	"  redis.call('XADD', KEYS[1], '*', unpack(ARGV, i + 1, i + n))\n"
	"  i = i + n + 1\n"
	"end\n"
	"return redis.status_reply('OK')\n";

/* What the page has for one partition. */
struct bundle {
	struct courier *courier;
	uint32_t to;
	size_t first, n_args;
	bool failed;
};

struct letter {
	struct span id;
	const struct redis_value *fields; /* q and its value first */
	uint32_t to;
	size_t next; /* of the same bundle; SIZE_MAX: the last */
};

struct courier {
	struct courier_options options;
	struct arena ids; /* of the letters; all else of them is gone with the reply */
	struct letter letters[PAGE];
	size_t n;
	struct bundle bundles[PAGE];
	size_t n_bundles;
	size_t n_waiting; /* bundles on their way */
	size_t in_flight; /* answers to come */
	bool busy, poked, freed;
};

int courier_new(const struct courier_options *options, struct courier **ret_courier)
{
	struct courier *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->options = *options;
	arena_init(&c->ids);
	*ret_courier = c;
	return 0;
}

static void destroy(struct courier *c)
{
	arena_release(&c->ids);
	free(c);
}

struct courier *courier_free(struct courier *c)
{
	if (!c)
		return NULL;
	if (c->in_flight > 0)
		c->freed = true;
	else
		destroy(c);
	return NULL;
}

bool courier_idle(const struct courier *c)
{
	return !c->busy;
}

/* An answer was dealt with: C may be gone after that. */
static void landed(struct courier *c)
{
	c->in_flight--;
	if (c->freed && c->in_flight == 0)
		destroy(c);
}

static int send(struct courier *c, redis_reply_fn fn, void *user)
{
	int r = redis_end(c->options.redis, fn, user);

	c->in_flight += r == 0;
	return r;
}

static void fail(struct courier *c, struct span words)
{
	char text[256];
	size_t n = words.len < sizeof(text) ? words.len : sizeof(text) - 1;

	memcpy(text, words.ptr, n);
	text[n] = '\0';
	c->options.failed(c->options.user, text);
}

static void read_page(struct courier *c);

/* ---- remove ----------------------------------------------------------------------------- */

static void on_removed(void *user, const struct redis_value *reply)
{
	struct courier *c = user;

	/* What is not removed is delivered again, and known there. */
	(void)reply;
	landed(c);
}

static bool is_delivered(const struct courier *c, const struct letter *letter)
{
	for (size_t i = 0; i < c->n_bundles; i++)
		if (c->bundles[i].to == letter->to)
			return !c->bundles[i].failed;
	return false;
}

static void remove_delivered(struct courier *c)
{
	struct redis *redis = c->options.redis;
	char key[KEY_SIZE];
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		n += is_delivered(c, &c->letters[i]);
	if (n == 0)
		return;
	redis_begin(redis, 2 + n);
	redis_arg_str(redis, "XDEL");
	redis_arg(redis, key_text(key, c->options.partition, "out"));
	for (size_t i = 0; i < c->n; i++)
		if (is_delivered(c, &c->letters[i]))
			redis_arg(redis, c->letters[i].id);
	(void)send(c, on_removed, c);
}

/* ---- deliver ---------------------------------------------------------------------------- */

/* All bundles are answered. */
static void finish(struct courier *c)
{
	bool more = c->n == PAGE || c->poked, failed = false;

	for (size_t i = 0; i < c->n_bundles; i++)
		failed = failed || c->bundles[i].failed;
	remove_delivered(c);
	if (more && !failed)
		read_page(c);
	else
		c->busy = false;
}

static void on_bundle(void *user, const struct redis_value *reply)
{
	struct bundle *bundle = user;
	struct courier *c = bundle->courier;
	bool done = reply && redis_value_is(reply, "OK");

	bundle->failed = !done;
	c->n_waiting--;
	if (!c->freed && done)
		c->options.delivered(c->options.user, bundle->to);
	else if (!c->freed && reply)
		fail(c, reply->text);
	if (!c->freed && c->n_waiting == 0)
		finish(c);
	landed(c);
}

static int send_bundle(struct courier *c, struct bundle *bundle)
{
	struct redis *redis = c->options.redis;
	char in[KEY_SIZE], pos[KEY_SIZE];

	redis_begin(redis, 5 + bundle->n_args);
	redis_arg_str(redis, "EVAL");
	redis_arg(redis, span_of(deliver_script, sizeof(deliver_script) - 1));
	redis_arg_str(redis, "2");
	redis_arg(redis, key_text(in, bundle->to, "in"));
	redis_arg(redis, key_text(pos, bundle->to, "pos"));
	for (size_t i = bundle->first; i != SIZE_MAX; i = c->letters[i].next) {
		const struct redis_value *fields = c->letters[i].fields;

		redis_arg_u64(redis, fields->n_items - 2);
		for (size_t k = 2; k < fields->n_items; k++)
			redis_arg(redis, fields->items[k].text);
	}
	return send(c, on_bundle, bundle);
}

/* Puts letter I into the bundle of its partition. */
static void sort_letter(struct courier *c, size_t i)
{
	struct letter *letter = &c->letters[i];
	struct bundle *bundle = c->bundles;
	size_t *place;

	while (bundle < c->bundles + c->n_bundles && bundle->to != letter->to)
		bundle++;
	if (bundle == c->bundles + c->n_bundles) {
		*bundle = (struct bundle){.courier = c, .to = letter->to, .first = SIZE_MAX};
		c->n_bundles++;
	}
	place = &bundle->first;
	while (*place != SIZE_MAX)
		place = &c->letters[*place].next;
	*place = i;
	bundle->n_args += letter->fields->n_items - 1;
}

static void deliver(struct courier *c)
{
	c->n_bundles = c->n_waiting = 0;
	for (size_t i = 0; i < c->n; i++)
		sort_letter(c, i);
	for (size_t i = 0; i < c->n_bundles; i++) {
		c->bundles[i].failed = send_bundle(c, &c->bundles[i]) < 0;
		c->n_waiting += !c->bundles[i].failed;
	}
	c->busy = c->n_waiting > 0;
}

/* ---- read ------------------------------------------------------------------------------- */

/* [ID, [q, PARTITION, field, value, …]] */
static bool letter_of(struct courier *c, const struct redis_value *v, struct letter *ret_l)
{
	struct letter letter = {.next = SIZE_MAX};
	uint64_t to;

	if (v->type != REDIS_ARRAY || v->n_items != 2 || v->items[1].type != REDIS_ARRAY)
		return false;
	letter.id = arena_copy(&c->ids, v->items[0].text);
	letter.fields = &v->items[1];
	if (!letter.id.ptr || letter.fields->n_items < 4 || letter.fields->n_items % 2 != 0 ||
		!span_is(letter.fields->items[0].text, "q") ||
		span_to_u64(letter.fields->items[1].text, c->options.partitions - 1, &to) != 0)
		return false;
	letter.to = (uint32_t)to;
	*ret_l = letter;
	return true;
}

/* 0, or -1: said. */
static int take_page(struct courier *c, const struct redis_value *reply)
{
	c->n = 0;
	arena_reset(&c->ids);
	if (!reply)
		return -1;
	if (reply->type != REDIS_ARRAY || reply->n_items > PAGE) {
		fail(c, reply->type == REDIS_ERROR
				? reply->text
				: SPAN_LIT("the outbox was answered in another form"));
		return -1;
	}
	for (; c->n < reply->n_items; c->n++) {
		if (!letter_of(c, &reply->items[c->n], &c->letters[c->n])) {
			fail(c, SPAN_LIT("something in the outbox is no message"));
			return -1;
		}
	}
	return 0;
}

static void on_page(void *user, const struct redis_value *reply)
{
	struct courier *c = user;

	if (!c->freed) {
		c->busy = false;
		if (take_page(c, reply) == 0 && c->n > 0)
			deliver(c);
		else if (reply && c->n == 0 && c->poked)
			read_page(c);
	}
	landed(c);
}

static void read_page(struct courier *c)
{
	struct redis *redis = c->options.redis;
	char key[KEY_SIZE];

	c->poked = false;
	redis_begin(redis, 6);
	redis_arg_str(redis, "XRANGE");
	redis_arg(redis, key_text(key, c->options.partition, "out"));
	redis_arg_str(redis, "-");
	redis_arg_str(redis, "+");
	redis_arg_str(redis, "COUNT");
	redis_arg_u64(redis, PAGE);
	c->busy = send(c, on_page, c) == 0;
}

void courier_poke(struct courier *c)
{
	if (c->busy)
		c->poked = true;
	else
		read_page(c);
}
