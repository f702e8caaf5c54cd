/* SPDX-License-Identifier: MIT */
/*
 * When to look at a partition. While any of ours has work, the quiet ones are looked at every few
 * milliseconds; when all are quiet, one blocking read over all of them waits for news, at most
 * until the next thing is due.
 */
#include "worker_parts.h"

/* How often quiet partitions are looked at while others are busy. */
#define POLL_MS 20
/* A blocking read ends after this whatever happens, so that lost news costs no more. */
#define BLOCK_MS 1000

static int64_t store_now(const struct worker *w)
{
	return io_wall_now() + w->skew_ms;
}

static void look_at_all(struct worker *w)
{
	int64_t now = store_now(w);

	for (uint32_t p = 0; p < w->n_partitions; p++)
		if (w->owned[p].state == OWNED_RUNNING)
			pump_poke(w->owned[p].pump, now);
}

static void start_wait(struct worker *w);

static void on_news(void *user, int r, uint32_t partition)
{
	struct worker *w = user;

	(void)partition;
	w->waiting = false;
	if (w->stopping || !redis_is_up(w->redis))
		return;
	/* The blocking connection is remade by itself; until then looking is done by the timer. */
	if (r != 0)
		timer_set_in(&w->poll, POLL_MS);
	else
		look_at_all(w);
}

static bool all_idle(const struct worker *w, int64_t *ret_next_due, size_t *ret_n)
{
	*ret_next_due = TIME_NEVER;
	*ret_n = 0;
	for (uint32_t p = 0; p < w->n_partitions; p++) {
		const struct owned *o = &w->owned[p];

		if (o->state != OWNED_RUNNING)
			continue;
		if (!pump_idle(o->pump))
			return false;
		*ret_next_due = int64_min(*ret_next_due, o->next_due);
		(*ret_n)++;
	}
	return *ret_n > 0;
}

static void start_wait(struct worker *w)
{
	struct log_wait waits[PARTITIONS_MAX];
	int64_t next_due, block_ms = BLOCK_MS;
	size_t n = 0, n_idle;

	if (w->waiting || w->stopping)
		return;
	if (!all_idle(w, &next_due, &n_idle)) {
		if (!timer_is_set(&w->poll))
			timer_set_in(&w->poll, POLL_MS);
		return;
	}
	for (uint32_t p = 0; p < w->n_partitions; p++)
		if (w->owned[p].state == OWNED_RUNNING)
			waits[n++] = (struct log_wait){p, pump_position(w->owned[p].pump)->id};
	/* A timer fires once the store's clock is past it: one millisecond later. */
	if (next_due != TIME_NEVER)
		block_ms = int64_min(block_ms, int64_max(next_due + 2 - store_now(w), 1));
	if (log_wait_start(w->blocking, waits, n, block_ms, on_news, w) == 0)
		w->waiting = true;
	else
		timer_set_in(&w->poll, POLL_MS);
}

void watch_look(void *user)
{
	struct worker *w = user;

	if (!w->stopping && redis_is_up(w->redis) && !w->waiting)
		look_at_all(w);
}

void watch_idle(struct owned *o, int64_t next_due)
{
	struct worker *w = o->worker;
	int64_t clock = pump_store_clock(o->pump);

	o->next_due = next_due;
	if (clock != INT64_MIN)
		w->skew_ms = clock + 1 - io_wall_now();
	start_wait(w);
}
