/* SPDX-License-Identifier: MIT */
/*
 * Who the customer is: the key at the end of the links, and all keys that lead there, as the sets,
 * the journey and what links have frozen tell. A key that was said to lead there counts if it does:
 * it may have been cut off since.
 */
#include "eraser_impl.h"

#include "codec/gone_name.h"
#include "codec/link.h"
#include "codec/record.h"

/* ---- open --------------------------------------------------------------------------------- */

/*
 * KEYS: wm:meta. ARGV: a salt for a data set that has none, keys. Answers the salt, and the receipt
 * of an erasure that is not over and has one of the keys, or nothing.
 */
static const char open_script[] =
	"redis.call('HSETNX', KEYS[1], 'salt', ARGV[1])\n"
	"local salt = redis.call('HGET', KEYS[1], 'salt')\n"
	"for _, id in ipairs(redis.call('SMEMBERS', 'wm:erasing')) do\n"
	"  for i = 2, #ARGV do\n"
	"    if redis.call('SISMEMBER', 'wm:erasing:' .. id, ARGV[i]) == 1 then\n"
	"      return {salt, id}\n"
	"    end\n"
	"  end\n"
	"end\n"
	"return {salt, ''}\n";

/* ARGV: receipt, by, the customer's key, and that by which they were found. */
static const char begin_script[] =
	"local t = redis.call('TIME')\n"
	"redis.call('SADD', 'wm:erasing:' .. ARGV[1], ARGV[3], ARGV[4])\n"
	"redis.call('HSET', 'wm:erasure:' .. ARGV[1], 'by', ARGV[2],\n"
	"  'asked_at', string.format('%.0f', t[1] * 1000 + math.floor(t[2] / 1000)))\n"
	"redis.call('SADD', 'wm:erasing', ARGV[1])\n"
	"return 1\n";

/* N digits of BYTES. */
static void hex(const unsigned char *bytes, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++)
		out[i] = digits[i % 2 ? bytes[i / 2] & 15 : bytes[i / 2] >> 4];
	out[n] = '\0';
}

static int on_known_names(struct eraser *e, const struct redis_value *reply)
{
	int r = 0;

	for (size_t i = 0; i < reply->n_items && r == 0; i++)
		r = eraser_add_name(e, reply->items[i].text, true);
	return r ? r : eraser_then(e, eraser_gather);
}

/* An erasure that was begun goes on with what it knows. */
static int go_on(struct eraser *e)
{
	char key[64];
	const struct span args[] = {SPAN_LIT("SMEMBERS"),
		span_of(key, (size_t)snprintf(key, sizeof(key), "wm:erasing:%s", e->receipt))};

	if (e->options.begun)
		e->options.begun(e->options.user, 0, e->receipt, "");
	return eraser_ask(e, on_known_names, args, ARRAY_SIZE(args));
}

static int on_begun(struct eraser *e, const struct redis_value *reply)
{
	int r = eraser_add_name(e, e->find.customer, true);

	(void)reply;
	/* Staff may take the two apart at this very moment. */
	r = r ? r : eraser_add_name(e, e->find.matched, true);
	if (r == 0 && e->options.begun)
		e->options.begun(e->options.user, 0, e->receipt, "");
	return r ? r : eraser_then(e, eraser_gather);
}

static int begin(struct eraser *e)
{
	const struct span args[] = {SPAN_LIT("EVAL"), SPAN_LIT(begin_script), SPAN_LIT("0"),
		span_of(e->receipt, RECEIPT_LEN), e->by, e->find.customer, e->find.matched};

	hex(e->options.random + GONE_NAME_SIZE, RECEIPT_LEN, e->receipt);
	return eraser_ask(e, on_begun, args, ARRAY_SIZE(args));
}

/* ---- who ---------------------------------------------------------------------------------- */

