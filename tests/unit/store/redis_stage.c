/* SPDX-License-Identifier: MIT */
#include "redis_stage.h"

#include <stdarg.h>

struct answer {
	struct redis_stage *stage;
	bool done;
	int r;
	struct position position;
	struct fetched fetched;
	struct span *values;
};

void stage_turn(struct redis_stage *s, const bool *done)
{
	int64_t until = io_mono_now() + 20000;

	while (!*done && io_mono_now() < until)
		CHECK(loop_turn(s->loop, false) == 0);
	CHECK(*done);
}

void stage_wait_up(struct redis_stage *s)
{
	int64_t until = io_mono_now() + 20000;

	while (!redis_is_up(s->redis) && io_mono_now() < until)
		CHECK(loop_turn(s->loop, true) == 0);
	CHECK(redis_is_up(s->redis));
}

static void on_created(void *user, int r, const struct dataset *d, const char *words)
{
	struct answer *a = user;

	(void)d;
	(void)words;
	a->r = r;
	a->done = true;
}

int stage_open(struct redis_stage *s, const char *const *extra, bool dataset_too)
{
	struct redis_options options;
	struct answer a = {.stage = s};
	int r;

	*s = (struct redis_stage){.loop = NULL};
	arena_init(&s->arena);
	r = redis_fixture_start(&s->server, extra);
	if (r != 0)
		return r;
	redis_options_init(&options);
	if (redis_address_parse(span_str(s->server.socket), &options.address) != 0)
		return -EINVAL;
	r = loop_new(&s->loop);
	r = r < 0 ? r : redis_new(s->loop, &options, &s->redis);
	r = r < 0 ? r : redis_store_new(s->redis, &s->redis_store);
	if (r < 0)
		return r;
	s->store = redis_store_store(s->redis_store);
	stage_wait_up(s);
	if (!dataset_too)
		return 0;
	r = dataset_create(s->redis, DATASET, 4, on_created, &a);
	if (r < 0)
		return r;
	stage_turn(s, &a.done);
	return a.r == 0 ? 0 : -EIO;
}

void stage_close(struct redis_stage *s)
{
	s->redis_store = redis_store_free(s->redis_store);
	s->redis = redis_free(s->redis);
	s->loop = loop_free(s->loop);
	redis_fixture_stop(&s->server);
	arena_release(&s->arena);
}

int stage_restart(struct redis_stage *s)
{
	int r = redis_fixture_restart(&s->server);

	while (redis_is_up(s->redis))
		CHECK(loop_turn(s->loop, true) == 0);
	stage_wait_up(s);
	return r;
}

static void show(struct buf *b, const struct redis_value *v)
{
	switch (v->type) {
	case REDIS_NIL:
		buf_add_str(b, "nil");
		break;
	case REDIS_INTEGER:
		buf_add_i64(b, v->integer);
		break;
	case REDIS_STRING:
		buf_add_char(b, '"');
		buf_add_span(b, v->text);
		buf_add_char(b, '"');
		break;
	case REDIS_ERROR:
		buf_add_char(b, '!');
		buf_add_span(b, v->text);
		break;
	case REDIS_ARRAY:
		buf_add_char(b, '[');
		for (size_t i = 0; i < v->n_items; i++) {
			if (i > 0)
				buf_add_char(b, ' ');
			show(b, &v->items[i]);
		}
		buf_add_char(b, ']');
		break;
	}
}

/* Cuts WORDS at the blanks, asks, and shows the answer. */
static const char *say(struct redis_stage *s, const char *words)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	const struct redis_value *v = NULL;
	struct span args[64];
	size_t n = 0;

	for (const char *w = words; *w && n < ARRAY_SIZE(args);) {
		size_t len = strcspn(w, " ");

		args[n++] = span_of(w, len);
		w += len + (w[len] == ' ');
	}
	if (redis_call(s->redis, args, n, &s->arena, &v) != 0)
		return "no answer";
	show(&b, v);
	return arena_copy(&s->arena, buf_span(&b)).ptr;
}

