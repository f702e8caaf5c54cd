/* SPDX-License-Identifier: MIT */
/* Watermarks and those who are held for them, see store.h. */
#include "redis_store_impl.h"

/* Field, value, … ; a value that is no number is a fault of the data. */
static int take_marks(
	struct part *p, const struct redis_value *reply, struct commit_mark **ret_marks)
{
	struct commit_mark *marks;

	if (!part_expect(p, reply, REDIS_ARRAY))
		return p->result;
	marks = arena_calloc(p->answer, reply->n_items / 2 + 1, sizeof(*marks));
	if (!marks)
		return -ENOMEM;
	for (size_t i = 0; i + 1 < reply->n_items; i += 2) {
		marks[i / 2].source = reply->items[i].text;
		if (!number_of(reply->items[i + 1].text, &marks[i / 2].at))
			return store_refused(p->store, SPAN_LIT("a mark is no number"));
	}
	*ret_marks = marks;
	return 0;
}

static void on_marks(void *user, const struct redis_value *reply)
{
	struct part *p = user;

	if (!part_is_stale(p)) {
		struct commit_mark *marks = NULL;
		int r = take_marks(p, reply, &marks);

		p->busy = PART_IDLE;
		p->fn.marks(p->user, r, marks, r == 0 ? reply->n_items / 2 : 0);
	}
	part_landed(p);
}

int redis_ask_marks(struct store *store, uint32_t partition, store_marks_fn *fn, void *user)
{
	struct redis_store *s = (struct redis_store *)store;
	struct part *p = part_ask(s, partition, PART_MARKS);
	char key[KEY_SIZE];
	int r;

	if (!p)
		return -ENOMEM;
	p->fn.marks = fn;
	p->user = user;
	redis_begin(s->redis, 2);
	redis_arg_str(s->redis, "HGETALL");
	redis_arg(s->redis, key_text(key, partition, "marks"));
	r = part_send(p, on_marks);
	if (r < 0)
		part_withdraw(p, 0);
	return r;
}

static int take_held(struct part *p, const struct redis_value *reply, struct span **ret_customers)
{
	struct span *customers;

	if (!part_expect(p, reply, REDIS_ARRAY))
		return p->result;
	customers = arena_calloc(p->answer, reply->n_items + 1, sizeof(*customers));
	if (!customers)
		return -ENOMEM;
	for (size_t i = 0; i < reply->n_items; i++)
		customers[i] = reply->items[i].text;
	*ret_customers = customers;
	return 0;
}

static void on_held(void *user, const struct redis_value *reply)
{
	struct part *p = user;

	if (!part_is_stale(p)) {
		struct span *customers = NULL;
		int r = take_held(p, reply, &customers);

		p->busy = PART_IDLE;
		p->fn.held(p->user, r, customers, r == 0 ? reply->n_items : 0);
	}
	part_landed(p);
}

int redis_ask_held(struct store *store, uint32_t partition, const struct held_request *request,
	store_held_fn *fn, void *user)
{
	struct redis_store *s = (struct redis_store *)store;
	struct part *p = part_ask(s, partition, PART_HELD);
	char key[KEY_SIZE];
	int r;

	if (!p)
		return -ENOMEM;
	p->fn.held = fn;
	p->user = user;
	redis_begin(s->redis, 7);
	redis_arg_str(s->redis, "ZRANGEBYSCORE");
	redis_arg2(s->redis, key_prefix(key, partition, "held"), request->source);
	if (request->since == INT64_MIN)
		redis_arg_str(s->redis, "-inf");
	else
		redis_arg_i64(s->redis, request->since);
	redis_arg_i64(s->redis, request->until);
	redis_arg_str(s->redis, "LIMIT");
	redis_arg_str(s->redis, "0");
	redis_arg_u64(s->redis, request->max);
	r = part_send(p, on_held);
	if (r < 0)
		part_withdraw(p, 0);
	return r;
}