static int on_over(struct eraser *e, const struct redis_value *reply)
{
	if (e->options.lift && reply->integer == 1)
		return eraser_stuck(e, "they are still being erased");
	if (e->options.lift)
		return eraser_list_gone(e, NULL);
	/* The keys are gone, and Redis' files may still hold them. */
	return reply->integer == 1 ? eraser_rewrite(e, NULL) : ERASER_ALREADY;
}

/* `MS RECEIPT`, or nothing. */
static int on_gone(struct eraser *e, const struct redis_value *reply)
{
	const struct span args[] = {
		SPAN_LIT("SISMEMBER"), SPAN_LIT("wm:erasing"), span_of(e->receipt, RECEIPT_LEN)};

	if (e->receipt[0])
		return 0; /* by an earlier key */
	if (reply->type != REDIS_STRING || reply->text.len <= RECEIPT_LEN)
		return 0;
	memcpy(e->receipt, reply->text.ptr + reply->text.len - RECEIPT_LEN, RECEIPT_LEN);
	e->next = NULL;
	return eraser_ask(e, on_over, args, ARRAY_SIZE(args));
}

static int nobody(struct eraser *e, const struct redis_value *reply)
{
	(void)reply;
	/* The question about the receipt is under way, or there is none. */
	return e->receipt[0] ? 0 : ERASER_NOBODY;
}

static int ask_gone(struct eraser *e)
{
	int r = 0;

	for (size_t i = 0; i < e->find.n_keys && r == 0; i++) {
		unsigned char name[GONE_NAME_SIZE];
		char text[GONE_TEXT_LEN + 1], key[32];
		struct span args[] = {SPAN_LIT("HGET"), SPAN_EMPTY, SPAN_EMPTY};

		r = gone_name(span_str(e->salt), e->find.keys[i], name);
		if (r < 0)
			break;
		gone_name_format(name, text);
		(void)snprintf(
			key, sizeof(key), "wm:{p%u}:gone", eraser_partition(e, e->find.keys[i]));
		args[1] = span_str(key);
		args[2] = span_str(text);
		r = eraser_ask(e, on_gone, args, ARRAY_SIZE(args));
	}
	return r ? r : eraser_then(e, nobody);
}

static int ask_who(struct eraser *e, step_fn *fn)
{
	query_find_begin(&e->find, e->options.partitions, e->options.redis);
	return eraser_asked(e, fn);
}

static int on_who(struct eraser *e, const struct redis_value *reply)
{
	struct span record;
	int r = query_find_take(&e->find, e->options.partitions, reply, &e->arena, &record);

	if (r == QUERY_FIND_MORE)
		return ask_who(e, on_who);
	if (r == QUERY_FIND_CORRUPT)
		return eraser_stuck(e, "what is stored of the customer cannot be read");
	if (r == QUERY_FIND_NOTHING)
		return ask_gone(e);
	return r < 0 ? r : begin(e);
}

static int on_open(struct eraser *e, const struct redis_value *reply)
{
	if (reply->n_items != 2 || reply->items[0].text.len != GONE_SALT_LEN)
		return eraser_stuck(e, "the salt of the data set is none");
	memcpy(e->salt, reply->items[0].text.ptr, GONE_SALT_LEN);
	if (e->options.lift)
		return ask_gone(e);
	if (reply->items[1].text.len != RECEIPT_LEN)
		return ask_who(e, on_who);
	memcpy(e->receipt, reply->items[1].text.ptr, RECEIPT_LEN);
	return go_on(e);
}

int eraser_open(struct eraser *e, const struct redis_value *reply)
{
	struct span args[5 + ARRAY_SIZE(e->find.keys)] = {
		SPAN_LIT("EVAL"), SPAN_LIT(open_script), SPAN_LIT("1"), SPAN_LIT("wm:meta")};
	char salt[GONE_SALT_LEN + 1];
	int r = query_find_keys(&e->find, e->options.identity, e->id, &e->arena);

	(void)reply;
	if (r < 0)
		return r;
	hex(e->options.random, GONE_SALT_LEN, salt);
	args[4] = span_of(salt, GONE_SALT_LEN);
	for (size_t i = 0; i < e->find.n_keys; i++)
		args[5 + i] = e->find.keys[i];
	return eraser_ask(e, on_open, args, 5 + e->find.n_keys);
}

