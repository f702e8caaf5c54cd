/* SPDX-License-Identifier: MIT */
#include "backtest_gone.h"

#include "codec/message_json.h"
#include "store/gone.h"
#include "store/keys.h"

void backtest_gone_init(struct backtest_gone *g)
{
	*g = (struct backtest_gone){.n = 0};
	arena_init(&g->arena);
}

void backtest_gone_release(struct backtest_gone *g)
{
	arena_release(&g->arena);
	backtest_gone_init(g);
}

static int compare_instants(const void *a, const void *b)
{
	const struct commit_gone *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

static int take(struct backtest_gone *g, const struct redis_value *fields)
{
	g->names = arena_calloc(&g->arena, fields->n_items / 2 + 1, sizeof(*g->names));
	if (!g->names)
		return -ENOMEM;
	for (size_t i = 0; i + 1 < fields->n_items; i += 2) {
		struct span field = fields->items[i].text, value = fields->items[i + 1].text;

		if (span_is(field, "salt"))
			g->salt = value;
		else if (!gone_parse(field, value, &g->names[g->n++]))
			return -EBADMSG;
	}
	qsort(g->names, g->n, sizeof(*g->names), compare_instants);
	return 0;
}

int backtest_gone_read(struct backtest_gone *g, struct redis *redis, uint32_t partition)
{
	_cleanup_(buf_release) struct buf key = BUF_INIT;
	const struct redis_value *v;
	int r;

	backtest_gone_release(g);
	key_add(&key, partition, "gone");
	if (buf_failed(&key) < 0)
		return -ENOMEM;
	r = redis_call(
		redis, (struct span[]){SPAN_LIT("HGETALL"), buf_span(&key)}, 2, &g->arena, &v);
	if (r != 0 || v->type == REDIS_ERROR)
		return r < 0 ? r : -EIO;
	return take(g, v);
}

/* What was said at one instant, by whichever erasure: a replay knows them all as gone. */
static int say_next(struct backtest_gone *g, struct backtest *b)
{
	_cleanup_(buf_release) struct buf head = BUF_INIT, names = BUF_INIT;
	const struct commit_gone *first = &g->names[g->next];
	struct log_entry e = {.id = {(uint64_t)first->at - 1, UINT64_MAX}};
	const struct message m = {.from = MESSAGE_FROM_STAFF,
		.seq = 1,
		.kind = MESSAGE_SUPPRESS,
		.reason = first->by,
		.salt = g->salt};

	while (g->next < g->n && g->names[g->next].at == first->at)
		buf_add(&names, g->names[g->next++].name, GONE_NAME_BYTES);
	message_json(&m, &head);
	if (buf_failed(&head) < 0 || buf_failed(&names) < 0)
		return -ENOMEM;
	e.message = buf_span(&head);
	e.record = buf_span(&names);
	b->last = e.id; /* and not counted: no such entry is in the log */
	return memory_store_append(b->store, &e);
}

int backtest_gone_say(struct backtest_gone *g, struct backtest *b, struct log_id id)
{
	int r = 0;

	while (r == 0 && g->next < g->n && (uint64_t)g->names[g->next].at <= id.ms)
		r = say_next(g, b);
	return r;
}
