/* SPDX-License-Identifier: MIT */
/*
 * Read a page of the outbox, add it to the logs, remove it, again:
 *
 *   IDLE -> READ -> DELIVER -> IDLE, or READ behind the removal
 *
 * One script for the page, in the order in which it was said, up to the first message that a log
 * does not take. So nobody anywhere can hear, and answer, what was said before what was said
 * earlier is where it belongs: who asks a customer and hears from whom these became a part of that
 * all was said has heard it. The script looks for the position first, since a log without one is
 * not ours; and it runs at the memory limit, for what is delivered makes room.
 */
#include "store/courier.h"

#include "redis_store_impl.h"

/* Messages at once: with the largest records still far from what a reply may have. */
#define PAGE 64

/* Of each log its stream and its position are KEYS; of each message ARGV has which log, how many
 * values, and these. How many were added, and why no more were. */
static const char deliver_script[] =
	"#!lua flags=allow-oom\n"
	"local i, added = 1, 0\n"
	"while ARGV[i] do\n"
	"  local k, n = 2 * tonumber(ARGV[i]), tonumber(ARGV[i + 1])\n"
	"  if redis.call('EXISTS', KEYS[k]) == 0 then\n"
	"    return {added, 'FOREIGN no position'}\n"
	"  end\n"
	"  local r = redis.pcall('XADD', KEYS[k - 1], '*', unpack(ARGV, i + 2, i + n + 1))\n"
	"  if type(r) == 'table' and r.err then\n"
	"    return {added, r.err}\n"
	"  end\n"
	"  i, added = i + n + 2, added + 1\n"
	"end\n"
	"return {added}\n";

struct letter {
	struct span id;
	const struct redis_value *fields; /* q and its value first */
	uint32_t to;
	size_t log; /* which of the page's */
};

struct courier {
	struct courier_options options;
	struct arena ids; /* of the letters; all else of them is gone with the reply */
	struct letter letters[PAGE];
	size_t n;
	uint32_t logs[PAGE]; /* that the page is for */
	size_t n_logs;
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

/* The first N letters. */
static void remove_delivered(struct courier *c, size_t n)
{
	struct redis *redis = c->options.redis;
	char key[KEY_SIZE];

	if (n == 0)
		return;
	redis_begin(redis, 2 + n);
	redis_arg_str(redis, "XDEL");
	redis_arg(redis, key_text(key, c->options.partition, "out"));
	for (size_t i = 0; i < n; i++)
		redis_arg(redis, c->letters[i].id);
	(void)send(c, on_removed, c);
}

/* ---- deliver ---------------------------------------------------------------------------- */

/* The owners of the logs of the first N letters are told; one of them may free C. */
static void tell_delivered(struct courier *c, size_t n)
{
	for (size_t k = 0; k < c->n_logs && !c->freed; k++) {
		bool told = false;

		for (size_t i = 0; i < n && !told; i++)
			told = c->letters[i].log == k;
		if (told)
			c->options.delivered(c->options.user, c->logs[k]);
	}
}

/* [HOW MANY] or [HOW MANY, WHY NOT MORE]; false: another form. */
static bool read_answer(const struct courier *c, const struct redis_value *reply, size_t *ret_n,
	struct span *ret_why)
{
	if (reply->type != REDIS_ARRAY || reply->n_items == 0 || reply->n_items > 2 ||
		reply->items[0].type != REDIS_INTEGER || reply->items[0].integer < 0 ||
		(uint64_t)reply->items[0].integer > c->n)
		return false;
	*ret_n = (size_t)reply->items[0].integer;
	*ret_why = reply->n_items == 2 ? reply->items[1].text : SPAN_EMPTY;
	return *ret_n == c->n || ret_why->len > 0;
}

static void take_answer(struct courier *c, const struct redis_value *reply)
{
	struct span why = reply->text;
	size_t n = 0;

	if (reply->type != REDIS_ERROR && !read_answer(c, reply, &n, &why))
		why = SPAN_LIT("what became of messages was answered in another form");
	tell_delivered(c, n);
	if (c->freed)
		return;
	c->busy = false;
	remove_delivered(c, n);
	if (why.len > 0)
		fail(c, why);
	else if (c->n == PAGE || c->poked)
		read_page(c);
}

static void on_delivered(void *user, const struct redis_value *reply)
{
	struct courier *c = user;

	if (!c->freed && reply)
		take_answer(c, reply);
	else
		c->busy = false;
	landed(c);
}

/* Which of the page's logs letter I is for. */
static void sort_letter(struct courier *c, size_t i)
{
	struct letter *letter = &c->letters[i];
	size_t k = 0;

	while (k < c->n_logs && c->logs[k] != letter->to)
		k++;
	if (k == c->n_logs)
		c->logs[c->n_logs++] = letter->to;
	letter->log = k;
}

static void deliver(struct courier *c)
{
	struct redis *redis = c->options.redis;
	char key[KEY_SIZE];
	size_t n_args = 0;

	c->n_logs = 0;
	for (size_t i = 0; i < c->n; i++) {
		sort_letter(c, i);
		n_args += c->letters[i].fields->n_items;
	}
	redis_begin(redis, 3 + 2 * c->n_logs + n_args);
	redis_arg_str(redis, "EVAL");
	redis_arg(redis, span_of(deliver_script, sizeof(deliver_script) - 1));
	redis_arg_u64(redis, 2 * c->n_logs);
	for (size_t k = 0; k < c->n_logs; k++) {
		redis_arg(redis, key_text(key, c->logs[k], "in"));
		redis_arg(redis, key_text(key, c->logs[k], "pos"));
	}
	for (size_t i = 0; i < c->n; i++) {
		const struct redis_value *fields = c->letters[i].fields;

		redis_arg_u64(redis, c->letters[i].log + 1);
		redis_arg_u64(redis, fields->n_items - 2);
		for (size_t k = 2; k < fields->n_items; k++)
			redis_arg(redis, fields->items[k].text);
	}
	c->busy = send(c, on_delivered, c) == 0;
}

/* ---- read ------------------------------------------------------------------------------- */

/* [ID, [q, PARTITION, field, value, …]] */
static bool letter_of(struct courier *c, const struct redis_value *v, struct letter *ret_l)
{
	struct letter letter = {.log = 0};
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
