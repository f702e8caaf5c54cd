/* SPDX-License-Identifier: MIT */
/*
 * What was kept out of our partitions' logs leaves them (store/renewal.h), one partition after the
 * other; then Redis writes its file anew, once for all of them, and forgets its slow commands.
 */
#include "worker_parts.h"

static void next_partition(struct worker *w);

static void later(struct worker *w)
{
	(void)timer_set_in(
		&w->renew, int64_min(int64_max(w->settings.renew_ms / 4, 50), MS_MINUTE));
}

static void on_writing(void *user, const struct redis_value *reply)
{
	struct worker *w = user;

	if (reply && reply->type != REDIS_ERROR)
		w->unwritten = false;
}

/* One that runs already may have begun before the last removal. */
static void on_info(void *user, const struct redis_value *reply)
{
	struct worker *w = user;
	const char *info = reply && reply->type == REDIS_STRING ? reply->text.ptr : "";

	if (strstr(info, "aof_enabled:0"))
		w->unwritten = false;
	if (!strstr(info, "aof_enabled:1") || strstr(info, "aof_rewrite_in_progress:1") ||
		strstr(info, "aof_rewrite_scheduled:1"))
		return;
	redis_begin(w->redis, 1);
	redis_arg_str(w->redis, "BGREWRITEAOF");
	(void)redis_end(w->redis, on_writing, w);
	redis_begin(w->redis, 2);
	redis_arg_str(w->redis, "SLOWLOG");
	redis_arg_str(w->redis, "RESET");
	(void)redis_end(w->redis, NULL, NULL);
}

static void end_round(struct worker *w)
{
	if (w->unwritten) {
		redis_begin(w->redis, 2);
		redis_arg_str(w->redis, "INFO");
		redis_arg_str(w->redis, "persistence");
		(void)redis_end(w->redis, on_info, w);
	}
	later(w);
}

static void on_renewed(void *user, int r)
{
	struct worker *w = user;

	if (r == 0) {
		w->unwritten = true;
		log_info(&w->program.log, "What was kept out has left the log.",
			LOG_FIELDS(log_int("partition", w->renew_at)));
	}
	if (r == RENEWAL_UNKNOWN) {
		later(w);
		return;
	}
	w->renew_at++;
	next_partition(w);
}

static void next_partition(struct worker *w)
{
	while (w->renew_at < w->n_partitions && w->owned[w->renew_at].state != OWNED_RUNNING)
		w->renew_at++;
	if (w->stopping)
		return;
	if (w->renew_at >= w->n_partitions)
		end_round(w);
	else if (renewal_start(&w->renewal, w->redis, w->renew_at, w->settings.renew_ms) < 0)
		later(w);
}

static void renew_round(void *worker)
{
	struct worker *w = worker;

	if (w->renewal.busy || !redis_is_up(w->redis) || w->stopping) {
		later(w);
		return;
	}
	w->renew_at = 0;
	next_partition(w);
}

void renew_begin(struct worker *w)
{
	timer_init(&w->renew, w->program.loop, renew_round, w);
	renewal_init(&w->renewal, w->program.loop, w->id, on_renewed, w);
	later(w);
}

void renew_end(struct worker *w)
{
	timer_stop(&w->renew);
	renewal_stop(&w->renewal);
}
