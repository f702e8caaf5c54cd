/* SPDX-License-Identifier: MIT */
/*
 * Which partitions are ours. The lease decides who tries, the epoch who succeeds: a worker that
 * slept through its lease finds its next commit refused. So nothing here needs to be exact about
 * time, and every trouble ends the same way, with asking for the lease again.
 */
#include "worker_parts.h"

static uint32_t count_ours(const struct worker *w)
{
	uint32_t n = 0;

	for (uint32_t p = 0; p < w->n_partitions; p++)
		n += w->owned[p].state != OWNED_NOT;
	return n;
}

void ownership_drop(struct owned *o)
{
	o->pump = pump_free(o->pump);
	o->courier = courier_free(o->courier);
	o->pump_dead = false;
}

static struct span worker_id(const struct worker *w)
{
	return span_str(w->id);
}

/* ---- the pump's side -------------------------------------------------------------------- */

static const char *why_stopped(int why)
{
	switch (why) {
	case STORE_UNKNOWN:
		return "no answer from Redis";
	case STORE_FENCED:
		return "another worker has taken it over";
	case STORE_MOVED:
		return "its position is not where we left it";
	case STORE_REFUSED:
		return "Redis refused the commit";
	case PUMP_CORRUPT:
		return "a customer's record is damaged";
	default:
		return why < 0 ? strerror(-why) : "unknown reason";
	}
}

static void fail_foreign(struct owned *o)
{
	struct worker *w = o->worker;

	program_fail(&w->program,
		"The data set is not the one this worker was started on, or parts of it are gone. "
		"Nothing was written. Check which Redis it is connected to, or restore a backup.",
		LOG_FIELDS(log_int("partition", o->partition),
			log_str("words", redis_store_refusal(w->store))));
}

static void on_stopped(void *user, int why, struct span customer)
{
	struct owned *o = user;
	struct worker *w = o->worker;

	o->pump_dead = true;
	o->state = why == PUMP_CORRUPT ? OWNED_BROKEN : OWNED_NOT;
	if (why == STORE_FOREIGN) {
		fail_foreign(o);
		return;
	}
	if (why == PUMP_RULES) {
		worker_want_rules(o, pump_wanted_rules(o->pump));
		return;
	}
	if (why == PUMP_CORRUPT)
		log_error(&w->program.log,
			"A record cannot be read, so its partition stands still. Nothing is "
			"written "
			"over it. Restore the key from a backup or remove it, then restart.",
			LOG_FIELDS(log_int("partition", o->partition),
				log_text("customer", customer)));
	else
		log_warn(&w->program.log, "A partition stopped; its lease is asked for again.",
			LOG_FIELDS(log_int("partition", o->partition),
				log_str("why", why_stopped(why)),
				log_str("words", why > 0 && why != STORE_UNKNOWN
							 ? redis_store_refusal(w->store)
							 : "")));
	timer_set_in(&w->beat, 100);
}

static void on_idle(void *user, int64_t next_due)
{
	watch_idle(user, next_due);
}

/* What was said is brought where it belongs as soon as it is kept. */
static void on_committed(void *user, const struct commit *c)
{
	struct owned *o = user;

	if (c->n_messages > 0)
		courier_poke(o->courier);
}

static void on_delivered(void *user, uint32_t partition)
{
	struct owned *o = user;
	struct worker *w = o->worker;

	if (partition < w->n_partitions && w->owned[partition].state == OWNED_RUNNING)
		pump_poke(w->owned[partition].pump, io_wall_now() + w->skew_ms);
}

static void on_undelivered(void *user, const char *words)
{
	struct owned *o = user;

	log_warn(&o->worker->program.log,
		"What a partition has to say to another cannot be delivered; tried again.",
		LOG_FIELDS(log_int("partition", o->partition), log_str("words", words)));
}

static int start_courier(struct owned *o)
{
	struct worker *w = o->worker;
	const struct courier_options options = {
		.redis = w->redis,
		.partition = o->partition,
		.partitions = w->n_partitions,
		.delivered = on_delivered,
		.failed = on_undelivered,
		.user = o,
	};
	int r = courier_new(&options, &o->courier);

	/* Whoever was here before may have left something. */
	if (r == 0)
		courier_poke(o->courier);
	return r;
}

static int start_pump(struct owned *o, const struct position *from)
{
	struct worker *w = o->worker;
	struct pump_options options = {
		.store = redis_store_store(w->store),
		.partition = o->partition,
		.batch = (size_t)w->settings.batch,
		.applier = {.cache_customers =
				    (size_t)(w->settings.cache_customers / w->n_partitions + 1),
			.partition = o->partition,
			.partitions = w->n_partitions,
			.identity = w->program.identity,
			.trials_kept = (uint64_t)w->settings.shadow_keep,
			.find_rules = worker_find_rules,
			.rules_user = w},
		.idle = on_idle,
		.committed = on_committed,
		.stop = on_stopped,
		.user = o,
	};
	int r;

	ownership_drop(o);
	if (!worker_find_rules(w, from->rules, &options.applier.rules, &options.applier.decoder)) {
		worker_want_rules(o, from->rules);
		return 0;
	}
	o->state = OWNED_RUNNING;
	r = pump_new(&options, &o->pump);
	if (r == 0)
		r = start_courier(o);
	if (r == 0)
		r = pump_start(o->pump, from);
	if (r == 0)
		pump_poke(o->pump, io_wall_now() + w->skew_ms);
	return r;
}

/* ---- leases ----------------------------------------------------------------------------- */

static void on_lease(void *user, int r, const struct position *from);

static void ask(struct owned *o)
{
	struct worker *w = o->worker;

	if (o->pump_dead)
		ownership_drop(o);
	if (lease_acquire(w->store, o->partition,
		    &(struct lease_claim){worker_id(w), w->settings.lease_ms, w->own_rules},
		    on_lease, o) == 0)
		o->state = OWNED_ASKING;
}

