/* SPDX-License-Identifier: MIT */
/* The way from step to step: one question, or a number of them, and what comes then. */
#include "eraser_impl.h"

#include <stdarg.h>

const char *const removed_words[REMOVED_COUNT] = {
	[REMOVED_RECORDS] = "records",
	[REMOVED_LINKS] = "links",
	[REMOVED_CHUNKS] = "chunks",
	[REMOVED_LOG] = "log_entries",
	[REMOVED_MESSAGES] = "messages",
	[REMOVED_QUARANTINE] = "quarantined",
	[REMOVED_JOBS] = "jobs",
	[REMOVED_JOB_ENTRIES] = "job_entries",
	[REMOVED_TRIAL_ENTRIES] = "trial_entries",
};

const char *const scrubbed_words[SCRUBBED_COUNT] = {
	[SCRUBBED_ENTRIES] = "entries",
	[SCRUBBED_CUSTOMERS] = "customers",
	[SCRUBBED_CHUNKS] = "chunks",
	[SCRUBBED_JOBS] = "jobs",
};

static void destroy(struct eraser *e)
{
	timer_stop(&e->timer);
	eraser_match_release(&e->match);
	map_release(&e->known);
	buf_release(&e->list);
	free(e->names);
	free(e->targets);
	arena_release(&e->arena);
	arena_release(&e->page_arena);
	free(e);
}

struct eraser *eraser_free(struct eraser *e)
{
	if (!e)
		return NULL;
	timer_stop(&e->timer);
	e->freed = true;
	if (e->in_flight == 0)
		destroy(e);
	return NULL;
}

static void finish(struct eraser *e, int r)
{
	if (e->done || e->freed)
		return;
	e->done = true;
	timer_stop(&e->timer);
	e->options.done(e->options.user, r, e->receipt, e->words);
}

/* What came of a step. */
static void settle(struct eraser *e, int r)
{
	if (r != 0)
		finish(e, r == ERASER_OVER ? 0 : r);
}

int eraser_stuck(struct eraser *e, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(e->words, sizeof(e->words), format, args);
	va_end(args);
	return ERASER_STUCK;
}

uint32_t eraser_partition(const struct eraser *e, struct span key)
{
	return partition_of(key, e->options.partitions);
}

/* ---- questions --------------------------------------------------------------------------- */

/* Which function a reply is for travels with it. */
struct question {
	struct eraser *e;
	step_fn *fn;
	bool any; /* errors are for it, too */
};

static int judge_reply(struct eraser *e, const struct redis_value *reply)
{
	if (!reply)
		return eraser_stuck(e, "Redis does not answer");
	if (reply->type == REDIS_ERROR)
		return eraser_stuck(e, "Redis refuses: %.*s",
			(int)(reply->text.len < 200 ? reply->text.len : 200), reply->text.ptr);
	return 0;
}

/* A call of ours is over. */
static void leave(struct eraser *e)
{
	e->in_flight--;
	if (e->freed && e->in_flight == 0)
		destroy(e);
}

static void on_reply(void *user, const struct redis_value *reply)
{
	struct question q = *(struct question *)user;
	struct eraser *e = q.e;
	int r = 0;

	free(user);
	e->pending--;
	if (!e->done && !e->freed) {
		r = q.any && reply ? 0 : judge_reply(e, reply);
		if (r == 0)
			r = q.fn(e, reply);
	}
	settle(e, r);
	if (e->pending == 0 && e->next) {
		step_fn *next = e->next;

		e->next = NULL;
		if (!e->done && !e->freed)
			settle(e, next(e, NULL));
	}
	leave(e);
}

static int asked(struct eraser *e, step_fn *fn, bool any)
{
	struct question *q = malloc(sizeof(*q));
	int r;

	/* The command was begun, and must be ended. */
	if (q)
		*q = (struct question){e, fn, any};
	r = redis_end(e->options.redis, q ? on_reply : NULL, q);
	if (!q)
		return -ENOMEM;
	if (r < 0) {
		free(q);
		return eraser_stuck(e, "Redis does not answer");
	}
	e->in_flight++;
	e->pending++;
	return 0;
}

int eraser_asked(struct eraser *e, step_fn *fn)
{
	return asked(e, fn, false);
}

int eraser_asked_any(struct eraser *e, step_fn *fn)
{
	return asked(e, fn, true);
}

int eraser_ask(struct eraser *e, step_fn *fn, const struct span *args, size_t n)
{
	redis_begin(e->options.redis, n);
	for (size_t i = 0; i < n; i++)
		redis_arg(e->options.redis, args[i]);
	return eraser_asked(e, fn);
}

int eraser_then(struct eraser *e, step_fn *fn)
{
	if (e->pending == 0)
		return fn(e, NULL);
	e->next = fn;
	return 0;
}

static void on_timer(void *arg)
{
	struct eraser *e = arg;

	e->in_flight++;
	settle(e, e->timed(e, NULL));
	leave(e);
}

int eraser_later(struct eraser *e, int64_t ms, step_fn *fn)
{
	e->timed = fn;
	return timer_set_in(&e->timer, ms);
}

void eraser_begin_part(struct eraser *e, const char *unit, uint64_t total)
{
	e->part_unit = unit;
	e->part_done = 0;
	e->part_total = total;
}

void eraser_advance(struct eraser *e, uint64_t n)
{
	e->part_done += n;
	if (e->options.progress)
		e->options.progress(e->options.user, e->part_unit, e->part_done, e->part_total);
}

int eraser_ignore(struct eraser *e, const struct redis_value *reply)
{
	(void)e;
	(void)reply;
	return 0;
}

/* ---- begin -------------------------------------------------------------------------------- */

int eraser_new(const struct eraser_options *options, struct eraser **ret_eraser)
{
	static const uint64_t seed[2] = {0x65726173, 0x65723a29};
	struct eraser *e = calloc(1, sizeof(*e));
	int r;

	if (!e)
		return -ENOMEM;
	e->options = *options;
	arena_init(&e->arena);
	arena_init(&e->page_arena);
	map_init(&e->known, seed);
	timer_init(&e->timer, options->loop, on_timer, e);
	e->targets = calloc(options->partitions, sizeof(*e->targets));
	e->id = arena_copy(&e->arena, options->id);
	e->by = arena_copy(&e->arena, options->by);
	r = eraser_match_init(&e->match, options->identity);
	if (!e->targets || !e->id.ptr || !e->by.ptr || r < 0) {
		destroy(e);
		return -ENOMEM;
	}
	*ret_eraser = e;
	/* From the next turn on, so that nothing is answered from within. */
	return eraser_later(e, 0, eraser_open);
}
