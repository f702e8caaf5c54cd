/* SPDX-License-Identifier: MIT */
#include "customer_names.h"

#include "store/keys.h"
#include "store/query.h"
#include "timeline_print.h"

#define NAMES_PAGE "1000"

struct asking {
	struct customer_names *names;
	int r;
};

static int grow(struct customer_names *n)
{
	size_t cap = n->cap ? 2 * n->cap : 64;
	struct span *names = realloc(n->names, cap * sizeof(*names));

	if (!names)
		return -ENOMEM;
	n->names = names;
	n->cap = cap;
	return 0;
}

static int add_name(struct customer_names *n, struct span key)
{
	struct span copy;
	int r;

	if (key.len == 0 || key.len > CUSTOMER_MAX || customer_names_have(n, key))
		return 0;
	copy = arena_copy(&n->arena, key);
	r = !copy.ptr ? -ENOMEM : n->n == n->cap ? grow(n) : 0;
	if (r == 0)
		r = map_put(&n->set, copy, n);
	if (r == 0)
		n->names[n->n++] = copy;
	return r;
}

/* What the customer's state has at hand: the latest. */
static int take_known(struct customer_names *n, struct span customer, const struct journey *j)
{
	int r = add_name(n, customer);

	for (size_t i = 0; i < j->n_ids && r == 0; i++)
		if (j->ids[i].state == ID_LINKED)
			r = add_name(n, text_span(j->ids[i].key));
	for (size_t i = 0; i < j->n_parts && r == 0; i++)
		r = add_name(n, text_span(j->parts[i].key));
	return r;
}

static void on_customer(void *user, int r, const struct query_answer *a)
{
	struct asking *asking = user;

	asking->r = r ? r : take_known(asking->names, a->customer, a->record->journey);
}

/* All that ever led to KEY: 0, or a status with the reason said. */
static int take_set(
	struct customer_names *n, struct tool *tool, struct redis *redis, struct span name)
{
	_cleanup_(buf_release) struct buf key = BUF_INIT, cursor = BUF_INIT;
	int r = 0;

	key_add_id(&key, partition_of(name, tool->program.dataset.partitions), "ids", name);
	buf_add_char(&cursor, '0');
	do {
		_cleanup_(arena_release) struct arena a;
		const struct span args[] = {SPAN_LIT("SSCAN"), buf_span(&key), buf_span(&cursor),
			SPAN_LIT("COUNT"), SPAN_LIT(NAMES_PAGE)};
		const struct redis_value *reply;

		arena_init(&a);
		reply = tool_ask(tool, redis, args, ARRAY_SIZE(args), &a);
		if (!reply || reply->n_items != 2)
			return STATUS_FOUND;
		buf_reset(&cursor);
		buf_add_span(&cursor, reply->items[0].text);
		for (size_t i = 0; i < reply->items[1].n_items && r == 0; i++)
			r = add_name(n, reply->items[1].items[i].text);
		r = r ? r : buf_failed(&cursor);
	} while (r == 0 && !span_is(buf_span(&cursor), "0"));
	return r ? tool_say(&tool->program, STATUS_FOUND, "%s.", strerror(-r)) : 0;
}

static int say(const struct tool *tool, int r)
{
	return tool_say(&tool->program, STATUS_FOUND, "%s.",
		r < 0		     ? strerror(-r)
		: r == QUERY_SEVERAL ? QUERY_SEVERAL_WORDS
				     : "Redis does not say who that customer is");
}

int customer_names_ask(
	struct customer_names *n, struct tool *tool, struct redis *redis, struct span id)
{
	static const uint64_t seed[2] = {0x6e616d65, 0x73};
	_cleanup_(query_source_freep) struct query_source *source = NULL;
	struct asking asking = {.names = n};
	const struct query_ask ask = {.id = id, .fn = on_customer, .user = &asking, .orders = true};
	int r;

	arena_init(&n->arena);
	map_init(&n->set, seed);
	n->n = 0;
	r = tool_query(tool, redis, &source);
	if (r < 0)
		return say(tool, r);
	r = query_customer(source, &ask);
	if (r == 0)
		r = query_wait(source, tool->program.loop);
	r = r ? r : asking.r;
	if (r == QUERY_NO_CUSTOMER)
		r = add_name(n, id);
	if (r != 0)
		return say(tool, r);
	/* Who became part of them was led to by others. */
	for (size_t i = 0; i < n->n && r == 0; i++)
		r = take_set(n, tool, redis, n->names[i]);
	return r;
}

void customer_names_release(struct customer_names *n)
{
	map_release(&n->set);
	arena_release(&n->arena);
	free(n->names);
}

bool customer_names_have(const struct customer_names *n, struct span key)
{
	return key.len > 0 && map_get(&n->set, key);
}