/* ---- gather ------------------------------------------------------------------------------- */

static struct erasing_name *name_of(const struct eraser *e, struct span key)
{
	uintptr_t at = (uintptr_t)map_get(&e->known, key);

	return at ? &e->names[at - 1] : NULL;
}

int eraser_add_name(struct eraser *e, struct span key, bool sure)
{
	struct erasing_name *known = name_of(e, key);
	struct span copy;

	if (known || key.len == 0 || key.len > CUSTOMER_MAX) {
		if (known)
			known->sure = known->sure || sure;
		return 0;
	}
	if (e->n_names == e->cap_names) {
		size_t cap = e->cap_names ? 2 * e->cap_names : 64;
		struct erasing_name *names = realloc(e->names, cap * sizeof(*names));

		if (!names)
			return -ENOMEM;
		e->names = names;
		e->cap_names = cap;
	}
	copy = arena_copy(&e->arena, key);
	if (!copy.ptr)
		return -ENOMEM;
	e->names[e->n_names++] = (struct erasing_name){.key = copy, .sure = sure};
	return map_put(&e->known, copy, (void *)e->n_names);
}

static int add_kin(struct eraser *e, struct span bytes)
{
	_cleanup_(record_release) struct record record = RECORD_INIT;
	const struct journey *j;
	int r = bytes.len ? record_decode(bytes, &record) : RECORD_CORRUPT;

	if (r != 0)
		return r < 0 ? r : 0;
	j = record.journey;
	for (size_t i = 0; i < j->n_ids && r == 0; i++)
		if (j->ids[i].state == ID_LINKED)
			r = eraser_add_name(e, text_span(j->ids[i].key), false);
	for (size_t i = 0; i < j->n_parts && r == 0; i++)
		r = eraser_add_name(e, text_span(j->parts[i].key), false);
	for (size_t i = 0; i < j->n_apart && r == 0; i++)
		r = eraser_match_apart(&e->match, text_span(j->apart[i].key));
	return r;
}

static int add_list(struct eraser *e, const struct redis_value *list)
{
	int r = 0;

	for (size_t i = 0; i < list->n_items && r == 0; i++)
		r = eraser_add_name(e, list->items[i].text, false);
	return r;
}

/* KEYS: c, t, ids, m of one key. */
static const char look_script[] =
	"#!lua flags=no-writes\n"
	"return {redis.call('GET', KEYS[1]) or '', redis.call('LLEN', KEYS[2]),\n"
	"  redis.call('SMEMBERS', KEYS[3]), redis.call('HKEYS', KEYS[4])}\n";

static int on_look(struct eraser *e, const struct redis_value *reply)
{
	struct erasing_name *name = &e->names[e->at];
	struct span value;
	struct link link;
	int r = 0;

	if (reply->n_items != 4)
		return eraser_stuck(e, "a customer was answered in another form");
	value = reply->items[0].text;
	name->looked = true;
	if (link_is(value) && link_decode(value, &link) == 0) {
		name->to = arena_copy(&e->arena, link.to);
		e->removed[REMOVED_LINKS]++;
		r = name->to.ptr ? add_kin(e, link.frozen) : -ENOMEM;
	} else if (value.len > 0) {
		name->customer = true;
		e->removed[REMOVED_RECORDS] += name->sure;
		/* Who is merely said to be theirs and is not is asked for nobody. */
		if (!name->sure)
			return eraser_then(e, eraser_gather);
		r = add_kin(e, value);
	}
	e->removed[REMOVED_CHUNKS] += (uint64_t)reply->items[1].integer;
	r = r ? r : add_list(e, &reply->items[2]);
	r = r ? r : add_list(e, &reply->items[3]);
	return r ? r : eraser_then(e, eraser_gather);
}

