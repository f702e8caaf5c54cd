/* SPDX-License-Identifier: MIT */
/* Settings, start and stop of the worker. */
#include "worker/worker.h"

#include "worker_parts.h"

#include <unistd.h>

#define ROW(MEMBER) offsetof(struct worker_settings, MEMBER)

static const struct setting settings[] = {
	{"worker", "rules", "rules", SETTING_TEXT, ROW(rules), "deploy/rules", 0, 0, "PATH",
		"directory of rule files (or one file)"},
	{"worker", "store_zone", "store-zone", SETTING_TEXT, ROW(store_zone), "UTC", 0, 64, "ZONE",
		"the shop's time zone (IANA name)"},
	{"worker", "batch", "batch", SETTING_INT, ROW(batch), "256", 1, PUMP_BATCH_MAX, "N",
		"events per commit at most"},
	{"worker", "lease", "lease", SETTING_DURATION, ROW(lease_ms), "5s", 200, MS_MINUTE, "SPAN",
		"how long a dead worker's partitions stay unattended"},
	{"worker", "cache_customers", "cache-customers", SETTING_INT, ROW(cache_customers),
		"100000", 0, 100000000, "N", "customers kept in memory between batches"},
	{"worker", "shadow_keep", "shadow-keep", SETTING_INT, ROW(shadow_keep), "10000", 0, 1000000,
		"N", "of what rules on trial would have sent, how many are kept in a partition"},
	{"worker", "renew", "renew", SETTING_DURATION, ROW(renew_ms), "1d", 100, 30 * MS_DAY,
		"SPAN",
		"when those who were erased come again, how long what was kept out stays in Redis"},
};

static const struct program_spec spec = {
	.name = "worker",
	.about = "Applies the log: keeps journeys, arms and fires rules, emits jobs.\n"
		 "Start as many as there are cores; they share the partitions among them.",
	.settings = settings,
	.n_settings = ARRAY_SIZE(settings),
};

static void on_reload(void *user)
{
	struct worker *w = user;

	w->reloading = true;
	worker_bring_rules(w);
}

/* ---- start and stop --------------------------------------------------------------------- */

static int make_partitions(struct worker *w)
{
	uint32_t n = w->program.dataset.partitions;

	if (w->owned)
		return w->n_partitions == n ? 0 : -EINVAL;
	w->owned = calloc(n, sizeof(*w->owned));
	if (!w->owned)
		return -ENOMEM;
	w->n_partitions = n;
	w->ask_at = (uint32_t)getpid() % n; /* not all ask for the same ones */
	for (uint32_t p = 0; p < n; p++) {
		w->owned[p].worker = w;
		w->owned[p].partition = p;
		w->owned[p].next_due = TIME_NEVER;
	}
	return 0;
}

static void on_up(void *user)
{
	struct worker *w = user;

	if (make_partitions(w) < 0) {
		program_fail(&w->program, "The data set's partitions cannot be taken up.", NULL);
		return;
	}
	worker_bring_rules(w);
}

static void on_down(void *user, const char *reason)
{
	struct worker *w = user;

	(void)reason;
	ownership_forget(w);
	w->rules_kept = false;
	timer_stop(&w->poll);
	timer_stop(&w->bring);
	if (w->stopping)
		program_finish(&w->program, STATUS_DONE);
}

static void on_stop(void *user)
{
	ownership_leave(user);
}

static int connect_redis(struct worker *w)
{
	struct redis_options options;

	redis_options_init(&options);
	options.user = w;
	options.on_up = on_up;
	options.on_down = on_down;
	if (program_connect(&w->program, &options, &w->redis))
		return PROGRAM_EXIT;
	redis_options_init(&options);
	if (program_connect(&w->program, &options, &w->blocking))
		return PROGRAM_EXIT;
	if (redis_store_new(w->redis, &w->store) < 0)
		return program_fail(&w->program, "Out of memory.", NULL);
	return 0;
}

static void worker_release(struct worker *w)
{
	for (uint32_t p = 0; p < w->n_partitions; p++)
		ownership_drop(&w->owned[p]);
	timer_stop(&w->beat);
	timer_stop(&w->poll);
	timer_stop(&w->bring);
	renew_end(w);
	program_release(&w->program); /* answers what is under way, which frees the pumps */
	redis_store_free(w->store);
	free(w->owned);
	worker_rules_release(w);
}

int worker_main(int argc, char **argv)
{
	_cleanup_(worker_release) struct worker w = {.n_target = 0};
	char host[32] = "";

	(void)argc;
	if (program_init(&w.program, &spec, &w.settings, argv))
		return w.program.status;
	w.program.user = &w;
	w.program.on_stop = on_stop;
	w.program.on_reload = on_reload;
	gethostname(host, sizeof(host) - 1);
	(void)snprintf(w.id, sizeof(w.id), "%s-%ld-%llx", host, (long)getpid(),
		(unsigned long long)io_wall_now());
	timer_init(&w.beat, w.program.loop, ownership_beat, &w);
	timer_init(&w.poll, w.program.loop, watch_look, &w);
	timer_init(&w.bring, w.program.loop, worker_bring_rules, &w);
	renew_begin(&w);
	if (worker_read_rules(&w, SPAN_EMPTY) < 0)
		return STATUS_FOUND;
	if (connect_redis(&w))
		return w.program.status;
	return program_run(&w.program);
}