const char *stage_say(struct redis_stage *s, const char *format, ...)
{
	char words[4096];
	va_list list;

	va_start(list, format);
	/* clang 14 loses sight of va_start here.
	 * NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
	(void)vsnprintf(words, sizeof(words), format, list);
	va_end(list);
	return say(s, words);
}

static int wait_answer(struct answer *a, int r)
{
	if (r < 0)
		return r;
	CHECK(!a->done);
	stage_turn(a->stage, &a->done);
	return a->r;
}

static void on_lease(void *user, int r, const struct position *p)
{
	struct answer *a = user;

	a->r = r;
	a->done = true;
	if (p)
		a->position = *p;
}

int stage_acquire(
	struct redis_stage *s, uint32_t p, const char *worker, struct position *ret_position)
{
	struct answer a = {.stage = s};
	int r = wait_answer(&a,
		lease_acquire(s->redis_store, p,
			&(struct lease_claim){span_str(worker), 60000, s->rules}, on_lease, &a));

	*ret_position = a.position;
	return r;
}

int stage_renew(struct redis_stage *s, uint32_t p, const char *worker, int64_t ttl_ms)
{
	struct answer a = {.stage = s};

	return wait_answer(
		&a, lease_renew(s->redis_store, p, span_str(worker), ttl_ms, on_lease, &a));
}

int stage_release(struct redis_stage *s, uint32_t p, const char *worker)
{
	struct answer a = {.stage = s};

	return wait_answer(&a, lease_release(s->redis_store, p, span_str(worker), on_lease, &a));
}

static void on_commit(void *user, int r)
{
	struct answer *a = user;

	a->r = r;
	a->done = true;
}

int stage_commit(struct redis_stage *s, uint32_t p, const struct commit *c)
{
	struct answer a = {.stage = s};

	return wait_answer(&a, s->store->ops->commit(s->store, p, c, on_commit, &a));
}

static void on_fetch(void *user, int r, const struct fetched *f)
{
	struct answer *a = user;
	struct arena *arena = &a->stage->arena;
	struct log_entry *entries;
	struct due_entry *dues;

	a->r = r;
	a->done = true;
	if (r != 0)
		return;
	entries = arena_calloc(arena, f->n_entries + 1, sizeof(*entries));
	dues = arena_calloc(arena, f->n_dues + 1, sizeof(*dues));
	for (size_t i = 0; i < f->n_entries; i++) {
		entries[i].id = f->entries[i].id;
		entries[i].event = arena_copy(arena, f->entries[i].event);
		entries[i].meta = arena_copy(arena, f->entries[i].meta);
		entries[i].mark_source = arena_copy(arena, f->entries[i].mark_source);
		entries[i].mark_until = arena_copy(arena, f->entries[i].mark_until);
		entries[i].rules = arena_copy(arena, f->entries[i].rules);
	}
	for (size_t i = 0; i < f->n_dues; i++) {
		dues[i].at = f->dues[i].at;
		dues[i].customer = arena_copy(arena, f->dues[i].customer);
	}
	a->fetched = *f;
	a->fetched.entries = entries;
	a->fetched.dues = dues;
}

int stage_fetch(struct redis_stage *s, uint32_t p, const struct fetch_request *request,
	struct fetched *ret_f)
{
	struct answer a = {.stage = s};
	int r = wait_answer(&a, s->store->ops->fetch(s->store, p, request, on_fetch, &a));

	*ret_f = a.fetched;
	return r;
}

static void on_load(void *user, int r, const struct span *values, size_t n)
{
	struct answer *a = user;

	a->r = r;
	a->done = true;
	for (size_t i = 0; i < n; i++)
		a->values[i] = values[i].len ? arena_copy(&a->stage->arena, values[i]) : SPAN_EMPTY;
}

int stage_load(struct redis_stage *s, uint32_t p, const struct span *customers, size_t n,
	struct span *ret_values)
{
	struct answer a = {.stage = s, .values = ret_values};

	return wait_answer(&a, s->store->ops->load(s->store, p, customers, n, on_load, &a));
}
