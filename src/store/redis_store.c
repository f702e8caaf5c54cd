/* SPDX-License-Identifier: MIT */
/*
 * The store in Redis: what all its questions share, and the two short ones, load and seen. A
 * question is one pipeline; its replies come in the order of its commands, the last of them gives
 * the answer.
 */
#include "redis_store_impl.h"

#include "base/decimal.h"

static const struct store_ops redis_ops = {true, redis_ask_fetch, redis_ask_load, redis_ask_commit,
	redis_ask_seen, redis_ask_marks, redis_ask_held, redis_ask_heard, redis_ask_gone};

int redis_store_new(struct redis *redis, struct redis_store **ret_store)
{
	struct redis_store *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->store.ops = &redis_ops;
	s->redis = redis;
	*ret_store = s;
	return 0;
}

static void part_free(struct part *p)
{
	if (!p)
		return;
	arena_release(&p->arenas[0]);
	arena_release(&p->arenas[1]);
	free(p);
}

static void store_destroy(struct redis_store *s)
{
	for (size_t i = 0; i < PARTITIONS_MAX; i++) {
		part_free(s->parts[i]);
		part_free(s->commits[i]);
	}
	free(s);
}

struct redis_store *redis_store_free(struct redis_store *s)
{
	if (!s)
		return NULL;
	if (s->in_flight > 0)
		s->freed = true;
	else
		store_destroy(s);
	return NULL;
}

void redis_store_freep(struct redis_store **s)
{
	*s = redis_store_free(*s);
}

struct store *redis_store_store(struct redis_store *s)
{
	return &s->store;
}

const char *redis_store_refusal(const struct redis_store *s)
{
	return s->refusal;
}

int store_send(struct redis_store *s, redis_reply_fn fn, void *user)
{
	int r = redis_end(s->redis, fn, user);

	if (r == 0)
		s->in_flight++;
	return r;
}

void store_landed(struct redis_store *s)
{
	s->in_flight--;
	if (s->freed && s->in_flight == 0)
		store_destroy(s);
}

int store_refused(struct redis_store *s, struct span words)
{
	(void)snprintf(s->refusal, sizeof(s->refusal), "%.*s",
		(int)(words.len < sizeof(s->refusal) ? words.len : sizeof(s->refusal)),
		words.ptr ? words.ptr : "");
	return STORE_REFUSED;
}

static struct part *part_new(struct redis_store *s, uint32_t p)
{
	struct part *part = calloc(1, sizeof(*part));

	if (!part)
		return NULL;
	part->store = s;
	part->partition = p;
	arena_init(&part->arenas[0]);
	arena_init(&part->arenas[1]);
	part->answer = &part->arenas[0];
	return part;
}

struct part *part_ask(struct redis_store *s, uint32_t p, enum part_busy busy)
{
	struct part **place = busy == PART_COMMIT ? &s->commits[p] : &s->parts[p];
	struct part *part = *place;

	assert(p < PARTITIONS_MAX && !s->freed);
	if (part && part->busy != PART_IDLE) {
		part->orphan = true;
		part = NULL;
	}
	if (!part)
		part = *place = part_new(s, p);
	if (!part)
		return NULL;
	part->busy = busy;
	part->result = 0;
	part->answer = &part->arenas[part->answer == &part->arenas[0]];
	arena_reset(part->answer);
	return part;
}

int part_send(struct part *p, redis_reply_fn fn)
{
	int r = store_send(p->store, fn, p);

	if (r == 0)
		p->in_flight++;
	return r;
}

void part_landed(struct part *p)
{
	struct redis_store *s = p->store;

	p->in_flight--;
	if (p->orphan && p->in_flight == 0)
		part_free(p);
	store_landed(s);
}

void part_withdraw(struct part *p, size_t sent)
{
	p->busy = PART_IDLE;
	p->stale += sent;
}

bool part_is_stale(struct part *p)
{
	if (p->stale == 0)
		return false;
	p->stale--;
	return true;
}

bool part_expect(struct part *p, const struct redis_value *reply, enum redis_type type)
{
	if (reply && reply->type == type)
		return true;
	if (p->result != 0)
		return false;
	if (!reply)
		p->result = STORE_UNKNOWN;
	else if (reply->type == REDIS_ERROR)
		p->result = store_refused(p->store, reply->text);
	else
		p->result = store_refused(p->store, SPAN_LIT("a reply of another kind"));
	return false;
}

/* By hand: a commit has a key for nearly everything in it. */
struct span key_text(char out[KEY_SIZE], uint32_t partition, const char *name)
{
	const struct span head = SPAN_LIT("wm:{p");
	size_t len = strlen(name), n = head.len, width = 1;

