/* SPDX-License-Identifier: MIT */
/*
 * `waymark customer reindex`: gives a data set of an older version the index by which staff find
 * customers. Workers may be at work: what was read of a customer goes into the index only if the
 * value is still the same one, which its first bytes, a checksum among them, tell; and from then on
 * each commit keeps it.
 */
#include "codec/find_terms.h"
#include "codec/link.h"
#include "codec/record.h"
#include "core/news.h"
#include "counted.h"
#include "customer_tool.h"
#include "store/keys.h"

#define SCAN_COUNT "200"
#define HEAD_BYTES 12 /* a record's version and checksum, a link's */
#define TRIES	   1000

struct reindex {
	struct tool *tool;
	struct redis *redis;
	uint64_t customers, terms;
};

/* KEYS: the value, the index. ARGV: the value's first bytes, members. 1: done. */
static const char script[] =
	"if redis.call('GETRANGE', KEYS[1], 0, 11) ~= ARGV[1] then return 0 end\n"
	"for i = 2, #ARGV do redis.call('ZADD', KEYS[2], 0, ARGV[i]) end\n"
	"return 1\n";

/* A customer's; not who stands in for somebody, who is nobody. */
static bool is_customer(struct span name, struct key_parts *ret_key)
{
	return key_parse(name, ret_key) && ret_key->letter == 'c' &&
	       !span_starts(ret_key->id, NEWS_LEFT);
}

static int terms_of(struct reindex *x, struct span key, struct span value, struct arena *a,
	struct find_terms *ret_terms)
{
	_cleanup_(buf_release) struct buf inputs = BUF_INIT;
	struct record record;
	bool named = false; /* and nothing else is known of them */
	int r;

	if (!link_is(value)) {
		r = record_decode(value, &record);
		if (r != 0)
			return r < 0 ? r : -EBADMSG;
		named = record.journey->n_events == 0;
		find_inputs(record.journey, &inputs);
		record_release(&record);
	}
	if (buf_failed(&inputs) < 0)
		return -ENOMEM;
	if (named) {
		*ret_terms = (struct find_terms){.n = 0};
		return 0;
	}
	return find_terms_make(x->tool->program.identity, key, buf_span(&inputs), a, ret_terms);
}

static struct span member_of(struct span term, struct span key, struct arena *a)
{
	char *member = arena_alloc(a, term.len + 1 + key.len);

	if (!member)
		return SPAN_EMPTY;
	memcpy(member, term.ptr, term.len);
	member[term.len] = '\0';
	memcpy(member + term.len + 1, key.ptr, key.len);
	return span_of(member, term.len + 1 + key.len);
}

/* Writes TERMS if the value NAME still begins with HEAD; 1 if it did. */
static int write_terms(struct reindex *x, struct span name, struct span head,
	const struct find_terms *terms, struct arena *a)
{
	struct span *args = arena_calloc(a, 6 + terms->n, sizeof(*args));
	_cleanup_(buf_release) struct buf index = BUF_INIT;
	const struct redis_value *reply;
	struct key_parts key = {.letter = 'c'};

	(void)is_customer(name, &key);
	key_add(&index, key.partition, "find");
	if (!args || buf_failed(&index) < 0)
		return -ENOMEM;
	args[0] = SPAN_LIT("EVAL");
	args[1] = SPAN_LIT(script);
	args[2] = SPAN_LIT("2");
	args[3] = name;
	args[4] = buf_span(&index);
	args[5] = head;
	for (size_t i = 0; i < terms->n; i++) {
		args[6 + i] = member_of(terms->items[i], key.id, a);
		if (!args[6 + i].ptr)
			return -ENOMEM;
	}
	reply = tool_ask(x->tool, x->redis, args, 6 + terms->n, a);
	return reply ? reply->integer == 1 : -EIO;
}

/* 0; -EAGAIN: it changed meanwhile. */
static int index_value(struct reindex *x, struct span name)
{
	_cleanup_(arena_release) struct arena a;
	const struct redis_value *value;
	struct find_terms terms;
	struct key_parts key;
	int r;

	arena_init(&a);
	if (!is_customer(name, &key))
		return 0;
	value = tool_ask(x->tool, x->redis, (const struct span[]){SPAN_LIT("GET"), name}, 2, &a);
	if (!value)
		return -EIO;
	if (value->type != REDIS_STRING || value->text.len < HEAD_BYTES)
		return 0;
	r = terms_of(x, key.id, value->text, &a, &terms);
	if (r != 0)
		return r;
	r = terms.n == 0 ? 1
			 : write_terms(x, name, span_of(value->text.ptr, HEAD_BYTES), &terms, &a);
	if (r == 0)
		return -EAGAIN;
	x->customers += r == 1;
	x->terms += terms.n;
	return r < 0 ? r : 0;
}

static int index_all(struct reindex *x, const struct redis_value *names)
{
	int r = 0;

	for (size_t i = 0; i < names->n_items && r == 0; i++) {
		r = -EAGAIN;
		for (int n = 0; n < TRIES && r == -EAGAIN; n++)
			r = index_value(x, names->items[i].text);
	}
	return r;
}

static int scan(struct reindex *x)
{
	char cursor[24] = "0";
	int r = 0;

	do {
		_cleanup_(arena_release) struct arena a;
		const struct span args[] = {SPAN_LIT("SCAN"), span_str(cursor), SPAN_LIT("MATCH"),
			SPAN_LIT("wm:{p*}:c:*"), SPAN_LIT("COUNT"), SPAN_LIT(SCAN_COUNT)};
		const struct redis_value *reply;

		arena_init(&a);
		reply = tool_ask(x->tool, x->redis, args, ARRAY_SIZE(args), &a);
		if (!reply || reply->n_items != 2 || reply->items[0].text.len >= sizeof(cursor))
			return -EIO;
		memcpy(cursor, reply->items[0].text.ptr, reply->items[0].text.len);
		cursor[reply->items[0].text.len] = '\0';
		r = index_all(x, &reply->items[1]);
	} while (r == 0 && strcmp(cursor, "0") != 0 && !x->tool->program.stopping);
	return r;
}

int customer_reindex(struct tool *t, struct redis *redis, const struct customer_ask *ask)
{
	const struct span args[] = {
		SPAN_LIT("HSET"), SPAN_LIT("wm:meta"), SPAN_LIT("find"), SPAN_LIT("1")};
	struct reindex x = {.tool = t, .redis = redis};
	_cleanup_(arena_release) struct arena a;
	int r;

	(void)ask;
	arena_init(&a);
	r = scan(&x);
	if (r < 0)
		return tool_say(&t->program, STATUS_FOUND, "%s; run it again.", strerror(-r));
	if (t->program.stopping)
		return tool_say(&t->program, STATUS_FOUND, "stopped; the index is not whole.");
	if (!tool_ask(t, redis, args, ARRAY_SIZE(args), &a))
		return STATUS_FOUND;
	if (t->program.common.json)
		(void)printf("{\"customers\":%llu,\"terms\":%llu}\n",
			(unsigned long long)x.customers, (unsigned long long)x.terms);
	else
		(void)printf("%llu %s, %llu term%s.\n",
			COUNT_AS(x.customers, "customer or link", "customers and links"),
			COUNT(x.terms));
	return STATUS_DONE;
}