static int look(struct eraser *e)
{
	static const char *const kept[] = {"c", "t", "ids", "m"};
	struct span key = e->names[e->at].key;
	struct redis *redis = e->options.redis;

	redis_begin(redis, 3 + ARRAY_SIZE(kept));
	redis_arg_str(redis, "EVAL");
	redis_arg_str(redis, look_script);
	redis_arg_u64(redis, ARRAY_SIZE(kept));
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		char prefix[32];

		(void)snprintf(
			prefix, sizeof(prefix), "wm:{p%u}:%s:", eraser_partition(e, key), kept[i]);
		redis_arg2(redis, span_str(prefix), key);
	}
	return eraser_asked(e, on_look);
}

/* Whether N leads to one that is theirs; then all on the way are. Each is walked past once. */
static void include_way(struct eraser *e, struct erasing_name *n)
{
	struct erasing_name *at = n;

	while (at && !at->in && !at->walked) {
		at->walked = true;
		at = name_of(e, at->to);
	}
	if (!at || !at->in)
		return;
	for (; n && !n->in; n = name_of(e, n->to))
		n->in = true;
}

/* Those that lead to one that is theirs are theirs. */
static void include(struct eraser *e)
{
	for (size_t i = 0; i < e->n_names; i++) {
		e->names[i].in = e->names[i].in || e->names[i].sure;
		e->names[i].walked = false;
	}
	for (size_t i = 0; i < e->n_names; i++)
		include_way(e, &e->names[i]);
}

int eraser_gather(struct eraser *e, const struct redis_value *reply)
{
	(void)reply;
	while (e->at < e->n_names && e->names[e->at].looked)
		e->at++;
	if (e->at < e->n_names)
		return look(e);
	include(e);
	return eraser_say_names(e, NULL);
}

/* ---- what came to light ------------------------------------------------------------------- */

static int on_emptied(struct eraser *e, const struct redis_value *reply)
{
	int r = 0;

	for (size_t i = 0; i < reply->n_items && r == 0; i++)
		r = eraser_add_name(e, reply->items[i].text, true);
	return r;
}

static int on_kin(struct eraser *e, const struct redis_value *reply)
{
	return add_list(e, reply);
}

/* Rounds without news before it is believed that there are none. */
#define QUIET_ROUNDS 4

static int judge_round(struct eraser *e, const struct redis_value *reply)
{
	size_t fresh = 0;

	(void)reply;
	for (size_t i = 0; i < e->n_names; i++)
		fresh += !e->names[i].looked || (e->names[i].sure && !e->names[i].in);
	if (fresh > 0) {
		e->quiet = 0;
		e->at = 0;
		return eraser_gather(e, NULL);
	}
	if (++e->quiet < QUIET_ROUNDS)
		return eraser_fence(e, eraser_collect);
	return eraser_sweep(e, NULL);
}

int eraser_collect(struct eraser *e, const struct redis_value *reply)
{
	int r = 0;

	(void)reply;
	for (uint32_t p = 0; p < e->options.partitions && r == 0; p++) {
		char key[64];
		struct span args[] = {SPAN_LIT("SMEMBERS"), SPAN_EMPTY};

		(void)snprintf(key, sizeof(key), "wm:{p%u}:erased:%s", p, e->receipt);
		args[1] = span_str(key);
		r = eraser_ask(e, on_emptied, args, ARRAY_SIZE(args));
		(void)snprintf(key, sizeof(key), "wm:{p%u}:kin:%s", p, e->receipt);
		args[1] = span_str(key);
		r = r ? r : eraser_ask(e, on_kin, args, ARRAY_SIZE(args));
		(void)snprintf(key, sizeof(key), "wm:{p%u}:linkkin:%s", p, e->receipt);
		args[1] = span_str(key);
		r = r ? r : eraser_ask(e, on_kin, args, ARRAY_SIZE(args));
	}
	return r ? r : eraser_then(e, judge_round);
}