	for (uint32_t rest = partition; rest > 9; rest /= 10)
		width++;
	assert(n + width + 2 + len + 1 < KEY_SIZE);
	memcpy(out, head.ptr, n);
	for (size_t i = width; i-- > 0; partition /= 10)
		out[n + i] = (char)('0' + partition % 10);
	n += width;
	out[n++] = '}';
	out[n++] = ':';
	memcpy(out + n, name, len + 1);
	return span_of(out, n + len);
}

struct span key_prefix(char out[KEY_SIZE], uint32_t partition, const char *name)
{
	struct span key = key_text(out, partition, name);

	out[key.len++] = ':';
	out[key.len] = '\0';
	return key;
}

bool number_of(struct span text, int64_t *ret_n)
{
	struct decimal d;

	return decimal_parse(text, &d) == 0 && decimal_to_int(d, ret_n) == 0;
}

/* ---- load ------------------------------------------------------------------------------- */

static int answer_load(struct part *p, const struct redis_value *reply, struct span **ret_values)
{
	struct span *values;

	if (!part_expect(p, reply, REDIS_ARRAY))
		return p->result;
	if (reply->n_items != p->n_values)
		return store_refused(p->store, SPAN_LIT("MGET answered with too few values"));
	values = arena_calloc(p->answer, p->n_values, sizeof(*values));
	if (!values)
		return -ENOMEM;
	for (size_t i = 0; i < p->n_values; i++)
		if (reply->items[i].type == REDIS_STRING)
			values[i] = reply->items[i].text;
	*ret_values = values;
	return 0;
}

static void on_load(void *user, const struct redis_value *reply)
{
	struct part *p = user;

	if (!part_is_stale(p)) {
		struct span *values = NULL;
		int r = answer_load(p, reply, &values);

		p->busy = PART_IDLE;
		p->fn.load(p->user, r, values, r == 0 ? p->n_values : 0);
	}
	part_landed(p);
}

int redis_ask_load(struct store *store, uint32_t partition, const struct span *customers, size_t n,
	store_load_fn *fn, void *user)
{
	struct redis_store *s = (struct redis_store *)store;
	struct part *p = part_ask(s, partition, PART_LOAD);
	char key[KEY_SIZE];
	struct span prefix = key_prefix(key, partition, "c");
	int r;

	if (!p)
		return -ENOMEM;
	assert(n > 0);
	p->fn.load = fn;
	p->user = user;
	p->n_values = n;
	redis_begin(s->redis, n + 1);
	redis_arg_str(s->redis, "MGET");
	for (size_t i = 0; i < n; i++)
		redis_arg2(s->redis, prefix, customers[i]);
	r = part_send(p, on_load);
	if (r < 0)
		part_withdraw(p, 0);
	return r;
}

/* ---- seen ------------------------------------------------------------------------------- */

static void on_seen(void *user, const struct redis_value *reply)
{
	struct part *p = user;

	if (!part_is_stale(p)) {
		int64_t hour = p->hour++;

		if (!reply || reply->type != REDIS_NIL) {
			if (part_expect(p, reply, REDIS_STRING) && p->result == 0)
				p->fn.seen(p->user, 0, hour, reply->text);
		}
		if (hour == p->last_hour) {
			p->busy = PART_IDLE;
			p->fn.seen(p->user, p->result, INT64_MIN, SPAN_EMPTY);
		}
	}
	part_landed(p);
}

/* An hour of a busy shop is megabytes, so the hours are asked for one by one. */
int redis_ask_seen(
	struct store *store, uint32_t partition, int64_t hour, store_seen_fn *fn, void *user)
{
	struct redis_store *s = (struct redis_store *)store;
	struct part *p = part_ask(s, partition, PART_SEEN);
	char key[KEY_SIZE], id[24];
	struct span prefix = key_prefix(key, partition, "seen");
	size_t sent = 0;
	int r = 0;

	if (!p)
		return -ENOMEM;
	p->fn.seen = fn;
	p->user = user;
	p->hour = hour - SEEN_HOURS;
	p->last_hour = hour;
	for (int64_t h = hour - SEEN_HOURS; h <= hour && r == 0; h++) {
		(void)snprintf(id, sizeof(id), "%lld", (long long)h);
		redis_begin(s->redis, 2);
		redis_arg_str(s->redis, "GET");
		redis_arg2(s->redis, prefix, span_str(id));
		r = part_send(p, on_seen);
		sent += r == 0;
	}
	if (r < 0)
		part_withdraw(p, sent);
	return r;
}