/* Asks for the next partition that is not ours, once round per beat. False at the end of it. */
static bool ask_next(struct worker *w)
{
	while (w->asks_left > 0) {
		struct owned *o = &w->owned[w->ask_at];

		w->asks_left--;
		w->ask_at = (w->ask_at + 1) % w->n_partitions;
		if (o->state == OWNED_NOT) {
			ask(o);
			return true;
		}
	}
	return false;
}

static void on_lease(void *user, int r, const struct position *from)
{
	struct owned *o = user;
	struct worker *w = o->worker;

	if (o->state != OWNED_ASKING)
		return;
	o->state = OWNED_NOT;
	if (r == LEASE_TAKEN)
		ask_next(w); /* in its place */
	if (r == LEASE_FOREIGN)
		fail_foreign(o);
	else if (r == LEASE_UNKNOWN && redis_is_up(w->redis))
		log_warn(&w->program.log, "Redis refused a partition's lease.",
			LOG_FIELDS(log_int("partition", o->partition),
				log_str("words", redis_store_refusal(w->store))));
	if (r != 0 || w->stopping)
		return;
	r = start_pump(o, from);
	if (r < 0) {
		o->state = OWNED_NOT;
		log_warn(&w->program.log, "A partition could not be started.",
			LOG_FIELDS(log_int("partition", o->partition), log_errno("why", r)));
		return;
	}
	log_debug(&w->program.log, "A partition is ours.",
		LOG_FIELDS(log_int("partition", o->partition),
			log_int("epoch", (int64_t)from->epoch),
			log_int("log_ms", (int64_t)from->id.ms)));
}

static void on_renewed(void *user, int r, const struct position *from)
{
	struct owned *o = user;

	(void)from;
	/* Without an answer the connection is gone, and that has been taken care of. */
	if (r != LEASE_LOST || o->state == OWNED_NOT || o->state == OWNED_ASKING)
		return;
	log_warn(&o->worker->program.log, "The lease of a partition has run out.",
		LOG_FIELDS(log_int("partition", o->partition)));
	o->state = OWNED_NOT;
	ownership_drop(o);
}

static void on_released(void *user, int r, const struct position *from)
{
	(void)user;
	(void)r;
	(void)from;
}

static void release(struct owned *o)
{
	struct worker *w = o->worker;

	/* A commit under way is ahead of this on the same connection, or will be refused. */
	o->state = OWNED_NOT;
	ownership_drop(o);
	lease_release(w->store, o->partition, worker_id(w), on_released, NULL);
	log_debug(&w->program.log, "A partition is given to another worker.",
		LOG_FIELDS(log_int("partition", o->partition)));
}

static void balance(struct worker *w)
{
	uint32_t ours = count_ours(w);

	for (uint32_t p = 0; p < w->n_partitions && ours > w->n_target; p++) {
		if (w->owned[p].state == OWNED_RUNNING) {
			release(&w->owned[p]);
			ours--;
		}
	}
	w->asks_left = w->n_partitions;
	while (ours < w->n_target && ask_next(w))
		ours++;
}

static void on_counted(void *user, int r, uint32_t n_workers)
{
	struct worker *w = user;

	if (r != 0 || w->stopping)
		return;
	if (n_workers == 0)
		n_workers = 1;
	w->n_target = (w->n_partitions + n_workers - 1) / n_workers;
	balance(w);
}

void ownership_beat(void *user)
{
	struct worker *w = user;

	if (w->stopping || !redis_is_up(w->redis) || !w->rules_kept)
		return;
	timer_set_in(&w->beat, w->settings.lease_ms / 4);
	workers_announce(w->store, worker_id(w), w->settings.lease_ms, on_counted, w);
	for (uint32_t p = 0; p < w->n_partitions; p++) {
		struct owned *o = &w->owned[p];

		if (o->state != OWNED_RUNNING && o->state != OWNED_BROKEN)
			continue;
		lease_renew(w->store, p, worker_id(w), w->settings.lease_ms, on_renewed, o);
		courier_poke(o->courier);
	}
}

void ownership_forget(struct worker *w)
{
	for (uint32_t p = 0; p < w->n_partitions; p++) {
		w->owned[p].state = OWNED_NOT;
		w->owned[p].pump_dead = true;
	}
}

void ownership_restart(struct worker *w)
{
	for (uint32_t p = 0; p < w->n_partitions; p++) {
		struct owned *o = &w->owned[p];

		if (o->state == OWNED_RUNNING) {
			ownership_drop(o);
			ask(o);
		}
	}
}

/* ---- the end ---------------------------------------------------------------------------- */

static void left_one(struct worker *w)
{
	if (--w->leaving == 0)
		program_finish(&w->program, STATUS_DONE);
}

static void on_left(void *user, int r, uint32_t n_workers)
{
	(void)r;
	(void)n_workers;
	left_one(user);
}

static void on_given_back(void *user, int r, const struct position *from)
{
	(void)r;
	(void)from;
	left_one(user);
}

void ownership_leave(struct worker *w)
{
	w->stopping = true;
	w->leaving = 1;
	for (uint32_t p = 0; p < w->n_partitions; p++) {
		struct owned *o = &w->owned[p];
		bool ours = o->state != OWNED_NOT && o->state != OWNED_ASKING;

		ownership_drop(o);
		o->state = OWNED_NOT;
		if (ours && lease_release(w->store, p, worker_id(w), on_given_back, w) == 0)
			w->leaving++;
	}
	if (workers_leave(w->store, worker_id(w), on_left, w) == 0)
		w->leaving++;
	left_one(w);
}
