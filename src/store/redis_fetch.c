/* SPDX-License-Identifier: MIT */
/*
 * What comes next: TIME, the customers due, the earliest due, and last the stream, in one
 * pipeline. The clock is read before the stream, so that what the stream did not show will bear a
 * later time; the stream comes last, so that its bytes need no copy.
 *
 * Timers due before an entry's time must be seen with that entry. How late the last entry is, is
 * known only afterwards, so the due are asked for up to a bound that lies a little in the future;
 * in the rare case that the stream is further than that, the question is asked once more.
 */
#include "redis_store_impl.h"

#define BOUND_AHEAD_MS (5 * MS_SECOND)

static int fetch_send(struct part *p);

static int64_t ahead(int64_t at)
{
	return int64_min(at, INT64_MAX - BOUND_AHEAD_MS) + BOUND_AHEAD_MS;
}

static void take_time(struct part *p, const struct redis_value *reply)
{
	int64_t s, us;

	if (!part_expect(p, reply, REDIS_ARRAY))
		return;
	if (reply->n_items != 2 || !number_of(reply->items[0].text, &s) ||
		!number_of(reply->items[1].text, &us)) {
		p->result = store_refused(p->store, SPAN_LIT("TIME is not two numbers"));
		return;
	}
	p->server_at = s * MS_SECOND + us / 1000;
	p->store->server_at = int64_max(p->store->server_at, p->server_at);
}

static void on_time(void *user, const struct redis_value *reply)
{
	struct part *p = user;

	if (!part_is_stale(p))
		take_time(p, reply);
	part_landed(p);
}

/* Pairs of member and score; a score that is no time is a fault of the data. 0 or -ENOMEM. */
static int take_dues(struct part *p, const struct redis_value *reply)
{
	if (!part_expect(p, reply, REDIS_ARRAY))
		return 0;
	p->dues = arena_calloc(p->answer, reply->n_items / 2 + 1, sizeof(*p->dues));
	if (!p->dues)
		return -ENOMEM;
	for (size_t i = 0; i + 1 < reply->n_items; i += 2) {
		struct due_entry *due = &p->dues[p->n_dues];

		if (!number_of(reply->items[i + 1].text, &due->at)) {
			p->result = store_refused(p->store, SPAN_LIT("a due time is no number"));
			return 0;
		}
		due->customer = arena_copy(p->answer, reply->items[i].text);
		if (!due->customer.ptr)
			return -ENOMEM;
		p->n_dues++;
	}
	return 0;
}

static void on_dues(void *user, const struct redis_value *reply)
{
	struct part *p = user;

	if (!part_is_stale(p)) {
		int r = take_dues(p, reply);

		p->result = r < 0 ? r : p->result;
	}
	part_landed(p);
}

static void on_next_due(void *user, const struct redis_value *reply)
{
	struct part *p = user;

	if (!part_is_stale(p)) {
		p->next_due = TIME_NEVER;
		if (part_expect(p, reply, REDIS_ARRAY) && reply->n_items == 2 &&
			!number_of(reply->items[1].text, &p->next_due))
			p->result = store_refused(p->store, SPAN_LIT("a due time is no number"));
	}
	part_landed(p);
}

/* [ID, [field, value, …]]; what is missing stays empty, for the reader to refuse. */
static bool entry_of(const struct redis_value *v, struct log_entry *ret_entry)
{
	struct log_entry e = {.event = SPAN_EMPTY};

	if (v->type != REDIS_ARRAY || v->n_items != 2 || log_id_parse(v->items[0].text, &e.id) != 0)
		return false;
	v = &v->items[1];
	for (size_t i = 0; i + 1 < v->n_items; i += 2) {
		if (span_is(v->items[i].text, "e"))
			e.event = v->items[i + 1].text;
		else if (span_is(v->items[i].text, "m"))
			e.meta = v->items[i + 1].text;
		else if (span_is(v->items[i].text, "w"))
			e.mark_source = v->items[i + 1].text;
		else if (span_is(v->items[i].text, "t"))
			e.mark_until = v->items[i + 1].text;
		else if (span_is(v->items[i].text, "r"))
			e.rules = v->items[i + 1].text;
		else if (span_is(v->items[i].text, "x"))
			e.message = v->items[i + 1].text;
		else if (span_is(v->items[i].text, "b"))
			e.record = v->items[i + 1].text;
	}
	*ret_entry = e;
	return true;
}

/* [[key, [entry, …]]], or nil for none. 0, a store_outcome or -ENOMEM. */
static int take_entries(struct part *p, const struct redis_value *reply, struct fetched *f)
{
	const struct span other_form = SPAN_LIT("XREAD answered in another form");
	const struct redis_value *list;
	struct log_entry *entries;

	if (reply && reply->type == REDIS_NIL)
		return 0;
	if (!part_expect(p, reply, REDIS_ARRAY) || !reply)
		return p->result;
	if (reply->n_items != 1 || reply->items[0].n_items != 2)
		return store_refused(p->store, other_form);
	list = &reply->items[0].items[1];
	entries = arena_calloc(p->answer, list->n_items + 1, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	for (size_t i = 0; i < list->n_items; i++)
		if (!entry_of(&list->items[i], &entries[i]))
			return store_refused(p->store, other_form);
	f->entries = entries;
	f->n_entries = list->n_items;
	return 0;
}

/* True if F is complete; false if the bound was too low. */
static bool complete(struct part *p, struct fetched *f)
{
	bool cut = p->n_dues == p->request.max_dues;
	int64_t until = int64_max(p->request.due_until, p->server_at - 1);

	f->at_end = f->n_entries < p->request.max_entries;
	f->caught_up_to = p->server_at - 1;
	if (f->n_entries > 0)
		until = int64_max(until, (int64_t)f->entries[f->n_entries - 1].id.ms);
	if (until > p->bound && !cut) {
		p->bound = ahead(until);
		return false;
	}
	f->dues = p->dues;
	f->n_dues = p->n_dues;
	f->next_due = p->n_dues > 0 ? p->dues[0].at : p->next_due;
	while (f->n_dues > 0 && f->dues[f->n_dues - 1].at > until)
		f->n_dues--;
	f->dues_cut = cut && f->n_dues == p->n_dues;
	return true;
}

static void answer_fetch(struct part *p, const struct redis_value *reply)
{
	struct fetched f = {.next_due = TIME_NEVER};
	int r = p->result;

	if (r == 0)
		r = take_entries(p, reply, &f);
	if (r == 0 && !complete(p, &f)) {
		r = fetch_send(p);
		if (r == 0)
			return;
	}
	p->busy = PART_IDLE;
	p->fn.fetch(p->user, r, r == 0 ? &f : NULL);
}

static void on_entries(void *user, const struct redis_value *reply)
{
	struct part *p = user;

	if (!part_is_stale(p))
		answer_fetch(p, reply);
	part_landed(p);
}

static int send_time(struct part *p)
{
	redis_begin(p->store->redis, 1);
	redis_arg_str(p->store->redis, "TIME");
	return part_send(p, on_time);
}

static int send_dues(struct part *p)
{
	struct redis *redis = p->store->redis;
	char key[KEY_SIZE];

	redis_begin(redis, 8);
	redis_arg_str(redis, "ZRANGEBYSCORE");
	redis_arg(redis, key_text(key, p->partition, "due"));
	redis_arg_str(redis, "-inf");
	redis_arg_i64(redis, p->bound);
	redis_arg_str(redis, "WITHSCORES");
	redis_arg_str(redis, "LIMIT");
	redis_arg_str(redis, "0");
	redis_arg_u64(redis, p->request.max_dues);
	return part_send(p, on_dues);
}

static int send_next_due(struct part *p)
{
	struct redis *redis = p->store->redis;
	char key[KEY_SIZE];

	redis_begin(redis, 5);
	redis_arg_str(redis, "ZRANGE");
	redis_arg(redis, key_text(key, p->partition, "due"));
	redis_arg_str(redis, "0");
	redis_arg_str(redis, "0");
	redis_arg_str(redis, "WITHSCORES");
	return part_send(p, on_next_due);
}

static int send_entries(struct part *p)
{
	struct redis *redis = p->store->redis;
	char key[KEY_SIZE], id[LOG_ID_SIZE];

	log_id_format(p->request.after, id);
	redis_begin(redis, 6);
	redis_arg_str(redis, "XREAD");
	redis_arg_str(redis, "COUNT");
	redis_arg_u64(redis, p->request.max_entries);
	redis_arg_str(redis, "STREAMS");
	redis_arg(redis, key_text(key, p->partition, "in"));
	redis_arg_str(redis, id);
	return part_send(p, on_entries);
}

static int fetch_send(struct part *p)
{
	static int (*const steps[])(struct part *) = {
		send_time, send_dues, send_next_due, send_entries};
	size_t sent = 0;
	int r = 0;

	p->dues = NULL;
	p->n_dues = 0;
	while (r == 0 && sent < ARRAY_SIZE(steps)) {
		r = steps[sent](p);
		sent += r == 0;
	}
	if (r < 0)
		part_withdraw(p, sent);
	return r;
}

int redis_ask_fetch(struct store *store, uint32_t partition, const struct fetch_request *request,
	store_fetch_fn *fn, void *user)
{
	struct redis_store *s = (struct redis_store *)store;
	struct part *p = part_ask(s, partition, PART_FETCH);

	if (!p)
		return -ENOMEM;
	assert(request->max_entries > 0 && request->max_dues > 0);
	p->fn.fetch = fn;
	p->user = user;
	p->request = *request;
	p->bound = int64_max(request->due_until, s->server_at);
	p->bound = int64_max(p->bound, (int64_t)request->after.ms);
	p->bound = ahead(p->bound);
	return fetch_send(p);
}
